//! RFC 6455 on live sockets, sections 4, 5 and 7: what a client may send and what it may not, each case beside a connection that must not notice.
//! The Autobahn suite, which has more of them, needs Python 2.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::client::{Socket, host};
use super::world::{Plan, SOON, World};

const KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const VERSION: &str = "Sec-WebSocket-Version: 13\r\n";
const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// What the function answers to with `heard`.
const SAY: &str = r#"{"action":"tell","do":"answer","answer":{"statusCode":200,"body":"heard"}}"#;

/// What the gateway sends.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    Text(String),
    Pong(Vec<u8>),
    Close(Option<u16>),
}

/// A connection without a library, which could not be brought to send what is wrong.
struct Bare(TcpStream);

impl Bare {
    async fn open(world: &World) -> Result<Self> {
        let mut stream = TcpStream::connect(host(world.websocket())).await?;
        stream.set_nodelay(true)?;
        stream.write_all(format!("GET /v1 HTTP/1.1\r\nHost: x\r\n{UPGRADE}{VERSION}{KEY}\r\n").as_bytes()).await?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(SOON, stream.read_u8()).await.context("no handshake in time")??);
        }
        ensure!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
        Ok(Self(stream))
    }

    async fn hear(&mut self) -> Result<Heard> {
        timeout(SOON, self.frame()).await.context("heard nothing")?
    }

    async fn frame(&mut self) -> Result<Heard> {
        let [first, second] = [self.0.read_u8().await?, self.0.read_u8().await?];
        ensure!(second < 126 && first & 0x80 != 0, "{first:x} {second:x} is no short frame without a mask");
        let mut payload = vec![0; usize::from(second)];
        self.0.read_exact(&mut payload).await?;
        Ok(match first {
            0x81 => Heard::Text(String::from_utf8(payload)?),
            0x88 => Heard::Close(payload.first_chunk().map(|code| u16::from_be_bytes(*code))),
            0x8a => Heard::Pong(payload),
            other => anyhow::bail!("{other:x} is no frame that a gateway sends"),
        })
    }
}

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

fn frame(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    frame_of(first, payload.as_ref().len() as u64, payload.as_ref())
}

fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    frame(0x88, [&code.to_be_bytes()[..], reason].concat())
}

/// [`SAY`], made so long.
fn say(length: usize) -> Vec<u8> {
    let start = SAY.strip_suffix('}').unwrap_or_default();
    format!("{start},\"fill\":\"{}\"}}", "x".repeat(length - start.len() - 11)).into_bytes()
}

/// A message in fragments of a length, with something between them.
fn cut(message: &[u8], length: usize, between: &[u8]) -> Vec<u8> {
    let last = message.len().div_ceil(length) - 1;
    let parts = message.chunks(length).enumerate().map(|(index, part)| {
        let first = u8::from(index == 0) | if index == last { 0x80 } else { 0 };
        [frame(first, part), if index == last { Vec::new() } else { between.to_vec() }].concat()
    });
    parts.collect::<Vec<_>>().concat()
}

