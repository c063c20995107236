//! From the text of a manifest to a [`Manifest`] that was checked, and why it is none.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::{Manifest, check, schema_file};

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
    /// The text is not TOML, or has a table or key that a manifest does not have.
    Malformed {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// In characters, from 1.
        column: usize,
        /// What is wrong there.
        message: String,
    },
    /// The text can be read and contradicts itself or AppFlow's rules.
    Inconsistent {
        /// The file.
        path: PathBuf,
        /// Everything that is wrong, in the order of the file's tables.
        problems: Vec<Problem>,
    },
}

/// One thing that is wrong with a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where: `entities.orders.path`.
    pub key: String,
    /// What, and what would be right.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
            Self::Malformed { path, line, column, message } => {
                write!(f, "{}:{line}:{column}: {message}", path.display())
            }
            Self::Inconsistent { path, problems } => {
                write!(f, "{}: ", path.display())?;
                for (index, problem) in problems.iter().enumerate() {
                    let separator = if index == 0 { "" } else { "; " };
                    write!(f, "{separator}{problem}")?;
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
    /// [`ManifestError::Malformed`] at the first place that is not a manifest's; else [`ManifestError::Inconsistent`]
    /// with everything that is wrong at once.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ManifestError> {
        let mut manifest: Self = toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let last_line = before.rsplit('\n').next().unwrap_or_default();
            ManifestError::Malformed {
                path: path.to_owned(),
                line: before.matches('\n').count() + 1,
                column: last_line.chars().count() + 1,
                // The parser's messages may run over several lines; what follows the first repeats the place.
                message: error.message().lines().collect::<Vec<_>>().join(", "),
            }
        })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut problems = schema_file::fill(&mut manifest, |file| std::fs::read_to_string(folder.join(file)));
        // Without the fields of a file, the rules would miss them.
        if problems.is_empty() {
            problems = check::problems(&manifest);
        }
        if problems.is_empty() {
            Ok(manifest)
        } else {
            Err(ManifestError::Inconsistent { path: path.to_owned(), problems })
        }
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
    fn names_the_place_of_a_key_that_is_not_known() {
        let message = malformed(&MINIMAL.replace("request =", "reqest ="));
        assert!(message.starts_with("m.toml:9:1: unknown field `reqest`"), "{message}");
        let nested = malformed(&(MINIMAL.to_owned() + "[entities.orders.read.paging]\nkind = \"pages\"\n"));
        assert!(nested.contains("unknown variant `pages`"), "{nested}");
        let missing = malformed(&(MINIMAL.to_owned() + "[entities.orders.read.paging]\nkind = \"page\"\n"));
        assert!(missing.contains("missing field `parameter`"), "{missing}");
        let filter =
            malformed(&(MINIMAL.to_owned() + "[entities.orders.read.filters]\nid = { \"=\" = { name = \"x\" } }\n"));
        assert!(filter.contains("unknown field `name`"), "{filter}");
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
