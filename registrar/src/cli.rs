//! The command line, as declared to clap. Nothing here has an effect; `settings.rs` makes sense of the values.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

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
    /// Region; never guessed
    #[arg(long, global = true, value_name = "REGION")]
    pub region: Option<String>,
    /// One endpoint for all services, instead of AWS's own
    #[arg(long, global = true, value_name = "URL")]
    pub endpoint_url: Option<String>,
    /// Form of the result on standard output
    #[arg(
        long,
        global = true,
        value_enum,
        hide_possible_values = true,
        value_name = "text|json",
        default_value = "text",
        env = "REGISTRAR_OUTPUT",
        hide_env_values = true
    )]
    pub output: Output,
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
    /// Keep the embedded local AWS running and print the variables that other tools need
    Local(LocalArgs),
}

/// Which connector it is about.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Connector")]
pub struct ConnectorArgs {
    /// Label to register under [default: the connector's name]
    #[arg(long)]
    pub label: Option<String>,
    /// Cargo package of the connector [default: appflow-connector]
    #[arg(long, short, value_name = "NAME")]
    pub package: Option<String>,
    /// Connector manifest to package as connector.toml
    #[arg(long, value_name = "FILE")]
    pub manifest: Option<PathBuf>,
    /// Name of the function [default: appflow-connector-LABEL]
    #[arg(long, value_name = "NAME")]
    pub function_name: Option<String>,
}

/// How the function is to be.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Function")]
pub struct FunctionArgs {
    /// Description of the registration
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,
    /// Name of the role to make [default: FUNCTION-role]
    #[arg(long, value_name = "NAME", conflicts_with = "role_arn")]
    pub role_name: Option<String>,
    /// Use this role instead of making one
    #[arg(long, value_name = "ARN")]
    pub role_arn: Option<String>,
    /// Memory in MB [default: 256]
    #[arg(long, value_name = "MB")]
    pub memory: Option<u32>,
    /// Time limit of one invocation in seconds [default: 30]
    #[arg(long, value_name = "SECONDS")]
    pub function_timeout: Option<u32>,
    /// Processor [default: arm64; with --local that of this machine]
    #[arg(long, value_enum)]
    pub architecture: Option<Architecture>,
    /// Variable of the function; may be repeated. Variables not named here are left as they are
    #[arg(long = "env", value_name = "NAME=VALUE")]
    pub environment: Vec<String>,
    /// Executable to package, instead of building one
    #[arg(long, value_name = "FILE", conflicts_with = "zip")]
    pub binary_path: Option<PathBuf>,
    /// Zip to deploy as it is, instead of building one
    #[arg(long, value_name = "FILE", conflicts_with = "manifest")]
    pub zip: Option<PathBuf>,
    /// Take over a role, function or registration that was made by somebody else
    #[arg(long)]
    pub adopt: bool,
}

/// The processor a function runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Architecture {
    /// 64-bit ARM.
    #[value(name = "arm64")]
    Arm64,
    /// 64-bit x86.
    #[value(name = "x86_64", alias = "x86-64")]
    X86,
}

/// `plan`
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// Exit with 6 if there is something to do
    #[arg(long)]
    pub check: bool,
    /// What is wanted.
    #[command(flatten)]
    pub deploy: DeployArgs,
}

/// `deploy`
#[derive(Debug, Args)]
pub struct DeployArgs {
    /// Which connector.
    #[command(flatten)]
    pub connector: ConnectorArgs,
    /// Which function.
    #[command(flatten)]
    pub function: FunctionArgs,
}

/// `register`
#[derive(Debug, Args)]
pub struct RegisterArgs {
    /// ARN of the function, without version or alias
    #[arg(long, value_name = "ARN", conflicts_with = "function_name", required_unless_present = "function_name")]
    pub function_arn: Option<String>,
    /// Description of the registration
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,
    /// Take over a label that is registered for another function
    #[arg(long)]
    pub adopt: bool,
    /// Which connector.
    #[command(flatten)]
    pub connector: ConnectorArgs,
}

/// `status`
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Exit with 6 if something differs
    #[arg(long)]
    pub check: bool,
    /// Do not build; the code is then not compared
    #[arg(long)]
    pub no_build: bool,
    /// What is wanted.
    #[command(flatten)]
    pub deploy: DeployArgs,
}

/// `unregister`
#[derive(Debug, Args)]
pub struct UnregisterArgs {
    /// Unregister although connections use the connector, or although it was registered by somebody else
    #[arg(long)]
    pub force: bool,
    /// Also delete the function and the role, if this program made them
    #[arg(long)]
    pub delete_function: bool,
    /// Which connector.
    #[command(flatten)]
    pub connector: ConnectorArgs,
}

/// The connection to ask through.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Connection")]
pub struct AskArgs {
    /// Connection to ask through [default: the only one there is]
    #[arg(long, value_name = "NAME")]
    pub connector_profile: Option<String>,
    /// Setting of the connection; may be repeated. Without a connection these are all there is
    #[arg(long = "setting", value_name = "KEY=VALUE")]
    pub settings: Vec<String>,
    /// Secret with the credentials, instead of the connection's
    #[arg(long, value_name = "ARN")]
    pub secret_arn: Option<String>,
    /// Kind of credentials to name in the request, as in `BasicAuth`
    #[arg(long, value_name = "TYPE")]
    pub authentication_type: Option<String>,
    /// Version of the source system's API [default: the first one the connector supports]
    #[arg(long, value_name = "VERSION")]
    pub api_version: Option<String>,
    /// Which connector.
    #[command(flatten)]
    pub connector: ConnectorArgs,
}

