//! Entities and fields: asked of the connector each time.
//!
//! AWS remembers them for the time the connector names, an hour without one. The emulator remembers nothing, so that a
//! connector under development never shows its past.

use appflow_sdk::protocol::{
    ConnectorContext, Credentials, DEFAULT_MAX_RESULTS, DescribeEntityRequest, ListEntitiesRequest, Response,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::AppFlow;
use super::call::Function;
use super::configuration::without_nulls;
use super::entity::{entity, field};
use super::input::decode;
use super::refusal::validation;
use super::state::{Connector, Profile};
use super::validate::{API_VERSION, ENTITIES_PATH, ENTITY_NAME, NEXT_TOKEN, PROFILE_NAME, Problems};
use crate::failure::ApiError;
use crate::scope::Scope;

/// The group under which entities of a custom connector are listed (recorded from the service).
const GROUP: &str = "Objects";

/// Most entities of a page (the service's model).
const LARGEST_PAGE: i64 = 10_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListEntities {
    connector_profile_name: Option<String>,
    connector_type: Option<String>,
    entities_path: Option<String>,
    api_version: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DescribeEntity {
    connector_entity_name: Option<String>,
    connector_type: Option<String>,
    connector_profile_name: Option<String>,
    api_version: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResetCache {
    connector_profile_name: Option<String>,
    connector_type: Option<String>,
    connector_entity_name: Option<String>,
    entities_path: Option<String>,
    api_version: Option<String>,
}

impl AppFlow {
    /// Lists the entities below a path. The model leaves the profile's name open because AWS's own connectors need
    /// none; a custom one does.
    pub(super) async fn list_connector_entities(&self, scope: &Scope, body: &[u8]) -> Result<Value, ApiError> {
        let input: ListEntities = decode(body)?;
        let mut problems = Problems::default();
        problems.connector_type(input.connector_type.as_deref());
        let name = problems.required("connectorProfileName", input.connector_profile_name, &PROFILE_NAME);
        let path = problems.optional("entitiesPath", input.entities_path, &ENTITIES_PATH);
        let version = problems.optional("apiVersion", input.api_version, &API_VERSION);
        problems.range("maxResults", input.max_results, 1, LARGEST_PAGE);
        let next_token = problems.optional("nextToken", input.next_token, &NEXT_TOKEN);
        problems.finish()?;

        let region = self.state.region(scope);
        let profile = region.profile(&name)?;
        let connector = region.connector(&profile.connector_label)?;
        let context = self.context(connector, profile, version)?;
        let mut request = ListEntitiesRequest::new(context);
        request.entities_path = path;
        request.max_result = input.max_results.unwrap_or(DEFAULT_MAX_RESULTS);
        request.next_token = next_token;
        let listed = Function::of(self.invoker.as_ref(), scope, connector)
            .ask(request, |response| match response {
                Response::ListEntities(response) => Some(response),
                _ => None,
            })
            .await?;
        let entities: Vec<_> = listed.entities().iter().map(entity).collect();
        Ok(without_nulls(json!({
            "connectorEntityMap": {GROUP: entities},
            "nextToken": listed.next_token,
        })))
    }

    /// Lists the fields of one entity.
    pub(super) async fn describe_connector_entity(&self, scope: &Scope, body: &[u8]) -> Result<Value, ApiError> {
        let input: DescribeEntity = decode(body)?;
        let mut problems = Problems::default();
        problems.connector_type(input.connector_type.as_deref());
        let entity = problems.required("connectorEntityName", input.connector_entity_name, &ENTITY_NAME);
        let name = problems.required("connectorProfileName", input.connector_profile_name, &PROFILE_NAME);
        let version = problems.optional("apiVersion", input.api_version, &API_VERSION);
        problems.finish()?;

        let region = self.state.region(scope);
        let profile = region.profile(&name)?;
        let connector = region.connector(&profile.connector_label)?;
        let context = self.context(connector, profile, version)?;
        let definition = Function::of(self.invoker.as_ref(), scope, connector)
            .ask(DescribeEntityRequest::new(entity, context), |response| match response {
                Response::DescribeEntity(response) => response.entity_definition,
                _ => None,
            })
            .await?;
        let field_type = self.behaviour.field_type;
        let fields: Vec<_> = definition.fields.iter().map(|one| field(one, field_type)).collect();
        Ok(without_nulls(json!({"connectorEntityFields": fields})))
    }

    /// Has nothing to forget, but refuses what AWS would refuse.
    pub(super) fn reset_connector_metadata_cache(&self, scope: &Scope, body: &[u8]) -> Result<Value, ApiError> {
        let input: ResetCache = decode(body)?;
        let mut problems = Problems::default();
        problems.connector_type(input.connector_type.as_deref());
        let name = problems.required("connectorProfileName", input.connector_profile_name, &PROFILE_NAME);
        problems.optional("connectorEntityName", input.connector_entity_name, &ENTITY_NAME);
        problems.optional("entitiesPath", input.entities_path, &ENTITIES_PATH);
        // The model's text: must be given for a custom connector.
        problems.required("apiVersion", input.api_version, &API_VERSION);
        problems.finish()?;
        self.state.region(scope).profile(&name)?;
        Ok(json!({}))
    }

    fn context(
        &self,
        connector: &Connector,
        profile: &Profile,
        version: Option<String>,
    ) -> Result<ConnectorContext, ApiError> {
        let supported = &connector.configuration.supported_api_versions;
        if let Some(version) = version.as_ref().filter(|_| self.behaviour.check_api_version)
            && !supported.contains(version)
        {
            return Err(validation(format!("apiVersion {version} is none of {}", supported.join(", "))));
        }
        let kind = profile.authentication_type.clone();
        let mut context = ConnectorContext::default();
        context.api_version = version.or_else(|| supported.first().cloned());
        context.connector_runtime_settings = Some(profile.properties.clone());
        context.credentials = Some(Credentials::new(&profile.credentials_arn, Some(kind)));
        context.connector_profile_label = Some(profile.name.clone());
        Ok(context)
    }
}
