//! Reads what is there: seven calls when everything is in place, none of them a write. A log's retention and an alias are
//! read only if they are settings.

use crate::aws::{Aws, Identity};
use crate::error::RegistrarError;
use crate::interrupt::Interrupt;
use crate::observed::{LABEL_TAG, Observed, SECRETS_POLICY};
use crate::settings::{RoleSettings, Settings};

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
    let extras = settings.function.as_ref().map(|function| &function.extras);
    let log_group = match extras.and_then(|extras| extras.log_retention.as_ref()) {
        Some(_) => {
            let attachments = function.as_ref().map(|function| function.attachments.clone()).unwrap_or_default();
            let group = attachments.log_group_of(name);
            let read = aws.logs.group(&group).await;
            read.map_err(|failure| failure.during(format!("could not read the log group {group}")))?
        }
        None => None,
    };
    let alias = match (extras.and_then(|extras| extras.alias.as_ref()), &function) {
        (Some(alias), Some(_)) => {
            let read = aws.lambda.alias(name, &alias.value).await;
            read.map_err(|failure| failure.during(format!("could not read the alias {} of {name}", alias.value)))?
        }
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
        log_group,
        alias,
    };
    Ok((observed, identity))
}
