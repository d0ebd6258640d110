//! A template's text as a tree that remembers where each of its parts stands.
//!
//! The tags of CloudFormation (`!Ref`, `!Sub`, …) become the mappings that they abbreviate (`Ref`, `Fn::Sub`, …), so that nothing
//! else has to know two spellings. Scalars stay text: what is a number is for the property to say. JSON is read by the same
//! parser. Depth and size are bounded, aliases included, because a template may come from anywhere.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Tag};

/// Nested deeper than anything CloudFormation accepts, and far from where recursion would hurt.
const DEPTH: usize = 100;
/// A template of a megabyte, CloudFormation's limit, has fewer parts.
const NODES: usize = 300_000;

/// Where something stands: line and column from 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) line: usize,
    pub(super) column: usize,
}

/// One value of the template.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) mark: Mark,
    pub(super) content: Content,
}

#[derive(Debug, Clone)]
pub(super) enum Content {
    Null,
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
    /// A problem with this value has been reported; whoever meets it stays silent.
    Faulty,
}

/// One key of a mapping with its value.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) mark: Mark,
    pub(super) value: Node,
}

/// Why a text is not a template at all.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) mark: Mark,
    pub(super) message: String,
}

impl Node {
    pub(super) fn text(mark: Mark, text: impl Into<String>) -> Self {
        Self { mark, content: Content::Text(text.into()) }
    }

    pub(super) fn map(mark: Mark, entries: Vec<Entry>) -> Self {
        Self { mark, content: Content::Map(entries) }
    }

    pub(super) fn list(mark: Mark, items: Vec<Node>) -> Self {
        Self { mark, content: Content::List(items) }
    }

    pub(super) fn faulty(mark: Mark) -> Self {
        Self { mark, content: Content::Faulty }
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        if let Content::Text(text) = &self.content { Some(text) } else { None }
    }

    pub(super) fn as_list(&self) -> Option<&[Node]> {
        if let Content::List(items) = &self.content { Some(items) } else { None }
    }

    pub(super) fn entries(&self) -> Option<&[Entry]> {
        if let Content::Map(entries) = &self.content { Some(entries) } else { None }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.entries()?.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// The intrinsic function that this mapping stands for, with its argument.
    pub(super) fn intrinsic(&self) -> Option<(&str, &Node)> {
        match self.entries()? {
            [Entry { key, value, .. }] if key == "Ref" || key.starts_with("Fn::") => Some((key, value)),
            [Entry { key, value, .. }] if key == "Condition" && value.as_text().is_some() => Some((key, value)),
            _ => None,
        }
    }

    /// What it is, for a sentence.
    pub(super) fn kind(&self) -> &'static str {
        match self.content {
            Content::Null => "nothing",
            Content::Text(_) => "a text",
            Content::List(_) => "a list",
            Content::Map(_) => "a mapping",
            Content::Faulty => "something faulty",
        }
    }

    fn size(&self) -> usize {
        1 + match &self.content {
            Content::List(items) => items.iter().map(Self::size).sum(),
            Content::Map(entries) => entries.iter().map(|entry| entry.value.size()).sum(),
            _ => 0,
        }
    }

    fn depth(&self) -> usize {
        1 + match &self.content {
            Content::List(items) => items.iter().map(Self::depth).max().unwrap_or(0),
            Content::Map(entries) => entries.iter().map(|entry| entry.value.depth()).max().unwrap_or(0),
            _ => 0,
        }
    }
}

/// A collection whose end has not come yet.
struct Open {
    mark: Mark,
    anchor: usize,
    function: Option<String>,
    items: Vec<Node>,
    /// For a mapping.
    entries: Option<Pairs>,
}

/// The entries so far, and the key that waits for its value.
#[derive(Default)]
struct Pairs {
    entries: Vec<Entry>,
    waiting: Option<(String, Mark)>,
}

