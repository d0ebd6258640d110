//! Templates that were not written for `local`: what it does not play is told and is no obstacle.

use super::*;

/// A function with an API, and whatever else a sample has.
fn sample(rest: &str) -> String {
    format!(
        "Transform: AWS::Serverless-2016-10-31
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: provided.al2023
      CodeUri: f
{rest}"
    )
}

#[test]
fn types_that_are_not_known_are_one_warning_that_names_them() {
    let text = sample(
        "  Job: { Type: AWS::Glue::Job }
  Pool: { Type: AWS::Cognito::UserPool }
  Other: { Type: AWS::Glue::Job }
  Seed: { Type: Custom::Seed }
  Table: { Type: AWS::DynamoDB::Table }
  Topic: { Type: AWS::SNS::Topic }
  Atlas: { Type: MongoDB::Atlas::Cluster }
  Module: { Type: My-Org::S3::Bucket::MODULE }
  Stage: { Type: AWS::ApiGateway::Stage }
  Thing: { Type: AWS::IoT::Policy }
",
    );
    check(
        &said(&text, &Inputs::default()),
        &[
            "template.yaml:8: not known, and left out: AWS::ApiGateway::Stage (Stage), AWS::Cognito::UserPool (Pool), AWS::Glue::Job (Job, Other), AWS::IoT::Policy (Thing), Custom::Seed (Seed), MongoDB::Atlas::Cluster (Atlas), My-Org::S3::Bucket::MODULE (Module)",
            "template.yaml:12: not there: AWS::DynamoDB::Table (Table), AWS::SNS::Topic (Topic): functions reach what their settings name",
        ],
    );
}

#[test]
fn what_would_change_an_api_is_no_type_to_pass_over() {
    for kind in ["AWS::ApiGatewayV2::VpcLink", "Nonsense", "MongoDB::Cluster", "A::B::", "A::B C::D"] {
        let text = sample(&format!("  Odd: {{ Type: '{kind}' }}\n"));
        check(
            &said(&text, &Inputs::default()),
            &[&format!("template.yaml:8: `Odd` is of the type {kind}, which `local` does not know")],
        );
    }
}

#[test]
fn an_event_that_nothing_sends_is_told_at_its_function() {
    let text = sample(
        "      Events:
        Rest: { Type: Api, Properties: { Path: /x, Method: get } }
        Queue: { Type: SQS, Properties: { Queue: !GetAtt Jobs.Arn } }
        Changes: { Type: DynamoDB, Properties: { Stream: !GetAtt Table.StreamArn, StartingPosition: LATEST } }
  Jobs: { Type: AWS::SQS::Queue }
  Table: { Type: AWS::DynamoDB::Table }
",
    );
    check(
        &said(&text, &Inputs::default()),
        &[
            "template.yaml:9: the event `Rest` of `F` is of a REST API, which `local` does not run: it never invokes the function",
            "template.yaml:10: the event `Queue` of `F`: nothing sends SQS events locally; the Invoke API can",
            "template.yaml:11: the event `Changes` of `F`: nothing sends DynamoDB events locally; the Invoke API can",
            "template.yaml:12: not there: AWS::DynamoDB::Table (Table), AWS::SQS::Queue (Jobs): functions reach what their settings name",
        ],
    );
}

#[test]
fn a_resource_that_is_not_played_has_the_name_that_aws_would_make_up() {
    let value = |expression: &str| {
        let text = sample(&format!(
            "      Environment: {{ Variables: {{ X: {expression} }} }}
  Table: {{ Type: AWS::DynamoDB::Table }}
  Named: {{ Type: AWS::Serverless::SimpleTable, Properties: {{ TableName: !Sub '${{AWS::StackName}}-rooms' }} }}
  Bucket: {{ Type: AWS::S3::Bucket }}
  Jobs: {{ Type: AWS::SQS::Queue }}
  News: {{ Type: AWS::SNS::Topic }}
  Pool: {{ Type: AWS::Cognito::UserPool }}
  Base: {{ Type: AWS::RDS::DBInstance }}
"
        ));
        let loaded = load(&text, &Inputs::default()).unwrap_or_else(|problems| panic!("{problems:?}"));
        loaded.cloud.functions["F"].environment["X"].clone()
    };
    let table = value("!Ref Table");
    let made = table.strip_prefix("local-Table-").unwrap_or_else(|| panic!("{table}"));
    assert!(made.len() == 12 && made.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()), "{table}");
    assert_eq!(value("!Ref Table"), table, "it is the same at every start");
    assert_eq!(value("!GetAtt Table.Arn"), format!("arn:aws:dynamodb:us-east-1:123456789012:table/{table}"));
    assert_eq!(value("!Sub '${Named}'"), "local-rooms");
    let bucket = value("!Ref Bucket");
    assert_eq!(bucket, bucket.to_lowercase());
    assert_eq!(value("!GetAtt Bucket.Arn"), format!("arn:aws:s3:::{bucket}"));
    let (url, arn) = (value("!Ref Jobs"), value("!GetAtt Jobs.Arn"));
    assert!(url.starts_with("https://sqs.us-east-1.amazonaws.com/123456789012/local-Jobs-"), "{url}");
    assert_eq!(arn.rsplit(':').next(), url.rsplit('/').next());
    assert!(value("!Ref News").starts_with("arn:aws:sns:us-east-1:123456789012:local-News-"));
    assert!(value("!Ref Pool").starts_with("us-east-1_"));
    // Nobody could make this up: whoever needs it has to say it.
    assert!(value("!GetAtt Base.Endpoint.Address").contains(CLOUD_ONLY));
}

