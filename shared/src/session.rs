//! A sign-in, and the proof of it.

use std::time::Duration;

use crate::ids::SessionId;
use crate::text;
use crate::time::Timestamp;
use crate::user::User;

/// How long an access token is good for.
pub const ACCESS_TTL: Duration = Duration::from_secs(15 * 60);

/// How long a session lasts that nobody uses.
pub const IDLE_TTL: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How long a refresh token that was just exchanged may be exchanged again, for the same answer: one lost answer and its repetition.
pub const ROTATION_GRACE: Duration = Duration::from_secs(30);

/// The proof of who somebody is: there is a session of theirs that has not ended. Only the store makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    id: SessionId,
    user: User,
}

impl Session {
    pub(crate) fn proven(id: SessionId, user: User) -> Self {
        Self { id, user }
    }

    /// Which session.
    pub fn id(&self) -> SessionId {
        self.id
    }

    /// Whose.
    pub fn user(&self) -> &User {
        &self.user
    }
}

/// Where somebody signed in, for the list of their devices.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Device {
    /// The address the request came from.
    pub address: String,
    /// What it is in a word or two; see [`device_name`].
    pub name: String,
}

/// A session that has not ended, as its owner sees it in the list of their devices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// Which session.
    pub id: SessionId,
    /// Where it began, and at which address it was last continued.
    pub device: Device,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last continued: when its last access token was given out.
    pub seen_at: Timestamp,
}

/// The most characters of a name that a client gives itself.
const OWN_NAME: usize = 32;

/// What a browser or another client is in a word or two, from its `User-Agent`: `Firefox on Linux`. Whoever signs in writes that header
/// themselves, so what is not known is cut to a short word of plain characters; a client that says nothing has no name.
pub fn device_name(agent: &str) -> String {
    // The order matters: each of these says that it is one of those below it too.
    const PROGRAMS: [(&str, &str); 8] = [
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser/", "Samsung Internet"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("CriOS/", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    const SYSTEMS: [(&str, &str); 7] = [
        ("Windows", "Windows"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("CrOS", "ChromeOS"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ];
    let known =
        |names: &[(&str, &'static str)]| names.iter().find(|(sign, _)| agent.contains(sign)).map(|(_, name)| *name);
    match (known(&PROGRAMS), known(&SYSTEMS)) {
        (Some(program), Some(system)) => format!("{program} on {system}"),
        (Some(program), None) => program.to_owned(),
        (None, _) => own_name(agent),
    }
}

/// The first product of a `User-Agent`, without its version.
fn own_name(agent: &str) -> String {
    let product = agent.split(['/', ' ', '(']).next().unwrap_or_default();
    let plain = |c: &char| (c.is_alphanumeric() || "_-.".contains(*c)) && !text::is_invisible(*c);
    product.chars().filter(plain).take(OWN_NAME).collect()
}

#[cfg(test)]
mod tests;
