//! What each parser may make of any bytes at all. A function here panics when it is something else, and otherwise says in a word what it was.
//!
//! The tests beside this try mutations of good inputs; `local/fuzz` has libFuzzer look for inputs that run other lines.

use std::path::Path;
use std::sync::LazyLock;

use local::frame::{Close, Reader, Received};
use local::limits::Limits;
use local::template::{self, Inputs};
use message::request::Request;
use parlour::ids::{SessionId, UserId};
use parlour::time::{self, Timestamp};
use parlour::token::{Claims, Keys, RefreshToken};

/// What a socket sends, with a byte before it that says how it is cut.
pub(crate) fn frames(input: &[u8]) -> String {
    let limits = Limits { frame: 1000, message: 2000, ..Limits::default() };
    let (chunk, bytes) = input.split_first().unwrap_or((&1, &[]));
    let (received, closed) = read(bytes, usize::from(*chunk).max(1), &limits);
    let whole = read(bytes, usize::MAX, &limits);
    assert_eq!((&received, &closed), (&whole.0, &whole.1), "it depends on how they are cut");
    let long = received.iter().any(|one| matches!(one, Received::Text(text) if text.len() > limits.message));
    assert!(!long, "a message is longer than the limit");
    if let Some(close) = &closed {
        assert!([1002, 1003, 1007, 1009].contains(&close.code.unwrap()), "{close:?}");
    }
    let kind = |one: &Received| match one {
        Received::Text(text) => 't'.to_string() + &text.len().checked_ilog2().unwrap_or_default().to_string(),
        Received::Ping(_) => "i".to_owned(),
        Received::Pong => "o".to_owned(),
        Received::Close(close) => format!("c{:?}", close.code.map(|code| code / 1000)),
    };
    format!(
        "{:?} {}",
        closed.map(|close| (close.code, close.reason)),
        received.iter().take(4).map(kind).collect::<String>()
    )
}

fn read(bytes: &[u8], chunk: usize, limits: &Limits) -> (Vec<Received>, Option<Close>) {
    let (mut reader, mut received) = (Reader::default(), Vec::new());
    for part in bytes.chunks(chunk) {
        reader.push(part);
        loop {
            match reader.next(limits) {
                Ok(Some(next)) => received.push(next),
                Ok(None) => break,
                Err(close) => return (received, Some(close)),
            }
        }
    }
    (received, None)
}

/// What a client asks.
pub(crate) fn requests(input: &[u8]) -> String {
    let request = Request::parse(&String::from_utf8_lossy(input));
    if let Some(id) = &request.id {
        assert!((1..=64).contains(&id.chars().count()), "an id that cannot be repeated is named");
    }
    match request.action {
        Ok(action) => serde_json::to_value(action).unwrap()["action"].to_string(),
        Err(invalid) => {
            let field: String = invalid.field.chars().filter(|c| !c.is_ascii_digit()).take(12).collect();
            format!("{:?} {field} {:?}", invalid.rule, request.id.is_some())
        }
    }
}

/// A template, or what somebody wrote instead.
pub(crate) fn templates(input: &[u8]) -> String {
    let text = String::from_utf8_lossy(input);
    match template::read(&text, Path::new("template.yaml"), Path::new("/project"), &Inputs::default()) {
        Ok(loaded) => format!("read with {} warnings", loaded.warnings.len()),
        Err(problems) => {
            let lines = text.matches(['\n', '\r']).count() + 2;
            assert!(problems.iter().all(|problem| problem.line.is_none_or(|line| line <= lines)), "{problems:?}");
            let first: String =
                problems[0].message.chars().filter(|c| c.is_ascii_alphabetic() || *c == ' ').take(20).collect();
            format!("{} problems: {first}", problems.len().min(3))
        }
    }
}

/// Tokens that were given out, and one that somebody else made.
pub(crate) struct Tokens {
    keys: Keys,
    now: Timestamp,
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) foreign: String,
}

pub(crate) static TOKENS: LazyLock<Tokens> = LazyLock::new(|| {
    let keys = Keys::new("the secret of the tests of parsers|another secret, that was the first one before").unwrap();
    let foreign = Keys::new("a secret that belongs to somebody else").unwrap();
    let session = SessionId::parse("0123456789abcdef01234567").unwrap();
    let claims = Claims { user: UserId::parse("76543210fedcba9876543210").unwrap(), session };
    let now = time::now();
    let access = keys.access(claims, now).unwrap();
    let refresh = keys.reveal(&RefreshToken::first(session).unwrap());
    Tokens { foreign: foreign.access(claims, now).unwrap(), keys, now, access, refresh }
});

/// Tokens of both kinds: only those are taken that were given out.
pub(crate) fn tokens(input: &[u8]) -> String {
    let text = String::from_utf8_lossy(input);
    let claimed = TOKENS.keys.claims(&text, TOKENS.now);
    assert!(claimed.is_err() || text == TOKENS.access, "{text} is taken for an access token");
    let refreshed = TOKENS.keys.refresh_token(&text);
    assert!(refreshed.is_err() || text == TOKENS.refresh, "{text} is taken for a refresh token");
    let parts = text.split('.').count().min(5);
    format!("{parts} {:?} {} {}", text.len().checked_ilog2(), claimed.is_ok(), refreshed.is_ok())
}
