//! Resource policies: who may invoke a function, one policy per qualifier, each with its own revision.

use std::collections::BTreeMap;

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::configuration::stale_revision;
use super::name::{constraint, is_word};
use super::service_call::ServiceCall;
use crate::failure::ApiError;

/// Largest policy in bytes. Source: Lambda quotas, "Function resource-based policy".
const POLICY_LIMIT: usize = 20 * 1024;

/// The statements for one qualifier.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Policy {
    /// In the order in which they were added.
    pub(crate) statements: Vec<Statement>,
    /// Changes with every statement added or removed.
    pub(crate) revision: String,
}

/// One statement, in the spelling that `GetPolicy` shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Statement {
    sid: String,
    effect: String,
    principal: Value,
    action: String,
    resource: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    condition: BTreeMap<String, BTreeMap<String, String>>,
}

/// The body of `AddPermission`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AddPermission {
    statement_id: Option<String>,
    action: Option<String>,
    principal: Option<String>,
    source_arn: Option<String>,
    source_account: Option<String>,
    event_source_token: Option<String>,
    revision_id: Option<String>,
    #[serde(rename = "PrincipalOrgID")]
    principal_org_id: Option<String>,
    function_url_auth_type: Option<String>,
    invoked_via_function_url: Option<bool>,
}

impl AddPermission {
    /// The statement that the call asks for, on a function or qualified ARN.
    fn statement(&self, resource: &str) -> Result<Statement, ApiError> {
        let sid = required(self.statement_id.as_deref(), "statementId")?;
        if !is_word(sid) || sid.len() > 100 {
            return Err(constraint(
                sid,
                "statementId",
                "Member must satisfy regular expression pattern: ([a-zA-Z0-9-_]+) and have length less than or equal to 100",
            ));
        }
        let action = required(self.action.as_deref(), "action")?;
        if !is_action(action) {
            return Err(constraint(
                action,
                "action",
                "Member must satisfy regular expression pattern: (lambda:[*]|lambda:[a-zA-Z]+|[*])",
            ));
        }
        let principal = principal(required(self.principal.as_deref(), "principal")?)?;
        if let Some(account) = &self.source_account
            && !is_account(account)
        {
            return Err(constraint(
                account,
                "sourceAccount",
                "Member must satisfy regular expression pattern: \\d{12}",
            ));
        }
        if let Some(arn) = &self.source_arn
            && !arn.starts_with("arn:")
        {
            return Err(constraint(
                arn,
                "sourceArn",
                "Member must satisfy regular expression pattern: arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\\-])+:([a-z]{2}(-gov)?-[a-z]+-\\d{1})?:(\\d{12})?:(.*)",
            ));
        }
        let mut condition: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        let mut require = |operator: &str, key: &str, value: Option<&str>| {
            if let Some(value) = value {
                condition.entry(operator.to_owned()).or_default().insert(key.to_owned(), value.to_owned());
            }
        };
        require("StringEquals", "AWS:SourceAccount", self.source_account.as_deref());
        require("StringEquals", "aws:PrincipalOrgID", self.principal_org_id.as_deref());
        require("StringEquals", "lambda:EventSourceToken", self.event_source_token.as_deref());
        require("StringEquals", "lambda:FunctionUrlAuthType", self.function_url_auth_type.as_deref());
        require(
            "Bool",
            "lambda:InvokedViaFunctionUrl",
            self.invoked_via_function_url.map(|yes| if yes { "true" } else { "false" }),
        );
        require("ArnLike", "AWS:SourceArn", self.source_arn.as_deref());
        Ok(Statement {
            sid: sid.to_owned(),
            effect: "Allow".to_owned(),
            principal,
            action: action.to_owned(),
            resource: resource.to_owned(),
            condition,
        })
    }
}

impl Policy {
    /// Adds a statement and returns it as JSON text.
    pub(crate) fn add(&mut self, request: &AddPermission, resource: &str) -> Result<String, ApiError> {
        self.check_revision(request.revision_id.as_deref())?;
        let statement = request.statement(resource)?;
        if self.statements.iter().any(|one| one.sid == statement.sid) {
            return Err(ApiError::new(
                StatusCode::CONFLICT,
                "ResourceConflictException",
                format!(
                    "The statement id ({}) provided already exists. Please provide a new statement id, or remove the existing statement.",
                    statement.sid
                ),
            ));
        }
        let text = json!(statement).to_string();
        self.statements.push(statement);
        if self.to_json().len() > POLICY_LIMIT {
            return Err(ApiError::new(
                StatusCode::BAD_REQUEST,
                "PolicyLengthExceededException",
                format!("The final policy size is bigger than the limit ({POLICY_LIMIT})."),
            ));
        }
        self.revision = Uuid::new_v4().to_string();
        Ok(text)
    }

