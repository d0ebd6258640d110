//! The room, those who act in it, and their next operations.

use std::collections::{BTreeMap, BTreeSet};

use super::super::*;
use super::Story;
use super::client::Client;

pub(super) type Id = u8;

/// What is at a position: nothing ever, or a message with the edits that were made of it (a bit for each).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Doc {
    Void,
    Message(Id, u8),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(super) struct Room {
    pub(super) head: Position,
    pub(super) settled: Position,
    /// Its owner, and whether it still runs.
    pub(super) lease: Option<(u8, bool)>,
    pub(super) docs: BTreeMap<Position, Doc>,
    /// Positions that messages moved away from.
    pub(super) left: BTreeSet<Position>,
}

/// What a writer is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Task {
    Say(Id),
    /// Which message, and which edit of it.
    Edit(Id, u8),
    /// The sweep: takes over what waits.
    Sweep,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Phase {
    Begins,
    Places {
        attempts: u8,
    },
    Stores {
        attempts: u8,
        rev: Position,
        settled: Position,
        held: Option<Standing>,
    },
    /// The edit is made; the position that it left is to be voided.
    Leaves {
        left: Position,
        held: Option<Standing>,
    },
    /// It was done before, or came to nothing: the position goes.
    GivesUp {
        attempts: u8,
        rev: Position,
        held: Option<Standing>,
        done: bool,
    },
    /// Broadcasts; `read` is what it found, `voiding` what it is about to void.
    Holds {
        turn: Turn,
        read: Vec<(Position, Doc)>,
        voiding: Option<(Position, Position)>,
        then: Then,
    },
    Done,
}

/// What follows a broadcast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Then {
    Answer,
    Again { attempts: u8 },
    Nothing,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct World {
    pub(super) room: Room,
    pub(super) actors: Vec<(Task, Phase)>,
    pub(super) client: Client,
    /// Which messages, and which edits of them, somebody was told are stored.
    pub(super) acked: BTreeMap<Id, u8>,
    pub(super) crashes: u8,
    pub(super) expiries: u8,
}

/// A mistake that is made on purpose, to see that it would be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mistake {
    None,
    LateWriterOverwritesTheVoid,
    DuplicateIsStoredAgain,
    SettledIsReadAfterTheChanges,
    SettledIsAdvancedBeyondWhatWasPosted,
    LeaseNeverExpires,
    HoleIsSkipped,
    GivenUpPositionIsForgottenAndNobodyVoids,
}

impl World {
    pub(super) fn new(&(tasks, crashes, expiries): &Story) -> Self {
        Self {
            room: Room::default(),
            actors: tasks.iter().map(|task| (*task, Phase::Begins)).collect(),
            client: Client {
                position: 0,
                messages: BTreeMap::new(),
                syncing: None,
                behind: false,
                whims: 1,
                losses: 1,
            },
            acked: BTreeMap::new(),
            crashes,
            expiries,
        }
    }

    pub(super) fn is_free(&self) -> bool {
        self.room.lease.is_none_or(|(_, runs)| !runs)
    }

    pub(super) fn standing(&self) -> Standing {
        Standing { head: self.room.head, settled: self.room.settled, said: 0, floor: 0 }
    }

    pub(super) fn said(&self, id: Id) -> Option<Position> {
        self.room.docs.iter().find(|(_, doc)| matches!(doc, Doc::Message(said, _) if *said == id)).map(|(rev, _)| *rev)
    }

    pub(super) fn void(&mut self, rev: Position) {
        self.room.docs.entry(rev).or_insert(Doc::Void);
    }

    /// Every world that can follow.
    pub(super) fn successors(&self, mistake: Mistake) -> Vec<World> {
        let mut next = Vec::new();
        for actor in 0..self.actors.len() {
            if self.actors[actor].1 == Phase::Done {
                continue;
            }
            for impatient in [false, true] {
                let mut world = self.clone();
                if world.step(actor, impatient, mistake) {
                    next.push(world);
                }
            }
            if self.crashes > 0 && self.actors[actor].1 != Phase::Begins {
                let mut world = self.clone();
                world.crashes -= 1;
                // Its author repeats the request; nobody repeats a sweep.
                world.actors[actor].1 = match world.actors[actor].0 {
                    Task::Sweep => Phase::Done,
                    _ => Phase::Begins,
                };
                next.push(world);
            }
        }
        if self.expiries > 0
            && let Some((owner, true)) = self.room.lease
        {
            let mut world = self.clone();
            world.expiries -= 1;
            world.room.lease = Some((owner, false));
            next.push(world);
        }
        let mut world = self.clone();
        if world.hear(mistake) {
            next.push(world);
        }
        next
    }

