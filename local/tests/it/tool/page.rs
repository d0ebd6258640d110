//! The status page, as a browser gets it.

use std::process::Command;

use super::run_with;
use crate::checks::browser::browser;
use crate::gateway::client::{Socket, get, header, send};
use crate::project::{Project, eventually};

#[tokio::test]
async fn the_page_holds_no_secret_and_loads_nothing_from_elsewhere() {
    let project = Project::with_echo();
    let running = project.start(&[]);
    let (address, token) = running.told("status").split_once("/#").unwrap();
    for (path, kind) in [("/", "text/html"), ("/page.css", "text/css"), ("/page.js", "text/javascript")] {
        let response = get(&format!("{address}{path}")).await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        assert!(header(&response, "content-type").starts_with(kind), "{path}");
        let policy = header(&response, "content-security-policy");
        assert!(policy.starts_with("default-src 'none'; ") && !policy.contains("unsafe"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("form-action 'none'"), "{policy}");
        let others = ["x-content-type-options", "referrer-policy", "cache-control"].map(|name| header(&response, name));
        assert_eq!(others, ["nosniff", "no-referrer", "no-store"]);
        let text = String::from_utf8(response.body().to_vec()).unwrap();
        assert!(!text.contains(token) && !text.contains("http://") && !text.contains("https://"), "{path}");
        assert!(!text.contains("style=") && !text.contains("onclick") && !text.contains("innerHTML"), "{path}");
    }
    assert_eq!(get(&format!("{address}/page.map")).await.unwrap().status(), 404);
    let posted = send(http::Request::post(format!("{address}/")), "x").await.unwrap();
    assert_eq!(posted.status(), 405);
}

#[tokio::test]
async fn the_page_shows_in_a_browser_what_runs_and_takes_nothing_of_it_for_markup() {
    let project = Project::with_echo();
    let running = project.start(&[]);
    let named = [("user-agent", "<img src=x onerror=document.title='taken'>")];
    let dialled = Socket::dial(running.told("WebSocket"), &named).await.unwrap();
    let _socket = dialled.map_err(|refused| refused.body).unwrap();
    run_with(&project, &["invoke", "Echo", "-e", "-"], r#"{"do":"error"}"#);
    run_with(&project, &["invoke", "Echo", "-e", "-"], r#"{"do":"print"}"#).fine();

    let (folder, browser) = (tempfile::tempdir().unwrap(), browser());
    // What the page is like once it has asked, which takes a moment.
    let page = || {
        let mut command = Command::new(&browser);
        command.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]);
        command.args(["--disable-background-networking", "--disable-component-update", "--disable-sync"]);
        command.arg(format!("--user-data-dir={}", folder.path().display()));
        let output = command.args(["--dump-dom", running.told("status")]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    eventually("the page shows what runs", || {
        let page = page();
        assert!(!page.contains("taken</title>"), "{page}");
        let parts = [
            "<dt>Connections</dt><dd>1</dd>",
            "<td>Echo</td><td>2</td>",
            "&lt;img src=x onerror=document.title='taken'&gt;",
            "another line",
            running.told("WebSocket"),
        ];
        parts.iter().all(|part| page.contains(part))
    });
}
