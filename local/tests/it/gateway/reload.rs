//! What is replaced while requests are under way: each meets what was there when it came, or what is there now, and never nothing.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use local::model::{Cloud, Cors, FunctionUrl, HttpRoute, Mapping};
use local::serve::Change;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::client::{get, header, host, json, send};
use super::http_authorizers;
use super::issuers::served;
use super::world::{Plan, SOON, World, echo, function};

fn replace(world: &World, cloud: &Cloud) -> Result<Vec<String>> {
    let program = echo()?;
    world.running.replace(Change {
        cloud: cloud.clone(),
        programs: cloud.functions.keys().map(|id| (id.clone(), program.clone())).collect(),
        environment: BTreeMap::new(),
        extra_environment: BTreeMap::new(),
        stale: BTreeSet::new(),
    })
}

/// Reads until there is a text, and gives all that was read.
async fn read_until(stream: &mut TcpStream, part: &str) -> Result<String> {
    let mut read = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if text.contains(part) {
            return Ok(text);
        }
        let length = timeout(SOON, stream.read_buf(&mut read)).await.with_context(|| format!("only {text:?}"))??;
        if length == 0 {
            bail!("the connection ended behind {text:?}");
        }
    }
}

#[tokio::test]
async fn a_changed_mapping_leads_functions_to_its_domain() -> Result<()> {
    let mut plan = Plan::default();
    plan.echo().environment.insert("ENDPOINT".into(), "https://new.example.org/live".into());
    let mut cloud = plan.cloud.clone();
    let world = plan.start().await?;
    let endpoint = || async {
        let answer = get(&format!("{}/rooms/x?do=env", world.http())).await?;
        anyhow::Ok(serde_json::from_slice::<serde_json::Value>(answer.body())?["ENDPOINT"].take())
    };
    assert_eq!(endpoint().await?, "https://new.example.org/live");
    let api = cloud.websocket_apis.get_mut("Socket").context("no such API")?;
    api.mappings = vec![Mapping { domain: "new.example.org".into(), key: "live".into() }];
    assert_eq!(replace(&world, &cloud)?, ["Echo changed", "Socket changed"]);
    assert_eq!(endpoint().await?, world.management().replace("/v1", "/live"));
    Ok(())
}

#[tokio::test]
async fn connections_that_were_there_before_go_by_the_new_description() -> Result<()> {
    let plan = Plan::default();
    let mut cloud = plan.cloud.clone();
    let world = plan.start().await?;
    let ask = b"GET /live/@connections/AAAAAAAAAAAAAAA= HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut silent = TcpStream::connect(host(world.websocket())).await?;
    // Connections are accepted in their order, so that the silent one is by the time this one is answered.
    let mut kept = TcpStream::connect(host(world.websocket())).await?;
    kept.write_all(ask).await?;
    assert!(read_until(&mut kept, "\r\n\r\n{").await?.starts_with("HTTP/1.1 403 "));
    let api = cloud.websocket_apis.get_mut("Socket").context("no such API")?;
    api.mappings = vec![Mapping { domain: "new.example.org".into(), key: "live".into() }];
    replace(&world, &cloud)?;
    kept.write_all(ask).await?;
    let answer = read_until(&mut kept, "\r\n\r\n").await?;
    assert!(answer.contains("HTTP/1.1 410 "), "{answer}");
    let handshake = "GET /live HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    silent.write_all(handshake.as_bytes()).await?;
    let answer = read_until(&mut silent, "\r\n\r\n").await?;
    assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
    Ok(())
}

