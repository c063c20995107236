//! Credentials from the text of an arbitrary secret; the first byte chooses the kind.
#![no_main]

#[path = "../../tests/hostile/credentials.rs"]
mod property;

libfuzzer_sys::fuzz_target!(|input: &[u8]| property::holds(input));
