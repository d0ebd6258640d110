//! `GET /rooms/{room}/messages`, and `/search`: what was said, in pages, what of it is pinned, what it was before it was edited, and where it was.

use parlour::function::http::{Reply, Request};
use parlour::function::{Function, Settings};
use parlour::ids::RoomId;
use parlour::limits::Limits;
use parlour::session::Session;
use parlour::store::{Engine, Search, Spender, Store, Window};
use parlour::text::{self, Invalid, Rule};
use parlour::time::{self, Timestamp};
use parlour::token::Keys;
use parlour::{Error, Result, wire};

/// The longest text that is looked for, in characters.
const LONGEST_QUERY: usize = 200;

/// Reads what was said.
pub struct History {
    store: Store,
    keys: Keys,
    limits: Limits,
    engine: Engine,
}

impl Function for History {
    type Event = Request;
    type Answer = Reply;

    async fn from_env(settings: &Settings) -> Result<Self> {
        Ok(Self {
            store: settings.store().await?,
            keys: settings.keys()?,
            limits: settings.limits()?,
            engine: settings.search_engine(),
        })
    }

    async fn handle(&self, request: Request) -> Result<Reply> {
        let session = request.session(&self.keys, &self.store).await?;
        match request.route().as_deref() {
            Some("GET /rooms/{room}/messages") => self.page(&request, &session).await,
            Some("GET /rooms/{room}/messages/{seq}/versions") => self.versions(&request, &session).await,
            Some("GET /rooms/{room}/pins") => self.pins(&request, &session).await,
            Some("GET /search") => self.search(&request, &session).await,
            _ => Err(Error::NotFound),
        }
    }
}

impl History {
    async fn page(&self, request: &Request, session: &Session) -> Result<Reply> {
        let window = window(request)?;
        let limit = request.limit(50, 100)?;
        let membership = self.store.membership(session, request.room()?).await?;
        // The position comes first: whatever is stored later than it is read is beyond it, and will come as a frame.
        let position = self.store.standing(&membership).await?.settled;
        let (messages, before, after) = self.store.history(&membership, window, limit).await?;
        let messages = messages.iter().map(wire::Message::from).collect();
        Ok(Reply::ok(&wire::Page { messages, position, before, after }))
    }

    async fn versions(&self, request: &Request, session: &Session) -> Result<Reply> {
        let membership = self.store.membership_to_oversee(session, request.room()?).await?;
        let versions = self.store.versions(&membership, request.message_in_path()?, time::now()).await?;
        Ok(Reply::ok(&wire::Versions { versions: versions.into_iter().map(wire::Version::from).collect() }))
    }

    async fn pins(&self, request: &Request, session: &Session) -> Result<Reply> {
        let membership = self.store.membership(session, request.room()?).await?;
        let pins = self.store.pins(&membership).await?;
        Ok(Reply::ok(&wire::Pins { messages: pins.iter().map(wire::Message::from).collect() }))
    }

    async fn search(&self, request: &Request, session: &Session) -> Result<Reply> {
        let limit = request.limit(20, 50)?;
        let text = request.query("q").ok_or_else(|| Invalid::new("q", Rule::Required))?;
        text::bounded("q", &text, 1..=LONGEST_QUERY)?;
        let before = request.number("before")?.map(Timestamp::from_millis);
        let search = Search::parse(&text, before).ok_or_else(|| Invalid::bounded("q", Rule::TooShort, 1))?;
        self.store.spend(Spender::Finds(session.user().id), self.limits.find).await?;
        let memberships = match request.query("room") {
            Some(room) => {
                let room = RoomId::parse(&room).map_err(|_| Error::NotFound)?;
                vec![self.store.membership(session, room).await?]
            }
            None => self.store.memberships(session).await?,
        };
        let (found, more) = self.store.search(&memberships, &search, &self.engine, limit).await?;
        let found = found.iter().map(|(room, message)| wire::Found { room: room.to_string(), message: message.into() });
        Ok(Reply::ok(&wire::Search { found: found.collect(), more }))
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
