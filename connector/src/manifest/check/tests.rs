//! Each rule is broken once.

use std::path::Path;

use super::super::{Manifest, ManifestError};

pub(super) const RIGHT: &str = r#"
[connector]
name = "Acme"
owner = "Acme"
version = "1.0"
[connection]
base_url = "https://api.acme.example"
test = "/me"
[authentication]
api_key = { header = "X-Key" }
[settings.tenant]
label = "Tenant"
required = true
[entities.orders.retrieve]
request = "/orders/{id}"
[entities.orders.read]
request = "/{tenant}/orders"
records = "/data"
[entities.orders.read.paging]
kind = "cursor"
parameter = "cursor"
next = "/next"
size = { parameter = "limit", max = 100 }
[entities.orders.fields]
id = { type = "Integer", primary_key = true }
name = { type = "String" }
at = { type = "DateTime", incremental = true }
[entities.orders.read.filters]
at = { ">=" = "since" }
"#;

#[track_caller]
pub(super) fn problems(text: &str) -> Vec<String> {
    match Manifest::parse(text, Path::new("m.toml")) {
        Ok(_) => Vec::new(),
        Err(ManifestError::Inconsistent { problems, .. }) => problems.iter().map(ToString::to_string).collect(),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn finds_nothing_wrong_with_a_right_manifest() {
    assert_eq!(problems(RIGHT), Vec::<String>::new());
}

/// A part of the right manifest, what it becomes, and the problem that follows.
const FAULTS: &[(&str, &str, &str)] = &[
    (r#"name = "Acme""#, r#"name = "AppFlow Acme""#, "connector.name: must not begin with aws, amazon or appflow"),
    (r#"owner = "Acme""#, r#"owner = " ""#, "connector.owner: must not be empty"),
    (r#"version = "1.0""#, r#"version = "1 0""#, "connector.version: must be one word, such as 1.0.0"),
    (
        "https://api",
        "http://api",
        "connection.base_url: must begin with https://; http:// is for loopback addresses only",
    ),
    (r#""/me""#, r#""me""#, "connection.test: must begin with /"),
    (r#""/me""#, r#""/../me""#, "connection.test: must not hold the segments . and .."),
    (
        r#""/me""#,
        r#""/me?x=1""#,
        "connection.test: must not hold ? # \\ or white space; query parameters go to `parameters`",
    ),
    (r#"{ header = "X-Key" }"#, "{ }", "authentication.api_key: must have either `header` or `parameter`"),
    (r#"{ header = "X-Key" }"#, r#"{ header = "X Key" }"#, "authentication.api_key: is no name of an HTTP header"),
    (
        r#"{ header = "X-Key" }"#,
        r#"{ header = "X-Key", value = "{key}" }"#,
        "authentication.api_key.value: {key} stands for nothing; there are apiKey, apiSecretKey",
    ),
    (
        r#"{ header = "X-Key" }"#,
        r#"{ parameter = "limit" }"#,
        "entities.orders.read: the parameter \"limit\" is both in paging.size.parameter and in authentication.api_key",
    ),
    (
        r#"api_key = { header = "X-Key" }"#,
        "none = false",
        "authentication: must offer none, basic, api_key, bearer or a header scheme",
    ),
    (
        "required = true",
        "required = false",
        "entities.orders.read.request: the setting \"tenant\" stands in a path, so it must be `required`",
    ),
    (
        "required = true",
        "required = true\ntype = \"Text\"",
        "settings.tenant: \"Text\" is no type; there are String, Date, DateTime, Long, Integer, Boolean, Url",
    ),
    (
        "required = true",
        "required = true\nscope = \"EVERYWHERE\"",
        "settings.tenant: \"EVERYWHERE\" is no scope; there are CONNECTOR_PROFILE, SOURCE, DESTINATION, SOURCE_AND_DESTINATION",
    ),
    (
        "required = true",
        "required = true\nscope = \"DESTINATION\"",
        "entities.orders.read.request: the setting \"tenant\" has no value here; its `scope` must not be DESTINATION",
    ),
    (
        "/{tenant}/orders",
        "/{tenent}/orders",
        "entities.orders.read.request: there is no setting \"tenent\"; declare it as [settings.tenent]; did you mean tenant?",
    ),
    (
        "/{tenant}/orders",
        "/{tenant/orders",
        "entities.orders.read.request: must hold braces in pairs only, around a name, as in {tenant}",
    ),
    ("\"/data\"", "\"data\"", "entities.orders.read.records: must be a JSON pointer: empty, or beginning with /"),
    ("\"/data\"", "\"/da~ta\"", "entities.orders.read.records: must write ~ as ~0 and / within a name as ~1"),
    ("/orders/{id}", "/orders/one", "entities.orders.retrieve.request: must hold {id} or {key}"),
    (", primary_key = true", "", "entities.orders.retrieve.request: needs exactly one field with `primary_key = true`"),
    (
        ", primary_key = true",
        ", primary_key = true, nullable = true",
        "entities.orders.fields.id: a primary key cannot be null",
    ),
    ("max = 100", "max = 0", "entities.orders.read.paging: `size.max` must be at least 1"),
    ("\"/next\"", "\"/data/next\"", "entities.orders.read.paging: `next` must not lead into the records"),
    (
        r#"parameter = "cursor""#,
        r#"parameter = "limit""#,
        "entities.orders.read: the parameter \"limit\" is both in paging.parameter and in paging.size.parameter",
    ),
    (
        r#"{ type = "String" }"#,
        r#"{ type = "Text" }"#,
        "entities.orders.fields.name: \"Text\" is no type; there are String, Integer, Float, Double, Long, Short, BigInteger, BigDecimal, ByteArray, Boolean, Date, DateTime, Struct, Map, List",
    ),
    (
        r#"{ type = "String" }"#,
        r#"{ type = "String", incremental = true }"#,
        "entities.orders.fields.name: `incremental` is for fields of type Date or DateTime",
    ),
    (r#"at = { ">=""#, r#"when = { ">=""#, "entities.orders.read.filters.when: the entity has no field \"when\""),
    (
        r#"">=" = "since""#,
        r#""=>" = "since""#,
        "entities.orders.read.filters.at.\"=>\": is no operator; there are = != < <= > >= contains in",
    ),
    (
        r#"">=" = "since""#,
        r#"contains = "since""#,
        "entities.orders.read.filters.at.\"contains\": a field of type DateTime cannot be compared so",
    ),
    (
        r#"at = { ">=" = "since" }"#,
        r#"id = { "=" = { parameter = "id", format = "date" } }"#,
        "entities.orders.read.filters.id.\"=\": `format` is for fields of type Date or DateTime",
    ),
    (
        r#"">=" = "since""#,
        r#"">=" = { parameter = "since", separator = "," }"#,
        "entities.orders.read.filters.at.\">=\": `separator` is for the operator in",
    ),
    (
        r#"">=" = "since""#,
        r#"">=" = "cursor""#,
        "entities.orders.read: the parameter \"cursor\" is both in paging.parameter and in filters",
    ),
];

#[test]
fn finds_each_fault_at_its_key() {
    for (right, wrong, expected) in FAULTS {
        assert!(RIGHT.contains(right), "{right}");
        assert_eq!(problems(&RIGHT.replace(right, wrong)), [*expected], "{wrong}");
    }
}

#[test]
fn a_connection_is_tested_with_its_own_settings_only() {
    let of_source = RIGHT.replace("required = true", "required = true\nscope = \"SOURCE\"");
    assert_eq!(problems(&of_source), Vec::<String>::new());
    for (wrong, key) in [
        (r#"test = "/{tenant}/me""#, "connection.test"),
        ("test = \"/me\"\npath_prefix = \"/{tenant}\"", "connection.path_prefix"),
    ] {
        assert_eq!(problems(&RIGHT.replace(r#"test = "/me""#, wrong)), Vec::<String>::new());
        assert_eq!(
            problems(&of_source.replace(r#"test = "/me""#, wrong)),
            [format!(
                "{key}: the setting \"tenant\" is asked for after the connection is tested; its `scope` must be \
                 CONNECTOR_PROFILE"
            )]
        );
    }
}

#[test]
fn a_keyset_takes_no_total() {
    let keyset = RIGHT.replace(
        "kind = \"cursor\"\nparameter = \"cursor\"\nnext = \"/next\"",
        "kind = \"keyset\"\nfield = \"id\"\nparameter = \"after\"",
    );
    assert_ne!(keyset, RIGHT);
    assert_eq!(problems(&keyset), Vec::<String>::new());
    let message =
        "entities.orders.read.paging: a total has no place beside a keyset: it may count what is left, or everything";
    assert_eq!(problems(&keyset.replace("records = \"/data\"", "records = \"/data\"\ntotal = \"/total\"")), [message]);
}

#[test]
fn finds_every_fault_at_once() {
    let text = RIGHT.replace("\"/me\"", "\"me\"").replace("\"/data\"", "\"data\"").replace("max = 100", "max = 0");
    let keys = ["connection.test", "entities.orders.read.records", "entities.orders.read.paging"];
    let found = problems(&text);
    assert_eq!(found.len(), 3);
    for key in keys {
        assert!(found.iter().any(|problem| problem.starts_with(&format!("{key}: "))), "{key} in {found:?}");
    }
}

#[test]
fn checks_header_schemes_and_grants() {
    let scheme = r#"
[authentication.bearer]
token_urls = ["http://auth.acme.example/token"]
grants = ["AUTHORIZATION_CODE", "PASSWORD"]
[authentication.header.NoAuth]
parameters = { "a-b" = { label = "A" } }
headers = { "X-A" = "{a}" }
"#;
    assert_eq!(
        problems(&(RIGHT.to_owned() + scheme)),
        [
            "authentication.bearer: \"http://auth.acme.example/token\" must begin with https://",
            "authentication.bearer: the grant AUTHORIZATION_CODE needs `authorization_urls`",
            "authentication.bearer: \"PASSWORD\" is no grant; there are CLIENT_CREDENTIALS, AUTHORIZATION_CODE",
            "authentication.header.NoAuth: the name NoAuth stands for a connection without credentials",
            "authentication.header.NoAuth: the parameter \"a-b\" must consist of letters, digits and _",
            "authentication.header.NoAuth.headers.X-A: {a} stands for nothing; there are a-b",
        ]
    );
}

#[test]
fn refuses_what_makes_an_implausible_configuration() {
    let long = format!("{}\"", "x".repeat(300));
    let scheme = "[authentication.header.Acme]\nheaders = { X-A = \"{a}\" }\nparameters = { a = { label = \"LONG } }\n";
    for (right, wrong, expected) in [
        (
            "required = true",
            "required = true\noptions = [\"a\", \"New York\"]".to_owned(),
            "settings.tenant: connectorRuntimeSetting[1].connectorSuppliedValueOptions[1] has white space",
        ),
        (
            "label = \"Tenant\"",
            format!("label = \"{long}"),
            "settings.tenant: connectorRuntimeSetting[1].label has more than 128 characters",
        ),
        (
            "version = \"1.0\"",
            "version = \"1.0\"\napi_versions = [\"v 1\"]".to_owned(),
            "connector.api_versions: supportedApiVersions[0] has white space",
        ),
        (
            "version = \"1.0\"",
            format!("version = \"1.0\"\nlogo_url = \"https://{long}"),
            "connector.logo_url: logoURL has more than 256 characters",
        ),
        (
            "[settings.tenant]",
            "[authentication.bearer]\ntoken_urls = [\"https://\"]\ngrants = [\"CLIENT_CREDENTIALS\"]\n[settings.tenant]".to_owned(),
            "authentication.bearer: tokenURL[0] \"https://\" names no host",
        ),
        (
            "[settings.tenant]",
            format!("{}[settings.tenant]", scheme.replace("LONG", &long)),
            "authentication.header: customAuthConfig[0].authParameters[0].label has more than 128 characters",
        ),
    ] {
        assert!(RIGHT.contains(right), "{right}");
        assert_eq!(problems(&RIGHT.replace(right, &wrong)), [expected], "{wrong}");
    }
}

#[test]
fn a_manifest_needs_an_entity_and_an_entity_a_field() {
    let head: String = RIGHT.split("[entities.orders.retrieve]").next().unwrap().to_owned();
    assert_eq!(
        problems(&(head.clone() + "[entities]\n")),
        ["entities: must hold at least one entity, unless there is [discovery]"]
    );
    let without_fields = head + "[entities.\"my orders\"]\nread = { request = \"/orders\" }\nfields = {}\n";
    assert_eq!(
        problems(&without_fields),
        [
            "entities.my orders: the name must be one word of at most 128 characters",
            "entities.my orders.fields: must hold at least one field",
        ]
    );
}
