//! All entities: those that the manifest describes, and those that the API describes.

use std::collections::HashSet;
use std::sync::Arc;

use appflow_sdk::protocol::{CacheControl, Entity, ListEntitiesRequest, ListEntitiesResponse};
use appflow_sdk::{ConnectorError, InvocationContext, page_of_entities};
use indexmap::IndexMap;

use crate::catalogue;
use crate::connection::Connection;
use crate::discovery::Finder;
use crate::known::Known;
use crate::manifest::Manifest;

/// How many entities a message names.
const NAMED: usize = 20;

/// The entities of a manifest and of its API.
#[derive(Debug)]
pub(crate) struct Entities {
    /// In the order of the manifest.
    fixed: IndexMap<String, Arc<Known>>,
    /// The entity below which one is listed, by name.
    parents: IndexMap<String, String>,
    finder: Option<Finder>,
}

impl Entities {
    /// Nothing is asked yet.
    pub(crate) fn new(manifest: &Manifest) -> Self {
        let parents: IndexMap<_, _> = manifest
            .entities
            .iter()
            .filter_map(|(name, entity)| Some((name.clone(), entity.parent.clone()?)))
            .collect();
        let mut fixed = IndexMap::new();
        for mut known in catalogue::known(manifest) {
            let name = known.name().to_owned();
            known.definition.entity.has_nested_entities = parents.values().any(|parent| *parent == name);
            fixed.insert(name, Arc::new(known));
        }
        Self { fixed, parents, finder: manifest.discovery.as_ref().map(Finder::new) }
    }

    /// An entity that the manifest describes.
    pub(crate) fn fixed(&self, name: &str) -> Option<Arc<Known>> {
        self.fixed.get(name).cloned()
    }

    /// Whether the API must be asked what entities there are.
    pub(crate) fn must_ask(&self) -> bool {
        self.finder.is_some()
    }

    /// How long AppFlow may remember what it is told; as long as it likes where the manifest says everything.
    pub(crate) fn cache_control(&self) -> Option<CacheControl> {
        self.finder.as_ref().map(|finder| CacheControl::seconds(i64::from(finder.cache_seconds())))
    }

    /// An entity with its fields.
    ///
    /// # Errors
    /// `InvalidArgument` when there is none of that name; what the API's failure stands for.
    pub(crate) async fn find(
        &self,
        name: &str,
        connection: &Connection<'_>,
        context: &InvocationContext,
    ) -> Result<Arc<Known>, ConnectorError> {
        match (self.fixed(name), &self.finder) {
            (Some(known), _) => Ok(known),
            (None, Some(finder)) => finder.find(name, connection, context).await,
            (None, None) => Err(self.unknown(name)),
        }
    }

    /// Says which entities there are where the manifest says them all.
    pub(crate) fn unknown(&self, name: &str) -> ConnectorError {
        let mut names: Vec<_> = self.fixed.keys().take(NAMED).map(String::as_str).collect();
        if self.fixed.len() > NAMED {
            names.push("…");
        }
        ConnectorError::invalid_argument(format!("there is no entity {name:?}; there are {}", names.join(", ")))
    }

    /// One page of the entities of the first level, or below another. Without a connection, those of the manifest.
    ///
    /// # Errors
    /// `InvalidArgument` when there is nothing below the path, or the token is not one of ours; what the API's failure
    /// stands for.
    pub(crate) async fn list(
        &self,
        request: &ListEntitiesRequest,
        connection: Option<&Connection<'_>>,
        context: &InvocationContext,
    ) -> Result<ListEntitiesResponse, ConnectorError> {
        let path = request.entities_path.as_deref().filter(|path| !path.is_empty());
        let is_here = |name: &str| self.parents.get(name).map(String::as_str) == path;
        let fixed = self.fixed.values().filter(|known| is_here(known.name()));
        let mut entities: Vec<&Entity> = fixed.map(|known| &known.definition.entity).collect();
        let is_answered = !entities.is_empty();
        let found = match (&self.finder, connection) {
            (Some(finder), Some(connection)) => match finder.list(path, connection, context).await {
                // The manifest alone may say what is below an entity.
                Err(error) if path.is_some() && is_answered && error.code().as_str() == "InvalidArgument" => None,
                found => Some(found?),
            },
            _ => None,
        };
        let names: HashSet<_> = self.fixed.keys().map(String::as_str).collect();
        let found = found.as_deref().map(Vec::as_slice).unwrap_or_default();
        entities.extend(found.iter().filter(|entity| !names.contains(entity.entity_identifier.as_str())));
        if let Some(path) = path.filter(|_| entities.is_empty()) {
            return Err(ConnectorError::invalid_argument(format!("there are no entities below {path:?}")));
        }
        let mut response = page_of_entities(&entities, request)?;
        response.cache_control = self.cache_control();
        Ok(response)
    }
}
