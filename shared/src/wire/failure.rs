//! The one envelope of everything that is refused, on the socket and over HTTP.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::permission::Refusal;
use crate::{Error, text};

wire! {
    /// What the caller can do about it.
    #[serde(rename_all = "snake_case")]
    #[derive(Copy, Eq)]
    pub enum Code {
        /// Change the request.
        Invalid,
        /// Show again who you are.
        Unauthenticated,
        /// Nothing: it is not yours to do.
        Forbidden,
        /// Nothing: it is missing, or not yours to know.
        NotFound,
        /// Look at what is there already.
        Conflict,
        /// Send less.
        TooLarge,
        /// Wait for `retry_after` milliseconds and send it again.
        Limited,
        /// Try again.
        Unavailable,
        /// Nothing: it is our fault.
        Internal,
    }

    /// What a value can break.
    #[serde(rename_all = "snake_case")]
    #[derive(Copy, Eq)]
    pub enum Rule {
        /// It is missing.
        Required,
        /// It is of another JSON type.
        Type,
        /// It has fewer characters than `limit`.
        TooShort,
        /// It has more characters than `limit`.
        TooLong,
        /// It has more bytes in UTF-8 than `limit`.
        TooManyBytes,
        /// It is a number below `limit`.
        TooSmall,
        /// It is a number above `limit`.
        TooLarge,
        /// It has fewer entries than `limit`.
        TooFew,
        /// It has more entries than `limit`.
        TooMany,
        /// It has characters that do not belong there.
        Characters,
        /// It is not of the form that such a value has.
        Format,
        /// It is none of the values there are.
        Unknown,
        /// It is among what is guessed first.
        Common,
        /// It is not JSON.
        Json,
    }

    /// The finer reason of a refusal.
    #[serde(rename_all = "snake_case")]
    #[derive(Copy, Eq)]
    pub enum Reason {
        /// A wrong name or a wrong password.
        Credentials,
        /// The access token is missing, wrong or expired: refresh.
        Token,
        /// The session has ended: sign in.
        Session,
        /// The name, or one that looks like it, is taken.
        NameTaken,
        /// A person is in as many rooms as one can be.
        TooManyRooms,
        /// The message is deleted.
        Deleted,
        /// The message was changed as often as one can be.
        TooManyEdits,
        /// The message has as many reactions as one can have.
        TooManyReactions,
        /// The room has as many pinned messages as one can have.
        TooManyPins,
        /// The room has as many open invitations as one can have.
        TooManyInvitations,
        /// You only read there.
        Guest,
        /// You are muted there; `retry_after`, if there is one, says for how long.
        Muted,
        /// You are banned from there; `retry_after`, if there is one, says for how long.
        Banned,
        /// It takes a higher rank than yours, or a lower one of whoever it is done to.
        Rank,
        /// Somebody else has said it.
        Author,
        /// The room is archived: it can only be read.
        Archived,
        /// It is a direct conversation, in which that is not done.
        Direct,
        /// Your account is suspended.
        Suspended,
        /// A page of another origin asks.
        Origin,
    }

    /// What was refused, and why.
    pub struct Failure {
        /// The request's, if it had one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub id: Option<String>,
        /// Decide by this.
        pub code: Code,
        /// For people.
        pub message: String,
        /// Which field is wrong, if one is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub field: Option<String>,
        /// Which rule it breaks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub rule: Option<Rule>,
        /// The bound of the rule, or the most bytes that may be sent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional, type = "number"))]
        pub limit: Option<usize>,
        /// The finer reason, if there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub reason: Option<Reason>,
        /// After how many milliseconds it will be let through.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional, type = "number"))]
        pub retry_after: Option<u64>,
    }
}

impl Failure {
    /// The answer to the request `id`, if it had one.
    pub fn new(error: &Error, id: Option<String>) -> Self {
        let (code, reason) = match error {
            Error::Invalid(_) => (Code::Invalid, None),
            Error::Unauthenticated(why) => (Code::Unauthenticated, Some((*why).into())),
            Error::Forbidden(why) => (Code::Forbidden, Some((*why).into())),
            Error::NotFound => (Code::NotFound, None),
            Error::Conflict(why) => (Code::Conflict, Some((*why).into())),
            Error::TooLarge { .. } => (Code::TooLarge, None),
            Error::Limited { .. } => (Code::Limited, None),
            Error::Unavailable(_) => (Code::Unavailable, None),
            Error::Internal(_) => (Code::Internal, None),
        };
        let (field, rule, limit) = match error {
            Error::Invalid(invalid) => (Some(invalid.field.to_string()), Some(invalid.rule.into()), invalid.limit),
            Error::TooLarge { limit } => (None, None, Some(*limit)),
            _ => (None, None, None),
        };
        let wait = match error {
            Error::Limited { wait } => Some(*wait),
            Error::Forbidden(Refusal::Muted { wait } | Refusal::Banned { wait }) => *wait,
            _ => None,
        };
        let retry_after = wait.map(millis);
        Self { id, code, message: error.to_string(), field, rule, limit, reason, retry_after }
    }
}

impl From<crate::error::Unauthenticated> for Reason {
    fn from(why: crate::error::Unauthenticated) -> Self {
        use crate::error::Unauthenticated as Why;
        match why {
            Why::Credentials => Self::Credentials,
            Why::Token => Self::Token,
            Why::Session => Self::Session,
        }
    }
}

impl From<Refusal> for Reason {
    fn from(why: Refusal) -> Self {
        match why {
            Refusal::Guest => Self::Guest,
            Refusal::Muted { .. } => Self::Muted,
            Refusal::Banned { .. } => Self::Banned,
            Refusal::Rank => Self::Rank,
            Refusal::Author => Self::Author,
            Refusal::Archived => Self::Archived,
            Refusal::Direct => Self::Direct,
            Refusal::Suspended => Self::Suspended,
            Refusal::Origin => Self::Origin,
        }
    }
}

impl From<crate::error::Conflict> for Reason {
    fn from(why: crate::error::Conflict) -> Self {
        use crate::error::Conflict as Why;
        match why {
            Why::NameTaken => Self::NameTaken,
            Why::TooManyRooms | Why::TheirTooManyRooms => Self::TooManyRooms,
            Why::Deleted => Self::Deleted,
            Why::TooManyEdits => Self::TooManyEdits,
            Why::TooManyReactions => Self::TooManyReactions,
            Why::TooManyPins => Self::TooManyPins,
            Why::TooManyInvitations => Self::TooManyInvitations,
        }
    }
}

impl From<text::Rule> for Rule {
    fn from(rule: text::Rule) -> Self {
        match rule {
            text::Rule::Required => Self::Required,
            text::Rule::Type => Self::Type,
            text::Rule::TooShort => Self::TooShort,
            text::Rule::TooLong => Self::TooLong,
            text::Rule::TooManyBytes => Self::TooManyBytes,
            text::Rule::TooSmall => Self::TooSmall,
            text::Rule::TooLarge => Self::TooLarge,
            text::Rule::TooFew => Self::TooFew,
            text::Rule::TooMany => Self::TooMany,
            text::Rule::Characters => Self::Characters,
            text::Rule::Format => Self::Format,
            text::Rule::Unknown => Self::Unknown,
            text::Rule::Common => Self::Common,
            text::Rule::Json => Self::Json,
        }
    }
}

/// A time as it is told: in milliseconds.
pub fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
