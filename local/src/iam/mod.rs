//! IAM: the emulated service, with the surface that AWS has.
//!
//! The emulation gets roles and their error codes right. What this module adds: policy documents and names are checked,
//! AWS managed policies exist, `GetRole` and `CreateRole` answer completely, documents are percent-encoded in answers,
//! and the state is on disk before an answer is given.

mod document;
mod form;
mod managed_policy;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use tokio::sync::Mutex;
use url::form_urlencoded;
use winterbaume_core::{MockRequest, MockResponse, MockService as _, StatefulService as _};
use winterbaume_iam::views::RoleView;
use winterbaume_iam::{IamService, IamStateView};

use self::document::trusts;
use crate::failure::ApiError;
use crate::store::{Store, StoreError};

/// Name of the state document.
const DOCUMENT: &str = "iam";

/// IAM is global; the emulation keeps it under this region, which is what it reads from [`ADDRESS`].
const REGION: &str = "us-east-1";

/// The address that the emulation takes the region from.
const ADDRESS: &str = "https://iam.amazonaws.com/";

/// IAM; cheap to clone.
#[derive(Clone)]
pub(crate) struct Iam(Arc<Inner>);

struct Inner {
    service: IamService,
    store: Arc<Store>,
    account: String,
    /// Held from a change to its being saved, so that no older state overwrites a newer one.
    saving: Mutex<()>,
}

impl Iam {
    /// Takes up the roles of a state directory.
    pub(crate) async fn open(store: Arc<Store>, account: &str) -> Result<Self, StoreError> {
        let service = IamService::new();
        let mut view: IamStateView = store.load(DOCUMENT)?;
        for policy in managed_policy::all() {
            view.policies.entry(policy.arn.clone()).or_insert(policy);
        }
        let restored = service.restore(account, REGION, view).await;
        restored.map_err(|error| StoreError::Refused { name: DOCUMENT, reason: error.to_string() })?;
        Ok(Self(Arc::new(Inner { service, store, account: account.to_owned(), saving: Mutex::default() })))
    }

    /// Answers a request of the query protocol.
    pub(crate) async fn handle(&self, body: &[u8]) -> Response {
        match self.answer(body).await {
            Ok(response) => response,
            Err(error) => error.query_xml(),
        }
    }

    /// Whether a role exists and its trust policy lets a service assume it.
    pub(crate) async fn role_trusts_service(&self, role_arn: &str, service: &str) -> bool {
        self.role(role_arn).await.is_some_and(|role| {
            trusts(&role.assume_role_policy_document, |kind, name| kind == "Service" && name == service)
        })
    }

    /// Whether a role exists and its trust policy lets an identity of this account assume it.
    pub(crate) async fn role_trusts_identity(&self, role_arn: &str, identity_arn: &str) -> bool {
        let account = &self.0.account;
        let root = format!("arn:aws:iam::{account}:root");
        self.role(role_arn).await.is_some_and(|role| {
            trusts(&role.assume_role_policy_document, |kind, name| {
                kind == "AWS" && (name == "*" || name == account || name == root || name == identity_arn)
            })
        })
    }

    /// The unique id of a role, as in `AROA…`.
    pub(crate) async fn role_id(&self, role_arn: &str) -> Option<String> {
        self.role(role_arn).await.map(|role| role.role_id)
    }

    async fn role(&self, role_arn: &str) -> Option<RoleView> {
        let name = role_arn.rsplit('/').next()?;
        let mut view = self.snapshot().await;
        view.roles.remove(name).filter(|role| role.arn == role_arn)
    }

    async fn snapshot(&self) -> IamStateView {
        self.0.service.snapshot(&self.0.account, REGION).await
    }

    async fn answer(&self, body: &[u8]) -> Result<Response, ApiError> {
        let parameters: HashMap<String, String> = form_urlencoded::parse(body).into_owned().collect();
        let action = parameters.get("Action").map(String::as_str).unwrap_or_default();
        check(&parameters)?;
        let request = MockRequest {
            method: "POST".to_owned(),
            uri: ADDRESS.to_owned(),
            headers: HeaderMap::new(),
            body: form::encode(&parameters)?,
        };
        let is_reading = ["Get", "List", "Simulate", "Generate"].iter().any(|verb| action.starts_with(verb));
        let answer = if is_reading {
            self.0.service.handle(request).await
        } else {
            let saving = self.0.saving.lock().await;
            let answer = self.0.service.handle(request).await;
            if answer.status < 300 {
                let view = self.snapshot().await;
                self.0.store.save(DOCUMENT, &view).map_err(|error| ApiError::internal(&error))?;
            }
            drop(saving);
            answer
        };
        if answer.status < 300
            && let "GetRole" | "CreateRole" = action
            && let Some(role) = parameters.get("RoleName")
            && let Some(role) = self.snapshot().await.roles.get(role)
        {
            return Ok(xml(form::role_answer(action, role)));
        }
        Ok(into_response(&answer))
    }
}

/// The emulation's answer as one of ours, with documents percent-encoded.
fn into_response(answer: &MockResponse) -> Response {
    let text = String::from_utf8_lossy(&answer.body);
    let mut text = text.into_owned();
    for element in ["AssumeRolePolicyDocument", "PolicyDocument", "Document"] {
        text = form::encode_element(&text, element);
    }
    let mut response = xml(text);
    // The emulation's unknown actions and its own limits come as 5xx; they are the caller's to mend.
    *response.status_mut() = match StatusCode::from_u16(answer.status) {
        Ok(status) if status.is_server_error() => StatusCode::BAD_REQUEST,
        Ok(status) => status,
        Err(_) => StatusCode::BAD_REQUEST,
    };
    response
}

fn xml(text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("text/xml"));
    response
}

fn check(parameters: &HashMap<String, String>) -> Result<(), ApiError> {
    for (parameter, member, limit) in [("RoleName", "roleName", 64), ("PolicyName", "policyName", 128)] {
        if let Some(name) = parameters.get(parameter)
            && (name.is_empty() || name.len() > limit || !name.bytes().all(is_name_byte))
        {
            return Err(ApiError::new(
                StatusCode::BAD_REQUEST,
                "ValidationError",
                format!(
                    "1 validation error detected: Value '{name}' at '{member}' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]+ and have length less than or equal to {limit}"
                ),
            ));
        }
    }
    if let Some(document) = parameters.get("AssumeRolePolicyDocument") {
        document::check(document, true)?;
    }
    if let Some(document) = parameters.get("PolicyDocument") {
        let trust = parameters.get("Action").map(String::as_str) == Some("UpdateAssumeRolePolicy");
        document::check(document, trust)?;
    }
    Ok(())
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte)
}
