//! Who gets in: the authorizers of APIs in both forms, and where they find out who somebody is.

use std::collections::BTreeMap;

use super::fields::Fields;
use super::raw_api::fields_of;
use super::scope::{Resource, Scope, made_id};
use super::websocket_api::function_of;
use super::yaml::Mark;
use crate::model::Function;
use crate::model::access::{Authorization, Authorizer, KeySource, Source};

pub(super) const AUTHORIZER: &str = "AWS::ApiGatewayV2::Authorizer";

/// What a function's ARN stands between in the URI of an integration or an authorizer.
const BEFORE: &str = ":lambda:path/2015-03-31/functions/";
const AFTER: &str = "/invocations";

/// How identity sources are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    /// `route.request.header.Authorization`
    WebSocket,
    /// `$request.header.Authorization`
    Http,
}

/// The function that a URI leads to, by its logical id.
pub(super) fn function_at(
    uri: &str,
    variables: &BTreeMap<String, String>,
    functions: &BTreeMap<String, Function>,
    scope: &Scope<'_>,
) -> Option<String> {
    let uri = variables
        .iter()
        .fold(uri.to_owned(), |uri, (name, value)| uri.replace(&format!("${{stageVariables.{name}}}"), value));
    let arn = uri.split_once(BEFORE).and_then(|(_, rest)| rest.strip_suffix(AFTER))?;
    function_of(arn, functions, scope)
}

/// `IdentitySource`
pub(super) fn sources(fields: &mut Fields<'_>, spelling: Spelling) -> Vec<Source> {
    let written = fields.texts("IdentitySource").unwrap_or_default();
    // Several may stand in one text.
    let written = written.iter().flat_map(|text| text.split(',')).map(str::trim).filter(|text| !text.is_empty());
    written
        .filter_map(|text| {
            let source = source(text, spelling);
            if source.is_none() {
                let example = match spelling {
                    Spelling::WebSocket => "route.request.header.Authorization, route.request.querystring.token",
                    Spelling::Http => "$request.header.Authorization, $request.querystring.token",
                };
                let what = format!("IdentitySource of {} is {text:?}: it is like {example}", fields.whose);
                fields.report.error(fields.mark, what);
            }
            source
        })
        .collect()
}

fn source(text: &str, spelling: Spelling) -> Option<Source> {
    let (request, others) = match spelling {
        Spelling::WebSocket => ("route.request.", ""),
        Spelling::Http => ("$request.", "$"),
    };
    let source = if let Some(rest) = text.strip_prefix(request) {
        let (place, name) = rest.split_once('.')?;
        match place {
            "header" => Source::Header(name.to_owned()),
            "querystring" => Source::Query(name.to_owned()),
            _ => return None,
        }
    } else {
        let (place, name) = text.strip_prefix(others)?.split_once('.')?;
        match place {
            "context" => Source::Context(name.to_owned()),
            "stageVariables" => Source::StageVariable(name.to_owned()),
            _ => return None,
        }
    };
    let (Source::Header(name) | Source::Query(name) | Source::Context(name) | Source::StageVariable(name)) = &source;
    (!name.is_empty()).then_some(source)
}

/// `ApiKeySelectionExpression`
pub(super) fn key_source(fields: &mut Fields<'_>) -> KeySource {
    match fields.text("ApiKeySelectionExpression").as_deref() {
        None | Some("$request.header.x-api-key") => KeySource::Header,
        Some("$context.authorizer.usageIdentifierKey") => KeySource::Authorizer,
        Some(other) => {
            let what = format!(
                "ApiKeySelectionExpression of {} is {other}: it is $request.header.x-api-key or $context.authorizer.usageIdentifierKey",
                fields.whose
            );
            fields.report.error(fields.mark, what);
            KeySource::Header
        }
    }
}

/// `Auth` of an `AWS::Serverless::WebSocketApi`.
pub(super) fn of_sam(
    api: &str,
    mut auth: Fields<'_>,
    functions: &BTreeMap<String, Function>,
    scope: &Scope<'_>,
) -> Authorization {
    let kind = auth.text("AuthType").or_else(|| auth.missing("AuthType")).unwrap_or_default();
    let mark = auth.mark;
    if kind != "CUSTOM" {
        // Anything beside it is refused by SAM.
        let whose = auth.whose.clone();
        auth.finish();
        return match kind.as_str() {
            "NONE" | "" => Authorization::None,
            "AWS_IAM" => Authorization::Iam,
            other => {
                scope.report.error(mark, format!("AuthType of {whose} is {other}: it is NONE, AWS_IAM or CUSTOM"));
                Authorization::None
            }
        };
    }
    let arn = auth.text("AuthArn").or_else(|| auth.missing("AuthArn"));
    let name = auth.text("Name").unwrap_or_else(|| format!("{api}ConnectAuthorizer"));
    let sources = sources(&mut auth, Spelling::WebSocket);
    auth.accept(&["InvokeRole"]);
    let whose = auth.whose.clone();
    auth.finish();
    let Some(arn) = arn else { return Authorization::None };
    match function_of(&arn, functions, scope) {
        Some(function) => Authorization::Lambda(Authorizer { name, function, sources }),
        None => {
            scope.report.error(mark, format!("AuthArn of {whose} names no function that `local` runs: {arn}"));
            Authorization::None
        }
    }
}

