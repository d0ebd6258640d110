//! A person and their name.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use unicode_normalization::char::is_combining_mark;

use crate::ids::UserId;
use crate::text::{self, Invalid, Rule};

/// Somebody with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Who they are.
    pub id: UserId,
    /// What they are called.
    pub name: String,
}

/// A name that a person may have: 2 to 32 letters, digits, marks and `_ - .`, beginning with a letter or a digit. No white space, so
/// that it can be mentioned in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Username(String);

impl Username {
    const LENGTH: RangeInclusive<usize> = 2..=32;

    /// Normalizes and checks it.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let name = text::normal(raw);
        text::bounded("name", &name, Self::LENGTH)?;
        let known =
            |c: char| (c.is_alphanumeric() || is_combining_mark(c) || "_-.".contains(c)) && !text::is_invisible(c);
        if !name.starts_with(char::is_alphanumeric) || !name.chars().all(known) || text::has_piled_marks(&name) {
            return Err(Invalid::new("name", Rule::Characters));
        }
        Ok(Self(name))
    }

    /// As it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it is compared: no two people have the same.
    pub fn key(&self) -> String {
        text::fold(&self.0)
    }

    /// As it can be taken for another: no two people share one of these, unless they had their names before this was looked at.
    pub fn looks(&self) -> BTreeSet<String> {
        text::looks(&self.0)
    }
}

#[cfg(test)]
mod tests;
