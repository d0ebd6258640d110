//! Who gets in: authorizers, and the keys of usage plans.

use std::time::Duration;

/// What is asked of a handshake before `$connect` runs. The decision is made once and lasts as long as the connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// `AuthorizationType` of the route `$connect`.
    pub authorization: Authorization,
    /// `ApiKeyRequired` of the route `$connect`.
    pub key_required: bool,
    /// Where a client's key is looked for.
    pub key_source: KeySource,
    /// The keys of the usage plans that the stage belongs to.
    pub keys: Vec<ApiKey>,
}

/// Who decides about a handshake.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Authorization {
    /// Nobody.
    #[default]
    None,
    /// AWS, by the signature of the request.
    Iam,
    /// A function.
    Lambda(Authorizer),
}

/// Who decides about requests to an HTTP API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HttpAuthorizer {
    /// A function.
    Lambda(LambdaAuthorizer),
    /// A token that somebody else has signed.
    Jwt(JwtAuthorizer),
}

/// A function that decides about requests to an HTTP API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LambdaAuthorizer {
    /// The function, and what it is asked with.
    pub asked: Authorizer,
    /// `AuthorizerPayloadFormatVersion`
    pub format: Format,
    /// `EnableSimpleResponses`: it answers yes or no, and not with a policy.
    pub simple: bool,
    /// `AuthorizerResultTtlInSeconds`: how long an answer is good for whoever has the same identity. Zero: not at all.
    pub ttl: Duration,
}

/// What an authorizer of an HTTP API is asked in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `1.0`, as REST APIs have it.
    One,
    /// `2.0`
    Two,
}

/// Who signs tokens, and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwtAuthorizer {
    /// Its name, for the log.
    pub name: String,
    /// Where a request has its token.
    pub source: Source,
    /// `iss` of a token, and where its keys are found.
    pub issuer: String,
    /// One of them is in `aud` of a token.
    pub audiences: Vec<String>,
}

/// Who may take a route of an HTTP API.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum RouteAccess {
    /// Everybody.
    #[default]
    Open,
    /// Whoever signs with AWS's signatures.
    Iam,
    /// Whom an authorizer lets in.
    By {
        /// The name of the authorizer.
        authorizer: String,
        /// A token must have one of them, if there are any.
        scopes: Vec<String>,
    },
}

/// A function that decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorizer {
    /// Its name, for the log.
    pub name: String,
    /// The logical id of the function.
    pub function: String,
    /// What a request must have for the function to be asked at all.
    pub sources: Vec<Source>,
}

/// A part of a request that says who sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A header, by its name in any case.
    Header(String),
    /// A parameter of the query, by its name in this case.
    Query(String),
    /// What the gateway knows of the request, such as `identity.sourceIp`.
    Context(String),
    /// A variable of the stage.
    StageVariable(String),
}

/// `ApiKeySelectionExpression`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum KeySource {
    /// The header `x-api-key`.
    #[default]
    Header,
    /// `usageIdentifierKey` in the authorizer's answer.
    Authorizer,
}

/// A key that lets its bearers in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// What `Ref` gives.
    pub id: String,
    /// What clients send.
    pub value: String,
}
