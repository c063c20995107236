//! Five ways of authenticating, one per path prefix.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, StatusCode, header};

use super::rejection::Rejection;

const USER: &str = "sample";
const PASSWORD: &str = "sample-password";
const API_KEY: &str = "sample-api-key";
const ACCESS_TOKEN: &str = "sample-access-token";
const TENANT: &str = "acme";
const TENANT_TOKEN: &str = "sample-token";

/// What a request must prove. These credentials are published in the README and guard made-up records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guard {
    /// Nothing.
    Open,
    /// User name and password.
    Basic,
    /// A key in `X-Api-Key`.
    ApiKey,
    /// An access token, as OAuth2 issues them.
    Bearer,
    /// A scheme of its own with two headers.
    Header,
}

impl Guard {
    /// All five.
    pub(super) const ALL: [Self; 5] = [Self::Open, Self::Basic, Self::ApiKey, Self::Bearer, Self::Header];

    /// Its path prefix, without slashes.
    pub(super) const fn prefix(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Basic => "basic",
            Self::ApiKey => "api-key",
            Self::Bearer => "bearer",
            Self::Header => "header",
        }
    }

    /// Lets a request through, or answers in its place.
    pub(super) async fn protect(self, request: Request, next: Next) -> Response {
        match self.check(request.headers()) {
            Ok(()) => next.run(request).await,
            Err(rejection) => rejection.into_response(),
        }
    }

    fn check(self, headers: &HeaderMap) -> Result<(), Rejection> {
        match self {
            Self::Open => Ok(()),
            Self::Basic => {
                let expected = STANDARD.encode(format!("{USER}:{PASSWORD}"));
                let challenge = r#"Basic realm="sample", charset="UTF-8""#;
                match authorization(headers, "Basic") {
                    Some(given) if given == expected => Ok(()),
                    Some(_) => Err(Rejection::unauthorized(challenge, "the user name or password is wrong")),
                    None => Err(Rejection::unauthorized(challenge, "Basic credentials are missing")),
                }
            }
            Self::ApiKey => {
                let challenge = r#"ApiKey realm="sample""#;
                match text(headers, "x-api-key") {
                    Some(API_KEY) => Ok(()),
                    Some(_) => Err(Rejection::unauthorized(challenge, "the API key is wrong")),
                    None => Err(Rejection::unauthorized(challenge, "the header X-Api-Key is missing")),
                }
            }
            Self::Bearer => match authorization(headers, "Bearer") {
                Some(ACCESS_TOKEN) => Ok(()),
                Some(_) => Err(Rejection::unauthorized(
                    r#"Bearer realm="sample", error="invalid_token""#,
                    "the access token is wrong or has expired",
                )),
                None => Err(Rejection::unauthorized(r#"Bearer realm="sample""#, "an access token is missing")),
            },
            Self::Header => {
                let challenge = r#"Sample realm="sample""#;
                let tenant = text(headers, "x-sample-tenant");
                match (tenant, text(headers, "x-sample-token")) {
                    (Some(TENANT), Some(TENANT_TOKEN)) => Ok(()),
                    (Some(_), Some(TENANT_TOKEN)) => {
                        Err(Rejection::new(StatusCode::FORBIDDEN, "the token does not belong to this tenant"))
                    }
                    (_, Some(TENANT_TOKEN) | None) => Err(Rejection::unauthorized(
                        challenge,
                        "X-Sample-Tenant and X-Sample-Token are wanted, and one of them is missing",
                    )),
                    (_, Some(_)) => Err(Rejection::unauthorized(challenge, "the token is wrong")),
                }
            }
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// What follows the scheme in `Authorization`; schemes are spelled in any case (RFC 9110, 11.1).
fn authorization<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    let (given, credentials) = text(headers, header::AUTHORIZATION.as_str())?.split_once(' ')?;
    given.eq_ignore_ascii_case(scheme).then(|| credentials.trim())
}
