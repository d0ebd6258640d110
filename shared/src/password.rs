//! Passwords: bcrypt, off the async threads, at most one hash per core at a time. What bcrypt would cut (more than 72 bytes) is refused.
//!
//! What is guessed first is refused too, by zxcvbn: its lists of common passwords, names and words, and what people do to them (case, digits,
//! dates, keys in a row). A list alone has `password1` and not `Password1!`.

use std::sync::LazyLock;

use tokio::sync::Semaphore;

use crate::text::{self, Invalid, Rule};
use crate::{Error, Result};

/// bcrypt's cost unless set: 2^12 rounds, some 200 ms of one core.
pub const DEFAULT_COST: u32 = 12;

const MIN_CHARACTERS: usize = 8;
/// How many guesses it takes at least. zxcvbn calls that enough against guesses at a sign-in that is slowed, as ours is.
const MIN_GUESSES: u64 = 1_000_000;
/// bcrypt hashes no more than that.
const MAX_BYTES: usize = 72;

/// A password as somebody typed it, normalized so that it is the same from every keyboard. It is never shown or logged.
#[derive(Clone)]
pub struct Password(String);

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password")
    }
}

impl Password {
    /// A new password of somebody: at least 8 characters, at most 72 bytes, and not easily guessed, least of all from their name.
    pub fn parse_new(field: &'static str, raw: &str, name: &str) -> Result<Self, Invalid> {
        let password = Self::parse(field, raw)?;
        text::bounded(field, &password.0, MIN_CHARACTERS..=MAX_BYTES)?;
        if zxcvbn::zxcvbn(&password.0, &[name, "parlour"]).guesses() < MIN_GUESSES {
            return Err(Invalid::new(field, Rule::Common));
        }
        Ok(password)
    }

    /// A password to compare: whatever could be one.
    pub fn parse(field: &'static str, raw: &str) -> Result<Self, Invalid> {
        use unicode_normalization::UnicodeNormalization;
        let password: String = raw.nfc().collect();
        if password.len() > MAX_BYTES {
            return Err(Invalid::bounded(field, Rule::TooManyBytes, MAX_BYTES));
        }
        if password.contains('\0') {
            return Err(Invalid::new(field, Rule::Characters));
        }
        Ok(Self(password))
    }
}

/// The hash of a new password.
pub async fn hash(password: Password, cost: u32) -> Result<String> {
    on_a_core(move || bcrypt::hash(password.0.as_bytes(), cost)).await
}

/// Whether it is the password of `hash`. Without a hash, because there is no such person, the same time passes; and so it does when a wrong one
/// is compared with a hash of less cost than is asked for by now.
pub async fn matches(password: Password, hash: Option<String>, cost: u32) -> Result<bool> {
    let known = hash.is_some();
    let hash = hash.unwrap_or_else(|| nobody(cost));
    let same = on_a_core(move || {
        let same = bcrypt::verify(password.0.as_bytes(), &hash)?;
        if !same {
            // Each cost takes twice as long as the one before: 2^c, and again 2^c, 2^(c+1), … up to 2^(cost-1), make 2^cost.
            for missing in cost_of(&hash).unwrap_or(cost)..cost {
                bcrypt::verify(password.0.as_bytes(), &nobody(missing))?;
            }
        }
        Ok(same)
    })
    .await?;
    Ok(same && known)
}

/// Whether a hash cost less than is asked for by now.
pub fn is_outdated(hash: &str, cost: u32) -> bool {
    cost_of(hash).is_some_and(|old| old < cost)
}

/// The cost in a hash: `$2b$12$…`.
fn cost_of(hash: &str) -> Option<u32> {
    hash.split('$').nth(2)?.parse().ok()
}

/// A hash that takes as long to compare with as a real one: any salt and digest of the right form at that cost.
fn nobody(cost: u32) -> String {
    format!("$2b${cost:02}$abcdefghijklmnopqrstuuW8rVnBd8RZYwSR2/yyoQgKXWMTpRXAq")
}

async fn on_a_core<T: Send + 'static>(work: impl FnOnce() -> bcrypt::BcryptResult<T> + Send + 'static) -> Result<T> {
    static CORES: LazyLock<Semaphore> =
        LazyLock::new(|| Semaphore::new(std::thread::available_parallelism().map_or(1, Into::into)));
    let _core = CORES.acquire().await.map_err(Error::internal)?;
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?.map_err(Error::internal)
}

#[cfg(test)]
mod tests;
