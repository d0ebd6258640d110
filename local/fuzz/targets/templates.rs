#![no_main]
#![allow(dead_code, reason = "what is judged here is one of several")]

#[path = "../../tests/it/parsers/judged.rs"]
mod judged;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    judged::templates(input);
});
