//! The worked example of docs/without-rust.md is a manifest.

use std::fs;

use appflow_connector::Manifest;
use appflow_tests::workspace;

/// The blocks of the page in one language.
fn blocks(language: &str) -> Vec<String> {
    let page = fs::read_to_string(workspace().join("docs/without-rust.md")).unwrap();
    let fence = format!("```{language}\n");
    page.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn the_blocks_of_the_page_are_one_manifest_with_the_file_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let [document] = &blocks("json")[..] else { panic!("one document") };
    fs::write(folder.path().join("acme-openapi.json"), document).unwrap();
    let file = folder.path().join("acme.toml");
    fs::write(&file, blocks("toml").join("\n")).unwrap();
    let manifest = Manifest::read(&file).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(manifest.entities().collect::<Vec<_>>(), ["tickets", "contacts"]);
}
