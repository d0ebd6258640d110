//! What signals cost: everybody looks at the room, types before they say something, and reads what the others say, as the web client does.

use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use parlour::wire::Frame;
use serde_json::{Value, json};

use super::cloud::Cloud;
use super::crowd::Room;
use super::figures::Table;
use super::people;
use super::rooms::{QUIET_RATE, QUIET_ROOMS};
use super::socket;
use super::writer::TEXT;

const PEOPLE: usize = 10;

/// Somebody begins to type so long before they say something, and says that they type and what they have read so often.
const TYPES: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(3_300);

/// Those who were told to ask again spread it over so many milliseconds.
const SPREAD_MS: u64 = 1_000;

/// Until the first allowance of the rooms is used up.
const WARM_UP: Duration = Duration::from_secs(20);
const MEASURED: Duration = Duration::from_secs(24);

const TICK: Duration = Duration::from_millis(20);

/// What came over all sockets and was asked over them, while it was counted.
#[derive(Default)]
struct Counts {
    is_counting: AtomicBool,
    is_over: AtomicBool,
    changes: AtomicUsize,
    signals: AtomicUsize,
    asked: AtomicUsize,
    again: AtomicUsize,
    refused: AtomicUsize,
}

impl Counts {
    fn add(&self, to: &AtomicUsize) {
        if self.is_counting.load(Ordering::Relaxed) {
            to.fetch_add(1, Ordering::Relaxed);
        }
    }
}

struct Person {
    socket: TcpStream,
    room: String,
    /// Their number among all, which sets them apart.
    number: usize,
    /// Their id, once they have said something.
    me: String,
    counts: Arc<Counts>,
    position: i64,
    newest: i64,
    told: i64,
    told_at: Option<Instant>,
    /// What was read and not shown, and when to ask again.
    unshown: Option<(i64, Instant)>,
}

pub(crate) fn measure(cloud: &Cloud, table: &mut Table) -> Result<()> {
    let rooms: Vec<Room> =
        (0..QUIET_ROOMS).map(|at| people::room(cloud, &format!("mixed-{at}"), PEOPLE)).collect::<Result<_>>()?;
    let counts = Arc::new(Counts::default());
    let people =
        rooms.into_iter().flat_map(|Room { id, sockets }| sockets.into_iter().map(move |one| (id.clone(), one)));
    let threads: Vec<_> = people
        .enumerate()
        .map(|(number, (room, socket))| {
            let counts = Arc::clone(&counts);
            let me = String::new();
            let person = Person {
                socket,
                room,
                number,
                me,
                counts,
                position: 0,
                newest: 0,
                told: 0,
                told_at: None,
                unshown: None,
            };
            std::thread::spawn(move || person.lives())
        })
        .collect();
    std::thread::sleep(WARM_UP);
    counts.is_counting.store(true, Ordering::Relaxed);
    std::thread::sleep(MEASURED);
    counts.is_counting.store(false, Ordering::Relaxed);
    counts.is_over.store(true, Ordering::Relaxed);
    threads.into_iter().try_for_each(|thread| thread.join().ok().context("somebody died")?)?;
    let [changes, signals, asked, again, refused] =
        [&counts.changes, &counts.signals, &counts.asked, &counts.again, &counts.refused]
            .map(|count| count.load(Ordering::Relaxed));
    ensure!(changes > 0 && signals > 0, "{changes} changes and {signals} signals were heard");
    let said = MEASURED.as_secs_f64() * QUIET_RATE;
    table.row(
        format!("{QUIET_ROOMS} rooms of {PEOPLE} who all look, type and read, {QUIET_RATE:.0} messages a second: signals' share of posts"),
        format!("{:.1} % ({changes} posts of changes, {signals} of signals)", 100.0 * signals as f64 / (changes + signals) as f64),
        "20 %",
    );
    table.row(
        "… requests of signals for each message; of these repeated; refused",
        format!("{:.1}; {:.2}; {refused}", asked as f64 / said, again as f64 / said),
        "",
    );
    Ok(())
}

