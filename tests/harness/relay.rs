//! Stands between clients and an HTTP server: records each request whole, and holds the calls it is told to.

use std::net::SocketAddr;
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, mpsc};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use crate::call::Call;
use crate::started::Started;

/// Largest body that is passed on, in bytes: more than any service here takes.
const BODY_LIMIT: usize = 100 * 1024 * 1024;

/// Headers that are about one connection rather than about what is sent over it.
const OF_A_CONNECTION: [HeaderName; 3] =
    [header::CONNECTION, header::TRANSFER_ENCODING, HeaderName::from_static("keep-alive")];

/// What the relays and the servers behind them run on. It ends with the test process.
pub(crate) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("the system gives threads")
    })
}

/// When a call is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// It has arrived, and the server does not know of it.
    Before,
    /// The server has answered, and the client does not know of it.
    After,
}

/// A relay on a port of its own.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    desk: Arc<Desk>,
}

#[derive(Debug)]
struct Desk {
    server: SocketAddr,
    ledger: Mutex<Ledger>,
}

#[derive(Debug, Default)]
struct Ledger {
    arrived: usize,
    calls: Vec<Call>,
    holds: Vec<Hold>,
}

/// The relay's end of a [`Held`].
#[derive(Debug)]
struct Hold {
    number: usize,
    moment: Moment,
    reached: mpsc::Sender<Call>,
    release: oneshot::Receiver<()>,
}

/// A call that goes no further until it is told to. When this is dropped the call goes nowhere.
#[derive(Debug)]
pub struct Held {
    reached: mpsc::Receiver<Call>,
    release: oneshot::Sender<()>,
}

impl Held {
    /// Waits for the call. None if the process that was to make it ended first.
    #[must_use]
    pub fn reached(&self) -> Option<Call> {
        self.reached.recv().ok()
    }

    /// Lets it go on.
    pub fn release(self) {
        // The client may have hung up meanwhile; then there is nothing to let go.
        let _ = self.release.send(());
    }
}

impl Relay {
    /// Starts relaying to a server on this machine.
    #[must_use]
    pub fn to(server: SocketAddr) -> Self {
        let listener = runtime().block_on(TcpListener::bind("127.0.0.1:0")).expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let desk = Arc::new(Desk { server, ledger: Mutex::default() });
        let router = Router::new().fallback(pass_on).with_state(Arc::clone(&desk));
        drop(runtime().spawn(async move { axum::serve(listener, router).await }));
        Self { address, desk }
    }

    /// Where to send requests.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The calls that have arrived since this was last asked, in order.
    #[must_use]
    pub fn take(&self) -> Vec<Call> {
        std::mem::take(&mut self.desk.ledger().calls)
    }

    /// How many calls have arrived so far.
    #[must_use]
    pub fn count(&self) -> usize {
        self.desk.ledger().arrived
    }

    /// Holds a call by its number, counted from 1.
    #[must_use]
    pub fn hold(&self, number: usize, moment: Moment) -> Held {
        let ((tell, reached), (release, released)) = (mpsc::channel(), oneshot::channel());
        self.desk.ledger().holds.push(Hold { number, moment, reached: tell, release: released });
        Held { reached, release }
    }

    /// Starts a program whose calls come through here. When it ends, nobody waits for its calls any longer.
    #[must_use]
    pub fn start(&self, command: &mut Command) -> Started {
        let desk = Arc::clone(&self.desk);
        Started::new(command, move || desk.ledger().holds.clear())
    }
}

impl Desk {
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().expect("no thread panicked")
    }

    fn record(&self, parts: &Parts, body: Bytes) -> usize {
        let mut ledger = self.ledger();
        ledger.arrived += 1;
        let number = ledger.arrived;
        ledger.calls.push(Call::of(number, parts, body));
        number
    }

    /// Waits if the call is to be held here; false if it is to go no further.
    async fn pass(&self, number: usize, moment: Moment) -> bool {
        let hold = {
            let mut ledger = self.ledger();
            let place = ledger.holds.iter().position(|hold| hold.number == number && hold.moment == moment);
            let hold = place.map(|place| ledger.holds.swap_remove(place));
            hold.and_then(|hold| Some((ledger.calls.iter().find(|call| call.number == number)?.clone(), hold)))
        };
        let Some((call, hold)) = hold else { return true };
        hold.reached.send(call).is_ok() && hold.release.await.is_ok()
    }
}

