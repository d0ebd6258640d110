//! How much one may do in a time: so much at once, and then one each so often (the generic cell rate algorithm). A wrong password is forgiven in
//! the same way, and beyond that makes wait, longer each time.
//!
//! Whoever guesses at passwords must be slowed without being able to keep anybody out. So what makes wait is counted by the pair of the name and
//! the network, and nobody's failures elsewhere ever refuse a person who has not failed themselves. Failures with many names from one network
//! are counted as well, and refuse only where the person has not been signed in before. Failures with one name from many networks refuse
//! nobody: they leave each network that is new to the person a single guess before it has to wait.

use std::net::IpAddr;
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
    /// Of a person: to sync, ping, move the read position, look and type; by itself, to write drafts; of a connection, to be posted ahead of an answer.
    pub ask: Allowance,
    /// Of a person: to open sockets.
    pub connect: Allowance,
    /// Of a network: to make accounts.
    pub register: Allowance,
    /// Of a person: to make rooms.
    pub room: Allowance,
    /// Of a person: to join rooms.
    pub join: Allowance,
    /// Of a person: to invite.
    pub invite: Allowance,
    /// Of a person: to look for people and for what was said.
    pub find: Allowance,
    /// Of a person: to keep order.
    pub moderate: Allowance,
    /// Of a person in a room: to say that they are typing.
    pub signal: Allowance,
    /// Of a room: to show those who look at it who types, and how far each has read.
    pub show: Allowance,
    /// Of a network, with one name: to be wrong about its password before it has to wait.
    pub guess: Allowance,
    /// Of a network, with any names: to be wrong about a password before it has to wait.
    pub spray: Allowance,
}

/// How long to wait after each failure beyond an allowance: twice as long as after the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How many failures are forgiven at once, and how soon one of them is.
    pub allowance: Allowance,
    /// After the first failure beyond that.
    pub first: Duration,
    /// And never longer than that.
    pub most: Duration,
}

/// Where somebody tries to sign in from, as far as the person whose name it is goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// They were signed in there lately.
    Known,
    /// They were not.
    New,
    /// They were not, and many have been wrong about their password lately.
    NewWhileBesieged,
}

/// How many failures with one name, from networks that are new to it, are a siege; one is forgotten every six minutes.
pub const SIEGE: Allowance = Allowance { every: Duration::from_secs(6 * 60), burst: 100 };

impl Limits {
    /// How patient one is with a network that is wrong about the password of one name. Where the person is at home too, the wait stays short: a
    /// neighbor of theirs could make them wait there.
    pub fn guessing(&self, origin: Origin) -> Patience {
        const MINUTE: Duration = Duration::from_secs(60);
        let (allowance, second) = (self.guess, Duration::from_secs(1));
        match origin {
            Origin::Known => Patience { allowance, first: second, most: MINUTE },
            Origin::New => Patience { allowance, first: second, most: MINUTE * 15 },
            Origin::NewWhileBesieged => {
                Patience { allowance: Allowance { burst: 1, ..allowance }, first: MINUTE / 2, most: MINUTE * 15 }
            }
        }
    }

    /// How patient one is with a network that is wrong about the passwords of many names.
    pub fn spraying(&self) -> Patience {
        Patience { allowance: self.spray, first: Duration::from_secs(1), most: Duration::from_secs(5 * 60) }
    }
}

/// What counts as one place: an address of IPv4, or the 64 bits of one of IPv6 that its provider gives to one household.
pub fn network(address: &str) -> String {
    match address.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Ok(IpAddr::V4(address)) => address.to_string(),
        // API Gateway gives one always; whatever else it may be is one place.
        Err(_) => String::new(),
    }
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

impl Default for Limits {
    /// Nobody types faster; whoever comes back with a full outbox is through in seconds; and ten tabs may reload at once. A class may register
    /// behind one address. Who has forgotten a password has five tries before there is a wait that a person notices.
    fn default() -> Self {
        let per = |seconds, rate, burst| Allowance { every: Duration::from_secs(seconds) / rate, burst };
        Self {
            send: per(1, 5, 30),
            ask: per(1, 20, 120),
            connect: per(1, 1, 30),
            register: per(HOUR, 10, 30),
            room: per(HOUR, 10, 20),
            join: per(MINUTE, 30, 60),
            invite: per(HOUR, 60, 30),
            find: per(1, 2, 30),
            moderate: per(MINUTE, 60, 60),
            signal: per(MINUTE, 20, 1),
            show: per(MINUTE, 15, 10),
            guess: per(HOUR, 1, 5),
            spray: per(MINUTE, 1, 30),
        }
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

    /// `5/30`: 5 a second, 30 at once; `5m/30` and `5h/30`: 5 a minute, 5 an hour.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} should be a rate and how many at once, such as 5/30, 5m/30 or 5h/30");
        let (rate, burst) = text.split_once('/').ok_or_else(wrong)?;
        let (rate, seconds) = match (rate.strip_suffix('m'), rate.strip_suffix('h')) {
            (Some(rate), _) => (rate, MINUTE),
            (_, Some(rate)) => (rate, HOUR),
            _ => (rate, 1),
        };
        let rate: u32 = rate.parse().map_err(|_| wrong())?;
        let burst: u32 = burst.parse().map_err(|_| wrong())?;
        match (1..=1_000_000).contains(&rate) && burst > 0 {
            true => Ok(Self { every: Duration::from_secs(seconds) / rate, burst }),
            false => Err(wrong()),
        }
    }
}

const NAMES: &str = "send, ask, connect, register, room, join, invite, find, moderate, signal, show, guess and spray";

impl FromStr for Limits {
    type Err = String;

    /// `send=5/30,register=10h/30`; what is not named keeps its default.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut limits = Self::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').ok_or_else(|| format!("{part:?} should be name=rate/burst"))?;
            let allowance = value.parse()?;
            match name {
                "send" => limits.send = allowance,
                "ask" => limits.ask = allowance,
                "connect" => limits.connect = allowance,
                "register" => limits.register = allowance,
                "room" => limits.room = allowance,
                "join" => limits.join = allowance,
                "invite" => limits.invite = allowance,
                "find" => limits.find = allowance,
                "moderate" => limits.moderate = allowance,
                "signal" => limits.signal = allowance,
                "show" => limits.show = allowance,
                "guess" => limits.guess = allowance,
                "spray" => limits.spray = allowance,
                _ => return Err(format!("there is no limit {name:?}: only {NAMES}")),
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
        let slow: Limits = "register=20h/7,join=30m/60".parse().unwrap();
        assert_eq!(slow.register, Allowance { every: Duration::from_secs(180), burst: 7 });
        assert_eq!(slow.join, Allowance { every: Duration::from_secs(2), burst: 60 });
        for wrong in [
            "send=5d/5",
            "send=m/5",
            "send=5hm/5",
            "send",
            "send=5",
            "send=0/5",
            "send=5/0",
            "send=-1/5",
            "say=5/5",
            "send=a/b",
        ] {
            assert!(wrong.parse::<Limits>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_defaults_are_those_that_are_written_down() {
        let written = "send=5/30,ask=20/120,connect=1/30,register=10h/30,room=10h/20,join=30m/60,invite=60h/30,find=2/30,moderate=60m/60,signal=20m/1,show=15m/10,guess=1h/5,spray=1m/30";
        assert_eq!(written.parse(), Ok(Limits::default()));
    }

    #[test]
    fn a_household_is_one_network_and_two_are_two() {
        for (address, place) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
            ("", ""),
            ("192.0.2.7, 198.51.100.1", ""),
        ] {
            assert_eq!(network(address), place, "{address}");
        }
    }
}
