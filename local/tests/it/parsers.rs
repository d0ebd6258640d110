//! What comes from outside as bytes, taken apart: nothing of it makes the code panic, hang, or believe what it should not.

use std::path::Path;

use local::frame::{Reader, Received};
use local::limits::Limits;
use local::template::{self, Inputs};
use message::request::Request;
use parlour::ids::{SessionId, UserId};
use parlour::time;
use parlour::token::{Claims, Keys, RefreshToken};

use crate::chat::world::root;
use crate::mutation::hunt;

/// What a socket sends, with a byte before it that says how it is cut.
#[test]
fn no_bytes_on_a_socket_break_its_reader() {
    let frame = |first: u8, payload: &[u8]| [&[7, first, 0x80 | payload.len() as u8, 1, 2, 3, 4], payload].concat();
    let (text, half, rest) = (frame(0x81, b"h`nm"), frame(0x01, b"ab"), frame(0x80, b"cd"));
    let (ping, close, long) =
        (frame(0x89, b"?"), frame(0x88, &[2, 0xea]), [&[9, 0x81, 0xfe, 1, 0, 0, 0, 0, 0], &[b'x'; 256][..]].concat());
    let longest = vec![3, 0x81, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4];
    let limits = Limits { frame: 1000, message: 2000, ..Limits::default() };
    let read = |bytes: &[u8], chunk: usize| {
        let (mut reader, mut received) = (Reader::default(), Vec::new());
        for part in bytes.chunks(chunk) {
            reader.push(part);
            loop {
                match reader.next(&limits) {
                    Ok(Some(next)) => received.push(next),
                    Ok(None) => break,
                    Err(close) => return (received, Some(close)),
                }
            }
        }
        (received, None)
    };
    hunt("frames", &[&text, &half, &rest, &ping, &close, &long, &longest], &["\u{81}", "\0", "\u{7f}"], |input| {
        let (chunk, bytes) = input.split_first().unwrap_or((&1, &[]));
        let (received, closed) = read(bytes, usize::from(*chunk).max(1));
        let whole = read(bytes, usize::MAX);
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
    });
}

/// What a client asks.
#[test]
fn no_text_in_a_frame_breaks_what_reads_requests() {
    let seeds = [
        &br#"{"action":"send","id":"1","room":"0123456789abcdef01234567","client_id":"client-id-1","text":"hi"}"#[..],
        br#"{"action":"edit","id":"2","room":"0123456789abcdef01234567","seq":1,"client_id":"client-id-2","text":"ho"}"#,
        br#"{"action":"delete","id":"3","room":"0123456789abcdef01234567","seq":1,"client_id":"client-id-3"}"#,
        br#"{"action":"sync","id":"4","rooms":{"0123456789abcdef01234567":0}}"#,
        br#"{"action":"read","id":"5","room":"0123456789abcdef01234567","position":1,"seq":1}"#,
    ];
    let words = [
        "\"id\":",
        "null",
        "{",
        "[",
        "1e400",
        "-1",
        "9223372036854775808",
        "\"ping\"",
        "\\u0000",
        "\\ud800",
        "\"\"",
        "{\"$ne\":1}",
    ];
    hunt("requests", &seeds, &words, |input| {
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
    });
}

#[test]
fn no_template_breaks_what_reads_templates() {
    let chat = std::fs::read(root().join("template.yaml")).unwrap();
    let echo = std::fs::read(root().join("local/tests/it/fixtures/template.yaml")).unwrap();
    let words = [
        "!Ref ",
        "!GetAtt ",
        "!Sub ",
        "!If ",
        "!Join ",
        "Fn::Transform: ",
        "${AWS::Region}",
        "&a ",
        "*a",
        "<<: ",
        "|\n",
        ": ",
        "- ",
        "{",
        "[",
        "\n",
        "  ",
        "Properties:",
        "Type: ",
        "AWS::Serverless::Function",
        "-1",
        "99999999999999999999",
        "\u{feff}",
        "? ",
        "!!binary ",
    ];
    hunt("templates", &[&chat, &echo], &words, |input| {
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
    });
}

/// Tokens of both kinds: only those are taken that were given out.
#[test]
fn no_text_passes_for_a_token() {
    let keys = Keys::new("the secret of the tests of parsers|another secret, that was the first one before").unwrap();
    let foreign = Keys::new("a secret that belongs to somebody else").unwrap();
    let session = SessionId::parse("0123456789abcdef01234567").unwrap();
    let claims = Claims { user: UserId::parse("76543210fedcba9876543210").unwrap(), session };
    let now = time::now();
    let access = keys.access(claims, now).unwrap();
    let refresh = keys.reveal(&RefreshToken::first(session).unwrap());
    let seeds = [access.clone(), foreign.access(claims, now).unwrap(), refresh.clone()];
    let seeds: Vec<&[u8]> = seeds.iter().map(String::as_bytes).collect();
    let words = [
        ".",
        "..",
        "eyJhbGciOiJub25lIn0",
        "eyJhbGciOiJIUzI1NiJ9",
        "eyJhbGciOiJIUzI1NiIsImtpZCI6IiJ9",
        "e30",
        "=",
        "AAAA",
        " ",
        "\u{0}",
    ];
    hunt("tokens", &seeds, &words, |input| {
        let text = String::from_utf8_lossy(input);
        let claimed = keys.claims(&text, now);
        let is_given_out = text == access;
        assert!(claimed.is_err() || is_given_out, "{text} is taken for an access token");
        let refreshed = keys.refresh_token(&text);
        assert!(refreshed.is_err() || text == refresh, "{text} is taken for a refresh token");
        let parts = text.split('.').count().min(5);
        format!("{parts} {:?} {} {}", text.len().checked_ilog2(), claimed.is_ok(), refreshed.is_ok())
    });
}
