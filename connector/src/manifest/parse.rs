//! From the text of a manifest to a [`Manifest`] that was checked, and why it is none.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use super::{Manifest, Place, check, place, schema_file};

/// A file is not a manifest that can be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum ManifestError {
    /// There is none in the places where one is looked for.
    Missing {
        /// The places, in the order of looking.
        places: Vec<PathBuf>,
    },
    /// The file cannot be read.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The text is not TOML.
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where.
        place: Place,
        /// What is wrong there.
        message: String,
    },
    /// The text has keys that a manifest does not have or lacks some, contradicts itself or breaks AppFlow's rules.
    Inconsistent {
        /// The file.
        path: PathBuf,
        /// Everything that is wrong: what concerns the form first.
        problems: Vec<Problem>,
    },
}

/// One thing that is wrong with a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where the key stands in the file, or the longest part of it that is there.
    pub place: Place,
    /// Which key: `entities.orders.read.request`. Empty when it is the file as a whole.
    pub key: String,
    /// What, and what would be right.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.key.is_empty() {
            return write!(f, "the manifest {}", self.message);
        }
        write!(f, "{}: {}", self.key, self.message)
    }
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { places } => {
                f.write_str("there is no manifest; looked for ")?;
                for (index, place) in places.iter().enumerate() {
                    let separator = if index == 0 { "" } else { ", " };
                    write!(f, "{separator}{}", place.display())?;
                }
                f.write_str("; set CONNECTOR_MANIFEST to its path")
            }
            Self::Unreadable { path, .. } => write!(f, "the manifest {} cannot be read", path.display()),
            Self::Malformed { path, place: Place { line, column }, message } => {
                write!(f, "{}:{line}:{column}: {message}", path.display())
            }
            Self::Inconsistent { path, problems } => {
                for (index, problem) in problems.iter().enumerate() {
                    let separator = if index == 0 { "" } else { "; " };
                    let Place { line, column } = problem.place;
                    write!(f, "{separator}{}:{line}:{column}: {problem}", path.display())?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for ManifestError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable { source, .. } => Some(source),
            Self::Missing { .. } | Self::Malformed { .. } | Self::Inconsistent { .. } => None,
        }
    }
}

impl Manifest {
    /// Reads a manifest from a file.
    ///
    /// # Errors
    /// [`ManifestError`] when the file cannot be read, or as [`parse`](Self::parse).
    pub fn read(path: &Path) -> Result<Self, ManifestError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ManifestError::Unreadable { path: path.to_owned(), source })?;
        Self::parse(&text, path)
    }

    /// Reads a manifest from its text. Messages name the path, and files that the manifest names are read from its folder.
    ///
    /// # Errors
    /// [`ManifestError::Malformed`] where the text is not TOML; else [`ManifestError::Inconsistent`] with everything that is
    /// wrong at once. Without the feature `schema`, as in the Lambda function, a fault of form is the first one only.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ManifestError> {
        let problems = match toml::from_str::<Self>(text) {
            Ok(mut manifest) => {
                let problems = rules(&mut manifest, path);
                if problems.is_empty() {
                    return Ok(manifest);
                }
                problems
            }
            Err(error) => faults(text, path, &error)?,
        };
        Err(ManifestError::Inconsistent { path: path.to_owned(), problems: placed(text, problems) })
    }
}

/// Everything that is wrong with the form of a manifest, and with the rest of it.
#[cfg(feature = "schema")]
fn faults(text: &str, path: &Path, _: &toml::de::Error) -> Result<Vec<Problem>, ManifestError> {
    let document = DeTable::parse(text).map_err(|error| malformed(text, path, &error))?;
    let mut form = super::form::read(&document);
    let rules = form.rest.as_mut().map(|rest| rules(rest, path)).unwrap_or_default();
    let rules: Vec<_> = rules.into_iter().filter(|problem| !form.may_have_caused(problem)).collect();
    form.problems.extend(rules);
    Ok(form.problems)
}

/// The first thing that is wrong with the form of a manifest.
#[cfg(not(feature = "schema"))]
fn faults(text: &str, path: &Path, error: &toml::de::Error) -> Result<Vec<Problem>, ManifestError> {
    Err(malformed(text, path, error))
}

/// Problems with their places.
fn placed(text: &str, mut problems: Vec<Problem>) -> Vec<Problem> {
    if let Ok(document) = DeTable::parse(text) {
        for problem in &mut problems {
            problem.place = place::of_key(text, document.get_ref(), &problem.key);
        }
    }
    problems
}

/// Adds the fields that files describe, and applies the rules. Where a file cannot be used, the rules would miss its fields, so
/// they wait.
fn rules(manifest: &mut Manifest, path: &Path) -> Vec<Problem> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let problems = schema_file::fill(manifest, |file| std::fs::read_to_string(folder.join(file)));
    if problems.is_empty() { check::problems(manifest) } else { problems }
}

fn malformed(text: &str, path: &Path, error: &toml::de::Error) -> ManifestError {
    ManifestError::Malformed {
        path: path.to_owned(),
        place: Place::of(text, error.span().map_or(0, |span| span.start)),
        message: error.message().lines().collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINIMAL: &str = r#"
[connector]
name = "Acme"
owner = "Acme"
version = "1"
[authentication]
none = true
[entities.orders.read]
request = "/orders"
[entities.orders.fields]
id = { type = "Integer" }
"#;

    #[track_caller]
    fn malformed(text: &str) -> String {
        let error = Manifest::parse(text, Path::new("m.toml")).unwrap_err();
        assert!(matches!(error, ManifestError::Malformed { .. }), "{error:?}");
        error.to_string()
    }

    #[test]
    fn keeps_entities_and_fields_in_the_order_of_the_file() {
        let text = MINIMAL.replace("id = {", "z = { type = \"String\" }\na = {")
            + "[entities.alpha]\nread = { request = \"/a\" }\nfields = { x = { type = \"Long\" } }\n";
        let manifest = Manifest::parse(&text, Path::new("m.toml")).unwrap();
        assert_eq!(manifest.entities().collect::<Vec<_>>(), ["orders", "alpha"]);
        assert_eq!(manifest.entities["orders"].fields.keys().collect::<Vec<_>>(), ["z", "a"]);
    }

    #[test]
    fn names_line_and_column_of_a_syntax_error() {
        let message = malformed(&MINIMAL.replace("request = \"/orders\"", "request = /orders"));
        assert!(message.starts_with("m.toml:9:11: "), "{message}");
    }

    #[test]
    fn refuses_an_entity_that_is_declared_twice() {
        let message = malformed(&(MINIMAL.to_owned() + "[entities.orders.read]\nrequest = \"/x\"\n"));
        assert_eq!(message, "m.toml:12:18: duplicate key");
    }

    #[test]
    fn says_where_it_looked_and_what_cannot_be_read() {
        let missing = ManifestError::Missing { places: vec![PathBuf::from("a"), PathBuf::from("b")] };
        assert_eq!(missing.to_string(), "there is no manifest; looked for a, b; set CONNECTOR_MANIFEST to its path");
        let directory = tempfile::tempdir().unwrap();
        let unreadable = Manifest::read(&directory.path().join("none.toml")).unwrap_err();
        assert!(unreadable.to_string().contains("none.toml"));
        assert!(std::error::Error::source(&unreadable).is_some());
    }
}
