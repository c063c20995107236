//! What AppFlow invokes: bytes in, bytes out.

use std::any::Any;
use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use crate::connector::Connector;
use crate::credentials::SecretStore;
use crate::dispatch::handle;
use crate::invocation::InvocationContext;

/// The answer of a [`Function`], once it is there.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<Vec<u8>, FunctionError>> + Send + 'a>>;

/// Something that answers the bytes of a request: a connector in this process, or any other that speaks the protocol.
///
/// [`AppFlow::new`](super::AppFlow::new) makes one of a [`Connector`]. Implement it to put a deployed function, or a
/// connector in another language, through the same tests.
pub trait Function: Send + Sync {
    /// Answers one request.
    ///
    /// # Errors
    /// [`FunctionError`] when there is no answer: the request cannot be read, or the function broke.
    fn invoke<'a>(&'a self, request: &'a [u8], call: &'a Invocation) -> Answer<'a>;
}

/// What comes with one call of a [`Function`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Invocation {
    /// The id of the call.
    pub request_id: String,
    /// How long the answer may take.
    pub limit: Duration,
    /// Where the secrets are that the request names.
    pub secrets: Arc<dyn SecretStore>,
}

/// A call that ended without an answer: what Lambda calls a function error.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FunctionError {
    /// Why, as far as it is known.
    pub reason: String,
    /// Whether the function says that it could not read the request, and did not break on its way to an answer.
    pub refused_the_request: bool,
}

impl FunctionError {
    /// The function broke.
    #[must_use]
    pub fn broke(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), refused_the_request: false }
    }

    /// The function could not read the request.
    #[must_use]
    pub fn refused(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), refused_the_request: true }
    }
}

impl fmt::Display for FunctionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for FunctionError {}

/// A connector in this process. A panic ends the call, as it does in Lambda, and not the test.
pub(super) struct InProcess<C>(pub(super) C);

impl<C: Connector> Function for InProcess<C> {
    fn invoke<'a>(&'a self, request: &'a [u8], call: &'a Invocation) -> Answer<'a> {
        Box::pin(async move {
            let context = InvocationContext::new(call.request_id.clone(), call.limit, Arc::clone(&call.secrets));
            let mut handling = Box::pin(handle(&self.0, request, context));
            let outcome = poll_fn(|task| match catch_unwind(AssertUnwindSafe(|| handling.as_mut().poll(task))) {
                Ok(Poll::Pending) => Poll::Pending,
                Ok(Poll::Ready(answer)) => Poll::Ready(Ok(answer)),
                Err(panic) => Poll::Ready(Err(panic)),
            })
            .await;
            match outcome {
                Ok(Ok(answer)) => Ok(answer.get().as_bytes().to_vec()),
                Ok(Err(error)) => Err(FunctionError::refused(format!("the request cannot be read: {error}"))),
                Err(panic) => Err(FunctionError::broke(format!("the connector panicked: {}", said(&*panic)))),
            }
        })
    }
}

fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a message")
}
