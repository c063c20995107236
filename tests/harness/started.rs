//! A program that runs while the test goes on.

use std::fs::File;
use std::io::{Read, Seek};
use std::process::{Child, Command, Output, Stdio};
use std::thread::{self, JoinHandle};

use crate::laptop::Run;

/// A running program.
#[derive(Debug)]
pub struct Started {
    child: Child,
    stdout: JoinHandle<Vec<u8>>,
    stderr: File,
}

impl Started {
    /// Starts it; `at_end` is called when it has closed its standard output, as it does by ending.
    pub(crate) fn new(command: &mut Command, at_end: impl FnOnce() + Send + 'static) -> Self {
        // Errors go to a file, so that the program never waits for a reader.
        let stderr = tempfile::tempfile().expect("there is room for a temporary file");
        let elsewhere = stderr.try_clone().expect("the file is open");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(elsewhere);
        let mut child = command.spawn().expect("the program starts");
        let mut output = child.stdout.take().expect("standard output is piped");
        let stdout = thread::spawn(move || {
            let mut bytes = Vec::new();
            output.read_to_end(&mut bytes).expect("a pipe can be read");
            at_end();
            bytes
        });
        Self { child, stdout, stderr }
    }

    /// Ends it as a loss of power would (SIGKILL), and waits until it is gone.
    #[must_use]
    pub fn kill(mut self) -> Run {
        self.child.kill().expect("the program is ours");
        self.finish()
    }

    /// Waits until it ends by itself.
    #[must_use]
    pub fn finish(mut self) -> Run {
        let status = self.child.wait().expect("the program is ours");
        let stdout = self.stdout.join().expect("the reader does not panic");
        let mut stderr = Vec::new();
        self.stderr.rewind().expect("a file can be read again");
        self.stderr.read_to_end(&mut stderr).expect("a file can be read");
        Run::of(Output { status, stdout, stderr })
    }
}
