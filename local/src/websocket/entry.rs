//! Who gets in: the authorizer and the API key of `$connect`, which are asked before it runs, once for a connection.
//!
//! The statuses are those that REST APIs document; the texts of all but 401 and 403 for a key are not known of WebSocket APIs.

use std::time::Instant;

use http::StatusCode;
use serde_json::{Map, Value};
use tokio::time::timeout;

use super::Gateway;
use super::connection::{Connection, Known};
use super::event;
use super::head::Head;
use crate::authorizer::{Decision, Verdict, at, identity};
use crate::gateway::answer::Malformed;
use crate::gateway::route_arn;
use crate::lambda::{Failure, Invocation};
use crate::model::access::{ApiKey, Authorization, Authorizer, KeySource, Source};

const UNAUTHORIZED: Refused = Refused { status: StatusCode::UNAUTHORIZED, message: "Unauthorized" };
const FORBIDDEN: Refused = Refused { status: StatusCode::FORBIDDEN, message: "Forbidden" };
const UNSAID: Refused =
    Refused { status: StatusCode::FORBIDDEN, message: "User is not authorized to access this resource" };
const DENIED: Refused = Refused {
    status: StatusCode::FORBIDDEN,
    message: "User is not authorized to access this resource with an explicit deny",
};
const FAILED: Refused = Refused { status: StatusCode::INTERNAL_SERVER_ERROR, message: "Internal server error" };

/// Somebody who does not get in.
pub(super) struct Refused {
    pub(super) status: StatusCode,
    pub(super) message: &'static str,
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
        let (authorizer, usage_key) = match &entry.authorization {
            Authorization::None | Authorization::Iam => (None, None),
            Authorization::Lambda(authorizer) => {
                let context = event::handshake(self, connection, request_id);
                let find = |source: &Source| self.source(source, head, &context);
                identity(&authorizer.sources, find).ok_or(UNAUTHORIZED)?;
                let arn = route_arn(self.lambda.region(), &self.api.id, &self.api.stage, "$connect");
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
        Ok((authorizer.is_some() || key.is_some()).then_some(Known { authorizer, key }))
    }

    fn source(&self, source: &Source, head: &Head, context: &Value) -> Option<String> {
        match source {
            Source::Header(name) => head.get(name).map(str::to_owned),
            Source::Query(name) => head.query().into_iter().find(|(other, _)| other == name).map(|(_, value)| value),
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
            Decision::Unsaid => return Err(UNSAID),
        }
        context.insert("principalId".into(), verdict.principal.into());
        let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        context.insert("integrationLatency".into(), took.into());
        Ok((context, verdict.usage_key))
    }
}

/// A function refuses a client by failing with just this word.
fn is_unauthorized(failure: &Failure) -> bool {
    let Failure::Function(error) = failure else { return false };
    serde_json::from_slice::<Value>(error).is_ok_and(|error| error["errorMessage"] == "Unauthorized")
}