    /// Removes a statement.
    pub(crate) fn remove(&mut self, sid: &str, revision: Option<&str>) -> Result<(), ApiError> {
        let Some(index) = self.statements.iter().position(|statement| statement.sid == sid) else {
            return Err(ApiError::new(
                StatusCode::NOT_FOUND,
                "ResourceNotFoundException",
                format!("Statement {sid} is not found in resource policy."),
            ));
        };
        self.check_revision(revision)?;
        self.statements.remove(index);
        self.revision = Uuid::new_v4().to_string();
        Ok(())
    }

    /// The policy document.
    pub(crate) fn to_json(&self) -> String {
        json!({ "Version": "2012-10-17", "Id": "default", "Statement": self.statements }).to_string()
    }

    /// Whether a statement lets a service invoke the function.
    pub(crate) fn permits(&self, call: &ServiceCall<'_>, resource: &str) -> bool {
        self.statements.iter().any(|statement| {
            statement.effect == "Allow"
                && statement.resource == resource
                && matches!(statement.action.as_str(), "lambda:InvokeFunction" | "lambda:*" | "*")
                && names_service(&statement.principal, call.principal)
                && statement.condition.iter().all(|(operator, keys)| holds(operator, keys, call))
        })
    }

    fn check_revision(&self, wanted: Option<&str>) -> Result<(), ApiError> {
        match wanted {
            Some(wanted) if wanted != self.revision => {
                Err(stale_revision("Call the GetPolicy API to retrieve the latest Revision Id"))
            }
            Some(_) | None => Ok(()),
        }
    }
}

fn names_service(principal: &Value, service: &str) -> bool {
    principal.as_str() == Some("*") || principal.get("Service").and_then(Value::as_str) == Some(service)
}

/// Whether all keys of a condition hold. An operator or key that is not known here does not hold: better one call
/// refused that AWS lets through than the other way round.
fn holds(operator: &str, keys: &BTreeMap<String, String>, call: &ServiceCall<'_>) -> bool {
    keys.iter().all(|(key, wanted)| {
        let key = key.to_ascii_lowercase();
        match (operator, key.as_str()) {
            ("StringEquals", "aws:sourceaccount") => wanted == call.source_account,
            ("ArnLike", "aws:sourcearn") => arn_like(wanted, call.source_arn),
            _ => false,
        }
    })
}

/// IAM's `ArnLike`: the six parts are matched one by one, `*` for any run of characters and `?` for one.
fn arn_like(pattern: &str, arn: &str) -> bool {
    let pattern: Vec<&str> = pattern.splitn(6, ':').collect();
    let arn: Vec<&str> = arn.splitn(6, ':').collect();
    pattern.len() == arn.len()
        && pattern.iter().zip(&arn).all(|(pattern, part)| glob(pattern.as_bytes(), part.as_bytes()))
}

fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut matched) = (0, 0);
    // Where to resume when a literal after the last star does not fit: the star takes one character more.
    let mut star: Option<(usize, usize)> = None;
    while matched < text.len() {
        if pattern.get(at) == Some(&b'*') {
            star = Some((at, matched));
            at += 1;
        } else if pattern.get(at).is_some_and(|&one| one == b'?' || one == text[matched]) {
            at += 1;
            matched += 1;
        } else if let Some((star_at, taken)) = star {
            star = Some((star_at, taken + 1));
            at = star_at + 1;
            matched = taken + 1;
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|&one| one == b'*')
}

fn principal(text: &str) -> Result<Value, ApiError> {
    if text == "*" {
        return Ok(json!("*"));
    }
    if is_account(text) {
        return Ok(json!({ "AWS": format!("arn:aws:iam::{text}:root") }));
    }
    if text.starts_with("arn:") {
        return Ok(json!({ "AWS": text }));
    }
    let is_service = [".amazonaws.com", ".amazonaws.com.cn", ".amazon.com"].iter().any(|suffix| {
        text.strip_suffix(suffix).is_some_and(|name| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.')
        })
    });
    if is_service {
        return Ok(json!({ "Service": text }));
    }
    Err(ApiError::new(
        StatusCode::BAD_REQUEST,
        "InvalidParameterValueException",
        "The provided principal was invalid. Please check the principal and try again.",
    ))
}

fn is_action(text: &str) -> bool {
    text == "*"
        || text.strip_prefix("lambda:").is_some_and(|name| {
            name == "*" || (!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic()))
        })
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn required<'a>(value: Option<&'a str>, member: &str) -> Result<&'a str, ApiError> {
    value.ok_or_else(|| missing(member))
}

