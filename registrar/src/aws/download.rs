//! Fetches a file from a presigned address, with the transport of the AWS clients: its proxies and authorities count here too.

use std::time::Duration;

use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::timeout::TimeoutConfig;

use super::failure::{Reach, ServiceFailure};

/// How long fetching an artefact may take; it has 50 MB at most, or came through S3.
const LIMIT: Duration = Duration::from_mins(5);

/// Fetches it. The address holds its own permission for some minutes, so it is in no message.
pub(super) async fn download(
    http: &SharedHttpClient,
    action: &'static str,
    address: &str,
) -> Result<Vec<u8>, ServiceFailure> {
    let failed = move |reach, status, message: &str| ServiceFailure {
        action,
        reach,
        code: None,
        message: format!("the code cannot be fetched from where Lambda keeps it: {message}"),
        request_id: None,
        status,
    };
    let host = address.find("://").and_then(|scheme| address[scheme + 3..].find('/').map(|path| scheme + 3 + path));
    let (host, target) = address.split_at(host.unwrap_or(address.len()));
    let target = if target.is_empty() { "/" } else { target }.to_owned();
    let operation = Operation::builder()
        .service_name("Lambda")
        .operation_name("FetchCode")
        .http_client(http.clone())
        .endpoint_url(host)
        .no_auth()
        .no_retry()
        .timeout_config(TimeoutConfig::builder().operation_timeout(LIMIT).build())
        .serializer(move |(): ()| {
            let mut request = HttpRequest::new(SdkBody::empty());
            request.set_uri(target.clone())?;
            Ok(request)
        })
        .deserializer(move |response: &HttpResponse| match response.body().bytes() {
            Some(bytes) if response.status().is_success() => Ok(bytes.to_vec()),
            _ => {
                let status = response.status().as_u16();
                let failure = failed(Reach::Answered, Some(status), &format!("HTTP {status}"));
                Err(OrchestratorError::operation(failure))
            }
        })
        .build();
    match operation.invoke(()).await {
        Ok(bytes) => Ok(bytes),
        Err(SdkError::ServiceError(error)) => Err(error.into_err()),
        Err(SdkError::TimeoutError(_)) => Err(failed(Reach::Lost, None, "it takes too long")),
        Err(error) => {
            let mut cause: &dyn std::error::Error = &error;
            while let Some(deeper) = cause.source() {
                cause = deeper;
            }
            Err(failed(Reach::Lost, None, &cause.to_string()))
        }
    }
}
