//! A client's socket: what comes is put into the client's inbox, what it writes waits for nobody. Dropped, it is cut without a word.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message};

use super::client::Event;

const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) number: u32,
    out: UnboundedSender<String>,
    tasks: [JoinHandle<()>; 2],
}

/// Why there is no socket.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The token is not, or no longer, good.
    Unauthenticated,
    Other(String),
}

impl Socket {
    /// Opens one.
    pub(crate) async fn open(
        url: &str,
        token: &str,
        number: u32,
        inbox: UnboundedSender<Event>,
    ) -> Result<Self, Refusal> {
        let other = |error: &dyn std::fmt::Display| Refusal::Other(error.to_string());
        let mut request = url.into_client_request().map_err(|error| other(&error))?;
        let protocols = format!("parlour.v1, bearer.{token}").parse().map_err(|error| other(&error))?;
        request.headers_mut().insert("sec-websocket-protocol", protocols);
        let opened = async {
            let stream = TcpStream::connect(url.split('/').nth(2).unwrap_or_default()).await?;
            stream.set_nodelay(true)?;
            tokio_tungstenite::client_async(request, stream).await
        };
        let socket = match timeout(PATIENCE, opened).await {
            Ok(Ok((socket, _))) => socket,
            Ok(Err(tungstenite::Error::Http(response))) if response.status().as_u16() == 401 => {
                return Err(Refusal::Unauthenticated);
            }
            Ok(Err(error)) => return Err(other(&error)),
            Err(late) => return Err(other(&late)),
        };
        let (mut write, mut read) = socket.split();
        let (out, mut waiting) = unbounded_channel::<String>();
        let writer = tokio::spawn(async move {
            while let Some(text) = waiting.recv().await {
                if write.send(Message::text(text)).await.is_err() {
                    return;
                }
            }
        });
        let reader = tokio::spawn(async move {
            let why = loop {
                match read.next().await {
                    Some(Ok(Message::Text(text))) => drop(inbox.send(Event::Text(number, text.as_str().to_owned()))),
                    Some(Ok(Message::Close(frame))) => break format!("closed: {frame:?}"),
                    Some(Ok(_)) => {}
                    Some(Err(error)) => break error.to_string(),
                    None => break "ended".to_owned(),
                }
            };
            let _ = inbox.send(Event::Closed(number, why));
        });
        Ok(Self { number, out, tasks: [writer, reader] })
    }

    pub(crate) fn write(&self, text: String) {
        let _ = self.out.send(text);
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}
