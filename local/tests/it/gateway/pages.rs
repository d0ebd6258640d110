//! Web pages that somebody looks at while `local` runs: their browser lets any of them send a text to any address of this machine.

use anyhow::{Context, Result};
use http::Request;
use serde_json::json;

use super::client::{json, send};
use super::world::World;

const FOREIGN: [&str; 3] = ["https://example.org", "null", "http://localhost:8800"];

#[tokio::test]
async fn a_page_invokes_no_function() -> Result<()> {
    let world = World::start().await?;
    let url = format!("{}/2015-03-31/functions/echo/invocations", world.lambda());
    for origin in FOREIGN {
        let request = Request::post(&url).header("origin", origin).header("content-type", "text/plain");
        let refused = send(request, r#"{"do":"show"}"#).await?;
        assert_eq!(refused.status(), 403, "{origin}");
    }
    assert!(world.processes().is_empty(), "a page had a function run");
    Ok(())
}

#[tokio::test]
async fn a_page_posts_to_no_connection_and_closes_none() -> Result<()> {
    let world = World::start().await?;
    let url = format!("{}/@connections/L0SM9cOFvHcCIhw%3D", world.management());
    for method in ["POST", "DELETE"] {
        let with_origin = |request: http::request::Builder| send(request, "hello");
        let request = || Request::builder().method(method).uri(&url);
        assert_eq!(with_origin(request().header("origin", FOREIGN[0])).await?.status(), 403, "{method}");
        assert_eq!(with_origin(request()).await?.status(), 410, "{method}");
    }
    Ok(())
}

#[tokio::test]
async fn a_page_takes_no_event_from_a_function() -> Result<()> {
    let world = World::start().await?;
    let request = Request::post(format!("{}/2015-03-31/functions/echo/invocations", world.lambda()));
    let environment = json(&send(request, json!({"do": "env"}).to_string()).await?);
    let environment: serde_json::Value = serde_json::from_str(environment["body"].as_str().context("no body")?)?;
    let api = environment["AWS_LAMBDA_RUNTIME_API"].as_str().context("no address")?;
    let next = Request::get(format!("http://{api}/2018-06-01/runtime/invocation/next")).header("origin", FOREIGN[0]);
    assert_eq!(send(next, "").await?.status(), 403);
    Ok(())
}
