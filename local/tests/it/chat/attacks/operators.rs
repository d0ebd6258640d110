//! The database's operators, and numbers that no list has, in every field and parameter that docs/openapi.json knows.

use http::Method;
use parlour::wire::{Code, Failure, Frame};
use serde_json::{Value, json};

use super::super::client::{client_id, fresh};
use super::super::world::{PASSWORD, root, story};

/// What a query language could take for more than a value.
fn operators() -> Vec<Value> {
    vec![
        json!({ "$ne": null }),
        json!({ "$gt": "" }),
        json!({ "$regex": ".*" }),
        json!({ "$where": "sleep(5000) || true" }),
        json!({ "$in": ["anna"] }),
        json!({ "$expr": { "$eq": [1, 1] } }),
        json!([{ "$ne": null }]),
        json!(["anna"]),
        json!(null),
        json!(true),
        json!(7),
    ]
}

/// The same where only text can be.
const TEXTS: [&str; 9] = [
    "%7B%22%24ne%22%3Anull%7D",
    "%7B%22%24gt%22%3A%22%22%7D",
    "%24where",
    "'%3Breturn%20true%3B//",
    "%5B%24ne%5D=1",
    ".*",
    "%00",
    "%FF%FE",
    "..%2F..%2Frooms",
];

const NUMBERS: [&str; 12] = [
    "-1",
    "0",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "1e400",
    "1.5",
    "NaN",
    "0x10",
    "%2B1",
    "",
    "1%00",
];

/// Whether a value is of a type, or of one of several, that a schema names.
fn is_of(value: &Value, kind: &Value) -> bool {
    let name = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    kind == name || kind.as_array().is_some_and(|kinds| kinds.contains(&json!(name)))
}

/// What is of another type than a field, or has something of another type in a list.
fn strange(kind: &Value) -> Vec<Value> {
    let whole = operators().into_iter().filter(|value| !is_of(value, &kind["type"]));
    let within =
        operators().into_iter().filter(|value| !is_of(value, &kind["items"]["type"])).map(|value| json!([value]));
    if is_of(&json!([]), &kind["type"]) { whole.chain(within).collect() } else { whole.collect() }
}

/// Whether a refusal names a field, or something in it.
fn is_about(failure: &Failure, field: &str) -> bool {
    failure.field.as_ref().is_some_and(|named| named.split(['[', '.']).next() == Some(field))
}

fn document() -> Value {
    read("docs/openapi.json")
}

fn read(path: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(root().join(path)).unwrap()).unwrap()
}

#[test]
fn no_operator_of_the_database_is_taken_for_a_value_on_the_socket() {
    story(|world| async move {
        let (mut anna, _ben) = world.pair("tea").await;
        let said = anna.says("the first").await;
        let values = json!({
            "room": anna.room.id, "client_id": client_id(), "text": "boo", "seq": said.seq, "emoji": "\u{1f44d}", "on": true,
            "position": 0, "rooms": {},
        });
        let (document, mut tried) = (read("docs/asyncapi.json"), 0);
        for request in document["components"]["schemas"]["Request"]["oneOf"].as_array().unwrap() {
            let action = &request["properties"]["action"]["const"];
            let schema = document.pointer(request["$ref"].as_str().unwrap().trim_start_matches('#')).unwrap();
            let fields = schema["properties"].as_object().unwrap();
            let required = |field: &str| schema["required"].as_array().unwrap().contains(&json!(field));
            let needed = fields.keys().filter(|field| required(field) && !values[field.as_str()].is_null());
            let mut body: Value = needed.map(|field| (field.clone(), values[field].clone())).collect();
            body["action"] = action.clone();
            for (field, kind) in fields.iter().filter(|(field, _)| *field != "id") {
                let mut tries = strange(kind);
                if is_of(&json!({}), &kind["type"]) {
                    // A position that is none, of a room that is none.
                    tries.extend([json!({ "$where": { "$gt": 0 } }), json!({ anna.room.id.clone(): "1" })]);
                }
                for operator in tries {
                    if operator.is_null() && !required(field) {
                        continue;
                    }
                    let mut body = body.clone();
                    body["id"] = json!(fresh());
                    body[field] = operator;
                    let failure = anna.is_refused(&body).await;
                    assert_eq!(failure.code, Code::Invalid, "{body}");
                    assert!(is_about(&failure, field), "{body}: {failure:?}");
                    tried += 1;
                }
            }
        }
        assert!(tried > 100, "{tried}");
        assert_eq!(anna.person.history(&anna.room, "").await.messages, [said]);
    });
}

