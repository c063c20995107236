//! The policies this program writes, and how it recognises them again.

use serde::Serialize;
use serde_json::{Value, json};

use crate::digest::short_hex;

/// The principal that invokes connectors.
pub const APPFLOW_PRINCIPAL: &str = "appflow.amazonaws.com";

/// The action it needs.
pub const INVOKE_ACTION: &str = "lambda:InvokeFunction";

/// Who may assume the function's role: Lambda.
#[must_use]
pub fn trust() -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }],
    })
}

/// Lets the connector read the secrets that AppFlow keeps for its connections, and no others.
///
/// AppFlow names them `appflow!<account>-<label>-<connection>-<suffix>` (official Python SDK, troubleshooting guide).
#[must_use]
pub fn secrets(partition: &str, region: &str, account: &str, label: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Action": "secretsmanager:GetSecretValue",
            "Resource": format!("arn:{partition}:secretsmanager:{region}:{account}:secret:appflow!{account}-{label}-*"),
        }],
    })
}

/// The managed policy that lets a function write its log.
#[must_use]
pub fn logging_policy_arn(partition: &str) -> String {
    format!("arn:{partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")
}

/// The managed policy that a function in a network needs.
#[must_use]
pub fn network_policy_arn(partition: &str) -> String {
    format!("arn:{partition}:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole")
}

/// The managed policy that a function with tracing needs.
#[must_use]
pub fn tracing_policy_arn(partition: &str) -> String {
    format!("arn:{partition}:iam::aws:policy/AWSXRayDaemonWriteAccess")
}

/// The right to invoke a function that AppFlow is given, narrowed to one account and region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    /// The statement's id: the same for the same content.
    pub statement_id: String,
    /// Only on behalf of this account.
    pub source_account: String,
    /// Only on behalf of these AppFlow resources.
    pub source_arn: String,
}

impl Grant {
    /// The grant for the connector of a label.
    #[must_use]
    pub fn new(partition: &str, region: &str, account: &str, label: &str) -> Self {
        let source_arn = format!("arn:{partition}:appflow:{region}:{account}:*");
        let content = format!("{APPFLOW_PRINCIPAL}\n{INVOKE_ACTION}\n{account}\n{source_arn}");
        let statement_id = format!("{}{}", Self::prefix(label), short_hex(content.as_bytes(), 12));
        Self { statement_id, source_account: account.to_owned(), source_arn }
    }

    /// What the ids of all our statements begin with, whatever the label.
    const PREFIX: &str = "registrar-appflow-";

    /// Whether a statement was made for another label: it goes when that label does.
    #[must_use]
    pub fn is_of_another_label(statement_id: &str, label: &str) -> bool {
        statement_id.starts_with(Self::PREFIX) && !statement_id.starts_with(&Self::prefix(label))
    }

    /// What the ids of all our statements for a label begin with.
    #[must_use]
    pub fn prefix(label: &str) -> String {
        format!("{}{}-", Self::PREFIX, short_hex(label.as_bytes(), 8))
    }
}

/// One statement of a function's resource policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its id.
    pub id: String,
    content: Value,
}

impl Statement {
    /// The statements of a policy document.
    #[must_use]
    pub fn parse_all(policy: &Value) -> Vec<Self> {
        let statements = match policy.get("Statement") {
            Some(Value::Array(statements)) => statements.as_slice(),
            Some(statement @ Value::Object(_)) => std::slice::from_ref(statement),
            _ => &[],
        };
        statements
            .iter()
            .map(|content| Self {
                id: content.get("Sid").and_then(Value::as_str).unwrap_or_default().to_owned(),
                content: content.clone(),
            })
            .collect()
    }

    /// The statement that Lambda makes of a grant.
    #[must_use]
    pub fn of_grant(grant: &Grant, function_arn: &str) -> Self {
        let content = json!({
            "Sid": grant.statement_id,
            "Effect": "Allow",
            "Principal": {"Service": APPFLOW_PRINCIPAL},
            "Action": INVOKE_ACTION,
            "Resource": function_arn,
            "Condition": {
                "StringEquals": {"AWS:SourceAccount": grant.source_account},
                "ArnLike": {"AWS:SourceArn": grant.source_arn},
            },
        });
        Self { id: grant.statement_id.clone(), content }
    }

