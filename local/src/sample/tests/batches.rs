//! Orders written in batches.

use super::*;
use serde_json::json;

fn order(account: &str, price: &str) -> String {
    format!(
        r#"{{"account_id":"{account}","currency":"EUR","exchange_rate":1.012345678901234567890123,
            "lines":[{{"sku":"a","quantity":3,"price":{price}}},{{"sku":"b","quantity":1,"price":0.1}}]}}"#
    )
}

fn batch(operation: &str, all_or_none: bool, records: &[String]) -> String {
    let records = records.join(",");
    format!(r#"{{"operation":"{operation}","all_or_none":{all_or_none},"records":[{records}]}}"#)
}

async fn results(server: &Server, body: String) -> Vec<Value> {
    let answer = server.write("POST", "/orders/batch", body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json()["results"].as_array().unwrap().clone()
}

async fn total(server: &Server) -> String {
    server.read("/orders?limit=1").await.headers["x-total-count"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn each_record_has_its_result_in_the_order_of_the_request() {
    let server = Server::new();
    let records = [order("ACC-00001", "2.50"), order("ACC-99999", "1"), "7".to_owned(), order("ACC-00002", "1")];
    let results = results(&server, batch("insert", false, &records)).await;
    assert_eq!(results[0], json!({"index": 0, "id": 105_001, "ok": true, "created": true}));
    assert_eq!((&results[1]["ok"], &results[1]["error"]["field"]), (&json!(false), &json!("account_id")));
    assert_eq!(results[2]["error"]["code"], "bad_request");
    assert_eq!((&results[3]["index"], &results[3]["id"]), (&json!(3), &json!(105_002)));
    let made = server.read("/orders/105001").await;
    assert!(made.text.contains(r#""total":7.60,"exchange_rate":1.012345678901234567890123,"#), "{}", made.text);
    let made = made.json();
    assert_eq!((&made["status"], &made["line_count"]), (&json!("open"), &json!(2)));
    let day = &made["created_at"].as_str().unwrap()[..10];
    assert_eq!(
        (made["placed_on"].as_str(), made["number"].as_str()),
        (Some(day), Some(&*format!("SO-{}-105001", &day[..4])))
    );
    let found = server.read("/orders?total_gte=7.60&total_lte=7.60&account_id=ACC-00001&fields=id").await;
    assert!(found.text.contains("105001"), "{}", found.text);
    assert_eq!(total(&server).await, "5002");
}

#[tokio::test]
async fn updates_upserts_and_deletes_go_by_id() {
    let server = Server::new();
    let paid = |id: u32| format!(r#"{{"id":{id},"status":"paid"}}"#);
    let updated =
        results(&server, batch("update", false, &[paid(100_001), paid(999), r#"{"status":"paid"}"#.into()])).await;
    assert_eq!(updated[0], json!({"index": 0, "id": 100_001, "ok": true, "created": false}));
    assert_eq!((&updated[1]["id"], &updated[1]["error"]["code"]), (&json!(999), &json!("not_found")));
    assert_eq!(updated[2]["error"]["field"], "id");
    let new = order("ACC-00001", "1").replacen('{', r#"{"id":999,"#, 1);
    let upserted = results(&server, batch("upsert", false, &[paid(100_002), new, paid(998)])).await;
    let created: Vec<_> = upserted.iter().map(|result| &result["created"]).collect();
    assert_eq!(created, [&json!(false), &json!(true), &Value::Null]);
    assert_eq!(ids(&server.read("/orders?limit=2").await.json()), ["999", "100001"], "in the order of the ids");
    let deleted = results(&server, batch("delete", false, &[paid(999), paid(999)])).await;
    assert_eq!((&deleted[0]["ok"], &deleted[1]["error"]["code"]), (&json!(true), &json!("not_found")));
    assert_eq!(total(&server).await, "5000");
}

#[tokio::test]
async fn all_or_none_leaves_no_trace_of_a_batch_with_a_failure() {
    let server = Server::new();
    let before = server.read("/orders/100001").await.text;
    let records = [r#"{"id":100001,"status":"paid"}"#.to_owned(), r#"{"id":100002,"status":"lost"}"#.to_owned()];
    let failed = results(&server, batch("update", true, &records)).await;
    assert_eq!((&failed[0]["id"], &failed[0]["error"]["code"]), (&json!(100_001), &json!("rolled_back")));
    assert_eq!(failed[1]["error"]["field"], "status");
    assert_eq!(server.read("/orders/100001").await.text, before);
    let inserted = results(&server, batch("insert", true, &[order("ACC-00001", "1"), "{}".into()])).await;
    assert_eq!(inserted[0]["id"], Value::Null, "the id leads nowhere");
    assert_eq!(total(&server).await, "5000");
    let good = results(&server, batch("insert", true, &[order("ACC-00001", "1"), order("ACC-00001", "1")])).await;
    assert!(good.iter().all(|result| result["ok"] == true));
    assert_eq!(total(&server).await, "5002");
}

#[tokio::test]
async fn a_batch_that_is_none_is_refused_whole() {
    let server = Server::new();
    let hundred = vec![order("ACC-00001", "1"); 100];
    assert_eq!(results(&server, batch("insert", false, &hundred)).await.len(), 100);
    let too_many = server.write("POST", "/orders/batch", batch("insert", false, &vec!["{}".to_owned(); 101])).await;
    assert_eq!(
        (too_many.status, &too_many.json()["error"]["code"]),
        (StatusCode::PAYLOAD_TOO_LARGE, &json!("payload_too_large"))
    );
    for body in ["{}", r#"{"operation":"merge","records":[]}"#, r#"{"operation":"insert","records":[],"x":1}"#, "[]"] {
        let refused = server.write("POST", "/orders/batch", body).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{body}");
    }
    assert_eq!(total(&server).await, "5100");
}

#[tokio::test]
async fn a_batch_is_repeated_by_its_key_without_writing_again() {
    let server = Server::new();
    let body = batch("insert", false, &[order("ACC-00001", "1")]);
    let key = [("idempotency-key", "k")];
    let first = server.send("POST", "/sample/open/orders/batch", &key, body.clone()).await;
    let again = server.send("POST", "/sample/open/orders/batch", &key, body).await;
    assert_eq!(again.text, first.text);
    assert_eq!(total(&server).await, "5001");
}
