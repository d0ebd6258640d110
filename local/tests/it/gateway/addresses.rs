//! Ports: the ones that were asked for, the next ones, and the taken ones.

use anyhow::{Context, Result};
use local::serve::{Bound, Ports};
use tokio::net::TcpListener;

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
