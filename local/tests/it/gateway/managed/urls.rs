//! Function URLs, and what is streamed through them by AWS's own client for Node.js.

use anyhow::{Context, Result};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::json;
use tokio::time::timeout;

use super::super::client::{get, header, json, send};
use super::super::world::{SOON, World};
use super::{Folder, inline, invoke};

/// The response to a GET, its body unread.
pub(super) async fn opened(url: &str) -> Result<Response<Incoming>> {
    asked(Request::get(url).body(Full::default())?).await
}

async fn asked(request: Request<Full<bytes::Bytes>>) -> Result<Response<Incoming>> {
    let client: Client<_, Full<bytes::Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    timeout(SOON, client.request(request)).await.context("no response in time")?.map_err(Into::into)
}

/// The next bytes of a body; nothing at its end.
pub(super) async fn next(body: &mut Incoming) -> Result<Option<String>> {
    match timeout(SOON, body.frame()).await.context("nothing more in time")? {
        Some(frame) => Ok(Some(String::from_utf8_lossy(&frame?.into_data().unwrap_or_default()).into_owned())),
        None => Ok(None),
    }
}

const TRACE: &str = "Root=1-5759e988-bd862e3fe1be46a994272793";

pub(super) fn with_url(template: &str, config: &str) -> String {
    template.replace("      Handler:", &format!("      FunctionUrlConfig: {config}\n      Handler:"))
}

pub(super) fn url<'a>(world: &'a World, function: &str) -> &'a str {
    &world.running.addresses().urls[function]
}

#[tokio::test]
async fn a_function_url_asks_its_function_about_every_request() -> Result<()> {
    let snake = "import json, os\ndef handler(event, context):\n    event['own'] = [context.aws_request_id, os.environ['_X_AMZN_TRACE_ID']]\n    \
                 return {'statusCode': 201, 'headers': {'x-own': 'yes'}, 'cookies': ['a=1'], 'body': json.dumps(event)}\n";
    let plain = "exports.handler = async (event) => { if (event.rawPath === '/fail') throw new Error('no'); return { path: event.rawPath }; };\n";
    let template = inline(&[("Snake", "python3.11", snake), ("Plain", "nodejs20.x", plain)]);
    let folder = Folder::of(&[(
        "template.yaml",
        &with_url(&template, "{ AuthType: NONE, Cors: { AllowOrigins: ['https://a.example'] } }"),
    )])?;
    let world = folder.run("template.yaml", &[]).await?;

    let request = Request::put(format!("{}a/b%20c?x=1&x=2&y=%26", url(&world, "Snake")))
        .header("cookie", "k=v; l=w")
        .header("origin", "https://a.example")
        .header("x-amzn-trace-id", format!("{TRACE};Parent=53995c3f42cd8ad8"))
        .header("content-type", "text/plain");
    let response = send(request, "text").await?;
    assert_eq!(
        (response.status().as_u16(), header(&response, "x-own"), header(&response, "set-cookie")),
        (201, "yes", "a=1")
    );
    assert_eq!(header(&response, "access-control-allow-origin"), "https://a.example");
    let event = json(&response);
    let context = &event["requestContext"];
    assert_eq!(
        (&event["version"], &event["routeKey"], &event["rawPath"]),
        (&json!("2.0"), &json!("$default"), &json!("/a/b c"))
    );
    assert_eq!(
        (&event["queryStringParameters"], &event["cookies"]),
        (&json!({"x": "1,2", "y": "&"}), &json!(["k=v", "l=w"]))
    );
    assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("text"), &json!(false)));
    assert_eq!(
        (&context["accountId"], &context["stage"], &context["http"]["method"]),
        (&json!("anonymous"), &json!("$default"), &json!("PUT"))
    );
    assert_eq!(context["requestId"], header(&response, "x-amzn-requestid"));
    assert!(context["requestId"].as_str().is_some_and(|id| id.len() == 36));
    assert_eq!(context["requestId"], event["own"][0], "it is the id of the invocation");
    world.logs(&format!("REPORT RequestId: {}", header(&response, "x-amzn-requestid"))).await?;
    assert!(event["own"][1].as_str().is_some_and(|trace| trace.starts_with(TRACE)), "{}", event["own"]);

    let response = get(url(&world, "Plain")).await?;
    assert_eq!((response.status().as_u16(), json(&response)), (200, json!({"path": "/"})));
    let response = get(&format!("{}fail", url(&world, "Plain"))).await?;
    assert_eq!((response.status().as_u16(), json(&response)), (502, json!({"Message": "Internal Server Error"})));
    Ok(())
}

