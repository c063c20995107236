//! The service through its REST paths, with a clock that stands still until it is moved.

use std::sync::atomic::{AtomicI64, Ordering};

use axum::body::to_bytes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use serde_json::{Value, json};

use super::execution::tests::{bootstrap, zip_of};
use super::*;

const SETTLE: Duration = Duration::from_secs(5);
const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:acme";
const ROLE: &str = "arn:aws:iam::000000000000:role/r";
const APPFLOW: ServiceCall<'static> = ServiceCall {
    principal: "appflow.amazonaws.com",
    source_account: "000000000000",
    source_arn: "arn:aws:appflow:us-east-1:000000000000:connector/acme",
};

struct Bench {
    lambda: Lambda,
    seconds: Arc<AtomicI64>,
    store: Arc<Store>,
    iam: Iam,
    _dir: tempfile::TempDir,
}

struct Reply {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Reply {
    fn error(&self) -> (u16, &str) {
        let code = self.headers["x-amzn-errortype"].to_str().unwrap();
        (self.status, code)
    }

    fn message(&self) -> &str {
        self.body["message"].as_str().unwrap()
    }
}

impl Bench {
    async fn new() -> Self {
        crate::running::claim_account("000000000000").unwrap();
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(dir.path()).unwrap());
        let iam = Iam::open(Arc::clone(&store), "000000000000").await.unwrap();
        let role = "Action=CreateRole&RoleName=r&AssumeRolePolicyDocument=%7B%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22sts%3AAssumeRole%22%2C%22Principal%22%3A%7B%22Service%22%3A%22lambda.amazonaws.com%22%7D%7D%7D";
        assert_eq!(iam.handle(role.as_bytes()).await.status(), 200);
        let seconds = Arc::new(AtomicI64::new(1_800_000_000));
        let lambda = open(&store, &iam, &seconds);
        Self { lambda, seconds, store, iam, _dir: dir }
    }

    /// With a function `acme` that has settled.
    async fn with_function() -> Self {
        let bench = Self::new().await;
        assert_eq!(bench.create(&json!({})).await.status, 201);
        bench.settle();
        bench
    }

    fn reopen(&mut self) {
        self.lambda = open(&self.store, &self.iam, &self.seconds);
    }

    fn settle(&self) {
        self.seconds.fetch_add(5, Ordering::SeqCst);
    }

    async fn call(&self, method: &str, path: &str, body: &Value) -> Reply {
        self.send(method, path, &HeaderMap::new(), body).await
    }

    async fn send(&self, method: &str, path: &str, headers: &HeaderMap, body: &Value) -> Reply {
        let scope = Scope { region: "us-east-1".into(), account: "000000000000".into() };
        let (path, query) = match path.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (path, None),
        };
        let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let response = self.lambda.handle(&scope, &method, path, query, headers, body).await;
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() },
        }
    }

    async fn create(&self, changes: &Value) -> Reply {
        let zip = zip_of(&bootstrap(), 0o755);
        let mut body = json!({
            "FunctionName": "acme",
            "Role": ROLE,
            "Runtime": "provided.al2023",
            "Handler": "bootstrap",
            "Timeout": 30,
            "MemorySize": 256,
            "Architectures": [if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" }],
            "Code": { "ZipFile": STANDARD.encode(zip) },
        });
        for (name, value) in changes.as_object().unwrap() {
            body[name] = value.clone();
        }
        self.call("POST", "/2015-03-31/functions", &body).await
    }

    async fn function(&self, method: &str, rest: &str, body: &Value) -> Reply {
        self.call(method, &format!("/2015-03-31/functions/acme{rest}"), body).await
    }

    async fn permit(&self, rest: &str) -> Reply {
        let body = json!({
            "StatementId": "appflow",
            "Action": "lambda:InvokeFunction",
            "Principal": "appflow.amazonaws.com",
            "SourceAccount": "000000000000",
            "SourceArn": "arn:aws:appflow:us-east-1:000000000000:*",
        });
        self.function("POST", &format!("/policy{rest}"), &body).await
    }
}

fn open(store: &Arc<Store>, iam: &Iam, seconds: &Arc<AtomicI64>) -> Lambda {
    let seconds = Arc::clone(seconds);
    let clock = Clock::from_fn(move || Timestamp::from_second(seconds.load(Ordering::SeqCst)).unwrap());
    Lambda::open_with_clock(
        Arc::clone(store),
        iam.clone(),
        Sts::new("000000000000", iam.clone()),
        Logs::open(Arc::clone(store)).unwrap(),
        "http://127.0.0.1:1",
        SETTLE,
        clock,
    )
    .unwrap()
}

