//! Whether statements allow something.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>

use crate::model::{Patterns, Statement};

/// The parts of an ARN; colons behind the last one belong to it.
const PARTS: usize = 6;

/// What came of asking all statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    Allowed,
    /// One says that it is denied, whatever the others say.
    Denied,
    /// None says anything.
    Unmentioned,
}

/// Asks the statements of a role.
pub(crate) fn decide(statements: &[Statement], action: &str, resource: &str) -> Decision {
    let mut decision = Decision::Unmentioned;
    for statement in statements {
        let concerns = matches(&statement.actions, |pattern| is_action(pattern, action))
            && matches(&statement.resources, |pattern| is_resource(pattern, resource));
        match concerns {
            true if !statement.allows => return Decision::Denied,
            true => decision = Decision::Allowed,
            false => {}
        }
    }
    decision
}

fn matches(patterns: &Patterns, fits: impl Fn(&str) -> bool) -> bool {
    match patterns {
        Patterns::AnyOf(patterns) => patterns.iter().any(|pattern| fits(pattern)),
        Patterns::NoneOf(patterns) => !patterns.iter().any(|pattern| fits(pattern)),
    }
}

/// Actions are compared without regard to case.
fn is_action(pattern: &str, action: &str) -> bool {
    fits(pattern.to_ascii_lowercase().as_bytes(), action.to_ascii_lowercase().as_bytes())
}

/// A wildcard stays within its part of the ARN, unless it ends the pattern.
fn is_resource(pattern: &str, resource: &str) -> bool {
    let parts: Vec<&str> = pattern.splitn(PARTS, ':').collect();
    let asked: Vec<&str> = resource.splitn(parts.len(), ':').collect();
    parts.len() == asked.len()
        && parts.iter().zip(asked).all(|(pattern, part)| fits(pattern.as_bytes(), part.as_bytes()))
}

/// `*` is any number of characters, `?` is one.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut read) = (0, 0);
    let mut star = None;
    while read < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(letter) if *letter == b'?' || *letter == text[read] => (at, read) = (at + 1, read + 1),
            _ => match &mut star {
                // Let the last star take one character more.
                Some((from, taken)) => {
                    *taken += 1;
                    (at, read) = (*from + 1, *taken);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|letter| *letter == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    const POST: &str = "arn:aws:execute-api:us-east-1:123456789012:abcde12345/v1/POST/@connections/eHrdFcnvvHcCE-w=";

    fn asked(statements: &[Statement]) -> Decision {
        decide(statements, "execute-api:ManageConnections", POST)
    }

    #[test]
    fn nothing_is_allowed_that_no_statement_allows() {
        assert_eq!(asked(&[]), Decision::Unmentioned);
        for (action, resource) in [
            ("execute-api:Invoke", "*"),
            ("execute-api:ManageConnection", "*"),
            ("execute-api", "*"),
            ("lambda:*", "*"),
            ("execute-api:*", "arn:aws:execute-api:us-east-1:123456789012:other12345/*"),
            ("execute-api:*", "arn:aws:execute-api:us-east-1:123456789012:abcde12345/v2/*"),
            ("execute-api:*", "arn:aws:execute-api:us-east-1:123456789012:abcde12345/v1/DELETE/@connections/*"),
            ("execute-api:*", "arn:aws:execute-api:us-east-1:123456789012:abcde12345"),
            ("execute-api:*", "arn:aws:execute-api:eu-*:*:*"),
            ("execute-api:*", "arn:aws:execute-api:*:abcde12345/*"),
            ("execute-api:*", ""),
        ] {
            assert_eq!(
                asked(&[Statement::allow(&[action], &[resource])]),
                Decision::Unmentioned,
                "{action} {resource}"
            );
        }
    }

    #[test]
    fn wildcards_reach_as_far_as_they_may() {
        for (action, resource) in [
            ("execute-api:ManageConnections", POST),
            ("EXECUTE-API:manageconnections", "*"),
            ("*", "arn:aws:execute-api:*"),
            ("execute-api:Manage*", "arn:aws:execute-api:us-east-1:123456789012:abcde12345/v1/POST/@connections/*"),
            ("execute-api:*", "arn:*:execute-api:*:*:*/v?/*/@connections/*"),
            ("e*:*s", "arn:aws:execute-api:us-east-?:*:abcde12345/*"),
        ] {
            assert_eq!(asked(&[Statement::allow(&[action], &[resource])]), Decision::Allowed, "{action} {resource}");
        }
    }

    #[test]
    fn a_denial_wins_wherever_it_stands() {
        let allow = Statement::allow(&["*"], &["*"]);
        let deny = |what: &str| {
            let resource = format!("arn:aws:execute-api:*:*:*/{what}/*");
            Statement { allows: false, ..Statement::allow(&["execute-api:*"], &[&resource]) }
        };
        assert_eq!(asked(&[allow.clone(), deny("DELETE")]), Decision::Allowed);
        let deny = deny("POST");
        assert_eq!(asked(&[deny.clone(), allow.clone()]), Decision::Denied);
        assert_eq!(asked(&[allow, deny]), Decision::Denied);
    }

    #[test]
    fn not_this_and_not_that_is_everything_else() {
        let not = |pattern: &str| Patterns::NoneOf(vec![pattern.to_owned()]);
        let all = Statement::allow(&["*"], &["*"]);
        assert_eq!(asked(&[Statement { actions: not("execute-api:*"), ..all.clone() }]), Decision::Unmentioned);
        assert_eq!(asked(&[Statement { actions: not("s3:*"), ..all.clone() }]), Decision::Allowed);
        assert_eq!(
            asked(&[Statement { resources: not("arn:aws:execute-api:*"), ..all.clone() }]),
            Decision::Unmentioned
        );
        assert_eq!(asked(&[Statement { resources: not("arn:aws:s3:::*"), ..all }]), Decision::Allowed);
    }
}
