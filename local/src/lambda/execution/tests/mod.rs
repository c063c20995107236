//! Real processes: this test binary plays the function (see `fixture`), so nothing else needs to be installed.

mod fixture;

use std::io::{Cursor, Write as _};
use std::path::Path;

use axum::body::to_bytes;
use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};
use tempfile::TempDir;
use zip::write::{SimpleFileOptions, ZipWriter};

pub(crate) use super::entry_point::HOST_ARCHITECTURE;
use super::*;
use crate::logs::Logs;
use crate::scope::Scope;
use crate::store::Store;

pub(crate) use self::fixture::bootstrap;

/// An executor with an artefact.
struct Bench {
    dir: TempDir,
    executor: Executor,
    logs: Logs,
    code_sha256: String,
}

impl Bench {
    fn new(script: &str, mode: u32) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(dir.path()).unwrap());
        let code = CodeStore::open(&store).unwrap();
        let code_sha256 = code.keep(&zip_of(script, mode)).unwrap();
        let [files, scratch] = ["logs", "scratch"].map(|name| {
            let path = dir.path().join(name);
            std::fs::create_dir(&path).unwrap();
            path
        });
        let logs = Logs::open(store).unwrap();
        let executor =
            Executor::new(code, Destination { files, logs: logs.clone() }, scratch, "http://127.0.0.1:1".to_owned());
        Self { dir, executor, logs, code_sha256 }
    }

    fn spec(&self) -> Spec {
        Spec {
            name: "acme".into(),
            version: "$LATEST".into(),
            version_arn: "arn:aws:lambda:us-east-1:000000000000:function:acme".into(),
            invoked_arn: "arn:aws:lambda:us-east-1:000000000000:function:acme:live".into(),
            generation: "1".into(),
            region: "us-east-1".into(),
            log_group: "/aws/lambda/acme".into(),
            handler: "bootstrap".into(),
            memory_megabytes: 256,
            timeout: Duration::from_secs(20),
            architecture: HOST_ARCHITECTURE.into(),
            code_sha256: self.code_sha256.clone(),
            environment: vec![("GREETING".into(), "grüß dich".into())],
            credentials: ["key".into(), "secret".into(), "token".into()],
        }
    }

    async fn run(&self, spec: Spec, event: &Value) -> Report {
        self.executor.run(spec, event.to_string().into()).await
    }

    async fn answer(&self, event: &Value) -> Value {
        answer(self.run(self.spec(), event).await)
    }

    async fn failure(&self, event: &Value) -> (Value, FailureKind) {
        failure(self.run(self.spec(), event).await)
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("logs/acme.log")).unwrap()
    }
}

pub(crate) fn zip_of(script: &str, mode: u32) -> Bytes {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().unix_permissions(mode);
    writer.start_file("bootstrap", options).unwrap();
    writer.write_all(script.as_bytes()).unwrap();
    writer.finish().unwrap().into_inner().into()
}

fn answer(report: Report) -> Value {
    match report.outcome {
        Outcome::Answered(bytes) => serde_json::from_slice(&bytes).unwrap(),
        Outcome::Failed(failure) => panic!("{failure:?}"),
    }
}

fn failure(report: Report) -> (Value, FailureKind) {
    match report.outcome {
        Outcome::Answered(bytes) => panic!("{bytes:?}"),
        Outcome::Failed(failure) => (serde_json::from_slice(&failure.payload).unwrap(), failure.kind),
    }
}

fn alive(process: u64) -> bool {
    Path::new(&format!("/proc/{process}")).exists()
}

#[tokio::test]
async fn a_process_answers_and_is_used_again() {
    let bench = Bench::new(&bootstrap(), 0o755);
    let first = bench.answer(&json!({ "do": "echo", "n": 1 })).await;
    let second = bench.answer(&json!({ "do": "echo", "n": 2 })).await;
    assert_eq!(first["event"]["n"], 1);
    assert_eq!(second["event"]["n"], 2);
    assert_eq!(first["process"], second["process"], "the second one is warm");
    assert_ne!(first["requestId"], second["requestId"]);
    assert_eq!(first["arn"], "arn:aws:lambda:us-east-1:000000000000:function:acme:live");
    assert!(first["traceId"].as_str().unwrap().starts_with("Root=1-"), "{first}");
    let left = first["deadlineMs"].as_str().unwrap().parse::<i64>().unwrap() - Timestamp::now().as_millisecond();
    assert!(left > 5_000 && left <= 20_000, "{left} ms left");
}

