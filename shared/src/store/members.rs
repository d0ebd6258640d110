//! Who is in which room.
//!
//! A socket's document repeats the rooms of its user, so that a broadcast finds its recipients by one index. To keep the two in step, each
//! change of a person's memberships raises a version in the person's document, and a socket takes a list of rooms only together with the
//! version that was read before the list, and only if that is newer than its own. So whichever of two changes writes last, the sockets end up
//! with what holds.
//!
//! There is one document of a person and a room, also for somebody who was banned, and for a guest or somebody muted who has left: coming back must not
//! lift what was laid on them. Such a document is no membership: it has no [`Role`] to make one of.

use std::collections::HashMap;

use mongodb::IndexModel;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, DateTime, Document, doc};
use mongodb::options::{Hint, IndexOptions};
use serde::{Deserialize, Serialize};

use super::limits::{self, Granted, SpentDoc};
use super::{Store, date, object_id, time, unconfirmed};
use crate::error::Source;
use crate::ids::{RoomId, UserId};
use crate::limits::Allowance;
use crate::room::{Ban, BanReason, Member, Membership, Mute, NAMED, Position, Role, Seat, Standing};
use crate::session::Session;
use crate::time::Timestamp;
use crate::user::User;
use crate::{Error, Result};

pub(super) const MEMBERS: &str = "members";

#[derive(Serialize, Deserialize)]
pub(super) struct MemberDoc {
    pub(super) room: ObjectId,
    pub(super) user: ObjectId,
    pub(super) name: String,
    pub(super) role: RoleDoc,
    pub(super) read: i64,
    pub(super) joined_at: DateTime,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) muted: Option<MuteDoc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ban: Option<BanDoc>,
    /// What somebody is who comes back, if that is no member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) back_as: Option<RoleDoc>,
    /// What they have begun to write there.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    draft: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RoleDoc {
    Owner,
    Moderator,
    Member,
    Guest,
    /// Was in it, and what was laid on them is remembered.
    Left,
    Banned,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct MuteDoc {
    until: Option<DateTime>,
    by: ObjectId,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct BanDoc {
    at: DateTime,
    until: Option<DateTime>,
    reason: Option<String>,
    by: ObjectId,
}

impl RoleDoc {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Moderator => "moderator",
            Self::Member => "member",
            Self::Guest => "guest",
            Self::Left => "left",
            Self::Banned => "banned",
        }
    }

    /// What they are in the room; none, if they are not in it.
    pub(super) fn role(self) -> Option<Role> {
        match self {
            Self::Owner => Some(Role::Owner),
            Self::Moderator => Some(Role::Moderator),
            Self::Member => Some(Role::Member),
            Self::Guest => Some(Role::Guest),
            Self::Left | Self::Banned => None,
        }
    }
}

impl From<Role> for RoleDoc {
    fn from(role: Role) -> Self {
        match role {
            Role::Owner => Self::Owner,
            Role::Moderator => Self::Moderator,
            Role::Member => Self::Member,
            Role::Guest => Self::Guest,
        }
    }
}

impl MuteDoc {
    pub(super) fn new(mute: Mute, by: UserId) -> Self {
        Self { until: mute.until.map(date), by: object_id(by.bytes()) }
    }

    fn mute(&self) -> Mute {
        Mute { until: self.until.map(time) }
    }
}

impl BanDoc {
    pub(super) fn new(ban: &Ban, by: UserId) -> Self {
        Self {
            at: date(ban.at),
            until: ban.until.map(date),
            reason: ban.reason.as_ref().map(|reason| reason.as_str().to_owned()),
            by: object_id(by.bytes()),
        }
    }
}

impl MemberDoc {
    pub(super) fn new(user: &User, room: RoomId, role: Role, read: i64, now: Timestamp) -> Self {
        Self {
            room: object_id(room.bytes()),
            user: object_id(user.id.bytes()),
            name: user.name.clone(),
            role: role.into(),
            read,
            joined_at: date(now),
            muted: None,
            ban: None,
            back_as: None,
            draft: String::new(),
        }
    }

