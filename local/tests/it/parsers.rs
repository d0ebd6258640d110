//! What comes from outside as bytes, taken apart: nothing of it makes the code panic, hang, or believe what it should not.

mod judged;

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
    hunt("frames", &[&text, &half, &rest, &ping, &close, &long, &longest], &["\u{81}", "\0", "\u{7f}"], judged::frames);
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
    hunt("requests", &seeds, &words, judged::requests);
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
    hunt("templates", &[&chat, &echo], &words, judged::templates);
}

/// Tokens of both kinds: only those are taken that were given out.
#[test]
fn no_text_passes_for_a_token() {
    let seeds = [&judged::TOKENS.access, &judged::TOKENS.foreign, &judged::TOKENS.refresh];
    let seeds = seeds.map(String::as_bytes);
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
    hunt("tokens", &seeds, &words, judged::tokens);
}
