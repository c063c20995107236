//! An API on loopback that keeps records in memory, and does what a test has planned for its next requests.
//!
//! `/items` and `/items/{id}` take one record, `/items/batch` many with a result for each, `/items/atomic` all of many or
//! none, and `DELETE /items?ids=…` deletes many. A record whose `name` is `bad` is refused.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use futures_util::stream;
use serde_json::{Value, json};

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is refused with this status, and nothing happens.
    Status(u16),
    /// It is done, and the answer is lost.
    Lost,
    /// It is lost before anything happens, as far as anybody can tell in the same way.
    Dropped,
    /// It is done, and the answer does not come.
    Hangs,
    /// It is done, and the answer has one result too few.
    Short,
    /// The first record of a batch is locked for the moment.
    Locked,
}

/// One request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

#[derive(Debug, Default)]
struct Kept {
    records: BTreeMap<String, Value>,
    log: Vec<Seen>,
    faults: VecDeque<Option<Fault>>,
    answers: HashMap<String, (StatusCode, String)>,
    given: u64,
    longest: Option<usize>,
}

/// The running API. It ends with the test's runtime.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    pub(crate) origin: String,
    kept: Arc<Mutex<Kept>>,
}

impl Store {
    pub(crate) async fn start() -> Self {
        let kept = Arc::<Mutex<Kept>>::default();
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(answer).with_state(Arc::clone(&kept));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { origin, kept }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap()
    }

    /// What is to happen to the next requests, in their order.
    pub(crate) fn plan(&self, faults: impl IntoIterator<Item = Option<Fault>>) {
        self.kept().faults = faults.into_iter().collect();
    }

    /// Refuses bodies that are longer (413).
    pub(crate) fn longest(&self, bytes: usize) {
        self.kept().longest = Some(bytes);
    }

    /// Puts a record there.
    pub(crate) fn put(&self, record: Value) {
        let id = text(&record["id"]);
        self.kept().records.insert(id, record);
    }

    /// What is there, by id.
    pub(crate) fn records(&self) -> BTreeMap<String, Value> {
        self.kept().records.clone()
    }

    /// What has been asked since the last time, in order.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.kept().log)
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

async fn answer(State(kept): State<Arc<Mutex<Kept>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap();
    let seen = Seen {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
    };
    let (fault, (status, body)) = {
        let mut kept = kept.lock().unwrap();
        let fault = kept.faults.pop_front().flatten();
        kept.log.push(seen.clone());
        match fault {
            Some(Fault::Status(status)) => {
                let body = json!({"error": {"message": "because"}}).to_string();
                (fault, (StatusCode::from_u16(status).unwrap(), body))
            }
            Some(Fault::Dropped) => (fault, (StatusCode::OK, String::new())),
            fault => (fault, kept.once(&seen, fault)),
        }
    };
    match fault {
        Some(Fault::Lost | Fault::Dropped) => {
            let parts = [Ok("{"), Err(std::io::Error::other("cut"))];
            reply(status, Body::from_stream(stream::iter(parts)))
        }
        Some(Fault::Hangs) => reply(status, Body::from_stream(stream::pending::<Result<String, std::io::Error>>())),
        _ => reply(status, body),
    }
}

fn reply(status: StatusCode, body: impl Into<Body>) -> Response {
    Response::builder().status(status).header(header::CONTENT_TYPE, "application/json").body(body.into()).unwrap()
}

type Answer = (StatusCode, String);

fn refusal(status: StatusCode, message: &str) -> Answer {
    (status, json!({"error": {"message": message}}).to_string())
}

impl Kept {
    /// What was answered to the same key before, or what happens now.
    fn once(&mut self, seen: &Seen, fault: Option<Fault>) -> Answer {
        if self.longest.is_some_and(|longest| seen.body.len() > longest) {
            return refusal(StatusCode::PAYLOAD_TOO_LARGE, "too long");
        }
        let key = seen.headers.get("idempotency-key").map(|key| key.to_str().unwrap().to_owned());
        if let Some(answer) = key.as_ref().and_then(|key| self.answers.get(key)) {
            return answer.clone();
        }
        let answer = self.act(seen, fault);
        if let Some(key) = key {
            self.answers.insert(key, answer.clone());
        }
        answer
    }

