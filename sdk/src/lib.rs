//! Build Amazon AppFlow custom connectors in Rust.
//!
//! AppFlow moves records between SaaS applications and AWS. For a system it has no connector for, a customer deploys a
//! Lambda function that answers eight kinds of request. This crate is that function without the source system: implement
//! [`Connector`], hand it to `lambda::run`, and AppFlow can talk to it.
//!
//! ```
//! use std::{collections::BTreeMap, sync::Arc, time::Duration};
//! use appflow_sdk::{InvocationContext, Secret, handle};
//! # use appflow_sdk::{Catalogue, Connector, ConnectorError, protocol::*};
//! # struct Acme(Catalogue);
//! # impl Connector for Acme {
//! #     async fn describe_connector_configuration(&self, _: DescribeConnectorConfigurationRequest, _: &InvocationContext)
//! #         -> Result<DescribeConnectorConfigurationResponse, ConnectorError> {
//! #         Ok(DescribeConnectorConfigurationResponse::source("Acme CRM", "Acme", "1.0.0"))
//! #     }
//! #     async fn list_entities(&self, request: ListEntitiesRequest, _: &InvocationContext)
//! #         -> Result<ListEntitiesResponse, ConnectorError> { self.0.list(&request) }
//! #     async fn describe_entity(&self, request: DescribeEntityRequest, _: &InvocationContext)
//! #         -> Result<DescribeEntityResponse, ConnectorError> { self.0.describe(&request) }
//! #     async fn query_data(&self, _: QueryDataRequest, _: &InvocationContext)
//! #         -> Result<QueryDataResponse, ConnectorError> { Ok(QueryDataResponse::new(Vec::new(), None)) }
//! # }
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
//! # runtime.block_on(async {
//! let connector = Acme(Catalogue::new(vec![EntityDefinition::new(
//!     "orders",
//!     vec![FieldDefinition::new("id", FieldDataType::Integer).primary_key()],
//! )]));
//! let context = InvocationContext::new("r-1", Duration::from_secs(30), Arc::new(BTreeMap::<String, Secret>::new()));
//! let answer = handle(&connector, br#"{"type":"ListEntitiesRequest","connectorContext":{}}"#, context).await?;
//! assert!(answer.get().contains(r#""entityIdentifier":"orders""#));
//! # Ok::<(), appflow_sdk::protocol::DecodeError>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `examples/hello_source.rs` is a complete source connector in sixty lines.
//!
//! # What is where
//! - [`protocol`]: the eight requests and responses, as they travel. No I/O.
//! - [`filter`]: AppFlow's filter language: parse, show, evaluate, translate into SQL, `OData`, SOQL. No I/O.
//! - [`Connector`] and [`InvocationContext`]: what an author implements, and what comes with each call.
//! - [`Catalogue`] and [`Selection`]: answers for fixed entities, and filter and projection of JSON records.
//! - [`handle`] and [`dispatch`]: bytes or typed requests in, responses out, in process.
//! - `lambda::run` (feature `lambda`): the same on AWS Lambda, with credentials from Secrets Manager.
//!
//! # Failures
//! A foreseeable failure is a [`ConnectorError`]: a normal response that AppFlow's user can read. A request that cannot be
//! read, and a panic, are Lambda function errors. A failure without code and message cannot be built.
//!
//! # Features
//! - `lambda` (on by default): `lambda::run` and the AWS crates it needs. Without it the crate is types and logic only.

mod catalogue;
mod connector;
mod credentials;
mod dispatch;
mod error;
pub mod filter;
#[cfg(feature = "lambda")]
pub mod lambda;
pub mod protocol;
mod secret;
mod selection;
mod settings;

pub use catalogue::Catalogue;
pub use connector::{Connector, InvocationContext};
pub use credentials::{ConnectionCredentials, SecretStore};
pub use dispatch::{dispatch, handle};
pub use error::ConnectorError;
pub use secret::Secret;
pub use selection::Selection;
pub use settings::validate_settings;