    /// Of somebody who was never in the room, and is kept out of it.
    pub(super) fn banned(ban: &Ban, room: RoomId, by: UserId) -> Self {
        let stranger = Self::new(&ban.user, room, Role::Member, 0, ban.at);
        Self { role: RoleDoc::Banned, ban: Some(BanDoc::new(ban, by)), ..stranger }
    }

    pub(super) fn user(&self) -> User {
        User { id: UserId::from_bytes(self.user.bytes()), name: self.name.clone() }
    }

    pub(super) fn muted(&self) -> Option<Mute> {
        self.muted.as_ref().map(MuteDoc::mute)
    }

    pub(super) fn membership(self, is_admin: bool) -> Option<Membership> {
        let seat = Seat { role: Some(self.role.role()?), muted: self.muted(), is_admin };
        Some(Membership::proven(RoomId::from_bytes(self.room.bytes()), self.user(), seat, self.read))
    }

    pub(super) fn member(&self) -> Option<Member> {
        Some(Member {
            user: self.user(),
            role: self.role.role()?,
            muted: self.muted(),
            read: Some(self.read),
            seen_at: None,
        })
    }

    /// The ban that keeps them out, if it has not run out.
    pub(super) fn ban(&self, now: Timestamp) -> Result<Option<Ban>> {
        let Some(ban) = self.ban.as_ref().filter(|_| self.role == RoleDoc::Banned) else { return Ok(None) };
        let unread = |_| Error::internal(Source::from(format!("the ban of {} is none", self.user)));
        let reason = ban.reason.as_deref().map(BanReason::parse).transpose().map_err(unread)?;
        let ban = Ban { user: self.user(), at: time(ban.at), until: ban.until.map(time), reason };
        Ok(Some(ban).filter(|ban| ban.until.is_none_or(|until| until > now)))
    }
}

pub(super) fn indexes() -> Vec<IndexModel> {
    let unique = IndexOptions::builder().unique(true).build();
    let banned = IndexOptions::builder().partial_filter_expression(doc! { "role": "banned" }).build();
    let owner = IndexOptions::builder().unique(true).partial_filter_expression(doc! { "role": "owner" }).build();
    vec![
        IndexModel::builder().keys(by_user()).options(unique).build(),
        IndexModel::builder().keys(doc! { "user": 1, "_id": 1 }).build(),
        // A room has one owner at most, whoever makes one at the same moment.
        IndexModel::builder().keys(doc! { "room": 1, "role": 1 }).options(owner).build(),
        // Who keeps order, and who comes after an owner.
        IndexModel::builder().keys(doc! { "role": 1, "room": 1, "joined_at": 1 }).build(),
        IndexModel::builder().keys(bans_by_user()).options(banned).build(),
    ]
}

pub(super) fn by_user() -> Document {
    doc! { "room": 1, "user": 1 }
}

pub(super) fn bans_by_user() -> Document {
    doc! { "role": 1, "room": 1, "user": 1 }
}

/// The document of somebody and a room.
pub(super) fn of(user: UserId, room: RoomId) -> Document {
    doc! { "room": object_id(room.bytes()), "user": object_id(user.bytes()) }
}

/// In the room, as whatever.
pub(super) fn present() -> Bson {
    let roles = [RoleDoc::Owner, RoleDoc::Moderator, RoleDoc::Member, RoleDoc::Guest].map(RoleDoc::name);
    Bson::Document(doc! { "$in": roles.to_vec() })
}

/// Some of those who are in a room, and how many all are.
pub struct People {
    /// Each with whether a socket of theirs is open.
    pub members: Vec<(Member, bool)>,
    /// Whether there are more after these.
    pub more: bool,
    /// How many are in the room.
    pub total: u64,
    /// How many are here.
    pub here: u64,
}

