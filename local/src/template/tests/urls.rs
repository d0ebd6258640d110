//! Function URLs: of a function, and as resources of their own.

use super::*;
use crate::model::FunctionUrl;

const URL: &str = "Resources:
  Role: { Type: AWS::IAM::Role, Properties: { AssumeRolePolicyDocument: {} } }
  F:
    Type: AWS::Lambda::Function
    Properties: { FunctionName: eff, Code: f, Runtime: provided.al2023, Role: !GetAtt Role.Arn }
  FUrl:
    Type: AWS::Lambda::Url
    Properties: { TargetFunctionArn: !Ref F, AuthType: AWS_IAM, InvokeMode: RESPONSE_STREAM }
Outputs:
  Url: { Value: !GetAtt FUrl.FunctionUrl }
  Of: { Value: !Sub '${FUrl} ${FUrl.FunctionArn}' }
";

fn url(text: &str) -> FunctionUrl {
    let loaded = load(text, &Inputs::default()).unwrap_or_else(|problems| panic!("{problems:?}"));
    loaded.cloud.functions["F"].url.clone().unwrap_or_else(|| panic!("no URL"))
}

#[test]
fn a_url_of_its_own_is_that_of_its_function() {
    let loaded = load(URL, &Inputs::default()).unwrap_or_else(|problems| panic!("{problems:?}"));
    let found = url(URL);
    assert_eq!((found.signed, found.streams, found.qualifier.as_deref()), (true, true, None));
    assert_eq!(loaded.cloud.outputs["Url"], format!("https://{}.lambda-url.us-east-1.on.aws/", found.id));
    let arn = "arn:aws:lambda:us-east-1:123456789012:function:eff";
    assert_eq!(loaded.cloud.outputs["Of"], format!("{arn} {arn}"));
    for target in ["!GetAtt F.Arn", "eff", "123456789012:function:eff"] {
        assert_eq!(url(&URL.replace("!Ref F,", &format!("{target},"))), found, "{target}");
    }
    let qualified = url(&URL.replace("!Ref F,", "!Ref F, Qualifier: live,"));
    assert_eq!(qualified.qualifier.as_deref(), Some("live"));
}

#[test]
fn what_is_wrong_with_a_url_is_said() {
    for (from, to, expected) in [
        ("TargetFunctionArn: !Ref F, ", "", "the function URL `FUrl` has no TargetFunctionArn, and needs one"),
        ("!Ref F,", "other,", "TargetFunctionArn of the function URL `FUrl` is no function of this template"),
        ("AuthType: AWS_IAM, ", "", "the function URL `FUrl` has no AuthType, and needs one"),
        ("AWS_IAM", "ANY", "AuthType of the function URL `FUrl` is NONE or AWS_IAM, not ANY"),
        (
            "RESPONSE_STREAM",
            "STREAM",
            "InvokeMode of the function URL `FUrl` is BUFFERED or RESPONSE_STREAM, not STREAM",
        ),
        ("!Ref F,", "!Ref F, Colour: red,", "the function URL `FUrl` has a property `Colour`"),
        (
            "!Ref F,",
            "!Ref F, Qualifier: live,",
            "the function URL `FUrl` is that of an alias, which is not there: the function answers itself",
        ),
        (
            "Outputs:",
            "  More: { Type: AWS::Lambda::Url, Properties: { TargetFunctionArn: eff, AuthType: NONE } }\nOutputs:",
            "the function URL `More` is the second one of its function, of which `local` serves one",
        ),
    ] {
        assert!(URL.contains(from), "{from}");
        let said = said(&URL.replacen(from, to, 1), &Inputs::default());
        assert!(said.contains(expected), "expected {expected:?} in:\n{said}");
    }
}

#[test]
fn a_url_is_that_of_the_alias_and_may_allow_credentials_to_any_origin() {
    let text = "Transform: AWS::Serverless-2016-10-31
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: f
      Runtime: provided.al2023
      AutoPublishAlias: live
      FunctionUrlConfig:
        AuthType: NONE
        Cors: { AllowOrigins: ['*'], AllowCredentials: true }
";
    let found = url(text);
    assert_eq!(found.qualifier.as_deref(), Some("live"));
    assert!(found.cors.is_some_and(|cors| cors.credentials && cors.origins == ["*"]));
    let api = format!(
        "{text}  Api:
    Type: AWS::Serverless::HttpApi
    Properties: {{ CorsConfiguration: {{ AllowOrigins: ['*'], AllowCredentials: true }} }}
"
    );
    check(
        &said(&api, &Inputs::default()),
        &["CorsConfiguration of the HTTP API `Api` allows credentials to any origin, which API Gateway refuses"],
    );
}
