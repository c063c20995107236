//! A laptop without an AWS account: a clean environment, a state directory, the registrar.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::binaries::{binaries, clean_command, registrar, workspace};

/// A laptop with a state directory of its own, gone when dropped.
#[derive(Debug)]
pub struct Laptop {
    folder: TempDir,
}

/// What a command did.
#[derive(Debug)]
pub struct Run {
    /// The exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Run {
    /// What a program did that has ended.
    #[must_use]
    #[track_caller]
    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The run itself, if it ended with this code.
    #[must_use]
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Standard output as one JSON document.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}\nstdout:\n{}\nstderr:\n{}", self.stdout, self.stderr))
    }
}

impl Default for Laptop {
    fn default() -> Self {
        Self::new()
    }
}

impl Laptop {
    /// A laptop on which nothing was ever deployed.
    #[must_use]
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("there is room for a temporary folder") }
    }

    /// A folder to put things in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A command with nothing in its environment but what finds programs.
    #[must_use]
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = clean_command(program);
        command.current_dir(workspace()).stdin(Stdio::null());
        command
    }

    fn registrar_command(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(registrar());
        command.args(arguments).env("REGISTRAR_STATE_DIR", self.folder().join("state"));
        command
    }

    /// Runs the registrar.
    #[must_use]
    #[track_caller]
    pub fn registrar(&self, arguments: &[&str]) -> Run {
        Run::of(self.registrar_command(arguments).output().expect("the registrar starts"))
    }

    /// Runs the registrar with `--local --output json` and the connector that was built for the tests.
    #[must_use]
    #[track_caller]
    pub fn deploy(&self, further: &[&str]) -> Run {
        let connector = binaries().connector.to_str().expect("the path is UTF-8");
        let mut arguments = vec!["deploy", "--local", "--output", "json", "--binary-path", connector];
        arguments.extend(further);
        self.registrar(&arguments)
    }

    /// Runs `registrar connect NAME --local` with credentials in a file.
    #[must_use]
    #[track_caller]
    pub fn connect(&self, name: &str, credentials: &Value, further: &[&str]) -> Run {
        let file = self.folder().join(format!("{name}.credentials.json"));
        std::fs::write(&file, credentials.to_string()).expect("the folder can be written to");
        let file = file.to_str().expect("the path is UTF-8");
        let mut arguments = vec!["connect", name, "--credentials", file, "--local", "--output", "json"];
        arguments.extend(further);
        self.registrar(&arguments)
    }

    /// Starts `registrar local` and waits until it answers.
    #[must_use]
    #[track_caller]
    pub fn serve(&self) -> Server {
        let mut child = self
            .registrar_command(&["local", "--output", "json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("the registrar starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("standard output is piped"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("it says where it is");
        let said: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        let endpoint_url = &said["variables"]["AWS_ENDPOINT_URL"];
        let endpoint_url = endpoint_url.as_str().unwrap_or_else(|| panic!("no endpoint in {line}")).to_owned();
        Server { endpoint_url, child }
    }

    /// Runs any program against a server, with the variables that AWS clients read.
    #[must_use]
    #[track_caller]
    pub fn against(&self, server: &Server, program: impl AsRef<OsStr>, arguments: &[&str]) -> Run {
        let mut command = self.command(program);
        command
            .args(arguments)
            .env("AWS_ENDPOINT_URL", &server.endpoint_url)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .env("AWS_EC2_METADATA_DISABLED", "true");
        Run::of(command.output().expect("the program starts"))
    }
}

/// A running `registrar local`, ended when dropped.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub endpoint_url: String,
    child: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        // Whether it had ended before does not matter: what counts is that it is gone.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
