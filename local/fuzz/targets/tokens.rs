#![no_main]
#![allow(dead_code, reason = "what is judged here is one of several")]

#[path = "../../tests/it/parsers/judged.rs"]
mod judged;

use judged::TOKENS;

// Nothing leads a fuzzer step by step to a signature: so it says what to change in a token that was given out, and where.
libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((kind, changes)) = input.split_first() else { return };
    let known = match kind % 4 {
        0 => &TOKENS.access,
        1 => &TOKENS.foreign,
        2 => &TOKENS.refresh,
        _ => {
            judged::tokens(changes);
            return;
        }
    };
    let mut token = known.clone().into_bytes();
    for change in changes.chunks_exact(4) {
        let at = usize::from(u16::from_le_bytes([change[0], change[1]])) % (token.len() + 1);
        match change[2] % 4 {
            0 if at < token.len() => token[at] = change[3],
            1 => token.insert(at, change[3]),
            2 if at < token.len() => drop(token.remove(at)),
            _ => token.truncate(at),
        }
    }
    judged::tokens(&token);
});