/// The refusal for a member that must be there.
pub(crate) fn missing(member: &str) -> ApiError {
    ApiError::new(
        StatusCode::BAD_REQUEST,
        "ValidationException",
        format!(
            "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const FUNCTION: &str = "arn:aws:lambda:us-east-1:000000000000:function:acme";
    const CALL: ServiceCall<'static> = ServiceCall {
        principal: "appflow.amazonaws.com",
        source_account: "000000000000",
        source_arn: "arn:aws:appflow:us-east-1:000000000000:connector/acme",
    };

    fn request(changes: &Value) -> AddPermission {
        let mut body = json!({
            "StatementId": "appflow",
            "Action": "lambda:InvokeFunction",
            "Principal": "appflow.amazonaws.com",
        });
        for (name, value) in changes.as_object().unwrap() {
            body[name] = value.clone();
        }
        serde_json::from_value(body).unwrap()
    }

    fn policy(changes: &Value) -> Policy {
        let mut policy = Policy::default();
        policy.add(&request(changes), FUNCTION).unwrap();
        policy
    }

    #[test]
    fn writes_the_condition_keys_as_lambda_does() {
        let policy = policy(&json!({
            "SourceAccount": "000000000000",
            "SourceArn": "arn:aws:appflow:us-east-1:000000000000:*",
        }));
        let document: Value = serde_json::from_str(&policy.to_json()).unwrap();
        assert_eq!(
            document,
            json!({
                "Version": "2012-10-17",
                "Id": "default",
                "Statement": [{
                    "Sid": "appflow",
                    "Effect": "Allow",
                    "Principal": { "Service": "appflow.amazonaws.com" },
                    "Action": "lambda:InvokeFunction",
                    "Resource": FUNCTION,
                    "Condition": {
                        "StringEquals": { "AWS:SourceAccount": "000000000000" },
                        "ArnLike": { "AWS:SourceArn": "arn:aws:appflow:us-east-1:000000000000:*" },
                    },
                }],
            })
        );
    }

    #[test]
    fn lets_in_whom_a_statement_names_and_nobody_else() {
        for (changes, permitted) in [
            (json!({}), true),
            (json!({ "Action": "lambda:*" }), true),
            (json!({ "Action": "*" }), true),
            (json!({ "Principal": "*" }), true),
            (json!({ "SourceAccount": "000000000000" }), true),
            (json!({ "SourceArn": "arn:aws:appflow:us-east-1:000000000000:*" }), true),
            (json!({ "SourceArn": "arn:aws:appflow:*:000000000000:connector/a?me" }), true),
            (json!({ "Action": "lambda:GetFunction" }), false),
            (json!({ "Principal": "s3.amazonaws.com" }), false),
            (json!({ "Principal": "000000000000" }), false),
            (json!({ "SourceAccount": "111111111111" }), false),
            (json!({ "SourceArn": "arn:aws:appflow:eu-west-1:000000000000:*" }), false),
            (json!({ "EventSourceToken": "x" }), false),
        ] {
            assert_eq!(policy(&changes).permits(&CALL, FUNCTION), permitted, "{changes}");
        }
    }

    #[test]
    fn a_policy_speaks_for_its_own_resource_only() {
        assert!(!policy(&json!({})).permits(&CALL, &format!("{FUNCTION}:live")));
    }

    #[test]
    fn a_star_in_an_arn_does_not_reach_over_its_part() {
        assert!(arn_like("arn:aws:appflow:us-east-1:000000000000:*", "arn:aws:appflow:us-east-1:000000000000:a:b"));
        assert!(!arn_like("arn:aws:*:connector/acme", "arn:aws:appflow:us-east-1:000000000000:connector/acme"));
        assert!(glob(b"a*b*c", b"axxbxbyc"));
        assert!(!glob(b"a*b?", b"axb"));
        assert!(glob(b"*", b""));
    }

    #[test]
    fn turns_an_account_into_its_root() {
        let policy = policy(&json!({ "Principal": "123456789012" }));
        assert!(policy.to_json().contains(r#"{"AWS":"arn:aws:iam::123456789012:root"}"#));
    }

    #[test]
    fn refuses_a_repeated_statement_id_and_an_outdated_revision() {
        let mut policy = policy(&json!({}));
        let error = policy.add(&request(&json!({})), FUNCTION).unwrap_err();
        assert_eq!((error.status(), error.code()), (StatusCode::CONFLICT, "ResourceConflictException"));
        assert!(error.message().contains("The statement id (appflow) provided already exists"));

        let stale = request(&json!({ "StatementId": "two", "RevisionId": "old" }));
        assert_eq!(policy.add(&stale, FUNCTION).unwrap_err().status(), StatusCode::PRECONDITION_FAILED);
        assert_eq!(policy.remove("appflow", Some("old")).unwrap_err().status(), StatusCode::PRECONDITION_FAILED);
        policy.remove("appflow", Some(&policy.revision.clone())).unwrap();
        assert_eq!(policy.remove("appflow", None).unwrap_err().code(), "ResourceNotFoundException");
    }

    #[test]
    fn refuses_bad_members_by_name() {
        for (changes, fragment) in [
            (json!({ "StatementId": "a b" }), "'statementId'"),
            (json!({ "StatementId": null }), "null at 'statementId'"),
            (json!({ "Action": "s3:GetObject" }), "'action'"),
            (json!({ "Principal": "someone" }), "principal was invalid"),
            (json!({ "SourceAccount": "1" }), "'sourceAccount'"),
            (json!({ "SourceArn": "x" }), "'sourceArn'"),
        ] {
            let error = Policy::default().add(&request(&changes), FUNCTION).unwrap_err();
            assert!(error.message().contains(fragment), "{error}");
        }
    }
}
