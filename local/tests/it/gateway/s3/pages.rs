//! What pages may do with a bucket.

use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use http::{Method, Request, Response};
use local::model::{Bucket, CorsRule};

use super::{bucket, call, plan, refusal, request, text, variables};
use crate::gateway::client::{header, raw, send_whole};
use crate::gateway::world::World;
use crate::signing::Signer;

#[tokio::test]
async fn pages_of_other_origins_may_what_the_bucket_says() -> Result<()> {
    let world = plan().start().await?;
    let ask = async |origin: &str, method: &str, headers: &str| {
        let mut preflight = request(&world, Method::OPTIONS, "/files/one", b"")?;
        for (name, value) in
            [("origin", origin), ("access-control-request-method", method), ("access-control-request-headers", headers)]
        {
            preflight.headers_mut().insert(name, value.parse()?);
        }
        send_whole(preflight).await
    };
    for (origin, method, headers) in [
        ("https://evil.example", "PUT", ""),
        ("https://a.example.org", "DELETE", ""),
        ("https://a.example.org", "PUT", "content-type,x-amz-meta-a"),
    ] {
        assert_eq!(refusal(&ask(origin, method, headers).await?), (403, "AccessForbidden".into()), "{origin} {method}");
    }
    let allowed = ask("https://a.example.org", "PUT", "Content-Type").await?;
    assert_eq!(allowed.status(), 200);
    for (name, value) in [
        ("access-control-allow-origin", "https://a.example.org"),
        ("access-control-allow-methods", "PUT, GET"),
        ("access-control-allow-headers", "content-type"),
        ("access-control-expose-headers", "etag"),
        ("access-control-max-age", "600"),
    ] {
        assert_eq!(header(&allowed, name), value, "{name}");
    }
    let function = Signer::function(&variables(&world).await?, "s3");
    for signer in [Signer { presigned: Some(Duration::from_secs(60)), ..function.clone() }, function] {
        let put = from_page(&world, &signer, Method::PUT, "https://a.example.org").await?;
        assert_eq!(
            (put.status().as_u16(), header(&put, "access-control-allow-origin")),
            (200, "https://a.example.org")
        );
    }
    let elsewhere = call(&world, Method::GET, "/files/one", b"").await?;
    assert_eq!(header(&elsewhere, "access-control-allow-origin"), "");
    Ok(())
}

#[tokio::test]
async fn a_page_of_another_site_may_not_sign_with_what_everybody_knows() -> Result<()> {
    let mut plan = plan();
    // As templates have it.
    let any = vec!["*".to_owned()];
    let methods = vec!["GET".to_owned(), "PUT".into(), "DELETE".into()];
    let rule = CorsRule { origins: any.clone(), methods, headers: any, ..CorsRule::default() };
    plan.cloud.buckets.insert("Files".into(), Bucket { cors: vec![rule], ..bucket() });
    let world = plan.start().await?;
    assert_eq!(call(&world, Method::PUT, "/files/one", b"1").await?.status(), 200);
    let developer = Signer::developer("s3");
    let presigned = Signer { presigned: Some(Duration::from_secs(60)), ..developer.clone() };
    let named = Signer { token: Some("local".into()), ..developer.clone() };
    for origin in ["https://evil.example", "http://localhost.evil.example", "http://192.0.2.1:8800", "null"] {
        for signer in [&developer, &presigned, &named] {
            for method in [Method::GET, Method::PUT, Method::DELETE] {
                let refused = from_page(&world, signer, method, origin).await?;
                assert_eq!(refusal(&refused), (403, "AccessDenied".into()), "{origin}");
                assert!(text(&refused).contains("have a function sign a URL"), "{}", text(&refused));
            }
        }
    }
    for origin in ["http://localhost:8800", "http://127.0.0.1:5173", "http://app.localhost", "http://[::1]:1"] {
        assert_eq!(text(&from_page(&world, &developer, Method::GET, origin).await?), "1", "{origin}");
    }
    let function = Signer::function(&variables(&world).await?, "s3");
    assert_eq!(text(&from_page(&world, &function, Method::GET, "https://evil.example").await?), "1");
    Ok(())
}

