//! One process of a function: started, handed one invocation after another, watched, ended.

use std::error::Error;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use bytes::Bytes;
use tokio::process::{Child, Command};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout};
use uuid::Uuid;

use super::log::{Capture, Destination, Figures};
use super::outcome::{Failure, Outcome, Report, chain};
use super::runtime_api::{Event, RuntimeApi, Work};
use super::{Spec, entry_point, environment, log, memory};

/// Time a process has until it asks for work. Source: Lambda documentation, "Init phase" (10 seconds).
const INIT_LIMIT: Duration = Duration::from_secs(10);

/// How often a running process's memory is looked at.
const MEMORY_PERIOD: Duration = Duration::from_millis(25);

/// A running process.
#[derive(Debug)]
pub(super) struct Instance {
    generation: String,
    child: Child,
    api: RuntimeApi,
    capture: Capture,
    /// The name of its log stream.
    stream: String,
    /// Whether the process has ended or was ended.
    ended: bool,
}

/// A process that did not get as far as asking for work.
#[derive(Debug)]
pub(super) struct NotStarted {
    failure: Failure,
    capture: Option<Capture>,
    took: Duration,
}

/// How waiting for a process ended.
enum Ended {
    Answered(Bytes),
    Failed(Failure),
    /// The process must not be used again.
    Broken(Failure, Option<String>),
}

impl NotStarted {
    /// This server could not start it.
    pub(super) fn service(request_id: &str, error: &dyn Error) -> Self {
        Self { failure: Failure::service(request_id, &chain(error)), capture: None, took: Duration::ZERO }
    }

    /// The invocation's report, written to the log.
    pub(super) fn report(mut self, spec: &Spec, request_id: &str, logs: &Destination) -> Report {
        let figures =
            Figures { duration: Duration::ZERO, init: Some(self.took), memory: spec.memory_megabytes, peak: None };
        let note = String::from_utf8_lossy(&self.failure.payload).into_owned();
        let stream = log::stream_name(&spec.version, &Uuid::new_v4().simple().to_string());
        let target = logs.of(spec, &stream);
        let log_tail = target.record(self.capture.as_mut(), request_id, &spec.version, Some(&note), figures);
        Report { request_id: request_id.to_owned(), outcome: Outcome::Failed(self.failure), log_tail }
    }
}

impl Instance {
    /// Starts a process and waits until it asks for work. Returns how long that took.
    pub(super) async fn start(
        spec: &Spec,
        root: &Path,
        scratch: &Path,
        endpoint: &str,
        request_id: &str,
    ) -> Result<(Self, Duration), NotStarted> {
        let program = entry_point::find(root, &spec.architecture).map_err(|message| NotStarted {
            failure: Failure::invalid_entry_point(request_id, &message),
            capture: None,
            took: Duration::ZERO,
        })?;
        let service = |error: io::Error| NotStarted::service(request_id, &error);
        let id = Uuid::new_v4().simple().to_string();
        let stream = log::stream_name(&spec.version, &id);
        let api = RuntimeApi::start().await.map_err(service)?;
        let capture = Capture::create(scratch.join(format!("{id}.log"))).map_err(service)?;
        let variables = environment::variables(spec, root, &api.address, endpoint, &stream);
        let started = Instant::now();
        let spawned = spawn(&program, root, variables, &capture).await;
        let child = match spawned {
            Ok(child) => child,
            Err(error) => {
                let message = format!("fork/exec /var/task/bootstrap: {error}");
                return Err(NotStarted {
                    failure: Failure::invalid_entry_point(request_id, &message),
                    capture: Some(capture),
                    took: started.elapsed(),
                });
            }
        };
        let mut instance = Self { generation: spec.generation.clone(), child, api, capture, stream, ended: false };
        let failure = match timeout(INIT_LIMIT, instance.until_ready(request_id)).await {
            Ok(Ok(())) => return Ok((instance, started.elapsed())),
            Ok(Err(failure)) => failure,
            Err(_elapsed) => Failure::init_timed_out(request_id, INIT_LIMIT),
        };
        let took = started.elapsed();
        let capture = instance.stop().await;
        Err(NotStarted { failure, capture: Some(capture), took })
    }

    /// Whether the process runs and is of a generation.
    pub(super) fn is_usable(&mut self, generation: &str) -> bool {
        !self.ended && self.generation == generation && matches!(self.child.try_wait(), Ok(None))
    }

    /// Runs one invocation. The second value says whether the process can be used again.
    pub(super) async fn invoke(
        &mut self,
        work: Work,
        spec: &Spec,
        init: Option<Duration>,
        logs: &Destination,
    ) -> (Report, bool) {
        let request_id = work.request_id.clone();
        let started = Instant::now();
        let mut peak = None;
        let ended = self.until_answered(work, spec, &mut peak).await;
        let figures =
            Figures { duration: started.elapsed(), init, memory: spec.memory_megabytes, peak: self.peak().or(peak) };
        let (outcome, note, reusable) = match ended {
            Ended::Answered(bytes) => (Outcome::Answered(bytes), None, true),
            Ended::Failed(failure) => (Outcome::Failed(failure), None, true),
            Ended::Broken(failure, note) => (Outcome::Failed(failure), note, false),
        };
        let target = logs.of(spec, &self.stream);
        let log_tail = target.record(Some(&mut self.capture), &request_id, &spec.version, note.as_deref(), figures);
        let report = Report { request_id, outcome, log_tail };
        (report, reusable)
    }

    /// Ends the process, waits until it is gone, and hands out what it wrote.
    pub(super) async fn stop(mut self) -> Capture {
        self.end().await;
        self.capture
    }

