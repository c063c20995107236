//! `[….read.paging]`: how a list continues.

use serde::Deserialize;

use super::request::Parameter;

/// How a list continues.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Paging {
    /// One answer holds everything.
    #[default]
    None,
    /// A parameter counts pages.
    Page {
        /// The parameter.
        parameter: Parameter,
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
        parameter: Parameter,
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
        parameter: Parameter,
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
    /// The next page begins behind the last record's value of a field. The list must be sorted by it, and no two records
    /// may share a value.
    Keyset {
        /// The field: the primary key, or another that is unique.
        field: String,
        /// The parameter that takes the last value; without it, the condition `field > value` is added to the filter that
        /// `odata` or `soql` sends.
        #[serde(default)]
        parameter: Option<Parameter>,
        /// How a page's size is asked for.
        #[serde(default)]
        size: Option<PageSize>,
        /// As for pages.
        #[serde(default)]
        short_page_is_last: bool,
    },
}

fn one() -> u64 {
    1
}

/// How a page's size is asked for.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct PageSize {
    /// The parameter.
    pub(crate) parameter: Parameter,
    /// What is sent, where it is more than the number: `odata.maxpagesize={size}`.
    #[serde(default)]
    pub(crate) template: Option<String>,
    /// The fewest records that the API takes for a page.
    #[serde(default = "one")]
    pub(crate) min: u64,
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
            | Self::Link { size, .. }
            | Self::Keyset { size, .. } => size.as_ref(),
        }
    }

    /// The parameter that moves on to the next page, if there is one.
    pub(crate) fn parameter(&self) -> Option<&Parameter> {
        match self {
            Self::None | Self::Link { .. } => None,
            Self::Page { parameter, .. } | Self::Offset { parameter, .. } | Self::Cursor { parameter, .. } => {
                Some(parameter)
            }
            Self::Keyset { parameter, .. } => parameter.as_ref(),
        }
    }

    /// Where the answer leads to the next page, if its body does.
    pub(crate) fn next_pointer(&self) -> Option<&str> {
        match self {
            Self::None | Self::Page { .. } | Self::Offset { .. } | Self::Keyset { .. } => None,
            Self::Cursor { next, .. } => Some(next),
            Self::Link { next, .. } => next.as_deref(),
        }
    }
}
