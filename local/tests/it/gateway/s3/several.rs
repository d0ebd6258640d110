//! Copies, uploads in parts and deletion of several. What SDKs make of them is beside the other clients.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{Method, Response};
use local::model::{Bucket, Role, Statement};

use super::{bucket, call, plan, refusal, request, signed, text, variables};
use crate::gateway::client::{header, send_whole};
use crate::gateway::world::{Plan, World};
use crate::signing::Signer;

const MB: usize = 1024 * 1024;

async fn copy(world: &World, signer: &Signer, to: &str, headers: &[(&'static str, &str)]) -> Result<Response<Bytes>> {
    let mut request = request(world, Method::PUT, to, b"")?;
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse()?);
    }
    signer.sign(&mut request, b"");
    send_whole(request).await
}

fn part_of(response: &Response<Bytes>, tag: &str) -> Result<String> {
    let text = text(response);
    let rest = text.split(&format!("<{tag}>")).nth(1).with_context(|| format!("no {tag} in {text}"))?;
    Ok(rest.split('<').next().unwrap_or_default().to_owned())
}

fn completion(parts: &[(u32, &str)]) -> String {
    let part =
        |(number, etag): &(u32, &str)| format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>");
    let parts: String = parts.iter().map(part).collect();
    format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>")
}

#[tokio::test]
async fn a_copy_is_refused_where_it_would_be_another() -> Result<()> {
    let mut plan = plan();
    let other = Bucket { logical_id: "Other".into(), name: "other".into(), ..Bucket::default() };
    plan.cloud.buckets.insert("Other".into(), other);
    let world = plan.start().await?;
    let put = call(&world, Method::PUT, "/files/a%20b", b"hello").await?;
    let etag = header(&put, "etag").to_owned();
    let developer = Signer::developer("s3");
    let copy = |to: &'static str, headers| copy(&world, &developer, to, headers);
    for (headers, status, code) in [
        (&[("x-amz-copy-source", "files")][..], 400, "InvalidArgument"),
        (&[("x-amz-copy-source", "files/none")], 404, "NoSuchKey"),
        (&[("x-amz-copy-source", "nowhere/a")], 404, "NoSuchBucket"),
        (&[("x-amz-copy-source", "files/a%20b?versionId=1")], 501, "NotImplemented"),
        (
            &[("x-amz-copy-source", "files/a%20b"), ("x-amz-copy-source-if-match", "\"other\"")],
            412,
            "PreconditionFailed",
        ),
        (
            &[
                ("x-amz-copy-source", "files/a%20b"),
                ("x-amz-copy-source-if-unmodified-since", "Thu, 01 Jan 1970 00:00:00 GMT"),
            ],
            412,
            "PreconditionFailed",
        ),
        (
            &[
                ("x-amz-copy-source", "files/a%20b"),
                ("x-amz-copy-source-if-modified-since", "Thu, 01 Jan 2099 00:00:00 GMT"),
            ],
            412,
            "PreconditionFailed",
        ),
        (&[("x-amz-copy-source", "files/a%20b"), ("x-amz-metadata-directive", "MERGE")], 400, "InvalidArgument"),
    ] {
        assert_eq!(refusal(&copy("/other/copy", headers).await?), (status, code.into()), "{headers:?}");
    }
    let onto_itself = copy("/files/a%20b", &[("x-amz-copy-source", "files/a%20b")]).await?;
    assert_eq!(refusal(&onto_itself), (400, "InvalidRequest".into()));
    let copied = copy("/other/copy", &[("x-amz-copy-source", "/files/a%20b")]).await?;
    assert_eq!((copied.status().as_u16(), part_of(&copied, "ETag")?), (200, etag.replace('"', "&quot;")));
    assert_eq!(text(&call(&world, Method::GET, "/other/copy", b"").await?), "hello");
    Ok(())
}

