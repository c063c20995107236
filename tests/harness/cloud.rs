//! A local AWS inside the test process, with a copy of its state to start others from.

use std::fs;
use std::future::pending;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use appflow_local::{Options, Running, serve};
use appflow_registrar::aws::{Aws, Connection};
use tempfile::TempDir;

use crate::binaries::{clean_command, registrar};
use crate::relay::{Relay, runtime};

/// An AWS account of its own, gone when dropped.
#[derive(Debug)]
pub struct Cloud {
    running: Running,
    state: TempDir,
}

impl Default for Cloud {
    fn default() -> Self {
        Self::new()
    }
}

impl Cloud {
    /// An empty account, in which functions are ready at once.
    #[must_use]
    pub fn new() -> Self {
        Self::on(tempfile::tempdir().expect("there is room for a temporary folder"))
    }

    /// An account as it was when it was [closed](Self::close).
    #[must_use]
    pub fn copy_of(state: &Path) -> Self {
        let folder = tempfile::tempdir().expect("there is room for a temporary folder");
        copy(state, folder.path());
        Self::on(folder)
    }

    fn on(state: TempDir) -> Self {
        let mut options = Options::new(state.path());
        // A port of the system's choosing: a copy must not ask for the port of the original.
        options.port = Some(0);
        options.function_settle = Duration::ZERO;
        let running = wait_for(serve(options, pending())).expect("the local AWS starts");
        Self { running, state }
    }

    /// Stops it, and gives its state.
    #[must_use]
    pub fn close(self) -> TempDir {
        wait_for(self.running.shutdown());
        self.state
    }

    /// Where it listens.
    #[must_use]
    pub fn endpoint_url(&self) -> &str {
        self.running.endpoint_url()
    }

    /// Clients of it, for what a test prepares or looks at.
    #[must_use]
    pub fn aws(&self) -> Aws {
        let (endpoint_url, region) = (self.endpoint_url().to_owned(), self.running.region().to_owned());
        wait_for(Aws::connect(&Connection::Local { endpoint_url, region })).expect("a region is named")
    }

    /// A new relay in front of it.
    #[must_use]
    pub fn relay(&self) -> Relay {
        let address = self.endpoint_url().trim_start_matches("http://");
        Relay::to(address.parse::<SocketAddr>().expect("it listens on an address"))
    }
}

/// The registrar against an endpoint, in a folder without a Cargo project, with the variables that AWS clients read.
#[must_use]
pub fn registrar_against(endpoint_url: &str, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = clean_command(registrar());
    command
        .current_dir(folder)
        .args(arguments)
        .env("AWS_ENDPOINT_URL", endpoint_url)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_EC2_METADATA_DISABLED", "true");
    command
}

/// Waits for what is asynchronous.
pub fn wait_for<T>(work: impl Future<Output = T>) -> T {
    runtime().block_on(work)
}

/// Code is kept under its digest and never written again, so that it need not be copied; everything else must be.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder can be written to");
    let is_code = from.components().any(|part| part.as_os_str() == "code");
    for entry in fs::read_dir(from).expect("the state can be read") {
        let entry = entry.expect("the state can be read");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("the state can be read").is_dir() {
            copy(&entry.path(), &target);
        } else {
            let copied = if is_code {
                fs::hard_link(entry.path(), &target)
            } else {
                fs::copy(entry.path(), &target).map(|_length| ())
            };
            copied.expect("there is room for a copy");
        }
    }
}
