use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::Token;

fn written(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{}", part(header), part(claims), URL_SAFE_NO_PAD.encode("signature"))
}

#[test]
fn what_is_no_token_is_refused() {
    let good = written(&json!({"alg": "RS256", "kid": "a"}), &json!({}));
    assert!(Token::read(&good).is_ok());
    assert!(Token::read(&format!("BEARER  {good}")).is_ok());
    for text in
        ["", ".", "..", "a.b", "Bearer", "Bearer a.b.c", &format!("{good}.x"), &format!("Basic {good}"), "ä.ö.ü"]
    {
        assert!(Token::read(text).is_err(), "{text}");
    }
    for header in
        [json!({"alg": "RS256"}), json!({"alg": "none", "kid": "a"}), json!({"kid": "a"}), json!([]), json!(1)]
    {
        assert!(Token::read(&written(&header, &json!({}))).is_err(), "{header}");
    }
    assert!(Token::read(&written(&json!({"alg": "RS384", "kid": "a"}), &json!([]))).is_err());
}

#[test]
fn a_time_may_have_a_fraction_and_the_end_is_not_included() {
    let token = |claims: Value| {
        let mut all = json!({"iss": "i", "aud": "a"});
        all.as_object_mut().into_iter().for_each(|all| all.extend(claims.as_object().cloned().unwrap_or_default()));
        let text = written(&json!({"alg": "RS256", "kid": "k"}), &all);
        Token::read(&text).and_then(|token| token.good(100, "i", &["a".into()]))
    };
    for (claims, good) in [
        (json!({"exp": 101}), true),
        (json!({"exp": 100.5, "nbf": 99.5, "iat": 100}), true),
        (json!({"exp": 100}), false),
        (json!({"exp": 101, "nbf": 100.5}), false),
        (json!({"exp": 101, "iat": 101}), false),
        (json!({"exp": "101"}), false),
        (json!({}), false),
    ] {
        assert_eq!(token(claims.clone()).is_ok(), good, "{claims}");
    }
}
