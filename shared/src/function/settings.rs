//! What the environment says. Each value is asked for by the function that needs it, so that a function holds no secret it has no use for;
//! each is set in the template.

use aws_credential_types::Credentials;

use crate::gateway::{Address, Gateway};
use crate::password::DEFAULT_COST;
use crate::store::Store;
use crate::token::Keys;
use crate::{Error, Result};

/// The function's environment.
pub struct Settings(());

impl Settings {
    pub(super) fn from_env() -> Self {
        Self(())
    }

    /// The database: `MONGODB_URI`.
    pub async fn store(&self) -> Result<Store> {
        Store::connect(&required("MONGODB_URI")?).await
    }

    /// What signs tokens: `JWT_SECRET`, at least 32 bytes.
    pub fn keys(&self) -> Result<Keys> {
        Keys::new(&required("JWT_SECRET")?)
    }

    /// What passwords are hashed with: `BCRYPT_COST`, 12 unless set.
    pub fn bcrypt_cost(&self) -> Result<u32> {
        match optional("BCRYPT_COST") {
            None => Ok(DEFAULT_COST),
            Some(text) => {
                text.parse().ok().filter(|cost| (4..=31).contains(cost)).ok_or_else(|| {
                    Error::internal(format!("BCRYPT_COST is {text:?} and should be a number from 4 to 31"))
                })
            }
        }
    }

    /// What posts to sockets: `CONNECTIONS_ENDPOINT`, signed with the environment's own credentials.
    pub fn gateway(&self) -> Result<Gateway> {
        let credentials = Credentials::from_keys(
            required("AWS_ACCESS_KEY_ID")?,
            required("AWS_SECRET_ACCESS_KEY")?,
            optional("AWS_SESSION_TOKEN"),
        );
        Ok(Gateway::new(Address {
            endpoint: required("CONNECTIONS_ENDPOINT")?,
            region: required("AWS_REGION")?,
            credentials,
        }))
    }
}

#[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
fn optional(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn required(name: &str) -> Result<String> {
    optional(name).ok_or_else(|| Error::internal(format!("the environment variable {name} is not set")))
}
