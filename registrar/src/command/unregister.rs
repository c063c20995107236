//! `unregister`: takes back what this program made, as [`RemovalPlan`] lists it. Whatever is gone already is success.

use std::time::Duration;

use tokio::time::Instant;

use crate::ask::is_sample_of;
use crate::aws::{Aws, ServiceFailure, default_log_group};
use crate::cli::UnregisterArgs;
use crate::error::{ErrorKind, RegistrarError};
use crate::event::Event;
use crate::observed::{Function, LABEL_TAG, RegisteredConnector, Role, SECRETS_POLICY, owner, registered_tag};
use crate::outcome::Outcome;
use crate::removal::{Extent, Remains, Removal, RemovalPlan};
use crate::retry::{Patience, Stopped, Verdict, jittered, retry};
use crate::session::{Session, in_time};
use crate::setting::Source;
use crate::settings::{RoleSettings, Settings};

/// `unregister`
///
/// # Errors
/// When something cannot be read. What is in the way, missing consent and a failed call are part of the outcome.
pub async fn unregister(session: &Session, args: &UnregisterArgs) -> Result<Outcome, RegistrarError> {
    let project = session.project(&args.connector)?;
    let inputs = session.inputs(project.as_ref());
    let mut settings = Settings::for_deploy(&args.connector, &crate::cli::FunctionArgs::default(), inputs)?;
    let opened = session.open().await?;
    settings.in_region(&opened.aws.region);
    let deadline = Instant::now() + session.global.timeout;
    let remover = Remover { session, aws: &opened.aws, settings: &settings, args, deadline };
    let result = Box::pin(remover.run()).await;
    opened.close().await;
    result
}

struct Remover<'a> {
    session: &'a Session,
    aws: &'a Aws,
    settings: &'a Settings,
    args: &'a UnregisterArgs,
    deadline: Instant,
}

