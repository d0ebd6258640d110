//! Invitations. One update lets somebody use one, or does not; whoever has used it before may again, which costs nothing. It holds only for as long as
//! whoever made it is in the room.

use std::collections::HashSet;

use mongodb::IndexModel;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{DateTime, Document, doc};
use mongodb::options::{IndexOptions, ReturnDocument};
use serde::{Deserialize, Serialize};

use super::members::{MEMBERS, MemberDoc};
use super::rooms::{ROOMS, RoomDoc};
use super::{Inserted, Store, date, insist, object_id, time};
use crate::error::Conflict;
use crate::ids::{InvitationId, RoomId, UserId};
use crate::invitation::{Invitation, Inviting};
use crate::permission::{Act, Permit, Refusal, may};
use crate::room::{Role, Room, Seat};
use crate::session::Session;
use crate::time::Timestamp;
use crate::user::User;
use crate::{Error, Result};

pub(super) const INVITATIONS: &str = "invitations";

/// The most invitations to one room that hold at once.
const MAX_OPEN: i64 = 200;

#[derive(Serialize, Deserialize)]
struct InvitationDoc {
    _id: String,
    room: ObjectId,
    by: PersonDoc,
    client_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<PersonDoc>,
    at: DateTime,
    expires_at: DateTime,
    uses: i64,
    /// Who has come in by it, and is in the room since.
    used_by: Vec<ObjectId>,
    /// How many have, and have gone.
    #[serde(default)]
    gone: i64,
}

#[derive(Serialize, Deserialize)]
struct PersonDoc {
    id: ObjectId,
    name: String,
}

impl PersonDoc {
    fn new(user: &User) -> Self {
        Self { id: object_id(user.id.bytes()), name: user.name.clone() }
    }

    fn user(self) -> User {
        User { id: UserId::from_bytes(self.id.bytes()), name: self.name }
    }
}

impl InvitationDoc {
    fn invitation(self, room: Room) -> Result<Invitation> {
        Ok(Invitation {
            id: InvitationId::parse(&self._id).map_err(Error::internal)?,
            room,
            by: self.by.user(),
            user: self.user.map(PersonDoc::user),
            expires_at: time(self.expires_at),
            uses: self.uses,
            used: i64::try_from(self.used_by.len()).map_err(Error::internal)? + self.gone,
        })
    }
}

pub(super) fn indexes() -> Vec<IndexModel> {
    let unique = IndexOptions::builder().unique(true).build();
    let named = IndexOptions::builder().partial_filter_expression(doc! { "user.id": { "$exists": true } }).build();
    let ttl = IndexOptions::builder().expire_after(std::time::Duration::ZERO).build();
    vec![
        IndexModel::builder().keys(doc! { "room": 1, "by.id": 1, "client_id": 1 }).options(unique).build(),
        IndexModel::builder().keys(doc! { "by.id": 1 }).build(),
        IndexModel::builder().keys(doc! { "room": 1, "at": -1 }).build(),
        IndexModel::builder().keys(doc! { "user.id": 1, "at": -1 }).options(named).build(),
        IndexModel::builder().keys(doc! { "expires_at": 1 }).options(ttl).build(),
    ]
}

/// That an invitation holds, as far as its own document says.
fn holds(now: Timestamp) -> Document {
    doc! { "expires_at": { "$gt": date(now) }, "$expr": is_left() }
}

/// That somebody more may use it.
fn is_left() -> Document {
    doc! { "$lt": [{ "$add": [{ "$size": "$used_by" }, "$gone"] }, "$uses"] }
}

