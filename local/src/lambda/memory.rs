//! The memory of a process: how much it has, and, if that is asked for, the end of one that takes more than its function's `MemorySize`.
//!
//! It is looked at every few milliseconds. `setrlimit` would bound addresses and not memory, of which runtimes with threads or a garbage
//! collector reserve gigabytes that they never touch, and a control group needs rights that nobody has on a laptop. What a process has
//! mapped of files does not count, as the kernel can take that back.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::environment::Environment;

/// How often a process is looked at.
const LOOK: Duration = Duration::from_millis(10);
const MB: u64 = 1024;

/// Whether processes can be looked at on this machine.
pub(crate) fn is_known() -> bool {
    of(std::process::id()).is_some()
}

/// The memory of a process in KB, as Linux tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Memory {
    /// The most that was resident at any time.
    peak: u64,
    /// What is its own now.
    own: u64,
}

/// The peak in MB.
pub(super) fn peak_mb(pid: u32) -> Option<u64> {
    of(pid).map(|memory| memory.peak.div_ceil(MB))
}

/// Waits until the process takes more than it may; for ever if it does not. One that is idle takes no more than it did.
pub(super) async fn exceeded(environment: &Environment, limit_mb: u32) {
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        looks.tick().await;
        if environment.idle_for().is_some() {
            continue;
        }
        if of(environment.pid).is_some_and(|memory| memory.own > u64::from(limit_mb) * MB) {
            return;
        }
    }
}

fn of(pid: u32) -> Option<Memory> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let of = |name: &str| {
        let value = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        value.trim().trim_end_matches(" kB").parse::<u64>().ok()
    };
    // Without the second a kernel is older than 4.5, and does not tell them apart.
    let own = of("RssAnon").map_or_else(|| of("VmRSS"), |own| Some(own + of("RssShmem").unwrap_or_default()));
    Some(Memory { peak: of("VmHWM")?, own: own? })
}
