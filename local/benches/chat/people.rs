//! Filling rooms: accounts, memberships and sockets, by the APIs, several at a time.

use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};
use parlour::wire;
use serde_json::json;

use super::cloud::Cloud;
use super::crowd::Room;
use super::http::Http;
use super::socket;

/// How many do it at the same time.
const AT_ONCE: usize = 8;

const PASSWORD: &str = "correct horse";

/// The most people in one room; further sockets are theirs, too, up to ten for each.
pub(crate) const MOST: usize = 100;

/// Makes a room with so many open sockets, each of which has sent its first frame: before that nothing is sent to it.
///
/// The first sockets are of different people.
pub(crate) fn room(cloud: &Cloud, name: &str, sockets: usize) -> Result<Room> {
    let (id, tokens) = found(cloud, name, sockets.min(MOST))?;
    let sockets = open(sockets, &cloud.websocket, |at| Some(&tokens[at % tokens.len()]))?;
    several(sockets.len(), || Ok(()), |(), at| first_frame(&sockets[at]))?;
    Ok(Room { id, sockets })
}

/// Makes a room with so many people; gives its id and their tokens.
pub(crate) fn found(cloud: &Cloud, name: &str, people: usize) -> Result<(String, Vec<String>)> {
    let address = cloud.http.as_str();
    let tokens = several(
        people,
        || Http::to(address),
        |http, at| {
            let body = json!({ "name": format!("{name}-{at}"), "password": PASSWORD });
            let session: wire::Session = http.ask("POST", "/register", None, &body.to_string())?;
            Ok(session.access_token)
        },
    )?;
    let mut http = Http::to(address)?;
    let body = json!({ "name": name, "client_id": format!("{name}-client") });
    let owner = tokens.first().map(String::as_str);
    let room: wire::Room = http.ask("POST", "/rooms", owner, &body.to_string())?;
    let join = format!("/rooms/{}/join", room.id);
    several(people, || Http::to(address), |http, at| http.ask::<wire::Room>("POST", &join, Some(&tokens[at]), "{}"))?;
    Ok((room.id, tokens))
}

/// Lets a socket send its first frame, and waits for the reply.
pub(crate) fn first_frame(socket: &TcpStream) -> Result<()> {
    socket::write(socket, &json!({ "action": "sync", "id": "first", "rooms": {} }).to_string())?;
    while !socket::read(socket)?.contains("\"synced\"") {}
    Ok(())
}

/// Opens so many sockets.
pub(crate) fn open<'t>(
    sockets: usize,
    url: &str,
    token: impl Fn(usize) -> Option<&'t String> + Sync,
) -> Result<Vec<TcpStream>> {
    several(sockets, || Ok(()), |(), at| socket::open(url, token(at).map(String::as_str)))
}

/// Does something so many times, and gives what came of each.
pub(crate) fn several<W, T: Send>(
    times: usize,
    worker: impl Fn() -> Result<W> + Sync,
    work: impl Fn(&mut W, usize) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(times));
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE.min(times))
            .map(|_| {
                scope.spawn(|| -> Result<()> {
                    let mut worker = worker()?;
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        if at >= times {
                            return Ok(());
                        }
                        let one = work(&mut worker, at)?;
                        done.lock().ok().context("another worker failed")?.push((at, one));
                    }
                })
            })
            .collect();
        workers.into_iter().try_for_each(|worker| worker.join().ok().context("a worker failed")?)
    })?;
    let mut done = done.into_inner().ok().context("a worker failed")?;
    done.sort_by_key(|(at, _)| *at);
    Ok(done.into_iter().map(|(_, one)| one).collect())
}
