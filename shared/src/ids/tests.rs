use super::*;

#[test]
fn an_id_that_is_not_24_hexadecimal_digits_is_refused() {
    for text in [
        "",
        "1",
        "00112233445566778899aabb0",
        "00112233445566778899aabg",
        "00112233445566778899AABB",
        "é0112233445566778899aab",
    ] {
        assert_eq!(RoomId::parse(text), Err(Invalid::new("room", Rule::Format)), "{text}");
    }
}

#[test]
fn an_id_prints_as_it_was_parsed() {
    let text = "00112233445566778899aabb";
    assert_eq!(UserId::parse(text).map(|id| id.to_string()), Ok(text.to_owned()));
}

#[test]
fn a_client_id_has_its_limits() {
    assert_eq!(ClientId::parse("seven77"), Err(Invalid::bounded("client_id", Rule::TooShort, 8)));
    assert_eq!(ClientId::parse(&"x".repeat(65)), Err(Invalid::bounded("client_id", Rule::TooLong, 64)));
    assert_eq!(ClientId::parse("{\"$gt\":\"\"}"), Err(Invalid::new("client_id", Rule::Characters)));
    assert!(ClientId::parse("0f8fad5b-d9cb-469f-a165-70867728950e").is_ok());
}
