//! What is done to somebody in a room. Whoever does it has looked at how the other stands there, and got a permit for that; the update asks for
//! the same standing again, and does nothing if it has changed: then one has to look and decide anew.

use mongodb::bson::{Bson, doc};
use mongodb::options::Hint;
use serde::Deserialize;

use super::door::back_as;
use super::members::{BanDoc, MEMBERS, MemberDoc, MuteDoc, RoleDoc, bans_by_user, of};
use super::users::USERS;
use super::{Inserted, Store, date, insist, object_id};
use crate::ids::{RoomId, UserId};
use crate::permission::{Act, Permit, Rank};
use crate::room::{Ban, Membership, Mute, Role, Seat};
use crate::time::Timestamp;
use crate::user::User;
use crate::{Error, Result};

/// Somebody as they stood in a room when they were looked at.
pub struct Target {
    room: RoomId,
    user: User,
    seat: Seat,
    /// What their document said; none, if there was none.
    seen: Option<RoleDoc>,
    ban: Option<Ban>,
}

impl Target {
    /// Who.
    pub fn user(&self) -> &User {
        &self.user
    }

    /// How they stand.
    pub fn seat(&self) -> &Seat {
        &self.seat
    }

    /// How high.
    pub fn rank(&self) -> Rank {
        self.seat.rank()
    }

    /// What keeps them out, if something does.
    pub fn ban(&self) -> Option<&Ban> {
        self.ban.as_ref()
    }

    /// What an update asks for: that they still are what they were.
    pub(super) fn as_seen(&self) -> Result<mongodb::bson::Document> {
        let seen = self.seen.ok_or(Error::NotFound)?;
        let mut filter = of(self.user.id, self.room);
        filter.insert("role", seen.name());
        Ok(filter)
    }

    /// Refuses a permit that is none for handing the room over to them.
    pub(super) fn may_be_given(&self, permit: &Permit) -> Result<()> {
        self.allowed_by(permit, Act::Transfer(self.rank()))
    }

    /// Refuses a permit for something else, or for somebody who stands otherwise.
    fn allowed_by(&self, permit: &Permit, act: Act) -> Result<()> {
        insist(permit.act() == act && permit.by().room() == self.room)
    }
}

impl Store {
    /// Looks at somebody who has an account, in a room or not.
    pub async fn target(&self, by: &Membership, user: UserId, now: Timestamp) -> Result<Target> {
        let room = by.room();
        let (found, (user, is_admin)) = futures_util::try_join!(self.find_member(user, room), self.person(user))?;
        let ban = found.as_ref().map(|member| member.ban(now)).transpose()?.flatten();
        let seen = found.as_ref().map(|member| member.role);
        let muted = found.as_ref().and_then(MemberDoc::muted);
        let seat = Seat { role: seen.and_then(RoleDoc::role), muted, is_admin };
        Ok(Target { room, user, seat, seen, ban })
    }

    /// How high somebody stands in a room, whether or not their account is still there.
    pub async fn rank_in(&self, room: RoomId, user: UserId) -> Result<Rank> {
        let (found, is_admin) = futures_util::try_join!(self.find_member(user, room), self.is_admin(user))?;
        let role = found.and_then(|member| member.role.role());
        Ok(Seat { role, muted: None, is_admin }.rank())
    }

    /// Somebody who has an account, and whether they are an admin.
    pub(super) async fn person(&self, user: UserId) -> Result<(User, bool)> {
        #[derive(Deserialize)]
        struct PersonDoc {
            name: String,
            #[serde(default)]
            roles: Vec<String>,
        }
        let filter = doc! { "_id": object_id(user.bytes()), "deleted_at": { "$exists": false } };
        let users = self.collection::<PersonDoc>(USERS);
        let found = users.find_one(filter).projection(doc! { "name": 1, "roles": 1 });
        let found = self.within(found).await?.ok_or(Error::NotFound)?;
        Ok((User { id: user, name: found.name }, found.roles.iter().any(|role| role == "admin")))
    }

    /// Mutes somebody, or lets them speak again. Says whether they still stood as they were seen.
    pub async fn mute(&self, permit: &Permit, whom: &Target, mute: Option<Mute>) -> Result<bool> {
        whom.allowed_by(permit, Act::Mute(whom.rank()))?;
        let update = match mute {
            Some(mute) => {
                let muted = mongodb::bson::serialize_to_bson(&MuteDoc::new(mute, permit.by().user().id));
                doc! { "$set": { "muted": muted.map_err(Error::internal)? } }
            }
            None => doc! { "$unset": { "muted": "" } },
        };
        self.change(whom, update).await
    }