#[test]
fn no_number_on_the_socket_reaches_beyond_what_was_said() {
    story(|world| async move {
        let (mut anna, mut ben) = world.pair("tea").await;
        let said = anna.says("the only one").await;
        ben.hears("the only one").await;
        let eve = world.person("eve").await;
        let mut outside = eve.opens(&eve.makes("elsewhere").await).await;
        outside.room = anna.room.clone();
        let room = anna.room.id.clone();
        for number in [-1, 0, 2, 1 << 53, i64::MAX, i64::MIN] {
            let with = |action: &str| {
                json!({
                    "action": action, "id": fresh(), "room": room, "client_id": client_id(), "text": "boo", "seq": number,
                    "emoji": "\u{1f44d}", "on": true, "position": number, "rooms": { room.clone(): number },
                })
            };
            for action in ["edit", "delete", "react", "pin"] {
                let (hers, others) = (with(action), with(action));
                let missing = anna.is_refused(&hers).await;
                assert!([Code::NotFound, Code::Invalid].contains(&missing.code), "{hers}: {missing:?}");
                assert_eq!(outside.is_refused(&others).await.code, Code::NotFound, "{others}");
            }
            for action in ["sync", "ping"] {
                let (mine, theirs) = (anna.asks(&with(action)).await, outside.asks(&with(action)).await);
                assert!(matches!(mine, Frame::Synced { .. } | Frame::Pong { .. }), "{number}: {mine:?}");
                let nothing = match &theirs {
                    Frame::Synced { rooms, .. } => rooms.is_empty(),
                    Frame::Pong { behind, .. } => behind.is_empty(),
                    _ => false,
                };
                assert!(nothing, "{number}: {theirs:?}");
            }
            assert_eq!(outside.is_refused(&with("read")).await.code, Code::NotFound);
            let read = ben.asks(&with("read")).await;
            assert!(matches!(read, Frame::Read { unread: 0 | 1, .. }), "{number}: {read:?}");
        }
        assert_eq!(anna.person.history(&anna.room, "").await.messages, [said]);
        // What was read is what was said: what comes now is new.
        anna.says("the next one").await;
        ben.hears("the next one").await;
        assert_eq!(ben.person.rooms().await[0].unread, 1);
    });
}

#[test]
fn no_operator_of_the_database_is_taken_for_a_value() {
    story(|world| async move {
        let (tab, other) = world.pair("tea").await;
        let (anna, ben) = (&tab.person, &other.person.session.user.id);
        let values = json!({
            "name": "anna", "password": PASSWORD, "old": PASSWORD, "new": PASSWORD, "client_id": client_id(),
            "refresh_token": anna.session.refresh_token, "user": ben, "role": "moderator",
        });
        let (document, mut tried) = (document(), 0);
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let schema = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
                let Some(schema) = schema.as_str() else { continue };
                let schema = document.pointer(schema.trim_start_matches('#')).unwrap();
                let method: Method = method.to_uppercase().parse().unwrap();
                let fields = schema["properties"].as_object().unwrap();
                let path = path.replace("{room}", &tab.room.id).replace("{user}", ben);
                let required =
                    |field: &str| schema["required"].as_array().is_some_and(|names| names.contains(&json!(field)));
                let needed = fields.keys().filter(|field| required(field) && !values[field.as_str()].is_null());
                let body: Value = needed.map(|field| (field.clone(), values[field].clone())).collect();
                for (field, kind) in fields {
                    for operator in strange(kind) {
                        if operator.is_null() && !required(field) {
                            continue;
                        }
                        let mut body = body.clone();
                        body[field] = operator.clone();
                        let answer =
                            world.http().send(method.clone(), &path, anna.token(), body.to_string().into()).await;
                        let failure = answer.expect_failure(400);
                        assert!(is_about(&failure, field), "{method} {path} with {body}: {failure:?}");
                        tried += 1;
                    }
                }
            }
        }
        assert!(tried > 100, "{tried}");
        // Nobody was signed out, renamed or let in by any of it.
        assert_eq!(world.http().get("/rooms", anna.token()).await.status, 200);
    });
}

#[test]
fn no_operator_or_number_in_an_address_finds_more_than_it_says() {
    story(|world| async move {
        let (mut anna, ben) = world.pair("tea").await;
        let eve = world.person("eve").await;
        for n in 0..3 {
            let said = anna.says(&format!("number {n}")).await;
            anna.hears(&said.text).await;
        }
        let person = anna.person.clone();
        let mut tried = 0;
        for (path, item) in document()["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
                let method: Method = method.to_uppercase().parse().unwrap();
                for parameter in &parameters {
                    let name = parameter["name"].as_str().unwrap();
                    let is_number = parameter["schema"]["type"] == "integer";
                    for text in if is_number { [&NUMBERS[..], &TEXTS[..]].concat() } else { TEXTS.to_vec() } {
                        let path = match parameter["in"].as_str().unwrap() {
                            "path" => path.replace(&format!("{{{name}}}"), text),
                            _ => format!("{path}?{name}={text}"),
                        };
                        let path = path.replace("{room}", &anna.room.id).replace("{user}", &ben.person.session.user.id);
                        for (who, token) in [("anna", person.token()), ("eve", eve.token())] {
                            // What comes back is held against the document; beyond that, nothing is ours to fail.
                            let answer = world.http().send(method.clone(), &path, token, "{}".into()).await;
                            assert!(answer.status < 500, "{who}: {method} {path} answered {}", answer.status);
                            let is_hers = who == "anna" || !path.contains(&anna.room.id);
                            assert!(
                                is_hers || answer.status >= 400,
                                "{who}: {method} {path} answered {}",
                                answer.status
                            );
                            if parameter["in"] == "path" {
                                // Without a body some say first that there is none.
                                let status = answer.status;
                                assert!([400, 403, 404].contains(&status), "{who}: {method} {path} answered {status}");
                            }
                            if name == "prefix" || name == "after" && path.starts_with("/rooms/public") {
                                let rooms = answer.json()["rooms"].as_array().map_or(0, Vec::len);
                                assert!(rooms == 0 || name == "after", "{path} found {}", answer.json());
                            }
                            tried += 1;
                        }
                    }
                }
            }
        }
        assert!(tried > 200, "{tried}");
        assert_eq!(person.history(&anna.room, "limit=100").await.messages.len(), 3);
    });
}