#[tokio::test]
async fn a_variable_with_a_function_url_has_the_local_one() -> Result<()> {
    let asks = "import os\ndef handler(event, context):\n    return os.environ['OTHER']\n";
    let template =
        inline(&[("Asks", "python3.11", asks), ("Script", "nodejs20.x", "exports.handler = async () => 1;\n")]);
    let template = template
        .replacen(
            "      Handler:",
            "      Environment: { Variables: { OTHER: !GetAtt ScriptUrl.FunctionUrl } }\n      Handler:",
            1,
        )
        .replace(
            "      FunctionName: Script\n",
            "      FunctionName: Script\n      FunctionUrlConfig: { AuthType: NONE }\n",
        );
    let folder = Folder::of(&[("template.yaml", &template)])?;
    let world = folder.run("template.yaml", &[]).await?;
    assert_eq!(invoke(&world, "Asks", json!({})).await?, (String::new(), json!(url(&world, "Script"))));
    Ok(())
}

const STREAMS: &str = "\
const { existsSync } = require('node:fs');
exports.handler = awslambda.streamifyResponse(async (event, stream, context) => {
  const { until, fail } = event.queryStringParameters ?? {};
  if (fail === 'early') throw new Error('early');
  const http = { statusCode: 203, headers: { 'x-streamed': 'yes', 'content-type': 'text/plain' }, cookies: ['a=1'] };
  stream = awslambda.HttpResponseStream.from(stream, http);
  stream.write('one');
  while (until && !existsSync(until)) await new Promise((resolve) => setTimeout(resolve, 5));
  if (fail === 'late') throw new Error('late');
  if (fail === 'crash') process.exit(3);
  stream.write('two');
  stream.end();
});
";

#[tokio::test]
async fn what_a_function_streams_arrives_while_it_is_made() -> Result<()> {
    let template = inline(&[("Streams", "nodejs20.x", STREAMS)]);
    let mode = "{ AuthType: NONE, InvokeMode: RESPONSE_STREAM }";
    let folder = Folder::of(&[("template.yaml", &with_url(&template, mode))])?;
    let world = folder.run("template.yaml", &[]).await?;
    let go = |n: usize| folder.path().join(format!("go{n}"));
    let address = |n: usize, fail: &str| format!("{}?until={}&fail={fail}", url(&world, "Streams"), go(n).display());

    let (head, mut body) = opened(&address(0, "")).await?.into_parts();
    assert_eq!(
        (head.status.as_u16(), &head.headers["x-streamed"], &head.headers["set-cookie"]),
        (203, &"yes".parse()?, &"a=1".parse()?)
    );
    assert_eq!(next(&mut body).await?.as_deref(), Some("one"), "before the function has ended");
    std::fs::write(go(0), "")?;
    assert_eq!(next(&mut body).await?.as_deref(), Some("two"));
    assert_eq!(next(&mut body).await?, None);

    // Halfway it can no longer be said but by cutting the connection, so that nobody takes half for the whole.
    for (n, fail) in [(1, "late"), (2, "crash")] {
        let mut body = opened(&address(n, fail)).await?.into_body();
        assert_eq!(next(&mut body).await?.as_deref(), Some("one"));
        std::fs::write(go(n), "")?;
        assert!(next(&mut body).await.is_err(), "{fail}");
    }
    let response = get(&address(0, "early")).await?;
    assert_eq!((response.status().as_u16(), json(&response)), (502, json!({"Message": "Internal Server Error"})));
    world.logs("URL failed").await?;
    Ok(())
}

