//! Asking for changes, and asking again.

use super::{Client, Event};
use crate::checker::record::{Ms, Said, TroubleKind, What};
use crate::checker::wire;

/// How many requests a client has under way.
const AT_ONCE: usize = 2;

/// How long an answer may take before the client asks again.
const PATIENCE: Ms = 4_000;

/// What is put to messages: few, so that many meet at one.
const EMOJI: [&str; 3] = ["👍", "🎉", "❤️"];

/// Refusals after which the same may be asked again.
const NOT_NOW: [&str; 4] = ["unavailable", "internal", "limited", "unauthenticated"];

impl Client {
    pub(super) fn ask(&mut self, now: Ms) {
        if self.socket.is_none() {
            return;
        }
        let due: Vec<usize> = self.pending.iter().filter(|(_, due)| **due <= now).map(|(ask, _)| *ask).collect();
        for ask in due {
            self.put(ask, now);
        }
        while self.pending.len() < AT_ONCE && self.shared.wants_more() {
            self.ask_for_something(now);
        }
    }

    fn ask_for_something(&mut self, now: Ms) {
        let rooms = self.me.rooms.clone();
        let Some(mut room) = self.random.one_of(&rooms).copied() else { return };
        if !self.page_under_way && self.random.per_mille(20) {
            let anew = self.random.per_mille(300);
            self.read(room, anew, now);
        }
        let author = self.me.session.user.id.clone();
        let changes = self.random.per_mille(self.shared.settings.edits);
        let deletes = self.random.per_mille(250);
        let text = self.text();
        let reaction = if changes && self.random.per_mille(400) { self.reaction(room) } else { None };
        let mut ledger = self.shared.ledger();
        if ledger.left == 0 {
            return;
        }
        let mine = ledger.said_by(&author);
        // Mostly one of the latest.
        let nearby = &mine[mine.len().saturating_sub(if self.random.per_mille(800) { 10 } else { mine.len() })..];
        let what = match self.random.one_of(nearby).copied().filter(|_| changes) {
            None => What::Send { text },
            Some((elsewhere, seq)) => {
                room = elsewhere;
                if deletes && self.random.per_mille(800) {
                    ledger.forget(&author, elsewhere, seq);
                }
                if deletes { What::Delete { seq } } else { What::Edit { seq, text } }
            }
        };
        let (room, what) = reaction.unwrap_or((room, what));
        let ask = ledger.ask(self.me.number, &author, room, what);
        drop(ledger);
        self.put(ask, now);
        if self.random.per_mille(60) {
            // Again at once: from another socket of the same person, if there is one.
            match self.me.twin {
                Some(twin) => self.shared.tell(twin, Event::Repeat(ask)),
                None => self.put(ask, now),
            }
        }
        if self.random.per_mille(20) {
            self.repeat_something_old(now);
        }
    }

    /// An emoji to one of the latest messages of a room, whoever said it.
    fn reaction(&mut self, room: usize) -> Option<(usize, What)> {
        let latest: Vec<i64> = self.timelines.get(&room)?.log.messages.keys().rev().take(20).copied().collect();
        let seq = *self.random.one_of(&latest)?;
        let emoji = *self.random.one_of(&EMOJI)?;
        Some((room, What::React { seq, emoji, on: self.random.per_mille(650) }))
    }

    fn repeat_something_old(&mut self, now: Ms) {
        let ledger = self.shared.ledger();
        let drawn = (0..200).map(|_| self.random.below(ledger.asks.len()));
        let mine = |number: &usize| {
            ledger.asks.get(*number).is_some_and(|ask| ask.client == self.me.number && !ask.answers.is_empty())
        };
        let old = drawn.collect::<Vec<_>>().into_iter().find(mine);
        drop(ledger);
        if let Some(ask) = old {
            self.put(ask, now);
        }
    }

    /// Nobody else says the same; sometimes it is long.
    fn text(&mut self) -> String {
        let length = if self.random.per_mille(30) { self.random.below(3_000) } else { self.random.below(60) };
        let number = self.id("says");
        format!("{} {number} {}", self.me.name, "é".repeat(length)).trim_end().to_owned()
    }

    /// Sends a request over the socket, if there is one, and sees to it that it is repeated until it is answered.
    pub(super) fn put(&mut self, ask: usize, now: Ms) {
        let again = now + PATIENCE + self.random.between(0, 500);
        self.pending.insert(ask, again);
        let Some(number) = self.socket.as_ref().map(|ready| ready.socket.number) else { return };
        let id = self.id("ask");
        let mut ledger = self.shared.ledger();
        ledger.tried(ask, self.me.number, number, now);
        let asked = &ledger.asks[ask];
        let text = wire::request(&id, &self.shared.rooms[asked.room], &asked.client_id, &asked.what);
        drop(ledger);
        self.asked.insert(id, ask);
        self.write(text);
    }

    /// A request was answered for good.
    pub(super) fn answered(&mut self, id: &str, said: Said, now: Ms) {
        let Some(ask) = self.asked.remove(id) else { return };
        self.pending.remove(&ask);
        let room = {
            let mut ledger = self.shared.ledger();
            ledger.answer(ask, self.me.number, said.clone(), now);
            ledger.asks[ask].room
        };
        if let (Said::Sent { rev, .. } | Said::Changed { rev, .. }, Some(timeline)) =
            (said, self.timelines.get_mut(&room))
        {
            timeline.hear_of(rev, now);
        }
    }

    pub(super) fn refused(&mut self, id: &str, code: String, retry_after: Option<u64>, now: Ms) {
        let Some(ask) = self.asked.get(id).copied() else { return };
        if NOT_NOW.contains(&code.as_str()) {
            self.asked.remove(id);
            let wait = retry_after.unwrap_or_else(|| self.random.between(100, 600));
            if let Some(due) = self.pending.get_mut(&ask) {
                *due = now + wait;
            }
            if code == "internal" {
                self.trouble(TroubleKind::Unanswered, None, format!("request {id} had an internal error"), now);
            }
        } else {
            self.answered(id, Said::Refused { code }, now);
        }
    }
}
