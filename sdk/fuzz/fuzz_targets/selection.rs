//! Filter and projection of an arbitrary record.
#![no_main]

#[path = "../../tests/hostile/selection.rs"]
mod property;

libfuzzer_sys::fuzz_target!(|input: &[u8]| property::holds(input));
