//! An embedded local AWS for `AppFlow` connectors, on one loopback port.
//!
//! `AppFlow`'s control plane, Lambda with execution of functions, CloudWatch Logs, IAM, STS and Secrets Manager answer on one port, told
//! apart by the service name that a request is signed for. Any AWS client works against it when `AWS_ENDPOINT_URL` names
//! it; any credentials will do. A small API with made-up records stands below `/sample` for connectors to read.
//!
//! ```no_run
//! # async fn example() -> Result<(), appflow_local::StartError> {
//! let aws = appflow_local::connect_or_start(appflow_local::Options::new("target/local-aws")).await?;
//! let endpoint = aws.endpoint_url();
//! # let _ = endpoint;
//! aws.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! Functions run as processes of this machine, with the machine's rights: this is no sandbox. Only loopback is listened
//! on. Everything is kept in one state directory, secrets in clear text, readable by its owner alone. Nothing here ever
//! calls AWS.
//!
//! | service | what there is |
//! |---|---|
//! | `AppFlow` | connectors, connector profiles, entities; flows are not emulated yet |
//! | Lambda | functions, versions, aliases, policies, tags, invocations; code as zip with a `bootstrap`; layers, VPC, tracing and concurrency are kept but not acted on |
//! | IAM | roles and policies; they are checked for a function's role and for `AssumeRole`, and for nothing else |
//! | STS | `GetCallerIdentity`, `AssumeRole` |
//! | CloudWatch Logs | log groups, retention, the last lines that functions printed |
//! | Secrets Manager | secrets, versions, recovery |

mod appflow;
mod failure;
mod front;
mod hexadecimal;
mod iam;
mod lambda;
mod logs;
mod occupancy;
mod options;
mod running;
mod sample;
mod scope;
mod secrets;
mod store;
mod sts;

pub use appflow::{Behaviour, ConnectorTypeSpelling, FieldTypeSource, MissingPermission, ProfileChecks};
pub use lambda::{Trial, TrialError};
pub use options::Options;
pub use running::{Running, StartError, connect_or_start, serve};
pub use store::StoreError;