#[tokio::test]
async fn a_request_that_came_before_its_function_went_is_answered_by_it() -> Result<()> {
    let mut plan = Plan::default();
    let without = plan.cloud.clone();
    plan.cloud.functions.insert("Leaving".into(), function("Leaving"));
    let route = HttpRoute {
        method: "POST".into(),
        path: "/leaving".into(),
        function: "Leaving".into(),
        ..HttpRoute::default()
    };
    plan.api().routes.push(route);
    let world = plan.start().await?;
    let mut stream = TcpStream::connect(host(world.http())).await?;
    let head =
        "POST /leaving HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\nConnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).await?;
    read_until(&mut stream, "HTTP/1.1 100 ").await?;
    assert_eq!(replace(&world, &without)?, ["Leaving is gone", "Api changed"]);
    stream.write_all(b"hello").await?;
    let answer = read_until(&mut stream, r#""routeKey":"POST /leaving""#).await?;
    assert!(answer.contains("HTTP/1.1 200 "), "{answer}");
    // For everybody else it is gone.
    assert_eq!(send(http::Request::post(format!("{}/leaving", world.http())), "").await?.status(), 404);
    let named = format!("{}/2015-03-31/functions/leaving/invocations", world.lambda());
    assert_eq!(send(http::Request::post(named), "").await?.status(), 404);
    Ok(())
}

#[tokio::test]
async fn a_changed_function_url_takes_effect_and_its_function_keeps_its_process() -> Result<()> {
    let mut plan = Plan { iam: true, ..Plan::default() };
    let url = FunctionUrl { id: "abcdefgh".into(), qualifier: None, signed: false, streams: false, cors: None };
    plan.echo().url = Some(url.clone());
    let mut cloud = plan.cloud.clone();
    let world = plan.start().await?;
    let address = world.running.addresses().urls["Echo"].clone();
    let mut kept = TcpStream::connect(host(&address)).await?;
    let ask = b"GET / HTTP/1.1\r\nHost: x\r\nOrigin: https://a.example\r\n\r\n";
    kept.write_all(ask).await?;
    let answer = read_until(&mut kept, "\r\n\r\n{").await?;
    assert!(answer.starts_with("HTTP/1.1 200 ") && !answer.contains("access-control-allow-origin"), "{answer}");
    let before = world.processes();

    let cors = Cors { origins: vec!["https://a.example".into()], ..Cors::default() };
    let echo = cloud.functions.get_mut("Echo").context("no function")?;
    echo.url = Some(FunctionUrl { signed: true, cors: Some(cors), ..url });
    assert_eq!(replace(&world, &cloud)?, ["the function URL of Echo changed"]);
    assert_eq!(replace(&world, &cloud)?, Vec::<String>::new());
    let refused = send(http::Request::get(&address).header("origin", "https://a.example"), "").await?;
    assert_eq!(
        (refused.status().as_u16(), header(&refused, "access-control-allow-origin")),
        (403, "https://a.example")
    );
    // On a connection that was there before as well.
    kept.write_all(ask).await?;
    assert!(read_until(&mut kept, "Forbidden").await?.contains("HTTP/1.1 403 "));
    assert_eq!(world.processes(), before);
    Ok(())
}

#[tokio::test]
async fn authorizers_that_stay_as_they_are_keep_what_they_know() -> Result<()> {
    let issuer = http_authorizers::Issuer::new()?;
    let (url, asked) = served(&issuer, 100).await?;
    let mut plan = http_authorizers::plan()?;
    plan.issuers = BTreeMap::from([(http_authorizers::ISSUER.to_owned(), url)]);
    let mut cloud = plan.cloud.clone();
    let world = plan.start().await?;
    let token = issuer.token(&serde_json::json!({}))?;
    let judged = async || -> Result<(u16, Value)> {
        let let_in = http_authorizers::get(&world, "Api", "/token", &[("authorization", &token)]).await?.status();
        let event = json(&http_authorizers::get(&world, "Api", "/policy/a?who=allow", &[]).await?);
        Ok((let_in.as_u16(), event["requestContext"]["authorizer"]["lambda"]["asked"].clone()))
    };
    let first = judged().await?;
    assert!(first.0 == 200 && first.1.is_string(), "{first:?}");
    let api = cloud.http_apis.get_mut("Api").context("no API")?;
    api.stage_variables.insert("new".into(), "variable".into());
    assert_eq!(replace(&world, &cloud)?, ["Api changed"]);
    assert_eq!(judged().await?, first, "the function is not asked again");
    assert_eq!(asked.load(std::sync::atomic::Ordering::Relaxed), 2, "nor is the issuer");

    // One that is different knows nothing of the one before.
    let api = cloud.http_apis.get_mut("Api").context("no API")?;
    for authorizer in api.authorizers.values_mut() {
        match authorizer {
            local::model::access::HttpAuthorizer::Jwt(one) => one.audiences.push("another".into()),
            local::model::access::HttpAuthorizer::Lambda(one) => one.ttl += std::time::Duration::from_secs(1),
        }
    }
    assert_eq!(replace(&world, &cloud)?, ["Api changed"]);
    let again = judged().await?;
    assert_eq!(again.0, 200);
    assert_ne!(again.1, first.1);
    assert_eq!(asked.load(std::sync::atomic::Ordering::Relaxed), 4);
    Ok(())
}
