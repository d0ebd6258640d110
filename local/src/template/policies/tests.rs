use std::path::Path;

use crate::model::{Patterns, Role, Statement};
use crate::template::{Inputs, read};

/// The role of the function `F`, whose properties go on like this, in a template with these resources besides.
fn role(properties: &str, resources: &str) -> Role {
    let text = format!(
        "Transform: AWS::Serverless-2016-10-31\nResources:\n  Ws:\n    Type: AWS::Serverless::WebSocketApi\n    Properties:\n      \
         RouteSelectionExpression: $request.body.action\n      StageName: v1\n      Routes: {{ $default: {{ FunctionArn: !GetAtt \
         F.Arn }} }}\n  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      CodeUri: f\n      Runtime: \
         provided.al2023\n{properties}{resources}"
    );
    let mut loaded = read(&text, Path::new("template.yaml"), Path::new("/"), &Inputs::default()).expect("a template");
    loaded.cloud.roles.remove("F").expect("a role")
}

fn only(role: &Role) -> &Statement {
    assert_eq!((role.statements.len(), role.doubts.len()), (1, 0), "{role:?}");
    &role.statements[0]
}

const INVOKE_G: [&str; 1] = ["arn:aws:lambda:us-east-1:123456789012:function:G"];

#[test]
fn a_function_without_policies_may_nothing() {
    let role = role("", "");
    assert_eq!((role.name.as_str(), role.statements.len()), ("local-FRole", 0));
}

