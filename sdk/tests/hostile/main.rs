//! What a connector reads is not its own: requests, secrets, filters and records may be anything. The properties are
//! those of the fuzz targets in `sdk/fuzz`; here they are tried on the fuzzer's seeds, with a few changes to each, and
//! on bytes without sense.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on stops, and says why")]

mod credentials;
mod filter;
mod page;
mod request;
mod response;
mod selection;

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::sample::Index;

/// The inputs that a fuzz target begins with.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{target} has no seeds");
    paths.into_iter().map(|path| fs::read(path).unwrap()).collect()
}

/// What stands in the place of some bytes of a seed: a token that means something, or nothing, or bytes without sense.
fn token() -> impl Strategy<Value = Vec<u8>> {
    let tokens: Vec<&'static [u8]> = vec![
        b"",
        b"{",
        b"}",
        b"[",
        b"]",
        b"\"",
        b"'",
        b",",
        b":",
        b"\\",
        b"\\ud800",
        b"\\u0000",
        b"\0",
        b"null",
        b"true",
        b"-0",
        b"1e999",
        b"0.10",
        b"{}",
        b"[]",
        b"\"\"",
        b"\"a\":1,",
        b" and ",
        b" or not ",
        b"(",
        b")",
        b" limit 1",
        b"\xff",
        b"\xc3\xa9",
    ];
    prop_oneof![8 => prop::sample::select(tokens).prop_map(<[u8]>::to_vec), 1 => prop::collection::vec(any::<u8>(), 0..4)]
}

/// A seed with some changes, or bytes without sense.
fn input(target: &str) -> impl Strategy<Value = Vec<u8>> + use<> {
    let change = (any::<Index>(), 0..12usize, token());
    let changed =
        (prop::sample::select(seeds(target)), prop::collection::vec(change, 0..5)).prop_map(|(mut bytes, changes)| {
            for (at, length, token) in changes {
                let at = at.index(bytes.len() + 1);
                let end = bytes.len().min(at + length);
                bytes.splice(at..end, token);
            }
            bytes
        });
    prop_oneof![9 => changed, 1 => prop::collection::vec(any::<u8>(), 0..64)]
}

/// A secret of any kind that has some of the members which matter, of any type.
fn secret() -> impl Strategy<Value = Vec<u8>> {
    let keys = vec![
        "username",
        "userName",
        "password",
        "apiKey",
        "apiSecretKey",
        "secretKey",
        "accessToken",
        "refreshToken",
        "customAuthenticationType",
        "authenticationType",
        "customCredentials",
        "param1",
    ];
    let value = prop_oneof![6 => "[a-z]{0,6}".prop_map(serde_json::Value::from), 1 => Just(serde_json::Value::Null),
        1 => any::<i32>().prop_map(serde_json::Value::from)];
    let members = prop::collection::btree_map(prop::sample::select(keys), value, 0..6);
    let nested = prop::option::of(members.clone());
    (any::<u8>(), members, nested).prop_map(|(kind, members, nested)| {
        let mut members: serde_json::Map<_, _> =
            members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        if let Some(nested) = nested {
            members.insert("customCredentials".to_owned(), serde_json::json!(nested));
        }
        let mut bytes = vec![kind];
        bytes.extend(serde_json::Value::from(members).to_string().into_bytes());
        bytes
    })
}

#[test]
fn seeds_of_requests_and_responses_can_be_read() {
    for seed in seeds("request") {
        request::holds(&seed);
        appflow_sdk::protocol::Request::decode(&seed).unwrap();
    }
    for seed in seeds("response") {
        response::holds(&seed);
        let operation = appflow_sdk::protocol::Operation::ALL[usize::from(seed[0]) % 8];
        appflow_sdk::protocol::Response::decode(operation, &seed[1..]).unwrap();
    }
}

#[test]
fn seeds_of_filters_secrets_and_records_hold() {
    for seed in seeds("filter") {
        filter::holds(&seed);
    }
    for seed in seeds("credentials") {
        credentials::holds(&seed);
    }
    for seed in seeds("selection") {
        selection::holds(&seed);
    }
}

proptest! {
    #[test]
    fn any_request_is_refused_or_written_as_it_was_read(input in input("request")) {
        request::holds(&input);
    }

    #[test]
    fn any_response_is_refused_or_written_as_it_was_read(input in input("response")) {
        response::holds(&input);
    }

    #[test]
    fn any_filter_is_refused_or_tests_any_record(input in input("filter")) {
        filter::holds(&input);
    }

    #[test]
    fn no_text_of_any_secret_is_told(input in prop_oneof![secret(), input("credentials")]) {
        credentials::holds(&input);
    }

    #[test]
    fn any_record_is_refused_or_loses_nothing_that_was_selected(input in input("selection")) {
        selection::holds(&input);
    }

    #[test]
    fn any_answer_is_refused_or_its_records_stand_in_it(input in input("page")) {
        page::holds(&input);
    }
}
