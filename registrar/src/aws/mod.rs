//! The AWS calls, one function each. No type of the AWS SDK leaves this folder.

mod answer;
mod appflow;
mod connect;
mod download;
mod failure;
mod flow;
mod held;
mod iam;
mod lambda;
mod profile;
mod sts;
mod trust;
mod way_out;

pub use appflow::{AppFlow, ConnectorSummary, Profile, Registration};
pub use connect::{Aws, Connection};
pub use failure::{Reach, ServiceFailure};
pub use flow::Use;
pub use iam::Iam;
pub use lambda::{Configuration, Invocation, Lambda, NewFunction};
pub use sts::{Identity, Sts};
pub use trust::VARIABLE as CA_BUNDLE_VARIABLE;

#[cfg(test)]
pub(crate) use failure::answered;
