//! Where the code comes from.

use std::path::{Path, PathBuf};

use super::Inputs;
use crate::cli::{ConnectorArgs, FunctionArgs};
use crate::project::Project;
use crate::setting::{Setting, Source};

/// Where the code comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeSource {
    /// A zip, taken as it is.
    Zip(PathBuf),
    /// An executable to zip together with a manifest.
    Executable {
        /// The executable.
        path: PathBuf,
        /// The manifest.
        manifest: Option<PathBuf>,
    },
    /// An executable to build and zip together with a manifest.
    Build {
        /// The manifest.
        manifest: Option<PathBuf>,
    },
}

impl CodeSource {
    /// Where the code comes from, by the command line, the environment and the project.
    #[must_use]
    pub fn resolve(connector: &ConnectorArgs, function: &FunctionArgs, inputs: Inputs<'_>) -> Self {
        let manifest = manifest(connector, inputs).map(|setting| setting.value);
        let variable = |name| inputs.environment.get(name).map(PathBuf::from);
        match (&function.zip, &function.binary_path) {
            (Some(zip), _) => Self::Zip(zip.clone()),
            (None, Some(path)) => Self::Executable { path: path.clone(), manifest },
            (None, None) => match (variable("REGISTRAR_ZIP"), variable("REGISTRAR_BINARY_PATH")) {
                (Some(zip), _) => Self::Zip(zip),
                (None, Some(path)) => Self::Executable { path, manifest },
                (None, None) => Self::Build { manifest },
            },
        }
    }

    /// The manifest that is packaged, if one is.
    #[must_use]
    pub fn manifest(&self) -> Option<&Path> {
        match self {
            Self::Zip(_) => None,
            Self::Executable { manifest, .. } | Self::Build { manifest } => manifest.as_deref(),
        }
    }
}

/// The manifest to package, and where it is named.
pub(super) fn manifest(connector: &ConnectorArgs, inputs: Inputs<'_>) -> Option<Setting<PathBuf>> {
    if let Some(path) = &connector.manifest {
        return Some(Setting::new(path.clone(), Source::Flag("--manifest")));
    }
    if let Some(path) = inputs.environment.get("REGISTRAR_MANIFEST") {
        return Some(Setting::new(PathBuf::from(path), Source::Variable("REGISTRAR_MANIFEST")));
    }
    inputs.project.and_then(Project::manifest).map(|path| Setting::new(path, Source::Metadata))
}
