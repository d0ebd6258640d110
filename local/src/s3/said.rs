//! What a request says besides its operation: its headers, and the parameters of a presigned URL that stand in their place. What asks for
//! something that is not played is refused, so that nothing is done otherwise than it was asked for.

use http::{HeaderMap, HeaderName, HeaderValue, Method, request};

use super::answers::Fault;
use crate::ids;

/// Headers that ask for what is not played. Those with a dash at their end are the beginnings of several.
const NOT_PLAYED: [&str; 10] = [
    "x-amz-bypass-governance-retention",
    "x-amz-copy-source-server-side-encryption-customer-",
    "x-amz-grant-",
    "x-amz-if-match-",
    "x-amz-mfa",
    "x-amz-object-lock-",
    "x-amz-server-side-encryption-customer-",
    "x-amz-tagging",
    "x-amz-website-redirect-location",
    "x-amz-write-offset-bytes",
];
/// The same of requests that change something.
const NOT_OF_WRITES: [&str; 4] = ["content-range", "if-modified-since", "if-range", "if-unmodified-since"];
/// Headers of which some values ask for nothing that is not so anyway.
const SOMETIMES: [(&str, &[&str]); 2] = [
    ("x-amz-acl", &["private", "bucket-owner-full-control"]),
    (
        "x-amz-storage-class",
        &["STANDARD", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "REDUCED_REDUNDANCY"],
    ),
];
/// Whose buckets they must be.
const OWNERS: [&str; 2] = ["x-amz-expected-bucket-owner", "x-amz-source-expected-bucket-owner"];
/// What SDKs write into presigned URLs of a body that nobody knows yet. Reports conflict about whether AWS looks at it.
const OF_NO_BODY: &str = "x-amz-checksum-";

/// The headers of a request and those of its presigned URL.
pub(super) fn headers(head: &request::Parts, query: &[(String, String)]) -> HeaderMap {
    let mut said = head.headers.clone();
    for (name, value) in query {
        let name = name.to_ascii_lowercase();
        if !name.starts_with("x-amz-") || name.starts_with(OF_NO_BODY) || head.headers.contains_key(&name) {
            continue;
        }
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            said.insert(name, value);
        }
    }
    said
}

/// Refuses what asks for something that is not played.
pub(super) fn check(method: &Method, said: &HeaderMap) -> Result<(), Fault> {
    let is_read = matches!(*method, Method::GET | Method::HEAD);
    let is_listed = |name: &str| {
        let fits = |known: &str| if known.ends_with('-') { name.starts_with(known) } else { name == known };
        NOT_PLAYED.into_iter().any(fits) || !is_read && NOT_OF_WRITES.contains(&name)
    };
    for (name, value) in said {
        let (name, value) = (name.as_str(), value.to_str().unwrap_or_default());
        let is_otherwise = SOMETIMES.iter().any(|(known, values)| name == *known && !values.contains(&value));
        if is_otherwise || is_listed(name) && !value.is_empty() {
            return Err(Fault::not_implemented(name));
        }
        if OWNERS.contains(&name) && value != ids::ACCOUNT {
            return Err(Fault::new(403, "AccessDenied", "Access Denied"));
        }
    }
    Ok(())
}
