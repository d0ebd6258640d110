//! Accounts and sessions.

use std::time::{Duration, Instant};

use parlour::ids::{SessionId, UserId};
use parlour::time;
use parlour::token::{Claims, Keys};
use parlour::wire::{Reason, Rule, Session};
use serde_json::{Value, json};

use super::client::{Person, dial};
use super::world::{PASSWORD, SECRET, story};

#[test]
fn a_registration_is_refused_with_the_field_the_rule_and_the_limit() {
    story(|world| async move {
        let refused = async |name: &str, password: &str| {
            let failure = world
                .http()
                .post("/register", None, &json!({ "name": name, "password": password }))
                .await
                .expect_failure(400);
            (failure.field.unwrap(), failure.rule.unwrap(), failure.limit)
        };
        assert_eq!(refused("a", PASSWORD).await, ("name".to_owned(), Rule::TooShort, Some(2)));
        assert_eq!(refused(&"a".repeat(33), PASSWORD).await, ("name".to_owned(), Rule::TooLong, Some(32)));
        assert_eq!(refused("an na", PASSWORD).await, ("name".to_owned(), Rule::Characters, None));
        assert_eq!(refused("an\u{200b}na", PASSWORD).await, ("name".to_owned(), Rule::Characters, None));
        assert_eq!(refused("anna", "sunshine").await, ("password".to_owned(), Rule::Common, None));
        assert_eq!(refused("annabella", "Annabella").await, ("password".to_owned(), Rule::Common, None));
        assert_eq!(refused("anna", "short").await, ("password".to_owned(), Rule::TooShort, Some(8)));
        assert_eq!(refused("anna", &"x".repeat(73)).await, ("password".to_owned(), Rule::TooManyBytes, Some(72)));
    });
}

#[test]
fn a_name_that_looks_like_a_taken_one_is_taken() {
    story(|world| async move {
        world.person("anna").await;
        for name in ["anna", "ANNA", "ａnna"] {
            let failure = world
                .http()
                .post("/register", None, &json!({ "name": name, "password": PASSWORD }))
                .await
                .expect_failure(409);
            assert_eq!(failure.reason, Some(Reason::NameTaken));
        }
    });
}

#[test]
fn a_registration_sent_again_is_the_same_one() {
    story(|world| async move {
        let body = json!({ "name": "anna", "password": PASSWORD, "client_id": "register-1" });
        let first: Session = world.http().post("/register", None, &body).await.expect_json(201);
        let again: Session = world.http().post("/register", None, &body).await.expect_json(201);
        assert_eq!(first.user, again.user);
        let mut other = body.clone();
        other["password"] = json!("another password");
        world.http().post("/register", None, &other).await.expect_failure(409);
    });
}

#[test]
fn a_wrong_name_and_a_wrong_password_are_one_answer() {
    story(|world| async move {
        world.person("anna").await;
        let login = async |name: &str, password: &str| {
            world.http().post("/login", None, &json!({ "name": name, "password": password })).await
        };
        let wrong_password = login("anna", "wrong password").await;
        let wrong_name = login("nobody", PASSWORD).await;
        assert_eq!(wrong_password.expect_failure(401).reason, Some(Reason::Credentials));
        assert_eq!(wrong_password.body, wrong_name.body);
        assert_eq!(login("no such name!", PASSWORD).await.body, wrong_name.body);
        let session: Session = login("ANNA", PASSWORD).await.expect_json(200);
        assert_eq!(session.user.name, "anna");
    });
}

#[test]
fn a_token_that_is_expired_tampered_with_or_unsigned_opens_nothing() {
    story(|world| async move {
        let anna = world.person("anna").await;
        for (what, token) in bad_tokens(&anna) {
            let failure = world.http().get("/rooms", Some(&token)).await.expect_failure(401);
            assert_eq!(failure.reason, Some(Reason::Token), "{what}");
            let refused =
                dial(world.socket_url(), &[("sec-websocket-protocol", &format!("parlour.v1, bearer.{token}"))]).await;
            assert_eq!(refused.unwrap_err().0, 401, "{what}");
        }
        assert_eq!(world.http().get("/rooms", anna.token()).await.status, 200);
    });
}

