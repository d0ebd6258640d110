//! The first request of a TCP connection: a handshake, taken as it was written, or something else.
//!
//! Only a plain, well-formed handshake is recognized here. Whatever is odd goes to the HTTP library, which knows how to refuse it.

use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use crate::gateway::url;
use crate::limits::Limits;
use crate::listen::Stream;

/// What a client began with.
#[derive(Debug)]
pub(super) enum First {
    /// A request for an upgrade, and what was sent behind it.
    Handshake(Head, Vec<u8>),
    /// Bytes of anything else.
    Other(Vec<u8>),
}

/// The head of a handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    /// `/stage?query`, as sent.
    pub(super) target: String,
    /// In the order and the case of the client.
    pub(super) headers: Vec<(String, String)>,
    /// Bytes of the whole head.
    pub(super) length: usize,
}

impl Head {
    /// The last value of a header, which is the one that events show.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.headers.iter().rfind(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The names and values of the query, decoded.
    pub(super) fn query(&self) -> Vec<(String, String)> {
        self.target.split_once('?').map(|(_, query)| url::query(query)).unwrap_or_default()
    }

    /// Whether a header's comma-separated values contain `token`, in any case.
    pub(super) fn has(&self, name: &str, token: &str) -> bool {
        let named = self.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        named.flat_map(|(_, value)| value.split(',')).any(|value| value.trim().eq_ignore_ascii_case(token))
    }
}

/// Reads until it is clear what the request is. `None`: the client went away or was too slow.
pub(super) async fn read(stream: &mut Stream, limits: &Limits) -> Option<First> {
    timeout(limits.slow_request, reading(stream, limits.head)).await.ok().flatten()
}

async fn reading(stream: &mut Stream, most: usize) -> Option<First> {
    let mut bytes = Vec::with_capacity(1024);
    let mut seen = 0;
    loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        let may_be_handshake = bytes.iter().zip(b"GET ").all(|(sent, expected)| sent == expected);
        let end = bytes[seen..].windows(4).position(|window| window == b"\r\n\r\n").map(|at| seen + at);
        match end {
            Some(end) if may_be_handshake => {
                return Some(match parse(&bytes[..end]) {
                    Some(head) => First::Handshake(head, bytes.split_off(end + 4)),
                    None => First::Other(bytes),
                });
            }
            // Twice the limit: a handshake that is a little too large shall hear so.
            None if may_be_handshake && !ends_oddly(&bytes[seen..]) && bytes.len() < 2 * most => {
                seen = bytes.len().saturating_sub(3);
            }
            _ => return Some(First::Other(bytes)),
        }
    }
}

/// Whether there is an empty line after a line that ends without a carriage return. Nothing more will come of it.
fn ends_oddly(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|window| window == b"\n\n")
        || bytes.windows(4).any(|window| window[0] != b'\r' && window.ends_with(b"\n\r\n"))
}

fn parse(bytes: &[u8]) -> Option<Head> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut lines = text.split("\r\n");
    let target = lines.next()?.strip_prefix("GET ")?.strip_suffix(" HTTP/1.1")?;
    if !target.starts_with('/') || target.bytes().any(|byte| byte <= b' ') {
        return None;
    }
    let mut headers = Vec::new();
    for line in lines {
        let (name, value) = line.split_once(':')?;
        let value = value.trim_matches([' ', '\t']);
        if name.is_empty() || !name.bytes().all(is_token) || value.bytes().any(|byte| byte < b' ' && byte != b'\t') {
            return None;
        }
        headers.push((name.to_owned(), value.to_owned()));
    }
    let head = Head { target: target.to_owned(), headers, length: bytes.len() + 4 };
    (head.has("upgrade", "websocket") && head.has("connection", "upgrade")).then_some(head)
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_odd_is_left_to_the_http_library() {
        let upgrade = "Connection: Upgrade\r\nUpgrade: websocket";
        for head in [
            format!("POST / HTTP/1.1\r\n{upgrade}"),
            format!("GET / HTTP/1.0\r\n{upgrade}"),
            format!("GET http://h/ HTTP/1.1\r\n{upgrade}"),
            format!("GET /a b HTTP/1.1\r\n{upgrade}"),
            format!("GET / HTTP/1.1\r\n folded: x\r\n{upgrade}"),
            format!("GET / HTTP/1.1\r\nno colon\r\n{upgrade}"),
            format!("GET / HTTP/1.1\r\na\0: b\r\n{upgrade}"),
            "GET / HTTP/1.1\r\nUpgrade: websocket".into(),
            "GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c".into(),
            "GET / HTTP/1.1\r\nHost: x".into(),
        ] {
            assert_eq!(parse(head.as_bytes()), None, "{head:?}");
        }
    }

    #[test]
    fn a_handshake_keeps_the_case_and_the_order_of_its_headers() {
        let head = parse(b"GET /v1?a=b HTTP/1.1\r\nHOST: x\r\ncoNNection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nX-a:  1 \r\nX-A: 2");
        let head = head.unwrap_or_else(|| panic!("refused"));
        assert_eq!(head.target, "/v1?a=b");
        let names: Vec<&str> = head.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["HOST", "coNNection", "Upgrade", "X-a", "X-A"]);
        assert_eq!((head.get("x-A"), head.get("y")), (Some("2"), None));
    }
}