#[test]
fn statements_are_resolved() {
    let role = role(
        "      Policies:
        - Statement:
            - Effect: Allow
              Action: [execute-api:ManageConnections]
              Resource: !Sub arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Ws}/v1/POST/@connections/*
            - Effect: Deny
              NotAction: lambda:*
              NotResource: ['a', 'b']
            - Effect: Allow
              Action: '*'
              Resource: !GetAtt Table.Arn
",
        "  Table:\n    Type: AWS::DynamoDB::Table\n",
    );
    let [first, second, third] = &role.statements[..] else { panic!("{role:?}") };
    assert!(first.allows && !second.allows && third.allows);
    assert_eq!(first.actions, Patterns::AnyOf(vec!["execute-api:ManageConnections".into()]));
    let Patterns::AnyOf(resources) = &first.resources else { panic!("{first:?}") };
    let middle = resources[0].strip_prefix("arn:aws:execute-api:us-east-1:123456789012:").expect("an ARN");
    assert!(middle.len() == 10 + "/v1/POST/@connections/*".len() && middle.ends_with("/v1/POST/@connections/*"));
    assert_eq!(second.actions, Patterns::NoneOf(vec!["lambda:*".into()]));
    assert_eq!(second.resources, Patterns::NoneOf(vec!["a".into(), "b".into()]));
    let Patterns::AnyOf(resources) = &third.resources else { panic!("{third:?}") };
    assert!(resources[0].starts_with("arn:aws:dynamodb:us-east-1:123456789012:table/local-Table-"), "{resources:?}");
}

#[test]
fn templates_of_sam_and_policies_of_aws_grant_what_they_say() {
    let g = "  G:\n    Type: AWS::Serverless::Function\n    Properties: { CodeUri: g, Runtime: provided.al2023 }\n";
    let granted = role("      Policies: { LambdaInvokePolicy: { FunctionName: !Ref G } }\n", g);
    let any = format!("{}*", INVOKE_G[0]);
    assert_eq!(only(&granted), &Statement::allow(&["lambda:InvokeFunction"], &[&any]));
    for name in ["AmazonAPIGatewayInvokeFullAccess", "arn:aws:iam::aws:policy/AmazonAPIGatewayInvokeFullAccess"] {
        let granted = role(&format!("      Policies: [{name}, AWSLambdaBasicExecutionRole]\n"), "");
        let expected = ["execute-api:Invoke", "execute-api:ManageConnections"];
        assert_eq!(only(&granted), &Statement::allow(&expected, &["arn:aws:execute-api:*:*:*"]));
    }
    let doubtful = role("      Policies: [SomethingNew, { DynamoDBCrudPolicy: { TableName: t } }]\n", "");
    assert!(doubtful.statements.is_empty() && doubtful.doubts[0].contains("SomethingNew"), "{doubtful:?}");
}

#[test]
fn a_condition_is_told() {
    let statement = |effect: &str| {
        let policy =
            format!("Effect: {effect}, Action: '*', Resource: '*', Condition: {{ Bool: {{ 'aws:x': true }} }}");
        role(&format!("      Policies: [{{ Statement: {{ {policy} }} }}]\n"), "")
    };
    let (allowed, denied) = (statement("Allow"), statement("Deny"));
    assert!(allowed.statements.len() == 1 && allowed.doubts[0].ends_with("it counts as fulfilled"), "{allowed:?}");
    assert!(denied.statements.is_empty() && denied.doubts[0].ends_with("the denial is left out"), "{denied:?}");
}

const INVOKES: &str = "{ Statement: [{ Effect: Allow, Action: lambda:InvokeFunction, Resource: !GetAtt G.Arn }] }";
const G: &str = "  G:\n    Type: AWS::Serverless::Function\n    Properties: { CodeUri: g, Runtime: provided.al2023 }\n";

#[test]
fn a_role_of_the_template_counts_instead_of_policies() {
    let expected = Statement::allow(&["lambda:InvokeFunction"], &INVOKE_G);
    for (name, called) in [("", "local-R"), ("RoleName: mine, ", "mine")] {
        let resources = format!(
            "{G}  R:\n    Type: AWS::IAM::Role\n    Properties: {{ {name}Policies: [{{ PolicyName: p, PolicyDocument: {INVOKES} }}] }}\n"
        );
        let given = role("      Role: !GetAtt R.Arn\n      Policies: [AdministratorAccess]\n", &resources);
        assert_eq!((only(&given), given.name.as_str()), (&expected, called));
    }
    let named = format!(
        "{G}  R:\n    Type: AWS::IAM::Role\n    Properties: {{ RoleName: mine, Policies: [{{ PolicyDocument: {INVOKES} }}] }}\n"
    );
    let given = role("      Role: !Sub arn:aws:iam::${AWS::AccountId}:role/mine\n", &named);
    assert_eq!(only(&given), &expected);
    let elsewhere = role("      Role: arn:aws:iam::123456789012:role/other\n", &named);
    assert!(elsewhere.name == "other" && elsewhere.doubts[0].contains("not in the template"), "{elsewhere:?}");
}

#[test]
fn policies_of_their_own_are_attached_by_the_name_of_the_role() {
    let expected = Statement::allow(&["lambda:InvokeFunction"], &INVOKE_G);
    let policy = |kind: &str, roles: &str| {
        format!("{G}  P:\n    Type: AWS::IAM::{kind}\n    Properties: {{ PolicyDocument: {INVOKES}{roles} }}\n")
    };
    let made = role("", &policy("Policy", ", PolicyName: p, Roles: [!Ref FRole]"));
    assert_eq!(only(&made), &expected);
    let managed = policy("ManagedPolicy", "");
    assert_eq!(only(&role("      Policies: [!Ref P]\n", &managed)), &expected);
    let with_role =
        format!("{managed}  R:\n    Type: AWS::IAM::Role\n    Properties: {{ ManagedPolicyArns: [!Ref P] }}\n");
    assert_eq!(only(&role("      Role: !GetAtt R.Arn\n", &with_role)), &expected);
    let other = role("", &policy("Policy", ", PolicyName: p, Roles: [other]"));
    assert!(other.statements.is_empty(), "{other:?}");
}

#[test]
fn a_route_that_nobody_may_invoke_is_doubted() {
    let api = |permission: &str| {
        let text = format!(
            "Transform: AWS::Serverless-2016-10-31\nResources:\n  Ws:\n    Type: AWS::ApiGatewayV2::Api\n    Properties: {{ Name: w, \
             ProtocolType: WEBSOCKET, RouteSelectionExpression: $request.body.action }}\n  Say:\n    Type: \
             AWS::ApiGatewayV2::Route\n    Properties: {{ ApiId: !Ref Ws, RouteKey: say, Target: !Sub 'integrations/${{Runs}}' }}\n  \
             Runs:\n    Type: AWS::ApiGatewayV2::Integration\n    Properties:\n      ApiId: !Ref Ws\n      IntegrationType: \
             AWS_PROXY\n      IntegrationUri: !Sub arn:aws:apigateway:${{AWS::Region}}:lambda:path/2015-03-31/functions/${{F.Arn}}/invocations\n  \
             Stage:\n    Type: AWS::ApiGatewayV2::Stage\n    Properties: {{ ApiId: !Ref Ws, StageName: v1, AutoDeploy: true }}\n  F:\n    \
             Type: AWS::Serverless::Function\n    Properties: {{ CodeUri: f, Runtime: provided.al2023 }}\n{permission}"
        );
        let loaded = read(&text, Path::new("template.yaml"), Path::new("/"), &Inputs::default());
        let warnings = loaded.unwrap_or_else(|problems| panic!("{problems:?}")).warnings;
        warnings.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let doubts = api("");
    let expected = "template.yaml:18: no AWS::Lambda::Permission lets API Gateway invoke `F`";
    assert!(doubts.len() == 1 && doubts[0].starts_with(expected), "{doubts:?}");
    for other in ["!Sub '${F}2'", "!Sub '${F.Arn}2'", "!Sub '${F}2:live'"] {
        let permission = format!(
            "  May:\n    Type: AWS::Lambda::Permission\n    Properties: {{ Action: lambda:InvokeFunction, FunctionName: {other}, Principal: \
             apigateway.amazonaws.com }}\n"
        );
        assert_eq!(api(&permission), doubts, "{other}");
    }
    for name in [
        "!Ref F",
        "!GetAtt F.Arn",
        "!Sub '${F}:live'",
        "!Sub '${F.Arn}:live'",
        "!Sub '${AWS::AccountId}:function:${F}'",
    ] {
        let permission = format!(
            "  May:\n    Type: AWS::Lambda::Permission\n    Properties: {{ Action: lambda:InvokeFunction, FunctionName: {name}, Principal: \
             apigateway.amazonaws.com }}\n"
        );
        assert_eq!(api(&permission), Vec::<String>::new());
    }
}

#[test]
fn functions_that_have_a_role_have_none_to_give() {
    let roles = |f: &str, g: &str| {
        let text = format!(
            "Transform: AWS::Serverless-2016-10-31\nConditions: {{ Yes: !Equals [a, a] }}\nResources:\n  F:\n    Type: \
             AWS::Serverless::Function\n    Properties: {{ CodeUri: f, Runtime: provided.al2023, Role: {f} }}\n  G:\n    Type: \
             AWS::Serverless::Function\n    Properties: {{ CodeUri: g, Runtime: provided.al2023{g} }}\n"
        );
        read(&text, Path::new("template.yaml"), Path::new("/"), &Inputs::default()).map(|loaded| loaded.cloud.roles)
    };
    let taken = roles("!GetAtt GRole.Arn", "").expect("a role to take");
    assert_eq!(taken["F"].name, "local-GRole");
    let circle = roles("!GetAtt GRole.Arn", ", Role: !GetAtt FRole.Arn").expect_err("a circle");
    let told: Vec<&str> = circle.iter().map(|problem| problem.message.as_str()).collect();
    assert!(told.len() == 2 && told.iter().all(|told| told.contains("Role`: declare it or mend the name")), "{told:?}");
    let none = "!Ref AWS::NoValue";
    let perhaps = |other: &str| format!("!If [Yes, !GetAtt {other}Role.Arn, {none}]");
    let circle = roles(&perhaps("G"), &format!(", Role: {}", perhaps("F"))).expect("nobody knows it but the cloud");
    assert!(circle["F"].doubts[0].contains("the Role of `F` is not in the template"), "{circle:?}");
}
