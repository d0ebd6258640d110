//! Every short interleaving of what happens in one room, at the grain of single operations of the database: writers that are slow, die and are
//! repeated, amendments, holders whose lease runs out under them, and a client that hears some of it. What MongoDB decides in one update is one step
//! here, by the same rules; the store's tests hold the two against each other.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use world::{Mistake, Phase, Task, World};

mod client;
mod world;

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
