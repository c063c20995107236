//! Each way in which an API fails, and what AppFlow's user is told.

use std::time::Duration;

use appflow_sdk::Retry;

use crate::world::World;

#[tokio::test]
async fn each_status_has_its_code_and_the_words_of_the_api() {
    let world = World::open(5).await;
    for (status, code) in [
        (400, "InvalidArgument"),
        (401, "InvalidCredentials"),
        (403, "AccessDenied"),
        (404, "ClientError"),
        (408, "RequestTimeout"),
        (409, "ClientError"),
        (413, "InvalidArgument"),
        (414, "InvalidArgument"),
        (429, "RateLimitExceeded"),
        (500, "ServerError"),
        (502, "ServerError"),
        (503, "ServiceUnavailable"),
        (504, "RequestTimeout"),
    ] {
        let error = world.failure(&format!("/status/{status}"), "all").await;
        assert_eq!(error.error_code.as_str(), code, "{status}");
        assert!(error.error_message.contains(&status.to_string()), "{error:?}");
        assert!(error.error_message.ends_with(": because"), "{error:?}");
        assert_eq!(error.retry_after_seconds, (status == 429).then_some(7));
    }
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
        ("/body/html", "all", "is text/html and is not JSON at line 1 column 1, where JSON was expected"),
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
async fn a_host_that_is_not_there_is_unavailable() {
    let world = World::open(5).await;
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut request = world.request("/n/1", "all", "");
    let settings = request.connector_context.connector_runtime_settings.as_mut().unwrap();
    settings.insert("baseUrl".to_owned(), format!("http://{address}"));
    let error = world.query(request).await.unwrap_err();
    assert_eq!(error.error_code.as_str(), "ServiceUnavailable");
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
async fn compressed_answers_are_read() {
    let world = World::open(5).await;
    let (ids, _) = world.drain(world.request("/body/gzip", "all", "")).await;
    assert_eq!(ids, [1]);
    let seen = world.mock.seen().remove(0);
    assert!(seen.headers["accept-encoding"].to_str().unwrap().contains("gzip"));
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