/// Reads the only document of a text.
pub(super) fn parse(text: &str) -> Result<Node, Fault> {
    let mut open: Vec<Open> = Vec::new();
    let mut anchors: BTreeMap<usize, Node> = BTreeMap::new();
    let mut nodes = 0;
    let mut root = None;
    let mut parser = Parser::new_from_str(text.trim_start_matches('\u{feff}'));
    while let Some(event) = parser.next_event() {
        let (event, span) =
            event.map_err(|error| Fault { mark: mark(*error.marker()), message: format!("not YAML: {}", error.info()) })?;
        let at = mark(span.start);
        let aliased = matches!(event, Event::Alias(_));
        let node = match event {
            Event::Nothing | Event::StreamStart | Event::DocumentEnd => continue,
            Event::StreamEnd => break,
            Event::DocumentStart(_) => {
                if root.is_some() {
                    return fault(at, "a template is one document, and here begins a second one");
                }
                continue;
            }
            Event::SequenceStart(anchor, tag) => {
                open.push(Open { mark: at, anchor, function: function(tag.as_deref()), items: vec![], entries: None });
                continue;
            }
            Event::MappingStart(anchor, tag) => {
                let entries = Some(Pairs::default());
                open.push(Open { mark: at, anchor, function: function(tag.as_deref()), items: vec![], entries });
                continue;
            }
            Event::Alias(anchor) => match anchors.get(&anchor) {
                Some(node) => node.clone(),
                None => return fault(at, "this alias names an anchor that is not complete yet"),
            },
            Event::Scalar(text, style, anchor, tag) => {
                let content = match (&*text, style) {
                    ("" | "~" | "null", ScalarStyle::Plain) if tag.is_none() => Content::Null,
                    _ => Content::Text(text.into_owned()),
                };
                close(&mut anchors, anchor, function(tag.as_deref()), Node { mark: at, content })
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(done) = open.pop() else { return fault(at, "an end without a beginning") };
                let content = match done.entries {
                    Some(pairs) => Content::Map(pairs.entries),
                    None => Content::List(done.items),
                };
                close(&mut anchors, done.anchor, done.function, Node { mark: done.mark, content })
            }
        };
        nodes += if aliased { node.size() } else { 1 };
        if nodes > NODES || open.len() + if aliased { node.depth() } else { 1 } > DEPTH {
            return fault(at, "nested deeper, or larger, than any template that CloudFormation accepts");
        }
        match open.last_mut() {
            None => root = Some(node),
            Some(parent) => parent.add(node)?,
        }
    }
    root.ok_or(Fault { mark: Mark::default(), message: "the template is empty".into() })
}

impl Open {
    fn add(&mut self, node: Node) -> Result<(), Fault> {
        let Some(Pairs { entries, waiting }) = &mut self.entries else {
            self.items.push(node);
            return Ok(());
        };
        if let Some((key, mark)) = waiting.take() {
            entries.push(Entry { key, mark, value: node });
            return Ok(());
        }
        let Content::Text(key) = node.content else {
            return fault(node.mark, &format!("a key must be a text, not {}", node.kind()));
        };
        if entries.iter().any(|entry| entry.key == key) {
            return fault(node.mark, &format!("`{key}` stands here twice: remove one of the two"));
        }
        *waiting = Some((key, node.mark));
        Ok(())
    }
}

/// Puts a complete node into the function that its tag stands for, and remembers it if it has an anchor.
fn close(anchors: &mut BTreeMap<usize, Node>, anchor: usize, function: Option<String>, node: Node) -> Node {
    let node = match function {
        Some(key) => Node::map(node.mark, vec![Entry { key, mark: node.mark, value: node }]),
        None => node,
    };
    if anchor > 0 {
        anchors.insert(anchor, node.clone());
    }
    node
}

/// `!Ref` is `Ref`, `!Condition` is `Condition`, and any other `!Name` is `Fn::Name`.
fn function(tag: Option<&Tag>) -> Option<String> {
    let tag = tag.filter(|tag| tag.handle == "!" && !tag.suffix.is_empty())?;
    Some(match tag.suffix.as_str() {
        name @ ("Ref" | "Condition") => name.to_owned(),
        name => format!("Fn::{name}"),
    })
}

fn mark(marker: Marker) -> Mark {
    Mark { line: marker.line(), column: marker.col() + 1 }
}

fn fault<T>(mark: Mark, message: &str) -> Result<T, Fault> {
    Err(Fault { mark, message: message.to_owned() })
}

