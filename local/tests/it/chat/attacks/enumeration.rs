//! What the time of an answer tells.

#![expect(clippy::print_stdout, reason = "what was tried and measured is told")]

use std::time::{Duration, Instant};

use http::Method;
use parlour::wire::Room;
use serde_json::json;

use super::super::client::{Http, client_id};
use super::super::world::story;

/// How often each is asked: enough for a median that a busy machine does not move.
const TIMES: usize = 150;

/// How much longer one of two answers may take that should tell nothing. A look at the room itself would be half as much again.
const ALIKE: f64 = 1.3;

async fn taken(http: &Http, method: &Method, path: &str, token: Option<&str>) -> Duration {
    let began = Instant::now();
    let answer = http.send(method.clone(), path, token, "{}".into()).await;
    assert_eq!(answer.status, 404, "{path}");
    began.elapsed()
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64()
}

#[test]
fn a_missing_room_takes_as_long_as_one_of_somebody_else() {
    story(|world| async move {
        let (anna, eve) = (world.person("anna").await, world.person("eve").await);
        let tea = anna.makes("tea").await;
        let mut tab = anna.opens(&tea).await;
        for n in 0..50 {
            tab.says(&format!("message {n}")).await;
        }
        let hidden: Room = anna
            .posts("/rooms", json!({ "name": "hidden", "kind": "private", "client_id": client_id() }))
            .await
            .expect_json(201);
        for (method, path, room) in [
            (Method::GET, "/rooms/{room}/members", &tea),
            (Method::GET, "/rooms/{room}/messages", &tea),
            (Method::POST, "/rooms/{room}/join", &hidden),
        ] {
            let (theirs, missing) =
                (path.replace("{room}", &room.id), path.replace("{room}", "0123456789abcdef01234567"));
            let (mut slow, mut fast) = (Vec::new(), Vec::new());
            // One after the other, so that whatever else the machine does happens to both.
            for _ in 0..TIMES {
                slow.push(taken(world.http(), &method, &theirs, eve.token()).await);
                fast.push(taken(world.http(), &method, &missing, eve.token()).await);
            }
            let (slow, fast) = (median(slow), median(fast));
            let ratio = slow.max(fast) / slow.min(fast);
            println!("{path}: another's {slow:.6} s, missing {fast:.6} s, ratio {ratio:.2}");
            assert!(ratio < ALIKE, "{path}: another's room takes {slow} s and a missing one {fast} s");
        }
    });
}

/// Texts that make a careless check take long, each with a harmless one that is as long.
#[test]
fn no_text_takes_much_longer_to_check_than_another_of_its_length() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let send = async |path: &str, field: &str, text: &str| {
            let began = Instant::now();
            let body = json!({ field: text, "password": "three calm armchairs", "client_id": client_id() });
            let answer = world.http().post(path, anna.token(), &body).await;
            assert!(answer.status < 500, "{path} answered {}", answer.status);
            began.elapsed()
        };
        let search = async |text: &str| {
            let began = Instant::now();
            let answer = world.http().get(&format!("/rooms/public?prefix={text}&after={text}"), anna.token()).await;
            assert!(answer.status < 500, "{}", answer.status);
            began.elapsed()
        };
        // 32 KB of marks that have to be put in order, of what expands, and of what repeats itself.
        let marks = format!("a{}", "\u{0327}\u{0301}".repeat(8_000));
        let expanding = "\u{fdfa}".repeat(10_000);
        let repeated = format!("{}!", "ab".repeat(16_000));
        for (path, field) in [("/register", "name"), ("/rooms", "name"), ("/register", "password"), ("/login", "name")]
        {
            for evil in [&marks, &expanding, &repeated] {
                let plain = "x".repeat(evil.len());
                let (mut slow, mut fast) = (Vec::new(), Vec::new());
                for _ in 0..15 {
                    slow.push(send(path, field, evil).await);
                    fast.push(send(path, field, &plain).await);
                }
                let (slow, fast) = (median(slow), median(fast));
                // Order and expansion are work, in proportion to the text: what is more than that would be a hundred times as much.
                assert!(slow < 15.0 * fast.max(0.002), "{path} {field}: {slow} s against {fast} s: {evil:.20}");
            }
        }
        let deep = format!("{}{}", "[".repeat(16_000), "]".repeat(16_000));
        let (mut slow, mut fast) = (Vec::new(), Vec::new());
        for _ in 0..15 {
            let began = Instant::now();
            world.http().send(Method::POST, "/rooms", anna.token(), deep.clone().into()).await.expect_failure(400);
            slow.push(began.elapsed());
            fast.push(send("/rooms", "name", &"x".repeat(32_000)).await);
        }
        assert!(median(slow.clone()) < 5.0 * median(fast).max(0.002), "deep JSON: {:?}", median(slow));
        let (mut slow, mut fast) = (Vec::new(), Vec::new());
        for _ in 0..15 {
            slow.push(search(&"(a%2B)%2B".repeat(300)).await);
            slow.push(search(&"%CC%81".repeat(400)).await);
            fast.push(search("tea").await);
        }
        let (slow, fast) = (median(slow), median(fast));
        assert!(slow < 5.0 * fast.max(0.002), "search: {slow} s against {fast} s");
        let words = async |text: &str| {
            let began = Instant::now();
            let answer = world.http().get(&format!("/search?q={text}"), anna.token()).await;
            assert!(answer.status < 500, "{}", answer.status);
            began.elapsed()
        };
        let mut tab = anna.opens(&anna.makes("tea").await).await;
        let (mut slow, mut fast) = (Vec::new(), Vec::new());
        for n in 0..15 {
            slow.push(words(&"a%CC%81b%20".repeat(40)).await);
            slow.push(words(&"%22-a".repeat(40)).await);
            fast.push(words("tea").await);
            // As long as a message may be: of words that are all mentions, of what repeats itself, and of what expands.
            for text in ["@a ".repeat(1_300), "ab".repeat(1_990), "\u{fdfa}".repeat(3_990)] {
                let began = Instant::now();
                tab.says(&format!("{n}{text}")).await;
                slow.push(began.elapsed());
            }
            let began = Instant::now();
            tab.says(&format!("{n}{}", "x".repeat(3_990))).await;
            fast.push(began.elapsed());
        }
        let (slow, fast) = (median(slow), median(fast));
        assert!(slow < 5.0 * fast.max(0.002), "words and messages: {slow} s against {fast} s");
    });
}
