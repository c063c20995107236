//! Tests of the language as a whole; those of one part are in that part's file.

mod evaluation;
mod official;
mod refused;
mod resolution;
mod round_trip;

use super::{Condition, Filter, Operand, Value};

/// The canonical text of a filter that must be readable.
#[track_caller]
fn canonical(text: &str) -> String {
    match Filter::parse(text) {
        Ok(filter) => filter.to_string(),
        Err(error) => panic!("{error}"),
    }
}

/// The condition of a filter that must have one.
#[track_caller]
fn condition(text: &str) -> Condition {
    match Filter::parse(text) {
        Ok(filter) => filter.condition.unwrap(),
        Err(error) => panic!("{error}"),
    }
}

/// The nodes that the official SDKs' tests count: tests, connectives and values, a limit as two; no names, no
/// parentheses, and nothing for a comparison with a boolean.
fn official_node_count(filter: &Filter) -> usize {
    let limit = if filter.limit.is_some() { 2 } else { 0 };
    limit + filter.condition.as_ref().map_or(0, nodes)
}

fn nodes(condition: &Condition) -> usize {
    match condition {
        Condition::And(parts) | Condition::Or(parts) => parts.len() - 1 + parts.iter().map(nodes).sum::<usize>(),
        Condition::Not(inner) => 1 + nodes(inner),
        Condition::Compare { value: Value::Boolean(_), .. } | Condition::Bare(Operand::Field(_)) => 0,
        Condition::Compare { .. } | Condition::Bare(Operand::Value(_)) => 2,
        Condition::Between { .. } => 3,
        Condition::In { values, .. } => 1 + values.len(),
    }
}
