use std::path::Path;
use std::time::Duration;

use super::{CLOUD_ONLY, Inputs, Loaded, Problem, read};
use crate::model::{HttpRoute, Throttle};

mod access;
mod http_access;
mod raw;
mod tolerance;
mod urls;
mod written_out;

const ECHO: &str = include_str!("../../tests/it/fixtures/template.yaml");

fn load(text: &str, inputs: &Inputs) -> Result<Loaded, Vec<Problem>> {
    read(text, Path::new("template.yaml"), Path::new("/project"), inputs)
}

fn with(parameters: &[(&str, &str)]) -> Inputs {
    let parameters = parameters.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    Inputs { parameters, ..Inputs::default() }
}

/// Everything that is said about a template, one problem a line.
fn said(text: &str, inputs: &Inputs) -> String {
    let problems = match load(text, inputs) {
        Ok(loaded) => loaded.warnings,
        Err(errors) => errors,
    };
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

fn check(said: &str, expected: &[&str]) {
    for part in expected {
        assert!(said.contains(part), "expected {part:?} in:\n{said}");
    }
    assert_eq!(said.lines().count(), expected.len(), "more was said than expected:\n{said}");
}

/// The value that an expression has as a function's environment variable.
fn value(expression: &str) -> Result<String, Vec<Problem>> {
    let text = format!(
        "Transform: AWS::Serverless-2016-10-31
Parameters:
  Name: {{ Type: String, Default: tea }}
  Names: {{ Type: CommaDelimitedList, Default: 'a, b,c' }}
  Secret: {{ Type: 'AWS::SSM::Parameter::Value<String>', Default: /echo/secret }}
Mappings: {{ Sizes: {{ small: {{ memory: 128, zones: [x, y] }} }} }}
Conditions:
  Yes: !Equals [a, a]
  No: !Not [!Condition Yes]
  Both: !And [!Condition Yes, !Condition No]
  Any: !Or [!Condition Yes, !Condition No]
Resources:
  Ws: {{ Type: AWS::Serverless::WebSocketApi, Properties: {{ RouteSelectionExpression: x, Routes: {{}} }} }}
  Http: {{ Type: AWS::Serverless::HttpApi }}
  Table: {{ Type: AWS::DynamoDB::Table, Properties: {{ TableName: !Sub 'my-${{Name}}' }} }}
  Base: {{ Type: AWS::RDS::DBInstance }}
  F:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: provided.al2023
      CodeUri: f
      FunctionName: !Sub '${{AWS::StackName}}-f'
      Environment:
        Variables:
          V: {expression}
"
    );
    load(&text, &Inputs::default()).map(|loaded| loaded.cloud.functions["F"].environment["V"].clone())
}

#[test]
fn what_is_not_yaml_is_refused_with_its_line() {
    for (text, expected) in [
        ("", "the template is empty"),
        ("Resources:\n  A: [1, 2\nB: }", "template.yaml:"),
        ("a: 1\na: 2", "template.yaml:2: `a` stands here twice"),
        ("a: 1\n---\nb: 2", "begins a second one"),
        ("- 1", "template.yaml:1: a template is a mapping, not a list"),
        ("? [a]\n: 1", "template.yaml:1: a key must be a text, not a list"),
        (&"[".repeat(5_000), "template.yaml:1"),
    ] {
        let said = said(text, &Inputs::default());
        assert!(said.contains(expected), "{text:.40}: expected {expected:?} in:\n{said}");
    }
    let aliases = (1..40).fold("a0: &a0 [x, x]\n".to_owned(), |text, n| {
        let before = n - 1;
        text + &format!("a{n}: &a{n} [*a{before}, *a{before}]\n")
    });
    assert!(said(&aliases, &Inputs::default()).contains("larger"), "aliases must not multiply without bound");
}

#[test]
fn a_torn_or_shuffled_template_is_refused_and_never_panics() {
    for end in (0..ECHO.len()).step_by(5) {
        let _refused_or_not = load(&ECHO[..end], &Inputs::default());
    }
    let lines: Vec<&str> = ECHO.lines().collect();
    for left_out in 0..lines.len() {
        let without: Vec<&str> =
            lines.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, line)| *line).collect();
        let _refused_or_not = load(&without.join("\n"), &Inputs::default());
        let twice: Vec<&str> = [&lines[..=left_out], &lines[left_out..]].concat();
        let _refused_or_not = load(&twice.join("\n"), &Inputs::default());
    }
    let names = (0..60).fold("Transform: AWS::Serverless-2016-10-31\nResources:\n".to_owned(), |text, n| {
        let next = n + 1;
        text + &format!(
            "  F{n}:\n    Type: AWS::Serverless::Function\n    Properties: {{ Runtime: provided.al2023, CodeUri: f, \
             FunctionName: !Sub '${{F{next}}}${{F{next}}}' }}\n"
        )
    });
    let said = said(&names.replace("${F60}", "x"), &Inputs::default());
    assert!(said.contains("longer than any value may be"), "names must not multiply without bound:\n{said:.200}");
}

