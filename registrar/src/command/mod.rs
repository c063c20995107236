//! The commands: each takes the session and its arguments and gives one outcome.

pub mod ask;
pub mod deploy;
pub mod filter;
pub mod local;
pub mod manifest;
mod preview;
pub mod regions;
pub mod status;
pub mod unregister;
pub mod write;
