//! What AWS would call the resources that `local` does not play.
//!
//! A function is often told the name of a table, a queue or a topic, and reads it before it does anything else. What it is told has the form that
//! AWS gives it and is the same at every start, so that the function runs; what it does with the name goes to wherever its settings lead. What has no
//! form that could be made up (a database's host, a user pool's secret) stays a value that only the cloud has.

use super::intrinsics::Trouble;
use super::scope::{BUCKET, Resource, Scope, cloud_only, made_up};

impl Scope<'_> {
    /// What `Ref` gives for a resource that is not played.
    pub(super) fn absent_reference(&self, resource: &Resource) -> Result<String, Trouble> {
        let name = || self.physical_name(resource);
        Ok(match resource.kind.as_str() {
            "AWS::SQS::Queue" => self.queue_url(&name()?),
            "AWS::SNS::Topic" => self.arn("sns", &name()?),
            "AWS::StepFunctions::StateMachine" | "AWS::Serverless::StateMachine" => {
                self.arn("states", &format!("stateMachine:{}", name()?))
            }
            "AWS::Cognito::UserPool" => self.user_pool(resource),
            "AWS::Cognito::UserPoolClient" => made_up(&resource.id, 26),
            "AWS::KMS::Key" => uuid(&resource.id),
            // A secret's value and a role are for AWS to give.
            "AWS::SecretsManager::Secret" => cloud_only(&resource.id),
            "AWS::IAM::Role" if resource.properties.get("RoleName").is_none() => cloud_only(&resource.id),
            kind if own_name(kind).is_some() => name()?,
            _ => cloud_only(&resource.id),
        })
    }

    /// What `Fn::GetAtt` gives for a resource that is not played.
    pub(super) fn absent_attribute(&self, resource: &Resource, attribute: &str) -> Result<String, Trouble> {
        let name = || self.physical_name(resource);
        Ok(match (resource.kind.as_str(), attribute) {
            ("AWS::DynamoDB::Table" | "AWS::Serverless::SimpleTable", "Arn") => {
                self.arn("dynamodb", &format!("table/{}", name()?))
            }
            ("AWS::DynamoDB::Table", "StreamArn") => {
                self.arn("dynamodb", &format!("table/{}/stream/2024-01-01T00:00:00.000", name()?))
            }
            (BUCKET, "DomainName") => format!("{}.s3.amazonaws.com", self.bucket_name(resource)?),
            (BUCKET, "RegionalDomainName") => {
                format!("{}.s3.{}.amazonaws.com", self.bucket_name(resource)?, self.inputs.region)
            }
            ("AWS::SQS::Queue", "Arn") => self.arn("sqs", &name()?),
            ("AWS::SQS::Queue", "QueueName") | ("AWS::SNS::Topic", "TopicName") => name()?,
            ("AWS::SQS::Queue", "QueueUrl") | ("AWS::SNS::Topic", "TopicArn") => self.absent_reference(resource)?,
            ("AWS::Kinesis::Stream", "Arn") => self.arn("kinesis", &format!("stream/{}", name()?)),
            ("AWS::Events::EventBus", "Arn") => self.arn("events", &format!("event-bus/{}", name()?)),
            ("AWS::Events::EventBus", "Name") => name()?,
            ("AWS::Logs::LogGroup", "Arn") => self.arn("logs", &format!("log-group:{}:*", name()?)),
            ("AWS::KMS::Key", "Arn") => self.arn("kms", &format!("key/{}", uuid(&resource.id))),
            ("AWS::KMS::Key", "KeyId") | ("AWS::Cognito::UserPoolClient", "ClientId") => {
                self.absent_reference(resource)?
            }
            ("AWS::Cognito::UserPool", "UserPoolId") => self.user_pool(resource),
            ("AWS::Cognito::UserPool", "Arn") => {
                self.arn("cognito-idp", &format!("userpool/{}", self.user_pool(resource)))
            }
            ("AWS::StepFunctions::StateMachine" | "AWS::Serverless::StateMachine", "Arn" | "Name") => match attribute {
                "Name" => name()?,
                _ => self.absent_reference(resource)?,
            },
            _ => cloud_only(&format!("{}.{attribute}", resource.id)),
        })
    }

    /// The name that the template gives, or `stack-Table-1ABCDEFGHIJKL` as CloudFormation makes one up.
    fn physical_name(&self, resource: &Resource) -> Result<String, Trouble> {
        if let Some(given) = own_name(&resource.kind).and_then(|property| resource.properties.get(property)) {
            return self.once(&resource.id, || self.scalar(given, "a name"));
        }
        Ok(format!("{}-{}-{}", self.inputs.stack, resource.id, made_up(&resource.id, 12).to_uppercase()))
    }

    fn queue_url(&self, name: &str) -> String {
        format!("https://sqs.{}.amazonaws.com/{}/{name}", self.inputs.region, self.inputs.account)
    }

    fn user_pool(&self, resource: &Resource) -> String {
        format!("{}_{}", self.inputs.region, made_up(&resource.id, 9))
    }
}

fn uuid(id: &str) -> String {
    let digits: String =
        made_up(id, 32).bytes().map(|byte| char::from(b"0123456789abcdef"[usize::from(byte % 16)])).collect();
    format!("{}-{}-4{}-a{}-{}", &digits[..8], &digits[8..12], &digits[13..16], &digits[17..20], &digits[20..])
}

/// The property that holds the name.
fn own_name(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "AWS::DynamoDB::Table" | "AWS::Serverless::SimpleTable" => "TableName",
        "AWS::SQS::Queue" => "QueueName",
        "AWS::SNS::Topic" => "TopicName",
        "AWS::Logs::LogGroup" => "LogGroupName",
        "AWS::IAM::Role" => "RoleName",
        "AWS::SSM::Parameter" | "AWS::Kinesis::Stream" | "AWS::Events::EventBus" | "AWS::Events::Rule" => "Name",
        "AWS::Scheduler::Schedule" | "AWS::Scheduler::ScheduleGroup" | "AWS::Serverless::StateMachine" => "Name",
        "AWS::ApiGatewayV2::DomainName" => "DomainName",
        "AWS::StepFunctions::StateMachine" => "StateMachineName",
        "AWS::CloudWatch::Alarm" => "AlarmName",
        "AWS::Kinesis::DeliveryStream" => "DeliveryStreamName",
        _ => return None,
    })
}
