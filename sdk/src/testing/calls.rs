//! The eight calls.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;

use super::appflow::AppFlow;
use super::failure::{CallError, CallErrorKind};
use super::query::Query;
use super::records::Records;
use super::tokens::{MOST_PAGES, Tokens};
use super::written::Written;
use crate::protocol::{
    DEFAULT_MAX_RESULTS, DescribeConnectorConfigurationRequest, DescribeConnectorConfigurationResponse,
    DescribeEntityRequest, Entity, EntityDefinition, ListEntitiesRequest, Operation, Record, Response,
    RetrieveDataRequest, RuntimeSettingScope, ValidateConnectorRuntimeSettingsRequest, ValidateCredentialsRequest,
    WriteDataRequest, WriteOperationType,
};

impl AppFlow {
    /// Asks what the connector is: registration.
    ///
    /// # Errors
    /// [`CallError`]: the connector declares a failure, or brings nothing that AppFlow could use. So it is with every
    /// call.
    pub async fn describe(&self) -> Result<DescribeConnectorConfigurationResponse, CallError> {
        let mut request = DescribeConnectorConfigurationRequest::default();
        if let Some(locale) = &self.locale {
            request.locale.clone_from(locale);
        }
        match self.ask(request).await? {
            Response::DescribeConnectorConfiguration(response) => Ok(*response),
            other => Err(mixed_up(Operation::DescribeConnectorConfiguration, &other)),
        }
    }

    /// Asks whether the settings are right. The errors by input field are in the message of the failure; for
    /// themselves, see [`refused_settings`](Self::refused_settings).
    ///
    /// # Errors
    /// [`CallError`], declared when they are not right.
    pub async fn validate_settings(&self, scope: RuntimeSettingScope) -> Result<(), CallError> {
        self.ask(self.settings_request(scope)).await.map(drop)
    }

    /// Asks whether the settings are right, and returns what is wrong by the setting's key; nothing when all is well.
    ///
    /// # Errors
    /// [`CallError`] when the connector names no setting.
    pub async fn refused_settings(&self, scope: RuntimeSettingScope) -> Result<BTreeMap<String, String>, CallError> {
        let operation = Operation::ValidateConnectorRuntimeSettings;
        match self.answer(self.settings_request(scope)).await? {
            Response::ValidateConnectorRuntimeSettings(response) => {
                match (response.outcome(), response.errors_by_input_field.clone()) {
                    (Ok(()), _) => Ok(BTreeMap::new()),
                    (Err(_), Some(errors)) if !errors.is_empty() => Ok(errors),
                    (Err(details), _) => Err(CallError::declared(operation, details)),
                }
            }
            other => Err(mixed_up(operation, &other)),
        }
    }

    fn settings_request(&self, scope: RuntimeSettingScope) -> ValidateConnectorRuntimeSettingsRequest {
        let mut request = ValidateConnectorRuntimeSettingsRequest::new(scope, self.settings.clone());
        request.authentication_type = self.credential.as_ref().map(|given| given.authentication_type().clone());
        request
    }

    /// Asks whether the credentials work: a connection is made.
    ///
    /// # Errors
    /// [`CallError`], declared when they do not.
    pub async fn validate_credentials(&self) -> Result<(), CallError> {
        let credentials = self.credentials_named().unwrap_or_default();
        self.ask(ValidateCredentialsRequest::new(credentials, Some(self.settings.clone()))).await.map(drop)
    }

    /// Lists the entities at the root, all pages.
    ///
    /// # Errors
    /// [`CallError`], also when the pages do not end.
    pub async fn list_entities(&self) -> Result<Vec<Entity>, CallError> {
        self.list_entities_below(None, DEFAULT_MAX_RESULTS).await
    }

    /// Lists the entities below a path, or at the root, with so many to a page.
    ///
    /// # Errors
    /// As [`list_entities`](Self::list_entities).
    pub async fn list_entities_below(&self, path: Option<&str>, page_size: i64) -> Result<Vec<Entity>, CallError> {
        let mut request = ListEntitiesRequest::new(self.connector_context());
        request.entities_path = path.map(str::to_owned);
        request.max_result = page_size;
        let mut entities = Vec::new();
        let mut tokens = Tokens::default();
        loop {
            let page = match self.ask(request.clone()).await? {
                Response::ListEntities(page) => page,
                other => return Err(mixed_up(Operation::ListEntities, &other)),
            };
            entities.extend_from_slice(page.entities());
            request.next_token = tokens.follow(Operation::ListEntities, page.next_token)?;
            if request.next_token.is_none() {
                return Ok(entities);
            }
        }
    }

