//! Who gets into an HTTP API: the authorizers of both forms, and which of them a route wants.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::access::{Spelling, function_at, sources};
use super::fields::Fields;
use super::scope::Scope;
use super::websocket_api::function_of;
use super::yaml::{Entry, Mark};
use crate::model::Function;
use crate::model::access::{Authorizer, Format, HttpAuthorizer, JwtAuthorizer, LambdaAuthorizer, RouteAccess, Source};

/// API Gateway's limits of an integration's time, in milliseconds.
pub(super) const TIMEOUT: RangeInclusive<u64> = 50..=30_000;
/// The longest that an answer may be kept, in seconds.
const LONGEST_TTL: u64 = 3600;

/// `Auth` of an `AWS::Serverless::HttpApi`.
#[derive(Default)]
pub(super) struct Access {
    pub(super) authorizers: BTreeMap<String, HttpAuthorizer>,
    /// The scopes that an authorizer asks for wherever a route does not say otherwise.
    scopes: BTreeMap<String, Vec<String>>,
    default: Option<String>,
    iam: bool,
}

/// `Auth` of an event.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    authorizer: Option<String>,
    scopes: Option<Vec<String>>,
}

pub(super) fn wanted(mut auth: Fields<'_>) -> Wanted {
    let wanted = Wanted { authorizer: auth.text("Authorizer"), scopes: auth.texts("AuthorizationScopes") };
    auth.accept(&["InvokeRole"]);
    auth.finish();
    wanted
}

impl Access {
    pub(super) fn read(mut auth: Fields<'_>, functions: &BTreeMap<String, Function>, scope: &Scope<'_>) -> Self {
        let mut access = Self {
            default: auth.text("DefaultAuthorizer"),
            iam: auth.flag("EnableIamAuthorizer") == Some(true),
            ..Self::default()
        };
        for Entry { key, mark, value } in auth.inner("Authorizers").map(Fields::rest).unwrap_or_default() {
            let mut fields = Fields::of(value, format!("the authorizer `{key}`"), scope.report);
            fields.mark = mark;
            access.scopes.extend(fields.texts("AuthorizationScopes").map(|scopes| (key.clone(), scopes)));
            let authorizer = match fields.inner("JwtConfiguration") {
                Some(configuration) => jwt(&key, fields, configuration),
                None => lambda(&key, fields, functions, scope),
            };
            access.authorizers.extend(authorizer.map(|authorizer| (key, authorizer)));
        }
        let (mark, whose) = (auth.mark, auth.whose.clone());
        auth.finish();
        if let Some(default) = &access.default
            && !access.knows(default)
        {
            scope.report.error(mark, format!("{whose}: there is no authorizer `{default}`"));
        }
        access
    }

    fn knows(&self, name: &str) -> bool {
        self.authorizers.contains_key(name) || name == "AWS_IAM" && self.iam
    }

    /// Who may take a route.
    pub(super) fn of(&self, wanted: &Wanted, route: &str, mark: Mark, scope: &Scope<'_>) -> RouteAccess {
        let Some(name) = wanted.authorizer.as_ref().or(self.default.as_ref()).filter(|name| *name != "NONE") else {
            return RouteAccess::Open;
        };
        if !self.knows(name) {
            if wanted.authorizer.is_some() {
                let what = format!("{route} has the authorizer `{name}`, which its API does not have under Auth");
                scope.report.error(mark, what);
            }
            return RouteAccess::Open;
        }
        if name == "AWS_IAM" {
            return RouteAccess::Iam;
        }
        let scopes = wanted.scopes.as_ref().or_else(|| self.scopes.get(name)).cloned().unwrap_or_default();
        RouteAccess::By { authorizer: name.clone(), scopes }
    }
}

fn jwt(name: &str, mut fields: Fields<'_>, mut configuration: Fields<'_>) -> Option<HttpAuthorizer> {
    // SAM takes both spellings.
    let issuer = configuration.text("issuer").or_else(|| configuration.text("Issuer"));
    let issuer = issuer.or_else(|| configuration.missing("issuer"));
    let audiences = configuration.texts("audience").or_else(|| configuration.texts("Audience"));
    let audiences = audiences.or_else(|| configuration.missing("audience"));
    configuration.finish();
    let source = token_source(&mut fields);
    fields.finish();
    Some(HttpAuthorizer::Jwt(JwtAuthorizer {
        name: name.to_owned(),
        source: source?,
        issuer: issuer?,
        audiences: audiences?,
    }))
}

/// Where a token is: one place.
fn token_source(fields: &mut Fields<'_>) -> Option<Source> {
    let mut found = sources(fields, Spelling::Http).into_iter();
    match (found.next(), found.next()) {
        (Some(source), None) => Some(source),
        (None, _) => fields.missing("IdentitySource"),
        (Some(_), Some(_)) => {
            let what = format!("IdentitySource of {} names several places: a token is in one", fields.whose);
            fields.report.error(fields.mark, what);
            None
        }
    }
}

