use std::path::Path;
use std::time::Duration;

use crate::model::{Asynchronous, Target};
use crate::template::{Inputs, Loaded, Problem, read};

const G: &str = "  G:
    Type: AWS::Serverless::Function
    Properties: { CodeUri: g, Runtime: provided.al2023, FunctionName: gee }
  Dead: { Type: AWS::SQS::Queue }
  Alarm: { Type: AWS::SNS::Topic, Properties: { TopicName: shrill } }
";

/// What a template says in which the function `F` has these properties, and there are these resources besides.
fn load(properties: &str, resources: &str) -> Result<Loaded, Vec<Problem>> {
    let text = format!(
        "Transform: AWS::Serverless-2016-10-31\nResources:\n{G}  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      \
         CodeUri: f\n      Runtime: provided.al2023\n{properties}{resources}"
    );
    read(&text, Path::new("template.yaml"), Path::new("/"), &Inputs::default())
}

fn of_f(properties: &str, resources: &str) -> Asynchronous {
    load(properties, resources).expect("a template").cloud.functions["F"].asynchronous.clone()
}

#[test]
fn a_function_says_what_becomes_of_its_events() {
    assert_eq!(of_f("", ""), Asynchronous::default());
    let said = of_f(
        "      DeadLetterQueue: { Type: SQS, TargetArn: !GetAtt Dead.Arn }
      EventInvokeConfig:
        MaximumRetryAttempts: 0
        MaximumEventAgeInSeconds: 60
        DestinationConfig:
          OnSuccess: { Type: Lambda, Destination: !GetAtt G.Arn }
          OnFailure: { Type: SNS, Destination: !Ref Alarm }
",
        "",
    );
    assert_eq!((said.retries, said.age), (0, Some(Duration::from_secs(60))));
    assert_eq!(said.dead_letters, Some(Target::Queue("Dead".into())));
    assert_eq!(said.on_success, Some(Target::Function("G".into())));
    assert_eq!(said.on_failure, Some(Target::Topic("Alarm".into())));
    let made = of_f("      EventInvokeConfig: { DestinationConfig: { OnFailure: { Type: SQS } } }\n", "");
    assert_eq!(made.on_failure, Some(Target::Queue("FOnFailure".into())), "SAM makes the queue");
    let named = "arn:aws:sqs:us-east-1:123456789012:elsewhere";
    let named = of_f(&format!("      DeadLetterQueue: {{ Type: SQS, TargetArn: '{named}' }}\n"), "");
    assert_eq!(named.dead_letters, Some(Target::Queue("elsewhere".into())));
}

#[test]
fn a_resource_of_its_own_says_the_same() {
    for name in ["!Ref F", "!GetAtt F.Arn"] {
        let config = format!(
            "  Config:\n    Type: AWS::Lambda::EventInvokeConfig\n    Properties:\n      FunctionName: {name}\n      Qualifier: \
             $LATEST\n      MaximumRetryAttempts: 1\n      DestinationConfig: {{ OnFailure: {{ Destination: !GetAtt Dead.Arn }} }}\n"
        );
        let said = of_f("      DeadLetterQueue: { Type: SNS, TargetArn: !Ref Alarm }\n", &config);
        assert_eq!((said.retries, said.on_failure), (1, Some(Target::Queue("Dead".into()))));
        assert_eq!(said.dead_letters, Some(Target::Topic("Alarm".into())), "a dead-letter queue is the function's own");
    }
}

#[test]
fn what_an_event_cannot_go_to_is_refused() {
    for (properties, said) in [
        ("      DeadLetterQueue: { Type: SQS, TargetArn: [] }\n", "something else"),
        ("      DeadLetterQueue: { Type: Pigeon, TargetArn: !GetAtt Dead.Arn }\n", "`local` knows a function of this"),
        ("      EventInvokeConfig: { DestinationConfig: { OnFailure: { Type: Lambda } } }\n", "has no Destination"),
        ("      EventInvokeConfig: { MaximumRetryAttempts: 3 }\n", "a whole number from 0 to 2"),
        ("      EventInvokeConfig: { MaximumEventAgeInSeconds: 59 }\n", "a whole number from 60 to 21600"),
        ("      EventInvokeConfig: { OnFailure: {} }\n", "a property `OnFailure`"),
    ] {
        let problems = load(properties, "").expect_err(properties);
        assert!(problems.iter().any(|problem| problem.message.contains(said)), "{properties}: {problems:?}");
    }
}
