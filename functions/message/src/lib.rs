//! `$default`: everything a client asks over its socket. The answer goes back by the route response.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::try_join;
use parlour::connection::Connection;
use parlour::delivery::Delivery;
use parlour::function::socket::{Answer, Event};
use parlour::function::{Function, Metrics, Settings};
use parlour::ids::{ClientId, ConnectionId, RoomId};
use parlour::message::{Amendment, Deed, Draft, Emoji, Reacting, Text};
use parlour::permission::Act;
use parlour::room::{Membership, Position, Standing};
use parlour::signals::Signals;
use parlour::store::{MAX_ROOMS, Spender, Store};
use parlour::text::{Invalid, Rule};
use parlour::wire::{self, Failure, Frame};
use parlour::{Error, Result, presence, time};

mod catchup;
pub mod request;

use request::Request;

/// How many sockets an environment remembers. One takes some 300 bytes.
const REMEMBERED: usize = 10_000;

/// Answers what clients ask.
pub struct Message {
    delivery: Arc<Delivery>,
    metrics: Metrics,
    /// Whose sockets these are, which cannot change while they live.
    sockets: Mutex<HashMap<String, Connection>>,
}

impl Function for Message {
    type Event = Event;
    type Answer = Answer;

    async fn from_env(settings: &Settings) -> Result<Self> {
        let delivery = settings.delivery().await?;
        Ok(Self { delivery, metrics: settings.metrics(), sockets: Mutex::default() })
    }

    async fn handle(&self, event: Event) -> Result<Answer> {
        let request = Request::parse(event.body());
        let answered = match request.action {
            Ok(action) => self.answer(&event.socket()?, action).await,
            Err(invalid) => Err(invalid.into()),
        };
        Ok(Answer::frame(&answered.unwrap_or_else(|error| {
            error.log();
            Frame::Error(Failure::new(&error, request.id))
        })))
    }

    fn end(&self) {
        self.metrics.write(&self.delivery);
    }
}

impl Message {
    async fn answer(&self, socket: &ConnectionId, action: wire::Request) -> Result<Frame> {
        let connection = self.connection(socket).await?;
        match action {
            wire::Request::Send(send) => self.send(&connection, send).await,
            wire::Request::Edit(edit) => {
                let deed = Deed::Edit(Text::parse(&edit.text)?);
                self.amend(&connection, edit.id, edit.room, edit.seq, &edit.client_id, deed).await
            }
            wire::Request::Delete(delete) => {
                let wire::Delete { id, room, seq, client_id } = delete;
                self.amend(&connection, id, room, seq, &client_id, Deed::Delete).await
            }
            wire::Request::React(react) => self.react(&connection, react).await,
            wire::Request::Pin(pin) => {
                let wire::Pin { id, room, seq, client_id, on } = pin;
                self.amend(&connection, id, room, seq, &client_id, Deed::Pin(on)).await
            }
            wire::Request::Sync(positions) => self.sync(&connection, positions).await,
            wire::Request::Ping(positions) => self.ping(&connection, positions).await,
            wire::Request::Read(read) => self.read(&connection, read).await,
            wire::Request::Look(look) => self.look(&connection, look).await,
            wire::Request::Typing(typing) => self.typing(&connection, typing).await,
        }
    }

    async fn connection(&self, id: &ConnectionId) -> Result<Connection> {
        let remembered = self.sockets.lock().ok().and_then(|sockets| sockets.get(id.as_str()).cloned());
        if let Some(connection) = remembered {
            return Ok(connection);
        }
        let connection = self.store().connection(id, time::now()).await?;
        if let Ok(mut sockets) = self.sockets.lock() {
            if sockets.len() >= REMEMBERED {
                sockets.clear();
            }
            sockets.insert(id.as_str().to_owned(), connection.clone());
        }
        Ok(connection)
    }

    async fn send(&self, from: &Connection, send: wire::Send) -> Result<Frame> {
        let room = room(&send.room)?;
        let draft = Draft {
            client_id: ClientId::parse(&send.client_id)?,
            text: Text::parse(&send.text)?,
            reply_to: Draft::parse_reply(send.reply_to)?,
        };
        let message = self.delivery.say(from, room, &draft, time::now()).await?;
        Ok(Frame::Sent { id: send.id, room: send.room, message: (&message).into() })
    }

    async fn amend(
        &self,
        from: &Connection,
        id: String,
        room: String,
        seq: i64,
        client_id: &str,
        deed: Deed,
    ) -> Result<Frame> {
        let amendment = Amendment { client_id: ClientId::parse(client_id)?, seq, deed };
        let rev = self.delivery.amend(from, self::room(&room)?, &amendment, time::now()).await?;
        Ok(Frame::Changed { id, room, seq, rev })
    }

    async fn react(&self, from: &Connection, react: wire::React) -> Result<Frame> {
        let wire::React { id, room, seq, client_id, emoji, on } = react;
        let reacting = Reacting { client_id: ClientId::parse(&client_id)?, seq, emoji: Emoji::parse(&emoji)?, on };
        let rev = self.delivery.react(from, self::room(&room)?, &reacting, time::now()).await?;
        Ok(Frame::Changed { id, room, seq, rev })
    }

