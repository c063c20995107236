//! What comes with each call of a connector: time, credentials, and an account of what it did upstream.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::credentials::{ConnectionCredentials, SecretStore};
use crate::error::ConnectorError;
use crate::protocol::{ConnectorContext, ErrorCode};
use crate::secret::Secret;

/// Shortest secret that is looked for in messages, in bytes. A shorter one is in too many innocent words.
const SHORTEST_SCRUBBED: usize = 4;

/// Longest time that a call is given, beyond all that Lambda gives; more would not fit into a clock.
const LONGEST: Duration = Duration::from_hours(24 * 365);

/// What comes with each call: how long it may take, what it is called in the logs, and where secrets are.
///
/// Copies share one account of the call, so a connector may hand them to the tasks it starts.
#[derive(Clone)]
pub struct InvocationContext {
    request_id: String,
    deadline: Instant,
    secrets: Arc<dyn SecretStore>,
    account: Arc<Account>,
}

/// What happened during the call.
#[derive(Debug, Default)]
struct Account {
    upstream_calls: AtomicU64,
    upstream_microseconds: AtomicU64,
    concealed: Mutex<Vec<Secret>>,
}

impl fmt::Debug for InvocationContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InvocationContext").field("request_id", &self.request_id).finish_non_exhaustive()
    }
}

impl InvocationContext {
    /// A call that must be answered within `limit` from now.
    #[must_use]
    pub fn new(request_id: impl Into<String>, limit: Duration, secrets: Arc<dyn SecretStore>) -> Self {
        let now = Instant::now();
        let deadline = now.checked_add(limit.min(LONGEST)).unwrap_or(now);
        Self { request_id: request_id.into(), deadline, secrets, account: Arc::default() }
    }

    /// Lambda's id of the call.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// When the answer must be there, by tokio's clock.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// How long there is left.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Brings the deadline forward to `limit` from now, if it is later than that.
    #[must_use]
    pub(crate) fn at_most(mut self, limit: Duration) -> Self {
        if let Some(earlier) = Instant::now().checked_add(limit) {
            self.deadline = self.deadline.min(earlier);
        }
        self
    }

    /// Brings the deadline forward by `margin`: time that what gets this copy must not use, because something else needs
    /// it afterwards.
    #[must_use]
    pub fn keep_back(mut self, margin: Duration) -> Self {
        self.deadline = self.deadline.checked_sub(margin).unwrap_or_else(Instant::now);
        self
    }

    /// Has a secret read anew the next time it is asked for.
    pub(crate) async fn forget_secret(&self, secret_arn: &str) {
        self.secrets.forget(secret_arn).await;
    }

    /// The credentials of the connection that a request runs on. From then on none of them can come back in a message
    /// of this call, neither as they are nor as they are sent: in an address, a form, in JSON, in a Basic header. See
    /// [`conceal`](Self::conceal).
    ///
    /// # Errors
    /// As [`SecretStore::secret`] and [`ConnectionCredentials::parse`].
    pub async fn credentials(&self, connection: &ConnectorContext) -> Result<ConnectionCredentials, ConnectorError> {
        let Some(credentials) = &connection.credentials else { return Ok(ConnectionCredentials::None) };
        let Some(secret_arn) = &credentials.secret_arn else { return Ok(ConnectionCredentials::None) };
        let secret = self.secrets.secret(secret_arn).await?;
        let parsed = ConnectionCredentials::parse(&secret, credentials.authentication_type.as_ref())?;
        parsed.secrets().flat_map(sent_forms).for_each(|secret| self.conceal(secret));
        if let ConnectionCredentials::BasicAuth { username, password } = &parsed {
            self.conceal(Secret::from(STANDARD.encode(format!("{username}:{}", password.expose()))));
        }
        Ok(parsed)
    }

