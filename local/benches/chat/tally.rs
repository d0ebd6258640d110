//! What was heard by whom, when, and whether that is right.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use super::cost;
use super::dialect::{Dialect, Heard};
use super::writer::{MOST, Pace, Starts, author, client_id};

/// How many frames of a room are remembered: those that are on their way to its members at the same time.
const REMEMBERED: usize = 64;

/// What was counted.
#[derive(Default)]
pub(crate) struct Counted {
    /// Messages sent, and answered that they are stored, from the beginning to the end of the run.
    pub(crate) sent: usize,
    pub(crate) stored: usize,
    /// Answered otherwise, and the first such answer.
    pub(crate) refused: usize,
    pub(crate) refusal: String,
    /// Neither answered nor heard by anybody: perhaps refused without being named.
    pub(crate) unanswered: usize,
    /// Stored or heard by somebody, and not heard by a member; heard twice; heard after one that other members heard later, or not as the protocol has it; heard after one that is
    /// stored later, so that the room's history shows the two the other way round.
    pub(crate) lost: usize,
    pub(crate) doubled: usize,
    pub(crate) disordered: usize,
    pub(crate) unlike_stored: usize,
    /// While counting: stored, heard by members, the frames in which they came, these in pieces that are billed, and frames of other kinds.
    pub(crate) answers: usize,
    pub(crate) deliveries: usize,
    pub(crate) posts: usize,
    pub(crate) pieces: usize,
    pub(crate) replies: usize,
    /// Of the messages that were to be sent while counting: milliseconds from then until a member heard it, until its author had the answer, and until
    /// its author had either the answer or the message.
    pub(crate) delivery_ms: Vec<f64>,
    pub(crate) answer_ms: Vec<f64>,
    pub(crate) known_ms: Vec<f64>,
    /// Of each of them, until the first member heard it, and until the last did.
    pub(crate) first_ms: Vec<f64>,
    pub(crate) last_ms: Vec<f64>,
    /// When each message was to be sent.
    pub(crate) due: Vec<Instant>,
    pub(crate) broken: Vec<String>,
}

impl Counted {
    /// What else went wrong, in words.
    pub(crate) fn failures(&self) -> String {
        let Self { unanswered, refused, refusal, .. } = self;
        let unanswered = if *unanswered > 0 { format!("; {unanswered} never answered") } else { String::new() };
        let refused = if *refused > 0 { format!("; {refused} refused: {refusal}") } else { String::new() };
        unanswered + &refused
    }
}

/// A frame with changes, understood.
struct Changes {
    text: Vec<u8>,
    /// The first and the last position, where there are positions.
    range: Option<(i64, i64)>,
    /// Places in the stored order, and messages.
    said: Vec<(Option<u128>, usize)>,
}

struct Room {
    id: String,
    recent: VecDeque<Rc<Changes>>,
    /// What each place holds, by the first frame that told.
    log: HashMap<u128, usize>,
    /// The messages of this run in the order in which they first came to anybody, and how many did.
    order: HashMap<usize, usize>,
    members: Vec<Member>,
}

#[derive(Default)]
struct Member {
    position: Option<i64>,
    /// Of the latest message: its place in the stored order, and in the one that is common to all members.
    place: u128,
    at: Option<usize>,
    /// The messages of this run that came.
    heard: Vec<bool>,
}

/// One message of the run.
#[derive(Clone, Copy, Default)]
struct Progress {
    stored: bool,
    answered: bool,
    /// Its author knows that it is stored.
    known: bool,
    heard_by: usize,
    /// Milliseconds; both zero, if it does not count.
    first_ms: f64,
    last_ms: f64,
}

/// Everything that is counted.
pub(crate) struct Tally {
    dialect: Dialect,
    rooms: Vec<Room>,
    writers: usize,
    runs: usize,
    began: Instant,
    starts: Starts,
    pace: Pace,
    permits: Option<Sender<()>>,
    messages: Vec<Progress>,
    counting: bool,
    /// Microseconds since the run began.
    counted_us: Range<u64>,
    counted: Counted,
    chunk: Vec<u8>,
}

impl Tally {
    pub(crate) fn new(dialect: Dialect, rooms: Vec<(String, usize)>) -> Self {
        let room = |(id, members)| Room {
            id,
            recent: VecDeque::new(),
            log: HashMap::new(),
            order: HashMap::new(),
            members: std::iter::repeat_with(Member::default).take(members).collect(),
        };
        Self {
            dialect,
            writers: 1,
            rooms: rooms.into_iter().map(room).collect(),
            runs: 0,
            began: Instant::now(),
            starts: Starts::default(),
            pace: Pace::Waiting,
            permits: None,
            messages: Vec::new(),
            counting: false,
            counted_us: 0..0,
            counted: Counted::default(),
            chunk: vec![0; 256 * 1024],
        }
    }

