//! Signature Version 4: what a request claims about itself, in the header `Authorization` or (presigned) in its query, and whether that is so.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>
//!
//! Written out and not signed again with a library, because most of it is reading what somebody else has written, and refusing it with the
//! sentence that tells them why.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};
use ring::hmac;

use super::{Refusal, Request};
use crate::gateway::url;
use crate::time;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const TERMINATOR: &str = "aws4_request";
/// How far the clock of a signer may be off, in minutes. API Gateway and Lambda name 5 in their refusals.
const SKEW: u64 = 5;
/// The same, for S3.
const SKEW_OF_S3: u64 = 15;
/// The longest life of a presigned URL, in seconds: a week.
const LONGEST_LIFE: u64 = 7 * 24 * 60 * 60;

/// What S3 says of headers that the signature does not know.
const UNSIGNED: &str = "There were headers present in the request which were not signed";
/// The header with the hash of the body.
const CONTENT_SHA256: &str = "x-amz-content-sha256";

const INCOMPLETE: &str = "IncompleteSignatureException";
const INVALID: &str = "InvalidSignatureException";

/// What a request says about who signed it.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) access_key: String,
    pub(super) token: Option<String>,
    /// `20240209T181143Z`
    date: String,
    /// `20240209/us-east-1/execute-api/aws4_request`, in its parts.
    scope: [String; 4],
    signed_headers: Vec<String>,
    signature: String,
    /// Of a presigned URL: for how many seconds it is valid.
    presigned: Option<u64>,
}

fn refused<T>(kind: &'static str, message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { kind, message: message.into() })
}

impl Claim {
    /// Reads the signature of a request, wherever it is.
    pub(super) fn read(request: &Request<'_>) -> Result<Self, Refusal> {
        match request.values("authorization").find(|value| !value.is_empty()) {
            Some(header) => Self::of_header(request, header),
            None => Self::of_query(request),
        }
    }

