//! The chat of the public samples, in both languages and with both ways to write a WebSocket API.

use std::fs;

use anyhow::{Context, Result};
use serde_json::json;

use super::super::client::Socket;
use super::super::world::until;
use super::Folder;

async fn two_people_talk(fixture: &str, template: &str) -> Result<()> {
    let folder = Folder::fixture(fixture)?;
    let connections = folder.path().join("connections");
    fs::create_dir(&connections)?;
    let connected = || fs::read_dir(&connections).map_or(0, Iterator::count);
    let world = folder.run(template, &[("ConnectionsFolder", &connections.to_string_lossy())]).await?;
    let url = &world.running.addresses().websocket["SimpleChatWebSocket"];
    let open = async || {
        let dialled = Socket::dial(url, &[]).await?;
        dialled.map_err(|refused| anyhow::anyhow!("refused with {}: {}", refused.status, refused.body))
    };
    let (mut anna, _) = open().await.with_context(|| format!("{:#?}", world.log.lines()))?;
    let (mut ben, _) = open().await?;
    assert_eq!(connected(), 2);
    for (said, heard) in [("hello", "hello"), ("žluťoučký 🐎", "žluťoučký 🐎")] {
        anna.say(json!({"action": "sendmessage", "data": said})).await?;
        for socket in [&mut anna, &mut ben] {
            let next = socket.hear().await.with_context(|| format!("{:#?}", world.log.lines()))?;
            assert_eq!(next, heard);
        }
    }
    // What the function fails at is told to the sender alone.
    ben.say(json!({"action": "sendmessage"})).await?;
    let frame = ben.hear_json().await?;
    assert_eq!(frame["message"], "Internal server error", "{frame}");
    ben.0.close(None).await?;
    until("the function of $disconnect", || (connected() == 1).then_some(())).await?;
    anna.say(json!({"action": "sendmessage", "data": "still here"})).await?;
    assert_eq!(anna.hear().await?, "still here");
    // Who is gone without the function having been told is found out by posting.
    fs::write(connections.join("AAAAAAAAAAAAAAA%3D"), "")?;
    anna.say(json!({"action": "sendmessage", "data": "and a stranger"})).await?;
    assert_eq!(anna.hear().await?, "and a stranger");
    until("the stranger to be forgotten", || (connected() == 1).then_some(())).await?;
    Ok(())
}

/// Only those whom the function of an authorizer lets in, and they are known by the name that it gives them.
async fn guests_talk(fixture: &str, template: &str) -> Result<()> {
    let folder = Folder::fixture(fixture)?;
    let connections = folder.path().join("connections");
    fs::create_dir(&connections)?;
    let world = folder.run(template, &[("ConnectionsFolder", &connections.to_string_lossy())]).await?;
    let url = &world.running.addresses().websocket["SimpleChatWebSocket"];
    for (query, status) in [("", 401), ("?token=expired", 401), ("?token=stranger", 403)] {
        let refused = Socket::dial(&format!("{url}{query}"), &[]).await?.err().context("a refusal")?;
        assert_eq!(refused.status, status, "{query}: {:#?}", world.log.lines());
    }
    let open = async |name: &str| {
        let dialled = Socket::dial(&format!("{url}?token={name}"), &[]).await?;
        dialled.map_err(|refused| anyhow::anyhow!("refused with {}: {}", refused.status, refused.body))
    };
    let ((mut anna, _), (mut ben, _)) = (open("anna").await?, open("ben").await?);
    for name in ["anna", "ben"] {
        let sender = if name == "anna" { &mut anna } else { &mut ben };
        sender.say(json!({"action": "sendmessage", "data": "hello"})).await?;
        for socket in [&mut anna, &mut ben] {
            assert_eq!(socket.hear().await?, format!("{name}: hello"));
        }
    }
    Ok(())
}

#[tokio::test]
async fn two_people_talk_in_python_through_a_written_out_api() -> Result<()> {
    two_people_talk("chat-python", "raw.yaml").await
}

#[tokio::test]
async fn two_people_talk_in_python_through_an_api_of_sam() -> Result<()> {
    two_people_talk("chat-python", "sam.yaml").await
}

#[tokio::test]
async fn two_people_talk_in_javascript_through_a_written_out_api() -> Result<()> {
    two_people_talk("chat-node", "raw.yaml").await
}

#[tokio::test]
async fn two_people_talk_in_javascript_through_an_api_of_sam() -> Result<()> {
    two_people_talk("chat-node", "sam.yaml").await
}

#[tokio::test]
async fn guests_of_an_authorizer_in_python_talk_through_either_form_of_an_api() -> Result<()> {
    guests_talk("chat-python", "raw-authorizer.yaml").await?;
    guests_talk("chat-python", "sam-authorizer.yaml").await
}

#[tokio::test]
async fn guests_of_an_authorizer_in_javascript_talk_through_either_form_of_an_api() -> Result<()> {
    guests_talk("chat-node", "raw-authorizer.yaml").await?;
    guests_talk("chat-node", "sam-authorizer.yaml").await
}
