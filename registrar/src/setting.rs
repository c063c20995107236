//! A value that remembers where it came from, so that `plan -v` can say so.

use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

/// Where a setting's value came from. Earlier ones win over later ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The command line.
    Flag(&'static str),
    /// An environment variable.
    Variable(&'static str),
    /// `[package.metadata.appflow]` of the connector package.
    Metadata,
    /// `[package.metadata.lambda.deploy]` of the connector package: cargo-lambda's own settings.
    LambdaMetadata,
    /// `[workspace.metadata.lambda.deploy]`: the same, for all packages of the workspace.
    WorkspaceMetadata,
    /// `CargoLambda.toml`: the same, outside `Cargo.toml`.
    CargoLambdaFile,
    /// The `[connector]` table of the manifest that is packaged.
    Manifest,
    /// Made from other settings.
    Derived,
    /// Built in.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => f.write_str(name),
            Self::Variable(name) => write!(f, "${name}"),
            Self::Metadata => f.write_str("[package.metadata.appflow]"),
            Self::LambdaMetadata => f.write_str("[package.metadata.lambda.deploy]"),
            Self::WorkspaceMetadata => f.write_str("[workspace.metadata.lambda.deploy]"),
            Self::CargoLambdaFile => f.write_str("CargoLambda.toml"),
            Self::Manifest => f.write_str("connector.toml"),
            Self::Derived => f.write_str("derived"),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A value and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Where it came from.
    pub source: Source,
}

impl<T> Setting<T> {
    /// A value with its source.
    pub fn new(value: T, source: Source) -> Self {
        Self { value, source }
    }
}

impl<T: Serialize> Serialize for Setting<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Setting", 2)?;
        fields.serialize_field("value", &self.value)?;
        fields.serialize_field("source", &self.source.to_string())?;
        fields.end()
    }
}
