//! What becomes of objects when a process is killed, when several write at once, and when somebody looks into the folder.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use http::Method;
use http::Response;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{bytes_of, call, plan, refusal, request, text};
use crate::gateway::client::{header, host};
use crate::gateway::world::{Plan, SOON, World};
use crate::signing::Signer;

/// SHA-256 of `old`.
const OLD: &str = "cba06b5736faf67e54b07b561eae94395e774c517a7d910a54369e1263ccfbd4";

async fn start(data: &Path) -> Result<World> {
    Plan { data: Some(data.to_owned()), ..plan() }.start().await
}

async fn put(
    world: &World,
    key: &str,
    body: &[u8],
    headers: &[(&'static str, &str)],
) -> Result<Response<bytes::Bytes>> {
    with(world, Method::PUT, key, body, headers).await
}

async fn with(
    world: &World,
    method: Method,
    key: &str,
    body: &[u8],
    headers: &[(&'static str, &str)],
) -> Result<Response<bytes::Bytes>> {
    super::with(world, method, &format!("/files/{key}"), body, headers).await
}

async fn read(world: &World, key: &str) -> Result<String> {
    Ok(text(&call(world, Method::GET, &format!("/files/{key}"), b"").await?))
}

/// What is known of each object, by its key, and where.
fn known(folder: &Path) -> Result<BTreeMap<String, (PathBuf, Value)>> {
    let mut known = BTreeMap::new();
    for file in fs::read_dir(folder)? {
        let path = file?.path();
        if path.extension().is_some_and(|kind| kind == "json") {
            let about: Value = serde_json::from_slice(&fs::read(&path)?)?;
            known.insert(about["key"].as_str().context("a key")?.to_owned(), (path, about));
        }
    }
    Ok(known)
}

#[tokio::test]
async fn what_a_process_that_was_killed_left_half_done_is_no_object() -> Result<()> {
    let data = tempfile::tempdir()?;
    let folder = data.path().join("buckets/files");
    let world = start(data.path()).await?;
    for (key, body) in [("kept", "first"), ("torn", "somebody's"), ("lost", "x")] {
        assert_eq!(put(&world, key, body.as_bytes(), &[]).await?.status(), 200);
    }
    assert_eq!(put(&world, "kept", b"second", &[]).await?.status(), 200);
    world.running.shutdown().await;
    let known = known(&folder)?;
    let bytes_of = |key: &str| folder.join(known[key].1["file"].as_str().unwrap_or_default());
    assert_eq!(fs::read_dir(&folder)?.count(), 6, "what was replaced is gone");
    // The bytes of a third version that nothing names yet, and files that were never put into their place.
    let third = folder.join(format!("{}-zzzzzz", known["kept"].0.file_stem().context("a hash")?.to_string_lossy()));
    fs::write(&third, "third")?;
    fs::write(folder.join(".tmpAbCdEf"), "{\"key\":\"kept\"")?;
    fs::write(folder.join("notes.txt"), "mine")?;
    // The machine lost its power: a file is there and empty. And somebody removed another.
    fs::write(&known["torn"].0, "")?;
    fs::remove_file(bytes_of("lost"))?;
    // As an earlier version wrote it.
    let about =
        json!({"key": "old", "size": 4, "etag": "\"t\"", "modified": 1, "headers": {"content-type": "text/plain"}});
    fs::write(folder.join(format!("{OLD}.json")), about.to_string())?;
    fs::write(folder.join(OLD), "here")?;

    let world = start(data.path()).await?;
    let kept = call(&world, Method::GET, "/files/kept", b"").await?;
    assert_eq!((text(&kept).as_str(), header(&kept, "etag")), ("second", "\"a9f0e61a137d86aa9db53465e0801612\""));
    let old = call(&world, Method::GET, "/files/old", b"").await?;
    assert_eq!((text(&old).as_str(), header(&old, "content-type")), ("here", "text/plain"));
    for key in ["torn", "lost"] {
        assert_eq!(call(&world, Method::GET, &format!("/files/{key}"), b"").await?.status(), 404);
        let file = known[key].0.display().to_string();
        assert!(world.logs(&format!("s3 {file}: its object is left out: ")).await.is_ok());
    }
    assert!(!third.exists() && !folder.join(".tmpAbCdEf").exists());
    assert_eq!(fs::read_to_string(bytes_of("torn"))?, "somebody's", "nobody knows what it was, so it stays");
    assert_eq!(fs::read_to_string(folder.join("notes.txt"))?, "mine");
    assert_eq!(put(&world, "old", b"new", &[]).await?.status(), 200);
    assert_eq!((read(&world, "old").await?.as_str(), folder.join(OLD).exists()), ("new", false));
    assert_eq!(call(&world, Method::DELETE, "/files/old", b"").await?.status(), 204);
    assert!(!folder.join(format!("{OLD}.json")).exists());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_write_where_nothing_is_one_does() -> Result<()> {
    let world = plan().start().await?;
    for round in 0..5 {
        let key = format!("lock-{round}");
        let bodies: Vec<String> = (0..20).map(|number| format!("I am {number}")).collect();
        let puts = bodies.iter().map(|body| put(&world, &key, body.as_bytes(), &[("if-none-match", "*")]));
        let answers = futures_util::future::join_all(puts).await;
        let mut winners = Vec::new();
        for (answer, body) in answers.into_iter().zip(&bodies) {
            match answer?.status().as_u16() {
                200 => winners.push(body.clone()),
                status => assert_eq!(status, 412),
            }
        }
        assert_eq!(winners, [read(&world, &key).await?]);
    }
    Ok(())
}

#[tokio::test]
async fn an_object_is_written_or_deleted_only_as_it_was_known() -> Result<()> {
    let world = plan().start().await?;
    let none = put(&world, "a", b"1", &[("if-match", "*")]).await?;
    assert_eq!(refusal(&none), (404, "NoSuchKey".into()));
    let first = put(&world, "a", b"1", &[]).await?;
    let first = header(&first, "etag").to_owned();
    assert_eq!(put(&world, "a", b"2", &[("if-match", &first)]).await?.status(), 200);
    for method in [Method::PUT, Method::DELETE] {
        let late = with(&world, method, "a", b"", &[("if-match", &first)]).await?;
        assert_eq!(refusal(&late), (412, "PreconditionFailed".into()));
    }
    let other = put(&world, "a", b"3", &[("if-none-match", &first)]).await?;
    assert_eq!(refusal(&other), (501, "NotImplemented".into()), "S3 knows only *");
    assert_eq!(read(&world, "a").await?, "2");
    assert_eq!(with(&world, Method::DELETE, "a", b"", &[("if-match", "*")]).await?.status(), 204);
    Ok(())
}

#[tokio::test]
async fn of_a_large_object_only_what_is_asked_for_is_read() -> Result<()> {
    const LARGE: u64 = 1 << 36;
    let data = tempfile::tempdir()?;
    let folder = data.path().join("buckets/files");
    let world = start(data.path()).await?;
    assert_eq!(put(&world, "large", b"hello world", &[]).await?.status(), 200);
    world.running.shutdown().await;
    let about = known(&folder)?["large"].1.clone();
    let bytes = folder.join(about["file"].as_str().context("a file")?);
    // A file with a hole, which takes no room.
    File::options().write(true).open(&bytes)?.set_len(LARGE)?;
    let world = start(data.path()).await?;
    world.logs("bytes and not 11").await?;
    let part = with(&world, Method::GET, "large", b"", &[("range", "bytes=0-4")]).await?;
    assert_eq!((part.status().as_u16(), text(&part).as_str()), (206, "hello"));
    assert_eq!(header(&part, "content-range"), format!("bytes 0-4/{LARGE}"));
    let head = with(&world, Method::HEAD, "large", b"", &[]).await?;
    assert_eq!((head.status().as_u16(), header(&head, "content-length")), (200, LARGE.to_string().as_str()));
    let known = header(&head, "etag").to_owned();
    // The whole of it begins at once, and nobody needs the memory that it would take.
    let address = world.running.addresses().s3.clone().unwrap_or_default();
    let mut all = request(&world, Method::GET, "/files/large", b"")?;
    Signer::developer("s3").sign(&mut all, b"");
    let mut stream = TcpStream::connect(host(&address)).await?;
    stream.write_all(&bytes_of(&all, b"")).await?;
    let mut heard = vec![0; 300_000];
    timeout(SOON, stream.read_exact(&mut heard)).await??;
    let heard = String::from_utf8_lossy(&heard);
    assert!(heard.contains(&format!("content-length: {LARGE}\r\n")), "{heard:.500}");
    assert!(heard.contains("\r\n\r\nhello world\0\0"), "{heard:.500}");
    drop(stream);
    let unchanged = with(&world, Method::GET, "large", b"", &[("if-none-match", &known)]).await?;
    assert_eq!((unchanged.status().as_u16(), unchanged.body().len()), (304, 0));
    Ok(())
}

#[tokio::test]
async fn two_runs_do_not_share_the_folder_of_buckets() -> Result<()> {
    let data = tempfile::tempdir()?;
    let world = start(data.path()).await?;
    let second = start(data.path()).await.err().context("a second run")?;
    let expected = format!("another `local` keeps its buckets in {}", data.path().join("buckets").display());
    assert!(second.to_string().starts_with(&expected), "{second:#}");
    assert_eq!(put(&world, "a", b"1", &[]).await?.status(), 200);
    world.running.shutdown().await;
    assert_eq!(read(&start(data.path()).await?, "a").await?, "1");
    Ok(())
}
