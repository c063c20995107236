//! docs/ and README.md agree with the code.

use std::collections::BTreeSet;
use std::fs;

use appflow_sdk::protocol::{
    AuthenticationType, ConnectorContext, ConnectorMode, ConnectorOperator, DataTransferType, EntityDefinition,
    ErrorCode, FieldDataType, FieldDefinition, OAuth2ContentType, OAuth2CustomPropertyType, OAuth2GrantType,
    OAuth2MethodType, Operation, Record, RecordValidator, Request, Response, RuntimeSettingScope, RuntimeSettingType,
    TimeUnit, TriggerFrequency, TriggerType, WriteOperationType,
};
use appflow_sdk::{ConnectionCredentials, Secret};
use appflow_tests::workspace;
use serde_json::Value;

/// The protocol page.
fn page() -> String {
    fs::read_to_string(workspace().join("docs/protocol.md")).unwrap()
}

/// The sections of the protocol page by heading.
fn sections() -> Vec<(String, String)> {
    let page = page();
    let sections = page.split("\n## ").skip(1);
    sections.map(|section| section.split_once('\n').unwrap()).map(|(a, b)| (a.to_owned(), b.to_owned())).collect()
}

fn json_blocks(section: &str) -> Vec<&str> {
    section.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// What the code makes of the JSON of one section.
fn check_blocks(heading: &str, blocks: &[&str]) {
    if let Some(operation) = Operation::ALL.into_iter().find(|operation| operation.name() == heading) {
        let [request, response] = blocks else { panic!("{heading}: {} blocks", blocks.len()) };
        let decoded = Request::decode(request.as_bytes()).unwrap_or_else(|error| panic!("{heading}: {error}"));
        assert_eq!(decoded.operation(), operation);
        let shown: Value = serde_json::from_str(response).unwrap();
        let decoded = Response::decode(operation, response.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(serde_json::to_value(&decoded).unwrap(), shown, "{heading}");
        return;
    }
    match heading {
        "Failures" => {
            let [failure] = blocks else { panic!("{heading}") };
            for operation in Operation::ALL.into_iter().skip(1) {
                let response = Response::decode(operation, failure.as_bytes()).unwrap();
                assert_eq!(response.outcome().unwrap_err().error_code, ErrorCode::RateLimitExceeded);
            }
        }
        "The connector's context" => {
            let [context] = blocks else { panic!("{heading}") };
            let shown: Value = serde_json::from_str(context).unwrap();
            let decoded: ConnectorContext = serde_json::from_str(context).unwrap();
            let written = serde_json::to_value(&decoded).unwrap();
            let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
            assert_eq!(names(&written), names(&shown));
            assert!(written.as_object().unwrap().values().all(|member| !member.is_null()), "{written}");
        }
        "Credentials" => {
            let kinds: Vec<_> = blocks
                .iter()
                .map(|secret| ConnectionCredentials::parse(&Secret::new(*secret), None).unwrap().authentication_type())
                .map(Option::unwrap)
                .collect();
            assert_eq!(
                kinds,
                AuthenticationType::ALL.iter().filter(|kind| kinds.contains(kind)).cloned().collect::<Vec<_>>()
            );
            assert_eq!(kinds.len(), AuthenticationType::ALL.len());
        }
        "Records" => {
            let [record] = blocks else { panic!("{heading}") };
            let fields =
                FieldDataType::ALL.iter().map(|kind| FieldDefinition::new(kind.as_str(), kind.clone()).required());
            let definition = EntityDefinition::new("e", fields.collect());
            let validator = RecordValidator::new(&definition).refuse_unknown_fields().refuse_missing_fields();
            validator.validate(&Record::parse(record).unwrap()).unwrap();
        }
        other => assert!(blocks.is_empty(), "nothing checks the JSON of the section {other}"),
    }
}

#[test]
fn all_json_that_the_protocol_page_shows_is_what_the_code_reads_and_writes() {
    let sections = sections();
    for (heading, section) in &sections {
        check_blocks(heading, &json_blocks(section));
    }
    for operation in Operation::ALL {
        assert!(sections.iter().any(|(heading, _)| heading == operation.name()), "there is no section {operation}");
    }
    let checked: usize = sections.iter().map(|(_, section)| json_blocks(section).len()).sum();
    assert_eq!(checked, page().matches("```json").count(), "every block stands in a section");
}

/// The cells of the table row whose first cell is this.
fn row(name: &str) -> String {
    let page = page();
    let rows: Vec<_> = page.lines().filter_map(|line| line.strip_prefix(&format!("| `{name}` | "))).collect();
    let [row] = rows[..] else { panic!("{} rows for {name}", rows.len()) };
    row.strip_suffix(" |").unwrap().to_owned()
}

#[test]
fn the_values_of_every_enum_are_listed_as_the_code_has_them() {
    macro_rules! listed {
        ($($name:ident),+ $(,)?) => {
            [$((stringify!($name), $name::ALL.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>())),+]
        };
    }
    let enums = listed!(
        AuthenticationType,
        ConnectorMode,
        ConnectorOperator,
        DataTransferType,
        ErrorCode,
        FieldDataType,
        OAuth2ContentType,
        OAuth2CustomPropertyType,
        OAuth2GrantType,
        OAuth2MethodType,
        RuntimeSettingScope,
        RuntimeSettingType,
        TimeUnit,
        TriggerFrequency,
        TriggerType,
        WriteOperationType,
    );
    for (name, values) in &enums {
        assert_eq!(row(name), values.join(" "), "{name}");
    }
    let (_, section) = sections().into_iter().find(|(heading, _)| heading == "Enums").unwrap();
    assert_eq!(section.lines().filter(|line| line.starts_with("| `")).count(), enums.len());
}

#[test]
fn the_default_filter_operators_are_listed_as_the_code_has_them() {
    let (_, section) = sections().into_iter().find(|(heading, _)| heading == "DescribeEntity").unwrap();
    let (_, table) = section.split_once("| `filterOperators` by default |").unwrap();
    for data_type in FieldDataType::ALL {
        let named = format!("`{data_type}`");
        let line = table.lines().find(|line| line.split('|').nth(1).is_some_and(|cell| cell.contains(&named)));
        let operators: Vec<_> = data_type.default_filter_operators().iter().map(|each| format!("`{each}`")).collect();
        assert_eq!(line.unwrap().split('|').nth(2).unwrap().trim(), operators.join(" "), "{data_type}");
    }
}

/// The names of all properties in a message; keys that users choose are none.
fn names(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                found.insert(name.clone());
                if !matches!(name.as_str(), "connectorRuntimeSettings" | "customProperties" | "errorsByInputField") {
                    names(member, found);
                }
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| names(element, found)),
        _ => {}
    }
}

