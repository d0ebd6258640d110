//! Who gets into a WebSocket API: authorizers, API keys, and throttles of single routes, as a template says it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail};
use http::Request;
use local::model::access::Authorization;
use local::model::{Role, Statement};
use serde_json::{Value, json};

use super::client::{Refused, Socket};
use super::world::{Plan, World};
use crate::signing::Signer;

pub(super) fn plan() -> Result<Plan> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/fixtures/entry.yaml");
    match local::template::load(&file, &local::template::Inputs::default()) {
        Ok(loaded) => Ok(Plan { cloud: loaded.cloud, ..Plan::default() }),
        Err(problems) => bail!("{problems:#?}"),
    }
}

async fn world() -> Result<World> {
    plan()?.start().await
}

/// The status of a handshake, and the message with which it was refused.
async fn dial(world: &World, api: &str, query: &str, headers: &[(&'static str, &str)]) -> Result<(u16, String)> {
    let url = world.running.addresses().websocket.get(api).context("no such API")?;
    Ok(match Socket::dial(&format!("{url}{query}"), headers).await? {
        Ok(_) => (101, String::new()),
        Err(refused) => {
            let body: Value = serde_json::from_str(&refused.body)?;
            let keys: Vec<&String> = body.as_object().into_iter().flat_map(|body| body.keys()).collect();
            assert_eq!(keys, ["connectionId", "message", "requestId"], "{body}");
            (refused.status, body["message"].as_str().unwrap_or_default().to_owned())
        }
    })
}

/// A socket of an API, and the context of an event of it.
async fn inside(world: &World, api: &str, query: &str, headers: &[(&'static str, &str)]) -> Result<(Socket, Value)> {
    let url = world.running.addresses().websocket.get(api).context("no such API")?;
    let dialled = Socket::dial(&format!("{url}{query}"), headers).await?;
    let Ok((mut socket, _)) = dialled else { bail!("refused") };
    socket.say(r#"{"action":"tell"}"#).await?;
    let event = socket.hear_json().await?;
    Ok((socket, event["requestContext"].clone()))
}

#[tokio::test]
async fn who_lacks_an_identity_source_is_refused_without_a_function() -> Result<()> {
    let world = world().await?;
    for (api, query) in [
        ("Socket", ""),
        ("Socket", "?who="),
        ("Socket", "?Who=allow"),
        ("Socket", "?who=allow&who="),
        ("Written", ""),
        ("Written", "?who=allow"),
    ] {
        assert_eq!(dial(&world, api, query, &[]).await?, (401, "Unauthorized".into()), "{api} {query}");
    }
    assert!(world.running.processes("Judge").is_empty() && world.processes().is_empty());
    assert_eq!(dial(&world, "Socket", "?who=allow", &[]).await?.0, 101);
    // Of several values the last one counts, as the function sees it.
    assert_eq!(dial(&world, "Socket", "?who=&who=allow", &[]).await?.0, 101);
    Ok(())
}

#[tokio::test]
async fn an_authorizer_decides_about_the_handshake() -> Result<()> {
    let mut plan = plan()?;
    plan.limits.authorizer = Duration::from_millis(1500);
    let world = plan.start().await?;
    let unsaid = (403, "User is not authorized to access this resource");
    let failed = (500, "Internal server error");
    for (who, expected) in [
        ("deny", (403, "User is not authorized to access this resource with an explicit deny")),
        ("matching:arn:aws:execute-api:us-east-1:123456789012:*/v1/*/*", unsaid),
        ("matching:arn:aws:execute-api:us-east-1:123456789012:*/v2/*", unsaid),
        ("unauthorized", (401, "Unauthorized")),
        ("error", failed),
        ("crash", failed),
        ("sleep", failed),
        ("without:principalId", failed),
        ("without:policyDocument", failed),
        ("is:true", failed),
        ("context:{%22a%22:[]}", failed),
        ("context:[]", failed),
    ] {
        let (status, message) = dial(&world, "Socket", &format!("?who={who}"), &[]).await?;
        assert_eq!((status, message.as_str()), expected, "{who}");
    }
    world.logs("authorizer SocketConnectAuthorizer failed: the answer has no principalId").await?;
    assert!(world.processes().is_empty(), "$connect ran for somebody who was refused");
    for who in ["allow", "matching:*", "matching:arn:aws:execute-api:*:*:*/v1/$connect", "without:context"] {
        assert_eq!(dial(&world, "Socket", &format!("?who={who}"), &[]).await?.0, 101, "{who}");
    }
    Ok(())
}

#[tokio::test]
async fn what_an_authorizer_says_is_in_every_event_of_the_connection() -> Result<()> {
    let world = world().await?;
    let (mut socket, context) = inside(&world, "Socket", "?who=allow&do=show", &[]).await?;
    let says = |context: &Value| -> Value {
        let mut said = context["authorizer"].clone();
        assert!(said["integrationLatency"].is_u64(), "{said}");
        if let Some(said) = said.as_object_mut() {
            said.retain(|key, _| !["asked", "integrationLatency"].contains(&key.as_str()));
        }
        said
    };
    let expected = json!({"principalId": "me", "text": "a", "number": "1.5", "truth": "true"});
    assert_eq!(says(&context), expected);
    socket.0.close(None).await?;
    for kind in ["CONNECT", "DISCONNECT"] {
        let line = world.logs(&format!("\"eventType\":\"{kind}\",\"extended")).await?;
        let event: Value = serde_json::from_str(line.get(line.find('{').unwrap_or(0)..).unwrap_or_default())?;
        assert_eq!(says(&event["requestContext"]), expected, "{kind}");
    }
    Ok(())
}

#[tokio::test]
async fn the_event_of_an_authorizer_has_the_keys_of_aws_and_no_others() -> Result<()> {
    let world = world().await?;
    let (_socket, context) = inside(&world, "Socket", "?who=allow&b=1&b=2", &[("X-Own", "mine")]).await?;
    let asked: Value = serde_json::from_str(context["authorizer"]["asked"].as_str().unwrap_or_default())?;
    let keys = |value: &Value| -> Vec<String> {
        value.as_object().into_iter().flat_map(|object| object.keys().cloned()).collect()
    };
    assert_eq!(
        keys(&asked),
        [
            "headers",
            "methodArn",
            "multiValueHeaders",
            "multiValueQueryStringParameters",
            "queryStringParameters",
            "requestContext",
            "stageVariables",
            "type"
        ]
    );
    let api = context["apiId"].as_str().unwrap_or_default();
    assert_eq!(asked["methodArn"], format!("arn:aws:execute-api:us-east-1:123456789012:{api}/v1/$connect"));
    assert_eq!(asked["type"], "REQUEST");
    assert_eq!(asked["stageVariables"], json!({"tier": "small"}));
    assert_eq!(asked["queryStringParameters"], json!({"who": "allow", "b": "2"}));
    assert_eq!(asked["multiValueQueryStringParameters"], json!({"who": ["allow"], "b": ["1", "2"]}));
    let headers = &asked["headers"];
    for (name, value) in
        [("Connection", "upgrade"), ("Upgrade", "websocket"), ("content-length", "0"), ("X-Forwarded-Proto", "https")]
    {
        assert_eq!((&headers[name], &asked["multiValueHeaders"][name]), (&json!(value), &json!([value])), "{name}");
    }
    assert_eq!(headers["x-own"], "mine");
    let asked = &asked["requestContext"];
    assert_eq!(
        keys(asked),
        [
            "apiId",
            "connectedAt",
            "connectionId",
            "domainName",
            "eventType",
            "extendedRequestId",
            "identity",
            "messageDirection",
            "requestId",
            "requestTime",
            "requestTimeEpoch",
            "routeKey",
            "stage"
        ]
    );
    assert_eq!((&asked["routeKey"], &asked["eventType"]), (&json!("$connect"), &json!("CONNECT")));
    assert_eq!(asked["connectionId"], context["connectionId"]);
    assert_eq!(asked["connectedAt"], context["connectedAt"]);
    Ok(())
}

#[tokio::test]
async fn an_event_without_a_query_asks_with_empty_parameters() -> Result<()> {
    let world = world().await?;
    let who = [("wHO", "deny")];
    assert_eq!(dial(&world, "Written", "", &who).await?.0, 403);
    let judged = |who| dial(&world, "Written", "", who);
    assert_eq!(judged(&[("who", "key:a-friend-of-the-house-0001")]).await?.0, 101);
    Ok(())
}

#[tokio::test]
async fn only_a_key_of_a_plan_of_the_stage_lets_in() -> Result<()> {
    let world = world().await?;
    let forbidden = (403, "Forbidden".to_owned());
    assert_eq!(dial(&world, "Keyed", "", &[]).await?, forbidden);
    assert_eq!(dial(&world, "Keyed", "?x-api-key=a-friend-of-the-house-0001", &[]).await?, forbidden);
    for key in
        ["", "a-friend-of-the-house-000", "a-stranger-at-the-door-0001", "a-friend-of-former-days-0001", "A-FRIEND"]
    {
        assert_eq!(dial(&world, "Keyed", "", &[("x-api-key", key)]).await?, forbidden, "{key}");
    }
    assert!(world.processes().is_empty());
    let (_socket, context) = inside(&world, "Keyed", "", &[("X-Api-Key", "a-friend-of-the-house-0001")]).await?;
    assert_eq!(context["identity"]["apiKey"], "a-friend-of-the-house-0001");
    assert_eq!(context["identity"]["apiKeyId"].as_str().map(str::len), Some(7));
    assert_eq!(context.get("authorizer"), None);
    Ok(())
}

#[tokio::test]
async fn the_authorizer_names_the_key_where_the_api_says_so() -> Result<()> {
    let world = world().await?;
    let judged = |who: &'static str| {
        let world = &world;
        async move { dial(world, "Written", "", &[("who", who), ("x-api-key", "a-friend-of-the-house-0001")]).await }
    };
    assert_eq!(judged("allow").await?, (403, "Forbidden".into()));
    assert_eq!(judged("key:a-stranger-at-the-door-0001").await?, (403, "Forbidden".into()));
    assert_eq!(judged("key:a-friend-of-the-house-0001").await?.0, 101);
    Ok(())
}

#[tokio::test]
async fn a_route_may_have_a_throttle_of_its_own() -> Result<()> {
    let world = world().await?;
    let (mut socket, _) = inside(&world, "Socket", "?who=allow", &[]).await?;
    for _ in 0..2 {
        socket.say(r#"{"action":"rare"}"#).await?;
    }
    assert_eq!(socket.hear_json().await?["message"], "Too Many Requests");
    socket.say(r#"{"action":"tell"}"#).await?;
    assert_eq!(socket.hear_json().await?["requestContext"]["routeKey"], "tell");

    for _ in 0..4 {
        assert_eq!(dial(&world, "Written", "", &[("who", "deny")]).await?.0, 403);
    }
    let url = world.running.addresses().websocket.get("Written").context("no such API")?;
    let refused = Socket::dial(url, &[("who", "deny")]).await?.err().map(|refused| refused.status);
    assert_eq!(refused, Some(429));
    Ok(())
}

/// A handshake that somebody has signed.
async fn signed(world: &World, signer: &Signer) -> Result<Result<(Socket, Option<String>), Refused>> {
    let url = world.running.addresses().websocket.get("Socket").context("no such API")?;
    let mut request = Request::get(format!("{}?room=a%20b", url.replace("ws://", "http://"))).body(())?;
    signer.sign(&mut request, b"");
    let value = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let names = ["authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"];
    let headers: Vec<_> = names.into_iter().filter_map(|name| Some((name, value(name)?))).collect();
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Socket::dial(&request.uri().to_string().replace("http://", "ws://"), &headers).await
}

#[tokio::test]
async fn only_who_signs_and_may_invoke_gets_in_where_signatures_are_asked_for() -> Result<()> {
    let mut plan = plan()?;
    plan.iam = true;
    let socket = plan.cloud.websocket_apis.get_mut("Socket").context("no such API")?;
    socket.entry.authorization = Authorization::Iam;
    let api = socket.id.clone();
    let other = format!("arn:aws:execute-api:us-east-1:123456789012:{api}/v2/*");
    let statements = vec![Statement::allow(&["execute-api:Invoke"], &[&other])];
    let role = Role { name: "stack-EchoRole".into(), statements, doubts: vec![] };
    plan.cloud.roles = BTreeMap::from([("Echo".into(), role)]);
    let world = plan.start().await?;

    assert_eq!(dial(&world, "Socket", "", &[]).await?, (403, "Missing Authentication Token".into()));
    let developer = Signer::developer("execute-api");
    let late = SystemTime::now() - Duration::from_secs(360);
    for wrong in [
        Signer { secret: "wrong".into(), ..developer.clone() },
        Signer { access_key: "nobody".into(), ..developer.clone() },
        Signer { service: "lambda", ..developer.clone() },
        Signer { time: late, ..developer.clone() },
    ] {
        let refused = signed(&world, &wrong).await?.err().map(|refused| refused.status);
        assert_eq!(refused, Some(403), "{wrong:?}");
    }
    assert!(world.processes().is_empty());

    let presigned = Signer { presigned: Some(Duration::from_secs(60)), ..developer.clone() };
    assert!(signed(&world, &presigned).await?.is_ok(), "a browser signs in the query");
    let Ok((mut socket, _)) = signed(&world, &developer).await? else { bail!("refused") };
    socket.say(r#"{"action":"tell"}"#).await?;
    let identity = socket.hear_json().await?["requestContext"]["identity"].clone();
    assert_eq!(identity["userArn"], "arn:aws:iam::123456789012:user/local");
    assert_eq!((&identity["accessKey"], &identity["accountId"]), (&json!("local"), &json!("123456789012")));

    socket.say(r#"{"action":"tell","do":"env"}"#).await?;
    let variables: BTreeMap<String, String> = serde_json::from_value(socket.hear_json().await?)?;
    let refused = signed(&world, &Signer::function(&variables, "execute-api")).await?.err().context("let in")?;
    assert_eq!(refused.status, 403);
    assert!(
        refused.body.contains("is not authorized to perform: execute-api:Invoke on resource: "),
        "{}",
        refused.body
    );
    Ok(())
}

#[tokio::test]
async fn everybody_gets_in_where_signatures_are_asked_for_and_not_checked() -> Result<()> {
    let mut plan = plan()?;
    plan.cloud.websocket_apis.get_mut("Socket").context("no such API")?.entry.authorization = Authorization::Iam;
    let world = plan.start().await?;
    let (_socket, context) = inside(&world, "Socket", "", &[]).await?;
    assert_eq!(context["identity"].get("userArn"), None);
    Ok(())
}
