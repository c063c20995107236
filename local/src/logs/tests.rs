//! The service called as a client would, and functions that print.

use axum::body::to_bytes;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};

use super::*;
use crate::scope::Scope;

const GROUP: &str = "/aws/lambda/acme";

struct Bench {
    logs: Logs,
    store: Arc<Store>,
    _dir: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(dir.path()).unwrap());
        Self { logs: Logs::open(Arc::clone(&store)).unwrap(), store, _dir: dir }
    }

    fn reopen(&mut self) {
        self.logs = Logs::open(Arc::clone(&self.store)).unwrap();
    }

    fn print(&self, stream: &str, text: &str) {
        self.logs.record(Stream { region: "us-east-1", group: GROUP, name: stream }, text).unwrap();
    }

    async fn call(&self, operation: &str, input: &Value) -> (u16, Value) {
        let scope = Scope { region: "us-east-1".into(), account: "000000000000".into() };
        let mut headers = HeaderMap::new();
        let target = format!("Logs_20140328.{operation}");
        headers.insert("x-amz-target", HeaderValue::from_str(&target).unwrap());
        let response = self.logs.handle(&scope, &headers, &Bytes::from(input.to_string()));
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() })
    }

    async fn ok(&self, operation: &str, input: &Value) -> Value {
        let (status, answer) = self.call(operation, input).await;
        assert_eq!(status, 200, "{operation} {input}: {answer}");
        answer
    }

    async fn refused(&self, operation: &str, input: &Value) -> String {
        let (status, answer) = self.call(operation, input).await;
        assert_eq!(status, 400, "{operation} {input}: {answer}");
        answer["__type"].as_str().unwrap().to_owned()
    }
}

