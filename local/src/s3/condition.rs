//! What must be so for an object to be read, written or deleted.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html>

use http::{HeaderMap, HeaderName, header};

use super::answers::Fault;
use super::shelf::Object;
use crate::time;

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

    /// Whether it tells what an object is, to whoever may delete it only.
    pub(super) fn names_a_tag(&self) -> bool {
        matches!(self, Self::Matches(tags) if tags.trim() != "*")
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

/// What the conditions of somebody who reads say of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    Wanted,
    /// It is another one.
    Changed,
    /// They have it already.
    Unchanged,
}

impl Reading {
    /// By `If-Match` and its like, or by those with this before their names. A tag is asked about before a time, as RFC 9110 has it; what
    /// is no time says nothing.
    pub(super) fn of(headers: &HeaderMap, prefix: &str, object: &Object) -> Self {
        let value = |name: &str| headers.get(format!("{prefix}{name}")).and_then(|value| value.to_str().ok());
        let since = |name: &str| value(name).and_then(time::of_http_date);
        // As `Last-Modified` says it.
        let modified = object.modified / 1000 * 1000;
        let is_another = match value("if-match") {
            Some(tags) => !names(tags, &object.etag),
            None => since("if-unmodified-since").is_some_and(|since| modified > since),
        };
        let is_known = match value("if-none-match") {
            Some(tags) => names(tags, &object.etag),
            None => since("if-modified-since").is_some_and(|since| modified <= since),
        };
        match (is_another, is_known) {
            (true, _) => Self::Changed,
            (_, true) => Self::Unchanged,
            _ => Self::Wanted,
        }
    }
}

/// Whether a tag is in a list of them, in which they may lack their quotes.
pub(super) fn names(tags: &str, etag: &str) -> bool {
    let plain = |tag: &str| tag.trim().trim_matches('"').to_owned();
    tags.trim() == "*" || tags.split(',').any(|tag| plain(tag) == plain(etag))
}