    async fn until_ready(&mut self, request_id: &str) -> Result<(), Failure> {
        tokio::select! {
            biased;
            event = self.api.events.recv() => match event {
                Some(Event::Ready) => Ok(()),
                Some(Event::InitFailed(payload) | Event::Failed(payload) | Event::Answered(payload)) => {
                    Err(Failure::reported(payload))
                }
                Some(Event::TooLarge { bytes }) => Err(Failure::too_large(bytes)),
                None => Err(Failure::service(request_id, "the Runtime API server ended")),
            },
            status = self.child.wait() => {
                self.ended = true;
                Err(exited(request_id, &status))
            }
        }
    }

    async fn until_answered(&mut self, work: Work, spec: &Spec, peak: &mut Option<u64>) -> Ended {
        let request_id = work.request_id.clone();
        let deadline = Instant::now() + spec.timeout;
        let limit = spec.memory_megabytes * 1024 * 1024;
        if self.api.hand_over(work).await.is_err() {
            let failure = Failure::service(&request_id, "the Runtime API server ended");
            return Ended::Broken(failure, None);
        }
        let mut memory_ticks = interval(MEMORY_PERIOD);
        memory_ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                event = self.api.events.recv() => match event {
                    // Asking for work is how it gets this very invocation.
                    Some(Event::Ready) => {}
                    Some(Event::Answered(bytes)) => return Ended::Answered(bytes),
                    Some(Event::Failed(payload) | Event::InitFailed(payload)) => {
                        return Ended::Failed(Failure::reported(payload));
                    }
                    Some(Event::TooLarge { bytes }) => {
                        return Ended::Failed(Failure::too_large(bytes));
                    }
                    None => {
                        let failure = Failure::service(&request_id, "the Runtime API server ended");
                        return Ended::Broken(failure, None);
                    }
                },
                status = self.child.wait() => {
                    self.ended = true;
                    // Its answer may have arrived together with its end.
                    if let Some(answered) = self.last_word() {
                        return answered;
                    }
                    let note = describe(&status);
                    return Ended::Broken(exited(&request_id, &status), Some(format!("Runtime exited: {note}")));
                }
                () = sleep_until(deadline) => {
                    self.end().await;
                    let note = format!("Task timed out after {:.2} seconds", spec.timeout.as_secs_f64());
                    return Ended::Broken(Failure::timed_out(&request_id, spec.timeout), Some(note));
                }
                _ = memory_ticks.tick() => {
                    let seen = self.peak();
                    *peak = seen.or(*peak);
                    if let Some(used) = seen && used > limit {
                        self.end().await;
                        let used = used.div_ceil(1024 * 1024);
                        let note = format!("Runtime.OutOfMemory: {used} MB used of {} MB", spec.memory_megabytes);
                        let failure = Failure::out_of_memory(&request_id, used, spec.memory_megabytes);
                        return Ended::Broken(failure, Some(note));
                    }
                }
            }
        }
    }

    fn last_word(&mut self) -> Option<Ended> {
        while let Ok(event) = self.api.events.try_recv() {
            match event {
                Event::Ready => {}
                Event::Answered(bytes) => return Some(Ended::Answered(bytes)),
                Event::Failed(payload) | Event::InitFailed(payload) => {
                    return Some(Ended::Broken(Failure::reported(payload), None));
                }
                Event::TooLarge { bytes } => {
                    return Some(Ended::Broken(Failure::too_large(bytes), None));
                }
            }
        }
        None
    }

    fn peak(&self) -> Option<u64> {
        self.child.id().and_then(memory::peak)
    }

    async fn end(&mut self) {
        if self.ended {
            return;
        }
        self.ended = true;
        // Killing fails only when the process has ended by itself.
        if let Err(error) = self.child.kill().await {
            tracing::debug!(%error, "a function's process had already ended");
        }
    }
}

/// Starts the program. A file that was just unpacked can be "busy" for a moment, when another process that is being
/// started at the same time still holds it open.
async fn spawn(program: &Path, root: &Path, variables: Vec<(String, String)>, capture: &Capture) -> io::Result<Child> {
    let mut command = Command::new(program);
    command.env_clear().envs(variables).current_dir(root).stdin(Stdio::null()).kill_on_drop(true);
    // Its own group: an interrupt typed at the terminal is for the server, which then ends its functions in order.
    #[cfg(unix)]
    command.process_group(0);
    let mut attempts = 0;
    loop {
        command.stdout(capture.handle()?).stderr(capture.handle()?);
        match command.spawn() {
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy && attempts < 50 => {
                attempts += 1;
                sleep(Duration::from_millis(10)).await;
            }
            result => return result,
        }
    }
}

fn exited(request_id: &str, status: &io::Result<ExitStatus>) -> Failure {
    Failure::exited(request_id, &describe(status))
}

/// As Lambda words it: `exit status 1`, `signal: killed`.
fn describe(status: &io::Result<ExitStatus>) -> String {
    match status {
        Ok(status) => match status.code() {
            Some(code) => format!("exit status {code}"),
            None => signal(*status),
        },
        Err(error) => format!("unknown exit status: {error}"),
    }
}

#[cfg(unix)]
fn signal(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    match status.signal() {
        Some(6) => "signal: aborted".to_owned(),
        Some(9) => "signal: killed".to_owned(),
        Some(11) => "signal: segmentation fault".to_owned(),
        Some(15) => "signal: terminated".to_owned(),
        Some(other) => format!("signal: {other}"),
        None => "unknown exit status".to_owned(),
    }
}

#[cfg(not(unix))]
fn signal(_status: ExitStatus) -> String {
    "unknown exit status".to_owned()
}
