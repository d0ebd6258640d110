//! The database's operators, and numbers that no list has, in every field and parameter that docs/openapi.json knows.

use http::Method;
use serde_json::{Value, json};

use super::super::client::client_id;
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

fn document() -> Value {
    serde_json::from_str(&std::fs::read_to_string(root().join("docs/openapi.json")).unwrap()).unwrap()
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
                    for operator in operators().into_iter().filter(|value| !is_of(value, &kind["type"])) {
                        if operator.is_null() && !required(field) {
                            continue;
                        }
                        let mut body = body.clone();
                        body[field] = operator.clone();
                        let answer =
                            world.http().send(method.clone(), &path, anna.token(), body.to_string().into()).await;
                        let failure = answer.expect_failure(400);
                        assert_eq!(failure.field.as_deref(), Some(field.as_str()), "{method} {path} with {body}");
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
