//! `manifest`: checks a connector manifest, or shows the schema of manifests. Needs no AWS.

use std::path::{Path, PathBuf};

use appflow_connector::{Manifest, Offer};
use serde_json::json;

use crate::cli::{ConnectorArgs, ManifestArgs, ManifestCheckArgs, ManifestCommand};
use crate::error::RegistrarError;
use crate::manifest_check::{Finding, look, verdict};
use crate::outcome::Outcome;
use crate::session::Session;

/// `manifest`
///
/// # Errors
/// [`ErrorKind::Usage`](crate::error::ErrorKind::Usage) when there is no manifest.
pub fn manifest(session: &Session, args: &ManifestArgs) -> Result<Outcome, RegistrarError> {
    match &args.command {
        ManifestCommand::Check(args) => check(session, args),
        ManifestCommand::Schema => Ok(schema()),
    }
}

fn schema() -> Outcome {
    let mut outcome = Outcome::new("manifest", "");
    outcome.raw = Some(format!("{:#}\n", appflow_connector::schema()).into_bytes());
    outcome
}

fn check(session: &Session, args: &ManifestCheckArgs) -> Result<Outcome, RegistrarError> {
    let file = match &args.file {
        Some(file) => file.clone(),
        None => of_the_project(session, args)?,
    };
    match look(&file)? {
        Ok(manifest) => Ok(Outcome::new("manifest", summary(&file, &manifest))
            .with("file", file.display().to_string())
            .with("name", manifest.name())
            .with("version", manifest.version())
            .with("authentication", manifest.authentication_kinds())
            .with("entities", manifest.offers().iter().map(as_json).collect::<Vec<_>>())
            .with("problems", Vec::<Finding>::new())),
        Err(findings) => {
            let lines: Vec<_> = findings.iter().map(Finding::line).collect();
            let error = RegistrarError::usage(verdict(&file, &findings));
            Ok(Outcome::new("manifest", lines.join("\n"))
                .with("file", file.display().to_string())
                .with("problems", findings)
                .with_error(Some(error)))
        }
    }
}

/// The manifest that `deploy` would package, named as from here.
fn of_the_project(session: &Session, args: &ManifestCheckArgs) -> Result<PathBuf, RegistrarError> {
    let connector = ConnectorArgs { package: args.package.clone(), ..ConnectorArgs::default() };
    if let (None, Some(named)) = (&args.package, session.environment.get("REGISTRAR_MANIFEST")) {
        return Ok(PathBuf::from(named));
    }
    let project = session.project(&connector)?;
    let found = project.as_ref().and_then(crate::project::Project::manifest).ok_or_else(|| {
        RegistrarError::usage("the connector's package has no manifest")
            .with_hint("name the manifest's file: registrar manifest check FILE")
    })?;
    let here = std::env::current_dir().ok();
    let shorter = here.and_then(|here| found.strip_prefix(here).ok().map(Path::to_owned));
    Ok(shorter.unwrap_or(found))
}

fn summary(file: &Path, manifest: &Manifest) -> String {
    let mut lines = vec![
        format!("{} is right: {} {}", file.display(), manifest.name(), manifest.version()),
        format!("authentication: {}", manifest.authentication_kinds().join(", ")),
    ];
    lines.extend(manifest.offers().iter().map(|offer| {
        let Offer { entity, fields, operations, .. } = offer;
        let operations = operations.join(", ");
        match entity {
            Some(entity) => format!("{entity}: {fields} fields; {operations}"),
            None => format!("entities that the API describes: {operations}"),
        }
    }));
    lines.join("\n")
}

fn as_json(offer: &Offer) -> serde_json::Value {
    json!({ "entity": offer.entity, "fields": offer.fields, "operations": offer.operations })
}
