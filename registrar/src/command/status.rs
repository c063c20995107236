//! `status` and `list`: what is there, and does it match.

use std::collections::BTreeSet;

use super::deploy::{Build, Prepared, prepare};
use crate::ask::table;
use crate::cli::StatusArgs;
use crate::error::{ErrorKind, RegistrarError};
use crate::observe::{Denial, Denied};
use crate::outcome::Outcome;
use crate::plan::{Plan, RowState};
use crate::plan_text;
use crate::session::Session;

/// `status`
///
/// What the caller may not read is shown as unknown. With `--check`, a difference weighs more than what is unknown.
///
/// # Errors
/// When settings are wrong, the build fails, or something cannot be read for another reason than a missing permission.
pub async fn status(session: &Session, args: &StatusArgs) -> Result<Outcome, RegistrarError> {
    let build = if args.no_build { Build::No } else { Build::Yes };
    let prepared = prepare(session, &args.deploy, build, Denied::GoOn).await?;
    let Prepared { opened, mut plan, denials, .. } = prepared;
    opened.close().await;
    hide_what_is_unknown(&mut plan, &denials);
    let differs = !plan.is_in_sync() || (denials.is_empty() && !plan.is_empty());
    let missing: BTreeSet<_> = denials.iter().map(|denial| denial.failure.action).collect();
    let missing: Vec<_> = missing.into_iter().collect();
    let error = match (args.check, differs, missing.as_slice()) {
        (false, ..) | (true, false, []) => None,
        (true, true, _) => Some(
            RegistrarError::new(ErrorKind::Differences, format!("the connector {} is not as wanted", plan.label))
                .with_hint("\"registrar plan\" with the same options shows what has to be done"),
        ),
        (true, false, missing) => Some(
            RegistrarError::new(
                ErrorKind::Permission,
                format!("not all of the connector {} can be compared", plan.label),
            )
            .with_hint(format!("the caller needs the IAM actions {}", missing.join(", ")))
            .caused_by(denials.first().map(|denial| denial.failure.clone())),
        ),
    };
    let verdict = match (differs, missing.as_slice()) {
        (true, _) if args.check => String::new(),
        (true, _) => "\nnot as wanted: \"registrar plan\" with the same options shows what has to be done\n".to_owned(),
        (false, []) => "\nas wanted\n".to_owned(),
        (false, actions) => format!("\nas wanted as far as it may be read; the rest needs {}\n", actions.join(", ")),
    };
    Ok(Outcome::new("status", plan_text::rows(&plan) + &verdict)
        .with("account", &plan.account)
        .with("region", &plan.region)
        .with("label", &plan.label)
        .with("inSync", !differs && missing.is_empty())
        .with("missingPermissions", missing)
        .with("rows", &plan.rows)
        .with_error(error))
}

/// A row about what could not be read says so, instead of what the planner makes of nothing.
fn hide_what_is_unknown(plan: &mut Plan, denials: &[Denial]) {
    for row in &mut plan.rows {
        if let Some(denial) = denials.iter().find(|denial| denial.subject == row.subject) {
            row.state = RowState::Unknown;
            row.detail = format!("no permission: {}", denial.failure.action);
        }
    }
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
        format!("no connectors are registered in {region}; \"registrar deploy\" registers one")
    } else {
        let rows = connectors.iter().map(|found| {
            let text = |value: &Option<String>| value.clone().unwrap_or_default();
            vec![text(&found.label), text(&found.name), text(&found.version), text(&found.owner), found.modes.join(" ")]
        });
        table(&["label", "name", "version", "owner", "modes"], rows)
    };
    Ok(Outcome::new("list", text).with("region", region).with("connectors", connectors))
}