impl Remover<'_> {
    fn label(&self) -> &str {
        &self.settings.label.value
    }

    async fn run(&self) -> Result<Outcome, RegistrarError> {
        self.session.report.event(&Event::Working("reading what is there"));
        let found = in_time(self.session, "what is there was read", self.look()).await?;
        self.session.report.end();
        let extent =
            Extent { force: self.args.force, function: self.args.delete_function, logs: self.args.delete_logs };
        let RemovalPlan { steps, kept, refusal } = RemovalPlan::new(self.label(), extent, &found);
        for text in &kept {
            self.session.report.event(&Event::Warning(text));
        }
        let users: Vec<_> = found.connections.iter().chain(found.flows.iter().flatten()).cloned().collect();
        if !users.is_empty() && refusal.is_none() {
            let text = format!("these are left without a connector: {}", users.join(", "));
            self.session.report.event(&Event::Warning(&text));
        }
        let (removed, error) = match (refusal, self.args.dry_run) {
            (Some(refusal), _) => (Vec::new(), Some(refusal)),
            (None, true) => (Vec::new(), None),
            (None, false) => match self.consent(&steps, &found).await {
                Ok(()) => self.remove_all(&steps).await,
                Err(error) => (Vec::new(), Some(error)),
            },
        };
        let text = match (&error, steps.is_empty()) {
            (None, true) => self.nothing(&found),
            (None, false) if self.args.dry_run => listed("would remove", &steps),
            // Whoever answered the question with Ctrl-C has just read it.
            (Some(error), _) if removed.is_empty() && error.kind() == ErrorKind::Interrupted => String::new(),
            (Some(_), _) if removed.is_empty() => listed("would remove", &steps),
            (Some(_), _) => listed("removed", &removed),
            (None, false) => listed("removed", &removed) + &self.left(&found),
        };
        let texts = |removals: &[Removal]| removals.iter().map(Removal::to_string).collect::<Vec<_>>();
        Ok(Outcome::new("unregister", text)
            .with("region", &self.aws.region)
            .with("label", self.label())
            .with("dryRun", self.args.dry_run)
            .with("connections", &found.connections)
            .with("flows", &found.flows)
            .with("steps", &steps)
            .with("removed", texts(&removed))
            .with("kept", kept)
            .with_error(error))
    }

    /// Says what was looked for in vain: a label with a slip in it looks just like one that is gone.
    fn nothing(&self, found: &Remains) -> String {
        let label = self.label();
        let rest = match &found.function {
            Some(_) => self.left(found),
            None => "\"registrar list\" shows the labels that are registered\n".to_owned(),
        };
        format!("nothing to remove: no connector {label} is registered\n{rest}")
    }

    /// What stays of the connector because nobody asked for its removal.
    fn left(&self, found: &Remains) -> String {
        match &found.function {
            Some(_) if !self.args.delete_function => {
                format!("left: the function {} (--delete-function)\n", found.function_name)
            }
            Some(_) | None => String::new(),
        }
    }

    /// Reads all that is left of the connector.
    async fn look(&self) -> Result<Remains, RegistrarError> {
        let label = self.label();
        let registration = self.aws.appflow.registration(label).await;
        let registration =
            registration.map_err(|failure| failure.during(format!("could not read the registration of {label}")))?;
        let mut found = Remains::default();
        if registration.is_some() {
            self.users(&mut found).await?;
        }
        let (name, function) = self.function(registration.as_ref()).await?;
        if function.is_some() {
            let read = self.aws.lambda.permissions(&name).await;
            let failed = |failure: ServiceFailure| failure.during(format!("could not read the permissions of {name}"));
            found.permissions = read.map_err(failed)?.0;
        }
        if self.args.delete_function {
            found.role = self.role(function.as_ref()).await?;
        }
        if self.args.delete_logs {
            found.log_group = self.log_group(&name, function.as_ref()).await?;
        }
        Ok(Remains { registration, function_name: name, function, ..found })
    }

    /// Connections and flows.
    async fn users(&self, found: &mut Remains) -> Result<(), RegistrarError> {
        self.session.interrupt.check()?;
        let label = self.label();
        let profiles = self.aws.appflow.profiles(label).await;
        let profiles =
            profiles.map_err(|failure| failure.during(format!("could not read the connections of {label}")))?;
        let names = profiles.into_iter().map(|profile| profile.name);
        (found.samples, found.connections) =
            names.partition(|name| self.session.global.local && is_sample_of(name, label));
        found.flows = match self.aws.appflow.flows(label).await {
            Ok(flows) => Some(flows),
            Err(failure) if failure.is_access_denied() => {
                let text = "which flows use the connector is not known: that needs the IAM action appflow:ListFlows";
                self.session.report.event(&Event::Warning(text));
                None
            }
            Err(failure) => return Err(failure.during(format!("could not read the flows of {label}"))),
        };
        Ok(())
    }

    /// The function that is registered; else the one that would be; else the one that says it was made for the label.
    async fn function(
        &self,
        registration: Option<&RegisteredConnector>,
    ) -> Result<(String, Option<Function>), RegistrarError> {
        self.session.interrupt.check()?;
        let registered = registration.and_then(|registration| registration.lambda_arn.as_deref());
        let registered = registered.and_then(|arn| arn.split(':').nth(6));
        let name = registered.unwrap_or(&self.settings.function_name.value).to_owned();
        let function = self.read_function(&name).await?;
        let is_named = matches!(self.settings.function_name.source, Source::Flag(_));
        if function.is_some() || registered.is_some() || is_named {
            return Ok((name, function));
        }
        // An earlier run may have been stopped after the registration, which alone knew a name that somebody chose.
        let label = self.label();
        let tags = [(LABEL_TAG.to_owned(), Some(owner(label))), (registered_tag(label), None)];
        match self.aws.lambda.tagged(&tags).await {
            Ok(Some(other)) => {
                let function = self.read_function(&other).await?;
                Ok((other, function))
            }
            Ok(None) => Ok((name, None)),
            Err(failure) if failure.is_access_denied() => {
                let action = failure.action;
                let text = format!(
                    "there is no function {name}; looking for one of another name needs the IAM action {action}, or name \
                     it with --function-name"
                );
                self.session.report.event(&Event::Warning(&text));
                Ok((name, None))
            }
            Err(failure) => Err(failure.during(format!("could not look for the function of {label}"))),
        }
    }

    async fn read_function(&self, name: &str) -> Result<Option<Function>, RegistrarError> {
        let function = self.aws.lambda.function(name).await;
        function.map_err(|failure| failure.during(format!("could not read the function {name}")))
    }

    /// The function's own role; if the function is gone, the one that it would have.
    async fn role(&self, function: Option<&Function>) -> Result<Option<(String, Role)>, RegistrarError> {
        self.session.interrupt.check()?;
        let of_function = function.and_then(|function| function.role.rsplit('/').next());
        let name = match (of_function, self.settings.function.as_ref().map(|function| &function.role)) {
            (Some(name), _) => name,
            (None, Some(RoleSettings::Ours(name))) => &name.value,
            (None, Some(RoleSettings::Existing(_)) | None) => return Ok(None),
        };
        let role = self.aws.iam.role(name, SECRETS_POLICY).await;
        let role = role.map_err(|failure| failure.during(format!("could not read the role {name}")))?;
        Ok(role.map(|role| (name.to_owned(), role)))
    }

    /// The log group that the function writes to; if the function is gone, the one that it would have.
    async fn log_group(&self, name: &str, function: Option<&Function>) -> Result<Option<String>, RegistrarError> {
        self.session.interrupt.check()?;
        let configured = match function {
            Some(_) => self.aws.lambda.log_group(name).await,
            None => Ok(None),
        };
        let configured =
            configured.map_err(|failure| failure.during(format!("could not read the configuration of {name}")))?;
        let group = configured.unwrap_or_else(|| default_log_group(name));
        let found = self.aws.logs.group(&group).await;
        let found = found.map_err(|failure| failure.during(format!("could not look for the log {group}")))?;
        Ok(found.map(|_| group))
    }

    async fn consent(&self, steps: &[Removal], found: &Remains) -> Result<(), RegistrarError> {
        let global = &self.session.global;
        if global.yes || global.local || steps.is_empty() {
            return Ok(());
        }
        let label = self.label();
        let broken: Vec<_> = found.connections.iter().chain(found.flows.iter().flatten()).cloned().collect();
        let broken = match broken.as_slice() {
            [] => String::new(),
            some => format!("These then lack a connector: {}.\n", some.join(", ")),
        };
        let question = format!("{}{broken}", listed("will remove", steps));
        if self.session.confirm(&question, label).await? {
            return Ok(());
        }
        Err(RegistrarError::usage("unregistering needs consent")
            .with_hint("pass --yes to consent; --dry-run shows what would go"))
    }

    /// Removes one after the other, and says what is gone and why it stopped.
    async fn remove_all(&self, steps: &[Removal]) -> (Vec<Removal>, Option<RegistrarError>) {
        let mut removed = Vec::new();
        for (index, step) in steps.iter().enumerate() {
            if self.session.interrupt.check().is_err() {
                let message = format!("interrupted with {index} of {} things removed; next is {step}", steps.len());
                let error = RegistrarError::new(ErrorKind::Interrupted, message);
                return (removed, Some(error.with_hint("run the same command again to go on from here")));
            }
            self.session.report.event(&Event::Working(&format!("removing {step}")));
            let removed_in_time = tokio::time::timeout_at(self.deadline, self.remove(step)).await;
            match removed_in_time.unwrap_or_else(|_| Err(out_of_time(step))) {
                Ok(true) => removed.push(step.clone()),
                Ok(false) => {}
                Err(error) => {
                    let left: Vec<_> = steps.iter().skip(index).map(Removal::to_string).collect();
                    self.session.report.event(&Event::Note(&format!("left: {}", left.join(", "))));
                    return (removed, Some(error));
                }
            }
        }
        (removed, None)
    }

    /// Removes one thing. False if it was gone already.
    async fn remove(&self, step: &Removal) -> Result<bool, RegistrarError> {
        let Aws { appflow, lambda, iam, logs, .. } = self.aws;
        let call = async || match step {
            Removal::Connection(name) => appflow.delete_profile(name).await,
            Removal::Registration { label, force } => appflow.unregister(label, *force).await,
            Removal::Permission { function, statement } => lambda.forbid(function, statement, None).await,
            Removal::Record { function, tag } => lambda.untag(function, std::slice::from_ref(tag)).await,
            Removal::Attachment { role, policy_arn } => iam.detach_policy(role, policy_arn).await,
            Removal::InlinePolicy(role) => iam.delete_policy(role, SECRETS_POLICY).await,
            Removal::Role(name) => iam.delete_role(name).await,
            Removal::LogGroup(name) => logs.delete_group(name).await,
            Removal::Function(name) => lambda.delete(name).await,
        };
        let patience = Patience { deadline: self.deadline, interrupt: &self.session.interrupt };
        let waiting = |reason: &str| self.session.report.event(&Event::Waiting(reason));
        let mut rounds = 0;
        loop {
            rounds += 1;
            return match (step, retry(&patience, &call, |failure| verdict(step, failure), waiting).await) {
                (_, Ok(())) => Ok(true),
                // What was attached since the role was read is in the way.
                (Removal::Role(name), Err(Stopped::Failed(failure)))
                    if failure.is_delete_conflict() && rounds < ROUNDS_WITH_OTHERS =>
                {
                    self.strip(name).await?;
                    continue;
                }
                (_, Err(Stopped::Failed(failure))) if failure.is_not_found() => Ok(false),
                (_, Err(Stopped::Failed(failure))) if failure.is_function_busy() => {
                    Err(failure.out_of_time(format!("could not remove {step}")))
                }
                (_, Err(Stopped::Failed(failure))) => Err(explained(step, failure)),
                (_, Err(Stopped::Interrupted(error))) => Err(error),
            };
        }
    }

    /// Takes from a role of ours what is attached to it now.
    async fn strip(&self, name: &str) -> Result<(), RegistrarError> {
        let iam = &self.aws.iam;
        let doing = || format!("could not take the policies from the role {name}");
        let role = iam.role(name, SECRETS_POLICY).await.map_err(|failure| failure.during(doing()))?;
        for policy_arn in role.iter().flat_map(|role| &role.attached) {
            match iam.detach_policy(name, policy_arn).await {
                Err(failure) if !failure.is_not_found() => return Err(failure.during(doing())),
                Ok(()) | Err(_) => {}
            }
        }
        self.session.interrupt.sleep(jittered(Duration::from_secs(1))).await
    }
}

