//! Waiting for a function: what its state means, and a poll that says what it waits for.
//!
//! The AWS SDK's own waiters back off to 300 seconds, report no progress, and never stop on some states.

use std::time::Duration;

use tokio::time::Instant;

use crate::aws::ServiceFailure;
use crate::error::{ErrorKind, RegistrarError};
use crate::interrupt::Interrupt;
use crate::observed::FunctionStatus;

/// What a function's state means for whoever wants to use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// It can be invoked and changed.
    Ready,
    /// Waiting helps.
    Pending,
    /// It fell asleep; the first invocation fails and wakes it.
    Asleep,
    /// Its creation failed.
    CreationFailed,
    /// The last update was rejected; the code before it still runs.
    UpdateFailed,
    /// It will not become ready: it is being taken down, or is of a kind that cannot be invoked.
    Unusable,
}

/// What a wait is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// To use the function: a rejected update is a failure.
    Use,
    /// To change the function: a rejected update is about to be made good.
    Change,
}

/// Says what a state means. Both fields must be green; for very old functions the second is absent.
#[must_use]
pub fn classify(status: &FunctionStatus) -> Readiness {
    match (status.state.as_deref(), status.last_update.as_deref()) {
        (Some("Failed"), _) => Readiness::CreationFailed,
        (Some("Pending"), _) | (_, Some("InProgress")) => Readiness::Pending,
        (_, Some("Failed")) => Readiness::UpdateFailed,
        (Some("Inactive"), _) => Readiness::Asleep,
        (Some("Active") | None, _) => Readiness::Ready,
        (Some(_), _) => Readiness::Unusable,
    }
}

/// What a reason code calls for (AWS Lambda, "Lambda function states").
#[must_use]
pub fn hint(reason_code: &str) -> &'static str {
    match reason_code {
        "InsufficientRolePermissions" => "attach the missing policy to the role; a fresh role needs up to two minutes",
        "EniLimitExceeded"
        | "SubnetOutOfIPAddresses"
        | "EC2RequestLimitExceeded"
        | "InsufficientCapacity"
        | "VcpuLimitExceeded"
        | "CapacityProviderScalingLimitExceeded" => "raise the quota or free addresses in the subnets, then run again",
        "InvalidSubnet" | "InvalidSecurityGroup" | "DisallowedByVpcEncryptionControl" | "InvalidConfiguration" => {
            "correct the function's network settings"
        }
        "KMSKeyAccessDenied" | "KMSKeyNotFound" | "DisabledKMSKey" | "InvalidStateKMSKey" => {
            "let the role use the key that encrypts the function's variables"
        }
        "InvalidZipFileException" | "InvalidRuntime" | "ImageAccessDenied" | "InvalidImage" | "ImageDeleted" => {
            "build the artefact anew; it must be a zip that holds an executable named bootstrap"
        }
        "FunctionError.RuntimeInitError"
        | "FunctionError.InitTimeout"
        | "FunctionError.InvalidEntryPoint"
        | "FunctionError.PermissionDenied"
        | "FunctionError.ExtensionInitError"
        | "FunctionError.InitResourceExhausted"
        | "FunctionError.TooManyExtensions" => {
            "check that bootstrap is executable, is built for the function's architecture, and starts; its log tells more"
        }
        "Creating" | "Restoring" | "Idle" | "DrainingDurableExecutions" => "run again to go on waiting",
        file_system if file_system.starts_with("EFS") => {
            "check the function's file system: its mount targets, security groups and access point"
        }
        "InternalError" => "run again; if it stays, ask AWS support with the request id",
        _ => "look at the function in the Lambda console",
    }
}

/// Shortest and longest pause between two looks.
const PAUSE: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(3));

