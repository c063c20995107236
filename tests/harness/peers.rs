//! Programs of other people that the journeys talk to, from PyPI.

use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use crate::binaries::workspace;

/// A Python environment with the packages of `tests/peers/requirements.txt`.
#[derive(Debug)]
pub struct Peers {
    folder: PathBuf,
}

impl Peers {
    /// A program of the environment, such as `python` or `datasette`.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join("bin").join(name)
    }
}

/// The peers, installed on first use into `target/peers`; none when that is not possible.
///
/// Says so on standard error past the test runner's capture, one line per journey that is skipped, and fails instead
/// when `APPFLOW_TESTS_REQUIRE_PEERS` is set.
#[must_use]
pub fn peers_or_skip(journey: &str) -> Option<&'static Peers> {
    static INSTALLED: OnceLock<Result<Peers, String>> = OnceLock::new();
    match INSTALLED.get_or_init(install) {
        Ok(peers) => Some(peers),
        Err(reason) => {
            #[expect(clippy::disallowed_methods, reason = "whether peers are required is the machine's affair")]
            let required = std::env::var_os("APPFLOW_TESTS_REQUIRE_PEERS").is_some();
            assert!(!required, "{journey} needs its peers: {reason}");
            writeln!(std::io::stderr(), "skipped: {journey}: {reason}").expect("standard error is open");
            None
        }
    }
}

fn install() -> Result<Peers, String> {
    let folder = workspace().join("target/peers");
    let requirements = workspace().join("tests/peers/requirements.txt");
    let wanted = std::fs::read_to_string(&requirements).map_err(|error| error.to_string())?;
    let stamp = folder.join("installed.txt");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(Peers { folder });
    }
    run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    run(Command::new(folder.join("bin/pip"))
        .args(["install", "--quiet", "--disable-pip-version-check", "--requirement"])
        .arg(&requirements))?;
    std::fs::write(stamp, wanted).map_err(|error| error.to_string())?;
    Ok(Peers { folder })
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{}: {}", command.get_program().display(), said.lines().last().unwrap_or("it failed")))
}
