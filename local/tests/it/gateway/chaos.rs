//! Faults on purpose, each as clients, callers and functions see it.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bytes::Bytes;
use futures_util::StreamExt;
use http::{Request, Response};
use local::Chaos;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite;

use super::client::{Socket, header, json, send};
use super::world::{Plan, SOON, World, until};

/// Nothing goes wrong but what is named.
fn plan(faults: &str) -> Result<Plan> {
    seeded(7, faults)
}

fn seeded(seed: u64, faults: &str) -> Result<Plan> {
    Ok(Plan { chaos: Some(Chaos::parse(&format!("{seed},all=0,{faults}"))?), ..Plan::default() })
}

/// A socket and its id, for which no frame is needed.
async fn open(world: &World) -> Result<(Socket, String)> {
    let before = world.running.connections();
    let socket = Socket::open(world).await?;
    let new = || world.running.connections().into_iter().find(|id| !before.contains(id));
    Ok((socket, until("the new connection", new).await?))
}

async fn post(world: &World, id: &str, text: impl Into<Bytes>) -> Result<Response<Bytes>> {
    let id = id.replace('=', "%3D");
    send(Request::post(format!("{}/@connections/{id}", world.management())), text).await
}

/// Posts what must be taken.
async fn tell(world: &World, id: &str, text: impl Into<Bytes>) -> Result<()> {
    let posted = post(world, id, text).await?;
    anyhow::ensure!(posted.status() == 200, "{posted:?}");
    Ok(())
}

fn count(world: &World, fault: &str) -> u64 {
    world.running.faults()[fault]
}

async fn counted(world: &World, fault: &str, expected: u64) -> Result<()> {
    until(&format!("{expected} of {fault}"), || (count(world, fault) == expected).then_some(())).await
}

/// Invokes `Echo` in a task; `X-Amz-Function-Error` and the payload.
fn invoke(world: &World, event: &Value) -> JoinHandle<Result<(String, Value)>> {
    let request = Request::post(format!("{}/2015-03-31/functions/echo/invocations", world.lambda()));
    let event = event.to_string();
    tokio::spawn(async move {
        let response = send(request, event).await?;
        Ok((header(&response, "x-amz-function-error").to_owned(), json(&response)))
    })
}

/// `T` is stopped.
fn state(process: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    stat.rsplit(") ").next()?.chars().next()
}

fn lines(world: &World, part: &str) -> usize {
    world.log.lines().iter().filter(|line| line.contains(part)).count()
}

/// The numbers that arrive of 60 posts, and how many were dropped.
async fn arriving(seed: u64) -> Result<(Vec<u32>, u64)> {
    let world = seeded(seed, "drop=0.3")?.start().await?;
    let (mut socket, id) = open(&world).await?;
    for number in 0..60 {
        tell(&world, &id, number.to_string()).await?;
    }
    let dropped = count(&world, "drop");
    world.running.calm();
    tell(&world, &id, "end").await?;
    let mut arrived = Vec::new();
    loop {
        match socket.hear().await?.as_str() {
            "end" => return Ok((arrived, dropped)),
            number => arrived.push(number.parse()?),
        }
    }
}

#[tokio::test]
async fn the_same_seed_drops_the_same_frames_and_another_one_others() -> Result<()> {
    let (first, dropped) = arriving(7).await?;
    assert!(dropped > 5 && first.len() as u64 + dropped == 60, "{first:?}, {dropped} dropped");
    assert!(first.is_sorted());
    assert_eq!(arriving(7).await?.0, first);
    assert_ne!(arriving(8).await?.0, first);
    Ok(())
}