    fn of_header(request: &Request<'_>, header: &str) -> Result<Self, Refusal> {
        let (scheme, rest) = header.split_once(' ').unwrap_or((header, ""));
        let mut pairs = Vec::new();
        for part in rest.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            match part.split_once('=') {
                Some(pair) => pairs.push(pair),
                None => {
                    let hashed = hashed(header);
                    let message = format!(
                        "'{part}' not a valid key=value pair (missing equal-sign) in Authorization header {hashed}."
                    );
                    return refused(INCOMPLETE, message);
                }
            }
        }
        let value = |name: &str| pairs.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned());
        let date = request.values("x-amz-date").next().or_else(|| request.values("date").next()).map(str::to_owned);
        let (credential, signature, signed) = (value("Credential"), value("Signature"), value("SignedHeaders"));
        let mut missing = String::new();
        for (name, found) in [("Credential", &credential), ("Signature", &signature), ("SignedHeaders", &signed)] {
            if scheme != ALGORITHM || found.is_none() {
                missing.push_str(&format!("Authorization header requires '{name}' parameter. "));
            }
        }
        if date.is_none() {
            let either = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
            missing.push_str(either);
        }
        let token = request.values("x-amz-security-token").next().map(str::to_owned);
        match (credential, signature, signed, date) {
            (Some(credential), Some(signature), Some(signed), Some(date)) if missing.is_empty() => {
                Self::new(&credential, signature, &signed, date, token, None)
            }
            _ => refused(INCOMPLETE, format!("{missing}{}", hashed(header))),
        }
    }

    fn of_query(request: &Request<'_>) -> Result<Self, Refusal> {
        let pairs = query(request.target);
        let value = |name: &str| pairs.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone());
        let Some(algorithm) = value("X-Amz-Algorithm") else {
            return refused("MissingAuthenticationTokenException", "Missing Authentication Token");
        };
        if algorithm != ALGORITHM {
            let message = format!("AWS query-string parameters must include 'X-Amz-Algorithm' of {ALGORITHM}.");
            return refused(INCOMPLETE, message);
        }
        let (credential, signature) = (value("X-Amz-Credential"), value("X-Amz-Signature"));
        let (signed, date) = (value("X-Amz-SignedHeaders"), value("X-Amz-Date"));
        let mut missing = String::new();
        for (name, found) in [
            ("X-Amz-Credential", &credential),
            ("X-Amz-Signature", &signature),
            ("X-Amz-SignedHeaders", &signed),
            ("X-Amz-Date", &date),
        ] {
            if found.is_none() {
                missing.push_str(&format!("AWS query-string parameters must include '{name}'. "));
            }
        }
        let (Some(credential), Some(signature), Some(signed), Some(date)) = (credential, signature, signed, date)
        else {
            return refused(INCOMPLETE, format!("{missing}Re-examine the query-string parameters."));
        };
        let life = match value("X-Amz-Expires").map(|life| life.parse()) {
            None => SKEW * 60,
            Some(Ok(life @ 1..=LONGEST_LIFE)) => life,
            Some(_) => {
                return refused(
                    INCOMPLETE,
                    format!("'X-Amz-Expires' must be a number of seconds up to {LONGEST_LIFE}."),
                );
            }
        };
        Self::new(&credential, signature, &signed, date, value("X-Amz-Security-Token"), Some(life))
    }

    fn new(
        credential: &str,
        signature: String,
        signed: &str,
        date: String,
        token: Option<String>,
        presigned: Option<u64>,
    ) -> Result<Self, Refusal> {
        let mut scope: Vec<String> = credential.rsplitn(5, '/').map(str::to_owned).collect();
        scope.reverse();
        let Ok([access_key, day, region, service, terminator]) = <[String; 5]>::try_from(scope) else {
            let form = "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term";
            return refused(INCOMPLETE, format!("{form}, got '{credential}'"));
        };
        let signed_headers = signed.split(';').map(str::to_ascii_lowercase).collect();
        let scope = [day, region, service, terminator];
        Ok(Self { access_key, token, date, scope, signed_headers, signature, presigned })
    }

    /// Whether it was signed for this place.
    pub(super) fn is_scoped(&self, region: &str, service: &str) -> Result<(), Refusal> {
        let [day, in_region, for_service, terminator] = &self.scope;
        let mut wrong = String::new();
        if in_region != region {
            wrong.push_str(&format!("Credential should be scoped to a valid region, not '{in_region}'. "));
        }
        if for_service != service {
            wrong.push_str(&format!("Credential should be scoped to correct service: '{service}'. "));
        }
        if terminator != TERMINATOR {
            let message = "Credential should be scoped with a valid terminator";
            wrong.push_str(&format!("{message}: '{TERMINATOR}', not '{terminator}'. "));
        }
        if self.date.get(..8) != Some(day) {
            let date = self.date.get(..8).unwrap_or_default();
            let message = "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP";
            wrong.push_str(&format!("{message}: '{day}' != '{date}', from '{}'.", self.date));
        }
        if wrong.is_empty() { Ok(()) } else { refused(INVALID, wrong) }
    }

    /// Whether the signature is neither too old nor of the future.
    pub(super) fn is_current(&self, now: u64) -> Result<(), Refusal> {
        let Some(signed) = time::of_basic(&self.date) else {
            let form = "Date must be in ISO-8601 'basic format'";
            return refused(
                INCOMPLETE,
                format!("{form}. Got '{}'. See http://en.wikipedia.org/wiki/ISO_8601", self.date),
            );
        };
        let minutes = if self.is_of_s3() { SKEW_OF_S3 } else { SKEW };
        let skew = minutes * 60 * 1000;
        let (at, is) = (&self.date, time::basic(now));
        if signed > now + skew {
            let latest = time::basic(now + skew);
            let message =
                format!("Signature not yet current: {at} is still later than {latest} ({is} + {minutes} min.)");
            return refused(INVALID, message);
        }
        let (life, told) =
            self.presigned.map_or((skew, format!("{minutes} min.")), |life| (life * 1000, format!("{life} s")));
        if signed + life < now {
            let earliest = time::basic(now.saturating_sub(life));
            let message = format!("Signature expired: {at} is now earlier than {earliest} ({is} - {told})");
            return refused(INVALID, message);
        }
        Ok(())
    }

    /// Whether the signature is that of the secret.
    pub(super) fn is_signed_by(&self, secret: &str, request: &Request<'_>) -> Result<(), Refusal> {
        if !self.signs("host") {
            let message = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.";
            return refused(INVALID, message);
        }
        if let Some(name) = self.unsigned(request) {
            return if self.is_of_s3() {
                refused("AccessDeniedException", UNSIGNED)
            } else {
                refused(INVALID, format!("'{name}' must be a 'SignedHeader' in the AWS Authorization."))
            };
        }
        let canonical = self.canonical(request);
        let scope = self.scope.join("/");
        let text = format!("{ALGORITHM}\n{}\n{scope}\n{}", self.date, sha256(canonical.as_bytes()));
        let mut key = hmac::Key::new(hmac::HMAC_SHA256, format!("AWS4{secret}").as_bytes());
        for part in &self.scope {
            key = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref());
        }
        if unhex(&self.signature).is_some_and(|signature| hmac::verify(&key, text.as_bytes(), &signature).is_ok()) {
            return Ok(());
        }
        refused(
            INVALID,
            format!(
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
                 Access Key and signing method. Consult the service documentation for details.\n\nThe Canonical String \
                 for this request should have been\n'{canonical}'\n\nThe String-to-Sign should have been\n'{text}'\n"
            ),
        )
    }

    /// A header that means something to AWS, that anybody may have added on the way. Of a presigned URL nobody knew the body.
    fn unsigned<'a>(&self, request: &Request<'a>) -> Option<&'a str> {
        let is_of_aws = |name: &str| name.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("x-amz-"));
        let is_free = |name: &str| self.presigned.is_some() && name.eq_ignore_ascii_case(CONTENT_SHA256);
        let mut names = request.headers.iter().map(|(name, _)| *name);
        names.find(|name| is_of_aws(name) && !self.signs(name) && !is_free(name))
    }

    fn signs(&self, name: &str) -> bool {
        self.signed_headers.iter().any(|signed| signed.eq_ignore_ascii_case(name))
    }

    fn is_of_s3(&self) -> bool {
        self.scope[2] == "s3"
    }

    /// The request in the one form that both sides hash.
    fn canonical(&self, request: &Request<'_>) -> String {
        let path = request.target.split('?').next().unwrap_or_default();
        let given = request.values(CONTENT_SHA256).next().filter(|_| self.signs(CONTENT_SHA256));
        // S3 takes paths as they are, encodes them once, and lets a signer say which hash the body has.
        let (path, payload) = match (self.is_of_s3(), self.presigned, given) {
            (false, ..) => (encoded(&without_dots(path), true), sha256(request.body)),
            (true, _, Some(given)) => (encoded(&url::decode(path), true), given.to_owned()),
            (true, Some(_), None) => (encoded(&url::decode(path), true), "UNSIGNED-PAYLOAD".to_owned()),
            (true, None, None) => (encoded(&url::decode(path), true), sha256(request.body)),
        };
        let mut pairs: Vec<(String, String)> = query(request.target)
            .iter()
            .filter(|(name, _)| name != "X-Amz-Signature")
            .map(|(name, value)| (encoded(name, false), encoded(value, false)))
            .collect();
        pairs.sort_unstable();
        let pairs: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut headers = String::new();
        for name in &self.signed_headers {
            let values: Vec<String> = request.values(name).map(single_spaced).collect();
            headers.push_str(&format!("{name}:{}\n", values.join(",")));
        }
        let (pairs, signed) = (pairs.join("&"), self.signed_headers.join(";"));
        format!("{}\n{path}\n{pairs}\n{headers}\n{signed}\n{payload}", request.method)
    }
}

/// AWS shows the hash of the header and not what may be a secret in it.
fn hashed(header: &str) -> String {
    let hash = STANDARD.encode(digest(&SHA256, header.as_bytes()));
    format!("(Hashed with SHA-256 and encoded with Base64) Authorization={hash}")
}

/// Names and values of the query, decoded; here a plus is a plus.
fn query(target: &str) -> Vec<(String, String)> {
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(n, v)| (url::decode(n), url::decode(v)))
        .collect()
}

/// RFC 3986's unreserved characters stay, and so does the slash of a path.
pub(crate) fn encoded(text: &str, is_path: bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(byte.into()),
            b'/' if is_path => encoded.push('/'),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// A path without empty segments, `.` and `..`, as signers normalize it.
fn without_dots(path: &str) -> String {
    let mut kept = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(kept.pop()),
            segment => kept.push(segment),
        }
    }
    let ends = if path.ends_with('/') && !kept.is_empty() { "/" } else { "" };
    format!("/{}{ends}", kept.join("/"))
}

fn single_spaced(value: &str) -> String {
    value.split(' ').filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// In hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.chars().map(|digit| Some(digit.to_digit(16)? as u8)).collect();
    digits
        .filter(|digits| digits.len() == 64)
        .map(|digits| digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}
