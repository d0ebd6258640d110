//! What the names in a template mean: parameters, pseudo parameters, resources and what SAM makes of them.
//!
//! Some values exist only once a stack is deployed (a queue's URL, a role's ARN, another stack's export). They become a marker in
//! the form of a dynamic reference, `{{resolve:cloud:Queue.Arn}}`. That is harmless where nobody looks, and whoever does use such
//! a value says that it must be set.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::access::AUTHORIZER;
use super::api_keys::{API_KEY, USAGE_PLAN};
use super::function_url::{self, URL};
use super::intrinsics::{Trouble, say};
use super::yaml::{Mark, Node};
use super::{Inputs, Report};
use super::{raw_api, resources};
use crate::ids;

pub(super) const FUNCTION: &str = "AWS::Serverless::Function";
/// The same as CloudFormation has it.
pub(super) const RAW_FUNCTION: &str = "AWS::Lambda::Function";
pub(super) const BUCKET: &str = "AWS::S3::Bucket";
pub(super) const EVENT_INVOKE_CONFIG: &str = "AWS::Lambda::EventInvokeConfig";
pub(super) const HTTP_API: &str = "AWS::Serverless::HttpApi";
pub(super) const WEBSOCKET_API: &str = "AWS::Serverless::WebSocketApi";
pub(super) const ROUTE_RESPONSE: &str = "AWS::ApiGatewayV2::RouteResponse";

/// Whether a type of resources is a function, as SAM or as CloudFormation has it.
pub(super) fn is_function(kind: &str) -> bool {
    [FUNCTION, RAW_FUNCTION].contains(&kind)
}

/// The API that SAM makes for `HttpApi` events that name none.
pub(super) const IMPLICIT_HTTP_API: &str = "ServerlessHttpApi";

/// How a value begins that is known only in the cloud.
pub(super) const CLOUD_ONLY: &str = "{{resolve:";

/// One entry of `Resources`, the globals merged in, nothing resolved yet.
#[derive(Debug)]
pub(super) struct Resource {
    pub(super) id: String,
    pub(super) mark: Mark,
    pub(super) kind: String,
    pub(super) properties: Node,
    pub(super) metadata: Option<Node>,
    pub(super) condition: Option<(String, Mark)>,
    /// What has to be there before it is made.
    pub(super) depends_on: Vec<String>,
}

/// Everything that an intrinsic function may refer to.
pub(super) struct Scope<'t> {
    pub(super) report: &'t Report,
    pub(super) inputs: &'t Inputs,
    pub(super) parameters: BTreeMap<String, Node>,
    pub(super) conditions: BTreeMap<String, &'t Node>,
    pub(super) mappings: BTreeMap<String, &'t Node>,
    pub(super) resources: BTreeMap<String, Resource>,
    /// The logical ids of what SAM makes.
    pub(super) made: BTreeSet<String>,
    pub(super) decided: RefCell<BTreeMap<String, bool>>,
    /// What is being worked out, to notice a circle.
    pub(super) busy: RefCell<Vec<String>>,
}

