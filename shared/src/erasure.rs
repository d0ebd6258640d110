//! What is done when an account has been deleted: its sessions end, its sockets close, its rooms are told that it left, and its name goes from
//! what it said. `account` does it at once; `sweep` does it again a minute later, because either may die in the middle, and because a message
//! that was on its way at that moment may have been stored with the name since.

use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::time::Instant;

use crate::gateway::Gateway;
use crate::ids::SessionId;
use crate::room::Membership;
use crate::store::{Erasing, Store};
use crate::{Result, moderation, presence, time};

/// How many rooms are left at once: an environment has four connections to the database.
const AT_ONCE: usize = 4;

/// Erases what is left of a deleted account, until `ends`. Says whether nothing is left. The session `by` that asks for it ends last: until
/// then its client may repeat a request that died.
pub async fn erase(
    store: &Store,
    gateway: &Gateway,
    erasing: Erasing,
    by: Option<SessionId>,
    ends: Instant,
) -> Result<bool> {
    let user = erasing.user();
    store.end_sessions(user, by, time::now()).await?;
    presence::close(store, gateway, store.sockets_of_person(user, None).await?).await;
    let left = store.memberships_left(erasing).await?;
    stream::iter(&left).map(Ok).try_for_each_concurrent(AT_ONCE, |of| leave(store, gateway, erasing, of)).await?;
    store.erase_absences(erasing).await?;
    let mut named = true;
    while named && Instant::now() < ends {
        named = store.erase_authorship(erasing).await?;
    }
    // Whatever the last session has opened meanwhile.
    store.end_sessions(user, None, time::now()).await?;
    presence::close(store, gateway, store.sockets_of_person(user, None).await?).await;
    Ok(!named)
}

async fn leave(store: &Store, gateway: &Gateway, erasing: Erasing, membership: &Membership) -> Result<()> {
    let was_in = store.erase_membership(erasing, membership).await?;
    moderation::gone(store, gateway, membership.room(), membership.user(), was_in).await
}
