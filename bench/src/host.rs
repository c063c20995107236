//! The Runtime API of one process under measurement, and the clock beside it.
//!
//! Server, clock and the order of events share one thread: nothing is handed between threads while a time is taken. The
//! server of `appflow-local` is not used, since it watches memory, limits and logs while a process runs.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::Failure;

/// What a function may take, and how long is waited for anything.
const LIMIT: Duration = Duration::from_secs(30);

/// What the process did.
#[derive(Debug)]
enum Event {
    /// It asked for work.
    Polled(Instant),
    /// It answered, so long after it got the work.
    Answered(Duration, Bytes),
    /// It reported an error.
    Failed(Bytes),
}

/// An answer and the time from the moment the process got the work until its answer was here completely.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) took: Duration,
    pub(crate) body: Bytes,
}

/// The Runtime API for one process.
#[derive(Debug)]
pub(crate) struct Host {
    address: String,
    work: mpsc::UnboundedSender<Bytes>,
    events: mpsc::UnboundedReceiver<Event>,
    server: JoinHandle<io::Result<()>>,
}

struct Shared {
    work: tokio::sync::Mutex<mpsc::UnboundedReceiver<Bytes>>,
    handed_over: Mutex<Option<Instant>>,
    events: mpsc::UnboundedSender<Event>,
}

impl Host {
    /// Listens on a free loopback port.
    pub(crate) async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?.to_string();
        let (work, receiver) = mpsc::unbounded_channel();
        let (sender, events) = mpsc::unbounded_channel();
        let shared = Shared { work: receiver.into(), handed_over: Mutex::default(), events: sender };
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{request_id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{request_id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(error))
            .layer(DefaultBodyLimit::disable())
            .with_state(Arc::new(shared));
        let server = serve(listener, router);
        Ok(Self { address, work, events, server })
    }

    /// `host:port`, as `AWS_LAMBDA_RUNTIME_API` wants it.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Waits until the process asks for work, and tells when it did.
    pub(crate) async fn polled(&mut self) -> Result<Instant, Failure> {
        match self.event().await? {
            Event::Polled(at) => Ok(at),
            Event::Answered(..) => Err("the process answered without work".into()),
            Event::Failed(body) => Err(reported(&body)),
        }
    }

    /// Hands over work to a process that asked for it, and waits for the answer and for the next time it asks.
    pub(crate) async fn invoke(&mut self, payload: Bytes) -> Result<Answer, Failure> {
        self.work.send(payload)?;
        let (took, body) = match self.event().await? {
            Event::Answered(took, body) => (took, body),
            Event::Polled(_) => return Err("the process asked for more work before it had answered".into()),
            Event::Failed(body) => return Err(reported(&body)),
        };
        self.polled().await?;
        Ok(Answer { took, body })
    }

