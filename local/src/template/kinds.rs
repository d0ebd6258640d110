//! Which types of resources `local` runs, which need nothing locally, and which a function may miss.

use super::access::AUTHORIZER;
use super::api_keys::{API_KEY, USAGE_PLAN, USAGE_PLAN_KEY};
use super::function_url::URL;
use super::mappings::API_MAPPING;
use super::raw_api;
use super::scope::{BUCKET, EVENT_INVOKE_CONFIG, FUNCTION, HTTP_API, RAW_FUNCTION, ROUTE_RESPONSE, WEBSOCKET_API};

/// What a type of resource means on a laptop.
pub(super) enum Kind {
    /// `local` plays it.
    Run,
    /// Nothing behaves differently without it.
    Accepted,
    /// Something that functions talk to, or that calls them, and that is not there.
    Absent,
    /// Not known, and not of what `local` plays.
    Foreign,
    /// Part of what `local` plays, but not known, so that nothing can be promised.
    Unknown,
}

/// Permissions, logs, alarms, names: what surrounds a function without being seen by it.
const ACCEPTED: [&str; 27] = [
    "AWS::ApiGateway::Account",
    "AWS::ApiGatewayV2::DomainName",
    // Of a proxy integration it maps nothing.
    "AWS::ApiGatewayV2::IntegrationResponse",
    // Nothing is validated by it, unless a route says so, which is refused.
    "AWS::ApiGatewayV2::Model",
    "AWS::Budgets::Budget",
    "AWS::CertificateManager::Certificate",
    "AWS::CloudFormation::WaitConditionHandle",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::AnomalyDetector",
    "AWS::CloudWatch::CompositeAlarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::IAM::RolePolicy",
    "AWS::KMS::Alias",
    "AWS::KMS::Key",
    "AWS::Lambda::Permission",
    "AWS::Logs::LogGroup",
    "AWS::Logs::MetricFilter",
    "AWS::Logs::QueryDefinition",
    "AWS::Logs::ResourcePolicy",
    "AWS::Logs::SubscriptionFilter",
    "AWS::Route53::RecordSet",
    "AWS::SSM::Parameter",
    "AWS::SecretsManager::Secret",
    "AWS::XRay::SamplingRule",
];

const ABSENT: [&str; 16] = [
    "AWS::DynamoDB::Table",
    "AWS::Events::EventBus",
    "AWS::Events::Rule",
    "AWS::Kinesis::Stream",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::LayerVersion",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SNS::Topic",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::Queue",
    "AWS::SQS::QueuePolicy",
    "AWS::Scheduler::Schedule",
    "AWS::Scheduler::ScheduleGroup",
    "AWS::Serverless::LayerVersion",
    "AWS::Serverless::SimpleTable",
];

/// What an API or a function is made of: to pass over a part of it would change how it behaves. Nobody but SAM makes types of its own.
const OURS: [&str; 2] = ["AWS::ApiGatewayV2::", "AWS::Serverless::"];

/// The types of SAM that `local` leaves out.
const OTHERS_OF_SAM: [&str; 6] = [
    "AWS::Serverless::Api",
    "AWS::Serverless::Application",
    "AWS::Serverless::CapacityProvider",
    "AWS::Serverless::Connector",
    "AWS::Serverless::GraphQLApi",
    "AWS::Serverless::StateMachine",
];

/// What `local` plays.
const RUN: [&str; 18] = [
    API_KEY,
    API_MAPPING,
    AUTHORIZER,
    BUCKET,
    EVENT_INVOKE_CONFIG,
    FUNCTION,
    HTTP_API,
    RAW_FUNCTION,
    ROUTE_RESPONSE,
    URL,
    USAGE_PLAN,
    USAGE_PLAN_KEY,
    WEBSOCKET_API,
    raw_api::API,
    raw_api::DEPLOYMENT,
    raw_api::INTEGRATION,
    raw_api::ROUTE,
    raw_api::STAGE,
];

pub(super) fn kind(name: &str) -> Kind {
    match name {
        name if RUN.contains(&name) => Kind::Run,
        name if OTHERS_OF_SAM.contains(&name) => Kind::Foreign,
        name if ACCEPTED.contains(&name) => Kind::Accepted,
        name if ABSENT.contains(&name) => Kind::Absent,
        name if OURS.iter().any(|ours| name.starts_with(ours)) || meant(name).is_some() => Kind::Unknown,
        name if is_type(name) => Kind::Foreign,
        _ => Kind::Unknown,
    }
}

/// The type that somebody has most likely meant by one that there is not: another one of the same service. Services have names that are much alike.
pub(super) fn meant(name: &str) -> Option<&'static str> {
    let service = |name: &str| name.rsplit_once("::").map(|(service, _)| service.to_ascii_lowercase());
    let known = RUN.iter().chain(&ABSENT).chain(&ACCEPTED).chain(&OTHERS_OF_SAM).copied();
    nearest(name, known.filter(|other| service(other) == service(name)))
}

/// Which of some names is written so much like another one that it was meant.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let distance = |other: &&str| strsim::osa_distance(&name.to_lowercase(), &other.to_lowercase());
    known.filter(|other| distance(other) <= 2).min_by_key(distance)
}

/// `Custom::Seed`, or three parts as `AWS::Glue::Job`; those of third parties that are registered with CloudFormation begin with their own names.
fn is_type(name: &str) -> bool {
    let parts: Vec<&str> = name.split("::").collect();
    let is_word = |part: &&str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_@".contains(&byte))
    };
    parts.iter().all(is_word) && (parts.len() > 2 || parts.len() == 2 && ["AWS", "Custom"].contains(&parts[0]))
}
