//! Authorizers of HTTP APIs in templates, and HTTP APIs that are written out: what is said of those that cannot work.

use super::{Inputs, check, load, said};

const HTTP: &str = include_str!("../../../tests/it/fixtures/http.yaml");

#[test]
fn what_is_wrong_with_an_http_api_and_its_authorizers_is_said() {
    check(&said(HTTP, &Inputs::default()), &[]);
    for (from, to, expected) in [
        ("DefaultAuthorizer: Token", "DefaultAuthorizer: Tokens", "there is no authorizer `Tokens`"),
        ("DefaultAuthorizer: Token", "DefaultAuthorizer: AWS_IAM", "there is no authorizer `AWS_IAM`"),
        ("Authorizer: Simple }", "Authorizer: Missing }", "POST /simple has the authorizer `Missing`, which"),
        ("issuer: \"http://issuer.test/pool\", ", "", "has no issuer, and needs one"),
        (", audience: [app, other]", "", "has no audience, and needs one"),
        ("            IdentitySource: $request.header.Authorization\n", "", "has no IdentitySource"),
        ("$request.header.Authorization", "route.request.header.Authorization", "it is like $request.header.Auth"),
        ("$request.header.Authorization", "$request.header.A, $request.header.B", "names several places"),
        ("            AuthorizerPayloadFormatVersion: \"1.0\"\n", "", "has no AuthorizerPayloadFormatVersion"),
        ("FormatVersion: \"1.0\"", "FormatVersion: \"3.0\"", "is 3.0: it is 1.0 or 2.0"),
        (
            "FormatVersion: \"2.0\"\n            EnableSimple",
            "FormatVersion: \"1.0\"\n            EnableSimple",
            "which only the payload format 2.0 has",
        ),
        ("{ QueryStrings: [who], Reauth", "{ Reauth", "for which it needs an identity source"),
        ("ReauthorizeEvery: 60", "ReauthorizeEvery: 3601", "a whole number from 0 to 3600"),
        ("FunctionArn: !GetAtt Judge.Arn", "FunctionArn: judge", "names no function that `local` runs: judge"),
        ("\"GET /open\": {", "\"GET /none\": {", "there is no route `GET /none`"),
        ("ProtocolType: HTTP, Cors", "ProtocolType: MQTT, Cors", "is of the protocol MQTT: it is WEBSOCKET or HTTP"),
        ("AuthorizerType: JWT", "AuthorizerType: COGNITO", "is of the type COGNITO: it is REQUEST or JWT"),
        ("      JwtConfiguration: { Issuer", "      Jwt: { Issuer", "has no JwtConfiguration, and needs one"),
        ("AuthorizationType: JWT", "AuthorizationType: CUSTOM", "and an authorizer of another one"),
        ("AuthorizationType: JWT", "AuthorizationType: COGNITO", "it is NONE, AWS_IAM, CUSTOM or JWT"),
        ("AuthorizerId: !Ref WrittenToken", "AuthorizerId: none", "has no authorizer: AuthorizerId is the Ref of an"),
        ("functions/${Judge.Arn}", "functions/judges", "leads to no function that `local` runs"),
        ("IntegrationUri: !GetAtt Echo.Arn", "IntegrationUri: \"https://example.org\"", "leads to no function"),
        (
            "IntegrationType: AWS_PROXY",
            "IntegrationType: HTTP_PROXY",
            "is of the type HTTP_PROXY; `local` runs functions",
        ),
        (", PayloadFormatVersion: \"2.0\", Time", ", PayloadFormatVersion: \"1.0\", Time", "knows no other than 2.0"),
        (", PayloadFormatVersion: \"2.0\", Time", ", Time", "has no PayloadFormatVersion"),
        ("TimeoutInMillis: 20000", "TimeoutInMillis: 40000", "a whole number from 50 to 30000"),
        ("RouteKey: GET /closed", "RouteKey: /closed", "it is a method and a path, such as GET /rooms"),
        ("RouteKey: GET /closed", "RouteKey: $default", "is there twice"),
        ("\"GET /closed\": {", "\"GET /none\": {", "there is no route `GET /none`"),
        ("Target: !GetAtt Echo.Arn", "Target: \"https://example.org\"", "lead to no function that `local` runs"),
        ("StageName: $default, AutoDeploy: true,", "StageName: $default,", "shows nothing in the cloud"),
        ("Auth: { Authorizer: NONE }", "Auth: { Author: NONE }", "has a property `Author`"),
    ] {
        let text = HTTP.replace(from, to);
        assert_ne!(text, HTTP, "{from}");
        let said = said(&text, &Inputs::default());
        assert!(said.contains(expected), "{to}: {said}");
    }
    let iam = HTTP.replace("DefaultAuthorizer: Token", "EnableIamAuthorizer: true\n        DefaultAuthorizer: AWS_IAM");
    let loaded = load(&iam, &Inputs::default()).unwrap_or_else(|problems| panic!("{problems:?}"));
    assert_eq!(loaded.cloud.signed(), ["Api"]);
    let frozen = HTTP.replace(
        "  WrittenStage:",
        "  Newest: { Type: AWS::ApiGatewayV2::Deployment, DependsOn: [WrittenOpen, WrittenClosed], Properties: { ApiId: !Ref Written } }\n  WrittenStage:",
    );
    let frozen = frozen.replace("AutoDeploy: true", "DeploymentId: !Ref Newest");
    check(
        &said(&frozen, &Inputs::default()),
        &["`Newest` may be made before the route `WrittenJudged`, which is then not found"],
    );
}

#[test]
fn both_forms_of_an_http_api_are_read() {
    let loaded = load(HTTP, &Inputs::default()).unwrap_or_else(|problems| panic!("{problems:?}"));
    let keys = |api: &str| -> Vec<String> {
        loaded.cloud.http_apis[api].routes.iter().map(crate::model::HttpRoute::key).collect()
    };
    assert_eq!(keys("Written"), ["GET /closed", "$default", "GET /open/{name}"]);
    assert_eq!(keys("Quick"), ["$default"]);
    assert_eq!(keys("Api").len(), 6);
    assert!(loaded.cloud.websocket_apis.is_empty());
    let timeout = loaded.cloud.http_apis["Written"].routes[0].timeout;
    assert_eq!(timeout, Some(std::time::Duration::from_secs(20)));
}
