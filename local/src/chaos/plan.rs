//! What goes wrong, and how often: `SEED[,name=value…]`.

use std::fmt;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::fault::{Fault, Unit};

/// The longest period; more would be none.
const LONGEST: f64 = 24.0 * 60.0 * 60.0 * 1000.0;
/// The fastest clock.
const FASTEST: f64 = 100_000.0;
/// Stands for every fault, but only to switch it off.
const ALL: &str = "all";

/// A seed and the rate of each fault. It is written as it is read; `Display` writes every value, those included that were not given.
#[derive(Debug, Clone, PartialEq)]
pub struct Chaos {
    seed: u64,
    /// In the order of [`Fault::ALL`]; periods in milliseconds.
    values: [f64; Fault::ALL.len()],
}

impl Chaos {
    /// Reads `SEED[,name=value…]`. A fault that is not named has its default; `name=0` switches it off, and `all=0` all those that
    /// are not named behind it.
    ///
    /// # Errors
    /// A sentence that says what is wrong: a seed that is no whole number, an unknown name (with the known ones), a value
    /// that is not of the fault's kind.
    pub fn parse(text: &str) -> Result<Self> {
        let mut parts = text.split(',').map(str::trim);
        let seed = parts.next().unwrap_or_default();
        let seed = seed.parse().ok().with_context(|| {
            format!("`{seed}` is no seed: a chaos begins with a whole number from 0 to {}", u64::MAX)
        })?;
        let mut chaos = Self { seed, values: Fault::ALL.map(Fault::default) };
        for part in parts {
            let (name, value) =
                part.split_once('=').with_context(|| format!("`{part}` is not of the form name=value"))?;
            if name == ALL {
                if value != "0" {
                    bail!("`{ALL}` can only be 0, not `{value}`: each fault has a value of its own");
                }
                chaos.values = [0.0; Fault::ALL.len()];
                continue;
            }
            let fault = Fault::ALL.into_iter().find(|fault| fault.name() == name).with_context(|| {
                let names: Vec<&str> = Fault::ALL.iter().map(|fault| fault.name()).collect();
                format!("there is no fault `{name}`; there are: {}", names.join(", "))
            })?;
            chaos.values[fault as usize] = read(fault.unit(), value).with_context(|| {
                let kind = match fault.unit() {
                    Unit::Chance => "a probability from 0 to 1",
                    Unit::Period => "a time such as 15s or 200ms, up to a day, or 0 for never",
                    Unit::Times => "a number from 1 to 100000, or 0 for a clock that is right",
                };
                format!("{name} is {kind}, not `{value}`")
            })?;
        }
        Ok(chaos)
    }

    /// Whether the database is killed now and then.
    pub(crate) fn kills_the_database(&self) -> bool {
        self.value(Fault::Mongod) > 0.0
    }

    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    pub(super) fn value(&self, fault: Fault) -> f64 {
        self.values[fault as usize]
    }

    /// The time of a fault that has one and is not switched off.
    pub(super) fn period(&self, fault: Fault) -> Option<Duration> {
        let value = self.value(fault);
        (value > 0.0).then(|| Duration::from_secs_f64(value / 1000.0))
    }
}

impl fmt::Display for Chaos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.seed)?;
        for fault in Fault::ALL {
            let value = self.value(fault);
            write!(f, ",{}=", fault.name())?;
            match fault.unit() {
                Unit::Period if value > 0.0 && value % 1000.0 == 0.0 => write!(f, "{}s", value / 1000.0)?,
                Unit::Period if value > 0.0 => write!(f, "{value}ms")?,
                _ => write!(f, "{value}")?,
            }
        }
        Ok(())
    }
}

fn read(unit: Unit, text: &str) -> Option<f64> {
    let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0);
    if text == "0" {
        return Some(0.0);
    }
    match unit {
        Unit::Chance => number(text).filter(|chance| *chance <= 1.0),
        Unit::Times => number(text).filter(|times| (1.0..=FASTEST).contains(times)),
        Unit::Period => {
            let (digits, unit) = text.split_at(text.find(char::is_alphabetic)?);
            let unit = match unit {
                "ms" => 1.0,
                "s" => 1000.0,
                _ => return None,
            };
            Some((number(digits)? * unit).round()).filter(|period| (1.0..=LONGEST).contains(period))
        }
    }
}
