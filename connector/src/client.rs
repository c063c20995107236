//! One HTTP client for the whole process, and one request through it.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use appflow_sdk::{ConnectorError, InvocationContext, Retry};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::redirect::{Attempt, Policy};
use url::Url;

use crate::call::Call;
use crate::failure;
use crate::manifest::Method;

/// Largest answer that is read, in bytes after decompression. AppFlow takes 6 MB; the rest is room for fields that are
/// not wanted and records that the filter drops.
const ANSWER_LIMIT: usize = 16 * 1024 * 1024;

/// Kept back of the time for reading the answer and writing the response.
const MARGIN: Duration = Duration::from_millis(500);

/// Longest wait for a connection: a host that does not answer by then is not there.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// Most redirects that are followed, all within one origin.
const REDIRECT_LIMIT: usize = 5;

/// The HTTP client. It is built at the first request, so that describing the connector loads no certificates.
#[derive(Debug, Default)]
pub(crate) struct Client {
    http: OnceLock<reqwest::Client>,
    retry: Retry,
}

/// A complete answer, whatever its status.
#[derive(Debug)]
pub(crate) struct Answer {
    /// What messages call the request.
    pub(crate) request: String,
    /// Where it went, without credentials.
    pub(crate) url: Url,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The kind of body, for messages.
    pub(crate) fn content_type(&self) -> &str {
        self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("an unnamed type")
    }
}

impl Client {
    /// A client whose requests are repeated so.
    pub(crate) fn new(retry: Retry) -> Self {
        Self { http: OnceLock::new(), retry }
    }

    /// How requests are repeated.
    pub(crate) fn retry(&self) -> &Retry {
        &self.retry
    }

    fn http(&self) -> Result<&reqwest::Client, ConnectorError> {
        if let Some(http) = self.http.get() {
            return Ok(http);
        }
        // An error means that the process has a provider already, which serves as well.
        drop(rustls::crypto::ring::default_provider().install_default());
        let accept = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
        let http = reqwest::Client::builder()
            .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
            .default_headers(accept)
            .connect_timeout(CONNECT_LIMIT)
            .redirect(Policy::custom(within_origin))
            .referer(false)
            .build()
            .map_err(|error| ConnectorError::unknown_error("the HTTP client cannot be set up").with_source(error))?;
        Ok(self.http.get_or_init(|| http))
    }

    /// Sends a request once. `secret` adds what is neither shown nor logged.
    ///
    /// # Errors
    /// `RequestTimeout` when there is no complete answer in the time that is left; `ServiceUnavailable` when the host
    /// cannot be reached; `ServerError` when the connection breaks or the answer is too large.
    pub(crate) async fn send(
        &self,
        call: &Call,
        secret: impl FnOnce(&mut Url),
        headers: HeaderMap,
        context: &InvocationContext,
    ) -> Result<Answer, ConnectorError> {
        let limit = context.remaining().saturating_sub(MARGIN);
        let started = Instant::now();
        let name = call.name();
        let mut url = call.url.clone();
        secret(&mut url);
        let mut request = self.http()?.request(method(call.method), url).headers(headers).timeout(limit);
        if let Some(body) = &call.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_json());
        }
        let failed = |error| failure::of_transport(&name, &call.url, error, limit);
        let mut response = request.send().await.map_err(failed)?;
        let status = response.status().as_u16();
        let announced = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
        let mut body = Vec::with_capacity(announced.min(ANSWER_LIMIT));
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() <= ANSWER_LIMIT => body.extend_from_slice(&chunk),
                Ok(Some(_)) => return Err(too_large(&name)),
                Ok(None) => break,
                Err(error) => return Err(failed(error)),
            }
        }
        tracing::debug!(
            method = call.method.as_str(),
            path = call.url.path(),
            status,
            bytes = body.len(),
            milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "the API answered"
        );
        let headers = std::mem::take(response.headers_mut());
        Ok(Answer { request: name, url: call.url.clone(), status, headers, body })
    }
}

fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    }
}

/// Follows a redirect only to where the request was meant to go.
fn within_origin(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let is_within = attempt.previous().first().is_some_and(|first| first.origin() == attempt.url().origin());
    if is_within && attempt.previous().len() <= REDIRECT_LIMIT { attempt.follow() } else { attempt.stop() }
}

fn too_large(request: &str) -> ConnectorError {
    ConnectorError::server_error(format!(
        "the answer to {request} has more than {} MB; use a smaller page size in the manifest",
        ANSWER_LIMIT / (1024 * 1024)
    ))
}
