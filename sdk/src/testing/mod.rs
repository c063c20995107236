//! AppFlow in memory, for the tests of a connector.
//!
//! The feature `testing` belongs into the `[dev-dependencies]` of a connector: it adds no dependency, and nothing of it is in
//! the Lambda function.
//!
//! ```toml
//! [dev-dependencies]
//! appflow-sdk = { version = "0.1", features = ["testing"] }
//! tokio = { version = "1", features = ["macros", "rt", "time"] }
//! ```
//!
//! # A test file from zero
//! One line checks the connector against all rules below; a few more say what is special about it. Each of these
//! functions is a `#[tokio::test]`.
//!
//! ```
//! # use appflow_sdk::protocol::*;
//! # use appflow_sdk::{Catalogue, Connector, ConnectorError, InvocationContext, JsonPage, PageLayout, Pager};
//! # struct Acme(Catalogue);
//! # impl Acme { fn new() -> Self { Self(Catalogue::new(vec![EntityDefinition::new("orders", vec![
//! #     FieldDefinition::new("id", FieldDataType::Integer).primary_key()])])) } }
//! # impl Connector for Acme {
//! #     async fn describe_connector_configuration(&self, _: DescribeConnectorConfigurationRequest, _: &InvocationContext)
//! #         -> Result<DescribeConnectorConfigurationResponse, ConnectorError> {
//! #         let acme = DescribeConnectorConfigurationResponse::source("Acme CRM", "Acme", "1.0.0");
//! #         Ok(acme.authentication(AuthenticationConfig::new().basic()).build()?)
//! #     }
//! #     async fn list_entities(&self, request: ListEntitiesRequest, _: &InvocationContext)
//! #         -> Result<ListEntitiesResponse, ConnectorError> { self.0.list(&request) }
//! #     async fn describe_entity(&self, request: DescribeEntityRequest, _: &InvocationContext)
//! #         -> Result<DescribeEntityResponse, ConnectorError> { self.0.describe(&request) }
//! #     async fn query_data(&self, request: QueryDataRequest, context: &InvocationContext)
//! #         -> Result<QueryDataResponse, ConnectorError> {
//! #         let page = JsonPage::read(br#"[{"id":1}]"#.to_vec(), &PageLayout::new(""))?;
//! #         Pager::new(self.0.get(&request.entity_identifier)?, &request, context)?.one_page(page).await
//! #     }
//! # }
//! use appflow_sdk::testing::{AppFlow, Conformance, Credential, Flow};
//!
//! async fn keeps_the_rules() {
//!     let check = Conformance::new(Acme::new()).credentials(Credential::basic("ada", "hunter2"));
//!     let report = check.sample_filter("orders", "id > 0").run().await;
//!     assert!(report.is_success(), "{report}");
//! }
//!
//! async fn reads_orders() {
//!     let appflow = AppFlow::new(Acme::new()).credentials(Credential::basic("ada", "hunter2"));
//!     let run = appflow.run_flow(&Flow::read("orders").fields(["id"])).await.unwrap();
//!     run.records.assert_count(1);
//!     run.records.assert_unique("id");
//! }
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
//! # runtime.block_on(async { keeps_the_rules().await; reads_orders().await; });
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # What is where
//! | item | what it does |
//! |---|---|
//! | [`AppFlow`] | the eight calls over one connection, through bytes, with AppFlow's limits |
//! | [`AppFlow::then_credentials`] | a secret that is rotated while the connection is in use |
//! | [`Query`] | pages, tokens and statistics of a query |
//! | [`Flow`] | a whole flow, from registration to the last page |
//! | [`AppFlow::run_incrementally`] | two scheduled runs whose windows meet |
//! | [`Records`] | assertions on records |
//! | [`assert_connector`], [`Conformance`] | the rules below |
//! | [`Function`] | the seam for a deployed function, or a connector in another language |
//!
//! What is assumed, because AWS does not say it, is switchable: whether the bounds of a `between` belong to the range
//! ([`Conformance::between`]), and how the window of an incremental run is asked for ([`WindowForm`]). Whether a null passes
//! a `not` or a `!=` is open too; there both answers are taken.
//!
#![doc = include_str!("rules.md")]

mod appflow;
mod calls;
mod conformance;
mod credential;
mod failure;
mod flow;
mod function;
mod incremental;
mod query;
mod records;
mod rotation;
mod tokens;
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
