use parlour::text::{Invalid, Rule};
use parlour::wire;

use crate::request::Request;

fn refused(body: &str) -> (Option<String>, Invalid) {
    let request = Request::parse(body);
    (request.id, request.action.unwrap_err())
}

#[test]
fn a_refusal_names_the_request_even_where_the_rest_is_wrong() {
    let seven = Some("7".to_owned());
    assert_eq!(refused("nonsense"), (None, Invalid::new("body", Rule::Json)));
    assert_eq!(refused(r#"["id","7"]"#), (None, Invalid::new("body", Rule::Type)));
    assert_eq!(refused(r#"{"id":"7"}"#), (seven.clone(), Invalid::new("action", Rule::Required)));
    assert_eq!(refused(r#"{"id":"7","action":"sing"}"#), (seven.clone(), Invalid::new("action", Rule::Unknown)));
    assert_eq!(refused(r#"{"id":"7","action":"send"}"#), (seven.clone(), Invalid::new("room", Rule::Required)));
    assert_eq!(refused(r#"{"id":"7","action":"ping","rooms":{"a":{}}}"#), (seven, Invalid::new("rooms.a", Rule::Type)));
}

#[test]
fn an_id_that_cannot_be_repeated_is_refused_without_one() {
    let long = "x".repeat(65);
    assert_eq!(refused(r#"{"id":7,"action":"ping","rooms":{}}"#), (None, Invalid::new("id", Rule::Type)));
    assert_eq!(refused(r#"{"id":"","action":"ping","rooms":{}}"#), (None, Invalid::bounded("id", Rule::TooShort, 1)));
    let too_long = Invalid::bounded("id", Rule::TooLong, 64);
    assert_eq!(refused(&format!(r#"{{"id":"{long}","action":"ping","rooms":{{}}}}"#)), (None, too_long));
}

#[test]
fn unknown_fields_are_ignored() {
    let request = Request::parse(r#"{"id":"7","action":"sync","rooms":{"a":1},"sender":"somebody else"}"#);
    assert!(matches!(request.action, Ok(wire::Request::Sync(positions)) if positions.rooms["a"] == 1));
}