    /// Makes a call with the connection's credentials. If the source system refuses them (`InvalidCredentials`), the
    /// secret is read once more, and if it says something else by now, the call is made a second time.
    ///
    /// AppFlow refreshes an OAuth2 token under the same ARN, and an operator rotates a password, while copies of the old
    /// one are remembered here. If the secret is unchanged, or refused again, the error goes to AppFlow, which then
    /// refreshes the token and asks again.
    ///
    /// The call is made anew as a whole, so it must do no harm twice: one request, or reading. For a write of several
    /// batches, wrap each batch. [`Retry`](crate::Retry) belongs inside: it repeats with the same credentials.
    ///
    /// ```
    /// # use appflow_sdk::{ConnectionCredentials, ConnectorError, InvocationContext, Secret, protocol::*};
    /// # use std::{collections::BTreeMap, sync::Arc, time::Duration};
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// # let context = InvocationContext::new("r", Duration::from_secs(30), Arc::new(BTreeMap::<String, Secret>::new()));
    /// # let request = QueryDataRequest::new("orders", ConnectorContext::default());
    /// let answer = context.with_credentials(&request.connector_context, async |credentials| {
    ///     # let _ = credentials;
    ///     Ok("what the source system answers")
    /// }).await?;
    /// # assert!(!answer.is_empty());
    /// # Ok::<(), ConnectorError>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`credentials`](Self::credentials), and the call's own.
    pub async fn with_credentials<T, F, C>(
        &self,
        connection: &ConnectorContext,
        mut call: C,
    ) -> Result<T, ConnectorError>
    where
        C: FnMut(ConnectionCredentials) -> F,
        F: Future<Output = Result<T, ConnectorError>>,
    {
        let credentials = self.credentials(connection).await?;
        let refused = match call(credentials.clone()).await {
            Err(error) if *error.code() == ErrorCode::InvalidCredentials => error,
            outcome => return outcome,
        };
        let Some(secret_arn) = connection.credentials.as_ref().and_then(|named| named.secret_arn.as_deref()) else {
            return Err(refused);
        };
        self.forget_secret(secret_arn).await;
        match self.credentials(connection).await {
            Ok(renewed) if renewed != credentials => {
                tracing::info!("the credentials were refused and are others by now; trying those");
                call(renewed).await
            }
            Ok(_) => Err(refused),
            Err(unreadable) => {
                let unreadable = unreadable.to_string();
                tracing::warn!(error = %self.scrub(&unreadable), "the credentials were refused and cannot be read again");
                Err(refused)
            }
        }
    }

    /// Makes a call to the source system and counts it: how many there were and how long they took is in the line that
    /// is logged for each invocation.
    pub async fn upstream<T>(&self, call: impl Future<Output = T>) -> T {
        let started = Instant::now();
        let answer = call.instrument(tracing::debug_span!("upstream")).await;
        let taken = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.account.upstream_calls.fetch_add(1, Ordering::Relaxed);
        self.account.upstream_microseconds.fetch_add(taken, Ordering::Relaxed);
        answer
    }

    /// How many calls to the source system there were, and how long they took together.
    pub(crate) fn upstream_account(&self) -> (u64, Duration) {
        let microseconds = self.account.upstream_microseconds.load(Ordering::Relaxed);
        (self.account.upstream_calls.load(Ordering::Relaxed), Duration::from_micros(microseconds))
    }

    /// Keeps a text out of every message of this call: should the source system quote it in an error, AppFlow and the
    /// log get `***` in its place. Credentials read through this context are concealed already; this is for texts made
    /// of them, such as a signed header. Texts of fewer than 4 bytes are left alone.
    pub fn conceal(&self, secret: Secret) {
        if secret.expose().len() < SHORTEST_SCRUBBED {
            return;
        }
        // A panic while the list was held leaves it whole: it only ever grows by one.
        let mut concealed = self.account.concealed.lock().unwrap_or_else(PoisonError::into_inner);
        if !concealed.contains(&secret) {
            concealed.push(secret);
            // A text that is part of a longer one must not tear it apart.
            concealed.sort_by_key(|secret| std::cmp::Reverse(secret.expose().len()));
        }
    }

