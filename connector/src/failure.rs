//! What an API's failure means to AppFlow.

use std::error::Error;
use std::io;
use std::time::{Duration, SystemTime};

use appflow_sdk::ConnectorError;
use reqwest::header::{LOCATION, RETRY_AFTER};
use serde_json::Value;
use url::Url;

use crate::client::Answer;
use crate::guard::{Forbidden, Unresolved};
use crate::manifest::Meaning;

/// Longest piece of an API's own message that is passed on, in characters.
const QUOTE_LIMIT: usize = 300;

/// The error for an answer whose status is not a success.
///
/// `said` is the API's own message, already free of secrets; `meaning` is what the manifest says of this failure.
pub(crate) fn of_status(answer: &Answer, said: Option<&str>, meaning: Option<&Meaning>) -> ConnectorError {
    let (request, status) = (answer.request.as_str(), answer.status);
    let what = match status {
        300..=399 => return of_redirect(answer),
        // What the status usually means would contradict what the manifest says of it.
        _ if meaning.is_some() => format!("the API refused {request} ({status})"),
        401 => format!("the API does not accept the connection's credentials (401 for {request}); renew them"),
        403 => format!("the API does not allow {request} with the connection's credentials (403)"),
        // An API that says something of its own is the right one.
        404 if said.is_some() => format!("the API has nothing at {} (404)", answer.url.path()),
        404 => format!("the API has nothing at {} (404); is the base URL right?", answer.url.path()),
        408 | 504 => format!("the API gave up on {request} ({status})"),
        409 => format!("the API sees a conflict in {request} (409)"),
        413 | 414 => format!("{request} is too long for the API ({status}); use a shorter filter or fewer fields"),
        429 => format!("the API asks to slow down (429 for {request})"),
        503 => format!("the API is not available at the moment (503 for {request})"),
        400..=499 => format!("the API refused {request} ({status})"),
        _ => format!("the API failed on {request} ({status})"),
    };
    let message = match said.map(quote).filter(|said| !said.is_empty()) {
        Some(said) => format!("{what}: {said}"),
        None => what,
    };
    let mut error = match meaning {
        Some(meaning) => ConnectorError::new(meaning.error.clone(), message),
        None => ConnectorError::from_http_status(status, message),
    };
    if let Some(seconds) = meaning.and_then(|meaning| meaning.retry_after_seconds) {
        error = error.with_retry_after(Duration::from_secs(u64::from(seconds)));
    }
    if meaning.is_some_and(|meaning| meaning.without_effect) {
        error = error.without_effect();
    }
    match answer.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()) {
        Some(value) => error.with_retry_after_header(value, SystemTime::now()),
        None => error,
    }
}

/// A redirect that was not followed: it leads to another origin, or in circles.
fn of_redirect(answer: &Answer) -> ConnectorError {
    let (url, request, status) = (&answer.url, &answer.request, answer.status);
    let target =
        answer.headers.get(LOCATION).and_then(|value| value.to_str().ok()).and_then(|value| url.join(value).ok());
    ConnectorError::client_error(match target {
        Some(target) if target.origin() != url.origin() => format!(
            "{request} is redirected to {} ({status}), which the connection's credentials are not meant for; if the API \
             has moved, change the base URL",
            target.origin().ascii_serialization()
        ),
        Some(target) if !request.starts_with("GET ") => format!(
            "{request} is redirected to {} ({status}), and only what reads with GET is asked again elsewhere; write that path \
             into the manifest",
            target.path()
        ),
        Some(_) => format!("{request} is redirected too often ({status})"),
        None => format!("{request} is redirected to nowhere ({status})"),
    })
}

/// The error for a request without a complete answer.
pub(crate) fn of_transport(request: &str, url: &Url, error: reqwest::Error, limit: Duration) -> ConnectorError {
    let host = url.host_str().unwrap_or_default();
    if let Some(forbidden) = cause::<Forbidden>(&error) {
        return forbidden.refusal();
    }
    // The wait for a connection has a limit of its own, so an error may be both.
    // Later, a broken record leaves open what became of the request.
    let what = if let Some(problem) = cause::<rustls::Error>(&error).filter(|_| error.is_connect()) {
        of_tls(host, problem).without_effect()
    } else if error.is_connect() {
        let message = match cause::<Unresolved>(&error) {
            Some(_) => format!("the name {host} cannot be resolved; is the base URL right?"),
            None => format!("{host} cannot be reached; is the base URL right?"),
        };
        ConnectorError::service_unavailable(message).without_effect()
    } else if error.is_timeout() {
        ConnectorError::request_timeout(format!(
            "{request} was not answered within {:.1} s; use a smaller page size in the manifest if it always is so slow",
            limit.as_secs_f64()
        ))
    } else if cause::<io::Error>(&error).is_some_and(|error| error.kind() == io::ErrorKind::InvalidData) {
        ConnectorError::server_error(format!("the answer to {request} cannot be unpacked"))
    } else {
        ConnectorError::server_error(format!("the connection to {host} broke off during {request}"))
    };
    // The URL may hold credentials and filter values.
    what.with_source(error.without_url())
}

