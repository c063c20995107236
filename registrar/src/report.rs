//! Everything that is printed: the result on standard output, all else on standard error; with `--output ndjson` what
//! happens goes to standard output too, as one JSON object per line.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;
use tokio::time::Instant;

use crate::error::RegistrarError;
use crate::event::Event;

/// Longest silence where there is no terminal: build servers end jobs that say nothing.
const HEARTBEAT: Duration = Duration::from_secs(15);

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const CAREFUL: Style = AnsiColor::Yellow.on_default();
const FAINT: Style = Style::new().dimmed();

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// The result and errors.
    Quiet,
    /// Steps and waits.
    Normal,
    /// Details too.
    Verbose,
}

/// How events are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Live on a terminal.
    Live,
    /// Line by line.
    Lines,
    /// One JSON object per line, on standard output.
    Json,
}

impl Form {
    /// What suits standard error; `terminal` is the variable `TERM`.
    #[must_use]
    pub fn of_standard_error(terminal: Option<&str>) -> Self {
        if io::stderr().is_terminal() && terminal != Some("dumb") { Self::Live } else { Self::Lines }
    }
}

/// Shows events as they happen. Clones show in the same place.
#[derive(Debug, Clone)]
pub struct Report {
    verbosity: Verbosity,
    form: Form,
    region: Option<String>,
    live: Arc<Mutex<Live>>,
    sink: Sink,
}

/// Where lines go.
#[derive(Debug, Clone)]
enum Sink {
    Process,
    #[cfg(test)]
    Memory(Arc<Mutex<Vec<u8>>>),
}

#[derive(Debug, Default)]
struct Live {
    spinner: Option<ProgressBar>,
    /// What is being done, and since when.
    title: Option<(String, Instant)>,
    last_wait: Option<String>,
    last_line: Option<Instant>,
}

impl Report {
    /// Reports to standard error, line by line.
    #[must_use]
    pub fn new(verbosity: Verbosity) -> Self {
        Self { verbosity, form: Form::Lines, region: None, live: Arc::default(), sink: Sink::Process }
    }

    /// The same report in another form.
    #[must_use]
    pub fn with_form(mut self, form: Form) -> Self {
        self.form = form;
        self
    }

    /// The same report for one of several regions: JSON events then name it.
    #[must_use]
    pub fn in_region(&self, region: &str) -> Self {
        Self { region: Some(region.to_owned()), ..self.clone() }
    }