/// Every case of one connection: its name, what is sent, and all that comes back. What does not end is ended with 1000 by the client.
fn cases() -> Vec<(String, Vec<u8>, Vec<Heard>)> {
    let mut cases: Vec<(String, Vec<u8>, Vec<Heard>)> = Vec::new();
    let mut add = |name: &str, sent: Vec<u8>, heard: Vec<Heard>| cases.push((name.to_owned(), sent, heard));
    let closed = |code: u16| vec![Heard::Close(Some(code))];
    let text = || vec![Heard::Text("heard".into())];

    // 5.1: masks. 5.2: reserved bits and opcodes.
    add("without a mask", [&[0x81, SAY.len() as u8][..], SAY.as_bytes()].concat(), closed(1002));
    add("a ping without a mask", vec![0x89, 0], closed(1002));
    for bit in [0x40, 0x20, 0x10, 0x70] {
        add(&format!("reserved bits {bit:x}"), frame(0x81 | bit, SAY), closed(1002));
        add(&format!("reserved bits {bit:x} of a ping"), frame(0x89 | bit, ""), closed(1002));
    }
    for opcode in (3..8).chain(11..16) {
        add(&format!("opcode {opcode}"), frame(0x80 | opcode, ""), closed(1002));
    }
    add("another protocol", b"GET /v1 HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), closed(1002));

    // 5.4: fragments.
    add("in fragments", cut(SAY.as_bytes(), 10, b""), text());
    add("a fragment of nothing", [frame(0x01, ""), frame(0x00, SAY), frame(0x80, "")].concat(), text());
    add("fragments between which are pongs", cut(SAY.as_bytes(), 30, &frame(0x8a, "unasked")), text());
    let pongs = vec![Heard::Pong(b"1".to_vec()), Heard::Pong(b"1".to_vec()), Heard::Text("heard".into())];
    add("fragments between which are pings", cut(SAY.as_bytes(), 30, &frame(0x89, "1")), pongs);
    add("a continuation of nothing", frame(0x80, SAY), closed(1002));
    add("a continuation of what has ended", [frame(0x8a, ""), frame(0x00, SAY)].concat(), closed(1002));
    add("a message within a message", [frame(0x01, "a"), frame(0x81, SAY)].concat(), closed(1002));

    // 5.5: control frames.
    let most = vec![b'p'; 125];
    add("a ping", frame(0x89, ""), vec![Heard::Pong(Vec::new())]);
    add("the longest ping", frame(0x89, &most), vec![Heard::Pong(most.clone())]);
    add("a ping that is too long", frame(0x89, [0; 126]), closed(1002));
    add("a ping in fragments", [frame(0x09, "a"), frame(0x80, "b")].concat(), closed(1002));
    add("a close in fragments", frame(0x08, [3, 232]), closed(1002));
    add("a close that is too long", frame(0x88, [&[3, 232][..], &[b'x'; 124]].concat()), closed(1002));
    add("a pong that nobody asked for", frame(0x8a, "unasked"), vec![]);

    // 5.6: text and binary, as API Gateway takes them.
    add("nothing", frame(0x81, ""), vec![Heard::Text("Forbidden".into())]);
    add("binary", frame(0x82, SAY), closed(1003));
    add("nothing in binary", frame(0x82, ""), closed(1003));
    add("a fragment of binary", frame(0x02, "x"), closed(1003));
    add("the longest frame", frame(0x81, say(32_768)), text());
    add("a frame that is too long", frame(0x81, say(32_769)), closed(1009));
    add("the longest message", cut(&say(131_072), 32_768, b""), text());
    add("a message that is too long", cut(&say(131_073), 32_768, b""), closed(1009));
    add("a length beyond all measure", frame_of(0x81, u64::MAX >> 1, b""), closed(1009));

    // 8.1: UTF-8.
    let euro = SAY.replace("heard", "€");
    for at in 1..4 {
        let start = euro.find('€').unwrap_or_default() + at;
        let (one, other) = euro.as_bytes().split_at(start.min(euro.len()));
        let sent = [frame(0x01, one), frame(0x80, other)].concat();
        add(&format!("a character cut behind {at} bytes"), sent, vec![Heard::Text("€".into())]);
    }
    for (name, wrong) in [
        ("a byte that is none", &b"\xff"[..]),
        ("half a character", b"\xe2\x82"),
        ("a surrogate", b"\xed\xa0\x80"),
        ("a character that is longer than it must be", b"\xc0\xaf"),
        ("a character beyond the last", b"\xf4\x90\x80\x80"),
    ] {
        add(name, frame(0x81, [b"{\"a\":\"", wrong, b"\"}"].concat()), closed(1007));
        let sent = [frame(0x01, "{\"a\":\""), frame(0x00, wrong), frame(0x80, "\"}")].concat();
        add(&format!("{name}, in a fragment"), sent, closed(1007));
    }

    // 5.5.1, 7.1 and 7.4: how it ends.
    add("a close without a code", frame(0x88, ""), vec![Heard::Close(None)]);
    add("a close with half a code", frame(0x88, [3]), closed(1002));
    add("a close with a reason that is no UTF-8", close(1000, b"\xff"), closed(1007));
    for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999] {
        add(&format!("a close with {code}"), close(code, b"bye"), closed(code));
    }
    for code in [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65535] {
        add(&format!("a close with {code}"), close(code, b"bye"), closed(1002));
    }
    add("a message behind a close", [close(1000, b""), frame(0x81, SAY)].concat(), closed(1000));
    add("a ping behind a close", [close(1000, b""), frame(0x89, "late")].concat(), closed(1000));
    add("garbage behind a close", [close(1000, b""), vec![0xff; 100]].concat(), closed(1000));
    add("a close within a message", [frame(0x01, "half"), close(1001, b"")].concat(), closed(1001));
    cases
}