    /// Makes somebody something else. Says whether they still stood as they were seen.
    pub async fn appoint(&self, permit: &Permit, whom: &Target, to: Role) -> Result<bool> {
        whom.allowed_by(permit, Act::Appoint(whom.rank(), to))?;
        self.change(whom, doc! { "$set": { "role": RoleDoc::from(to).name() } }).await
    }

    async fn change(&self, whom: &Target, update: mongodb::bson::Document) -> Result<bool> {
        let members = self.collection::<MemberDoc>(MEMBERS);
        Ok(self.within(members.update_one(whom.as_seen()?, update)).await?.matched_count > 0)
    }

    /// Sends somebody out, who may come back. Says whether they still stood as they were seen.
    pub async fn kick(&self, permit: &Permit, whom: &Target) -> Result<bool> {
        whom.allowed_by(permit, Act::Kick(whom.rank()))?;
        match whom.seen.filter(|seen| seen.role().is_some()) {
            Some(seen) => self.take_out(whom.user.id, whom.room, seen.name().into()).await,
            None => Ok(true),
        }
    }

    /// Sends somebody out who may not come back, or sees to it that they never come. Says whether they still stood as they were seen.
    pub async fn ban(&self, permit: &Permit, whom: &Target, ban: &Ban) -> Result<bool> {
        whom.allowed_by(permit, Act::Ban(whom.rank()))?;
        let by = permit.by().user().id;
        let members = self.collection::<MemberDoc>(MEMBERS);
        if whom.seen.is_none() {
            let banned = MemberDoc::banned(ban, whom.room, by);
            return Ok(matches!(self.insert_once(&members, &banned).await?, Inserted::New));
        }
        // The sockets first: whatever fails after that, nothing of the room reaches them.
        self.leave_sockets(whom.user.id, whom.room).await?;
        self.forget_use(whom.user.id, whom.room).await?;
        let ban = mongodb::bson::serialize_to_bson(&BanDoc::new(ban, by)).map_err(Error::internal)?;
        let update = doc! { "$set": { "role": "banned", "back_as": back_as(), "ban": { "$literal": ban } } };
        let update = vec![update, doc! { "$unset": ["draft"] }];
        let banned = self.within(members.update_one(whom.as_seen()?, update)).await?.matched_count > 0;
        self.reconcile(whom.user.id).await?;
        Ok(banned)
    }

    /// Lets somebody come back. Says whether they still stood as they were seen.
    pub async fn unban(&self, permit: &Permit, whom: &Target) -> Result<bool> {
        whom.allowed_by(permit, Act::Unban)?;
        match whom.seen {
            Some(RoleDoc::Banned) => {
                // Somebody may have been about to come in when they were banned.
                self.forget_use(whom.user.id, whom.room).await?;
                self.depart(whom.user.id, whom.room, "banned".into()).await
            }
            _ => Ok(true),
        }
    }

    /// Who is banned, in order of their ids, after one of them, and whether there are more.
    pub async fn bans(
        &self,
        permit: &Permit,
        after: Option<UserId>,
        limit: i64,
        now: Timestamp,
    ) -> Result<(Vec<Ban>, bool)> {
        let room = permit.by().room();
        insist(permit.act() == Act::Oversee)?;
        let holds = [doc! { "ban.until": Bson::Null }, doc! { "ban.until": { "$gt": date(now) } }];
        let mut filter = doc! { "role": "banned", "room": object_id(room.bytes()), "$or": holds.to_vec() };
        if let Some(after) = after {
            filter.insert("user", doc! { "$gt": object_id(after.bytes()) });
        }
        let members = self.collection::<MemberDoc>(MEMBERS);
        let page = members.find(filter).sort(doc! { "user": 1 }).hint(Hint::Keys(bans_by_user())).limit(limit + 1);
        let (found, more) = super::page(self.all(page).await?, limit)?;
        let bans = found.iter().map(|member| member.ban(now)).collect::<Result<Vec<_>>>()?;
        Ok((bans.into_iter().flatten().collect(), more))
    }

    /// Those who may see who is muted.
    pub async fn overseers(&self, room: RoomId) -> Result<Vec<UserId>> {
        let filter = doc! { "role": { "$in": ["owner", "moderator"] }, "room": object_id(room.bytes()) };
        let found = self.all(self.collection::<MemberDoc>(MEMBERS).find(filter)).await?;
        Ok(found.iter().map(|member| member.user().id).collect())
    }
}
