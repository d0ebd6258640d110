//! Who gets into an HTTP API: functions that decide, and tokens of an issuer, as a template says it.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{Request, Response};
use local::model::access::RouteAccess;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RsaEncoding, RsaKeyPair};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::client::{header, json, send, send_whole};
use super::world::{Plan, World};
use crate::signing::Signer;

pub(super) const ISSUER: &str = "http://issuer.test/pool";

pub(super) fn plan() -> Result<Plan> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/fixtures/http.yaml");
    match local::template::load(&file, &local::template::Inputs::default()) {
        Ok(loaded) => Ok(Plan { cloud: loaded.cloud, ..Plan::default() }),
        Err(problems) => bail!("{problems:#?}"),
    }
}

/// The issuer of the tests: its key pair, and what it publishes.
pub(super) struct Issuer {
    pair: RsaKeyPair,
    pub(super) jwks: String,
}

impl Issuer {
    pub(super) fn new() -> Result<Self> {
        let key: Value = serde_json::from_str(include_str!("../fixtures/issuer.json"))?;
        let private = STANDARD.decode(key["private"].as_str().context("no key")?)?;
        let pair = RsaKeyPair::from_pkcs8(&private).map_err(|error| anyhow::anyhow!("{error}"))?;
        let public =
            |kid: &str| json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": key["n"], "e": key["e"]});
        let other = json!({"kty": "EC", "kid": "curve", "crv": "P-256", "x": "AA", "y": "AA"});
        Ok(Self { pair, jwks: json!({"keys": [other, public("first")]}).to_string() })
    }

    pub(super) fn file(&self) -> Result<NamedTempFile> {
        let mut file = NamedTempFile::new()?;
        file.write_all(self.jwks.as_bytes())?;
        Ok(file)
    }

    pub(super) fn sign(&self, header: &Value, claims: &Value) -> Result<String> {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let how: &dyn RsaEncoding = if header["alg"] == "RS512" { &RSA_PKCS1_SHA512 } else { &RSA_PKCS1_SHA256 };
        let mut signature = vec![0; self.pair.public().modulus_len()];
        let done = self.pair.sign(how, &SystemRandom::new(), signed.as_bytes(), &mut signature);
        done.map_err(|error| anyhow::anyhow!("{error}"))?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// A good token, but for what `change` says of its claims.
    pub(super) fn token(&self, change: &Value) -> Result<String> {
        self.sign(&json!({"alg": "RS256", "kid": "first"}), &claims(change))
    }
}

pub(super) fn claims(change: &Value) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let mut claims = json!({
        "iss": ISSUER, "aud": "app", "sub": "me", "iat": now - 5, "nbf": now - 5, "exp": now + 600, "scope": "openid read"
    });
    for (name, value) in change.as_object().into_iter().flatten() {
        match value {
            Value::Null => drop(claims.as_object_mut().and_then(|claims| claims.remove(name))),
            Value::String(text) if text.starts_with("now") => {
                let offset: i64 = text.trim_start_matches("now").parse().unwrap_or_default();
                claims[name.as_str()] = json!(i64::try_from(now).unwrap_or_default() + offset);
            }
            value => claims[name.as_str()] = value.clone(),
        }
    }
    claims
}

pub(super) async fn get(world: &World, api: &str, path: &str, headers: &[(&str, &str)]) -> Result<Response<Bytes>> {
    let url = world.running.addresses().http.get(api).context("no such API")?;
    let request = Request::get(format!("{url}{path}"));
    send(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)), "").await
}

pub(super) fn said(response: &Response<Bytes>) -> (u16, Value) {
    (response.status().as_u16(), json(response))
}

pub(super) fn refusal(status: u16, message: &str) -> (u16, Value) {
    (status, json!({ "message": message }))
}

/// A world that finds the issuer's keys in a file.
async fn world(issuer: &Issuer) -> Result<(World, NamedTempFile)> {
    let (mut plan, file) = (plan()?, issuer.file()?);
    plan.issuers = BTreeMap::from([(ISSUER.to_owned(), file.path().to_string_lossy().into_owned())]);
    Ok((plan.start().await?, file))
}

