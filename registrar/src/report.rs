//! Everything that is printed: the result on standard output, all else on standard error.

use std::cell::RefCell;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

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

/// Shows events as they happen: live on a terminal, line by line elsewhere.
#[derive(Debug)]
pub struct Report {
    verbosity: Verbosity,
    is_terminal: bool,
    live: RefCell<Live>,
}

#[derive(Debug, Default)]
struct Live {
    spinner: Option<ProgressBar>,
    title: String,
    last_wait: Option<(String, Instant)>,
}

impl Report {
    /// Reports to standard error.
    #[must_use]
    pub fn new(verbosity: Verbosity) -> Self {
        Self { verbosity, is_terminal: io::stderr().is_terminal(), live: RefCell::default() }
    }

    /// Shows one event.
    pub fn event(&self, event: &Event<'_>) {
        if self.verbosity == Verbosity::Quiet {
            return;
        }
        match event {
            Event::StepStarted { position, total, step } => {
                let title = format!("[{position}/{total}] {}", step.action.description());
                self.begin(title, &step.reason);
            }
            Event::Working(what) => self.begin((*what).to_owned(), ""),
            Event::Waiting(what) => self.waiting(what),
            Event::StepDone { step, elapsed } => {
                self.stop_spinner();
                let what = step.action.description();
                let seconds = elapsed.as_secs_f64();
                line(&format!("{GOOD}  done{GOOD:#}  {what} {FAINT}({seconds:.1} s){FAINT:#}"));
            }
            Event::StepFailed { step } => {
                self.stop_spinner();
                line(&format!("{BAD}failed{BAD:#}  {}", step.action.description()));
            }
            Event::Note(text) => {
                self.stop_spinner();
                line(text);
            }
            Event::Warning(text) => {
                self.stop_spinner();
                line(&format!("{CAREFUL}warning{CAREFUL:#}: {text}"));
            }
            Event::Detail(text) => {
                if self.verbosity == Verbosity::Verbose {
                    self.stop_spinner();
                    line(text);
                }
            }
        }
    }

    fn begin(&self, title: String, reason: &str) {
        self.stop_spinner();
        if self.is_terminal {
            let spinner = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            // The template is a constant; a default spinner is good enough should it ever be wrong.
            spinner.set_style(
                ProgressStyle::with_template("{spinner} {msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()),
            );
            spinner.set_message(title.clone());
            spinner.enable_steady_tick(Duration::from_millis(100));
            self.live.borrow_mut().spinner = Some(spinner);
        } else if reason.is_empty() {
            line(&title);
        } else {
            line(&format!("{title} ({reason})"));
        }
        self.live.borrow_mut().title = title;
    }

    fn waiting(&self, what: &str) {
        let mut live = self.live.borrow_mut();
        if let Some(spinner) = &live.spinner {
            spinner.set_message(format!("{}: {what}", live.title));
            return;
        }
        let now = Instant::now();
        let is_news = match &live.last_wait {
            Some((last, shown)) => last != what || now.duration_since(*shown) >= HEARTBEAT,
            None => true,
        };
        if is_news {
            live.last_wait = Some((what.to_owned(), now));
            drop(live);
            line(&format!("  waiting: {what}"));
        }
    }

    fn stop_spinner(&self) {
        let mut live = self.live.borrow_mut();
        live.last_wait = None;
        if let Some(spinner) = live.spinner.take() {
            spinner.finish_and_clear();
        }
    }

    /// Shows why the command stopped. Shown even if quiet.
    pub fn error(&self, error: &RegistrarError) {
        self.stop_spinner();
        line(&format!("{BAD}error{BAD:#}: {error}"));
        for cause in error.causes() {
            line(&format!("  caused by: {}", cause.replace('\n', "\n    ")));
        }
        if let Some(request_id) = error.request_id() {
            line(&format!("  request id: {request_id}"));
        }
        if let Some(hint) = error.hint() {
            line(&format!("{CAREFUL}hint{CAREFUL:#}: {hint}"));
        }
    }

    /// Ends what is live.
    pub fn end(&self) {
        self.stop_spinner();
    }

    /// Asks on the terminal; no if nobody is there to answer.
    ///
    /// The answer must be `expected`, typed out: a reflex must not delete anything.
    #[must_use]
    pub fn confirm(&self, question: &str, expected: &str) -> bool {
        if !(self.is_terminal && io::stdin().is_terminal()) {
            return false;
        }
        self.stop_spinner();
        line(&format!("{question}\nType {expected} to go on:"));
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).is_ok() && answer.trim() == expected
    }
}

fn line(text: &str) {
    // There is nobody to tell if standard error is closed.
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Prints the result. A reader that has gone away, as in `| head`, is no error.
///
/// # Errors
/// When standard output cannot be written for another reason.
pub fn print_result(text: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    let written =
        stdout.write_all(text).and_then(|()| if text.ends_with(b"\n") { Ok(()) } else { stdout.write_all(b"\n") });
    match written.and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}
