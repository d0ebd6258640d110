use super::*;

fn check(raw: &str, expected: Result<&str, Invalid>) {
    assert_eq!(Text::parse(raw).map(|text| text.0), expected.map(str::to_owned), "{raw:?}");
}

#[test]
fn a_text_without_content_or_beyond_its_limit_is_refused() {
    check(" \n\t ", Err(Invalid::bounded("text", Rule::TooShort, 1)));
    check("\u{202e}\u{200b}", Err(Invalid::bounded("text", Rule::TooShort, 1)));
    check(&"x".repeat(4001), Err(Invalid::bounded("text", Rule::TooLong, 4000)));
    check("be\u{7}ll", Err(Invalid::new("text", Rule::Characters)));
    check("nul\0", Err(Invalid::new("text", Rule::Characters)));
}

#[test]
fn a_text_keeps_its_lines_and_is_composed() {
    check(" one\r\ntwo\rthree\t! \n", Ok("one\ntwo\nthree\t!"));
    check("e\u{301}", Ok("é"));
    check(&"😀".repeat(4000), Ok(&"😀".repeat(4000)));
}

#[test]
fn a_reaction_is_one_emoji_in_one_form() {
    for (raw, emoji) in [("👍", "👍"), ("❤", "❤\u{fe0f}"), (" 🎉 ", "🎉"), ("👍🏽", "👍🏽"), ("🇩🇪", "🇩🇪")]
    {
        assert_eq!(Emoji::parse(raw).unwrap().as_str(), emoji);
    }
    for raw in ["", "x", "👍👍", "👍 yes", "$where", "1", "\u{200d}"] {
        assert_eq!(Emoji::parse(raw).unwrap_err(), Invalid::new("emoji", Rule::Unknown), "{raw}");
    }
}