    /// The text with `***` in place of everything that is [concealed](Self::conceal), and of the beginning of one at the end
    /// of a text that was cut. The SDK does this to every message that leaves the function.
    #[must_use]
    pub fn scrub<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let concealed = self.account.concealed.lock().unwrap_or_else(PoisonError::into_inner);
        // Messages are cut at a length; half a secret may be the last that is left of one.
        let end = text.trim_end_matches('…');
        let half = concealed.iter().filter_map(|secret| beginning_at_end(end, secret.expose())).max();
        let mut scrubbed = Cow::Borrowed(text);
        if let (Some(half), Some(mark)) = (half, text.get(end.len()..)) {
            scrubbed = Cow::Owned(format!("{}***{mark}", end.get(..end.len() - half).unwrap_or_default()));
        }
        for secret in concealed.iter() {
            if scrubbed.contains(secret.expose()) {
                scrubbed = Cow::Owned(scrubbed.replace(secret.expose(), "***"));
            }
        }
        scrubbed
    }
}

/// A secret as it is, and as it looks in an address, a form and a JSON text.
fn sent_forms(secret: &Secret) -> impl Iterator<Item = Secret> + use<> {
    let text = secret.expose();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    let encoded =
        text.bytes().map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") });
    let address: String = encoded.collect();
    let form = address.replace("%20", "+").replace("%2A", "*").replace('~', "%7E");
    let json = serde_json::Value::from(text).to_string();
    let json = json.trim_start_matches('"').strip_suffix('"').unwrap_or_default().to_owned();
    [text.to_owned(), address, form, json].into_iter().map(Secret::from)
}

