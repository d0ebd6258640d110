//! Functions as CloudFormation has them, and time tables that are resources of their own.

use super::*;
use crate::model::{Language, Target, When};

const PLAIN: &str = include_str!("../../../tests/it/fixtures/plain/template.yaml");

#[test]
fn a_function_that_is_written_out_is_read_like_one_of_sam() {
    let loaded = load(PLAIN, &Inputs::default()).unwrap_or_else(|problems| panic!("{problems:?}"));
    let warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    assert!(warnings[0].contains("not there: AWS::SQS::Queue (Letters)"), "{warnings:#?}");
    let (talk, clock) = (&loaded.cloud.functions["Talk"], &loaded.cloud.functions["Clock"]);
    assert_eq!((talk.name.as_str(), talk.code.as_path()), ("local-talk", Path::new("/project/functions")));
    assert_eq!((talk.timeout, talk.memory_mb, talk.reserved_concurrency), (Duration::from_secs(20), 256, Some(5)));
    assert_eq!(talk.asynchronous.dead_letters, Some(Target::Queue("Letters".into())));
    let managed = clock.managed.clone().unwrap_or_else(|| panic!("no runtime"));
    assert_eq!((managed.language, managed.handler.as_str()), (Language::Python(12), "index.handler"));
    assert!(managed.inline.is_some_and(|source| source.starts_with("import json\n")));
    let [night] = &talk.schedules[..] else { panic!("{:?}", talk.schedules) };
    assert_eq!((&night.when, night.zone.as_deref()), (&When::Cron("0 3 * * ? *".into()), Some("Europe/Berlin")));
    assert_eq!((night.input.as_deref(), night.by_scheduler), (Some(r#"{"night": true}"#), true));
    let [hourly] = &clock.schedules[..] else { panic!("{:?}", clock.schedules) };
    assert_eq!((&hourly.when, hourly.rule.as_deref()), (&When::Every(60), Some("every-hour")));
    assert_eq!(loaded.cloud.roles["Talk"].doubts, Vec::<String>::new());
    assert_eq!(loaded.cloud.http_apis["Api"].mappings[0].key, "shop/v1");
}

#[test]
fn what_is_wrong_with_a_function_that_is_written_out_is_said() {
    for (from, to, expected) in [
        ("      Code: functions\n", "", "the function `Talk` has no Code, and needs one"),
        ("Code: functions", "CodeUri: functions", "CodeUri of the function `Talk`: without SAM it is written as Code"),
        (
            "Code: functions",
            "Code: s3://bucket/key",
            "Code of the function `Talk` is in a bucket: name the function's folder",
        ),
        (
            "Code: functions",
            "Code: { S3Bucket: b, S3Key: k }",
            "S3Key of Code of the function `Talk`: what is in a bucket is not run",
        ),
        (
            "Code: functions",
            "Code: { ImageUri: x }",
            "ImageUri of Code of the function `Talk`: `local` runs no container images",
        ),
        ("Code: functions", "Code: [x]", "Code of the function `Talk` must be a mapping, not a list"),
        (
            "Code: functions",
            "InlineCode: x",
            "InlineCode of the function `Talk`: without SAM it is written as Code: { ZipFile",
        ),
        (
            "      Code: functions\n      Role: !GetAtt Role.Arn\n",
            "      Code: functions\n",
            "the function `Talk` has no Role, and needs one",
        ),
        (
            "Runtime: python3.12\n      Handler: index",
            "Runtime: provided.al2023\n      Handler: index",
            "ZipFile of the function `Clock`: a program cannot be written inline",
        ),
        ("TracingConfig:", "Tracing:", "the function `Talk` has a property `Tracing` that `local` does not know"),
        (
            "Timeout: 20\n      MemorySize",
            "Timeout: 901\n      MemorySize",
            "Timeout of the function `Talk` must be a whole number from 1 to 900",
        ),
        ("rate(1 hour)", "rate(1 hours)", "ScheduleExpression of the schedule `EveryHour` is rate(1 hours)"),
        (
            "Id: clock, Arn: !GetAtt Clock.Arn",
            "Id: clock, Arn: !GetAtt Letters.Arn",
            "has a target that `local` does not play: arn:aws:sqs:",
        ),
        ("Id: clock,", "Id: clock, InputPath: $.detail,", "InputPath of a target of the schedule `EveryHour`"),
    ] {
        let text = PLAIN.replace(from, to);
        assert_ne!(text, PLAIN, "{from}");
        let said = said(&text, &Inputs::default());
        assert!(said.contains(expected), "expected {expected:?} in:\n{said}");
    }
}

#[test]
fn a_rule_that_waits_for_events_is_not_there() {
    let text = PLAIN.replace("ScheduleExpression: rate(1 hour)", "EventPattern: { source: [aws.s3] }");
    let said = said(&text, &Inputs::default());
    assert!(said.contains("not there: AWS::Events::Rule (EveryHour), AWS::SQS::Queue (Letters)"), "{said}");
}

#[test]
fn a_target_that_only_the_cloud_knows_is_warned_about() {
    for arn in ["!GetAtt Cluster.Arn", "'{{resolve:ssm:target}}'", "!ImportValue target"] {
        let target = format!(
            "  Cluster: {{ Type: AWS::ECS::Cluster }}
  Tasks:
    Type: AWS::Events::Rule
    Properties:
      ScheduleExpression: rate(1 hour)
      Targets: [{{ Id: tasks, Arn: {arn}, RoleArn: !GetAtt Role.Arn, EcsParameters: {{ TaskCount: 1 }} }}]
  Letters: "
        );
        let loaded = load(&PLAIN.replacen("  Letters: ", &target, 1), &Inputs::default());
        let warnings = loaded.unwrap_or_else(|problems| panic!("{arn}: {problems:?}")).warnings;
        let said: String = warnings.iter().map(|problem| format!("{problem}\n")).collect();
        assert!(said.contains("the schedule `Tasks` has a target that `local` does not play"), "{said}");
    }
}

#[test]
fn a_schedule_has_its_name_and_its_group() {
    let of = |properties: &str| {
        let text = format!(
            "Transform: AWS::Serverless-2016-10-31
Resources:
  Group: {{ Type: AWS::Scheduler::ScheduleGroup, Properties: {{ Name: nights }} }}
  F:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: f
      Runtime: provided.al2023
      Events:
        Night: {{ Type: ScheduleV2, Properties: {{ ScheduleExpression: rate(1 day), {properties} }} }}
"
        );
        let loaded = load(&text, &Inputs::default()).unwrap_or_else(|problems| panic!("{problems:?}"));
        let [night] = &loaded.cloud.functions["F"].schedules[..] else { panic!("{loaded:?}") };
        (night.rule.clone(), night.group.clone())
    };
    assert_eq!(of("State: ENABLED"), (None, None));
    assert_eq!(of("Name: clean, GroupName: !Ref Group"), (Some("clean".into()), Some("nights".into())));
    assert_eq!(of("Name: !ImportValue name"), (None, None), "what only the cloud knows is made up");
}
