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

fn document() -> Value {
    serde_json::from_str(&std::fs::read_to_string(root().join("docs/openapi.json")).unwrap()).unwrap()
}

#[test]
fn no_operator_of_the_database_is_taken_for_a_value() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let values = json!({
            "name": "anna", "password": PASSWORD, "old": PASSWORD, "new": PASSWORD, "client_id": client_id(),
            "refresh_token": anna.session.refresh_token,
        });
        let (document, mut tried) = (document(), 0);
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let schema = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
                let Some(schema) = schema.as_str() else { continue };
                let schema = document.pointer(schema.trim_start_matches('#')).unwrap();
                let method: Method = method.to_uppercase().parse().unwrap();
                let fields = schema["properties"].as_object().unwrap();
                let body: Value = fields.keys().map(|field| (field.clone(), values[field].clone())).collect();
                for field in fields.keys() {
                    let required = schema["required"].as_array().unwrap().contains(&json!(field));
                    for operator in operators().into_iter().filter(|value| required || !value.is_null()) {
                        // At sign-in the client's id is nobody's business, and so not even looked at.
                        let mut body = body.clone();
                        body[field] = operator.clone();
                        let answer =
                            world.http().send(method.clone(), path, anna.token(), body.to_string().into()).await;
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
        let (mut anna, _ben) = world.pair("tea").await;
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
                            _ => format!("{}?{name}={text}", path.replace("{room}", &anna.room.id)),
                        };
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
                                assert_eq!(answer.status, 404, "{who}: {method} {path}");
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
