//! AppFlow in memory, for the tests of a connector (feature `testing`).

mod appflow;
mod conformance;
mod credential;
mod failure;
mod flow;
mod function;
mod incremental;
mod query;
mod records;
mod written;

pub use appflow::AppFlow;
pub use conformance::{Conformance, Finding, Report, Rule, Verdict, assert_connector};
pub use credential::Credential;
pub use failure::{CallError, CallErrorKind};
pub use flow::{Flow, FlowRun};
pub use function::{Answer, Function, FunctionError, Invocation};
pub use incremental::{IncrementalRuns, WindowForm};
pub use query::{Page, Query, Statistics};
pub use records::Records;
pub use written::Written;
