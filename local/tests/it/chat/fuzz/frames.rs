//! The socket, asked with what the schemas of docs/asyncapi.json allow and with what is nearly so. Every frame gets one answer, of a documented form,
//! that is no failure of ours and names the request; and the socket stays open.

#![expect(clippy::print_stdout, reason = "what was tried and measured is told")]

use std::time::Instant;

use fastrand::Rng;
use parlour::wire::{Code, Frame};
use serde_json::{Map, Value, json};

use super::super::client::Tab;
use super::super::world::{root, story};

/// How long it tries, in seconds.
const SECONDS: u64 = 15;

/// Frames that are written before the answers are looked at.
const AT_ONCE: usize = 20;

const STRINGS: [&str; 16] = [
    "",
    " ",
    "a",
    "client-id-1",
    "client-id-2",
    "0123456789abcdef01234567",
    "$where",
    "__proto__",
    "../../etc/passwd",
    "'; return true; //",
    "<script>alert(1)</script>",
    "\u{0}",
    "\u{202e}\u{200b}\u{feff}",
    "e\u{301}\u{302}\u{303}\u{304}\u{305}",
    "\u{1f469}\u{200d}\u{1f680}",
    "null",
];

const NUMBERS: [i64; 12] = [0, 1, 2, 3, -1, 7, 100, i32::MAX as i64, 1 << 53, (1 << 53) + 1, i64::MIN, i64::MAX];

/// Numbers that a client may write and no `i64` is. They are put into the text, because no value can hold them.
const NO_NUMBERS: [&str; 8] =
    ["1e400", "-1e400", "1.5", "-0.0", "9223372036854775808", "1e-400", "00", "123456789012345678901234567890"];

/// Stands in a value for one of them.
const HOLE: &str = "no number";

#[test]
fn no_frame_is_answered_with_anything_undocumented() {
    story(|world| async move {
        let (mut anna, mut ben) = world.pair("tea").await;
        let document = std::fs::read_to_string(root().join("docs/asyncapi.json")).unwrap();
        let mut maker = Maker {
            schemas: serde_json::from_str::<Value>(&document).unwrap()["components"]["schemas"].clone(),
            random: Rng::with_seed(7),
            room: anna.room.id.clone(),
        };
        let (until, mut asked, mut codes) =
            (Instant::now() + super::time(SECONDS), 0, std::collections::BTreeMap::new());
        while Instant::now() < until {
            let frames: Vec<String> = (0..AT_ONCE).map(|_| maker.frame()).collect();
            for frame in &frames {
                anna.writes(frame).await;
            }
            for _ in &frames {
                *codes.entry(kind(&answer(&mut anna, &frames).await)).or_insert(0) += 1;
            }
            asked += frames.len();
        }
        println!("{asked} frames: {codes:?}");
        for kind in ["sent", "changed", "synced", "pong", "read", "Invalid", "NotFound"] {
            assert!(codes.contains_key(kind), "nothing was answered with {kind}: {codes:?}");
        }
        anna.says("still here").await;
        anna.catches_up_to("still here").await;
        ben.catches_up_to("still here").await;
    });
}

/// The next answer, which has to be one of these requests'.
async fn answer(tab: &mut Tab, requests: &[String]) -> Frame {
    let is_answer = |frame: &Frame| {
        !matches!(frame, Frame::Changes { .. } | Frame::Presence { .. } | Frame::Joined { .. } | Frame::Left { .. })
    };
    let frame = tab.finds(&format!("an answer to one of {requests:#?}"), is_answer).await;
    let id = serde_json::to_value(&frame).unwrap()["id"].as_str().map(str::to_owned);
    if let Some(id) = id {
        let quoted = json!(id).to_string();
        assert!(requests.iter().any(|request| request.contains(&quoted)), "{frame:?} answers none of {requests:#?}");
    }
    if let Frame::Error(failure) = &frame {
        // Only signals are limited here.
        let is_theirs = !matches!(failure.code, Code::Internal | Code::Unavailable | Code::Unauthenticated);
        assert!(is_theirs, "{failure:?} answers one of {requests:#?}");
    }
    frame
}

fn kind(frame: &Frame) -> String {
    match frame {
        Frame::Error(failure) => format!("{:?}", failure.code),
        other => serde_json::to_value(other).unwrap()["type"].as_str().unwrap().to_owned(),
    }
}

struct Maker {
    schemas: Value,
    random: Rng,
    room: String,
}

impl Maker {
    /// The text of a frame: of three, one is as the schema has it, one is changed here and there, and one is broken.
    fn frame(&mut self) -> String {
        let schema = self.schemas["Request"].clone();
        let mut value = self.value(&schema, "");
        let kind = self.random.u8(0..3);
        if kind > 0 {
            for _ in 0..self.random.usize(1..4) {
                self.spoil(&mut value);
            }
        }
        let hole = json!(HOLE).to_string();
        let text = value.to_string().replace(&hole, self.random.choice(NO_NUMBERS).unwrap());
        if kind == 2 { self.garble(text) } else { text }
    }

