//! Measures the connector against its budgets and prints the result: Markdown, or one JSON document.
//!
//! Everything is compared with a floor in the same run, in turns, because machines are noisy: whole processes with a
//! function on the bare Lambda runtime, the SDK's work on a page with one pass of `serde_json` over it.

mod artefact;
mod host;
mod inside;
mod outside;
mod page;
mod process;
mod report;
mod salesforce;
mod series;

use std::error::Error;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use crate::artefact::Artefact;
use crate::outside::Contestants;
use crate::report::Report;

/// Why nothing could be measured.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// Measures the connector against its budgets.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// The function's executable [default: appflow-connector beside this program]
    #[arg(long, value_name = "FILE")]
    connector: Option<PathBuf>,
    /// The floor's executable [default: echo beside this program]
    #[arg(long, value_name = "FILE")]
    echo: Option<PathBuf>,
    /// How often each process is started
    #[arg(long, default_value_t = 20, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    rounds: usize,
    /// Print JSON instead of Markdown
    #[arg(long)]
    json: bool,
    /// Fail when a budget is missed that does not depend on the machine: size, memory, ratios
    #[arg(long)]
    check: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Failure> {
    let options = Options::parse();
    let report = measure(&options).await?;
    let text = if options.json { serde_json::to_string_pretty(&report)? + "\n" } else { report.to_string() };
    std::io::stdout().write_all(text.as_bytes())?;
    let missed = report.missed();
    if options.check && !missed.is_empty() {
        writeln!(std::io::stderr(), "missed: {}", missed.join("; "))?;
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

async fn measure(options: &Options) -> Result<Report, Failure> {
    let own = std::env::current_exe()?;
    let beside = |given: &Option<PathBuf>, name: &str| given.clone().unwrap_or_else(|| own.with_file_name(name));
    let (connector, echo) = (beside(&options.connector, "appflow-connector"), beside(&options.echo, "echo"));
    let artefact = Artefact::of(&connector)?;
    let contestants = Contestants { connector: &connector, echo: &echo };
    let processes = outside::measure(contestants, options.rounds).await?;
    let pages = inside::pages(options.rounds).await?;
    let warm = inside::metadata(1_000).await?;
    Ok(Report::new(artefact, processes, pages, warm))
}
