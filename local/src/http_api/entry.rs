//! Who gets in: the authorizer of a route, which is asked before its function.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Map, Value, json};
use tokio::time::timeout;

use super::HttpApi;
use super::event::Event;
use crate::authorizer::jwt::Token;
use crate::authorizer::jwt::keys::{Keys, Place};
use crate::authorizer::{INVOKE, Verdict, identity, is_unauthorized};
use crate::gateway::answer::Malformed;
use crate::gateway::{route_arn, url};
use crate::iam::{Caller, Decision, Request, Wish};
use crate::ids::ACCOUNT;
use crate::lambda::Invocation;
use crate::listen::{Body, message};
use crate::model::access::{Format, HttpAuthorizer, JwtAuthorizer, LambdaAuthorizer, RouteAccess, Source};
use crate::time;

/// Answers that are kept for those who come again; beyond it, all are forgotten.
const KEPT: usize = 10_000;

/// An authorizer, ready to be asked.
#[derive(Debug)]
pub(super) enum Authorizer {
    Lambda(LambdaAuthorizer, Mutex<HashMap<Vec<String>, (Instant, Answer)>>),
    Jwt(JwtAuthorizer, Box<Keys>),
}

/// What a function is told of whoever has signed a request.
pub(super) fn signer(Caller { access_key, arn, user_id }: Caller) -> Value {
    json!({"iam": {
        "accessKey": access_key, "accountId": ACCOUNT, "callerId": user_id, "cognitoIdentity": null,
        "principalOrgId": null, "userArn": arn, "userId": user_id
    }})
}

/// What a function has decided about somebody.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    /// About everything.
    Simple(bool, Value),
    /// As a policy says.
    Policy(Box<Verdict>),
}

impl Authorizer {
    /// `issuers` says where the keys of an issuer are, if not at its own address: at another one, or in a file.
    pub(super) fn ready(
        authorizers: &BTreeMap<String, HttpAuthorizer>,
        issuers: &BTreeMap<String, String>,
    ) -> BTreeMap<String, Arc<Self>> {
        let ready = |authorizer: &HttpAuthorizer| match authorizer.clone() {
            HttpAuthorizer::Lambda(authorizer) => Self::Lambda(authorizer, Mutex::default()),
            HttpAuthorizer::Jwt(authorizer) => {
                let place = match issuers.get(&authorizer.issuer) {
                    None => Place::Issuer(authorizer.issuer.clone()),
                    Some(place) if place.starts_with("http:") || place.starts_with("https:") => {
                        Place::Issuer(place.clone())
                    }
                    Some(file) => Place::File(PathBuf::from(file)),
                };
                Self::Jwt(authorizer, Box::new(Keys::new(place)))
            }
        };
        authorizers.iter().map(|(name, authorizer)| (name.clone(), Arc::new(ready(authorizer)))).collect()
    }
}

impl HttpApi {
    /// Lets a request on to its function, with what `requestContext.authorizer` says of it then, or refuses it.
    pub(super) async fn admit(&self, event: &Event<'_>) -> Result<Option<Value>, Box<Response<Body>>> {
        let (authorizer, scopes) = match &event.found.route.access {
            RouteAccess::Open => return Ok(None),
            RouteAccess::Iam => return self.by_signature(event),
            RouteAccess::By { authorizer, scopes } => (authorizer, scopes),
        };
        match self.authorizers.get(authorizer).map(Arc::as_ref) {
            Some(Authorizer::Lambda(authorizer, kept)) => {
                let context = self.by_function(authorizer, kept, event).await?;
                Ok(Some(json!({ "lambda": context })))
            }
            Some(Authorizer::Jwt(authorizer, keys)) => self.by_token(authorizer, keys, scopes, event).await.map(Some),
            None => Err(self.failed(authorizer, "there is none")),
        }
    }

