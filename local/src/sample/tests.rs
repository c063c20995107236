//! The API asked through its router, without a socket.

use std::collections::BTreeSet;

use axum::body::{Body, to_bytes};
use http::{HeaderMap, Request, StatusCode, header};
use serde_json::Value;
use serde_json::value::RawValue;
use tower::ServiceExt as _;

use super::router;

mod batches;
mod writes;

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }
}

/// One server, which keeps what is written to it.
struct Server(axum::Router);

impl Server {
    fn new() -> Self {
        Self(axum::Router::new().nest("/sample", router()))
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("host", "127.0.0.1:9");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.0.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    /// Writes below the open guard.
    async fn write(&self, method: &str, path: &str, body: impl Into<Body>) -> Answer {
        self.send(method, &format!("/sample/open{path}"), &[], body).await
    }

    /// Reads below the open guard.
    async fn read(&self, path: &str) -> Answer {
        self.write("GET", path, Body::empty()).await
    }
}

async fn ask(path: &str, headers: &[(&str, &str)]) -> Answer {
    Server::new().send("GET", path, headers, Body::empty()).await
}

async fn get(path: &str) -> Answer {
    let answer = ask(&format!("/sample/open{path}"), &[]).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
    answer
}

fn ids(records: &Value) -> Vec<String> {
    records.as_array().unwrap().iter().map(|record| record["id"].to_string()).collect()
}

async fn accounts() -> Vec<Value> {
    get("/accounts?per_page=500").await.json()["data"].as_array().unwrap().clone()
}

async fn every_order(query: &str) -> Vec<Value> {
    let mut records = Vec::new();
    loop {
        let page = get(&format!("/orders?limit=500&offset={}{query}", records.len())).await;
        let total: usize = page.headers["x-total-count"].to_str().unwrap().parse().unwrap();
        records.extend(page.json().as_array().unwrap().clone());
        if records.len() >= total {
            assert_eq!(records.len(), total);
            return records;
        }
    }
}

#[tokio::test]
async fn numbered_pages_hold_every_account_once() {
    let mut seen = Vec::new();
    for page in 1.. {
        let body = get(&format!("/accounts?page={page}&per_page=120")).await.json();
        assert_eq!((&body["page"], &body["total"]), (&page.into(), &500.into()));
        let found = ids(&body["data"]);
        if found.is_empty() {
            assert_eq!(page, 6);
            break;
        }
        seen.extend(found);
    }
    assert_eq!(seen.len(), 500);
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 500);
    assert!(seen.is_sorted());
}

#[tokio::test]
async fn cursors_lead_through_every_contact_once() {
    let mut seen = Vec::new();
    let mut path = "/contacts?limit=333".to_owned();
    loop {
        let body = get(&path).await.json();
        seen.extend(ids(&body["items"]));
        let Some(cursor) = body["next_cursor"].as_str() else { break };
        path = format!("/contacts?limit=333&cursor={cursor}");
    }
    assert_eq!(seen.len(), 2000);
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 2000);
}

#[tokio::test]
async fn offsets_lead_through_every_order_once() {
    let seen: BTreeSet<_> = every_order("").await.iter().map(|order| order["id"].as_u64().unwrap()).collect();
    assert_eq!(seen, (100_001..=105_000).collect());
}

