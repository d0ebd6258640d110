//! What the servers are put under.

use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::figures::percentile;
use super::http::Http;
use super::server::Server;
use super::{machine, socket};

/// Clients at once.
const CLIENTS: usize = 16;

/// What a client sends, and what is posted: a line of chat.
const TEXT: &str = r#"{"action":"say","text":"shall we meet at the harbor at seven, or is that too late for you?"}"#;

/// What was measured of one server.
pub(super) struct Measured {
    pub(super) start: Duration,
    pub(super) connections: Pace,
    pub(super) echoes: Pace,
    /// The median and the 99th percentile.
    pub(super) echo_ms: (f64, f64),
    pub(super) posts: Pace,
    pub(super) idle_kb: f64,
}

/// How much of something is done, and what each takes.
pub(super) struct Pace {
    pub(super) a_second: f64,
    /// Processor time of the server and of the functions, without that of the clients, with which they share the machine.
    pub(super) micros: f64,
}

impl Pace {
    fn of(count: usize, length: Duration, processor: Duration) -> Self {
        let count = count as f64;
        Self { a_second: count / length.as_secs_f64(), micros: processor.as_secs_f64() * 1e6 / count }
    }
}

/// Measures each load at a server of its own: one that has closed thousands of sockets at once may not come to rest again.
pub(super) fn measure(start: impl Fn() -> Result<Server>, idle_sockets: usize, length: Duration) -> Result<Measured> {
    let server = start()?;
    let (started, idle_kb) = (server.start, idle(&server, idle_sockets).context("idle sockets")?);
    drop(server);
    let server = start()?;
    let (opened, taken) = during(
        &server,
        length,
        || Ok(Vec::new()),
        |sockets: &mut Vec<TcpStream>| {
            sockets.push(socket::open(&server.websocket, None)?);
            Ok(())
        },
    )
    .context("connections")?;
    let connections = Pace::of(times(&opened), length, taken);
    drop((opened, server));
    let server = start()?;
    let open = || server.connection().map(|(socket, _)| (socket, Vec::new()));
    let (echoed, taken) = during(&server, length, open, |(socket, waits): &mut (TcpStream, Vec<f64>)| {
        let began = Instant::now();
        socket::write(socket, TEXT)?;
        socket::read(socket)?;
        waits.push(began.elapsed().as_secs_f64() * 1e3);
        Ok(())
    })
    .context("echoes")?;
    let echoes = Pace::of(times(&echoed), length, taken);
    let mut waits: Vec<f64> = echoed.into_iter().flat_map(|((_, waits), _)| waits).collect();
    let open = || {
        let (socket, id) = server.connection()?;
        Ok((Http::to(&server.management)?, format!("/{}", id.replace('=', "%3D")), socket))
    };
    let (posted, taken) = during(&server, length, open, |(http, path, socket): &mut (Http, String, TcpStream)| {
        let answer = http.call("POST", path, None, TEXT)?;
        ensure!(matches!(answer.status, 200 | 204), "a post was answered with {}", answer.status);
        ensure!(socket::read(socket)? == TEXT, "another text arrived");
        Ok(())
    })
    .context("posts")?;
    let posts = Pace::of(times(&posted), length, taken);
    let echo_ms = (percentile(&mut waits, 0.5), percentile(&mut waits, 0.99));
    Ok(Measured { start: started, connections, echoes, echo_ms, posts, idle_kb })
}

fn times<T>(done: &[(T, usize)]) -> usize {
    done.iter().map(|(_, times)| times).sum()
}

/// The memory of each of so many sockets that say nothing, in KB.
pub(super) fn idle(server: &Server, sockets: usize) -> Result<f64> {
    // What is set up once is not counted.
    let _first = (0..CLIENTS).map(|_| server.connection()).collect::<Result<Vec<_>>>()?;
    let before = settled(server);
    let left = AtomicU64::new(sockets as u64);
    let open = |_| -> Result<Vec<TcpStream>> {
        let mut opened = Vec::new();
        while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
            opened.push(socket::open(&server.websocket, None)?);
        }
        Ok(opened)
    };
    let opened = at_once(open)?;
    let after = settled(server);
    ensure!(opened.iter().map(Vec::len).sum::<usize>() == sockets, "not all could be opened");
    Ok((after.saturating_sub(before)) as f64 / sockets as f64)
}

/// Does something again and again for so long, in each of the clients; gives what each had and how often it did it, and the processor time that the server took.
fn during<T: Send>(
    server: &Server,
    length: Duration,
    begin: impl Fn() -> Result<T> + Sync,
    step: impl Fn(&mut T) -> Result<()> + Sync,
) -> Result<(Vec<(T, usize)>, Duration)> {
    let ready = (0..CLIENTS).map(|_| begin()).collect::<Result<Vec<T>>>()?;
    let before = machine::family(server.pid);
    let ends = Instant::now() + length;
    let done = std::thread::scope(|scope| {
        let step = &step;
        let clients: Vec<_> = ready
            .into_iter()
            .map(|mut state| {
                scope.spawn(move || {
                    let mut times = 0;
                    while Instant::now() < ends {
                        step(&mut state)?;
                        times += 1;
                    }
                    Ok((state, times))
                })
            })
            .collect();
        clients.into_iter().map(joined).collect::<Result<Vec<_>>>()
    })?;
    Ok((done, machine::family(server.pid).saturating_sub(before)))
}

fn at_once<T: Send>(work: impl Fn(usize) -> Result<T> + Sync) -> Result<Vec<T>> {
    std::thread::scope(|scope| {
        let work = &work;
        let clients: Vec<_> = (0..CLIENTS).map(|at| scope.spawn(move || work(at))).collect();
        clients.into_iter().map(joined).collect()
    })
}

fn joined<T>(client: std::thread::ScopedJoinHandle<'_, Result<T>>) -> Result<T> {
    client.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// The resident memory in KB, once it is at rest.
fn settled(server: &Server) -> u64 {
    std::thread::sleep(Duration::from_secs(1));
    machine::memory(server.pid).0
}