    /// Something that a schema allows.
    fn value(&mut self, schema: &Value, name: &str) -> Value {
        if let Some(choices) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
            let chosen = self.random.choice(choices).unwrap().clone();
            return self.value(&chosen, name);
        }
        if let Some(constant) = schema.get("const") {
            return constant.clone();
        }
        let mut fields = Map::new();
        if let Some(reference) = schema["$ref"].as_str() {
            let referred = self.schemas[reference.rsplit('/').next().unwrap()].clone();
            match self.value(&referred, name) {
                Value::Object(more) => fields = more,
                other => return other,
            }
        }
        let kind = schema["type"].as_array().map_or(&schema["type"], |kinds| &kinds[0]).as_str().unwrap_or("object");
        match kind {
            "string" => self.string(name),
            "integer" => json!(self.number()),
            "boolean" => json!(self.random.bool()),
            "array" => (0..self.random.usize(0..4)).map(|_| self.value(&schema["items"], name)).collect(),
            "object" => {
                for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
                    fields.insert(name.clone(), self.value(schema, name));
                }
                if let Some(schema) = schema.get("additionalProperties").filter(|schema| schema.is_object()) {
                    for _ in 0..self.random.usize(0..5) {
                        let key = self.string("room");
                        fields.insert(key.as_str().unwrap().to_owned(), self.value(schema, name));
                    }
                }
                Value::Object(fields)
            }
            other => panic!("a schema of the type {other}"),
        }
    }

    /// Mostly one that gets past the first check, so that what lies behind it is reached.
    fn string(&mut self, name: &str) -> Value {
        let n = self.random.u16(..);
        match (name, n % 4) {
            ("room", 1..) => json!(self.room),
            ("id", 1..) => json!(format!("request-{n}")),
            ("client_id", 1) => json!(format!("client-id-{}", n % 8)),
            ("client_id", 2..) => json!(format!("client-id-{n}-{}", self.random.u32(..))),
            ("text", 1) => json!("said"),
            ("text", 2) => {
                json!(self.random.choice(["e\u{301}", "a", "\u{300}", "\n"]).unwrap().repeat(usize::from(n % 5000)))
            }
            ("emoji", 1..) => {
                json!(self.random.choice(["\u{1f44d}", "\u{1f389}", "\u{2764}\u{fe0f}", "\u{1f1e6}\u{1f1f9}"]).unwrap())
            }
            (_, 3) => json!((0..n % 40).map(|_| self.random.char(..)).collect::<String>()),
            _ => json!(self.random.choice(STRINGS).unwrap()),
        }
    }

    fn number(&mut self) -> i64 {
        if self.random.bool() { self.random.i64(-2..30) } else { *self.random.choice(&NUMBERS).unwrap() }
    }

    /// Changes one thing, at any depth.
    fn spoil(&mut self, value: &mut Value) {
        match value {
            Value::Object(fields) if !fields.is_empty() && self.random.u8(0..8) > 0 => {
                let name = self.random.choice(fields.keys()).unwrap().clone();
                match self.random.u8(0..6) {
                    0 => drop(fields.remove(&name)),
                    1 => drop(fields.insert(self.random.choice(STRINGS).unwrap().to_owned(), json!({ "$ne": null }))),
                    2 => drop(fields.insert(
                        name,
                        json!(self.random.choice(["send", "edit", "delete", "react", "sync", "ping", "read"]).unwrap()),
                    )),
                    _ => self.spoil(&mut fields[&name]),
                }
            }
            Value::Array(items) if !items.is_empty() => {
                let item = self.random.usize(..items.len());
                self.spoil(&mut items[item]);
            }
            _ => *value = self.wrong(),
        }
    }

    fn wrong(&mut self) -> Value {
        let operators = ["$ne", "$gt", "$where", "$regex", "$in", "$expr"];
        match self.random.u8(0..9) {
            0 => Value::Null,
            1 => json!(self.random.bool()),
            2 => json!(self.number()),
            3 => json!(self.random.f64() * 1e9),
            4 => json!(HOLE),
            5 => json!([]),
            6 => {
                json!({ (*self.random.choice(&operators).unwrap()): self.random.choice([json!(null), json!(""), json!([])]).unwrap() })
            }
            7 => json!((0..self.random.usize(0..300)).map(|n| (n.to_string(), json!(n))).collect::<Map<_, _>>()),
            _ => json!(self.random.choice(STRINGS).unwrap()),
        }
    }

    /// Text that is perhaps no JSON any more.
    fn garble(&mut self, mut text: String) -> String {
        let at = |random: &mut Rng, text: &str| {
            (0..=random.usize(0..=text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap()
        };
        let here = at(&mut self.random, &text);
        match self.random.u8(0..5) {
            0 => text.truncate(here),
            1 => text.insert(here, self.random.char(..)),
            2 => text.insert_str(here, &"[".repeat(self.random.usize(1..3000))),
            3 => text = format!("{text}{text}"),
            _ => text.insert_str(here, self.random.choice(["\"", "}", ",", "\\u0000", "\\ud800", ":", "1"]).unwrap()),
        }
        text
    }
}
