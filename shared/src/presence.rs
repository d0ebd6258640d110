//! Who is here: a person is, while any live socket of theirs is. These are signals: they may be lost, and the list of members says what
//! holds. In a crowd nobody is told: everybody who comes would cost as many posts as there are people.

use crate::Result;
use crate::gateway::Gateway;
use crate::ids::{ConnectionId, RoomId};
use crate::store::Store;
use crate::time;
use crate::user::User;
use crate::wire::{self, Frame};

/// Tells everybody who shares a room with somebody that they came. What fails is logged: the list of members says it too.
pub async fn came(store: &Store, gateway: &Gateway, user: &User, rooms: &[RoomId]) {
    match tell_truly(store, gateway, user, rooms, true).await {
        Ok(gone) => departed(store, gateway, gone).await,
        Err(error) => error.log(),
    }
}

/// Posts a frame to sockets, and takes those out that are gone.
pub async fn post(store: &Store, gateway: &Gateway, sockets: &[ConnectionId], frame: &Frame) {
    let posted = gateway.post_to_all(sockets, &frame.to_json()).await;
    departed(store, gateway, posted.gone).await;
}

/// Closes sockets whose session has ended, and takes them out.
pub async fn close(store: &Store, gateway: &Gateway, sockets: Vec<ConnectionId>) {
    gateway.close_all(&sockets).await;
    departed(store, gateway, sockets).await;
}

/// Takes sockets out that have ended, and tells everybody who shares a room with somebody whose last one it was. What fails is logged:
/// the sockets' leases run out by themselves.
pub async fn departed(store: &Store, gateway: &Gateway, mut ended: Vec<ConnectionId>) {
    while let Some(socket) = ended.pop() {
        match went(store, gateway, &socket).await {
            Ok(gone) => ended.extend(gone),
            Err(error) => error.log(),
        }
    }
}

async fn went(store: &Store, gateway: &Gateway, socket: &ConnectionId) -> Result<Vec<ConnectionId>> {
    let Some(departed) = store.remove_socket(socket).await? else { return Ok(Vec::new()) };
    let user = departed.session.user();
    if !departed.announced || store.is_here(user.id, time::now()).await? {
        return Ok(Vec::new());
    }
    store.was_here(user.id, time::now()).await?;
    tell_truly(store, gateway, user, &departed.rooms, false).await
}

/// Tells that somebody came or went; and the contrary after it, where that has become true meanwhile and was told before this, perhaps.
async fn tell_truly(
    store: &Store,
    gateway: &Gateway,
    user: &User,
    rooms: &[RoomId],
    online: bool,
) -> Result<Vec<ConnectionId>> {
    let mut gone = tell(store, gateway, user, rooms, online).await?;
    match store.is_here(user.id, time::now()).await {
        Ok(is_here) if is_here != online => {
            gone.extend(tell(store, gateway, user, rooms, is_here).await.unwrap_or_default());
        }
        Ok(_) => {}
        Err(error) => error.log(),
    }
    Ok(gone)
}

async fn tell(
    store: &Store,
    gateway: &Gateway,
    user: &User,
    rooms: &[RoomId],
    online: bool,
) -> Result<Vec<ConnectionId>> {
    let sockets = store.sockets_around(rooms, user.id, time::now()).await?;
    let frame = Frame::Presence { user: wire::User::from(user), online };
    Ok(gateway.post_to_all(&sockets, &frame.to_json()).await.gone)
}
