//! Following rooms: frames, `sync`, `ping`, and pages of the history.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::Method;

use super::{Client, Event, HEARTBEAT, PATIENCE, Question, SILENCE};
use crate::checker::ledger::CatchUp;
use crate::checker::record::{Ms, Read, Said, Step, TroubleKind, Via};
use crate::checker::timeline::{Range, Timeline};
use crate::checker::wire::{self, Catchup, Frame, Page};

impl Client {
    pub(super) fn hear(&mut self, number: u32, text: &str, now: Ms) {
        if self.socket.as_ref().is_some_and(|ready| ready.socket.number == number) {
            self.heard_at = now;
        }
        match serde_json::from_str(text) {
            Ok(Frame::Changes { room, from, to, changes }) => {
                let changes = changes.into_iter().map(Into::into).collect();
                self.range(&room, Range { via: Via::Frame, socket: number, from, to, changes }, now);
            }
            Ok(Frame::Synced { id, rooms, gone, more }) => self.synced(number, &id, rooms, &gone, more, now),
            Ok(Frame::Pong { id, behind }) => {
                self.wants_sync |= !behind.is_empty();
                if self.ping.id.as_ref() == Some(&id) {
                    self.ping = Question::default();
                }
            }
            Ok(Frame::Sent { id, message }) => {
                let message: crate::checker::record::Message = message.into();
                self.answered(&id, Said::Sent { seq: message.seq, rev: message.rev }, now);
            }
            Ok(Frame::Changed { id, seq, rev }) => self.answered(&id, Said::Changed { seq, rev }, now),
            Ok(Frame::Error { id, code, reason, retry_after }) => {
                if code == "unauthenticated" {
                    // This socket was taken out; the client is to connect again.
                    self.trouble(TroubleKind::TakenOut, None, format!("socket {number}, {reason:?}"), now);
                    self.closed(number, "was taken out", now);
                }
                if let Some(id) = id {
                    self.refused(&id, code, retry_after, now);
                }
            }
            Ok(Frame::Signal) => {}
            Err(_) => self.failed_somewhere(number, now),
        }
    }

    /// The gateway says that an invocation failed, and not which: what is under way is asked again in a moment.
    fn failed_somewhere(&mut self, number: u32, now: Ms) {
        if self.next.as_ref().is_some_and(|next| next.number == number) {
            return self.give_up_next(now);
        }
        let again = now + self.random.between(100, 600);
        for due in self.pending.values_mut() {
            *due = again;
        }
        if self.sync.id.is_some() {
            self.sync = Question { id: None, due: again };
            self.wants_sync = true;
        }
    }

    fn range(&mut self, room: &str, range: Range, now: Ms) {
        let Some(room) = self.shared.rooms.iter().position(|id| id == room) else { return };
        let Some(timeline) = self.timelines.get_mut(&room) else { return };
        let (from, at, via) = (range.from, timeline.log.position, range.via);
        let has_settled_in = timeline.has_settled_in();
        if timeline.hear(range, now) == Step::Gap {
            // The sync that is under way may close it.
            self.wants_sync |= self.sync.id.is_none();
            if via == Via::Frame && has_settled_in && self.is_settled_in(now) {
                self.trouble(
                    TroubleKind::Gap,
                    Some((room, at + 1)),
                    format!("a frame from {from} at position {at}"),
                    now,
                );
            }
        }
    }

    fn synced(&mut self, number: u32, id: &str, rooms: Vec<Catchup>, gone: &[String], more: bool, now: Ms) {
        for Catchup { room, from, to, head, changes, verdict } in rooms {
            let changes = changes.into_iter().map(Into::into).collect();
            self.range(&room, Range { via: Via::Sync, socket: number, from, to, changes }, now);
            let room = self.shared.rooms.iter().position(|id| *id == room);
            if let Some(timeline) = room.and_then(|room| self.timelines.get_mut(&room)) {
                timeline.hear_of(head, now);
            }
            self.wants_sync |= verdict == "more";
        }
        for room in gone {
            self.trouble(TroubleKind::TakenOut, None, format!("out of the room {room}"), now);
        }
        self.wants_sync |= more || self.timelines.values().any(Timeline::has_gap);
        if self.sync.id.as_deref() == Some(id) {
            self.sync = Question::default();
        }
        if self.next.as_ref().is_some_and(|next| next.first_sync.as_deref() == Some(id)) {
            self.take_over(now);
        }
    }

