//! Records written one by one.

use super::*;
use serde_json::json;

const CONTACT: &str = r#"{"account_id":"ACC-00007","first_name":"Ada","last_name":"Löve","email":"ada@example.org"}"#;

fn code(answer: &Answer) -> (u16, String, Value) {
    let error = answer.json()["error"].clone();
    (answer.status.as_u16(), error["code"].as_str().unwrap().to_owned(), error["field"].clone())
}

#[tokio::test]
async fn a_new_contact_is_read_by_every_way_of_reading() {
    let server = Server::new();
    let made = server.write("POST", "/contacts", CONTACT).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let record = made.json();
    assert_eq!(record["id"], "CON-002001");
    assert_eq!((&record["newsletter"], &record["phone"], &record["tags"]), (&json!(false), &Value::Null, &json!([])));
    let read = server.read("/contacts/CON-002001").await;
    assert_eq!(read.text, made.text);
    let found = server.read("/contacts?email=ada@example.org").await.json();
    assert_eq!(found["items"], json!([record]));
    let written: jiff::Timestamp = record["updated_at"].as_str().unwrap().parse().unwrap();
    let before = written - jiff::SignedDuration::from_millis(1);
    for (bound, expected) in [(before, json!([record])), (written, json!([]))] {
        let found = server.read(&format!("/contacts?email=ada@example.org&updated_after={bound}")).await.json();
        assert_eq!(found["items"], expected, "{bound}");
    }
    assert_eq!(server.write("POST", "/contacts", CONTACT.replace("ada@", "eva@")).await.json()["id"], "CON-002002");
    let other = Server::new().read("/contacts/CON-002001").await;
    assert_eq!(other.status, StatusCode::NOT_FOUND, "each server has its own records");
}

