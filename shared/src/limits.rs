//! How much one may do in a time: so much at once, and then one each so often (the generic cell rate algorithm).

use std::str::FromStr;
use std::time::Duration;

/// So much at once, and so much a second in the long run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// How long one takes to be allowed again.
    pub every: Duration,
    /// How many may come at once.
    pub burst: u32,
}

/// What people may do, each by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Of a person in a room: to say, edit and delete.
    pub send: Allowance,
    /// Of a connection: to sync, ping and move the read position.
    pub ask: Allowance,
    /// Of a person: to open sockets.
    pub connect: Allowance,
}

impl Default for Limits {
    /// Nobody types faster; whoever comes back with a full outbox is through in seconds; and ten tabs may reload at once.
    fn default() -> Self {
        let per_second = |rate, burst| Allowance { every: Duration::from_secs(1) / rate, burst };
        Self { send: per_second(5, 30), ask: per_second(10, 60), connect: per_second(1, 30) }
    }
}

impl Allowance {
    /// How much is allowed at once, in time.
    pub fn depth(self) -> Duration {
        self.every * self.burst
    }
}

impl FromStr for Allowance {
    type Err = String;

    /// `5/30`: 5 a second, 30 at once.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} should be a rate for each second and how many at once, such as 5/30");
        let (rate, burst) = text.split_once('/').ok_or_else(wrong)?;
        let rate: u32 = rate.parse().map_err(|_| wrong())?;
        let burst: u32 = burst.parse().map_err(|_| wrong())?;
        match (1..=1_000_000).contains(&rate) && burst > 0 {
            true => Ok(Self { every: Duration::from_secs(1) / rate, burst }),
            false => Err(wrong()),
        }
    }
}

impl FromStr for Limits {
    type Err = String;

    /// `send=5/30,ask=10/60,connect=1/30`; what is not named keeps its default.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut limits = Self::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').ok_or_else(|| format!("{part:?} should be name=rate/burst"))?;
            let allowance = value.parse()?;
            match name {
                "send" => limits.send = allowance,
                "ask" => limits.ask = allowance,
                "connect" => limits.connect = allowance,
                _ => return Err(format!("there is no limit {name:?}: only send, ask and connect")),
            }
        }
        Ok(limits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_and_what_is_wrong_with_them_is_said() {
        let limits: Limits = "send=10/40, connect=2/5".parse().unwrap();
        assert_eq!(limits.send, Allowance { every: Duration::from_millis(100), burst: 40 });
        assert_eq!(limits.send.depth(), Duration::from_secs(4));
        assert_eq!((limits.ask, limits.connect.burst), (Limits::default().ask, 5));
        assert_eq!("".parse(), Ok(Limits::default()));
        for wrong in ["send", "send=5", "send=0/5", "send=5/0", "send=-1/5", "say=5/5", "send=a/b"] {
            assert!(wrong.parse::<Limits>().is_err(), "{wrong}");
        }
    }
}
