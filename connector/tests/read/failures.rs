//! Each way in which an API fails, and what AppFlow's user is told.

use std::collections::BTreeMap;
use std::time::Duration;

use appflow_connector::{HttpConnector, Manifest};
use appflow_sdk::Retry;
use appflow_sdk::protocol::{
    ConnectorContext, Credentials, ErrorDetails, QueryDataRequest, Response, RetrieveDataRequest,
    ValidateCredentialsRequest,
};

use crate::mock::Mock;
use crate::raw;
use crate::world::{SECRET_ARN, World, manifest, manifest_with};

/// What the documentation says of failures.
const TABLES: &str = include_str!("../../../docs/failures.md");

/// A row of a table: what happens, the code, the seconds to wait, and a part of the message.
struct Row {
    what: &'static str,
    code: &'static str,
    wait: Option<i32>,
    message: &'static str,
}

/// The rows of the table below a heading.
fn rows(heading: &str) -> Vec<Row> {
    let (_, section) = TABLES.split_once(&format!("## {heading}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with('|')).skip(2).map(|line| {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [what, code, wait, message] = cells[..] else { panic!("{line}") };
        Row { what, code, wait: wait.parse().ok(), message }
    });
    rows.collect()
}

/// The base URL where that happens.
async fn base_url(mock: &Mock, what: &str) -> String {
    let raw = |port: u16| format!("http://127.0.0.1:{port}");
    match what {
        "429 with `Retry-After: 7`" => mock.url("/status/429"),
        "a redirect to another origin" => mock.url("/redirect/outside"),
        "redirects in circles" => mock.url("/redirect/circle"),
        "nobody listens" => {
            let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
            raw(listener.local_addr().unwrap().port())
        }
        // Nobody may have a name below it (RFC 6761).
        "the name is not known" => "https://api.invalid".to_owned(),
        "the address is one where no API can be" => "https://169.254.169.254".to_owned(),
        "the certificate is signed by nobody" => format!("https://localhost:{}", raw::self_signed().await),
        "the host does not speak TLS" => {
            format!("https://localhost:{}", raw::saying("HTTP/1.1 400 Bad Request\r\n\r\n").await)
        }
        "the host does not speak HTTP" => raw(raw::saying("SSH-2.0-OpenSSH_9.9\r\n").await),
        "the connection ends before the answer" => raw(raw::saying("").await),
        "the connection ends within the headers" => raw(raw::saying("HTTP/1.1 200 OK\r\nContent-Ty").await),
        "the connection ends within the body" => mock.url("/body/cut"),
        "the body does not come in time" => mock.url("/body/slow"),
        "the body is too large" => mock.url("/body/huge"),
        "the body is too large when it is unpacked" => mock.url("/body/bomb"),
        "the body cannot be unpacked" => mock.url("/body/unpackable"),
        "the answer is a web page" => mock.url("/body/html"),
        "the answer is JSON that breaks off" => mock.url("/body/truncated"),
        "the answer is a number" => mock.url("/body/number"),
        status => mock.url(&format!("/status/{}", status.parse::<u16>().unwrap())),
    }
}

/// What each operation that asks the API answers.
async fn outcomes(world: &World, base_url: &str, limit: Duration) -> Vec<(&'static str, Result<(), ErrorDetails>)> {
    let settings = BTreeMap::from([("baseUrl".to_owned(), base_url.to_owned())]);
    let mut context = ConnectorContext::default();
    context.connector_runtime_settings = Some(settings.clone());
    context.credentials = Some(Credentials::new(SECRET_ARN, None));
    let query = QueryDataRequest::new("all", context.clone());
    let retrieve = RetrieveDataRequest::new("all", context, "id", vec!["1".to_owned()]);
    let validate = ValidateCredentialsRequest::new(Credentials::new(SECRET_ARN, None), Some(settings));
    let outcome = |response: Response| response.outcome().map_err(Clone::clone);
    vec![
        ("QueryData", outcome(world.ask(query, limit).await)),
        ("RetrieveData", outcome(world.ask(retrieve, limit).await)),
        ("ValidateCredentials", outcome(world.ask(validate, limit).await)),
    ]
}