fn out_of_time(step: &Removal) -> RegistrarError {
    RegistrarError::new(ErrorKind::TimedOut, format!("the time was up before {step} was removed"))
        .with_hint("run again to go on from here, with a longer --timeout if need be")
}

/// How often a role is taken apart that gets policies meanwhile.
const ROUNDS_WITH_OTHERS: u32 = 3;

/// What goes away by waiting.
fn verdict(step: &Removal, failure: &ServiceFailure) -> Verdict {
    match (step, failure.code.as_deref()) {
        (Removal::Function(_) | Removal::Permission { .. }, _) if failure.is_function_busy() => {
            Verdict::Retry("the function is being changed")
        }
        // Even a deletion is answered so while Lambda cleans up after a failed creation.
        (Removal::Function(_), Some("ResourceConflictException")) => Verdict::Retry("Lambda is still cleaning up"),
        (Removal::Role(_) | Removal::Attachment { .. } | Removal::InlinePolicy(_), Some(code))
            if code.starts_with("ConcurrentModification") =>
        {
            Verdict::Retry("the role is being changed")
        }
        _ => Verdict::Stop,
    }
}

fn explained(step: &Removal, failure: ServiceFailure) -> RegistrarError {
    let code = failure.code.clone().unwrap_or_default();
    let error = failure.during(format!("could not remove {step}"));
    match step {
        Removal::Registration { .. } if code == "ConflictException" => {
            error.with_hint("connections were made meanwhile; run again to see which, or pass --force")
        }
        Removal::Role(_) if code.starts_with("DeleteConflict") => error.with_hint(
            "somebody gave the role further policies; remove them (aws iam list-role-policies), then run again",
        ),
        _ => error,
    }
}

/// `removed A`, line by line.
fn listed(verb: &str, removals: &[Removal]) -> String {
    let lines: Vec<_> = removals.iter().map(|removal| format!("{verb} {removal}\n")).collect();
    lines.concat()
}
