//! Function URLs and reserved concurrency: kept so that deployment tools find what they wrote, not acted on.

use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::name::constraint;
use super::policy::missing;
use super::state::Function;
use crate::failure::ApiError;
use crate::hexadecimal::hexadecimal;
use crate::scope::Scope;

/// The URL configuration of a function or alias.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct FunctionUrl {
    auth_type: String,
    invoke_mode: String,
    cors: Option<Value>,
    created: Timestamp,
    modified: Timestamp,
}

/// The body of `CreateFunctionUrlConfig` and `UpdateFunctionUrlConfig`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct FunctionUrlRequest {
    auth_type: Option<String>,
    invoke_mode: Option<String>,
    cors: Option<Value>,
}

impl Function {
    /// `CreateFunctionUrlConfig`. `qualifier` is empty for the function itself.
    pub(crate) fn create_url(
        &mut self,
        scope: &Scope,
        qualifier: &str,
        request: FunctionUrlRequest,
        now: Timestamp,
    ) -> Result<Value, ApiError> {
        if self.urls.contains_key(qualifier) {
            return Err(ApiError::new(
                StatusCode::CONFLICT,
                "ResourceConflictException",
                format!("FunctionUrlConfig exists for this Lambda function: {}", self.latest.arn),
            ));
        }
        let auth_type = request.auth_type.ok_or_else(|| missing("authType"))?;
        check_auth_type(&auth_type)?;
        let url = FunctionUrl {
            auth_type,
            invoke_mode: request.invoke_mode.unwrap_or_else(|| "BUFFERED".to_owned()),
            cors: request.cors,
            created: now,
            modified: now,
        };
        let shown = self.show_url(scope, qualifier, &url);
        self.urls.insert(qualifier.to_owned(), url);
        Ok(shown)
    }

    /// `UpdateFunctionUrlConfig`.
    pub(crate) fn update_url(
        &mut self,
        scope: &Scope,
        qualifier: &str,
        request: FunctionUrlRequest,
        now: Timestamp,
    ) -> Result<Value, ApiError> {
        let mut url = self.url(qualifier)?.clone();
        if let Some(auth_type) = request.auth_type {
            check_auth_type(&auth_type)?;
            url.auth_type = auth_type;
        }
        if let Some(invoke_mode) = request.invoke_mode {
            url.invoke_mode = invoke_mode;
        }
        if request.cors.is_some() {
            url.cors = request.cors;
        }
        url.modified = now;
        let shown = self.show_url(scope, qualifier, &url);
        self.urls.insert(qualifier.to_owned(), url);
        Ok(shown)
    }

    /// `GetFunctionUrlConfig`.
    pub(crate) fn get_url(&self, scope: &Scope, qualifier: &str) -> Result<Value, ApiError> {
        Ok(self.show_url(scope, qualifier, self.url(qualifier)?))
    }

    /// `DeleteFunctionUrlConfig`.
    pub(crate) fn delete_url(&mut self, qualifier: &str) -> Result<(), ApiError> {
        self.url(qualifier)?;
        self.urls.remove(qualifier);
        Ok(())
    }

    fn url(&self, qualifier: &str) -> Result<&FunctionUrl, ApiError> {
        self.urls.get(qualifier).ok_or_else(|| {
            ApiError::new(
                StatusCode::NOT_FOUND,
                "ResourceNotFoundException",
                "The resource you requested does not exist.",
            )
        })
    }

    fn show_url(&self, scope: &Scope, qualifier: &str, url: &FunctionUrl) -> Value {
        let arn =
            if qualifier.is_empty() { self.latest.arn.clone() } else { format!("{}:{qualifier}", self.latest.arn) };
        let id = hexadecimal(&Sha256::digest(arn.as_bytes())[..16]);
        let mut shown = json!({
            "FunctionUrl": format!("https://{id}.lambda-url.{}.on.aws/", scope.region),
            "FunctionArn": arn,
            "AuthType": url.auth_type,
            "InvokeMode": url.invoke_mode,
            "CreationTime": url.created.to_string(),
            "LastModifiedTime": url.modified.to_string(),
        });
        if let Some(cors) = &url.cors {
            shown["Cors"] = cors.clone();
        }
        shown
    }
}

fn check_auth_type(auth_type: &str) -> Result<(), ApiError> {
    if matches!(auth_type, "NONE" | "AWS_IAM") {
        return Ok(());
    }
    Err(constraint(auth_type, "authType", "Member must satisfy enum value set: [NONE, AWS_IAM]"))
}
