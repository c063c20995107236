//! The connector in process, against an API on loopback: one binary, one topic per module.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on must fail")]

mod authentication;
mod conformance;
mod failures;
mod filters;
mod metadata;
mod mock;
mod paging;
mod raw;
mod retrieve;
mod world;
