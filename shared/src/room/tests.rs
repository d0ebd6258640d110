use super::*;

fn check(raw: &str, expected: Result<&str, Invalid>) {
    assert_eq!(RoomName::parse(raw).map(|name| name.0), expected.map(str::to_owned), "{raw:?}");
}

#[test]
fn a_room_name_that_cannot_be_seen_or_read_on_one_line_is_refused() {
    for raw in
        ["tea\nroom", "tea\u{202e}moor", "\u{200d}\u{fe0f}", "tea\u{7}", "tea\u{200b}", "x\u{300}\u{301}\u{302}\u{303}"]
    {
        check(raw, Err(Invalid::new("name", Rule::Characters)));
    }
    check("   ", Err(Invalid::bounded("name", Rule::TooShort, 1)));
    check(&"t".repeat(65), Err(Invalid::bounded("name", Rule::TooLong, 64)));
}

#[test]
fn a_room_name_is_tidied() {
    check("  the   tea  room ", Ok("the tea room"));
    check("👩\u{200d}💻 café", Ok("👩\u{200d}💻 café"));
}
