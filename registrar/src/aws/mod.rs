//! The AWS calls, one function each. No type of the AWS SDK leaves this folder.

mod appflow;
mod connect;
mod failure;
mod iam;
mod lambda;
mod logs;
mod profile;
mod s3;
mod sts;

pub use appflow::{AppFlow, ConnectorSummary, Profile, Registration};
pub use connect::{Aws, Connection};
pub use failure::{Reach, ServiceFailure};
pub use iam::Iam;
pub use lambda::{Code, Configuration, Invocation, Lambda, NewFunction};
pub use logs::Logs;
pub use s3::S3;
pub use sts::{Identity, Sts};

#[cfg(test)]
pub(crate) use failure::answered;
