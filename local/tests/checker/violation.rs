//! What can be wrong.

/// A promise that was not kept, and whom it concerns.
#[derive(Debug, Clone)]
pub(crate) struct Violation {
    pub(crate) kind: Kind,
    pub(crate) room: Option<usize>,
    pub(crate) seq: Option<i64>,
    pub(crate) rev: Option<i64>,
    /// By their number in the record.
    pub(crate) ask: Option<usize>,
    pub(crate) log: Option<usize>,
    pub(crate) said: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// It was said to be done and is not there.
    Lost,
    /// It is there twice.
    Doubled,
    /// It is there and nobody asked for it.
    Unasked,
    /// It was refused and is there.
    RefusedButThere,
    /// It does not say what was last said to be done.
    WrongContent,
    /// A repetition was answered with something else.
    OtherAnswer,
    /// Nobody ever answered.
    NeverAnswered,
    /// A position without anything that was there.
    Hole,
    /// Two things at one position, or two messages with one number.
    UsedTwice,
    /// Something stands beyond the room's head.
    BeyondHead,
    /// Not everything has been broadcast although everything is quiet.
    Unsettled,
    /// The history and the database differ.
    HistoryDiffers,
    /// A client passed a position without what is there.
    Missed,
    /// A client has something else than the history.
    Differs,
    /// A client applied the same twice.
    AppliedTwice,
    /// A client was given something that belongs before what it had been told was all.
    OutOfOrder,
    /// Two clients were given different things at one position.
    Disagree,
    /// A client never came level with the room.
    Behind,
    /// A frame with a change that is not in its range.
    BadFrame,
    /// A page lacks what was acknowledged before it was asked for.
    DishonestPage,
    /// Something took longer to arrive than anything may.
    Late,
    /// Something happened to a client without a cause.
    WithoutCause,
}

impl Violation {
    pub(crate) fn new(kind: Kind, said: impl Into<String>) -> Self {
        Self { kind, room: None, seq: None, rev: None, ask: None, log: None, said: said.into() }
    }

    pub(crate) fn room(mut self, room: usize) -> Self {
        self.room = Some(room);
        self
    }

    pub(crate) fn seq(mut self, seq: i64) -> Self {
        self.seq = Some(seq);
        self
    }

    pub(crate) fn rev(mut self, rev: i64) -> Self {
        self.rev = Some(rev);
        self
    }

    pub(crate) fn ask(mut self, ask: usize) -> Self {
        self.ask = Some(ask);
        self
    }

    pub(crate) fn log(mut self, log: usize) -> Self {
        self.log = Some(log);
        self
    }
}
