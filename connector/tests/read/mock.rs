//! An API on loopback that answers as the test's path says, and remembers what it was asked.
//!
//! `/n/COUNT/…` has that many records, in lists of every kind of paging. `/big/COUNT/…` has large ones.

use std::io::Write as _;
use std::sync::{Arc, LazyLock, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use futures_util::{StreamExt as _, stream};

/// One request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
}

impl Seen {
    /// The value of a query parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let mut pairs = url::form_urlencoded::parse(self.query.as_bytes());
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }
}

type Log = Arc<Mutex<Vec<Seen>>>;

/// The running API. It ends with the test's runtime.
#[derive(Debug, Clone)]
pub(crate) struct Mock {
    origin: String,
    log: Log,
}

impl Mock {
    pub(crate) async fn start() -> Self {
        let log = Log::default();
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(answer).with_state((origin.clone(), Arc::clone(&log)));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { origin, log }
    }

    /// The origin with a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// What has been asked since the last time, in order.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.log.lock().unwrap())
    }
}

/// The text of one record. The total keeps its last zero, so that a lost digit shows.
pub(crate) fn record(id: usize) -> String {
    let status = status(id);
    let (day, second) = (1 + id % 28, id % 60);
    let note = if id.is_multiple_of(4) { "\"a \\\"quoted\\\" \\n note\"" } else { "null" };
    format!(
        "{{\"id\": {id}, \"status\":\"{status}\", \"total\":{id}.10, \"at\":\"2026-01-{day:02}T00:00:{second:02}Z\", \
         \"note\":{note}, \"address\":{{\"city\":\"Zürich\"}}}}"
    )
}

/// The status of a record.
pub(crate) fn status(id: usize) -> &'static str {
    ["open", "paid", "shipped"][id % 3]
}

/// 17 MiB of spaces, which are 17 KB when they are packed.
static BOMB: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(&vec![b' '; 17 * 1024 * 1024]).unwrap();
    packer.finish().unwrap()
});

async fn answer(State((origin, log)): State<(String, Log)>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let query = request.uri().query().unwrap_or_default().to_owned();
    let earlier = log.lock().unwrap().iter().filter(|seen| seen.path == path).count();
    log.lock().unwrap().push(Seen { path: path.clone(), query: query.clone(), headers: request.headers().clone() });
    let steps: Vec<&str> = path.split('/').skip(1).collect();
    match steps.as_slice() {
        ["n", count, rest @ ..] => list(&origin, rest, count.parse().unwrap(), &query, record),
        ["big", count, rest @ ..] => list(&origin, rest, count.parse().unwrap(), &query, big),
        ["sized", count, bytes, rest @ ..] => {
            let bytes: usize = bytes.parse().unwrap();
            list(&origin, rest, count.parse().unwrap(), &query, move |id| sized(id, bytes))
        }
        ["status", code, ..] => failure(code.parse().unwrap()),
        ["says", code, body, ..] => {
            let body = percent_encoding::percent_decode_str(body).decode_utf8().unwrap().into_owned();
            reply(StatusCode::from_u16(code.parse().unwrap()).unwrap(), body)
        }
        // Too busy for so many requests, and then not.
        ["busy", code, times, ..] if earlier < times.parse().unwrap() => failure(code.parse().unwrap()),
        ["busy", ..] => reply(StatusCode::OK, "[{\"id\":1}]"),
        ["bearer", ..] if request.headers().get("authorization").is_some_and(|token| token == "Bearer good") => {
            reply(StatusCode::OK, "[{\"id\":1}]")
        }
        ["bearer", ..] => failure(401),
        ["said", ..] => {
            let key = request.headers().get("x-key").map(|key| key.to_str().unwrap()).unwrap_or_default();
            let body = format!("{{\"error\":{{\"message\":\"the key {key} is\\n wrong\"}}}}");
            reply(StatusCode::UNAUTHORIZED, body)
        }
        ["body", rest @ ..] => body(rest),
        ["redirect", "inside", ..] => redirect("/n/3/all?from=redirect"),
        ["redirect", "outside", ..] => redirect("https://elsewhere.invalid/secret"),
        ["redirect", "downgrade", ..] => redirect("http://localhost:1/n/3/all"),
        ["redirect", "circle", rest @ ..] => redirect(&format!("/redirect/circle/{}", rest.join("/"))),
        ["stuck", ..] if query.contains("cursor") => {
            reply(StatusCode::OK, "{\"items\":[{\"id\":2}],\"next\":\"same\"}")
        }
        ["stuck", ..] => reply(StatusCode::OK, "{\"items\":[{\"id\":1}],\"next\":\"same\"}"),
        ["same", ..] => reply(StatusCode::OK, "[{\"id\":1},{\"id\":2}]"),
        ["flaky", ..] if query.contains("offset=0") => reply(StatusCode::OK, format!("[{},{}]", record(1), record(2))),
        ["flaky", "html", ..] => reply(StatusCode::OK, "<html>"),
        ["flaky", ..] => reply(StatusCode::SERVICE_UNAVAILABLE, "{}"),
        ["uniform", ..] => uniform(&query),
        ["links", "elsewhere", ..] => linked("<https://elsewhere.invalid/x>; rel=next"),
        ["links", "key", ..] if query.contains("after") => reply(StatusCode::OK, "[{\"id\":2}]"),
        ["links", "key", ..] => linked("</links/key/link?after=1&key=echoed>; rel=next"),
        _ => reply(StatusCode::NOT_FOUND, "{}"),
    }
}