    pub(crate) fn next_run(&self) -> usize {
        self.runs + 1
    }

    /// A run begins.
    pub(crate) fn begin(&mut self, now: Instant, pace: Pace, writers: usize, permits: Sender<()>) -> Starts {
        let at_once = match pace {
            Pace::Rate(_) => 0,
            Pace::Window(size) => size,
            Pace::Waiting | Pace::Knowing => 1,
        };
        (0..at_once).for_each(|_| _ = permits.send(()));
        self.runs += 1;
        self.began = now;
        self.pace = pace;
        self.writers = writers.max(1);
        self.permits = Some(permits);
        self.starts = Arc::new(std::iter::repeat_with(AtomicU64::default).take(MOST).collect());
        self.messages.clear();
        self.counted_us = 0..0;
        for room in &mut self.rooms {
            room.order.clear();
            for member in &mut room.members {
                member.heard.clear();
                member.at = None;
            }
        }
        self.counted = Counted { broken: std::mem::take(&mut self.counted.broken), ..Counted::default() };
        Arc::clone(&self.starts)
    }

    pub(crate) fn count(&mut self) -> Instant {
        let now = Instant::now();
        self.counting = true;
        self.counted_us = micros(now, self.began)..u64::MAX;
        now
    }

    pub(crate) fn count_no_more(&mut self) {
        self.counting = false;
        self.counted_us.end = micros(Instant::now(), self.began);
    }

    /// Whether everything that was sent was answered, and what was stored was heard by everybody.
    pub(crate) fn is_complete(&self) -> bool {
        (0..self.sent()).all(|message| self.is_done(message))
    }

    /// The run is over: what did not come by now is lost.
    pub(crate) fn end(&mut self) -> Counted {
        let mut counted = std::mem::take(&mut self.counted);
        self.permits = None;
        counted.sent = self.sent();
        let due = self.starts.iter().take(counted.sent).map(|start| start.load(Ordering::Acquire));
        counted.due = due.map(|start| self.began + Duration::from_micros(start)).collect();
        for message in 0..counted.sent {
            let Progress { stored, answered, heard_by, first_ms, last_ms, .. } =
                self.messages.get(message).copied().unwrap_or_default();
            let members = self.rooms[message % self.rooms.len()].members.len();
            counted.unanswered += usize::from(!answered && heard_by == 0);
            if stored || heard_by > 0 {
                counted.lost += members.saturating_sub(heard_by);
            }
            if last_ms > 0.0 {
                counted.first_ms.push(first_ms);
                counted.last_ms.push(last_ms);
            }
        }
        counted
    }

    pub(crate) fn broke(&mut self, error: &anyhow::Error) {
        self.counted.broken.push(format!("{error:#}"));
    }

