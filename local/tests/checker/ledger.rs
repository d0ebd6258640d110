//! What all clients asked and were answered, and how much there is still to do.

use std::collections::HashMap;

use super::record::{Answer, Ask, Ms, Read, Said, Trouble, Try, What};

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) asks: Vec<Ask>,
    pub(crate) reads: Vec<Read>,
    pub(crate) troubles: Vec<Trouble>,
    /// Changes nobody has asked for yet.
    pub(crate) left: usize,
    /// Changes that were answered.
    pub(crate) answered: usize,
    /// From being cut off, and from having a socket again, to being level.
    pub(crate) catch_ups: Vec<CatchUp>,
    /// The messages of each author, as room and number, that may be edited.
    said: HashMap<String, Vec<(usize, i64)>>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct CatchUp {
    pub(crate) since_cut: Ms,
    pub(crate) since_open: Ms,
}

impl Ledger {
    pub(crate) fn of(changes: usize) -> Self {
        Self { left: changes, ..Self::default() }
    }

    /// A new request; gives its number.
    pub(crate) fn ask(&mut self, client: usize, author: &str, room: usize, what: What) -> usize {
        let number = self.asks.len();
        self.left -= 1;
        self.asks.push(Ask {
            client,
            author: author.to_owned(),
            room,
            client_id: format!("ask-{number:06}"),
            what,
            tries: Vec::new(),
            answers: Vec::new(),
        });
        number
    }

    pub(crate) fn tried(&mut self, ask: usize, client: usize, socket: u32, at: Ms) {
        self.asks[ask].tries.push(Try { at, client, socket });
    }

    pub(crate) fn answer(&mut self, ask: usize, client: usize, said: Said, at: Ms) {
        let ask = &mut self.asks[ask];
        if ask.answers.is_empty() {
            self.answered += 1;
            if let (What::Send { .. }, Said::Sent { seq, .. }) = (&ask.what, &said) {
                self.said.entry(ask.author.clone()).or_default().push((ask.room, *seq));
            }
        }
        ask.answers.push(Answer { at, client, said });
    }

    /// What somebody said and may change.
    pub(crate) fn said_by(&self, author: &str) -> &[(usize, i64)] {
        self.said.get(author).map_or(&[], Vec::as_slice)
    }

    /// Will be deleted: it is edited only rarely from now on.
    pub(crate) fn forget(&mut self, author: &str, room: usize, seq: i64) {
        if let Some(said) = self.said.get_mut(author) {
            said.retain(|one| *one != (room, seq));
        }
    }
}
