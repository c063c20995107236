//! Commands around a deployment: its log, the policy that allows it, completions.

use std::time::Duration;

use clap::Args;
use clap_complete::Shell;

use super::{ConnectorArgs, duration};
use crate::permissions::Purpose;

/// `logs`
#[derive(Debug, Args)]
pub struct LogsArgs {
    /// Go on with what is logged from now on, until Ctrl-C; JSON is then one object per line
    #[arg(long, short)]
    pub follow: bool,
    /// How far to look back, as in 90s or 10m
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = duration)]
    pub since: Duration,
    /// Only what contains this text, or matches this pattern of CloudWatch Logs
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,
    /// Which connector.
    #[command(flatten)]
    pub connector: ConnectorArgs,
}

/// `policy`
#[derive(Debug, Args)]
pub struct PolicyArgs {
    /// What is to be allowed
    #[arg(
        long = "for",
        value_enum,
        hide_possible_values = true,
        value_name = "plan|deploy|ask|unregister|all",
        default_value = "all"
    )]
    pub purpose: Purpose,
    /// Name of the role to make [default: FUNCTION-role-REGION]
    #[arg(long, value_name = "NAME", conflicts_with = "role_arn")]
    pub role_name: Option<String>,
    /// The role to use instead of making one
    #[arg(long, value_name = "ARN")]
    pub role_arn: Option<String>,
    /// Which connector.
    #[command(flatten)]
    pub connector: ConnectorArgs,
}

/// `completions`
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    pub shell: Shell,
}
