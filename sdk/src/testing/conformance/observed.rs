//! Watches every call of a check: what no single call would notice.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::report::Report;
use super::rule::Rule;
use crate::protocol::{
    ERROR_MESSAGE_LIMIT, ErrorCode, ErrorDetails, Operation, RESPONSE_LIMIT_BYTES, Request, Response,
};
use crate::secret::Secret;
use crate::testing::function::{Answer, Function, FunctionError, Invocation};

/// A function, and what was seen of it.
pub(super) struct Observed {
    function: Arc<dyn Function>,
    hidden: Vec<(String, Secret)>,
    seen: Mutex<Vec<Seen>>,
}

/// One thing that was seen.
enum Seen {
    Kept(Rule),
    Broken(Rule, String, String),
    /// The value of this key of the secret is in an answer.
    Leaked(String, String),
}

impl Observed {
    pub(super) fn new(function: Arc<dyn Function>, hidden: Vec<(String, Secret)>) -> Self {
        Self { function, hidden, seen: Mutex::default() }
    }

    /// Hands over what was seen; keys whose values the connector declares as not sensitive may be shown.
    pub(super) fn report(&self, report: &mut Report, shown_keys: &[String]) {
        let seen = std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner));
        for seen in seen {
            match seen {
                Seen::Kept(rule) => report.passed(rule),
                Seen::Broken(rule, subject, found) => report.failed(rule, subject, found),
                Seen::Leaked(key, subject) if !shown_keys.contains(&key) => {
                    report.failed(
                        Rule::Secrets,
                        subject,
                        format!("the value of {key:?} in the secret is in the answer"),
                    );
                }
                Seen::Leaked(..) => {}
            }
        }
        if self.hidden.is_empty() {
            report.skipped(Rule::Secrets, "no credentials with a secret of five characters or more were given");
        }
    }

    fn see(&self, seen: Seen) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
    }

    fn note(&self, call: &Call<'_>, took: Duration, answer: Result<&[u8], &FunctionError>) {
        let subject = &call.subject;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                self.see(Seen::Broken(Rule::FunctionErrors, subject.clone(), error.reason.clone()));
                return self.look_for_secrets(subject, std::slice::from_ref(&error.reason));
            }
        };
        self.see(match Response::decode(call.operation, answer) {
            Err(error) => Seen::Broken(Rule::FunctionErrors, subject.clone(), error.to_string()),
            Ok(_) => Seen::Kept(Rule::FunctionErrors),
        });
        self.see(if answer.len() > RESPONSE_LIMIT_BYTES {
            Seen::Broken(Rule::Size, subject.clone(), format!("the answer has {} bytes", answer.len()))
        } else {
            Seen::Kept(Rule::Size)
        });
        let members: BTreeMap<String, &RawValue> = serde_json::from_slice(answer).unwrap_or_default();
        let details = members.get("errorDetails").and_then(|details| serde_json::from_str(details.get()).ok());
        let gave_up = details.as_ref().is_some_and(|details: &ErrorDetails| {
            details.error_code == ErrorCode::RequestTimeout && call.rule == Rule::Time
        });
        if took > call.limit || gave_up {
            let said = details.as_ref().map_or("", |details| details.error_message.as_str());
            self.see(call.late(took, said));
        } else {
            self.see(Seen::Kept(call.rule));
        }
        if let Some(details) = &details {
            self.see(match misdeclared(details) {
                Some(found) => Seen::Broken(Rule::Failures, subject.clone(), found),
                None => Seen::Kept(Rule::Failures),
            });
        }
        if !self.hidden.is_empty() {
            self.look_for_secrets(subject, &texts(&members));
        }
    }

    fn look_for_secrets(&self, subject: &str, texts: &[String]) {
        if self.hidden.is_empty() {
            return;
        }
        let shown = |secret: &Secret| texts.iter().any(|text| text.contains(secret.expose()));
        self.see(match self.hidden.iter().find(|(_, secret)| shown(secret)) {
            Some((key, _)) => Seen::Leaked(key.clone(), subject.to_owned()),
            None => Seen::Kept(Rule::Secrets),
        });
    }
}

/// One call under watch. One that is dropped without an answer was given up.
struct Call<'a> {
    observed: &'a Observed,
    operation: Operation,
    subject: String,
    limit: Duration,
    /// The rule that its time is a matter of.
    rule: Rule,
    /// Two clocks: tokio's may be paused, and a connector that blocks stops it.
    started: (Instant, std::time::Instant),
    answered: bool,
}

impl<'a> Call<'a> {
    /// Nothing for a request that cannot be read: no rule of this module is about it.
    fn begin(observed: &'a Observed, request: &[u8], call: &Invocation) -> Option<Self> {
        let request = Request::decode(request).ok()?;
        let operation = request.operation();
        let subject = match request.entity_identifier() {
            Some(entity) => format!("{operation} {entity}"),
            None => operation.to_string(),
        };
        let hasty = call.limit < Duration::from_secs(operation.timeout_seconds());
        let rule = if hasty { Rule::LittleTime } else { Rule::Time };
        let started = (Instant::now(), std::time::Instant::now());
        Some(Self { observed, operation, subject, limit: call.limit, rule, started, answered: false })
    }

    fn took(&self) -> Duration {
        self.started.0.elapsed().max(self.started.1.elapsed())
    }

    fn late(&self, took: Duration, said: &str) -> Seen {
        let found = format!("took {:.1} s of {:.1} s {said}", took.as_secs_f64(), self.limit.as_secs_f64());
        Seen::Broken(self.rule, self.subject.clone(), found)
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        if !self.answered {
            self.observed.see(self.late(self.took(), "without an answer"));
        }
    }
}

impl Function for Observed {
    fn invoke<'a>(&'a self, request: &'a [u8], call: &'a Invocation) -> Answer<'a> {
        Box::pin(async move {
            let watched = Call::begin(self, request, call);
            let answer = self.function.invoke(request, call).await;
            if let Some(mut watched) = watched {
                watched.answered = true;
                self.note(&watched, watched.took(), answer.as_deref());
            }
            answer
        })
    }
}

fn misdeclared(details: &ErrorDetails) -> Option<String> {
    let length = details.error_message.chars().count();
    if let ErrorCode::Unknown(code) = &details.error_code {
        return Some(format!("the code {code:?} is none that AppFlow knows"));
    }
    if details.error_message.trim().is_empty() {
        return Some("the message is empty".to_owned());
    }
    (length > ERROR_MESSAGE_LIMIT).then(|| format!("the message has {length} characters"))
}

/// Every text of the answer but the records, which are the customer's data.
fn texts(members: &BTreeMap<String, &RawValue>) -> Vec<String> {
    let mut texts = Vec::new();
    for value in members.iter().filter(|(name, _)| *name != "records").map(|(_, value)| value) {
        if let Ok(value) = serde_json::from_str(value.get()) {
            collect(value, &mut texts);
        }
    }
    texts
}

/// `serde_json` reads no deeper than 128 levels, so the recursion ends.
fn collect(value: Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(elements) => elements.into_iter().for_each(|element| collect(element, texts)),
        Value::Object(members) => members.into_iter().for_each(|(name, value)| {
            texts.push(name);
            collect(value, texts);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
