//! One process under measurement: a function's executable in Lambda's environment.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use tokio::process::{Child, Command};

use crate::Failure;
use crate::host::{Answer, Host};

/// A process that has asked for work.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    host: Host,
    /// From the call that starts the process to its first request for work.
    pub(crate) start: Duration,
}

impl Process {
    /// Starts an executable and waits until it asks for work.
    pub(crate) async fn start(executable: &Path, manifest: Option<&Path>) -> Result<Self, Failure> {
        let mut host = Host::start().await?;
        let mut command = Command::new(executable);
        command.env_clear().stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
        command.envs([
            ("LANG", "en_US.UTF-8"),
            ("TZ", ":UTC"),
            ("LAMBDA_TASK_ROOT", "/"),
            ("AWS_LAMBDA_RUNTIME_API", host.address()),
            ("AWS_LAMBDA_FUNCTION_NAME", "measured"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/measured"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "measured"),
            ("AWS_REGION", "eu-west-1"),
            // Not Lambda's: the API that is measured against is on this machine.
            ("CONNECTOR_ALLOW_LOOPBACK", "true"),
        ]);
        if let Some(manifest) = manifest {
            command.env("CONNECTOR_MANIFEST", manifest);
        }
        let started = Instant::now();
        let child = command.spawn().map_err(|error| format!("cannot start {}: {error}", executable.display()))?;
        let polled = host.polled().await.map_err(|error| format!("{}: {error}", executable.display()))?;
        Ok(Self { child, host, start: polled.saturating_duration_since(started) })
    }

    /// Runs one invocation.
    pub(crate) async fn invoke(&mut self, payload: &Bytes) -> Result<Answer, Failure> {
        self.host.invoke(payload.clone()).await
    }

    /// Ends the process and waits until it is gone, so that its end disturbs nothing that is measured next.
    pub(crate) async fn stop(mut self) -> Result<(), Failure> {
        Ok(self.child.kill().await?)
    }

    /// Processor time that its main thread has used. Known on Linux only, and right while the process waits.
    pub(crate) fn processor_time(&self) -> Option<Duration> {
        let text = std::fs::read_to_string(format!("/proc/{}/schedstat", self.child.id()?)).ok()?;
        text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
    }

    /// The most resident memory that it ever had, in bytes. Known on Linux only.
    pub(crate) fn peak_memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()?)).ok()?;
        high_water_mark(&status)
    }
}

/// `VmHWM` of `/proc/PID/status`, which is in kilobytes of 1024 bytes.
fn high_water_mark(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_high_water_mark() {
        assert_eq!(high_water_mark("VmPeak:\t 9 kB\nVmHWM:\t    2048 kB\nVmRSS:\t 1 kB\n"), Some(2 * 1024 * 1024));
        assert_eq!(high_water_mark("Name:\tx\n"), None);
    }

    #[tokio::test]
    async fn names_an_executable_that_is_not_there() {
        let error = Process::start(Path::new("/nowhere/bootstrap"), None).await.unwrap_err().to_string();
        assert!(error.starts_with("cannot start /nowhere/bootstrap"), "{error}");
    }
}