fn messages(answer: &Value) -> Vec<&str> {
    answer["events"].as_array().unwrap().iter().map(|event| event["message"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_group_and_its_retention_outlive_a_restart() {
    let mut bench = Bench::new();
    let group = json!({ "logGroupName": GROUP });
    assert_eq!(
        bench.refused("PutRetentionPolicy", &json!({ "logGroupName": GROUP, "retentionInDays": 14 })).await,
        "ResourceNotFoundException"
    );
    assert_eq!(bench.ok("CreateLogGroup", &group).await, Value::Null);
    assert_eq!(bench.refused("CreateLogGroup", &group).await, "ResourceAlreadyExistsException");
    bench.ok("PutRetentionPolicy", &json!({ "logGroupName": GROUP, "retentionInDays": 14 })).await;
    bench.reopen();
    let described = bench.ok("DescribeLogGroups", &json!({ "logGroupNamePrefix": GROUP })).await;
    let only = &described["logGroups"][0];
    assert_eq!((&only["logGroupName"], &only["retentionInDays"]), (&json!(GROUP), &json!(14)));
    assert_eq!(only["arn"], "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/acme:*");

    bench.ok("DeleteRetentionPolicy", &group).await;
    let described = bench.ok("DescribeLogGroups", &json!({})).await;
    assert!(described["logGroups"][0].get("retentionInDays").is_none(), "{described}");
    bench.print("s", "printed\n");
    bench.ok("DeleteLogGroup", &group).await;
    assert_eq!(bench.ok("DescribeLogGroups", &json!({})).await, json!({ "logGroups": [] }));
    assert_eq!(bench.refused("DeleteLogGroup", &group).await, "ResourceNotFoundException");
    bench.print("s", "printed later\n");
    assert_eq!(messages(&bench.ok("FilterLogEvents", &group).await), ["printed later\n"]);
}

#[tokio::test]
async fn what_functions_print_is_found_again() {
    let mut bench = Bench::new();
    bench.print("a", "one\ntwo\n");
    bench.print("b", "three ERROR\n");
    bench.reopen();
    bench.print("a", "four\n");
    let all = bench.ok("FilterLogEvents", &json!({ "logGroupName": GROUP })).await;
    assert_eq!(messages(&all), ["one\n", "two\n", "three ERROR\n", "four\n"]);
    assert_eq!(all["events"][2]["logStreamName"], "b");
    let ids: std::collections::BTreeSet<_> =
        all["events"].as_array().unwrap().iter().map(|event| event["eventId"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 4);

    let by_arn = json!({ "logGroupIdentifier": format!("arn:aws:logs:us-east-1:000000000000:log-group:{GROUP}"), "logStreamNames": ["a"] });
    assert_eq!(messages(&bench.ok("FilterLogEvents", &by_arn).await), ["one\n", "two\n", "four\n"]);
    let pattern = json!({ "logGroupName": GROUP, "filterPattern": "ERROR" });
    assert_eq!(messages(&bench.ok("FilterLogEvents", &pattern).await), ["three ERROR\n"]);
    let later = json!({ "logGroupName": GROUP, "startTime": Timestamp::now().as_millisecond() + 60_000 });
    assert!(messages(&bench.ok("FilterLogEvents", &later).await).is_empty());

    let (mut token, mut seen) = (Value::Null, Vec::new());
    loop {
        let mut input = json!({ "logGroupName": GROUP, "limit": 3 });
        if !token.is_null() {
            input["nextToken"] = token;
        }
        let page = bench.ok("FilterLogEvents", &input).await;
        seen.extend(messages(&page).into_iter().map(str::to_owned));
        token = page["nextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(seen, messages(&all));
}

#[tokio::test]
async fn a_stream_is_read_in_both_directions() {
    let bench = Bench::new();
    bench.print("a", "1\n2\n3\n4\n5\n");
    bench.print("b", "other\n");
    let streams = json!({ "logGroupName": GROUP, "orderBy": "LogStreamName", "descending": true });
    let described = bench.ok("DescribeLogStreams", &streams).await;
    assert_eq!(described["logStreams"][0]["logStreamName"], "b");
    assert_eq!(described["logStreams"][1]["logStreamName"], "a");

    let read = |more: Value| {
        let mut input = json!({ "logGroupName": GROUP, "logStreamName": "a", "limit": 2 });
        for (name, value) in more.as_object().unwrap() {
            input[name] = value.clone();
        }
        input
    };
    let newest = bench.ok("GetLogEvents", &read(json!({}))).await;
    assert_eq!(messages(&newest), ["4\n", "5\n"]);
    let before = bench.ok("GetLogEvents", &read(json!({ "nextToken": newest["nextBackwardToken"] }))).await;
    assert_eq!(messages(&before), ["2\n", "3\n"]);
    let head = bench.ok("GetLogEvents", &read(json!({ "startFromHead": true }))).await;
    assert_eq!(messages(&head), ["1\n", "2\n"]);

    let end = bench.ok("GetLogEvents", &read(json!({ "nextToken": newest["nextForwardToken"] }))).await;
    assert!(messages(&end).is_empty());
    assert_eq!(end["nextForwardToken"], newest["nextForwardToken"], "the same token at the end");
    bench.print("a", "6\n");
    let followed = bench.ok("GetLogEvents", &read(json!({ "nextToken": end["nextForwardToken"] }))).await;
    assert_eq!(messages(&followed), ["6\n"]);
}

#[tokio::test]
async fn refuses_what_cloudwatch_refuses() {
    let bench = Bench::new();
    bench.print("a", "x\n");
    for (operation, input, code) in [
        ("CreateLogGroup", json!({}), "InvalidParameterException"),
        ("CreateLogGroup", json!({ "logGroupName": "a b" }), "InvalidParameterException"),
        ("PutRetentionPolicy", json!({ "logGroupName": GROUP, "retentionInDays": 2 }), "InvalidParameterException"),
        ("PutRetentionPolicy", json!({ "logGroupName": GROUP }), "InvalidParameterException"),
        ("DescribeLogGroups", json!({ "limit": 51 }), "InvalidParameterException"),
        ("FilterLogEvents", json!({ "logGroupName": "nobody" }), "ResourceNotFoundException"),
        ("FilterLogEvents", json!({ "logGroupName": GROUP, "nextToken": "x" }), "InvalidParameterException"),
        ("GetLogEvents", json!({ "logGroupName": GROUP, "logStreamName": "z" }), "ResourceNotFoundException"),
        (
            "GetLogEvents",
            json!({ "logGroupName": GROUP, "logStreamName": "a", "nextToken": "x/1" }),
            "InvalidParameterException",
        ),
        ("FilterLogEvents", json!({ "logGroupName": 5 }), "SerializationException"),
        ("StartLiveTail", json!({}), "UnknownOperationException"),
    ] {
        assert_eq!(bench.refused(operation, &input).await, code, "{operation} {input}");
    }
}