async fn pass_on(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        return (StatusCode::BAD_REQUEST, "the request broke off").into_response();
    };
    let number = desk.record(&parts, body.clone());
    if !desk.pass(number, Moment::Before).await {
        return (StatusCode::BAD_GATEWAY, "the request was not passed on").into_response();
    }
    let answer = match ask(desk.server, parts, body).await {
        Ok(answer) => answer,
        Err(error) => return (StatusCode::BAD_GATEWAY, format!("the server cannot be asked: {error}")).into_response(),
    };
    if let Some(call) = desk.ledger().calls.iter_mut().find(|call| call.number == number) {
        call.status = Some(answer.status().as_u16());
    }
    if !desk.pass(number, Moment::After).await {
        return (StatusCode::BAD_GATEWAY, "the answer was not passed on").into_response();
    }
    answer
}

/// Asks over a connection of its own, and waits for the whole answer.
async fn ask(server: SocketAddr, parts: Parts, body: Bytes) -> Result<Response, axum::Error> {
    let stream = TcpStream::connect(server).await.map_err(axum::Error::new)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(axum::Error::new)?;
    drop(tokio::spawn(connection));
    let mut request = Request::from_parts(parts, Body::from(body));
    leave_connection_out(request.headers_mut());
    let answer = sender.send_request(request).await.map_err(axum::Error::new)?;
    let (mut parts, body) = answer.into_parts();
    leave_connection_out(&mut parts.headers);
    let body = to_bytes(Body::new(body), BODY_LIMIT).await?;
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn leave_connection_out(headers: &mut HeaderMap) {
    for name in OF_A_CONNECTION {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};

    use super::*;

    /// A server that answers with what it was sent.
    fn echo() -> SocketAddr {
        let listener = runtime().block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(async |body: Bytes| body);
        drop(runtime().spawn(async move { axum::serve(listener, router).await }));
        address
    }

    fn body_of(stream: &std::net::TcpStream) -> (String, String) {
        let mut reader = BufReader::new(stream);
        let (mut status, mut length) = (String::new(), 0);
        reader.read_line(&mut status).unwrap();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            if line.trim().is_empty() {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        (status.trim().to_owned(), String::from_utf8(body).unwrap())
    }

    #[test]
    fn bodies_of_both_kinds_pass_over_one_connection_and_are_recorded_whole() {
        let relay = Relay::to(echo());
        let mut client = std::net::TcpStream::connect(relay.address).unwrap();
        client.write_all(b"POST /a?b=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\none").unwrap();
        assert_eq!(body_of(&client), ("HTTP/1.1 200 OK".to_owned(), "one".to_owned()));
        let chunked = "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\ntw\r\n1\r\no\r\n0\r\n\r\n";
        client.write_all(chunked.as_bytes()).unwrap();
        assert_eq!(body_of(&client).1, "two");
        let calls = relay.take();
        assert_eq!(calls.iter().map(|call| call.number).collect::<Vec<_>>(), [1, 2]);
        assert_eq!((calls[0].target.as_str(), &calls[0].body[..]), ("/a?b=1", &b"one"[..]));
        assert_eq!((calls[1].status, &calls[1].body[..]), (Some(200), &b"two"[..]));
        assert!(relay.take().is_empty());
    }

    #[test]
    fn a_held_call_waits_and_a_dropped_one_goes_nowhere() {
        let relay = Relay::to(echo());
        let held = relay.hold(1, Moment::Before);
        let dropped = relay.hold(2, Moment::After);
        let mut client = std::net::TcpStream::connect(relay.address).unwrap();
        client.write_all(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nok").unwrap();
        assert_eq!(held.reached().unwrap().status, None, "the server was not asked yet");
        held.release();
        assert_eq!(body_of(&client).1, "ok");
        client.write_all(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nno").unwrap();
        assert_eq!(dropped.reached().unwrap().status, Some(200), "the server has answered");
        drop(dropped);
        assert_eq!(body_of(&client).0, "HTTP/1.1 502 Bad Gateway");
    }

    #[test]
    fn nobody_waits_for_a_program_that_has_ended() {
        let relay = Relay::to(echo());
        let held = relay.hold(1, Moment::Before);
        let started = relay.start(&mut Command::new("true"));
        assert!(held.reached().is_none());
        assert_eq!(started.finish().code, Some(0));
    }
}
