//! `$connect`: lets a socket in, if it shows whose it is. It posts nothing: the socket is not open before this has answered.

use parlour::error::Unauthenticated;
use parlour::function::socket::{Answer, Event};
use parlour::function::{Function, Settings};
use parlour::limits::Limits;
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
}

impl Function for Connect {
    type Event = Event;
    type Answer = Answer;

    async fn from_env(settings: &Settings) -> Result<Self> {
        Ok(Self { store: settings.store().await?, keys: settings.keys()?, limits: settings.limits()? })
    }

    async fn handle(&self, event: Event) -> Result<Answer> {
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
