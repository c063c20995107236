//! The AWS calls, one function each. No type of the AWS SDK leaves this folder.

mod answer;
mod appflow;
mod connect;
mod download;
mod failure;
mod flows;
mod function_search;
mod held;
mod iam;
mod lambda;
mod log_events;
mod logs;
mod profile;
mod sts;
mod trust;
mod way_out;

pub use appflow::{AppFlow, ConnectorSummary, Profile, Registration};
pub use connect::{Aws, Connection};
pub use failure::{Reach, ServiceFailure};
pub use flows::Use;
pub use function_search::default_log_group;
pub use iam::Iam;
pub use lambda::{Configuration, Invocation, Lambda, NewFunction};
pub use log_events::LogEvent;
pub use logs::Logs;
pub use sts::{Identity, Sts};
pub use trust::VARIABLE as CA_BUNDLE_VARIABLE;

#[cfg(test)]
pub(crate) use failure::answered;
