//! An API on loopback that answers as the test's path says, and remembers what it was asked.
//!
//! `/n/COUNT/…` has that many records, in lists of every kind of paging. `/big/COUNT/…` has large ones.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use axum::serve::ListenerExt as _;
use futures_util::{StreamExt as _, stream};
use serde_json::Value;

use crate::odata;

/// One request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Seen {
    /// The value of a query parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let mut pairs = url::form_urlencoded::parse(self.query.as_bytes());
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }
}

type Log = Arc<Mutex<Vec<Seen>>>;

/// What a request is answered from.
#[derive(Debug, Clone)]
struct Service {
    origin: String,
    log: Log,
    /// How many requests each shaky path has had.
    shaken: Arc<Mutex<HashMap<String, usize>>>,
}

/// The running API. It ends with the test's runtime.
#[derive(Debug, Clone)]
pub(crate) struct Mock {
    origin: String,
    log: Log,
    connections: Arc<AtomicUsize>,
}

impl Mock {
    pub(crate) async fn start() -> Self {
        let log = Log::default();
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let service = Service { origin: origin.clone(), log: Arc::clone(&log), shaken: Arc::default() };
        let app = Router::new().fallback(answer).with_state(service);
        let connections = Arc::new(AtomicUsize::new(0));
        let accepted = Arc::clone(&connections);
        let listener = listener.tap_io(move |_| {
            accepted.fetch_add(1, Ordering::Relaxed);
        });
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { origin, log, connections }
    }

