//! `$disconnect`: a socket has ended; the others hear if it was the last of somebody. API Gateway promises no such event for every
//! socket, so the leases of sockets run out without it.

use parlour::function::socket::{Answer, Event};
use parlour::function::{Function, Settings};
use parlour::gateway::Gateway;
use parlour::store::Store;
use parlour::{Result, presence};

/// Sees sockets off.
pub struct Disconnect {
    store: Store,
    gateway: Gateway,
}

impl Function for Disconnect {
    type Event = Event;
    type Answer = Answer;

    async fn from_env(settings: &Settings) -> Result<Self> {
        Ok(Self { store: settings.store().await?, gateway: settings.gateway()? })
    }

    async fn handle(&self, event: Event) -> Result<Answer> {
        presence::departed(&self.store, &self.gateway, vec![event.socket()?]).await;
        Ok(Answer::ok())
    }
}
