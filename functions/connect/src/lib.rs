//! `$connect`: lets a socket in, if it shows whose it is, and no page but the web client's opens it. It posts nothing: the socket is not open before
//! this has answered.

use parlour::error::Unauthenticated;
use parlour::function::socket::{Answer, Event};
use parlour::function::{Function, Settings};
use parlour::limits::Limits;
use parlour::permission::Refusal;
use parlour::store::{Spender, Store};
use parlour::token::Keys;
use parlour::{Error, Result, time};

/// The subprotocol of docs/API.md.
const PROTOCOL: &str = "parlour.v1";

/// Lets sockets in.
pub struct Connect {
    store: Store,
    keys: Keys,
    limits: Limits,
    site: String,
}

impl Function for Connect {
    type Event = Event;
    type Answer = Answer;

    async fn from_env(settings: &Settings) -> Result<Self> {
        let (store, keys) = (settings.store().await?, settings.keys()?);
        Ok(Self { store, keys, limits: settings.limits()?, site: settings.site_origin()? })
    }

    async fn handle(&self, event: Event) -> Result<Answer> {
        // What is no browser names no origin, and has no visitor in whose name a page could act.
        if event.origin().is_some_and(|origin| origin != self.site) {
            return Err(Refusal::Origin.into());
        }
        let offered = event.protocols();
        let token = offered.iter().find_map(|protocol| protocol.strip_prefix("bearer.")).or(event.bearer());
        let token = token.ok_or(Error::Unauthenticated(Unauthenticated::Token))?;
        let now = time::now();
        let session = self.store.session(self.keys.claims(token, now)?, now).await?;
        self.store.spend(Spender::Connects(session.user().id), self.limits.connect).await?;
        self.store.connect_socket(&session, &event.socket()?, now).await?;
        Ok(Answer::accepted(offered.contains(&PROTOCOL).then_some(PROTOCOL)))
    }
}
