//! docs/manifest.md is what the manifest's JSON Schema and the examples beside this file make. When they change:
//! `REWRITE=1 cargo test -p appflow-tests manifest_reference`.

mod page;

use std::collections::BTreeSet;
use std::fs;

use appflow_connector::Manifest;
use appflow_tests::workspace;
use serde_json::{Value, json};

use self::page::{Section, page, sections};

const EXAMPLES: &str = include_str!("manifest_reference/examples.toml");

/// The examples as a manifest with the file that it names beside it.
fn read_examples(examples: &str) {
    let folder = tempfile::tempdir().unwrap();
    let document = json!({ "components": { "schemas": { "Customer": { "properties": {
        "id": { "type": "integer" },
        "address": { "properties": { "city": { "type": "string" } } },
    } } } } });
    fs::write(folder.path().join("acme-openapi.json"), document.to_string()).unwrap();
    let manifest = Manifest::parse(examples, &folder.path().join("examples.toml"));
    manifest.unwrap_or_else(|error| panic!("{}", error.to_string().replace("; /", "\n/")));
}

#[test]
fn the_examples_are_a_manifest() {
    read_examples(EXAMPLES);
}

#[test]
fn every_table_has_a_section_and_every_key_an_example() {
    let schema = appflow_connector::schema();
    let sections = sections(EXAMPLES);
    let described: BTreeSet<_> = sections.iter().map(|section| section.definition).collect();
    let tables = schema["$defs"].as_object().unwrap().iter().filter(|(_, table)| !page::tables(table).is_empty());
    let missing: Vec<_> =
        tables.clone().map(|(name, _)| name).filter(|name| !described.contains(name.as_str())).collect();
    assert_eq!(missing, Vec::<&String>::new(), "tables without a section");
    let shown = |key: &str| {
        EXAMPLES.lines().any(|line| {
            let line = line.split_once('#').map_or(line, |(before, _)| before);
            line.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == key)
        })
    };
    let mut without_example = Vec::new();
    for (name, table) in tables {
        for variant in page::tables(table) {
            let keys = variant["properties"].as_object().unwrap().keys().filter(|key| !shown(key));
            without_example.extend(keys.map(|key| format!("{key} of {name}")));
        }
    }
    assert_eq!(without_example, Vec::<String>::new(), "keys without an example");
}

#[test]
fn the_page_is_up_to_date() {
    let file = workspace().join("docs/manifest.md");
    let made = page(&appflow_connector::schema(), EXAMPLES);
    #[expect(clippy::disallowed_methods, reason = "a person says so to renew the page")]
    let is_wanted = std::env::var_os("REWRITE").is_some();
    if is_wanted {
        fs::write(&file, &made).unwrap();
    }
    let is_equal = fs::read_to_string(&file).is_ok_and(|there| there == made);
    assert!(is_equal, "docs/manifest.md is out of date: run REWRITE=1 cargo test -p appflow-tests manifest_reference");
}

#[test]
fn every_link_in_the_page_leads_to_a_heading() {
    let page = page(&appflow_connector::schema(), EXAMPLES);
    let headings: BTreeSet<_> = page.lines().filter_map(|line| line.strip_prefix("## ")).map(page::anchor).collect();
    let links: Vec<_> = page.split("](#").skip(1).map(|rest| rest.split(')').next().unwrap()).collect();
    assert!(links.len() > 20, "{}", links.len());
    for link in links {
        assert!(headings.contains(link), "#{link}");
    }
}

#[test]
fn a_key_is_shown_with_its_type_its_default_and_what_it_is() {
    let schema: Value = json!({
        "$defs": {
            "Cake": {
                "type": "object", "description": "A cake.", "required": ["size"],
                "properties": {
                    "flour": { "enum": ["rye", "wheat"], "default": "rye", "description": "Rye | wheat." },
                    "layers": { "type": "array", "items": { "type": "integer" }, "default": [] },
                    "size": { "anyOf": [{ "$ref": "#/$defs/Size" }, { "type": "null" }], "description": "How big." },
                    "tins": { "type": "object", "additionalProperties": { "$ref": "#/$defs/Size" } },
                    "heat": { "$ref": "#/$defs/Heat", "description": "How hot." },
                },
            },
            "Heat": { "oneOf": [{ "const": "low", "description": "Slow." }, { "const": "high" }] },
            "Size": { "anyOf": [{ "type": "string" }, { "type": "object", "properties": { "cm": { "type": "number" } } }] },
        },
    });
    let made =
        page(&schema, "## Cake `[cake]`\n[cake]\nsize = \"big\"\n\n## Size Sizes\n[cake.tins]\na = { cm = 1 }\n");
    let (_, made) = made.split_once("## `[cake]`").unwrap();
    let expected = "

A cake.

| key | type | without it | what it is |
|---|---|---|---|
| `size` | text or [table](#sizes) | **required** | How big. |
| `flour` | `\"rye\"`, `\"wheat\"` | `\"rye\"` | Rye \\| wheat. |
| `heat` | `\"low\"`, `\"high\"` |  | How hot. `\"low\"`: Slow. |
| `layers` | list of whole numbers | `[]` |  |
| `tins` | by name: text or [table](#sizes) |  |  |

```toml
[cake]
size = \"big\"
```

## Sizes

| key | type | without it | what it is |
|---|---|---|---|
| `cm` | number |  |  |

```toml
[cake.tins]
a = { cm = 1 }
```
";
    assert_eq!(made, expected);
}

#[test]
fn a_section_is_a_table_with_its_heading_and_its_lines() {
    let found = sections("# about\n\n## A `[a]` and `[b]`\n[a]\nx = 1\n\n[b]\n\n## B Bs\ny = 2\n");
    let expected = [("A", "`[a]` and `[b]`", "[a]\nx = 1\n\n[b]"), ("B", "Bs", "y = 2")];
    let found = found.iter().map(|Section { definition, heading, example }| (*definition, *heading, *example));
    assert_eq!(found.collect::<Vec<_>>(), expected);
}
