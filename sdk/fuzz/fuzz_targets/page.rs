//! An arbitrary answer of a source system.
#![no_main]

#[path = "../../tests/hostile/page.rs"]
mod property;

libfuzzer_sys::fuzz_target!(|input: &[u8]| property::holds(input));
