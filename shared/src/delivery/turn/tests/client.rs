//! What the client does, and what has to hold of it and of the room.

use std::collections::{BTreeMap, BTreeSet};

use super::super::*;
use super::world::{Doc, Id, Mistake, Phase, Room, Task, World};

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Client {
    pub(super) position: Position,
    pub(super) messages: BTreeMap<Id, (Position, u8)>,
    /// It has asked: the settled position that was read for it.
    pub(super) syncing: Option<Position>,
    /// It missed something, or was told that it is behind.
    pub(super) behind: bool,
    /// How often it asks without a reason, as after a reconnect.
    pub(super) whims: u8,
    /// How many frames may still be lost on their way.
    pub(super) losses: u8,
}

impl World {
    /// A frame reaches the client.
    pub(super) fn frame(&mut self, from: Position, to: Position, changes: &[(Position, Doc)]) {
        if from > self.client.position + 1 {
            self.client.behind = true;
            return;
        }
        self.client.apply(changes);
        self.client.position = self.client.position.max(to);
    }

    /// The client's own next operation: a sync, which is two reads.
    pub(super) fn hear(&mut self, mistake: Mistake) -> bool {
        let changes = |world: &Self, to| {
            let after = world.client.position + 1;
            let docs = world.room.docs.range(after..).take_while(|(rev, _)| **rev <= to);
            docs.map(|(rev, doc)| (*rev, *doc)).collect::<Vec<_>>()
        };
        let asked = self.client.syncing.take();
        if asked.is_none() && !self.client.behind {
            self.client.whims = self.client.whims.saturating_sub(1);
        }
        match asked {
            None if !self.client.behind && self.client.whims == 0 => return false,
            None if mistake == Mistake::SettledIsReadAfterTheChanges => {
                let read = changes(self, Position::MAX);
                self.client.apply(&read);
                self.client.syncing = Some(0);
            }
            None => self.client.syncing = Some(self.room.settled),
            Some(_) if mistake == Mistake::SettledIsReadAfterTheChanges => {
                self.client.position = self.client.position.max(self.room.settled);
                self.client.behind = false;
            }
            Some(settled) => {
                let read = changes(self, settled);
                self.client.apply(&read);
                self.client.position = self.client.position.max(settled);
                self.client.behind = false;
            }
        }
        true
    }

    /// What holds at every moment.
    pub(super) fn check(&self) {
        let Room { docs, left, settled, head, .. } = &self.room;
        for position in 1..=*settled {
            assert!(
                docs.contains_key(&position) || left.contains(&position),
                "{position} is settled and nothing is there"
            );
        }
        assert!(settled <= head, "settled beyond the head");
        let mut seen = BTreeSet::new();
        for doc in docs.values() {
            if let Doc::Message(id, _) = doc {
                assert!(seen.insert(*id), "message {id} is stored twice");
            }
        }
        for (id, edits) in &self.acked {
            let stored = docs.values().find_map(|doc| match doc {
                Doc::Message(stored, edits) if stored == id => Some(*edits),
                _ => None,
            });
            assert!(stored.is_some_and(|stored| stored & edits == *edits), "message {id} was acknowledged and is lost");
        }
        for (id, (rev, version)) in &self.client.messages {
            assert!(
                self.said(*id).is_some_and(|stored| stored >= *rev),
                "the client has {id}, version {version}, of no store"
            );
        }
    }

    /// What holds when everybody has come to rest, the sweep has come by and the client has asked once more.
    pub(super) fn check_end(&self, mistake: Mistake) {
        let mut world = self.clone();
        for _ in 0..2 {
            if let Some((owner, _)) = world.room.lease {
                world.room.lease = Some((owner, false));
            }
            world.actors = vec![(Task::Sweep, Phase::Begins)];
            for _ in 0..200 {
                if world.actors[0].1 == Phase::Done || !(world.step(0, true, mistake) || world.step(0, false, mistake))
                {
                    break;
                }
            }
        }
        world.check();
        assert_eq!(world.room.settled, world.room.head, "something stays undelivered");
        // Each heartbeat tells a client that it is behind; what it has begun to ask before ends first.
        for _ in 0..2 {
            world.client.behind |= world.client.position < world.room.head;
            while world.hear(mistake) {}
        }
        let stored: BTreeMap<Id, (Position, u8)> = world
            .room
            .docs
            .iter()
            .filter_map(|(rev, doc)| match doc {
                Doc::Message(id, version) => Some((*id, (*rev, *version))),
                Doc::Void => None,
            })
            .collect();
        assert_eq!(world.client.messages, stored, "the client's log is not the history");
    }
}

impl Client {
    fn apply(&mut self, changes: &[(Position, Doc)]) {
        for (rev, doc) in changes {
            if let Doc::Message(id, version) = doc {
                let known = self.messages.entry(*id).or_insert((*rev, *version));
                *known = (*known).max((*rev, *version));
            }
        }
    }
}
