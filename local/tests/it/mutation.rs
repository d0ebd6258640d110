//! Bytes that nobody would write, made from some that somebody would.
//!
//! What is tried is changed at random from what is known, and what leads to an outcome of a new kind becomes known too. That is guided by what the code
//! says about its input and not by which of its lines run; so it finds less in the same time than libFuzzer does (see `local/fuzz`), and it runs
//! wherever the tests do, without a build of its own.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "what was tried and measured is told")]

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Instant;

use fastrand::Rng;

use crate::chat::fuzz::time;

/// How long it tries, in seconds.
const SECONDS: u64 = 3;

/// Longer ones are cut.
const LONGEST: usize = 64 * 1024;

/// Inputs that are kept at most.
const KNOWN: usize = 2_000;

/// Tries what can be made from these seeds and these words. What was tried when it failed is printed, and stays as a file beside the program.
pub(crate) fn hunt(name: &str, seeds: &[&[u8]], words: &[&str], outcome: impl Fn(&[u8]) -> String) {
    let mut random =
        Rng::with_seed(std::env::var("FUZZ_SEED").map_or(7, |seed| seed.parse().expect("FUZZ_SEED is a number")));
    let mut known: Vec<Vec<u8>> = seeds.iter().map(|seed| seed.to_vec()).collect();
    let mut outcomes = BTreeSet::new();
    let (until, mut tries) = (Instant::now() + time(SECONDS), 0_u64);
    let attempt = |input: &[u8]| match catch_unwind(AssertUnwindSafe(|| outcome(input))) {
        Ok(outcome) => outcome,
        Err(panic) => {
            let file = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
            std::fs::write(&file, input).unwrap();
            eprintln!("{name} failed with {} ({})", input.escape_ascii(), file.display());
            resume_unwind(panic);
        }
    };
    outcomes.extend(seeds.iter().map(|seed| attempt(seed)));
    while Instant::now() < until {
        for _ in 0..50 {
            let input = changed(&mut random, &known, words);
            let outcome = attempt(&input);
            if outcomes.insert(outcome) && known.len() < KNOWN {
                known.push(input);
            }
            tries += 1;
        }
    }
    println!("{name}: {tries} tries, {} outcomes", outcomes.len());
    assert!(outcomes.len() > seeds.len().min(3), "{name} has one answer for everything: {outcomes:?}");
}

fn changed(random: &mut Rng, known: &[Vec<u8>], words: &[&str]) -> Vec<u8> {
    let mut input = random.choice(known).unwrap().clone();
    for _ in 0..=random.usize(0..6) {
        let (from, to) = (random.usize(0..=input.len()), random.usize(0..=input.len()));
        let (from, to) = (from.min(to), from.max(to));
        match random.u8(0..9) {
            0 if from < input.len() => input[from] ^= 1 << random.u8(0..8),
            1 if from < input.len() => input[from] = random.u8(..),
            2 => drop(input.splice(from..from, std::iter::repeat_with(|| random.u8(..)).take(3).collect::<Vec<_>>())),
            3 => drop(input.drain(from..to.min(from + 40))),
            4 => input.truncate(from),
            5 => {
                let part = input[from..to].to_vec();
                input.splice(from..from, part.repeat(random.usize(1..4)));
            }
            6 => {
                let other = random.choice(known).unwrap();
                let at = random.usize(0..=other.len());
                input.splice(from..to, other[at..].iter().copied());
            }
            7 => drop(input.splice(from..from, random.choice(words).unwrap().bytes())),
            _ => drop(input.splice(from..to.min(from + 8), random.choice(words).unwrap().bytes())),
        }
        input.truncate(LONGEST);
    }
    input
}
