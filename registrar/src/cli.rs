//! The command line, as declared to clap. Nothing here has an effect; `settings` makes sense of the values.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

mod ask;
mod deploy;
mod tools;

pub use ask::*;
pub use deploy::*;
pub use tools::*;

/// Builds an AppFlow custom connector, deploys it, registers it and asks it questions.
#[derive(Debug, Parser)]
#[command(name = "registrar", version, max_term_width = 100, after_help = exit_codes(), disable_help_subcommand = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Options that every command takes.
    #[command(flatten)]
    pub global: GlobalArgs,
}

fn exit_codes() -> String {
    let lines = crate::exit_code::ExitCode::ALL.map(|code| format!("\n {code}"));
    format!("Exit codes:{}", lines.concat())
}

/// Options that every command takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// Use the embedded local AWS: no account, no credentials, no network
    #[arg(long, global = true)]
    pub local: bool,
    /// Named profile of the AWS configuration files
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// Region; never guessed. Several, separated by commas, are done one after the other
    #[arg(long, global = true, value_name = "REGION")]
    pub region: Option<String>,
    /// The account to work in; any other one is refused before anything is read [env: REGISTRAR_ACCOUNT]
    #[arg(long, global = true, value_name = "ID")]
    pub account: Option<String>,
    /// One endpoint for all services, instead of AWS's own
    #[arg(long, global = true, value_name = "URL")]
    pub endpoint_url: Option<String>,
    /// Form of the result on standard output
    #[arg(
        long,
        global = true,
        value_enum,
        hide_possible_values = true,
        value_name = "text|json|ndjson",
        default_value = "text",
        env = "REGISTRAR_OUTPUT",
        hide_env_values = true
    )]
    pub output: Output,
    /// Colours: auto, always or never; auto honours NO_COLOR, CLICOLOR_FORCE and TERM=dumb
    #[arg(long, global = true, value_enum, hide_possible_values = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
    /// Say nothing but the result and errors
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more; twice for request ids and the log of the AWS SDK
    #[arg(long, short, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// Do not ask before something is deleted
    #[arg(long, short, global = true)]
    pub yes: bool,
    /// Where the local AWS keeps its state [default: target/registrar-local of the workspace]
    #[arg(long, global = true, value_name = "DIR", env = "REGISTRAR_STATE_DIR", hide_env_values = true)]
    pub state_dir: Option<PathBuf>,
    /// How long to wait in all, as in 90s or 10m
    #[arg(
        long,
        global = true,
        value_name = "TIME",
        default_value = "10m",
        value_parser = duration,
        env = "REGISTRAR_TIMEOUT",
        hide_env_values = true
    )]
    pub timeout: Duration,
}

/// Form of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    Text,
    /// One JSON document.
    Json,
    /// One JSON object per line: what happens while it happens, and at last the result.
    Ndjson,
}

/// When to colour what goes to standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// Where the terminal has them, unless variables say otherwise.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show what deploy would do
    Plan(PlanArgs),
    /// Build, make or update role and function, wait, permit, register or update, verify
    Deploy(DeployArgs),
    /// Permit and register a function that was deployed by other means
    Register(RegisterArgs),
    /// Compare what is there with what is wanted
    Status(StatusArgs),
    /// Remove the registration and the permission
    Unregister(UnregisterArgs),
    /// List the connectors registered in this account and region
    List,
    /// Show what the connector says of itself
    Describe(AskArgs),
    /// Make or renew a connection: settings and credentials, which the connector tries
    Connect(ConnectArgs),
    /// Show the connector's entities
    Entities(EntitiesArgs),
    /// Show the fields of an entity
    Fields(FieldsArgs),
    /// Show records of an entity
    Query(QueryArgs),
    /// Write records to an entity
    Write(WriteArgs),
    /// Send one raw request and print the raw answer
    Invoke(InvokeArgs),
    /// Explain a filter expression and translate it
    Filter(FilterArgs),
    /// Check a connector manifest, or show the JSON Schema that editors complete one with
    Manifest(ManifestArgs),
    /// Show what the function logged
    Logs(LogsArgs),
    /// Print the least IAM policy that the caller needs for these names
    Policy(PolicyArgs),
    /// Print what a shell completes this command line with
    Completions(CompletionsArgs),
    /// Keep the embedded local AWS running and print the variables that other tools need
    Local(LocalArgs),
}

/// `manifest`
#[derive(Debug, Args)]
pub struct ManifestArgs {
    /// What to do with it.
    #[command(subcommand)]
    pub command: ManifestCommand,
}

/// What to do with a manifest.
#[derive(Debug, Subcommand)]
pub enum ManifestCommand {
    /// Name everything that is wrong with a manifest, with its place in the file
    Check(ManifestCheckArgs),
    /// Print the JSON Schema of manifests
    Schema,
}

/// `manifest check`
#[derive(Debug, Args)]
pub struct ManifestCheckArgs {
    /// The manifest [default: that of the connector's package]
    pub file: Option<PathBuf>,
    /// Which connector.
    #[arg(long, short, value_name = "NAME", conflicts_with = "file")]
    pub package: Option<String>,
}

/// `local`
#[derive(Debug, Args)]
pub struct LocalArgs {
    /// Port to listen on [default: the one used last in this state directory]
    #[arg(long)]
    pub port: Option<u16>,
}

/// Reads `90s`, `10m`, `1h 30m`, or a number of seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().map(Duration::from_secs);
    let parsed = seconds.or_else(|_| text.parse::<jiff::SignedDuration>().and_then(Duration::try_from));
    match parsed {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        Ok(_) | Err(_) => Err("give a time, as in 90s or 10m".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn is_a_consistent_command_line() {
        Cli::command().debug_assert();
    }

    #[test]
    fn reads_times_with_and_without_a_unit() {
        assert_eq!(duration("90"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("10m"), Ok(Duration::from_mins(10)));
        assert_eq!(duration("1h 30m"), Ok(Duration::from_mins(90)));
        for text in ["", "0", "-5s", "soon"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
