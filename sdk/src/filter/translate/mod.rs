//! A filter in the words of the source system, and what is left of it to be tested here.
//!
//! Each translator takes a [`TypedFilter`] apart into the parts that must all hold, and says to the source system what it
//! can. A part leaves the remainder only if what was said means exactly the same as the part means to the
//! [`Evaluator`](super::Evaluator); what lets more records through is said *and* stays; nothing is ever dropped.
//!
//! ```
//! use appflow_sdk::filter::translate::{Sql, SqlDialect, SqlParameter};
//! use appflow_sdk::filter::{Filter, Operators, TypedFilter};
//! use appflow_sdk::protocol::{EntityDefinition, FieldDataType, FieldDefinition};
//!
//! let orders = EntityDefinition::new("orders", vec![
//!     FieldDefinition::new("total", FieldDataType::BigDecimal),
//!     FieldDefinition::new("tags", FieldDataType::List),
//! ]);
//! let filter = Filter::parse("total > 9.90 and tags contains 'new'")?;
//! let typed = TypedFilter::new(&filter, &orders, Operators::Meaningful)?;
//!
//! let translation = Sql::new(SqlDialect::PostgreSql).translate(&typed);
//! let pushed = translation.pushed.unwrap();
//! assert_eq!(pushed.text, r#""total" > CAST(CAST($1 AS text) AS numeric)"#);
//! assert_eq!(pushed.parameters, [SqlParameter::Text("9.9".to_owned())]);
//! assert_eq!(translation.remainder.unwrap().to_string(), "tags contains 'new'");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
#![doc = include_str!("../translate.md")]

mod grid;
mod language;
mod odata;
mod query_string;
mod soql;
mod sql;
#[cfg(test)]
mod tests;

pub use odata::{ODataFilter, PropertyKind};
pub use query_string::{QueryParameter, QueryString, QueryTest, TimeFormat};
pub use soql::Soql;
pub use sql::{Sql, SqlColumn, SqlDialect, SqlParameter, SqlStorage, SqlWhere};

use super::ast::Condition;
use super::typed::{TypedCondition, TypedFilter};

/// A filter, divided between the source system and the evaluator.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Translation<P> {
    /// What the source system is asked; without it, for all records.
    pub pushed: Option<P>,
    /// What is left to be tested on the records it sends; nothing if none.
    pub remainder: Option<Condition>,
    /// How many records the source system may be asked for at most. Only set when nothing remains: a limit that comes
    /// before a test loses records.
    pub limit: Option<u64>,
    /// The parts of the filter in its order, each with what became of it.
    pub parts: Vec<(Condition, Handling)>,
}

/// What became of a part of a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handling {
    /// The source system does all of it.
    Exact,
    /// The source system is asked for more than the part allows, and the part remains.
    Wider,
    /// The source system is not told of it, and the part remains.
    Left,
}

impl<P> Translation<P> {
    /// Divides a filter with a function that says a part to the source system, if it can.
    fn divide(filter: &TypedFilter, mut say: impl FnMut(&TypedCondition) -> Handling) -> Self {
        let parts: Vec<_> = filter.conjuncts().map(|(read, typed)| (read.clone(), say(typed))).collect();
        let remains = parts.iter().filter(|(_, handling)| *handling != Handling::Exact);
        let remainder = Condition::all(remains.map(|(part, _)| part.clone()));
        let limit = filter.limit().filter(|_| remainder.is_none());
        Self { pushed: None, remainder, limit, parts }
    }

    fn with_pushed(mut self, pushed: Option<P>) -> Self {
        self.pushed = pushed;
        self
    }
}

/// How many bytes text takes in an address at most: some writers encode `~`.
fn encoded_length(text: &str) -> usize {
    let length = |byte: u8| if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) { 1 } else { 3 };
    text.bytes().map(length).sum()
}
