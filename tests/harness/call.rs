//! One recorded request, and which operation of which AWS service it is.

use std::fmt;

use axum::body::Bytes;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use url::form_urlencoded;

/// A request as it was received.
#[derive(Debug, Clone)]
pub struct Call {
    /// Its place among the calls of its relay, from 1.
    pub number: usize,
    /// The service that it was signed for, as in `lambda`; empty if it was not signed.
    pub service: String,
    /// The operation, as in `GetFunction`; method and path where there is none known.
    pub operation: String,
    /// As in `POST`.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The headers in the order of arrival, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, whole.
    pub body: Bytes,
    /// The status of the server's answer; none before there was one.
    pub status: Option<u16>,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}. {}:{}", self.number, self.service, self.operation)?;
        self.status.map_or(Ok(()), |status| write!(f, " ({status})"))
    }
}

impl Call {
    /// Reads what a request is.
    pub(crate) fn of(number: usize, parts: &Parts, body: Bytes) -> Self {
        let headers: Vec<_> = parts
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let header = |wanted: &str| headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        let service = header("authorization").and_then(signed_for).unwrap_or_default().to_owned();
        let method = parts.method.as_str().to_owned();
        let path = parts.uri.path();
        let operation = operation(&service, &method, path, header("x-amz-target"), &body)
            .unwrap_or_else(|| format!("{method} {path}"));
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
        Self { number, service, operation, method, target, headers, body, status: None }
    }

    /// Whether it changes something. Invocations do not: the connector keeps nothing.
    #[must_use]
    pub fn is_write(&self) -> bool {
        let reads = ["Get", "List", "Describe", "Invoke"];
        !reads.iter().any(|prefix| self.operation.starts_with(prefix))
    }

    /// The body as JSON; null if it is not JSON.
    #[must_use]
    pub fn json_body(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The last segment of the path, decoded.
    #[must_use]
    pub fn last_segment(&self) -> String {
        let path = self.target.split('?').next().unwrap_or_default();
        percent_decode_str(path.rsplit('/').next().unwrap_or_default()).decode_utf8_lossy().into_owned()
    }

    /// One line of a record, from which the request can be judged by others.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut headers = Map::new();
        for (name, value) in &self.headers {
            match headers.get_mut(name) {
                Some(Value::String(earlier)) => earlier.extend([", ", value]),
                _ => drop(headers.insert(name.clone(), json!(value))),
            }
        }
        json!({
            "service": self.service,
            "operation": self.operation,
            "method": self.method,
            "target": self.target,
            "headers": headers,
            "body": STANDARD.encode(&self.body),
        })
    }

    /// The same for requests that differ in values only: the operation, its parameters and their nesting.
    #[must_use]
    pub fn shape(&self) -> String {
        let mut members = Vec::new();
        collect("", &self.json_body(), &mut members);
        if self.body.first().is_some_and(|first| *first != b'{') {
            members.extend(form_urlencoded::parse(&self.body).map(|(name, _)| name.into_owned()));
        }
        if let Some((_, query)) = self.target.split_once('?') {
            members.extend(form_urlencoded::parse(query.as_bytes()).map(|(name, _)| format!("?{name}")));
        }
        members.sort_unstable();
        members.dedup();
        format!("{}:{} {}", self.service, self.operation, members.join(" "))
    }
}

fn collect(path: &str, value: &Value, members: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = format!("{path}/{name}");
                collect(&path, value, members);
                members.push(path);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(&format!("{path}[]"), item, members)),
        _ => {}
    }
}

/// The service in the credential scope of a signature, `KEY/DATE/REGION/SERVICE/aws4_request`.
fn signed_for(authorization: &str) -> Option<&str> {
    let (_, rest) = authorization.split_once("Credential=")?;
    rest.split([',', ' ']).next()?.rsplit('/').nth(1)
}

fn operation(service: &str, method: &str, path: &str, target: Option<&str>, body: &[u8]) -> Option<String> {
    match service {
        "lambda" => lambda(method, path).map(str::to_owned),
        "appflow" => Some(pascal(path.trim_start_matches('/'))),
        _ => target.and_then(|target| target.rsplit('.').next()).map(str::to_owned).or_else(|| {
            let mut form = form_urlencoded::parse(body);
            form.find(|(name, _)| name == "Action").map(|(_, value)| value.into_owned())
        }),
    }
}

