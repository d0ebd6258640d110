//! One stream of decisions.
//!
//! Each decision takes two numbers, whether it is a yes or a no, so that a higher probability adds faults to those of a lower one, and
//! the n-th decision never depends on those before it.

use fastrand::Rng;

use super::fault::{Fault, Unit};
use super::plan::Chaos;

/// The decisions about one fault, for one socket or function.
#[derive(Debug)]
pub(super) struct Stream {
    chance: f64,
    numbers: Rng,
}

impl Stream {
    /// `whose` tells the streams of one fault apart.
    pub(super) fn new(chaos: &Chaos, fault: Fault, whose: &str) -> Self {
        let chance = match fault.unit() {
            Unit::Chance => chaos.value(fault),
            Unit::Period | Unit::Times => f64::from(u8::from(chaos.value(fault) > 0.0)),
        };
        Self { chance, numbers: Rng::with_seed(mixed(chaos.seed(), fault.name(), whose)) }
    }

    /// If it is to happen: a number from 0 up to, but not including, 1, by which to decide how.
    pub(super) fn next(&mut self) -> Option<f64> {
        let (whether, how) = (self.numbers.f64(), self.numbers.f64());
        (whether < self.chance).then_some(how)
    }

    /// A further number that a decision needs; for a stream of its own.
    pub(super) fn number(&mut self) -> f64 {
        self.numbers.f64()
    }
}

/// FNV-1a, and the finalizer of SplitMix64: seeds that differ in one bit have streams that differ in all.
fn mixed(seed: u64, fault: &str, whose: &str) -> u64 {
    let bytes = seed.to_le_bytes().into_iter().chain(fault.bytes()).chain([0]).chain(whose.bytes());
    let hash =
        bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let hash = (hash ^ hash >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ hash >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ hash >> 31
}
