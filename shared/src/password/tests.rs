use super::*;

fn refused(raw: &str) -> Option<Invalid> {
    Password::parse_new("password", raw, "annabella").err()
}

#[test]
fn a_password_that_bcrypt_would_cut_is_refused() {
    assert_eq!(refused(&"ü".repeat(37)), Some(Invalid::bounded("password", Rule::TooManyBytes, 72)));
    assert_eq!(refused(&"x".repeat(73)), Some(Invalid::bounded("password", Rule::TooManyBytes, 72)));
    assert_eq!(refused("nul in\0side"), Some(Invalid::new("password", Rule::Characters)));
    assert_eq!(refused("über-große Bücher für müde Füße"), None);
}

#[test]
fn a_password_that_is_guessed_first_is_refused() {
    let common = Some(Invalid::new("password", Rule::Common));
    for password in [
        "password",
        "Passw0rd1",
        "12345678",
        "qwertyuiop",
        "iloveyou",
        "11111111",
        "abcdefgh",
        "trustno1!",
        "annabella",
        "Annabella1",
        "parlour1",
        &"ü".repeat(36),
    ] {
        assert_eq!(refused(password), common, "{password}");
    }
    for password in ["correct horse", "another battery staple", "vK3-pw9_xQ", "tulip canyon seven"] {
        assert_eq!(refused(password), None, "{password}");
    }
}

#[test]
fn a_password_of_seven_characters_is_refused() {
    assert_eq!(refused("sevenxy"), Some(Invalid::bounded("password", Rule::TooShort, 8)));
    assert_eq!(refused("e\u{301}e\u{301}e\u{301}e\u{301}"), Some(Invalid::bounded("password", Rule::TooShort, 8)));
}

#[tokio::test]
async fn only_the_right_password_matches_and_nobody_matches_nothing() {
    let password = |raw: &str| Password::parse("password", raw).unwrap();
    let hashed = hash(password("caf\u{e9} au lait"), 4).await.unwrap();
    assert!(matches(password("cafe\u{301} au lait"), Some(hashed.clone()), 4).await.unwrap());
    assert!(!matches(password("cafe au lait"), Some(hashed), 4).await.unwrap());
    assert!(!matches(password("cafe au lait"), None, 4).await.unwrap());
}

#[tokio::test]
async fn a_hash_of_less_cost_is_outdated_and_still_matches() {
    let password = || Password::parse("password", "cafe au lait").unwrap();
    let hashed = hash(password(), 4).await.unwrap();
    assert!(is_outdated(&hashed, 5));
    assert!(!is_outdated(&hashed, 4) && !is_outdated(&hashed, 3) && !is_outdated("", 12));
    assert!(matches(password(), Some(hashed.clone()), 6).await.unwrap());
    let wrong = Password::parse("password", "cafe sans lait").unwrap();
    assert!(!matches(wrong, Some(hashed), 6).await.unwrap());
}
