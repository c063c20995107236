//! The transport between the registrar and the local AWS: it counts, records and spoils.

use std::pin::Pin;
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;

use crate::cloud::Line;
use crate::fault::{Fault, STALL, respond};
use crate::operation::Operation;

/// How often a fault happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Times {
    /// This many times.
    Only(u32),
    /// From then on.
    Always,
}

/// A fault and the calls that it spoils.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spoil<'a> {
    /// The call, as in `CreateFunction`.
    pub(crate) operation: &'a str,
    /// The first call of that name that it spoils, counted from 1.
    pub(crate) from: u32,
    /// How many.
    pub(crate) times: Times,
    /// What goes wrong.
    pub(crate) fault: Fault,
}

/// One request that was sent.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    /// What it was.
    pub(crate) operation: Operation,
    /// What the service answered; none if it did not get the request.
    pub(crate) status: Option<u16>,
    /// Whether that answer arrived.
    pub(crate) is_delivered: bool,
}

impl Sent {
    /// Whether the service did it.
    pub(crate) fn took_effect(&self) -> bool {
        self.status.is_some_and(|status| status < 300)
    }
}

/// Changes an answer before it arrives: the call, which one of that name it is, the body.
pub(crate) type Mask = Arc<dyn Fn(&str, u32, &mut Vec<u8>) + Send + Sync>;

/// What somebody else does in the middle of a run.
pub(crate) type Deed = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// What else happens while a command runs.
#[derive(Clone, Default)]
pub(crate) struct Play {
    /// How answers are changed.
    pub(crate) mask: Option<Mask>,
    /// What somebody else does right before the first call of a name arrives.
    pub(crate) deed: Option<(&'static str, Deed)>,
}

/// The transport of one run.
#[derive(Clone)]
pub(crate) struct Wire(Arc<Inner>);

struct Inner {
    line: Line,
    spoils: Vec<(String, u32, Times, Fault)>,
    play: Play,
    log: Mutex<Vec<Sent>>,
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Wire").field(&self.0.spoils).finish()
    }
}

impl Wire {
    /// A transport that spoils these calls.
    pub(crate) fn new(line: Line, spoils: &[Spoil<'_>], play: Play) -> Self {
        let spoils = spoils.iter().map(|spoil| (spoil.operation.to_owned(), spoil.from, spoil.times, spoil.fault));
        Self(Arc::new(Inner { line, spoils: spoils.collect(), play, log: Mutex::default() }))
    }

    /// As the clients want it.
    pub(crate) fn client(&self) -> SharedHttpClient {
        let connector = SharedHttpConnector::new(self.clone());
        http_client_fn(move |_, _| connector.clone())
    }

    /// What was sent, in order.
    pub(crate) fn log(&self) -> Vec<Sent> {
        self.0.log.lock().expect("no test panics while it holds this").clone()
    }

    /// Notes a request; tells its place in the log and which one of its name it is.
    fn note(&self, operation: &Operation) -> (usize, u32) {
        let mut log = self.0.log.lock().expect("no test panics while it holds this");
        log.push(Sent { operation: operation.clone(), status: None, is_delivered: false });
        let same = log.iter().filter(|sent| sent.operation.name == operation.name).count();
        (log.len() - 1, u32::try_from(same).expect("no test sends so much"))
    }

    fn amend(&self, place: usize, change: impl FnOnce(&mut Sent)) {
        change(&mut self.0.log.lock().expect("no test panics while it holds this")[place]);
    }

    fn fault(&self, operation: &str, number: u32) -> Option<Fault> {
        self.0.spoils.iter().find_map(|(name, from, times, fault)| {
            let is_hit = match times {
                Times::Only(times) => (*from..*from + *times).contains(&number),
                Times::Always => number >= *from,
            };
            (name == operation && is_hit).then_some(*fault)
        })
    }

    async fn carry(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let operation = Operation::of(&request);
        let (place, number) = self.note(&operation);
        let fault = self.fault(&operation.name, number);
        if let Some(Fault::Refused(answer)) = fault {
            return Ok(answer.render(&operation.service));
        }
        if fault == Some(Fault::ResetBefore) {
            return Err(reset());
        }
        if let Some((_, deed)) = self.0.play.deed.as_ref().filter(|(name, _)| number == 1 && *name == operation.name) {
            deed().await;
        }
        let (mut response, mut body) = self.0.line.exchange(request).await;
        self.amend(place, |sent| sent.status = Some(response.status().as_u16()));
        if let Some(mask) = &self.0.play.mask {
            mask(&operation.name, number, &mut body);
        }
        match fault {
            None => self.amend(place, |sent| sent.is_delivered = true),
            Some(Fault::Refused(_) | Fault::ResetBefore) => {}
            Some(Fault::DoneThenFailed(answer)) => return Ok(answer.render(&operation.service)),
            Some(Fault::ResetAfter) => return Err(reset()),
            Some(Fault::Truncated) => body.truncate(body.len() / 2),
            Some(Fault::Broken) => {
                response.headers_mut().remove("content-length");
                *response.body_mut() = broken(body);
                return Ok(response);
            }
            Some(Fault::Garbage) => return Ok(respond(200, "<html><body>Please sign in to the network.")),
            Some(Fault::Stalled) => tokio::time::sleep(STALL).await,
        }
        response.headers_mut().remove("content-length");
        *response.body_mut() = SdkBody::from(body);
        Ok(response)
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().carry(request))
    }
}

fn reset() -> ConnectorError {
    ConnectorError::io(std::io::Error::from(std::io::ErrorKind::ConnectionReset).into())
}

/// Half of a body, then a broken connection.
fn broken(mut body: Vec<u8>) -> SdkBody {
    body.truncate(body.len() / 2);
    SdkBody::from_body_1_x(Half(Some(body)))
}

struct Half(Option<Vec<u8>>);

impl http_body::Body for Half {
    type Data = bytes::Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<bytes::Bytes>, std::io::Error>>> {
        let next = match self.0.take() {
            Some(half) => Ok(http_body::Frame::data(half.into())),
            None => Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof)),
        };
        std::task::Poll::Ready(Some(next))
    }
}
