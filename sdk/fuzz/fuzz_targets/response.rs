//! Responses from arbitrary bytes; the first one chooses the operation.
#![no_main]

#[path = "../../tests/hostile/response.rs"]
mod property;

libfuzzer_sys::fuzz_target!(|input: &[u8]| property::holds(input));
