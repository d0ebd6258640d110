//! The answer of `InvokeWithResponseStream`: a stream of events in AWS's binary form (`application/vnd.amazon.eventstream`).
//!
//! What the function streams goes out while it is made; what it does not stream comes in pieces at its end.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderValue, Response, header};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use serde_json::{Value, json};
use tokio::sync::mpsc::Receiver;
use tokio::task::JoinHandle;

use super::{Failure, Outcome, Streamed};
use crate::listen::{self, Body};

/// Bytes of one piece.
const PIECE: usize = 64 * 1024;
/// A header's value is a text.
const TEXT: u8 = 7;

/// The stream of an invocation that came to an end; none if the function did not run.
pub(super) fn response(outcome: &Outcome) -> Option<Response<Body>> {
    let (payload, error) = match &outcome.result {
        Ok(payload) => (payload, None),
        Err(Failure::Function(error)) => (error, Some(serde_json::from_slice::<Value>(error).unwrap_or_default())),
        Err(_) => return None,
    };
    let mut stream = Vec::with_capacity(payload.len() + 1024);
    for piece in payload.chunks(PIECE) {
        message(&mut stream, "PayloadChunk", "application/octet-stream", piece);
    }
    complete(&mut stream, outcome, error);
    Some(of(Body::new(Bytes::from(stream))))
}

/// The stream of an invocation that has begun to stream.
pub(super) fn live(parts: Receiver<Streamed>, running: JoinHandle<Outcome>) -> Response<listen::Parts> {
    let frames = stream::unfold(Some((parts, running)), |going| async move {
        let (mut parts, running) = going?;
        let mut stream = Vec::new();
        let going = loop {
            match parts.recv().await {
                Some(Streamed::Data(data)) if !data.is_empty() => {
                    for piece in data.chunks(PIECE) {
                        message(&mut stream, "PayloadChunk", "application/octet-stream", piece);
                    }
                    break Some((parts, running));
                }
                Some(_) => {}
                None => {
                    let outcome = running.await.unwrap_or_else(|ended| {
                        super::failed(Failure::runtime("Runtime.ExitError", &ended.to_string()))
                    });
                    let error = match &outcome.result {
                        Ok(_) => None,
                        Err(Failure::Function(error)) => Some(serde_json::from_slice(error).unwrap_or_default()),
                        Err(failure) => Some(json!({ "errorMessage": failure.told() })),
                    };
                    complete(&mut stream, &outcome, error);
                    break None;
                }
            }
        };
        Some((Ok(Frame::data(Bytes::from(stream))), going))
    });
    of(StreamBody::new(frames).boxed_unsync())
}

/// The event at the end.
fn complete(stream: &mut Vec<u8>, outcome: &Outcome, error: Option<Value>) {
    let mut end = json!({});
    if let Some(error) = error {
        end["ErrorCode"] = error["errorType"].as_str().unwrap_or("Unhandled").into();
        end["ErrorDetails"] = error["errorMessage"].clone();
    }
    if let Some(tail) = &outcome.tail {
        end["LogResult"] = STANDARD.encode(tail).into();
    }
    message(stream, "InvokeComplete", "application/json", end.to_string().as_bytes());
}

fn of<B>(body: B) -> Response<B> {
    let mut response = Response::new(body);
    for (name, value) in [
        (header::CONTENT_TYPE.as_str(), "application/vnd.amazon.eventstream"),
        ("x-amzn-remapped-content-type", "application/octet-stream"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// One event: both lengths and their checksum, headers, payload, and the checksum of all.
fn message(stream: &mut Vec<u8>, kind: &str, content: &str, payload: &[u8]) {
    let mut headers = Vec::new();
    for (name, value) in [(":event-type", kind), (":content-type", content), (":message-type", "event")] {
        headers.push(name.len() as u8);
        headers.extend(name.as_bytes());
        headers.push(TEXT);
        headers.extend((value.len() as u16).to_be_bytes());
        headers.extend(value.as_bytes());
    }
    let start = stream.len();
    stream.extend(((16 + headers.len() + payload.len()) as u32).to_be_bytes());
    stream.extend((headers.len() as u32).to_be_bytes());
    stream.extend(crc32(&stream[start..]).to_be_bytes());
    stream.extend(headers);
    stream.extend(payload);
    stream.extend(crc32(&stream[start..]).to_be_bytes());
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_written_as_aws_writes_it() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926, "the check value of this checksum");
        let mut stream = Vec::new();
        message(&mut stream, "PayloadChunk", "application/octet-stream", b"hi");
        let number = |at: usize| u32::from_be_bytes(stream[at..at + 4].try_into().expect("four bytes"));
        assert_eq!(number(0) as usize, stream.len());
        assert_eq!(number(8), crc32(&stream[..8]));
        assert_eq!(number(stream.len() - 4), crc32(&stream[..stream.len() - 4]));
        let headers = 12 + number(4) as usize;
        assert_eq!(&stream[headers..headers + 2], b"hi");
        assert!(stream[12..headers].starts_with(b"\x0b:event-type\x07\x00\x0cPayloadChunk"));
    }
}