    /// Asks for what is missing, says that it is there, and looks whether it is level again.
    pub(super) fn follow(&mut self, now: Ms) {
        let settled_in = self.is_settled_in(now);
        for (room, timeline) in &mut self.timelines {
            if timeline.is_overdue(now) {
                self.wants_sync = true;
                if settled_in && timeline.has_settled_in() {
                    let story = format!("at {}, the room at {}", timeline.log.position, timeline.head());
                    let (client, kind, room) =
                        (self.me.number, TroubleKind::Overdue, Some((*room, timeline.log.position + 1)));
                    let trouble = crate::checker::record::Trouble { at: now, client, kind, room, story };
                    self.shared.ledger().troubles.push(trouble);
                }
            }
        }
        self.look_whether_level(now);
        if self.socket.is_none() {
            return;
        }
        if self.sync.id.is_some() && now >= self.sync.due {
            self.trouble(TroubleKind::Unanswered, None, "a sync".to_owned(), now);
            self.sync = Question::default();
            self.wants_sync = true;
        }
        if self.ping.id.is_some() && now >= self.ping.due.max(self.heard_at + SILENCE) {
            self.trouble(TroubleKind::Unanswered, None, "a ping".to_owned(), now);
            return self.lose(now);
        }
        if self.wants_sync && self.sync.id.is_none() && now >= self.sync.due {
            self.wants_sync = false;
            let id = self.id("sync");
            self.write(self.positions("sync", &id));
            self.sync = Question { id: Some(id), due: now + PATIENCE };
        }
        if now >= self.ping_at && self.ping.id.is_none() {
            self.ping_at = now + HEARTBEAT;
            let id = self.id("ping");
            self.write(self.positions("ping", &id));
            self.ping = Question { id: Some(id), due: now + SILENCE };
        }
    }

    fn look_whether_level(&mut self, now: Ms) {
        let reached =
            |room: &usize, head: &i64| self.timelines.get(room).is_none_or(|timeline| timeline.log.position >= *head);
        let back = self
            .catching_up
            .as_ref()
            .filter(|one| one.heads.as_ref().is_some_and(|heads| heads.iter().all(|(room, head)| reached(room, head))));
        if let Some((cut, opened)) = back.map(|one| (one.cut, one.opened)) {
            self.catching_up = None;
            let since_open = now - opened.unwrap_or(now);
            self.shared.ledger().catch_ups.push(CatchUp { since_cut: now - cut, since_open });
        }
    }

    pub(super) fn write(&self, text: String) {
        if let Some(ready) = &self.socket {
            ready.socket.write(text);
        }
    }

    pub(super) fn positions(&self, action: &str, id: &str) -> String {
        let positions =
            self.timelines.iter().map(|(room, timeline)| (self.shared.rooms[*room].as_str(), timeline.log.position));
        wire::positions(action, id, &positions.collect::<BTreeMap<_, _>>())
    }

    /// Reads the newest page of a room.
    pub(super) fn read(&mut self, room: usize, anew: bool, now: Ms) {
        self.page_under_way = true;
        let (shared, token, client) = (Arc::clone(&self.shared), self.me.session.access_token.clone(), self.me.number);
        tokio::spawn(async move {
            let path = format!("/rooms/{}/messages?limit=100", shared.rooms[room]);
            let page = match shared.http.call(Method::GET, &path, Some(&token), None).await {
                Ok((200, body)) => serde_json::from_slice(&body).ok(),
                _ => None,
            };
            shared.tell(client, Event::Page { room, began: now, anew, page });
        });
    }

    pub(super) fn page(&mut self, room: usize, began: Ms, anew: bool, page: Option<Page>, now: Ms) {
        self.page_under_way = false;
        let Some(Page { messages, position, before, .. }) = page else { return };
        let messages: Vec<crate::checker::record::Message> = messages.into_iter().map(Into::into).collect();
        let numbers = messages.iter().map(|message| (message.seq, message.rev)).collect();
        let client = self.me.number;
        self.shared.ledger().reads.push(Read { client, room, began, position, messages: numbers, before });
        if let Some(timeline) = self.timelines.get_mut(&room).filter(|_| anew) {
            let mut fresh = Timeline::new(client, room, position, messages, now);
            fresh.hear_of(timeline.head(), now);
            self.ended.push(std::mem::replace(timeline, fresh).log);
            self.wants_sync = true;
        }
    }
}