#[tokio::test]
async fn what_a_page_shows_and_what_was_opened_from_here_may_not_be_signed_with_it_either() -> Result<()> {
    let world = plan().start().await?;
    assert_eq!(call(&world, Method::PUT, "/files/one", b"1").await?.status(), 200);
    let here = world.running.addresses().s3.clone().unwrap_or_default();
    let as_localhost = here.replace("127.0.0.1", "localhost");
    let in_bucket = here.replace("127.0.0.1", "files.localhost");
    let developer = Signer { presigned: Some(Duration::from_secs(60)), ..Signer::developer("s3") };
    let function = Signer { presigned: developer.presigned, ..Signer::function(&variables(&world).await?, "s3") };
    let ask = async |signer: &Signer, headers: &[(&'static str, &str)]| {
        let mut request = request(&world, Method::GET, "/files/one", b"")?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse()?);
        }
        signer.sign(&mut request, b"");
        send_whole(request).await
    };
    let (site, mode, dest) = ("sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest");
    for headers in [
        &[(site, "cross-site"), (mode, "no-cors"), (dest, "image")][..],
        &[(site, "cross-site"), (mode, "no-cors"), (dest, "image"), ("referer", "https://evil.example/")],
        &[(site, "cross-site"), (mode, "no-cors"), (dest, "image"), ("referer", "https://localhost.evil.example/")],
        &[(site, "cross-site"), (mode, "navigate"), (dest, "iframe")],
        // A page that somebody has put, opened from its bucket.
        &[(site, "same-origin"), (mode, "cors"), (dest, "empty"), ("referer", &format!("{here}/files/page.html"))],
        &[(site, "same-origin"), (mode, "navigate"), (dest, "document")],
        &[(site, "same-origin"), ("origin", &here)],
        &[("origin", &here)],
        &[("origin", &as_localhost)],
        &[("origin", &in_bucket)],
        &[(site, "cross-site"), (mode, "no-cors"), (dest, "image"), ("referer", &format!("{in_bucket}/page.html"))],
    ] {
        let refused = ask(&developer, headers).await?;
        assert_eq!(refusal(&refused), (403, "AccessDenied".into()), "{headers:?}");
        assert!(text(&refused).contains("have a function sign a URL"), "{}", text(&refused));
        assert_eq!(text(&ask(&function, headers).await?), "1", "{headers:?}");
    }
    for headers in [
        // The address bar, a link that somebody follows, and the app that is being made, on a port of its own.
        &[(site, "none"), (mode, "navigate"), (dest, "document")][..],
        &[(site, "cross-site"), (mode, "navigate"), (dest, "document"), ("referer", "https://mail.example/")],
        &[(site, "cross-site"), (mode, "no-cors"), (dest, "image"), ("referer", "http://localhost:5173/")],
        &[(site, "same-site"), (mode, "no-cors"), (dest, "image")],
        &[(site, "cross-site"), (mode, "cors"), ("origin", "http://localhost:5173")],
        &[],
    ] {
        assert_eq!(text(&ask(&developer, headers).await?), "1", "{headers:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_name_of_somebody_elses_is_no_name_of_this_machine() -> Result<()> {
    let world = plan().start().await?;
    assert_eq!(call(&world, Method::PUT, "/files/one", b"1").await?.status(), 200);
    let address = world.running.addresses().s3.clone().unwrap_or_default();
    let by = async |host: &str, path: &str| {
        let mut request = Request::get(format!("http://{host}{path}")).body(http_body_util::Full::new(Bytes::new()))?;
        Signer::developer("s3").sign(&mut request, b"");
        let headers =
            request.headers().iter().map(|(name, value)| format!("{name}: {}\r\n", value.to_str().unwrap_or("")));
        let headers: String = headers.collect();
        raw(&address, format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{headers}\r\n").as_bytes())
            .await
    };
    for host in [
        "evil.example",
        "evil.example:8804",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "amazonaws.com.evil.example",
    ] {
        let answer = by(host, "/files/one").await?;
        assert!(answer.starts_with("HTTP/1.1 403") && answer.contains("<Code>AccessDenied</Code>"), "{host}: {answer}");
        assert!(answer.contains("is none of this machine"), "{answer}");
    }
    for (host, path) in [
        ("127.0.0.1:8804", "/files/one"),
        ("localhost", "/files/one"),
        ("[::1]:8804", "/files/one"),
        ("files.localhost:8804", "/one"),
        ("files.s3.us-east-1.amazonaws.com", "/one"),
        ("files.s3.amazonaws.com", "/one"),
        ("s3.us-east-1.amazonaws.com", "/files/one"),
    ] {
        let answer = by(host, path).await?;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n1"), "{host}: {answer}");
    }
    Ok(())
}

/// What a page of this origin gets to hear.
async fn from_page(world: &World, signer: &Signer, method: Method, origin: &str) -> Result<Response<Bytes>> {
    let mut request = request(world, method, "/files/one", b"")?;
    request.headers_mut().insert("origin", origin.parse()?);
    signer.sign(&mut request, b"");
    send_whole(request).await
}
