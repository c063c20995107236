//! Requests from arbitrary bytes.
#![no_main]

#[path = "../../tests/hostile/request.rs"]
mod property;

libfuzzer_sys::fuzz_target!(|input: &[u8]| property::holds(input));
