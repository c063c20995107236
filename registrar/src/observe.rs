//! Reads what is there: eight calls when everything is in place, none of them a write.
//!
//! One of the eight invokes the function, with the question that AppFlow asks when it registers a connector.

use crate::ask::Asker;
use crate::aws::{Aws, Identity};
use crate::configuration::SelfDescription;
use crate::error::{ErrorKind, RegistrarError};
use crate::interrupt::Interrupt;
use crate::observed::{LABEL_TAG, Observed, SECRETS_POLICY, Said};
use crate::settings::{RoleSettings, Settings};
use crate::wait::{Readiness, classify};

/// Reads everything that a plan depends on, and who is asking.
///
/// # Errors
/// Of kind credentials, permission or service: the call that failed, and what it was for.
pub async fn observe(
    aws: &Aws,
    settings: &Settings,
    interrupt: &Interrupt,
) -> Result<(Observed, Identity), RegistrarError> {
    let identity = aws.sts.identity().await.map_err(|failure| failure.during("could not find out who is asking"))?;
    interrupt.check()?;

    let role = match settings.function.as_ref().map(|function| &function.role) {
        Some(RoleSettings::Ours(name)) => aws
            .iam
            .role(&name.value, SECRETS_POLICY)
            .await
            .map_err(|failure| failure.during(format!("could not read the role {}", name.value)))?,
        Some(RoleSettings::Existing(_)) | None => None,
    };
    interrupt.check()?;

    let name = &settings.function_name.value;
    let function = aws
        .lambda
        .function(name)
        .await
        .map_err(|failure| failure.during(format!("could not read the function {name}")))?;
    let permissions = match &function {
        Some(_) => {
            let read = aws.lambda.permissions(name).await;
            read.map_err(|failure| failure.during(format!("could not read the permissions of {name}")))?.0
        }
        None => Vec::new(),
    };
    interrupt.check()?;

    let label = &settings.label.value;
    let registration = aws
        .appflow
        .registration(label)
        .await
        .map_err(|failure| failure.during(format!("could not read the registration of {label}")))?;

    let here = function.as_ref().map(|function| function.arn.as_str());
    let elsewhere =
        registration.as_ref().and_then(|registration| registration.lambda_arn.as_deref()).filter(|registered| {
            here.is_some_and(|here| here != *registered) || !registered.ends_with(&format!(":{name}"))
        });
    let other_function_label = match elsewhere {
        Some(arn) => match aws.lambda.function(arn).await {
            Ok(other) => other.and_then(|other| other.tags.get(LABEL_TAG).cloned()),
            // A function that may not be read is not known to be ours: the plan then asks for --adopt.
            Err(failure) if failure.is_access_denied() => None,
            Err(failure) => return Err(failure.during(format!("could not read the function {arn}"))),
        },
        None => None,
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
    };
    let says = says(aws, &observed).await?;
    Ok((Observed { says, ..observed }, identity))
}

/// Asks the function that is registered what it is. That it cannot be asked is for the plan to consider.
async fn says(aws: &Aws, observed: &Observed) -> Result<Said, RegistrarError> {
    let (Some(function), Some(_)) = (&observed.function, &observed.registration) else { return Ok(Said::NotAsked) };
    if classify(&function.status) != Readiness::Ready {
        return Ok(Said::NotAsked);
    }
    match Asker::new(&aws.lambda, &function.arn).configuration().await {
        Ok(said) => Ok(Said::Known(Box::new(SelfDescription::of(&said)))),
        Err(error) if error.kind() == ErrorKind::Credentials => Err(error),
        Err(error) => Ok(Said::Unknown(error.to_string())),
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