#[tokio::test]
async fn each_case_of_the_protocol_has_its_answer_and_no_other_connection_notices() -> Result<()> {
    let world = World::start().await?;
    let mut witness = Socket::open(&world).await?;
    let id = witness.id().await?;
    for (name, sent, expected) in cases() {
        let mut bare = Bare::open(&world).await?;
        // What is refused by its beginning is not read to its end.
        let _ = bare.0.write_all(&sent).await;
        let mut heard = Vec::new();
        while heard.len() < expected.len() {
            match bare.hear().await.with_context(|| format!("{name}: after {heard:?}"))? {
                Heard::Text(frame) if frame.starts_with(r#"{"message": "Forbidden""#) => {
                    heard.push(Heard::Text("Forbidden".into()));
                }
                other => heard.push(other),
            }
        }
        assert_eq!(heard, expected, "{name}");
        if !matches!(expected.last(), Some(Heard::Close(_))) {
            bare.0.write_all(&close(1000, b"")).await?;
            assert_eq!(bare.hear().await?, Heard::Close(Some(1000)), "{name}");
        }
        let mut rest = Vec::new();
        let ended = timeout(SOON, bare.0.read_to_end(&mut rest)).await.with_context(|| format!("{name}: not ended"))?;
        // A client that still sends may be reset; it is told nothing more in any case.
        assert!(rest.is_empty() && (ended.is_ok() || sent.len() > 32_768), "{name}: {rest:?} {ended:?}");
        assert_eq!(witness.id().await?, id, "{name}");
    }
    Ok(())
}

