//! Clients that nobody at `local` wrote: hyper for HTTP, tungstenite for WebSocket; and a bare socket for what they would never send.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message};

use super::world::{SOON, World};

/// One request on a connection of its own.
pub(crate) async fn send(request: http::request::Builder, body: impl Into<Bytes>) -> Result<Response<Bytes>> {
    send_whole(request.body(Full::new(body.into()))?).await
}

/// A request that is complete, for example signed.
pub(crate) async fn send_whole(request: Request<Full<Bytes>>) -> Result<Response<Bytes>> {
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let sent = timeout(SOON, client.request(request));
    let (head, body) = sent.await.context("no response in time")??.into_parts();
    Ok(Response::from_parts(head, timeout(SOON, body.collect()).await??.to_bytes()))
}

pub(crate) async fn get(url: &str) -> Result<Response<Bytes>> {
    send(Request::get(url), "").await
}

pub(crate) fn json(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap_or_default()
}

pub(crate) fn header<'a>(response: &'a Response<Bytes>, name: &str) -> &'a str {
    response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
}

/// Everything that comes back for these bytes until the other side closes or falls silent.
pub(crate) async fn raw(url: &str, bytes: &[u8]) -> Result<String> {
    let mut stream = TcpStream::connect(host(url)).await?;
    stream.write_all(bytes).await?;
    let mut answer = Vec::new();
    let _ = timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// `127.0.0.1:3000` of a URL.
pub(crate) fn host(url: &str) -> &str {
    url.split('/').nth(2).unwrap_or_default()
}

/// A WebSocket client.
pub(crate) struct Socket(pub(crate) WebSocketStream<TcpStream>);

/// A refused handshake, as the client sees it.
pub(crate) struct Refused {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Socket {
    pub(super) async fn open(world: &World) -> Result<Self> {
        match Self::dial(world.websocket(), &[]).await? {
            Ok((socket, _)) => Ok(socket),
            Err(refused) => bail!("refused with {}: {}", refused.status, refused.body),
        }
    }

    /// The socket and its protocol, or how it was refused.
    pub(crate) async fn dial(
        url: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Result<(Self, Option<String>), Refused>> {
        let mut request = url.into_client_request()?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse()?);
        }
        let stream = TcpStream::connect(host(url)).await?;
        stream.set_nodelay(true)?;
        let dialled = timeout(SOON, tokio_tungstenite::client_async(request, stream)).await;
        match dialled.context("no answer to the handshake in time")? {
            Ok((socket, response)) => {
                let protocol = response.headers().get("sec-websocket-protocol").and_then(|value| value.to_str().ok());
                Ok(Ok((Self(socket), protocol.map(str::to_owned))))
            }
            Err(tungstenite::Error::Http(response)) => Ok(Err(Refused {
                status: response.status().as_u16(),
                body: String::from_utf8_lossy(response.body().as_deref().unwrap_or_default()).into_owned(),
            })),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) async fn say(&mut self, message: impl ToString) -> Result<()> {
        Ok(self.0.send(Message::text(message.to_string())).await?)
    }

    /// The next frame that is not a pong.
    pub(crate) async fn next(&mut self) -> Result<Message> {
        let next = timeout(SOON, self.0.next()).await.context("heard nothing")?;
        Ok(next.context("the socket ended")??)
    }

    pub(crate) async fn hear(&mut self) -> Result<String> {
        match self.next().await? {
            Message::Text(text) => Ok(text.to_string()),
            other => bail!("heard {other:?}"),
        }
    }

    pub(crate) async fn hear_json(&mut self) -> Result<Value> {
        Ok(serde_json::from_str(&self.hear().await?)?)
    }

    /// The code and the reason of the close frame that comes next.
    pub(crate) async fn closed(&mut self) -> Result<(u16, String)> {
        match self.next().await? {
            Message::Close(Some(frame)) => Ok((frame.code.into(), frame.reason.to_string())),
            Message::Close(None) => Ok((1005, String::new())),
            other => bail!("heard {other:?}"),
        }
    }

    /// This connection's id, asked of the function.
    pub(crate) async fn id(&mut self) -> Result<String> {
        self.say(r#"{"action":"tell"}"#).await?;
        let event = self.hear_json().await?;
        Ok(event["requestContext"]["connectionId"].as_str().context("no id")?.to_owned())
    }
}