    fn act(&mut self, seen: &Seen, fault: Option<Fault>) -> Answer {
        let body: Value = serde_json::from_str(&seen.body).unwrap_or_default();
        let id = seen.path.strip_prefix("/items/").map(decoded);
        match (seen.method.as_str(), id.as_deref()) {
            ("POST", None) => match self.write("insert", &body) {
                Ok(record) => (StatusCode::CREATED, record.to_string()),
                Err((status, message)) => refusal(status, message),
            },
            ("POST", Some("batch")) => self.batch(&body, fault),
            ("POST", Some("atomic")) => self.atomic(&body),
            ("DELETE", None) => {
                let ids = url::form_urlencoded::parse(seen.query.as_bytes()).find(|(name, _)| name == "ids");
                let ids = ids.map(|(_, ids)| ids.into_owned()).unwrap_or_default();
                let results: Vec<_> =
                    ids.split(',').map(|id| result(self.write("delete", &json!({"id": id})))).collect();
                (StatusCode::OK, json!({"results": results}).to_string())
            }
            (method, Some(id)) => {
                let operation = match method {
                    "PATCH" => "update",
                    "PUT" => "upsert",
                    _ => "delete",
                };
                let mut record = if body.is_object() { body } else { json!({}) };
                record["id"] = Value::from(id);
                match self.write(operation, &record) {
                    Ok(_) if method == "DELETE" => (StatusCode::NO_CONTENT, String::new()),
                    Ok(record) => (StatusCode::OK, record.to_string()),
                    Err((status, message)) => refusal(status, message),
                }
            }
            _ => refusal(StatusCode::METHOD_NOT_ALLOWED, "no"),
        }
    }

    fn batch(&mut self, body: &Value, fault: Option<Fault>) -> Answer {
        let operation = body["operation"].as_str().unwrap();
        let before = self.records.clone();
        let mut results: Vec<_> = body["records"]
            .as_array()
            .unwrap()
            .iter()
            .enumerate()
            .map(|(index, record)| {
                if index == 0 && fault == Some(Fault::Locked) {
                    return json!({"ok": false, "error": {"code": "locked", "message": "later"}});
                }
                result(self.write(operation, record))
            })
            .collect();
        if body["all_or_none"] == json!(true) && results.iter().any(|result| result["ok"] == json!(false)) {
            self.records = before;
            for result in results.iter_mut().filter(|result| result["ok"] == json!(true)) {
                *result = json!({"ok": false, "error": {"code": "rolled_back", "message": "rolled back"}});
            }
        }
        if fault == Some(Fault::Short) {
            results.pop();
        }
        (StatusCode::OK, json!({"results": results}).to_string())
    }

    fn atomic(&mut self, body: &Value) -> Answer {
        let before = self.records.clone();
        for record in body["rows"].as_array().unwrap() {
            if let Err((status, message)) = self.write("insert", record) {
                self.records = before;
                return refusal(status, message);
            }
        }
        (StatusCode::CREATED, "{}".to_owned())
    }

    fn write(&mut self, operation: &str, record: &Value) -> Result<Value, (StatusCode, &'static str)> {
        if record["name"] == json!("bad") {
            return Err((StatusCode::BAD_REQUEST, "the name is bad"));
        }
        let mut record = record.clone();
        if record["id"].is_null() {
            self.given += 1;
            record["id"] = Value::from(format!("new-{}", self.given));
        }
        let id = text(&record["id"]);
        let there = self.records.get(&id).cloned();
        match (operation, there) {
            ("insert", Some(_)) => Err((StatusCode::CONFLICT, "there is one already")),
            ("update" | "delete", None) => Err((StatusCode::NOT_FOUND, "never heard of it")),
            ("delete", Some(_)) => Ok(self.records.remove(&id).unwrap()),
            (_, there) => {
                let mut merged = there.unwrap_or_else(|| json!({}));
                for (name, value) in record.as_object().unwrap() {
                    merged[name] = value.clone();
                }
                self.records.insert(id, merged.clone());
                Ok(merged)
            }
        }
    }
}

fn result(outcome: Result<Value, (StatusCode, &'static str)>) -> Value {
    match outcome {
        Ok(record) => json!({"ok": true, "id": record["id"]}),
        Err((status, message)) => {
            json!({"ok": false, "error": {"code": status.as_u16().to_string(), "message": message}})
        }
    }
}

/// A segment of a path without its percent signs.
fn decoded(segment: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' {
            let digits = [rest.next().unwrap(), rest.next().unwrap()];
            u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
        } else {
            byte
        });
    }
    String::from_utf8(bytes).unwrap()
}