#[test]
fn every_problem_is_named_at_once_with_its_line() {
    let text = "Transform: AWS::Serverless-2016-10-31
Resources:
  Ws:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      RouteSelectionExpression: $request.body.action
      StageName: $default
      Colour: red
      Routes:
        $connect: { FunctionArn: !GetAtt Missing.Arn }
        $default: { FunctionArn: 'arn:aws:lambda:eu-west-1:1:function:other', ApiKeyRequired: true }
  F:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: ruby3.3
      CodeUri: !Ref Nowhere
      Timeout: 0
      Environment: { Variables: { A: [1] } }
      Events:
        Old: { Type: Api, Properties: { Path: /, Method: get } }
        Night: { Type: Schedule, Properties: { Schedule: rate(1 day) } }
  G:
    Type: AWS::ApiGatewayV2::VpcLink
  H:
    Type: AWS::CloudWatch::Alarm
    Condition: Never
Output: {}
";
    check(
        &said(text, &Inputs::default()),
        &[
            "template.yaml:3: the WebSocket API `Ws`: API Gateway has no stage \"$default\"",
            "template.yaml:8: the WebSocket API `Ws` has a property `Colour` that `local` does not know",
            "template.yaml:10: there is no parameter and no resource `Missing`",
            "template.yaml:11: the route `$default` of `Ws` requires an API key",
            "template.yaml:11: FunctionArn of the route `$default` of `Ws` names no function",
            "template.yaml:12: the function `F` has the Runtime ruby3.3; `local` runs provided.al2023, python3.X and nodejsX.x",
            "template.yaml:16: there is no parameter and no resource `Nowhere`",
            "template.yaml:17: Timeout of the function `F` must be a whole number from 1 to 900",
            "template.yaml:18: `A` must be a text, not a list",
            "template.yaml:22: `G` is of the type AWS::ApiGatewayV2::VpcLink, which `local` does not know",
            "template.yaml:26: there is no condition `Never`",
            "template.yaml:27: a template has no section `Output`",
        ],
    );
}

#[test]
fn what_is_merely_not_there_is_a_warning() {
    let text = "Transform: AWS::Serverless-2016-10-31
Resources:
  Table:
    Type: AWS::DynamoDB::Table
  Api:
    Type: AWS::Serverless::HttpApi
    Properties: { Domain: { DomainName: chat.example.org } }
  F:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: provided.al2023
      CodeUri: .
      Layers: [!Ref Table]
      Events:
        Night: { Type: SNS, Properties: { Topic: !Ref Table } }
";
    check(
        &said(text, &Inputs::default()),
        &[
            "template.yaml:3: not there: AWS::DynamoDB::Table (Table): functions reach what their settings name",
            "template.yaml:7: Domain of the HTTP API `Api`",
            "template.yaml:13: Layers of the function `F`",
            "template.yaml:15: the event `Night` of `F`: nothing sends SNS events locally",
        ],
    );
}