fn update(script: &str) -> Value {
    json!({ "ZipFile": STANDARD.encode(zip_of(script, 0o755)) })
}

#[tokio::test]
async fn a_function_goes_from_pending_to_active() {
    let bench = Bench::new().await;
    let created = bench.create(&json!({ "Tags": { "a": "b" } })).await;
    assert_eq!(created.status, 201);
    assert_eq!(created.body["State"], "Pending");
    assert_eq!(created.body["FunctionArn"], ARN);

    let refused = bench.function("PUT", "/code", &update("x")).await;
    assert_eq!(refused.error(), (409, "ResourceConflictException"));
    assert!(refused.message().contains("currently in the following state: 'Pending'"));
    let refused = bench.function("POST", "/invocations", &json!({})).await;
    assert_eq!(refused.error(), (409, "ResourceConflictException"));

    bench.settle();
    let function = bench.function("GET", "", &Value::Null).await;
    let configuration = &function.body["Configuration"];
    assert_eq!(configuration["State"], "Active");
    assert_eq!(configuration["LastUpdateStatus"], "Successful");
    assert_ne!(configuration["RevisionId"], created.body["RevisionId"]);
    assert_eq!(function.body["Tags"], json!({ "a": "b" }));
    let location = function.body["Code"]["Location"].as_str().unwrap();
    let file = location.rsplit('/').next().unwrap();
    let zip = bench.lambda.artefact(file).await.unwrap().unwrap();
    assert_eq!(code::digest(&zip), configuration["CodeSha256"].as_str().unwrap());

    let again = bench.create(&json!({})).await;
    assert_eq!(again.error(), (409, "ResourceConflictException"));
    assert!(again.message().contains("Function already exist"));
}

#[tokio::test]
async fn creation_is_refused_before_anything_is_kept() {
    let bench = Bench::new().await;
    for (changes, code, fragment) in [
        (
            json!({ "Role": "arn:aws:iam::000000000000:role/nobody" }),
            "InvalidParameterValueException",
            "The role defined for the function cannot be assumed by Lambda.",
        ),
        (
            json!({ "Code": { "ZipFile": "aGVsbG8=" } }),
            "InvalidParameterValueException",
            "Could not unzip uploaded file",
        ),
        (
            json!({ "Code": { "S3Bucket": "b", "S3Key": "k" } }),
            "InvalidParameterValueException",
            "S3 is not emulated yet",
        ),
        (json!({ "FunctionName": "a b" }), "ValidationException", "functionName"),
        (json!({ "FunctionName": null }), "ValidationException", "functionName"),
        (json!({ "MemorySize": 1 }), "ValidationException", "memorySize"),
        (json!({ "Timeout": "x" }), "InvalidRequestContentException", "parse request body"),
        (json!({ "Architectures": ["mips"] }), "ValidationException", "architectures"),
    ] {
        let refused = bench.create(&changes).await;
        assert_eq!(refused.error(), (400, code), "{}", refused.body);
        assert!(refused.message().contains(fragment), "{}", refused.body);
    }
    let listed = bench.call("GET", "/2015-03-31/functions/", &Value::Null).await;
    assert_eq!(listed.body["Functions"], json!([]));
}

