//! One room as one client has it: the rule of docs/API.md about positions, and a log of what it did.

use super::record::{Applied, Heard, Log, Message, Ms, Step, Via};

/// How long something that was stored may be on its way before the client asks for it. docs/API.md says two seconds.
const PATIENCE: Ms = 2_000;

/// How many frames and answers beyond a gap are kept.
const BEYOND: usize = 200;

#[derive(Debug)]
pub(crate) struct Timeline {
    pub(crate) log: Log,
    /// The furthest position that it heard of.
    head: i64,
    behind_since: Option<Ms>,
    /// What came beyond a gap, which follows when it is closed.
    beyond: Vec<Range>,
    /// Whether it was level once: one that begins anew lacks what the one before it was told meanwhile.
    has_settled_in: bool,
}

/// A range of positions with what happened in it.
#[derive(Debug, Clone)]
pub(crate) struct Range {
    pub(crate) via: Via,
    pub(crate) socket: u32,
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) changes: Vec<Message>,
}

impl Timeline {
    /// Begins at a position, with the messages that were read after it was.
    pub(crate) fn new(client: usize, room: usize, position: i64, messages: Vec<Message>, at: Ms) -> Self {
        let messages = messages.into_iter().map(|message| (message.seq, message)).collect();
        let log = Log { client, room, began_at: at, began: position, position, messages, ..Log::default() };
        Self { log, head: position, behind_since: None, beyond: Vec::new(), has_settled_in: false }
    }

    /// Applies what follows, and then what was kept and follows now.
    pub(crate) fn hear(&mut self, range: Range, at: Ms) -> Step {
        let kept = (self.beyond.len() < BEYOND).then(|| range.clone());
        let step = self.hear_one(range, at);
        match step {
            Step::Gap => self.beyond.extend(kept),
            Step::Applied => self.connect(at),
            Step::Old => {}
        }
        step
    }

    fn connect(&mut self, at: Ms) {
        let mut kept = std::mem::take(&mut self.beyond);
        kept.sort_by_key(|range| range.from);
        for range in kept {
            match range.from > self.log.position + 1 {
                true => self.beyond.push(range),
                false => drop(self.hear_one(Range { via: Via::Kept, ..range }, at)),
            }
        }
    }

    fn hear_one(&mut self, range: Range, at: Ms) -> Step {
        let Range { via, socket, from, to, changes } = range;
        let (known, count) = (self.log.position, changes.len());
        let inside = |change: &Message| from <= change.rev && change.rev <= to;
        let mut misplaced = changes.iter().find(|change| !inside(change)).map(|change| change.rev);
        if !changes.is_sorted_by(|one, next| one.rev < next.rev) {
            misplaced = misplaced.or(changes.last().map(|change| change.rev));
        }
        let step = if from > known + 1 {
            Step::Gap
        } else {
            for change in changes {
                self.apply(change);
            }
            self.log.position = known.max(to);
            if to > known { Step::Applied } else { Step::Old }
        };
        let position = self.log.position;
        self.log.heard.push(Heard { at, socket, via, from, to, changes: count, position, misplaced, step });
        self.hear_of(to, at);
        step
    }

    fn apply(&mut self, change: Message) {
        if self.log.messages.get(&change.seq).is_some_and(|mine| mine.rev > change.rev) {
            return;
        }
        let late = change.rev <= self.log.position;
        // Read with the history, before the position came: it is the same.
        if late && self.log.messages.get(&change.seq).is_some_and(|mine| mine.rev == change.rev) {
            return;
        }
        self.log.applied.push(Applied {
            rev: change.rev,
            seq: change.seq,
            text: change.text.clone(),
            deleted: change.deleted,
            reactions: change.reactions.clone(),
            late,
        });
        self.log.messages.insert(change.seq, change);
    }

    /// The room is that far, or a change of mine is there.
    pub(crate) fn hear_of(&mut self, head: i64, at: Ms) {
        self.head = self.head.max(head);
        if self.log.position >= self.head {
            self.behind_since = None;
            self.has_settled_in = true;
        } else {
            self.behind_since = self.behind_since.or(Some(at));
        }
    }

    /// Whether something is missing before what came.
    pub(crate) fn has_gap(&self) -> bool {
        !self.beyond.is_empty()
    }

    pub(crate) fn has_settled_in(&self) -> bool {
        self.has_settled_in
    }

    pub(crate) fn head(&self) -> i64 {
        self.head
    }

    /// Whether something should have come by now; counts anew from here if it should.
    pub(crate) fn is_overdue(&mut self, at: Ms) -> bool {
        let overdue = self.behind_since.is_some_and(|since| at >= since + PATIENCE);
        if overdue {
            self.behind_since = Some(at);
        }
        overdue
    }
}
