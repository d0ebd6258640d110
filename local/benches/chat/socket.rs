//! A WebSocket client that costs next to nothing, so that a thousand of them leave the machine to what is measured: a handshake, text frames
//! whose mask is zero, and a reader that copies only what came in half.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

/// Opens a socket.
pub(crate) fn open(url: &str, token: Option<&str>) -> Result<TcpStream> {
    let rest = url.strip_prefix("ws://").context("an address that begins with ws://")?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut stream = TcpStream::connect(host)?;
    stream.set_nodelay(true)?;
    let protocols =
        token.map_or_else(String::new, |token| format!("Sec-WebSocket-Protocol: parlour.v1, bearer.{token}\r\n"));
    let request = format!(
        "GET /{path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{protocols}\r\n"
    );
    stream.write_all(request.as_bytes())?;
    // Something may follow the head at once: not a byte of it is read here.
    let mut seen = vec![0; 4096];
    let length = loop {
        let length = stream.peek(&mut seen)?;
        ensure!(length > 0, "the handshake was cut");
        match seen[..length].windows(4).position(|four| four == b"\r\n\r\n") {
            Some(end) => break end + 4,
            None => ensure!(length < seen.len(), "the handshake was answered at great length"),
        }
    };
    stream.read_exact(&mut seen[..length])?;
    let head = String::from_utf8_lossy(&seen[..length]);
    let first = head.lines().next().unwrap_or_default();
    ensure!(first.contains(" 101 "), "the handshake was answered with {first}");
    Ok(stream)
}

/// Waits for a frame and reads it, and not a byte of the next.
pub(crate) fn read(mut stream: &TcpStream) -> Result<String> {
    let mut head = [0; 2];
    stream.read_exact(&mut head)?;
    let length = match head[1] {
        126 => {
            let mut long = [0; 2];
            stream.read_exact(&mut long)?;
            usize::from(u16::from_be_bytes(long))
        }
        short => usize::from(short),
    };
    let mut text = vec![0; length];
    stream.read_exact(&mut text)?;
    Ok(String::from_utf8(text)?)
}

/// A text frame.
pub(crate) fn frame(text: &str) -> Result<Vec<u8>> {
    let length = u16::try_from(text.len()).context("a text below 64 KB")?;
    let mut frame = vec![0x81];
    match length {
        0..126 => frame.push(0x80 | text.len() as u8),
        _ => {
            frame.push(0x80 | 126);
            frame.extend(length.to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(text.as_bytes());
    Ok(frame)
}

/// Writes a text frame, also to a stream that does not block.
pub(crate) fn write(mut stream: &TcpStream, text: &str) -> Result<()> {
    let frame = frame(text)?;
    let mut rest = frame.as_slice();
    while !rest.is_empty() {
        match stream.write(rest) {
            Ok(written) => rest = &rest[written..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::thread::sleep(Duration::from_micros(100)),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Calls `each` with every whole text in what was `held` and has now been `read`; holds the rest.
pub(crate) fn texts(held: &mut Vec<u8>, read: &[u8], mut each: impl FnMut(&[u8])) -> Result<()> {
    if held.is_empty() {
        let taken = whole(read, &mut each)?;
        held.extend(&read[taken..]);
    } else {
        held.extend(read);
        let taken = whole(held, &mut each)?;
        held.drain(..taken);
    }
    Ok(())
}

/// How many bytes the whole frames take.
fn whole(bytes: &[u8], each: &mut impl FnMut(&[u8])) -> Result<usize> {
    let mut at = 0;
    while let [first, second, rest @ ..] = &bytes[at..] {
        let (head, length) = match (second, rest) {
            (126, [a, b, ..]) => (4, usize::from(u16::from_be_bytes([*a, *b]))),
            (126 | 127, _) if rest.len() < 8 => break,
            (127, [a, b, c, d, e, f, g, h, ..]) => (10, u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]) as usize),
            (length, _) => (2, usize::from(*length)),
        };
        let Some(payload) = bytes.get(at + head..at + head + length) else { break };
        match first {
            0x81 => each(payload),
            0x88 => bail!("the socket was closed: {}", String::from_utf8_lossy(payload.get(2..).unwrap_or_default())),
            other => bail!("a frame that begins with {other:#x}"),
        }
        at += head + length;
    }
    Ok(at)
}
