//! Access keys, in the forms that AWS gives them.

use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::ids;

/// What requests are signed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    /// The function's logical id, if they are a function's.
    pub(super) function: Option<String>,
    pub(crate) access_key: String,
    pub(crate) secret: String,
    pub(crate) token: String,
}

impl Credentials {
    /// Of whoever is at the machine.
    pub(crate) fn of_the_developer() -> Self {
        let local = || "local".to_owned();
        Self { function: None, access_key: local(), secret: local(), token: local() }
    }

    /// Temporary ones, as a role has them. They are as secret as those of AWS: functions of the same machine shall not have each other's.
    pub(super) fn of_a_function(logical_id: &str) -> Result<Self> {
        Ok(Self {
            function: Some(logical_id.to_owned()),
            access_key: format!("ASIA{}", letters()),
            secret: STANDARD.encode(ids::secret::<30>()?),
            token: STANDARD.encode(ids::secret::<180>()?),
        })
    }

    /// `AROA…`: the unique id of a role, which is the same for the same credentials.
    pub(super) fn role_id(&self) -> String {
        format!("AROA{}", self.access_key.trim_start_matches("ASIA"))
    }

    /// Whether a request that names the access key has the token that belongs to it. The developer needs none.
    pub(super) fn comes_with(&self, token: &Option<String>) -> bool {
        match token {
            Some(token) => *token == self.token,
            None => self.function.is_none(),
        }
    }
}

/// Sixteen letters and digits of base 32.
fn letters() -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    ids::random::<16>().iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect()
}
