//! Who asks, and whether they may: signatures (Signature Version 4) and what the template grants to the role of each function.
//!
//! Every function has credentials of its own, made at the start, which are tied to its role. Whoever is at the machine has the
//! credentials `local` and `local`, which may do everything. Nothing is checked unless that was asked for; then the refusals are those
//! of AWS, so that the error types of SDKs fit, and the log says what is missing in the template.

mod credentials;
mod pages;
mod policy;
mod signature;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Result;
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

/// Everybody who can sign, by access key.
#[derive(Debug)]
pub(crate) struct Identities(Arc<BTreeMap<String, Arc<Identity>>>);

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

/// Who has signed a request, whatever they may do.
#[derive(Debug, Clone)]
pub(crate) struct Signer(Arc<Identity>);

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
    pub(crate) fn new(cloud: &Cloud, region: &str, enforced: bool, log: Log) -> Result<Self> {
        let identities = Current::new(Identities::of(cloud, region, &BTreeMap::new())?.0);
        Ok(Self(Arc::new(Inner { enforced, region: region.to_owned(), log, identities })))
    }

    /// Everybody of another template, for [`Iam::replace`]; functions that were there keep their credentials.
    pub(crate) fn identities(&self, cloud: &Cloud) -> Result<Identities> {
        Identities::of(cloud, &self.0.region, &self.credentials())
    }

    /// Goes by another template.
    pub(crate) fn replace(&self, identities: Identities) {
        self.0.identities.set(identities.0);
    }

    /// The credentials of each function, by its logical id.
    pub(crate) fn credentials(&self) -> BTreeMap<String, Credentials> {
        Identities(self.0.identities.get()).credentials()
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
        if self.0.enforced { self.check(&Request::of(head, body), &[wish()]).map(|_| ()) } else { Ok(()) }
    }

    /// Who has signed a request for which they may do all of these, if that is checked at all. A page of another site may not sign with what
    /// everybody knows.
    pub(crate) fn caller<'a, const N: usize>(
        &self,
        request: impl FnOnce() -> Request<'a>,
        wishes: impl FnOnce() -> [Wish<'a>; N],
    ) -> Result<Option<Caller>, Refusal> {
        if !self.0.enforced {
            return Ok(None);
        }
        let (request, wishes) = (request(), wishes());
        let caller = self.check(&request, &wishes)?;
        if caller.access_key == Credentials::of_the_developer().access_key
            && let Err(why) = pages::may_sign(&request)
        {
            let resource = wishes.first().map_or("", |wish| &wish.resource);
            self.0.log.line(printable(&format!("iam refused {} {resource}: {why}", request.method)));
            return Err(Refusal { kind: "AccessDeniedException", message: why });
        }
        Ok(Some(caller))
    }

    /// The Region of everything.
    pub(crate) fn region(&self) -> &str {
        &self.0.region
    }

    /// Names of buckets belong to no account and no Region.
    pub(crate) fn arn_of_bucket(&self, bucket: &str) -> String {
        format!("arn:{}:s3:::{bucket}", ids::partition(&self.0.region))
    }

    /// Checks the signature in any case; what the signer may do is another question.
    pub(crate) fn signer(&self, request: &Request<'_>, service: &str) -> Result<Signer, Refusal> {
        self.identify(request, service).map(Signer)
    }

    /// Checks the permission, if that is asked for.
    pub(crate) fn permits(&self, signer: &Signer, wish: &Wish<'_>) -> Result<(), Refusal> {
        if self.0.enforced { self.grants(&signer.0, wish) } else { Ok(()) }
    }

    /// Checks signature and permissions in any case.
    pub(crate) fn check(&self, request: &Request<'_>, wishes: &[Wish<'_>]) -> Result<Caller, Refusal> {
        let service = wishes.first().map_or("", |wish| wish.service);
        let identity = self.identify(request, service).inspect_err(|refusal| {
            let resource = wishes.first().map_or("", |wish| &wish.resource);
            let told = format!("iam refused {} {resource}: {}", request.method, refusal.first_line());
            self.0.log.line(printable(&told));
        })?;
        wishes.iter().try_for_each(|wish| self.grants(&identity, wish))?;
        Ok(Caller::of(&identity))
    }

    fn grants(&self, identity: &Identity, wish: &Wish<'_>) -> Result<(), Refusal> {
        let decision = policy::decide(&identity.statements, wish.action, &wish.resource);
        if decision == Decision::Allowed {
            return Ok(());
        }
        let whose = identity.credentials.function.as_deref().unwrap_or("the developer");
        let Wish { action, resource, .. } = wish;
        self.0.log.line(printable(&match decision {
            Decision::Denied => format!("iam refused {whose}: its role denies {action} on {resource}"),
            _ => format!("iam refused {whose}: its role lacks {action} on {resource}, which belongs into its Policies"),
        }));
        Err(Refusal { kind: "AccessDeniedException", message: denied(identity, wish, decision) })
    }

    fn identify(&self, request: &Request<'_>, service: &str) -> Result<Arc<Identity>, Refusal> {
        let claim = signature::Claim::read(request)?;
        claim.is_scoped(&self.0.region, service)?;
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

impl Identities {
    /// Everybody whom a template names; who is known already keeps the credentials.
    fn of(cloud: &Cloud, region: &str, known: &BTreeMap<String, Credentials>) -> Result<Self> {
        let of_everywhere =
            |service: &str, rest: &str| format!("arn:{}:{service}::{}:{rest}", ids::partition(region), ids::ACCOUNT);
        let mut all = vec![Identity {
            credentials: Credentials::of_the_developer(),
            arn: of_everywhere("iam", "user/local"),
            user_id: "AIDALOCALDEVELOPER000".into(),
            statements: vec![Statement::allow(&["*"], &["*"])],
        }];
        for (id, function) in &cloud.functions {
            let role = cloud.roles.get(id).cloned().unwrap_or_default();
            let credentials = known.get(id).cloned().map_or_else(|| Credentials::of_a_function(id), Ok)?;
            let user_id = format!("{}:{}", credentials.role_id(), function.name);
            let arn = of_everywhere("sts", &format!("assumed-role/{}/{}", role.name, function.name));
            all.push(Identity { credentials, arn, user_id, statements: role.statements });
        }
        let all = all.into_iter().map(|one| (one.credentials.access_key.clone(), Arc::new(one)));
        Ok(Self(Arc::new(all.collect())))
    }

    /// The credentials of each function, by its logical id.
    pub(crate) fn credentials(&self) -> BTreeMap<String, Credentials> {
        let all = self.0.values().map(|identity| &identity.credentials);
        all.filter_map(|one| Some((one.function.clone()?, one.clone()))).collect()
    }
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

impl Signer {
    /// What others are told of them.
    pub(crate) fn caller(&self) -> Caller {
        Caller::of(&self.0)
    }

    /// Whether it is whoever is at the machine, whose secret is no secret.
    pub(crate) fn is_the_developer(&self) -> bool {
        self.0.credentials.function.is_none()
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
