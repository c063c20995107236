//! What is uploaded to Lambda, by its size.

use std::io::{Cursor, Write as _};
use std::path::Path;

use serde::Serialize;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::Failure;

/// Sizes in bytes.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Artefact {
    pub(crate) executable: usize,
    pub(crate) zipped: usize,
}

impl Artefact {
    /// Zips an executable with the settings of the registrar: deflate, level 9.
    pub(crate) fn of(executable: &Path) -> Result<Self, Failure> {
        let content = std::fs::read(executable)
            .map_err(|error| format!("{}: {error}; build it first, as \"just bench\" does", executable.display()))?;
        Ok(Self { executable: content.len(), zipped: zipped(&content)? })
    }
}

fn zipped(content: &[u8]) -> Result<usize, Failure> {
    let options =
        SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).compression_level(Some(9));
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("bootstrap", options)?;
    writer.write_all(content)?;
    Ok(writer.finish()?.into_inner().len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_compressed_bytes() {
        assert!(zipped(&vec![0; 100_000]).unwrap() < 1_000);
        assert!(zipped(b"code").unwrap() > 4);
    }
}
