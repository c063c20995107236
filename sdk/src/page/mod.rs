//! One answer of a source system, taken apart in one pass: the records as slices of its text, and what leads on.

mod error;
mod layout;
mod walk;

use std::ops::Range;

use serde_json::value::RawValue;

pub use error::{PageError, PageErrorKind};
pub use layout::PageLayout;
pub(crate) use layout::steps;

use crate::fingerprint::fingerprint;
use walk::{Found, Records};

/// The records of one JSON answer, as slices of its text. No tree is built and no record is copied.
///
/// ```
/// use appflow_sdk::{JsonPage, PageLayout};
/// let layout = PageLayout::new("/data").next("/cursor").total("/total");
/// let body = br#"{"total": 2, "data": [{"id": 1.10}, {"id": 2}], "cursor": "c2"}"#.to_vec();
/// let page = JsonPage::read(body, &layout)?;
/// assert_eq!(page.records().collect::<Vec<_>>(), [r#"{"id": 1.10}"#, r#"{"id": 2}"#]);
/// assert_eq!((page.next(), page.total()), (Some("c2"), Some(2)));
/// # Ok::<(), appflow_sdk::PageError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Default)]
pub struct JsonPage {
    text: String,
    records: Vec<Range<usize>>,
    next: Option<String>,
    total: Option<u64>,
}

impl std::fmt::Debug for JsonPage {
    /// Tells the counts, not the content: records are the customer's data.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "JsonPage({} records, {} bytes)", self.records.len(), self.text.len())
    }
}

impl JsonPage {
    /// Takes an answer apart. A byte order mark is skipped; `null` in the place of the records is an empty page.
    ///
    /// # Errors
    /// [`PageError`] when it is not UTF-8 or not JSON, when there is no array in the place of the records, when an element
    /// of it is not an object, or when what leads on or the total is something else than text or a number.
    pub fn read(body: Vec<u8>, layout: &PageLayout) -> Result<Self, PageError> {
        let text = String::from_utf8(body).map_err(|_| PageErrorKind::NotUtf8)?;
        let found = walk::walk(&text, layout)?;
        let records = match found.records {
            Records::Array(records) => records,
            Records::Other("null") => Vec::new(),
            Records::Other(kind) => {
                return Err(PageErrorKind::NoArray { place: layout.records_place(), found: Some(kind) }.into());
            }
            Records::Missing => {
                return Err(PageErrorKind::NoArray { place: layout.records_place(), found: None }.into());
            }
        };
        if let Some(index) = records.iter().position(|record| !record.get().starts_with('{')) {
            return Err(PageErrorKind::NotAnObject { index }.into());
        }
        // A source system that does not count says so with null, nothing or a negative number.
        let total = found.total.map(|total| total.get().trim_matches('"'));
        let total = total.filter(|total| *total != "null" && !total.is_empty() && !total.starts_with('-'));
        let total = total.map(|total| total.parse().map_err(|_| PageErrorKind::InvalidTotal)).transpose()?;
        let next = found.next.map(leads_on).transpose()?.flatten();
        let records = records.into_iter().map(|record| place_of(record, &text)).collect();
        Ok(Self { text, records, next, total })
    }

    /// The one object at a place of an answer, given as a JSON pointer: empty for the whole answer.
    ///
    /// # Errors
    /// [`PageError`] when it is not UTF-8 or not JSON, or there is no object there.
    pub fn single<'a>(body: &'a [u8], pointer: &str) -> Result<&'a RawValue, PageError> {
        let text = std::str::from_utf8(body).map_err(|_| PageErrorKind::NotUtf8)?;
        // What leads on is kept as it is, so its slot serves.
        let layout = PageLayout::only(pointer);
        let Found { next, .. } = walk::walk(text, &layout)?;
        next.filter(|record| record.get().starts_with('{'))
            .ok_or_else(|| PageErrorKind::NoObject { place: layout.next_place() }.into())
    }

    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The text of each record, a JSON object.
    #[must_use]
    pub fn records(&self) -> impl ExactSizeIterator<Item = &str> + DoubleEndedIterator {
        self.records.iter().map(|place| self.text.get(place.clone()).unwrap_or_default())
    }

    /// What leads to the next page; never empty, and nothing for `null`, `false` and empty text.
    #[must_use]
    pub fn next(&self) -> Option<&str> {
        self.next.as_deref()
    }

    /// How many records the source system says there are in all.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// A number that tells two pages apart: of the count of records, the first and the last. Nothing for an empty page.
    #[must_use]
    pub fn fingerprint(&self) -> Option<u64> {
        let (first, last) = (self.records().next()?, self.records().next_back()?);
        Some(fingerprint([&self.records.len().to_le_bytes()[..], first.as_bytes(), last.as_bytes()]))
    }
}

/// Where a slice of the text stands in it.
fn place_of(slice: &RawValue, text: &str) -> Range<usize> {
    let start = slice.get().as_ptr().addr().saturating_sub(text.as_ptr().addr());
    start..start + slice.get().len()
}

/// The text that leads on: text or a number; null, false and empty text mean that nothing does.
fn leads_on(raw: &RawValue) -> Result<Option<String>, PageErrorKind> {
    match raw.get().as_bytes().first() {
        Some(b'n' | b'f') => Ok(None),
        Some(b'"') => {
            let text: String = serde_json::from_str(raw.get()).map_err(|_| PageErrorKind::InvalidNext)?;
            Ok((!text.is_empty()).then_some(text))
        }
        Some(b'-' | b'0'..=b'9') => Ok(Some(raw.get().to_owned())),
        _ => Err(PageErrorKind::InvalidNext),
    }
}

#[cfg(test)]
mod tests;