#[test]
fn an_intrinsic_that_cannot_be_resolved_says_why() {
    for (expression, expected) in [
        ("!Ref Nothing", "there is no parameter and no resource `Nothing`"),
        ("!GetAtt F", "Fn::GetAtt takes `Resource.Attribute`"),
        ("!GetAtt Http.Colour", "`Http` is an AWS::Serverless::HttpApi and has no attribute `Colour`"),
        ("!Sub '${Names}'", "is not a text: join it first"),
        ("!If [Maybe, a, b]", "there is no condition `Maybe`"),
        ("!Equals [a, b]", "belongs under Conditions"),
        ("!FindInMap [Sizes, large, memory]", "the mapping `Sizes` has no `large` with `memory`"),
        ("!FindInMap [Shapes, a, b]", "there is no mapping `Shapes`"),
        ("!Select [3, !Ref Names]", "Fn::Select asks for item 3 of 3"),
        ("!Join [',']", "Fn::Join takes a list of a delimiter and a list"),
        ("!Cidr [a, 1, 2]", "does not know the function Fn::Cidr"),
    ] {
        let said = match value(expression) {
            Ok(value) => panic!("{expression} is {value}"),
            Err(problems) => problems,
        };
        assert_eq!(said.len(), 1, "{expression}: {said:?}");
        assert!(said[0].message.contains(expected) && said[0].line == Some(25), "{expression}: {:?}", said[0]);
    }
}

#[test]
fn a_circle_is_refused() {
    let text = "Conditions:\n  A: !Not [!Condition B]\n  B: !Not [!Condition A]\nResources: {}\n";
    assert!(said(text, &Inputs::default()).contains("`A` is defined by itself"));
    let text = "Transform: AWS::Serverless-2016-10-31\nResources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties: \
                { Runtime: provided.al2023, CodeUri: f, FunctionName: !Sub 'x-${F}' }\n";
    assert!(said(text, &Inputs::default()).contains("`F` is defined by itself"));
}

#[test]
fn intrinsics_resolve() {
    let ws = super::scope::api_id("Ws");
    for (expression, expected) in [
        ("5", "5"),
        ("!Ref Name", "tea"),
        ("{ Ref: Name }", "tea"),
        ("!Sub '${Name}: ${!Name} ${AWS::Region} ${AWS::Partition} ${Http.ApiId}'", "tea: ${Name} us-east-1 aws HTTP"),
        ("!Sub ['${a}-${Name}', { a: !Ref Name }]", "tea-tea"),
        ("{ 'Fn::Sub': 'x${Name}' }", "xtea"),
        ("!Join ['-', !Ref Names]", "a-b-c"),
        ("!Select ['1', [a, b]]", "b"),
        ("!Select [0, !FindInMap [Sizes, small, zones]]", "x"),
        ("!Select [5, !Split [':', !GetAtt F.Arn]]", "function"),
        ("!FindInMap [Sizes, small, memory]", "128"),
        ("!If [Yes, a, b]", "a"),
        ("!If [Both, a, !If [Any, c, d]]", "c"),
        ("!Base64 tea", "dGVh"),
        ("!Ref F", "local-f"),
        ("!GetAtt F.Arn", "arn:aws:lambda:us-east-1:123456789012:function:local-f"),
        ("!GetAtt [F, Arn]", "arn:aws:lambda:us-east-1:123456789012:function:local-f"),
        ("!Ref Ws", "WS"),
        ("!GetAtt Ws.ApiEndpoint", "wss://WS.execute-api.us-east-1.amazonaws.com"),
        ("!Ref Table", "my-tea"),
        ("!Ref Secret", "{{resolve:ssm:/echo/secret}}"),
        ("!GetAtt Base.Arn", "{{resolve:cloud:Base.Arn}}"),
        ("!GetAtt FRole.Arn", "{{resolve:cloud:FRole.Arn}}"),
        ("!ImportValue other-stack", "{{resolve:cloud:other-stack}}"),
        ("!Select [3, !Split ['/', !GetAtt Base.Arn]]", "{{resolve:cloud:Base.Arn}}"),
        ("'{{resolve:secretsmanager:a:SecretString:b}}'", "{{resolve:secretsmanager:a:SecretString:b}}"),
    ] {
        let expected = expected.replace("WS", &ws).replace("HTTP", &super::scope::api_id("Http"));
        match value(expression) {
            Ok(value) => assert_eq!(value, expected, "{expression}"),
            Err(problems) => panic!("{expression}: {problems:?}"),
        }
    }
}

