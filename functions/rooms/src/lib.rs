//! `/rooms …`, `/direct` and `/invitations …`: the rooms that are mine, those that anybody may enter, who is in them, and how people come in.

use std::collections::BTreeSet;

use futures_util::try_join;
use parlour::function::http::{Reply, Request};
use parlour::function::{Function, Settings};
use parlour::gateway::Gateway;
use parlour::ids::{ClientId, ConnectionId, RoomId, UserId};
use parlour::limits::Limits;
use parlour::message::Text;
use parlour::moderation::{self, Moderation};
use parlour::permission::{Act, Permit, Refusal};
use parlour::room::{Describing, Description, Membership, Room, RoomName, Standing, Topic};
use parlour::session::Session;
use parlour::store::{MAX_PEOPLE, People, Spender, Store};
use parlour::text::{Invalid, Rule};
use parlour::token::Keys;
use parlour::user::User;
use parlour::wire::{self, Frame};
use parlour::{Error, Result, presence, time};

mod invitations;
mod order;

/// Keeps rooms and their members.
pub struct Rooms {
    store: Store,
    keys: Keys,
    gateway: Gateway,
    limits: Limits,
}

impl Function for Rooms {
    type Event = Request;
    type Answer = Reply;

    async fn from_env(settings: &Settings) -> Result<Self> {
        Ok(Self {
            store: settings.store().await?,
            keys: settings.keys()?,
            gateway: settings.gateway()?,
            limits: settings.limits()?,
        })
    }

    async fn handle(&self, request: Request) -> Result<Reply> {
        let session = request.session(&self.keys, &self.store).await?;
        match request.route().as_deref() {
            Some("GET /rooms") => self.mine(&session).await,
            Some("GET /rooms/public") => self.public(&request, &session).await,
            Some("POST /rooms") => self.make(&request, &session).await,
            Some("PATCH /rooms/{room}") => self.describe(&request, &session, request.room()?).await,
            Some("POST /direct") => self.direct(&request, &session).await,
            Some("PUT /rooms/{room}/draft") => self.draft(&request, &session, request.room()?).await,
            Some("POST /rooms/{room}/join") => self.join(&session, request.room()?).await,
            Some("POST /rooms/{room}/leave") => self.leave(&session, request.room()?).await,
            Some("GET /rooms/{room}/members") => self.members(&request, &session, request.room()?).await,
            Some("POST /rooms/{room}/invitations") => self.invite(&request, &session, request.room()?).await,
            Some("GET /rooms/{room}/invitations") => self.invitations_to(&session, request.room()?).await,
            Some("GET /invitations") => self.invitations(&session).await,
            Some("GET /invitations/{invitation}") => self.invitation(&session, &request.invitation()?).await,
            Some("DELETE /invitations/{invitation}") => self.end_invitation(&session, &request.invitation()?).await,
            Some("POST /invitations/{invitation}/accept") => self.accept(&session, &request.invitation()?).await,
            Some(route) => {
                self.store.spend(Spender::Moderates(session.user().id), self.limits.moderate).await?;
                let Self { store, gateway, .. } = self;
                let moderation = Moderation { store, gateway, session: &session, room: request.room()? };
                order::keep(route, &request, &moderation).await
            }
            None => Err(Error::NotFound),
        }
    }
}

impl Rooms {
    async fn mine(&self, session: &Session) -> Result<Reply> {
        let memberships = self.store.memberships(session).await?;
        let rooms = self.store.rooms_of(&memberships).await?;
        Ok(Reply::ok(&wire::Rooms { rooms: self.in_full(session, &rooms).await? }))
    }

    async fn public(&self, request: &Request, session: &Session) -> Result<Reply> {
        let limit = request.limit(50, 100)?;
        let (prefix, after) = (request.query("prefix").unwrap_or_default(), request.query("after"));
        let (found, more) = self.store.public_rooms(&prefix, after.as_deref(), limit).await?;
        let mut memberships = self.store.memberships(session).await?;
        memberships.retain(|mine| found.iter().any(|room| room.id == mine.room()));
        let mine = self.in_full(session, &self.store.rooms_of(&memberships).await?).await?;
        let rooms = found.iter().map(|room| {
            let of_mine = mine.iter().find(|mine| mine.id == room.id.to_string());
            of_mine.cloned().unwrap_or_else(|| wire::Room::foreign(room))
        });
        Ok(Reply::ok(&wire::PublicRooms { rooms: rooms.collect(), more }))
    }