/// An authorizer that is written out.
pub(super) struct Written {
    pub(super) mark: Mark,
    pub(super) whose: String,
    pub(super) api: String,
    name: String,
    /// Where it leads, with the stage variables as they are written.
    uri: String,
    sources: Vec<Source>,
}

/// Reads an `AWS::ApiGatewayV2::Authorizer` of a WebSocket API, with its id.
pub(super) fn written(resource: &Resource, scope: &Scope<'_>) -> Option<(String, Written)> {
    let mut fields = fields_of(resource, "authorizer", scope)?;
    let api = fields.text("ApiId").or_else(|| fields.missing("ApiId"));
    let name = fields.text("Name").or_else(|| fields.missing("Name"));
    let kind = fields.text("AuthorizerType").or_else(|| fields.missing("AuthorizerType"));
    if let Some(kind) = kind.filter(|kind| kind != "REQUEST") {
        let what = format!("{} is of the type {kind}; those of WebSocket APIs are functions: REQUEST", fields.whose);
        scope.report.error(fields.mark, what);
        return None;
    }
    let uri = fields.text("AuthorizerUri").or_else(|| fields.missing("AuthorizerUri"));
    let sources = sources(&mut fields, Spelling::WebSocket);
    fields.accept(&["AuthorizerCredentialsArn", "IdentityValidationExpression"]);
    for other in ["AuthorizerResultTtlInSeconds", "AuthorizerPayloadFormatVersion", "EnableSimpleResponses"] {
        fields.warn(other, "it says something for HTTP APIs only");
    }
    let whose = fields.whose.clone();
    fields.finish();
    let written = Written { mark: resource.mark, whose, api: api?, name: name?, uri: uri?, sources };
    Some((made_id(&resource.id), written))
}

/// What an `AWS::ApiGatewayV2::Route` says of who may take it.
pub(super) struct Wanted {
    kind: String,
    authorizer: Option<String>,
}

/// Reads it. Only `$connect` has any.
pub(super) fn wanted(fields: &mut Fields<'_>, key: Option<&str>) -> Wanted {
    let kind = fields.text("AuthorizationType").unwrap_or_else(|| "NONE".to_owned());
    let authorizer = fields.text("AuthorizerId");
    if !["NONE", "AWS_IAM", "CUSTOM"].contains(&kind.as_str()) {
        let what = format!("AuthorizationType of {} is {kind}: it is NONE, AWS_IAM or CUSTOM", fields.whose);
        fields.report.error(fields.mark, what);
    } else if kind != "NONE" && key.is_some_and(|key| key != "$connect") {
        let what = format!("{} has the AuthorizationType {kind}: only $connect may have one", fields.whose);
        fields.report.error(fields.mark, what);
    }
    Wanted { kind, authorizer }
}

impl Wanted {
    /// What it comes to.
    pub(super) fn authorization(
        &self,
        whose: &str,
        mark: Mark,
        authorizers: &BTreeMap<String, Written>,
        variables: &BTreeMap<String, String>,
        functions: &BTreeMap<String, Function>,
        scope: &Scope<'_>,
    ) -> Authorization {
        match self.kind.as_str() {
            "AWS_IAM" => return Authorization::Iam,
            "CUSTOM" => {}
            _ => return Authorization::None,
        }
        let Some(written) = self.authorizer.as_ref().and_then(|id| authorizers.get(id)) else {
            let what = format!("{whose} has no authorizer: AuthorizerId is the Ref of an {AUTHORIZER}");
            scope.report.error(mark, what);
            return Authorization::None;
        };
        match function_at(&written.uri, variables, functions, scope) {
            Some(function) => Authorization::Lambda(Authorizer {
                name: written.name.clone(),
                function,
                sources: written.sources.clone(),
            }),
            None => {
                let what = format!("{} leads to no function that `local` runs: {}", written.whose, written.uri);
                scope.report.error(written.mark, what);
                Authorization::None
            }
        }
    }
}
