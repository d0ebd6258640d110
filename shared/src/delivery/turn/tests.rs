//! Every short interleaving of what happens in one room, at the grain of single operations of the database: writers that are slow, die and are
//! repeated, amendments, holders whose lease runs out under them, and a client that hears some of it. What MongoDB decides in one update is one step
//! here, by the same rules; the store's tests hold the two against each other.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::*;

type Id = u8;

/// What is at a position: nothing ever, or a message with the edits that were made of it (a bit for each).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Doc {
    Void,
    Message(Id, u8),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
struct Room {
    head: Position,
    settled: Position,
    /// Its owner, and whether it still runs.
    lease: Option<(u8, bool)>,
    docs: BTreeMap<Position, Doc>,
    /// Positions that messages moved away from.
    left: BTreeSet<Position>,
}

/// What a writer is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Task {
    Say(Id),
    /// Which message, and which edit of it.
    Edit(Id, u8),
    /// The sweep: takes over what waits.
    Sweep,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Phase {
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
enum Then {
    Answer,
    Again { attempts: u8 },
    Nothing,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Client {
    position: Position,
    messages: BTreeMap<Id, (Position, u8)>,
    /// It has asked: the settled position that was read for it.
    syncing: Option<Position>,
    /// It missed something, or was told that it is behind.
    behind: bool,
    /// How often it asks without a reason, as after a reconnect.
    whims: u8,
    /// How many frames may still be lost on their way.
    losses: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct World {
    room: Room,
    actors: Vec<(Task, Phase)>,
    client: Client,
    /// Which messages, and which edits of them, somebody was told are stored.
    acked: BTreeMap<Id, u8>,
    crashes: u8,
    expiries: u8,
}

/// A mistake that is made on purpose, to see that it would be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mistake {
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
    fn new(&(tasks, crashes, expiries): &Story) -> Self {
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

    fn is_free(&self) -> bool {
        self.room.lease.is_none_or(|(_, runs)| !runs)
    }

    fn standing(&self) -> Standing {
        Standing { head: self.room.head, settled: self.room.settled, said: 0 }
    }

    fn said(&self, id: Id) -> Option<Position> {
        self.room.docs.iter().find(|(_, doc)| matches!(doc, Doc::Message(said, _) if *said == id)).map(|(rev, _)| *rev)
    }

    fn void(&mut self, rev: Position) {
        self.room.docs.entry(rev).or_insert(Doc::Void);
    }

    /// Every world that can follow.
    fn successors(&self, mistake: Mistake) -> Vec<World> {
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
    fn step(&mut self, actor: usize, impatient: bool, mistake: Mistake) -> bool {
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

    fn edited(&mut self, id: Id, edit: u8, held: Option<Standing>) -> Phase {
        *self.acked.entry(id).or_insert(0) |= edit;
        broadcast(held, Then::Answer)
    }

    fn store(&mut self, rev: Position, doc: Doc) {
        assert!(self.client.position < rev, "stored at {rev}, which everybody was told is past");
        self.room.docs.insert(rev, doc);
    }

    fn take_over(&mut self, actor: usize, known: Position, then: Then, mistake: Mistake) -> Phase {
        let free = self.is_free() && !(mistake == Mistake::LeaseNeverExpires && self.room.lease.is_some());
        if free && self.room.head.max(known) > self.room.settled {
            self.room.head = self.room.head.max(known);
            self.room.lease = Some((actor as u8, true));
            return broadcast(Some(self.standing()), then);
        }
        Phase::Done
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one phase")]
    fn hold(
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
        let step = turn.next();
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

    /// A frame reaches the client.
    fn frame(&mut self, from: Position, to: Position, changes: &[(Position, Doc)]) {
        if from > self.client.position + 1 {
            self.client.behind = true;
            return;
        }
        self.client.apply(changes);
        self.client.position = self.client.position.max(to);
    }

    /// The client's own next operation: a sync, which is two reads.
    fn hear(&mut self, mistake: Mistake) -> bool {
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
    fn check(&self) {
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
    fn check_end(&self, mistake: Mistake) {
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

fn broadcast(held: Option<Standing>, then: Then) -> Phase {
    match (held, then) {
        (Some(standing), then) => Phase::Holds { turn: Turn::new(standing), read: Vec::new(), voiding: None, then },
        (None, Then::Again { attempts }) => Phase::Places { attempts },
        (None, _) => Phase::Done,
    }
}

/// Who acts, how many of them die in the middle, and how many leases run out under their holders.
type Story = (&'static [Task], u8, u8);

/// Walks through everything that can happen. How many worlds there were; of each only a fingerprint is kept.
fn explore(story: &Story, mistake: Mistake) -> usize {
    let fingerprint = |world: &World| {
        let mut hasher = DefaultHasher::new();
        world.hash(&mut hasher);
        hasher.finish()
    };
    let first = World::new(story);
    let mut seen = HashSet::from([fingerprint(&first)]);
    let mut open = vec![first];
    while let Some(world) = open.pop() {
        world.check();
        let next = world.successors(mistake);
        if world.actors.iter().all(|(_, phase)| *phase == Phase::Done) {
            world.check_end(mistake);
        }
        for world in next {
            if seen.insert(fingerprint(&world)) {
                open.push(world);
            }
        }
    }
    seen.len()
}

const STORIES: [Story; 5] = [
    (&[Task::Say(1), Task::Say(2)], 1, 1),
    (&[Task::Say(1), Task::Say(1)], 1, 1),
    (&[Task::Say(1), Task::Edit(1, 1)], 1, 1),
    (&[Task::Say(1), Task::Edit(1, 1), Task::Edit(1, 1)], 0, 0),
    (&[Task::Say(1), Task::Edit(1, 1), Task::Edit(1, 2)], 0, 0),
];

#[test]
fn whatever_happens_each_is_stored_once_and_told_in_order() {
    for story in &STORIES {
        let worlds = explore(story, Mistake::None);
        println!("{story:?}: {worlds} worlds");
        assert!(worlds > 1000, "{story:?}: {worlds} worlds are too few to mean anything");
    }
}

#[test]
fn a_mistake_would_be_found() {
    let mistakes = [
        Mistake::LateWriterOverwritesTheVoid,
        Mistake::DuplicateIsStoredAgain,
        Mistake::SettledIsReadAfterTheChanges,
        Mistake::SettledIsAdvancedBeyondWhatWasPosted,
        Mistake::LeaseNeverExpires,
        Mistake::HoleIsSkipped,
        Mistake::GivenUpPositionIsForgottenAndNobodyVoids,
    ];
    let is_missed =
        |mistake: &Mistake| STORIES.iter().all(|story| std::panic::catch_unwind(|| explore(story, *mistake)).is_ok());
    let missed: Vec<Mistake> = mistakes.into_iter().filter(is_missed).collect();
    assert!(missed.is_empty(), "not found: {missed:?}");
}