#[test]
fn every_property_is_explained() {
    let mut properties = BTreeSet::new();
    for operation in Operation::ALL {
        for direction in ["request", "response"] {
            let file = format!("sdk/tests/fixtures/{operation}/{direction}.full.json");
            names(
                &serde_json::from_str(&fs::read_to_string(workspace().join(file)).unwrap()).unwrap(),
                &mut properties,
            );
        }
    }
    let page = page();
    let tables: String = page.lines().filter(|line| line.starts_with('|')).collect();
    let missing: Vec<_> = properties.iter().filter(|name| !tables.contains(&format!("`{name}`"))).collect();
    assert_eq!(missing, Vec::<&String>::new());
}

#[test]
fn every_error_code_is_explained() {
    let (_, section) = sections().into_iter().find(|(heading, _)| heading == "Failures").unwrap();
    for code in ErrorCode::ALL {
        assert!(section.contains(&format!("| `{code}` |")), "{code}");
    }
}

#[test]
fn every_difference_between_the_official_sdks_has_its_row_and_its_test() {
    let (_, section) =
        sections().into_iter().find(|(heading, _)| heading == "Differences between the official SDKs").unwrap();
    let tests = fs::read_to_string(workspace().join("sdk/tests/wire/differences.rs")).unwrap();
    for number in 1..=25 {
        assert_eq!(section.matches(&format!("\n| {number} | ")).count(), 1, "row {number}");
        assert_eq!(tests.matches(&format!("fn row_{number:02}_")).count(), 1, "test {number}");
    }
}

#[test]
fn every_file_that_the_documentation_names_is_there() {
    for page in [
        "README.md",
        "docs/architecture.md",
        "docs/protocol.md",
        "docs/deploying.md",
        "docs/manifest.md",
        "docs/without-rust.md",
        "docs/performance.md",
        "docs/writing-a-connector.md",
    ] {
        let text = fs::read_to_string(workspace().join(page)).unwrap();
        for word in text.split(['`', '(', ')', ' ', '\n', '|', ',', '─', '►']) {
            let word = word.trim_start_matches("../").trim_end_matches(['.', ':', ';']);
            let is_path = ["sdk/", "connector/", "registrar/", "local/", "tests/", "docs/", "bench/"]
                .iter()
                .any(|folder| word.starts_with(folder));
            let named = word.split('#').next().unwrap();
            assert!(!is_path || workspace().join(named).exists(), "{page} names {word}, which is not there");
        }
    }
}

#[test]
fn the_rust_that_the_readme_shows_is_that_of_the_example() {
    let readme = fs::read_to_string(workspace().join("README.md")).unwrap();
    let example = fs::read_to_string(workspace().join("sdk/examples/hello_source.rs")).unwrap();
    let example: Vec<_> = example.lines().map(str::trim).collect();
    let blocks: Vec<_> = readme.split("```rust\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(!blocks.is_empty());
    for block in blocks {
        let block: Vec<_> = block.lines().map(str::trim).collect();
        assert!(example.windows(block.len()).any(|lines| lines == block), "not in the example:\n{}", block.join("\n"));
    }
}