/// Looks at a function until it is ready or asleep.
///
/// `look` reads the status; `tell` is told after each look what is waited for.
///
/// # Errors
/// The failure of a look; [`ErrorKind::Service`] when the function cannot become ready; [`ErrorKind::TimedOut`] when
/// the deadline passes; [`ErrorKind::Interrupted`].
pub async fn until_ready(
    name: &str,
    goal: Goal,
    deadline: Instant,
    interrupt: &Interrupt,
    mut look: impl AsyncFnMut() -> Result<FunctionStatus, ServiceFailure>,
    mut tell: impl FnMut(&str),
) -> Result<FunctionStatus, RegistrarError> {
    let (mut pause, longest) = PAUSE;
    loop {
        let status = look()
            .await
            .map_err(|failure| failure.during(format!("could not read the state of the function {name}")))?;
        match classify(&status) {
            Readiness::Ready | Readiness::Asleep => return Ok(status),
            Readiness::UpdateFailed if goal == Goal::Change => return Ok(status),
            Readiness::Pending => tell(&waiting_for(&status)),
            Readiness::CreationFailed => {
                let code = status.state_reason_code.as_deref();
                return Err(failed(
                    &format!("the function {name} could not be created"),
                    code,
                    status.state_reason.as_ref(),
                ));
            }
            Readiness::UpdateFailed => {
                let code = status.last_update_reason_code.as_deref();
                let what = format!("the update of the function {name} was rejected; the code before it still runs");
                return Err(failed(&what, code, status.last_update_reason.as_ref()));
            }
            Readiness::Unusable => {
                let state = status.state.as_deref().unwrap_or_default();
                return Err(RegistrarError::new(
                    ErrorKind::Service,
                    format!("the function {name} cannot be used: its state is {state}"),
                )
                .with_hint("wait until it is gone, or choose another name with --function-name"));
            }
        }
        if Instant::now() + pause > deadline {
            let message = format!("the function {name} was not ready in time ({})", waiting_for(&status));
            return Err(RegistrarError::new(ErrorKind::TimedOut, message)
                .with_hint("run again to go on waiting, with a longer --timeout if need be"));
        }
        interrupt.sleep(pause).await?;
        pause = longest.min(pause * 3 / 2);
    }
}

fn waiting_for(status: &FunctionStatus) -> String {
    let (field, value, reason) = match status.state.as_deref() {
        Some("Pending") => ("State", "Pending", &status.state_reason_code),
        _ => ("LastUpdateStatus", "InProgress", &status.last_update_reason_code),
    };
    match reason {
        Some(reason) => format!("{field} is {value}: {reason}"),
        None => format!("{field} is {value}"),
    }
}

