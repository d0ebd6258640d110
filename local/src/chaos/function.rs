//! What is decided about the invocations of one function.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::fault::Fault;
use super::stream::Stream;
use super::{Storm, between, short_or_long};

/// When, after an event was handed out, its process is killed or frozen. Most invocations are over in a few milliseconds, so the short
/// ones are as likely as the long ones.
const MOMENT: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(400));
/// How long a process is frozen.
const FROZEN: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(4));
/// How much later than the first one the second invocation with an event may begin. Half of them begin at once.
const LATER: Duration = Duration::from_millis(300);

/// The faults of one function.
#[derive(Debug)]
pub(crate) struct FunctionFaults {
    pub(crate) storm: Storm,
    streams: Mutex<Streams>,
}

#[derive(Debug)]
struct Streams {
    twice: Stream,
    kill: Stream,
    freeze: Stream,
    freezing: Stream,
}

/// What happens to a process in the middle of an invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Blow {
    /// After the event was handed out.
    pub(crate) after: Duration,
    /// How long the process is frozen; killed if `None`.
    pub(crate) frozen: Option<Duration>,
}

impl FunctionFaults {
    pub(super) fn new(storm: &Storm, logical_id: &str) -> Self {
        let stream = |fault, whose: &str| Stream::new(storm.chaos(), fault, whose);
        let streams = Streams {
            twice: stream(Fault::Twice, logical_id),
            kill: stream(Fault::Kill, logical_id),
            freeze: stream(Fault::Freeze, logical_id),
            freezing: stream(Fault::Freeze, &format!("{logical_id}, for how long")),
        };
        Self { storm: storm.clone(), streams: Mutex::new(streams) }
    }

    /// Decides whether the next event is given a second time, and how much later.
    pub(crate) fn twice(&self) -> Option<Duration> {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        let how = self.storm.decide(&mut streams.twice)?;
        Some(LATER.mul_f64((2.0 * how - 1.0).max(0.0)))
    }

    /// Decides what happens to the process of the next invocation.
    pub(crate) fn blow(&self) -> Option<Blow> {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        let streams = &mut *streams;
        let (kill, freeze) = (self.storm.decide(&mut streams.kill), self.storm.decide(&mut streams.freeze));
        let for_how_long = streams.freezing.number();
        let moment = |how| short_or_long(MOMENT.0, MOMENT.1, how);
        match (kill, freeze) {
            (Some(how), _) => Some(Blow { after: moment(how), frozen: None }),
            (None, Some(how)) => {
                Some(Blow { after: moment(how), frozen: Some(between(FROZEN.0, FROZEN.1, for_how_long)) })
            }
            (None, None) => None,
        }
    }
}
