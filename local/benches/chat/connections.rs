//! Thousands of sockets that mostly say nothing, all of them members of rooms.
//!
//! Rooms of a hundred sockets, of ten people with ten sockets each. Every socket is opened as any other (`$connect` is invoked for each) and sends its
//! first frame. Memory is what `local`'s resident memory grows by. Then two messages are said in each room, and everybody has to hear them.
//!
//! This program, `local` and the system need a file for each socket: `ulimit -Hn` bounds how many there can be.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::cloud::Cloud;
use super::crowd::{Crowd, Load, Room};
use super::dialect::Dialect;
use super::figures::{Table, percentile};
use super::writer::Pace;
use super::{machine, people, socket};

const SIZE: usize = 100;

/// How many sockets a person has.
const EACH: usize = 10;

/// Opened first, so that what is set up once is not counted.
const FIRST: usize = 200;

/// Messages a second, in all rooms together.
const RATE: f64 = 50.0;

pub(crate) fn measure(cloud: &mut Cloud, connections: usize, table: &mut Table) -> Result<()> {
    ensure!(connections > 0, "no sockets are no connections");
    let (_, tokens) = people::found(cloud, "first-of-many", FIRST / EACH)?;
    let _first = people::open(FIRST, &cloud.websocket, |at| Some(&tokens[at % tokens.len()]))?;
    let rooms: Vec<(String, Vec<String>)> = (0..connections.div_ceil(SIZE))
        .map(|room| people::found(cloud, &format!("one-of-many-{room}"), SIZE / EACH))
        .collect::<Result<_>>()?;
    let before = memory(cloud);
    let began = Instant::now();
    let opened = people::several(
        connections,
        || Ok(()),
        |(), at| {
            let (_, tokens) = &rooms[at % rooms.len()];
            Ok(socket::open(&cloud.websocket, tokens.get(at / rooms.len() % EACH).map(String::as_str)))
        },
    )?;
    let open_for = began.elapsed();
    let after = memory(cloud);
    let began = Instant::now();
    let (members, failures) = first_frames(opened, rooms)?;
    let first_frames_for = began.elapsed();
    let in_rooms: usize = members.iter().map(|room| room.sockets.len()).sum();
    let later = memory(cloud);
    ensure!(in_rooms > 0, "no socket could be opened: {}", failures.join("; "));

    let seconds =
        |time: Duration| format!("{:.1} s ({:.0} a second)", time.as_secs_f64(), in_rooms as f64 / time.as_secs_f64());
    let each = |memory: u64| memory.saturating_sub(before) as f64 / in_rooms as f64;
    let name = format!("{connections} sockets in rooms of {SIZE}");
    table.row(format!("{name}: open, failed"), format!("{in_rooms}, {}", failures.len()), "");
    if let Some(first) = failures.first() {
        table.row("… the first failure", first, "");
    }
    table.row(
        "… to open them; to send the first frame of each",
        format!("{}; {}", seconds(open_for), seconds(first_frames_for)),
        "",
    );
    table.row(
        "… memory of `local` for each: open, after its first frame",
        format!("{:.1} KB, {:.1} KB", each(after), each(later)),
        "12 KB",
    );
    reach(cloud, members, table)
}

/// Lets every socket that was opened send its first frame; gives the rooms with those that were answered, and what went wrong with the others.
fn first_frames(opened: Vec<Result<TcpStream>>, rooms: Vec<(String, Vec<String>)>) -> Result<(Vec<Room>, Vec<String>)> {
    let answered = people::several(
        opened.len(),
        || Ok(()),
        |(), at| Ok(opened[at].as_ref().ok().map(people::first_frame).transpose().map(drop)),
    )?;
    let count = rooms.len();
    let mut members: Vec<Room> = rooms.into_iter().map(|(id, _)| Room { id, sockets: Vec::new() }).collect();
    let mut failures = Vec::new();
    for (at, (socket, answered)) in opened.into_iter().zip(answered).enumerate() {
        match socket.and_then(|socket| answered.map(|()| socket)) {
            Ok(socket) => members[at % count].sockets.push(socket),
            Err(error) => failures.push(format!("{error:#}")),
        }
    }
    members.retain(|room| !room.sockets.is_empty());
    Ok((members, failures))
}

/// Two messages in each room, one room after the other.
fn reach(cloud: &Cloud, members: Vec<Room>, table: &mut Table) -> Result<()> {
    let rooms = members.len();
    let load = Load {
        pace: Pace::Rate(RATE),
        writers: EACH,
        warm_up: Duration::from_secs(2),
        measured: Duration::from_secs_f64(2.0 * rooms as f64 / RATE),
    };
    let mut counted = Crowd::of(members, Dialect::Parlour)?.talk(&load, || Ok(()))?.counted;
    let (p50, p99) = (percentile(&mut counted.delivery_ms, 0.5), percentile(&mut counted.delivery_ms, 0.99));
    let wrong = counted.disordered + counted.unlike_stored;
    table.row(
        format!("… {} messages in {rooms} rooms, {RATE:.0} a second: heard", counted.stored),
        format!("{} times, p50 {p50:.1} ms, p99 {p99:.1} ms", counted.delivery_ms.len()),
        "",
    );
    table.row(
        "… lost, doubled, out of order",
        format!("{}, {}, {wrong}{}", counted.lost, counted.doubled, counted.failures()),
        "0, 0, 0",
    );
    let (now, peak) = machine::memory(cloud.pid());
    table.row(
        "… memory of `local` with all of them",
        format!("{:.1} MB, at its peak {:.1} MB", now as f64 / 1024.0, peak as f64 / 1024.0),
        "",
    );
    Ok(())
}

/// In KiB, once it is at rest.
fn memory(cloud: &Cloud) -> u64 {
    std::thread::sleep(Duration::from_millis(500));
    machine::memory(cloud.pid()).0
}
