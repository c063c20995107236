//! A local AWS that runs in real time, in threads of its own, while the tests' own clock stands still.

use std::sync::OnceLock;
use std::time::Duration;

use appflow_local::{Options, Running, connect_or_start};
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// A local AWS and the threads it runs in.
#[derive(Debug)]
pub(crate) struct Cloud {
    runtime: &'static Runtime,
    running: Running,
    connector: SharedHttpConnector,
    _state: TempDir,
}

/// Real time, for all servers. It is never shut down: processes end it.
fn real_time() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("the runtime for servers starts")
    })
}

impl Cloud {
    /// Starts one. Functions are ready at once; that they are not is played by the tests' transport.
    pub(crate) async fn start() -> Self {
        let runtime = real_time();
        let state = tempfile::tempdir().expect("there is room for a temporary folder");
        let mut options = Options::new(state.path());
        options.function_settle = Duration::ZERO;
        let started = tokio::task::spawn_blocking(move || runtime.block_on(connect_or_start(options)));
        let running = started.await.expect("the start does not panic").expect("the local AWS starts");
        let connector = Connector::builder().tls_provider(Provider::Rustls(CryptoMode::Ring)).build();
        Self { runtime, running, connector: SharedHttpConnector::new(connector), _state: state }
    }

    /// Where it listens.
    pub(crate) fn endpoint_url(&self) -> &str {
        self.running.endpoint_url()
    }

    /// Something that exchanges requests for whole responses, in real time.
    pub(crate) fn line(&self) -> Line {
        Line { runtime: self.runtime, connector: self.connector.clone() }
    }
}

/// A line to a local AWS.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    runtime: &'static Runtime,
    connector: SharedHttpConnector,
}

impl Line {
    /// Sends a request and takes the whole answer.
    ///
    /// The paused clock of the caller does not move meanwhile, because a blocking task runs.
    pub(crate) async fn exchange(&self, request: HttpRequest) -> (HttpResponse, Vec<u8>) {
        let Self { runtime, connector } = self.clone();
        let exchange = move || {
            runtime.block_on(async {
                let mut response = connector.call(request).await.expect("the local AWS answers");
                let body = std::mem::replace(response.body_mut(), SdkBody::empty());
                let bytes = ByteStream::new(body).collect().await.expect("the local AWS answers in full");
                (response, bytes.to_vec())
            })
        };
        tokio::task::spawn_blocking(exchange).await.expect("the exchange does not panic")
    }
}
