//! What was heard by whom, when, and whether that is right.

use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::time::Instant;

use parlour::wire::Frame;

use super::writer::{MOST, Pace, Starts, client_id};

/// How many frames of a room are remembered: those that are on their way to its members at the same time.
const REMEMBERED: usize = 8;

/// What was counted.
#[derive(Default)]
pub(crate) struct Counted {
    /// Messages sent, and answered that they are stored, from the beginning to the end of the run.
    pub(crate) sent: usize,
    pub(crate) stored: usize,
    /// Answered otherwise, and the first such answer.
    pub(crate) refused: usize,
    pub(crate) refusal: String,
    /// Not heard by a member, heard twice, after a later one or other than the others heard it.
    pub(crate) lost: usize,
    pub(crate) doubled: usize,
    pub(crate) disordered: usize,
    /// While counting: stored, heard by members, and the frames in which they came.
    pub(crate) answers: usize,
    pub(crate) deliveries: usize,
    pub(crate) posts: usize,
    /// Milliseconds from when a message was to be sent until a member heard it, and until its author had the answer.
    pub(crate) delivery_ms: Vec<f64>,
    pub(crate) answer_ms: Vec<f64>,
    pub(crate) broken: Vec<String>,
}

/// A frame with changes, understood.
struct Changes {
    text: Vec<u8>,
    from: i64,
    to: i64,
    /// Positions and messages.
    said: Vec<(i64, usize)>,
}

struct Room {
    id: String,
    recent: VecDeque<Rc<Changes>>,
    /// What each position holds, by the first frame that told.
    log: HashMap<i64, usize>,
    members: Vec<Member>,
}

#[derive(Default)]
struct Member {
    position: Option<i64>,
    /// The messages of this run that came.
    heard: Vec<bool>,
}

/// One message of the run.
#[derive(Clone, Copy, Default)]
struct Progress {
    stored: bool,
    answered: bool,
    heard_by: usize,
}

/// Everything that is counted.
pub(crate) struct Tally {
    rooms: Vec<Room>,
    runs: usize,
    began: Instant,
    starts: Starts,
    pace: Pace,
    permits: Option<Sender<()>>,
    messages: Vec<Progress>,
    counting: bool,
    counted_from_us: u64,
    counted: Counted,
    chunk: Vec<u8>,
}

impl Tally {
    pub(crate) fn new(rooms: Vec<(String, usize)>) -> Self {
        let room = |(id, members)| Room {
            id,
            recent: VecDeque::new(),
            log: HashMap::new(),
            members: std::iter::repeat_with(Member::default).take(members).collect(),
        };
        Self {
            rooms: rooms.into_iter().map(room).collect(),
            runs: 0,
            began: Instant::now(),
            starts: Starts::default(),
            pace: Pace::Waiting,
            permits: None,
            messages: Vec::new(),
            counting: false,
            counted_from_us: 0,
            counted: Counted::default(),
            chunk: vec![0; 256 * 1024],
        }
    }

    pub(crate) fn next_run(&self) -> usize {
        self.runs + 1
    }

    /// A run begins.
    pub(crate) fn begin(&mut self, now: Instant, pace: Pace, permits: Sender<()>) -> Starts {
        let at_once = match pace {
            Pace::Rate(_) => 0,
            Pace::Window(size) => size,
            Pace::Waiting => 1,
        };
        (0..at_once).for_each(|_| _ = permits.send(()));
        self.runs += 1;
        self.began = now;
        self.pace = pace;
        self.permits = Some(permits);
        self.starts = Arc::new(std::iter::repeat_with(AtomicU64::default).take(MOST).collect());
        self.messages.clear();
        self.rooms.iter_mut().flat_map(|room| &mut room.members).for_each(|member| member.heard.clear());
        self.counted = Counted { broken: std::mem::take(&mut self.counted.broken), ..Counted::default() };
        Arc::clone(&self.starts)
    }

    pub(crate) fn count(&mut self) -> Instant {
        let now = Instant::now();
        self.counting = true;
        self.counted_from_us = micros(now, self.began);
        now
    }

