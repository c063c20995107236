//! Checks a connector manifest before it is packaged, and tells what is wrong as compilers do: file, line, column.

use std::path::Path;

use appflow_connector::{Manifest, ManifestError, Place};
use serde::Serialize;

use crate::error::RegistrarError;

/// One thing that is wrong with a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The file, as it was named.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// The key; empty when it is the file as a whole.
    pub key: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl Finding {
    fn new(file: &Path, Place { line, column }: Place, key: String, message: String) -> Self {
        Self { file: file.display().to_string(), line, column, key, message }
    }

    /// `FILE:LINE:COLUMN: KEY: MESSAGE`
    #[must_use]
    pub fn line(&self) -> String {
        let Self { file, line, column, key, message } = self;
        match key.as_str() {
            "" => format!("{file}:{line}:{column}: {message}"),
            key => format!("{file}:{line}:{column}: {key}: {message}"),
        }
    }
}

/// Reads a manifest, or everything that is wrong with it in the order of the file.
///
/// # Errors
/// [`ErrorKind::Usage`](crate::error::ErrorKind::Usage) when the file cannot be read.
pub fn look(file: &Path) -> Result<Result<Manifest, Vec<Finding>>, RegistrarError> {
    let mut findings = match Manifest::read(file) {
        Ok(manifest) => return Ok(Ok(manifest)),
        Err(ManifestError::Malformed { place, message, .. }) => {
            vec![Finding::new(file, place, String::new(), message)]
        }
        Err(ManifestError::Inconsistent { problems, .. }) => problems
            .into_iter()
            .map(|problem| Finding::new(file, problem.place, problem.key, problem.message))
            .collect(),
        Err(error) => {
            let hint = "name the manifest's file: registrar manifest check FILE, or --manifest FILE";
            let said = RegistrarError::usage(error.to_string()).with_hint(hint);
            // The message names the file; what is behind it says why.
            return Err(match std::error::Error::source(&error) {
                Some(why) => said.with_source(why.to_string()),
                None => said,
            });
        }
    };
    findings.sort_by_key(|finding| (finding.line, finding.column));
    Ok(Err(findings))
}

/// Refuses a manifest with which the connector could not start.
///
/// # Errors
/// [`ErrorKind::Usage`](crate::error::ErrorKind::Usage) with everything that is wrong, or when the file cannot be read.
pub fn check(file: &Path) -> Result<(), RegistrarError> {
    look(file)?.map(drop).map_err(|findings| {
        let lines: Vec<_> = findings.iter().map(Finding::line).collect();
        RegistrarError::usage(format!("{}:\n  {}", verdict(file, &findings), lines.join("\n  ")))
            .with_hint("nothing was changed; \"registrar manifest check\" tells whether it is right now")
    })
}

/// `connector.toml has 2 problems`
#[must_use]
pub fn verdict(file: &Path, findings: &[Finding]) -> String {
    let ending = if findings.len() == 1 { "" } else { "s" };
    format!("the manifest {} has {} problem{ending}", file.display(), findings.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_all_in_the_order_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("m.toml");
        let text = "[connector]\nname = \"AWS\"\nonwer = 1\nversion = \"1\"\n\n[entities.o]\nread = { request = \"o\" }\n\
                    fields = { id = { type = \"Long\" } }\n";
        std::fs::write(&file, text).unwrap();
        let findings = look(&file).unwrap().unwrap_err();
        let lines: Vec<_> = findings.iter().map(|finding| finding.line().replace(&finding.file, "m.toml")).collect();
        assert_eq!(
            lines,
            [
                "m.toml:1:1: lacks `authentication`",
                "m.toml:3:1: connector.onwer: is not known here; did you mean owner?",
                "m.toml:7:10: entities.o.read.request: must begin with /",
            ]
        );
        let error = check(&file).unwrap_err();
        assert_eq!(error.exit_code().code(), 2);
        assert!(error.to_string().contains("has 3 problems:\n  "), "{error}");
    }

    #[test]
    fn says_which_file_is_missing() {
        let error = check(Path::new("none.toml")).unwrap_err();
        assert_eq!(error.to_string(), "the manifest none.toml cannot be read");
        assert_eq!(error.exit_code().code(), 2);
    }
}
