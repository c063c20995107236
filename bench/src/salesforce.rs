//! Salesforce as its connector meets it: an object of 500 fields, 5,000 records of 500 bytes on three pages, and a place
//! to insert 100 records at once. Only as much of it as is measured.

use std::fmt::Write as _;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::routing::{get, post};

/// How many records there are, and how many of them Salesforce gives on a page.
const RECORDS: usize = 5_000;
const PAGE: usize = 2_000;

/// How many fields the object has.
const FIELDS: usize = 500;

/// How many records are inserted.
pub(crate) const INSERTS: usize = 100;

/// About how many bytes a record has.
const RECORD_BYTES: usize = 500;

/// The object's name.
const OBJECT: &str = "Wide__c";

/// The manifest that ships, for a connection without credentials at this address.
pub(crate) fn manifest(upstream: &str) -> String {
    let shipped = include_str!("../../connector/manifests/salesforce.toml");
    shipped.replacen("[authentication.bearer]", "[authentication]\nnone = true\n\n[authentication.bearer]", 1).replacen(
        "[connection]",
        &format!("[connection]\nbase_url = \"{upstream}\""),
        1,
    )
}

/// The answers, by address.
pub(crate) fn router() -> Router {
    let describe = Bytes::from(describe());
    let pages: Vec<_> = (0..RECORDS).step_by(PAGE).map(|start| Bytes::from(page(start))).collect();
    let results = Bytes::from(results());
    let json = |body: Bytes| ([("content-type", "application/json")], body);
    let first = pages.first().cloned().unwrap_or_default();
    Router::new()
        .route("/services/data/{version}/sobjects/{object}/describe", get(move || async move { json(describe) }))
        .route("/services/data/{version}/query", get(move || async move { json(first) }))
        .route(
            "/services/data/{version}/query/{start}",
            get(move |Path((_, start)): Path<(String, usize)>| async move {
                json(pages.get(start / PAGE).cloned().unwrap_or_default())
            }),
        )
        .route("/services/data/{version}/composite/sobjects", post(move || async move { json(results) }))
}

/// The description of the object.
pub(crate) fn describe() -> String {
    let mut text = format!("{{\"name\":\"{OBJECT}\",\"createable\":true,\"updateable\":true,\"fields\":[");
    for index in 0..FIELDS {
        let (name, kind) = match index {
            0 => ("Id".to_owned(), "id"),
            1 => ("SystemModstamp".to_owned(), "datetime"),
            _ => (
                format!("Field_{index}__c"),
                ["string", "double", "boolean", "date", "picklist"].get(index % 5).copied().unwrap_or("string"),
            ),
        };
        let comma = if index == 0 { "" } else { "," };
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "{comma}{{\"name\":\"{name}\",\"label\":\"Label of {name}\",\"type\":\"{kind}\",\"length\":255,\"precision\":18,\
             \"scale\":2,\"nillable\":{},\"createable\":{},\"updateable\":{},\"filterable\":true,\"sortable\":true,\
             \"externalId\":false,\"idLookup\":false,\"unique\":false,\"defaultedOnCreate\":false,\"calculated\":false,\
             \"picklistValues\":[],\"referenceTo\":[],\"relationshipName\":null,\"soapType\":\"xsd:string\",\
             \"inlineHelpText\":null,\"custom\":true}}",
            index > 1,
            index > 1,
            index > 1,
        );
    }
    text.push_str("]}");
    text
}

/// The page that begins with a record.
fn page(start: usize) -> String {
    let end = (start + PAGE).min(RECORDS);
    let mut text = format!("{{\"totalSize\":{RECORDS},\"done\":{}", end == RECORDS);
    if end < RECORDS {
        let _ = write!(text, ",\"nextRecordsUrl\":\"/services/data/v60.0/query/{end}\"");
    }
    text.push_str(",\"records\":[");
    for index in start..end {
        if index > start {
            text.push(',');
        }
        record(&mut text, index);
    }
    text.push_str("]}");
    text
}

fn record(text: &mut String, index: usize) {
    let start = text.len();
    let _ = write!(
        text,
        "{{\"attributes\":{{\"type\":\"{OBJECT}\",\"url\":\"/services/data/v60.0/sobjects/{OBJECT}/a00{index:012}AAA\"}},\
         \"Id\":\"a00{index:012}AAA\",\"SystemModstamp\":\"2026-06-{:02}T{:02}:30:00.000+0000\",\"Field_2__c\":{},\
         \"Field_5__c\":\"",
        1 + index % 28,
        index % 24,
        index.is_multiple_of(2),
    );
    while text.len() - start + 20 < RECORD_BYTES {
        text.push_str("Leave it at \\\"Gate 4\\\". ");
    }
    text.push_str("\"}");
}

/// All pages one behind the other, as what the bare runtime gets.
pub(crate) fn all_pages() -> String {
    let pages: Vec<_> = (0..RECORDS).step_by(PAGE).map(page).collect();
    format!("[{}]", pages.join(","))
}

fn results() -> String {
    let results = (0..INSERTS).map(|index| format!("{{\"id\":\"a00{index:012}AAA\",\"success\":true,\"errors\":[]}}"));
    format!("[{}]", results.collect::<Vec<_>>().join(","))
}

/// The request for all records.
pub(crate) fn query() -> String {
    format!(
        r#"{{"type":"QueryDataRequest","entityIdentifier":"{OBJECT}","maxResults":100000,
        "selectedFieldNames":["Id","SystemModstamp","Field_2__c","Field_5__c"],"connectorContext":{CONTEXT}}}"#
    )
}

/// The request for the description.
pub(crate) fn metadata() -> String {
    format!(r#"{{"type":"DescribeEntityRequest","entityIdentifier":"{OBJECT}","connectorContext":{CONTEXT}}}"#)
}

/// The request that inserts.
pub(crate) fn insert() -> String {
    let mut records = String::new();
    for index in 0..INSERTS {
        let note = "Leave it at Gate 4. ".repeat(20);
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(
            records,
            r#"{comma}"{{\"Field_5__c\":\"{note}\",\"Field_6__c\":{index}.25,\"Field_8__c\":\"2026-06-01\"}}""#
        );
    }
    format!(
        r#"{{"type":"WriteDataRequest","entityIdentifier":"{OBJECT}","operation":"INSERT","allOrNone":false,
        "idFieldNames":[],"records":[{records}],"connectorContext":{CONTEXT}}}"#
    )
}

const CONTEXT: &str = r#"{"apiVersion":"v60.0","connectorRuntimeSettings":{}}"#;
