//! `status` and `list`: what is there, and does it match.

use super::deploy::{Build, Prepared, prepare};
use crate::ask::table;
use crate::cli::StatusArgs;
use crate::error::{ErrorKind, RegistrarError};
use crate::outcome::Outcome;
use crate::plan_text;
use crate::session::Session;

/// `status`
///
/// # Errors
/// When settings are wrong, the build fails, or something cannot be read.
pub async fn status(session: &Session, args: &StatusArgs) -> Result<Outcome, RegistrarError> {
    let build = if args.no_build { Build::No } else { Build::Yes };
    let Prepared { opened, plan, .. } = prepare(session, &args.deploy, build).await?;
    opened.close().await;
    let in_sync = plan.is_in_sync() && plan.is_empty();
    let error = (args.check && !in_sync).then(|| {
        RegistrarError::new(ErrorKind::Differences, format!("the connector {} is not as wanted", plan.label))
            .with_hint("\"registrar plan\" shows what has to be done")
    });
    Ok(Outcome::new("status", plan_text::rows(&plan))
        .with("account", &plan.account)
        .with("region", &plan.region)
        .with("label", &plan.label)
        .with("inSync", in_sync)
        .with("rows", &plan.rows)
        .with_error(error))
}

/// `list`
///
/// # Errors
/// When the connectors cannot be read.
pub async fn list(session: &Session) -> Result<Outcome, RegistrarError> {
    let opened = session.open().await?;
    let connectors = opened.aws.appflow.connectors().await;
    let region = opened.aws.region.clone();
    opened.close().await;
    let connectors =
        connectors.map_err(|failure| failure.during(format!("could not list the connectors in {region}")))?;
    let text = if connectors.is_empty() {
        format!("no connectors are registered in {region}")
    } else {
        let rows = connectors.iter().map(|found| {
            let text = |value: &Option<String>| value.clone().unwrap_or_default();
            vec![text(&found.label), text(&found.name), text(&found.version), text(&found.owner), found.modes.join(" ")]
        });
        table(&["label", "name", "version", "owner", "modes"], rows)
    };
    Ok(Outcome::new("list", text).with("region", region).with("connectors", connectors))
}