    async fn sync(&self, connection: &Connection, asked: wire::Positions) -> Result<Frame> {
        let positions = positions(&asked)?;
        let (mine, ()) = try_join!(self.store().memberships(&connection.session), self.asks(connection))?;
        if self.store().heard(connection, &mine, time::now()).await?.came {
            let rooms: Vec<RoomId> = mine.iter().map(Membership::room).collect();
            presence::came(self.store(), &self.delivery.gateway, connection.session.user(), &rooms).await;
        }
        let wanted: Vec<Membership> = mine.into_iter().filter(|mine| positions.contains_key(&mine.room())).collect();
        let gone = asked.rooms.keys().filter(|id| !wanted.iter().any(|mine| mine.room().to_string() == **id));
        let gone = gone.cloned().collect();
        let (rooms, more) = catchup::catch_up(&self.delivery, connection, &wanted, &positions).await?;
        Ok(Frame::Synced { id: asked.id, rooms, gone, more })
    }

    async fn ping(&self, connection: &Connection, asked: wire::Positions) -> Result<Frame> {
        let positions = positions(&asked)?;
        let (mut mine, (), ()) = try_join!(
            self.store().memberships(&connection.session),
            self.store().still_there(connection, time::now()),
            self.asks(connection),
        )?;
        mine.retain(|mine| positions.contains_key(&mine.room()));
        let rooms = self.store().rooms_of(&mine).await?;
        let behind = rooms.iter().filter(|(room, standing, _)| positions.get(&room.id) < Some(&standing.head));
        Ok(Frame::Pong { id: asked.id, behind: behind.map(|(room, ..)| room.id.to_string()).collect() })
    }

    async fn read(&self, connection: &Connection, read: wire::Read) -> Result<Frame> {
        let membership = self.store().membership(&connection.session, room(&read.room)?);
        let (membership, (), ()) = try_join!(membership, self.store().is_open(connection), self.asks(connection))?;
        let standing = self.store().standing(&membership).await?;
        let number = self.store().mark_read(&membership, read.seq, read.position, standing).await?;
        let is_news = number > membership.read();
        let now = membership.with_read(number);
        let unread = now.unread(standing.said);
        let mentions = self.store().unread_mentions(&[(&now, standing)]).await?.into_iter().sum();
        let mut wait = None;
        // Nobody sees an admin who only looks in. A repetition may be that of a request that died before it told anybody.
        if membership.seat().role.is_some() && (is_news || read.again) {
            self.signals().read(connection, &now, unread, mentions).await;
            wait = self.shows(&membership, standing).await;
        }
        let retry_after = wait.map(wire::millis);
        Ok(Frame::Read { id: read.id, room: read.room, unread, mentions, retry_after })
    }

    /// Shows how far somebody has read; if it is too soon, says how long to wait. What fails is logged: they have read all the same.
    async fn shows(&self, membership: &Membership, standing: Standing) -> Option<Duration> {
        self.signals().seen(membership, standing).await.unwrap_or_else(|error| {
            error.log();
            None
        })
    }

    async fn look(&self, connection: &Connection, look: wire::Look) -> Result<Frame> {
        let room = look.room.as_deref().map(room).transpose()?;
        let is_mine = async {
            match room {
                Some(room) => self.store().membership(&connection.session, room).await.map(drop),
                None => Ok(()),
            }
        };
        let ((), (), ()) = try_join!(is_mine, self.store().is_open(connection), self.asks(connection))?;
        self.store().look(connection, room).await?;
        Ok(Frame::Noted { id: look.id })
    }

    async fn typing(&self, connection: &Connection, typing: wire::Typing) -> Result<Frame> {
        let room = room(&typing.room)?;
        let membership = self.store().membership(&connection.session, room);
        let (membership, (), ()) = try_join!(membership, self.store().is_open(connection), self.asks(connection))?;
        self.signals().typing(&membership.may(Act::Say, time::now())?).await?;
        Ok(Frame::Noted { id: typing.id })
    }

    fn signals(&self) -> Signals<'_> {
        let Delivery { store, gateway, limits, .. } = &*self.delivery;
        Signals { store, gateway, limits }
    }

    /// Whether a person may ask for something now, over whichever of their sockets.
    async fn asks(&self, connection: &Connection) -> Result<()> {
        self.store().spend(Spender::Asks(connection.session.user().id), self.delivery.limits.ask).await
    }

    fn store(&self) -> &Store {
        &self.delivery.store
    }
}

/// An id that is none names no room, which is no other answer than that of a room that is not mine.
fn room(id: &str) -> Result<RoomId> {
    RoomId::parse(id).map_err(|_| Error::NotFound)
}

fn positions(asked: &wire::Positions) -> Result<BTreeMap<RoomId, Position>, Invalid> {
    if asked.rooms.len() > MAX_ROOMS {
        return Err(Invalid::bounded("rooms", Rule::TooMany, MAX_ROOMS));
    }
    Ok(asked.rooms.iter().filter_map(|(id, at)| Some((RoomId::parse(id).ok()?, (*at).max(0)))).collect())
}

#[cfg(test)]
mod tests;