fn reply(status: StatusCode, body: impl Into<Body>) -> Response {
    Response::builder().status(status).header(header::CONTENT_TYPE, "application/json").body(body.into()).unwrap()
}

fn linked(link: &str) -> Response {
    let mut response = reply(StatusCode::OK, "[{\"id\":1}]");
    response.headers_mut().insert(header::LINK, link.parse().unwrap());
    response
}

fn redirect(target: &str) -> Response {
    let mut response = reply(StatusCode::FOUND, "");
    response.headers_mut().insert(header::LOCATION, target.parse().unwrap());
    response
}

fn failure(code: u16) -> Response {
    let mut response = reply(StatusCode::from_u16(code).unwrap(), "{\"error\":{\"message\":\"because\"}}");
    if code == 429 {
        response.headers_mut().insert(header::RETRY_AFTER, "7".parse().unwrap());
    }
    response
}

/// Bodies that are not what a list should be.
fn body(kind: &[&str]) -> Response {
    match kind.first().copied() {
        Some("html") => {
            let mut response = reply(StatusCode::OK, "<!doctype html><title>Sign in</title>");
            response.headers_mut().insert(header::CONTENT_TYPE, "text/html".parse().unwrap());
            response
        }
        Some("truncated") => reply(StatusCode::OK, "[{\"id\":1},{\"id\""),
        Some("object") => reply(StatusCode::OK, "{\"items\":{}}"),
        Some("scalars") => reply(StatusCode::OK, "[1,2]"),
        Some("cut") => {
            let parts = [Ok("[{\"id\":1},"), Err(std::io::Error::other("cut"))];
            reply(StatusCode::OK, Body::from_stream(stream::iter(parts)))
        }
        Some("slow") => {
            let first = stream::iter([Ok::<_, std::io::Error>("[{\"id\":1},")]);
            reply(StatusCode::OK, Body::from_stream(first.chain(stream::pending())))
        }
        Some("huge") => {
            let parts = (0..17).map(|_| Ok::<_, std::io::Error>(" ".repeat(1024 * 1024)));
            reply(StatusCode::OK, Body::from_stream(stream::iter(parts)))
        }
        Some("number") => reply(StatusCode::OK, "7"),
        Some("unpackable") => packed(b"not packed at all".to_vec()),
        Some("bomb") => packed(BOMB.clone()),
        Some("gzip") => {
            // [{"id":1}]
            let gzip: [u8; 30] = [
                31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 139, 174, 86, 202, 76, 81, 178, 50, 172, 141, 5, 0, 100, 168, 229,
                104, 10, 0, 0, 0,
            ];
            packed(gzip.to_vec())
        }
        other => panic!("no such body: {other:?}"),
    }
}

fn packed(body: Vec<u8>) -> Response {
    let mut response = reply(StatusCode::OK, Body::from(body));
    response.headers_mut().insert(header::CONTENT_ENCODING, "gzip".parse().unwrap());
    response
}

