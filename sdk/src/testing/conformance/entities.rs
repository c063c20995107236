//! Rules about the list of entities, and whether each can be described.

use std::collections::BTreeSet;

use super::Check;
use super::rule::Rule;
use crate::protocol::{Entity, EntityDefinition, ErrorCode, ListEntitiesRequest};

/// Longest identifier in AppFlow's public API, in characters.
pub(super) const LONGEST_IDENTIFIER: usize = 128;

/// An entity, and a token, that no connector has.
pub(super) const NOBODY: &str = "af_no_such_entity";
pub(super) const FOREIGN_TOKEN: &str = "af-foreign-token";

impl Check {
    pub(super) async fn entities(&mut self) -> Vec<EntityDefinition> {
        let answer = self.appflow.list_all_entities().await;
        let Some(listed) = self.outcome(Rule::ListEntities, "ListEntities", answer) else {
            for rule in [Rule::ReadAll, Rule::DescribeEntity, Rule::EntityPages] {
                self.report.skipped(rule, "no entities are listed");
            }
            return Vec::new();
        };
        let nothing = listed.is_empty().then(|| "the list is empty".to_owned());
        self.report.check(Rule::ListEntities, "ListEntities", nothing);
        self.identifiers(&listed);
        self.single_pages(&listed).await;
        self.strangers().await;

        let only = self.options.entities.clone();
        if let Some(missing) = only.iter().find(|name| !listed.iter().any(|entity| entity.entity_identifier == **name))
        {
            self.report.failed(Rule::ListEntities, missing.as_str(), "is not listed");
        }
        let mut seen = BTreeSet::new();
        let mut definitions = Vec::new();
        for entity in listed {
            let name = &entity.entity_identifier;
            if (only.is_empty() || only.contains(name)) && seen.insert(name.clone()) {
                definitions.extend(self.described(&entity).await);
            }
        }
        definitions
    }

    fn identifiers(&mut self, listed: &[Entity]) {
        let mut seen = BTreeSet::new();
        for entity in listed {
            let name = entity.entity_identifier.as_str();
            let problem =
                identifier_problem(name).or_else(|| (!seen.insert(name)).then(|| "is listed twice".to_owned()));
            self.report.check(Rule::EntityIdentifiers, name, problem);
        }
    }

    async fn single_pages(&mut self, listed: &[Entity]) {
        let parents = listed.iter().filter(|entity| entity.has_nested_entities);
        let paths = std::iter::once(None).chain(parents.map(|entity| Some(entity.entity_identifier.as_str())));
        for path in paths {
            let subject = path.unwrap_or("the root");
            let whole = self.appflow.list_entities_below(path, crate::protocol::DEFAULT_MAX_RESULTS).await;
            let Some(whole) = self.outcome(Rule::EntityPages, subject, whole) else { continue };
            let single = self.appflow.list_entities_below(path, 1).await;
            let Some(single) = self.outcome(Rule::EntityPages, subject, single) else { continue };
            let names = |list: &[Entity]| -> Vec<String> {
                list.iter().map(|entity| entity.entity_identifier.clone()).collect()
            };
            let (whole, single) = (names(&whole), names(&single));
            let problem = (whole != single)
                .then(|| format!("one page lists {}; pages of one list {}", whole.join(", "), single.join(", ")));
            self.report.check(Rule::EntityPages, subject, problem);
        }
    }

    /// An entity and a token that nobody has heard of.
    async fn strangers(&mut self) {
        let described = self.appflow.describe_entity(NOBODY).await;
        self.refusal(Rule::UnknownEntity, "DescribeEntity", None, described);
        let queried = self.appflow.query(NOBODY).without_definition().page().await;
        self.refusal(Rule::UnknownEntity, "QueryData", None, queried);
        let mut request = ListEntitiesRequest::new(self.appflow.connector_context());
        request.next_token = Some(FOREIGN_TOKEN.to_owned());
        let listed = self.appflow.ask(request).await;
        self.refusal(Rule::ForeignListToken, "ListEntities", Some(&ErrorCode::InvalidArgument), listed);
    }

    async fn described(&mut self, entity: &Entity) -> Option<EntityDefinition> {
        let name = entity.entity_identifier.as_str();
        let answer = self.appflow.describe_entity(name).await;
        if entity.has_nested_entities && answer.as_ref().is_err_and(crate::testing::CallError::is_declared) {
            // It may be a folder and nothing else.
            return None;
        }
        let definition = self.outcome(Rule::DescribeEntity, name, answer)?;
        let other = &definition.entity.entity_identifier;
        let problem = (other != name).then(|| format!("is described as {other:?}"));
        let fits = problem.is_none();
        self.report.check(Rule::DescribeEntity, name, problem);
        fits.then_some(definition)
    }
}

pub(super) fn identifier_problem(name: &str) -> Option<String> {
    if name.is_empty() {
        Some("is empty".to_owned())
    } else if name.contains(char::is_whitespace) {
        Some("has white space".to_owned())
    } else {
        let length = name.chars().count();
        (length > LONGEST_IDENTIFIER).then(|| format!("has {length} characters"))
    }
}
