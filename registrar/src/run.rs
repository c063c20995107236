//! From the command line to the exit code: one command, one outcome, printed once.

use clap::Parser as _;

use crate::cli::{Cli, Command};
use crate::command::{ask, deploy, filter, local, manifest, status, unregister, write};
use crate::environment::ProcessEnvironment;
use crate::error::RegistrarError;
use crate::exit_code::ExitCode;
use crate::interrupt::Interrupt;
use crate::outcome::Outcome;
use crate::report::{Report, Verbosity, print_result};
use crate::session::Session;

/// Runs the program on the process's own command line and environment.
#[must_use]
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to standard output and are no error. There is nobody to tell if printing fails.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::Usage } else { ExitCode::Done };
        }
    };
    start_logging(cli.global.verbose);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let error = RegistrarError::bug("the asynchronous runtime does not start").with_source(error);
            Report::new(Verbosity::Normal).error(&error);
            return error.exit_code();
        }
    };
    let code = runtime.block_on(run_interruptibly(cli));
    // Reading standard input cannot be cancelled; do not wait for it.
    runtime.shutdown_background();
    code
}

/// The log of the AWS SDK and of the local AWS: only for those who ask twice, and never at the level that shows bodies.
fn start_logging(verbose: u8) {
    if verbose < 2 {
        return;
    }
    let subscriber = tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(tracing::Level::DEBUG);
    // A logger that is set already serves as well.
    let _ = subscriber.try_init();
}

async fn run_interruptibly(cli: Cli) -> ExitCode {
    let interrupt = Interrupt::listen();
    tokio::select! {
        code = run_command(cli, interrupt.clone()) => code,
        () = interrupt.pressed(2) => ExitCode::Interrupted,
    }
}

async fn run_command(cli: Cli, interrupt: Interrupt) -> ExitCode {
    let Cli { command, global } = cli;
    let is_json = global.output == crate::cli::Output::Json;
    let name = command.name();
    let session = match Session::new(global, ProcessEnvironment::from_process(), interrupt) {
        Ok(session) => session,
        Err(error) => return finish(&Report::new(Verbosity::Normal), is_json, &Outcome::failed(name, error)),
    };
    let result = match &command {
        Command::Plan(args) => deploy::plan(&session, args).await,
        Command::Deploy(args) => deploy::deploy(&session, args).await,
        Command::Register(args) => deploy::register(&session, args).await,
        Command::Status(args) => status::status(&session, args).await,
        Command::Unregister(args) => unregister::unregister(&session, args).await,
        Command::List => status::list(&session).await,
        Command::Describe(args) => ask::describe(&session, args).await,
        Command::Connect(args) => ask::connect(&session, args).await,
        Command::Entities(args) => ask::entities(&session, args).await,
        Command::Fields(args) => ask::fields(&session, args).await,
        Command::Query(args) => ask::query(&session, args).await,
        Command::Write(args) => write::write(&session, args).await,
        Command::Invoke(args) => ask::invoke(&session, args).await,
        Command::Filter(args) => filter::filter(args),
        Command::Manifest(args) => manifest::manifest(&session, args),
        Command::Local(args) => local::local(&session, args).await,
    };
    let outcome = result.unwrap_or_else(|error| Outcome::failed(name, error));
    finish(&session.report, is_json, &outcome)
}

impl Command {
    /// The command's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Plan(_) => "plan",
            Self::Deploy(_) => "deploy",
            Self::Register(_) => "register",
            Self::Status(_) => "status",
            Self::Unregister(_) => "unregister",
            Self::List => "list",
            Self::Describe(_) => "describe",
            Self::Connect(_) => "connect",
            Self::Entities(_) => "entities",
            Self::Fields(_) => "fields",
            Self::Query(_) => "query",
            Self::Write(_) => "write",
            Self::Invoke(_) => "invoke",
            Self::Filter(_) => "filter",
            Self::Manifest(_) => "manifest",
            Self::Local(_) => "local",
        }
    }
}

/// Prints the result, then the error.
fn finish(report: &Report, is_json: bool, outcome: &Outcome) -> ExitCode {
    report.end();
    let printed = match &outcome.raw {
        Some(raw) if raw.is_empty() => Ok(()),
        Some(raw) => print_result(raw),
        None if is_json => print_result(&outcome.to_json()),
        None if outcome.text.is_empty() => Ok(()),
        None => print_result(outcome.text.as_bytes()),
    };
    if let Some(error) = &outcome.error {
        report.error(error);
    }
    match printed {
        Ok(()) => outcome.exit_code(),
        Err(error) => {
            let error = RegistrarError::usage("cannot write to standard output").with_source(error);
            report.error(&error);
            error.exit_code()
        }
    }
}
