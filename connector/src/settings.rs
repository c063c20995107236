//! Where the manifest is, and how much is logged. The only place that reads the environment.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::manifest::{Manifest, ManifestError};

/// The file's name where none is given.
const FILE: &str = "connector.toml";

/// The manifest that is compiled in: tools that package the executable alone, such as `cargo lambda deploy` and SAM,
/// deploy a connector that works.
const BUILT_IN: &str = include_str!("../connector.toml");

/// Reads the manifest of this process: `$CONNECTOR_MANIFEST`, else `connector.toml` in `$LAMBDA_TASK_ROOT` or beside the
/// executable, else the one that is compiled in.
///
/// # Errors
/// [`ManifestError`] when the named one is missing, or as [`Manifest::read`].
pub fn manifest() -> Result<Manifest, ManifestError> {
    let executable = std::env::current_exe().ok();
    let places = places(variable, executable.as_deref());
    match places.iter().find(|place| place.is_file()) {
        Some(place) => Manifest::read(place),
        None if variable(NAMED).is_some() => Err(ManifestError::Missing { places }),
        None => Manifest::parse(BUILT_IN, Path::new("the manifest that is compiled in")),
    }
}

/// How much to log: `$RUST_LOG`, else Lambda's own `$AWS_LAMBDA_LOG_LEVEL`, else `info`.
#[must_use]
pub fn log_level() -> String {
    let level = variable("RUST_LOG").or_else(|| variable("AWS_LAMBDA_LOG_LEVEL"));
    level.and_then(|level| level.into_string().ok()).unwrap_or_else(|| "info".to_owned())
}

/// The CloudWatch namespace to write metrics to: `$CONNECTOR_METRICS_NAMESPACE`; without it there are none.
#[must_use]
pub fn metrics_namespace() -> Option<String> {
    variable("CONNECTOR_METRICS_NAMESPACE")?.into_string().ok()
}

/// Whether base URLs may lead to this machine: `$CONNECTOR_ALLOW_LOOPBACK`, which is `true` where functions are developed.
/// The embedded local AWS sets it, and nothing in AWS does.
#[must_use]
pub fn allows_loopback() -> bool {
    variable("CONNECTOR_ALLOW_LOOPBACK").is_some_and(|value| value == "true")
}

/// The variable that names a manifest.
const NAMED: &str = "CONNECTOR_MANIFEST";

fn variable(name: &str) -> Option<OsString> {
    #[expect(clippy::disallowed_methods, reason = "this is the place that reads the environment")]
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Where a manifest is looked for, in order. One that is named is the only one looked for.
fn places(variable: impl Fn(&str) -> Option<OsString>, executable: Option<&Path>) -> Vec<PathBuf> {
    let task_root = variable("LAMBDA_TASK_ROOT").map(PathBuf::from);
    if let Some(named) = variable(NAMED).map(PathBuf::from) {
        // A relative path is one of the artefact; an absolute one replaces the root.
        return vec![task_root.map_or(named.clone(), |root| root.join(&named))];
    }
    let beside = executable.and_then(Path::parent).map(Path::to_owned);
    task_root.into_iter().chain(beside).map(|directory| directory.join(FILE)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn look(variables: &[(&str, &str)]) -> Vec<PathBuf> {
        let variable = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into());
        places(variable, Some(Path::new("/opt/x/bootstrap")))
    }

    #[test]
    fn looks_in_the_artefact_and_beside_the_executable() {
        assert_eq!(look(&[]), [PathBuf::from("/opt/x/connector.toml")]);
        let both = [PathBuf::from("/var/task/connector.toml"), PathBuf::from("/opt/x/connector.toml")];
        assert_eq!(look(&[("LAMBDA_TASK_ROOT", "/var/task")]), both);
    }

    #[test]
    fn the_manifest_that_is_compiled_in_is_right() {
        assert!(Manifest::parse(BUILT_IN, Path::new(FILE)).is_ok());
    }

    #[test]
    fn every_manifest_that_ships_is_right() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests");
        let mut count = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            Manifest::read(&entry.unwrap().path()).unwrap();
            count += 1;
        }
        assert!(count >= 2, "{count}");
    }

    #[test]
    fn a_named_manifest_is_the_only_one() {
        let root = ("LAMBDA_TASK_ROOT", "/var/task");
        assert_eq!(look(&[root, ("CONNECTOR_MANIFEST", "m.toml")]), [PathBuf::from("/var/task/m.toml")]);
        assert_eq!(look(&[root, ("CONNECTOR_MANIFEST", "/etc/m.toml")]), [PathBuf::from("/etc/m.toml")]);
        assert_eq!(look(&[("CONNECTOR_MANIFEST", "m.toml")]), [PathBuf::from("m.toml")]);
    }
}
