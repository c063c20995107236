//! One cell of the matrix: a command with a fault, what is to be seen afterwards, and an undisturbed run that goes on.

use appflow_registrar::error::ErrorKind;

use crate::bench::{Bench, Ran, Scene};
use crate::cloud::Cloud;
use crate::fault::{Fault, REQUEST_ID};
use crate::operation::Operation;
use crate::tally::{End, Tally};
use crate::wire::{Sent, Spoil};

/// What to try, and what is expected of it.
pub(crate) struct Cell<'a> {
    /// The command.
    pub(crate) scene: Scene,
    /// What goes wrong.
    pub(crate) spoil: Spoil<'a>,
    /// How it has to end.
    pub(crate) end: End,
    /// What the message has to say if it stops.
    pub(crate) says: &'a [&'a str],
    /// Its name in reports.
    pub(crate) title: String,
}

/// The undisturbed run of a scene: what it sends, and what is there afterwards.
#[derive(Debug)]
pub(crate) struct Model {
    /// The calls.
    pub(crate) log: Vec<Sent>,
    /// What is there afterwards.
    pub(crate) state: String,
}

impl Model {
    /// Runs a scene undisturbed.
    pub(crate) async fn of(cloud: &Cloud, scene: Scene) -> Self {
        let bench = Bench::new(cloud);
        bench.prepare(scene).await;
        let ran = bench.run(scene, &[]).await;
        assert_eq!(ran.code(), 0, "{scene:?}: {}", ran.text());
        let state = bench.state().await;
        bench.clean_up().await;
        Self { log: ran.log, state }
    }

    /// The calls by name, each with which one of that name it is.
    pub(crate) fn sites(&self) -> Vec<(&Sent, u32)> {
        let mut counts = std::collections::BTreeMap::new();
        let mut number = |name: &str| {
            let count: &mut u32 = counts.entry(name.to_owned()).or_default();
            *count += 1;
            *count
        };
        self.log.iter().map(|sent| (sent, number(&sent.operation.name))).collect()
    }
}

impl Cell<'_> {
    /// Tries it on a bench, and goes on undisturbed. A bench on which nothing was changed can be used again.
    pub(crate) async fn try_out(&self, cloud: &Cloud, model: &Model, unused: &mut Option<Bench>, tally: &mut Tally) {
        let bench = if let Some(bench) = unused.take() {
            bench
        } else {
            let bench = Bench::new(cloud);
            bench.prepare(self.scene).await;
            bench
        };
        let ran = bench.run(self.scene, &[self.spoil]).await;
        self.judge(&bench, &ran, model, tally).await;
        if !ran.log.iter().any(|sent| sent.operation.is_write() && sent.status.is_some()) {
            // What an undisturbed run would do now is what it does in the model.
            *unused = Some(bench);
            return;
        }
        self.go_on(&bench, &ran, model, tally).await;
        bench.clean_up().await;
    }

    async fn judge(&self, bench: &Bench, ran: &Ran, model: &Model, tally: &mut Tally) {
        tally.count(ran.code(), ran.log.len());
        let mut wrong = |what: String| tally.wrong(format!("{}: {what}", self.title));
        if ran.code() != self.end.code() {
            let code = self.end.code();
            wrong(format!("exit code {} instead of {code} after {:?}: {}", ran.code(), ran.took, ran.text()));
        }
        if ran.took > bench.timeout {
            wrong(format!("took {:?}", ran.took));
        }
        for what in written_twice(&ran.log) {
            wrong(what);
        }
        if ran.code() == 0 {
            let state = bench.state().await;
            if state != model.state {
                wrong(format!("another end:\n{state}\ninstead of\n{}", model.state));
            }
        } else {
            for what in self.missing_in_message(bench, ran) {
                wrong(format!("{what} is not in: {}", ran.text()));
            }
        }
    }

    /// An undisturbed run has to reach the end of the model, with nothing left to write if the one before was done.
    pub(crate) async fn go_on(&self, bench: &Bench, ran: &Ran, model: &Model, tally: &mut Tally) {
        let mut wrong = |what: String| tally.wrong(format!("{}: {what}", self.title));
        let again = bench.run(self.scene, &[]).await;
        if again.code() != 0 {
            wrong(format!("does not go on: {}", again.text()));
            return;
        }
        if ran.code() == 0 && !again.writes().is_empty() {
            wrong(format!("a further run still writes: {:?}", again.writes()));
        }
        let state = bench.state().await;
        if state != model.state {
            wrong(format!("goes on to another end:\n{state}\ninstead of\n{}", model.state));
        }
    }

    /// A message names the resource, the call, what was answered, the request, and the way out.
    fn missing_in_message(&self, bench: &Bench, ran: &Ran) -> Vec<String> {
        let Some(error) = &ran.error else { return Vec::new() };
        let text = ran.text();
        let mut missing = Vec::new();
        let mut wanted: Vec<_> = self.says.iter().map(|what| (*what).to_owned()).collect();
        let service = ran.log.iter().find(|sent| sent.operation.name == self.spoil.operation);
        if let Some(sent) = service.filter(|sent| sent.operation.service != "sts") {
            wanted.push(bench.label.clone());
            // A connector that answers wrongly was reached: the question is named, not the call that carried it.
            if !matches!(error.kind(), ErrorKind::Connector | ErrorKind::Differences) {
                wanted.push(action(&sent.operation));
            }
        }
        if let Fault::Refused(answer) | Fault::DoneThenFailed(answer) = self.spoil.fault {
            wanted.extend([answer.code.to_owned(), answer.message.trim_end_matches('.').to_owned()]);
            if error.request_id() != Some(REQUEST_ID) {
                missing.push(format!("the request id ({:?})", error.request_id()));
            }
        }
        let text = text.to_lowercase();
        let absent = wanted.iter().filter(|what| !text.contains(&what.to_lowercase()));
        missing.extend(absent.map(|what| format!("{what:?}")));
        if error.hint().is_none() {
            missing.push("a hint".to_owned());
        }
        missing
    }
}

/// The IAM action that allows a call.
fn action(operation: &Operation) -> String {
    let Operation { service, name, .. } = operation;
    match name.as_str() {
        "Invoke" => "lambda:InvokeFunction".to_owned(),
        "UnregisterConnector" => "appflow:UnRegisterConnector".to_owned(),
        _ => format!("{service}:{name}"),
    }
}

/// Writes that may be made again, because that changes nothing.
const IDEMPOTENT: [&str; 5] = ["AttachRolePolicy", "PutRolePolicy", "TagResource", "TagRole", "UpdateAssumeRolePolicy"];

/// What was written again although it was known to be done, or took effect again.
fn written_twice(log: &[Sent]) -> Vec<String> {
    let mut found = Vec::new();
    for (index, sent) in log.iter().enumerate().filter(|(_, sent)| sent.operation.is_write() && sent.took_effect()) {
        let Operation { name, change, token, .. } = &sent.operation;
        let again = log[index + 1..].iter().filter(|later| later.operation.change == *change);
        for later in again {
            if sent.is_delivered {
                found.push(format!("{name} is sent again although it was known to be done"));
            }
            let is_answered_from_memory = token.is_some() && later.operation.token == *token;
            if later.took_effect() && !IDEMPOTENT.contains(&name.as_str()) && !is_answered_from_memory {
                found.push(format!("{name} takes effect again"));
            }
        }
    }
    found
}