    fn live(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows one event.
    pub fn event(&self, event: &Event<'_>) {
        if self.verbosity == Verbosity::Quiet {
            return;
        }
        match event {
            Event::StepStarted { position, total, step } => {
                let title = format!("[{position}/{total}] {}", step.action.description());
                self.begin(title, &step.reason, event);
            }
            Event::Working(what) => self.begin((*what).to_owned(), "", event),
            Event::Waiting(what) => self.waiting(what, event),
            Event::StepDone { step, elapsed } => {
                let what = step.action.description();
                let seconds = elapsed.as_secs_f64();
                self.end_and_say(event, &format!("{GOOD}  done{GOOD:#}  {what} {FAINT}({seconds:.1} s){FAINT:#}"));
            }
            Event::StepFailed { step } => {
                self.end_and_say(event, &format!("{BAD}failed{BAD:#}  {}", step.action.description()));
            }
            Event::Note(text) => self.end_and_say(event, text),
            Event::Warning(text) => self.end_and_say(event, &format!("{CAREFUL}warning{CAREFUL:#}: {text}")),
            Event::Detail(text) => {
                if self.verbosity == Verbosity::Verbose {
                    self.end_and_say(event, text);
                }
            }
        }
    }

    /// Says what is being done only if it takes long.
    pub fn busy(&self, what: &str) {
        self.end();
        if self.verbosity == Verbosity::Quiet {
            return;
        }
        if self.form == Form::Live {
            self.spin(what);
        }
        let mut live = self.live();
        live.last_line = Some(Instant::now());
        live.title = Some((what.to_owned(), Instant::now()));
    }

    fn spin(&self, title: &str) {
        let spinner = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        // The template is a constant; a default spinner is good enough should it ever be wrong.
        let style = ProgressStyle::with_template("{spinner} {msg} ({elapsed})");
        spinner.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        spinner.set_message(title.to_owned());
        spinner.enable_steady_tick(Duration::from_millis(100));
        self.live().spinner = Some(spinner);
    }

    fn begin(&self, title: String, reason: &str, event: &Event<'_>) {
        self.end();
        if self.form == Form::Live {
            self.spin(&title);
        } else if reason.is_empty() {
            self.say(event, &title);
        } else {
            self.say(event, &format!("{title} ({reason})"));
        }
        self.live().title = Some((title, Instant::now()));
    }

    fn waiting(&self, what: &str, event: &Event<'_>) {
        let mut live = self.live();
        if let (Some(spinner), Some((title, _))) = (&live.spinner, &live.title) {
            spinner.set_message(format!("{title}: {what}"));
            return;
        }
        // What is waited for is news once; after that the heartbeat repeats it.
        if live.last_wait.as_deref() != Some(what) {
            live.last_wait = Some(what.to_owned());
            drop(live);
            self.say(event, &format!("  waiting: {what}"));
        }
    }

    /// Goes on for ever, and breaks long silences by telling what is being done or waited for, and since when.
    pub async fn beat(&self) {
        loop {
            let now = Instant::now();
            let quiet_since = self.live().last_line.unwrap_or(now);
            let silence = now.duration_since(quiet_since);
            if silence >= HEARTBEAT {
                self.tell_what_takes_so_long(now);
            }
            let pause = if silence < HEARTBEAT { HEARTBEAT.saturating_sub(silence) } else { HEARTBEAT };
            tokio::time::sleep(pause).await;
        }
    }

    fn tell_what_takes_so_long(&self, now: Instant) {
        if self.form == Form::Live || self.verbosity == Verbosity::Quiet {
            return;
        }
        let live = self.live();
        let Some((title, since)) = &live.title else { return };
        let elapsed = now.duration_since(*since);
        let seconds = elapsed.as_secs();
        let (json, text) = match &live.last_wait {
            Some(what) => (json!(what), format!("  waiting: {what} ({seconds} s)")),
            None => (json!(null), format!("  still: {title} ({seconds} s)")),
        };
        let members = json!({"event": "heartbeat", "doing": title, "waitingFor": json, "elapsedSeconds": seconds});
        drop(live);
        self.put(&members, &text);
    }

    fn end_and_say(&self, event: &Event<'_>, text: &str) {
        self.end();
        self.say(event, text);
    }

    fn say(&self, event: &Event<'_>, text: &str) {
        self.put(&event.to_json(), text);
    }

    fn put(&self, json: &serde_json::Value, text: &str) {
        self.live().last_line = Some(Instant::now());
        if self.form == Form::Json {
            self.json_line(json);
        } else {
            self.line(text);
        }
    }

    /// One event as a line of standard output.
    fn json_line(&self, members: &serde_json::Value) {
        let mut event = json!({
            "schema": crate::outcome::SCHEMA,
            "type": "event",
            "time": jiff::Timestamp::now().to_string(),
        });
        if let (Some(event), Some(members)) = (event.as_object_mut(), members.as_object()) {
            if let Some(region) = &self.region {
                event.insert("region".to_owned(), json!(region));
            }
            event.extend(members.clone());
        }
        match &self.sink {
            Sink::Process => drop(print_result(event.to_string().as_bytes())),
            #[cfg(test)]
            Sink::Memory(_) => self.line(&event.to_string()),
        }
    }

    fn line(&self, text: &str) {
        match &self.sink {
            // There is nobody to tell if standard error is closed.
            Sink::Process => drop(writeln!(anstream::stderr(), "{text}")),
            #[cfg(test)]
            Sink::Memory(written) => {
                let mut written = written.lock().unwrap_or_else(PoisonError::into_inner);
                written.extend_from_slice(anstream::adapter::strip_str(text).to_string().as_bytes());
                written.push(b'\n');
            }
        }
    }

    /// Shows why the command stopped. Shown even if quiet.
    pub fn error(&self, error: &RegistrarError) {
        self.end();
        self.line(&format!("{BAD}error{BAD:#}: {error}"));
        for cause in error.causes() {
            self.line(&format!("  caused by: {}", cause.replace('\n', "\n    ")));
        }
        if let Some(request_id) = error.request_id() {
            self.line(&format!("  request id: {request_id}"));
        }
        if let Some(hint) = error.hint() {
            self.line(&format!("{CAREFUL}hint{CAREFUL:#}: {hint}"));
        }
    }

    /// Ends what is live.
    pub fn end(&self) {
        let mut live = self.live();
        live.last_wait = None;
        live.title = None;
        if let Some(spinner) = live.spinner.take() {
            spinner.finish_and_clear();
        }
    }

    /// Asks on the terminal; no if nobody is there to answer.
    ///
    /// The answer must be `expected`, typed out: a reflex must not delete anything. What waits for the answer may be
    /// dropped: the line is then left unread.
    pub async fn confirm(&self, question: &str, expected: &str) -> bool {
        if !(io::stderr().is_terminal() && io::stdin().is_terminal()) {
            return false;
        }
        self.end();
        self.line(&format!("{question}\nType {expected} to go on:"));
        let read = || {
            let mut answer = String::new();
            io::stdin().read_line(&mut answer).map(|_| answer)
        };
        // Apart from the rest, so that Ctrl-C is heard meanwhile.
        matches!(tokio::task::spawn_blocking(read).await, Ok(Ok(answer)) if answer.trim() == expected)
    }
}

/// Prints the result. A reader that has gone away, as in `| head`, is no error.
///
/// # Errors
/// When standard output cannot be written for another reason.
pub fn print_result(text: &[u8]) -> io::Result<()> {
    print_unless_gone(text).map(drop)
}

/// Prints as [`print_result`] does, and tells whether there is still a reader.
///
/// # Errors
/// As [`print_result`].
pub fn print_unless_gone(text: &[u8]) -> io::Result<bool> {
    let mut stdout = io::stdout().lock();
    let written =
        stdout.write_all(text).and_then(|()| if text.ends_with(b"\n") { Ok(()) } else { stdout.write_all(b"\n") });
    match written.and_then(|()| stdout.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether whoever read standard output has gone away, as in `| head`, which a writer with nothing to say does not notice.
#[must_use]
pub fn is_reader_gone() -> bool {
    #[cfg(unix)]
    {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let stdout = io::stdout();
        let mut waiting = [PollFd::new(&stdout, PollFlags::empty())];
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        // What is asked for is nothing; a pipe without a reader is told all the same.
        poll(&mut waiting, Some(&at_once)).is_ok() && waiting[0].revents().contains(PollFlags::ERR)
    }
    #[cfg(not(unix))]
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_memory(form: Form) -> (Report, Arc<Mutex<Vec<u8>>>) {
        let written = Arc::default();
        let report = Report { sink: Sink::Memory(Arc::clone(&written)), ..Report::new(Verbosity::Normal) };
        (report.with_form(form), written)
    }

    fn lines(written: &Mutex<Vec<u8>>) -> Vec<String> {
        String::from_utf8(written.lock().unwrap().clone()).unwrap().lines().map(str::to_owned).collect()
    }

    async fn after(report: &Report, seconds: u64) {
        tokio::select! {
            () = report.beat() => unreachable!("it goes on for ever"),
            () = tokio::time::sleep(Duration::from_secs(seconds)) => {}
        }
    }

    #[tokio::test(start_paused = true)]
    async fn breaks_the_silence_of_a_long_step_every_15_seconds() {
        let (report, written) = in_memory(Form::Lines);
        report.event(&Event::Working("building"));
        after(&report, 46).await;
        assert_eq!(
            lines(&written),
            ["building", "  still: building (15 s)", "  still: building (30 s)", "  still: building (45 s)"]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn speaks_of_a_question_only_when_the_answer_takes_long() {
        let (report, written) = in_memory(Form::Lines);
        report.busy("asking f");
        after(&report, 10).await;
        assert_eq!(lines(&written), [""; 0]);
        after(&report, 10).await;
        assert_eq!(lines(&written), ["  still: asking f (15 s)"]);
    }

    #[tokio::test(start_paused = true)]
    async fn repeats_what_is_waited_for_and_is_silent_when_nothing_is_done() {
        let (report, written) = in_memory(Form::Lines);
        report.event(&Event::Working("waiting"));
        for _ in 0..3 {
            report.event(&Event::Waiting("the function is Pending"));
        }
        after(&report, 16).await;
        report.end();
        after(&report, 60).await;
        let expected = ["waiting", "  waiting: the function is Pending", "  waiting: the function is Pending (15 s)"];
        assert_eq!(lines(&written), expected);
    }

    #[tokio::test(start_paused = true)]
    async fn writes_events_as_json_lines_with_a_time_and_the_region() {
        let (report, written) = in_memory(Form::Json);
        report.event(&Event::Working("building"));
        report.in_region("eu-west-1").event(&Event::Warning("careful"));
        report.event(&Event::Working("uploading"));
        after(&report, 16).await;
        let events: Vec<serde_json::Value> =
            lines(&written).iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        let names: Vec<_> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
        assert_eq!(names, ["working", "warning", "working", "heartbeat"]);
        assert_eq!((&events[0]["region"], &events[1]["region"]), (&json!(null), &json!("eu-west-1")));
        assert_eq!(events[3]["elapsedSeconds"], 15);
        for event in &events {
            assert_eq!((&event["schema"], &event["type"]), (&json!("registrar/1"), &json!("event")));
            event["time"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
        }
    }

    #[test]
    fn says_nothing_when_quiet() {
        let (report, written) = in_memory(Form::Json);
        let report = Report { verbosity: Verbosity::Quiet, ..report };
        report.event(&Event::Note("done"));
        assert_eq!(lines(&written), [""; 0]);
    }
}
