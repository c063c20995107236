//! The one port: which service a request is for, told by the scope that it was signed with.
//!
//! Signatures are not verified and any credentials are accepted. Requests without a signature reach the sample API and
//! the artefacts that `Code.Location` names, nothing else.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::get;
use futures_util::FutureExt as _;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use percent_encoding::percent_decode_str;
use url::form_urlencoded;

use crate::appflow::AppFlow;
use crate::failure::{ApiError, REQUEST_ID, new_request_id};
use crate::iam::Iam;
use crate::lambda::{CODE_PATH, Lambda};
use crate::logs::Logs;
use crate::sample;
use crate::scope::Scope;
use crate::secrets::Secrets;
use crate::sts::Sts;

/// Largest body, in bytes: somewhat more than the largest that any service here takes, so that the service can say so.
const BODY_LIMIT: usize = 80 * 1024 * 1024;

/// The services behind the port.
pub(crate) struct Services {
    pub(crate) account: String,
    pub(crate) sts: Sts,
    pub(crate) iam: Iam,
    pub(crate) secrets: Secrets,
    pub(crate) lambda: Lambda,
    pub(crate) appflow: AppFlow,
    pub(crate) logs: Logs,
}

/// Who signed for what: the credential scope of AWS's Signature Version 4.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Credential {
    access_key: String,
    region: String,
    service: String,
}

impl Credential {
    /// From the `Authorization` header, or from the query of a presigned URL.
    fn find(headers: &HeaderMap, query: Option<&str>) -> Option<Self> {
        let header = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .filter(|value| value.starts_with("AWS4-"))
            .and_then(|value| value.split_once("Credential="))
            .and_then(|(_, rest)| rest.split([',', ' ']).next());
        if let Some(text) = header {
            return Self::parse(text);
        }
        form_urlencoded::parse(query?.as_bytes())
            .find(|(name, _)| name == "X-Amz-Credential")
            .and_then(|(_, value)| Self::parse(&value))
    }

    /// `KEY/DATE/REGION/SERVICE/aws4_request`; a key may itself hold slashes.
    fn parse(text: &str) -> Option<Self> {
        let text = percent_decode_str(text).decode_utf8().ok()?;
        let mut parts = text.rsplitn(5, '/');
        let (terminator, service, region) = (parts.next()?, parts.next()?, parts.next()?);
        let (_date, access_key) = (parts.next()?, parts.next()?);
        let is_region = !region.is_empty()
            && region.len() <= 32
            && region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if terminator != "aws4_request" || !is_region {
            return None;
        }
        Some(Self { access_key: access_key.to_owned(), region: region.to_owned(), service: service.to_owned() })
    }
}

/// All routes of the port.
pub(crate) fn router(services: Arc<Services>) -> Router {
    Router::new()
        .route(&format!("{CODE_PATH}/{{file}}"), get(artefact))
        .fallback(aws)
        .with_state(services)
        .nest("/sample", sample::router())
        .layer(from_fn(finish))
}

/// Whether a web page may be behind the request.
///
/// Signatures are not checked, so any page that a browser shows could deploy and invoke a function here, and run code
/// with it. A browser says where a page comes from, and names in `Host` what the page called this server, so that a
/// name which leads here by a trick of DNS is told apart. AWS clients send no `Origin`, and call the address that was
/// printed.
fn may_come_from_a_web_page(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let is_here = name.is_empty() || name == "127.0.0.1" || name == "localhost" || name.ends_with(".localhost");
    // `none` is a person who typed the address, as of the sample API.
    let by_a_page = headers.get("sec-fetch-site").is_some_and(|site| site != "none");
    headers.contains_key(header::ORIGIN) || by_a_page || !is_here
}

/// Refuses web pages, puts a request id on every answer, and turns a panic into an answer.
async fn finish(request: Request, next: Next) -> Response {
    if may_come_from_a_web_page(request.headers()) {
        return ApiError::new(
            StatusCode::FORBIDDEN,
            "AccessDeniedException",
            "the local AWS does not answer web pages, nor requests for a host other than 127.0.0.1 or localhost",
        )
        .rest_json();
    }
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let mut response = AssertUnwindSafe(next.run(request)).catch_unwind().await.unwrap_or_else(|_| {
        ApiError::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "ServiceException",
            "the local AWS has a fault: this request made it panic",
        )
        .rest_json()
    });
    let headers = response.headers_mut();
    if !headers.contains_key(REQUEST_ID) {
        headers.insert(REQUEST_ID, new_request_id());
    }
    tracing::debug!(%method, %path, status = response.status().as_u16(), "request");
    response
}

async fn artefact(State(services): State<Arc<Services>>, Path(file): Path<String>) -> Response {
    match services.lambda.artefact(&file).await {
        Ok(Some(zip)) => {
            let mut response = Response::new(Body::from(zip));
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/zip"));
            response
        }
        Ok(None) => {
            ApiError::new(StatusCode::NOT_FOUND, "ResourceNotFoundException", "no function has this code").rest_json()
        }
        Err(error) => ApiError::internal(&error).rest_json(),
    }
}

