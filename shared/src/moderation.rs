//! What those do who keep order in a room: look at somebody, decide, write it down, tell. If somebody's standing changes between the look and the
//! write, nothing is done, and it begins anew.
//!
//! Whoever is sent out is told why over their own sockets, which are then closed: a round of posts that began before cannot be called back, but it finds
//! them gone. Their client opens others, which are not in the room.

use crate::gateway::Gateway;
use crate::ids::{ConnectionId, RoomId, UserId};
use crate::permission::{Act, Permit, Refusal};
use crate::room::{Ban, BanReason, Member, Membership, Mute, Role};
use crate::session::Session;
use crate::store::{Store, Target};
use crate::time::{self, Timestamp};
use crate::user::User;
use crate::wire::{self, Departure, Frame};
use crate::{Error, Result, presence};

/// How often something is tried anew that others change at the same moment.
const ATTEMPTS: usize = 10;

/// What keeping order in a room takes.
pub struct Moderation<'a> {
    /// Where it is written down.
    pub store: &'a Store,
    /// How those hear of it whom it concerns.
    pub gateway: &'a Gateway,
    /// Who acts.
    pub session: &'a Session,
    /// Where.
    pub room: RoomId,
}

impl Moderation<'_> {
    /// Mutes a member, or lets them speak again.
    pub async fn mute(&self, user: UserId, mute: Option<Mute>) -> Result<()> {
        for _ in 0..ATTEMPTS {
            let (whom, permit) = self.look(user, |whom| Act::Mute(whom.rank())).await?;
            let is_member = whom.seat().role.is_some();
            match (mute, whom.seat().muted) {
                (Some(_), _) if !is_member => return Err(Error::NotFound),
                (None, None) => return Ok(()),
                _ => {}
            }
            if self.store.mute(&permit, &whom, mute).await? {
                if let Some(member) = member(&whom, whom.seat().role, mute) {
                    self.tell_changed(&member, false).await;
                }
                return Ok(());
            }
        }
        Err(changing())
    }

    /// Makes a member something else, but for the owner. Says what they are now.
    pub async fn appoint(&self, user: UserId, to: Role) -> Result<wire::Member> {
        for _ in 0..ATTEMPTS {
            let (whom, permit) = self.look(user, |whom| Act::Appoint(whom.rank(), to)).await?;
            if whom.seat().role.is_none() {
                return Err(Error::NotFound);
            }
            let is_new = whom.seat().role != Some(to);
            if !is_new || self.store.appoint(&permit, &whom, to).await? {
                let member = member(&whom, Some(to), whom.seat().muted).ok_or(Error::NotFound)?;
                if is_new {
                    self.tell_changed(&member, true).await;
                }
                return self.seen_in_full(&member).await;
            }
        }
        Err(changing())
    }

    /// Makes a member the owner, and the owner a moderator. Says what the new one is now.
    pub async fn transfer(&self, user: UserId) -> Result<wire::Member> {
        for _ in 0..ATTEMPTS {
            let mine = self.mine().await?;
            let whom = self.store.target(&mine, user, time::now()).await?;
            match whom.seat().role {
                None => return Err(Error::NotFound),
                // Also the answer to whoever was the owner, and asks again.
                Some(Role::Owner) => {
                    let member = member(&whom, Some(Role::Owner), None).ok_or(Error::NotFound)?;
                    return self.seen_in_full(&member).await;
                }
                Some(_) => {}
            }
            let permit = mine.may(Act::Transfer(whom.rank()), time::now())?;
            match self.store.transfer(&permit, &whom).await {
                Ok(Some(changed)) => {
                    self.tell_changed(&changed.owner, true).await;
                    if let Some(before) = &changed.before {
                        self.tell_changed(before, true).await;
                    }
                    return self.seen_in_full(&changed.owner).await;
                }
                Ok(None) => {}
                Err(error) => return Err(error),
            }
        }
        Err(changing())
    }

    /// Sends somebody out, who may come back.
    pub async fn kick(&self, user: UserId) -> Result<()> {
        for _ in 0..ATTEMPTS {
            let (whom, permit) = self.look(user, |whom| Act::Kick(whom.rank())).await?;
            if self.store.kick(&permit, &whom).await? {
                return self.see_off(&whom, Departure::Kicked).await;
            }
        }
        Err(changing())
    }

    /// Sends somebody out who may not come back. Says what keeps them out.
    pub async fn ban(&self, user: UserId, until: Option<Timestamp>, reason: Option<BanReason>) -> Result<Ban> {
        for _ in 0..ATTEMPTS {
            let (whom, permit) = self.look(user, |whom| Act::Ban(whom.rank())).await?;
            let at = whom.ban().map_or_else(time::now, |ban| ban.at);
            let ban = Ban { user: whom.user().clone(), at, until, reason: reason.clone() };
            if self.store.ban(&permit, &whom, &ban).await? {
                self.see_off(&whom, Departure::Banned).await?;
                return Ok(ban);
            }
        }
        Err(changing())
    }

    /// Lets somebody come back.
    pub async fn unban(&self, user: UserId) -> Result<()> {
        for _ in 0..ATTEMPTS {
            let (whom, permit) = self.look(user, |_| Act::Unban).await?;
            if self.store.unban(&permit, &whom).await? {
                return Ok(());
            }
        }
        Err(changing())
    }

    /// Who is banned.
    pub async fn bans(&self, after: Option<UserId>, limit: i64) -> Result<(Vec<Ban>, bool)> {
        let mine = self.mine().await?;
        let permit = mine.may(Act::Oversee, time::now())?;
        self.store.bans(&permit, after, limit, time::now()).await
    }

    /// The standing of whoever acts. In a conversation of certain people nobody keeps order, admins included: what they can do is to suspend an account.
    async fn mine(&self) -> Result<Membership> {
        let mine = self.store.membership_to_oversee(self.session, self.room).await?;
        if self.store.room(&mine).await?.kind.is_direct() {
            return Err(Refusal::Direct.into());
        }
        Ok(mine)
    }

    /// Looks at somebody, and asks for the permit to do something to them.
    async fn look(&self, user: UserId, act: impl Fn(&Target) -> Act) -> Result<(Target, Permit)> {
        let mine = self.mine().await?;
        // Who may do nothing of the kind to anybody learns nothing of anybody.
        mine.may(Act::Oversee, time::now())?;
        let whom = self.store.target(&mine, user, time::now()).await?;
        let permit = mine.may(act(&whom), time::now())?;
        Ok((whom, permit))
    }

    /// Closes the sockets of somebody who was sent out, after telling them why, and tells the others that they have gone.
    async fn see_off(&self, whom: &Target, why: Departure) -> Result<()> {
        let sockets = self.store.open_sockets_of(whom.user().id, time::now()).await?;
        if whom.seat().role.is_some() {
            self.post(&sockets, &left(self.room, whom.user(), Some(why))).await;
            presence::close(self.store, self.gateway, sockets).await;
        }
        gone(self.store, self.gateway, self.room, whom.user(), whom.seat().role.is_some()).await
    }

    /// Tells those who may know it that a member has changed, and everybody else, if it is for everybody.
    async fn tell_changed(&self, member: &Member, is_public: bool) {
        if let Err(error) = tell_changed(self.store, self.gateway, self.room, member, is_public).await {
            error.log();
        }
    }

    async fn post(&self, sockets: &[ConnectionId], frame: &Frame) {
        presence::post(self.store, self.gateway, sockets, frame).await;
    }

    async fn seen_in_full(&self, member: &Member) -> Result<wire::Member> {
        let now = time::now();
        let online = self.store.is_here(member.user.id, now).await?;
        Ok(wire::Member::in_full(member, online, now))
    }
}

