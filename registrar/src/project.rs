//! The Cargo package of the connector: where it is, what its manifests say.

mod cargo_lambda;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cargo_metadata::camino::Utf8PathBuf;
use cargo_metadata::{MetadataCommand, Package, TargetKind};
use serde::Deserialize;

pub use self::cargo_lambda::LambdaDeploy;
use crate::error::RegistrarError;

/// The package that is deployed unless another one is named.
pub const DEFAULT_PACKAGE: &str = "appflow-connector";

/// The connector package, and what it says about its deployment.
#[derive(Debug, Clone, Default)]
pub struct Project {
    /// Its name.
    pub package: String,
    /// The folder of its `Cargo.toml`.
    pub folder: PathBuf,
    /// Where Cargo builds.
    pub target_directory: PathBuf,
    /// Names of its executables.
    pub executables: Vec<String>,
    /// `[package.metadata.appflow]`.
    pub metadata: Metadata,
    /// What cargo-lambda's settings say, the strongest first.
    pub lambda: Vec<LambdaDeploy>,
}

/// `[package.metadata.appflow]`: the deployment's settings that belong to the project.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Metadata {
    /// The label to register under.
    pub label: Option<String>,
    /// The description of the registration.
    pub description: Option<String>,
    /// The account to deploy to; any other one is refused.
    pub account: Option<String>,
    /// The name of the function.
    pub function_name: Option<String>,
    /// The name of the role to make.
    pub role_name: Option<String>,
    /// A role to use instead.
    pub role_arn: Option<String>,
    /// In MB.
    pub memory: Option<u32>,
    /// The time limit of one invocation, in seconds.
    pub function_timeout: Option<u32>,
    /// `arm64` or `x86_64`.
    pub architecture: Option<String>,
    /// The manifest to package, relative to the package's folder.
    pub manifest: Option<PathBuf>,
    /// Variables of the function; no secrets here.
    pub env: BTreeMap<String, String>,
    /// Tags of the function.
    pub tags: BTreeMap<String, String>,
    /// Ids of the subnets that it reaches; an empty list leaves the network.
    pub subnets: Option<Vec<String>>,
    /// Ids of its security groups.
    pub security_groups: Option<Vec<String>>,
    /// ARNs of its layers, each with a version.
    pub layers: Option<Vec<String>>,
    /// `Active` or `PassThrough`.
    pub tracing: Option<String>,
    /// ARN of the key that encrypts its variables.
    pub kms_key: Option<String>,
    /// Days that its log is kept for; 0 means for ever.
    pub log_retention: Option<u32>,
    /// The bucket that large artefacts go through.
    pub s3_bucket: Option<String>,
    /// What their names there begin with.
    pub s3_prefix: Option<String>,
    /// An alias that is pointed at what was deployed.
    pub alias: Option<String>,
}

/// Why there is no connector package.
#[derive(Debug)]
pub enum NoPackage {
    /// Cargo cannot read the workspace, or there is none, or no Cargo.
    Unreadable(RegistrarError),
    /// There is none of that name, or it is not clear which one it is.
    Unclear(RegistrarError),
}

impl From<NoPackage> for RegistrarError {
    fn from(why: NoPackage) -> Self {
        match why {
            NoPackage::Unreadable(error) | NoPackage::Unclear(error) => error,
        }
    }
}

/// A package whose settings are not read yet.
#[derive(Debug)]
pub struct FoundPackage {
    package: Package,
    target_directory: Utf8PathBuf,
    workspace_root: Utf8PathBuf,
    workspace_metadata: serde_json::Value,
}

impl FoundPackage {
    /// Reads its settings.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`](crate::error::ErrorKind::Usage) when `[package.metadata.appflow]` is wrong.
    pub fn read(self) -> Result<Project, RegistrarError> {
        let Self { package: found, target_directory, workspace_root, workspace_metadata } = self;
        let settings = match found.metadata.get("appflow") {
            None => Metadata::default(),
            Some(value) => Metadata::deserialize(value).map_err(|error| {
                RegistrarError::usage(format!("[package.metadata.appflow] in {} is wrong", found.manifest_path))
                    .with_source(error)
            })?,
        };
        let folder = found.manifest_path.parent().map(|folder| folder.as_std_path().to_owned());
        let folder = folder.unwrap_or_default();
        let mut project = Project {
            package: found.name.to_string(),
            folder,
            target_directory: target_directory.as_std_path().to_owned(),
            executables: found
                .targets
                .iter()
                .filter(|target| target.kind.contains(&TargetKind::Bin))
                .map(|target| target.name.clone())
                .collect(),
            metadata: settings,
            lambda: Vec::new(),
        };
        let executable = project.executable().ok().map(str::to_owned);
        let root = workspace_root.as_std_path();
        project.lambda =
            LambdaDeploy::find(&found.metadata, &workspace_metadata, executable.as_deref(), &project.folder, root)?;
        Ok(project)
    }
}

