//! The commands: each takes the session and its arguments and gives one outcome.

pub mod ask;
pub mod completions;
pub mod deploy;
pub mod filter;
pub mod local;
pub mod logs;
pub mod manifest;
pub mod policy;
mod preview;
pub mod regions;
pub mod status;
pub mod unregister;
pub mod write;
