//! Entities that the API describes: found by asking, and remembered for a while.

mod cache;
mod csdl;
mod json;

use std::sync::Arc;

use appflow_sdk::protocol::Entity;
use appflow_sdk::{ConnectorError, InvocationContext, Repeat, nearest};
use serde_json::Value;

use crate::client::Answer;
use crate::connection::Connection;
use crate::discovery::cache::Cache;
use crate::discovery::csdl::Model;
use crate::known::{Access, Known};
use crate::manifest::{Describe, Discovery, List, Method, Request};

/// Finds entities. What was found is remembered per connection.
#[derive(Debug)]
pub(crate) struct Finder {
    rules: Discovery,
    access: Arc<Access>,
    cache: Cache,
}

impl Finder {
    /// Nothing is asked yet.
    pub(crate) fn new(rules: &Discovery) -> Self {
        let access = Access { read: rules.read.clone(), retrieve: rules.retrieve.clone(), write: rules.write.clone() };
        Self { rules: rules.clone(), access: Arc::new(access), cache: Cache::new(rules.cache_seconds) }
    }

    /// How long AppFlow may remember what it is told, in seconds.
    pub(crate) fn cache_seconds(&self) -> u32 {
        self.rules.cache_seconds
    }

    /// The entities of the first level, or below another.
    ///
    /// # Errors
    /// What the API's failure stands for; `InvalidArgument` when nothing can be below another.
    pub(crate) async fn list(
        &self,
        path: Option<&str>,
        connection: &Connection<'_>,
        context: &InvocationContext,
    ) -> Result<Arc<Vec<Entity>>, ConnectorError> {
        if let Some(known) = self.cache.list(connection.settings(), path) {
            return Ok(known);
        }
        let found = match (&self.rules.list, path) {
            (Some(rules), None) => self.ask_for_list(rules, &rules.request, None, connection, context).await?,
            (Some(rules), Some(path)) => {
                let nested = rules.nested.as_ref().ok_or_else(|| nothing_below(path))?;
                self.ask_for_list(rules, &nested.request, Some(path), connection, context).await?
            }
            (None, Some(path)) => return Err(nothing_below(path)),
            (None, None) => match &self.rules.odata {
                Some(request) => self.model(request, connection, context).await?.entities(&self.access),
                None => Vec::new(),
            },
        };
        Ok(self.cache.remember_list(connection.settings(), path, found))
    }

    /// An entity with its fields.
    ///
    /// # Errors
    /// `InvalidArgument` when the API has none of that name; what its failure stands for else.
    pub(crate) async fn find(
        &self,
        name: &str,
        connection: &Connection<'_>,
        context: &InvocationContext,
    ) -> Result<Arc<Known>, ConnectorError> {
        if let Some(known) = self.cache.entity(connection.settings(), name) {
            return Ok(known);
        }
        let known = match (&self.rules.describe, &self.rules.odata) {
            (Some(rules), _) => self.ask_for_entity(rules, name, connection, context).await?,
            (None, Some(request)) => self.entity_of_model(request, name, connection, context).await?,
            (None, None) => return Err(self.unknown(name, connection, context).await),
        };
        Ok(self.cache.remember_entity(connection.settings(), known))
    }

    async fn ask_for_list(
        &self,
        rules: &List,
        request: &Request,
        path: Option<&str>,
        connection: &Connection<'_>,
        context: &InvocationContext,
    ) -> Result<Vec<Entity>, ConnectorError> {
        let known = |name: &str| if name == "path" { path.map(str::to_owned) } else { None };
        let call = connection.call(request, Method::Get, &known)?;
        let answer = match path {
            None => connection.send(&call, Repeat::Safe, context).await?,
            Some(path) => connection.find(&call, context).await?.ok_or_else(|| nothing_below(path))?,
        };
        json::entities(rules, &document(&answer)?, !self.access.write.is_empty())
            .map_err(|problem| unexpected(&answer, &problem))
    }

    async fn ask_for_entity(
        &self,
        rules: &Describe,
        name: &str,
        connection: &Connection<'_>,
        context: &InvocationContext,
    ) -> Result<Known, ConnectorError> {
        let value_of = |wanted: &str| (wanted == "entity").then(|| name.to_owned());
        let call = connection.call(&rules.request, Method::Get, &value_of)?;
        let Some(answer) = connection.find(&call, context).await? else {
            return Err(self.unknown(name, connection, context).await);
        };
        // What the list says of an entity is shown with its fields.
        let listed = self.list(None, connection, context).await.unwrap_or_default();
        let entity = listed.iter().find(|entity| entity.entity_identifier == name).cloned();
        let entity = entity.unwrap_or_else(|| json::entity(name, !self.access.write.is_empty()));
        json::known(rules, &self.rules.types, entity, &document(&answer)?, &self.access)
            .map_err(|problem| unexpected(&answer, &problem))
    }

    async fn entity_of_model(
        &self,
        request: &Request,
        name: &str,
        connection: &Connection<'_>,
        context: &InvocationContext,
    ) -> Result<Known, ConnectorError> {
        let model = self.model(request, connection, context).await?;
        let known = model.known(name, &self.rules, &self.access).map_err(|problem| {
            ConnectorError::server_error(format!("the metadata of the OData service is not usable: {problem}"))
        })?;
        match known {
            Some(known) => Ok(known),
            None => Err(self.unknown(name, connection, context).await),
        }
    }

    /// The metadata of an OData service, asked for if it is not remembered.
    async fn model(
        &self,
        request: &Request,
        connection: &Connection<'_>,
        context: &InvocationContext,
    ) -> Result<Arc<Model>, ConnectorError> {
        if let Some(known) = self.cache.model(connection.settings()) {
            return Ok(known);
        }
        let call = connection.call(request, Method::Get, &|_| None)?;
        let answer = connection.send(&call, Repeat::Safe, context).await?;
        let model = Model::read(&answer.body).map_err(|problem| {
            ConnectorError::server_error(format!(
                "the answer to {} is {} and not the metadata of an OData 4 service: {problem}",
                answer.request,
                answer.content_type()
            ))
        })?;
        Ok(self.cache.remember_model(connection.settings(), model))
    }

    async fn unknown(&self, name: &str, connection: &Connection<'_>, context: &InvocationContext) -> ConnectorError {
        // That there is none of this name is the error, whatever comes of asking for the others.
        let listed = self.list(None, connection, context).await.unwrap_or_default();
        let names = listed.iter().map(|entity| entity.entity_identifier.as_str());
        ConnectorError::invalid_argument(match nearest(name, names) {
            Some(nearest) => format!("the API has no entity {name:?}; did you mean {nearest:?}?"),
            None => format!("the API has no entity {name:?}; ListEntities names those there are"),
        })
    }
}

fn nothing_below(path: &str) -> ConnectorError {
    ConnectorError::invalid_argument(format!("there are no entities below {path:?}"))
}

fn document(answer: &Answer) -> Result<Value, ConnectorError> {
    serde_json::from_slice(&answer.body).map_err(|error| {
        ConnectorError::server_error(format!(
            "the answer to {} is {} and no JSON, where a description was expected",
            answer.request,
            answer.content_type()
        ))
        .with_source(error)
    })
}

fn unexpected(answer: &Answer, problem: &str) -> ConnectorError {
    ConnectorError::server_error(format!("the answer to {} is not what the manifest says: {problem}", answer.request))
}
