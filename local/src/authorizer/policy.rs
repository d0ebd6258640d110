//! The policies that functions answer with: whether they allow one action on one resource.

use serde_json::{Map, Value};

use crate::gateway::answer::Malformed;

/// A policy document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Policy(Vec<Statement>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Statement {
    allows: bool,
    actions: Patterns,
    resources: Patterns,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Patterns {
    These(Vec<String>),
    AllBut(Vec<String>),
}

/// What a policy says of one action on one resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    Allowed,
    /// A statement denies it, whatever others say.
    Denied,
    /// No statement is about it, which denies it, too.
    Unsaid,
}

impl Policy {
    pub(crate) fn parse(document: &Value) -> Result<Self, Malformed> {
        let Value::Object(document) = document else { return Err(Malformed("policyDocument is not an object".into())) };
        let statements = match document.get("Statement") {
            Some(Value::Array(statements)) => statements.as_slice(),
            Some(one @ Value::Object(_)) => std::slice::from_ref(one),
            _ => return Err(Malformed("policyDocument has no Statement".into())),
        };
        statements.iter().map(Statement::parse).collect::<Result<_, _>>().map(Self)
    }

    pub(crate) fn decides(&self, action: &str, resource: &str) -> Decision {
        let mut decision = Decision::Unsaid;
        for statement in &self.0 {
            let action_fits = |pattern: &str| fits(&pattern.to_ascii_lowercase(), &action.to_ascii_lowercase());
            if statement.actions.contain(action_fits) && statement.resources.contain(|pattern| fits(pattern, resource))
            {
                if !statement.allows {
                    return Decision::Denied;
                }
                decision = Decision::Allowed;
            }
        }
        decision
    }
}

impl Statement {
    fn parse(statement: &Value) -> Result<Self, Malformed> {
        let Value::Object(statement) = statement else { return Err(Malformed("a Statement is not an object".into())) };
        if statement.contains_key("Condition") {
            return Err(Malformed("a Statement has a Condition, which `local` does not look into".into()));
        }
        let allows = match statement.get("Effect").and_then(Value::as_str) {
            Some("Allow") => true,
            Some("Deny") => false,
            _ => return Err(Malformed("the Effect of a Statement is neither Allow nor Deny".into())),
        };
        Ok(Self {
            allows,
            actions: Patterns::parse(statement, "Action", "NotAction")?,
            resources: Patterns::parse(statement, "Resource", "NotResource")?,
        })
    }
}

impl Patterns {
    fn parse(statement: &Map<String, Value>, these: &str, all_but: &str) -> Result<Self, Malformed> {
        let (name, value) = match (statement.get(these), statement.get(all_but)) {
            (Some(value), None) => (these, value),
            (None, Some(value)) => (all_but, value),
            _ => return Err(Malformed(format!("a Statement needs either {these} or {all_but}"))),
        };
        let list = match value {
            Value::Array(list) => list.as_slice(),
            one => std::slice::from_ref(one),
        };
        let texts: Option<Vec<String>> = list.iter().map(|text| text.as_str().map(str::to_owned)).collect();
        let texts = texts.filter(|texts| !texts.is_empty());
        let texts =
            texts.ok_or_else(|| Malformed(format!("{name} of a Statement is not a text or a list of texts")))?;
        Ok(if name == these { Self::These(texts) } else { Self::AllBut(texts) })
    }

    fn contain(&self, is: impl Fn(&str) -> bool) -> bool {
        match self {
            Self::These(patterns) => patterns.iter().any(|pattern| is(pattern)),
            Self::AllBut(patterns) => !patterns.iter().any(|pattern| is(pattern)),
        }
    }
}

