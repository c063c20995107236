//! The connector in process, against an API on loopback: one binary, one topic per module.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on must fail")]

mod authentication;
mod conformance;
mod failures;
mod filters;
mod hostile;
mod metadata;
mod mock;
mod odata;
mod paging;
mod properties;
mod raw;
mod retrieve;
mod warm;
mod world;
