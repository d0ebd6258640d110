//! The properties of one resource, taken one by one. What nobody took is named, with its line, instead of being ignored.

use std::ops::RangeInclusive;

use super::Report;
use super::kinds::nearest;
use super::scope::CLOUD_ONLY;
use super::yaml::{Content, Entry, Mark, Node};

/// A resolved mapping whose entries are being read.
pub(super) struct Fields<'r> {
    pub(super) report: &'r Report,
    /// Whose properties these are, for sentences: ``the function `Hello` ``.
    pub(super) whose: String,
    pub(super) mark: Mark,
    entries: Vec<Entry>,
    /// What was there when it was asked for, right or wrong: it is not missing.
    present: Vec<String>,
    /// What was asked for, and not there.
    absent: Vec<String>,
}

impl<'r> Fields<'r> {
    pub(super) fn of(node: Node, whose: impl Into<String>, report: &'r Report) -> Self {
        let (whose, mark) = (whose.into(), node.mark);
        let entries = match node.content {
            Content::Map(entries) => entries,
            Content::Null | Content::Faulty => vec![],
            _ => {
                report.error(mark, format!("{whose} must be a mapping, not {}", node.kind()));
                vec![]
            }
        };
        Self { report, whose, mark, entries, present: vec![], absent: vec![] }
    }

    /// The value of a property, if it is there and nothing is wrong with it.
    pub(super) fn take(&mut self, key: &str) -> Option<Node> {
        let Some(at) = self.entries.iter().position(|entry| entry.key == key) else {
            self.absent.push(key.to_owned());
            return None;
        };
        let value = self.entries.remove(at).value;
        if matches!(value.content, Content::Null) {
            return None;
        }
        self.present.push(key.to_owned());
        (!matches!(value.content, Content::Faulty)).then_some(value)
    }

    /// A text that `local` has to know.
    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        let value = self.take(key)?;
        self.as_text(&value, key)
    }

    /// A text that may be known only in the cloud.
    pub(super) fn any_text(&mut self, key: &str) -> Option<String> {
        let value = self.take(key)?;
        match &value.content {
            Content::Text(text) => Some(text.clone()),
            _ => self.as_text(&value, key),
        }
    }

    /// A whole number within bounds.
    pub(super) fn number(&mut self, key: &str, bounds: RangeInclusive<u64>) -> Option<u64> {
        let value = self.take(key)?;
        let text = self.as_text(&value, key)?;
        match text.parse() {
            Ok(number) if bounds.contains(&number) => Some(number),
            _ => self.wrong(&value, key, &format!("a whole number from {} to {}", bounds.start(), bounds.end())),
        }
    }

    pub(super) fn rate(&mut self, key: &str) -> Option<f64> {
        let value = self.take(key)?;
        match self.as_text(&value, key)?.parse::<f64>() {
            Ok(rate) if rate.is_finite() && rate >= 0.0 => Some(rate),
            _ => self.wrong(&value, key, "a number"),
        }
    }

    pub(super) fn flag(&mut self, key: &str) -> Option<bool> {
        let value = self.take(key)?;
        flag(&self.as_text(&value, key)?).or_else(|| self.wrong(&value, key, "true or false"))
    }

    /// A list of texts; a single text counts as a list of one.
    pub(super) fn texts(&mut self, key: &str) -> Option<Vec<String>> {
        let value = self.take(key)?;
        match &value.content {
            Content::List(items) => items.iter().map(|item| self.as_text(item, key)).collect(),
            _ => self.as_text(&value, key).map(|text| vec![text]),
        }
    }

    /// A mapping of texts, whose values `local` passes on without reading them.
    pub(super) fn variables(&mut self, key: &str) -> Vec<(String, String)> {
        let Some(inner) = self.inner(key) else { return vec![] };
        let mut variables = vec![];
        for Entry { key, value, .. } in inner.entries {
            match value.content {
                Content::Text(text) => variables.push((key, text)),
                Content::Null => variables.push((key, String::new())),
                Content::Faulty => {}
                _ => self.report.error(value.mark, format!("`{key}` must be a text, not {}", value.kind())),
            }
        }
        variables
    }

    /// A mapping inside this one.
    pub(super) fn inner(&mut self, key: &str) -> Option<Self> {
        let value = self.take(key)?;
        Some(Self::of(value, format!("{key} of {}", self.whose), self.report))
    }

    /// The entries that are left, for a mapping whose keys are names.
    pub(super) fn rest(self) -> Vec<Entry> {
        self.entries
    }

    /// Says that a property is missing; `None`, to be returned.
    pub(super) fn missing<T>(&self, key: &str) -> Option<T> {
        if !self.present.iter().any(|present| present == key) {
            self.report.error(self.mark, format!("{} has no {key}, and needs one", self.whose));
        }
        None
    }

    /// Properties that make no difference on a laptop.
    pub(super) fn accept(&mut self, keys: &[&str]) {
        self.entries.retain(|entry| !keys.contains(&entry.key.as_str()));
    }

    /// A property whose effect is merely absent on a laptop.
    pub(super) fn warn(&mut self, key: &str, why: &str) {
        if let Some(mark) = self.drop(key) {
            self.report.warn(mark, format!("{key} of {}: {why}", self.whose));
        }
    }

    /// A property without which things would behave differently than in the cloud.
    pub(super) fn refuse(&mut self, key: &str, why: &str) {
        if let Some(mark) = self.drop(key) {
            self.report.error(mark, format!("{key} of {}: {why}", self.whose));
        }
    }

    /// Names what nobody took.
    pub(super) fn finish(self) {
        for entry in &self.entries {
            let mend = match nearest(&entry.key, self.absent.iter().map(String::as_str)) {
                Some(meant) => format!("`{meant}` is meant, or remove it"),
                None => "remove it or mend its name".to_owned(),
            };
            let message = format!("{} has a property `{}` that `local` does not know: {mend}", self.whose, entry.key);
            self.report.error(entry.mark, message);
        }
    }

    fn drop(&mut self, key: &str) -> Option<Mark> {
        let at = self.entries.iter().position(|entry| entry.key == key)?;
        Some(self.entries.remove(at).mark)
    }

    fn as_text(&self, value: &Node, key: &str) -> Option<String> {
        match &value.content {
            Content::Text(text) if text.contains(CLOUD_ONLY) => {
                self.wrong(value, key, &format!("known on the laptop, and \"{text}\" exists only in the cloud"))
            }
            Content::Text(text) => Some(text.clone()),
            Content::Faulty => None,
            _ => self.wrong(value, key, &format!("a text, not {}", value.kind())),
        }
    }

    fn wrong<T>(&self, value: &Node, key: &str, expected: &str) -> Option<T> {
        self.report.error(value.mark, format!("{key} of {} must be {expected}", self.whose));
        None
    }
}

/// The spellings of YAML 1.1, which CloudFormation reads.
pub(super) fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" => Some(true),
        "false" | "no" | "off" => Some(false),
        _ => None,
    }
}