#[tokio::test]
async fn an_update_changes_hash_and_revision_and_blocks_the_next_one() {
    let bench = Bench::with_function().await;
    let before = bench.function("GET", "/configuration", &Value::Null).await.body;

    let mut dry = update("#!/bin/sh\n");
    dry["DryRun"] = json!(true);
    let rehearsed = bench.function("PUT", "/code", &dry).await;
    assert_eq!(rehearsed.status, 200);
    assert_eq!(bench.function("GET", "/configuration", &Value::Null).await.body, before);

    let mut stale = update("#!/bin/sh\n");
    stale["RevisionId"] = json!("old");
    assert_eq!(bench.function("PUT", "/code", &stale).await.error(), (412, "PreconditionFailedException"));

    let mut request = update("#!/bin/sh\n");
    request["RevisionId"] = before["RevisionId"].clone();
    let updated = bench.function("PUT", "/code", &request).await;
    assert_eq!(updated.status, 200, "{}", updated.body);
    assert_eq!(updated.body["LastUpdateStatus"], "InProgress");
    let zip = zip_of("#!/bin/sh\n", 0o755);
    assert_eq!(updated.body["CodeSha256"], code::digest(&zip));
    assert_eq!(updated.body["CodeSize"], zip.len());

    let blocked = bench.function("PUT", "/configuration", &json!({ "Timeout": 5 })).await;
    assert_eq!(blocked.error(), (409, "ResourceConflictException"));
    assert!(blocked.message().contains(&format!("An update is in progress for resource: {ARN}")));
    assert_eq!(bench.function("POST", "/versions", &json!({})).await.error(), (409, "ResourceConflictException"));

    bench.settle();
    let configured = bench
        .function("PUT", "/configuration", &json!({ "Timeout": 5, "Environment": { "Variables": { "KEY": "v" } } }))
        .await;
    assert_eq!(configured.body["Timeout"], 5);
    assert_eq!(configured.body["Environment"]["Variables"]["KEY"], "v");
    assert_eq!(configured.body["MemorySize"], 256);
}

#[tokio::test]
async fn publishing_unchanged_code_gives_the_same_version() {
    let bench = Bench::with_function().await;
    let first = bench.function("POST", "/versions", &json!({ "Description": "one" })).await;
    assert_eq!((first.status, &first.body["Version"]), (201, &json!("1")));
    assert_eq!(first.body["FunctionArn"], format!("{ARN}:1"));
    let again = bench.function("POST", "/versions", &json!({})).await;
    assert_eq!(again.body["Version"], "1");
    let wrong = bench.function("POST", "/versions", &json!({ "CodeSha256": "x" })).await;
    assert!(wrong.message().contains("is different from current CodeSHA256"));

    bench.function("PUT", "/configuration", &json!({ "Timeout": 5 })).await;
    bench.settle();
    let second = bench.function("POST", "/versions", &json!({})).await;
    assert_eq!(second.body["Version"], "2");

    let deleted = bench.function("DELETE", "?Qualifier=1", &Value::Null).await;
    assert_eq!(deleted.status, 204);
    assert_eq!(
        bench.function("GET", "/configuration?Qualifier=1", &Value::Null).await.error(),
        (404, "ResourceNotFoundException")
    );
    let versions = bench.function("GET", "/versions", &Value::Null).await;
    let numbers: Vec<&Value> =
        versions.body["Versions"].as_array().unwrap().iter().map(|version| &version["Version"]).collect();
    assert_eq!(numbers, ["$LATEST", "2"]);
}

#[tokio::test]
async fn an_alias_points_to_a_version_that_exists() {
    let bench = Bench::with_function().await;
    let alias = |version: &str| json!({ "Name": "live", "FunctionVersion": version });
    assert_eq!(bench.function("POST", "/aliases", &alias("1")).await.error(), (404, "ResourceNotFoundException"));
    bench.function("POST", "/versions", &json!({})).await;
    assert_eq!(bench.function("POST", "/aliases", &alias("1")).await.status, 201);
    assert_eq!(bench.function("POST", "/aliases", &alias("1")).await.error(), (409, "ResourceConflictException"));
    let resolved = bench.function("GET", "/configuration?Qualifier=live", &Value::Null).await;
    assert_eq!(resolved.body["Version"], "1");
    assert_eq!(resolved.body["FunctionArn"], format!("{ARN}:live"));
    assert_eq!(
        bench.function("DELETE", "?Qualifier=1", &Value::Null).await.error(),
        (409, "ResourceConflictException")
    );
    let updated = bench.function("PUT", "/aliases/live", &json!({ "FunctionVersion": "$LATEST" })).await;
    assert_eq!(updated.body["FunctionVersion"], "$LATEST");
    assert_eq!(bench.function("DELETE", "/aliases/live", &Value::Null).await.status, 204);
    assert_eq!(bench.function("GET", "/aliases/live", &Value::Null).await.error(), (404, "ResourceNotFoundException"));
}