    /// Who has signed the request, if that is checked.
    fn by_signature(&self, event: &Event<'_>) -> Result<Option<Value>, Box<Response<Body>>> {
        let wish = || [Wish { service: "execute-api", action: INVOKE, resource: self.arn(event) }];
        let caller = self.lambda.iam().caller(|| Request::of(event.head, event.body), wish);
        let caller = caller.map_err(|_told_in_the_log| refused(StatusCode::FORBIDDEN, "Forbidden", None))?;
        Ok(caller.map(signer))
    }

    async fn by_token(
        &self,
        authorizer: &JwtAuthorizer,
        keys: &Keys,
        scopes: &[String],
        event: &Event<'_>,
    ) -> Result<Value, Box<Response<Body>>> {
        let wanted = scopes.join(" ");
        let invalid = |why: &str| {
            let told = format!("Bearer scope=\"{wanted}\" error=\"invalid_token\" error_description=\"{why}\"");
            refused(StatusCode::UNAUTHORIZED, "Unauthorized", Some(&told))
        };
        let Some(text) = event.source(&authorizer.source).filter(|text| !text.is_empty()) else {
            return Err(refused(StatusCode::UNAUTHORIZED, "Unauthorized", Some("Bearer")));
        };
        let token = Token::read(&text).map_err(invalid)?;
        let key = match keys.find(&token.key).await {
            Ok(key) => key.ok_or_else(|| invalid("the token names a key that the issuer does not have"))?,
            Err(error) => {
                self.log.line(format!("{} authorizer {} failed: {error:#}", self.api.logical_id, authorizer.name));
                return Err(invalid("OIDC discovery endpoint communication error"));
            }
        };
        token.signed_by(&key).map_err(invalid)?;
        token.good(time::now_ms() / 1000, &authorizer.issuer, &authorizer.audiences).map_err(invalid)?;
        let has = token.scopes();
        if !scopes.is_empty() && !scopes.iter().any(|scope| has.contains(&scope.as_str())) {
            let told = format!(
                "Bearer scope=\"{wanted}\" error=\"insufficient_scope\" error_description=\"the token does not have a sufficient scope\""
            );
            return Err(refused(StatusCode::FORBIDDEN, "Forbidden", Some(&told)));
        }
        let scopes = if scopes.is_empty() { Value::Null } else { json!(has) };
        Ok(json!({"jwt": {"claims": token.claims(), "scopes": scopes}}))
    }

    /// What the function has to say of somebody whom it lets in.
    async fn by_function(
        &self,
        authorizer: &LambdaAuthorizer,
        kept: &Mutex<HashMap<Vec<String>, (Instant, Answer)>>,
        event: &Event<'_>,
    ) -> Result<Value, Box<Response<Body>>> {
        let unauthorized = || refused(StatusCode::UNAUTHORIZED, "Unauthorized", None);
        let who = identity(&authorizer.asked.sources, |source| event.source(source)).ok_or_else(unauthorized)?;
        let arn = self.arn(event);
        let known = kept.lock().unwrap_or_else(PoisonError::into_inner).get(&who).cloned();
        let known = known.filter(|(since, _)| since.elapsed() < authorizer.ttl).map(|(_, answer)| answer);
        let answer = match known {
            Some(answer) => answer,
            None => {
                let answer = self.ask(authorizer, &who, &arn, event).await?;
                if !authorizer.ttl.is_zero() && !who.is_empty() {
                    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                    if kept.len() >= KEPT {
                        kept.clear();
                    }
                    kept.insert(who, (Instant::now(), answer.clone()));
                }
                answer
            }
        };
        let (allowed, context) = match answer {
            Answer::Simple(allowed, context) => (allowed, context),
            Answer::Policy(verdict) => {
                let allowed = verdict.on(&arn) == Decision::Allowed;
                (allowed, if verdict.context.is_empty() { Value::Null } else { Value::Object(verdict.context) })
            }
        };
        if allowed { Ok(context) } else { Err(refused(StatusCode::FORBIDDEN, "Forbidden", None)) }
    }