#[test]
fn a_parameter_that_does_not_fit_is_refused() {
    let text = "Parameters:
  Size: { Type: Number, Default: 5, MinValue: 1, MaxValue: 9 }
  Kind: { Type: String, Default: a, AllowedValues: [a, b] }
  Name: { Type: String, MinLength: 2 }
Resources: {}
";
    for (given, expected) in [
        (&[][..], "template.yaml:4: the parameter `Name` has no Default: give --parameter Name=…"),
        (&[("Name", "x")][..], "its length is not between"),
        (&[("Name", "xy"), ("Size", "10")][..], "template.yaml:2: the parameter `Size` is \"10\""),
        (&[("Name", "xy"), ("Size", "many")][..], "its Type is Number"),
        (&[("Name", "xy"), ("Kind", "c")][..], "AllowedValues are a, b"),
        (&[("Name", "xy"), ("Nmae", "c")][..], "template.yaml: declares no parameter `Nmae`"),
    ] {
        check(&said(text, &with(given)), &[expected]);
    }
    check(&said(text, &with(&[("Name", "xy"), ("Size", "9"), ("Kind", "b")])), &[]);
}

#[test]
fn the_echo_template_is_read_as_it_is_meant() {
    let Loaded { cloud, warnings } = load(ECHO, &Inputs::default()).unwrap_or_else(|problems| panic!("{problems:?}"));
    assert_eq!(warnings, []);

    let hello = &cloud.functions["Hello"];
    assert_eq!((hello.name.as_str(), hello.code.as_path()), ("Hello", Path::new("/project/hello")));
    assert_eq!((hello.timeout, hello.memory_mb, hello.asynchronous.retries), (Duration::from_secs(10), 256, 2));
    assert_eq!(hello.environment["GREETING"], "hello");
    assert!(hello.environment["DATABASE"].contains(CLOUD_ONLY));
    let echo = &cloud.functions["Echo"];
    assert_eq!((echo.name.as_str(), echo.binary.as_deref()), ("local-echo", Some("echo")));
    assert_eq!((echo.timeout, echo.reserved_concurrency), (Duration::from_secs(5), Some(2)));
    assert_eq!(echo.environment["GREETING"], "good evening");
    assert_eq!(echo.environment.keys().collect::<Vec<_>>(), ["DATABASE", "GREETING", "MANAGEMENT"]);

    let http = &cloud.http_apis["HttpApi"];
    let route = |method: &str, path: &str| HttpRoute {
        method: method.into(),
        path: path.into(),
        function: "Hello".into(),
        ..HttpRoute::default()
    };
    assert_eq!(http.routes, [route("GET", "/hello/{name}"), route("PUT", "/hello")]);
    assert_eq!((http.stage.as_str(), http.throttle), ("$default", Some(Throttle { rate: 50.0, burst: 100 })));
    let cors = http.cors.clone().unwrap_or_default();
    assert_eq!((cors.origins, cors.credentials, cors.max_age), (vec!["https://example.org".into()], true, Some(600)));

    let sockets = &cloud.websocket_apis["WebSocketApi"];
    assert_eq!((sockets.stage.as_str(), sockets.stage_variables["tier"].as_str()), ("v1", "small"));
    let (connect, default) = (&sockets.routes["$connect"], &sockets.routes["$default"]);
    assert_eq!(
        (connect.function.as_str(), connect.two_way, connect.timeout),
        ("Hello", false, Duration::from_secs(29))
    );
    assert_eq!((default.function.as_str(), default.two_way, default.timeout), ("Echo", true, Duration::from_secs(10)));
    assert_eq!(cloud.outputs.keys().collect::<Vec<_>>(), ["Http", "Socket"]);
}

