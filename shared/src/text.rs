//! What a text must be like, in Unicode: normalized to NFC, without what nobody can see or type, and bounded in characters (Unicode
//! scalar values after normalization), which is the unit a person can be told.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_security::confusable_detection::skeleton;

/// What is wrong with a value somebody sent: which field, which rule, which limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// The field's name on the wire, with its path if it is nested.
    pub field: Cow<'static, str>,
    /// The rule that it breaks.
    pub rule: Rule,
    /// The rule's bound, in the unit of the rule.
    pub limit: Option<usize>,
}

/// The rules a value can break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

impl Invalid {
    /// A rule without a bound.
    pub fn new(field: impl Into<Cow<'static, str>>, rule: Rule) -> Self {
        Self { field: field.into(), rule, limit: None }
    }

    /// A rule with its bound.
    pub fn bounded(field: impl Into<Cow<'static, str>>, rule: Rule, limit: usize) -> Self {
        Self { field: field.into(), rule, limit: Some(limit) }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = match &*self.field {
            "client_id" => "client id",
            "refresh_token" => "refresh token",
            "old" => "old password",
            "new" => "new password",
            other => other,
        };
        let limit = self.limit.unwrap_or_default();
        match self.rule {
            Rule::Required => write!(f, "The {field} is missing."),
            Rule::Type => write!(f, "The {field} is of the wrong type."),
            Rule::TooShort if limit == 1 => write!(f, "The {field} is empty."),
            Rule::TooShort => write!(f, "The {field} needs at least {limit} characters."),
            Rule::TooLong => write!(f, "The {field} may have at most {limit} characters."),
            Rule::TooManyBytes => {
                write!(f, "The {field} is too long: it may take {limit} bytes, and some characters take several.")
            }
            Rule::TooSmall => write!(f, "The {field} must be at least {limit}."),
            Rule::TooLarge => write!(f, "The {field} must be at most {limit}."),
            Rule::TooFew => write!(f, "The {field} need at least {limit}."),
            Rule::TooMany => write!(f, "The {field} may have at most {limit} entries."),
            Rule::Characters => write!(f, "The {field} has characters that cannot be used there."),
            Rule::Format => write!(f, "The {field} does not have the form of one."),
            Rule::Unknown => write!(f, "There is no such {field}."),
            Rule::Common => write!(f, "The {field} is easily guessed. A few words together are hard to guess."),
            Rule::Json => write!(f, "The {field} is not JSON."),
        }
    }
}

impl std::error::Error for Invalid {}

/// NFC, without white space around it.
pub fn normal(raw: &str) -> String {
    raw.trim().nfc().collect()
}

/// What two names have in common that a person would take for the same: compatibility forms, case and invisible characters do not
/// count. Upper case comes first because it alone expands (ß to SS).
pub fn fold(name: &str) -> String {
    let visible: String = name.nfkc().filter(|c| !is_invisible(*c)).collect();
    visible.to_uppercase().to_lowercase().nfkc().collect()
}

/// The words of a text, as they are written.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || is_combining_mark(c);
    text.split(move |c| !is_part(c)).filter(|word| !word.is_empty())
}

/// What words have in common that differ in case and diacritics only.
pub fn plain(word: &str) -> String {
    if word.is_ascii() {
        return word.to_ascii_lowercase();
    }
    word.nfd().filter(|c| !is_combining_mark(*c)).collect::<String>().to_lowercase()
}

/// What a name looks like, as it is written and without case: two names that have one of these in common can be taken for each other, be it by
/// letters of other scripts (Cyrillic `а`), by digits (`0` and `O`), or by case (`I` and `l`). The skeletons of Unicode Technical Standard 39,
/// which are for comparing and never for showing.
pub fn looks(name: &str) -> BTreeSet<String> {
    let as_written: String = skeleton(name).collect();
    let without_case: String = skeleton(&fold(name)).collect();
    [fold(&as_written), as_written, fold(&without_case)].into()
}

/// Checks the number of characters.
pub fn bounded(field: &'static str, text: &str, bounds: std::ops::RangeInclusive<usize>) -> Result<(), Invalid> {
    match text.chars().count() {
        n if n < *bounds.start() => Err(Invalid::bounded(field, Rule::TooShort, *bounds.start())),
        n if n > *bounds.end() => Err(Invalid::bounded(field, Rule::TooLong, *bounds.end())),
        _ => Ok(()),
    }
}

/// A text of several lines, normalized: every line break becomes `\n`, and no other control character but tabs may be in it.
pub fn lines(field: &'static str, raw: &str, bounds: std::ops::RangeInclusive<usize>) -> Result<String, Invalid> {
    let text = normal(&raw.replace("\r\n", "\n").replace('\r', "\n"));
    bounded(field, &text, bounds)?;
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err(Invalid::new(field, Rule::Characters));
    }
    Ok(text)
}

/// Whether a font shows nothing for it: format characters, variation selectors and fillers.
pub fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether marks are piled up higher than any script does.
pub fn has_piled_marks(text: &str) -> bool {
    let mut marks = 0;
    text.chars().any(|c| {
        marks = if is_combining_mark(c) { marks + 1 } else { 0 };
        marks > 3
    })
}

#[cfg(test)]
mod tests;
