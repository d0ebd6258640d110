//! What can go wrong, by what the caller can do about it; `wire::Failure` makes the answer of it. The text is for a person and never
//! says what is inside. Sources are logged once, where an answer is made of the error.

use std::time::Duration;

use crate::permission::Refusal;
use crate::text::Invalid;

/// An underlying failure; for the log only.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// What everything that can fail here fails with.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// 400. The request has to change.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// 401. Whoever it was has to show again who they are.
    #[error("{0}")]
    Unauthenticated(Unauthenticated),
    /// 403. They may see it, and may not do that.
    #[error(transparent)]
    Forbidden(#[from] Refusal),
    /// 404. It is missing, or not theirs to know.
    #[error("That does not exist, or is not yours to see.")]
    NotFound,
    /// 409. It contradicts what is there.
    #[error("{0}")]
    Conflict(Conflict),
    /// 413. It is larger than `limit` bytes.
    #[error("That is too large: {limit} bytes are the most.")]
    TooLarge {
        /// In bytes.
        limit: usize,
    },
    /// 429. They did too much in a short time, and may go on after a wait.
    #[error("That is a little fast. Please wait a moment.")]
    Limited {
        /// For how long.
        wait: Duration,
    },
    /// 503. Nothing was done that a repetition would double; it may be tried again.
    #[error("The service is unavailable for a moment. Nothing is lost; please try again.")]
    Unavailable(#[source] Source),
    /// 500. It is our fault.
    #[error("Something went wrong on our side.")]
    Internal(#[source] Source),
}

/// Why somebody is not taken for who they say they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unauthenticated {
    /// A wrong name or a wrong password; which of them is nobody's business.
    #[error("The name or the password is wrong.")]
    Credentials,
    /// The access token is missing, wrong or expired: a refresh may help.
    #[error("The access token is missing, wrong or expired.")]
    Token,
    /// The session has ended: only signing in helps.
    #[error("You are signed out. Please sign in again.")]
    Session,
}

/// What a request contradicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// The name, or one that looks like it, is taken.
    #[error("That name is taken. Please choose another.")]
    NameTaken,
    /// A person is in as many rooms as one can be.
    #[error("You are in as many rooms as one person can be. Leave one first.")]
    TooManyRooms,
    /// Somebody else is in as many rooms as others may bring one into.
    #[error("One of them is in too many rooms to be brought into another. They can still come to you.")]
    TheirTooManyRooms,
    /// The message is deleted.
    #[error("That message was deleted.")]
    Deleted,
    /// The message was changed as often as one can be.
    #[error("That message was changed too often. Say it anew.")]
    TooManyEdits,
    /// The message has as many reactions as one can have.
    #[error("That message has as many reactions as it can have.")]
    TooManyReactions,
    /// The room has as many pinned messages as one can have.
    #[error("This room has as many pinned messages as it can have. Take one away first.")]
    TooManyPins,
    /// The room has as many open invitations as one can have.
    #[error("This room has as many open invitations as it can have. Take one back first.")]
    TooManyInvitations,
}

impl Error {
    /// The HTTP status that goes with it.
    pub fn status(&self) -> u16 {
        match self {
            Self::Invalid(_) => 400,
            Self::Unauthenticated(_) => 401,
            Self::Forbidden(_) => 403,
            Self::NotFound => 404,
            Self::Conflict(_) => 409,
            Self::TooLarge { .. } => 413,
            Self::Limited { .. } => 429,
            Self::Unavailable(_) => 503,
            Self::Internal(_) => 500,
        }
    }

    /// Our fault, for a reason that is only for the log.
    pub fn internal(source: impl Into<Source>) -> Self {
        Self::Internal(source.into())
    }

    /// Writes the source to the log, where an answer is made of the error. Refusals have none.
    pub fn log(&self) {
        match self {
            Self::Unavailable(source) => tracing::warn!(status = self.status(), source = %chain(source.as_ref())),
            Self::Internal(source) => tracing::error!(status = self.status(), source = %chain(source.as_ref())),
            _ => tracing::debug!(status = self.status(), refusal = %self),
        }
    }
}

pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