impl Store {
    /// Makes an invitation. The same request again finds the same one, for as long as it has not run out. Says whether it is new.
    pub async fn invite(
        &self,
        permit: &Permit,
        room: &Room,
        inviting: &Inviting,
        whom: Option<&User>,
        now: Timestamp,
    ) -> Result<(Invitation, bool)> {
        insist(permit.act() == Act::Invite && permit.by().room() == room.id)?;
        if room.kind.is_direct() {
            return Err(Refusal::Direct.into());
        }
        let invitations = self.collection::<InvitationDoc>(INVITATIONS);
        let by = permit.by().user();
        let same = doc! {
            "room": object_id(room.id.bytes()),
            "by.id": object_id(by.id.bytes()),
            "client_id": inviting.client_id.as_str(),
        };
        let mut open = holds(now);
        open.insert("room", object_id(room.id.bytes()));
        let open = self.within(invitations.count_documents(open)).await?;
        if i64::try_from(open).is_ok_and(|open| open >= MAX_OPEN) && !self.finds(INVITATIONS, same.clone()).await? {
            return Err(Error::Conflict(Conflict::TooManyInvitations));
        }
        let invitation = InvitationDoc {
            _id: InvitationId::random().map_err(Error::internal)?.as_str().to_owned(),
            room: object_id(room.id.bytes()),
            by: PersonDoc::new(by),
            client_id: inviting.client_id.as_str().to_owned(),
            user: whom.map(PersonDoc::new),
            at: date(now),
            expires_at: date(now.plus(inviting.length)),
            uses: inviting.uses,
            used_by: Vec::new(),
            gone: 0,
        };
        match self.insert_once(&invitations, &invitation).await? {
            Inserted::New => Ok((invitation.invitation(room.clone())?, true)),
            Inserted::Duplicate => {
                let found = self.within(invitations.find_one(same)).await?.ok_or(Error::NotFound)?;
                Ok((found.invitation(room.clone())?, false))
            }
        }
    }

    /// The invitations to a room that hold, the newest first: all of them with a permit to oversee, and otherwise one's own.
    pub async fn invitations_to(&self, permit: &Permit, room: &Room, now: Timestamp) -> Result<Vec<Invitation>> {
        let mut filter = holds(now);
        filter.insert("room", object_id(room.id.bytes()));
        match permit.act() {
            Act::Oversee => {}
            act => {
                insist(act == Act::Invite)?;
                filter.insert("by.id", object_id(permit.by().user().id.bytes()));
            }
        }
        insist(permit.by().room() == room.id)?;
        let invitations = self.collection::<InvitationDoc>(INVITATIONS);
        let found = self.all(invitations.find(filter).sort(doc! { "at": -1 }).limit(MAX_OPEN)).await?;
        found.into_iter().map(|invitation| invitation.invitation(room.clone())).collect()
    }

    /// The invitations that are for the session's user alone, and hold, the newest first: one for each room that they are not in.
    pub async fn invitations_of(&self, session: &Session, now: Timestamp) -> Result<Vec<Invitation>> {
        let mine = self.memberships(session).await?;
        let mine: Vec<ObjectId> = mine.iter().map(|mine| object_id(mine.room().bytes())).collect();
        let mut filter = holds(now);
        filter.insert("user.id", object_id(session.user().id.bytes()));
        filter.insert("room", doc! { "$nin": mine });
        // Of each host, so that one who has gone hides nobody, and one who invites again and again no other room.
        let newest = [
            doc! { "$match": filter },
            doc! { "$sort": { "at": -1 } },
            doc! { "$group": { "_id": { "room": "$room", "by": "$by.id" }, "newest": { "$first": "$$ROOT" } } },
            doc! { "$replaceRoot": { "newRoot": "$newest" } },
            doc! { "$limit": MAX_OPEN },
        ];
        let invitations = self.collection::<InvitationDoc>(INVITATIONS);
        let mut found = self.all(invitations.aggregate(newest).with_type::<InvitationDoc>()).await?;
        if found.is_empty() {
            return Ok(Vec::new());
        }
        found.sort_by_key(|invitation| std::cmp::Reverse(invitation.at));
        let rooms: Vec<ObjectId> = found.iter().map(|invitation| invitation.room).collect();
        let hosts = found.iter().map(|invitation| doc! { "room": invitation.room, "user": invitation.by.id });
        let hosts: Vec<Document> = hosts.collect();
        let (known, members) = (self.collection::<RoomDoc>(ROOMS), self.collection::<MemberDoc>(MEMBERS));
        let (rooms, hosts) = futures_util::try_join!(
            self.all(known.find(doc! { "_id": { "$in": rooms } })),
            self.all(members.find(doc! { "$or": hosts })),
        )?;
        let mut shown = HashSet::new();
        let mut open = Vec::new();
        for invitation in found {
            let is_host = |host: &&MemberDoc| (host.room, host.user) == (invitation.room, invitation.by.id);
            let is_good = hosts.iter().find(is_host).is_some_and(|host| may_invite(host, now));
            let room = rooms.iter().find(|room| room._id == invitation.room);
            if let Some(room) = room.filter(|room| is_good && shown.insert(room._id)) {
                open.push(invitation.invitation(room.room())?);
            }
        }
        Ok(open)
    }