    async fn make(&self, request: &Request, session: &Session) -> Result<Reply> {
        let wanted: wire::NewRoom = request.json()?;
        let name = RoomName::parse(&wanted.name)?;
        let client_id = ClientId::parse(&wanted.client_id)?;
        let is_public = match wanted.kind {
            None | Some(wire::Kind::Public) => true,
            Some(wire::Kind::Private) => false,
            Some(wire::Kind::Direct | wire::Kind::Group) => return Err(Invalid::new("kind", Rule::Unknown).into()),
        };
        self.store.spend(Spender::MakesRooms(session.user().id), self.limits.room).await?;
        let (id, entered) = self.store.make_room(session, &name, is_public, &client_id, time::now()).await?;
        if entered {
            self.tell_joined(session, id).await?;
        }
        Ok(Reply::created(&self.room(session, id).await?))
    }

    /// Calls a room otherwise, says what it is about, closes it or opens it.
    async fn describe(&self, request: &Request, session: &Session, id: RoomId) -> Result<Reply> {
        let wanted: wire::NewAbout = request.json()?;
        let to = Describing {
            name: wanted.name.as_deref().map(RoomName::parse).transpose()?,
            topic: wanted.topic.as_deref().map(Topic::parse).transpose()?,
            description: wanted.description.as_deref().map(Description::parse).transpose()?,
            archived: wanted.archived,
        };
        self.store.spend(Spender::Moderates(session.user().id), self.limits.moderate).await?;
        let membership = self.store.membership_to_oversee(session, id).await?;
        let room = self.store.room(&membership).await?;
        if room.kind.is_direct() {
            return Err(Refusal::Direct.into());
        }
        let now = time::now();
        let permits: Vec<Permit> =
            to.acts().into_iter().map(|act| membership.may(act, now)).collect::<Result<_, _>>()?;
        if room.about.archived && to.archived != Some(false) && to.changes(&room.about) {
            return Err(Refusal::Archived.into());
        }
        let (room, is_new) = self.store.describe(&permits, &room, &to, now).await?;
        if is_new {
            let sockets = self.store.sockets_in(id, now).await?;
            self.tell(&sockets, &Frame::About { room: id.to_string(), about: (&room.about).into() }).await;
        }
        Ok(Reply::ok(&self.room(session, id).await?))
    }

    async fn direct(&self, request: &Request, session: &Session) -> Result<Reply> {
        let wanted: wire::NewDirect = request.json()?;
        let with: Vec<UserId> = wanted.users.iter().map(|id| UserId::parse(id)).collect::<Result<_, _>>()?;
        let others = with.iter().filter(|id| **id != session.user().id).collect::<BTreeSet<_>>().len();
        if others == 0 {
            return Err(Invalid::bounded("users", Rule::TooFew, 1).into());
        }
        if others >= MAX_PEOPLE {
            return Err(Invalid::bounded("users", Rule::TooMany, MAX_PEOPLE - 1).into());
        }
        let user = session.user().id;
        match self.store.has_direct(session, &with).await? {
            // It is at most come back into.
            true => self.store.spend(Spender::Joins(user), self.limits.join).await?,
            false => self.store.spend(Spender::MakesRooms(user), self.limits.room).await?,
        }
        let direct = self.store.direct(session, &with, time::now()).await?;
        for user in &direct.entered {
            self.tell_entered(user, direct.room).await?;
        }
        Ok(Reply::ok(&self.room(session, direct.room).await?))
    }

    /// Keeps what somebody has begun to write, and tells their other devices.
    async fn draft(&self, request: &Request, session: &Session, id: RoomId) -> Result<Reply> {
        let wanted: wire::NewDraft = request.json()?;
        let text = Text::parse_draft(&wanted.text)?;
        self.store.spend(Spender::Drafts(session.user().id), self.limits.ask).await?;
        let membership = self.store.membership(session, id).await?;
        if self.store.keep_draft(&membership, &text).await? {
            let others = self.store.other_open_sockets(session, time::now()).await?;
            self.tell(&others, &Frame::Draft { room: id.to_string(), text }).await;
        }
        Ok(Reply::nothing())
    }