impl Project {
    /// Finds the connector package in the workspace of the current directory.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`](crate::error::ErrorKind::Usage) when there is no Cargo workspace or no such package.
    pub fn find(package: Option<&str>) -> Result<FoundPackage, NoPackage> {
        let metadata = MetadataCommand::new().no_deps().exec().map_err(|error| {
            NoPackage::Unreadable(RegistrarError::usage("cannot read the Cargo workspace of the current directory")
                .with_source(error)
                .with_hint("change to the connector's workspace, or name the connector with --label; \"registrar manifest check\" takes a FILE instead"))
        })?;
        let members = metadata.workspace_packages();
        let package = choose(&members, package).map_err(NoPackage::Unclear)?.clone();
        Ok(FoundPackage {
            package,
            target_directory: metadata.target_directory,
            workspace_root: metadata.workspace_root,
            workspace_metadata: metadata.workspace_metadata,
        })
    }

    /// The executable that becomes `bootstrap`: the one of that name, else the only one.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`](crate::error::ErrorKind::Usage) when there is none or the choice is open.
    pub fn executable(&self) -> Result<&str, RegistrarError> {
        if let Some(bootstrap) = self.executables.iter().find(|name| *name == "bootstrap") {
            return Ok(bootstrap);
        }
        match self.executables.as_slice() {
            [only] => Ok(only),
            [] => Err(RegistrarError::usage(format!("the package {} has no executable", self.package))
                .with_hint("name the connector's package with --package")),
            several => Err(RegistrarError::usage(format!(
                "the package {} has several executables: {}",
                self.package,
                several.join(", ")
            ))
            .with_hint("call the one that runs in Lambda \"bootstrap\", or pass --binary-path")),
        }
    }

    /// The manifest to package: the one named, else the metadata's, else `connector.toml` beside `Cargo.toml`.
    #[must_use]
    pub fn manifest(&self) -> Option<PathBuf> {
        if let Some(named) = &self.metadata.manifest {
            return Some(self.folder.join(named));
        }
        let beside = self.folder.join("connector.toml");
        beside.is_file().then_some(beside)
    }
}

/// The package named; else the one of the default name; else the only one with `[package.metadata.appflow]`; else the
/// only one.
fn choose<'a>(members: &[&'a Package], named: Option<&str>) -> Result<&'a Package, RegistrarError> {
    let by_name = |name: &str| members.iter().copied().find(|member| member.name.as_str() == name);
    let choice = || members.iter().map(|member| member.name.as_str()).collect::<Vec<_>>().join(", ");
    if let Some(named) = named {
        return by_name(named).ok_or_else(|| {
            RegistrarError::usage(format!("the workspace has no package {named:?}"))
                .with_hint(format!("it has {}", choice()))
        });
    }
    if let Some(found) = by_name(DEFAULT_PACKAGE) {
        return Ok(found);
    }
    let mut marked = members.iter().copied().filter(|member| member.metadata.get("appflow").is_some());
    match (marked.next(), marked.next(), members) {
        (Some(only), None, _) => Ok(only),
        (None, _, [only]) => Ok(only),
        _ => Err(RegistrarError::usage("which package is the connector is not clear")
            .with_hint(format!("name it with --package; the workspace has {}", choice()))),
    }
}

/// The name in the `[connector]` table of a connector manifest, if it has one.
///
/// # Errors
/// [`ErrorKind::Usage`](crate::error::ErrorKind::Usage) when the file cannot be read or is not TOML.
pub fn manifest_name(path: &Path) -> Result<Option<String>, RegistrarError> {
    let trouble = |message: &str| RegistrarError::usage(format!("the manifest {} {message}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| trouble("cannot be read").with_source(error))?;
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let position = error.span().map_or(0, |span| text[..span.start].lines().count().max(1));
        trouble(&format!("is not TOML (line {position}): {}", error.message()))
    })?;
    Ok(table
        .get("connector")
        .and_then(|connector| connector.get("name"))
        .and_then(toml::Value::as_str)
        .map(str::to_owned))
}

/// Where Cargo builds in the current directory, if it is in a workspace.
#[must_use]
pub fn target_directory() -> Option<PathBuf> {
    let metadata = MetadataCommand::new().no_deps().exec().ok()?;
    Some(metadata.target_directory.into_std_path_buf())
}
