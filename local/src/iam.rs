//! Who asks, and whether they may: signatures (Signature Version 4) and what the template grants to the role of each function.
//!
//! Every function has credentials of its own, made at the start, which are tied to its role. Whoever is at the machine has the
//! credentials `local` and `local`, which may do everything. Nothing is checked unless that was asked for; then the refusals are those
//! of AWS, so that the error types of SDKs fit, and the log says what is missing in the template.

mod credentials;
mod policy;
mod signature;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use http::{HeaderMap, HeaderValue, Response, StatusCode, request};
use serde_json::json;

pub(crate) use self::credentials::Credentials;
pub(crate) use self::policy::{Decision, decide};
pub(crate) use self::signature::{encoded, sha256};
use crate::gateway::current::Current;
use crate::ids;
use crate::listen::{self, Body};
use crate::log::Log;
use crate::model::{Cloud, Statement};
use crate::time;

/// Everybody who can sign, and what they may do. Clones are the same one.
#[derive(Debug, Clone)]
pub(crate) struct Iam(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    enforced: bool,
    region: String,
    log: Log,
    /// By access key.
    identities: Current<BTreeMap<String, Arc<Identity>>>,
}

/// Somebody who can sign.
#[derive(Debug)]
struct Identity {
    credentials: Credentials,
    arn: String,
    /// As `identity.caller` and `identity.user` of an event say it.
    user_id: String,
    statements: Vec<Statement>,
}

/// Who has signed a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) access_key: String,
    pub(crate) arn: String,
    pub(crate) user_id: String,
}

/// A request as it came, whose signature is to be checked.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    /// The path and the query, as sent.
    pub(crate) target: &'a str,
    pub(crate) headers: Vec<(&'a str, &'a str)>,
    pub(crate) body: &'a [u8],
}

/// What somebody wants to do.
#[derive(Debug)]
pub(crate) struct Wish<'a> {
    /// The name in the scope of the signature: `execute-api`.
    pub(crate) service: &'a str,
    /// `execute-api:ManageConnections`
    pub(crate) action: &'a str,
    /// An ARN.
    pub(crate) resource: String,
}

/// Why somebody may not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// For the header `x-amzn-ErrorType`.
    pub(crate) kind: &'static str,
    pub(crate) message: String,
}

impl Iam {
    /// Makes the credentials of all functions.
    pub(crate) fn new(cloud: &Cloud, region: &str, enforced: bool, log: Log) -> Self {
        let identities = Current::new(Arc::new(identities(cloud, region, &BTreeMap::new())));
        Self(Arc::new(Inner { enforced, region: region.to_owned(), log, identities }))
    }

    /// Goes by another template; functions that were there keep their credentials.
    pub(crate) fn replace(&self, cloud: &Cloud) {
        self.0.identities.set(Arc::new(identities(cloud, &self.0.region, &self.credentials())));
    }

    /// The credentials of each function, by its logical id.
    pub(crate) fn credentials(&self) -> BTreeMap<String, Credentials> {
        let all = self.0.identities.get();
        let all = all.values().map(|identity| &identity.credentials);
        all.filter_map(|one| Some((one.function.clone()?, one.clone()))).collect()
    }

    /// The ARN of something in this account and Region.
    pub(crate) fn arn(&self, service: &str, rest: &str) -> String {
        ids::arn(service, &self.0.region, rest)
    }

    /// Checks signature and permission, if that is asked for.
    pub(crate) fn admits<'a>(
        &self,
        head: &'a request::Parts,
        body: &'a [u8],
        wish: impl FnOnce() -> Wish<'a>,
    ) -> Result<(), Refusal> {
        if self.0.enforced { self.check(&Request::of(head, body), &wish()).map(|_| ()) } else { Ok(()) }
    }

    /// Who has signed a request that they may make, if that is checked at all.
    pub(crate) fn caller<'a>(
        &self,
        request: impl FnOnce() -> Request<'a>,
        wish: impl FnOnce() -> Wish<'a>,
    ) -> Result<Option<Caller>, Refusal> {
        if self.0.enforced { self.check(&request(), &wish()).map(Some) } else { Ok(None) }
    }

    /// The Region of everything.
    pub(crate) fn region(&self) -> &str {
        &self.0.region
    }

    /// Names of buckets belong to no account and no Region.
    pub(crate) fn arn_of_bucket(&self, bucket: &str) -> String {
        format!("arn:{}:s3:::{bucket}", ids::partition(&self.0.region))
    }

    /// Checks the signature in any case, and the permission if that is asked for.
    pub(crate) fn check_if_enforced(&self, request: &Request<'_>, wish: &Wish<'_>) -> Result<Caller, Refusal> {
        if self.0.enforced {
            self.check(request, wish)
        } else {
            self.identify(request, wish).map(|identity| Caller::of(&identity))
        }
    }

    /// Checks signature and permission in any case.
    pub(crate) fn check(&self, request: &Request<'_>, wish: &Wish<'_>) -> Result<Caller, Refusal> {
        let identity = self.identify(request, wish).inspect_err(|refusal| {
            let told = format!("iam refused {} {}: {}", request.method, wish.resource, refusal.first_line());
            self.0.log.line(printable(&told));
        })?;
        let decision = policy::decide(&identity.statements, wish.action, &wish.resource);
        if decision != Decision::Allowed {
            let whose = identity.credentials.function.as_deref().unwrap_or("the developer");
            let Wish { action, resource, .. } = wish;
            self.0.log.line(printable(&match decision {
                Decision::Denied => format!("iam refused {whose}: its role denies {action} on {resource}"),
                _ => format!(
                    "iam refused {whose}: its role lacks {action} on {resource}, which belongs into its Policies"
                ),
            }));
            return Err(Refusal { kind: "AccessDeniedException", message: denied(&identity, wish, decision) });
        }
        Ok(Caller::of(&identity))
    }

    fn identify(&self, request: &Request<'_>, wish: &Wish<'_>) -> Result<Arc<Identity>, Refusal> {
        let claim = signature::Claim::read(request)?;
        claim.is_scoped(&self.0.region, wish.service)?;
        claim.is_current(time::now_ms())?;
        let known = self.0.identities.get().get(&claim.access_key).cloned();
        let known = known.filter(|one| one.credentials.comes_with(&claim.token));
        let identity = known.ok_or_else(|| {
            let message = "The security token included in the request is invalid.".to_owned();
            Refusal { kind: "UnrecognizedClientException", message }
        })?;
        claim.is_signed_by(&identity.credentials.secret, request)?;
        Ok(identity)
    }
}

