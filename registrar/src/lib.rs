//! Takes an AppFlow custom connector from source code to a registered connector, and asks it questions.
//!
//! ```text
//! settings + observed → plan (pure; what `plan` prints is the value that `deploy` runs) → execute → events → outcome
//! ```
//!
//! - [`cli`] and [`settings`]: what is wanted. One value per setting, each with its source; every problem at once.
//! - [`artefact`] and [`package`]: the zip, reproducible byte by byte.
//! - [`observe`]: what is there. Seven reads, no write.
//! - [`plan`]: what has to be done. A pure function of the two above.
//! - [`execute`]: does it, and keeps what was done when a step fails. State lives in AWS, so running again goes on.
//! - [`report`] and [`outcome`]: progress on standard error, one result on standard output.
//! - [`ask`]: asks the deployed connector what AppFlow would ask.
//! - [`mod@write`]: records from files, sent to the connector as AppFlow would send them.
//! - [`explain`]: what a filter means, and what a source system would be told of it.
//!
//! AWS types do not leave [`aws`]; nothing but [`report`] prints; only [`environment`] and clap read the environment.

pub mod artefact;
pub mod ask;
pub mod aws;
pub mod cli;
pub mod command;
pub mod configuration;
pub mod connection_credentials;
pub mod digest;
pub mod environment;
pub mod error;
pub mod event;
pub mod executable;
pub mod execute;
pub mod exit_code;
pub mod explain;
pub mod guard;
pub mod interrupt;
pub mod local;
pub mod manifest_check;
pub mod manifest_files;
pub mod observe;
pub mod observed;
pub mod outcome;
pub mod package;
pub mod partition;
pub mod permissions;
pub mod plan;
pub mod plan_text;
pub mod policy;
pub mod project;
pub mod registration;
pub mod rehearsal;
pub mod removal;
pub mod report;
pub mod retry;
pub mod rule;
mod run;
pub mod session;
pub mod setting;
pub mod settings;
pub mod step;
pub mod wait;
pub mod write;
mod wrong_command_line;

pub use run::run;
