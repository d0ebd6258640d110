//! What is decided about one socket: its frames, the posts to it, its life and its end.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::fault::Fault;
use super::stream::Stream;
use super::{Storm, between};

/// How long a delayed frame is on its way.
const DELAY: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(400));

/// What becomes of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FrameFate {
    Arrives,
    Dropped,
    Doubled,
    /// It arrives so much later.
    Delayed(Duration),
    /// The next one overtakes it.
    Overtaken,
}

/// The faults of one socket.
#[derive(Debug)]
pub(crate) struct SocketFaults {
    pub(crate) storm: Storm,
    life: Option<Duration>,
    loses_disconnect: bool,
    frames: Mutex<[Stream; 4]>,
    posts: Mutex<[Stream; 5]>,
}

/// In the order in which they win when several are due.
const FRAMES: [Fault; 4] = [Fault::Drop, Fault::Double, Fault::Reorder, Fault::Delay];
const POSTS: [Fault; 5] = [Fault::Gone, Fault::Throttle, Fault::Fail, Fault::Hang, Fault::Lie];

impl SocketFaults {
    pub(super) fn new(storm: &Storm, number: u64) -> Self {
        let number = number.to_string();
        let stream = |fault| Stream::new(storm.chaos(), fault, &number);
        // Exponential: a socket that has lived for long is no nearer to its end.
        let life = storm.chaos().period(Fault::Cut).zip(stream(Fault::Cut).next());
        let life = life.map(|(mean, how)| mean.mul_f64(-(1.0 - how).ln()));
        Self {
            storm: storm.clone(),
            life,
            loses_disconnect: stream(Fault::LoseDisconnect).next().is_some(),
            frames: Mutex::new(FRAMES.map(stream)),
            posts: Mutex::new(POSTS.map(stream)),
        }
    }

    /// After how long the socket is cut.
    pub(crate) fn life(&self) -> Option<Duration> {
        self.life.filter(|_| !self.storm.is_calm())
    }

    /// Whether nobody is told of the socket's end.
    pub(crate) fn loses_disconnect(&self) -> bool {
        self.loses_disconnect && !self.storm.is_calm()
    }

    /// Decides about the next frame.
    pub(crate) fn frame(&self) -> FrameFate {
        match self.first(&self.frames, FRAMES) {
            Some((Fault::Drop, _)) => FrameFate::Dropped,
            Some((Fault::Double, _)) => FrameFate::Doubled,
            Some((Fault::Reorder, _)) => FrameFate::Overtaken,
            Some((_, how)) => FrameFate::Delayed(between(DELAY.0, DELAY.1, how)),
            None => FrameFate::Arrives,
        }
    }

    /// Decides about the next post.
    pub(crate) fn post(&self) -> Option<Fault> {
        self.first(&self.posts, POSTS).map(|(fault, _)| fault)
    }

    /// Every stream moves on, so that none depends on another.
    fn first<const N: usize>(&self, streams: &Mutex<[Stream; N]>, faults: [Fault; N]) -> Option<(Fault, f64)> {
        let mut streams = streams.lock().unwrap_or_else(PoisonError::into_inner);
        let decided = streams.each_mut().map(|stream| self.storm.decide(stream));
        faults.into_iter().zip(decided).find_map(|(fault, decided)| Some((fault, decided?)))
    }
}