/// Tokens that must not open anything, made from one that does.
pub(super) fn bad_tokens(person: &Person) -> Vec<(&'static str, String)> {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let parts: Vec<&str> = person.session.access_token.split('.').collect();
    let payload: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    let text = |name: &str| payload[name].as_str().unwrap().to_owned();
    let claims =
        Claims { user: UserId::parse(&text("sub")).unwrap(), session: SessionId::parse(&text("sid")).unwrap() };
    let hour_ago = time::now().minus(Duration::from_secs(60 * 60));
    let unsigned = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
    let mut other = payload.clone();
    other["sub"] = json!("0123456789abcdef01234567");
    let other = URL_SAFE_NO_PAD.encode(other.to_string());
    let foreign = Keys::new("a secret that belongs to somebody else").unwrap();
    vec![
        ("expired", Keys::new(SECRET).unwrap().access(claims, hour_ago).unwrap()),
        ("tampered with", format!("{}.{other}.{}", parts[0], parts[2])),
        ("alg none", format!("{unsigned}.{}.", parts[1])),
        ("alg none, signed", format!("{unsigned}.{}.{}", parts[1], parts[2])),
        ("another key", foreign.access(claims, time::now()).unwrap()),
        ("no token at all", "garbage".to_owned()),
    ]
}

#[test]
fn a_session_goes_on_by_refresh_and_a_stolen_token_ends_it() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let refresh = async |token: &str| world.http().post("/refresh", None, &json!({ "refresh_token": token })).await;
        let first = anna.session.refresh_token.clone();
        let second: Session = refresh(&first).await.expect_json(200);
        let again: Session = refresh(&first).await.expect_json(200);
        assert_eq!(second.refresh_token, again.refresh_token, "a lost answer has the same repetition");
        assert_eq!(world.http().get("/rooms", Some(&second.access_token)).await.status, 200);
        let third: Session = refresh(&second.refresh_token).await.expect_json(200);
        let mut tab = anna.opens(&anna.makes("tea").await).await;
        assert_eq!(refresh(&first).await.expect_failure(401).reason, Some(Reason::Session));
        assert_eq!(tab.is_closed().await.map(|frame| u16::from(frame.code)), Some(1000));
        assert_eq!(refresh(&third.refresh_token).await.expect_failure(401).reason, Some(Reason::Session));
        assert_eq!(
            world.http().get("/rooms", Some(&third.access_token)).await.expect_failure(401).reason,
            Some(Reason::Session)
        );
    });
}

#[test]
fn signing_out_closes_the_sockets_of_that_session_within_two_seconds() {
    story(|world| async move {
        let (mut tab, mut reader) = world.pair("tea").await;
        let anna = tab.person.clone();
        let body = json!({ "name": "anna", "password": PASSWORD });
        let phone: Session = world.http().post("/login", None, &body).await.expect_json(200);
        let phone = Person::new(world.http().clone(), world.socket_url().to_owned(), phone);
        let mut on_phone = phone.opens(&tab.room).await;
        let began = Instant::now();
        let out = world.http().post("/logout", None, &json!({ "refresh_token": anna.session.refresh_token })).await;
        assert_eq!(out.status, 204);
        assert_eq!(tab.is_closed().await.map(|frame| u16::from(frame.code)), Some(1000));
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
        assert_eq!(world.http().get("/rooms", anna.token()).await.expect_failure(401).reason, Some(Reason::Session));
        on_phone.says("still here").await;
        reader.hears("still here").await;
        let again = world.http().post("/logout", None, &json!({ "refresh_token": anna.session.refresh_token })).await;
        assert_eq!(again.status, 204);
    });
}
