//! The Runtime API, version 2018-06-01, as one process sees it: it asks for work, answers, or reports an error.
//!
//! Every process has a server of its own, so that no request needs to say which process it comes from.

use std::sync::Arc;

use appflow_sdk::protocol::RESPONSE_LIMIT_BYTES;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use http::{HeaderValue, StatusCode, header};
use jiff::Timestamp;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

/// One invocation for the process.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) request_id: String,
    pub(super) payload: Bytes,
    pub(super) deadline: Timestamp,
    pub(super) invoked_arn: String,
    pub(super) trace_id: String,
}

/// What the process said.
#[derive(Debug)]
pub(super) enum Event {
    /// It asked for work; the first time this ends its initialisation.
    Ready,
    /// It could not initialise.
    InitFailed(Bytes),
    /// It answered the invocation.
    Answered(Bytes),
    /// It answered with more than Lambda passes on.
    TooLarge {
        /// The answer's size.
        bytes: usize,
    },
    /// It reported an error of the invocation.
    Failed(Bytes),
}

/// The server for one process.
#[derive(Debug)]
pub(super) struct RuntimeApi {
    /// `host:port`, as `AWS_LAMBDA_RUNTIME_API` wants it.
    pub(super) address: String,
    pub(super) events: mpsc::UnboundedReceiver<Event>,
    work: mpsc::Sender<Work>,
    server: JoinHandle<()>,
}

struct Shared {
    work: Mutex<mpsc::Receiver<Work>>,
    current: Mutex<Option<String>>,
    events: mpsc::UnboundedSender<Event>,
}

impl RuntimeApi {
    /// Listens on a free loopback port.
    pub(super) async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?.to_string();
        let (work, work_receiver) = mpsc::channel(1);
        let (event_sender, events) = mpsc::unbounded_channel();
        let shared =
            Arc::new(Shared { work: Mutex::new(work_receiver), current: Mutex::default(), events: event_sender });
        let router = router(shared);
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::warn!(%error, "a Runtime API server ended");
            }
        });
        Ok(Self { address, events, work, server })
    }

    /// Hands an invocation to the process; it gets it with its next poll.
    pub(super) async fn hand_over(&self, work: Work) -> Result<(), mpsc::error::SendError<Work>> {
        self.work.send(work).await
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{request_id}/response", post(response))
        .route("/2018-06-01/runtime/invocation/{request_id}/error", post(invocation_error))
        .route("/2018-06-01/runtime/init/error", post(init_error))
        .fallback(async || refusal(StatusCode::NOT_FOUND, "NotFound", "the Runtime API has no such path"))
        .with_state(shared)
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    shared.tell(Event::Ready);
    let work = shared.work.lock().await.recv().await;
    let Some(work) = work else {
        return refusal(StatusCode::GONE, "Gone", "this process is not needed any more");
    };
    *shared.current.lock().await = Some(work.request_id.clone());
    let mut response = Response::new(Body::from(work.payload));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in [
        ("lambda-runtime-aws-request-id", work.request_id),
        ("lambda-runtime-deadline-ms", work.deadline.as_millisecond().to_string()),
        ("lambda-runtime-invoked-function-arn", work.invoked_arn),
        ("lambda-runtime-trace-id", work.trace_id),
    ] {
        // Ids, ARNs and numbers are ASCII; anything else is not sent rather than failing the invocation.
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    response
}

async fn response(State(shared): State<Arc<Shared>>, Path(request_id): Path<String>, body: Body) -> Response {
    match finish(&shared, &request_id, body).await {
        Ok(Counted::Whole(bytes)) => {
            shared.tell(Event::Answered(bytes));
            accepted()
        }
        Ok(Counted::TooLarge { bytes }) => {
            shared.tell(Event::TooLarge { bytes });
            refusal(
                StatusCode::PAYLOAD_TOO_LARGE,
                "Function.ResponseSizeTooLarge",
                &format!("Exceeded maximum allowed payload size ({RESPONSE_LIMIT_BYTES} bytes)."),
            )
        }
        Err(refused) => refused,
    }
}

async fn invocation_error(State(shared): State<Arc<Shared>>, Path(request_id): Path<String>, body: Body) -> Response {
    match finish(&shared, &request_id, body).await {
        Ok(Counted::Whole(bytes)) => shared.tell(Event::Failed(bytes)),
        Ok(Counted::TooLarge { bytes }) => shared.tell(Event::TooLarge { bytes }),
        Err(refused) => return refused,
    }
    accepted()
}

async fn init_error(State(shared): State<Arc<Shared>>, body: Body) -> Response {
    match read(body).await {
        Ok(Counted::Whole(bytes)) => shared.tell(Event::InitFailed(bytes)),
        Ok(Counted::TooLarge { bytes }) => shared.tell(Event::TooLarge { bytes }),
        Err(refused) => return refused,
    }
    accepted()
}

impl Shared {
    fn tell(&self, event: Event) {
        // Nobody listens any more when the invocation was given up; the process is about to be ended.
        drop(self.events.send(event));
    }
}

/// Reads the body for the invocation that is running, which ends it. Another id is refused and ends nothing.
async fn finish(shared: &Shared, request_id: &str, body: Body) -> Result<Counted, Response> {
    if shared.current.lock().await.as_deref() != Some(request_id) {
        return Err(refusal(StatusCode::BAD_REQUEST, "InvalidRequestID", "this is not the invocation that is running"));
    }
    let counted = read(body).await?;
    *shared.current.lock().await = None;
    Ok(counted)
}

enum Counted {
    Whole(Bytes),
    TooLarge { bytes: usize },
}

/// Reads a body, keeping no more than the limit but counting to the end.
async fn read(body: Body) -> Result<Counted, Response> {
    let mut stream = body.into_data_stream();
    let mut kept = BytesMut::new();
    let mut bytes = 0_usize;
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| {
            refusal(StatusCode::BAD_REQUEST, "InvalidRequest", &format!("the body broke off: {error}"))
        })?;
        bytes += chunk.len();
        if bytes <= RESPONSE_LIMIT_BYTES {
            kept.extend_from_slice(&chunk);
        }
    }
    if bytes > RESPONSE_LIMIT_BYTES {
        return Ok(Counted::TooLarge { bytes });
    }
    Ok(Counted::Whole(kept.freeze()))
}

fn accepted() -> Response {
    (StatusCode::ACCEPTED, axum::Json(json!({ "status": "OK" }))).into_response()
}

fn refusal(status: StatusCode, error_type: &str, message: &str) -> Response {
    let document = json!({ "errorType": error_type, "errorMessage": message });
    (status, axum::Json(document)).into_response()
}
