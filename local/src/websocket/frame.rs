//! Frames of RFC 6455, as a server reads and writes them.
//!
//! The header's bytes are tungstenite's business; what a gateway refuses, and with which code, is decided here, from the header alone, before
//! the payload has come.

use std::io::Cursor;

use bytes::{Buf, Bytes, BytesMut};
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};

use crate::limits::Limits;

/// How a connection is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    /// `None`: the client gave none.
    pub code: Option<u16>,
    /// At most 123 bytes of it are sent.
    pub reason: String,
}

impl Close {
    pub(super) fn new(code: u16, reason: &str) -> Self {
        Self { code: Some(code), reason: reason.to_owned() }
    }

    /// What the gateway says when a connection was idle or open for too long.
    pub(super) fn going_away() -> Self {
        Self::new(1001, "Going away")
    }

    fn protocol(reason: &str) -> Self {
        Self::new(1002, reason)
    }

    /// The frame.
    pub(super) fn encode(&self) -> Bytes {
        let mut payload = Vec::new();
        if let Some(code) = self.code {
            payload.extend(code.to_be_bytes());
            let end = (0..=self.reason.len().min(123)).rev().find(|end| self.reason.is_char_boundary(*end));
            payload.extend(&self.reason.as_bytes()[..end.unwrap_or_default()]);
        }
        encode(OpCode::Control(Control::Close), true, &payload)
    }

    fn decode(payload: &[u8]) -> Result<Self, Self> {
        let Some((code, reason)) = payload.split_first_chunk() else {
            return if payload.is_empty() {
                Ok(Self { code: None, reason: String::new() })
            } else {
                Err(Self::protocol("Invalid close frame"))
            };
        };
        let code = u16::from_be_bytes(*code);
        if !CloseCode::from(code).is_allowed() {
            return Err(Self::protocol("Invalid close code"));
        }
        let reason = std::str::from_utf8(reason).map_err(|_| Self::new(1007, "Invalid UTF-8"))?;
        Ok(Self::new(code, reason))
    }
}

/// What a client sent.
#[derive(Debug, PartialEq, Eq)]
pub enum Received {
    /// A message.
    Text(String),
    /// To be answered with the same bytes.
    Ping(Bytes),
    /// Not to be answered.
    Pong,
    /// The client goes.
    Close(Close),
}

/// The bytes of a connection on their way to messages.
#[derive(Debug, Default)]
pub struct Reader {
    input: BytesMut,
    /// The frames so far of a message in several frames.
    partial: Option<Vec<u8>>,
}

impl Reader {
    /// Takes what has come.
    pub fn push(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
    }

    /// The next message or control frame, if it is complete, or how the connection must be closed.
    pub fn next(&mut self, limits: &Limits) -> Result<Option<Received>, Close> {
        loop {
            let mut cursor = Cursor::new(&self.input[..]);
            let parsed = FrameHeader::parse(&mut cursor).map_err(|_| Close::protocol("Invalid frame"))?;
            let Some((header, length)) = parsed else {
                self.forget_buffer();
                return Ok(None);
            };
            let start = usize::try_from(cursor.position()).unwrap_or(usize::MAX);
            let (mask, length) = self.checked(&header, length, limits)?;
            if self.input.len() < start + length {
                return Ok(None);
            }
            self.input.advance(start);
            let mut payload = self.input.split_to(length);
            for (byte, mask) in payload.iter_mut().zip(mask.iter().cycle()) {
                *byte ^= mask;
            }
            if let Some(received) = self.complete(&header, &payload)? {
                return Ok(Some(received));
            }
        }
    }

    /// An idle connection holds no buffer.
    fn forget_buffer(&mut self) {
        if self.input.is_empty() {
            self.input = BytesMut::new();
        }
    }

    fn checked(&self, header: &FrameHeader, length: u64, limits: &Limits) -> Result<([u8; 4], usize), Close> {
        if header.rsv1 || header.rsv2 || header.rsv3 {
            return Err(Close::protocol("Reserved bits are set"));
        }
        let Some(mask) = header.mask else { return Err(Close::protocol("Frame is not masked")) };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        match header.opcode {
            OpCode::Control(Control::Reserved(_)) | OpCode::Data(Data::Reserved(_)) => {
                return Err(Close::protocol("Unknown opcode"));
            }
            OpCode::Control(_) if !header.is_final || length > 125 => {
                return Err(Close::protocol("Invalid control frame"));
            }
            OpCode::Control(_) => return Ok((mask, length)),
            OpCode::Data(Data::Continue) if self.partial.is_none() => {
                return Err(Close::protocol("Unexpected continuation"));
            }
            OpCode::Data(Data::Continue) => {}
            OpCode::Data(_) if self.partial.is_some() => return Err(Close::protocol("Expected a continuation")),
            OpCode::Data(Data::Binary) => return Err(Close::new(1003, "Binary is not supported")),
            OpCode::Data(Data::Text) => {}
        }
        if length > limits.frame {
            return Err(Close::new(1009, &format!("Max frame length of {} has been exceeded.", limits.frame)));
        }
        if self.partial.as_ref().map_or(0, Vec::len) + length > limits.message {
            return Err(Close::new(1009, &format!("Max message length of {} has been exceeded.", limits.message)));
        }
        Ok((mask, length))
    }

    fn complete(&mut self, header: &FrameHeader, payload: &[u8]) -> Result<Option<Received>, Close> {
        Ok(Some(match header.opcode {
            OpCode::Control(Control::Ping) => Received::Ping(Bytes::copy_from_slice(payload)),
            OpCode::Control(Control::Close) => Received::Close(Close::decode(payload)?),
            OpCode::Control(_) => Received::Pong,
            OpCode::Data(_) => {
                let mut message = self.partial.take().unwrap_or_default();
                message.extend_from_slice(payload);
                if !header.is_final {
                    self.partial = Some(message);
                    return Ok(None);
                }
                Received::Text(String::from_utf8(message).map_err(|_| Close::new(1007, "Invalid UTF-8"))?)
            }
        }))
    }
}

/// A text message, in frames of at most `most` bytes.
pub(super) fn text(message: &[u8], most: usize) -> Bytes {
    if message.len() <= most {
        return encode(OpCode::Data(Data::Text), true, message);
    }
    let mut all = BytesMut::with_capacity(message.len() + 14 * message.len().div_ceil(most));
    let last = message.len().div_ceil(most) - 1;
    for (index, part) in message.chunks(most).enumerate() {
        let kind = if index == 0 { Data::Text } else { Data::Continue };
        all.extend_from_slice(&encode(OpCode::Data(kind), index == last, part));
    }
    all.freeze()
}

/// The answer to a ping.
pub(super) fn pong(payload: &[u8]) -> Bytes {
    encode(OpCode::Control(Control::Pong), true, payload)
}

fn encode(opcode: OpCode, is_final: bool, payload: &[u8]) -> Bytes {
    let header = FrameHeader { is_final, opcode, ..FrameHeader::default() };
    let length = payload.len() as u64;
    let mut frame = Vec::with_capacity(header.len(length) + payload.len());
    // Writing to memory cannot fail.
    let _ = header.format(length, &mut frame);
    frame.extend_from_slice(payload);
    frame.into()
}

#[cfg(test)]
mod tests;