#[tokio::test]
async fn a_token_that_is_not_good_is_refused_and_the_answer_says_why() -> Result<()> {
    let issuer = Issuer::new()?;
    let (world, _file) = world(&issuer).await?;
    let bare = get(&world, "Api", "/token", &[]).await?;
    assert_eq!((said(&bare), header(&bare, "www-authenticate")), (refusal(401, "Unauthorized"), "Bearer"));
    let good = issuer.token(&json!({}))?;
    let header_of = |alg: &str, kid: &str| json!({"alg": alg, "kid": kid});
    let forged = {
        let (head, signature) =
            (good.split('.').next().unwrap_or_default(), good.rsplit('.').next().unwrap_or_default());
        let claims = URL_SAFE_NO_PAD.encode(claims(&json!({"sub": "somebody else"})).to_string());
        format!("{head}.{claims}.{signature}")
    };
    let none = format!(
        "{}.{}.",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"none","kid":"first"}"#),
        good.split('.').nth(1).unwrap_or_default()
    );
    let mut wrong = vec![
        ("token".to_owned(), "the token does not have three segments"),
        (format!("{good}.x"), "the token does not have three segments"),
        ("a.b.c".to_owned(), "the token is not readable"),
        (forged, "the token has an invalid signature"),
        (none, "the token is not signed by an RSA algorithm"),
        (
            issuer.sign(&header_of("HS256", "first"), &claims(&json!({})))?,
            "the token is not signed by an RSA algorithm",
        ),
        (
            issuer.sign(&header_of("RS512", "first"), &claims(&json!({})))?.replacen("UzUxMi", "UzI1Ni", 1),
            "the token has an invalid signature",
        ),
        (
            issuer.sign(&header_of("RS256", "second"), &claims(&json!({})))?,
            "the token names a key that the issuer does not have",
        ),
        (
            issuer.sign(&header_of("RS256", "curve"), &claims(&json!({})))?,
            "the token names a key that the issuer does not have",
        ),
        (issuer.sign(&json!({"alg": "RS256"}), &claims(&json!({})))?, "the token does not name its key"),
    ];
    for (change, why) in [
        (json!({"iss": "http://issuer.test/pool/"}), "the token does not have a valid issuer"),
        (json!({"iss": null}), "the token does not have a valid issuer"),
        (json!({"aud": "stranger"}), "the token does not have a valid audience"),
        (json!({"aud": ["stranger", "none"]}), "the token does not have a valid audience"),
        (json!({"aud": null}), "the token does not have a valid audience"),
        (json!({"aud": "stranger", "client_id": "app"}), "the token does not have a valid audience"),
        (json!({"exp": "now-1"}), "the token has expired"),
        (json!({"exp": null}), "the token does not expire"),
        (json!({"exp": "never"}), "the token has a time that is not a number"),
        (json!({"nbf": "now+60"}), "the token is not valid yet"),
        (json!({"iat": "now+60"}), "the token was issued in the future"),
    ] {
        wrong.push((issuer.token(&change)?, why));
    }
    for (token, why) in wrong {
        let response = get(&world, "Api", "/token", &[("authorization", &format!("Bearer {token}"))]).await?;
        let challenge = format!("Bearer scope=\"\" error=\"invalid_token\" error_description=\"{why}\"");
        assert_eq!(said(&response), refusal(401, "Unauthorized"), "{token}");
        assert_eq!(header(&response, "www-authenticate"), challenge, "{token}");
    }
    assert!(world.processes().is_empty());
    Ok(())
}

