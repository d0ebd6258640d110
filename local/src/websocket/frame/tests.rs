//! What a client may send, by RFC 6455 sections 5 and 7 and by the gateway's limits.

use super::{Close, Reader, Received, text};
use crate::limits::Limits;

const MASK: [u8; 4] = [1, 2, 3, 4];

/// A masked frame whose header says `length`, whatever the payload.
fn frame_of(first: u8, length: u64, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match length {
        0..126 => frame.push(0x80 | length as u8),
        126..0x1_0000 => {
            frame.push(0x80 | 126);
            frame.extend((length as u16).to_be_bytes());
        }
        _ => {
            frame.push(0x80 | 127);
            frame.extend(length.to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    frame_of(first, payload.len() as u64, payload)
}

/// Everything that these bytes say, however they are cut.
fn read(bytes: &[u8], chunk: usize) -> (Vec<Received>, Option<u16>) {
    let limits = Limits::default();
    let mut reader = Reader::default();
    let mut received = Vec::new();
    for part in bytes.chunks(chunk) {
        reader.push(part);
        loop {
            match reader.next(&limits) {
                Ok(Some(next)) => received.push(next),
                Ok(None) => break,
                Err(close) => return (received, close.code),
            }
        }
    }
    (received, None)
}

#[test]
fn what_the_protocol_forbids_closes_with_its_code() {
    let close = |code: u16, reason: &[u8]| frame(0x88, &[&code.to_be_bytes()[..], reason].concat());
    let unmasked = vec![0x81, 0x02, b'h', b'i'];
    for (name, bytes, code) in [
        ("unmasked", unmasked, 1002),
        ("first reserved bit", frame(0xc1, b"x"), 1002),
        ("last reserved bit", frame(0x91, b"x"), 1002),
        ("reserved data opcode", frame(0x83, b"x"), 1002),
        ("reserved control opcode", frame(0x8b, b""), 1002),
        ("fragmented ping", frame(0x09, b""), 1002),
        ("long ping", frame(0x89, &[0; 126]), 1002),
        ("continuation of nothing", frame(0x80, b"x"), 1002),
        ("a message within a message", [frame(0x01, b"a"), frame(0x81, b"b")].concat(), 1002),
        ("binary", frame(0x82, b"x"), 1003),
        ("the first fragment of binary", frame(0x02, b"x"), 1003),
        ("no UTF-8", frame(0x81, b"\xff"), 1007),
        ("half a character", frame(0x81, b"\xe2\x82"), 1007),
        ("close with one byte", frame(0x88, b"x"), 1002),
        ("close with 999", close(999, b""), 1002),
        ("close with 1004", close(1004, b""), 1002),
        ("close with 1005", close(1005, b""), 1002),
        ("close with 1006", close(1006, b""), 1002),
        ("close with 5000", close(5000, b""), 1002),
        ("close with a reason that is no UTF-8", close(1000, b"\xff"), 1007),
    ] {
        assert_eq!(read(&bytes, usize::MAX), (Vec::new(), Some(code)), "{name}");
    }
}

#[test]
fn what_is_too_long_is_refused_by_its_header_alone() {
    for length in [32 * 1024 + 1, 0x1_0000, u64::MAX >> 1, u64::MAX] {
        assert_eq!(read(&frame_of(0x81, length, b""), 1), (Vec::new(), Some(1009)), "{length}");
    }
    let part = vec![b'x'; 32 * 1024];
    let mut bytes = frame(0x01, &part);
    for _ in 0..3 {
        bytes.extend(frame(0x00, &part));
    }
    bytes.extend(frame_of(0x80, 1, b""));
    assert_eq!(read(&bytes, 5000), (Vec::new(), Some(1009)));
}

#[test]
fn a_frame_and_a_message_at_their_limits_are_taken() {
    let part = vec![b'x'; 32 * 1024];
    assert_eq!(read(&frame(0x81, &part), 4096).0.len(), 1);
    let bytes = [frame(0x01, &part), frame(0x00, &part), frame(0x00, &part), frame(0x80, &part)].concat();
    let (received, refused) = read(&bytes, 8192);
    assert_eq!((received, refused), (vec![Received::Text("x".repeat(128 * 1024))], None));
}

#[test]
fn messages_are_the_same_however_they_are_cut() {
    let bytes = [
        frame(0x81, "grüße".as_bytes()),
        frame(0x01, b"\xe2"),
        frame(0x89, b"are you there?"),
        frame(0x00, b""),
        frame(0x80, b"\x82\xac"),
        frame(0x8a, b"unasked"),
        frame(0x81, b""),
        frame(0x88, &[&3000u16.to_be_bytes()[..], b"bye"].concat()),
    ]
    .concat();
    for chunk in [1, 2, 3, 7, 64, 1000] {
        let (received, refused) = read(&bytes, chunk);
        let expected = vec![
            Received::Text("grüße".into()),
            Received::Ping("are you there?".into()),
            Received::Text("€".into()),
            Received::Pong,
            Received::Text(String::new()),
            Received::Close(Close::new(3000, "bye")),
        ];
        assert_eq!((received, refused), (expected, None), "in chunks of {chunk}");
    }
}

#[test]
fn an_idle_reader_holds_no_buffer() {
    let mut reader = Reader::default();
    reader.push(&frame(0x81, &[b'x'; 20_000]));
    assert!(matches!(reader.next(&Limits::default()), Ok(Some(Received::Text(_)))));
    assert_eq!(reader.next(&Limits::default()), Ok(None));
    assert_eq!(reader.input.capacity(), 0);
}

#[test]
fn a_long_message_is_written_in_several_frames() {
    let frames = text(&[b'x'; 25], 10);
    let heads: Vec<[u8; 2]> = [0, 12, 24].map(|at| [frames[at], frames[at + 1]]).into();
    assert_eq!(heads, [[0x01, 10], [0x00, 10], [0x80, 5]]);
    assert_eq!(frames.len(), 31);
    assert_eq!(&text(b"", 10)[..], [0x81, 0]);
}

#[test]
fn a_close_reason_is_cut_to_what_a_control_frame_holds() {
    let frame = Close::new(1000, &"é".repeat(100)).encode();
    assert_eq!((frame[0], frame[1]), (0x88, 124));
    assert!(std::str::from_utf8(&frame[4..]).is_ok());
}
