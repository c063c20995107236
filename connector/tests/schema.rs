//! The JSON Schema of manifests: it is the committed one, takes what the connector takes, and refuses what it refuses.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops, and says why")]

use std::fs;
use std::path::{Path, PathBuf};

use appflow_connector::{Manifest, schema};
use jsonschema::Validator;
use serde_json::Value;

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn manifests() -> Vec<PathBuf> {
    let shipped = fs::read_dir(package().join("manifests")).unwrap().map(|entry| entry.unwrap().path());
    let shipped = shipped.filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
    shipped.chain([package().join("connector.toml")]).collect()
}

fn validator() -> Validator {
    jsonschema::validator_for(&schema()).unwrap()
}

#[track_caller]
fn as_json(text: &str) -> Value {
    serde_json::to_value(toml::from_str::<toml::Table>(text).unwrap()).unwrap()
}

#[test]
fn the_committed_schema_is_up_to_date() {
    let committed = fs::read_to_string(package().join("connector.schema.json")).unwrap();
    let expected = format!("{:#}\n", schema());
    let renew = "cargo registrar manifest schema > connector/connector.schema.json";
    assert!(committed == expected, "the types of the manifest have changed; renew the schema with: {renew}");
}

#[test]
fn every_manifest_that_ships_satisfies_it_and_names_it() {
    let validator = validator();
    let manifests = manifests();
    assert!(manifests.len() >= 5, "{manifests:?}");
    for path in manifests {
        let text = fs::read_to_string(&path).unwrap();
        let problems: Vec<_> = validator.iter_errors(&as_json(&text)).map(|error| error.to_string()).collect();
        assert_eq!(problems, Vec::<String>::new(), "{}", path.display());
        let named = text.lines().next().unwrap().strip_prefix("#:schema ").unwrap();
        assert!(path.parent().unwrap().join(named).is_file(), "{}", path.display());
    }
}

const RIGHT: &str = r#"
[connector]
name = "Acme"
owner = "Acme"
version = "1"
[connection]
test = "/me"
[authentication]
none = true
[failures.statuses]
409 = { error = "InvalidArgument" }
[entities.orders.read]
request = "GET /orders"
paging = { kind = "page", parameter = "page", size = { parameter = "n", max = 5 } }
filters.at = { ">=" = "since", "<" = { parameter = "until", format = "epoch-ms" } }
[entities.orders.fields]
at = { type = "DateTime" }
[discovery]
list = { request = "/entities", only = ["/queryable", { pointer = "/kind", equals = "table" }] }
describe = { request = { path = "/entities/{entity}" }, name = "/name", type = "/type" }
read = { request = "/{entity}" }
types = { int = "Integer", "*" = "String" }
"#;

/// Whatever the form of a manifest, schema and connector agree.
#[test]
fn it_refuses_what_the_connector_refuses() {
    let validator = validator();
    Manifest::parse(RIGHT, Path::new("m.toml")).unwrap();
    assert!(validator.is_valid(&as_json(RIGHT)));
    for (right, wrong) in [
        ("owner = \"Acme\"\n", ""),
        ("owner =", "onwer ="),
        ("none = true", "none = \"yes\""),
        ("{ error = \"InvalidArgument\" }", "\"InvalidArgument\""),
        ("\"page\", parameter = \"page\"", "\"pages\", parameter = \"page\""),
        ("parameter = \"page\", ", ""),
        ("parameter = \"page\", ", "parameter = \"page\", next = \"/x\", "),
        ("max = 5", "max = -5"),
        ("\"since\"", "5"),
        ("\"epoch-ms\"", "\"epoch\""),
        ("\"DateTime\"", "\"Time\""),
        ("equals =", "equal ="),
        ("int = \"Integer\"", "int = \"Int\""),
        ("path = \"/entities/{entity}\"", "path = \"/entities/{entity}\", mehtod = \"GET\""),
    ] {
        assert!(RIGHT.contains(right), "{right}");
        let text = RIGHT.replace(right, wrong);
        assert!(Manifest::parse(&text, Path::new("m.toml")).is_err(), "the connector takes {wrong}");
        assert!(!validator.is_valid(&as_json(&text)), "the schema takes {wrong}");
    }
}
