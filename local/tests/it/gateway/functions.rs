//! tmp
use super::client::*;
use super::world::*;
use anyhow::Result;
use http::Request;
#[tokio::test]
async fn smoke() -> Result<()> {
    let world = World::start().await?;
    let r = send(Request::post(format!("{}/do", world.http())), "{}").await?;
    println!("{:?}", r);
    let mut s = Socket::open(&world).await?;
    println!("{}", s.id().await?);
    println!("{:#?}", world.log.lines());
    world.running.shutdown().await;
    Ok(())
}
