//! How the SDK's AWS clients send requests: HTTP/1.1 over TLS, with the HTTP client that connectors use for their source
//! systems. One client in the Lambda artefact instead of two, and none that speaks HTTP/2, which neither side needs.

use std::sync::OnceLock;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::http::{HttpConnectorSettings, SharedHttpClient};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;

/// Longest wait for a connection, where the AWS crates ask for none.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// HTTPS through rustls on ring.
pub(crate) fn http_client() -> SharedHttpClient {
    http_client_fn(|settings, _| SharedHttpConnector::new(Transport::new(settings)))
}

/// A client that is built at the first request, so that starting loads no certificates.
#[derive(Debug)]
struct Transport {
    connect_limit: Duration,
    read_limit: Option<Duration>,
    client: std::sync::Arc<OnceLock<reqwest::Client>>,
}

impl Transport {
    fn new(settings: &HttpConnectorSettings) -> Self {
        Self {
            connect_limit: settings.connect_timeout().unwrap_or(CONNECT_LIMIT),
            read_limit: settings.read_timeout(),
            client: std::sync::Arc::default(),
        }
    }

    fn client(&self) -> Result<reqwest::Client, ConnectorError> {
        if let Some(client) = self.client.get() {
            return Ok(client.clone());
        }
        // An error means that the process has a provider already, which serves as well.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut builder = reqwest::Client::builder()
            .connect_timeout(self.connect_limit)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false);
        if let Some(limit) = self.read_limit {
            builder = builder.read_timeout(limit);
        }
        let client = builder.build().map_err(|error| ConnectorError::user(error.into()))?;
        Ok(self.client.get_or_init(|| client).clone())
    }
}

impl HttpConnector for Transport {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.client();
        HttpConnectorFuture::new(async move { send(client?, request).await })
    }
}

async fn send(client: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let method = reqwest::Method::from_bytes(request.method().as_bytes());
    let method = method.map_err(|error| ConnectorError::user(error.into()))?;
    let mut builder = client.request(method, request.uri());
    for (name, value) in request.headers() {
        builder = builder.header(name, value);
    }
    // The bodies of these services' requests are in memory.
    if let Some(body) = request.body().bytes() {
        builder = builder.body(body.to_vec());
    }
    let answer = builder.send().await.map_err(failed)?;
    let status = answer.status().as_u16().try_into().map_err(|error| ConnectorError::other(Box::new(error), None))?;
    let headers = answer.headers().clone();
    let body = answer.bytes().await.map_err(failed)?;
    let mut response = HttpResponse::new(status, SdkBody::from(body.to_vec()));
    for (name, value) in &headers {
        if let Ok(value) = value.to_str() {
            response.headers_mut().append(name.as_str().to_owned(), value.to_owned());
        }
    }
    Ok(response)
}

/// The failure in the AWS crates' own classes, by which they decide whether to try again.
fn failed(error: reqwest::Error) -> ConnectorError {
    let (is_timeout, is_request) = (error.is_timeout(), error.is_builder());
    let error = Box::new(error.without_url());
    if is_timeout {
        ConnectorError::timeout(error)
    } else if is_request {
        ConnectorError::user(error)
    } else {
        ConnectorError::io(error)
    }
}