/// Lambda's operations, told by method and path.
fn lambda(method: &str, path: &str) -> Option<&'static str> {
    let mut segments = path.trim_matches('/').split('/').skip(1);
    let (collection, name, rest) = (segments.next()?, segments.next(), segments.next());
    Some(match (method, collection, name, rest) {
        ("POST", "functions", None, None) => "CreateFunction",
        ("GET", "functions", None, None) => "ListFunctions",
        ("GET", "functions", Some(_), None) => "GetFunction",
        ("DELETE", "functions", Some(_), None) => "DeleteFunction",
        ("GET", "functions", Some(_), Some("configuration")) => "GetFunctionConfiguration",
        ("PUT", "functions", Some(_), Some("configuration")) => "UpdateFunctionConfiguration",
        ("PUT", "functions", Some(_), Some("code")) => "UpdateFunctionCode",
        ("GET", "functions", Some(_), Some("policy")) => "GetPolicy",
        ("POST", "functions", Some(_), Some("policy")) => "AddPermission",
        ("DELETE", "functions", Some(_), Some("policy")) => "RemovePermission",
        ("POST", "functions", Some(_), Some("invocations")) => "Invoke",
        ("GET", "functions", Some(_), Some("versions")) => "ListVersionsByFunction",
        ("POST", "functions", Some(_), Some("versions")) => "PublishVersion",
        ("GET", "functions", Some(_), Some("aliases")) => "GetAlias",
        ("POST", "functions", Some(_), Some("aliases")) => "CreateAlias",
        ("PUT", "functions", Some(_), Some("aliases")) => "UpdateAlias",
        ("DELETE", "functions", Some(_), Some("aliases")) => "DeleteAlias",
        ("POST", "tags", Some(_), None) => "TagResource",
        ("GET", "tags", Some(_), None) => "ListTags",
        ("DELETE", "tags", Some(_), None) => "UntagResource",
        _ => return None,
    })
}

/// `describe-connector` as `DescribeConnector`.
fn pascal(kebab: &str) -> String {
    kebab
        .split('-')
        .flat_map(|word| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn call(method: &str, target: &str, service: &str, body: &'static str) -> Call {
        let scope = format!("AWS4-HMAC-SHA256 Credential=a/b/20261122/us-east-1/{service}/aws4_request, Signature=x");
        let request = Request::builder().method(method).uri(target).header("Authorization", scope).body(()).unwrap();
        Call::of(1, &request.into_parts().0, Bytes::from_static(body.as_bytes()))
    }

    #[test]
    fn calls_are_named_by_service_and_operation() {
        let named = |method, target, service, body| call(method, target, service, body).to_string();
        assert_eq!(named("GET", "/2015-03-31/functions/f", "lambda", ""), "1. lambda:GetFunction");
        assert_eq!(named("POST", "/2017-03-31/tags/arn%3Aaws", "lambda", "{}"), "1. lambda:TagResource");
        assert_eq!(named("PUT", "/2015-03-31/functions/f/code", "lambda", "{}"), "1. lambda:UpdateFunctionCode");
        assert_eq!(named("POST", "/register-connector", "appflow", "{}"), "1. appflow:RegisterConnector");
        assert_eq!(named("POST", "/", "iam", "Action=GetRole&RoleName=r"), "1. iam:GetRole");
        assert_eq!(named("GET", "/what", "s3", ""), "1. s3:GET /what");
    }

    #[test]
    fn writes_are_told_from_reads() {
        for (body, is_write) in [("Action=GetRole", false), ("Action=CreateRole", true), ("Action=DeleteRole", true)] {
            assert_eq!(call("POST", "/", "iam", body).is_write(), is_write, "{body}");
        }
        assert!(!call("POST", "/2015-03-31/functions/f/invocations", "lambda", "{}").is_write());
    }

    #[test]
    fn a_line_of_the_record_holds_the_request_whole() {
        let mut recorded = call("PUT", "/2015-03-31/functions/f/code?a=b", "lambda", "{}");
        recorded.headers = [("a", "1"), ("b", "2"), ("a", "3")].map(|(n, v)| (n.to_owned(), v.to_owned())).to_vec();
        let expected = json!({
            "service": "lambda", "operation": "UpdateFunctionCode", "method": "PUT",
            "target": "/2015-03-31/functions/f/code?a=b", "headers": {"a": "1, 3", "b": "2"}, "body": "e30=",
        });
        assert_eq!(recorded.to_json(), expected);
    }

    #[test]
    fn a_shape_is_the_same_for_other_values_and_another_for_other_members() {
        let shape = |body| call("PUT", "/2015-03-31/functions/f/code", "lambda", body).shape();
        assert_eq!(
            shape(r#"{"ZipFile":"a","Architectures":["arm64"]}"#),
            shape(r#"{"Architectures":[],"ZipFile":""}"#)
        );
        assert_ne!(shape(r#"{"ZipFile":"a"}"#), shape(r#"{"ZipFile":"a","RevisionId":"r"}"#));
        let form = |body| call("POST", "/", "iam", body).shape();
        assert_eq!(form("Action=GetRole&RoleName=r"), form("Action=GetRole&RoleName=s"));
        assert_ne!(form("Action=GetRole&RoleName=r"), form("Action=GetRole"));
    }
}
