use std::path::Path;

use crate::model::{Bucket, CorsRule, Notification};
use crate::template::{Inputs, Loaded, Problem, read};

/// A template with the bucket `Files` and the function `F`, of which these are the properties and events.
fn load(bucket: &str, events: &str) -> Result<Loaded, Vec<Problem>> {
    let text = format!(
        "Transform: AWS::Serverless-2016-10-31\nResources:\n  Files:\n    Type: AWS::S3::Bucket\n    Properties:\n      Tags: \
         []\n{bucket}  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      CodeUri: f\n      Runtime: \
         provided.al2023\n      Environment: {{ Variables: {{ BUCKET: !Ref Files, ARN: !GetAtt Files.Arn }} }}\n{events}"
    );
    read(&text, Path::new("template.yaml"), Path::new("/"), &Inputs::default())
}

fn files(bucket: &str, events: &str) -> Bucket {
    load(bucket, events).unwrap_or_else(|problems| panic!("{problems:?}")).cloud.buckets["Files"].clone()
}

#[test]
fn a_bucket_has_a_name_that_its_functions_know() {
    for (given, name) in [("", "local-files"), ("      BucketName: mine\n", "mine")] {
        let loaded = load(given, "").expect("a template");
        assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
        let variables = &loaded.cloud.functions["F"].environment;
        assert_eq!((variables["BUCKET"].as_str(), variables["ARN"].as_str()), (name, &*format!("arn:aws:s3:::{name}")));
        assert_eq!(loaded.cloud.buckets["Files"].name, name);
    }
}

#[test]
fn a_name_that_is_no_name_of_a_bucket_is_refused() {
    let long = "a".repeat(64);
    for name in
        ["../../src", "..", "ab", &long, "Upper", "a_b", "a/b", ".lock", "a..b", "-ab", "ab-", "ab.", "a b", "äbc"]
    {
        let problems = load(&format!("      BucketName: '{name}'\n"), "").expect_err(name);
        let expected = format!("BucketName of the bucket `Files` is {name}: ");
        assert!(problems.len() == 1 && problems[0].message.starts_with(&expected), "{problems:?}");
    }
    for name in ["abc", "a.b", "1-2", &long[..63]] {
        assert_eq!(files(&format!("      BucketName: '{name}'\n"), "").name, name);
    }
    let twice = "  Other:\n    Type: AWS::S3::Bucket\n    Properties: { BucketName: local-files }\n";
    let problems = load("", twice).expect_err("one name for two buckets");
    assert_eq!(problems[0].message, "the buckets `Files` and `Other` have the same name, local-files");
}

#[test]
fn a_name_that_is_made_up_is_a_name_whatever_it_is_made_of() {
    for (stack, id, name) in [("Stack_1", "Files", "stack-1-files"), ("s", "F", "s-f")] {
        assert_eq!(made(stack, id), name);
    }
    let (one, other) = (made("a-stack", &"Files".repeat(20)), made("a-stack", &format!("{}2", "Files".repeat(20))));
    assert!(one.len() == 63 && one.starts_with("a-stack-filesfiles") && one != other, "{one} {other}");
}

/// The name of a bucket of a stack.
fn made(stack: &str, id: &str) -> String {
    let text = format!("Resources:\n  {id}: {{ Type: AWS::S3::Bucket }}\n");
    let inputs = Inputs { stack: stack.to_owned(), ..Inputs::default() };
    let loaded = read(&text, Path::new("template.yaml"), Path::new("/"), &inputs);
    loaded.unwrap_or_else(|problems| panic!("{problems:?}")).cloud.buckets[id].name.clone()
}

#[test]
fn functions_hear_of_objects_by_their_events_and_by_the_bucket() {
    let heard = Notification {
        id: "Upload".into(),
        function: "F".into(),
        events: vec!["s3:ObjectCreated:*".into()],
        prefix: "in/".into(),
        suffix: ".png".into(),
    };
    let filter = "Filter: { S3Key: { Rules: [{ Name: prefix, Value: in/ }, { Name: suffix, Value: .png }] } }";
    let event =
        format!("Upload: {{ Type: S3, Properties: {{ Bucket: !Ref Files, Events: s3:ObjectCreated:*, {filter} }} }}");
    assert_eq!(files("", &format!("      Events: {{ {event} }}\n")).notifications, std::slice::from_ref(&heard));
    let own = format!(
        "      NotificationConfiguration:\n        LambdaConfigurations:\n          - {{ Id: Upload, Event: s3:ObjectCreated:*, Function: \
         !GetAtt F.Arn, {filter} }}\n"
    );
    assert_eq!(files(&own, "").notifications, [heard]);
}

#[test]
fn rules_for_other_origins_are_read() {
    let rule = "{ AllowedOrigins: [https://a.example, '*'], AllowedMethods: [PUT], AllowedHeaders: ['*'], ExposedHeaders: [etag], MaxAge: 60 }";
    let bucket = files(&format!("      CorsConfiguration: {{ CorsRules: [{rule}] }}\n"), "");
    let expected = CorsRule {
        origins: vec!["https://a.example".into(), "*".into()],
        methods: vec!["PUT".into()],
        headers: vec!["*".into()],
        expose: vec!["etag".into()],
        max_age: Some(60),
    };
    assert_eq!(bucket.cors, [expected]);
}

#[test]
fn what_a_bucket_cannot_do_is_told() {
    for (bucket, events, said) in [
        ("      Colour: red\n", "", "a property `Colour`"),
        (
            "",
            "      Events: { Up: { Type: S3, Properties: { Bucket: other, Events: s3:ObjectCreated:* } } }\n",
            "is no bucket of this",
        ),
        ("", "      Events: { Up: { Type: S3, Properties: { Bucket: !Ref Files } } }\n", "has no Events"),
        ("      CorsConfiguration: { CorsRules: [{ AllowedMethods: [PUT] }] }\n", "", "has no AllowedOrigins"),
        (
            "      NotificationConfiguration: { LambdaConfigurations: [{ Event: s3:ObjectCreated:*, Function: x }] }\n",
            "",
            "is no function",
        ),
    ] {
        let problems = load(bucket, events).expect_err(said);
        assert!(problems.iter().any(|problem| problem.message.contains(said)), "{said}: {problems:?}");
    }
    let loaded = load("      VersioningConfiguration: { Status: Enabled }\n", "").expect("a template");
    assert!(loaded.warnings.iter().any(|problem| problem.message.contains("one version")), "{:?}", loaded.warnings);
}