#[tokio::test]
async fn another_generation_gets_another_process() {
    let bench = Bench::new(&bootstrap(), 0o755);
    let before = bench.answer(&json!({ "do": "echo" })).await;
    let mut spec = bench.spec();
    spec.generation = "2".into();
    let after = answer(bench.run(spec, &json!({ "do": "echo" })).await);
    assert_ne!(before["process"], after["process"]);
    if cfg!(target_os = "linux") {
        assert!(!alive(before["process"].as_u64().unwrap()));
    }
}

#[tokio::test]
async fn concurrent_invocations_have_a_process_each() {
    let bench = Bench::new(&bootstrap(), 0o755);
    let event = json!({ "do": "echo" });
    let (first, second) = tokio::join!(bench.answer(&event), bench.answer(&event));
    assert_ne!(first["process"], second["process"]);
}

#[tokio::test]
async fn the_environment_is_lambdas_and_not_this_machines() {
    let bench = Bench::new(&bootstrap(), 0o755);
    let variables = bench.answer(&json!({ "do": "environment" })).await;
    for (name, value) in [
        ("AWS_LAMBDA_FUNCTION_NAME", "acme"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
        ("_HANDLER", "bootstrap"),
        ("GREETING", "grüß dich"),
    ] {
        assert_eq!(variables[name], value, "{name}");
    }
    assert!(variables.get("CARGO_MANIFEST_DIR").is_none());
    assert!(variables.get("HOME").is_none());
}

#[tokio::test]
async fn what_a_function_prints_is_in_the_tail_and_in_the_log() {
    let bench = Bench::new(&bootstrap(), 0o755);
    let report = bench.run(bench.spec(), &json!({ "do": "print", "text": "grüße" })).await;
    let tail = String::from_utf8_lossy(&report.log_tail).into_owned();
    assert!(tail.contains("on stdout: grüße"), "{tail}");
    assert!(tail.contains("on stderr: grüße"), "{tail}");
    assert!(tail.contains(&format!("REPORT RequestId: {}", report.request_id)), "{tail}");
    assert!(tail.contains("Init Duration"), "{tail}");
    assert!(bench.log().contains("on stdout: grüße"));

    let scope = Scope { region: "us-east-1".into(), account: "000000000000".into() };
    let mut headers = HeaderMap::new();
    headers.insert("x-amz-target", HeaderValue::from_static("Logs_20140328.FilterLogEvents"));
    let input = json!({ "logGroupName": "/aws/lambda/acme", "filterPattern": "stderr" });
    let response = bench.logs.handle(&scope, &headers, &input.to_string().into());
    let found = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let found: Value = serde_json::from_slice(&found).unwrap();
    assert_eq!(found["events"][0]["message"], "on stderr: grüße\n");
    assert!(found["events"][0]["logStreamName"].as_str().unwrap().contains("/[$LATEST]"), "{found}");
}

#[tokio::test]
async fn a_reported_error_is_passed_on_and_the_process_stays() {
    let bench = Bench::new(&bootstrap(), 0o755);
    let before = bench.answer(&json!({ "do": "echo" })).await;
    let (error, kind) = bench.failure(&json!({ "do": "error" })).await;
    assert_eq!(error, json!({ "errorType": "Sour", "errorMessage": "no sugar" }));
    assert_eq!(kind, FailureKind::Function);
    let after = bench.answer(&json!({ "do": "echo" })).await;
    assert_eq!(before["process"], after["process"]);
}

#[tokio::test]
async fn a_process_that_ends_is_told_with_its_exit_status() {
    let bench = Bench::new(&bootstrap(), 0o755);
    let (error, _) = bench.failure(&json!({ "do": "panic" })).await;
    assert_eq!(error["errorType"], "Runtime.ExitError");
    let message = error["errorMessage"].as_str().unwrap();
    assert!(message.ends_with("Runtime exited with error: exit status 101"), "{message}");
    // The next invocation starts afresh.
    bench.answer(&json!({ "do": "echo" })).await;
}

#[tokio::test]
async fn a_hanging_function_is_ended_at_its_timeout() {
    let bench = Bench::new(&bootstrap(), 0o755);
    let process = bench.answer(&json!({ "do": "echo" })).await["process"].as_u64().unwrap();
    let mut spec = bench.spec();
    spec.timeout = Duration::from_millis(300);
    let (error, kind) = failure(bench.run(spec, &json!({ "do": "hang" })).await);
    assert_eq!(error["errorType"], "Sandbox.Timedout");
    let message = error["errorMessage"].as_str().unwrap();
    assert!(message.ends_with("Task timed out after 0.30 seconds"), "{message}");
    assert_eq!(kind, FailureKind::Function);
    if cfg!(target_os = "linux") {
        assert!(!alive(process));
    }
}

#[tokio::test]
async fn an_answer_over_six_megabytes_is_refused_with_its_size() {
    let bench = Bench::new(&bootstrap(), 0o755);
    let limit = appflow_sdk::protocol::RESPONSE_LIMIT_BYTES;
    let (error, kind) = bench.failure(&json!({ "do": "answer", "bytes": limit + 1 })).await;
    assert_eq!(error["errorType"], "Function.ResponseSizeTooLarge");
    assert_eq!(kind, FailureKind::TooLarge { bytes: limit + 1 });
    let report = bench.run(bench.spec(), &json!({ "do": "answer", "bytes": limit })).await;
    assert!(matches!(report.outcome, Outcome::Answered(bytes) if bytes.len() == limit));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_function_that_needs_too_much_memory_is_ended() {
    let bench = Bench::new(&bootstrap(), 0o755);
    let (error, _) = bench.failure(&json!({ "do": "allocate", "megabytes": 400 })).await;
    assert_eq!(error["errorType"], "Runtime.OutOfMemory");
    let message = error["errorMessage"].as_str().unwrap();
    assert!(message.contains("of 256 MB"), "{message}");
}

#[tokio::test]
async fn what_cannot_be_run_says_why() {
    for (script, mode, fragment) in [("#!/bin/sh\n", 0o644, "permission denied"), ("hello", 0o755, "exec format error")]
    {
        let bench = Bench::new(script, mode);
        let (error, kind) = bench.failure(&json!({})).await;
        assert_eq!(error["errorType"], "Runtime.InvalidEntrypoint", "{error}");
        let message = error["errorMessage"].as_str().unwrap();
        assert!(message.contains(fragment), "{message}");
        assert_eq!(kind, FailureKind::Function);
    }
}

#[tokio::test]
async fn a_process_that_ends_before_it_asks_for_work_keeps_its_last_words() {
    let bench = Bench::new("#!/bin/sh\necho 'no configuration' >&2\nexit 7\n", 0o755);
    let report = bench.run(bench.spec(), &json!({})).await;
    let tail = String::from_utf8_lossy(&report.log_tail).into_owned();
    assert!(tail.contains("no configuration"), "{tail}");
    let (error, _) = failure(report);
    assert!(error["errorMessage"].as_str().unwrap().ends_with("exit status 7"), "{error}");
}

#[tokio::test]
async fn an_error_of_the_initialisation_is_passed_on() {
    let bench = Bench::new(&bootstrap(), 0o755);
    let mut spec = bench.spec();
    spec.environment.push(("FAIL_INIT".into(), "yes".into()));
    let (error, _) = failure(bench.run(spec, &json!({})).await);
    assert_eq!(error["errorType"], "Bad.Init");
}

#[tokio::test]
async fn shutting_down_ends_warm_and_working_processes() {
    let bench = Bench::new(&bootstrap(), 0o755);
    let warm = bench.answer(&json!({ "do": "echo" })).await["process"].as_u64().unwrap();
    let mut other = bench.spec();
    other.version_arn.push_str(":1");
    let hang = json!({ "do": "hang" });
    let working = bench.run(other, &hang);
    let stop = async {
        // The other process has been given its work once it writes; until then there is nothing to interrupt.
        while !has_hanging_process(bench.dir.path()) {
            tokio::task::yield_now().await;
        }
        bench.executor.shutdown().await;
    };
    let (report, ()) = tokio::join!(working, stop);
    let (_, kind) = failure(report);
    assert!(matches!(kind, FailureKind::Service { .. }), "{kind:?}");
    if cfg!(target_os = "linux") {
        assert!(!alive(warm));
    }
    let (_, kind) = bench.failure(&json!({ "do": "echo" })).await;
    assert!(matches!(kind, FailureKind::Service { .. }), "{kind:?}");
}

fn has_hanging_process(dir: &Path) -> bool {
    std::fs::read_dir(dir.join("scratch"))
        .unwrap()
        .filter_map(|entry| std::fs::read_to_string(entry.ok()?.path()).ok())
        .any(|text| text.contains("hanging"))
}
