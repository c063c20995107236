//! `unregister`: takes back what this program made, in the order in which nothing breaks half-way.
//!
//! Connections, registration, role, permission, function. The permission goes after the registration: without it, running
//! flows would fail while the label still stands. Whatever is gone already is success.

use serde_json::json;

use crate::ask::is_sample_of;
use crate::aws::{Aws, ServiceFailure};
use crate::cli::UnregisterArgs;
use crate::error::{ErrorKind, RegistrarError};
use crate::event::Event;
use crate::observed::{Function, LABEL_TAG, RegisteredConnector, SECRETS_POLICY, owner, registered_tag};
use crate::outcome::Outcome;
use crate::policy::Grant;
use crate::session::Session;
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
    let removal = Removal { session, aws: &opened.aws, settings: &settings, args, removed: Vec::new() };
    let result = removal.run().await;
    opened.close().await;
    result
}

struct Removal<'a> {
    session: &'a Session,
    aws: &'a Aws,
    settings: &'a Settings,
    args: &'a UnregisterArgs,
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
        self.consent(registration.is_some()).await?;

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

    async fn consent(&self, is_registered: bool) -> Result<(), RegistrarError> {
        let global = &self.session.global;
        if global.yes || global.local || !(is_registered || self.args.delete_function) {
            return Ok(());
        }
        let label = self.label();
        let what = if self.args.delete_function { "and its function will be deleted" } else { "will be unregistered" };
        if self.session.confirm(&format!("The connector {label} {what}."), label).await? {
            return Ok(());
        }
        Err(RegistrarError::usage("unregistering needs consent").with_hint("pass --yes to consent"))
    }

    async fn remove_function(&mut self, name: &str, function: &Function) -> Result<(), RegistrarError> {
        self.session.interrupt.check()?;
        let is_ours = function.tags.get(LABEL_TAG) == Some(&owner(self.label()));
        if self.args.delete_function && is_ours {
            let deleted = self.aws.lambda.delete(name).await;
            return self.note(deleted, format!("the function {name}"));
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
            let forbidden = self.aws.lambda.forbid(name, &statement.id).await;
            self.note(forbidden, format!("the permission {} of {name}", statement.id))?;
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
        let iam = &self.aws.iam;
        let role = iam.role(name, SECRETS_POLICY).await;
        let Some(role) = role.map_err(|failure| failure.during(format!("could not read the role {name}")))? else {
            return Ok(());
        };
        if role.tags.get(LABEL_TAG) != Some(&owner(self.label())) {
            let text = format!("the role {name} was not made by this program and stays");
            self.session.report.event(&Event::Warning(&text));
            return Ok(());
        }
        // IAM deletes only a role without policies.
        for arn in &role.attached {
            self.session.interrupt.check()?;
            gone(iam.detach_policy(name, arn).await)
                .map_err(|failure| failure.during(format!("could not detach {arn} from the role {name}")))?;
        }
        if role.inline.is_some() {
            gone(iam.delete_policy(name, SECRETS_POLICY).await)
                .map_err(|failure| failure.during(format!("could not delete a policy of the role {name}")))?;
        }
        let deleted = iam.delete_role(name).await;
        self.note(deleted, format!("the role {name}"))
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