impl Scope<'_> {
    /// What `Ref` gives; nothing for `AWS::NoValue`.
    pub(super) fn reference(&self, name: &str, at: Mark) -> Result<Option<Node>, Trouble> {
        let text = |text: String| Ok(Some(Node::text(at, text)));
        match name {
            "AWS::NoValue" => return Ok(None),
            "AWS::Region" => return text(self.inputs.region.clone()),
            "AWS::AccountId" => return text(self.inputs.account.clone()),
            "AWS::Partition" => return text(self.partition().into()),
            "AWS::URLSuffix" => {
                return text(format!("amazonaws.com{}", if self.partition() == "aws-cn" { ".cn" } else { "" }));
            }
            "AWS::StackName" => return text(self.inputs.stack.clone()),
            "AWS::StackId" => {
                return text(format!(
                    "{}/00000000-0000-0000-0000-000000000000",
                    self.arn("cloudformation", "stack/local")
                ));
            }
            "AWS::NotificationARNs" => return Ok(Some(Node::list(at, vec![]))),
            _ => {}
        }
        if let Some(value) = self.parameters.get(name) {
            return Ok(Some(Node { mark: at, content: value.content.clone() }));
        }
        if self.made.contains(name) {
            let stage_of = self.resources.values().find(|api| resources::stage_of(api).as_deref() == Some(name));
            return text(match stage_of {
                Some(api) => self.stage_name(api)?,
                None => made_id(name),
            });
        }
        let resource = self.resource(name)?;
        match resource.kind.as_str() {
            FUNCTION | RAW_FUNCTION => text(self.function_name(resource)?),
            URL => text(function_url::target(resource, self)?),
            BUCKET => text(self.bucket_name(resource)?),
            HTTP_API | WEBSOCKET_API | raw_api::API => text(api_id(name)),
            raw_api::ROUTE | raw_api::INTEGRATION | raw_api::DEPLOYMENT => text(made_id(name)),
            AUTHORIZER | API_KEY | USAGE_PLAN => text(made_id(name)),
            raw_api::STAGE => match resource.properties.get("StageName") {
                Some(given) => text(self.once(name, || self.scalar(given, "StageName"))?),
                None => text(cloud_only(name)),
            },
            _ => text(self.absent_reference(resource)?),
        }
    }

    /// What `Fn::GetAtt` gives.
    pub(super) fn attribute(&self, name: &str, attribute: &str) -> Result<String, Trouble> {
        let function = name.strip_suffix("Url").and_then(|function| self.resources.get(function));
        if let Some(function) = function.filter(|function| function.properties.get("FunctionUrlConfig").is_some())
            && attribute == "FunctionUrl"
        {
            return Ok(self.url(&function.id));
        }
        if self.made.contains(name) {
            return Ok(cloud_only(&format!("{name}.{attribute}")));
        }
        let resource = self.resource(name)?;
        match (resource.kind.as_str(), attribute) {
            (FUNCTION | RAW_FUNCTION, "Arn") => Ok(self.function_arn(&self.function_name(resource)?)),
            (URL, "FunctionUrl") => Ok(self.url(name)),
            (URL, "FunctionArn") => function_url::target(resource, self),
            (BUCKET, "Arn") => Ok(format!("arn:{}:s3:::{}", self.partition(), self.bucket_name(resource)?)),
            (HTTP_API | WEBSOCKET_API | raw_api::API, "ApiId") => Ok(api_id(name)),
            (raw_api::ROUTE, "RouteId")
            | (raw_api::INTEGRATION, "IntegrationId")
            | (raw_api::DEPLOYMENT, "DeploymentId")
            | (AUTHORIZER, "AuthorizerId")
            | (API_KEY, "APIKeyId")
            | (USAGE_PLAN, "Id") => Ok(made_id(name)),
            (HTTP_API, "ApiEndpoint") => Ok(format!("https://{}", self.domain(name))),
            (WEBSOCKET_API | raw_api::API, "ApiEndpoint") => Ok(format!("wss://{}", self.domain(name))),
            (FUNCTION | RAW_FUNCTION | URL | HTTP_API | WEBSOCKET_API, _) => {
                say(format!("`{name}` is an {} and has no attribute `{attribute}`", resource.kind))
            }
            _ => self.absent_attribute(resource, attribute),
        }
    }

    /// `FunctionName`, or the logical id where AWS would make a name up.
    pub(super) fn function_name(&self, resource: &Resource) -> Result<String, Trouble> {
        match resource.properties.get("FunctionName") {
            Some(given) => self.once(&resource.id, || self.scalar(given, "FunctionName")),
            None => Ok(resource.id.clone()),
        }
    }

    /// What `Ref` gives for the stage that SAM makes of an API.
    fn stage_name(&self, api: &Resource) -> Result<String, Trouble> {
        match api.properties.get("StageName") {
            Some(given) => self.once(&api.id, || self.scalar(given, "StageName")),
            None if api.kind == WEBSOCKET_API => Ok("default".into()),
            None => Ok("$default".into()),
        }
    }

    /// `BucketName`, or one like that which AWS would make up.
    pub(super) fn bucket_name(&self, resource: &Resource) -> Result<String, Trouble> {
        match resource.properties.get("BucketName") {
            Some(given) => self.once(&resource.id, || self.scalar(given, "BucketName")),
            None => Ok(made_bucket(&format!("{}-{}", self.inputs.stack, resource.id))),
        }
    }

    /// Whether its condition lets a resource be there.
    pub(super) fn is_present(&self, resource: &Resource) -> bool {
        if self.inputs.without.contains(&resource.id) {
            return false;
        }
        resource.condition.as_ref().is_none_or(|(condition, at)| self.decide(condition, *at).unwrap_or(false))
    }

    pub(super) fn function_arn(&self, name: &str) -> String {
        self.arn("lambda", &format!("function:{name}"))
    }

    /// Runs `work` on behalf of `name`, unless that is what is being worked out already.
    pub(super) fn once<T>(&self, name: &str, work: impl FnOnce() -> Result<T, Trouble>) -> Result<T, Trouble> {
        if self.busy.borrow().iter().any(|busy| busy == name) {
            return say(format!("`{name}` is defined by itself, in a circle: break it"));
        }
        self.busy.borrow_mut().push(name.to_owned());
        let result = work();
        self.busy.borrow_mut().pop();
        result
    }

    fn resource(&self, name: &str) -> Result<&Resource, Trouble> {
        let Some(resource) = self.resources.get(name) else {
            return say(format!("there is no parameter and no resource `{name}`: declare it or mend the name"));
        };
        match &resource.condition {
            Some((condition, at)) if !self.decide(condition, *at)? => say(format!(
                "refers to `{name}`, which its condition `{condition}` leaves out: put this under the same condition"
            )),
            _ => Ok(resource),
        }
    }

    /// AWS's address of a function URL, by the logical id of its function or of its own.
    fn url(&self, id: &str) -> String {
        format!("https://{}.lambda-url.{}.on.aws/", url_id(id), self.inputs.region)
    }

    fn domain(&self, api: &str) -> String {
        let suffix = if self.partition() == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
        format!("{}.execute-api.{}.{suffix}", api_id(api), self.inputs.region)
    }

    pub(super) fn arn(&self, service: &str, rest: &str) -> String {
        format!("arn:{}:{service}:{}:{}:{rest}", self.partition(), self.inputs.region, self.inputs.account)
    }

    pub(super) fn partition(&self) -> &'static str {
        ids::partition(&self.inputs.region)
    }
}

