//! The policies that functions answer with.

use serde_json::{Map, Value};

use crate::gateway::answer::Malformed;
use crate::model::{Patterns, Statement};

/// The statements of a policy document.
pub(super) fn parse(document: &Value) -> Result<Vec<Statement>, Malformed> {
    let Value::Object(document) = document else { return Err(Malformed("policyDocument is not an object".into())) };
    let statements = match document.get("Statement") {
        Some(Value::Array(statements)) => statements.as_slice(),
        Some(one @ Value::Object(_)) => std::slice::from_ref(one),
        _ => return Err(Malformed("policyDocument has no Statement".into())),
    };
    statements.iter().map(statement).collect()
}

fn statement(statement: &Value) -> Result<Statement, Malformed> {
    let Value::Object(statement) = statement else { return Err(Malformed("a Statement is not an object".into())) };
    if statement.contains_key("Condition") {
        return Err(Malformed("a Statement has a Condition, which `local` does not look into".into()));
    }
    let allows = match statement.get("Effect").and_then(Value::as_str) {
        Some("Allow") => true,
        Some("Deny") => false,
        _ => return Err(Malformed("the Effect of a Statement is neither Allow nor Deny".into())),
    };
    let actions = patterns(statement, "Action", "NotAction")?;
    Ok(Statement { allows, actions, resources: patterns(statement, "Resource", "NotResource")? })
}

fn patterns(statement: &Map<String, Value>, these: &str, all_but: &str) -> Result<Patterns, Malformed> {
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
    let texts = texts.ok_or_else(|| Malformed(format!("{name} of a Statement is not a text or a list of texts")))?;
    Ok(if name == these { Patterns::AnyOf(texts) } else { Patterns::NoneOf(texts) })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::iam::{Decision, decide};

    const ARN: &str = "arn:aws:execute-api:us-east-1:123456789012:abcdefghij/v1/$connect";

    fn check(statements: &Value, expected: Decision) {
        let policy = parse(&json!({"Version": "2012-10-17", "Statement": statements}));
        let policy = policy.unwrap_or_else(|Malformed(why)| panic!("{statements}: {why}"));
        assert_eq!(decide(&policy, "execute-api:Invoke", ARN), expected, "{statements}");
    }

    #[test]
    fn what_is_no_policy_is_malformed() {
        let good = json!({"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"});
        assert!(parse(&json!({"Statement": good})).is_ok());
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
            assert!(parse(&json!({"Statement": [statement]})).is_err(), "{change}: {value}");
        }
        for document in [json!("{}"), json!({}), json!({"Statement": "x"}), json!({"Statement": [[]]})] {
            assert!(parse(&document).is_err(), "{document}");
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
            ("arn:aws:execute-api:us-east-1:123456789012:abcdefghij/v1/*/*", Decision::Unmentioned),
            ("arn:aws:execute-api:us-east-1:123456789012:abcdefghij/v2/*", Decision::Unmentioned),
            ("arn:aws:execute-api:us-east-1:123456789012:abcdefghij/v1/", Decision::Unmentioned),
            ("", Decision::Unmentioned),
        ] {
            check(&allow(resource), expected);
        }
        check(&json!([]), Decision::Unmentioned);
        for action in ["*", "execute-api:*", "execute-api:invoke", "Execute-Api:Inv*"] {
            check(&json!([statement("Allow", action, "*")]), Decision::Allowed);
        }
        check(&json!([statement("Allow", "execute-api:ManageConnections", "*")]), Decision::Unmentioned);
        let both = json!([statement("Deny", "execute-api:*", "*/v1/*"), statement("Allow", "*", "*")]);
        check(&both, Decision::Denied);
        check(&json!([{"Effect": "Allow", "NotAction": "s3:*", "NotResource": ["*/v2/*"]}]), Decision::Allowed);
        check(&json!([{"Effect": "Allow", "Action": ["s3:*", "*"], "NotResource": ["*/v1/*"]}]), Decision::Unmentioned);
    }
}