    /// Room to read into, for a moment.
    pub(crate) fn lend(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.chunk)
    }

    pub(crate) fn give_back(&mut self, chunk: Vec<u8>) {
        self.chunk = chunk;
    }

    /// A member has heard something; gives what it is to answer at once, if anything.
    pub(crate) fn heard(&mut self, room: usize, member: usize, text: &[u8], now: Instant) -> Option<&'static str> {
        match self.dialect.heard(text) {
            Heard::Changes => match self.understood(room, text) {
                Some(changes) => self.changed(room, member, &changes, now),
                None => self.counted.disordered += 1,
            },
            Heard::Answer { message, stored } => {
                self.counted.replies += usize::from(self.counting);
                self.answered(message, if stored { None } else { Some(text) }, now);
            }
            Heard::Ping(pong) => return Some(pong),
            Heard::Else => self.counted.replies += usize::from(self.counting),
        }
        None
    }

    fn understood(&mut self, room: usize, text: &[u8]) -> Option<Rc<Changes>> {
        let (run, dialect) = (self.runs, self.dialect);
        let room = &mut self.rooms[room];
        if let Some(known) = room.recent.iter().find(|known| known.text == text) {
            return Some(Rc::clone(known));
        }
        let heard = dialect.said(text)?;
        let mut said: Vec<(Option<u128>, usize)> = Vec::new();
        for (place, name) in heard.messages {
            let message: usize = name.rsplit('-').next()?.parse().ok()?;
            let in_range = heard.range.is_none_or(|(from, to)| {
                place.is_some_and(|place| from as u128 <= place && place <= to as u128)
                    && said.last().is_none_or(|(last, _)| *last < place)
            });
            let as_known = place.is_none_or(|place| *room.log.entry(place).or_insert(message) == message);
            if !in_range || !as_known || heard.room != room.id || message >= MOST || name != client_id(run, message) {
                return None;
            }
            let next = room.order.len();
            room.order.entry(message).or_insert(next);
            said.push((place, message));
        }
        let changes = Rc::new(Changes { text: text.to_vec(), range: heard.range, said });
        room.recent.push_front(Rc::clone(&changes));
        room.recent.truncate(REMEMBERED);
        Some(changes)
    }

    fn changed(&mut self, room: usize, member: usize, changes: &Changes, now: Instant) {
        if self.counting {
            self.counted.posts += 1;
            self.counted.pieces += changes.text.len().div_ceil(cost::PIECE);
        }
        if let Some((from, to)) = changes.range {
            let position = &mut self.rooms[room].members[member].position;
            let had = position.unwrap_or(from - 1);
            self.counted.disordered += usize::from(from > had + 1);
            *position = Some(had.max(to));
        }
        for (place, message) in &changes.said {
            let at = self.rooms[room].order.get(message).copied();
            let this = &mut self.rooms[room].members[member];
            if this.heard.len() <= *message {
                this.heard.resize(message + 1, false);
            }
            if std::mem::replace(&mut this.heard[*message], true) {
                self.counted.doubled += 1;
                continue;
            }
            let unlike_stored = place.is_some_and(|place| place <= this.place);
            let (of, by) = author(*message, self.rooms.len(), self.writers);
            let this = &mut self.rooms[room].members[member];
            self.counted.unlike_stored += usize::from(unlike_stored);
            self.counted.disordered += usize::from(this.at >= at || of != room);
            this.place = place.unwrap_or_default().max(this.place);
            this.at = at.max(this.at);
            self.counted.deliveries += usize::from(self.counting);
            let ms = self.since_due(*message, now);
            let progress = self.progress(*message);
            progress.heard_by += 1;
            if let Some(ms) = ms {
                progress.first_ms = if progress.last_ms > 0.0 { progress.first_ms.min(ms) } else { ms };
                progress.last_ms = progress.last_ms.max(ms);
                self.counted.delivery_ms.push(ms);
            }
            if by == member && of == room {
                self.known(*message, now);
            }
            self.permit(*message);
        }
    }

    fn answered(&mut self, message: Option<usize>, refusal: Option<&[u8]>, now: Instant) {
        let Some(message) = message.filter(|message| *message < MOST) else {
            return self.refused(refusal.unwrap_or_default());
        };
        let progress = self.progress(message);
        progress.answered = true;
        progress.stored = refusal.is_none();
        match refusal {
            Some(refusal) => {
                self.refused(refusal);
                let known = std::mem::replace(&mut self.progress(message).known, true);
                self.permit_next(Pace::Knowing, !known);
            }
            None => {
                self.counted.stored += 1;
                self.counted.answers += usize::from(self.counting);
                if let Some(ms) = self.since_due(message, now) {
                    self.counted.answer_ms.push(ms);
                }
                self.known(message, now);
            }
        }
        self.permit_next(Pace::Waiting, true);
        self.permit(message);
    }

    /// The author knows now that it is stored.
    fn known(&mut self, message: usize, now: Instant) {
        let known = std::mem::replace(&mut self.progress(message).known, true);
        if !known && let Some(ms) = self.since_due(message, now) {
            self.counted.known_ms.push(ms);
        }
        self.permit_next(Pace::Knowing, !known);
    }

    /// Milliseconds since the message was to be sent, if it is one of those that count.
    fn since_due(&self, message: usize, now: Instant) -> Option<f64> {
        let due = self.starts[message].load(Ordering::Acquire);
        let ms = micros(now, self.began).saturating_sub(due) as f64 / 1000.0;
        self.counted_us.contains(&due).then_some(ms)
    }

    fn refused(&mut self, text: &[u8]) {
        self.counted.refused += 1;
        if self.counted.refusal.is_empty() {
            self.counted.refusal = String::from_utf8_lossy(text).into_owned();
        }
    }

    fn permit_next(&self, pace: Pace, now: bool) {
        if let (true, true, Some(permits)) = (self.pace == pace, now, &self.permits) {
            let _ = permits.send(());
        }
    }

    /// One that is done lets another one be sent.
    fn permit(&self, message: usize) {
        if let (Pace::Window(_), true, Some(permits)) = (self.pace, self.is_done(message), &self.permits) {
            let _ = permits.send(());
        }
    }

    fn progress(&mut self, message: usize) -> &mut Progress {
        if self.messages.len() <= message {
            self.messages.resize(message + 1, Progress::default());
        }
        &mut self.messages[message]
    }

    fn is_done(&self, message: usize) -> bool {
        let members = self.rooms[message % self.rooms.len()].members.len();
        self.messages.get(message).is_some_and(|done| done.answered && (!done.stored || done.heard_by == members))
    }

    fn sent(&self) -> usize {
        self.starts.iter().take_while(|start| start.load(Ordering::Relaxed) > 0).count()
    }
}

fn micros(now: Instant, since: Instant) -> u64 {
    u64::try_from(now.saturating_duration_since(since).as_micros()).unwrap_or(u64::MAX)
}
