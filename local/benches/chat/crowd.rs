//! People in rooms, each with open sockets; what they say, and whether everybody hears it once and in order.
//!
//! All sockets are read on one thread, and a frame that comes to a thousand of them is understood once. Writers write from a thread of their own,
//! which sleeps until a send is due, or until another may be under way.

use std::cell::RefCell;
use std::net::TcpStream;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::io::Interest;
use tokio::runtime::Runtime;
use tokio::task::LocalSet;

use super::dialect::Dialect;
use super::socket;
use super::tally::{Counted, Tally};
use super::writer::{MOST_WRITERS, Pace, Run, Writer};

/// How long the last messages may take to reach everybody.
const DRAIN: Duration = Duration::from_secs(15);

/// One room and the sockets of its people.
pub(crate) struct Room {
    pub(crate) id: String,
    pub(crate) sockets: Vec<TcpStream>,
}

/// What is to be said, and for how long.
pub(crate) struct Load {
    pub(crate) pace: Pace,
    /// How many sockets of each room write; ten at most.
    pub(crate) writers: usize,
    /// Before anything is counted.
    pub(crate) warm_up: Duration,
    pub(crate) measured: Duration,
}

/// What came of it.
pub(crate) struct Outcome<S> {
    pub(crate) counted: Counted,
    pub(crate) seconds: f64,
    /// What `look` gave when counting began and when it ended.
    pub(crate) before: S,
    pub(crate) after: S,
}

/// Rooms with open sockets.
pub(crate) struct Crowd {
    runtime: Runtime,
    readers: LocalSet,
    dialect: Dialect,
    rooms: Vec<Arc<Writer>>,
    tally: Rc<RefCell<Tally>>,
}

impl Crowd {
    /// Takes the sockets over.
    pub(crate) fn of(rooms: Vec<Room>, dialect: Dialect) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let readers = LocalSet::new();
        let members = rooms.iter().map(|room| (room.id.clone(), room.sockets.len())).collect();
        let tally = Rc::new(RefCell::new(Tally::new(dialect, members)));
        let mut writers = Vec::new();
        for (room, Room { id, sockets }) in rooms.into_iter().enumerate() {
            let ends = sockets.iter().take(MOST_WRITERS).map(TcpStream::try_clone).collect::<std::io::Result<_>>()?;
            writers.push(Arc::new(Writer { room: id, ends }));
            for (member, stream) in sockets.into_iter().enumerate() {
                stream.set_nonblocking(true)?;
                let stream = {
                    let _inside = runtime.enter();
                    tokio::net::TcpStream::from_std(stream)?
                };
                readers.spawn_local(read(stream, room, member, Rc::clone(&tally)));
            }
        }
        Ok(Self { runtime, readers, dialect, rooms: writers, tally })
    }

    /// Lets them talk; `look` is called when counting begins and when it ends.
    pub(crate) fn talk<S>(&mut self, load: &Load, mut look: impl FnMut() -> Result<S>) -> Result<Outcome<S>> {
        let run = self.tally.borrow().next_run();
        let (permits, permitted) = channel();
        let over = Arc::new(AtomicBool::new(false));
        let began = Instant::now();
        let fewest = self.rooms.iter().map(|room| room.ends.len()).min().unwrap_or_default();
        let writers = load.writers.min(fewest);
        let starts = self.tally.borrow_mut().begin(began, load.pace, writers, permits);
        let speaking = {
            let (dialect, rooms, over) = (self.dialect, self.rooms.clone(), Arc::clone(&over));
            let run = Run { dialect, rooms, writers, pace: load.pace, run, began, starts, permitted, over };
            std::thread::spawn(move || run.speak())
        };
        let Self { runtime, readers, tally, .. } = self;
        let result = readers.block_on(runtime, async {
            tokio::time::sleep(load.warm_up).await;
            let before = look()?;
            let from = tally.borrow_mut().count();
            tokio::time::sleep(load.measured).await;
            let seconds = from.elapsed().as_secs_f64();
            tally.borrow_mut().count_no_more();
            let after = look()?;
            over.store(true, Ordering::Relaxed);
            while !speaking.is_finished() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let ended = Instant::now();
            while !tally.borrow().is_complete() && ended.elapsed() < DRAIN {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            // What comes twice comes late.
            tokio::time::sleep(Duration::from_millis(100)).await;
            anyhow::Ok((before, after, seconds))
        });
        over.store(true, Ordering::Relaxed);
        speaking.join().ok().context("the writers failed")??;
        let (before, after, seconds) = result?;
        let counted = self.tally.borrow_mut().end();
        ensure!(counted.broken.is_empty(), "a socket broke: {}", counted.broken.join("; "));
        Ok(Outcome { counted, seconds, before, after })
    }
}

async fn read(stream: tokio::net::TcpStream, room: usize, member: usize, tally: Rc<RefCell<Tally>>) {
    let mut held = Vec::new();
    if let Err(error) = read_all(&stream, &mut held, room, member, &tally).await {
        tally.borrow_mut().broke(&error);
    }
}

async fn read_all(
    stream: &tokio::net::TcpStream,
    held: &mut Vec<u8>,
    room: usize,
    member: usize,
    tally: &RefCell<Tally>,
) -> Result<()> {
    loop {
        stream.ready(Interest::READABLE).await?;
        let mut tally = tally.borrow_mut();
        let mut chunk = tally.lend();
        let mut pong = None;
        match stream.try_read(&mut chunk) {
            Ok(0) => anyhow::bail!("it ended"),
            Ok(length) => {
                let now = Instant::now();
                socket::texts(held, &chunk[..length], |text| pong = tally.heard(room, member, text, now).or(pong))?;
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error.into()),
        }
        tally.give_back(chunk);
        if let Some(pong) = pong {
            let frame = socket::frame(pong)?;
            ensure!(stream.try_write(&frame)? == frame.len(), "a sign of life was cut");
        }
    }
}
