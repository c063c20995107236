//! What AppFlow holds of the connector, beside what the connector says of itself.

use std::collections::BTreeSet;

use super::{Executor, FUNCTION_APPEARS_WITHIN};
use crate::aws::ServiceFailure;
use crate::configuration::{Difference, marks, unmarked};
use crate::error::{ErrorKind, RegistrarError};
use crate::event::Event;
use crate::observe::connections;
use crate::observed::{REGISTRATION_PENDING, Record, RegisteredConnector, registered_tag};
use crate::plan::breaking_change;
use crate::retry::retry;
use crate::step::Comparison;

/// What AppFlow cannot but show once it has read the connector: worth waiting for.
const CORE: [&str; 4] = ["connectorVersion", "connectorModes", "supportedApiVersions", "authenticationTypes"];

impl Executor<'_> {
    /// Decides whether AppFlow has to read the connector again, and refuses what would break.
    pub(super) async fn compare(&mut self, comparison: &Comparison) -> Result<(), RegistrarError> {
        let Comparison { held, record, allow_breaking } = comparison;
        let Some(says) = &self.memory.says else {
            return Err(RegistrarError::bug("the plan compares what the function was not asked for"));
        };
        let known = record.as_ref().map_or("", |record| record.unshown.as_str());
        let differences = unmarked(held.differences(&says.configuration), known);
        let is_known = |record: &Record| record.said == says.digest && differences.is_empty();
        self.memory.differs = Some(!record.as_ref().is_some_and(is_known));
        for Difference { property, from, to, .. } in &differences {
            let (from, to) = (from.as_deref().unwrap_or("(none)"), to.as_deref().unwrap_or("(gone)"));
            self.report.event(&Event::Note(&format!("       {property}: {from} -> {to}")));
        }
        let breaking: Vec<_> = differences.into_iter().filter(|difference| difference.breaks.is_some()).collect();
        if breaking.is_empty() || *allow_breaking {
            return Ok(());
        }
        let connections = connections(self.aws, &self.label).await?;
        if connections.is_empty() {
            return Ok(());
        }
        let (message, hint) = breaking_change(&breaking, &connections);
        Err(RegistrarError::new(ErrorKind::Breaking, message).with_hint(format!(
            "the new code is deployed, what AppFlow holds is not changed yet; deploy the code before again, or {hint}"
        )))
    }

    /// Has AppFlow forget what it remembers of entities and fields, which it would otherwise do within the hour.
    ///
    /// That concerns the list of entities of each connection, and the fields of the entities that flows use.
    pub(super) async fn reset_metadata(&mut self, label: &str) -> Result<(), RegistrarError> {
        let versions = self.memory.says.as_ref().map(|says| says.configuration.api_versions()).unwrap_or_default();
        let connections = connections(self.aws, label).await?;
        if connections.is_empty() {
            return Ok(());
        }
        let uses = self.aws.appflow.uses(label).await;
        let uses = uses.map_err(|failure| failure.during(format!("could not read the flows that use {label}")))?;
        let mut caches: BTreeSet<(&str, &str, Option<&str>)> = BTreeSet::new();
        for connection in &connections {
            caches.extend(versions.iter().map(|version| (connection.as_str(), version.as_str(), None)));
        }
        for used in &uses {
            let named = used.api_version.as_ref().map(std::slice::from_ref);
            let versions = named.unwrap_or(&versions);
            caches.extend(
                versions.iter().map(|version| (used.connection.as_str(), version.as_str(), Some(used.entity.as_str()))),
            );
        }
        for (connection, version, entity) in caches {
            self.interrupt.check()?;
            match self.aws.appflow.reset_metadata(connection, version, entity).await {
                Ok(()) => {}
                // Deleted in between, or never remembered.
                Err(failure) if failure.is_not_found() => {}
                Err(failure) if failure.is_bad_credentials() => return Err(not_reset(failure, connection)),
                // AppFlow forgets by itself before long: no reason to leave a deployment half done.
                Err(failure) => {
                    let text = format!(
                        "AppFlow may show entities of the connection {connection} as they were for up to an hour: {failure}"
                    );
                    self.report.event(&Event::Warning(&text));
                    self.memory.warnings.push(text);
                }
            }
        }
        Ok(())
    }

    /// What AppFlow shows otherwise than it was told a moment ago, of what it must show.
    pub(super) fn shown_otherwise(&self, found: &RegisteredConnector) -> Option<String> {
        let says = self.memory.says.as_ref()?;
        let differences = found.configuration.differences(&says.configuration);
        let core = differences.into_iter().find(|difference| CORE.contains(&difference.property.as_str()))?;
        Some(format!("AppFlow still shows another {}", core.property))
    }

    /// Remembers what AppFlow shows otherwise for good, so that the next run does not take it for a change.
    pub(super) fn note_unshown(&mut self, found: &RegisteredConnector) {
        let Some(says) = &self.memory.says else { return };
        let differences = found.configuration.differences(&says.configuration);
        for difference in &differences {
            let text =
                format!("AppFlow has read the connector, but shows {} otherwise than it says", difference.property);
            self.report.event(&Event::Warning(&text));
            self.memory.warnings.push(text);
        }
        self.memory.unshown = Some(marks(&differences));
    }

    /// Records what was registered, and looks whether it still is what the function runs.
    ///
    /// Tags have no revision to write under. If somebody else changed the function meanwhile, AppFlow may have read
    /// either: then the record must not say otherwise, or a later run would leave the wrong one registered.
    pub(super) async fn record_registration(
        &mut self,
        arn: &str,
        label: &str,
        revision: &str,
        unshown: &str,
    ) -> Result<(), RegistrarError> {
        let Some(says) = &self.memory.says else {
            return Err(RegistrarError::bug("the plan records what the function was not asked for"));
        };
        let unshown = self.memory.unshown.clone().unwrap_or_else(|| unshown.to_owned());
        let record = Record { said: says.digest.clone(), unshown, revision: revision.to_owned() };
        self.tag_registration(arn, label, &record.to_string()).await?;
        let found = self.aws.lambda.function(arn).await;
        let found = found.map_err(|failure| failure.during(format!("could not read the function {arn} back")))?;
        if found.as_ref().is_some_and(|found| found.revision() == revision) {
            return Ok(());
        }
        if found.is_some() {
            self.tag_registration(arn, label, REGISTRATION_PENDING).await?;
        }
        let message = format!("the function {arn} changed while this ran, so {label} may be registered as another one");
        Err(RegistrarError::new(ErrorKind::Conflict, message)
            .with_hint("somebody else deployed at the same time; run again to deploy and register what you want"))
    }

    pub(super) async fn tag_registration(&self, arn: &str, label: &str, value: &str) -> Result<(), RegistrarError> {
        let (lambda, key) = (&self.aws.lambda, registered_tag(label));
        let tag = async || lambda.tag(arn, &key, value).await;
        retry(&self.patience(FUNCTION_APPEARS_WITHIN), tag, self.with_new_function(), self.waiting())
            .await
            .map_err(|stopped| stopped.during(format!("could not note on {arn} what was registered")))
    }
}

fn not_reset(failure: ServiceFailure, connection: &str) -> RegistrarError {
    failure.during(format!("could not have AppFlow forget the entities of the connection {connection}"))
}
