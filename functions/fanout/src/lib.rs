//! A part of a broadcast to a large room: posts a frame to up to 250 sockets, and says which of them are gone. It decides nothing and knows no
//! database; whoever invokes it waits for it, so that the room's frames keep their order.

use parlour::Result;
use parlour::fanout::Part;
use parlour::function::{Function, Settings};
use parlour::gateway::{Gateway, Posted};

/// Posts to a part of a room.
pub struct Fan {
    gateway: Gateway,
}

impl Function for Fan {
    type Event = Part;
    type Answer = Posted;

    async fn from_env(settings: &Settings) -> Result<Self> {
        Ok(Self { gateway: settings.gateway()? })
    }

    async fn handle(&self, part: Part) -> Result<Posted> {
        Ok(part.post(&self.gateway).await)
    }
}