#[test]
fn what_is_left_out_by_its_name_is_not_there() {
    let text = sample(
        "      Environment: { Variables: { TABLE: !Ref Table } }
  Table: { Type: AWS::DynamoDB::Table }
  G: { Type: AWS::Serverless::Function, Properties: { Runtime: nonsense, CodeUri: g, Colour: red } }
",
    );
    let without =
        |names: &[&str]| Inputs { without: names.iter().map(|name| (*name).to_owned()).collect(), ..Inputs::default() };
    assert!(load(&text, &Inputs::default()).is_err());
    let loaded = load(&text, &without(&["G", "Table"])).unwrap_or_else(|problems| panic!("{problems:?}"));
    assert_eq!(loaded.warnings, []);
    assert_eq!(loaded.cloud.functions.keys().collect::<Vec<_>>(), ["F"]);
    assert!(loaded.cloud.functions["F"].environment["TABLE"].starts_with("local-Table-"));
    check(
        &said(&text, &without(&["G", "Tabel"])),
        &["template.yaml: has no resource `Tabel` to be left out: mend --without"],
    );
}

#[test]
fn an_integration_has_50_milliseconds_to_29_seconds() {
    for (timeout, expected) in [
        (
            "49",
            "template.yaml:10: IntegrationTimeout of the route `say` of `Ws` must be a whole number from 50 to 29000",
        ),
        ("50", ""),
        ("29000", ""),
        ("29001", "must be a whole number from 50 to 29000"),
    ] {
        let text = sample(&format!(
            "  Ws:
    Type: AWS::Serverless::WebSocketApi
    Properties: {{ RouteSelectionExpression: x, Routes: {{ say: {{ FunctionArn: !GetAtt F.Arn, IntegrationTimeout: {timeout} }} }} }}
"
        ));
        let said = said(&text, &Inputs::default());
        assert!(said.contains(expected) && said.is_empty() == expected.is_empty(), "{timeout}: {said}");
    }
}

#[test]
fn a_mapping_puts_a_stage_under_a_key_of_its_domain() {
    let text = sample(
        "      Environment: { Variables: { URL: !Sub 'https://${Domain}/live' } }
  Ws: { Type: AWS::Serverless::WebSocketApi, Properties: { RouteSelectionExpression: x, StageName: v1, Routes: {} } }
  Domain: { Type: AWS::ApiGatewayV2::DomainName, Properties: { DomainName: chat.example.org } }
  Live:
    Type: AWS::ApiGatewayV2::ApiMapping
    Properties: { ApiId: !Ref Ws, DomainName: !Ref Domain, Stage: v1, ApiMappingKey: live }
",
    );
    let loaded = load(&text, &Inputs::default()).unwrap_or_else(|problems| panic!("{problems:?}"));
    assert_eq!(loaded.warnings, []);
    let mapping = crate::model::Mapping { domain: "chat.example.org".into(), key: "live".into() };
    assert_eq!(loaded.cloud.websocket_apis["Ws"].mappings, [mapping]);
    assert_eq!(loaded.cloud.functions["F"].environment["URL"], "https://chat.example.org/live");
    for (from, to, expected) in [
        ("Stage: v1", "Stage: v2", "template.yaml:11: the API mapping `Live` shows the stage v2, and `Ws` runs at v1"),
        (
            "ApiId: !Ref Ws",
            "ApiId: other",
            "template.yaml:11: the API mapping `Live` belongs to no API that `local` runs: other",
        ),
        (", Stage: v1", "", "the API mapping `Live` has no Stage"),
    ] {
        let said = said(&text.replace(from, to), &Inputs::default());
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn what_is_written_almost_right_is_told_with_what_is_meant() {
    for (kind, meant) in [
        ("AWS::Serverless::Funcion", "AWS::Serverless::Function"),
        ("AWS::Lambda::Funtion", "AWS::Lambda::Function"),
        ("AWS::ApiGatewayv2::Route", "AWS::ApiGatewayV2::Route"),
        ("AWS::DynamoDb::Table", "AWS::DynamoDB::Table"),
    ] {
        let text = sample(&format!("  Odd: {{ Type: '{kind}' }}\n"));
        let expected = format!("template.yaml:8: `Odd` is of the type {kind}, which there is not: {meant} is meant");
        check(&said(&text, &Inputs::default()), &[&expected]);
    }
    let text = sample("  Odd: { Type: AWS::Serverless::Websocket }\n");
    check(
        &said(&text, &Inputs::default()),
        &["template.yaml:8: `Odd` is of the type AWS::Serverless::Websocket, which `local` does not know"],
    );
    let text = sample("      Events: { Rest: { Type: HtpApi } }\n");
    let expected =
        "template.yaml:8: the event `Rest` of `F` is of the type HtpApi, which SAM does not know: HttpApi is meant";
    check(&said(&text, &Inputs::default()), &[expected]);
    let text = sample("").replace("CodeUri", "CodeURI");
    let told = said(&text, &Inputs::default());
    assert!(
        told.contains(
            "template.yaml:7: the function `F` has a property `CodeURI` that `local` does not know: `CodeUri` is meant"
        ),
        "{told}"
    );
}

#[test]
fn what_describes_a_resource_is_no_part_of_it() {
    assert_eq!(said(&sample("  Queue: { Type: AWS::IAM::Role, Description: of nobody }\n"), &Inputs::default()), "");
}