#[tokio::test]
async fn what_is_streamed_to_who_invokes_arrives_while_it_is_made() -> Result<()> {
    let folder = Folder::of(&[("template.yaml", &inline(&[("Streams", "nodejs20.x", STREAMS)]))])?;
    let world = folder.run("template.yaml", &[]).await?;
    for (fail, end) in [("", "two"), ("late", r#""ErrorDetails":"late""#), ("crash", "Runtime.ExitError")] {
        let go = folder.path().join(format!("go-{fail}"));
        let event = json!({"queryStringParameters": {"until": go, "fail": fail}}).to_string();
        let url = format!("{}/2021-11-15/functions/Streams/response-streaming-invocations", world.lambda());
        let response = asked(Request::post(url).body(Full::from(event))?).await?;
        assert_eq!(response.headers()["content-type"], "application/vnd.amazon.eventstream");
        let mut body = response.into_body();
        let mut heard = String::new();
        while !heard.contains("one") {
            heard += &next(&mut body).await?.context("it ended")?;
        }
        assert!(!heard.contains("InvokeComplete"), "{heard}");
        std::fs::write(&go, "")?;
        while let Some(more) = next(&mut body).await? {
            heard += &more;
        }
        assert!(heard.contains(end) && heard.contains("InvokeComplete"), "{heard}");
    }
    Ok(())
}

#[tokio::test]
async fn a_streaming_function_behind_a_buffered_url_is_collected() -> Result<()> {
    let template = inline(&[
        ("Streams", "nodejs20.x", STREAMS),
        ("Whole", "nodejs20.x", "exports.handler = async () => ({ statusCode: 204 });\n"),
    ]);
    let buffered = Folder::of(&[("template.yaml", &with_url(&template, "{ AuthType: NONE }"))])?;
    let world = buffered.run("template.yaml", &[]).await?;
    let response = get(url(&world, "Streams")).await?;
    assert_eq!(
        (response.status().as_u16(), header(&response, "x-streamed"), &response.body()[..]),
        (203, "yes", &b"onetwo"[..])
    );
    // And the other way round: what is not streamed comes at once.
    let streamed =
        Folder::of(&[("template.yaml", &with_url(&template, "{ AuthType: NONE, InvokeMode: RESPONSE_STREAM }"))])?;
    let world = streamed.run("template.yaml", &[]).await?;
    assert_eq!(get(url(&world, "Whole")).await?.status(), 204);
    Ok(())
}

#[tokio::test]
async fn a_function_url_of_its_own_leads_to_its_function() -> Result<()> {
    let template = "Resources:
  Role: { Type: AWS::IAM::Role, Properties: { AssumeRolePolicyDocument: {} } }
  Asks:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.11
      Handler: index.handler
      Timeout: 20
      Role: !GetAtt Role.Arn
      Code:
        ZipFile: |
          def handler(event, context):
              return event['rawPath']
  AsksUrl:
    Type: AWS::Lambda::Url
    Properties: { TargetFunctionArn: !Ref Asks, AuthType: NONE, Cors: { AllowOrigins: ['*'], AllowCredentials: true } }
  Other:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.11
      Handler: index.handler
      Timeout: 20
      Role: !GetAtt Role.Arn
      Environment: { Variables: { URL: !GetAtt AsksUrl.FunctionUrl } }
      Code: { ZipFile: \"import os\\ndef handler(event, context):\\n    return os.environ['URL']\\n\" }
";
    let folder = Folder::of(&[("template.yaml", template)])?;
    let world = folder.run("template.yaml", &[]).await?;
    assert_eq!(invoke(&world, "Other", json!({})).await?, (String::new(), json!(url(&world, "Asks"))));
    let response = send(Request::get(url(&world, "Asks")).header("origin", "https://a.example"), "").await?;
    assert_eq!((response.status().as_u16(), &response.body()[..]), (200, &b"/"[..]));
    assert_eq!(header(&response, "access-control-allow-origin"), "https://a.example");
    assert_eq!(header(&response, "access-control-allow-credentials"), "true");
    Ok(())
}
