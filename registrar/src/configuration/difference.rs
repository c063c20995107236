//! What AppFlow's users would see change, and what of it would break what they have.

use std::collections::{BTreeMap, BTreeSet};

use super::{AUTHENTICATION_TYPES, ConnectorConfiguration, Parameter, RUNTIME_SETTINGS};
use crate::digest::short_hex;

/// One property in which two configurations differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The property, as in `connectorRuntimeSettings.baseUrl.isRequired`.
    pub property: String,
    /// What AppFlow holds.
    pub from: Option<String>,
    /// What the connector says.
    pub to: Option<String>,
    /// What it does to connections and flows that exist, if it breaks any.
    pub breaks: Option<&'static str>,
}

/// Lists from which nothing may go that a connection or a flow may depend on, and what depends on it.
const DEPENDED_ON: [(&str, &str); 9] = [
    (AUTHENTICATION_TYPES, "connections with these credentials stop working"),
    ("connectorModes", "flows that use the connector that way stop working"),
    ("supportedApiVersions", "flows that name this API version stop working"),
    ("supportedOperators", "flows whose filters or tasks use these operators stop working"),
    ("supportedWriteOperations", "flows that write this way stop working"),
    ("supportedTriggerTypes", "flows with this trigger stop working"),
    ("supportedSchedulingFrequencies", "flows with this schedule stop working"),
    ("supportedDataTransferTypes", "flows that transfer data this way stop working"),
    ("oauth2GrantTypesSupported", "connections with this grant cannot be renewed"),
];

/// Properties of a parameter that the values stored in connections were made for.
const PARTS_OF_THE_CONTRACT: [&str; 3] = ["dataType", "scope", "type"];

impl ConnectorConfiguration {
    /// What changes for AppFlow's users when `next` takes the place of this. What this does not show is not compared.
    #[must_use]
    pub fn differences(&self, next: &Self) -> Vec<Difference> {
        let mut found = Vec::new();
        for name in keys(&self.texts, &next.texts) {
            let (from, to) = (self.texts.get(name), next.texts.get(name));
            if from != to {
                found.push(Difference::new(*name, from.cloned(), to.cloned(), None));
            }
        }
        for (name, from) in &self.sets {
            let nothing = BTreeSet::new();
            let to = next.sets.get(name).unwrap_or(&nothing);
            if from != to {
                let depends = DEPENDED_ON.into_iter().find(|(list, _)| list == name).map(|(_, what)| what);
                let breaks = depends.filter(|_| from.difference(to).next().is_some());
                found.push(Difference::new(*name, Some(listed(from)), Some(listed(to)), breaks));
            }
        }
        for (group, from) in &self.parameters {
            // A kind of credentials that goes is told with the kinds.
            if let Some(to) = next.parameters.get(group) {
                parameters(group, from, to, &mut found);
            }
        }
        found
    }
}

/// Most differences that are told apart: more do not fit into a tag.
const MOST_MARKS: usize = 24;

/// Marks of what differs, short enough for a tag.
#[must_use]
pub(crate) fn marks(differences: &[Difference]) -> String {
    let marks: BTreeSet<_> = differences.iter().map(Difference::mark).collect();
    marks.into_iter().take(MOST_MARKS).collect::<Vec<_>>().join(".")
}

/// The differences without those that are marked: AppFlow is known to show them for good.
#[must_use]
pub(crate) fn unmarked(differences: Vec<Difference>, marks: &str) -> Vec<Difference> {
    let known: BTreeSet<_> = marks.split('.').collect();
    differences.into_iter().filter(|difference| !known.contains(difference.mark().as_str())).collect()
}

fn parameters(
    group: &str,
    from: &BTreeMap<String, Parameter>,
    to: &BTreeMap<String, Parameter>,
    found: &mut Vec<Difference>,
) {
    let whose = if group == RUNTIME_SETTINGS { "setting" } else { "part of the credentials" };
    for key in keys(from, to) {
        let property = format!("{group}.{key}");
        match (from.get(key), to.get(key)) {
            (None, Some(new)) => {
                let breaks = new.is_required.then_some("connections that exist do not have it");
                let what = if new.is_required { format!("required {whose}") } else { format!("optional {whose}") };
                found.push(Difference::new(property, None, Some(what), breaks));
            }
            (Some(old), None) => {
                let breaks =
                    old.is_required.then_some("connections that exist have it, and AppFlow no longer knows it");
                let what = if old.is_required { format!("required {whose}") } else { format!("optional {whose}") };
                found.push(Difference::new(property, Some(what), None, breaks));
            }
            (Some(old), Some(new)) => parameter(&property, old, new, found),
            (None, None) => {}
        }
    }
}

fn parameter(property: &str, old: &Parameter, new: &Parameter, found: &mut Vec<Difference>) {
    if old.is_required != new.is_required {
        let breaks = new.is_required.then_some("connections that exist may not have it");
        let text = |is_required: bool| Some(is_required.to_string());
        let property = format!("{property}.isRequired");
        found.push(Difference::new(property, text(old.is_required), text(new.is_required), breaks));
    }
    for name in keys(&old.texts, &new.texts) {
        let (from, to) = (old.texts.get(name), new.texts.get(name));
        if from != to {
            let is_contract = PARTS_OF_THE_CONTRACT.contains(name);
            let breaks = is_contract.then_some("connections that exist have values of the other kind");
            found.push(Difference::new(format!("{property}.{name}"), from.cloned(), to.cloned(), breaks));
        }
    }
    if old.options != new.options {
        // An empty list takes any value: to begin to restrict is to narrow.
        let is_narrower = !new.options.is_empty()
            && (old.options.is_empty() || old.options.difference(&new.options).next().is_some());
        let breaks = is_narrower.then_some("connections that exist may have a value that is gone");
        let property = format!("{property}.connectorSuppliedValues");
        found.push(Difference::new(property, Some(listed(&old.options)), Some(listed(&new.options)), breaks));
    }
}

impl Difference {
    fn mark(&self) -> String {
        short_hex(format!("{}\n{:?}\n{:?}", self.property, self.from, self.to).as_bytes(), 6)
    }

    fn new(
        property: impl Into<String>,
        from: Option<String>,
        to: Option<String>,
        breaks: Option<&'static str>,
    ) -> Self {
        Self { property: property.into(), from, to, breaks }
    }
}

fn keys<'a, K: Ord, V>(one: &'a BTreeMap<K, V>, other: &'a BTreeMap<K, V>) -> BTreeSet<&'a K> {
    one.keys().chain(other.keys()).collect()
}

fn listed(values: &BTreeSet<String>) -> String {
    if values.is_empty() {
        return "(none)".to_owned();
    }
    values.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}
