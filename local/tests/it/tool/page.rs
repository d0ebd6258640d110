//! The status page, as a browser gets it.

use crate::gateway::client::{get, header, send};
use crate::project::Project;

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
