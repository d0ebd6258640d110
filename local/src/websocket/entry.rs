//! Who gets in: the authorizer and the API key of `$connect`, which are asked before it runs, once for a connection.
//!
//! The statuses are those that REST APIs document; the texts of all but 401 and 403 for a key are not known of WebSocket APIs.

use std::borrow::Cow;
use std::time::Instant;

use http::StatusCode;
use serde_json::{Map, Value};
use tokio::time::timeout;

use super::Gateway;
use super::connection::{Connection, Known};
use super::event;
use super::head::Head;
use crate::authorizer::{INVOKE, Verdict, at, identity, is_unauthorized};
use crate::gateway::answer::Malformed;
use crate::gateway::route_arn;
use crate::iam::{Caller, Decision, Request, Wish};
use crate::lambda::Invocation;
use crate::model::access::{ApiKey, Authorization, Authorizer, KeySource, Source};

const UNAUTHORIZED: Refused = Refused::of(StatusCode::UNAUTHORIZED, "Unauthorized");
const FORBIDDEN: Refused = Refused::of(StatusCode::FORBIDDEN, "Forbidden");
const UNMENTIONED: Refused = Refused::of(StatusCode::FORBIDDEN, "User is not authorized to access this resource");
const DENIED: Refused =
    Refused::of(StatusCode::FORBIDDEN, "User is not authorized to access this resource with an explicit deny");
const FAILED: Refused = Refused::of(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error");

/// Somebody who does not get in.
pub(super) struct Refused {
    pub(super) status: StatusCode,
    pub(super) message: Cow<'static, str>,
}

impl Refused {
    const fn of(status: StatusCode, message: &'static str) -> Self {
        Self { status, message: Cow::Borrowed(message) }
    }
}

impl Gateway {
    /// Lets a client on to `$connect`, with what is known of it then, or refuses it.
    pub(super) async fn admit(
        &self,
        connection: &Connection,
        head: &Head,
        request_id: &str,
        trace: &str,
    ) -> Result<Option<Known>, Refused> {
        let entry = &self.api.entry;
        let arn = || route_arn(self.lambda.region(), &self.api.id, &self.api.stage, "$connect");
        let mut caller = None;
        let (authorizer, usage_key) = match &entry.authorization {
            Authorization::None => (None, None),
            Authorization::Iam => {
                caller = self.signer(head, arn())?;
                (None, None)
            }
            Authorization::Lambda(authorizer) => {
                let context = event::handshake(self, connection, request_id);
                let find = |source: &Source| self.source(source, head, &context);
                identity(&authorizer.sources, find).ok_or(UNAUTHORIZED)?;
                let arn = arn();
                let question = event::question(self, connection, head, request_id, trace, &arn);
                let (context, usage_key) = self.ask(authorizer, question, trace, &arn).await?;
                (Some(context), usage_key)
            }
        };
        let key = if entry.key_required {
            let shown = match entry.key_source {
                KeySource::Header => head.get("x-api-key"),
                KeySource::Authorizer => usage_key.as_deref(),
            };
            Some(self.key(shown).ok_or(FORBIDDEN)?)
        } else {
            None
        };
        let known = Known { authorizer, key, caller };
        Ok((known.authorizer.is_some() || known.key.is_some() || known.caller.is_some()).then_some(known))
    }

    /// Who has signed the handshake, if that is checked.
    fn signer(&self, head: &Head, arn: String) -> Result<Option<Caller>, Refused> {
        let headers = || head.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let request = || Request { method: "GET", target: &head.target, headers: headers(), body: &[] };
        let wish = || [Wish { service: "execute-api", action: INVOKE, resource: arn }];
        let signer = self.lambda.iam().caller(request, wish);
        signer.map_err(|refusal| Refused { status: StatusCode::FORBIDDEN, message: refusal.message.into() })
    }

    fn source(&self, source: &Source, head: &Head, context: &Value) -> Option<String> {
        match source {
            Source::Header(name) => head.get(name).map(str::to_owned),
            // The last one, as the event has it.
            Source::Query(name) => head.query().into_iter().rfind(|(other, _)| other == name).map(|(_, value)| value),
            Source::Context(path) => at(context, path),
            Source::StageVariable(name) => self.api.stage_variables.get(name).cloned(),
        }
    }

    fn key(&self, shown: Option<&str>) -> Option<ApiKey> {
        self.api.entry.keys.iter().find(|key| Some(key.value.as_str()) == shown).cloned()
    }

    /// What the authorizer has to say of a client that it lets in, and the key that it gives it.
    async fn ask(
        &self,
        authorizer: &Authorizer,
        question: Vec<u8>,
        trace: &str,
        arn: &str,
    ) -> Result<(Map<String, Value>, Option<String>), Refused> {
        let failed = |why: &str| {
            self.told(&format!("authorizer {}", authorizer.name), why);
            FAILED
        };
        let invocation = Invocation { trace_root: Some(trace.to_owned()), ..Invocation::of(question) };
        let began = Instant::now();
        let asked = timeout(self.limits.authorizer, self.lambda.invoke(&authorizer.function, invocation)).await;
        let answer = match asked.map(|outcome| outcome.result) {
            Ok(Ok(answer)) => answer,
            Ok(Err(failure)) if is_unauthorized(&failure) => return Err(UNAUTHORIZED),
            Ok(Err(failure)) => return Err(failed(&failure.told())),
            Err(_) => return Err(failed("no answer in time")),
        };
        let verdict = Verdict::parse(&answer).and_then(|verdict| Ok((verdict.texts()?, verdict)));
        let (mut context, verdict) = verdict.map_err(|Malformed(why)| failed(&why))?;
        match verdict.on(arn) {
            Decision::Allowed => {}
            Decision::Denied => return Err(DENIED),
            Decision::Unmentioned => return Err(UNMENTIONED),
        }
        context.insert("principalId".into(), verdict.principal.into());
        let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        context.insert("integrationLatency".into(), took.into());
        Ok((context, verdict.usage_key))
    }
}
