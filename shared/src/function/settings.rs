//! What the environment says. Each value is asked for by the function that needs it, so that a function holds no secret it has no use for;
//! each is set in the template.

use std::sync::Arc;

use aws_credential_types::Credentials;

use crate::afterwards::Afterwards;
use crate::aws::Caller;
use crate::delivery::Delivery;
use crate::fanout::Fanout;
use crate::gateway::Gateway;
use crate::limits::Limits;
use crate::password::DEFAULT_COST;
use crate::room::Retention;
use crate::store::{Engine, Store};
use crate::token::Keys;
use crate::{Error, Result, time};

/// The function's environment.
pub struct Settings {
    afterwards: Afterwards,
}

impl Settings {
    pub(super) fn from_env() -> Self {
        Self { afterwards: Afterwards::default() }
    }

    /// What may go on after an answer.
    pub(super) fn afterwards(&self) -> Afterwards {
        self.afterwards.clone()
    }

    /// The database: `MONGODB_URI`.
    pub async fn store(&self) -> Result<Store> {
        Store::connect(&required("MONGODB_URI")?).await
    }

    /// What signs tokens: `JWT_SECRET`, at least 32 bytes, or several such with `|` between them.
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

    /// What messages are delivered by, in rooms of any size: all of [`Self::store`], [`Self::gateway`], [`Self::fanout`] and [`Self::limits`].
    pub async fn delivery(&self) -> Result<Arc<Delivery>> {
        let store = self.store().await?;
        Ok(Delivery::new(store, self.gateway()?, self.fanout()?, self.limits()?, self.afterwards()))
    }

    /// How much one may do: `LIMITS`, as `send=5/30,register=10h/30`, each a rate for one second, minute or hour, and how many at once.
    pub fn limits(&self) -> Result<Limits> {
        let limits = optional("LIMITS").unwrap_or_default();
        limits.parse().map_err(|wrong: String| Error::internal(format!("LIMITS: {wrong}")))
    }

    /// Where the web client is served from: `SITE_ORIGIN`.
    pub fn site_origin(&self) -> Result<String> {
        required("SITE_ORIGIN")
    }

    /// How long rooms keep messages: `KEEP_DAYS`; 0 for ever.
    pub fn retention(&self) -> Result<Option<Retention>> {
        let days = required("KEEP_DAYS")?;
        let wrong = || Error::internal(format!("KEEP_DAYS is {days:?} and should be a number of days, or 0"));
        Ok(Retention::days(days.parse().map_err(|_| wrong())?))
    }

    /// What finds words: the index of Atlas Search `ATLAS_SEARCH_INDEX`, or MongoDB's own.
    pub fn search_engine(&self) -> Engine {
        optional("ATLAS_SEARCH_INDEX").map_or(Engine::Words, Engine::Atlas)
    }

    /// Where metrics go: to the CloudWatch namespace `METRICS_NAMESPACE`, or nowhere.
    pub fn metrics(&self) -> Metrics {
        let function = optional("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default();
        Metrics { namespace: optional("METRICS_NAMESPACE"), function }
    }

    /// What posts to sockets: `CONNECTIONS_ENDPOINT`, signed with the environment's own credentials.
    pub fn gateway(&self) -> Result<Gateway> {
        Ok(Gateway::new(&required("CONNECTIONS_ENDPOINT")?, caller()?))
    }

    /// What posts to the sockets of large rooms: the function `FANOUT_FUNCTION`, at `AWS_ENDPOINT_URL_LAMBDA` or the Region's own address.
    fn fanout(&self) -> Result<Fanout> {
        let caller = caller()?;
        let own = || format!("https://lambda.{}.amazonaws.com", caller.region);
        let endpoint = optional("AWS_ENDPOINT_URL_LAMBDA").unwrap_or_else(own);
        Ok(Fanout::new(&endpoint, &required("FANOUT_FUNCTION")?, caller))
    }
}

/// What an environment tells CloudWatch of its invocations.
pub struct Metrics {
    namespace: Option<String>,
    function: String,
}

impl Metrics {
    /// Writes what was noted since the last time, if anything was and somebody wants to know.
    #[expect(clippy::print_stdout, reason = "a line of its own is what CloudWatch reads metrics from")]
    pub fn write(&self, delivery: &Delivery) {
        let mut counts = delivery.tally.take();
        counts.round_trips = delivery.store.round_trips();
        if let Some(namespace) = self.namespace.as_ref().filter(|_| !counts.is_empty()) {
            println!("{}", counts.line(namespace, &self.function, time::now()));
        }
    }
}

fn caller() -> Result<Caller> {
    let credentials = Credentials::from_keys(
        required("AWS_ACCESS_KEY_ID")?,
        required("AWS_SECRET_ACCESS_KEY")?,
        optional("AWS_SESSION_TOKEN"),
    );
    Ok(Caller { region: required("AWS_REGION")?, credentials })
}

#[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
fn optional(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn required(name: &str) -> Result<String> {
    optional(name).ok_or_else(|| Error::internal(format!("the environment variable {name} is not set")))
}
