//! The servers of other people start, answer and end.

use std::net::TcpStream;
use std::process::Command;

use appflow_tests::{Laptop, Service};
use serde_json::{Value, json};

fn is_gone(service: Service) {
    let address = service.address;
    drop(service);
    assert!(TcpStream::connect(address).is_err(), "something still listens on {address}");
}

#[test]
fn the_odata_service_answers_page_by_page_to_those_who_have_a_user() {
    let Some(service) = Service::odata("OData", 120) else { return };
    // "clerk:Grüße 1"
    let clerk = [("Authorization", "Basic Y2xlcms6R3LDvMOfZSAx")];

    let (head, _) = service.request("GET /odata/v4/shop/Orders", &[], "");
    assert!(head.starts_with("HTTP/1.1 401"), "{head}");
    let (_, page) = service.request("GET /odata/v4/shop/Orders?$select=ID,total", &clerk, "");
    assert_eq!(page["value"].as_array().unwrap().len(), 100);
    assert_eq!(page["value"][0], json!({"ID": 1, "total": "0.37"}));
    let next = format!("GET /odata/v4/shop/{}", page["@odata.nextLink"].as_str().unwrap());
    let (_, page) = service.request(&next, &clerk, "");
    assert_eq!(page["value"].as_array().unwrap().len(), 20);
    assert_eq!(page["@odata.nextLink"], Value::Null);

    let (head, made) = service.request("POST /odata/v4/shop/Labels", &clerk, r#"{"code": "new", "text": "ü"}"#);
    assert!(head.starts_with("HTTP/1.1 201"), "{head}");
    assert_eq!(made["text"], "ü");
    let (head, refused) = service.request("POST /odata/v4/shop/Labels", &clerk, r#"{"code": "new"}"#);
    assert!(head.starts_with("HTTP/1.1 409"), "{head}");
    assert_eq!(refused["error"]["code"], "ENTITY_ALREADY_EXISTS");
    is_gone(service);
}

#[test]
fn json_server_links_its_pages_and_wants_a_key() {
    let Some(service) = Service::json_server("json-server", 30) else { return };
    let key = [("X-Api-Key", Service::JSON_SERVER_KEY), ("Host", "api.example")];

    let (head, refused) = service.request("GET /orders", &[], "");
    assert!(head.starts_with("HTTP/1.1 401"), "{head}");
    assert_eq!(refused["error"]["code"], "unauthorized");
    let (head, page) = service.request("GET /orders?_page=1&_limit=20", &key, "");
    assert_eq!(page.as_array().unwrap().len(), 20);
    assert!(head.contains(r#"<http://api.example/orders?_page=2&_limit=20>; rel="next""#), "{head}");
    let (head, page) = service.request("GET /orders?_page=2&_limit=20", &key, "");
    assert_eq!(page.as_array().unwrap().len(), 10);
    assert!(!head.contains(r#"rel="next""#), "{head}");
    is_gone(service);
}

#[test]
fn datasette_writes_for_those_who_have_a_token() {
    let laptop = Laptop::new();
    let file = laptop.folder().join("shop.db");
    let statement =
        "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('create table t (id integer primary key, x)')";
    // Before the server starts, since it serves only files that are there.
    let made = Command::new("python3").args(["-c", statement]).arg(&file).status();
    let Some((service, token)) = Service::writable_datasette("Datasette's write API", &file) else { return };
    assert!(made.unwrap().success());

    let row = r#"{"row": {"id": 7, "x": "ü"}}"#;
    let (head, _) = service.request("POST /shop/t/-/insert", &[], row);
    assert!(head.starts_with("HTTP/1.1 403"), "{head}");
    let bearer = format!("Bearer {token}");
    let (head, _) = service.request("POST /shop/t/-/insert", &[("Authorization", &bearer)], row);
    assert!(head.starts_with("HTTP/1.1 201"), "{head}");
    let (_, page) = service.request("GET /shop/t.json", &[], "");
    assert_eq!(page["rows"], json!([{"id": 7, "x": "ü"}]));
    is_gone(service);
}
