//! The one task of an open connection: it reads messages and hands them to functions, writes what others leave for the client, and watches
//! the idle and the lifetime limit.
//!
//! One poll does all three, so that a client that does not read is still read from, closed when it is time, and never waited for.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until, timeout};

use super::Gateway;
use super::connection::{Connection, Goodbye};
use super::frame::{self, Close, Reader, Received};
use super::registry::Alive;
use crate::chaos::Fault;
use crate::listen::Stream;

/// Bytes read at once.
const CHUNK: usize = 8 * 1024;
/// Frames written at once.
const SLICES: usize = 32;
/// Answers to pings that wait for a client that does not read; RFC 6455 allows to answer only the latest.
const PONGS: usize = 16;
/// How long a client may take to read the last frames and to close its side.
const PARTING: Duration = Duration::from_secs(2);

/// An open connection with its stream.
pub(super) struct Socket {
    pub(super) connection: Arc<Connection>,
    stream: Stream,
    reader: Reader,
    /// Being written; the first may be written in part.
    out: VecDeque<Bytes>,
    last_message: Instant,
    opened: Instant,
    clock: Pin<Box<Sleep>>,
    alive: Option<Alive>,
}

/// How a connection ended.
#[derive(Debug, PartialEq, Eq)]
enum Ended {
    /// The client said so.
    ByClient(Close),
    /// Here, for a reason that the client is told.
    ByGateway(Close),
    /// The network, or a client that did not say goodbye.
    Lost,
    /// Here, as if the network had lost it.
    Cut,
}

enum Step {
    Message(String),
    Ended(Ended),
}

impl Socket {
    /// `rest` is what the client sent behind its handshake.
    pub(super) fn new(
        connection: Arc<Connection>,
        stream: Stream,
        rest: &[u8],
        gateway: &Gateway,
        alive: Alive,
    ) -> Self {
        let now = Instant::now();
        let mut reader = Reader::default();
        reader.push(rest);
        let (idle, lifetime) = gateway.ages();
        let first = connection.life().map_or(idle.min(lifetime), |life| life.min(idle).min(lifetime));
        Self {
            connection,
            stream,
            reader,
            out: VecDeque::new(),
            last_message: now,
            opened: now,
            clock: Box::pin(sleep_until(now + first)),
            alive: Some(alive),
        }
    }

    /// Until the end, the function's `$disconnect` included.
    pub(super) async fn run(mut self, gateway: Arc<Gateway>) {
        let alive = self.alive.take();
        let ended = loop {
            match poll_fn(|cx| self.step(cx, &gateway)).await {
                Step::Message(message) => {
                    self.connection.dispatched();
                    let (gateway, connection) = (gateway.newest(), Arc::clone(&self.connection));
                    tokio::spawn(async move { gateway.dispatch(&connection, message).await });
                }
                Step::Ended(ended) => break ended,
            }
        };
        gateway.registry.remove(self.connection.id);
        let (farewell, told) = match ended {
            Ended::ByClient(Close { code: None, .. }) => {
                let told = Close::new(1005, "Client-side close frame status not set");
                (Some(Close { code: None, reason: String::new() }), told)
            }
            Ended::ByClient(close) => (Some(Close { code: close.code, reason: String::new() }), close),
            Ended::ByGateway(close) => (Some(close.clone()), close),
            Ended::Lost => (None, Close::new(1006, "")),
            Ended::Cut => {
                // Closed like this, the client is sent a reset.
                self.stream.cut();
                (None, Close::new(1006, ""))
            }
        };
        let (newest, connection) = (gateway.newest(), Arc::clone(&self.connection));
        tokio::join!(newest.disconnected(&connection, &told), async move {
            if let Some(farewell) = farewell {
                let _ = timeout(PARTING, self.part(&farewell)).await;
            }
        });
        drop(alive);
    }

