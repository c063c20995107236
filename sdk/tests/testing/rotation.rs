//! Credentials that change while a connection is in use.

use std::sync::{Arc, Mutex};

use appflow_sdk::protocol::*;
use appflow_sdk::testing::{AppFlow, Credential, Flow};
use appflow_sdk::{Catalogue, ConnectionCredentials, Connector, ConnectorError, InvocationContext, Pager, SourcePage};

/// The key that the source system takes.
const GOOD: &str = "key-good";

/// A source that takes one key, and notes which it was asked with.
struct Locked {
    catalogue: Catalogue,
    /// Whether it reads the secret a second time when the key is refused.
    reads_again: bool,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Locked {
    fn open(&self, credentials: &ConnectionCredentials) -> Result<(), ConnectorError> {
        let ConnectionCredentials::ApiKey { api_key, .. } = credentials else { panic!("{credentials:?}") };
        self.seen.lock().unwrap().push(api_key.expose().to_owned());
        if api_key.expose() == GOOD { Ok(()) } else { Err(ConnectorError::invalid_credentials("401")) }
    }

    async fn unlock(&self, connection: &ConnectorContext, context: &InvocationContext) -> Result<(), ConnectorError> {
        if self.reads_again {
            context.with_credentials(connection, async |credentials| self.open(&credentials)).await
        } else {
            self.open(&context.credentials(connection).await?)
        }
    }
}

impl Connector for Locked {
    async fn describe_connector_configuration(
        &self,
        _: DescribeConnectorConfigurationRequest,
        _: &InvocationContext,
    ) -> Result<DescribeConnectorConfigurationResponse, ConnectorError> {
        let authentication = AuthenticationConfig::new().api_key();
        Ok(DescribeConnectorConfigurationResponse::source("Locked", "Tests", "1.0.0")
            .authentication(authentication)
            .build()?)
    }

    async fn validate_credentials(
        &self,
        request: ValidateCredentialsRequest,
        context: &InvocationContext,
    ) -> Result<ValidateCredentialsResponse, ConnectorError> {
        self.unlock(&request.connector_context(), context).await?;
        Ok(ValidateCredentialsResponse::valid())
    }

    async fn list_entities(
        &self,
        request: ListEntitiesRequest,
        _: &InvocationContext,
    ) -> Result<ListEntitiesResponse, ConnectorError> {
        self.catalogue.list(&request)
    }

    async fn describe_entity(
        &self,
        request: DescribeEntityRequest,
        _: &InvocationContext,
    ) -> Result<DescribeEntityResponse, ConnectorError> {
        self.catalogue.describe(&request)
    }

    async fn query_data(
        &self,
        request: QueryDataRequest,
        context: &InvocationContext,
    ) -> Result<QueryDataResponse, ConnectorError> {
        let pager = Pager::new(self.catalogue.get(&request.entity_identifier)?, &request, context)?;
        pager
            .pages(async |_: Option<u32>| {
                self.unlock(&request.connector_context, context).await?;
                Ok(SourcePage::records([Record::parse(r#"{"id":1}"#).unwrap()]))
            })
            .await
    }
}

/// A connection with these keys, one after the other, and what the source is asked with.
fn connection(reads_again: bool, keys: &[&str]) -> (AppFlow, Arc<Mutex<Vec<String>>>) {
    let id = FieldDefinition::new("id", FieldDataType::Integer).primary_key();
    let catalogue = Catalogue::new(vec![EntityDefinition::new("orders", vec![id])]);
    let seen = Arc::new(Mutex::default());
    let mut appflow = AppFlow::new(Locked { catalogue, reads_again, seen: Arc::clone(&seen) });
    for key in keys {
        appflow = appflow.then_credentials(Credential::api_key(key, None));
    }
    (appflow, seen)
}

#[tokio::test]
async fn a_connector_that_reads_the_secret_again_survives_its_rotation() {
    let (appflow, seen) = connection(true, &["key-old", GOOD]);
    let copy = appflow.clone();
    appflow.query("orders").all().await.unwrap().assert_count(1);
    assert_eq!(*seen.lock().unwrap(), ["key-old", GOOD]);
    copy.query("orders").all().await.unwrap().assert_count(1);
    assert_eq!(*seen.lock().unwrap(), ["key-old", GOOD, GOOD], "the old secret does not come back");
}

#[tokio::test]
async fn a_connector_that_keeps_to_the_first_secret_fails_until_it_is_asked_again() {
    let (appflow, seen) = connection(false, &["key-old", GOOD]);
    let error = appflow.query("orders").all().await.unwrap_err();
    assert_eq!(error.code(), Some(&ErrorCode::InvalidCredentials));
    appflow.query("orders").all().await.unwrap().assert_count(1);
    assert_eq!(*seen.lock().unwrap(), ["key-old", GOOD]);
}

#[tokio::test]
async fn a_rotation_goes_on_from_secret_to_secret_and_ends_at_the_last() {
    let (appflow, seen) = connection(true, &["key-1", "key-2", "key-3"]);
    for _ in 0..2 {
        appflow.query("orders").all().await.unwrap_err();
    }
    assert_eq!(*seen.lock().unwrap(), ["key-1", "key-2", "key-3"]);
}

#[tokio::test]
async fn credentials_that_are_tried_first_are_the_first() {
    let (appflow, seen) = connection(true, &["key-old", GOOD]);
    appflow.run_flow(&Flow::read("orders")).await.unwrap().records.assert_count(1);
    assert_eq!(*seen.lock().unwrap(), ["key-old", GOOD, GOOD]);
}
