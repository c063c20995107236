//! The binaries under test, built once per run.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

/// Where the binaries are.
#[derive(Debug)]
pub struct Binaries {
    /// The command line.
    pub registrar: PathBuf,
    /// The connector, for this machine.
    pub connector: PathBuf,
}

/// A command that inherits what finds programs and nothing else.
pub(crate) fn clean_command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env_clear();
    for name in ["PATH", "HOME", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "CARGO_TARGET_DIR"] {
        #[expect(clippy::disallowed_methods, reason = "a child inherits what finds programs and nothing else")]
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

/// The workspace's root folder.
#[must_use]
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package lies one level below the workspace")
}

/// Builds the command line, as `cargo test --workspace` did.
#[must_use]
pub fn registrar() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build("registrar", &["--workspace", "--bins"]))
}

/// Builds both: the command line, and the connector as `registrar deploy --local` does, so that the journeys run the very
/// artefact that is deployed.
pub fn binaries() -> &'static Binaries {
    static BUILT: OnceLock<Binaries> = OnceLock::new();
    BUILT.get_or_init(|| Binaries {
        registrar: registrar().to_owned(),
        connector: build("appflow-connector", &["--release", "--package", "appflow-connector"]),
    })
}

/// The SDK's example of a destination, built with the features that the tests of the workspace are built with.
#[must_use]
pub fn destination() -> PathBuf {
    let features = "appflow-sdk/derive,appflow-sdk/testing";
    build("destination", &["--workspace", "--features", features, "--example", "destination"])
}

fn build(name: &str, arguments: &[&str]) -> PathBuf {
    // The environment is that of the registrar's own builds, so that neither makes the other build again.
    let output = clean_command(env!("CARGO"))
        .args(["build", "--message-format=json-render-diagnostics"])
        .args(arguments)
        .current_dir(workspace())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let built = String::from_utf8(output.stdout).expect("cargo writes UTF-8");
    built
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == name)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .unwrap_or_else(|| panic!("cargo built no {name}"))
}