    fn step(&mut self, cx: &mut Context<'_>, gateway: &Gateway) -> Poll<Step> {
        let limits = &*gateway.limits;
        let ended = |ended| Poll::Ready(Step::Ended(ended));
        let waited = self.out.len();
        match self.connection.collect(&mut self.out, cx.waker()) {
            Some(Goodbye::Close(close)) => return ended(Ended::ByGateway(close)),
            Some(Goodbye::Cut) => return ended(Ended::Cut),
            None => {}
        }
        if self.out.len() > waited {
            self.active();
        }
        if self.write(cx).is_err() {
            return ended(Ended::Lost);
        }
        while self.clock.as_mut().poll(cx).is_ready() {
            let ((idle, lifetime), now) = (gateway.ages(), Instant::now());
            let due = (self.opened + lifetime).min(self.last_message + idle);
            let cut = self.connection.life().map(|life| self.opened + life);
            if cut.is_some_and(|cut| cut <= now) {
                gateway.ended_early(&self.connection, Fault::Cut);
                return ended(Ended::Cut);
            }
            if due <= now {
                gateway.ended_early(&self.connection, Fault::Clock);
                return ended(Ended::ByGateway(Close::going_away()));
            }
            self.clock.as_mut().reset(cut.map_or(due, |cut| cut.min(due)));
        }
        // What is not dispatched yet stays unread, in the end in the client's own buffer.
        while self.connection.in_flight() < limits.messages_at_once {
            match self.reader.next(limits) {
                Ok(Some(Received::Text(message))) => {
                    self.active();
                    return Poll::Ready(Step::Message(message));
                }
                Ok(Some(Received::Ping(payload))) => {
                    if limits.ping_is_activity {
                        self.active();
                    }
                    if self.out.len() < PONGS {
                        let pong = frame::pong(&payload);
                        self.connection.owed(pong.len());
                        self.out.push_back(pong);
                        if self.write(cx).is_err() {
                            return ended(Ended::Lost);
                        }
                    }
                }
                Ok(Some(Received::Pong)) => {}
                Ok(Some(Received::Close(close))) => return ended(Ended::ByClient(close)),
                Err(close) => return ended(Ended::ByGateway(close)),
                Ok(None) => match self.read(cx) {
                    Poll::Ready(Ok(0) | Err(_)) => return ended(Ended::Lost),
                    Poll::Ready(Ok(_)) => {}
                    Poll::Pending => return Poll::Pending,
                },
            }
        }
        Poll::Pending
    }

    fn active(&mut self) {
        self.last_message = Instant::now();
        self.connection.touch();
    }

    fn read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        // On the stack of the poll: a connection that waits holds no buffer.
        let mut chunk = [MaybeUninit::uninit(); CHUNK];
        let mut buffer = ReadBuf::uninit(&mut chunk);
        let read = Pin::new(&mut self.stream).poll_read(cx, &mut buffer);
        self.reader.push(buffer.filled());
        read.map_ok(|()| buffer.filled().len())
    }

    /// Writes as much as the network takes now.
    fn write(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        while !self.out.is_empty() {
            let mut slices = [IoSlice::new(&[]); SLICES];
            for (slice, frame) in slices.iter_mut().zip(&self.out) {
                *slice = IoSlice::new(frame);
            }
            let count = self.out.len().min(SLICES);
            match Pin::new(&mut self.stream).poll_write_vectored(cx, &slices[..count]) {
                Poll::Ready(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(written)) => self.advance(written),
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => return Ok(()),
            }
        }
        if self.out.capacity() > SLICES {
            self.out = VecDeque::new();
        }
        // TLS may hold what it took; a plain stream never does.
        match Pin::new(&mut self.stream).poll_flush(cx) {
            Poll::Ready(Err(error)) => Err(error),
            _ => Ok(()),
        }
    }

    fn advance(&mut self, mut written: usize) {
        self.connection.written(written);
        while let Some(first) = self.out.front_mut() {
            if first.len() > written {
                first.advance(written);
                return;
            }
            written -= first.len();
            self.out.pop_front();
        }
    }

    /// Writes what waits and the close frame, and lets the client close first, or else it might lose what it has not read yet.
    async fn part(&mut self, farewell: &Close) -> io::Result<()> {
        for frame in self.out.drain(..) {
            self.stream.write_all(&frame).await?;
        }
        self.stream.write_all(&farewell.encode()).await?;
        self.stream.shutdown().await?;
        let mut rest = [0; 1024];
        while self.stream.read(&mut rest).await? > 0 {}
        Ok(())
    }
}
