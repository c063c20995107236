//! `unregister`: takes back what this program made, in the order in which nothing breaks half-way.
//!
//! Connections, registration, role, permission, function. The permission goes after the registration: without it, running
//! flows would fail while the label still stands. Whatever is gone already is success.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use crate::ask::is_sample_of;
use crate::aws::{Aws, ServiceFailure};
use crate::cli::UnregisterArgs;
use crate::error::{ErrorKind, RegistrarError};
use crate::event::Event;
use crate::observed::{Function, LABEL_TAG, RegisteredConnector, SECRETS_POLICY, owner, registered_tag};
use crate::outcome::Outcome;
use crate::policy::Grant;
use crate::retry::{Patience, Stopped, removal};
use crate::session::{Session, in_time};
use crate::settings::{RoleSettings, Settings};

/// `unregister`
///
/// # Errors
/// When connections are in the way, consent is missing, something is foreign, or a call fails.
pub async fn unregister(session: &Session, args: &UnregisterArgs) -> Result<Outcome, RegistrarError> {
    let project = session.project(&args.connector)?;
    let inputs = session.inputs(project.as_ref());
    let settings = Settings::for_deploy(&args.connector, &crate::cli::FunctionArgs::default(), inputs)?;
    let opened = session.open().await?;
    let deadline = Instant::now() + session.global.timeout;
    let removal = Removal { session, aws: &opened.aws, settings: &settings, args, deadline, removed: Vec::new() };
    let result = in_time(session, "everything was removed", removal.run()).await;
    opened.close().await;
    result
}

/// How often a role is taken apart that gets policies meanwhile.
const TRIES_OF_A_ROLE: u32 = 3;

struct Removal<'a> {
    session: &'a Session,
    aws: &'a Aws,
    settings: &'a Settings,
    args: &'a UnregisterArgs,
    deadline: Instant,
    removed: Vec<String>,
}

