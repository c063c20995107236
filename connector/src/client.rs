//! One HTTP client for the whole process, and one request through it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use appflow_sdk::{ConnectorError, InvocationContext, Retry};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use reqwest::redirect::Policy;
use url::Url;

use crate::address;
use crate::call::Call;
use crate::failure;
use crate::gate::Gate;
use crate::guard::Guard;
use crate::manifest::{Limits, Manifest, Method};

/// Bytes of a MiB.
const MIB: usize = 1024 * 1024;

/// Most bytes that room is made for because an answer says that it has so many.
const TRUSTED: usize = 16 * MIB;

/// Kept back of the time for reading the answer and writing the response.
const MARGIN: Duration = Duration::from_millis(500);

/// Longest wait for a connection: a host that does not answer by then is not there.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// Most redirects that are followed, all within one origin.
const REDIRECT_LIMIT: usize = 5;

/// Most connections of AppFlow whose gates are remembered. A process serves one account, which has few.
const GATES: usize = 1_000;

/// The HTTP client. It is built at the first request, so that describing the connector loads no certificates.
#[derive(Debug)]
pub(crate) struct Client {
    http: OnceLock<reqwest::Client>,
    retry: Retry,
    guard: Guard,
    limits: Limits,
    /// By base URL.
    gates: Mutex<HashMap<Url, Arc<Gate>>>,
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
    /// Whether it is a page for people, such as one to log in with.
    pub(crate) fn is_web_page(&self) -> bool {
        self.content_type().starts_with("text/html")
    }

    /// The kind of body, for messages.
    pub(crate) fn content_type(&self) -> &str {
        self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("an unnamed type")
    }
}

impl Client {
    /// A client for a manifest's API.
    pub(crate) fn new(manifest: &Manifest) -> Self {
        Self {
            http: OnceLock::new(),
            retry: Retry::default(),
            guard: Guard { loopback: false, private: manifest.connection.private_addresses },
            limits: manifest.limits.clone(),
            gates: Mutex::default(),
        }
    }

    /// How requests are repeated.
    pub(crate) fn retry(&self) -> &Retry {
        &self.retry
    }

    /// Sets how requests are repeated.
    pub(crate) fn set_retry(&mut self, retry: Retry) {
        self.retry = retry;
    }

    /// Sets whether requests may go to this machine.
    pub(crate) fn set_loopback(&mut self, is_allowed: bool) {
        self.guard.loopback = is_allowed;
        self.http = OnceLock::new();
    }

    /// Which machines requests may reach.
    pub(crate) fn guard(&self) -> Guard {
        self.guard
    }

    /// What the requests of a connection pass through, in all calls of this process.
    pub(crate) fn gate(&self, base: &Url) -> Arc<Gate> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        if gates.len() >= GATES && !gates.contains_key(base) {
            gates.clear();
        }
        Arc::clone(gates.entry(base.clone()).or_insert_with(|| Arc::new(Gate::new(&self.limits))))
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
            .dns_resolver(Arc::new(self.guard))
            // Redirects are followed below, where it is known whether the request may be made again.
            .redirect(Policy::none())
            .referer(false)
            .build()
            .map_err(|error| ConnectorError::unknown_error("the HTTP client cannot be set up").with_source(error))?;
        Ok(self.http.get_or_init(|| http))
    }

    /// Sends a request once, and on to where a `GET` is redirected within its origin. `secret` adds what is neither shown nor
    /// logged.
    ///
    /// # Errors
    /// `RequestTimeout` when there is no complete answer in the time that is left; `ServiceUnavailable` when the host
    /// cannot be reached; `ServerError` when the connection breaks or the answer is too large; `ClientError` when the host
    /// cannot prove who it is; `InvalidArgument` when the address is too long or not to be reached; `RateLimitExceeded` when
    /// the manifest's limits leave no time.
    pub(crate) async fn send(
        &self,
        call: &Call,
        gate: &Gate,
        secret: impl Fn(&mut Url),
        headers: HeaderMap,
        context: &InvocationContext,
    ) -> Result<Answer, ConnectorError> {
        let name = call.name();
        let mut url = call.url.clone();
        secret(&mut url);
        let (length, longest) = (address::length(&url), self.limits.address_bytes);
        if length > longest {
            return Err(ConnectorError::invalid_argument(format!(
                "the address of {name} has {length} bytes, and `limits.address_bytes` allows {longest}; use a shorter \
                 filter, fewer fields or fewer ids"
            ))
            .without_effect());
        }
        self.guard.permit_url(&call.url).map_err(|forbidden| forbidden.refusal())?;
        let _place = gate.place(context.deadline()).await?;
        gate.turn(context.deadline()).await?;
        let exchange = |url| self.exchange(call, &name, url, &secret, headers.clone(), context);
        let mut answer = exchange(call.url.clone()).await?;
        for _ in 0..REDIRECT_LIMIT {
            let Some(target) = redirected(&answer).filter(|_| call.method == Method::Get) else { break };
            gate.turn(context.deadline()).await?;
            answer = exchange(target).await?;
        }
        Ok(answer)
    }

    async fn exchange(
        &self,
        call: &Call,
        name: &str,
        url: Url,
        secret: &impl Fn(&mut Url),
        headers: HeaderMap,
        context: &InvocationContext,
    ) -> Result<Answer, ConnectorError> {
        let limit = context.remaining().saturating_sub(MARGIN);
        let started = Instant::now();
        let mut with_secret = url.clone();
        secret(&mut with_secret);
        let mut request = self.http()?.request(method(call.method), with_secret).headers(headers).timeout(limit);
        if let Some(body) = &call.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_json());
        }
        let failed = |error| failure::of_transport(name, &url, error, limit);
        let mut response = request.send().await.map_err(failed)?;
        let status = response.status().as_u16();
        let most = self.limits.answer_mib.saturating_mul(MIB);
        let announced = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
        let mut body = Vec::with_capacity(announced.min(most).min(TRUSTED));
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len().saturating_add(chunk.len()) <= most => body.extend_from_slice(&chunk),
                Ok(Some(_)) => return Err(self.too_large(name)),
                Ok(None) => break,
                Err(error) => return Err(failed(error)),
            }
        }
        tracing::debug!(
            method = call.method.as_str(),
            path = url.path(),
            status,
            bytes = body.len(),
            milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "the API answered"
        );
        let headers = std::mem::take(response.headers_mut());
        Ok(Answer { request: name.to_owned(), url, status, headers, body })
    }

    fn too_large(&self, request: &str) -> ConnectorError {
        ConnectorError::server_error(format!(
            "the answer to {request} has more than {} MiB; use a smaller page size in the manifest, or a greater \
             `limits.answer_mib`",
            self.limits.answer_mib
        ))
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

/// Where a redirect leads, if that is where the request was meant to go: the credentials are for this origin only.
fn redirected(answer: &Answer) -> Option<Url> {
    let is_redirect = matches!(answer.status, 301 | 302 | 303 | 307 | 308);
    let target = answer.headers.get(LOCATION).filter(|_| is_redirect)?.to_str().ok()?;
    let target = answer.url.join(target).ok()?;
    let is_within = target.origin() == answer.url.origin();
    (is_within && target.username().is_empty() && target.password().is_none()).then_some(target)
}