/// The id that the gateway would have made up: ten lower-case letters and digits, the same for the same logical id.
pub(super) fn api_id(logical_id: &str) -> String {
    made_up(logical_id, 10)
}

/// What `Ref` gives for something that SAM makes, for example a route.
pub(super) fn made_id(logical_id: &str) -> String {
    made_up(logical_id, 7)
}

/// The id of a function URL, of its function's logical id or of its own.
pub(super) fn url_id(logical_id: &str) -> String {
    made_up(logical_id, 32)
}

/// The value of an API key that the template does not give.
pub(super) fn made_key(logical_id: &str) -> String {
    made_up(logical_id, 40)
}

/// The name of a bucket that the template does not give, of what it is made of: as much of it as fits.
fn made_bucket(of: &str) -> String {
    const LONGEST: usize = 63;
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' };
    let name: String = of.chars().map(plain).collect();
    let name = name.trim_matches('-');
    match name.get(..LONGEST - 8).filter(|_| name.len() > LONGEST) {
        Some(beginning) => format!("{beginning}-{}", made_id(of)),
        None => name.to_owned(),
    }
}

/// The marker for a value that only a deployed stack has.
pub(super) fn cloud_only(what: &str) -> String {
    format!("{CLOUD_ONLY}cloud:{what}}}}}")
}

/// Written out (FNV-1a) because the standard library's hash may change, and ids must not.
pub(super) fn made_up(name: &str, length: usize) -> String {
    const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut hash = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    (0..length)
        .map(|position| {
            // The first is a letter: an id also has to be a host name.
            let among = if position == 0 { 26 } else { 36 };
            let letter = LETTERS[(hash % among) as usize];
            hash = (hash / among).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ hash.rotate_left(29);
            char::from(letter)
        })
        .collect()
}
