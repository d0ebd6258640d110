//! What the wire's types become elsewhere: the site's TypeScript, the schemas in the documents. A stale file is put right and fails the
//! test, so that what is committed is what holds.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};
use ts_rs::{Config, TS};

use super::*;
use crate::error::{Conflict, Unauthenticated};
use crate::permission::Refusal;

/// Calls a macro with every type of the wire.
macro_rules! for_each_type {
    ($call:ident) => {
        $call!(
            User,
            Session,
            Credentials,
            Refresh,
            Device,
            Sessions,
            NewPassword,
            Farewell,
            Profile,
            Receipts,
            NewRoom,
            NewDirect,
            NewAbout,
            NewDraft,
            About,
            Role,
            Kind,
            Room,
            Rooms,
            PublicRooms,
            Member,
            Members,
            NewInvitation,
            InvitedTo,
            Invitation,
            Invitations,
            Users,
            Found,
            Search,
            Pins,
            Version,
            Versions,
            Reaction,
            Mute,
            Ban,
            Bans,
            NewRole,
            NewMute,
            NewBan,
            NewOwner,
            Remover,
            Departure,
            Message,
            Page,
            Send,
            Edit,
            Delete,
            React,
            Pin,
            Positions,
            Read,
            Look,
            Typing,
            Request,
            Verdict,
            Catchup,
            Code,
            Rule,
            Reason,
            Failure,
            Frame
        )
    };
}

fn typescript() -> String {
    macro_rules! declarations {
        ($($name:ident),*) => {{
            let config = Config::default();
            vec![$({
                let docs = <$name as TS>::docs().unwrap_or_default();
                format!("{docs}export {}\n", <$name as TS>::decl(&config))
            }),*]
        }};
    }
    let declarations = for_each_type!(declarations);
    format!("// Generated from shared/src/wire.rs by `cargo test`. Do not edit.\n\n{}", declarations.join("\n"))
}

fn schemas() -> Value {
    macro_rules! definitions {
        ($($name:ident),*) => {{
            let settings = SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = "/components/schemas".into());
            let mut generator = settings.into_generator();
            $(generator.subschema_for::<$name>();)*
            Value::Object(generator.take_definitions(true))
        }};
    }
    let _: fn(&mut schemars::SchemaGenerator) -> schemars::Schema = User::json_schema;
    for_each_type!(definitions)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn put_right(path: &Path, expected: &str) {
    if std::fs::read_to_string(path).unwrap_or_default() != expected {
        std::fs::write(path, expected).unwrap();
        panic!("{} was stale. It has been written anew: look at the difference and commit it.", path.display());
    }
}

fn put_schemas_right(document: &str) {
    let path = root().join("docs").join(document);
    let mut content: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    content["components"]["schemas"] = schemas();
    put_right(&path, &format!("{}\n", serde_json::to_string_pretty(&content).unwrap()));
}

#[test]
fn the_types_of_the_site_are_those_of_the_wire() {
    put_right(&root().join("site/src/wire.ts"), &typescript());
}

#[test]
fn the_schemas_of_the_http_document_are_those_of_the_wire() {
    put_schemas_right("openapi.json");
}

#[test]
fn the_schemas_of_the_socket_document_are_those_of_the_wire() {
    put_schemas_right("asyncapi.json");
}