    /// An invitation that the session's user may accept, or has accepted.
    pub async fn invitation(&self, session: &Session, id: &InvitationId, now: Timestamp) -> Result<Invitation> {
        let invitations = self.collection::<InvitationDoc>(INVITATIONS);
        let found = self.within(invitations.find_one(acceptable(session, id, now))).await?;
        self.opened(found.ok_or(Error::NotFound)?, now).await
    }

    /// An invitation, if whoever made it may still invite there.
    async fn opened(&self, invitation: InvitationDoc, now: Timestamp) -> Result<Invitation> {
        let room = RoomId::from_bytes(invitation.room.bytes());
        let by = UserId::from_bytes(invitation.by.id.bytes());
        let (found, host) = futures_util::try_join!(self.find_room(room), self.find_member(by, room))?;
        host.filter(|host| may_invite(host, now)).ok_or(Error::NotFound)?;
        invitation.invitation(found.room())
    }

    /// Comes into a room by an invitation. Says which room, and whether the session's user was not in it.
    pub async fn accept(&self, session: &Session, id: &InvitationId, now: Timestamp) -> Result<(RoomId, bool)> {
        let invitation = self.invitation(session, id, now).await?;
        let room = invitation.room.id;
        if self.is_in(session.user().id, room).await? {
            return Ok((room, false));
        }
        // Whoever cannot come in does not use it up.
        let banned =
            self.find_member(session.user().id, room).await?.map(|member| member.ban(now)).transpose()?.flatten();
        if let Some(ban) = banned {
            return Err(Refusal::Banned { wait: ban.until.map(|until| until.since(now)) }.into());
        }
        if self.is_in_too_many_rooms(session.user().id).await? {
            return Err(Error::Conflict(Conflict::TooManyRooms));
        }
        let invitations = self.collection::<InvitationDoc>(INVITATIONS);
        let used = doc! { "$addToSet": { "used_by": object_id(session.user().id.bytes()) } };
        let used = invitations.find_one_and_update(acceptable(session, id, now), used);
        self.within(used.return_document(ReturnDocument::After)).await?.ok_or(Error::NotFound)?;
        let standing = self.find_room(room).await?.standing();
        let entered = self.enter(session, room, Role::Member, standing.said, now).await?;
        Ok((room, entered))
    }

    /// Whoever goes does not come back by the invitation that let them in, unless it lets in more.
    pub(super) async fn forget_use(&self, user: UserId, room: RoomId) -> Result<()> {
        let user = object_id(user.bytes());
        let used = doc! { "room": object_id(room.bytes()), "used_by": user };
        let gone = doc! { "$pull": { "used_by": user }, "$inc": { "gone": 1_i64 } };
        self.within(self.collection::<Document>(INVITATIONS).update_many(used, gone)).await.map(drop)
    }

    /// Ends an invitation: as who made it, as whom it is for, or as one who keeps order in its room. One that has ended is ended.
    pub async fn end_invitation(&self, session: &Session, id: &InvitationId, now: Timestamp) -> Result<()> {
        let invitations = self.collection::<InvitationDoc>(INVITATIONS);
        let Some(found) = self.within(invitations.find_one(doc! { "_id": id.as_str() })).await? else { return Ok(()) };
        let me = object_id(session.user().id.bytes());
        if found.by.id != me && found.user.as_ref().is_none_or(|user| user.id != me) {
            let room = RoomId::from_bytes(found.room.bytes());
            let membership = match self.membership_to_oversee(session, room).await {
                // One that is no business of theirs does not exist, as if it had ended.
                Err(Error::NotFound) => return Ok(()),
                membership => membership?,
            };
            membership.may(Act::Oversee, now)?;
        }
        self.within(invitations.delete_one(doc! { "_id": id.as_str() })).await.map(drop)
    }
}

/// Whether somebody's invitations to a room hold.
fn may_invite(host: &MemberDoc, now: Timestamp) -> bool {
    let seat = Seat { role: host.role.role(), ..Seat::NONE };
    may(&seat, Act::Invite, now).is_ok()
}

/// What lets somebody use an invitation: that it is theirs, and that it holds or they have used it.
fn acceptable(session: &Session, id: &InvitationId, now: Timestamp) -> Document {
    let me = object_id(session.user().id.bytes());
    doc! {
        "_id": id.as_str(),
        "expires_at": { "$gt": date(now) },
        "$and": [
            { "$or": [{ "user": { "$exists": false } }, { "user.id": me }] },
            { "$or": [{ "used_by": me }, { "$expr": is_left() }] },
        ],
    }
}
