//! `aws-chunked`: the body in pieces, each with its length and perhaps a signature, and checksums behind them.
//!
//! The signatures of the pieces are not checked: that of the head is, and on one machine nothing is changed on its way. The checksums
//! behind them are, with those that stand in the head.

use bytes::Bytes;
use http::HeaderMap;

use super::answers::Fault;

/// Whether a body is written that way.
pub(super) fn is(headers: &HeaderMap) -> bool {
    let named = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    named("x-amz-content-sha256").starts_with("STREAMING-") || named("content-encoding").contains("aws-chunked")
}

/// What stands behind the pieces: names and values, as headers have them.
pub(super) type Trailers = Vec<(String, String)>;

/// The pieces, put together, and what stands behind them.
pub(super) fn decoded(body: &[u8]) -> Result<(Bytes, Trailers), Fault> {
    let torn = || Fault::new(400, "IncompleteBody", "The request body terminated unexpectedly");
    let mut whole = Vec::with_capacity(body.len());
    let mut rest = body;
    loop {
        let end = rest.windows(2).position(|pair| pair == b"\r\n").ok_or_else(torn)?;
        let line = std::str::from_utf8(&rest[..end]).map_err(|_| torn())?;
        let length =
            line.split(';').next().and_then(|length| usize::from_str_radix(length, 16).ok()).ok_or_else(torn)?;
        rest = &rest[end + 2..];
        if length == 0 {
            return Ok((whole.into(), trailers(rest)));
        }
        let piece = rest.get(..length).ok_or_else(torn)?;
        whole.extend_from_slice(piece);
        rest = rest[length..].strip_prefix(b"\r\n").ok_or_else(torn)?;
    }
}

fn trailers(rest: &[u8]) -> Trailers {
    let text = String::from_utf8_lossy(rest);
    let pairs = text.lines().filter_map(|line| line.split_once(':'));
    pairs.map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_put_together_and_torn_ones_are_refused() {
        let sum = || vec![("x-amz-checksum-crc32".to_owned(), "AAAAAA==".to_owned())];
        for (body, whole, trailers) in [
            (&b"0\r\n\r\n"[..], &b""[..], vec![]),
            (b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", b"hello", sum()),
            (b"5\r\nhello\r\n0\r\nX-Amz-Checksum-Crc32: AAAAAA==\n\r\n\r\n", b"hello", sum()),
            (
                b"A;chunk-signature=ab\r\n0123456789\r\n1;chunk-signature=cd\r\n\n\r\n0;chunk-signature=ef\r\n\r\n",
                b"0123456789\n",
                vec![],
            ),
        ] {
            assert_eq!(decoded(body), Ok((Bytes::from_static(whole), trailers)));
        }
        for torn in [&b""[..], b"5\r\nhell", b"5\r\nhello0\r\n", b"x\r\n", b"5\r\nhello\r\n", b"ffffffffffffffff\r\nx"]
        {
            assert!(decoded(torn).is_err(), "{torn:?}");
        }
    }
}