/// The error for a host that does not speak TLS as it should. Another attempt would meet the same certificate.
fn of_tls(host: &str, problem: &rustls::Error) -> ConnectorError {
    let message = match problem {
        rustls::Error::InvalidCertificate(_) => format!(
            "the certificate of {host} cannot be trusted: {problem}; is the base URL right, and the certificate signed by a \
             public authority?"
        ),
        _ => format!("no secure connection to {host} can be made: {problem}; is the base URL right?"),
    };
    ConnectorError::client_error(message)
}

/// The first cause of this type. What an I/O error was made of stands within it, and is no source of it.
fn cause<'e, T: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e T> {
    let within = |error: &'e (dyn Error + 'static)| -> Option<&'e (dyn Error + 'static)> {
        let inner = error.downcast_ref::<io::Error>()?.get_ref()?;
        Some(inner)
    };
    std::iter::successors(Some(error), |error| within(*error).or_else(|| (*error).source()))
        .find_map(|error| error.downcast_ref())
}

/// What an API says at a place that should hold its message: text, whatever the place holds. Some list messages, or give one
/// for each member that was wrong.
pub(crate) fn words(value: &Value) -> Option<String> {
    let said = match value {
        Value::Null => return None,
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().filter_map(words).collect::<Vec<_>>().join("; "),
        Value::Object(members) => {
            let said = members.iter().filter_map(|(name, value)| Some(format!("{name}: {}", words(value)?)));
            said.collect::<Vec<_>>().join(", ")
        }
    };
    (!said.trim().is_empty()).then_some(said)
}

/// One line of an API's own words, of bounded length.
pub(crate) fn quote(said: &str) -> String {
    let words = said.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line = words.collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(QUOTE_LIMIT) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::{HeaderMap, HeaderValue};

    fn headers(name: reqwest::header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    fn answer(status: u16, headers: HeaderMap) -> Answer {
        Answer { request: "GET /orders".to_owned(), url: url(), status, headers, body: Vec::new() }
    }

    #[test]
    fn what_the_manifest_says_of_a_failure_wins() {
        let meaning: Meaning = toml::from_str("error = \"RateLimitExceeded\"\nretry_after_seconds = 60").unwrap();
        let error = of_status(&answer(403, HeaderMap::new()), Some("used up"), Some(&meaning));
        assert_eq!(error.code().as_str(), "RateLimitExceeded");
        assert_eq!(error.message(), "the API refused GET /orders (403): used up");
    }

    fn url() -> Url {
        Url::parse("https://a.example/orders?key=hunter2").unwrap()
    }

    #[test]
    fn gives_each_status_its_code_and_names_the_path() {
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
            let error = of_status(&answer(status, HeaderMap::new()), Some("because"), None);
            assert_eq!(error.code().as_str(), code, "{status}");
            assert!(error.message().contains("/orders") && error.message().contains(&status.to_string()), "{error}");
            assert!(error.message().ends_with(": because"), "{error}");
            assert!(!error.message().contains("hunter2"));
        }
    }

    /// A name server that never answers.
    struct Silent;

    impl reqwest::dns::Resolve for Silent {
        fn resolve(&self, _: reqwest::dns::Name) -> reqwest::dns::Resolving {
            Box::pin(std::future::pending())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_takes_too_long_to_connect_cannot_be_reached() {
        drop(rustls::crypto::ring::default_provider().install_default());
        let limit = Duration::from_secs(5);
        let client = reqwest::Client::builder().no_proxy().dns_resolver(std::sync::Arc::new(Silent));
        let client = client.connect_timeout(limit).build().unwrap();
        let error = client.get(url()).timeout(limit * 2).send().await.unwrap_err();
        assert!(error.is_timeout() && error.is_connect(), "{error:?}");
        let error = of_transport("GET /orders", &url(), error, limit * 2);
        assert_eq!(error.code().as_str(), "ServiceUnavailable");
        assert!(error.message().contains("a.example cannot be reached"), "{error}");
    }

    #[test]
    fn names_where_a_redirect_leads_without_its_path() {
        let error = of_status(&answer(302, headers(LOCATION, "https://b.example/secret?x=1")), None, None);
        assert!(error.message().contains("https://b.example (302)"), "{error}");
        assert!(!error.message().contains("secret"));
        assert!(of_status(&answer(302, headers(LOCATION, "/orders")), None, None).message().contains("too often"));
    }

    #[test]
    fn quotes_one_line_of_bounded_length() {
        assert_eq!(quote(" a\r\n\tb\u{7}c "), "a b c");
        assert_eq!(quote(&"ü".repeat(1000)).chars().count(), QUOTE_LIMIT + 1);
    }
}