#[test]
fn what_cannot_be_read_is_named() {
    fn check<T: DeserializeOwned + std::fmt::Debug>(body: &str, field: &str, rule: text::Rule) {
        assert_eq!(parse::<T>(body.as_bytes()).unwrap_err(), Invalid::new(field.to_owned(), rule), "{body}");
    }
    check::<Credentials>("", "body", text::Rule::Json);
    check::<Credentials>("{", "body", text::Rule::Json);
    check::<Credentials>(&"[".repeat(100_000), "body", text::Rule::Json);
    check::<Credentials>("[]", "body", text::Rule::Type);
    check::<Credentials>("7", "body", text::Rule::Type);
    check::<Credentials>(r#"["anna","three calm armchairs"]"#, "body", text::Rule::Type);
    check::<NewAbout>("[]", "body", text::Rule::Type);
    check::<Credentials>("{}", "name", text::Rule::Required);
    check::<Credentials>(r#"{"name":"anna"}"#, "password", text::Rule::Required);
    check::<Credentials>(r#"{"name":{"$gt":""},"password":"x"}"#, "name", text::Rule::Type);
    check::<Credentials>(r#"{"name":"anna","password":["x"]}"#, "password", text::Rule::Type);
    check::<Positions>(r#"{"id":"1","rooms":{"a":"b"}}"#, "rooms.a", text::Rule::Type);
    check::<Positions>(r#"{"id":"1","rooms":[]}"#, "rooms", text::Rule::Type);
    check::<Read>(r#"{"id":"1","room":"r","seq":1.5,"position":0}"#, "seq", text::Rule::Type);
}

#[test]
fn a_body_that_is_not_utf_8_is_refused() {
    assert_eq!(parse::<Refresh>(b"{\"refresh_token\":\"\xff\"}").unwrap_err(), Invalid::new("body", text::Rule::Json));
}

#[test]
fn every_refusal_has_its_shape() {
    let refusals = [
        Error::Invalid(Invalid::bounded("text", text::Rule::TooLong, 4000)),
        Error::Unauthenticated(Unauthenticated::Credentials),
        Error::Unauthenticated(Unauthenticated::Token),
        Error::Unauthenticated(Unauthenticated::Session),
        Error::Forbidden(Refusal::Guest),
        Error::Forbidden(Refusal::Muted { wait: None }),
        Error::Forbidden(Refusal::Muted { wait: Some(std::time::Duration::from_secs(60)) }),
        Error::Forbidden(Refusal::Banned { wait: None }),
        Error::Forbidden(Refusal::Banned { wait: Some(std::time::Duration::from_secs(60)) }),
        Error::Forbidden(Refusal::Rank),
        Error::Forbidden(Refusal::Author),
        Error::Forbidden(Refusal::Archived),
        Error::Forbidden(Refusal::Direct),
        Error::Forbidden(Refusal::Suspended),
        Error::Forbidden(Refusal::Origin),
        Error::NotFound,
        Error::Conflict(Conflict::NameTaken),
        Error::Conflict(Conflict::TooManyRooms),
        Error::Conflict(Conflict::Deleted),
        Error::Conflict(Conflict::TooManyEdits),
        Error::Conflict(Conflict::TooManyReactions),
        Error::Conflict(Conflict::TooManyPins),
        Error::Conflict(Conflict::TooManyInvitations),
        Error::Conflict(Conflict::TheirTooManyRooms),
        Error::Limited { wait: std::time::Duration::from_millis(1500) },
        Error::TooLarge { limit: 65536 },
        Error::Unavailable("the database's own words".into()),
        Error::Internal("a secret of ours".into()),
    ];
    let shapes: Vec<Value> = refusals
        .iter()
        .map(|error| json!({ "status": error.status(), "body": Frame::Error(Failure::new(error, Some("7".to_owned()))) }))
        .collect();
    insta::assert_json_snapshot!(shapes);
}

#[test]
fn every_frame_has_its_shape() {
    let user = || User { id: "00112233445566778899aabb".to_owned(), name: "anna".to_owned() };
    let message = || Message {
        seq: 2,
        rev: 3,
        author: user(),
        client_id: "c1c1c1c1".to_owned(),
        text: "hi".to_owned(),
        reply_to: None,
        mentions: Vec::new(),
        mentions_room: false,
        reactions: Vec::new(),
        at: 4,
        pinned_at: None,
        edited_at: None,
        deleted_at: None,
        deleted_by: None,
    };
    let (id, room) = (|| "7".to_owned(), || "ffeeddccbbaa998877665544".to_owned());
    let member = |muted| Member { user: user(), role: Role::Owner, online: false, seen_at: None, muted, read: None };
    let catchup =
        Catchup { room: room(), from: 1, to: 3, head: 4, said: 2, changes: vec![message()], verdict: Verdict::More };
    let about = |topic: &str, description: &str, archived| About {
        name: "tea".to_owned(),
        topic: topic.to_owned(),
        description: description.to_owned(),
        archived,
    };
    let invitation = || Invitation {
        id: "AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        room: InvitedTo { id: room(), name: "tea".to_owned(), kind: Kind::Private },
        by: user(),
        user: Some(user()),
        expires_at: 9,
        uses: 1,
        used: 0,
    };
    let frames = [
        Frame::Sent { id: id(), room: room(), message: message() },
        Frame::Sent {
            id: id(),
            room: room(),
            message: Message {
                edited_at: Some(5),
                deleted_at: Some(6),
                deleted_by: Some(Remover::Moderator),
                text: String::new(),
                ..message()
            },
        },
        Frame::Sent {
            id: id(),
            room: room(),
            message: Message {
                reply_to: Some(1),
                reactions: vec![Reaction { emoji: "👍".to_owned(), users: vec![user().id] }],
                ..message()
            },
        },
        Frame::Sent {
            id: id(),
            room: room(),
            message: Message { mentions: vec![user().id], mentions_room: true, pinned_at: Some(5), ..message() },
        },
        Frame::About { room: room(), about: about("", "", false) },
        Frame::About { room: room(), about: about("today", "what it is for", true) },
        Frame::Invited { invitation: invitation() },
        Frame::Draft { room: room(), text: "I mean".to_owned() },
        Frame::Changed { id: id(), room: room(), seq: 2, rev: 4 },
        Frame::Synced { id: id(), rooms: vec![catchup], gone: vec![room()], more: true },
        Frame::Pong { id: id(), behind: vec![room()] },
        Frame::Read { id: id(), room: room(), unread: 5, mentions: 1, retry_after: None },
        Frame::Read { id: id(), room: room(), unread: 0, mentions: 0, retry_after: Some(2_500) },
        Frame::Noted { id: id() },
        Frame::Signals { room: room(), typing: vec![user()], count: None, seen: [(user().id, 2)].into() },
        Frame::Signals { room: room(), typing: vec![], count: Some(7), seen: [].into() },
        Frame::Seen { room: room(), seq: 2, unread: 5, mentions: 1 },
        Frame::Changes { room: room(), from: 2, to: 3, said: 2, changes: vec![message()] },
        Frame::Presence { user: user(), online: true },
        Frame::Joined { room: room(), member: member(None) },
        Frame::Left { room: room(), user: user(), reason: None },
        Frame::Left { room: room(), user: user(), reason: Some(Departure::Banned) },
        Frame::Member { room: room(), member: member(Some(Mute { until: None })) },
        Frame::Member { room: room(), member: member(Some(Mute { until: Some(8) })) },
    ];
    insta::assert_json_snapshot!(frames);
}