#[tokio::test]
async fn a_good_token_lets_in_and_its_claims_are_in_the_event() -> Result<()> {
    let issuer = Issuer::new()?;
    let (world, _file) = world(&issuer).await?;
    for change in [
        json!({"aud": ["stranger", "other"]}),
        json!({"aud": null, "client_id": "app"}),
        json!({"nbf": null, "iat": null}),
    ] {
        let token = issuer.token(&change)?;
        assert_eq!(get(&world, "Api", "/token", &[("authorization", &token)]).await?.status(), 200, "{change}");
    }
    let long = issuer.sign(&json!({"alg": "RS512", "kid": "first"}), &claims(&json!({})))?;
    assert_eq!(get(&world, "Api", "/token", &[("authorization", &format!("bearer {long}"))]).await?.status(), 200);
    let token = issuer.token(&json!({"groups": ["a", "b c"], "admin": true, "level": 7}))?;
    let event = json(&get(&world, "Api", "/token", &[("authorization", &format!("Bearer {token}"))]).await?);
    let jwt = &event["requestContext"]["authorizer"]["jwt"];
    assert_eq!(jwt["scopes"], Value::Null);
    let claims = &jwt["claims"];
    for (name, expected) in [
        ("sub", "me"),
        ("aud", "app"),
        ("groups", "[a b c]"),
        ("admin", "true"),
        ("level", "7"),
        ("scope", "openid read"),
    ] {
        assert_eq!(claims[name], expected, "{name}");
    }
    assert!(claims["exp"].is_string());
    Ok(())
}

#[tokio::test]
async fn a_route_asks_for_scopes_and_one_of_them_is_enough() -> Result<()> {
    let issuer = Issuer::new()?;
    let (world, _file) = world(&issuer).await?;
    let with = |change: Value| {
        let (world, token) = (&world, issuer.token(&change));
        async move { get(world, "Api", "/scoped", &[("authorization", &format!("Bearer {}", token?))]).await }
    };
    for change in [json!({"scope": null}), json!({"scope": "openid reader"}), json!({"scope": null, "scp": ["other"]})]
    {
        let response = with(change.clone()).await?;
        assert_eq!(said(&response), refusal(403, "Forbidden"), "{change}");
        let challenge = header(&response, "www-authenticate");
        assert!(challenge.starts_with("Bearer scope=\"read write\" error=\"insufficient_scope\""), "{challenge}");
    }
    for change in [json!({}), json!({"scope": null, "scp": ["write"]}), json!({"scope": null, "scp": "x write"})] {
        assert_eq!(with(change.clone()).await?.status(), 200, "{change}");
    }
    let event = json(&with(json!({})).await?);
    assert_eq!(event["requestContext"]["authorizer"]["jwt"]["scopes"], json!(["openid", "read"]));
    let token = issuer.token(&json!({}))?;
    let none = issuer.token(&json!({"scope": "write"}))?;
    assert_eq!(get(&world, "Written", &format!("/closed?token={none}"), &[]).await?.status(), 403);
    assert_eq!(get(&world, "Written", &format!("/closed?token={token}"), &[]).await?.status(), 200);
    assert_eq!(get(&world, "Written", "/closed", &[("authorization", &token)]).await?.status(), 401);
    Ok(())
}

#[tokio::test]
async fn a_function_decides_with_yes_and_no() -> Result<()> {
    let mut plan = plan()?;
    plan.limits.http_authorizer = Duration::from_millis(1500);
    let world = plan.start().await?;
    let url = world.running.addresses().http.get("Api").context("no such API")?;
    let post = |who: Option<&'static str>| {
        let request = Request::post(format!("{url}/simple?b=1&b=2")).header("X-Own", "mine").header("Cookie", "c=d");
        send(who.map_or_else(|| Request::post(format!("{url}/simple")), |who| request.header("Who", who)), "body")
    };
    assert_eq!(said(&post(None).await?), refusal(401, "Unauthorized"));
    assert_eq!(said(&post(Some("")).await?), refusal(401, "Unauthorized"));
    assert!(world.running.processes("Judge").is_empty());
    for (who, expected) in [
        ("is:false", refusal(403, "Forbidden")),
        ("unauthorized", refusal(401, "Unauthorized")),
        ("error", refusal(500, "Internal Server Error")),
        ("crash", refusal(500, "Internal Server Error")),
        ("sleep", refusal(500, "Internal Server Error")),
        ("allow", refusal(500, "Internal Server Error")),
    ] {
        assert_eq!(said(&post(Some(who)).await?), expected, "{who}");
    }
    assert!(world.processes().is_empty(), "the function ran for somebody who was refused");
    let event = json(&post(Some("is:true")).await?);
    let lambda = &event["requestContext"]["authorizer"]["lambda"];
    assert_eq!(lambda["list"], json!([1, {"a": null}]), "a context is passed on as it is");
    let asked: Value = serde_json::from_str(lambda["asked"].as_str().unwrap_or_default())?;
    let keys: Vec<&String> = asked.as_object().into_iter().flat_map(|asked| asked.keys()).collect();
    assert_eq!(
        keys,
        [
            "cookies",
            "headers",
            "identitySource",
            "queryStringParameters",
            "rawPath",
            "rawQueryString",
            "requestContext",
            "routeArn",
            "routeKey",
            "stageVariables",
            "type",
            "version"
        ]
    );
    assert_eq!((&asked["version"], &asked["type"]), (&json!("2.0"), &json!("REQUEST")));
    assert_eq!(asked["identitySource"], json!(["is:true", "small"]));
    let api = event["requestContext"]["apiId"].as_str().unwrap_or_default();
    assert_eq!(asked["routeArn"], format!("arn:aws:execute-api:us-east-1:123456789012:{api}/$default/POST/simple"));
    assert_eq!(asked["queryStringParameters"], json!({"b": "1,2"}));
    assert_eq!((&asked["headers"]["x-own"], &asked["cookies"]), (&json!("mine"), &json!(["c=d"])));
    assert_eq!(asked["requestContext"].get("authorizer"), None);
    Ok(())
}