    async fn event(&mut self) -> Result<Event, Failure> {
        let event = tokio::time::timeout(LIMIT, self.events.recv()).await;
        let event = event.map_err(|_| format!("the process was silent for {} s", LIMIT.as_secs()))?;
        event.ok_or_else(|| "the Runtime API server ended".into())
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Without Nagle's algorithm, which would hold back the end of an answer until the process acknowledges its beginning.
fn serve(listener: TcpListener, router: Router) -> JoinHandle<io::Result<()>> {
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    tokio::spawn(axum::serve(listener, router).into_future())
}

fn reported(body: &[u8]) -> Failure {
    format!("the process reported an error: {}", String::from_utf8_lossy(body)).into()
}

impl Shared {
    fn tell(&self, event: Event) {
        // Nobody listens any more once the measurement is over.
        drop(self.events.send(event));
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    shared.tell(Event::Polled(Instant::now()));
    let Some(payload) = shared.work.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let deadline = (SystemTime::now() + LIMIT).duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis();
    let headers = [
        (HeaderName::from_static("content-type"), "application/json".to_owned()),
        (HeaderName::from_static("lambda-runtime-aws-request-id"), "00000000-0000-4000-8000-000000000000".to_owned()),
        (HeaderName::from_static("lambda-runtime-deadline-ms"), deadline.to_string()),
        (
            HeaderName::from_static("lambda-runtime-invoked-function-arn"),
            "arn:aws:lambda:eu-west-1:000000000000:function:measured".to_owned(),
        ),
        (HeaderName::from_static("lambda-runtime-trace-id"), "Root=1-00000000-000000000000000000000000".to_owned()),
    ];
    let response = (headers, Body::from(payload)).into_response();
    *shared.handed_over.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    response
}

async fn response(State(shared): State<Arc<Shared>>, body: Bytes) -> StatusCode {
    let handed_over = shared.handed_over.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(handed_over) = handed_over else { return StatusCode::BAD_REQUEST };
    shared.tell(Event::Answered(handed_over.elapsed(), body));
    StatusCode::ACCEPTED
}

async fn error(State(shared): State<Arc<Shared>>, body: Bytes) -> StatusCode {
    shared.tell(Event::Failed(body));
    StatusCode::ACCEPTED
}

/// An API on loopback, until it is dropped.
#[derive(Debug)]
pub(crate) struct Upstream {
    base_url: String,
    server: JoinHandle<io::Result<()>>,
}

impl Upstream {
    /// Serves the same page for every request, on a free loopback port.
    pub(crate) async fn start(page: String) -> io::Result<Self> {
        let page = Bytes::from(page);
        let answer = move || {
            let page = page.clone();
            async move { ([("content-type", "application/json")], page) }
        };
        Self::serve(Router::new().fallback(answer)).await
    }

    /// Serves what a router answers, on a free loopback port.
    pub(crate) async fn serve(router: Router) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let base_url = format!("http://{}", listener.local_addr()?);
        let server = serve(listener, router);
        Ok(Self { base_url, server })
    }

    /// Where it is.
    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.server.abort();
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    use super::*;

    /// Sends one request on a connection of its own and reads the answer to its end.
    async fn send(address: &str, head: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let length = body.len();
        let request =
            format!("{head} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    const NEXT: &str = "GET /2018-06-01/runtime/invocation/next";

    #[tokio::test]
    async fn hands_work_to_a_process_and_gets_its_answer() {
        let mut host = Host::start().await.unwrap();
        let address = host.address().to_owned();
        let process = tokio::spawn(async move {
            let work = send(&address, NEXT, "").await;
            assert!(work.contains("lambda-runtime-deadline-ms: "), "{work}");
            let (_, payload) = work.split_once("\r\n\r\n").unwrap();
            let answer = format!("[{payload}]");
            let path = "POST /2018-06-01/runtime/invocation/00000000-0000-4000-8000-000000000000/response";
            assert!(send(&address, path, &answer).await.starts_with("HTTP/1.1 202"));
            send(&address, NEXT, "").await
        });
        host.polled().await.unwrap();
        let answer = host.invoke(Bytes::from_static(b"{\"a\":1}")).await.unwrap();
        assert_eq!(answer.body, "[{\"a\":1}]");
        assert!(answer.took > Duration::ZERO);
        process.abort();
    }

    #[tokio::test]
    async fn says_what_a_process_reports() {
        let mut host = Host::start().await.unwrap();
        let address = host.address().to_owned();
        let process =
            tokio::spawn(async move { send(&address, "POST /2018-06-01/runtime/init/error", "no manifest").await });
        let error = host.polled().await.unwrap_err().to_string();
        assert!(error.ends_with("no manifest"), "{error}");
        assert!(process.await.unwrap().starts_with("HTTP/1.1 202"));
    }

    #[tokio::test]
    async fn the_upstream_serves_its_page() {
        let upstream = Upstream::start("{\"rows\":[]}".to_owned()).await.unwrap();
        let address = upstream.base_url().trim_start_matches("http://").to_owned();
        assert!(send(&address, "GET /any?x=1", "").await.ends_with("{\"rows\":[]}"));
    }
}