    async fn ask(
        &self,
        authorizer: &LambdaAuthorizer,
        who: &[String],
        arn: &str,
        event: &Event<'_>,
    ) -> Result<Answer, Box<Response<Body>>> {
        let name = &authorizer.asked.name;
        let question = match authorizer.format {
            Format::One => event.question_one(arn, who),
            Format::Two => event.question_two(arn, who),
        };
        let invocation = Invocation {
            trace_root: Some(event.trace.to_owned()),
            ..Invocation::of(question.to_string().into_bytes())
        };
        let asked = self.lambda.invoke(&authorizer.asked.function, invocation);
        match timeout(self.limits.http_authorizer, asked).await.map(|outcome| outcome.result) {
            Ok(Ok(answer)) => {
                Answer::read(&answer, authorizer.simple).map_err(|Malformed(why)| self.failed(name, &why))
            }
            Ok(Err(failure)) if is_unauthorized(&failure) => {
                Err(refused(StatusCode::UNAUTHORIZED, "Unauthorized", None))
            }
            Ok(Err(failure)) => Err(self.failed(name, &failure.told())),
            Err(_) => Err(self.failed(name, "no answer in time")),
        }
    }

    /// The ARN by which policies name this request: its own path, not that of the route.
    fn arn(&self, event: &Event<'_>) -> String {
        let path = self.in_stage(event.head.uri.path()).unwrap_or_default();
        let rest = format!("{}{}", event.head.method, url::decode(path));
        route_arn(self.lambda.region(), &self.api.id, &self.api.stage, &rest)
    }

    fn failed(&self, authorizer: &str, why: &str) -> Box<Response<Body>> {
        self.log.line(format!("{} authorizer {authorizer} failed: {why}", self.api.logical_id));
        refused(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error", None)
    }
}

impl Answer {
    fn read(bytes: &[u8], simple: bool) -> Result<Self, Malformed> {
        if !simple {
            return Verdict::parse(bytes).map(|verdict| Self::Policy(Box::new(verdict)));
        }
        let answer: Map<String, Value> =
            serde_json::from_slice(bytes).map_err(|_| Malformed("the answer is not a JSON object".into()))?;
        let Some(allowed) = answer.get("isAuthorized").and_then(Value::as_bool) else {
            return Err(Malformed("isAuthorized is neither true nor false".into()));
        };
        match answer.get("context") {
            None | Some(Value::Null) => Ok(Self::Simple(allowed, Value::Null)),
            Some(context @ Value::Object(_)) => Ok(Self::Simple(allowed, context.clone())),
            Some(_) => Err(Malformed("context is not an object".into())),
        }
    }
}

impl Event<'_> {
    fn source(&self, source: &Source) -> Option<String> {
        match source {
            Source::Header(name) => {
                let values: Vec<&str> =
                    self.head.headers.get_all(name.as_str()).iter().filter_map(|value| value.to_str().ok()).collect();
                (!values.is_empty()).then(|| values.join(","))
            }
            Source::Query(name) => {
                let query = url::query(self.head.uri.query().unwrap_or_default());
                // All of them, as the event has them: an answer that is kept for the first would be given to whoever adds another.
                let values: Vec<&str> =
                    query.iter().filter(|(other, _)| other == name).map(|(_, value)| value.as_str()).collect();
                (!values.is_empty()).then(|| values.join(","))
            }
            Source::StageVariable(name) => self.api.stage_variables.get(name).cloned(),
            Source::Context(name) => self.variable(name),
        }
    }
}

fn refused(status: StatusCode, text: &str, challenge: Option<&str>) -> Box<Response<Body>> {
    let mut response = message(status, text);
    if let Some(challenge) = challenge.and_then(|challenge| HeaderValue::try_from(challenge).ok()) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    Box::new(response)
}