/// Four records, two to a page, that differ in nothing but their key, which is left out unless it is asked for.
fn uniform(query: &str) -> Response {
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let value = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let has_key = value("fields").is_none_or(|fields| fields.split(',').any(|field| field == "id"));
    let start: usize = value("offset").map_or(0, |offset| offset.parse().unwrap());
    let ids = (start + 1..=4).take(2);
    let record =
        |id| if has_key { format!("{{\"id\":{id},\"status\":\"open\"}}") } else { "{\"status\":\"open\"}".to_owned() };
    reply(StatusCode::OK, format!("[{}]", ids.map(record).collect::<Vec<_>>().join(",")))
}

/// A record of so many bytes in a response, and a few dozen more.
pub(crate) fn sized(id: usize, bytes: usize) -> String {
    format!("{{\"id\":{id},\"status\":\"{}\",\"note\":\"{}\"}}", status(id), "x".repeat(bytes))
}

/// A record that fills a response after a few dozen.
fn big(id: usize) -> String {
    format!("{{\"id\":{id},\"status\":\"{}\",\"note\":\"{}\"}}", status(id), "\\\"x".repeat(100_000))
}

fn list(origin: &str, rest: &[&str], count: usize, query: &str, record: impl Fn(usize) -> String) -> Response {
    let (kind, id) = match rest {
        [kind] => (*kind, None),
        [kind, id] => (*kind, Some(*id)),
        _ => return reply(StatusCode::NOT_FOUND, "{}"),
    };
    if let Some(id) = id {
        let found = id.parse().ok().filter(|id| (1..=count).contains(id)).map(&record);
        return match found {
            Some(record) => reply(StatusCode::OK, format!("{{\"data\":{record}}}")),
            None => reply(StatusCode::NOT_FOUND, "{}"),
        };
    }
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let number = |name: &str, otherwise: usize| {
        pairs.iter().find(|(key, _)| key == name).map_or(otherwise, |(_, value)| value.parse().unwrap())
    };
    let mut ids: Vec<usize> = (1..=count).collect();
    for (key, value) in &pairs {
        match key.as_str() {
            "status" => ids.retain(|id| status(*id) == value),
            "since" => ids.retain(|id| at(*id) >= *value),
            "ids" => ids.retain(|id| value.split(',').any(|wanted| wanted == id.to_string())),
            "page" | "per_page" | "offset" | "limit" | "cursor" | "after" | "fields" | "key" | "from" | "q" => {}
            unknown => return reply(StatusCode::BAD_REQUEST, format!("{{\"error\":{{\"message\":\"{unknown}?\"}}}}")),
        }
    }
    let (start, size) = match kind {
        "page" => (number("page", 1).saturating_sub(1) * number("per_page", 10), number("per_page", 10)),
        "offset" => (number("offset", 0), number("limit", 10)),
        "cursor" => (number("cursor", 0), number("limit", 10)),
        "link" | "bodylink" => (number("after", 0), number("limit", 10)),
        "all" => (0, usize::MAX),
        _ => return reply(StatusCode::NOT_FOUND, "{}"),
    };
    let total = ids.len();
    let page: Vec<String> = ids.iter().skip(start).take(size).map(|id| record(*id)).collect();
    let end = start + page.len();
    let records = format!("[{}]", page.join(", "));
    let next = (end < total).then_some(end);
    let others: Vec<String> =
        pairs.iter().filter(|(key, _)| key != "after").map(|(key, value)| format!("&{key}={value}")).collect();
    let others = others.concat();
    match kind {
        "page" => reply(StatusCode::OK, format!("{{\"meta\":{{\"total\":{total}}},\"data\":{records}}}")),
        "cursor" => {
            let next = next.map_or("null".to_owned(), |next| format!("\"{next}\""));
            reply(StatusCode::OK, format!("{{\"next\":{next},\"items\":{records}}}"))
        }
        "bodylink" => {
            let next = next.map_or("null".to_owned(), |next| format!("\"/n/{count}/bodylink?after={next}{others}\""));
            reply(StatusCode::OK, format!("{{\"items\":{records},\"next\":{next}}}"))
        }
        "link" => {
            let mut response = reply(StatusCode::OK, records);
            if let Some(next) = next {
                let link = format!("<{origin}/n/{count}/link?after={next}{others}>; rel=\"next\"");
                response.headers_mut().insert(header::LINK, link.parse().unwrap());
            }
            response
        }
        _ => reply(StatusCode::OK, records),
    }
}

/// The moment of a record.
pub(crate) fn at(id: usize) -> String {
    format!("2026-01-{:02}T00:00:{:02}Z", 1 + id % 28, id % 60)
}
