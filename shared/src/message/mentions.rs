//! Whom a text mentions: `@name`, where a name can begin, and `@room` for everybody.

use std::collections::BTreeSet;

use unicode_normalization::char::is_combining_mark;

use crate::ids::UserId;
use crate::text;

/// What stands for everybody.
const ROOM: &str = "room";

/// The most names of a text that are looked up.
const MOST: usize = 50;

/// The longest that is taken for a name, in characters: that of the longest name, and some marks behind it.
const LONGEST: usize = 40;

/// What a text calls by `@`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Called {
    /// What may be names, as names are compared. `@anna.` may be either `anna.` or `anna`, and is both.
    pub names: BTreeSet<String>,
    /// Whether it calls everybody.
    pub room: bool,
}

/// Whom a message mentions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mentions {
    /// These, who are in the room.
    pub users: Vec<UserId>,
    /// Everybody in the room.
    pub room: bool,
}

impl Called {
    /// What a text calls. An `@` inside a word, as in an address of electronic mail, calls nobody.
    pub fn by(text: &str) -> Self {
        let mut called = Self::default();
        let mut before = None;
        for (at, c) in text.char_indices() {
            if c == '@' && before.is_none_or(|c: char| !is_of_a_name(c) && c != '@') {
                called.note(&text[at + c.len_utf8()..]);
            }
            before = Some(c);
        }
        called
    }

    fn note(&mut self, rest: &str) {
        let end = rest.char_indices().find(|(_, c)| !is_of_a_name(*c)).map_or(rest.len(), |(at, _)| at);
        let name = &rest[..end];
        if !name.starts_with(char::is_alphanumeric) || name.chars().count() > LONGEST {
            return;
        }
        let bare = name.trim_end_matches(['_', '-', '.']);
        if text::fold(bare) == ROOM {
            self.room = true;
        } else {
            self.names.extend([name, bare].map(text::fold).into_iter().take(MOST.saturating_sub(self.names.len())));
        }
    }
}

fn is_of_a_name(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c) || "_-.".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_where_they_can_begin() {
        let called = |text: &str| Called::by(text).names.into_iter().collect::<Vec<_>>();
        assert_eq!(called("@anna and @Ben: (@cleo) @ÉMILE"), ["anna", "ben", "cleo", "émile"]);
        assert_eq!(called("ask @anna."), ["anna", "anna."]);
        assert_eq!(called("@anna-maria_2"), ["anna-maria_2"]);
        for nobody in
            ["anna@example.org", "a@b", "@", "@ anna", "@@anna", "@-anna", "@.", &format!("@{}", "x".repeat(41))]
        {
            assert_eq!(Called::by(nobody), Called::default(), "{nobody}");
        }
        assert_eq!(called(&"@a1 @a2 ".repeat(1000)), ["a1", "a2"]);
        let many: String = (0..200).map(|n| format!("@name{n} ")).collect();
        assert_eq!(Called::by(&many).names.len(), MOST);
    }

    #[test]
    fn everybody_is_called_by_one_word() {
        for text in ["@room", "hello @Room!", "@room."] {
            assert_eq!(Called::by(text), Called { room: true, ..Called::default() }, "{text}");
        }
        assert!(!Called::by("@roomy").room);
    }
}
