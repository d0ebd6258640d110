//! `--iam`: who may post and invoke, as the template grants it.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use anyhow::Result;
use bytes::Bytes;
use http::{Method, Request, Response};
use local::model::access::RouteAccess;
use local::model::{FunctionUrl, Patterns, Role, Statement};
use serde_json::Value;

use super::client::{Socket, header, json, send_whole};
use super::world::{Plan, World};
use crate::signing::Signer;

const POST: &str = "arn:aws:execute-api:us-east-1:123456789012:fghij67890/v1/POST/@connections/*";
const ECHO: &str = "arn:aws:lambda:us-east-1:123456789012:function:echo";

/// A world that checks permissions, in which `Echo` has a role with these statements; and the variables of `Echo`.
async fn world(statements: Vec<Statement>) -> Result<(World, BTreeMap<String, String>)> {
    let mut plan = Plan { iam: true, ..Plan::default() };
    let role = Role { name: "stack-EchoRole".into(), statements, doubts: vec![] };
    plan.cloud.roles = BTreeMap::from([("Echo".into(), role)]);
    let world = plan.start().await?;
    let answer = super::client::send(Request::post(format!("{}/do", world.http())), r#"{"do":"env"}"#).await?;
    let variables = serde_json::from_slice(answer.body())?;
    Ok((world, variables))
}

struct Call<'a> {
    method: Method,
    url: String,
    body: &'a str,
}

impl Call<'_> {
    async fn signed(&self, signer: Option<&Signer>) -> Result<Response<Bytes>> {
        let body = Bytes::copy_from_slice(self.body.as_bytes());
        let mut request = Request::builder().method(&self.method).uri(&self.url).body(body.clone().into())?;
        signer.into_iter().for_each(|signer| signer.sign(&mut request, &body));
        send_whole(request).await
    }
}

fn invoke<'a>(world: &World, name: &str) -> Call<'a> {
    let url = format!("{}/2015-03-31/functions/{name}/invocations", world.lambda());
    Call { method: Method::POST, url, body: "{}" }
}

fn post<'a>(world: &World, id: &str) -> Call<'a> {
    let url = format!("{}/@connections/{}", world.management(), id.replace('=', "%3D"));
    Call { method: Method::POST, url, body: "hello" }
}

fn told(response: &Response<Bytes>) -> (u16, &str) {
    (response.status().as_u16(), header(response, "x-amzn-errortype"))
}

