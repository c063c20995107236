//! `completions`: what a shell completes our command line with.

use clap::CommandFactory as _;

use crate::cli::{Cli, CompletionsArgs};
use crate::outcome::Outcome;

/// Prints a script for a shell.
#[must_use]
pub fn completions(args: &CompletionsArgs) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "registrar", &mut script);
    let mut outcome = Outcome::new("completions", "");
    outcome.raw = Some(script);
    outcome
}
