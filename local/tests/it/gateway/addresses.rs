//! Ports: the ones that were asked for, the next ones, and the taken ones; and what leads to an API there.

use anyhow::{Context, Result};
use http::Request;
use local::model::Mapping;
use local::serve::{Bound, Ports};
use tokio::net::TcpListener;

use super::client::{Socket, send};
use super::world::Plan;

#[tokio::test]
async fn a_taken_port_is_said_with_its_purpose_and_the_option_that_changes_it() -> Result<()> {
    let taken = TcpListener::bind(("127.0.0.1", 0)).await?;
    let port = taken.local_addr()?.port();
    let cloud = Plan::default().cloud;
    for (ports, what, option) in [
        (Ports { http: port, ..Ports::default() }, "the HTTP API Api", "--http-port"),
        (Ports { websocket: port, ..Ports::default() }, "the WebSocket API Socket", "--websocket-port"),
        (Ports { lambda: port, ..Ports::default() }, "Lambda's Invoke API", "--lambda-port"),
        (Ports { site: port, ..Ports::default() }, "the site", "--site-port"),
    ] {
        let error = Bound::bind(&cloud, &ports, true).await.err().context("the port was taken twice")?;
        let expected = format!("port {port} for {what} is taken: end what uses it, or choose another with {option}");
        assert_eq!(format!("{error:#}"), expected);
    }
    Ok(())
}

#[tokio::test]
async fn a_second_api_takes_the_next_port() -> Result<()> {
    let mut plan = Plan::default();
    let mut second = plan.api().clone();
    second.logical_id = "Other".into();
    second.stage = "live".into();
    plan.cloud.http_apis.insert("Other".into(), second);
    // Two neighbours that are free now are most likely free in a moment, too.
    let http = loop {
        let first = TcpListener::bind(("127.0.0.1", 0)).await?.local_addr()?.port();
        if first < u16::MAX && TcpListener::bind(("127.0.0.1", first + 1)).await.is_ok() {
            break first;
        }
    };
    let bound = Bound::bind(&plan.cloud, &Ports { http, ..Ports::default() }, false).await?;
    assert_eq!(bound.addresses().http["Api"], format!("http://127.0.0.1:{http}"));
    assert_eq!(bound.addresses().http["Other"], format!("http://127.0.0.1:{}/live", http + 1));
    assert_eq!(bound.addresses().site, None);
    let (socket, management) = (&bound.addresses().websocket["Socket"], &bound.addresses().management["Socket"]);
    assert_eq!(socket.strip_prefix("ws"), management.strip_prefix("http"));
    Ok(())
}

#[tokio::test]
async fn the_key_of_a_mapping_leads_to_the_stage() -> Result<()> {
    for (key, path) in [("live", "/live"), ("", "")] {
        let mut plan = Plan::default();
        plan.socket().mappings = vec![Mapping { domain: "chat.example.org".into(), key: key.into() }];
        plan.echo().environment.insert("ENDPOINT".into(), format!("https://chat.example.org{path}"));
        let world = plan.start().await?;
        let root = world.websocket().replace("/v1", "");
        let refused = Socket::dial(&format!("{root}/v2"), &[]).await?;
        assert_eq!(refused.err().map(|refused| refused.status), Some(403));
        let (mut socket, _) =
            Socket::dial(&format!("{root}{path}/"), &[]).await?.map_err(|refused| anyhow::anyhow!(refused.body))?;
        socket.say(r#"{"action":"tell"}"#).await?;
        let context = socket.hear_json().await?["requestContext"].take();
        assert_eq!(context["stage"], "v1", "the event has the stage and not the key");
        let id = context["connectionId"].as_str().context("no id")?.replace('=', "%3D");
        let root = world.management().replace("/v1", "");
        for at in [path, "/v1"] {
            let posted = send(Request::post(format!("{root}{at}/@connections/{id}")), "hello").await?;
            assert_eq!(posted.status(), 200, "{at}");
            assert_eq!(socket.hear().await?, "hello");
        }
        let elsewhere = send(Request::post(format!("{root}/v2/@connections/{id}")), "hello").await?;
        assert_eq!(elsewhere.status(), 403);
        socket.say(r#"{"action":"tell","do":"env"}"#).await?;
        let variables: serde_json::Value = serde_json::from_str(&socket.hear().await?)?;
        assert_eq!(variables["ENDPOINT"], format!("{root}{path}"), "and variables lead here");
    }
    Ok(())
}
