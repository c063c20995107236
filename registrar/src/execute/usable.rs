//! Waiting until a function can be used, and making good what Lambda says will pass.

use tokio::time::Instant;

use super::{Executor, ROLE_SPREADS_WITHIN};
use crate::aws::Configuration;
use crate::error::RegistrarError;
use crate::observed::FunctionStatus;
use crate::wait::{Goal, Readiness, classify};

/// A change of the code that this run made.
#[derive(Debug, Clone)]
pub(super) enum CodeChange {
    /// The function was made.
    Created { configuration: Configuration, architecture: String, code_sha256: String },
    /// Its code was replaced.
    Updated { architecture: String, code_sha256: String },
}

/// Whether doing the same again may help (AWS Lambda, "Lambda function states").
fn may_pass(status: &FunctionStatus, role_is_young: bool, is_first_time: bool) -> bool {
    let code = match classify(status) {
        Readiness::CreationFailed => status.state_reason_code.as_deref(),
        Readiness::UpdateFailed => status.last_update_reason_code.as_deref(),
        _ => return false,
    };
    match code {
        Some("InsufficientRolePermissions") => role_is_young && classify(status) == Readiness::CreationFailed,
        Some("InternalError") => is_first_time,
        _ => false,
    }
}

impl Executor<'_> {
    /// Waits until it can be used. What failed for a reason that passes is done again.
    pub(super) async fn wait_usable(&mut self, function: &str) -> Result<(), RegistrarError> {
        let mut is_first_time = true;
        loop {
            let Err(error) = self.wait_ready(function, Goal::Use).await else { return Ok(()) };
            let Some(change) = self.memory.last_code.clone() else { return Err(error) };
            let Ok(status) = self.aws.lambda.status(function).await else { return Err(error) };
            let changed = self.memory.role_changed;
            let role_is_young = changed.is_some_and(|changed: Instant| changed.elapsed() < ROLE_SPREADS_WITHIN);
            if !may_pass(&status, role_is_young, is_first_time) {
                return Err(error);
            }
            is_first_time = false;
            (self.waiting())(&format!("{error}; doing it again"));
            self.interrupt.sleep(crate::retry::jittered(std::time::Duration::from_secs(5))).await?;
            match change {
                CodeChange::Created { configuration, architecture, code_sha256 } => {
                    self.delete_failed_function(function, false).await?;
                    self.create_function(function, &configuration, &architecture, &code_sha256).await?;
                }
                CodeChange::Updated { architecture, code_sha256 } => {
                    self.update_code(function, &architecture, &code_sha256).await?;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(creation: Option<&str>, update: Option<&str>) -> FunctionStatus {
        let text = |text: &str| Some(text.to_owned());
        FunctionStatus {
            state: text(if creation.is_some() { "Failed" } else { "Active" }),
            state_reason_code: creation.map(str::to_owned),
            last_update: text(if update.is_some() { "Failed" } else { "Successful" }),
            last_update_reason_code: update.map(str::to_owned),
            ..FunctionStatus::default()
        }
    }

    #[test]
    fn does_again_what_may_pass() {
        const ROLE: Option<&str> = Some("InsufficientRolePermissions");
        const INTERNAL: Option<&str> = Some("InternalError");
        // creation, update, role is young, first time
        let table = [
            (ROLE, None, true, true, true),
            (ROLE, None, true, false, true),
            (ROLE, None, false, true, false),
            (None, ROLE, true, true, false),
            (INTERNAL, None, false, true, true),
            (INTERNAL, None, false, false, false),
            (None, INTERNAL, false, true, true),
            (None, INTERNAL, false, false, false),
            (Some("InvalidZipFileException"), None, true, true, false),
            (None, None, true, true, false),
        ];
        for (creation, update, role_is_young, is_first_time, expected) in table {
            let status = failed(creation, update);
            assert_eq!(may_pass(&status, role_is_young, is_first_time), expected, "{status:?}");
        }
    }
}
