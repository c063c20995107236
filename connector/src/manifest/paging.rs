//! `[entities.NAME.paging]`: how a list continues.

use serde::Deserialize;

/// How a list continues.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Paging {
    /// One answer holds everything.
    #[default]
    None,
    /// A parameter counts pages.
    Page {
        /// The parameter.
        parameter: String,
        /// The number of the first page.
        #[serde(default = "one")]
        first: u64,
        /// How a page's size is asked for.
        #[serde(default)]
        size: Option<PageSize>,
        /// Whether a page with fewer records than asked for is the last. Saves the request for the empty page after it,
        /// and loses records when the API caps the size below what is asked for.
        #[serde(default)]
        short_page_is_last: bool,
    },
    /// A parameter counts records to skip.
    Offset {
        /// The parameter.
        parameter: String,
        /// How a page's size is asked for.
        #[serde(default)]
        size: Option<PageSize>,
        /// As for pages.
        #[serde(default)]
        short_page_is_last: bool,
    },
    /// The answer holds a text that leads to the next page; none, null or empty text after the last.
    Cursor {
        /// The parameter that takes the text.
        parameter: String,
        /// Where the text stands in the answer.
        next: String,
        /// How a page's size is asked for.
        #[serde(default)]
        size: Option<PageSize>,
    },
    /// The answer names the next page's URL, which must be of the same origin.
    Link {
        /// Where the URL stands in the answer; without it, in the header `Link` under `rel="next"`.
        #[serde(default)]
        next: Option<String>,
        /// How a page's size is asked for.
        #[serde(default)]
        size: Option<PageSize>,
    },
}

fn one() -> u64 {
    1
}

/// How a page's size is asked for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageSize {
    /// The parameter.
    pub(crate) parameter: String,
    /// The most records that the API gives on a page.
    pub(crate) max: u64,
}

impl Paging {
    /// How a page's size is asked for, if it can be.
    pub(crate) fn size(&self) -> Option<&PageSize> {
        match self {
            Self::None => None,
            Self::Page { size, .. }
            | Self::Offset { size, .. }
            | Self::Cursor { size, .. }
            | Self::Link { size, .. } => size.as_ref(),
        }
    }

    /// The parameter that moves on to the next page, if there is one.
    pub(crate) fn parameter(&self) -> Option<&str> {
        match self {
            Self::None | Self::Link { .. } => None,
            Self::Page { parameter, .. } | Self::Offset { parameter, .. } | Self::Cursor { parameter, .. } => {
                Some(parameter)
            }
        }
    }

    /// Where the answer leads to the next page, if its body does.
    pub(crate) fn next_pointer(&self) -> Option<&str> {
        match self {
            Self::None | Self::Page { .. } | Self::Offset { .. } => None,
            Self::Cursor { next, .. } => Some(next),
            Self::Link { next, .. } => next.as_deref(),
        }
    }
}
