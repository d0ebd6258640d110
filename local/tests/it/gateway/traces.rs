//! A trace that a client has begun goes on in the function, and no other is told.

use anyhow::Result;
use http::Request;
use serde_json::Value;

use super::client::{Socket, json, send};
use super::world::World;

const ROOT: &str = "Root=1-5759e988-bd862e3fe1be46a994272793";

/// What is sent, and whether it is a trace that can go on.
fn sent() -> [(String, bool); 3] {
    [
        (format!("{ROOT};Parent=53995c3f42cd8ad8;Sampled=1"), true),
        ("Root=1-5759e988".into(), false),
        ("x".into(), false),
    ]
}

#[tokio::test]
async fn a_request_and_its_function_have_one_trace() -> Result<()> {
    let world = World::start().await?;
    let ask = |query: &str, trace: &str| {
        let request = Request::get(format!("{}/rooms/tea{query}", world.http())).header("X-Amzn-Trace-Id", trace);
        async move { anyhow::Ok(json(&send(request, "").await?)) }
    };
    for (trace, goes_on) in sent() {
        let event = ask("", &trace).await?;
        let shown = event["headers"]["x-amzn-trace-id"].as_str().unwrap_or_default();
        assert_eq!(shown == trace, goes_on, "{trace}: {shown}");
        assert!(shown.starts_with("Root=1-"), "{shown}");
        let told = ask("?do=head", &trace).await?["lambda-runtime-trace-id"].take();
        let told = told.as_str().unwrap_or_default();
        assert_eq!(told.starts_with(&format!("{ROOT};")), goes_on, "{trace}: {told}");
    }
    Ok(())
}

#[tokio::test]
async fn a_handshake_and_its_function_have_one_trace() -> Result<()> {
    let world = World::start().await?;
    for (trace, goes_on) in sent() {
        let url = format!("{}?do=head&status=401", world.websocket());
        let refused = Socket::dial(&url, &[("X-Amzn-Trace-Id", &trace)]).await?;
        let Err(refused) = refused else { anyhow::bail!("let in") };
        let told = serde_json::from_str::<Value>(&refused.body)?["lambda-runtime-trace-id"].take();
        let told = told.as_str().unwrap_or_default();
        assert_eq!(told.starts_with(&format!("{ROOT};")), goes_on, "{trace}: {told}");
        assert!(told.starts_with("Root=1-"), "{told}");
    }
    Ok(())
}