/// How many bytes at the end of a text are the beginning of a secret; nothing if they are too few to tell.
fn beginning_at_end(text: &str, secret: &str) -> Option<usize> {
    let lengths = secret.char_indices().map(|(length, _)| length).rev();
    lengths
        .take_while(|length| *length >= SHORTEST_SCRUBBED)
        .find(|length| secret.get(..*length).is_some_and(|beginning| text.ends_with(beginning)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::pin::Pin;

    use super::*;
    use crate::protocol::Credentials;

    fn context(secrets: impl SecretStore + 'static) -> InvocationContext {
        InvocationContext::new("r", Duration::from_secs(30), Arc::new(secrets))
    }

    fn connection() -> ConnectorContext {
        ConnectorContext { credentials: Some(Credentials::new("arn", None)), ..ConnectorContext::default() }
    }

    /// Gives the next token each time the secret was forgotten, and the last one from then on.
    #[derive(Debug)]
    struct Rotating {
        tokens: Vec<&'static str>,
        forgotten: AtomicU64,
    }

    impl SecretStore for Rotating {
        fn secret<'a>(
            &'a self,
            _: &'a str,
        ) -> Pin<Box<dyn Future<Output = Result<Secret, ConnectorError>> + Send + 'a>> {
            let at = usize::try_from(self.forgotten.load(Ordering::Relaxed)).unwrap().min(self.tokens.len() - 1);
            let secret = Secret::from(format!(r#"{{"accessToken":"{}"}}"#, self.tokens[at]));
            Box::pin(std::future::ready(Ok(secret)))
        }

        fn forget<'a>(&'a self, _: &'a str) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
            self.forgotten.fetch_add(1, Ordering::Relaxed);
            Box::pin(std::future::ready(()))
        }
    }

    /// The tokens that a source system which takes only `good` was called with, and the outcome.
    async fn called_with(tokens: Vec<&'static str>) -> (Vec<String>, Result<(), ConnectorError>) {
        let context = context(Rotating { tokens, forgotten: AtomicU64::new(0) });
        let mut seen = Vec::new();
        let outcome = context
            .with_credentials(&connection(), |credentials| {
                let ConnectionCredentials::OAuth2 { access_token, .. } = credentials else { panic!("{credentials:?}") };
                seen.push(access_token.expose().to_owned());
                let is_good = access_token.expose() == "good";
                async move { if is_good { Ok(()) } else { Err(ConnectorError::invalid_credentials("401")) } }
            })
            .await;
        (seen, outcome)
    }

    #[tokio::test]
    async fn refused_credentials_are_read_once_more_and_tried_if_they_changed() {
        let (seen, outcome) = called_with(vec!["good"]).await;
        assert_eq!(seen, ["good"]);
        assert!(outcome.is_ok());
        let (seen, outcome) = called_with(vec!["stale", "good"]).await;
        assert_eq!(seen, ["stale", "good"]);
        assert!(outcome.is_ok());
        let (seen, outcome) = called_with(vec!["stale"]).await;
        assert_eq!(seen, ["stale"], "the same again would be refused again");
        assert_eq!(outcome.unwrap_err().code(), &ErrorCode::InvalidCredentials);
        let (seen, outcome) = called_with(vec!["stale", "staler", "good"]).await;
        assert_eq!(seen, ["stale", "staler"], "only one more time");
        assert_eq!(outcome.unwrap_err().code(), &ErrorCode::InvalidCredentials);
    }

    #[tokio::test]
    async fn another_failure_is_passed_on_at_once() {
        let context = context(Rotating { tokens: vec!["a", "b"], forgotten: AtomicU64::new(0) });
        let mut calls = 0;
        let outcome: Result<(), _> = context
            .with_credentials(&connection(), |_| {
                calls += 1;
                std::future::ready(Err(ConnectorError::access_denied("403")))
            })
            .await;
        assert_eq!((calls, outcome.unwrap_err().code()), (1, &ErrorCode::AccessDenied));
    }

    #[tokio::test]
    async fn credentials_are_scrubbed_from_messages_the_longest_first() {
        let secret = r#"{"customAuthenticationType":"x","a":"hunter2","b":"hunter2-and-more","c":"abc"}"#;
        let context = context(BTreeMap::from([("arn".to_owned(), Secret::new(secret))]));
        assert_eq!(context.scrub("hunter2"), "hunter2", "nothing was read yet");
        context.credentials(&connection()).await.unwrap();
        context.conceal(Secret::new("made-of-it"));
        let copy = context.clone();
        assert_eq!(copy.scrub("hunter2 hunter2-and-more abc made-of-it"), "*** *** abc ***");
        assert!(matches!(copy.scrub("nothing"), Cow::Borrowed("nothing")));
        assert_eq!(copy.scrub("cut in the middle of hunter2-an…"), "cut in the middle of ***…");
        assert_eq!(copy.scrub("cut in the middle of hunte"), "cut in the middle of ***");
        assert_eq!(copy.scrub("a short beginning: hun"), "a short beginning: hun");
    }

    #[tokio::test]
    async fn credentials_are_scrubbed_in_the_forms_in_which_they_are_sent() {
        let secret = r#"{"username":"ada","password":"a&b \"c"}"#;
        let context = context(BTreeMap::from([("arn".to_owned(), Secret::new(secret))]));
        context.credentials(&connection()).await.unwrap();
        for sent in ["a&b \"c", "a%26b%20%22c", "a%26b+%22c", r#"a&b \"c"#, "YWRhOmEmYiAiYw=="] {
            assert_eq!(context.scrub(&format!("<{sent}>")), "<***>", "{sent}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn calls_to_the_source_system_are_counted_and_timed() {
        let context = context(BTreeMap::new());
        for _ in 0..2 {
            context.clone().upstream(tokio::time::sleep(Duration::from_millis(150))).await;
        }
        assert_eq!(context.upstream_account(), (2, Duration::from_millis(300)));
        assert_eq!(context.remaining(), Duration::from_millis(29_700));
    }
}