    async fn join(&self, session: &Session, id: RoomId) -> Result<Reply> {
        self.store.spend(Spender::Joins(session.user().id), self.limits.join).await?;
        let standing = match self.store.public_room(id).await {
            Ok((_, standing)) => standing,
            // Whoever is in a room that is not public has joined it.
            Err(Error::NotFound) if self.store.member(session.user().id, id).await?.is_some() => {
                return Ok(Reply::ok(&self.room(session, id).await?));
            }
            Err(error) => return Err(error),
        };
        if self.store.join(session, id, standing, time::now()).await? {
            self.tell_joined(session, id).await?;
        }
        Ok(Reply::ok(&self.room(session, id).await?))
    }

    async fn leave(&self, session: &Session, id: RoomId) -> Result<Reply> {
        self.store.spend(Spender::Joins(session.user().id), self.limits.join).await?;
        let mine = self.store.open_sockets_of(session.user().id, time::now()).await?;
        let left = self.store.leave(session, id).await?;
        if left {
            let frame = Frame::Left { room: id.to_string(), user: session.user().into(), reason: None };
            self.tell(&mine, &frame).await;
        }
        moderation::gone(&self.store, &self.gateway, id, session.user(), left).await?;
        Ok(Reply::nothing())
    }

    async fn members(&self, request: &Request, session: &Session, id: RoomId) -> Result<Reply> {
        let limit = request.limit(100, 200)?;
        let after = request.query("after").map(|id| UserId::parse(&id)).transpose()?;
        let (membership, now) = (self.store.membership_to_oversee(session, id).await?, time::now());
        let People { members, more, total, here } = self.store.members(&membership, after, limit, now).await?;
        let sees_all = membership.may(Act::Oversee, now).is_ok();
        let members = members.iter().map(|(member, online)| match sees_all || member.user.id == session.user().id {
            true => wire::Member::in_full(member, *online, now),
            false => wire::Member::new(member, *online),
        });
        let members = members.collect();
        Ok(Reply::ok(&wire::Members { members, more, total, here }))
    }

    async fn room(&self, session: &Session, id: RoomId) -> Result<wire::Room> {
        let membership = [self.store.membership(session, id).await?];
        let rooms = self.store.rooms_of(&membership).await?;
        self.in_full(session, &rooms).await?.pop().ok_or(Error::NotFound)
    }

    /// Rooms of mine with all that goes with them.
    async fn in_full(&self, session: &Session, rooms: &[(Room, Standing, &Membership)]) -> Result<Vec<wire::Room>> {
        let directs: Vec<&Room> = rooms.iter().map(|(room, ..)| room).filter(|room| room.kind.is_direct()).collect();
        let read: Vec<_> = rooms.iter().map(|(_, standing, mine)| (*mine, *standing)).collect();
        let (people, mentions, mut drafts) =
            try_join!(self.store.people_of(&directs), self.store.unread_mentions(&read), self.store.drafts(session),)?;
        let now = time::now();
        let in_full = rooms.iter().zip(mentions).map(|((room, standing, mine), mentions)| {
            let people = people.iter().filter(|(of, _)| *of == room.id).map(|(_, user)| user.into()).collect();
            let draft = drafts.remove(&room.id).unwrap_or_default();
            wire::Room { people, mentions, draft, ..wire::Room::mine(room, mine, *standing, now) }
        });
        Ok(in_full.collect())
    }

    async fn tell_joined(&self, session: &Session, id: RoomId) -> Result<()> {
        self.tell_entered(session.user(), id).await
    }

    /// Tells everybody in a room that somebody is in it now.
    async fn tell_entered(&self, user: &User, id: RoomId) -> Result<()> {
        let online = self.store.is_here(user.id, time::now()).await?;
        if let Some(member) = self.store.member(user.id, id).await? {
            let frame = Frame::Joined { room: id.to_string(), member: wire::Member::new(&member, online) };
            let sockets = self.store.sockets_in(id, time::now()).await?;
            self.tell(&sockets, &frame).await;
        }
        moderation::owned(&self.store, &self.gateway, id).await
    }

    async fn tell(&self, sockets: &[ConnectionId], frame: &Frame) {
        presence::post(&self.store, &self.gateway, sockets, frame).await;
    }
}
