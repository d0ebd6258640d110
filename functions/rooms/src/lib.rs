//! `/rooms …`: the rooms that are mine, those that anybody may enter, and who is in them.

use parlour::function::http::{Reply, Request};
use parlour::function::{Function, Settings};
use parlour::gateway::Gateway;
use parlour::ids::{ClientId, ConnectionId, RoomId, UserId};
use parlour::limits::Limits;
use parlour::moderation::{self, Moderation};
use parlour::permission::Act;
use parlour::room::{Member, RoomName};
use parlour::session::Session;
use parlour::store::{Spender, Store};
use parlour::token::Keys;
use parlour::wire::{self, Frame};
use parlour::{Error, Result, presence, time};

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
            Some("POST /rooms/{room}/join") => self.join(&session, request.room()?).await,
            Some("POST /rooms/{room}/leave") => self.leave(&session, request.room()?).await,
            Some("GET /rooms/{room}/members") => self.members(&request, &session, request.room()?).await,
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
        let (rooms, now) = (self.store.rooms_of(&memberships).await?, time::now());
        let rooms = rooms.iter().map(|(room, standing, mine)| wire::Room::mine(room, mine, *standing, now)).collect();
        Ok(Reply::ok(&wire::Rooms { rooms }))
    }

    async fn public(&self, request: &Request, session: &Session) -> Result<Reply> {
        let limit = request.limit(50, 100)?;
        let (prefix, after) = (request.query("prefix").unwrap_or_default(), request.query("after"));
        let (found, more) = self.store.public_rooms(&prefix, after.as_deref(), limit).await?;
        let memberships = self.store.memberships(session).await?;
        let mine = self.store.rooms_of(&memberships).await?;
        let rooms = found.iter().map(|room| {
            let membership = mine.iter().find(|(of_mine, ..)| of_mine.id == room.id);
            membership.map_or_else(
                || wire::Room::foreign(room),
                |(_, standing, mine)| wire::Room::mine(room, mine, *standing, time::now()),
            )
        });
        Ok(Reply::ok(&wire::PublicRooms { rooms: rooms.collect(), more }))
    }

    async fn make(&self, request: &Request, session: &Session) -> Result<Reply> {
        let wanted: wire::NewRoom = request.json()?;
        let name = RoomName::parse(&wanted.name)?;
        let client_id = ClientId::parse(&wanted.client_id)?;
        self.store.spend(Spender::MakesRooms(session.user().id), self.limits.room).await?;
        let (id, entered) = self.store.make_room(session, &name, &client_id, time::now()).await?;
        if entered {
            self.tell_joined(session, id).await?;
        }
        Ok(Reply::created(&self.room(session, id).await?))
    }

    async fn join(&self, session: &Session, id: RoomId) -> Result<Reply> {
        self.store.spend(Spender::Joins(session.user().id), self.limits.join).await?;
        let (_, standing) = self.store.public_room(id).await?;
        if self.store.join(session, id, standing, time::now()).await? {
            self.tell_joined(session, id).await?;
        }
        Ok(Reply::ok(&self.room(session, id).await?))
    }

    async fn leave(&self, session: &Session, id: RoomId) -> Result<Reply> {
        self.store.public_room(id).await?;
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
        let (members, more) = self.store.members(&membership, after, limit, now).await?;
        let sees_all = membership.may(Act::Oversee, now).is_ok();
        let members = members.iter().map(|(member, online)| match sees_all || member.user.id == session.user().id {
            true => wire::Member::in_full(member, *online, now),
            false => wire::Member::new(member, *online),
        });
        let members = members.collect();
        Ok(Reply::ok(&wire::Members { members, more }))
    }

    async fn room(&self, session: &Session, id: RoomId) -> Result<wire::Room> {
        let membership = self.store.membership(session, id).await?;
        let (room, standing) = self.store.public_room(id).await?;
        Ok(wire::Room::mine(&room, &membership, standing, time::now()))
    }

    async fn tell_joined(&self, session: &Session, id: RoomId) -> Result<()> {
        let membership = self.store.membership(session, id).await?;
        let online = self.store.is_here(session.user().id, time::now()).await?;
        let seat = membership.seat();
        if let Some(role) = seat.role {
            let member = Member { user: membership.user().clone(), role, muted: seat.muted, read: None };
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