    /// One operation of an actor. Whether there was one.
    pub(super) fn step(&mut self, actor: usize, impatient: bool, mistake: Mistake) -> bool {
        let (task, phase) = self.actors[actor].clone();
        let only_holders = matches!(phase, Phase::Holds { .. });
        if impatient && !only_holders {
            return false;
        }
        let next = match (task, phase) {
            (Task::Sweep, Phase::Begins) => self.take_over(actor, 0, Then::Nothing, mistake),
            (Task::Say(id), Phase::Begins) => match self.said(id) {
                Some(rev) => {
                    self.acked.entry(id).or_insert(0);
                    self.take_over(actor, rev, Then::Nothing, mistake)
                }
                None => Phase::Places { attempts: 3 },
            },
            (Task::Edit(id, edit), Phase::Begins) => match self.said(id).map(|rev| (rev, self.room.docs[&rev])) {
                // Nothing to edit yet.
                None => return false,
                Some((rev, Doc::Message(_, edits))) if edits & edit != 0 => {
                    *self.acked.entry(id).or_insert(0) |= edit;
                    self.take_over(actor, rev, Then::Nothing, mistake)
                }
                Some(_) => Phase::Places { attempts: 3 },
            },
            (_, Phase::Places { attempts: 0 }) => Phase::Done,
            (_, Phase::Places { attempts }) => {
                self.room.head += 1;
                let held = self.is_free().then(|| {
                    self.room.lease = Some((actor as u8, true));
                    self.standing()
                });
                Phase::Stores { attempts: attempts - 1, rev: self.room.head, settled: self.room.settled, held }
            }
            (Task::Say(id), Phase::Stores { attempts, rev, held, .. }) => {
                let voided = self.room.docs.contains_key(&rev) && mistake != Mistake::LateWriterOverwritesTheVoid;
                match self.said(id) {
                    Some(_) if mistake != Mistake::DuplicateIsStoredAgain => {
                        self.acked.entry(id).or_insert(0);
                        Phase::GivesUp { attempts, rev, held, done: true }
                    }
                    _ if voided => broadcast(held, Then::Again { attempts }),
                    _ => {
                        self.store(rev, Doc::Message(id, 0));
                        self.acked.entry(id).or_insert(0);
                        broadcast(held, Then::Answer)
                    }
                }
            }
            (Task::Edit(id, edit), Phase::Stores { attempts, rev, settled, held }) => {
                let old = self.said(id).expect("what is edited stays");
                let Doc::Message(_, edits) = self.room.docs[&old] else { return false };
                match edits & edit {
                    1.. => {
                        *self.acked.entry(id).or_insert(0) |= edit;
                        Phase::GivesUp { attempts, rev, held, done: true }
                    }
                    _ if old > rev => Phase::GivesUp { attempts, rev, held, done: false },
                    _ if self.room.docs.contains_key(&rev) => broadcast(held, Then::Again { attempts }),
                    _ => {
                        self.room.docs.remove(&old);
                        self.room.left.insert(old);
                        self.store(rev, Doc::Message(id, edits | edit));
                        if old > settled { Phase::Leaves { left: old, held } } else { self.edited(id, edit, held) }
                    }
                }
            }
            (Task::Edit(id, edit), Phase::Leaves { left, held }) => {
                self.void(left);
                self.edited(id, edit, held)
            }
            (_, Phase::GivesUp { attempts, rev, held, done }) => {
                if mistake != Mistake::GivenUpPositionIsForgottenAndNobodyVoids {
                    self.void(rev);
                }
                broadcast(held, if done { Then::Nothing } else { Then::Again { attempts } })
            }
            (_, Phase::Holds { turn, read, voiding, then }) => {
                return self.hold(actor, turn, read, voiding, then, impatient, mistake);
            }
            (_, Phase::Done) | (Task::Sweep | Task::Say(_), _) => return false,
        };
        self.actors[actor].1 = next;
        true
    }

