//! Programs of other people that the journeys talk to, from PyPI and npm.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::binaries::workspace;

/// The packages of `tests/peers/requirements.txt`.
static PYTHON: Recipe = Recipe::pip("python", "tests/peers/requirements.txt");
/// Datasette with its write API.
pub(crate) static WRITABLE_DATASETTE: Recipe = Recipe::pip("datasette-writable", "tests/peers/datasette-writable.txt");
/// An AWS without AppFlow.
pub(crate) static MOTO: Recipe = Recipe::pip("moto", "tests/peers/moto.txt");
/// The OData service.
pub(crate) static ODATA: Recipe = Recipe::npm("odata", "tests/peers/odata");
/// The API with Link headers.
pub(crate) static JSON_SERVER: Recipe = Recipe::npm("json-server", "tests/peers/json-server");

/// An installed environment: a Python one, or a folder with what Node runs.
#[derive(Debug)]
pub struct Peers {
    folder: PathBuf,
}

impl Peers {
    /// A program of a Python environment, such as `python` or `datasette`.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join("bin").join(name)
    }

    /// A file of a Node environment, such as `server.js`.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// The Python peers, installed on first use into `target/peers/python`; none when that is not possible.
///
/// Says so on standard error past the test runner's capture, one line per journey that is skipped, and fails instead
/// when `APPFLOW_TESTS_REQUIRE_PEERS` is set.
#[must_use]
pub fn peers_or_skip(journey: &str) -> Option<&'static Peers> {
    PYTHON.or_skip(journey)
}

/// What to install, and how. Each has a folder of its own below `target/peers`.
#[derive(Debug)]
pub(crate) struct Recipe {
    name: &'static str,
    tool: Tool,
    installed: OnceLock<Result<Peers, String>>,
}

#[derive(Debug)]
enum Tool {
    /// A requirements file.
    Pip(&'static str),
    /// A folder with `package-lock.json`, all files of which are needed beside the packages.
    Npm(&'static str),
}

impl Recipe {
    const fn pip(name: &'static str, requirements: &'static str) -> Self {
        Self { name, tool: Tool::Pip(requirements), installed: OnceLock::new() }
    }

    const fn npm(name: &'static str, folder: &'static str) -> Self {
        Self { name, tool: Tool::Npm(folder), installed: OnceLock::new() }
    }

    /// The environment, installed on first use; none, said aloud, when that is not possible.
    pub(crate) fn or_skip(&'static self, journey: &str) -> Option<&'static Peers> {
        match self.installed.get_or_init(|| self.install()) {
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

    fn install(&self) -> Result<Peers, String> {
        let root = workspace().join("target/peers");
        let folder = root.join(self.name);
        self.install_into(&root, &folder)?;
        Ok(Peers { folder })
    }

    /// Leaves alone what was installed from the same list of packages.
    fn install_into(&self, root: &Path, folder: &Path) -> Result<(), String> {
        fs::create_dir_all(root).map_err(failed(root))?;
        // Another test process may be about to do the same; it waits here, and then finds the work done.
        let path = root.join(format!("{}.lock", self.name));
        let lock = File::create(&path).map_err(failed(&path))?;
        lock.lock().map_err(failed(&path))?;

        let list = match self.tool {
            Tool::Pip(requirements) => workspace().join(requirements),
            Tool::Npm(sources) => workspace().join(sources).join("package-lock.json"),
        };
        let wanted = fs::read_to_string(&list).map_err(failed(&list))?;
        let stamp = folder.join("installed.txt");
        let installed = fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted);
        if !installed && folder.exists() {
            // What an interrupted installation left, or one from another list.
            fs::remove_dir_all(folder).map_err(failed(folder))?;
        }
        if let Tool::Npm(sources) = self.tool {
            copy(&workspace().join(sources), folder)?;
        }
        if installed {
            return Ok(());
        }
        match self.tool {
            Tool::Pip(_) => {
                run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
                run(Command::new(folder.join("bin/pip"))
                    .args(["install", "--quiet", "--disable-pip-version-check", "--requirement"])
                    .arg(&list))?;
            }
            // Nothing that the peers need is compiled or downloaded by a package's own scripts. A Node that is too old
            // for one of them is refused here, where it can be told.
            Tool::Npm(_) => run(Command::new("npm")
                .args(["ci", "--ignore-scripts", "--engine-strict", "--no-audit", "--no-fund", "--loglevel=error"])
                .current_dir(folder))?,
        }
        fs::write(&stamp, wanted).map_err(failed(&stamp))
    }
}

/// Copies the files of a folder. Those that are the same stay untouched, since a server may be reading them.
fn copy(from: &Path, to: &Path) -> Result<(), String> {
    fs::create_dir_all(to).map_err(failed(to))?;
    for entry in fs::read_dir(from).map_err(failed(from))? {
        let source = entry.map_err(failed(from))?.path();
        let target = to.join(source.file_name().unwrap_or(OsStr::new("")));
        let content = fs::read(&source).map_err(failed(&source))?;
        if !fs::read(&target).is_ok_and(|present| present == content) {
            fs::write(&target, content).map_err(failed(&target))?;
        }
    }
    Ok(())
}

fn failed(path: &Path) -> impl Fn(io::Error) -> String {
    move |error| format!("{}: {error}", path.display())
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    // Not where npm's own code failed, nor where its log is.
    let lines: Vec<_> =
        said.lines().filter(|line| !line.contains("complete log of this run") && !line.contains("    at ")).collect();
    let reason: String = lines.join("; ").chars().take(500).collect();
    Err(format!("{}: {}", command.get_program().display(), if reason.is_empty() { "it failed" } else { &reason }))
}
