//! `GET /rooms/{room}/messages`: what was said, in pages.

use parlour::function::http::{Reply, Request};
use parlour::function::{Function, Settings};
use parlour::store::{Store, Window};
use parlour::text::{Invalid, Rule};
use parlour::token::Keys;
use parlour::{Result, wire};

/// Reads what was said.
pub struct History {
    store: Store,
    keys: Keys,
}

impl Function for History {
    type Event = Request;
    type Answer = Reply;

    async fn from_env(settings: &Settings) -> Result<Self> {
        Ok(Self { store: settings.store().await?, keys: settings.keys()? })
    }

    async fn handle(&self, request: Request) -> Result<Reply> {
        let session = request.session(&self.keys, &self.store).await?;
        let window = window(&request)?;
        let limit = request.limit(50, 100)?;
        let room = request.room()?;
        let membership = self.store.membership(&session, room).await?;
        // The position comes first: whatever is stored later than it is read is beyond it, and will come as a frame.
        let position = self.store.standing(&membership).await?.settled;
        let (messages, before, after) = self.store.history(&membership, window, limit).await?;
        let messages = messages.iter().map(wire::Message::from).collect();
        Ok(Reply::ok(&wire::Page { messages, position, before, after }))
    }
}

fn window(request: &Request) -> Result<Window, Invalid> {
    match (request.number("before")?, request.number("after")?, request.number("around")?) {
        (None, None, None) => Ok(Window::Newest),
        (Some(seq), None, None) => Ok(Window::Before(seq)),
        (None, Some(seq), None) => Ok(Window::After(seq)),
        (None, None, Some(seq)) => Ok(Window::Around(seq)),
        _ => Err(Invalid::bounded("before, after or around", Rule::TooMany, 1)),
    }
}
