//! What a source system would be told of a filter, and what would be left.

use appflow_sdk::filter::TypedFilter;
use appflow_sdk::filter::translate::{
    Handling, ODataFilter, Soql, Sql, SqlDialect, SqlParameter, SqlWhere, Translation,
};
use serde_json::{Value, json};

use crate::cli::{FilterDialect, FilterForm};

/// A translation, ready to be shown.
#[derive(Debug)]
pub struct Translated {
    /// For people.
    pub text: String,
    /// For programs: `pushed` (text or null), `parameters` (only for SQL), `limit`, `remainder`, and `parts`, each with what
    /// became of it: `exact`, `wider` or `left`.
    pub json: Value,
}

/// Translates a filter with each field under its own name; nothing for a form that is no other language.
#[must_use]
pub fn translate(filter: &TypedFilter, form: FilterForm, dialect: FilterDialect) -> Option<Translated> {
    match form {
        FilterForm::Json => None,
        FilterForm::Sql => {
            let dialect = match dialect {
                FilterDialect::PostgreSql => SqlDialect::PostgreSql,
                FilterDialect::MySql => SqlDialect::MySql,
                FilterDialect::Sqlite => SqlDialect::Sqlite,
            };
            Some(sql(&Sql::new(dialect).translate(filter)))
        }
        FilterForm::OData => Some(words(&ODataFilter::new().translate(filter), "$filter", "$top=")),
        FilterForm::Soql => Some(words(&Soql::new().translate(filter), "WHERE", "LIMIT ")),
    }
}

fn sql(translation: &Translation<SqlWhere>) -> Translated {
    let parameters = translation.pushed.as_ref().map(|pushed| pushed.parameters.as_slice()).unwrap_or_default();
    let values: Vec<_> = parameters.iter().map(parameter).collect();
    let numbered = values.iter().enumerate().map(|(index, (kind, value))| format!("  {} {kind} {value}", index + 1));
    let listed: Vec<_> = numbered.collect();
    let listed = if listed.is_empty() { String::new() } else { format!("\nparameters\n{}", listed.join("\n")) };
    let pushed = translation.pushed.as_ref().map(|pushed| pushed.text.as_str());
    let mut json = as_json(translation, pushed);
    if let Value::Object(members) = &mut json {
        let values = values.into_iter().map(|(kind, value)| json!({ "type": kind, "value": value })).collect();
        members.insert("parameters".to_owned(), values);
    }
    Translated { text: as_text(translation, pushed, "WHERE", &listed, "LIMIT "), json }
}

/// Type and value.
fn parameter(parameter: &SqlParameter) -> (&'static str, Value) {
    match parameter {
        SqlParameter::Boolean(truth) => ("boolean", json!(truth)),
        SqlParameter::Integer(number) => ("integer", json!(number)),
        SqlParameter::Double(number) => ("double", json!(number)),
        SqlParameter::Text(text) => ("text", json!(text)),
    }
}

fn words(translation: &Translation<String>, name: &str, limit: &str) -> Translated {
    let pushed = translation.pushed.as_deref();
    Translated { text: as_text(translation, pushed, name, "", limit), json: as_json(translation, pushed) }
}

fn as_text<P>(translation: &Translation<P>, pushed: Option<&str>, name: &str, parameters: &str, limit: &str) -> String {
    let asked = match pushed {
        Some(pushed) => format!("{name}\n  {pushed}{parameters}"),
        None => format!("{name}\n  nothing"),
    };
    let limit = translation.limit.map(|count| format!("{limit}{count}"));
    let remains: Vec<_> =
        translation.parts.iter().filter(|(_, handling)| *handling != Handling::Exact).map(remaining).collect();
    let left = if remains.is_empty() {
        "nothing is left to test".to_owned()
    } else {
        format!("left to test on the records\n{}", remains.join("\n"))
    };
    [Some(asked), limit, Some(left)].into_iter().flatten().collect::<Vec<_>>().join("\n")
}

fn remaining((part, handling): &(appflow_sdk::filter::Condition, Handling)) -> String {
    let note = if *handling == Handling::Wider { "   (asked for, but more comes)" } else { "" };
    format!("  {part}{note}")
}

fn as_json<P>(translation: &Translation<P>, pushed: Option<&str>) -> Value {
    let parts: Vec<_> = translation
        .parts
        .iter()
        .map(|(part, handling)| {
            let handling = match handling {
                Handling::Exact => "exact",
                Handling::Wider => "wider",
                Handling::Left => "left",
            };
            json!({ "condition": part.to_string(), "handling": handling })
        })
        .collect();
    json!({
        "pushed": pushed,
        "limit": translation.limit,
        "remainder": translation.remainder.as_ref().map(ToString::to_string),
        "parts": parts,
    })
}