impl Removal<'_> {
    fn label(&self) -> &str {
        &self.settings.label.value
    }

    async fn run(mut self) -> Result<Outcome, RegistrarError> {
        let label = self.label().to_owned();
        let registration = self
            .aws
            .appflow
            .registration(&label)
            .await
            .map_err(|failure| failure.during(format!("could not read the registration of {label}")))?;
        let name = function_name(registration.as_ref(), self.settings);
        let function = self.aws.lambda.function(&name).await;
        let function = function.map_err(|failure| failure.during(format!("could not read the function {name}")))?;
        self.refuse_foreign(registration.as_ref(), function.as_ref())?;
        let profiles = self.connections(registration.is_some()).await?;
        self.consent(registration.is_some())?;

        for profile in profiles {
            let deleted = self.aws.appflow.delete_profile(&profile).await;
            self.note(deleted, format!("the connection {profile}"))?;
        }
        if registration.is_some() {
            let unregistered = self.aws.appflow.unregister(&label, self.args.force).await;
            self.note(unregistered, format!("the registration of {label}"))?;
        }
        // The role before the function: only the function knows the role's name, should this be interrupted.
        if self.args.delete_function {
            self.remove_role(function.as_ref()).await?;
        }
        if let Some(function) = &function {
            self.remove_function(&name, function).await?;
        }
        let text = if self.removed.is_empty() {
            "nothing to remove\n".to_owned()
        } else {
            format!("removed {}\n", self.removed.join("\nremoved "))
        };
        Ok(Outcome::new("unregister", text).with("label", label).with("removed", json!(self.removed)))
    }

    /// A registration is ours if its function says so, or is gone.
    fn refuse_foreign(
        &self,
        registration: Option<&RegisteredConnector>,
        function: Option<&Function>,
    ) -> Result<(), RegistrarError> {
        let is_ours = function.is_none_or(|function| {
            function.tags.get(LABEL_TAG) == Some(&owner(self.label()))
                || function.tags.contains_key(&registered_tag(self.label()))
        });
        if registration.is_none() || is_ours || self.args.force {
            return Ok(());
        }
        let message = format!("the connector {} was registered by somebody else", self.label());
        Err(RegistrarError::new(ErrorKind::Foreign, message).with_hint("pass --force to unregister it all the same"))
    }

    /// The connections to delete first; refuses if others are in the way.
    async fn connections(&self, is_registered: bool) -> Result<Vec<String>, RegistrarError> {
        if !is_registered {
            return Ok(Vec::new());
        }
        let label = self.label();
        let profiles = self
            .aws
            .appflow
            .profiles(label)
            .await
            .map_err(|failure| failure.during(format!("could not read the connections of {label}")))?;
        let names = profiles.into_iter().map(|profile| profile.name);
        let (samples, others): (Vec<_>, Vec<_>) =
            names.partition(|name| self.session.global.local && is_sample_of(name, label));
        if others.is_empty() || self.args.force {
            return Ok(samples);
        }
        let message = format!("connections still use the connector {label}: {}", others.join(", "));
        Err(RegistrarError::new(ErrorKind::Conflict, message).with_hint(
            "delete them first (registrar connect NAME --delete); --force unregisters all the same and leaves them without a connector",
        ))
    }

    fn consent(&self, is_registered: bool) -> Result<(), RegistrarError> {
        let global = &self.session.global;
        if global.yes || global.local || !(is_registered || self.args.delete_function) {
            return Ok(());
        }
        let label = self.label();
        let what = if self.args.delete_function { "and its function will be deleted" } else { "will be unregistered" };
        if self.session.report.confirm(&format!("The connector {label} {what}."), label) {
            return Ok(());
        }
        Err(RegistrarError::usage("unregistering needs consent").with_hint("pass --yes to consent"))
    }

    async fn remove_function(&mut self, name: &str, function: &Function) -> Result<(), RegistrarError> {
        self.session.interrupt.check()?;
        let is_ours = function.tags.get(LABEL_TAG) == Some(&owner(self.label()));
        if self.args.delete_function && is_ours {
            let deleted = removal(&self.patience(), async || self.aws.lambda.delete(name).await).await;
            return self.note_patient(deleted, format!("the function {name}"));
        }
        if self.args.delete_function {
            let text = format!("the function {name} was not made by this program and stays");
            self.session.report.event(&Event::Warning(&text));
        }
        let prefix = Grant::prefix(self.label());
        let (statements, _) = self
            .aws
            .lambda
            .permissions(name)
            .await
            .map_err(|failure| failure.during(format!("could not read the permissions of {name}")))?;
        for statement in statements.iter().filter(|statement| statement.id.starts_with(&prefix)) {
            let forbid = async || self.aws.lambda.forbid(name, &statement.id, None).await;
            let forbidden = removal(&self.patience(), forbid).await;
            self.note_patient(forbidden, format!("the permission {} of {name}", statement.id))?;
        }
        Ok(())
    }

    /// The function's own role; if the function is gone, the one that it would have.
    async fn remove_role(&mut self, function: Option<&Function>) -> Result<(), RegistrarError> {
        let of_function = function.and_then(|function| function.role.rsplit('/').next());
        let name = match (of_function, self.settings.function.as_ref().map(|function| &function.role)) {
            (Some(name), _) => name,
            (None, Some(RoleSettings::Ours(name))) => &name.value,
            (None, Some(RoleSettings::Existing(_)) | None) => return Ok(()),
        };
        let name = name.to_owned();
        let mut tries = 0;
        loop {
            tries += 1;
            match self.remove_role_named(&name).await? {
                // What was attached since it was read is in the way: read again.
                Err(failure) if failure.is_delete_conflict() && tries < TRIES_OF_A_ROLE => {}
                removed => return self.note(removed, format!("the role {name}")),
            }
            self.session.interrupt.sleep(Duration::from_secs(1)).await?;
        }
    }

    /// Takes its policies from a role, then deletes it: the inner failure is that of the deletion.
    async fn remove_role_named(&self, name: &str) -> Result<Result<(), ServiceFailure>, RegistrarError> {
        let iam = &self.aws.iam;
        let role = iam.role(name, SECRETS_POLICY).await;
        let Some(role) = role.map_err(|failure| failure.during(format!("could not read the role {name}")))? else {
            return Ok(Err(ServiceFailure::gone("iam:GetRole")));
        };
        if role.tags.get(LABEL_TAG) != Some(&owner(self.label())) {
            let text = format!("the role {name} was not made by this program and stays");
            self.session.report.event(&Event::Warning(&text));
            return Ok(Err(ServiceFailure::gone("iam:GetRole")));
        }
        let patience = self.patience();
        // IAM deletes only a role without policies.
        for arn in &role.attached {
            self.session.interrupt.check()?;
            removal(&patience, async || gone(iam.detach_policy(name, arn).await))
                .await
                .map_err(|stopped| stopped.during(format!("could not detach {arn} from the role {name}")))?;
        }
        if role.inline.is_some() {
            removal(&patience, async || gone(iam.delete_policy(name, SECRETS_POLICY).await))
                .await
                .map_err(|stopped| stopped.during(format!("could not delete a policy of the role {name}")))?;
        }
        match removal(&patience, async || iam.delete_role(name).await).await {
            Ok(()) => Ok(Ok(())),
            Err(Stopped::Failed(failure)) => Ok(Err(failure)),
            Err(stopped) => Err(stopped.during(format!("could not remove the role {name}"))),
        }
    }

    /// Patience with what somebody else is changing.
    fn patience(&self) -> Patience<'_> {
        Patience { deadline: self.deadline, interrupt: &self.session.interrupt }
    }

    fn note_patient(&mut self, result: Result<(), Stopped>, what: String) -> Result<(), RegistrarError> {
        match result {
            Ok(()) => self.note(Ok(()), what),
            Err(Stopped::Failed(failure)) if failure.is_function_busy() => {
                Err(failure.out_of_time(format!("could not remove {what}")))
            }
            Err(Stopped::Failed(failure)) => self.note(Err(failure), what),
            Err(stopped) => Err(stopped.during(format!("could not remove {what}"))),
        }
    }

    /// Keeps account of a removal. What was gone already is success.
    fn note(&mut self, result: Result<(), ServiceFailure>, what: String) -> Result<(), RegistrarError> {
        match result {
            Ok(()) => {
                self.session.report.event(&Event::Detail(&format!("removed {what}")));
                self.removed.push(what);
            }
            Err(failure) if failure.is_not_found() => {}
            Err(failure) => return Err(failure.during(format!("could not remove {what}"))),
        }
        self.session.interrupt.check()
    }
}

fn gone(result: Result<(), ServiceFailure>) -> Result<(), ServiceFailure> {
    match result {
        Err(failure) if failure.is_not_found() => Ok(()),
        other => other,
    }
}

/// The function that is registered; else the one that would be.
fn function_name(registration: Option<&RegisteredConnector>, settings: &Settings) -> String {
    let registered = registration.and_then(|registration| registration.lambda_arn.as_deref());
    registered.and_then(|arn| arn.split(':').nth(6)).unwrap_or(&settings.function_name.value).to_owned()
}