fn lambda(
    name: &str,
    mut fields: Fields<'_>,
    functions: &BTreeMap<String, Function>,
    scope: &Scope<'_>,
) -> Option<HttpAuthorizer> {
    let arn = fields.text("FunctionArn").or_else(|| fields.missing("FunctionArn"));
    let format = format(&mut fields);
    let simple = fields.flag("EnableSimpleResponses").unwrap_or_default();
    let (mut sources, mut ttl) = (vec![], 0);
    if let Some(mut identity) = fields.inner("Identity") {
        let mut all = |key: &str, source: fn(String) -> Source| {
            sources.extend(identity.texts(key).unwrap_or_default().into_iter().map(source));
        };
        all("Headers", Source::Header);
        all("QueryStrings", Source::Query);
        all("StageVariables", Source::StageVariable);
        all("Context", Source::Context);
        ttl = identity.number("ReauthorizeEvery", 0..=LONGEST_TTL).unwrap_or_default();
        identity.finish();
    }
    fields.accept(&["FunctionInvokeRole", "EnableFunctionDefaultPermissions"]);
    let (mark, whose) = (fields.mark, fields.whose.clone());
    fields.finish();
    let arn = arn?;
    let Some(function) = function_of(&arn, functions, scope) else {
        scope.report.error(mark, format!("FunctionArn of {whose} names no function that `local` runs: {arn}"));
        return None;
    };
    let asked = Authorizer { name: name.to_owned(), function, sources };
    Some(HttpAuthorizer::Lambda(decides(asked, format?, simple, ttl, &whose, mark, scope)?))
}

fn format(fields: &mut Fields<'_>) -> Option<Format> {
    let key = "AuthorizerPayloadFormatVersion";
    match fields.text(key).or_else(|| fields.missing(key))?.as_str() {
        "1.0" | "1" => Some(Format::One),
        "2.0" | "2" => Some(Format::Two),
        other => {
            fields.report.error(fields.mark, format!("{key} of {} is {other}: it is 1.0 or 2.0", fields.whose));
            None
        }
    }
}

/// An authorizer, unless what it says does not go together.
fn decides(
    asked: Authorizer,
    format: Format,
    simple: bool,
    ttl: u64,
    whose: &str,
    mark: Mark,
    scope: &Scope<'_>,
) -> Option<LambdaAuthorizer> {
    let wrong = if simple && format == Format::One {
        "has simple responses, which only the payload format 2.0 has"
    } else if ttl > 0 && asked.sources.is_empty() {
        "keeps answers, for which it needs an identity source"
    } else {
        return Some(LambdaAuthorizer { asked, format, simple, ttl: Duration::from_secs(ttl) });
    };
    scope.report.error(mark, format!("{whose} {wrong}"));
    None
}

/// Reads an `AWS::ApiGatewayV2::Authorizer` of an HTTP API.
pub(super) fn written(
    id: &str,
    mut fields: Fields<'_>,
    functions: &BTreeMap<String, Function>,
    scope: &Scope<'_>,
) -> Option<HttpAuthorizer> {
    let name = fields.text("Name").or_else(|| fields.missing("Name")).unwrap_or_else(|| id.to_owned());
    fields.accept(&["ApiId", "AuthorizerCredentialsArn", "IdentityValidationExpression"]);
    match fields.text("AuthorizerType").or_else(|| fields.missing("AuthorizerType"))?.as_str() {
        "JWT" => {
            let configuration = fields.inner("JwtConfiguration").or_else(|| fields.missing("JwtConfiguration"))?;
            jwt(&name, fields, configuration)
        }
        "REQUEST" => {
            let uri = fields.text("AuthorizerUri").or_else(|| fields.missing("AuthorizerUri"));
            let format = format(&mut fields);
            let simple = fields.flag("EnableSimpleResponses").unwrap_or_default();
            let ttl = fields.number("AuthorizerResultTtlInSeconds", 0..=LONGEST_TTL).unwrap_or_default();
            let sources = sources(&mut fields, Spelling::Http);
            let (mark, whose) = (fields.mark, fields.whose.clone());
            fields.finish();
            let uri = uri?;
            let Some(function) = function_at(&uri, &BTreeMap::new(), functions, scope) else {
                scope.report.error(mark, format!("{whose} leads to no function that `local` runs: {uri}"));
                return None;
            };
            let asked = Authorizer { name, function, sources };
            Some(HttpAuthorizer::Lambda(decides(asked, format?, simple, ttl, &whose, mark, scope)?))
        }
        other => {
            scope.report.error(fields.mark, format!("{} is of the type {other}: it is REQUEST or JWT", fields.whose));
            None
        }
    }
}
