//! A WebSocket API as CloudFormation has it.

use super::*;

/// The echo's WebSocket API as CloudFormation has it.
const RAW: &str = r#"
Transform: AWS::Serverless-2016-10-31
Parameters: { Stage: { Type: String, Default: v1 } }
Resources:
  Chat:
    Type: AWS::ApiGatewayV2::Api
    Properties: { Name: echo, ProtocolType: WEBSOCKET, RouteSelectionExpression: "$request.body.action" }
  Connect:
    Type: AWS::ApiGatewayV2::Route
    Properties: { ApiId: !Ref Chat, RouteKey: $connect, AuthorizationType: NONE, Target: !Join [/, [integrations, !Ref ConnectTo]] }
  ConnectTo:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref Chat
      IntegrationType: AWS_PROXY
      IntegrationUri: !Sub arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Hello.Arn}/invocations
  Say:
    Type: AWS::ApiGatewayV2::Route
    Properties: { ApiId: !Ref Chat, RouteKey: chat/say, Target: !Sub "integrations/${SayTo}", RouteResponseSelectionExpression: $default }
  SayTo:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref Chat
      IntegrationType: AWS_PROXY
      TimeoutInMillis: 10000
      IntegrationUri: !Sub "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:${!stageVariables.function}/invocations"
  Answer:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: { ApiId: !Ref Chat, RouteId: !Ref Say, RouteResponseKey: $default }
  Newest:
    Type: AWS::ApiGatewayV2::Deployment
    DependsOn: [Connect, Say]
    Properties: { ApiId: !Ref Chat }
  Live:
    Type: AWS::ApiGatewayV2::Stage
    Properties:
      ApiId: !Ref Chat
      StageName: !Ref Stage
      DeploymentId: !Ref Newest
      StageVariables: { function: Echo }
      DefaultRouteSettings: { ThrottlingRateLimit: 500, ThrottlingBurstLimit: 1000 }
  MayHello: { Type: AWS::Lambda::Permission, Properties: { Action: lambda:InvokeFunction, FunctionName: !Ref Hello, Principal: apigateway.amazonaws.com } }
  MayEcho: { Type: AWS::Lambda::Permission, Properties: { Action: lambda:InvokeFunction, FunctionName: !Ref Echo, Principal: apigateway.amazonaws.com } }
  Hello: { Type: AWS::Serverless::Function, Properties: { Runtime: provided.al2023, CodeUri: hello } }
  Echo:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: provided.al2023
      CodeUri: echo
      Environment: { Variables: { URL: !Sub "https://${Chat}.execute-api.${AWS::Region}.amazonaws.com/${Live}" } }
"#;

#[test]
fn an_api_that_is_written_out_is_read_like_the_one_that_sam_makes() {
    let loaded = load(RAW, &Inputs::default()).unwrap_or_else(|problems| panic!("{problems:?}"));
    assert_eq!(loaded.warnings, []);
    let api = &loaded.cloud.websocket_apis["Chat"];
    assert_eq!((api.stage.as_str(), api.route_selection_expression.as_str()), ("v1", "$request.body.action"));
    assert_eq!(api.throttle, Some(Throttle { rate: 500.0, burst: 1000 }));
    assert_eq!(api.stage_variables["function"], "Echo");
    let routes: Vec<_> = api.routes.iter().map(|(key, route)| (key.as_str(), route)).collect();
    assert_eq!(routes.iter().map(|(key, _)| *key).collect::<Vec<_>>(), ["$connect", "chat/say"]);
    assert_eq!((routes[0].1.function.as_str(), routes[0].1.two_way), ("Hello", false));
    assert_eq!((routes[1].1.function.as_str(), routes[1].1.two_way), ("Echo", true));
    assert_eq!((routes[0].1.timeout, routes[1].1.timeout), (Duration::from_secs(29), Duration::from_secs(10)));
    let url = &loaded.cloud.functions["Echo"].environment["URL"];
    assert_eq!(*url, format!("https://{}.execute-api.us-east-1.amazonaws.com/v1", api.id));
}

#[test]
fn a_route_that_a_deployment_may_miss_is_warned_about() {
    let frozen = RAW.replace("DependsOn: [Connect, Say]", "DependsOn: Connect");
    check(&said(&frozen, &Inputs::default()), &["`Newest` may be made before the route `Say`"]);
    let by_itself = frozen.replace("DeploymentId: !Ref Newest", "AutoDeploy: true");
    check(&said(&by_itself, &Inputs::default()), &[]);
    let nothing = RAW.replace("      DeploymentId: !Ref Newest\n", "");
    check(&said(&nothing, &Inputs::default()), &["the stage v1 shows nothing in the cloud"]);
}

#[test]
fn what_is_wrong_with_an_api_that_is_written_out_is_said() {
    for (from, to, expected) in [
        ("integrations/${SayTo}", "integrations/say", "has a target that is no integration"),
        ("integrations/${SayTo}", "${SayTo}", "it is \"integrations/\" with the Ref of an integration"),
        ("function: Echo", "function: Other", "leads to no function that `local` runs"),
        ("AuthorizationType: NONE", "AuthorizationType: JWT", "it is NONE, AWS_IAM or CUSTOM"),
        ("ProtocolType: WEBSOCKET", "ProtocolType: MQTT", "it is WEBSOCKET or HTTP"),
        ("TimeoutInMillis: 10000", "TimeoutInMillis: 30000", "a whole number from 50 to 29000"),
        ("StageName: !Ref Stage", "StageName: $default", "API Gateway has no stage"),
        ("RouteKey: chat/say", "RouteKey: $connect", "is there twice"),
        ("RouteKey: chat/say,", "RouteKey: chat/say, Colour: red,", "has a property `Colour`"),
    ] {
        let text = RAW.replace(from, to);
        assert_ne!(text, RAW, "{from}");
        let said = said(&text, &Inputs::default());
        assert!(said.contains(expected), "{to}: {said}");
    }
    let mock = RAW.replacen("IntegrationType: AWS_PROXY", "IntegrationType: MOCK", 1);
    assert!(said(&mock, &Inputs::default()).contains("is of the type MOCK; `local` runs functions: AWS_PROXY"));
    let second = RAW.replace(
        "  Hello:",
        "  Other: { Type: AWS::ApiGatewayV2::Stage, Properties: { ApiId: !Ref Chat, StageName: zz, AutoDeploy: true } }\n  Hello:",
    );
    check(&said(&second, &Inputs::default()), &["`Chat` runs at its stage v1; zz is not there"]);
}