async fn aws(State(services): State<Arc<Services>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let query = parts.uri.query();
    let Some(credential) = Credential::find(&parts.headers, query) else {
        return ApiError::new(
            StatusCode::FORBIDDEN,
            "MissingAuthenticationTokenException",
            "Missing Authentication Token: the request bears no AWS signature (Signature Version 4), so it is not known which service it is for. \
             Any credentials will do. The sample API, which needs none, is below /sample",
        )
        .rest_json();
    };
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        return ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestEntityTooLargeException",
            format!("the body broke off or has more than {BODY_LIMIT} bytes"),
        )
        .rest_json();
    };
    let scope = Scope { region: credential.region, account: services.account.clone() };
    let path = parts.uri.path();
    match credential.service.as_str() {
        "appflow" => services.appflow.handle(&scope, &parts.method, path, query, body).await,
        "lambda" => services.lambda.handle(&scope, &parts.method, path, query, &parts.headers, body).await,
        "logs" => services.logs.handle(&scope, &parts.headers, &body),
        "secretsmanager" => services.secrets.handle(&scope, &parts.headers, body).await,
        "iam" => services.iam.handle(&form(query, &body)).await,
        "sts" => {
            let form = form(query, &body);
            services.sts.handle(&credential.access_key, &form).await
        }
        other => ApiError::new(
            StatusCode::NOT_IMPLEMENTED,
            "UnknownOperationException",
            format!("the local AWS has no service {other:?}, only appflow, iam, lambda, logs, secretsmanager and sts"),
        )
        .json_1_1(),
    }
}

/// The parameters of the query protocol, which a GET carries in its URL.
fn form(query: Option<&str>, body: &[u8]) -> Vec<u8> {
    if body.is_empty() { query.unwrap_or_default().as_bytes().to_vec() } else { body.to_vec() }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    fn found(authorization: Option<&str>, query: Option<&str>) -> Option<(String, String, String)> {
        let mut headers = HeaderMap::new();
        if let Some(value) = authorization {
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        }
        Credential::find(&headers, query).map(|one| (one.access_key, one.region, one.service))
    }

    fn scope(key: &str, region: &str, service: &str) -> (String, String, String) {
        (key.to_owned(), region.to_owned(), service.to_owned())
    }

    #[test]
    fn web_pages_are_told_from_aws_clients_and_people() {
        let comes_from_a_page = |pairs: &[(&'static str, &str)]| {
            let pairs = pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
            may_come_from_a_web_page(&pairs.collect())
        };
        for client in [
            &[("host", "127.0.0.1:4566")][..],
            &[("host", "localhost:4566")],
            &[("host", "localhost")],
            &[("host", "127.0.0.1:4566"), ("sec-fetch-site", "none")],
            &[],
        ] {
            assert!(!comes_from_a_page(client), "{client:?}");
        }
        for page in [
            &[("host", "127.0.0.1:4566"), ("origin", "https://evil.example")][..],
            &[("host", "127.0.0.1:4566"), ("origin", "null")],
            &[("host", "127.0.0.1:4566"), ("sec-fetch-site", "cross-site")],
            &[("host", "rebound.evil.example:4566")],
            &[("host", "127.0.0.1.evil.example")],
        ] {
            assert!(comes_from_a_page(page), "{page:?}");
        }
    }

    #[test]
    fn reads_the_scope_of_a_signed_request() {
        let header =
            "AWS4-HMAC-SHA256 Credential=AKID/20261122/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=x";
        assert_eq!(found(Some(header), None), Some(scope("AKID", "us-east-1", "lambda")));
        let tight =
            "AWS4-HMAC-SHA256 Credential=a/b/20261122/eu-west-1/iam/aws4_request,SignedHeaders=host,Signature=x";
        assert_eq!(found(Some(tight), None), Some(scope("a/b", "eu-west-1", "iam")));
    }

    #[test]
    fn reads_the_scope_of_a_presigned_url() {
        let query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20261122%2Fus-east-1%2Fsts%2Faws4_request&X-Amz-Signature=x";
        assert_eq!(found(None, Some(query)), Some(scope("AKID", "us-east-1", "sts")));
    }

    #[test]
    fn anything_else_is_no_signature() {
        for header in [
            None,
            Some("Bearer sample-access-token"),
            Some("Basic Credential=AKID/20261122/us-east-1/sts/aws4_request"),
            Some("AWS4-HMAC-SHA256 Credential=AKID"),
            Some("AWS4-HMAC-SHA256 Credential=AKID/20261122/us east/sts/aws4_request"),
            Some("AWS4-HMAC-SHA256 Credential=AKID/20261122/evil.example.com/sts/aws4_request"),
        ] {
            assert_eq!(found(header, None), None, "{header:?}");
        }
        assert_eq!(found(None, Some("a=b")), None);
    }
}