#[tokio::test]
async fn a_change_keeps_everything_else() {
    let server = Server::new();
    let before = server.read("/accounts/ACC-00003").await.json();
    let changed = server.write("PATCH", "/accounts/ACC-00003", r#"{"country":"JP","annual_revenue":12.5}"#).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    assert!(changed.text.contains(r#""annual_revenue":12.50,"#), "{}", changed.text);
    let after = changed.json();
    for (name, value) in before.as_object().unwrap() {
        match name.as_str() {
            "country" => assert_eq!(after[name], "JP"),
            "annual_revenue" => assert_eq!(after[name], 12.5),
            "updated_at" => assert!(after[name].as_str() > value.as_str(), "{after}"),
            _ => assert_eq!(&after[name], value, "{name}"),
        }
    }
    let japanese = server.read("/accounts?country=JP&per_page=500").await.json();
    assert!(ids(&japanese["data"]).contains(&r#""ACC-00003""#.to_owned()));
    assert_eq!(after.as_object().unwrap().len(), before.as_object().unwrap().len());
}

#[tokio::test]
async fn put_changes_a_record_or_makes_it() {
    let server = Server::new();
    let there = server.write("PUT", "/contacts/CON-000001", r#"{"id":"CON-000001","first_name":"Eva"}"#).await;
    assert_eq!((there.status, &there.json()["first_name"]), (StatusCode::OK, &json!("Eva")));
    let made = server.write("PUT", "/contacts/CON-003000", CONTACT).await;
    assert_eq!((made.status, &made.json()["id"]), (StatusCode::CREATED, &json!("CON-003000")));
    let again = server.write("PUT", "/contacts/CON-003000", CONTACT).await;
    assert_eq!(again.status, StatusCode::OK, "its own email is no duplicate: {}", again.text);
    let next = server.write("POST", "/contacts", CONTACT.replace("ada@", "eva@")).await.json();
    assert_eq!(next["id"], "CON-003001");
    let incomplete = server.write("PUT", "/contacts/CON-004000", r#"{"first_name":"Eva"}"#).await;
    assert_eq!(code(&incomplete), (400, "invalid".to_owned(), json!("account_id")));
}

#[tokio::test]
async fn what_is_deleted_is_gone_from_lists_and_totals() {
    let server = Server::new();
    let gone = server.write("DELETE", "/accounts/ACC-00002", "").await;
    assert_eq!((gone.status, gone.text.as_str()), (StatusCode::NO_CONTENT, ""));
    assert_eq!(server.read("/accounts/ACC-00002").await.status, StatusCode::NOT_FOUND);
    for method in ["PATCH", "DELETE"] {
        assert_eq!(server.write(method, "/accounts/ACC-00002", "{}").await.status, StatusCode::NOT_FOUND, "{method}");
    }
    let list = server.read("/accounts?per_page=2").await.json();
    assert_eq!(
        (&list["total"], ids(&list["data"])),
        (&json!(499), vec![r#""ACC-00001""#.into(), r#""ACC-00003""#.into()])
    );
    let account = r#"{"name":"x","country":"DE","address":{"street":"a","city":"b","postal_code":"c","country":"DE"}}"#;
    let back = server.write("PUT", "/accounts/ACC-00002", account).await;
    assert_eq!(back.status, StatusCode::CREATED, "{}", back.text);
    let list = server.read("/accounts?per_page=3").await.json();
    assert_eq!(list["total"], 500);
    assert!(ids(&list["data"]).is_sorted());
}

#[tokio::test]
async fn what_is_wrong_with_a_record_is_said_with_its_member() {
    let server = Server::new();
    for (body, expected, field) in [
        (CONTACT.replace("\"email\"", "\"e_mail\""), (400, "invalid"), "e_mail"),
        (CONTACT.replace("ada@example.org", "ada"), (400, "invalid"), "email"),
        (CONTACT.replace("\"Ada\"", "5"), (400, "invalid"), "first_name"),
        (CONTACT.replace("\"Ada\"", "null"), (400, "invalid"), "first_name"),
        (CONTACT.replace("ACC-00007", "ACC-99999"), (400, "invalid"), "account_id"),
        (CONTACT.replace('{', r#"{"id":"CON-005000","#), (400, "invalid"), "id"),
        (CONTACT.replace('{', r#"{"created_at":"2026-01-01T00:00:00Z","#), (400, "invalid"), "created_at"),
        (r#"{"first_name":"Ada"}"#.to_owned(), (400, "invalid"), "account_id"),
        (CONTACT.replace("ada@example.org", "contact7@example.com"), (409, "conflict"), "email"),
    ] {
        let refused = server.write("POST", "/contacts", body).await;
        let (status, code, named) = code(&refused);
        assert_eq!(((status, code.as_str()), named), (expected, json!(field)), "{}", refused.text);
    }
    let taken = server.write("PATCH", "/contacts/CON-000001", r#"{"email":"contact2@example.com"}"#).await;
    assert_eq!(taken.status, StatusCode::CONFLICT);
    for path in ["/contacts/CON-1", "/contacts/7", "/contacts/CON-000000"] {
        assert_eq!(code(&server.write("PUT", path, CONTACT).await), (400, "invalid".to_owned(), json!("id")), "{path}");
    }
    let other = server.write("PATCH", "/contacts/CON-000001", r#"{"id":"CON-000002"}"#).await;
    assert_eq!(code(&other).2, "id");
    let total = server.read("/contacts?limit=1&email=ada@example.org").await.json();
    assert_eq!(total["items"], json!([]), "nothing was written");
}

#[tokio::test]
async fn bodies_that_are_no_record_are_refused_by_what_they_are() {
    let server = Server::new();
    for body in ["", "{", "[]", "\u{0}", "{\"first_name\":\"a\"}x"] {
        assert_eq!(code(&server.write("POST", "/contacts", body).await), (400, "bad_request".to_owned(), Value::Null));
    }
    let large = format!(r#"{{"first_name":"{}"}}"#, "a".repeat(1024 * 1024));
    assert_eq!(code(&server.write("POST", "/contacts", large).await).1, "payload_too_large");
    for (method, path) in [("POST", "/orders"), ("DELETE", "/contacts"), ("PUT", "/me"), ("GET", "/orders/batch")] {
        let refused = server.write(method, path, "{}").await;
        assert_eq!(refused.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        assert!(refused.headers.contains_key(header::ALLOW), "{method} {path}");
    }
    let unauthorized = server.send("POST", "/sample/basic/contacts", &[], CONTACT).await;
    assert_eq!(unauthorized.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_repetition_with_the_same_key_is_answered_without_writing_again() {
    let server = Server::new();
    let send = async |key: &str, body: &str| {
        server.send("POST", "/sample/open/contacts", &[("idempotency-key", key)], body.to_owned()).await
    };
    let first = send("a", CONTACT).await;
    let again = send("a", CONTACT).await;
    assert_eq!((again.status, &again.text), (StatusCode::CREATED, &first.text));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert!(!first.headers.contains_key("idempotent-replayed"));
    let other = send("a", &CONTACT.replace("Ada", "Eva")).await;
    assert_eq!(code(&other), (409, "conflict".to_owned(), Value::Null));
    let duplicate = send("b", CONTACT).await;
    assert_eq!(code(&duplicate).2, "email");
    server.write("DELETE", "/contacts/CON-002001", "").await;
    assert_eq!(send("b", CONTACT).await.text, duplicate.text, "a refusal is the first answer too");
    assert_eq!(send("c", CONTACT).await.json()["id"], "CON-002002", "ids do not come back");
    let account = server.send("POST", "/sample/open/accounts", &[("idempotency-key", "a")], CONTACT).await;
    assert_eq!(account.status, StatusCode::BAD_REQUEST, "keys of other routes are other keys");
    assert_eq!(send("", CONTACT).await.status, StatusCode::BAD_REQUEST);
}
