//! `local`: keeps the embedded local AWS running.

use std::collections::BTreeMap;

use crate::cli::LocalArgs;
use crate::error::RegistrarError;
use crate::event::Event;
use crate::local::Local;
use crate::outcome::Outcome;
use crate::report::print_result;
use crate::session::Session;

/// `local`: prints the variables that other tools need, then runs until Ctrl-C. If it runs already, it only prints.
///
/// # Errors
/// When it cannot be started.
pub async fn local(session: &Session, args: &LocalArgs) -> Result<Outcome, RegistrarError> {
    let local = Local::serve(session.state_dir(), args.port, &session.interrupt).await?;
    let outcome = outcome(&local);
    if !local.started_here() {
        session.report.event(&Event::Note("the local AWS runs already"));
        local.stop().await;
        return Ok(outcome);
    }
    let text = outcome.printed(session.global.output).unwrap_or_default();
    print_result(&text).map_err(|error| RegistrarError::usage("cannot write to standard output").with_source(error))?;
    session.report.event(&Event::Note("the local AWS is running; press Ctrl-C to stop it"));
    local.stopped().await;
    let mut printed = Outcome::new("local", "");
    // The result stands on standard output already.
    printed.raw = Some(Vec::new());
    Ok(printed)
}

fn outcome(local: &Local) -> Outcome {
    let (endpoint_url, region) = (local.endpoint_url(), local.region());
    // Python reads the region from the second of the two names, everybody else from the first.
    let variables = [
        ("AWS_ENDPOINT_URL", endpoint_url),
        ("AWS_REGION", region),
        ("AWS_DEFAULT_REGION", region),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
    ];
    let text: String = variables.iter().flat_map(|(name, value)| ["export ", name, "=", value, "\n"]).collect();
    let variables: BTreeMap<_, _> = variables.into_iter().collect();
    Outcome::new("local", text)
        .with("variables", variables)
        .with("account", local.account())
        .with("sampleUrl", local.sample_url())
}
