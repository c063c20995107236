//! Policy documents: what IAM refuses at first sight, and whom a trust policy lets in.

use http::StatusCode;
use serde_json::Value;

use crate::failure::ApiError;

/// Refuses what IAM's grammar refuses at first sight. A trust policy names principals and no resources; any other policy
/// the other way round.
pub(super) fn check(text: &str, trust: bool) -> Result<(), ApiError> {
    let malformed = |message: &str| Err(ApiError::new(StatusCode::BAD_REQUEST, "MalformedPolicyDocument", message));
    let Ok(document) = serde_json::from_str::<Value>(text) else {
        return malformed("This policy contains invalid Json");
    };
    let statements = statements(&document);
    if !document.is_object() || statements.is_empty() {
        return malformed("Syntax errors in policy: it needs a Statement.");
    }
    for statement in statements {
        let has = |name: &str| statement.get(name).is_some();
        if !matches!(statement.get("Effect").and_then(Value::as_str), Some("Allow" | "Deny")) {
            return malformed("Syntax errors in policy: Effect must be Allow or Deny.");
        }
        if !has("Action") && !has("NotAction") {
            return malformed("Policy statement must contain actions.");
        }
        if trust {
            if has("Resource") || has("NotResource") {
                return malformed("Has prohibited field Resource");
            }
            if !has("Principal") && !has("NotPrincipal") {
                return malformed("Missing required field Principal");
            }
        } else {
            if has("Principal") || has("NotPrincipal") {
                return malformed("Policy document should not specify a principal.");
            }
            if !has("Resource") && !has("NotResource") {
                return malformed("Policy statement must contain resources.");
            }
        }
    }
    Ok(())
}

fn statements(document: &Value) -> Vec<&Value> {
    match document.get("Statement") {
        Some(Value::Array(list)) => list.iter().collect(),
        Some(one @ Value::Object(_)) => vec![one],
        Some(_) | None => Vec::new(),
    }
}

/// Whether a trust policy lets in a principal for which `is_meant` holds. Conditions are not looked at.
pub(super) fn trusts(document: &str, is_meant: impl Fn(&str, &str) -> bool) -> bool {
    let Ok(document) = serde_json::from_str::<Value>(document) else {
        return false;
    };
    statements(&document).into_iter().any(|statement| {
        let allows = statement.get("Effect").and_then(Value::as_str) == Some("Allow");
        let assumes = statement.get("Action").is_some_and(|actions| {
            texts(actions).iter().any(|action| matches!(*action, "sts:AssumeRole" | "sts:*" | "*"))
        });
        let named = match statement.get("Principal") {
            Some(Value::Object(kinds)) => {
                kinds.iter().any(|(kind, names)| texts(names).iter().any(|name| is_meant(kind, name)))
            }
            Some(Value::String(everybody)) => everybody == "*",
            Some(_) | None => false,
        };
        allows && assumes && named
    })
}

/// One text or a list of them.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        other => other.as_str().into_iter().collect(),
    }
}