    pub(crate) fn count_no_more(&mut self) {
        self.counting = false;
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
        for message in 0..counted.sent {
            let Progress { stored, answered, heard_by } = self.messages.get(message).copied().unwrap_or_default();
            let members = self.rooms[message % self.rooms.len()].members.len();
            if stored || !answered || heard_by > 0 {
                counted.lost += members.saturating_sub(heard_by);
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

    /// A member has heard something.
    pub(crate) fn heard(&mut self, room: usize, member: usize, text: &[u8], now: Instant) {
        if text.starts_with(br#"{"type":"changes""#) {
            match self.understood(room, text) {
                Some(changes) => self.changed(room, member, &changes, now),
                None => self.counted.disordered += 1,
            }
            return;
        }
        match serde_json::from_slice(text) {
            Ok(Frame::Sent { id, .. }) => self.answered(&id, None, now),
            Ok(Frame::Error(failure)) => self.answered(&failure.id.unwrap_or_default(), Some(text), now),
            Ok(_) => {}
            Err(_) => self.refused(text),
        }
    }

    fn understood(&mut self, room: usize, text: &[u8]) -> Option<Rc<Changes>> {
        let run = self.runs;
        let room = &mut self.rooms[room];
        if let Some(known) = room.recent.iter().find(|known| known.text == text) {
            return Some(Rc::clone(known));
        }
        let Frame::Changes { room: of, from, to, changes, .. } = serde_json::from_slice(text).ok()? else {
            return None;
        };
        let mut said = Vec::new();
        for change in changes {
            let message: usize = change.client_id.rsplit('-').next()?.parse().ok()?;
            let in_place = (from..=to).contains(&change.rev) && said.last().is_none_or(|(last, _)| *last < change.rev);
            let as_known = *room.log.entry(change.rev).or_insert(message) == message;
            if !in_place || !as_known || of != room.id || change.client_id != client_id(run, message) {
                return None;
            }
            said.push((change.rev, message));
        }
        let changes = Rc::new(Changes { text: text.to_vec(), from, to, said });
        room.recent.push_front(Rc::clone(&changes));
        room.recent.truncate(REMEMBERED);
        Some(changes)
    }

    fn changed(&mut self, room: usize, member: usize, changes: &Changes, now: Instant) {
        let rooms = self.rooms.len();
        let at_us = micros(now, self.began);
        if self.counting {
            self.counted.posts += 1;
        }
        let position = self.rooms[room].members[member].position.unwrap_or(changes.from - 1);
        if changes.from > position + 1 {
            self.counted.disordered += 1;
        }
        for (rev, message) in &changes.said {
            let heard = &mut self.rooms[room].members[member].heard;
            if heard.len() <= *message {
                heard.resize(message + 1, false);
            }
            if std::mem::replace(&mut heard[*message], true) {
                self.counted.doubled += 1;
                continue;
            }
            if *rev <= position || message % rooms != room {
                self.counted.disordered += 1;
            }
            let start = self.starts[*message].load(Ordering::Acquire);
            if self.counting {
                self.counted.deliveries += 1;
                if start >= self.counted_from_us {
                    self.counted.delivery_ms.push(at_us.saturating_sub(start) as f64 / 1000.0);
                }
            }
            self.progress(*message).heard_by += 1;
            self.permit(*message);
        }
        self.rooms[room].members[member].position = Some(position.max(changes.to));
    }

    fn answered(&mut self, id: &str, refusal: Option<&[u8]>, now: Instant) {
        let Ok(message) = id.parse() else { return self.refused(refusal.unwrap_or_default()) };
        let at_us = micros(now, self.began);
        let progress = self.progress(message);
        progress.answered = true;
        progress.stored = refusal.is_none();
        match refusal {
            Some(refusal) => self.refused(refusal),
            None => {
                self.counted.stored += 1;
                let start = self.starts[message].load(Ordering::Acquire);
                if self.counting {
                    self.counted.answers += 1;
                    if start >= self.counted_from_us {
                        self.counted.answer_ms.push(at_us.saturating_sub(start) as f64 / 1000.0);
                    }
                }
            }
        }
        match self.pace {
            Pace::Waiting => self.permits.iter().for_each(|permits| _ = permits.send(())),
            _ => self.permit(message),
        }
    }

    fn refused(&mut self, text: &[u8]) {
        self.counted.refused += 1;
        if self.counted.refusal.is_empty() {
            self.counted.refusal = String::from_utf8_lossy(text).into_owned();
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
