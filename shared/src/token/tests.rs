use std::time::Duration;

use super::*;

const SECRET: &str = "a secret that is at least 32 bytes long";
const NOW: i64 = 1_760_000_000_000;

fn keys() -> Keys {
    Keys::new(SECRET).unwrap()
}

fn claims() -> Claims {
    Claims { user: UserId::from_bytes([1; 12]), session: SessionId::from_bytes([2; 12]) }
}

fn refused(token: &str) -> bool {
    matches!(keys().claims(token, Timestamp::from_millis(NOW)), Err(Error::Unauthenticated(Unauthenticated::Token)))
}

/// A token with any header and payload, signed as HS256 by the right secret if `signed`.
fn forged(header: &str, payload: &str, signed: bool) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let signature = if signed { URL_SAFE_NO_PAD.encode(hmac::sign(&key, message.as_bytes())) } else { String::new() };
    format!("{message}.{signature}")
}

fn payload() -> String {
    let exp = NOW / 1000 + 60;
    format!(r#"{{"sub":"{}","sid":"{}","iat":1,"exp":{exp}}}"#, claims().user, claims().session)
}

#[test]
fn a_forged_token_is_refused() {
    assert!(!refused(&forged(r#"{"alg":"HS256","typ":"JWT"}"#, &payload(), true)), "the forger forges");
    assert!(refused(&forged(r#"{"alg":"none","typ":"JWT"}"#, &payload(), false)));
    assert!(refused(&forged(r#"{"alg":"none","typ":"JWT"}"#, &payload(), true)));
    assert!(refused(&forged(r#"{"alg":"HS512","typ":"JWT"}"#, &payload(), true)));
    assert!(refused(&forged(r#"{"alg":"HS256","typ":"JWT"}"#, &payload(), false)));
    assert!(refused(&forged(r#"{"alg":"HS256"}"#, &payload().replace("\"exp\"", "\"xep\""), true)));
    assert!(refused(&forged(r#"{"alg":"HS256"}"#, &payload().replace("\"sid\"", "\"dis\""), true)));
    for garbage in ["", ".", "..", "a.b.c", "🙂"] {
        assert!(refused(garbage), "{garbage}");
    }
}

#[test]
fn a_tampered_token_is_refused() {
    let token = keys().access(claims(), Timestamp::from_millis(NOW)).unwrap();
    let (message, signature) = token.rsplit_once('.').unwrap();
    let (header, _) = message.split_once('.').unwrap();
    let other = URL_SAFE_NO_PAD.encode(payload().replace("0101", "0303"));
    assert!(refused(&format!("{header}.{other}.{signature}")));
    let foreign = Keys::new("another secret of at least 32 bytes!").unwrap();
    assert!(refused(&foreign.access(claims(), Timestamp::from_millis(NOW)).unwrap()));
}

#[test]
fn a_token_is_good_for_fifteen_minutes() {
    let now = Timestamp::from_millis(NOW);
    let token = keys().access(claims(), now).unwrap();
    assert_eq!(keys().claims(&token, now.plus(Duration::from_secs(15 * 60 - 1))).unwrap(), claims());
    assert!(keys().claims(&token, now.plus(Duration::from_secs(15 * 60))).is_err());
}

#[test]
fn a_short_secret_is_refused() {
    assert!(Keys::new("too short").is_err());
}

#[test]
fn the_next_refresh_token_is_always_the_same_and_needs_the_secret() {
    let first = RefreshToken::first(claims().session).unwrap();
    let next = keys().next(&first);
    assert_eq!(next, keys().next(&first));
    assert_ne!(next, first);
    assert_ne!(next, keys().next(&next));
    assert_ne!(next, Keys::new("another secret of at least 32 bytes!").unwrap().next(&first));
    assert_eq!(keys().refresh_token(&keys().reveal(&next)).unwrap(), next);
    assert_eq!(next.session(), claims().session);
}

#[test]
fn a_refresh_token_that_is_none_is_refused() {
    let token = RefreshToken::first(claims().session).unwrap();
    let first = keys().reveal(&token);
    let unsealed = URL_SAFE_NO_PAD.encode(token.bytes());
    let foreign = Keys::new("another secret of at least 32 bytes!").unwrap().reveal(&token);
    for garbage in ["", "a", &first[1..], &format!("{first}AAAA"), "{\"$gt\":\"\"}", &unsealed, &foreign] {
        assert!(keys().refresh_token(garbage).is_err(), "{garbage}");
    }
}