#[tokio::test]
async fn each_qualifier_has_a_policy_of_its_own() {
    let bench = Bench::with_function().await;
    assert_eq!(bench.function("GET", "/policy", &Value::Null).await.error(), (404, "ResourceNotFoundException"));
    bench.function("POST", "/versions", &json!({})).await;
    assert_eq!(bench.permit("?Qualifier=1").await.status, 201);
    assert_eq!(bench.function("GET", "/policy", &Value::Null).await.error(), (404, "ResourceNotFoundException"));
    let qualified = bench.function("GET", "/policy?Qualifier=1", &Value::Null).await;
    assert!(qualified.body["Policy"].as_str().unwrap().contains(&format!("{ARN}:1")));
    assert_eq!(bench.permit("?Qualifier=$LATEST").await.error(), (400, "InvalidParameterValueException"));
    assert_eq!(bench.permit("").await.status, 201);
    assert_eq!(bench.permit("").await.error(), (409, "ResourceConflictException"));
    assert_eq!(bench.function("DELETE", "/policy/appflow", &Value::Null).await.status, 204);
    assert_eq!(bench.function("GET", "/policy", &Value::Null).await.error(), (404, "ResourceNotFoundException"));
}

#[tokio::test]
async fn tags_are_found_by_the_encoded_arn() {
    let bench = Bench::with_function().await;
    let path = format!("/2017-03-31/tags/{}", ARN.replace(':', "%3A"));
    let tags = json!({ "Tags": { "a": "1", "b": "2" } });
    assert_eq!(bench.call("POST", &path, &tags).await.status, 204);
    let untag = format!("{path}?tagKeys=a&tagKeys=c");
    assert_eq!(bench.call("DELETE", &untag, &Value::Null).await.status, 204);
    let listed = bench.call("GET", &path, &Value::Null).await;
    assert_eq!(listed.body["Tags"], json!({ "b": "2" }));
}

#[tokio::test]
async fn concurrency_and_url_are_kept_for_deployment_tools() {
    let bench = Bench::with_function().await;
    let concurrency = "/2017-10-31/functions/acme/concurrency";
    let reserved = json!({ "ReservedConcurrentExecutions": 3 });
    assert_eq!(bench.call("PUT", concurrency, &reserved).await.body, reserved);
    assert_eq!(bench.call("DELETE", concurrency, &Value::Null).await.status, 204);
    let url = "/2021-10-31/functions/acme/url";
    assert_eq!(bench.call("GET", url, &Value::Null).await.status, 404);
    let created = bench.call("POST", url, &json!({ "AuthType": "NONE" })).await;
    assert_eq!(created.status, 201);
    assert_eq!(bench.call("GET", url, &Value::Null).await.body, created.body);
    assert_eq!(bench.call("DELETE", url, &Value::Null).await.status, 204);
}

#[tokio::test]
async fn an_invocation_is_answered_with_result_version_and_tail() {
    let bench = Bench::with_function().await;
    let path = "/2015-03-31/functions/acme/invocations";
    let mut headers = HeaderMap::new();
    headers.insert("x-amz-log-type", HeaderValue::from_static("Tail"));
    let reply = bench.send("POST", path, &headers, &json!({ "do": "echo", "n": 1 })).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.body["event"]["n"], 1);
    assert_eq!(reply.headers["x-amz-executed-version"], "$LATEST");
    assert!(!reply.headers.contains_key("x-amz-function-error"));
    let tail = STANDARD.decode(&reply.headers["x-amz-log-result"]).unwrap();
    assert!(String::from_utf8_lossy(&tail).contains("REPORT RequestId"));

    let failed = bench.call("POST", path, &json!({ "do": "error" })).await;
    assert_eq!(failed.status, 200);
    assert_eq!(failed.headers["x-amz-function-error"], "Unhandled");
    assert_eq!(failed.body["errorType"], "Sour");
    assert!(!failed.headers.contains_key("x-amz-log-result"));

    for (invocation_type, status) in [("DryRun", 204), ("Event", 202), ("Nonsense", 400)] {
        headers.insert("x-amz-invocation-type", HeaderValue::from_static(invocation_type));
        let reply = bench.send("POST", path, &headers, &json!({})).await;
        assert_eq!(reply.status, status, "{invocation_type}");
    }
    bench.lambda.shutdown().await;
}

