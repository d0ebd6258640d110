//! Rooms, and who is in them.

use serde::{Deserialize, Serialize};

use super::{Mute, User};
use crate::room;
use crate::time::Timestamp;

wire! {
    /// The body of `POST /rooms`.
    pub struct NewRoom {
        /// What the room is to be called.
        pub name: String,
        /// Makes a repeated request the same one.
        pub client_id: String,
    }

    /// What a member is; the table in API.md says what each may do.
    #[serde(rename_all = "snake_case")]
    #[derive(Copy)]
    pub enum Role {
        /// Decides about the room.
        Owner,
        /// Keeps order in it.
        Moderator,
        /// Talks in it.
        Member,
        /// Reads in it.
        Guest,
    }

    /// Who may find a room and come in.
    #[serde(rename_all = "snake_case")]
    pub enum Kind {
        /// Anybody.
        Public,
    }

    /// A room, as the person who asks sees it.
    pub struct Room {
        /// Which room.
        pub id: String,
        /// What it is called.
        pub name: String,
        /// Who may come in.
        pub kind: Kind,
        /// What I may do there; null if it is not mine. The next three are then 0.
        pub role: Option<Role>,
        /// Everything up to this position has been sent to everybody.
        #[cfg_attr(test, ts(type = "number"))]
        pub position: i64,
        /// How many messages were ever said.
        #[cfg_attr(test, ts(type = "number"))]
        pub said: i64,
        /// How many of them I have not read.
        #[cfg_attr(test, ts(type = "number"))]
        pub unread: i64,
        /// That I am muted there, if I am.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub muted: Option<Mute>,
    }

    /// The answer of `GET /rooms`.
    pub struct Rooms {
        /// The rooms that are mine.
        pub rooms: Vec<Room>,
    }

    /// The answer of `GET /rooms/public`.
    pub struct PublicRooms {
        /// In order of name.
        pub rooms: Vec<Room>,
        /// Whether there are more after the last of these.
        pub more: bool,
    }

    /// Somebody in a room.
    pub struct Member {
        /// Who.
        pub user: User,
        /// As what.
        pub role: Role,
        /// Whether a socket of theirs is open.
        pub online: bool,
        /// That they are muted, if they are: for themselves and for those who keep order.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub muted: Option<Mute>,
        /// The number of the last message they have read, if they show that and the room is not too large for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional, type = "number"))]
        pub read: Option<i64>,
    }

    /// The answer of `GET /rooms/{room}/members`.
    pub struct Members {
        /// In order of their ids.
        pub members: Vec<Member>,
        /// Whether there are more after the last of these.
        pub more: bool,
    }
}

impl From<room::Role> for Role {
    fn from(role: room::Role) -> Self {
        match role {
            room::Role::Owner => Self::Owner,
            room::Role::Moderator => Self::Moderator,
            room::Role::Member => Self::Member,
            room::Role::Guest => Self::Guest,
        }
    }
}

impl From<Role> for room::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Owner => Self::Owner,
            Role::Moderator => Self::Moderator,
            Role::Member => Self::Member,
            Role::Guest => Self::Guest,
        }
    }
}

impl Room {
    /// A room that is not mine.
    pub fn foreign(room: &room::Room) -> Self {
        Self {
            id: room.id.to_string(),
            name: room.name.clone(),
            kind: Kind::Public,
            role: None,
            position: 0,
            said: 0,
            unread: 0,
            muted: None,
        }
    }

    /// A room of mine.
    pub fn mine(room: &room::Room, membership: &room::Membership, standing: room::Standing, now: Timestamp) -> Self {
        let seat = membership.seat();
        Self {
            role: seat.role.map(Role::from),
            muted: seat.muted.filter(|mute| mute.holds(now)).map(Mute::from),
            position: standing.settled,
            said: standing.said,
            unread: membership.unread(standing.said),
            ..Self::foreign(room)
        }
    }
}

impl Member {
    /// A member, here or not, as everybody sees them.
    pub fn new(member: &room::Member, online: bool) -> Self {
        Self { user: (&member.user).into(), role: member.role.into(), online, muted: None, read: member.read }
    }

    /// As those see them who may know that they are muted.
    pub fn in_full(member: &room::Member, online: bool, now: Timestamp) -> Self {
        let muted = member.muted.filter(|mute| mute.holds(now)).map(Mute::from);
        Self { muted, ..Self::new(member, online) }
    }
}