#[tokio::test]
async fn a_policy_is_kept_and_weighed_anew_for_each_route() -> Result<()> {
    let world = plan()?.start().await?;
    let policy = |path: &'static str, who: &'static str| {
        let world = &world;
        async move { get(world, "Api", &format!("{path}?who={who}"), &[]).await }
    };
    assert_eq!(said(&policy("/policy/a", "deny").await?), refusal(403, "Forbidden"));
    assert_eq!(said(&policy("/policy/a", "without:principalId").await?), refusal(500, "Internal Server Error"));
    assert_eq!(said(&policy("/policy/a", "is:true").await?), refusal(500, "Internal Server Error"));
    // It allows the path that it was first asked for, and is then kept for a minute.
    let first = json(&policy("/policy/a", "allow").await?);
    assert_eq!(first["requestContext"]["authorizer"]["lambda"]["text"], "a");
    assert_eq!(said(&policy("/policy/b", "allow").await?), refusal(403, "Forbidden"));
    let again = json(&policy("/policy/a", "allow").await?);
    let asked = |event: &Value| event["requestContext"]["authorizer"]["lambda"]["asked"].clone();
    assert_eq!(asked(&first), asked(&again));
    assert!(asked(&first).as_str().is_some_and(|asked| asked.contains("/GET/policy/a\"")));
    let without = json(&policy("/policy/a", "without:context").await?);
    assert_eq!(without["requestContext"]["authorizer"], json!({"lambda": null}));
    Ok(())
}

#[tokio::test]
async fn the_old_format_asks_as_rest_apis_do() -> Result<()> {
    let world = plan()?.start().await?;
    let event = json(&get(&world, "Api", "/old/x?who=allow&do=show", &[]).await?);
    let lambda = &event["requestContext"]["authorizer"]["lambda"];
    let asked: Value = serde_json::from_str(lambda["asked"].as_str().unwrap_or_default())?;
    let api = event["requestContext"]["apiId"].as_str().unwrap_or_default();
    assert_eq!(asked["version"], "1.0");
    assert_eq!(asked["methodArn"], format!("arn:aws:execute-api:us-east-1:123456789012:{api}/$default/GET/old/x"));
    assert_eq!((&asked["resource"], &asked["path"]), (&json!("/old/{name}"), &json!("/old/x")));
    assert_eq!((&asked["httpMethod"], &asked["pathParameters"]), (&json!("GET"), &json!({"name": "x"})));
    assert_eq!(asked["queryStringParameters"], json!({"who": "allow", "do": "show"}));
    assert_eq!(asked["requestContext"]["identity"]["sourceIp"], "127.0.0.1");
    Ok(())
}

#[tokio::test]
async fn the_old_format_has_cookies_among_its_headers() -> Result<()> {
    let world = plan()?.start().await?;
    let event =
        json(&get(&world, "Api", "/old/x?who=allow&do=show", &[("cookie", "a=b; c=d"), ("cookie", "e=f")]).await?);
    let asked = event["requestContext"]["authorizer"]["lambda"]["asked"].as_str().unwrap_or_default();
    let asked: Value = serde_json::from_str(asked)?;
    assert_eq!((&asked["headers"]["cookie"], asked.get("cookies")), (&json!("a=b; c=d; e=f"), None));
    assert_eq!(event["cookies"], json!(["a=b", "c=d", "e=f"]), "the function has them as ever");
    assert_eq!(event["headers"].get("cookie"), None);
    Ok(())
}

