//! Operations on resource policies.

use http::StatusCode;
use serde_json::json;

use super::Lambda;
use super::api::{Answer, Call};
use super::name::{FunctionName, LATEST};
use super::policy::AddPermission;
use super::request::invalid;
use crate::failure::ApiError;

impl Lambda {
    /// `AddPermission`.
    pub(super) async fn add_permission(
        &self,
        call: &Call<'_>,
        name: &FunctionName,
        request: AddPermission,
    ) -> Result<Answer, ApiError> {
        refuse_latest(name)?;
        self.change(|functions, _| {
            let function = functions.get_mut(call.scope, name)?;
            function.check_qualifier(call.scope, name)?;
            let key = name.published().unwrap_or_default().to_owned();
            let policy = function.policies.entry(key).or_default();
            let statement = policy.add(&request, &name.arn(call.scope))?;
            Ok(Answer::created(json!({ "Statement": statement })))
        })
        .await
    }

    /// `GetPolicy`.
    pub(super) async fn get_policy(&self, call: &Call<'_>, name: &FunctionName) -> Result<Answer, ApiError> {
        self.read(|functions, _| {
            let function = functions.get(call.scope, name)?;
            function.check_qualifier(call.scope, name)?;
            let policy = function.policies.get(name.published().unwrap_or_default()).ok_or_else(no_policy)?;
            Ok(Answer::ok(json!({
                "Policy": policy.to_json(),
                "RevisionId": policy.revision,
            })))
        })
        .await
    }

    /// `RemovePermission`.
    pub(super) async fn remove_permission(
        &self,
        call: &Call<'_>,
        name: &FunctionName,
        sid: &str,
    ) -> Result<Answer, ApiError> {
        refuse_latest(name)?;
        let revision = call.query("RevisionId");
        self.change(|functions, _| {
            let function = functions.get_mut(call.scope, name)?;
            function.check_qualifier(call.scope, name)?;
            let key = name.published().unwrap_or_default();
            let policy = function.policies.get_mut(key).ok_or_else(no_policy)?;
            policy.remove(sid, revision)?;
            if policy.statements.is_empty() {
                function.policies.remove(key);
            }
            Ok(Answer::empty())
        })
        .await
    }
}

fn refuse_latest(name: &FunctionName) -> Result<(), ApiError> {
    if name.qualifier.as_deref() == Some(LATEST) {
        return Err(invalid("We currently do not support adding policies for $LATEST."));
    }
    Ok(())
}

fn no_policy() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "ResourceNotFoundException", "The resource you requested does not exist.")
}