impl Store {
    /// The session's key to a room: their membership, or that they are an admin. A room that is missing and one that is not theirs are the same to
    /// them.
    pub async fn membership(&self, session: &Session, room: RoomId) -> Result<Membership> {
        match self.find_member(session.user().id, room).await?.and_then(|member| member.membership(false)) {
            Some(membership) => Ok(membership),
            None => self.looking_in(session, room).await,
        }
    }

    /// The same, where it may matter that a member is an admin as well.
    pub async fn membership_to_oversee(&self, session: &Session, room: RoomId) -> Result<Membership> {
        let user = session.user().id;
        let (found, is_admin) = futures_util::try_join!(self.find_member(user, room), self.is_admin(user))?;
        match found.and_then(|member| member.membership(is_admin)) {
            Some(membership) => Ok(membership),
            None => self.looking_in(session, room).await,
        }
    }

    /// The key of an admin to a room that they are not in.
    async fn looking_in(&self, session: &Session, room: RoomId) -> Result<Membership> {
        let user = session.user();
        if !self.is_admin(user.id).await? || !self.is_room(room).await? {
            return Err(Error::NotFound);
        }
        Ok(Membership::proven(room, user.clone(), Seat { is_admin: true, ..Seat::NONE }, 0))
    }

    /// The session's membership of a room in which they are about to say something, how often they do, and with it what they are and whether
    /// they are muted: all by one update.
    pub async fn membership_to_say(
        &self,
        session: &Session,
        room: RoomId,
        allowance: Allowance,
    ) -> Result<(Membership, Granted)> {
        #[derive(Deserialize)]
        struct SpendingDoc {
            #[serde(flatten)]
            member: MemberDoc,
            spent: SpentDoc,
        }
        let spent = self.turn::<SpendingDoc>(doc! {
            "findAndModify": MEMBERS,
            "query": of(session.user().id, room),
            "update": limits::spending(allowance),
            "new": true,
            "writeConcern": { "w": 1 },
        });
        let found = spent.await?;
        let found = found.and_then(|found| Some((found.member.membership(false)?, found.spent.granted(allowance))));
        match found {
            Some(found) => Ok(found),
            None => Ok((self.looking_in(session, room).await?, Granted::Yes { more: false })),
        }
    }

    /// All memberships of the session's user, the oldest first.
    pub async fn memberships(&self, session: &Session) -> Result<Vec<Membership>> {
        self.memberships_of(session.user().id).await
    }

    pub(super) async fn memberships_of(&self, user: UserId) -> Result<Vec<Membership>> {
        let filter = doc! { "user": object_id(user.bytes()) };
        let found = self.all(self.collection::<MemberDoc>(MEMBERS).find(filter).sort(doc! { "_id": 1 })).await?;
        Ok(found.into_iter().filter_map(|member| member.membership(false)).collect())
    }

    pub(super) async fn find_member(&self, user: UserId, room: RoomId) -> Result<Option<MemberDoc>> {
        self.within(self.collection::<MemberDoc>(MEMBERS).find_one(of(user, room))).await
    }

    /// Somebody as a member of a room, if they are one.
    pub async fn member(&self, user: UserId, room: RoomId) -> Result<Option<Member>> {
        Ok(self.find_member(user, room).await?.and_then(|member| member.member()))
    }

    /// Whether a room is so large that its people are counted and not named.
    pub async fn is_crowd(&self, membership: &Membership) -> Result<bool> {
        self.has_crowd(membership.room()).await
    }

    /// Those of these rooms that are no crowd.
    pub(super) async fn without_crowds(&self, rooms: &[RoomId]) -> Result<Vec<RoomId>> {
        let people = rooms.iter().map(|room| doc! { "room": object_id(room.bytes()), "role": present() });
        let people = self.counted_by_room(MEMBERS, people, NAMED as i64 + 1).await?;
        let small = people.into_iter().filter(|(_, people)| *people <= NAMED as i64);
        Ok(small.map(|(room, _)| room).collect())
    }

    pub(super) async fn has_crowd(&self, room: RoomId) -> Result<bool> {
        Ok(self.people_in(room, Some(NAMED as u64 + 1)).await? > NAMED as u64)
    }