#[tokio::test]
async fn an_answer_is_kept_for_all_values_of_a_parameter_and_not_for_the_first() -> Result<()> {
    let world = plan()?.start().await?;
    assert_eq!(get(&world, "Api", "/policy/a?who=allow", &[]).await?.status(), 200);
    // The function would be asked about `allow,deny`, which it does not know.
    let both = get(&world, "Api", "/policy/a?who=allow&who=deny", &[]).await?;
    assert_eq!(said(&both), refusal(500, "Internal Server Error"));
    Ok(())
}

#[tokio::test]
async fn a_route_may_be_open_and_have_a_throttle_of_its_own() -> Result<()> {
    let world = plan()?.start().await?;
    for expected in [200, 200, 429] {
        assert_eq!(get(&world, "Api", "/open", &[]).await?.status(), expected);
    }
    assert_eq!(get(&world, "Api", "/token", &[]).await?.status(), 401);
    Ok(())
}

#[tokio::test]
async fn an_http_api_that_is_written_out_runs_like_the_one_that_sam_makes() -> Result<()> {
    let world = plan()?.start().await?;
    assert_eq!(said(&get(&world, "Written", "/other", &[]).await?), refusal(401, "Unauthorized"));
    assert_eq!(said(&get(&world, "Written", "/other", &[("who", "is:false")]).await?), refusal(403, "Forbidden"));
    let judged = json(&get(&world, "Written", "/other", &[("who", "is:true")]).await?);
    assert_eq!(judged["routeKey"], "$default");
    let asked = judged["requestContext"]["authorizer"]["lambda"]["asked"].as_str().unwrap_or_default();
    assert!(asked.contains(r#""identitySource":["is:true","$default"]"#), "{asked}");
    let open = get(&world, "Written", "/open/x", &[("origin", "https://chat.example")]).await?;
    assert_eq!(header(&open, "access-control-allow-origin"), "https://chat.example");
    let open = json(&open);
    assert_eq!((&open["routeKey"], &open["pathParameters"]), (&json!("GET /open/{name}"), &json!({"name": "x"})));
    assert_eq!(open["requestContext"].get("authorizer"), None);
    let quick = json(&get(&world, "Quick", "/a/b", &[]).await?);
    assert_eq!((&quick["routeKey"], &quick["rawPath"]), (&json!("$default"), &json!("/a/b")));
    Ok(())
}

#[tokio::test]
async fn only_who_signs_takes_a_route_that_asks_for_signatures() -> Result<()> {
    let mut plan = plan()?;
    plan.iam = true;
    let api = plan.cloud.http_apis.get_mut("Api").context("no such API")?;
    api.routes.iter_mut().for_each(|route| route.access = RouteAccess::Iam);
    let world = plan.start().await?;
    assert_eq!(said(&get(&world, "Api", "/token", &[]).await?), refusal(403, "Forbidden"));
    let url = format!("{}/simple?a=b", world.running.addresses().http.get("Api").context("no such API")?);
    let call = |signer: Signer, body: &'static str| {
        let request = Request::post(&url).body(Bytes::from_static(body.as_bytes()).into());
        async move {
            let mut request = request?;
            signer.sign(&mut request, b"the body");
            send_whole(request).await
        }
    };
    let developer = Signer::developer("execute-api");
    let forged = Signer { secret: "wrong".into(), ..developer.clone() };
    assert_eq!(said(&call(forged, "the body").await?), refusal(403, "Forbidden"));
    assert_eq!(said(&call(developer.clone(), "another body").await?), refusal(403, "Forbidden"));
    assert!(world.processes().is_empty());
    let event = json(&call(developer, "the body").await?);
    let iam = &event["requestContext"]["authorizer"]["iam"];
    assert_eq!(iam["userArn"], "arn:aws:iam::123456789012:user/local");
    Ok(())
}