/// One line, in which nothing that a client wrote moves the cursor of a terminal.
fn printable(text: &str) -> String {
    let written = |letter: char| match letter.is_control() {
        true => letter.escape_default().to_string(),
        false => letter.to_string(),
    };
    text.chars().map(written).collect()
}

/// Everybody who can sign, by access key; who is known already keeps the credentials.
fn identities(cloud: &Cloud, region: &str, known: &BTreeMap<String, Credentials>) -> BTreeMap<String, Arc<Identity>> {
    let of_everywhere =
        |service: &str, rest: &str| format!("arn:{}:{service}::{}:{rest}", ids::partition(region), ids::ACCOUNT);
    let developer = Identity {
        credentials: Credentials::of_the_developer(),
        arn: of_everywhere("iam", "user/local"),
        user_id: "AIDALOCALDEVELOPER000".into(),
        statements: vec![Statement::allow(&["*"], &["*"])],
    };
    let functions = cloud.functions.iter().map(|(id, function)| {
        let role = cloud.roles.get(id).cloned().unwrap_or_default();
        let credentials = known.get(id).cloned().unwrap_or_else(|| Credentials::of_a_function(id));
        let user_id = format!("{}:{}", credentials.role_id(), function.name);
        let arn = of_everywhere("sts", &format!("assumed-role/{}/{}", role.name, function.name));
        Identity { credentials, arn, user_id, statements: role.statements }
    });
    functions.chain([developer]).map(|one| (one.credentials.access_key.clone(), Arc::new(one))).collect()
}

/// As each of the services says it.
fn denied(identity: &Identity, wish: &Wish<'_>, decision: Decision) -> String {
    let Wish { service, action, resource } = wish;
    let said = format!("User: {} is not authorized to perform: {action} on resource: ", identity.arn);
    match (*service, decision) {
        // API Gateway does not tell the account, nor which connection it is about.
        ("execute-api", decision) => {
            let hidden = format!("********{}", &ids::ACCOUNT[8..]);
            let resource = resource.replace(ids::ACCOUNT, &hidden);
            let resource = match resource.split_once("/@connections/") {
                Some((before, _)) => format!("{before}/@connections/{{connectionId}}"),
                None => resource,
            };
            let how = if decision == Decision::Denied { " with an explicit deny" } else { "" };
            format!("{said}{resource}{how}")
        }
        (_, Decision::Denied) => format!("{said}{resource} with an explicit deny in an identity-based policy"),
        _ => format!("{said}{resource} because no identity-based policy allows the {action} action"),
    }
}

impl Caller {
    fn of(identity: &Identity) -> Self {
        Self {
            access_key: identity.credentials.access_key.clone(),
            arn: identity.arn.clone(),
            user_id: identity.user_id.clone(),
        }
    }
}

impl<'a> Request<'a> {
    /// A request that the HTTP library has read.
    pub(crate) fn of(head: &'a request::Parts, body: &'a [u8]) -> Self {
        Self {
            method: head.method.as_str(),
            target: head.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str),
            headers: texts(&head.headers),
            body,
        }
    }

    /// The values of a header in their order, by its name in any case.
    fn values(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }
}

fn texts(headers: &HeaderMap) -> Vec<(&str, &str)> {
    headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))).collect()
}

impl Refusal {
    /// `{"message": …}`; a denial has it in capitals.
    pub(crate) fn body(&self) -> String {
        let denied = self.kind == "AccessDeniedException";
        let key = if denied { "Message" } else { "message" };
        json!({ key: self.message }).to_string()
    }

    /// What the client is told.
    pub(crate) fn response(&self) -> Response<Body> {
        let mut response = listen::json(StatusCode::FORBIDDEN, self.body());
        response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(self.kind));
        response
    }

    fn first_line(&self) -> String {
        format!("{}: {}", self.kind, self.message.lines().next().unwrap_or_default())
    }
}
