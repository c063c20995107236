//! Build Amazon AppFlow custom connectors in Rust.
//!
//! AppFlow moves records between SaaS applications and AWS. For a system it has no connector for, a customer deploys a
//! Lambda function that answers eight kinds of request. This crate is that function without the source system: implement
//! [`Connector`], hand it to `lambda::run`, and AppFlow can talk to it.
//!
//! ```
//! use appflow_sdk::{Catalogue, Connector, ConnectorError, InvocationContext, JsonPage, PageLayout, Pager, protocol::*};
//!
//! struct Orders(Catalogue);
//!
//! impl Connector for Orders {
//!     async fn describe_connector_configuration(&self, _: DescribeConnectorConfigurationRequest, _: &InvocationContext)
//!         -> Result<DescribeConnectorConfigurationResponse, ConnectorError> {
//!         Ok(DescribeConnectorConfigurationResponse::source("Acme CRM", "Acme", "1.0.0").build()?)
//!     }
//!     async fn list_entities(&self, request: ListEntitiesRequest, _: &InvocationContext)
//!         -> Result<ListEntitiesResponse, ConnectorError> { self.0.list(&request) }
//!     async fn describe_entity(&self, request: DescribeEntityRequest, _: &InvocationContext)
//!         -> Result<DescribeEntityResponse, ConnectorError> { self.0.describe(&request) }
//!     async fn query_data(&self, request: QueryDataRequest, context: &InvocationContext)
//!         -> Result<QueryDataResponse, ConnectorError> {
//!         // … GET /orders …
//!         let page = JsonPage::read(br#"{"data":[{"id":1,"total":9.90},{"id":2,"total":5}]}"#.to_vec(), &PageLayout::new("/data"))?;
//!         Pager::new(self.0.get(&request.entity_identifier)?, &request, context)?.one_page(page).await
//!     }
//! }
//!
//! # use std::{collections::BTreeMap, sync::Arc, time::Duration};
//! # use appflow_sdk::{Secret, handle};
//! # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
//! let connector = Orders(Catalogue::new(vec![EntityDefinition::new("orders", vec![
//!     FieldDefinition::new("id", FieldDataType::Integer).primary_key(),
//!     FieldDefinition::new("total", FieldDataType::BigDecimal),
//! ])]));
//! // What AppFlow would send, and what it would get:
//! let request = br#"{"type":"QueryDataRequest","entityIdentifier":"orders","filterExpression":"total > 9","connectorContext":{}}"#;
//! let context = InvocationContext::new("r-1", Duration::from_secs(30), Arc::new(BTreeMap::<String, Secret>::new()));
//! let answer = handle(&connector, request, context).await?;
//! assert!(answer.get().contains(r#""records":["{\"id\":1,\"total\":9.90}"]"#));
//! # Ok::<(), appflow_sdk::protocol::DecodeError>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `examples/hello_source.rs` is as small, and a Lambda function; `api_source.rs` and `destination.rs` show more.
//!
//! # What is where
//!
//! | to … | take |
//! |---|---|
//! | read and write AppFlow's messages | [`protocol`]: the eight requests and responses, as they travel; builders that check configurations and records; no I/O |
//! | understand a filter | [`filter`]: parse, show, type, evaluate; [`filter::translate`] for SQL, OData, SOQL and query strings; no I/O |
//! | answer requests | [`Connector`], and [`InvocationContext`] for what comes with each call |
//! | list and describe fixed entities | [`Catalogue`]; [`Entity`] for definitions that come from Rust types |
//! | return records | [`Pager`], which cuts pages by count, bytes and time; [`JsonPage`] for what an API answered; [`Selection`] for filter and projection alone |
//! | write records | [`BatchWriter`] |
//! | call the source system | [`Retry`]; [`InvocationContext::with_credentials`] for credentials that were renewed meanwhile |
//! | say what went wrong | [`ConnectorError`] |
//! | run on AWS Lambda | `lambda::run` (feature `lambda`) |
//! | test a connector | `testing` (feature `testing`): AppFlow in memory, and a conformance check |
//! | run in a test, or elsewhere | [`handle`] and [`dispatch`]: bytes or typed requests in, responses out |
//!
//! # Failures
//! A foreseeable failure is a [`ConnectorError`]: a normal response that AppFlow's user can read. A request that cannot be
//! read, and a panic, are Lambda function errors. A failure without code and message cannot be built. Credentials that
//! were read through the [`InvocationContext`] do not come back in a message, in any of the forms in which they are sent.
//!
//! # Features
//! - `lambda` (on by default): `lambda::run` and the AWS crates it needs.
//! - `testing`: the module `testing`, AppFlow in memory for the tests of a connector. For `[dev-dependencies]`.
//! - `derive`: `#[derive(Entity)]`, which writes an entity's definition from a struct.
//! - `marketplace`: `marketplace::Entitlement`, which asks whether the AWS account has subscribed to the connector.

#[cfg(any(feature = "lambda", feature = "marketplace"))]
mod aws;
mod catalogue;
mod connector;
mod credentials;
mod dispatch;
mod entity;
mod error;
pub mod filter;
mod fingerprint;
mod invocation;
#[cfg(feature = "lambda")]
pub mod lambda;
#[cfg(feature = "marketplace")]
pub mod marketplace;
mod nearest;
mod pace;
mod page;
mod pager;
pub mod protocol;
mod record_buffer;
mod retry;
mod secret;
mod secret_cache;
mod selection;
mod settings;
mod summary;
#[cfg(feature = "testing")]
pub mod testing;
mod token;
#[cfg(any(feature = "lambda", feature = "marketplace"))]
mod transport;
mod writer;

#[cfg(feature = "derive")]
pub use appflow_derive::Entity;
pub use catalogue::{Catalogue, page_of_entities};
pub use connector::Connector;
pub use credentials::{ConnectionCredentials, SecretStore};
pub use dispatch::{dispatch, handle, handle_with_summary};
pub use entity::{Entity, FieldType};
pub use error::{ConnectorError, HTTP_STATUS_CODES};
pub use invocation::InvocationContext;
pub use nearest::nearest;
pub use page::{JsonPage, PageError, PageErrorKind, PageLayout};
pub use pager::{Pager, SourcePage};
pub use record_buffer::{BYTE_BUDGET, RECORD_LIMIT, RecordBuffer};
pub use retry::{Repeat, Retry};
pub use secret::Secret;
pub use secret_cache::CachedSecrets;
pub use selection::Selection;
pub use settings::validate_settings;
pub use summary::InvocationSummary;
pub use token::{TOKEN_LIMIT, TokenCodec};
pub use writer::{AllOrNone, BatchWriter, WriteBatch};
