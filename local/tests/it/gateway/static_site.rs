//! The site, with the files that Netlify would read.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use http::Request;
use local::serve::Site;
use tempfile::TempDir;

use super::client::{get, header, send};
use super::world::{Plan, World};

async fn site(files: &[(&str, &str)]) -> Result<(World, TempDir, String)> {
    let folder = tempfile::tempdir()?;
    for (path, content) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
        std::fs::write(path, content)?;
    }
    let replace = BTreeMap::from([("%SOCKET%".to_owned(), "ws://127.0.0.1:1/v1".to_owned())]);
    let site = Some(Site { folder: folder.path().to_owned(), replace });
    let world = Plan { site, ..Plan::default() }.start().await?;
    let address = world.running.addresses().site.clone().context("no site")?;
    Ok((world, folder, address))
}

#[tokio::test]
async fn what_is_not_there_or_not_meant_to_be_seen_is_not_found() -> Result<()> {
    let (_world, _folder, site) =
        site(&[("index.html", "home"), ("404.html", "lost"), ("_headers", "/*\n X-A: b\n"), ("_redirects", "")])
            .await?;
    for path in [
        "/nothing",
        "/nothing.js",
        "/_headers",
        "/%5fheaders",
        "/_redirects",
        "/..%2f..%2fetc%2fpasswd",
        "/../Cargo.toml",
    ] {
        let response = get(&format!("{site}{path}")).await?;
        assert_eq!((response.status().as_u16(), &response.body()[..]), (404, &b"lost"[..]), "{path}");
    }
    assert_eq!(send(Request::post(format!("{site}/")), "").await?.status(), 405);
    Ok(())
}

#[tokio::test]
async fn files_have_their_type_and_are_not_sent_twice() -> Result<()> {
    let (_world, _folder, site) =
        site(&[("index.html", "home %SOCKET%"), ("a/b.js", "x"), ("c.svg", "<svg/>"), ("d.woff2", "d")]).await?;
    for (path, kind) in
        [("/", "text/html"), ("/a/b.js", "text/javascript"), ("/c.svg", "image/svg+xml"), ("/d.woff2", "font/woff2")]
    {
        let response = get(&format!("{site}{path}")).await?;
        assert_eq!(response.status(), 200);
        assert!(header(&response, "content-type").starts_with(kind), "{path}: {response:?}");
        let (tag, time) = (header(&response, "etag"), header(&response, "last-modified"));
        let again = Request::get(format!("{site}{path}"));
        let again =
            if tag.is_empty() { again.header("if-modified-since", time) } else { again.header("if-none-match", tag) };
        assert_eq!(send(again, "").await?.status(), 304, "{path}");
    }
    let head = send(Request::head(format!("{site}/")), "").await?;
    assert_eq!((head.status().as_u16(), head.body().len()), (200, 0));
    Ok(())
}

#[tokio::test]
async fn placeholders_are_replaced_in_texts_and_headers_only() -> Result<()> {
    let (_world, _folder, site) = site(&[
        ("index.html", "connect to %SOCKET%"),
        ("app.js", "const a = '%SOCKET%'"),
        ("note.txt", "%SOCKET%"),
        ("_headers", "/*\n  Content-Security-Policy: connect-src %SOCKET%\n"),
    ])
    .await?;
    for (path, body) in [
        ("/", "connect to ws://127.0.0.1:1/v1"),
        ("/app.js", "const a = 'ws://127.0.0.1:1/v1'"),
        ("/note.txt", "%SOCKET%"),
    ] {
        let response = get(&format!("{site}{path}")).await?;
        assert_eq!(response.body(), body);
        assert_eq!(header(&response, "content-security-policy"), "connect-src ws://127.0.0.1:1/v1");
    }
    Ok(())
}

#[tokio::test]
async fn an_application_that_routes_by_itself_gets_its_page_for_every_path() -> Result<()> {
    let (_world, _folder, site) =
        site(&[("index.html", "the application"), ("_redirects", "/*  /index.html  200\n")]).await?;
    let deep = get(&format!("{site}/rooms/tea")).await?;
    assert_eq!((deep.status().as_u16(), &deep.body()[..]), (200, &b"the application"[..]));
    assert_eq!(get(&format!("{site}/missing.js")).await?.status(), 404, "a missing file is no page");
    Ok(())
}
