//! S3, as functions and pages use it.

mod disk;
mod grants;
mod heard;
mod pages;
mod said;
mod several;
mod slow;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use anyhow::Result;
use bytes::Bytes;
use http::{Method, Request, Response};
use local::model::{Bucket, CorsRule, Notification, Role, Statement};
use serde_json::{Value, json};

use super::client::{header, send, send_whole};
use super::world::{Plan, World};
use crate::signing::Signer;

fn bucket() -> Bucket {
    let notification = Notification {
        id: "Uploads".into(),
        function: "Echo".into(),
        events: vec!["s3:ObjectCreated:*".into(), "s3:ObjectRemoved:Delete".into()],
        prefix: "in/".into(),
        suffix: ".txt".into(),
    };
    let text = |text: &str| vec![text.to_owned()];
    let rule = CorsRule {
        origins: text("https://*.example.org"),
        methods: vec!["PUT".into(), "GET".into()],
        headers: text("content-*"),
        expose: text("etag"),
        max_age: Some(600),
    };
    Bucket { logical_id: "Files".into(), name: "files".into(), cors: vec![rule], notifications: vec![notification] }
}

fn plan() -> Plan {
    let mut plan = Plan::default();
    plan.cloud.buckets.insert("Files".into(), bucket());
    plan
}

fn request(world: &World, method: Method, path: &str, body: &[u8]) -> Result<Request<http_body_util::Full<Bytes>>> {
    let address = world.running.addresses().s3.clone().unwrap_or_default();
    Ok(Request::builder().method(method).uri(format!("{address}{path}")).body(Bytes::copy_from_slice(body).into())?)
}

async fn signed(world: &World, signer: &Signer, method: Method, path: &str, body: &[u8]) -> Result<Response<Bytes>> {
    let mut request = request(world, method, path, body)?;
    signer.sign(&mut request, body);
    send_whole(request).await
}

/// A request as bytes, for a client that does with them what no library would.
fn bytes_of(request: &Request<http_body_util::Full<Bytes>>, body: &[u8]) -> Vec<u8> {
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let host = request.uri().authority().map_or("", |host| host.as_str());
    let mut head =
        format!("{} {target} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {}\r\n", request.method(), body.len());
    for (name, value) in request.headers() {
        head.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap_or_default()));
    }
    [head.as_bytes(), b"\r\n", body].concat()
}

/// As whoever is at the machine, with these headers.
async fn with(
    world: &World,
    method: Method,
    path: &str,
    body: &[u8],
    headers: &[(&'static str, &str)],
) -> Result<Response<Bytes>> {
    let mut request = request(world, method, path, body)?;
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse()?);
    }
    Signer::developer("s3").sign(&mut request, body);
    send_whole(request).await
}

/// As whoever is at the machine.
async fn call(world: &World, method: Method, path: &str, body: &[u8]) -> Result<Response<Bytes>> {
    signed(world, &Signer::developer("s3"), method, path, body).await
}