#[tokio::test]
async fn the_old_code_answers_until_an_update_has_settled() {
    let bench = Bench::with_function().await;
    let updated = bench.function("PUT", "/code", &update("#!/bin/sh\nexit 9\n")).await;
    assert_eq!(updated.body["LastUpdateStatus"], "InProgress");
    let during = bench.function("POST", "/invocations", &json!({ "do": "echo" })).await;
    assert!(!during.headers.contains_key("x-amz-function-error"), "{}", during.body);
    bench.settle();
    let after = bench.function("POST", "/invocations", &json!({ "do": "echo" })).await;
    assert_eq!(after.body["errorType"], "Runtime.ExitError");
}

#[tokio::test]
async fn a_service_is_let_in_by_the_policy_alone() {
    let bench = Bench::new().await;
    let limit = Duration::from_secs(20);
    let call = |payload: &'static str| {
        let payload = Bytes::from_static(payload.as_bytes());
        bench.lambda.call_as_service(ARN, APPFLOW, payload, limit)
    };
    assert!(matches!(call("{}").await, Err(ServiceCallError::NoSuchFunction)));
    bench.create(&json!({})).await;
    assert!(matches!(call("{}").await, Err(ServiceCallError::NotPermitted)));
    bench.permit("").await;
    assert!(matches!(
        call("{}").await,
        Err(ServiceCallError::NotActive { state, .. }) if state == "Pending"
    ));
    bench.settle();
    let answer: Value = serde_json::from_slice(&call(r#"{"n":1}"#).await.unwrap()).unwrap();
    assert_eq!(answer["event"]["n"], 1);
    assert!(matches!(
        call(r#"{"do":"error"}"#).await,
        Err(ServiceCallError::FunctionError { payload, .. }) if payload.starts_with(b"{\"errorType\":\"Sour\"")
    ));
    assert!(matches!(
        call(r#"{"do":"answer","bytes":6291457}"#).await,
        Err(ServiceCallError::ResponseTooLarge { bytes: 6_291_457 })
    ));
    let hang = Bytes::from_static(br#"{"do":"hang"}"#);
    let short = Duration::from_millis(100);
    assert!(matches!(
        bench.lambda.call_as_service(ARN, APPFLOW, hang, short).await,
        Err(ServiceCallError::TimedOut { after }) if after == short
    ));
    let elsewhere = ARN.replace("000000000000", "111111111111");
    let foreign = bench.lambda.call_as_service(&elsewhere, APPFLOW, Bytes::from_static(b"{}"), limit).await;
    assert!(matches!(foreign, Err(ServiceCallError::NoSuchFunction)));
    bench.lambda.shutdown().await;
}

#[tokio::test]
async fn everything_outlives_a_restart_and_a_deletion_takes_all_of_it() {
    let mut bench = Bench::with_function().await;
    bench.permit("").await;
    let before = bench.function("GET", "", &Value::Null).await.body;
    bench.reopen();
    assert_eq!(bench.function("GET", "", &Value::Null).await.body, before);
    assert_eq!(bench.function("GET", "/policy", &Value::Null).await.status, 200);

    assert_eq!(bench.function("DELETE", "", &Value::Null).await.status, 204);
    assert_eq!(bench.function("DELETE", "", &Value::Null).await.error(), (404, "ResourceNotFoundException"));
    bench.create(&json!({})).await;
    assert_eq!(bench.function("GET", "/policy", &Value::Null).await.status, 404);
}

#[tokio::test]
async fn lists_come_in_pages() {
    let bench = Bench::new().await;
    for name in ["a", "b", "c"] {
        bench.create(&json!({ "FunctionName": name })).await;
    }
    let first = bench.call("GET", "/2015-03-31/functions?MaxItems=2", &Value::Null).await;
    assert_eq!(first.body["Functions"].as_array().unwrap().len(), 2);
    let marker = first.body["NextMarker"].as_str().unwrap();
    let rest = format!("/2015-03-31/functions?Marker={marker}");
    let second = bench.call("GET", &rest, &Value::Null).await;
    assert_eq!(second.body["Functions"][0]["FunctionName"], "c");
    assert!(second.body.get("NextMarker").is_none());
}

#[tokio::test]
async fn an_unknown_operation_is_named() {
    let bench = Bench::new().await;
    for (method, path) in [
        ("GET", "/"),
        ("PATCH", "/2015-03-31/functions"),
        ("GET", "/2015-03-31/functions/acme/nonsense"),
        ("POST", "/2015-03-31/event-source-mappings"),
    ] {
        let reply = bench.call(method, path, &Value::Null).await;
        assert_eq!(reply.error(), (404, "UnknownOperationException"), "{path}");
    }
}
