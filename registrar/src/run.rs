//! From the command line to the exit code: one command, one outcome, printed once.

use clap::Parser as _;

use crate::cli::{Cli, Color, Command, Output};
use crate::command::{
    ask, completions, deploy, filter, local, logs, manifest, policy, regions, status, unregister, write,
};
use crate::environment::ProcessEnvironment;
use crate::error::RegistrarError;
use crate::exit_code::ExitCode;
use crate::interrupt::Interrupt;
use crate::outcome::Outcome;
use crate::report::{Report, Verbosity, print_result};
use crate::session::Session;
use crate::wrong_command_line;

/// Runs the program on the process's own command line and environment.
#[must_use]
pub fn run() -> ExitCode {
    let environment = ProcessEnvironment::from_process();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return wrong_command_line::explain(&error, &environment),
    };
    colour(cli.global.color);
    start_logging(cli.global.verbose);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let error = RegistrarError::bug("the asynchronous runtime does not start").with_source(error);
            Report::new(Verbosity::Normal).error(&error);
            return error.exit_code();
        }
    };
    let code = runtime.block_on(run_interruptibly(cli, environment));
    // Reading standard input cannot be cancelled; do not wait for it.
    runtime.shutdown_background();
    code
}

/// Decides on colours for the whole process, unless that is left to variables and the terminal.
fn colour(wish: Color) {
    match wish {
        Color::Auto => {}
        Color::Always => anstream::ColorChoice::Always.write_global(),
        Color::Never => anstream::ColorChoice::Never.write_global(),
    }
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

async fn run_interruptibly(cli: Cli, environment: ProcessEnvironment) -> ExitCode {
    let interrupt = Interrupt::listen();
    tokio::select! {
        code = run_command(cli, environment, interrupt.clone()) => code,
        () = interrupt.pressed(2) => ExitCode::Interrupted,
    }
}

async fn run_command(cli: Cli, environment: ProcessEnvironment, interrupt: Interrupt) -> ExitCode {
    let Cli { command, global } = cli;
    let form = global.output;
    let name = command.name();
    let session = match Session::new(global, environment, interrupt) {
        Ok(session) => session,
        Err(error) => return finish(&Report::new(Verbosity::Normal), form, &Outcome::failed(name, error)),
    };
    let result = tokio::select! {
        result = regions::run(&session, &command) => result,
        () = session.report.beat() => Err(RegistrarError::bug("the heartbeat stopped")),
    };
    let outcome = result.unwrap_or_else(|error| Outcome::failed(name, error));
    finish(&session.report, form, &outcome)
}

/// Runs a command in the one region that the session is about.
pub(crate) async fn dispatch(session: &Session, command: &Command) -> Result<Outcome, RegistrarError> {
    match command {
        Command::Plan(args) => deploy::plan(session, args).await,
        Command::Deploy(args) => deploy::deploy(session, args).await,
        Command::Register(args) => Box::pin(deploy::register(session, args)).await,
        Command::Status(args) => status::status(session, args).await,
        Command::Unregister(args) => unregister::unregister(session, args).await,
        Command::List => status::list(session).await,
        Command::Describe(args) => ask::describe(session, args).await,
        Command::Connect(args) => ask::connect(session, args).await,
        Command::Entities(args) => ask::entities(session, args).await,
        Command::Fields(args) => ask::fields(session, args).await,
        Command::Query(args) => ask::query(session, args).await,
        Command::Write(args) => write::write(session, args).await,
        Command::Invoke(args) => ask::invoke(session, args).await,
        Command::Filter(args) => filter::filter(args),
        Command::Manifest(args) => manifest::manifest(session, args),
        Command::Logs(args) => logs::logs(session, args).await,
        Command::Policy(args) => policy::policy(session, args).await,
        Command::Completions(args) => Ok(completions::completions(args)),
        Command::Local(args) => local::local(session, args).await,
    }
}

impl Command {
    /// The names of all commands.
    pub const NAMES: [&'static str; 19] = [
        "plan",
        "deploy",
        "register",
        "status",
        "unregister",
        "list",
        "describe",
        "connect",
        "entities",
        "fields",
        "query",
        "write",
        "invoke",
        "filter",
        "manifest",
        "logs",
        "policy",
        "completions",
        "local",
    ];

    /// Whether it names the role that is made.
    #[must_use]
    pub(crate) const fn names_a_role(&self) -> bool {
        let function = match self {
            Self::Plan(args) => &args.deploy.function,
            Self::Deploy(args) => &args.function,
            Self::Status(args) => &args.deploy.function,
            _ => return false,
        };
        function.role_name.is_some()
    }

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
            Self::Logs(_) => "logs",
            Self::Policy(_) => "policy",
            Self::Completions(_) => "completions",
            Self::Local(_) => "local",
        }
    }
}

/// Prints the result, then the error.
fn finish(report: &Report, form: Output, outcome: &Outcome) -> ExitCode {
    report.end();
    let printed = outcome.printed(form).map_or(Ok(()), |text| print_result(&text));
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn knows_every_command_by_name() {
        let command = Cli::command();
        let names: Vec<_> = command.get_subcommands().map(clap::Command::get_name).collect();
        assert_eq!(names, Command::NAMES);
    }
}
