//! What must be so for an object to be written or deleted.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html>

use http::{HeaderMap, HeaderName, header};

use super::answers::Fault;
use super::shelf::Object;

/// What must be so of the object that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    Always,
    /// There is none.
    Absent,
    /// There is one, with one of these tags, or `*`.
    Matches(String),
}

impl Condition {
    /// Of a request that writes.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Fault> {
        let value = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
        match (value(header::IF_NONE_MATCH), value(header::IF_MATCH)) {
            (None, None) => Ok(Self::Always),
            (Some("*"), None) => Ok(Self::Absent),
            (None, Some(tags)) => Ok(Self::Matches(tags.to_owned())),
            _ => Err(Fault::not_implemented("If-None-Match with anything but *, or beside If-Match")),
        }
    }

    pub(super) fn check(&self, present: Option<&Object>) -> Result<(), Fault> {
        match (self, present) {
            (Self::Matches(_), None) => Err(Fault::no_such_key()),
            (Self::Absent, Some(_)) => Err(Fault::precondition()),
            (Self::Matches(tags), Some(object)) if !names(tags, &object.etag) => Err(Fault::precondition()),
            _ => Ok(()),
        }
    }
}

/// Whether a tag is in a list of them, in which they may lack their quotes.
pub(super) fn names(tags: &str, etag: &str) -> bool {
    let plain = |tag: &str| tag.trim().trim_matches('"').to_owned();
    tags.trim() == "*" || tags.split(',').any(|tag| plain(tag) == plain(etag))
}
