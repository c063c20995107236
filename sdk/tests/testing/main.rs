//! The kit for the tests of connectors: it passes what is right, and finds each single defect.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on stops, and says why")]

mod calls;
mod defects;
mod documentation;
mod flows;
mod functions;
mod reports;
mod rotation;
mod shop;
