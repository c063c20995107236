//! Reads what is there: eight calls when everything is in place, none of them a write. A log's retention and an alias are
//! read only if they are settings.
//!
//! One of the eight invokes the function, with the question that AppFlow asks when it registers a connector.

use crate::ask::Asker;
use crate::aws::{Aws, Identity, ServiceFailure};
use crate::configuration::SelfDescription;
use crate::error::RegistrarError;
use crate::interrupt::Interrupt;
use crate::observed::{Function, LABEL_TAG, Observed, RegisteredConnector, SECRETS_POLICY, Said};
use crate::plan::Subject;
use crate::settings::{RoleSettings, Settings};
use crate::wait::{Readiness, classify};

/// What could not be read, because the caller may not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// What is not known therefore.
    pub subject: Subject,
    /// What the service answered; its action is the one that is missing.
    pub failure: ServiceFailure,
}

/// What to do when the caller may not read something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// Stop: a plan made without it would be wrong.
    Stop,
    /// Go on without it.
    GoOn,
}

impl Denied {
    /// What is not known because of a failure; or that failure as an error.
    fn judge(
        self,
        failure: ServiceFailure,
        subjects: &[Subject],
        doing: String,
    ) -> Result<Vec<Denial>, RegistrarError> {
        if self == Self::Stop || !failure.is_access_denied() {
            return Err(failure.during(doing));
        }
        Ok(subjects.iter().map(|&subject| Denial { subject, failure: failure.clone() }).collect())
    }
}

/// Reads everything that a plan depends on, and who is asking.
///
/// # Errors
/// Of kind credentials, permission or service: the call that failed, and what it was for.
pub async fn observe(
    aws: &Aws,
    settings: &Settings,
    interrupt: &Interrupt,
) -> Result<(Observed, Identity), RegistrarError> {
    let (observed, identity, _) = observe_with(aws, settings, interrupt, Denied::Stop).await?;
    Ok((observed, identity))
}

/// Reads as [`observe`] does, and tells what the caller may not read if that is no reason to stop.
///
/// # Errors
/// As [`observe`].
pub async fn observe_with(
    aws: &Aws,
    settings: &Settings,
    interrupt: &Interrupt,
    when_denied: Denied,
) -> Result<(Observed, Identity, Vec<Denial>), RegistrarError> {
    let mut denials = Vec::new();
    let mut permitted = |failure: ServiceFailure, subjects: &[Subject], doing: String| {
        when_denied.judge(failure, subjects, doing).map(|denied| denials.extend(denied))
    };
    let identity = aws.sts.identity().await.map_err(|failure| failure.during("could not find out who is asking"))?;
    interrupt.check()?;

    let role = match settings.function.as_ref().map(|function| &function.role) {
        Some(RoleSettings::Ours(name)) => match aws.iam.role(&name.value, SECRETS_POLICY).await {
            Ok(role) => role,
            Err(failure) => {
                permitted(failure, &[Subject::Role], format!("could not read the role {}", name.value))?;
                None
            }
        },
        Some(RoleSettings::Existing(_)) | None => None,
    };
    interrupt.check()?;

    let name = &settings.function_name.value;
    let function = match aws.lambda.function(name).await {
        Ok(function) => function,
        Err(failure) => {
            // Whether the registration is up to date is recorded on the function.
            let unknown = [Subject::Function, Subject::Code, Subject::Permission, Subject::Registration];
            permitted(failure, &unknown, format!("could not read the function {name}"))?;
            None
        }
    };
    let permissions = match &function {
        Some(_) => match aws.lambda.permissions(name).await {
            Ok((permissions, _)) => permissions,
            Err(failure) => {
                permitted(failure, &[Subject::Permission], format!("could not read the permissions of {name}"))?;
                Vec::new()
            }
        },
        None => Vec::new(),
    };
    interrupt.check()?;

    let label = &settings.label.value;
    let registration = match aws.appflow.registration(label).await {
        Ok(registration) => registration,
        Err(failure) => {
            permitted(failure, &[Subject::Registration], format!("could not read the registration of {label}"))?;
            None
        }
    };

    let other_function_label = other_owner(aws, name, function.as_ref(), registration.as_ref()).await?;
    let extras = settings.function.as_ref().map(|function| &function.extras);
    let log_group = match extras.and_then(|extras| extras.log_retention.as_ref()) {
        Some(_) => {
            let attachments = function.as_ref().map(|function| function.attachments.clone()).unwrap_or_default();
            let group = attachments.log_group_of(name);
            match aws.logs.group(&group).await {
                Ok(group) => group,
                Err(failure) => {
                    permitted(failure, &[Subject::LogGroup], format!("could not read the log group {group}"))?;
                    None
                }
            }
        }
        None => None,
    };
    let alias = match (extras.and_then(|extras| extras.alias.as_ref()), &function) {
        (Some(alias), Some(_)) => match aws.lambda.alias(name, &alias.value).await {
            Ok(alias) => alias,
            Err(failure) => {
                let doing = format!("could not read the alias {} of {name}", alias.value);
                permitted(failure, &[Subject::Alias], doing)?;
                None
            }
        },
        _ => None,
    };
    let observed = Observed {
        account: identity.account.clone(),
        partition: identity.partition().to_owned(),
        region: aws.region.clone(),
        role,
        function,
        permissions,
        registration,
        other_function_label,
        says: Said::NotAsked,
        will_say: Said::NotAsked,
        connections: None,
        log_group,
        alias,
    };
    let says = match says(aws, &observed).await {
        Ok(says) => says,
        Err(failure) => {
            let why = failure.to_string();
            permitted(failure, &[Subject::Registration], format!("could not ask the function {name} what it is"))?;
            Said::Unknown(why)
        }
    };
    Ok((Observed { says, ..observed }, identity, denials))
}

