//! The worked example of docs/without-rust.md, deployed as it stands there.

use std::fs;

use appflow_tests::{Laptop, workspace};
use serde_json::{Value, json};

/// The blocks of the page in one language.
fn blocks(language: &str) -> Vec<String> {
    let page = fs::read_to_string(workspace().join("docs/without-rust.md")).unwrap();
    let fence = format!("```{language}\n");
    page.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// What AppFlow is told of each field of an entity: its name, its type, whether it may be null.
fn fields(laptop: &Laptop, entity: &str) -> Value {
    let arguments = ["fields", entity, "--local", "--label", "Acme-Desk", "--output", "json"];
    let document = laptop.registrar(&arguments).expect(0).json();
    let fields = document["fields"].as_array().unwrap_or_else(|| panic!("{document}")).iter();
    fields.map(|field| json!([field["fieldName"], field["dataType"], field["readProperties"]["isNullable"]])).collect()
}

#[test]
fn the_page_makes_a_connector_with_the_fields_of_the_manifest_and_of_the_file_beside_it() {
    let laptop = Laptop::new();
    let [document] = &blocks("json")[..] else { panic!("one document") };
    fs::write(laptop.folder().join("acme-openapi.json"), document).unwrap();
    let manifest = laptop.folder().join("acme.toml");
    fs::write(&manifest, blocks("toml").join("\n")).unwrap();
    drop(laptop.deploy(&["--label", "Acme-Desk", "--manifest", manifest.to_str().unwrap()]).expect(0));

    // The function has a copy of the file.
    fs::remove_file(laptop.folder().join("acme-openapi.json")).unwrap();
    assert_eq!(
        fields(&laptop, "contacts"),
        json!([
            ["id", "String", false],
            ["name", "String", false],
            ["birthday", "Date", true],
            ["address.city", "String", true],
            ["address.zip", "String", true],
        ])
    );
    let tickets = fields(&laptop, "tickets");
    let [id, subject, ..] = &tickets.as_array().unwrap()[..] else { panic!("{tickets}") };
    assert_eq!((id, subject), (&json!(["id", "Long", false]), &json!(["subject", "String", false])));
}