/// `*` stands for any text, slashes and colons included, and `?` for any character.
fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut from) = (0, 0);
    // Where the last asterisk stood, and how much it stands for so far.
    let mut star: Option<(usize, usize)> = None;
    while from < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(letter) if *letter == '?' || *letter == text[from] => {
                at += 1;
                from += 1;
            }
            _ => {
                let Some((asterisk, taken)) = star else { return false };
                star = Some((asterisk, taken + 1));
                at = asterisk + 1;
                from = taken + 1;
            }
        }
    }
    pattern[at..].iter().all(|letter| *letter == '*')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ARN: &str = "arn:aws:execute-api:us-east-1:123456789012:abcdefghij/v1/$connect";

    fn check(statements: &Value, expected: Decision) {
        let policy = Policy::parse(&json!({"Version": "2012-10-17", "Statement": statements}));
        let policy = policy.unwrap_or_else(|Malformed(why)| panic!("{statements}: {why}"));
        assert_eq!(policy.decides("execute-api:Invoke", ARN), expected, "{statements}");
    }

    #[test]
    fn what_is_no_policy_is_malformed() {
        let good = json!({"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"});
        assert!(Policy::parse(&json!({"Statement": good})).is_ok());
        for (change, value) in [
            ("Effect", json!("allow")),
            ("Effect", Value::Null),
            ("Action", json!(1)),
            ("Action", json!([])),
            ("Action", Value::Null),
            ("Resource", json!([1])),
            ("Resource", Value::Null),
            ("NotResource", json!("*")),
            ("Condition", json!({})),
        ] {
            let mut statement = good.clone();
            match &value {
                Value::Null => drop(statement.as_object_mut().and_then(|fields| fields.remove(change))),
                value => statement[change] = value.clone(),
            }
            assert!(Policy::parse(&json!({"Statement": [statement]})).is_err(), "{change}: {value}");
        }
        for document in [json!("{}"), json!({}), json!({"Statement": "x"}), json!({"Statement": [[]]})] {
            assert!(Policy::parse(&document).is_err(), "{document}");
        }
    }

    #[test]
    fn a_denial_wins_over_what_is_allowed_and_what_is_not_said_is_not_allowed() {
        let statement = |effect: &str, action: &str, resource: &str| json!({"Effect": effect, "Action": action, "Resource": resource});
        let allow = |resource: &str| json!([statement("Allow", "execute-api:Invoke", resource)]);
        for (resource, expected) in [
            (ARN, Decision::Allowed),
            ("*", Decision::Allowed),
            ("arn:aws:execute-api:*:*:*", Decision::Allowed),
            ("arn:aws:execute-api:us-east-1:123456789012:abcdefghij/*/$connect", Decision::Allowed),
            ("arn:aws:execute-api:us-east-1:123456789012:??????????/v1/*", Decision::Allowed),
            ("arn:aws:execute-api:us-east-1:123456789012:abcdefghij/v1/*/*", Decision::Unsaid),
            ("arn:aws:execute-api:us-east-1:123456789012:abcdefghij/v2/*", Decision::Unsaid),
            ("arn:aws:execute-api:us-east-1:123456789012:abcdefghij/v1/", Decision::Unsaid),
            ("", Decision::Unsaid),
        ] {
            check(&allow(resource), expected);
        }
        check(&json!([]), Decision::Unsaid);
        for action in ["*", "execute-api:*", "execute-api:invoke", "Execute-Api:Inv*"] {
            check(&json!([statement("Allow", action, "*")]), Decision::Allowed);
        }
        check(&json!([statement("Allow", "execute-api:ManageConnections", "*")]), Decision::Unsaid);
        let both = json!([statement("Deny", "execute-api:*", "*/v1/*"), statement("Allow", "*", "*")]);
        check(&both, Decision::Denied);
        check(&json!([{"Effect": "Allow", "NotAction": "s3:*", "NotResource": ["*/v2/*"]}]), Decision::Allowed);
        check(&json!([{"Effect": "Allow", "Action": ["s3:*", "*"], "NotResource": ["*/v1/*"]}]), Decision::Unsaid);
    }
}
