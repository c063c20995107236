//! Entities that the API describes: found by asking, and remembered for a while.

mod cache;
mod json;

use std::sync::Arc;

use appflow_sdk::protocol::Entity;
use appflow_sdk::{ConnectorError, InvocationContext, Repeat};
use serde_json::Value;

use crate::client::Answer;
use crate::connection::Connection;
use crate::discovery::cache::Cache;
use crate::known::{Access, Known};
use crate::manifest::{Describe, Discovery, List, Method, Request};

/// How many entities a message names.
const NAMED: usize = 10;

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
            (None, None) => Vec::new(),
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
        let Some(rules) = &self.rules.describe else {
            return Err(self.unknown(name, connection));
        };
        let known = self.ask_for_entity(rules, name, connection, context).await?;
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
        let answer = connection.send(&call, Repeat::Safe, context).await?;
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
            return Err(self.unknown(name, connection));
        };
        // What the list says of an entity is shown with its fields.
        let listed = self.list(None, connection, context).await.unwrap_or_default();
        let entity = listed.iter().find(|entity| entity.entity_identifier == name).cloned();
        let entity = entity.unwrap_or_else(|| json::entity(name, !self.access.write.is_empty()));
        json::known(rules, &self.rules.types, entity, &document(&answer)?, &self.access)
            .map_err(|problem| unexpected(&answer, &problem))
    }

    fn unknown(&self, name: &str, connection: &Connection<'_>) -> ConnectorError {
        let listed = self.cache.list(connection.settings(), None).unwrap_or_default();
        let lower = name.to_lowercase();
        let is_near = |entity: &&Entity| {
            let known = entity.entity_identifier.to_lowercase();
            known.contains(&lower) || lower.contains(&known)
        };
        let near: Vec<_> =
            listed.iter().filter(is_near).take(NAMED).map(|entity| entity.entity_identifier.as_str()).collect();
        ConnectorError::invalid_argument(if near.is_empty() {
            format!("the API has no entity {name:?}; ListEntities names those there are")
        } else {
            format!("the API has no entity {name:?}; is it one of {}?", near.join(", "))
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