fn message(response: &Response<Bytes>) -> String {
    let body = json(response);
    let message = if body["Message"].is_string() { &body["Message"] } else { &body["message"] };
    message.as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn what_is_not_signed_as_it_must_be_is_refused_with_the_error_of_the_sdk() -> Result<()> {
    let (world, variables) = world(vec![Statement::allow(&["*"], &["*"])]).await?;
    let mut socket = Socket::open(&world).await?;
    let id = socket.id().await?;
    for (service, call) in [("execute-api", post(&world, &id)), ("lambda", invoke(&world, "echo"))] {
        let good = Signer::function(&variables, service);
        assert_eq!(call.signed(Some(&good)).await?.status(), 200, "{service}");
        let unsigned = call.signed(None).await?;
        assert_eq!(told(&unsigned), (403, "MissingAuthenticationTokenException"));
        assert_eq!(message(&unsigned), "Missing Authentication Token");
        let (ago, ahead) = (SystemTime::now() - Duration::from_secs(360), SystemTime::now() + Duration::from_secs(360));
        for (wrong, kind, said) in [
            (
                Signer { secret: "wrong".into(), ..good.clone() },
                "InvalidSignatureException",
                "does not match the signature",
            ),
            (Signer { time: ago, ..good.clone() }, "InvalidSignatureException", "Signature expired: "),
            (Signer { time: ahead, ..good.clone() }, "InvalidSignatureException", "Signature not yet current: "),
            (
                Signer { region: "eu-west-1", ..good.clone() },
                "InvalidSignatureException",
                "to a valid region, not 'eu-west-1'",
            ),
            (
                Signer { service: "s3", ..good.clone() },
                "InvalidSignatureException",
                "should be scoped to correct service: '",
            ),
            (
                Signer { access_key: "AKIAUNKNOWN".into(), ..good.clone() },
                "UnrecognizedClientException",
                "security token",
            ),
            (Signer { token: None, ..good.clone() }, "UnrecognizedClientException", "security token"),
            (Signer { token: Some("other".into()), ..good.clone() }, "UnrecognizedClientException", "security token"),
        ] {
            let refused = call.signed(Some(&wrong)).await?;
            assert_eq!(told(&refused), (403, kind), "{service} {wrong:?}");
            assert!(message(&refused).contains(said), "{}", message(&refused));
        }
        let mut tampered = Request::builder().method(&call.method).uri(&call.url).body(Bytes::from("other").into())?;
        good.sign(&mut tampered, call.body.as_bytes());
        assert_eq!(told(&send_whole(tampered).await?), (403, "InvalidSignatureException"));
        let mut added = Request::builder()
            .method(&call.method)
            .uri(&call.url)
            .body(Bytes::copy_from_slice(call.body.as_bytes()).into())?;
        good.sign(&mut added, call.body.as_bytes());
        added.headers_mut().insert("x-amz-invocation-type", "Event".parse()?);
        let added = send_whole(added).await?;
        assert_eq!(told(&added), (403, "InvalidSignatureException"));
        assert!(message(&added).starts_with("'x-amz-invocation-type' must be a 'SignedHeader'"), "{}", message(&added));
        let bearer = Request::builder().method(&call.method).uri(&call.url).header("authorization", "Bearer abc");
        let bearer = super::client::send(bearer, "").await?;
        assert_eq!(told(&bearer), (403, "IncompleteSignatureException"));
    }
    assert_eq!(socket.hear().await?, "hello", "the good one");
    assert_eq!(socket.id().await?, id, "and nothing else");
    Ok(())
}

#[tokio::test]
async fn a_function_may_do_what_its_role_grants_and_nothing_else() -> Result<()> {
    let (world, variables) = world(vec![Statement::allow(&["execute-api:ManageConnections"], &[POST])]).await?;
    let mut socket = Socket::open(&world).await?;
    let id = socket.id().await?;
    let signer = Signer::function(&variables, "execute-api");
    assert_eq!(post(&world, &id).signed(Some(&signer)).await?.status(), 200);
    assert_eq!(socket.hear().await?, "hello");
    for method in [Method::DELETE, Method::GET] {
        let denied = Call { method: method.clone(), body: "", ..post(&world, &id) }.signed(Some(&signer)).await?;
        assert_eq!(told(&denied), (403, "AccessDeniedException"));
        let expected = format!(
            "User: arn:aws:sts::123456789012:assumed-role/stack-EchoRole/echo is not authorized to perform: \
             execute-api:ManageConnections on resource: \
             arn:aws:execute-api:us-east-1:********9012:fghij67890/v1/{method}/@connections/{{connectionId}}"
        );
        assert_eq!(json(&denied)["Message"], Value::from(expected));
    }
    assert_eq!(socket.id().await?, id, "it was not closed");
    world.logs("iam refused Echo: its role lacks execute-api:ManageConnections on arn:aws:").await?;

    let denied = invoke(&world, "echo").signed(Some(&Signer { service: "lambda", ..signer })).await?;
    assert_eq!(told(&denied), (403, "AccessDeniedException"));
    let expected = format!(
        "User: arn:aws:sts::123456789012:assumed-role/stack-EchoRole/echo is not authorized to perform: \
         lambda:InvokeFunction on resource: {ECHO} because no identity-based policy allows the lambda:InvokeFunction action"
    );
    assert_eq!(json(&denied)["Message"], Value::from(expected));
    let developer = Signer::developer("lambda");
    assert_eq!(invoke(&world, "echo").signed(Some(&developer)).await?.status(), 200, "whoever is at the machine may");
    Ok(())
}

#[tokio::test]
async fn a_denial_wins_and_a_version_is_a_resource_of_its_own() -> Result<()> {
    let unqualified = Statement::allow(&["lambda:Invoke*"], &[ECHO]);
    let all = Statement::allow(&["*"], &["*"]);
    let deny = Statement { allows: false, resources: Patterns::AnyOf(vec![POST.into()]), ..all.clone() };
    let (other, variables) = world(vec![unqualified]).await?;
    let signer = Signer::function(&variables, "lambda");
    for (name, status) in [("echo", 200), (ECHO, 200), ("echo:$LATEST", 403), ("echo?Qualifier=$LATEST", 403)] {
        let mut call = invoke(&other, name.split('?').next().unwrap_or_default());
        call.url.extend(name.split_once('?').map(|(_, query)| format!("?{query}")));
        let answer = call.signed(Some(&signer)).await?;
        assert_eq!(answer.status(), status, "{name} {answer:?}");
    }
    let (world, variables) = world(vec![all, deny]).await?;
    let signer = Signer::function(&variables, "execute-api");
    let id = "eHrdFcnvvHcCE-w=";
    let denied = post(&world, id).signed(Some(&signer)).await?;
    assert_eq!(told(&denied), (403, "AccessDeniedException"));
    assert!(message(&denied).ends_with(" with an explicit deny"), "{}", message(&denied));
    let gone = Call { method: Method::DELETE, ..post(&world, id) }.signed(Some(&signer)).await?;
    assert_eq!(told(&gone), (410, "GoneException"));
    Ok(())
}

#[tokio::test]
async fn a_presigned_url_is_good_for_as_long_as_it_says() -> Result<()> {
    let (world, variables) = world(vec![Statement::allow(&["execute-api:*"], &["*"])]).await?;
    let mut socket = Socket::open(&world).await?;
    let call = Call { method: Method::GET, body: "", ..post(&world, &socket.id().await?) };
    let minute = Duration::from_secs(60);
    let before = SystemTime::now() - 10 * minute;
    let signer = Signer { presigned: Some(20 * minute), time: before, ..Signer::function(&variables, "execute-api") };
    assert_eq!(call.signed(Some(&signer)).await?.status(), 200);
    let late = Signer { presigned: Some(9 * minute), ..signer.clone() };
    assert_eq!(told(&call.signed(Some(&late)).await?), (403, "InvalidSignatureException"));
    let forged = Signer { secret: "wrong".into(), ..signer };
    assert_eq!(told(&call.signed(Some(&forged)).await?), (403, "InvalidSignatureException"));
    Ok(())
}

/// A plan in which the URL of `Echo` asks for signatures, and its role has these statements.
fn with_url(statements: Vec<Statement>, alias: Option<&str>) -> Plan {
    let mut plan = Plan { iam: true, ..Plan::default() };
    let qualifier = alias.map(str::to_owned);
    plan.echo().alias.clone_from(&qualifier);
    plan.echo().url = Some(FunctionUrl { id: "abcdefgh".into(), qualifier, signed: true, streams: false, cors: None });
    let role = Role { name: "stack-EchoRole".into(), statements, doubts: vec![] };
    plan.cloud.roles = BTreeMap::from([("Echo".into(), role)]);
    plan
}

fn to_url<'a>(world: &World) -> Call<'a> {
    Call { method: Method::GET, url: world.running.addresses().urls["Echo"].clone(), body: "" }
}

#[tokio::test]
async fn a_function_url_that_asks_for_signatures_lets_in_who_may_call_it_and_invoke() -> Result<()> {
    const BOTH: [&str; 2] = ["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"];
    let live = format!("{ECHO}:live");
    for (alias, statement, status) in [
        (None, None, 403),
        (None, Some(Statement::allow(&BOTH[..1], &[ECHO])), 403),
        (None, Some(Statement::allow(&BOTH[1..], &[ECHO])), 403),
        (None, Some(Statement::allow(&BOTH, &[ECHO])), 200),
        (Some("live"), Some(Statement::allow(&BOTH, &[ECHO])), 403),
        (Some("live"), Some(Statement::allow(&BOTH, &[&live])), 200),
    ] {
        let world = with_url(statement.clone().into_iter().collect(), alias).start().await?;
        let variables = super::client::send(Request::post(format!("{}/do", world.http())), r#"{"do":"env"}"#).await?;
        let variables: BTreeMap<String, String> = serde_json::from_slice(variables.body())?;
        let signer = Signer::function(&variables, "lambda");
        assert_eq!(to_url(&world).signed(None).await?.status(), 403, "unsigned");
        assert_eq!(to_url(&world).signed(Some(&signer)).await?.status(), status, "{alias:?} {statement:?}");
        let event = json(&to_url(&world).signed(Some(&Signer::developer("lambda"))).await?);
        let context = &event["requestContext"];
        assert_eq!(
            (&context["accountId"], &context["authorizer"]["iam"]["accessKey"]),
            (&"123456789012".into(), &"local".into())
        );
    }
    let open = Plan { iam: false, ..with_url(vec![], None) }.start().await?;
    let event = json(&to_url(&open).signed(None).await?);
    assert_eq!(event["requestContext"]["accountId"], "anonymous");
    Ok(())
}

#[tokio::test]
async fn a_page_of_another_site_signs_nothing_with_what_everybody_knows() -> Result<()> {
    let all = Statement::allow(&["*"], &["*"]);
    let mut plan = with_url(vec![all], None);
    plan.api().routes.iter_mut().filter(|route| route.method == "GET").for_each(|route| {
        route.access = RouteAccess::Iam;
    });
    let world = plan.start().await?;
    let variables = super::client::send(Request::post(format!("{}/do", world.http())), r#"{"do":"env"}"#).await?;
    let variables: BTreeMap<String, String> = serde_json::from_slice(variables.body())?;
    let route = Call { method: Method::GET, url: format!("{}/rooms/tea", world.http()), body: "" };
    for (service, call) in [("lambda", to_url(&world)), ("execute-api", route)] {
        let developer = Signer { presigned: Some(Duration::from_secs(60)), ..Signer::developer(service) };
        let function = Signer { presigned: developer.presigned, ..Signer::function(&variables, service) };
        for (signer, headers, status) in [
            (&developer, vec![], 200),
            (&developer, vec![("origin", "http://localhost:8800")], 200),
            (&developer, vec![("origin", "https://evil.example")], 403),
            (&developer, vec![("origin", "null")], 403),
            // As an image of a page asks.
            (&developer, vec![("sec-fetch-site", "cross-site")], 403),
            (&function, vec![("origin", "https://evil.example")], 200),
        ] {
            let mut request = Request::builder().method(&call.method).uri(&call.url).body(Bytes::new().into())?;
            signer.sign(&mut request, b"");
            for (name, value) in &headers {
                request.headers_mut().insert(*name, value.parse()?);
            }
            let answer = send_whole(request).await?;
            assert_eq!(answer.status(), status, "{service} {} {headers:?} {answer:?}", signer.access_key);
        }
    }
    world.logs("A page of https://evil.example may not sign").await?;
    Ok(())
}

#[tokio::test]
async fn nobody_writes_lines_of_their_own_into_the_log() -> Result<()> {
    let (world, _) = world(vec![]).await?;
    for call in [post(&world, "a%0Aforged%0D%1b%5B2Jgone"), invoke(&world, "a%0Aforged%1b%5B2J")] {
        assert_eq!(call.signed(None).await?.status(), 403);
        assert_eq!(
            call.signed(Some(&Signer { secret: "wrong".into(), ..Signer::developer("execute-api") })).await?.status(),
            403
        );
    }
    world.logs(r"a\nforged\r\u{1b}[2Jgone").await?;
    let lines = world.log.lines();
    assert!(!lines.iter().any(|line| line.contains(['\n', '\r', '\u{1b}'])), "{lines:#?}");
    Ok(())
}
