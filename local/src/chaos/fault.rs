//! The faults: their names, the unit of each one's value, and the value when only a seed is given.

/// What may go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Drop,
    Delay,
    Reorder,
    Double,
    Gone,
    Throttle,
    Fail,
    Hang,
    Lie,
    LoseDisconnect,
    Cut,
    Clock,
    Twice,
    Kill,
    Freeze,
    Mongod,
}

/// How a value is written, and what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// A probability, `0.01`.
    Chance,
    /// A mean time, `15s`; kept in milliseconds.
    Period,
    /// So many times as fast, `10`.
    Times,
}

impl Fault {
    pub(crate) const ALL: [Self; 16] = [
        Self::Drop,
        Self::Delay,
        Self::Reorder,
        Self::Double,
        Self::Gone,
        Self::Throttle,
        Self::Fail,
        Self::Hang,
        Self::Lie,
        Self::LoseDisconnect,
        Self::Cut,
        Self::Clock,
        Self::Twice,
        Self::Kill,
        Self::Freeze,
        Self::Mongod,
    ];

    pub(crate) fn name(self) -> &'static str {
        self.row().0
    }

    pub(super) fn unit(self) -> Unit {
        self.row().1
    }

    /// Such that a chat of some people is hurt every few seconds, and gets through.
    pub(super) fn default(self) -> f64 {
        self.row().2
    }

    fn row(self) -> (&'static str, Unit, f64) {
        match self {
            Self::Drop => ("drop", Unit::Chance, 0.01),
            Self::Delay => ("delay", Unit::Chance, 0.05),
            Self::Reorder => ("reorder", Unit::Chance, 0.02),
            Self::Double => ("double", Unit::Chance, 0.01),
            Self::Gone => ("gone", Unit::Chance, 0.005),
            Self::Throttle => ("throttle", Unit::Chance, 0.02),
            Self::Fail => ("fail", Unit::Chance, 0.02),
            Self::Hang => ("hang", Unit::Chance, 0.005),
            Self::Lie => ("lie", Unit::Chance, 0.01),
            Self::LoseDisconnect => ("lose_disconnect", Unit::Chance, 0.1),
            Self::Cut => ("cut", Unit::Period, 60_000.0),
            Self::Clock => ("clock", Unit::Times, 10.0),
            Self::Twice => ("twice", Unit::Chance, 0.02),
            Self::Kill => ("kill", Unit::Chance, 0.02),
            Self::Freeze => ("freeze", Unit::Chance, 0.01),
            Self::Mongod => ("mongod", Unit::Period, 60_000.0),
        }
    }
}
