use super::device_name;

#[test]
fn a_browser_is_named_by_what_it_is_and_what_it_runs_on() {
    let mac = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit";
    for (agent, name) in [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".to_owned(), "Firefox on Linux"),
        (format!("{mac}/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"), "Chrome on macOS"),
        (format!("{mac}/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15"), "Safari on macOS"),
        (format!("{mac}/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"), "Edge on macOS"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 CriOS/140.0 Safari/604.1"
                .to_owned(),
            "Chrome on iPhone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36"
                .to_owned(),
            "Chrome on Android",
        ),
    ] {
        assert_eq!(device_name(&agent), name, "{agent}");
    }
}

#[test]
fn whatever_else_a_client_calls_itself_is_a_short_plain_word() {
    for (agent, name) in [
        ("", ""),
        ("curl/8.5.0", "curl"),
        ("my-bot (v1)", "my-bot"),
        ("<script>alert(1)</script>", "scriptalert"),
        ("\u{202e}evil\u{200b}\u{7}/1", "evil"),
        ("   ", ""),
    ] {
        assert_eq!(device_name(agent), name, "{agent}");
    }
    assert_eq!(device_name(&"ä".repeat(10_000)).chars().count(), 32);
}
