//! What goes into the artefact with a manifest: the manifest, and the files that describe fields for it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Component, Path};

use crate::artefact::read;
use crate::error::RegistrarError;
use crate::package::{BOOTSTRAP, MANIFEST};

/// The manifest under its name in the artefact, and the files that `entities.NAME.schema` names under theirs.
///
/// # Errors
/// [`ErrorKind::Usage`](crate::error::ErrorKind::Usage) when one of them cannot be read, or has no place below the
/// manifest's folder.
pub fn manifest_files(manifest: &Path) -> Result<BTreeMap<String, Vec<u8>>, RegistrarError> {
    let text = read(manifest)?;
    let folder = manifest.parent().unwrap_or(Path::new(""));
    let mut files = BTreeMap::new();
    for name in named(&text) {
        let is_plain = Path::new(&name).components().all(|component| matches!(component, Component::Normal(_)));
        if name.is_empty()
            || !is_plain
            || name.contains("//")
            || name.contains('\\')
            || name == MANIFEST
            || name == BOOTSTRAP
        {
            let message =
                format!("the manifest {} names the file {name:?}, which cannot be packaged", manifest.display());
            let hint = "put it below the manifest's folder, under a name of its own, and write / between the steps of its path";
            return Err(RegistrarError::usage(message).with_hint(hint));
        }
        if let Entry::Vacant(place) = files.entry(name) {
            let content = read(&folder.join(place.key())).map_err(|error| {
                error.with_hint(format!("the manifest {} takes the fields of an entity from it", manifest.display()))
            })?;
            place.insert(content);
        }
    }
    files.insert(MANIFEST.to_owned(), text);
    Ok(files)
}

/// The files that a manifest names. One that is no manifest names none; its connector says what is wrong with it.
fn named(manifest: &[u8]) -> Vec<String> {
    let table: Option<toml::Table> = std::str::from_utf8(manifest).ok().and_then(|text| text.parse().ok());
    let entities = table.as_ref().and_then(|table| table.get("entities")?.as_table());
    let schemas = entities.into_iter().flat_map(toml::Table::values).filter_map(|entity| entity.get("schema"));
    schemas.filter_map(|schema| schema.get("file")?.as_str()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is packaged with a manifest that has these entities, where there is a file `api/acme.json`.
    fn packaged(entities: &str) -> Result<Vec<(String, usize)>, RegistrarError> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("api")).unwrap();
        std::fs::write(folder.path().join("api/acme.json"), "{}").unwrap();
        let manifest = folder.path().join("mine.toml");
        std::fs::write(&manifest, entities).unwrap();
        let files = manifest_files(&manifest)?;
        Ok(files.into_iter().map(|(name, content)| (name, content.len())).collect())
    }

    #[test]
    fn a_manifest_brings_the_files_that_it_names_each_once() {
        let entities = "[entities.a.schema]\nfile = \"api/acme.json\"\n[entities.b]\nschema = { file = \"api/acme.json\" }\n[entities.c]\n";
        let expected = [("api/acme.json".to_owned(), 2), (MANIFEST.to_owned(), entities.len())];
        assert_eq!(packaged(entities).unwrap(), expected);
    }

    #[test]
    fn what_is_no_manifest_is_packaged_as_it_is() {
        for text in ["", "entities = 1", "[entities]\na = 1", "= no TOML"] {
            assert_eq!(packaged(text).unwrap(), [(MANIFEST.to_owned(), text.len())]);
        }
    }

    #[test]
    fn refuses_files_that_are_missing_or_have_no_place_in_the_artefact() {
        for file in ["../acme.json", "/etc/acme.json", "", "a\\\\b.json", "./acme.json", MANIFEST, BOOTSTRAP] {
            let error = packaged(&format!("entities.a.schema.file = \"{file}\"")).unwrap_err();
            assert!(error.to_string().ends_with("which cannot be packaged"), "{error}");
        }
        let error = packaged("entities.a.schema.file = \"none.json\"").unwrap_err();
        assert!(error.to_string().ends_with("none.json") && error.exit_code().code() == 2, "{error}");
        assert!(error.hint().unwrap().contains("mine.toml"));
    }
}