#[tokio::test]
async fn links_are_absolute_and_keep_the_filter() {
    let mut path = "/sample/open/orders-linked?limit=400&status=open&fields=id%2Cstatus".to_owned();
    let mut seen = 0;
    loop {
        let answer = ask(&path, &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let page = answer.json();
        for order in page.as_array().unwrap() {
            assert_eq!(order.as_object().unwrap().len(), 2);
            assert_eq!(order["status"], "open");
            seen += 1;
        }
        let Some(link) = answer.headers.get(header::LINK) else { break };
        let link = link.to_str().unwrap().strip_prefix('<').unwrap();
        let url = link.strip_suffix(r#">; rel="next""#).unwrap();
        path = url.strip_prefix("http://127.0.0.1:9").unwrap().to_owned();
    }
    assert_eq!(seen, every_order("&status=open").await.len());
}

#[tokio::test]
async fn filters_let_through_what_they_say() {
    let orders = every_order("").await;
    let holds = |query: &'static str, expected: fn(&Value) -> bool| {
        let count = orders.iter().filter(|order| expected(order)).count();
        async move {
            let found = every_order(query).await;
            assert!(found.iter().all(expected), "{query}");
            assert_eq!(found.len(), count, "{query}");
            assert!(count > 0 && count < 5000, "{query} separates nothing: {count}");
        }
    };
    holds("&total_gt=5000", |order| order["total"].as_f64().unwrap() > 5000.0).await;
    holds("&total_lte=5000.00", |order| order["total"].as_f64().unwrap() <= 5000.0).await;
    holds("&account_id=ACC-00007", |order| order["account_id"] == "ACC-00007").await;
    holds("&total_gte=100&total_lt=900", |order| (100.0..900.0).contains(&order["total"].as_f64().unwrap())).await;
    holds("&updated_since=2026-03-01T01:00:00%2B01:00", |order| {
        order["updated_at"].as_str().unwrap() >= "2026-03-01T00:00:00"
    })
    .await;

    let named = get("/accounts?name_contains=M%C3%9CLLER&per_page=500").await.json();
    let expected = accounts().await.iter().filter(|one| one["name"].as_str().unwrap().contains("Müller")).count();
    assert!(expected > 0);
    assert_eq!(named["total"], expected);
    assert_eq!(get("/contacts?email=contact77@example.com").await.json()["items"][0]["id"], "CON-000077");
}

#[tokio::test]
async fn the_bounds_of_updated_at_are_inclusive_below_and_exclusive_above() {
    let orders = every_order("").await;
    let instant = orders[17]["updated_at"].as_str().unwrap();
    let contains = |records: &[Value]| records.iter().any(|order| order["id"] == orders[17]["id"]);
    assert!(contains(&every_order(&format!("&updated_since={instant}")).await));
    assert!(!contains(&every_order(&format!("&updated_before={instant}")).await));

    let contact = get("/contacts/CON-000005").await.json();
    let query =
        format!("/contacts?email=contact5@example.com&updated_after={}", contact["updated_at"].as_str().unwrap());
    assert!(get(&query).await.json()["items"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_by_name() {
    for (query, named) in [
        ("/orders?colour=red", "colour"),
        ("/orders?fields=id,colour", "colour"),
        ("/orders?updated_since=yesterday", "updated_since"),
        ("/orders?total_gt=much", "total_gt"),
        ("/orders?limit=0", "limit"),
        ("/accounts?page=0", "page"),
        ("/accounts?fields=id", "fields"),
        ("/contacts?cursor=x", "cursor"),
    ] {
        let answer = ask(&format!("/sample/open{query}"), &[]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
        let body = answer.json();
        assert_eq!(body["error"]["code"], "bad_request");
        assert!(body["error"]["message"].as_str().unwrap().contains(named), "{query}: {body}");
    }
}

#[tokio::test]
async fn a_single_record_is_the_one_in_the_list() {
    let listed = get("/orders?limit=1").await.json();
    assert_eq!(get("/orders/100001").await.json(), listed[0]);
    assert_eq!(get("/accounts/ACC-00001").await.json(), accounts().await[0]);
    for path in ["/orders/1", "/contacts/x", "/nothing"] {
        let answer = ask(&format!("/sample/open{path}"), &[]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        assert_eq!(answer.json()["error"]["code"], "not_found");
    }
}

#[tokio::test]
async fn every_guard_wants_its_own_credentials() {
    let basic = "basic c2FtcGxlOnNhbXBsZS1wYXNzd29yZA==";
    let tenant: &[(&str, &str)] = &[("x-sample-tenant", "acme"), ("x-sample-token", "sample-token")];
    let right: [(&str, &[(&str, &str)]); 5] = [
        ("open", &[]),
        ("basic", &[("authorization", basic)]),
        ("api-key", &[("x-api-key", "sample-api-key")]),
        ("bearer", &[("authorization", "Bearer sample-access-token")]),
        ("header", tenant),
    ];
    for (guard, headers) in right {
        let me = ask(&format!("/sample/{guard}/me"), headers).await;
        assert_eq!(me.status, StatusCode::OK, "{guard}: {}", me.text);
        assert_eq!(me.json(), serde_json::json!({"user": "sample", "guard": guard}));
        if guard == "open" {
            continue;
        }
        let wrong: Vec<_> = headers.iter().map(|(name, _)| (*name, "Basic bm9ib2R5Og==")).collect();
        for headers in [&[][..], &wrong] {
            let refused = ask(&format!("/sample/{guard}/orders"), headers).await;
            assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{guard}");
            assert!(refused.headers.contains_key(header::WWW_AUTHENTICATE), "{guard}");
            assert_eq!(refused.json()["error"]["code"], "unauthorized");
        }
    }
    let other = ask("/sample/header/me", &[("x-sample-tenant", "other"), ("x-sample-token", "sample-token")]).await;
    assert_eq!(other.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn records_keep_their_digits_and_their_place_in_time() {
    let page = get("/orders?limit=500&fields=exchange_rate,total,created_at,updated_at,lines").await;
    let rates: Vec<&RawValue> = serde_json::from_str(&page.text).unwrap();
    assert!(rates.iter().all(|record| {
        let rest = record.get().strip_prefix(r#"{"exchange_rate":1."#).unwrap();
        rest.split(',').next().unwrap().len() == 24
    }));
    for order in page.json().as_array().unwrap() {
        let (created, updated) = (order["created_at"].as_str().unwrap(), order["updated_at"].as_str().unwrap());
        assert!("2025-01-01" <= created && updated < "2026-11-01", "{created} {updated}");
        assert!(created[..19] <= updated[..19]);
        assert!(created.ends_with('Z') && matches!(created.len(), 20 | 24));
        let sum: f64 = order["lines"]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| line["quantity"].as_f64().unwrap() * line["price"].as_f64().unwrap())
            .sum();
        assert!((sum - order["total"].as_f64().unwrap()).abs() < 0.005);
    }
}

#[tokio::test]
async fn every_record_has_the_documented_members() {
    let readme = include_str!("README.md");
    for (entity, record) in [
        ("accounts", accounts().await[0].clone()),
        ("contacts", get("/contacts/CON-000001").await.json()),
        ("orders", get("/orders/100001").await.json()),
    ] {
        let section = readme.split(&format!("### {entity} (")).nth(1).unwrap();
        let table = section.split("\n##").next().unwrap();
        let documented: BTreeSet<_> =
            table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
        let given: BTreeSet<_> = record.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(given, documented, "{entity}");
        for row in table.lines().filter(|line| line.starts_with("| `")) {
            let (name, written) =
                (row.split('`').nth(1).unwrap(), row.trim_end_matches(" |").rsplit("| ").next().unwrap());
            let (path, body) = match entity {
                "orders" => {
                    ("/orders/batch".to_owned(), format!(r#"{{"operation":"insert","records":[{{"{name}":{{}}}}]}}"#))
                }
                _ => (format!("/{entity}"), format!(r#"{{"{name}":{{}}}}"#)),
            };
            let refused = Server::new().write("POST", &path, body).await.text;
            let is_set = refused.contains(&format!("{name} is set by the API"));
            // An id is read before it is refused.
            assert!(name == "id" || is_set == (written == "set by the API"), "{entity}.{name}: {refused}");
        }
    }
}

#[tokio::test]
async fn faults_go_wrong_as_asked_with_or_without_a_guard() {
    for prefix in ["/sample", "/sample/open"] {
        for status in [429, 503, 500, 401, 403, 404] {
            let answer = ask(&format!("{prefix}/fault/{status}?limit=5"), &[]).await;
            assert_eq!(answer.status.as_u16(), status);
            assert!(answer.json()["error"]["message"].is_string());
        }
        let wait = ask(&format!("{prefix}/fault/429"), &[]).await;
        assert_eq!(wait.headers[header::RETRY_AFTER], "7");
        let date = ask(&format!("{prefix}/fault/503"), &[]).await;
        assert!(date.headers[header::RETRY_AFTER].to_str().unwrap().ends_with(" GMT"));
        let html = ask(&format!("{prefix}/fault/html"), &[]).await;
        assert!(html.headers[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/html"));
        let cut = ask(&format!("{prefix}/fault/truncated"), &[]).await;
        assert_eq!(cut.status, StatusCode::OK);
        assert!(serde_json::from_str::<Value>(&cut.text).unwrap_err().is_eof());
        let moved = ask(&format!("{prefix}/fault/redirect"), &[]).await;
        assert_eq!(moved.status, StatusCode::FOUND);
        assert_eq!(moved.headers[header::LOCATION], "https://elsewhere.invalid/");
    }
}
