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
    for short in ["", "too short", &format!("{SECRET}|too short"), &format!("{SECRET}|"), &format!("|{SECRET}")] {
        assert!(Keys::new(short).is_err(), "{short}");
    }
}

const NEW: &str = "the secret that takes over from the other";

#[test]
fn a_secret_is_replaced_without_signing_anybody_out() {
    let now = Timestamp::from_millis(NOW);
    let rotating = |secrets: &str| Keys::new(secrets).unwrap();
    let first = RefreshToken::first(claims().session).unwrap();
    let steps = [SECRET.to_owned(), format!("{SECRET}|{NEW}"), format!("{NEW} | {SECRET}"), NEW.to_owned()];
    for (before, after) in steps.iter().zip(&steps[1..]) {
        let (before, after) = (rotating(before), rotating(after));
        for (here, there) in [(&before, &after), (&after, &before)] {
            let token = here.access(claims(), now).unwrap();
            assert_eq!(
                there.claims(&token, now).ok(),
                Some(claims()),
                "an access token is refused during a deployment"
            );
            assert_eq!(there.refresh_token(&here.reveal(&first)).ok(), Some(first.clone()));
        }
    }
    for (before, after) in [(0, 2), (0, 3), (1, 3)] {
        let (before, after) = (rotating(&steps[before]), rotating(&steps[after]));
        let from_before = before.access(claims(), now).unwrap();
        let is_good = after.claims(&from_before, now).is_ok();
        assert_eq!(
            is_good,
            after.all().any(|key| key.id == before.first.id),
            "a secret that was taken out still opens"
        );
    }
    let (old, new) = (rotating(&steps[1]), rotating(&steps[2]));
    assert_ne!(old.next(&first)[0], new.next(&first)[0]);
    assert!(new.next(&first).contains(&old.next(&first)[0]), "a repeated refresh has another answer");
}

#[test]
fn the_key_that_a_token_names_has_to_be_the_one_that_signed_it() {
    let keys = Keys::new(&format!("{NEW}|{SECRET}")).unwrap();
    let now = Timestamp::from_millis(NOW);
    let token = |kid: &str| forged(&format!(r#"{{"alg":"HS256","typ":"JWT","kid":"{kid}"}}"#), &payload(), true);
    let (new, old) = (keys.first.id.clone(), keys.others[0].id.clone());
    assert_ne!(new, old);
    assert_eq!(keys.claims(&token(&old), now).ok(), Some(claims()));
    for kid in [new.as_str(), "", "unknown", "../../etc/passwd", "' or 1=1"] {
        assert!(keys.claims(&token(kid), now).is_err(), "{kid}");
    }
    let unnamed = forged(r#"{"alg":"HS256","typ":"JWT"}"#, &payload(), true);
    assert_eq!(keys.claims(&unnamed, now).ok(), Some(claims()), "a token from before keys had names is refused");
    for alg in ["none", "None", "HS384", "HS512", "RS256"] {
        let header = format!(r#"{{"alg":"{alg}","typ":"JWT","kid":"{old}"}}"#);
        assert!(keys.claims(&forged(&header, &payload(), true), now).is_err(), "{alg}");
        assert!(keys.claims(&forged(&header, &payload(), false), now).is_err(), "{alg}, unsigned");
    }
}

#[test]
fn the_next_refresh_token_is_always_the_same_and_needs_the_secret() {
    let first = RefreshToken::first(claims().session).unwrap();
    let follows = |keys: Keys, token: &RefreshToken| keys.next(token).remove(0);
    let next = follows(keys(), &first);
    assert_eq!(next, follows(keys(), &first));
    assert_ne!(next, first);
    assert_ne!(next, follows(keys(), &next));
    assert_ne!(next, follows(Keys::new("another secret of at least 32 bytes!").unwrap(), &first));
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
