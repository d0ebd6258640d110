//! Whoever is put out of a busy room hears nothing of it two seconds later: measured, for many, one after the other.

#![expect(clippy::print_stdout, reason = "what was measured")]

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::future::join_all;
use parlour::wire::{Ban, Frame, Room};
use serde_json::json;
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message as Sent;

use super::client::{Person, Tab};
use super::spec;
use super::world::{BOUND, SOON, World, story};

/// How many are put out.
const PEOPLE: usize = 20;

/// When something of the room came last over a socket, and when that was closed.
async fn last_heard(mut tab: Tab) -> (Instant, Instant) {
    let mut last = Instant::now();
    let closed = async {
        while let Some(Ok(frame)) = tab.socket.next().await {
            if let Sent::Text(text) = frame
                && let Some(Frame::Changes { .. }) = spec::check_frame(&text)
            {
                last = Instant::now();
            }
        }
    };
    tokio::time::timeout(SOON, closed).await.expect("the socket is closed");
    (last, Instant::now())
}

/// Four people talk as fast as they are answered, until they are told to stop. Says how much was said.
async fn talk(world: &World, room: &Room, stopped: watch::Receiver<bool>) -> usize {
    let talkers = (0..4).map(|n| {
        let stopped = stopped.clone();
        async move {
            let person = world.person(&format!("talker{n}")).await;
            person.joins(room).await;
            let mut tab = person.opens(room).await;
            let mut said = 0;
            while !*stopped.borrow() {
                tab.says(&format!("{n} says {said}")).await;
                said += 1;
            }
            said
        }
    });
    join_all(talkers).await.into_iter().sum()
}

/// Puts people out of a busy room, one after the other, and measures from the answer to that.
async fn put_out(
    world: &World,
    what: &str,
    out: impl AsyncFn(&Person, &Room, &Person),
    then: impl AsyncFn(&Person, &Room),
) {
    let anna = world.person("anna").await;
    let room = anna.makes("tea").await;
    let (stop, stopped) = watch::channel(false);
    let one_by_one = async {
        let mut measured = Vec::new();
        for n in 0..PEOPLE {
            let victim = world.person(&format!("victim{n}")).await;
            victim.joins(&room).await;
            let mut tab = victim.opens(&room).await;
            tab.finds("the room being busy", |frame| matches!(frame, Frame::Changes { .. })).await;
            let heard = tokio::spawn(last_heard(tab));
            out(&anna, &room, &victim).await;
            let answered = Instant::now();
            let (last, closed) = heard.await.unwrap();
            let late = last.saturating_duration_since(answered);
            let closed = closed.saturating_duration_since(answered);
            assert!(late < BOUND && closed < BOUND, "{what} {n}: heard {late:?}, closed {closed:?} after the answer");
            measured.push((late, closed));
            then(&victim, &room).await;
        }
        stop.send(true).unwrap();
        measured
    };
    let (measured, said) = futures_util::join!(one_by_one, talk(world, &room, stopped));
    let middle_and_worst = |of: fn(&(Duration, Duration)) -> Duration| -> (Duration, Duration) {
        let mut all: Vec<Duration> = measured.iter().map(of).collect();
        all.sort();
        (all[all.len() / 2], all[(all.len() * 99).div_ceil(100) - 1])
    };
    println!(
        "{PEOPLE} times {what} while {said} messages were said: last heard p50 and p99 {:?}, closed {:?} after the answer",
        middle_and_worst(|m| m.0),
        middle_and_worst(|m| m.1)
    );
    assert!(said > PEOPLE * 2, "the room was not busy");
}

#[test]
fn nothing_of_a_busy_room_reaches_who_is_banned_later_than_two_seconds_after_the_answer() {
    story(|world| async move {
        let outside = std::sync::Mutex::new(Vec::new());
        let ban = async |by: &Person, room: &Room, whom: &Person| {
            let path = Person::about(room, "bans/{user}", whom);
            by.put(&path, json!({ "reason": "noise" })).await.expect_json::<Ban>(200);
        };
        let comes_back = async |victim: &Person, room: &Room| {
            let mut tab = victim.connects(room).await.unwrap();
            let sync = json!({ "action": "sync", "id": "s", "rooms": { room.id.clone(): 0 } });
            let synced = tab.asks(&sync).await;
            assert!(
                matches!(synced, Frame::Synced { rooms, gone, .. } if rooms.is_empty() && gone == [room.id.clone()])
            );
            outside.lock().unwrap().push(tab);
        };
        put_out(&world, "ban", ban, comes_back).await;
        for mut tab in outside.into_inner().unwrap() {
            let heard = tab.heard_so_far().await;
            assert!(heard.iter().all(|frame| !matches!(frame, Frame::Changes { .. })), "{heard:?}");
        }
    });
}

#[test]
fn nothing_of_a_busy_room_reaches_a_session_later_than_two_seconds_after_it_was_signed_out() {
    story(|world| async move {
        let sign_out = async |_: &Person, _: &Room, whom: &Person| {
            let token = json!({ "refresh_token": whom.session.refresh_token });
            assert_eq!(world.http().post("/logout", None, &token).await.status, 204);
        };
        let stays_out = async |victim: &Person, room: &Room| {
            assert!(victim.connects(room).await.is_err(), "a session that was signed out opens a socket");
        };
        put_out(&world, "sign-out", sign_out, stays_out).await;
    });
}
