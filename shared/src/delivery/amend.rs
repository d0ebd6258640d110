//! What becomes of messages after they were said.

use std::sync::Arc;

use super::{Deliverable, Delivery, Done, RECOVERY, mentions};
use crate::Result;
use crate::connection::Connection;
use crate::ids::{RoomId, UserId};
use crate::message::{Amendment, Called, Deed, Mentions, Reacting};
use crate::permission::{Act, Permit, Refusal};
use crate::room::Position;
use crate::store::{Amending, Granted, Place, Purpose, Store, Stored};
use crate::time::Timestamp;

/// What the questions before a change of a message have told.
struct Asked {
    permit: Result<Permit, Refusal>,
    before: Result<Option<Position>>,
    granted: Granted,
    /// Whether it is about what they have said or done themselves.
    is_own: bool,
}

struct Amended<'a>(Permit, UserId, &'a Amendment, Mentions);

impl Deliverable for Amended<'_> {
    type Before = Position;
    const PURPOSE: Purpose = Purpose::Amendment;

    async fn store(&self, store: &Store, place: &Place, now: Timestamp) -> Result<Stored<Position>> {
        store.amend(&self.0, self.1, self.2, &self.3, place, now).await
    }
}

struct Reacted<'a>(Permit, &'a Reacting);

impl Deliverable for Reacted<'_> {
    type Before = Position;
    const PURPOSE: Purpose = Purpose::Amendment;

    async fn store(&self, store: &Store, place: &Place, _: Timestamp) -> Result<Stored<Position>> {
        store.react(&self.0, self.1, place).await
    }
}

impl Delivery {
    /// Changes a message: of theirs, or of somebody among whom they keep order. Once this returns, the change is stored; the same again returns the
    /// same position.
    pub async fn amend(
        self: &Arc<Self>,
        from: &Connection,
        room: RoomId,
        amendment: &Amendment,
        now: Timestamp,
    ) -> Result<Position> {
        let by = from.session.user().id;
        let called = match &amendment.deed {
            Deed::Edit(text) => Called::by(text.as_str()),
            Deed::Delete | Deed::Pin(_) => Called::default(),
        };
        let (may, found, mentionable) = futures_util::join!(
            self.may(from, room),
            self.store.amending(room, by, amendment),
            self.store.mentionable(room, &called),
        );
        // Whoever is not in the room learns nothing else.
        let (membership, granted) = may?;
        let Amending { author, before } = found?;
        let mentionable = mentionable?;
        let permit = match &amendment.deed {
            Deed::Edit(_) if author == by => membership.may(Act::Edit, now),
            Deed::Delete if author == by => membership.may(Act::Retract, now),
            Deed::Edit(_) => Err(Refusal::Author),
            Deed::Pin(_) => {
                let membership = self.store.membership_to_oversee(&from.session, room);
                let (membership, is_direct) = futures_util::try_join!(membership, self.store.is_direct(room))?;
                membership.may(if is_direct { Act::PinTogether } else { Act::Pin }, now)
            }
            Deed::Delete => {
                let membership = self.store.membership_to_oversee(&from.session, room);
                let (membership, rank) = futures_util::try_join!(membership, self.store.rank_in(room, author))?;
                membership.may(Act::Remove(rank), now)
            }
        };
        let is_own = author == by && !matches!(amendment.deed, Deed::Pin(_));
        let asked = Asked { permit, before, granted, is_own };
        let change = |permit: Permit| {
            let mentions = mentions(&permit, &called, mentionable);
            Amended(permit, author, amendment, mentions)
        };
        self.change(from, room, asked, change, now).await
    }

    /// Puts an emoji to a message, or takes it away. Once this returns, that is stored; the same again returns the same position.
    pub async fn react(
        self: &Arc<Self>,
        from: &Connection,
        room: RoomId,
        reacting: &Reacting,
        now: Timestamp,
    ) -> Result<Position> {
        let before = self.store.reacted_as(room, from.session.user().id, reacting);
        let (may, before) = futures_util::join!(self.may(from, room), before);
        let (membership, granted) = may?;
        let permit = membership.may(if reacting.on { Act::React } else { Act::Retract }, now);
        let asked = Asked { permit, before, granted, is_own: true };
        self.change(from, room, asked, |permit| Reacted(permit, reacting), now).await
    }

    async fn change<D: Deliverable<Before = Position>>(
        self: &Arc<Self>,
        from: &Connection,
        room: RoomId,
        asked: Asked,
        change: impl FnOnce(Permit) -> D,
        now: Timestamp,
    ) -> Result<Position> {
        let Asked { permit, before, granted, is_own } = asked;
        if let Ok(Some(rev)) = before
            // What one has done oneself is answered for, whatever has been laid on one since.
            && (is_own || permit.is_ok())
        {
            self.recover(room, rev, RECOVERY).await?;
            return Ok(rev);
        }
        let permit = permit?;
        before?;
        granted.or_wait()?;
        match self.deliver(from, room, change(permit), None, now).await? {
            Done::Now(message) => Ok(message.rev),
            Done::Before(rev) => Ok(rev),
        }
    }
}