    /// How many people are in a room; of more than `most`, so many.
    async fn people_in(&self, room: RoomId, most: Option<u64>) -> Result<u64> {
        let filter = doc! { "room": object_id(room.bytes()), "role": present() };
        let members = self.collection::<MemberDoc>(MEMBERS);
        // That index has all that is asked for.
        let counted = members.count_documents(filter).hint(Hint::Keys(doc! { "role": 1, "room": 1, "joined_at": 1 }));
        let counted = match most {
            Some(most) => counted.limit(most),
            None => counted,
        };
        self.within(counted).await
    }

    /// Members of a room in order of their ids, after one of them, and how many there are.
    pub async fn members(
        &self,
        membership: &Membership,
        after: Option<UserId>,
        limit: i64,
        now: Timestamp,
    ) -> Result<People> {
        let room = membership.room();
        let mut filter = doc! { "room": object_id(room.bytes()), "role": present() };
        if let Some(after) = after {
            filter.insert("user", doc! { "$gt": object_id(after.bytes()) });
        }
        let members = self.collection::<MemberDoc>(MEMBERS);
        let page = members.find(filter).sort(doc! { "user": 1 }).hint(Hint::Keys(by_user())).limit(limit + 1);
        let (found, more) = super::page(self.all(page).await?, limit)?;
        let (here, total) = futures_util::try_join!(self.present(room, now), self.people_in(room, None))?;
        let people: Vec<ObjectId> = found.iter().map(|member| member.user).collect();
        let shown = match total > NAMED as u64 {
            true => HashMap::new(),
            false => self.shown_of(&people).await?,
        };
        let shown = |doc: &MemberDoc| {
            let member = doc.member()?;
            let shows = shown.get(&doc.user);
            let read = member.read.filter(|_| shows.is_some() || member.user.id == membership.user().id);
            let seen_at = shows.copied().flatten().filter(|_| !here.contains(&member.user.id));
            Some(Member { read, seen_at, ..member })
        };
        let members = found.iter().filter_map(shown).map(|member| {
            let is_here = here.contains(&member.user.id);
            (member, is_here)
        });
        Ok(People { members: members.collect(), more, total, here: here.len() as u64 })
    }

    /// What the session's user has begun to write, by room.
    pub async fn drafts(&self, session: &Session) -> Result<HashMap<RoomId, String>> {
        let begun = doc! { "user": object_id(session.user().id.bytes()), "draft": { "$gt": "" } };
        let found = self.all(self.collection::<MemberDoc>(MEMBERS).find(begun)).await?;
        Ok(found.into_iter().map(|member| (RoomId::from_bytes(member.room.bytes()), member.draft)).collect())
    }

    /// Keeps what a member has begun to write; nothing, if that is empty. Says whether that is news.
    pub async fn keep_draft(&self, membership: &Membership, text: &str) -> Result<bool> {
        let mut filter = of(membership.user().id, membership.room());
        filter.insert("role", present());
        let update = match text {
            "" => doc! { "$unset": { "draft": "" } },
            text => doc! { "$set": { "draft": text } },
        };
        let members = self.collection::<Document>(MEMBERS);
        Ok(self.within(members.update_one(filter, update).write_concern(unconfirmed())).await?.modified_count > 0)
    }

    /// Moves the read position of a member forward to the message `seq`, and says what it is then. Whoever has seen every change there is
    /// has read every number that was given out, also those that came to nothing.
    pub async fn mark_read(
        &self,
        membership: &Membership,
        seq: i64,
        position: Position,
        standing: Standing,
    ) -> Result<i64> {
        let all_seen = position >= standing.head && standing.settled == standing.head;
        let read = if all_seen { standing.said } else { seq.min(standing.said) };
        let mut filter = of(membership.user().id, membership.room());
        filter.insert("read", doc! { "$lt": read });
        self.within(self.collection::<MemberDoc>(MEMBERS).update_one(filter, doc! { "$max": { "read": read } }))
            .await?;
        Ok(read.max(membership.read()))
    }
}
