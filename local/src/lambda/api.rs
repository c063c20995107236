//! Lambda's REST paths: which operation a request means.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::Lambda;
use super::name::FunctionName;
use super::request::read;
use crate::failure::ApiError;
use crate::scope::Scope;

/// One request to Lambda.
pub(super) struct Call<'a> {
    pub(super) scope: &'a Scope,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: Bytes,
    query: Vec<(String, String)>,
}

/// Status and JSON of an answer.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Value,
}

impl Answer {
    /// 200.
    pub(super) fn ok(body: impl Into<Value>) -> Self {
        Self { status: StatusCode::OK, body: body.into() }
    }

    /// 201.
    pub(super) fn created(body: impl Into<Value>) -> Self {
        Self { status: StatusCode::CREATED, body: body.into() }
    }

    /// 204 without a body.
    pub(super) fn empty() -> Self {
        Self { status: StatusCode::NO_CONTENT, body: Value::Null }
    }

    fn response(self) -> Response {
        let body =
            if self.status == StatusCode::NO_CONTENT { Body::empty() } else { Body::from(self.body.to_string()) };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}

impl Call<'_> {
    /// A query parameter's first value.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query_all(name).next()
    }

    /// All values of a query parameter.
    pub(super) fn query_all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.query.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The function of a path segment, with the `Qualifier` parameter.
    pub(super) fn function(&self, segment: &str) -> Result<FunctionName, ApiError> {
        FunctionName::parse(segment, self.query("Qualifier"), self.scope)
    }

    /// One page of a list: `MaxItems` and `Marker` in, items and the next marker out.
    pub(super) fn page(&self, name: &str, items: Vec<Value>) -> Result<Answer, ApiError> {
        let number = |parameter: &str| match self.query(parameter).filter(|text| !text.is_empty()) {
            None => Ok(None),
            Some(text) => text
                .parse::<usize>()
                .map(Some)
                .map_err(|_| super::name::constraint(text, parameter, "Member must be a number of this service")),
        };
        let start = number("Marker")?.unwrap_or(0).min(items.len());
        let size = number("MaxItems")?.unwrap_or(50).clamp(1, 50);
        let end = (start + size).min(items.len());
        let more = end < items.len();
        let mut body = json!({});
        body[name] = Value::Array(items.into_iter().skip(start).take(end - start).collect());
        if more {
            body["NextMarker"] = json!(end.to_string());
        }
        Ok(Answer::ok(body))
    }
}

impl Lambda {
    /// Answers a request. `path` is as it was sent, percent-encoded.
    pub(crate) async fn handle(
        &self,
        scope: &Scope,
        method: &Method,
        path: &str,
        query: Option<&str>,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Response {
        let segments: Vec<String> = path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let call = Call {
            scope,
            headers,
            body,
            query: form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect(),
        };
        if let (&Method::POST, ["2015-03-31", "functions", function, "invocations"]) = (method, segments.as_slice()) {
            return self.invoke(&call, function).await.unwrap_or_else(ApiError::rest_json);
        }
        match self.dispatch(method, &segments, &call).await {
            Ok(answer) => answer.response(),
            Err(error) => error.rest_json(),
        }
    }

    async fn dispatch(&self, method: &Method, segments: &[&str], call: &Call<'_>) -> Result<Answer, ApiError> {
        let verb = method.as_str();
        match segments {
            ["2015-03-31", "functions"] => match verb {
                "POST" => self.create_function(call, read(&call.body)?).await,
                "GET" => self.list_functions(call).await,
                _ => Err(unknown(method, segments)),
            },
            ["2015-03-31", "functions", name, rest @ ..] => {
                let function = call.function(name)?;
                match (verb, rest) {
                    ("GET", []) => self.get_function(call, &function).await,
                    ("DELETE", []) => self.delete_function(call, &function).await,
                    ("GET", ["configuration"]) => self.get_configuration(call, &function).await,
                    ("PUT", ["configuration"]) => self.update_configuration(call, &function, read(&call.body)?).await,
                    ("PUT", ["code"]) => self.update_code(call, &function, read(&call.body)?).await,
                    ("POST", ["versions"]) => self.publish_version(call, &function, read(&call.body)?).await,
                    ("GET", ["versions"]) => self.list_versions(call, &function).await,
                    ("POST", ["aliases"]) => self.create_alias(call, &function, read(&call.body)?).await,
                    ("GET", ["aliases"]) => self.list_aliases(call, &function).await,
                    ("GET", ["aliases", alias]) => self.get_alias(call, &function, alias).await,
                    ("PUT", ["aliases", alias]) => self.update_alias(call, &function, alias, read(&call.body)?).await,
                    ("DELETE", ["aliases", alias]) => self.delete_alias(call, &function, alias).await,
                    ("POST", ["policy"]) => self.add_permission(call, &function, read(&call.body)?).await,
                    ("GET", ["policy"]) => self.get_policy(call, &function).await,
                    ("DELETE", ["policy", sid]) => self.remove_permission(call, &function, sid).await,
                    _ => Err(unknown(method, segments)),
                }
            }
            ["2017-10-31" | "2019-09-30", "functions", name, "concurrency"] => {
                let function = call.function(name)?;
                match verb {
                    "PUT" => self.put_concurrency(call, &function, &read(&call.body)?).await,
                    "GET" => self.get_concurrency(call, &function).await,
                    "DELETE" => self.delete_concurrency(call, &function).await,
                    _ => Err(unknown(method, segments)),
                }
            }
            ["2021-10-31", "functions", name, "url"] => {
                let function = call.function(name)?;
                match verb {
                    "POST" => self.create_url(call, &function, read(&call.body)?).await,
                    "GET" => self.get_url(call, &function).await,
                    "PUT" => self.update_url(call, &function, read(&call.body)?).await,
                    "DELETE" => self.delete_url(call, &function).await,
                    _ => Err(unknown(method, segments)),
                }
            }
            ["2017-03-31", "tags", arn] => {
                let function = FunctionName::parse(arn, None, call.scope)?;
                match verb {
                    "POST" => self.tag(call, &function, read(&call.body)?).await,
                    "GET" => self.list_tags(call, &function).await,
                    "DELETE" => self.untag(call, &function).await,
                    _ => Err(unknown(method, segments)),
                }
            }
            _ => Err(unknown(method, segments)),
        }
    }
}

fn unknown(method: &Method, segments: &[&str]) -> ApiError {
    ApiError::new(
        StatusCode::NOT_FOUND,
        "UnknownOperationException",
        format!("the local AWS has no Lambda operation {method} /{}", segments.join("/")),
    )
}
