//! What authorizers of both kinds of API have in common: where a request says who sent it, and what a function that decides may answer.

mod identity;
mod policy;
mod verdict;

pub(crate) use self::identity::{at, identity};
pub(crate) use self::policy::Decision;
pub(crate) use self::verdict::Verdict;

/// The action that a policy allows or denies.
pub(crate) const INVOKE: &str = "execute-api:Invoke";