    pub(super) fn edited(&mut self, id: Id, edit: u8, held: Option<Standing>) -> Phase {
        *self.acked.entry(id).or_insert(0) |= edit;
        broadcast(held, Then::Answer)
    }

    pub(super) fn store(&mut self, rev: Position, doc: Doc) {
        assert!(self.client.position < rev, "stored at {rev}, which everybody was told is past");
        self.room.docs.insert(rev, doc);
    }

    pub(super) fn take_over(&mut self, actor: usize, known: Position, then: Then, mistake: Mistake) -> Phase {
        let free = self.is_free() && !(mistake == Mistake::LeaseNeverExpires && self.room.lease.is_some());
        if free && self.room.head.max(known) > self.room.settled {
            self.room.head = self.room.head.max(known);
            self.room.lease = Some((actor as u8, true));
            return broadcast(Some(self.standing()), then);
        }
        Phase::Done
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one phase")]
    pub(super) fn hold(
        &mut self,
        actor: usize,
        mut turn: Turn,
        mut read: Vec<(Position, Doc)>,
        mut voiding: Option<(Position, Position)>,
        then: Then,
        impatient: bool,
        mistake: Mistake,
    ) -> bool {
        let mine = self.room.lease.is_some_and(|(owner, _)| owner == actor as u8);
        if let Some((from, until)) = voiding {
            if impatient {
                return false;
            }
            self.void(from);
            voiding = (from < until).then_some((from + 1, until));
            self.actors[actor].1 = Phase::Holds { turn, read, voiding, then };
            return true;
        }
        let step = turn.next_step();
        if impatient && !matches!(step, Step::Read { .. } | Step::Post { .. }) {
            return false;
        }
        match step {
            Step::Read { after } => {
                read = self.room.docs.range(after + 1..).map(|(rev, doc)| (*rev, *doc)).collect();
                let missing_for = if impatient { PATIENCE * 2 } else { Duration::ZERO };
                if impatient && read.first().is_some_and(|(rev, _)| *rev == after + 1) {
                    return false;
                }
                if mistake == Mistake::HoleIsSkipped {
                    turn.read((after + 1..).take(read.len()), missing_for);
                } else {
                    turn.read(read.iter().map(|(rev, _)| *rev), missing_for);
                }
            }
            Step::Wait => {}
            Step::Void { from, until } if mistake == Mistake::GivenUpPositionIsForgottenAndNobodyVoids => {
                let _ = (from, until);
                return false;
            }
            Step::Void { from, until } => voiding = Some((from, until)),
            Step::Post { changes } => {
                let from = turn.standing().settled + 1;
                let to = read[changes - 1].0;
                if !impatient {
                    self.frame(from, to, &read[..changes]);
                } else if self.client.losses == 0 {
                    return false;
                } else {
                    self.client.losses -= 1;
                }
                let to = if mistake == Mistake::SettledIsAdvancedBeyondWhatWasPosted { self.room.head } else { to };
                turn.posted(to, Duration::ZERO);
            }
            Step::Advance { to } => {
                self.room.head = self.room.head.max(to);
                self.room.settled = self.room.settled.max(to);
                if mine {
                    self.room.lease = (self.room.head > to).then_some((actor as u8, true));
                }
                turn.advanced(self.standing(), mine && self.room.lease.is_some());
            }
            Step::HandOver { to } => {
                self.room.settled = self.room.settled.max(to);
                if mine {
                    self.room.lease = (self.room.head > to).then_some((actor as u8, false));
                }
                turn.handed_over();
            }
            Step::End => {
                self.actors[actor].1 = match then {
                    Then::Again { attempts } => Phase::Places { attempts },
                    Then::Answer | Then::Nothing => Phase::Done,
                };
                return true;
            }
        }
        self.actors[actor].1 = Phase::Holds { turn, read, voiding, then };
        true
    }
}

pub(super) fn broadcast(held: Option<Standing>, then: Then) -> Phase {
    match (held, then) {
        (Some(standing), then) => {
            Phase::Holds { turn: Turn::new(standing, LONGEST), read: Vec::new(), voiding: None, then }
        }
        (None, Then::Again { attempts }) => Phase::Places { attempts },
        (None, _) => Phase::Done,
    }
}
