//! A fixed list of entities.

use crate::error::ConnectorError;
use crate::protocol::{
    DescribeEntityRequest, DescribeEntityResponse, Entity, EntityDefinition, ListEntitiesRequest, ListEntitiesResponse,
};

/// Answers `ListEntities` and `DescribeEntity` for entities that are known beforehand and not nested.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    definitions: Vec<EntityDefinition>,
}

impl Catalogue {
    /// These entities, in this order.
    #[must_use]
    pub fn new(definitions: Vec<EntityDefinition>) -> Self {
        Self { definitions }
    }

    /// The entities.
    #[must_use]
    pub fn definitions(&self) -> &[EntityDefinition] {
        &self.definitions
    }

    /// One page of the list. Its token is the identifier of the last entity of the page before.
    ///
    /// # Errors
    /// `InvalidArgument` when a path is given, since nothing is nested, or the token is not one of ours.
    pub fn list(&self, request: &ListEntitiesRequest) -> Result<ListEntitiesResponse, ConnectorError> {
        if let Some(path) = request.entities_path.as_deref().filter(|path| !path.is_empty()) {
            return Err(ConnectorError::invalid_argument(format!("there are no entities below {path:?}")));
        }
        let entities: Vec<_> = self.definitions.iter().map(|definition| &definition.entity).collect();
        page_of_entities(&entities, request)
    }

    /// One entity with its fields.
    ///
    /// # Errors
    /// `InvalidArgument` when there is no such entity; the message lists those there are.
    pub fn describe(&self, request: &DescribeEntityRequest) -> Result<DescribeEntityResponse, ConnectorError> {
        Ok(DescribeEntityResponse::new(self.get(&request.entity_identifier)?.clone()))
    }

    /// The definition of an entity.
    ///
    /// # Errors
    /// As [`describe`](Self::describe).
    pub fn get(&self, entity_identifier: &str) -> Result<&EntityDefinition, ConnectorError> {
        self.position(entity_identifier).and_then(|index| self.definitions.get(index)).ok_or_else(|| {
            let known: Vec<_> = self.definitions.iter().map(|known| known.entity.entity_identifier.as_str()).collect();
            ConnectorError::invalid_argument(format!(
                "there is no entity {entity_identifier:?}; there are {}",
                known.join(", ")
            ))
        })
    }

    fn position(&self, entity_identifier: &str) -> Option<usize> {
        self.definitions.iter().position(|known| known.entity.entity_identifier == entity_identifier)
    }
}

/// One page of a list of entities that are all of one level. Its token is the identifier of the last entity of the page
/// before, so that the list may have grown meanwhile.
///
/// # Errors
/// `InvalidArgument` when the token names no entity of the list.
pub fn page_of_entities(
    entities: &[&Entity],
    request: &ListEntitiesRequest,
) -> Result<ListEntitiesResponse, ConnectorError> {
    let start = match request.next_token.as_deref().filter(|token| !token.is_empty()) {
        None => 0,
        Some(token) => {
            let last = entities.iter().position(|entity| entity.entity_identifier == token);
            1 + last.ok_or_else(|| {
                ConnectorError::invalid_argument(format!(
                    "nextToken {token:?} is not one that this connector gave, or the entity is gone; list anew"
                ))
            })?
        }
    };
    let size = usize::try_from(request.max_result).unwrap_or(0).max(1);
    let rest = entities.get(start..).unwrap_or_default();
    let page: Vec<Entity> = rest.iter().take(size).map(|entity| (*entity).clone()).collect();
    let next_token = (rest.len() > page.len()).then(|| page.last().map(|last| last.entity_identifier.clone()));
    let mut response = ListEntitiesResponse::new(page);
    response.next_token = next_token.flatten();
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::ConnectorContext;

    #[test]
    fn lists_every_entity_once_whatever_the_page_size() {
        let names = ["a", "b", "c", "d", "e"];
        let catalogue = Catalogue::new(names.iter().map(|name| EntityDefinition::new(*name, Vec::new())).collect());
        for size in [-1, 0, 1, 2, 3, 5, 6, 1000] {
            let mut request = ListEntitiesRequest::new(ConnectorContext::default());
            request.max_result = size;
            let mut seen = Vec::new();
            loop {
                let page = catalogue.list(&request).unwrap();
                seen.extend(page.entities().iter().map(|entity| entity.entity_identifier.clone()));
                request.next_token = page.next_token;
                if request.next_token.is_none() {
                    break;
                }
            }
            assert_eq!(seen, names, "page size {size}");
        }
    }

    #[test]
    fn refuses_a_foreign_token_and_a_path() {
        let catalogue = Catalogue::new(vec![EntityDefinition::new("a", Vec::new())]);
        let mut request = ListEntitiesRequest::new(ConnectorContext::default());
        request.next_token = Some("zzz".to_owned());
        assert!(catalogue.list(&request).unwrap_err().message().contains("zzz"));
        request.next_token = None;
        request.entities_path = Some("a".to_owned());
        assert!(catalogue.list(&request).is_err());
    }
}