/// What the function is told, its credentials among it.
async fn variables(world: &World) -> Result<BTreeMap<String, String>> {
    let answer = send(Request::post(format!("{}/do", world.http())), r#"{"do":"env"}"#).await?;
    Ok(serde_json::from_slice(answer.body())?)
}

fn text(response: &Response<Bytes>) -> String {
    String::from_utf8_lossy(response.body()).into_owned()
}

/// The status and the code of a refusal.
fn refusal(response: &Response<Bytes>) -> (u16, String) {
    let text = text(response);
    let code = text.split("<Code>").nth(1).and_then(|rest| rest.split("</Code>").next()).unwrap_or_default();
    (response.status().as_u16(), code.to_owned())
}

#[tokio::test]
async fn what_nobody_may_or_nothing_is_is_refused_in_the_words_of_s3() -> Result<()> {
    let world = plan().start().await?;
    assert_eq!(call(&world, Method::PUT, "/files/one", b"1").await?.status(), 200);
    let unsigned = send_whole(request(&world, Method::GET, "/files/one", b"")?).await?;
    assert_eq!(refusal(&unsigned), (403, "AccessDenied".into()));
    let good = Signer::developer("s3");
    let ago = |minutes: u64| SystemTime::now() - Duration::from_secs(60 * minutes);
    for (wrong, status, code) in [
        (Signer { secret: "wrong".into(), ..good.clone() }, 403, "SignatureDoesNotMatch"),
        (Signer { access_key: "AKIAUNKNOWN".into(), ..good.clone() }, 403, "InvalidAccessKeyId"),
        (Signer { time: ago(16), ..good.clone() }, 403, "RequestTimeTooSkewed"),
        (Signer { region: "eu-west-1", ..good.clone() }, 400, "AuthorizationHeaderMalformed"),
        (Signer { time: ago(2), presigned: Some(Duration::from_secs(60)), ..good.clone() }, 403, "AccessDenied"),
    ] {
        let refused = signed(&world, &wrong, Method::GET, "/files/one", b"").await?;
        assert_eq!(refusal(&refused), (status, code.into()), "{wrong:?}");
    }
    assert_eq!(
        signed(&world, &Signer { time: ago(14), ..good.clone() }, Method::GET, "/files/one", b"").await?.status(),
        200
    );
    let mut tampered = request(&world, Method::PUT, "/files/one", b"2")?;
    good.sign(&mut tampered, b"1");
    assert_eq!(refusal(&send_whole(tampered).await?), (400, "XAmzContentSHA256Mismatch".into()));
    for (method, path, status, code) in [
        (Method::GET, "/files/two", 404, "NoSuchKey"),
        (Method::GET, "/others/one", 404, "NoSuchBucket"),
        (Method::PUT, "/others/one", 404, "NoSuchBucket"),
        (Method::PUT, "/files", 501, "NotImplemented"),
        (Method::DELETE, "/files", 501, "NotImplemented"),
        (Method::GET, "/files?versions", 501, "NotImplemented"),
        (Method::GET, "/files?website", 501, "NotImplemented"),
        (Method::GET, "/files/one?attributes", 501, "NotImplemented"),
        (Method::GET, "/files/one?tagging", 501, "NotImplemented"),
        (Method::PUT, "/files/one?acl", 501, "NotImplemented"),
        (Method::DELETE, "/files/one?versionId=1", 501, "NotImplemented"),
        (Method::POST, "/files/one", 501, "NotImplemented"),
    ] {
        let refused = call(&world, method.clone(), path, b"").await?;
        assert_eq!(refusal(&refused), (status, code.into()), "{method} {path}");
        assert_eq!(header(&refused, "x-amz-request-id").len(), 16);
    }
    let unhashed = request(&world, Method::GET, "/files/one", b"")?;
    let (mut signed, mut bare) = (unhashed.clone(), unhashed);
    good.sign(&mut signed, b"");
    bare.headers_mut().insert("authorization", signed.headers()["authorization"].clone());
    bare.headers_mut().insert("x-amz-date", signed.headers()["x-amz-date"].clone());
    assert_eq!(refusal(&send_whole(bare).await?), (400, "InvalidRequest".into()), "without the hash of its body");
    signed.headers_mut().insert("x-amz-meta-added", "on the way".parse()?);
    let added = send_whole(signed).await?;
    assert_eq!(refusal(&added), (403, "AccessDenied".into()));
    assert!(text(&added).contains("There were headers present in the request which were not signed"));
    let missing = call(&world, Method::HEAD, "/files/two", b"").await?;
    assert_eq!((missing.status().as_u16(), missing.body().len()), (404, 0));
    assert_eq!(text(&call(&world, Method::GET, "/files/one", b"").await?), "1", "none of it changed anything");
    Ok(())
}

#[tokio::test]
async fn an_object_is_put_read_in_parts_listed_and_deleted() -> Result<()> {
    let world = plan().start().await?;
    let key = "/files/a%20b/%C3%BC%2B%26.txt";
    let mut put = request(&world, Method::PUT, key, b"hello world")?;
    for (name, value) in [("content-type", "text/plain"), ("x-amz-meta-by", "me"), ("cache-control", "no-store")] {
        put.headers_mut().insert(name, value.parse()?);
    }
    Signer::developer("s3").sign(&mut put, b"hello world");
    let put = send_whole(put).await?;
    assert_eq!((put.status().as_u16(), header(&put, "etag")), (200, "\"5eb63bbbe01eeed093cb22bb8f5acdc3\""));
    let got = call(&world, Method::GET, key, b"").await?;
    assert_eq!((text(&got).as_str(), header(&got, "content-type")), ("hello world", "text/plain"));
    assert_eq!((header(&got, "x-amz-meta-by"), header(&got, "cache-control")), ("me", "no-store"));
    assert!(header(&got, "last-modified").ends_with(" GMT"));
    let head = call(&world, Method::HEAD, key, b"").await?;
    assert_eq!((header(&head, "content-length"), head.body().len()), ("11", 0));
    let renamed = call(&world, Method::GET, &format!("{key}?response-content-disposition=attachment"), b"").await?;
    assert_eq!(header(&renamed, "content-disposition"), "attachment");
    for (range, status, part, told) in [
        ("bytes=0-4", 206, "hello", "bytes 0-4/11"),
        ("bytes=6-", 206, "world", "bytes 6-10/11"),
        ("bytes=-3", 206, "rld", "bytes 8-10/11"),
        ("bytes=6-99", 206, "world", "bytes 6-10/11"),
    ] {
        let mut get = request(&world, Method::GET, key, b"")?;
        get.headers_mut().insert("range", range.parse()?);
        Signer::developer("s3").sign(&mut get, b"");
        let got = send_whole(get).await?;
        let told_range = header(&got, "content-range").to_owned();
        assert_eq!((got.status().as_u16(), text(&got).as_str(), told_range.as_str()), (status, part, told));
    }
    for other in ["a/1", "a/2", "b", "c/1"] {
        call(&world, Method::PUT, &format!("/files/{other}"), b"x").await?;
    }
    let keys = |listed: &str, tag: &str| -> Vec<String> {
        let opening = format!("<{tag}>");
        let parts = listed.split(&opening).skip(1);
        parts.map(|part| part.split('<').next().unwrap_or_default().to_owned()).collect()
    };
    let list = |query: &'static str| call(&world, Method::GET, query, b"");
    let all = text(&list("/files?list-type=2").await?);
    assert_eq!(keys(&all, "Key"), ["a b/ü+&amp;.txt", "a/1", "a/2", "b", "c/1"]);
    assert!(all.contains("<KeyCount>5</KeyCount>") && all.contains("<IsTruncated>false</IsTruncated>"), "{all}");
    let folders = text(&list("/files?list-type=2&delimiter=%2F&encoding-type=url").await?);
    assert_eq!(keys(&folders, "Key"), ["b"]);
    assert_eq!(keys(&folders, "Prefix"), ["", "a%20b/", "a/", "c/"]);
    let within = text(&list("/files?list-type=2&prefix=a%2F&max-keys=1").await?);
    assert_eq!(
        (keys(&within, "Key"), within.contains("<IsTruncated>true</IsTruncated>")),
        (vec!["a/1".to_owned()], true)
    );
    let token = keys(&within, "NextContinuationToken").remove(0);
    let next =
        call(&world, Method::GET, &format!("/files?list-type=2&prefix=a%2F&continuation-token={token}"), b"").await?;
    assert_eq!(keys(&text(&next), "Key"), ["a/2"]);
    assert_eq!(call(&world, Method::DELETE, key, b"").await?.status(), 204);
    assert_eq!(call(&world, Method::GET, key, b"").await?.status(), 404);
    assert_eq!(call(&world, Method::DELETE, key, b"").await?.status(), 204, "it may be deleted again");
    Ok(())
}

#[tokio::test]
async fn who_asks_is_known_before_a_body_is_read() -> Result<()> {
    let mut plan = plan();
    plan.limits.object = 10;
    let world = plan.start().await?;
    let much = [b'x'; 100_000];
    let unsigned = send_whole(request(&world, Method::PUT, "/files/one", &much)?).await?;
    assert_eq!(refusal(&unsigned), (403, "AccessDenied".into()));
    let wrong = Signer { secret: "wrong".into(), ..Signer::developer("s3") };
    let unknown = signed(&world, &wrong, Method::PUT, "/files/one", &much).await?;
    assert_eq!(refusal(&unknown), (403, "SignatureDoesNotMatch".into()));
    let nowhere = call(&world, Method::PUT, "/others/one", &much).await?;
    assert_eq!(refusal(&nowhere), (404, "NoSuchBucket".into()));
    assert_eq!(refusal(&call(&world, Method::PUT, "/files/one", &much).await?), (400, "EntityTooLarge".into()));
    assert_eq!(call(&world, Method::PUT, "/files/one", b"0123456789").await?.status(), 200);
    Ok(())
}

#[tokio::test]
async fn objects_stay_in_the_data_folder() -> Result<()> {
    let folder = tempfile::tempdir()?;
    for round in 0..2 {
        let world = Plan { data: Some(folder.path().to_owned()), ..plan() }.start().await?;
        if round == 0 {
            call(&world, Method::PUT, "/files/kept", b"here").await?;
        }
        assert_eq!(text(&call(&world, Method::GET, "/files/kept", b"").await?), "here");
        world.running.shutdown().await;
    }
    Ok(())
}

#[tokio::test]
async fn a_function_gives_away_urls_and_may_itself_what_its_role_grants() -> Result<()> {
    let mut plan = Plan { iam: true, ..plan() };
    let statements = vec![Statement::allow(&["s3:PutObject", "s3:GetObject"], &["arn:aws:s3:::files/shared/*"])];
    plan.cloud.roles = BTreeMap::from([("Echo".into(), Role { name: "r".into(), statements, doubts: vec![] })]);
    let world = plan.start().await?;
    let variables = variables(&world).await?;
    assert_eq!(Some(&variables["AWS_ENDPOINT_URL_S3"]), world.running.addresses().s3.as_ref());
    let signer = Signer { presigned: Some(Duration::from_secs(60)), ..Signer::function(&variables, "s3") };
    assert_eq!(signed(&world, &signer, Method::PUT, "/files/shared/note", b"from a page").await?.status(), 200);
    assert_eq!(text(&signed(&world, &signer, Method::GET, "/files/shared/note", b"").await?), "from a page");
    for (method, path) in
        [(Method::PUT, "/files/secret"), (Method::DELETE, "/files/shared/note"), (Method::GET, "/files")]
    {
        let denied = signed(&world, &signer, method, path, b"").await?;
        assert_eq!(refusal(&denied), (403, "AccessDenied".into()));
        assert!(text(&denied).contains("is not authorized to perform: s3:"), "{}", text(&denied));
    }
    let another = signed(&world, &signer, Method::GET, "/files/shared/note", b"");
    assert_eq!(another.await?.status(), 200, "it was not deleted");
    Ok(())
}

#[tokio::test]
async fn functions_hear_of_objects_whose_keys_fit() -> Result<()> {
    let world = plan().start().await?;
    for other in ["in/a.png", "out/a.txt"] {
        call(&world, Method::PUT, &format!("/files/{other}"), b"x").await?;
    }
    assert_eq!(call(&world, Method::PUT, "/files/in/a%20b%2Bc.txt", b"hello").await?.status(), 200);
    let told = |part: &str| {
        let (world, part) = (&world, part.to_owned());
        async move {
            let line = world.logs(&part).await?;
            anyhow::Ok(serde_json::from_str::<Value>(&line[line.find('{').unwrap_or_default()..])?)
        }
    };
    let mut event = told(r#""eventName":"ObjectCreated:Put""#).await?;
    let record = &mut event["Records"][0];
    for made_up in ["eventTime", "responseElements"] {
        assert!(!record[made_up].take().is_null(), "{made_up}");
    }
    assert!(record["s3"]["object"]["sequencer"].take().as_str().is_some_and(|text| text.len() == 18));
    assert!(!record["s3"]["bucket"]["ownerIdentity"].take().is_null());
    let expected = json!({"Records": [{
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "us-east-1",
        "eventTime": null,
        "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": "AWS:AIDALOCALDEVELOPER000"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": null,
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "Uploads",
            "bucket": {"name": "files", "ownerIdentity": null, "arn": "arn:aws:s3:::files"},
            "object": {"key": "in/a+b%2Bc.txt", "size": 5, "eTag": "5d41402abc4b2a76b9719d911017c592", "sequencer": null},
        },
    }]});
    assert_eq!(event, expected);
    call(&world, Method::DELETE, "/files/in/a%20b%2Bc.txt", b"").await?;
    let event = told(r#""eventName":"ObjectRemoved:Delete""#).await?;
    assert_eq!(event["Records"][0]["s3"]["object"]["key"], "in/a+b%2Bc.txt");
    assert!(event["Records"][0]["s3"]["object"].get("size").is_none(), "{event}");
    let starts = world.log.lines().iter().filter(|line| line.contains("START")).count();
    assert_eq!(starts, 2, "nothing else is heard of");
    Ok(())
}
