//! What a role must grant besides what a request is called.

use std::collections::BTreeMap;

use anyhow::Result;
use bytes::Bytes;
use http::{Method, Response};
use local::model::{Role, Statement};

use super::{call, plan, refusal, request, signed, text, variables};
use crate::gateway::client::send_whole;
use crate::gateway::world::{Plan, World};
use crate::signing::Signer;

/// A world whose function may do this with objects and that with the bucket, and its signer.
async fn world(objects: &[&str], bucket: &[&str]) -> Result<(World, Signer)> {
    let mut plan = Plan { iam: true, ..plan() };
    let mut statements = vec![Statement::allow(objects, &["arn:aws:s3:::files/*"])];
    if !bucket.is_empty() {
        statements.push(Statement::allow(bucket, &["arn:aws:s3:::files"]));
    }
    plan.cloud.roles = BTreeMap::from([("Echo".into(), Role { name: "r".into(), statements, doubts: vec![] })]);
    let world = plan.start().await?;
    let signer = Signer::function(&variables(&world).await?, "s3");
    assert_eq!(call(&world, Method::PUT, "/files/there", b"x").await?.status(), 200);
    Ok((world, signer))
}

async fn with(
    world: &World,
    signer: &Signer,
    method: Method,
    path: &str,
    header: (&'static str, &str),
) -> Result<Response<Bytes>> {
    let mut request = request(world, method, path, b"")?;
    request.headers_mut().insert(header.0, header.1.parse()?);
    signer.sign(&mut request, b"");
    send_whole(request).await
}

#[tokio::test]
async fn who_may_not_list_a_bucket_does_not_get_to_know_what_it_lacks() -> Result<()> {
    for (bucket, status, code) in [(&[][..], 403, "AccessDenied"), (&["s3:ListBucket"], 404, "NoSuchKey")] {
        let (world, function) = world(&["s3:GetObject", "s3:PutObject"], bucket).await?;
        let none = signed(&world, &function, Method::GET, "/files/none", b"").await?;
        assert_eq!(refusal(&none), (status, code.into()));
        assert_eq!(
            text(&none).contains("is not authorized to perform: s3:ListBucket"),
            status == 403,
            "{}",
            text(&none)
        );
        assert_eq!(signed(&world, &function, Method::HEAD, "/files/none", b"").await?.status(), status);
        let copy = ("x-amz-copy-source", "files/none");
        let none = with(&world, &function, Method::PUT, "/files/copy", copy).await?;
        assert_eq!(refusal(&none), (status, code.into()));
        for method in [Method::GET, Method::HEAD] {
            assert_eq!(signed(&world, &function, method, "/files/there", b"").await?.status(), 200);
        }
        let missing = call(&world, Method::GET, "/files/none", b"").await?;
        assert_eq!(refusal(&missing), (404, "NoSuchKey".into()), "whoever is at the machine may list it");
    }
    Ok(())
}

#[tokio::test]
async fn who_deletes_by_a_tag_must_be_allowed_to_read() -> Result<()> {
    let tag = "\"9dd4e461268c8034f5c8564e155c67a6\"";
    let several =
        format!("<Delete><Object><Key>there</Key><ETag>{}</ETag></Object></Delete>", tag.replace('"', "&quot;"));
    let (without, function) = world(&["s3:DeleteObject"], &[]).await?;
    for tag in [tag, "\"another\""] {
        let denied = with(&without, &function, Method::DELETE, "/files/there", ("if-match", tag)).await?;
        assert_eq!(refusal(&denied), (403, "AccessDenied".into()));
        assert!(text(&denied).contains("is not authorized to perform: s3:GetObject"), "{}", text(&denied));
    }
    let denied = signed(&without, &function, Method::POST, "/files?delete", several.as_bytes()).await?;
    assert!(text(&denied).contains("<Error><Key>there</Key><Code>AccessDenied</Code>"), "{}", text(&denied));
    assert_eq!(call(&without, Method::HEAD, "/files/there", b"").await?.status(), 200, "it was not deleted");
    let any = with(&without, &function, Method::DELETE, "/files/there", ("if-match", "*")).await?;
    assert_eq!(any.status(), 204, "{}", text(&any));

    let (world, function) = world(&["s3:DeleteObject", "s3:GetObject"], &[]).await?;
    let changed = with(&world, &function, Method::DELETE, "/files/there", ("if-match", "\"another\"")).await?;
    assert_eq!(refusal(&changed), (412, "PreconditionFailed".into()));
    let deleted = with(&world, &function, Method::DELETE, "/files/there", ("if-match", tag)).await?;
    assert_eq!(deleted.status(), 204, "{}", text(&deleted));
    assert_eq!(call(&world, Method::PUT, "/files/there", b"x").await?.status(), 200);
    let deleted = signed(&world, &function, Method::POST, "/files?delete", several.as_bytes()).await?;
    assert!(text(&deleted).contains("<Deleted><Key>there</Key></Deleted>"), "{}", text(&deleted));
    Ok(())
}