/// `connect`
#[derive(Debug, Args)]
pub struct ConnectArgs {
    /// Name of the connection, unique in account and region
    pub name: String,
    /// Setting of the connection; may be repeated
    #[arg(long = "setting", value_name = "KEY=VALUE")]
    pub settings: Vec<String>,
    /// JSON object with the credentials, as in {"apiKey": "…"}; - reads standard input
    #[arg(long, value_name = "FILE")]
    pub credentials: Option<PathBuf>,
    /// Kind of credentials: `BasicAuth`, `ApiKey`, `OAuth2` or one of the connector's own [default: what the keys fit]
    #[arg(long, value_name = "TYPE")]
    pub authentication_type: Option<String>,
    /// Delete the connection instead
    #[arg(long, conflicts_with_all = ["settings", "credentials", "authentication_type"])]
    pub delete: bool,
    /// Which connector.
    #[command(flatten)]
    pub connector: ConnectorArgs,
}

/// `entities`
#[derive(Debug, Args)]
pub struct EntitiesArgs {
    /// Entity whose children to show
    pub path: Option<String>,
    /// The connection.
    #[command(flatten)]
    pub ask: AskArgs,
}

/// `fields`
#[derive(Debug, Args)]
pub struct FieldsArgs {
    /// The entity
    pub entity: String,
    /// The connection.
    #[command(flatten)]
    pub ask: AskArgs,
}

/// `query`
#[derive(Debug, Args)]
pub struct QueryArgs {
    /// The entity
    pub entity: String,
    /// Fields to show, separated by commas [default: all]
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub fields: Vec<String>,
    /// Filter in AppFlow's language, as in 'id > 5 and name contains "a"'
    #[arg(long, value_name = "EXPR")]
    pub filter: Option<String>,
    /// How many records to show
    #[arg(long, value_name = "N", default_value_t = 20, conflicts_with = "all")]
    pub limit: usize,
    /// Show every record
    #[arg(long)]
    pub all: bool,
    /// The connection.
    #[command(flatten)]
    pub ask: AskArgs,
}

/// `write`
#[derive(Debug, Args)]
pub struct WriteArgs {
    /// The entity
    pub entity: String,
    /// What to do with the records
    #[arg(long, value_enum, hide_possible_values = true, value_name = "insert|update|upsert|delete")]
    pub operation: WriteOperation,
    /// File with the records, or - for standard input: a JSON array, JSON objects one after the other, or CSV with the
    /// names of fields in its first line
    #[arg(long, value_name = "FILE", required_unless_present = "records", conflicts_with = "records")]
    pub file: Option<PathBuf>,
    /// One record as a JSON object; may be repeated
    #[arg(long = "record", value_name = "JSON")]
    pub records: Vec<String>,
    /// Form of the file [default: csv if its name ends so, else what it begins like]
    #[arg(long, value_enum, hide_possible_values = true, value_name = "json|csv", conflicts_with = "records")]
    pub format: Option<RecordFormat>,
    /// Fields that identify a record, separated by commas [default: the primary keys; none for an insert]
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub id_fields: Vec<String>,
    /// Ask the connector to write all records of a request or none, and stop at the first failure
    #[arg(long)]
    pub all_or_none: bool,
    /// How many records go into one request; fewer if they would exceed the 6 MB that Lambda takes
    #[arg(long, value_name = "N", default_value = "1000")]
    pub batch: std::num::NonZeroUsize,
    /// Send fields that the entity does not have
    #[arg(long)]
    pub as_is: bool,
    /// Show the requests, one per line, and send none of them
    #[arg(long)]
    pub dry_run: bool,
    /// The connection.
    #[command(flatten)]
    pub ask: AskArgs,
}

/// What is done with records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WriteOperation {
    /// Add new ones.
    Insert,
    /// Change those that are there.
    Update,
    /// Change those that are there, add the others.
    Upsert,
    /// Remove them.
    Delete,
}

/// Form of a file with records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RecordFormat {
    /// An array of objects, or objects one after the other.
    Json,
    /// A line of names, then a line for each record; an empty cell is null.
    Csv,
}

/// `invoke`
#[derive(Debug, Args)]
pub struct InvokeArgs {
    /// File with the request, or - for standard input
    pub file: PathBuf,
    /// Which connector.
    #[command(flatten)]
    pub connector: ConnectorArgs,
}

/// `filter`
#[derive(Debug, Args)]
pub struct FilterArgs {
    /// Filter in AppFlow's language, as in 'id > 5 and name contains "a"'
    pub expression: String,
    /// What to show instead of the explanation
    #[arg(long, value_enum, value_name = "FORM")]
    pub to: Option<FilterForm>,
    /// Database that SQL is for
    #[arg(long, value_enum, value_name = "NAME", default_value = "postgresql")]
    pub dialect: FilterDialect,
    /// File with the entity's definition, or with a connector's whole answer to `DescribeEntity`, as JSON. Without it, types
    /// are taken from the literals
    #[arg(long, value_name = "FILE")]
    pub definition: Option<PathBuf>,
    /// Refuse operators that the definition does not declare for the field
    #[arg(long, requires = "definition")]
    pub declared: bool,
}

/// What a filter is translated into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FilterForm {
    /// The typed tree as JSON.
    Json,
    /// A `WHERE` clause with bound parameters.
    Sql,
    /// OData's `$filter`.
    #[value(name = "odata")]
    OData,
    /// Salesforce's `WHERE` clause.
    Soql,
}

/// A database that SQL is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FilterDialect {
    /// `PostgreSQL`.
    #[value(name = "postgresql")]
    PostgreSql,
    /// `MySQL` and `MariaDB`.
    #[value(name = "mysql")]
    MySql,
    /// SQLite.
    Sqlite,
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