#[tokio::test]
async fn a_frame_may_come_byte_by_byte_and_half_a_frame_is_no_message() -> Result<()> {
    let world = World::start().await?;
    let (mut slow, mut half) = (Bare::open(&world).await?, Bare::open(&world).await?);
    let message = frame(0x81, SAY);
    half.0.write_all(&message[..message.len() - 1]).await?;
    for byte in &message {
        slow.0.write_all(&[*byte]).await?;
        tokio::task::yield_now().await;
    }
    assert_eq!(slow.hear().await?, Heard::Text("heard".into()));
    half.0.shutdown().await?;
    assert!(half.hear().await.is_err());
    world.logs(r#""disconnectStatusCode":1006"#).await?;
    let ran = world.log.lines().iter().filter(|line| line.contains("START")).count();
    assert_eq!(ran, 4, "two handshakes, one message, one farewell");
    Ok(())
}

#[tokio::test]
async fn each_handshake_that_is_none_has_its_status() -> Result<()> {
    let world = World::start().await?;
    let mut witness = Socket::open(&world).await?;
    let request = |line: &str, headers: &[&str]| format!("{line}\r\n{}\r\n", headers.concat()).into_bytes();
    let (named, line) = ("Host: x\r\n", "GET /v1 HTTP/1.1");
    for (name, sent, status) in [
        ("as it must be", request(line, &[named, UPGRADE, VERSION, KEY]), 101),
        (
            "in other words",
            request(line, &[named, "connection: keep-alive, UPGRADE\r\nUPGRADE: WebSocket\r\n", VERSION, KEY]),
            101,
        ),
        ("with a body that is none", request(line, &[named, UPGRADE, VERSION, KEY, "Content-Length: 0\r\n"]), 101),
        ("without a host", request(line, &[UPGRADE, VERSION, KEY]), 400),
        ("with two hosts", request(line, &[named, named, UPGRADE, VERSION, KEY]), 400),
        ("without a key", request(line, &[named, UPGRADE, VERSION]), 400),
        ("with two keys", request(line, &[named, UPGRADE, VERSION, KEY, KEY]), 400),
        ("with no base64", request(line, &[named, UPGRADE, VERSION, "Sec-WebSocket-Key: ????\r\n"]), 400),
        (
            "with 15 bytes",
            request(line, &[named, UPGRADE, VERSION, "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAA\r\n"]),
            400,
        ),
        (
            "with 18 bytes",
            request(line, &[named, UPGRADE, VERSION, "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAAAA\r\n"]),
            400,
        ),
        ("without a version", request(line, &[named, UPGRADE, KEY]), 426),
        ("with an old version", request(line, &[named, UPGRADE, "Sec-WebSocket-Version: 8\r\n", KEY]), 426),
        ("with two versions", request(line, &[named, UPGRADE, VERSION, VERSION, KEY]), 400),
        ("without an upgrade", request(line, &[named, VERSION, KEY]), 426),
        ("to something else", request(line, &[named, "Connection: Upgrade\r\nUpgrade: h2c\r\n", VERSION, KEY]), 426),
        ("without saying so", request(line, &[named, "Upgrade: websocket\r\n", VERSION, KEY]), 426),
        ("in HTTP/1.0", request("GET /v1 HTTP/1.0", &[named, UPGRADE, VERSION, KEY]), 426),
        ("by POST", request("POST /v1 HTTP/1.1", &[named, UPGRADE, VERSION, KEY, "Content-Length: 0\r\n"]), 403),
        ("of no HTTP", request("GET /v1", &[named, UPGRADE, VERSION, KEY]), 400),
        ("of HTTP/9", request("GET /v1 HTTP/9.0", &[named, UPGRADE, VERSION, KEY]), 400),
        ("with a folded header", request(line, &[named, UPGRADE, VERSION, KEY, "X: a\r\n b\r\n"]), 400),
        ("with a header of no name", request(line, &[named, UPGRADE, VERSION, KEY, ": a\r\n"]), 400),
        ("with a NUL", request(line, &[named, UPGRADE, VERSION, KEY, "X: a\0b\r\n"]), 400),
        ("with garbage", b"\x00\xff\xfe garbage\r\n\r\n".to_vec(), 400),
    ] {
        // What is granted is closed at once.
        let last = if status == 101 { close(1000, b"") } else { Vec::new() };
        let mut stream = TcpStream::connect(host(world.websocket())).await?;
        stream.write_all(&[sent, last].concat()).await?;
        let mut answer = vec![0; 4096];
        let length = timeout(SOON, stream.read(&mut answer)).await.with_context(|| format!("{name}: no answer"))??;
        let answer = String::from_utf8_lossy(&answer[..length]);
        let told = answer.split(' ').nth(1).unwrap_or_default();
        assert_eq!(told, status.to_string(), "{name}: {answer}");
        let version = answer.to_ascii_lowercase().contains("sec-websocket-version: 13\r\n");
        assert_eq!(version, status == 426, "{name}: {answer}");
        witness.id().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_handshake_may_come_slowly_but_not_for_ever() -> Result<()> {
    let mut plan = Plan::default();
    plan.limits.slow_request = Duration::from_secs(2);
    let world = plan.start().await?;
    let handshake = format!("GET /v1 HTTP/1.1\r\nHost: x\r\n{UPGRADE}{VERSION}{KEY}\r\n");
    let mut stream = TcpStream::connect(host(world.websocket())).await?;
    stream.set_nodelay(true)?;
    for byte in handshake.as_bytes() {
        stream.write_all(&[*byte]).await?;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let mut answer = [0; 12];
    timeout(SOON, stream.read_exact(&mut answer)).await??;
    assert_eq!(&answer, b"HTTP/1.1 101");

    let mut stream = TcpStream::connect(host(world.websocket())).await?;
    let dribbled = async {
        for byte in handshake.as_bytes().iter().cycle() {
            if *byte != b'\n' && stream.write_all(&[*byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(SOON, dribbled).await.context("it may go on for ever")?;
    Ok(())
}
