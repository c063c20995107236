//! A local AWS inside the test process, with a copy of its state to start others from.

use std::fs;
use std::future::pending;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use appflow_local::{Options, Running, serve};
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
        let running = runtime().block_on(serve(options, pending())).expect("the local AWS starts");
        Self { running, state }
    }

    /// Stops it, and gives its state.
    #[must_use]
    pub fn close(self) -> TempDir {
        runtime().block_on(self.running.shutdown());
        self.state
    }

    /// Where it listens.
    #[must_use]
    pub fn endpoint_url(&self) -> &str {
        self.running.endpoint_url()
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

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder can be written to");
    for entry in fs::read_dir(from).expect("the state can be read") {
        let entry = entry.expect("the state can be read");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("the state can be read").is_dir() {
            copy(&entry.path(), &target);
        } else {
            let _bytes = fs::copy(entry.path(), target).expect("there is room for a copy");
        }
    }
}
