//! What the holder of a room's lease does next: pure. The tests of this crate walk through every short interleaving of several holders,
//! writers that are late, amendments and crashes.

use std::time::Duration;

use crate::room::{Position, Standing};

/// How long a position may stay empty before it is voided for its owner: far more than an insert takes, and no longer than a room can
/// stand still without anybody minding.
pub const PATIENCE: Duration = Duration::from_secs(1);

/// How long one invocation broadcasts for others before it leaves that to the next one who acts. With one more round, in which every post
/// runs into its deadline, it is still below the function's time-out of 15 seconds.
pub const LONGEST: Duration = Duration::from_secs(8);

/// One holder's time with the lease.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Turn {
    standing: Standing,
    state: State,
    length: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum State {
    Reading,
    Waiting,
    Voiding { until: Position },
    Posting { changes: usize },
    Posted { to: Position, in_time: bool },
    Over,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Read what is stored after this position, and tell it to [`Turn::read`].
    Read {
        /// Everything up to it has been broadcast.
        after: Position,
    },
    /// The first position is taken and still empty: wait a little and go on.
    Wait,
    /// Void these positions, and go on.
    Void {
        /// The first one.
        from: Position,
        /// The last one.
        until: Position,
    },
    /// Post as many of the first so many changes as fit into a frame, and tell [`Turn::posted`] how far that went.
    Post {
        /// How many follow one another without a hole.
        changes: usize,
    },
    /// Note how far everybody has been told, and tell [`Turn::advanced`] what came of it.
    Advance {
        /// The last position that was posted.
        to: Position,
    },
    /// Note how far everybody has been told, and let the lease go whatever waits.
    HandOver {
        /// The last position that was posted.
        to: Position,
    },
    /// The lease is gone.
    End,
}

impl Turn {
    /// Begins with the room as it was when the lease was taken. After that time the lease is handed over, whatever waits.
    pub fn new(standing: Standing, length: Duration) -> Self {
        let state =
            if standing.is_busy() { State::Reading } else { State::Posted { to: standing.settled, in_time: false } };
        Self { standing, state, length }
    }

    /// How far the room has come, as far as the holder knows.
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// What to do now. A wait and a voiding count as done.
    pub fn next_step(&mut self) -> Step {
        match self.state {
            State::Reading => Step::Read { after: self.standing.settled },
            State::Waiting => {
                self.state = State::Reading;
                Step::Wait
            }
            State::Voiding { until } => {
                self.state = State::Reading;
                Step::Void { from: self.standing.settled + 1, until }
            }
            State::Posting { changes } => Step::Post { changes },
            State::Posted { to, in_time: true } => Step::Advance { to },
            State::Posted { to, in_time: false } => Step::HandOver { to },
            State::Over => Step::End,
        }
    }

    /// These positions are stored, in order, and the first one has been missing for so long.
    pub fn read(&mut self, stored: impl IntoIterator<Item = Position>, missing_for: Duration) {
        let mut unbroken = 0;
        let mut expected = stored.into_iter().zip(self.standing.settled + 1..);
        let beyond = expected.find(|(position, expected)| {
            let follows = position == expected;
            unbroken += usize::from(follows);
            !follows
        });
        self.state = if unbroken > 0 {
            State::Posting { changes: unbroken }
        } else if missing_for <= PATIENCE {
            State::Waiting
        } else {
            // All up to the room's head have been given out for as long; beyond it nothing may be voided.
            let until = beyond.map_or(self.standing.head, |(stored, _)| (stored - 1).min(self.standing.head));
            State::Voiding { until }
        };
    }

    /// Everybody was told of everything up to `to`, so long after the turn began.
    pub fn posted(&mut self, to: Position, elapsed: Duration) {
        self.state = State::Posted { to, in_time: elapsed <= self.length };
    }

    /// The room is there now, and the lease goes on or is gone.
    pub fn advanced(&mut self, now: Standing, goes_on: bool) {
        if let State::Posted { to, .. } = self.state {
            self.standing = Standing { settled: to, ..now };
            self.state = if goes_on { State::Reading } else { State::Over };
        }
    }

    /// The lease was let go.
    pub fn handed_over(&mut self) {
        self.state = State::Over;
    }
}

#[cfg(test)]
mod tests;
