//! Which call a request is.

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use serde_json::Value;

/// A request, taken apart as far as the tests care.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    /// The service, as requests are signed for it.
    pub(crate) service: String,
    /// The call, as in `CreateFunction`.
    pub(crate) name: String,
    /// What is changed, and to what, without what differs between two attempts at the same change.
    pub(crate) change: String,
    /// AppFlow's token.
    pub(crate) token: Option<String>,
}

impl Operation {
    /// Takes a request apart.
    pub(crate) fn of(request: &HttpRequest) -> Self {
        let service = signed_for(request.headers().get("authorization").unwrap_or_default());
        let path = path(request.uri());
        let bytes = request.body().bytes().unwrap_or_default();
        let text = String::from_utf8_lossy(bytes);
        let name = match service.as_str() {
            "lambda" => lambda(request.method(), &path),
            "appflow" => camel(path.trim_start_matches('/')),
            _ => text.split('&').find_map(|pair| pair.strip_prefix("Action=")).unwrap_or_default().to_owned(),
        };
        let (content, token) = match serde_json::from_str::<Value>(&text) {
            Ok(Value::Object(mut members)) => {
                members.remove("RevisionId");
                let token = members.remove("clientToken").and_then(|token| token.as_str().map(str::to_owned));
                (Value::Object(members).to_string(), token)
            }
            _ => (text.into_owned(), None),
        };
        Self { change: format!("{name} {path} {content}"), service, name, token }
    }

    /// Whether it changes anything.
    pub(crate) fn is_write(&self) -> bool {
        !["Get", "List", "Describe", "Invoke"].iter().any(|prefix| self.name.starts_with(prefix))
    }
}

/// `AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, …`
fn signed_for(authorization: &str) -> String {
    authorization.split('/').nth(3).unwrap_or_default().to_owned()
}

fn path(uri: &str) -> String {
    let after_scheme = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    let path = after_scheme.find('/').map_or("/", |slash| &after_scheme[slash..]);
    path.split('?').next().unwrap_or_default().to_owned()
}

fn lambda(method: &str, path: &str) -> String {
    let parts: Vec<_> = path.trim_matches('/').split('/').collect();
    let name = match (method, parts.as_slice()) {
        ("POST", [_, "functions"]) => "CreateFunction",
        ("GET", [_, "functions"]) => "ListFunctions",
        ("GET", [_, "functions", _]) => "GetFunction",
        ("DELETE", [_, "functions", _]) => "DeleteFunction",
        ("GET", [_, "functions", _, "configuration"]) => "GetFunctionConfiguration",
        ("PUT", [_, "functions", _, "configuration"]) => "UpdateFunctionConfiguration",
        ("PUT", [_, "functions", _, "code"]) => "UpdateFunctionCode",
        ("GET", [_, "functions", _, "policy"]) => "GetPolicy",
        ("POST", [_, "functions", _, "policy"]) => "AddPermission",
        ("DELETE", [_, "functions", _, "policy", _]) => "RemovePermission",
        ("POST", [_, "functions", _, "invocations"]) => "Invoke",
        ("GET", [_, "tags", ..]) => "ListTags",
        ("POST", [_, "tags", ..]) => "TagResource",
        ("DELETE", [_, "tags", ..]) => "UntagResource",
        _ => return format!("{method} {path}"),
    };
    name.to_owned()
}

/// `describe-connector` → `DescribeConnector`
fn camel(kebab: &str) -> String {
    kebab.split('-').map(|word| word[..1.min(word.len())].to_uppercase() + &word[1.min(word.len())..]).collect()
}
