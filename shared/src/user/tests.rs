use super::*;

fn check(raw: &str, expected: Result<&str, Invalid>) {
    assert_eq!(Username::parse(raw).map(|name| name.0), expected.map(str::to_owned), "{raw:?}");
}

#[test]
fn a_name_that_nobody_could_tell_apart_or_type_is_refused() {
    for raw in [
        "a b",
        "-anna",
        "_anna",
        "an\u{200b}na",
        "an\u{202e}na",
        "anna\u{fe0f}",
        "an\u{3164}na",
        "a\nb",
        "😀😀",
        "<b>",
        "a\u{300}\u{301}\u{302}\u{303}\u{304}",
    ] {
        check(raw, Err(Invalid::new("name", Rule::Characters)));
    }
}

#[test]
fn a_name_has_between_2_and_32_characters() {
    check("", Err(Invalid::bounded("name", Rule::TooShort, 2)));
    check(" a ", Err(Invalid::bounded("name", Rule::TooShort, 2)));
    check(&"é".repeat(33), Err(Invalid::bounded("name", Rule::TooLong, 32)));
    check(&"e\u{301}".repeat(32), Ok(&"é".repeat(32)));
}

#[test]
fn names_of_all_scripts_are_welcome() {
    for raw in ["Anna", "Jean-Luc", "o.k", "Łukasz_9", "अनिल", "王小明", "עדי", "สมชาย"] {
        check(raw, Ok(raw));
    }
}