    /// Whether it gives exactly what the grant gives, whatever its id.
    #[must_use]
    pub fn equals(&self, grant: &Grant, function_arn: &str) -> bool {
        let text = |key: &str| self.content.get(key).and_then(sole_text);
        text("Effect") == Some("Allow")
            && text("Action") == Some(INVOKE_ACTION)
            && text("Resource") == Some(function_arn)
            && self.content.get("Principal").and_then(|who| who.get("Service")).and_then(sole_text)
                == Some(APPFLOW_PRINCIPAL)
            && self.conditions()
                == [
                    ("arnlike aws:sourcearn".to_owned(), grant.source_arn.as_str()),
                    ("stringequals aws:sourceaccount".to_owned(), grant.source_account.as_str()),
                ]
    }

    /// `operator key` in lower case with its value, sorted: neither part is case-sensitive in IAM.
    fn conditions(&self) -> Vec<(String, &str)> {
        let operators = self.content.get("Condition").and_then(Value::as_object);
        let mut conditions: Vec<_> = operators
            .into_iter()
            .flatten()
            .flat_map(|(operator, keys)| keys.as_object().into_iter().flatten().map(move |entry| (operator, entry)))
            .map(|(operator, (key, value))| {
                (format!("{operator} {key}").to_ascii_lowercase(), sole_text(value).unwrap_or_default())
            })
            .collect();
        conditions.sort_unstable();
        conditions
    }
}

/// The text of a string or of an array with one string: IAM treats them alike.
fn sole_text(value: &Value) -> Option<&str> {
    match value {
        Value::Array(values) => match values.as_slice() {
            [only] => only.as_str(),
            _ => None,
        },
        value => value.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FUNCTION: &str = "arn:aws:lambda:eu-west-1:123456789012:function:f";

    fn grant() -> Grant {
        Grant::new("aws", "eu-west-1", "123456789012", "acme")
    }

    #[test]
    fn gives_the_same_statement_id_to_the_same_content_only() {
        assert_eq!(grant(), grant());
        let id = grant().statement_id;
        assert!(id.starts_with(&Grant::prefix("acme")) && id.len() <= 100, "{id}");
        assert!(id.chars().all(|next| next.is_ascii_alphanumeric() || next == '-'), "{id}");
        assert_ne!(id, Grant::new("aws", "eu-west-2", "123456789012", "acme").statement_id);
        assert_ne!(id, Grant::new("aws", "eu-west-1", "123456789012", "acne").statement_id);
    }

    #[test]
    fn recognises_its_own_statement_however_aws_spells_it() {
        let grant = grant();
        let statement = Statement::of_grant(&grant, FUNCTION);
        assert!(statement.equals(&grant, FUNCTION));
        let spelled = json!({"Statement": {
            "Sid": "by-hand", "Effect": "Allow", "Principal": {"Service": [APPFLOW_PRINCIPAL]}, "Action": [INVOKE_ACTION],
            "Resource": FUNCTION, "Condition": {
                "ArnLike": {"aws:SourceArn": grant.source_arn}, "StringEquals": {"aws:sourceAccount": ["123456789012"]}},
        }});
        assert!(Statement::parse_all(&spelled)[0].equals(&grant, FUNCTION));
    }

    #[test]
    fn refuses_a_statement_that_gives_anything_else() {
        let grant = grant();
        let changes: [(&str, Value); 6] = [
            ("/Effect", json!("Deny")),
            ("/Action", json!("lambda:*")),
            ("/Resource", json!("arn:aws:lambda:eu-west-1:123456789012:function:g")),
            ("/Principal", json!("*")),
            ("/Condition/StringEquals", json!({"AWS:SourceAccount": "210987654321"})),
            ("/Condition/ArnLike", json!({"AWS:SourceArn": "arn:aws:appflow:eu-west-1:123456789012:flow/x"})),
        ];
        for (pointer, value) in changes {
            let mut statement = Statement::of_grant(&grant, FUNCTION);
            *statement.content.pointer_mut(pointer).unwrap() = value;
            assert!(!statement.equals(&grant, FUNCTION), "{pointer}");
        }
        let mut narrower = Statement::of_grant(&grant, FUNCTION);
        narrower.content["Condition"]["Bool"] = json!({"aws:SecureTransport": "true"});
        assert!(!narrower.equals(&grant, FUNCTION));
    }

    #[test]
    fn reads_no_statements_out_of_nothing() {
        assert!(Statement::parse_all(&Value::Null).is_empty());
        assert!(Statement::parse_all(&json!({"Statement": []})).is_empty());
    }
}
