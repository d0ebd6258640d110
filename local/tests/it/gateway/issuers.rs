//! Where an HTTP API finds the keys of an issuer, and what becomes of people when it does not.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use anyhow::Result;
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::client::header;
use super::http_authorizers::{ISSUER, Issuer, claims, get, plan, refusal, said};
use super::world::until;

/// Answers requests as an issuer would, but only so many; who comes then waits for ever. The URL, and how often it was asked.
pub(super) async fn served(issuer: &Issuer, answers: usize) -> Result<(String, Arc<AtomicUsize>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/pool", listener.local_addr()?);
    let asked = Arc::<AtomicUsize>::default();
    let (keys, own, counted) = (issuer.jwks.clone(), url.clone(), Arc::clone(&asked));
    tokio::spawn(async move {
        let mut waiting = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            if counted.fetch_add(1, Relaxed) >= answers {
                waiting.push(stream);
                continue;
            }
            let mut request = vec![0; 4096];
            let length = stream.read(&mut request).await.unwrap_or(0);
            let request = String::from_utf8_lossy(request.get(..length).unwrap_or_default()).into_owned();
            let (status, body) = if request.starts_with("GET /pool/.well-known/openid-configuration ") {
                ("200 OK", json!({"issuer": ISSUER, "jwks_uri": format!("{own}/keys")}).to_string())
            } else if request.starts_with("GET /pool/keys ") {
                ("200 OK", keys.clone())
            } else {
                ("404 Not Found", String::new())
            };
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            let _gone = stream.write_all(format!("{head}{body}").as_bytes()).await;
        }
    });
    Ok((url, asked))
}

#[tokio::test]
async fn keys_are_found_at_the_issuer_and_kept() -> Result<()> {
    let issuer = Issuer::new()?;
    let (url, asked) = served(&issuer, 100).await?;
    let mut plan = plan()?;
    plan.issuers = BTreeMap::from([(ISSUER.to_owned(), url)]);
    let world = plan.start().await?;
    let token = issuer.token(&json!({}))?;
    for _ in 0..3 {
        assert_eq!(get(&world, "Api", "/token", &[("authorization", &token)]).await?.status(), 200);
    }
    assert_eq!(asked.load(Relaxed), 2, "once where the keys are, and once for them");
    Ok(())
}

#[tokio::test]
async fn an_issuer_that_cannot_be_reached_lets_nobody_in() -> Result<()> {
    let issuer = Issuer::new()?;
    let mut plan = plan()?;
    let nowhere = { format!("http://{}", TcpListener::bind("127.0.0.1:0").await?.local_addr()?) };
    plan.issuers = BTreeMap::from([(ISSUER.to_owned(), nowhere)]);
    let world = plan.start().await?;
    let response = get(&world, "Api", "/token", &[("authorization", &issuer.token(&json!({}))?)]).await?;
    assert_eq!(said(&response), refusal(401, "Unauthorized"));
    assert!(header(&response, "www-authenticate").contains("OIDC discovery endpoint communication error"));
    world.logs("Api authorizer Token failed: ").await?;
    Ok(())
}

#[tokio::test]
async fn an_issuer_that_does_not_answer_keeps_nobody_waiting_whose_key_is_known() -> Result<()> {
    let issuer = Issuer::new()?;
    let (url, asked) = served(&issuer, 2).await?;
    let mut plan = plan()?;
    plan.issuers = BTreeMap::from([(ISSUER.to_owned(), url)]);
    let world = plan.start().await?;
    let (good, other) =
        (issuer.token(&json!({}))?, issuer.sign(&json!({"alg": "RS256", "kid": "x"}), &claims(&json!({})))?);
    assert_eq!(get(&world, "Api", "/token", &[("authorization", &good)]).await?.status(), 200);
    // The issuer is not asked at once again; as soon as it is, it falls silent.
    let stranger = async {
        loop {
            let response = get(&world, "Api", "/token", &[("authorization", &other)]).await?;
            if asked.load(Relaxed) > 2 {
                return anyhow::Ok((response, Instant::now()));
            }
        }
    };
    let known = async {
        until("the issuer to be asked again", || (asked.load(Relaxed) > 2).then_some(())).await?;
        anyhow::Ok((get(&world, "Api", "/token", &[("authorization", &good)]).await?.status(), Instant::now()))
    };
    let (stranger, known) = tokio::join!(stranger, known);
    let ((response, later), (status, sooner)) = (stranger?, known?);
    assert_eq!((status.as_u16(), said(&response)), (200, refusal(401, "Unauthorized")));
    assert!(sooner < later, "somebody waited for a key that somebody else named");
    // And who comes next does not wait for the same.
    for _ in 0..3 {
        let response = get(&world, "Api", "/token", &[("authorization", &other)]).await?;
        assert!(header(&response, "www-authenticate").contains("OIDC discovery endpoint communication error"));
    }
    assert_eq!(asked.load(Relaxed), 3);
    Ok(())
}

#[tokio::test]
async fn a_key_that_is_none_does_not_spoil_the_others() -> Result<()> {
    let issuer = Issuer::new()?;
    let mut keys: Value = serde_json::from_str(&issuer.jwks)?;
    let good = keys["keys"][1].clone();
    let with = |change: Value| {
        let mut key = good.clone();
        key.as_object_mut().into_iter().for_each(|key| key.extend(change.as_object().cloned().unwrap_or_default()));
        key
    };
    let padded = |name: &str| {
        let text = good[name].as_str().unwrap_or_default();
        format!("{text}{}", "=".repeat((4 - text.len() % 4) % 4))
    };
    keys["keys"] = json!([
        with(json!({"kid": "broken", "n": "***"})),
        {"kty": "RSA", "kid": "empty"},
        with(json!({"kid": 5})),
        "no key",
        with(json!({"kid": "secret", "use": "enc"})),
        with(json!({"n": padded("n"), "e": padded("e")})),
    ]);
    let mut file = NamedTempFile::new()?;
    file.write_all(keys.to_string().as_bytes())?;
    let mut plan = plan()?;
    plan.issuers = BTreeMap::from([(ISSUER.to_owned(), file.path().to_string_lossy().into_owned())]);
    let world = plan.start().await?;
    for (kid, status) in [("first", 200), ("secret", 401), ("broken", 401)] {
        let token = issuer.sign(&json!({"alg": "RS256", "kid": kid}), &claims(&json!({})))?;
        let response = get(&world, "Api", "/token", &[("authorization", &token)]).await?;
        assert_eq!(response.status(), status, "{kid}: {}", header(&response, "www-authenticate"));
    }
    Ok(())
}
