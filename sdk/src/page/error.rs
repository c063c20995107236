//! Why an answer cannot be taken apart.

use std::fmt;

/// An answer of the source system that is not what was expected. Its content is not repeated: it is the customer's.
///
/// `Display` is a fragment that follows "the answer".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageError(PageErrorKind);

/// What is wrong with an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PageErrorKind {
    /// It is not UTF-8.
    NotUtf8,
    /// It is not JSON.
    NotJson {
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1.
        column: usize,
        /// Whether it only ends too early.
        breaks_off: bool,
    },
    /// There is no array in the place of the records.
    NoArray {
        /// The place.
        place: String,
        /// What stands there instead; nothing if nothing does.
        found: Option<&'static str>,
    },
    /// There is no object where a single record should be.
    NoObject {
        /// The place.
        place: String,
    },
    /// An element of the array of records is not an object.
    NotAnObject {
        /// Its index, counted from 0.
        index: usize,
    },
    /// What leads to the next page is something other than text or a number.
    InvalidNext,
    /// The total is no number.
    InvalidTotal,
}

impl PageError {
    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> &PageErrorKind {
        &self.0
    }
}

impl From<PageErrorKind> for PageError {
    fn from(kind: PageErrorKind) -> Self {
        Self(kind)
    }
}

impl fmt::Display for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            PageErrorKind::NotUtf8 => f.write_str("is not UTF-8"),
            PageErrorKind::NotJson { line, column, breaks_off: true } => {
                write!(f, "breaks off at line {line} column {column}")
            }
            PageErrorKind::NotJson { line, column, breaks_off: false } => {
                write!(f, "is not JSON at line {line} column {column}")
            }
            PageErrorKind::NoArray { place, found: Some(found) } => {
                write!(f, "has {found} {place}, where the records should be an array")
            }
            PageErrorKind::NoArray { place, found: None } => {
                write!(f, "has nothing {place}, where the records should be")
            }
            PageErrorKind::NoObject { place } => write!(f, "has no object {place}, where the record should be"),
            PageErrorKind::NotAnObject { index } => write!(f, "has a record {index} that is not a JSON object"),
            PageErrorKind::InvalidNext => {
                f.write_str("leads to the next page by something other than text or a number")
            }
            PageErrorKind::InvalidTotal => f.write_str("gives a total that is no number"),
        }
    }
}

impl std::error::Error for PageError {}
