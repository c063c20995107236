//! The zip: the same bytes for the same files, so that its digest tells whether the code changed.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use crate::error::{ErrorKind, RegistrarError};

/// The file that Lambda's `provided.al2023` runtime starts.
pub const BOOTSTRAP: &str = "bootstrap";

/// The manifest's name in the zip; the connector looks for it beside its executable.
pub const MANIFEST: &str = "connector.toml";

/// Largest zip that can be uploaded with the request (Lambda quotas: 50 MB, counted as 50 × 1024 × 1024).
pub const ZIP_LIMIT_BYTES: usize = 52_428_800;

/// Largest content of a zip (Lambda quotas: 250 MB, counted likewise).
pub const UNZIPPED_LIMIT_BYTES: u64 = 262_144_000;

/// Fixed, so that neither the library's default nor its next version changes the bytes silently.
const COMPRESSION_LEVEL: i64 = 9;

/// Zips an executable and what goes beside it, by path.
///
/// Entries are sorted, carry the earliest date that the format knows, and Unix permissions 0755 and 0644.
///
/// # Errors
/// [`ErrorKind::Bug`] if the zip cannot be written to memory.
pub fn zip(executable: &[u8], beside: &BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>, RegistrarError> {
    let mut entries = vec![(BOOTSTRAP, 0o755, executable)];
    entries.extend(beside.iter().map(|(path, content)| (path.as_str(), 0o644, content.as_slice())));
    entries.sort_unstable_by_key(|entry| entry.0);
    write(&entries)
        .map_err(|error| RegistrarError::new(ErrorKind::Bug, "could not write the zip to memory").with_source(error))
}

fn write(entries: &[(&str, u32, &[u8])]) -> Result<Vec<u8>, zip::result::ZipError> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, mode, content) in entries {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(COMPRESSION_LEVEL))
            .last_modified_time(DateTime::default())
            .unix_permissions(*mode);
        writer.start_file(*name, options)?;
        writer.write_all(content)?;
    }
    Ok(writer.finish()?.into_inner())
}

/// What a zip holds, as far as Lambda cares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// Size of all files together.
    pub unzipped: u64,
    /// The beginning of `bootstrap`, if there is one.
    pub bootstrap: Option<Vec<u8>>,
    /// Whether `bootstrap` may be executed; true where the zip does not say.
    pub is_executable: bool,
}

/// Looks into a zip.
///
/// # Errors
/// [`ErrorKind::Usage`] when it is none.
pub fn look_into(zip: &[u8]) -> Result<Content, RegistrarError> {
    let not_a_zip = |error| {
        RegistrarError::usage("the artefact is not a readable zip")
            .with_source(error)
            .with_hint("cargo lambda build --output-format zip makes one with the executable bootstrap at its root")
    };
    let mut archive = ZipArchive::new(Cursor::new(zip)).map_err(not_a_zip)?;
    let mut content = Content { unzipped: 0, bootstrap: None, is_executable: true };
    for index in 0..archive.len() {
        let file = archive.by_index(index).map_err(not_a_zip)?;
        content.unzipped += file.size();
        if file.name().is_ok_and(|name| name == BOOTSTRAP) {
            content.is_executable = file.unix_mode().is_none_or(|mode| mode & 0o111 != 0);
            let mut start = Vec::new();
            file.take(64).read_to_end(&mut start).map_err(|error| not_a_zip(error.into()))?;
            content.bootstrap = Some(start);
        }
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(manifest: &str) -> BTreeMap<String, Vec<u8>> {
        [(MANIFEST.to_owned(), manifest.into())].into()
    }

    #[test]
    fn gives_equal_bytes_for_equal_files_and_others_for_others() {
        let first = zip(b"code", &with("[connector]")).unwrap();
        assert_eq!(first, zip(b"code", &with("[connector]")).unwrap());
        assert_ne!(first, zip(b"code", &with("[other]")).unwrap());
        assert_ne!(first, zip(b"code", &BTreeMap::new()).unwrap());
    }

    #[test]
    fn stores_sorted_entries_with_fixed_date_and_mode() {
        let bytes = zip(b"code", &with("[connector]")).unwrap();
        let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut entries = Vec::new();
        for index in 0..archive.len() {
            let file = archive.by_index(index).unwrap();
            let date = file.last_modified().unwrap();
            entries.push((
                file.name().unwrap().into_owned(),
                file.unix_mode().unwrap() & 0o777,
                date.year(),
                date.month(),
                date.day(),
            ));
        }
        assert_eq!(entries, [(BOOTSTRAP.to_owned(), 0o755, 1980, 1, 1), (MANIFEST.to_owned(), 0o644, 1980, 1, 1)]);
    }

    #[test]
    fn keeps_the_digest_that_the_format_had_when_this_was_written() {
        // A change here means that every deployed function gets new code once.
        let bytes = zip(b"code", &with("[connector]\n")).unwrap();
        assert_eq!(crate::digest::short_hex(&bytes, 16), "a3be43838c2b96ad");
    }

    #[test]
    fn finds_bootstrap_and_its_permission_in_a_zip() {
        let content = look_into(&zip(b"code", &BTreeMap::new()).unwrap()).unwrap();
        assert_eq!(content, Content { unzipped: 4, bootstrap: Some(b"code".to_vec()), is_executable: true });
        let plain = write(&[("bootstrap", 0o644, b"x"), ("other", 0o644, b"yy")]).unwrap();
        let content = look_into(&plain).unwrap();
        assert_eq!((content.unzipped, content.is_executable), (3, false));
        assert_eq!(look_into(&write(&[("main", 0o755, b"x")]).unwrap()).unwrap().bootstrap, None);
        assert_eq!(look_into(b"no zip").unwrap_err().exit_code().code(), 2);
    }
}
