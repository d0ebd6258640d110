//! Accepting connections, and HTTP/1.1 on them, as every part of `local` that listens does it.
//!
//! A task that accepts owns the tasks of its connections: when it is dropped, so are they.

mod stream;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::rt::{Read, Write};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioTimer;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout, timeout_at};

pub(crate) use self::stream::Stream;

/// The body of a response: all there is, at once.
pub(crate) type Body = Full<Bytes>;
/// The body of a response that may come in parts. An error cuts the connection.
pub(crate) type Parts = UnsyncBoxBody<Bytes, io::Error>;

/// How long to wait when the system has no file descriptor left for a new connection.
const EXHAUSTED: Duration = Duration::from_millis(20);

/// Accepts connections for ever and serves each in a task.
pub(crate) async fn accept<F, S>(listener: TcpListener, serve: F)
where
    F: Fn(TcpStream, SocketAddr) -> S,
    S: Future<Output = ()> + Send + 'static,
{
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let _ = stream.set_nodelay(true);
                    open.spawn(serve(stream, peer));
                }
                Err(_) => sleep(EXHAUSTED).await,
            },
            Some(_) = open.join_next() => {}
        }
    }
}

/// Answers the requests of one connection until it ends; `keep_alive` is how long it may wait for the next one's head.
pub(crate) async fn http<I, F, S, B>(io: I, keep_alive: Duration, answer: F)
where
    I: Read + Write + Unpin,
    F: Fn(Request<Incoming>) -> S,
    S: Future<Output = Response<B>>,
    B: hyper::body::Body + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let service = service_fn(|request| {
        let answer = answer(request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    // A connection that ends in an error concerns its client alone.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(keep_alive)
        .max_buf_size(128 * 1024)
        .serve_connection(io, service)
        .await;
}

/// Why a request's body was not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unread {
    TooLarge,
    TooSlow,
    Broken,
}

/// The whole body, if it is small enough and comes in time.
///
/// What is too large is let go by, for as long as it would have been waited for: a connection that is closed on a client that still sends is
/// reset, and the answer is lost on its way.
pub(crate) async fn read(mut body: Incoming, limit: usize, within: Duration) -> Result<Bytes, Unread> {
    let size = hyper::body::Body::size_hint(&body);
    if size.exact() == Some(0) {
        return Ok(Bytes::new());
    }
    let whole = async {
        if size.lower() > u64::try_from(limit).unwrap_or(u64::MAX) {
            return Err(Unread::TooLarge);
        }
        match Limited::new(&mut body, limit).collect().await {
            Ok(whole) => Ok(whole.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => Err(Unread::TooLarge),
            Err(_) => Err(Unread::Broken),
        }
    };
    let ends = Instant::now() + within;
    let read = timeout_at(ends, whole).await.unwrap_or(Err(Unread::TooSlow));
    if read == Err(Unread::TooLarge) {
        let passes = async { while let Some(Ok(_)) = body.frame().await {} };
        let _ = timeout_at(ends, passes).await;
    }
    read
}

/// The whole body, if it is small enough, however long it takes, as long as no piece of it is waited for longer than `idle`.
///
/// What is too large is let go by as by [`read`].
pub(crate) async fn read_in_pieces(mut body: Incoming, limit: usize, idle: Duration) -> Result<Bytes, Unread> {
    let expected = usize::try_from(hyper::body::Body::size_hint(&body).lower()).unwrap_or(usize::MAX);
    let mut whole = Vec::with_capacity(if expected > limit { 0 } else { expected });
    let mut fits = expected <= limit;
    while fits {
        match timeout(idle, body.frame()).await {
            Err(_) => return Err(Unread::TooSlow),
            Ok(None) => return Ok(whole.into()),
            Ok(Some(Err(_))) => return Err(Unread::Broken),
            Ok(Some(Ok(frame))) => {
                let data = frame.into_data().unwrap_or_default();
                fits = whole.len() + data.len() <= limit;
                whole.extend_from_slice(&data);
            }
        }
    }
    drop(whole);
    let passes = async { while let Some(Ok(_)) = body.frame().await {} };
    let _ = timeout(idle, passes).await;
    Err(Unread::TooLarge)
}

/// Whether a web page sends a request. Whoever may invoke functions or post to connections is a program on this machine: any page that somebody looks
/// at could do so as well, since a browser asks nobody before it sends a text. No SDK says where it comes from, and every browser does, with
/// whatever changes something.
pub(crate) fn is_of_a_page(headers: &HeaderMap) -> bool {
    headers.contains_key(header::ORIGIN)
}

/// A response that is there already, among those that may come in parts.
pub(crate) fn whole(response: Response<Body>) -> Response<Parts> {
    response.map(|body| body.map_err(|never| match never {}).boxed_unsync())
}

/// A response with nothing in it.
pub(crate) fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::default());
    *response.status_mut() = status;
    response
}

/// A response with a JSON text.
pub(crate) fn json(status: StatusCode, text: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(Body::new(text.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}

/// `{"message": …}`, which is how API Gateway says things.
pub(crate) fn message(status: StatusCode, message: &str) -> Response<Body> {
    json(status, json!({ "message": message }).to_string())
}
