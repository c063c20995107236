//! The AWS calls, one function each. No type of the AWS SDK leaves this folder.

mod appflow;
mod connect;
mod failure;
mod flows;
mod function_search;
mod iam;
mod lambda;
mod log_events;
mod logs;
mod profile;
mod sts;

pub use appflow::{AppFlow, ConnectorSummary, Profile, Registration};
pub use connect::{Aws, Connection};
pub use failure::{Reach, ServiceFailure};
pub use function_search::default_log_group;
pub use iam::Iam;
pub use lambda::{Configuration, Invocation, Lambda, NewFunction};
pub use log_events::LogEvent;
pub use logs::Logs;
pub use sts::{Identity, Sts};

#[cfg(test)]
pub(crate) use failure::answered;