impl Person {
    fn lives(mut self) -> Result<()> {
        // All at once they would be more than the function takes.
        std::thread::sleep(TICK * u32::try_from(self.number)?);
        self.socket.set_read_timeout(Some(TICK))?;
        self.asks(json!({ "action": "look", "room": self.room }))?;
        let each = Duration::from_secs_f64((QUIET_ROOMS * PEOPLE) as f64 / QUIET_RATE);
        // One after another, so that nobody says anything together with somebody else of the same room.
        let offset = each * u32::try_from((self.number % PEOPLE) * QUIET_ROOMS + self.number / PEOPLE)?
            / u32::try_from(QUIET_ROOMS * PEOPLE)?;
        let mut says_at = Instant::now() + TYPES + offset;
        let (mut types, mut said, mut held) = (false, 0, Vec::new());
        let mut chunk = vec![0; 64 * 1024];
        while !self.counts.is_over.load(Ordering::Relaxed) {
            match (&self.socket).read(&mut chunk) {
                Ok(0) => anyhow::bail!("a socket ended"),
                Ok(length) => {
                    let mut heard = Vec::new();
                    socket::texts(&mut held, &chunk[..length], |text| heard.push(text.to_vec()))?;
                    heard.iter().try_for_each(|text| self.hears(text))?;
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(error) => return Err(error.into()),
            }
            let now = Instant::now();
            if !types && now + TYPES >= says_at {
                types = true;
                self.signals(json!({ "action": "typing", "room": self.room }))?;
            }
            if now >= says_at {
                says_at += each;
                (types, said) = (false, said + 1);
                let client_id = format!("mixed-{:03}-{said:06}", self.number);
                self.asks(json!({ "action": "send", "room": self.room, "client_id": client_id, "text": TEXT }))?;
            }
            self.reads(now)?;
        }
        Ok(())
    }

    /// Says how far they have read, if it is time.
    fn reads(&mut self, now: Instant) -> Result<()> {
        if self.newest > self.told && self.told_at.is_none_or(|at| now >= at + PAUSE) {
            (self.told, self.told_at, self.unshown) = (self.newest, Some(now), None);
            self.signals(json!({ "action": "read", "room": self.room, "position": self.position, "seq": self.told }))?;
        }
        if let Some((seq, _)) = self.unshown.filter(|(_, due)| now >= *due) {
            self.unshown = None;
            self.counts.add(&self.counts.again);
            let position = self.position;
            self.signals(
                json!({ "action": "read", "room": self.room, "position": position, "seq": seq, "again": true }),
            )?;
        }
        Ok(())
    }

    fn hears(&mut self, text: &[u8]) -> Result<()> {
        // API Gateway's own frames have no type.
        let Ok(frame) = serde_json::from_slice(text) else {
            self.counts.add(&self.counts.refused);
            return Ok(());
        };
        match frame {
            Frame::Changes { to, changes, .. } => {
                self.counts.add(&self.counts.changes);
                self.position = self.position.max(to);
                let newest = changes.iter().map(|message| message.seq).max().unwrap_or_default();
                self.newest = self.newest.max(newest);
            }
            Frame::Signals { seen, .. } => {
                self.counts.add(&self.counts.signals);
                let mine = seen.get(&self.me).copied().unwrap_or_default();
                self.unshown = self.unshown.filter(|(seq, _)| mine < *seq);
            }
            Frame::Read { retry_after: Some(wait), .. } => {
                let spread = (self.number as u64 * 379) % SPREAD_MS;
                self.unshown = Some((self.told, Instant::now() + Duration::from_millis(wait + spread)));
            }
            Frame::Error(_) => self.counts.add(&self.counts.refused),
            Frame::Seen { .. } => self.counts.add(&self.counts.signals),
            Frame::Sent { message, .. } => self.me = message.author.id,
            _ => {}
        }
        Ok(())
    }

    fn signals(&self, request: Value) -> Result<()> {
        self.counts.add(&self.counts.asked);
        self.asks(request)
    }

    fn asks(&self, mut request: Value) -> Result<()> {
        request["id"] = json!("mixed");
        socket::write(&self.socket, &request.to_string())
    }
}
