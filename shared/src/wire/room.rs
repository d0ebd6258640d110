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
        /// Who may come in: anybody, if it is not said, or whoever is invited.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub kind: Option<Kind>,
    }

    /// The body of `POST /direct`.
    pub struct NewDirect {
        /// The ids of the others.
        pub users: Vec<String>,
    }

    /// The body of `PATCH /rooms/{room}`: what is to be otherwise. What is missing stays.
    pub struct NewAbout {
        /// What the room is to be called.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub name: Option<String>,
        /// What is talked about at present; empty for nothing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub topic: Option<String>,
        /// What the room is for; empty for nothing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub description: Option<String>,
        /// Whether it is only to be read from now on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub archived: Option<bool>,
    }

    /// What a room is called, and what it is about.
    pub struct About {
        /// What it is called; empty in a direct conversation, which is called by its people.
        pub name: String,
        /// What is talked about at present; missing if that was not said.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        #[cfg_attr(test, ts(as = "Option<String>", optional))]
        pub topic: String,
        /// What the room is for; missing if that was not said.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        #[cfg_attr(test, ts(as = "Option<String>", optional))]
        pub description: String,
        /// Whether it can only be read; missing if not.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        #[cfg_attr(test, ts(as = "Option<bool>", optional))]
        pub archived: bool,
    }

    /// The body of `PUT /rooms/{room}/draft`.
    pub struct NewDraft {
        /// What I have begun to write; empty, if I have not.
        pub text: String,
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
    #[derive(Copy, Eq)]
    pub enum Kind {
        /// Anybody.
        Public,
        /// Whoever was invited.
        Private,
        /// The two people it is of, for ever.
        Direct,
        /// The people it was made of; each may go and come back.
        Group,
    }

    /// A room, as the person who asks sees it.
    pub struct Room {
        /// Which room.
        pub id: String,
        /// What it is called, and what it is about.
        #[serde(flatten)]
        #[cfg_attr(test, ts(flatten))]
        pub about: About,
        /// Who may come in.
        pub kind: Kind,
        /// Who it is of, by name, if it is a direct conversation; missing otherwise.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[cfg_attr(test, ts(as = "Option<Vec<User>>", optional))]
        pub people: Vec<User>,
        /// What I may do there; null if it is not mine. The next four are then 0.
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
        /// How many of those mention me.
        #[cfg_attr(test, ts(type = "number"))]
        pub mentions: i64,
        /// What I have begun to write there, on any device; missing if nothing.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        #[cfg_attr(test, ts(as = "Option<String>", optional))]
        pub draft: String,
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
        /// When one was last, if none is and that is known, in milliseconds since 1970-01-01 UTC.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional, type = "number"))]
        pub seen_at: Option<i64>,
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
        /// How many are in the room.
        #[cfg_attr(test, ts(type = "number"))]
        pub total: u64,
        /// How many of all of them are here.
        #[cfg_attr(test, ts(type = "number"))]
        pub here: u64,
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

impl From<room::Kind> for Kind {
    fn from(kind: room::Kind) -> Self {
        match kind {
            room::Kind::Public => Self::Public,
            room::Kind::Private => Self::Private,
            room::Kind::Direct => Self::Direct,
            room::Kind::Group => Self::Group,
        }
    }
}

impl From<&room::About> for About {
    fn from(about: &room::About) -> Self {
        let room::About { name, topic, description, archived } = about.clone();
        Self { name, topic, description, archived }
    }
}

impl Room {
    /// A room that is not mine.
    pub fn foreign(room: &room::Room) -> Self {
        Self {
            id: room.id.to_string(),
            about: (&room.about).into(),
            kind: room.kind.into(),
            people: Vec::new(),
            role: None,
            position: 0,
            said: 0,
            unread: 0,
            mentions: 0,
            draft: String::new(),
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
        let seen_at = member.seen_at.filter(|_| !online).map(Timestamp::millis);
        Self { user: (&member.user).into(), role: member.role.into(), online, seen_at, muted: None, read: member.read }
    }

    /// As those see them who may know that they are muted.
    pub fn in_full(member: &room::Member, online: bool, now: Timestamp) -> Self {
        let muted = member.muted.filter(|mute| mute.holds(now)).map(Mute::from);
        Self { muted, ..Self::new(member, online) }
    }
}
