//! How S3 says things: XML, and headers that name each answer.

use http::{HeaderName, HeaderValue, Method, Response, StatusCode, request};

use crate::iam::Refusal;
use crate::ids;
use crate::listen::{self, Body};

const XML: &str = r#"<?xml version="1.0" encoding="UTF-8"?>"#;

/// Why something is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Fault {
    pub(super) fn new(status: u16, code: &'static str, message: &str) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, code, message: message.to_owned() }
    }

    pub(super) fn not_implemented(what: &str) -> Self {
        let message =
            format!("A header or a request you provided implies functionality that is not implemented: {what}");
        Self::new(501, "NotImplemented", &message)
    }

    pub(super) fn no_such_key() -> Self {
        Self::new(404, "NoSuchKey", "The specified key does not exist.")
    }

    pub(super) fn no_such_bucket() -> Self {
        Self::new(404, "NoSuchBucket", "The specified bucket does not exist")
    }

    pub(super) fn too_large() -> Self {
        Self::new(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
    }

    pub(super) fn too_slow() -> Self {
        let message = "Your socket connection to the server was not read from or written to within the timeout period. Idle \
                       connections will be closed.";
        Self::new(400, "RequestTimeout", message)
    }

    pub(super) fn precondition() -> Self {
        Self::new(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
    }

    pub(super) fn malformed() -> Self {
        let message = "The XML you provided was not well-formed or did not validate against our published schema";
        Self::new(400, "MalformedXML", message)
    }

    pub(super) fn code(&self) -> &'static str {
        self.code
    }

    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// What other services say of a signature, in the words of S3.
    pub(super) fn of_refusal(refusal: &Refusal, head: &request::Parts) -> Self {
        let presigned = head.uri.query().is_some_and(|query| query.contains("X-Amz-Signature"));
        let said = |beginning: &str| refusal.message.starts_with(beginning);
        match refusal.kind {
            "MissingAuthenticationTokenException" => Self::new(403, "AccessDenied", "Access Denied"),
            "AccessDeniedException" => Self::new(403, "AccessDenied", &refusal.message),
            "IncompleteSignatureException" if presigned => {
                Self::new(400, "AuthorizationQueryParametersError", &refusal.message)
            }
            "IncompleteSignatureException" => Self::new(400, "AuthorizationHeaderMalformed", &refusal.message),
            "UnrecognizedClientException" => {
                let message = "The AWS Access Key Id you provided does not exist in our records.";
                Self::new(403, "InvalidAccessKeyId", message)
            }
            _ if said("Signature expired") && presigned => Self::new(403, "AccessDenied", "Request has expired"),
            _ if said("Signature expired") || said("Signature not yet current") => {
                let message = "The difference between the request time and the current time is too large.";
                Self::new(403, "RequestTimeTooSkewed", message)
            }
            _ if said("Credential should be scoped") => {
                Self::new(400, "AuthorizationHeaderMalformed", &refusal.message)
            }
            _ => {
                let message = "The request signature we calculated does not match the signature you provided. Check your key and signing method.";
                Self::new(403, "SignatureDoesNotMatch", message)
            }
        }
    }

    /// What the client is told.
    pub(super) fn response(&self, method: &Method, resource: &str) -> Response<Body> {
        if method == Method::HEAD {
            return listen::empty(self.status);
        }
        let (code, message, resource) = (self.code, escaped(&self.message), escaped(resource));
        let text =
            format!("<Error><Code>{code}</Code><Message>{message}</Message><Resource>{resource}</Resource></Error>");
        let mut response = xml(&text);
        *response.status_mut() = self.status;
        response
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::new(500, "InternalError", &format!("the bucket's folder cannot be read or written: {error}"))
    }
}

/// A response with an XML document.
pub(super) fn xml(text: &str) -> Response<Body> {
    with_headers(Response::new(Body::from(format!("{XML}\n{text}"))), [("content-type", "application/xml")])
}

/// Sets headers; those that cannot be sent are left out.
pub(super) fn with_headers<'a, B>(
    mut response: Response<B>,
    headers: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Response<B> {
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Every answer has ids.
pub(super) fn identify<B>(response: &mut Response<B>) {
    let id = ids::lambda_request().replace('-', "").to_ascii_uppercase();
    for (name, value) in [("x-amz-request-id", &id[..16]), ("x-amz-id-2", &id), ("server", "AmazonS3")] {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(name, value);
        }
    }
}

/// A text as part of an XML document. What XML cannot say is left out.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' | '\r' => escaped.push_str(&format!("&#{};", u32::from(letter))),
            letter if letter.is_control() => {}
            letter => escaped.push(letter),
        }
    }
    escaped
}
