//! The connector as a destination, in process, against an API on loopback that keeps what is written.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on must fail")]

mod batches;
mod checks;
mod conformance;
mod failures;
mod hostile;
mod properties;
mod single;
mod store;
mod world;