    /// Lists every entity: those at the root and, by path, those nested in them, parents first.
    ///
    /// # Errors
    /// As [`list_entities`](Self::list_entities); also when a path leads back to itself.
    pub async fn list_all_entities(&self) -> Result<Vec<Entity>, CallError> {
        let mut all = self.list_entities().await?;
        let mut opened = BTreeSet::new();
        let mut next = 0;
        while let Some(entity) = all.get(next) {
            next += 1;
            if !entity.has_nested_entities {
                continue;
            }
            let path = entity.entity_identifier.clone();
            if !opened.insert(path.clone()) || opened.len() > MOST_PAGES {
                let reason = format!("the entity {path:?} is listed below itself or twice, or there are too many");
                return Err(CallError::new(Operation::ListEntities, CallErrorKind::Endless(reason)));
            }
            let below = self.list_entities_below(Some(&path), DEFAULT_MAX_RESULTS).await?;
            all.splice(next..next, below);
        }
        Ok(all)
    }

    /// Asks which fields an entity has. The answer goes along with later queries, as it does in AppFlow.
    ///
    /// # Errors
    /// [`CallError`]; unusable when a success holds no definition.
    pub async fn describe_entity(&self, entity: &str) -> Result<EntityDefinition, CallError> {
        let request = DescribeEntityRequest::new(entity, self.connector_context());
        let definition = match self.ask(request).await? {
            Response::DescribeEntity(response) => response.entity_definition.ok_or_else(|| {
                CallError::unusable(Operation::DescribeEntity, "isSuccess is true, but entityDefinition is missing")
            })?,
            other => return Err(mixed_up(Operation::DescribeEntity, &other)),
        };
        let mut described = self.described.lock().unwrap_or_else(PoisonError::into_inner);
        described.insert(entity.to_owned(), definition.clone());
        Ok(definition)
    }

    /// The definition from the last answer, or asked for now.
    pub(super) async fn definition(&self, entity: &str) -> Result<EntityDefinition, CallError> {
        let known = self.described.lock().unwrap_or_else(PoisonError::into_inner).get(entity).cloned();
        match known {
            Some(definition) => Ok(definition),
            None => self.describe_entity(entity).await,
        }
    }

    /// A query for the records of an entity.
    pub fn query(&self, entity: impl Into<String>) -> Query<'_> {
        Query::new(self, entity.into())
    }

    /// Looks records up by the values of one field.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn retrieve(
        &self,
        entity: &str,
        id_field: &str,
        ids: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Records, CallError> {
        self.look_up(entity, None, id_field, ids.into_iter().map(Into::into).collect()).await
    }

    /// Looks records up by the values of one field, and selects fields of them.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn retrieve_fields(
        &self,
        entity: &str,
        fields: impl IntoIterator<Item = impl Into<String>>,
        id_field: &str,
        ids: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Records, CallError> {
        let fields = fields.into_iter().map(Into::into).collect();
        self.look_up(entity, Some(fields), id_field, ids.into_iter().map(Into::into).collect()).await
    }

    async fn look_up(
        &self,
        entity: &str,
        fields: Option<Vec<String>>,
        id_field: &str,
        ids: Vec<String>,
    ) -> Result<Records, CallError> {
        let mut context = self.connector_context();
        context.entity_definition = Some(self.definition(entity).await?);
        let mut request = RetrieveDataRequest::new(entity, context, id_field, ids);
        request.selected_field_names = fields;
        match self.ask(request).await? {
            Response::RetrieveData(response) => match response.records {
                Some(records) => Ok(Records::new(entity, records)),
                None => Err(CallError::unusable(Operation::RetrieveData, "isSuccess is true, but records is missing")),
            },
            other => Err(mixed_up(Operation::RetrieveData, &other)),
        }
    }

    /// Writes records. Id fields are the primary keys of the entity, except for an insert.
    ///
    /// # Errors
    /// [`CallError`]. That single records failed is no error but in the result.
    pub async fn write(
        &self,
        entity: &str,
        operation: WriteOperationType,
        records: Vec<Record>,
    ) -> Result<Written, CallError> {
        let definition = self.definition(entity).await?;
        self.write_texts(entity, Some(definition), operation, records.into_iter().map(String::from).collect()).await
    }

    /// Writes texts, be they records or not.
    pub(super) async fn write_texts(
        &self,
        entity: &str,
        definition: Option<EntityDefinition>,
        operation: WriteOperationType,
        records: Vec<String>,
    ) -> Result<Written, CallError> {
        let fields = definition.iter().flat_map(|definition| &definition.fields);
        let keys = fields.filter(|field| field.is_primary_key == Some(true));
        let ids: Vec<_> = keys.map(|field| field.field_name.clone()).collect();
        let mut context = self.connector_context();
        context.entity_definition = definition;
        let sent = records.len();
        let inserts = operation == WriteOperationType::Insert;
        let mut request = WriteDataRequest::new(entity, context, operation, Vec::new());
        request.records = records;
        request.id_field_names = (!inserts && !ids.is_empty()).then_some(ids);
        match self.answer(request).await? {
            Response::WriteData(response) => Written::read(response, sent),
            other => Err(mixed_up(Operation::WriteData, &other)),
        }
    }
}

/// The response of another operation: `Response::decode` returns what it was asked for, so this cannot happen.
pub(super) fn mixed_up(operation: Operation, found: &Response) -> CallError {
    CallError::unusable(operation, format!("the answer is one to another operation: {found:?}"))
}