/// The ownership tag of the function that the label is registered for, if that is another one.
async fn other_owner(
    aws: &Aws,
    name: &str,
    function: Option<&Function>,
    registration: Option<&RegisteredConnector>,
) -> Result<Option<String>, RegistrarError> {
    let here = function.map(|function| function.arn.as_str());
    let registered = registration.and_then(|registration| registration.lambda_arn.as_deref());
    let elsewhere = registered.filter(|registered| {
        here.is_some_and(|here| here != *registered) || !registered.ends_with(&format!(":{name}"))
    });
    let Some(arn) = elsewhere else { return Ok(None) };
    match aws.lambda.function(arn).await {
        Ok(other) => Ok(other.and_then(|other| other.tags.get(LABEL_TAG).cloned())),
        // A function that may not be read is not known to be ours: the plan then asks for --adopt.
        Err(failure) if failure.is_access_denied() => Ok(None),
        Err(failure) => Err(failure.during(format!("could not read the function {arn}"))),
    }
}

/// Asks the function that is registered what it is.
///
/// That it does not answer, or that Lambda cannot run it, is for the plan to consider, which may mend just that. No answer from
/// Lambda is a failure, as with any other read.
async fn says(aws: &Aws, observed: &Observed) -> Result<Said, ServiceFailure> {
    let (Some(function), Some(_)) = (&observed.function, &observed.registration) else { return Ok(Said::NotAsked) };
    if !matches!(classify(&function.status), Readiness::Ready | Readiness::Asleep) {
        return Ok(Said::NotAsked);
    }
    match Asker::new(&aws.lambda, &function.arn).says().await {
        Ok(Ok(said)) => Ok(Said::Known(Box::new(SelfDescription::of(&said)))),
        Ok(Err(error)) => Ok(Said::Unknown(error.to_string())),
        Err(failure) if failure.is_of_the_function() => Ok(Said::Unknown(failure.to_string())),
        Err(failure) => Err(failure),
    }
}

/// Reads which connections use the connector.
///
/// # Errors
/// Of kind credentials, permission or service.
pub async fn connections(aws: &Aws, label: &str) -> Result<Vec<String>, RegistrarError> {
    let profiles = aws.appflow.profiles(label).await;
    let profiles = profiles.map_err(|failure| failure.during(format!("could not read the connections of {label}")))?;
    Ok(profiles.into_iter().map(|profile| profile.name).collect())
}
