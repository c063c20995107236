//! Environment variables: those this program reads, and those the function gets.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;

use serde::{Serialize, Serializer};

use crate::aws::CA_BUNDLE_VARIABLE;

/// The variables of this process, taken once at the start. (AWS's own are read by the AWS SDK, but for one that it does not
/// know.)
#[derive(Clone, Default)]
pub struct ProcessEnvironment(BTreeMap<String, String>);

impl ProcessEnvironment {
    /// Takes the variables that begin with `REGISTRAR_`, and `CARGO`, `TERM` and `AWS_CA_BUNDLE`.
    #[must_use]
    pub fn from_process() -> Self {
        std::env::vars_os()
            .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(key, _)| {
                key.starts_with("REGISTRAR_") || ["CARGO", "TERM", CA_BUNDLE_VARIABLE].contains(&key.as_str())
            })
            .collect()
    }

    /// A variable's value, unless it is absent or empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

impl FromIterator<(String, String)> for ProcessEnvironment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Self(variables.into_iter().collect())
    }
}

impl fmt::Debug for ProcessEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The variables in which `cargo run` describes the package that it runs: this one.
///
/// A Cargo that we start must not inherit them. Build scripts look at them, and would build again what was built without
/// them, and the other way round.
pub fn of_the_running_package() -> impl Iterator<Item = OsString> {
    std::env::vars_os().map(|(name, _)| name).filter(|name| {
        name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_")
                || matches!(name, "CARGO_MANIFEST_DIR" | "CARGO_MANIFEST_PATH" | "CARGO_CRATE_NAME" | "CARGO_BIN_NAME")
        })
    })
}

/// Variables of the function. Their values may be secrets: neither `Debug` nor `Serialize` shows them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct FunctionEnvironment(BTreeMap<String, String>);

impl FunctionEnvironment {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The value of one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// These, overlaid by others. Variables that were set by other means survive a deploy that way.
    #[must_use]
    pub fn overlaid(&self, over: &Self) -> Self {
        Self(self.0.iter().chain(&over.0).map(|(key, value)| (key.clone(), value.clone())).collect())
    }
}

impl FromIterator<(String, String)> for FunctionEnvironment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Self(variables.into_iter().collect())
    }
}

impl fmt::Debug for FunctionEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Serialize for FunctionEnvironment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.keys())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_names_but_no_values() {
        let environment = FunctionEnvironment::from_iter([("TOKEN".to_owned(), "s3cret".to_owned())]);
        assert_eq!(format!("{environment:?}"), r#"{"TOKEN"}"#);
        assert_eq!(serde_json::to_string(&environment).unwrap(), r#"["TOKEN"]"#);
    }

    #[test]
    fn keeps_the_variables_that_others_set() {
        let there = FunctionEnvironment::from_iter([("A", "1"), ("B", "1")].map(|(k, v)| (k.to_owned(), v.to_owned())));
        let wanted = FunctionEnvironment::from_iter([("B".to_owned(), "2".to_owned())]);
        assert_eq!(there.overlaid(&wanted).iter().collect::<Vec<_>>(), [("A", "1"), ("B", "2")]);
    }
}
