//! The end of everything: nobody is let in any more, and whoever is in hears goodbye, in whatever moment it comes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::client::Socket;
use super::world::{Plan, SOON, function, until};

#[tokio::test]
async fn whoever_is_about_to_be_let_in_hears_goodbye_as_well() -> Result<()> {
    let mut plan = Plan::default();
    plan.limits.shutdown = SOON;
    let world = plan.start().await?;
    let url = format!("{}?do=sleep&ms=1500", world.websocket());
    let (log, processes) = (world.log.clone(), || world.processes().len());
    let client = tokio::spawn(async move {
        let (mut socket, _) = Socket::dial(&url, &[]).await?.map_err(|refused| anyhow::anyhow!(refused.body))?;
        socket.closed().await
    });
    until("$connect to run", || (processes() == 1).then_some(())).await?;
    tokio::time::timeout(SOON, world.running.shutdown()).await?;
    assert_eq!(client.await??, (1001, "Going away".into()));
    assert!(log.lines().iter().any(|line| line.contains("DISCONNECT")), "{:#?}", log.lines());
    Ok(())
}

#[tokio::test]
async fn whoever_comes_while_the_sockets_are_closed_is_not_let_in() -> Result<()> {
    let mut plan = Plan::default();
    plan.limits.shutdown = SOON;
    plan.socket().routes.clear();
    let world = plan.start().await?;
    // One that does not read takes its time to close.
    let _deaf = Socket::open(&world).await?;
    let url = world.websocket().to_owned();
    let ending = tokio::spawn(world.running.shutdown());
    loop {
        match Socket::dial(&url, &[]).await?.map(|(socket, _)| socket) {
            Ok(mut early) => assert_eq!(early.closed().await?.0, 1001),
            Err(refused) => {
                assert_eq!((refused.status, refused.body.contains("Service Unavailable")), (503, true));
                break;
            }
        }
    }
    ending.await?;
    Ok(())
}

#[tokio::test]
async fn no_api_waits_for_another_one_to_be_closed() -> Result<()> {
    let mut plan = Plan::default();
    plan.limits.shutdown = SOON;
    // The first one, by its name, whose `$disconnect` takes as long as a process may need to start.
    let mut slow = plan.socket().clone();
    slow.routes.retain(|key, _| key == "$disconnect");
    slow.routes.values_mut().for_each(|route| route.function = "Slow".into());
    (slow.logical_id, slow.id) = ("Another".into(), "klmno12345".into());
    plan.cloud.websocket_apis.insert("Another".into(), slow);
    let mut sleeper = function("Slow");
    sleeper.environment = BTreeMap::from([("INIT".to_owned(), "sleep".to_owned())]);
    plan.cloud.functions.insert("Slow".into(), sleeper);
    let world = plan.start().await?;
    let first = world.running.addresses().websocket.get("Another").context("no such API")?.clone();
    let Ok((first, _)) = Socket::dial(&first, &[]).await? else { anyhow::bail!("refused") };
    let mut second = Socket::open(&world).await?;
    drop(first);
    until("the first one to be gone", || (world.running.sockets() == 1).then_some(())).await?;
    let began = Instant::now();
    let ending = tokio::spawn(world.running.shutdown());
    assert_eq!(second.closed().await?.0, 1001);
    assert!(began.elapsed() < Duration::from_secs(5), "it took {:?}", began.elapsed());
    ending.abort();
    Ok(())
}
