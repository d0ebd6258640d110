//! Authorizers and API keys in templates: what is said of those that cannot work. What those that do work lead to is tested at the sockets.

use super::{Inputs, check, load, said};
use crate::model::access::{Authorization, KeySource, Source};

const ENTRY: &str = include_str!("../../../tests/it/fixtures/entry.yaml");

/// What is said beyond the warning about the key that is not enabled.
fn about(text: &str) -> String {
    let said = said(text, &Inputs::default());
    said.lines().filter(|line| !line.contains("`Former`")).map(|line| format!("{line}\n")).collect()
}

#[test]
fn what_is_wrong_with_an_authorizer_or_a_key_is_said() {
    assert_eq!(about(ENTRY), "");
    for (from, to, expected) in [
        ("AuthType: CUSTOM", "AuthType: JWT", "it is NONE, AWS_IAM or CUSTOM"),
        ("AuthType: CUSTOM", "AuthType: NONE", "a property `AuthArn`"),
        ("        AuthType: CUSTOM\n", "", "has no AuthType"),
        ("AuthArn: !GetAtt Judge.Arn", "AuthArn: judge", "names no function that `local` runs: judge"),
        ("        AuthArn: !GetAtt Judge.Arn\n", "", "has no AuthArn"),
        ("        $connect: { FunctionArn: !GetAtt Echo.Arn }\n", "", "needs a route $connect"),
        ("route.request.querystring.who", "method.request.querystring.who", "it is like route.request.header"),
        ("route.request.querystring.who", "$request.querystring.who", "it is like route.request.header"),
        ("route.request.header.Who", "route.request.header.", "it is like route.request.header"),
        ("rare: { ThrottlingRateLimit", "never: { ThrottlingRateLimit", "there is no route `never`"),
        ("{ $connect: { Throttling", "{ $other: { Throttling", "there is no route `$other`"),
        ("AuthorizerType: REQUEST", "AuthorizerType: JWT", "those of WebSocket APIs are functions: REQUEST"),
        (
            "AuthorizerType: REQUEST",
            "AuthorizerType: REQUEST\n      AuthorizerResultTtlInSeconds: 0",
            "it says something for HTTP APIs only",
        ),
        ("functions/${Judge.Arn}", "functions/judges", "leads to no function that `local` runs"),
        ("AuthorizerId: !Ref WrittenJudge", "AuthorizerId: none", "has no authorizer: AuthorizerId is the Ref of an"),
        ("AuthorizationType: CUSTOM", "AuthorizationType: JWT", "it is NONE, AWS_IAM or CUSTOM"),
        ("RouteKey: $connect\n      ApiKeyRequired: true", "RouteKey: say", "only $connect may have one"),
        ("tell: { FunctionArn", "tell: { ApiKeyRequired: true, FunctionArn", "only a handshake can show"),
        ("$context.authorizer.usage", "$request.body.usage", "ApiKeySelectionExpression of the API `Written` is"),
        ("a-friend-of-the-house-0001", "short", "asks for 20 characters"),
        ("KeyType: API_KEY", "KeyType: TOKEN", "must be API_KEY"),
        (", Value: a-friend-of-the-house-0001", "", "here clients send x-api-key: "),
        ("Stage: !Ref KeyedDefaultStage", "Stage: other", "`Keyed` requires an API key and there is none"),
        ("UsagePlanName: friends", "Quota: { Limit: 5, Period: DAY }", "what a key uses is not counted locally"),
    ] {
        let text = ENTRY.replace(from, to);
        assert_ne!(text, ENTRY, "{from}");
        let said = about(&text);
        assert!(said.contains(expected), "{to}: {said}");
    }
    check(&said(ENTRY, &Inputs::default()), &["the API key `Former` lets nobody in: it needs Enabled: true"]);
}

#[test]
fn both_forms_say_the_same_of_who_gets_in() {
    let loaded = load(ENTRY, &Inputs::default()).unwrap_or_else(|problems| panic!("{problems:?}"));
    let entry = |api: &str| loaded.cloud.websocket_apis[api].entry.clone();
    let Authorization::Lambda(sam) = entry("Socket").authorization else { panic!("nobody decides") };
    assert_eq!((sam.name.as_str(), sam.function.as_str()), ("SocketConnectAuthorizer", "Judge"));
    assert_eq!(
        sam.sources,
        [
            Source::Query("who".into()),
            Source::Context("identity.sourceIp".into()),
            Source::StageVariable("tier".into())
        ]
    );
    let Authorization::Lambda(raw) = entry("Written").authorization else { panic!("nobody decides") };
    assert_eq!(
        (raw.name.as_str(), raw.function.as_str(), raw.sources),
        ("judge", "Judge", vec![Source::Header("Who".into())])
    );
    assert_eq!((entry("Keyed").key_source, entry("Written").key_source), (KeySource::Header, KeySource::Authorizer));
    let values = |api: &str| entry(api).keys.into_iter().map(|key| key.value).collect::<Vec<_>>();
    assert_eq!((values("Socket"), values("Keyed")), (vec![], vec!["a-friend-of-the-house-0001".to_owned()]));
    assert_eq!(values("Keyed"), values("Written"));
    let iam =
        ENTRY.replace("        AuthArn: !GetAtt Judge.Arn\n", "").replace("AuthType: CUSTOM", "AuthType: AWS_IAM");
    let iam = iam.replace(
        "        IdentitySource: [route.request.querystring.who, context.identity.sourceIp, stageVariables.tier]\n",
        "",
    );
    let loaded = load(&iam, &Inputs::default()).unwrap_or_else(|problems| panic!("{problems:?}"));
    assert_eq!(loaded.cloud.websocket_apis["Socket"].entry.authorization, Authorization::Iam);
    assert_eq!(loaded.cloud.signed(), ["Socket"]);
}