#[tokio::test]
async fn each_failure_is_told_as_documented() {
    let basic = r#"{"username":"u","password":"hunter2"}"#;
    let world = World::with(Mock::start().await, manifest(5, "basic = true"), basic);
    let (general, of_records) = (rows("Answers and connections"), rows("Answers that are not what the manifest says"));
    assert_eq!((general.len(), of_records.len()), (31, 2));
    for (rows, reads_records) in [(general, false), (of_records, true)] {
        for Row { what, code, wait, message } in rows {
            let is_slow = what == "the body does not come in time";
            let limit = if is_slow { Duration::from_millis(800) } else { Duration::from_secs(30) };
            for (operation, outcome) in outcomes(&world, &base_url(&world.mock, what).await, limit).await {
                let is_success = (operation == "RetrieveData" && what == "404")
                    || (operation == "ValidateCredentials" && reads_records);
                match outcome {
                    Ok(()) => assert!(is_success, "{operation}: {what}"),
                    Err(details) => {
                        assert!(!is_success, "{operation}: {what}: {details:?}");
                        assert_eq!(details.error_code.as_str(), code, "{operation}: {what}: {details:?}");
                        assert_eq!(details.retry_after_seconds, wait, "{operation}: {what}");
                        assert!(details.error_message.contains(message), "{operation}: {what}: {details:?}");
                        assert!(!details.error_message.contains("hunter2"), "{operation}: {what}");
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn the_words_of_the_api_end_the_message() {
    let world = World::open(5).await;
    for status in [400, 401, 403, 404, 409, 422, 429, 500, 503] {
        let error = world.failure(&format!("/status/{status}"), "all").await;
        assert!(error.error_message.contains(&status.to_string()), "{error:?}");
        assert!(error.error_message.ends_with(": because"), "{error:?}");
    }
}

#[tokio::test]
async fn the_manifest_says_what_failures_mean_and_where_their_words_are() {
    let failures = "message = [\"/error/message\", \"/errors\", \"/detail\"]\ncode = [\"/code\"]\n\
                    [failures.statuses]\n403 = { error = \"RateLimitExceeded\", retry_after_seconds = 60 }\n\
                    [failures.codes]\nLOCKED = { error = \"ServiceUnavailable\" }\n7 = { error = \"AccessDenied\" }\n";
    let world = World::with(Mock::start().await, with_failures(failures), "");
    for (path, code, wait, message) in [
        ("/says/403/{}", "RateLimitExceeded", Some(60), "(403)"),
        ("/says/403/{\"code\":\"LOCKED\"}", "ServiceUnavailable", None, "(403): LOCKED"),
        ("/says/400/{\"code\":7}", "AccessDenied", None, ": 7"),
        ("/says/400/{\"code\":\"OTHER\",\"detail\":5}", "InvalidArgument", None, ": 5"),
        ("/says/400/{\"errors\":[\"a\",{\"message\":\"b\"},null]}", "InvalidArgument", None, ": a; message: b"),
        (
            "/says/400/{\"errors\":{\"name\":[\"is blank\",\"is short\"]}}",
            "InvalidArgument",
            None,
            ": name: is blank; is short",
        ),
        ("/says/400/{\"errors\":[],\"detail\":\"x\"}", "InvalidArgument", None, ": x"),
        ("/says/400/[]", "InvalidArgument", None, "(400)"),
        ("/says/400/oops", "InvalidArgument", None, "(400)"),
    ] {
        let error = world.failure(path, "all").await;
        assert_eq!((error.error_code.as_str(), error.retry_after_seconds), (code, wait), "{path}: {error:?}");
        assert!(error.error_message.ends_with(message), "{path}: {error:?}");
    }
}

/// A manifest whose `[failures]` is this.
fn with_failures(failures: &str) -> Manifest {
    manifest_with(5, "none = true", |text| text.replace("message = [\"/error/message\"]\n", failures))
}

#[tokio::test]
async fn a_passing_failure_is_asked_again_and_a_lasting_one_is_not() {
    let mut world = World::open(5).await;
    let pause = Duration::from_millis(1);
    world.connector = world.connector.retry(Retry::default().attempts(3).pauses(pause, pause));
    for (path, requests, code) in [
        ("/busy/503/2", 3, None),
        ("/busy/500/1", 2, None),
        ("/busy/503/3", 3, Some("ServiceUnavailable")),
        ("/busy/404/1", 1, Some("ClientError")),
        ("/busy/401/1", 1, Some("InvalidCredentials")),
    ] {
        let outcome = world.query(world.request(path, "all", "")).await;
        assert_eq!(outcome.err().map(|error| error.error_code.to_string()).as_deref(), code, "{path}");
        assert_eq!(world.mock.seen().len(), requests, "{path}");
    }
}

#[tokio::test]
async fn an_answer_that_is_no_list_is_a_server_error_that_says_what_was_expected() {
    let world = World::open(5).await;
    for (path, entity, expected) in [
        ("/body/html", "all", "the answer to GET /body/html/all is a web page (text/html), not JSON"),
        ("/body/truncated", "all", "breaks off at line 1"),
        ("/body/cut", "all", "broke off during GET /body/cut/all"),
        ("/body/object", "all", "has an object at its top, where the records should be an array"),
        ("/body/object", "cursor", "has an object at /items, where the records should be an array"),
        ("/body/object", "page", "has nothing at /data, where the records should be"),
        ("/body/scalars", "all", "the answer to GET /body/scalars/all has a record 0 that is not a JSON object"),
        (
            "/body/huge",
            "all",
            "has more than 16 MiB; use a smaller page size in the manifest, or a greater `limits.answer_mib`",
        ),
    ] {
        let error = world.failure(path, entity).await;
        assert_eq!(error.error_code.as_str(), "ServerError", "{path}");
        assert!(error.error_message.contains(expected), "{error:?}");
    }
}

#[tokio::test]
async fn an_answer_that_does_not_come_in_time_is_a_timeout() {
    let world = World::open(5).await;
    let request = world.request("/body/slow", "all", "");
    let error = world.query_within(request, Duration::from_millis(1200)).await.unwrap_err();
    assert_eq!(error.error_code.as_str(), "RequestTimeout");
    assert!(error.error_message.starts_with("GET /body/slow/all was not answered within 0.2 s"), "{error:?}");
}

#[tokio::test]
async fn redirects_are_followed_within_the_origin_only() {
    let world = World::open(5).await;
    let (ids, _) = world.drain(world.request("/redirect/inside", "all", "")).await;
    assert_eq!(ids, [1, 2, 3]);
    for (path, expected) in [
        ("/redirect/outside", "is redirected to https://elsewhere.invalid (302)"),
        ("/redirect/downgrade", "is redirected to http://localhost:1 (302)"),
        ("/redirect/circle", "is redirected too often (302)"),
    ] {
        let error = world.failure(path, "all").await;
        assert_eq!(error.error_code.as_str(), "ClientError", "{path}");
        assert!(error.error_message.contains(expected), "{error:?}");
        assert!(!error.error_message.contains("secret"), "{error:?}");
    }
}

#[tokio::test]
async fn what_is_not_read_with_get_is_not_redirected() {
    let world = World::open(5).await;
    let error = world.failure("/redirect/inside", "search").await;
    assert_eq!(error.error_code.as_str(), "ClientError");
    let expected =
        "POST /redirect/inside/search is redirected to /n/3/all (302), and only what reads with GET is asked again";
    assert!(error.error_message.starts_with(expected), "{error:?}");
    assert_eq!(world.mock.seen().len(), 1);
}

#[tokio::test]
async fn credentials_are_taken_along_within_the_origin() {
    let key = "api_key = { parameter = \"key\" }";
    let world = World::with(Mock::start().await, manifest(5, key), r#"{"apiKey":"k1"}"#);
    world.drain(world.request("/redirect/inside", "all", "")).await;
    let queries: Vec<_> = world.mock.seen().into_iter().map(|seen| seen.query).collect();
    assert_eq!(queries, ["key=k1", "from=redirect&key=k1"]);
}

#[tokio::test]
async fn this_machine_is_for_development_only() {
    let basic = r#"{"username":"u","password":"hunter2"}"#;
    let mut world = World::with(Mock::start().await, manifest(5, "basic = true"), basic);
    world.connector = HttpConnector::new(manifest(5, "basic = true"));
    for base_url in [world.mock.url("/n/3"), world.mock.url("/n/3").replace("127.0.0.1", "localhost")] {
        for (operation, outcome) in outcomes(&world, &base_url, Duration::from_secs(30)).await {
            let details = outcome.unwrap_err();
            assert_eq!(details.error_code.as_str(), "InvalidArgument", "{operation}");
            assert!(details.error_message.contains("the machine that the connector runs on"), "{details:?}");
        }
    }
    assert_eq!(world.mock.connections(), 0);
}

#[tokio::test]
async fn compressed_answers_are_read() {
    let world = World::open(5).await;
    let (ids, _) = world.drain(world.request("/body/gzip", "all", "")).await;
    assert_eq!(ids, [1]);
    let seen = world.mock.seen().remove(0);
    let accepted = seen.headers["accept-encoding"].to_str().unwrap();
    assert!(accepted.contains("gzip") && accepted.contains("br"), "{accepted}");
    let (ids, _) = world.drain(world.request("/body/brotli", "all", "")).await;
    assert_eq!(ids, [1, 2]);
}

#[tokio::test]
async fn an_api_that_ignores_its_paging_parameter_is_noticed() {
    let world = World::open(2).await;
    let mut request = world.request("/same", "offset", "");
    request.max_results = 2;
    request.next_token = world.query(request.clone()).await.unwrap().next_token;
    let error = world.query(request).await.unwrap_err();
    assert!(error.error_message.contains("gives the same page twice"), "{error:?}");
}
