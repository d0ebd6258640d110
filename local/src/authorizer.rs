//! What authorizers of both kinds of API have in common: where a request says who sent it, and what a function that decides may answer. And the
//! tokens that HTTP APIs take.

mod identity;
pub(crate) mod jwt;
mod policy;
mod verdict;

pub(crate) use self::identity::{at, identity};
pub(crate) use self::verdict::Verdict;
use crate::lambda::Failure;

/// The action that a policy allows or denies.
pub(crate) const INVOKE: &str = "execute-api:Invoke";

/// A function refuses somebody by failing with just this word.
pub(crate) fn is_unauthorized(failure: &Failure) -> bool {
    let Failure::Function(error) = failure else { return false };
    serde_json::from_slice::<serde_json::Value>(error).is_ok_and(|error| error["errorMessage"] == "Unauthorized")
}
