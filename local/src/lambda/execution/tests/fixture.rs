//! A function for tests: this very test binary, started by a one-line `bootstrap` with a filter for the one test below,
//! which then speaks the Runtime API as a process of its own.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};

/// A `bootstrap` that runs this binary as a function.
pub(crate) fn bootstrap() -> String {
    let program = std::env::current_exe().unwrap();
    let test = "lambda::execution::tests::fixture::is_a_function_when_lambda_starts_it";
    format!("#!/bin/sh\nexec '{}' --exact {test} --nocapture --test-threads=1\n", program.display())
}

#[test]
fn is_a_function_when_lambda_starts_it() {
    let variables: BTreeMap<String, String> = std::env::vars().collect();
    match variables.get("AWS_LAMBDA_RUNTIME_API") {
        Some(address) => serve(address, &variables),
        None => assert!(!variables.contains_key("LAMBDA_TASK_ROOT")),
    }
}

fn serve(address: &str, variables: &BTreeMap<String, String>) {
    if variables.contains_key("FAIL_INIT") {
        let error = json!({ "errorType": "Bad.Init", "errorMessage": "m" });
        post(address, "init/error", &error.to_string());
    }
    loop {
        let (headers, body) = exchange(address, "GET /2018-06-01/runtime/invocation/next HTTP/1.1", "");
        let event: Value = serde_json::from_str(&body).unwrap();
        let request_id = &headers["lambda-runtime-aws-request-id"];
        let respond = |answer: &str| post(address, &format!("invocation/{request_id}/response"), answer);
        match event["do"].as_str().unwrap_or("echo") {
            "echo" => respond(
                &json!({
                    "event": event,
                    "process": std::process::id(),
                    "requestId": request_id,
                    "arn": headers["lambda-runtime-invoked-function-arn"],
                    "traceId": headers["lambda-runtime-trace-id"],
                    "deadlineMs": headers["lambda-runtime-deadline-ms"],
                })
                .to_string(),
            ),
            "environment" => respond(&json!(variables).to_string()),
            "print" => {
                println!("on stdout: {}", event["text"].as_str().unwrap());
                eprintln!("on stderr: {}", event["text"].as_str().unwrap());
                respond("null");
            }
            "error" => post(
                address,
                &format!("invocation/{request_id}/error"),
                r#"{"errorType":"Sour","errorMessage":"no sugar"}"#,
            ),
            "answer" => {
                let bytes = usize::try_from(event["bytes"].as_u64().unwrap()).unwrap();
                respond(&format!("\"{}\"", "x".repeat(bytes - 2)));
            }
            "allocate" => {
                let megabytes = usize::try_from(event["megabytes"].as_u64().unwrap()).unwrap();
                let memory = vec![1_u8; megabytes * 1024 * 1024];
                hang(memory.len());
            }
            "hang" => hang(0),
            other => panic!("{other}"),
        }
    }
}

fn hang(value: usize) {
    println!("hanging {value}");
    loop {
        std::thread::park();
    }
}

fn post(address: &str, path: &str, body: &str) {
    let line = format!("POST /2018-06-01/runtime/{path} HTTP/1.1");
    exchange(address, &line, body);
}

/// One request on a connection of its own.
fn exchange(address: &str, line: &str, body: &str) -> (BTreeMap<String, String>, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!("{line}\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let headers = head
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    (headers, body.to_owned())
}
