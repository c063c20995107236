//! A connector's configuration as AppFlow shows it, from whichever side: what AppFlow holds, and what the connector says.
//!
//! Both are brought into one form, so that a difference is one that AppFlow's users would see. What AppFlow keeps without
//! showing it (how it fetches tokens, for one) is covered by [`SelfDescription::digest`].

mod difference;
mod said;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

pub use difference::Difference;
pub(crate) use difference::{marks, unmarked};
pub use said::SelfDescription;

/// What the public API names `connectorRuntimeSettings`.
pub(crate) const RUNTIME_SETTINGS: &str = "connectorRuntimeSettings";

/// The kinds of credentials, those of the connector's own included.
pub(crate) const AUTHENTICATION_TYPES: &str = "authenticationTypes";

/// A connector's configuration. Properties are named as AppFlow's public API names them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConnectorConfiguration {
    /// Plain properties, as in `connectorVersion`; empty ones are absent.
    pub texts: BTreeMap<&'static str, String>,
    /// Properties that are lists in no particular order. One that AppFlow does not show is absent, and not compared.
    pub sets: BTreeMap<&'static str, BTreeSet<String>>,
    /// What connections are asked for: groups of parameters, as in `connectorRuntimeSettings`.
    pub parameters: BTreeMap<String, BTreeMap<String, Parameter>>,
}

/// One setting, or one part of custom credentials.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parameter {
    /// Whether a connection must have it.
    pub is_required: bool,
    /// Its other properties, as in `dataType`; empty ones are absent.
    pub texts: BTreeMap<&'static str, String>,
    /// The values to choose from; none means that any will do.
    pub options: BTreeSet<String>,
}

impl ConnectorConfiguration {
    /// Sets a plain property, unless it is empty.
    pub fn text(&mut self, name: &'static str, value: Option<&str>) {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.texts.insert(name, value.to_owned());
        }
    }

    /// Sets a list. None is a list that is not shown.
    pub fn set<T: AsRef<str>>(&mut self, name: &'static str, values: Option<impl IntoIterator<Item = T>>) {
        if let Some(values) = values {
            self.sets.insert(name, values.into_iter().map(|value| value.as_ref().to_owned()).collect());
        }
    }

    /// Adds a group of parameters.
    pub fn group(&mut self, name: impl Into<String>, parameters: impl IntoIterator<Item = (String, Parameter)>) {
        self.parameters.insert(name.into(), parameters.into_iter().collect());
    }

    /// The versions of the source system's API.
    #[must_use]
    pub fn api_versions(&self) -> Vec<String> {
        self.sets.get("supportedApiVersions").into_iter().flatten().cloned().collect()
    }

    /// The connector's version.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.texts.get("connectorVersion").map(String::as_str)
    }
}

impl Parameter {
    /// A parameter with its plain properties.
    pub fn new<'a>(
        is_required: bool,
        texts: impl IntoIterator<Item = (&'static str, Option<&'a str>)>,
        options: Option<&[String]>,
    ) -> Self {
        let texts =
            texts.into_iter().filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?)));
        Self {
            is_required,
            texts: texts.map(|(name, value)| (name, value.to_owned())).collect(),
            options: options.into_iter().flatten().cloned().collect(),
        }
    }
}