fn failed(what: &str, code: Option<&str>, text: Option<&String>) -> RegistrarError {
    let code = code.unwrap_or("no reason given");
    let error = RegistrarError::new(ErrorKind::Service, format!("{what}: {code}")).with_hint(hint(code));
    match text {
        Some(text) => error.with_source(text.trim_end_matches('.').to_owned()),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::answered;

    fn status(state: &str, last_update: &str) -> FunctionStatus {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        FunctionStatus { state: text(state), last_update: text(last_update), ..FunctionStatus::default() }
    }

    #[test]
    fn wants_both_fields_to_be_green() {
        let table = [
            ("Active", "Successful", Readiness::Ready),
            ("Active", "", Readiness::Ready),
            ("", "", Readiness::Ready),
            ("Active", "InProgress", Readiness::Pending),
            ("Pending", "", Readiness::Pending),
            ("Pending", "InProgress", Readiness::Pending),
            ("Pending", "Successful", Readiness::Pending),
            ("Active", "Failed", Readiness::UpdateFailed),
            ("Failed", "Successful", Readiness::CreationFailed),
            ("Failed", "InProgress", Readiness::CreationFailed),
            ("Inactive", "Successful", Readiness::Asleep),
            ("ActiveNonInvocable", "Successful", Readiness::Unusable),
            ("Deleting", "", Readiness::Unusable),
        ];
        for (state, last_update, expected) in table {
            assert_eq!(classify(&status(state, last_update)), expected, "{state}/{last_update}");
        }
    }

    #[test]
    fn has_a_hint_of_its_own_for_each_group_of_reasons() {
        // AWS Lambda, "Lambda function states": one line for each group that is mended in the same way.
        let groups = [
            "Creating Restoring Idle DrainingDurableExecutions",
            "InsufficientRolePermissions",
            "EniLimitExceeded SubnetOutOfIPAddresses EC2RequestLimitExceeded InsufficientCapacity VcpuLimitExceeded \
             CapacityProviderScalingLimitExceeded",
            "InvalidSubnet InvalidSecurityGroup DisallowedByVpcEncryptionControl InvalidConfiguration",
            "KMSKeyAccessDenied KMSKeyNotFound DisabledKMSKey InvalidStateKMSKey",
            "InvalidZipFileException InvalidRuntime ImageAccessDenied InvalidImage ImageDeleted",
            "FunctionError.RuntimeInitError FunctionError.InitTimeout FunctionError.InvalidEntryPoint \
             FunctionError.PermissionDenied FunctionError.ExtensionInitError FunctionError.InitResourceExhausted \
             FunctionError.TooManyExtensions",
            "EFSIOError EFSMountConnectivityError EFSMountFailure EFSMountTimeout",
            "InternalError",
            "SomethingNew",
        ];
        let mut hints = std::collections::BTreeSet::new();
        for group in groups {
            let of_group: std::collections::BTreeSet<_> = group.split_whitespace().map(hint).collect();
            assert_eq!(of_group.len(), 1, "{group}: {of_group:?}");
            hints.extend(of_group);
        }
        assert_eq!(hints.len(), groups.len());
    }

    async fn wait(
        looks: Vec<Result<FunctionStatus, ServiceFailure>>,
        seconds: u64,
    ) -> (Result<(), RegistrarError>, u64) {
        let start = Instant::now();
        let mut looks = looks.into_iter();
        let mut last = None;
        let result = until_ready(
            "f",
            Goal::Use,
            start + Duration::from_secs(seconds),
            &Interrupt::never(),
            async || {
                if let Some(next) = looks.next() {
                    last = Some(next);
                }
                last.clone().unwrap()
            },
            |_| (),
        )
        .await;
        (result.map(drop), start.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn waits_through_pending_and_in_progress() {
        let looks =
            vec![Ok(status("Pending", "")), Ok(status("Active", "InProgress")), Ok(status("Active", "Successful"))];
        assert!(wait(looks, 60).await.0.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn gives_up_at_the_deadline_and_not_long_before() {
        let (result, elapsed) = wait(vec![Ok(status("Pending", ""))], 600).await;
        let error = result.unwrap_err();
        assert_eq!(error.exit_code().code(), 5);
        assert!(error.to_string().contains("State is Pending"), "{error}");
        assert!((590..=600).contains(&elapsed), "{elapsed}");
    }

    #[tokio::test(start_paused = true)]
    async fn says_that_the_old_code_still_runs_when_an_update_is_rejected() {
        let mut failed = status("Active", "Failed");
        failed.last_update_reason_code = Some("InvalidZipFileException".to_owned());
        failed.last_update_reason = Some("Could not unzip.".to_owned());
        let error = wait(vec![Ok(failed)], 60).await.0.unwrap_err();
        assert_eq!(
            error.to_string(),
            "the update of the function f was rejected; the code before it still runs: InvalidZipFileException"
        );
        assert_eq!(error.causes(), ["Could not unzip"]);
        assert_eq!(error.exit_code().code(), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn passes_a_failed_look_on() {
        let failure = answered("lambda:GetFunctionConfiguration", "AccessDeniedException", "no");
        let error = wait(vec![Ok(status("Pending", "")), Err(failure)], 60).await.0.unwrap_err();
        assert_eq!(error.exit_code().code(), 3);
    }
}