#[test]
fn parameters_and_conditions_change_what_is_there() {
    let inputs = with(&[("Alarms", "yes"), ("Stage", "test"), ("Origins", "http://a,http://b")]);
    let cloud = load(ECHO, &inputs).unwrap_or_else(|problems| panic!("{problems:?}")).cloud;
    assert_eq!(cloud.functions["Echo"].reserved_concurrency, None);
    assert_eq!(cloud.websocket_apis["WebSocketApi"].stage, "test");
    assert_eq!(cloud.http_apis["HttpApi"].cors.clone().unwrap_or_default().origins, ["http://a", "http://b"]);
    assert!(cloud.outputs.contains_key("Alarm"));
}

#[test]
fn a_route_is_two_way_only_with_both_halves() {
    let without_expression = ECHO.replace("          RouteResponseSelectionExpression: $default\n", "");
    check(&said(&without_expression, &Inputs::default()), &["its route response also needs"]);
    let without_response = ECHO.replace("AWS::ApiGatewayV2::RouteResponse", "AWS::Logs::LogGroup");
    check(
        &said(&without_response, &Inputs::default()),
        &["also needs an AWS::ApiGatewayV2::RouteResponse for WebSocketApiDefaultRoute"],
    );
    let elsewhere = ECHO.replace("!Ref WebSocketApiDefaultRoute", "!Ref WebSocketApiConnectRoute");
    assert!(said(&elsewhere, &Inputs::default()).contains("answers nobody"));
}

#[test]
fn an_api_is_made_for_events_that_name_none() {
    let text = "Transform: AWS::Serverless-2016-10-31
Globals: { HttpApi: { CorsConfiguration: true } }
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: provided.al2023
      CodeUri: f
      Environment: { Variables: { API: !Ref ServerlessHttpApi } }
      Events: { All: { Type: HttpApi } }
";
    let cloud = load(text, &Inputs::default()).unwrap_or_else(|problems| panic!("{problems:?}")).cloud;
    let api = &cloud.http_apis["ServerlessHttpApi"];
    assert_eq!(
        api.routes,
        [HttpRoute { method: "ANY".into(), path: "$default".into(), function: "F".into(), ..HttpRoute::default() }]
    );
    assert_eq!(api.cors.clone().unwrap_or_default().origins, ["*"]);
    assert_eq!(cloud.functions["F"].environment["API"], api.id);
}

#[test]
fn json_is_read_like_yaml() {
    let text = "{\n\t\"Transform\": \"AWS::Serverless-2016-10-31\",\n\t\"Resources\": {\n\t\t\"F\": {\"Type\": \
                \"AWS::Serverless::Function\", \"Properties\": {\"Runtime\": \"provided.al2023\", \"CodeUri\": \"f\", \
                \"Timeout\": 7,\n\t\t\t\"Environment\": {\"Variables\": {\"A\": {\"Fn::Sub\": \"${AWS::Region}\"}}}}}\n\t}\n}\n";
    let cloud = load(text, &Inputs::default()).unwrap_or_else(|problems| panic!("{problems:?}")).cloud;
    assert_eq!(
        (cloud.functions["F"].timeout.as_secs(), cloud.functions["F"].environment["A"].as_str()),
        (7, "us-east-1")
    );
}

#[test]
fn ids_have_the_form_of_api_gateway_and_stay_the_same() {
    assert_eq!(super::scope::api_id("WebSocketApi"), super::scope::api_id("WebSocketApi"));
    let mut seen = std::collections::BTreeSet::new();
    for n in 0..1_000 {
        let id = super::scope::api_id(&format!("Api{n}"));
        assert!(id.len() == 10 && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()), "{id}");
        assert!(seen.insert(id));
    }
}