    /// How many connections were made to it.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
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
    let note = note(id).map_or(Value::Null, Value::from);
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

async fn answer(State(service): State<Service>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    let (path, query) = (head.uri.path().to_owned(), head.uri.query().unwrap_or_default().to_owned());
    let earlier = service.log.lock().unwrap().iter().filter(|seen| seen.path == path).count();
    let seen = Seen { path: path.clone(), query: query.clone(), headers: head.headers.clone(), body };
    service.log.lock().unwrap().push(seen.clone());
    let asked = Asked { link: format!("{}{path}", service.origin), pairs: pairs(&seen) };
    // Each so many-th request fails, each time in another way.
    let all: Vec<&str> = path.split('/').skip(1).collect();
    if let ["shaky", name, every, ..] = all.as_slice() {
        let mut shaken = service.shaken.lock().unwrap();
        let count = shaken.entry((*name).to_owned()).or_default();
        *count += 1;
        let every: usize = every.parse().unwrap();
        if count.is_multiple_of(every) {
            return match *count / every % 4 {
                0 => failure(503),
                1 => body_of("cut"),
                2 => body_of("html"),
                _ => failure(500),
            };
        }
    }
    let steps = if all.first() == Some(&"shaky") { all[3..].to_vec() } else { all };
    match steps.as_slice() {
        ["n", count, rest @ ..] => list(&asked, rest, count.parse().unwrap(), record),
        ["big", count, rest @ ..] => list(&asked, rest, count.parse().unwrap(), big),
        ["sizes", sizes, rest @ ..] => {
            let sizes: Vec<usize> = sizes.split('-').map(|size| size.parse().unwrap()).collect();
            list(&asked, rest, sizes.len(), |id| sized(id, sizes[id - 1]))
        }
        ["sized", count, bytes, rest @ ..] => {
            let bytes: usize = bytes.parse().unwrap();
            list(&asked, rest, count.parse().unwrap(), move |id| sized(id, bytes))
        }
        ["status", code, ..] => failure(code.parse().unwrap()),
        ["echo", ..] => reply(StatusCode::OK, "{\"id\":\"1\",\"data\":[]}"),
        ["says", code, body, ..] => {
            let body = percent_encoding::percent_decode_str(body).decode_utf8().unwrap().into_owned();
            reply(StatusCode::from_u16(code.parse().unwrap()).unwrap(), body)
        }
        // Too busy for so many requests, and then not.
        ["busy", code, times, ..] if earlier < times.parse().unwrap() => failure(code.parse().unwrap()),
        ["busy", ..] => reply(StatusCode::OK, "[{\"id\":1}]"),
        ["bearer", ..] if head.headers.get("authorization").is_some_and(|token| token == "Bearer good") => {
            reply(StatusCode::OK, "[{\"id\":1}]")
        }
        ["bearer", ..] => failure(401),
        ["said", ..] => {
            let key = head.headers.get("x-key").map(|key| key.to_str().unwrap()).unwrap_or_default();
            let body = format!("{{\"error\":{{\"message\":\"the key {key} is\\n wrong\"}}}}");
            reply(StatusCode::UNAUTHORIZED, body)
        }
        ["body", kind, ..] => body_of(kind),
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
fn body_of(kind: &str) -> Response {
    match kind {
        "html" => {
            let mut response = reply(StatusCode::OK, "<!doctype html><title>Sign in</title>");
            response.headers_mut().insert(header::CONTENT_TYPE, "text/html".parse().unwrap());
            response
        }
        "truncated" => reply(StatusCode::OK, "[{\"id\":1},{\"id\""),
        "object" => reply(StatusCode::OK, "{\"items\":{}}"),
        "scalars" => reply(StatusCode::OK, "[1,2]"),
        "cut" => {
            let parts = [Ok("[{\"id\":1},"), Err(std::io::Error::other("cut"))];
            reply(StatusCode::OK, Body::from_stream(stream::iter(parts)))
        }
        "slow" => {
            let first = stream::iter([Ok::<_, std::io::Error>("[{\"id\":1},")]);
            reply(StatusCode::OK, Body::from_stream(first.chain(stream::pending())))
        }
        "huge" => {
            let parts = (0..17).map(|_| Ok::<_, std::io::Error>(" ".repeat(1024 * 1024)));
            reply(StatusCode::OK, Body::from_stream(stream::iter(parts)))
        }
        "number" => reply(StatusCode::OK, "7"),
        "unpackable" => packed("gzip", b"not packed at all".to_vec()),
        "bomb" => packed("gzip", BOMB.clone()),
        "gzip" => {
            // [{"id":1}]
            let gzip: [u8; 30] = [
                31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 139, 174, 86, 202, 76, 81, 178, 50, 172, 141, 5, 0, 100, 168, 229,
                104, 10, 0, 0, 0,
            ];
            packed("gzip", gzip.to_vec())
        }
        "brotli" => {
            // [{"id":1},{"id":2}]
            let brotli: [u8; 23] =
                [11, 9, 128, 91, 123, 34, 105, 100, 34, 58, 49, 125, 44, 123, 34, 105, 100, 34, 58, 50, 125, 93, 3];
            packed("br", brotli.to_vec())
        }
        other => panic!("no such body: {other}"),
    }
}

fn packed(encoding: &str, body: Vec<u8>) -> Response {
    let mut response = reply(StatusCode::OK, Body::from(body));
    response.headers_mut().insert(header::CONTENT_ENCODING, encoding.parse().unwrap());
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

/// What a list is asked.
struct Asked {
    /// The request's own URL, without its query.
    link: String,
    pairs: Vec<(String, String)>,
}

/// The parameters of a request, in its query or its document.
fn pairs(seen: &Seen) -> Vec<(String, String)> {
    let query = url::form_urlencoded::parse(seen.query.as_bytes()).into_owned();
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    };
    let mut pairs: Vec<_> = query.collect();
    if let Ok(Value::Object(members)) = serde_json::from_str(&seen.body) {
        for (name, value) in &members {
            match value {
                Value::Object(tests) => pairs.extend(tests.iter().map(|(name, value)| (name.clone(), text(value)))),
                value => pairs.push((name.clone(), text(value))),
            }
        }
    }
    pairs
}

/// What OData's filters see of a record.
fn property(id: usize, name: &str) -> odata::Value {
    use odata::Value::{Moment, Null, Number, Text};
    let number = |text: String| Number(text.parse().unwrap());
    match name {
        "id" => number(id.to_string()),
        "total" => number(format!("{id}.10")),
        "status" => Text(status(id).to_owned()),
        "at" => Moment(at(id)),
        "note" => note(id).map_or(Null, |note| Text(note.to_owned())),
        "city" => Text("Z\u{fc}rich".to_owned()),
        other => panic!("there is no {other}"),
    }
}

/// The note of a record.
pub(crate) fn note(id: usize) -> Option<&'static str> {
    id.is_multiple_of(4).then_some("a \"quoted\" \n note")
}

/// The ids of the records that a list has for what it is asked, or the parameter that it does not know.
fn matching(asked: &Asked, count: usize) -> Result<Vec<usize>, String> {
    let mut ids: Vec<usize> = (1..=count).collect();
    for (key, value) in &asked.pairs {
        match key.as_str() {
            "status" => ids.retain(|id| status(*id) == value),
            "since" => ids.retain(|id| moment(&at(*id)) >= moment(value)),
            "ids" => ids.retain(|id| value.split(',').any(|wanted| wanted == id.to_string())),
            "q" => ids.retain(|id| note(*id) == Some(value)),
            "$filter" => ids.retain(|id| odata::holds(value, &|name| property(*id, name))),
            "behind" => ids.retain(|id| *id > value.parse().unwrap()),
            "page" | "per_page" | "offset" | "limit" | "cursor" | "after" | "fields" | "key" | "from" | "$top"
            | "$select" => {}
            unknown => return Err(unknown.to_owned()),
        }
    }
    Ok(ids)
}

fn list(asked: &Asked, rest: &[&str], count: usize, record: impl Fn(usize) -> String) -> Response {
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
    let pairs = &asked.pairs;
    let number = |name: &str, otherwise: usize| {
        pairs.iter().find(|(key, _)| key == name).map_or(otherwise, |(_, value)| value.parse().unwrap())
    };
    let ids = match matching(asked, count) {
        Ok(ids) => ids,
        Err(unknown) => {
            return reply(StatusCode::BAD_REQUEST, format!("{{\"error\":{{\"message\":\"{unknown}?\"}}}}"));
        }
    };
    let (start, size) = match kind {
        "page" => (number("page", 1).saturating_sub(1) * number("per_page", 10), number("per_page", 10)),
        "offset" => (number("offset", 0), number("limit", 10)),
        "cursor" | "search" => (number("cursor", 0), number("limit", 10)),
        "link" | "bodylink" => (number("after", 0), number("limit", 10)),
        "keyset" => (0, number("limit", 10)),
        "odata" => (0, number("$top", 10)),
        "all" => (0, usize::MAX),
        _ => return reply(StatusCode::NOT_FOUND, "{}"),
    };
    let total = ids.len();
    let page: Vec<String> = ids.iter().skip(start).take(size).map(|id| record(*id)).collect();
    let end = start + page.len();
    let records = format!("[{}]", page.join(", "));
    let next = (end < total).then_some(end);
    let others = pairs.iter().filter(|(key, _)| key != "after");
    let others = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(others).finish();
    let link = |next: usize| format!("{}?after={next}&{others}", asked.link);
    match kind {
        "page" => reply(StatusCode::OK, format!("{{\"meta\":{{\"total\":{total}}},\"data\":{records}}}")),
        "cursor" | "search" => {
            let next = next.map_or("null".to_owned(), |next| format!("\"{next}\""));
            reply(StatusCode::OK, format!("{{\"next\":{next},\"items\":{records}}}"))
        }
        "bodylink" => {
            let next = next.map_or("null".to_owned(), |next| format!("\"{}\"", link(next)));
            reply(StatusCode::OK, format!("{{\"items\":{records},\"next\":{next}}}"))
        }
        "link" => {
            let mut response = reply(StatusCode::OK, records);
            if let Some(next) = next {
                let link = format!("<{}>; rel=\"next\"", link(next));
                response.headers_mut().insert(header::LINK, link.parse().unwrap());
            }
            response
        }
        _ => reply(StatusCode::OK, records),
    }
}

fn moment(text: &str) -> jiff::Timestamp {
    text.parse().unwrap()
}

/// The moment of a record.
pub(crate) fn at(id: usize) -> String {
    format!("2026-01-{:02}T00:00:{:02}Z", 1 + id % 28, id % 60)
}
