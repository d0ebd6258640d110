//! CloudFormation's intrinsic functions, and the conditions that some of them ask.
//!
//! Resolving gives a tree without functions. What cannot be resolved is reported once, at its line, and stands in the tree as
//! faulty, so that one mistake is one message. `AWS::NoValue` takes the entry away in which it stands.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::scope::{CLOUD_ONLY, Scope, cloud_only};
use super::yaml::{Content, Entry, Mark, Node};

/// Why there is no value.
pub(super) enum Trouble {
    /// A sentence that still has to be reported.
    Say(String),
    /// It has been reported where it arose.
    Said,
}

pub(super) fn say<T>(message: impl Into<String>) -> Result<T, Trouble> {
    Err(Trouble::Say(message.into()))
}

impl Scope<'_> {
    /// The value without intrinsic functions; none for `AWS::NoValue`.
    pub(super) fn resolve(&self, node: &Node) -> Option<Node> {
        if let Some((function, argument)) = node.intrinsic()
            && function != "Condition"
        {
            return self.call(function, argument, node.mark).unwrap_or_else(|trouble| {
                self.tell(node.mark, trouble);
                Some(Node::faulty(node.mark))
            });
        }
        let content = match &node.content {
            Content::List(items) => Content::List(items.iter().filter_map(|item| self.resolve(item)).collect()),
            Content::Map(entries) => Content::Map(
                entries
                    .iter()
                    .filter_map(|entry| {
                        let value = self.resolve(&entry.value)?;
                        Some(Entry { key: entry.key.clone(), mark: entry.mark, value })
                    })
                    .collect(),
            ),
            other => other.clone(),
        };
        Some(Node { mark: node.mark, content })
    }

    /// A value that must be one text.
    pub(super) fn scalar(&self, node: &Node, what: &str) -> Result<String, Trouble> {
        match self.resolve(node) {
            Some(Node { content: Content::Text(text), .. }) => Ok(text),
            Some(Node { content: Content::Faulty, .. }) => Err(Trouble::Said),
            Some(other) => say(format!("{what} must be a text, not {}", other.kind())),
            None => say(format!("{what} must be a text, not AWS::NoValue")),
        }
    }

    /// Whether a condition holds. Decided once, so that a mistake in it is told once.
    pub(super) fn decide(&self, name: &str, at: Mark) -> Result<bool, Trouble> {
        if let Some(decided) = self.decided.borrow().get(name) {
            return Ok(*decided);
        }
        let Some(node) = self.conditions.get(name) else {
            self.report.error(at, format!("there is no condition `{name}`: declare it under Conditions or mend the name"));
            return Err(Trouble::Said);
        };
        let holds = self.once(name, || self.holds(node)).map_err(|trouble| {
            self.tell(node.mark, trouble);
            Trouble::Said
        })?;
        self.decided.borrow_mut().insert(name.to_owned(), holds);
        Ok(holds)
    }

    pub(super) fn tell(&self, at: Mark, trouble: Trouble) {
        if let Trouble::Say(message) = trouble {
            self.report.error(at, message);
        }
    }

    fn holds(&self, node: &Node) -> Result<bool, Trouble> {
        let all = |argument: &Node| match argument.as_list() {
            Some(conditions) if !conditions.is_empty() => {
                conditions.iter().map(|condition| self.holds(condition)).collect::<Result<Vec<bool>, _>>()
            }
            _ => say("a condition is missing: write a list of conditions"),
        };
        match node.intrinsic() {
            Some(("Condition", name)) => self.decide(name.as_text().unwrap_or_default(), node.mark),
            Some(("Fn::Equals", argument)) => {
                let [left, right] = arguments(argument, "Fn::Equals", "two values")?;
                Ok(self.scalar(left, "a compared value")? == self.scalar(right, "a compared value")?)
            }
            Some(("Fn::And", argument)) => Ok(all(argument)?.iter().all(|holds| *holds)),
            Some(("Fn::Or", argument)) => Ok(all(argument)?.iter().any(|holds| *holds)),
            Some(("Fn::Not", argument)) => {
                let [condition] = arguments(argument, "Fn::Not", "one condition")?;
                Ok(!self.holds(condition)?)
            }
            _ => say("a condition is one of Fn::Equals, Fn::And, Fn::Or, Fn::Not and Condition"),
        }
    }

    fn call(&self, function: &str, argument: &Node, at: Mark) -> Result<Option<Node>, Trouble> {
        let text = |text: String| Ok(Some(Node::text(at, text)));
        match function {
            "Ref" => match argument.as_text() {
                Some(name) => self.reference(name, at),
                None => say("Ref takes the name of a parameter or a resource"),
            },
            "Fn::GetAtt" => text(self.get_att(argument)?),
            "Fn::Sub" => text(self.substitute(argument, at)?),
            "Fn::Join" => {
                let [delimiter, items] = arguments(argument, function, "a delimiter and a list")?;
                text(self.texts(items, function)?.join(&self.scalar(delimiter, "the delimiter of Fn::Join")?))
            }
            "Fn::If" => {
                let [condition, yes, no] = arguments(argument, function, "a condition and two values")?;
                let Some(name) = condition.as_text() else { return say("Fn::If begins with the name of a condition") };
                Ok(self.resolve(if self.decide(name, condition.mark)? { yes } else { no }))
            }
            "Fn::FindInMap" => self.find_in_map(argument),
            "Fn::Select" => {
                let [index, items] = arguments(argument, function, "an index and a list")?;
                let index = self.scalar(index, "the index of Fn::Select")?;
                let items = self.texts(items, function)?;
                let chosen = index.parse().ok().and_then(|index: usize| items.get(index));
                match chosen.or_else(|| items.iter().find(|item| item.contains(CLOUD_ONLY))) {
                    Some(item) => text(item.clone()),
                    None => say(format!("Fn::Select asks for item {index} of {}: they count from 0", items.len())),
                }
            }
            "Fn::Split" => {
                let [delimiter, whole] = arguments(argument, function, "a delimiter and a text")?;
                let delimiter = self.scalar(delimiter, "the delimiter of Fn::Split")?;
                let whole = self.scalar(whole, "what Fn::Split splits")?;
                let parts = match whole.as_str() {
                    _ if delimiter.is_empty() => return say("Fn::Split needs a delimiter that is not empty"),
                    whole if whole.contains(CLOUD_ONLY) => vec![Node::text(at, whole)],
                    whole => whole.split(&delimiter).map(|part| Node::text(at, part)).collect(),
                };
                Ok(Some(Node::list(at, parts)))
            }
            "Fn::Base64" => text(BASE64.encode(self.scalar(argument, "what Fn::Base64 encodes")?)),
            "Fn::GetAZs" => {
                let zones = ["a", "b", "c"].map(|zone| Node::text(at, format!("{}{zone}", self.inputs.region)));
                Ok(Some(Node::list(at, zones.into())))
            }
            "Fn::ImportValue" => text(cloud_only(&self.scalar(argument, "what Fn::ImportValue imports")?)),
            "Fn::Equals" | "Fn::And" | "Fn::Or" | "Fn::Not" => {
                say(format!("{function} belongs under Conditions: name the condition there, and use it with Fn::If here"))
            }
            _ => say(format!("`local` does not know the function {function}: write the value out, or use one it knows")),
        }
    }

    fn get_att(&self, argument: &Node) -> Result<String, Trouble> {
        const FORM: &str = "Fn::GetAtt takes `Resource.Attribute`, or a list of the two";
        if let Some((resource, attribute)) = argument.as_text().and_then(|text| text.split_once('.')) {
            return self.attribute(resource, attribute);
        }
        match argument.as_list() {
            Some([resource, attribute]) => match resource.as_text() {
                Some(resource) => self.attribute(resource, &self.scalar(attribute, "an attribute")?),
                None => say(FORM),
            },
            _ => say(FORM),
        }
    }

    fn substitute(&self, argument: &Node, at: Mark) -> Result<String, Trouble> {
        const FORM: &str = "Fn::Sub takes a text, or a list of a text and a mapping of variables";
        let (pattern, variables) = match argument.as_list() {
            None => (argument, None),
            Some([pattern, variables]) => (pattern, Some(variables)),
            Some(_) => return say(FORM),
        };
        let Some(mut rest) = pattern.as_text() else { return say(FORM) };
        let mut result = String::with_capacity(rest.len());
        while let Some((before, after)) = rest.split_once("${") {
            let Some((name, after)) = after.split_once('}') else { break };
            result.push_str(before);
            rest = after;
            if let Some(literal) = name.strip_prefix('!') {
                result.push_str(&format!("${{{literal}}}"));
                continue;
            }
            let name = name.trim();
            let value = match variables.and_then(|variables| variables.get(name)) {
                Some(value) => self.scalar(value, &format!("the variable `{name}` of Fn::Sub"))?,
                None => match name.split_once('.') {
                    Some((resource, attribute)) => self.attribute(resource, attribute)?,
                    None => match self.reference(name, at)? {
                        Some(Node { content: Content::Text(text), .. }) => text,
                        Some(Node { content: Content::Faulty, .. }) => return Err(Trouble::Said),
                        _ => return say(format!("`${{{name}}}` in Fn::Sub is not a text: join it first")),
                    },
                },
            };
            result.push_str(&value);
        }
        Ok(result + rest)
    }

    fn find_in_map(&self, argument: &Node) -> Result<Option<Node>, Trouble> {
        let [map, first, second] = arguments(argument, "Fn::FindInMap", "a mapping and two keys")?;
        let map = self.scalar(map, "the mapping's name")?;
        let (first, second) = (self.scalar(first, "a key")?, self.scalar(second, "a key")?);
        let Some(mapping) = self.mappings.get(&map) else {
            return say(format!("there is no mapping `{map}`: declare it under Mappings or mend the name"));
        };
        match mapping.get(&first).and_then(|inner| inner.get(&second)) {
            Some(value) => Ok(Some(value.clone())),
            None => say(format!("the mapping `{map}` has no `{first}` with `{second}`")),
        }
    }

    fn texts(&self, node: &Node, function: &str) -> Result<Vec<String>, Trouble> {
        match self.resolve(node).map(|node| node.content) {
            Some(Content::List(items)) => items.iter().map(|item| self.scalar(item, "an item of the list")).collect(),
            Some(Content::Faulty) => Err(Trouble::Said),
            Some(Content::Text(text)) if text.contains(CLOUD_ONLY) => Ok(vec![text]),
            _ => say(format!("{function} needs a list")),
        }
    }
}

/// The arguments of a function that takes a fixed number of them.
fn arguments<'n, const N: usize>(node: &'n Node, function: &str, what: &str) -> Result<&'n [Node; N], Trouble> {
    match node.as_list().map(TryInto::try_into) {
        Some(Ok(arguments)) => Ok(arguments),
        _ => say(format!("{function} takes a list of {what}")),
    }
}