/// Tells a room that somebody is no longer in it, if they were, and sees to it that somebody owns it. What could not be told is logged.
pub async fn gone(store: &Store, gateway: &Gateway, room: RoomId, user: &User, was_in: bool) -> Result<()> {
    if was_in {
        let sockets = store.sockets_in(room, time::now()).await?;
        presence::post(store, gateway, &sockets, &left(room, user, None)).await;
    }
    owned(store, gateway, room).await
}

/// Sees to it that somebody owns a room, and tells everybody who has come to.
pub async fn owned(store: &Store, gateway: &Gateway, room: RoomId) -> Result<()> {
    match store.see_to_owner(room).await? {
        Some(owner) => tell_changed(store, gateway, room, &owner, true).await,
        None => Ok(()),
    }
}

async fn tell_changed(store: &Store, gateway: &Gateway, room: RoomId, member: &Member, is_public: bool) -> Result<()> {
    let now = time::now();
    let online = store.is_here(member.user.id, now).await?;
    let mut people = store.overseers(room).await?;
    people.push(member.user.id);
    let sockets = store.sockets_of_these(room, &people, now).await?;
    let frame = |member| Frame::Member { room: room.to_string(), member };
    presence::post(store, gateway, &sockets, &frame(wire::Member::in_full(member, online, now))).await;
    if is_public {
        let mut others = store.sockets_in(room, now).await?;
        others.retain(|socket| !sockets.contains(socket));
        presence::post(store, gateway, &others, &frame(wire::Member::new(member, online))).await;
    }
    Ok(())
}

fn left(room: RoomId, user: &User, reason: Option<Departure>) -> Frame {
    Frame::Left { room: room.to_string(), user: user.into(), reason }
}

fn member(whom: &Target, role: Option<Role>, muted: Option<Mute>) -> Option<Member> {
    Some(Member { user: whom.user().clone(), role: role?, muted, read: None, seen_at: None })
}

fn changing() -> Error {
    Error::Unavailable("somebody's standing changed all the time".into())
}
