//! Whose a room is. An index keeps it from having two owners. It is without one only for as long as nobody is in it who could be, or as it takes
//! until somebody comes or goes after an invocation has died between two writes.

use mongodb::bson::doc;
use mongodb::options::{ReturnDocument, WriteConcern};

use super::members::{MEMBERS, MemberDoc, RoleDoc};
use super::moderation::Target;
use super::{Store, is_duplicate, is_write_conflict, object_id};
use crate::ids::RoomId;
use crate::permission::Permit;
use crate::room::{Member, Role};
use crate::{Error, Result};

/// How often something is tried anew that others change at the same moment.
const ATTEMPTS: usize = 10;

/// What a transfer has made of two members.
pub struct Transferred {
    /// The owner.
    pub owner: Member,
    /// Who was it before, and is a moderator now.
    pub before: Option<Member>,
}

impl Store {
    /// Hands a room over, at once: the owner becomes a moderator, and speaks for nobody else. None, if somebody does not stand as they were
    /// seen, or changes at the same moment.
    pub async fn transfer(&self, permit: &Permit, to: &Target) -> Result<Option<Transferred>> {
        to.may_be_given(permit)?;
        let room = object_id(permit.by().room().bytes());
        let mut owner = doc! { "room": room, "role": "owner" };
        if permit.by().seat().role == Some(Role::Owner) {
            owner.insert("user", object_id(permit.by().user().id.bytes()));
        }
        let mut session = self.within(self.database.client().start_session()).await?;
        let majority = WriteConcern::majority();
        self.within(session.start_transaction().write_concern(majority)).await?;
        let members = self.collection::<MemberDoc>(MEMBERS);
        let resigned = doc! { "$set": { "role": "moderator" } };
        let before =
            members.find_one_and_update(owner, resigned).return_document(ReturnDocument::After).session(&mut session);
        let before = self.within(before).await;
        let crowned = doc! { "$set": { "role": "owner" }, "$unset": { "muted": "" } };
        let after = members
            .find_one_and_update(to.as_seen()?, crowned)
            .return_document(ReturnDocument::After)
            .session(&mut session);
        let done = match before {
            Ok(before) => self.within(after).await.map(|after| (before, after)),
            Err(error) => Err(error),
        };
        let is_owner = permit.by().seat().role == Some(Role::Owner);
        let handed = match done {
            Ok((before, Some(after))) if before.is_some() || !is_owner => {
                let owner = after.member().ok_or_else(|| Error::internal("an owner is no member"))?;
                Ok(Some(Transferred { owner, before: before.as_ref().and_then(MemberDoc::member) }))
            }
            Ok(_) => Ok(None),
            // Somebody has become the owner at this moment.
            Err(error) if is_duplicate(&error) || is_write_conflict(&error) => Ok(None),
            Err(error) => Err(error),
        };
        match handed {
            Ok(Some(handed)) => self.within(session.commit_transaction()).await.map(|()| Some(handed)),
            other => {
                self.within(session.abort_transaction()).await?;
                other
            }
        }
    }

    /// Sees to it that a room has an owner, unless it is a direct conversation, if anybody is in it who can be: the moderator who is in it for longest, or else the member. Says
    /// who has become it.
    pub async fn see_to_owner(&self, id: RoomId) -> Result<Option<Member>> {
        let room = object_id(id.bytes());
        let members = self.collection::<MemberDoc>(MEMBERS);
        for _ in 0..ATTEMPTS {
            let eldest = |role: RoleDoc| {
                let eldest = members.find_one(doc! { "role": role.name(), "room": room });
                self.within(eldest.sort(doc! { "joined_at": 1 }))
            };
            // All at once, also where the first would tell: of a room that is not there this takes as long as of any other.
            let (is_owned, is_direct, moderator, member) = futures_util::try_join!(
                self.finds(MEMBERS, doc! { "room": room, "role": "owner" }),
                self.is_direct(id),
                eldest(RoleDoc::Moderator),
                eldest(RoleDoc::Member),
            )?;
            let heir = moderator.or(member).filter(|_| !is_owned && !is_direct);
            let Some(heir) = heir else { return Ok(None) };
            let same = doc! { "room": room, "user": heir.user, "role": heir.role.name() };
            let crowned = doc! { "$set": { "role": "owner" }, "$unset": { "muted": "" } };
            let crowned = members.find_one_and_update(same, crowned).return_document(ReturnDocument::After);
            match self.within(crowned).await {
                Ok(Some(owner)) => return Ok(owner.member()),
                Ok(None) => {}
                Err(error) if is_duplicate(&error) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        Err(Error::Unavailable("whoever was to own the room went all the time".into()))
    }
}