#[tokio::test]
async fn who_copies_must_be_allowed_to_read_and_who_deletes_each_of_several() -> Result<()> {
    let mut plan = Plan { iam: true, ..plan() };
    let mine = Statement::allow(&["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], &["arn:aws:s3:::files/mine/*"]);
    let write = Statement::allow(&["s3:PutObject"], &["arn:aws:s3:::files/*"]);
    let role = Role { name: "r".into(), statements: vec![mine, write], doubts: vec![] };
    plan.cloud.roles = BTreeMap::from([("Echo".into(), role)]);
    let world = plan.start().await?;
    let function = Signer::function(&variables(&world).await?, "s3");
    for path in ["/files/mine/a", "/files/secret"] {
        assert_eq!(call(&world, Method::PUT, path, b"x").await?.status(), 200);
    }
    let copied = copy(&world, &function, "/files/mine/b", &[("x-amz-copy-source", "files/mine/a")]).await?;
    assert_eq!(copied.status(), 200, "{}", text(&copied));
    let denied = copy(&world, &function, "/files/mine/c", &[("x-amz-copy-source", "files/secret")]).await?;
    assert_eq!(refusal(&denied), (403, "AccessDenied".into()));
    let body = "<Delete><Object><Key>mine/a</Key></Object><Object><Key>secret</Key></Object><Object><Key>mine/b</Key>\
                <VersionId>1</VersionId></Object></Delete>";
    let several = signed(&world, &function, Method::POST, "/files?delete", body.as_bytes()).await?;
    let told = text(&several);
    assert_eq!(several.status(), 200, "{told}");
    assert!(told.contains("<Deleted><Key>mine/a</Key></Deleted>"), "{told}");
    assert!(told.contains("<Error><Key>secret</Key><Code>AccessDenied</Code>"), "{told}");
    assert!(told.contains("<Error><Key>mine/b</Key><Code>NotImplemented</Code>"), "{told}");
    for (key, status) in [("mine/a", 404), ("secret", 200), ("mine/b", 200)] {
        assert_eq!(call(&world, Method::GET, &format!("/files/{key}"), b"").await?.status(), status, "{key}");
    }
    for body in ["", "<Delete>", "<Delete></Delete>", "<Other><Object><Key>a</Key></Object></Other>"] {
        let refused = signed(&world, &function, Method::POST, "/files?delete", body.as_bytes()).await?;
        assert_eq!(refusal(&refused), (400, "MalformedXML".into()), "{body}");
    }
    Ok(())
}

#[tokio::test]
async fn parts_become_an_object_or_are_refused() -> Result<()> {
    let mut plan = plan();
    plan.cloud.buckets.insert("Files".into(), Bucket { notifications: vec![], ..bucket() });
    plan.limits.object = 12 * MB;
    let world = plan.start().await?;
    let begun = call(&world, Method::POST, "/files/big?uploads", b"").await?;
    let upload = part_of(&begun, "UploadId")?;
    let part = async |number: u32, body: &[u8]| {
        let put = call(&world, Method::PUT, &format!("/files/big?partNumber={number}&uploadId={upload}"), body).await?;
        anyhow::ensure!(put.status() == 200, text(&put));
        Ok(header(&put, "etag").trim_matches('"').to_owned())
    };
    let complete = async |parts: &[(u32, &str)]| {
        let path = format!("/files/big?uploadId={upload}");
        call(&world, Method::POST, &path, completion(parts).as_bytes()).await
    };
    let large = vec![b'x'; 5 * MB];
    let (earlier, small) = (part(2, b"earlier").await?, part(2, b"end").await?);
    let first = part(1, &large).await?;
    for (path, status, code) in [
        (format!("/files/other?partNumber=1&uploadId={upload}"), 404, "NoSuchUpload"),
        ("/files/big?partNumber=1&uploadId=..%2f..%2fother".to_owned(), 404, "NoSuchUpload"),
        (format!("/files/big?partNumber=0&uploadId={upload}"), 400, "InvalidArgument"),
        (format!("/files/big?partNumber=10001&uploadId={upload}"), 400, "InvalidArgument"),
        (format!("/files/big?partNumber=1&uploadId={}", "0".repeat(32)), 404, "NoSuchUpload"),
    ] {
        assert_eq!(refusal(&call(&world, Method::PUT, &path, b"x").await?), (status, code.into()), "{path}");
    }
    for (parts, code) in [
        (&[(1, first.as_str()), (2, &earlier)][..], "InvalidPart"),
        (&[(1, &first), (3, &small)], "InvalidPart"),
        (&[(2, &small), (1, &first)], "InvalidPartOrder"),
        (&[(1, &first), (2, &small), (3, &first)], "InvalidPart"),
        (&[], "MalformedXML"),
    ] {
        assert_eq!(refusal(&complete(parts).await?), (400, code.into()), "{parts:?}");
    }
    let third = part(3, b"more").await?;
    assert_eq!(refusal(&complete(&[(1, &first), (2, &small), (3, &third)]).await?), (400, "EntityTooSmall".into()));
    assert_eq!(call(&world, Method::GET, "/files/big", b"").await?.status(), 404, "it is no object yet");
    let (fourth, fifth) = (part(4, &large).await?, part(5, &large).await?);
    let too_large = complete(&[(1, &first), (4, &fourth), (5, &fifth)]).await?;
    assert_eq!(refusal(&too_large), (400, "EntityTooLarge".into()));
    let done = complete(&[(1, &first), (2, &small)]).await?;
    assert_eq!(done.status(), 200, "{}", text(&done));
    // MD5 of both parts' MD5s, and how many.
    assert_eq!(part_of(&done, "ETag")?, "&quot;6d7c5fbffce55b2eb513ca823d7235b2-2&quot;");
    let here = world.running.addresses().s3.clone().unwrap_or_default();
    assert_eq!(part_of(&done, "Location")?, format!("{here}/files/big"));
    let got = call(&world, Method::GET, "/files/big", b"").await?;
    assert_eq!((got.body().len(), &got.body()[5 * MB..]), (5 * MB + 3, &b"end"[..]));
    assert_eq!(header(&got, "etag"), "\"6d7c5fbffce55b2eb513ca823d7235b2-2\"");
    assert_eq!(refusal(&complete(&[(1, &first)]).await?), (404, "NoSuchUpload".into()));

    let begun = call(&world, Method::POST, "/files/big?uploads", b"").await?;
    let path = format!("/files/big?uploadId={}", part_of(&begun, "UploadId")?);
    assert_eq!(call(&world, Method::DELETE, &path, b"").await?.status(), 204);
    assert_eq!(refusal(&call(&world, Method::DELETE, &path, b"").await?), (404, "NoSuchUpload".into()));
    assert_eq!(call(&world, Method::HEAD, "/files/big", b"").await?.status(), 200, "the object stays");
    Ok(())
}
