//! The language in which AppFlow tells a connector which records it wants.
//!
//! A `QueryData` request carries a filter as text. [`Filter::parse`] reads it into a tree that a connector translates
//! for its source system; what the source system does not understand, an [`Evaluator`] tests record by record.
//!
//! ```
//! use appflow_sdk::filter::{Comparison, Condition, Filter, Value};
//!
//! let filter = Filter::parse("state = 'open' and total > 100 limit 50")?;
//! assert_eq!(filter.limit, Some(50));
//!
//! let condition = filter.condition.unwrap();
//! let Condition::Compare { field, operator, value } = &condition.conjuncts()[0] else { unreachable!() };
//! assert_eq!((field.as_str(), *operator), ("state", Comparison::Equal));
//! assert_eq!(*value, Value::String("open".to_owned()));
//! # Ok::<(), appflow_sdk::filter::FilterError>(())
//! ```
//!
//! | step | item | fails with |
//! |---|---|---|
//! | text to tree | [`Filter::parse`], [`Filter::from_request`] | [`FilterError`]: the place, marked, and what to write instead |
//! | tree to text | `Display` of [`Filter`], [`Condition`] and [`Value`] | |
//! | tree and entity to types | [`TypedFilter::new`] | [`ResolveError`]: the field and the way out |
//! | types to another language | [`translate`] | nothing: what cannot be said there is left to test here |
//! | tree and entity to a test | [`Evaluator::new`], [`TypedFilter::evaluator`] | [`ResolveError`] |
//! | test of a record | [`Evaluator::matches`] | [`EvaluateError`]: the member that is not what its field's type says |
//!
#![doc = include_str!("grammar.md")]

mod ast;
mod display;
mod error;
mod evaluate;
mod lexer;
mod literal;
mod member;
mod parser;
mod quantity;
mod resolve;
#[cfg(test)]
mod tests;
pub mod translate;
mod typed;

use std::str::FromStr;

pub use ast::{Comparison, Condition, Operand};
pub use error::{FilterError, FilterErrorKind};
pub use evaluate::{BetweenBounds, EvaluateError, EvaluateErrorKind, Evaluator};
pub use jiff::civil::Date;
pub use literal::{Instant, NotANumberLiteral, NotAnInstant, Number, Value};
pub use member::Element;
pub use parser::{Escapes, MAX_DEPTH};
pub use quantity::{NotAQuantity, Quantity};
pub use resolve::{ResolveError, ResolveErrorKind};
pub use typed::{Moment, Operators, Predicate, TypedCondition, TypedFilter, TypedTest, TypedValue};

/// A filter: which records, and how many of them at most.
///
/// `Display` writes the canonical text, and parsing that yields the same filter again. There are two exceptions, and
/// both are refused when read, so neither turns into another filter by accident: a filter without condition and limit
/// is written as nothing, and for some combinations of strings that end in a backslash the language has no text.
/// Names of fields are written as they are; a tree built by hand must only contain names the grammar knows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Which records; all of them when there is none.
    pub condition: Option<Condition>,
    /// How many records at most; never 0 when it was parsed.
    pub limit: Option<u64>,
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// [`FilterError`] when the text is not a filter: empty text is none, and nothing is ever skipped.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        Self::parse_with(text, Escapes::default())
    }

    /// Reads a filter, with a choice of what a backslash in a string does.
    ///
    /// ```
    /// use appflow_sdk::filter::{Escapes, Filter};
    /// let filter = Filter::parse_with(r"path = 'c:\new'", Escapes::Verbatim)?;
    /// assert_eq!(filter.to_string(), r"path = 'c:\\new'");
    /// # Ok::<(), appflow_sdk::filter::FilterError>(())
    /// ```
    ///
    /// # Errors
    /// [`FilterError`] when the text is not a filter.
    pub fn parse_with(text: &str, escapes: Escapes) -> Result<Self, FilterError> {
        parser::parse(text, escapes)
    }

    /// Reads the `filterExpression` of a request, where null and blank text mean "no filter", as the example
    /// connectors of both official SDKs take them.
    ///
    /// ```
    /// use appflow_sdk::filter::Filter;
    /// assert_eq!(Filter::from_request(None)?, Filter::default());
    /// assert_eq!(Filter::from_request(Some(" "))?, Filter::default());
    /// # Ok::<(), appflow_sdk::filter::FilterError>(())
    /// ```
    ///
    /// # Errors
    /// [`FilterError`] when there is text and it is not a filter.
    pub fn from_request(expression: Option<&str>) -> Result<Self, FilterError> {
        match expression {
            Some(text) if !text.trim().is_empty() => Self::parse(text),
            Some(_) | None => Ok(Self::default()),
        }
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        Self::parse(text)
    }
}