#[tokio::test]
async fn a_reply_can_be_dropped_like_a_post_until_it_is_calm() -> Result<()> {
    let world = plan("drop=1")?.start().await?;
    let mut socket = Socket::open(&world).await?;
    socket.say(r#"{"action":"tell"}"#).await?;
    counted(&world, "drop", 1).await?;
    world.running.calm();
    socket.say(r#"{"action":"tell","do":"answer","answer":{"statusCode":200,"body":"first thing heard"}}"#).await?;
    assert_eq!(socket.hear().await?, "first thing heard");
    Ok(())
}

#[tokio::test]
async fn a_doubled_frame_arrives_twice() -> Result<()> {
    let world = plan("double=1")?.start().await?;
    let (mut socket, id) = open(&world).await?;
    for text in ["one".to_owned(), "y".repeat(100_000)] {
        tell(&world, &id, text.clone()).await?;
        assert_eq!((socket.hear().await?, socket.hear().await?), (text.clone(), text));
    }
    assert_eq!(count(&world, "double"), 2);
    Ok(())
}

#[tokio::test]
async fn delayed_frames_arrive_all_and_not_in_their_order() -> Result<()> {
    let world = plan("delay=1")?.start().await?;
    let (mut socket, id) = open(&world).await?;
    // In all less than what may wait for a client that does not read.
    let long = "y".repeat(33_000);
    for number in 10..30 {
        tell(&world, &id, format!("{number}{long}")).await?;
    }
    let mut heard = Vec::new();
    for _ in 10..30 {
        let text = socket.hear().await?;
        assert_eq!(text.get(2..), Some(long.as_str()), "what was split into frames stays together");
        heard.push(text[..2].parse::<u32>()?);
    }
    assert!(!heard.is_sorted(), "{heard:?}");
    heard.sort_unstable();
    assert_eq!(heard, (10..30).collect::<Vec<_>>());
    assert_eq!(count(&world, "delay"), 20);
    Ok(())
}

#[tokio::test]
async fn a_frame_is_overtaken_by_the_next_one_and_does_not_wait_for_ever() -> Result<()> {
    let world = plan("reorder=1")?.start().await?;
    let (mut socket, id) = open(&world).await?;
    // Busy machines may let the wait of the first one pass; then they arrive as they were sent, and nothing is counted.
    let (mut attempts, mut overtaken) = (0, false);
    while !overtaken {
        attempts += 1;
        anyhow::ensure!(attempts <= 20, "no frame is ever overtaken");
        let before = count(&world, "reorder");
        tell(&world, &id, "first").await?;
        tell(&world, &id, "second").await?;
        overtaken = count(&world, "reorder") > before;
        let heard = (socket.hear().await?, socket.hear().await?);
        let sent = ("first".to_owned(), "second".to_owned());
        assert_eq!(heard, if overtaken { (sent.1, sent.0) } else { sent });
    }
    tell(&world, &id, "alone").await?;
    assert_eq!(socket.hear().await?, "alone");
    Ok(())
}

#[tokio::test]
async fn posts_fail_in_every_way_and_the_socket_lives() -> Result<()> {
    for (fault, status, kind, arrives) in [
        ("gone", 410, "GoneException", false),
        ("throttle", 429, "LimitExceededException", false),
        ("fail", 500, "", false),
        ("lie", 500, "", true),
    ] {
        let world = plan(&format!("{fault}=1"))?.start().await?;
        let (mut socket, id) = open(&world).await?;
        let answer = post(&world, &id, "in the storm").await?;
        assert_eq!((answer.status().as_u16(), header(&answer, "x-amzn-errortype")), (status, kind), "{fault}");
        assert_eq!(answer.body().is_empty(), status != 500, "an SDK reads JSON or nothing");
        assert_eq!(count(&world, fault), 1);
        world.running.calm();
        tell(&world, &id, "in the calm").await?;
        if arrives {
            assert_eq!(socket.hear().await?, "in the storm");
        }
        assert_eq!(socket.hear().await?, "in the calm", "{fault}");
        assert_eq!(count(&world, fault), 1);
    }
    Ok(())
}

#[tokio::test]
async fn a_post_that_hangs_is_answered_only_in_the_calm() -> Result<()> {
    let world = plan("hang=1")?.start().await?;
    let (mut socket, id) = open(&world).await?;
    let url = format!("{}/@connections/{}", world.management(), id.replace('=', "%3D"));
    let hanging = tokio::spawn(async move { send(Request::post(url), "lost").await });
    counted(&world, "hang", 1).await?;
    // Another caller is served meanwhile, so that this one would have been, too.
    assert_eq!(send(Request::get(world.management()), "").await?.status(), 426);
    assert!(!hanging.is_finished());
    world.running.calm();
    assert_eq!(hanging.await??.status(), 500);
    tell(&world, &id, "heard").await?;
    assert_eq!(socket.hear().await?, "heard");
    Ok(())
}

#[tokio::test]
async fn a_lost_disconnect_invokes_nobody() -> Result<()> {
    let world = plan("lose_disconnect=1")?.start().await?;
    let mut sockets = [Socket::open(&world).await?, Socket::open(&world).await?];
    sockets[0].0.close(None).await?;
    counted(&world, "lose_disconnect", 1).await?;
    until("one socket to be gone", || (world.running.sockets() == 1).then_some(())).await?;
    world.running.calm();
    sockets[1].0.close(None).await?;
    world.logs("DISCONNECT").await?;
    until("every invocation's end", || (lines(&world, "START") == lines(&world, "REPORT")).then_some(())).await?;
    assert_eq!(lines(&world, "\"eventType\":\"DISCONNECT\""), 1, "{:#?}", world.log.lines());
    Ok(())
}

#[tokio::test]
async fn an_event_that_is_given_twice_is_answered_once() -> Result<()> {
    let world = plan("twice=1")?.start().await?;
    let (failed, answer) = invoke(&world, &json!({"do": "show", "mark": "once said"})).await??;
    assert_eq!((failed.as_str(), &answer["statusCode"]), ("", &json!(200)));
    until("two invocations", || (lines(&world, "REPORT") == 2).then_some(())).await?;
    assert_eq!(lines(&world, "once said"), 2, "{:#?}", world.log.lines());
    assert_eq!(count(&world, "twice"), 1, "the second one is not given again");
    Ok(())
}

#[tokio::test]
async fn a_killed_process_is_a_failed_invocation() -> Result<()> {
    let world = plan("kill=1")?.start().await?;
    let (failed, error) = invoke(&world, &json!({"do": "sleep"})).await??;
    assert_eq!((failed.as_str(), &error["errorType"]), ("Unhandled", &json!("Runtime.ExitError")));
    let message = error["errorMessage"].as_str().unwrap_or_default();
    assert!(message.ends_with("signal: killed"), "{message}");
    assert_eq!(count(&world, "kill"), 1);
    world.running.calm();
    let (failed, _) = invoke(&world, &json!({"do": "sleep", "ms": 500})).await??;
    assert_eq!(failed, "");
    Ok(())
}

#[tokio::test]
async fn a_frozen_process_goes_on_in_the_calm_and_does_not_outlive_us() -> Result<()> {
    let world = plan("freeze=1")?.start().await?;
    let slow = invoke(&world, &json!({"do": "sleep", "ms": 3000}));
    let process = until("a frozen process", || first_stopped(&world)).await?;
    counted(&world, "freeze", 1).await?;
    world.running.calm();
    until("it to go on", || (state(process) != Some('T')).then_some(())).await?;
    assert_eq!(slow.await??.0, "");

    let world = plan("freeze=1")?.start().await?;
    let _lost = invoke(&world, &json!({"do": "sleep", "ms": 3000}));
    let process = until("a frozen process", || first_stopped(&world)).await?;
    world.running.shutdown().await;
    assert_eq!(state(process), None);
    Ok(())
}

fn first_stopped(world: &World) -> Option<u32> {
    world.processes().into_iter().find(|process| state(*process) == Some('T'))
}

/// Whether the socket ends by a reset and without a close frame.
async fn reset(socket: &mut Socket) -> Result<()> {
    match timeout(SOON, socket.0.next()).await.context("the socket does not end")? {
        Some(Err(tungstenite::Error::Io(error))) if error.kind() == std::io::ErrorKind::ConnectionReset => Ok(()),
        other => anyhow::bail!("heard {other:?}"),
    }
}

#[tokio::test]
async fn a_cut_socket_is_reset_and_its_function_is_told() -> Result<()> {
    let world = plan("cut=100ms")?.start().await?;
    let mut sockets = [Socket::open(&world).await?, Socket::open(&world).await?];
    for socket in &mut sockets {
        reset(socket).await?;
    }
    assert_eq!(count(&world, "cut"), 2);
    world.logs("\"disconnectStatusCode\":1006").await?;
    Ok(())
}

#[tokio::test]
async fn all_sockets_can_be_cut_at_once() -> Result<()> {
    let world = World::start().await?;
    let mut sockets = [Socket::open(&world).await?, Socket::open(&world).await?];
    until("two sockets", || (world.running.sockets() == 2).then_some(())).await?;
    world.running.cut_all();
    for socket in &mut sockets {
        reset(socket).await?;
    }
    until("no socket", || (world.running.sockets() == 0).then_some(())).await?;
    assert!(world.running.faults().is_empty(), "there is no chaos");
    Ok(())
}

#[tokio::test]
async fn a_fast_clock_shortens_the_life_of_a_socket_until_it_is_calm() -> Result<()> {
    for (idle, lifetime) in [(3600, 60), (60, 3600)] {
        let mut plan = plan("clock=100")?;
        (plan.limits.idle, plan.limits.lifetime) = (Duration::from_secs(idle), Duration::from_secs(lifetime));
        let world = plan.start().await?;
        let mut socket = Socket::open(&world).await?;
        assert_eq!(socket.closed().await?, (1001, "Going away".into()));
        assert_eq!(count(&world, "clock"), 1);
        let mut socket = Socket::open(&world).await?;
        world.running.calm();
        tokio::time::sleep(Duration::from_millis(800)).await;
        socket.id().await?;
        assert_eq!(count(&world, "clock"), 1);
    }
    Ok(())
}

#[tokio::test]
async fn whoever_has_the_database_is_told_when_to_kill_it() -> Result<()> {
    let world = plan("mongod=50ms")?.start().await?;
    for expected in 1..3 {
        timeout(SOON, world.running.database_dies()).await?;
        assert_eq!(count(&world, "mongod"), expected);
    }
    world.running.calm();
    assert!(timeout(Duration::from_millis(200), world.running.database_dies()).await.is_err());
    assert_eq!(count(&world, "mongod"), 2);
    Ok(())
}

#[tokio::test]
async fn everything_at_once_settles_in_the_calm() -> Result<()> {
    let rates = "drop=0.1,delay=0.2,reorder=0.2,double=0.1,gone=0.1,throttle=0.1,fail=0.1,hang=0.1,lie=0.1,lose_disconnect=0.5,\
                 cut=300ms,clock=5000,twice=0.3,kill=0.2,freeze=0.2";
    let world = plan(rates)?.start().await?;
    let missing = || -> Vec<&str> {
        let faults = world.running.faults();
        faults.into_iter().filter(|(name, count)| *count == 0 && *name != "mongod").map(|(name, _)| name).collect()
    };
    let begun = Instant::now();
    while !missing().is_empty() {
        anyhow::ensure!(begun.elapsed() < SOON, "these never happened: {:?}", missing());
        let Ok(Ok(mut socket)) = timeout(Duration::from_secs(1), Socket::open(&world)).await else { continue };
        let _ = socket.say(r#"{"action":"tell","do":"sleep","ms":100}"#).await;
        for id in world.running.connections() {
            for _ in 0..4 {
                let _ = timeout(Duration::from_millis(50), post(&world, &id, "in the storm")).await;
            }
        }
        // What it is told does not matter, as long as it is read.
        tokio::spawn(async move { while socket.next().await.is_ok() {} });
    }
    world.running.calm();
    until("no process to be frozen", || first_stopped(&world).is_none().then_some(())).await?;
    let (mut socket, id) = open(&world).await?;
    let before = world.running.faults();
    for number in 0..50 {
        tell(&world, &id, number.to_string()).await?;
    }
    for number in 0..50 {
        assert_eq!(socket.hear().await?, number.to_string());
    }
    assert_eq!(world.running.faults(), before);
    let processes = world.processes();
    world.running.shutdown().await;
    assert!(processes.into_iter().all(|process| state(process).is_none()));
    Ok(())
}
