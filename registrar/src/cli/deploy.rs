//! What a deployment takes: which connector, which function.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

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
    /// Name of the role to make [default: FUNCTION-role-REGION]
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
    /// Subnets to reach, with commas between; "none" leaves the network [default: as it is]
    #[arg(long, value_name = "IDS")]
    pub subnets: Option<String>,
    /// Security groups in that network, with commas between [default: as they are]
    #[arg(long, value_name = "IDS")]
    pub security_groups: Option<String>,
    /// Layers, with commas between; "none" removes all [default: as they are]
    #[arg(long, value_name = "ARNS")]
    pub layers: Option<String>,
    /// Tracing: Active or PassThrough [default: as it is]
    #[arg(long, value_name = "MODE")]
    pub tracing: Option<String>,
    /// Key that encrypts the variables; "none" means Lambda's own [default: as it is]
    #[arg(long, value_name = "ARN")]
    pub kms_key: Option<String>,
    /// Tag of the function; may be repeated. Tags of others are left as they are
    #[arg(long = "tag", value_name = "KEY=VALUE")]
    pub tags: Vec<String>,
    /// Days that the function's log is kept for; 0 means for ever [default: as it is]
    #[arg(long, value_name = "DAYS")]
    pub log_retention: Option<u32>,
    /// Publish a version and point this alias at it. The registration keeps the function's own ARN: whether AppFlow
    /// takes that of an alias is not documented
    #[arg(long, value_name = "NAME")]
    pub alias: Option<String>,
    /// Bucket that an artefact too large for a request goes through
    #[arg(long, value_name = "NAME")]
    pub s3_bucket: Option<String>,
    /// What the artefact's name in the bucket begins with
    #[arg(long, value_name = "TEXT")]
    pub s3_prefix: Option<String>,
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

/// How far a change may go, and what becomes of one that fails.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Change")]
pub struct ChangeArgs {
    /// Go on although connections or flows that exist would break
    #[arg(long)]
    pub allow_breaking: bool,
    /// Undo what this run did if a step fails; what was there before stays
    #[arg(long)]
    pub rollback_on_failure: bool,
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
    /// How far it may go.
    #[command(flatten)]
    pub change: ChangeArgs,
}

/// `register`
#[derive(Debug, Args)]
pub struct RegisterArgs {
    /// ARN of the function, without version or alias
    #[arg(long, value_name = "ARN", conflicts_with = "function_name")]
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
    /// How far it may go.
    #[command(flatten)]
    pub change: ChangeArgs,
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
    /// Show what would go, and remove nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Unregister although connections or flows use the connector, or although it was registered by somebody else
    #[arg(long)]
    pub force: bool,
    /// Also delete the function and the role, if this program made them
    #[arg(long)]
    pub delete_function: bool,
    /// Also delete the function's log
    #[arg(long, requires = "delete_function")]
    pub delete_logs: bool,
    /// Which connector.
    #[command(flatten)]
    pub connector: ConnectorArgs,
}
