//! Filters, and their test of a record, from arbitrary text.
#![no_main]

#[path = "../../tests/hostile/filter.rs"]
mod property;

libfuzzer_sys::fuzz_target!(|input: &[u8]| property::holds(input));
