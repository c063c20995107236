//! `filter`: explains a filter expression. Needs neither a project nor AWS.

use std::path::Path;

use appflow_sdk::filter::{Filter, Operators, TypedFilter};
use appflow_sdk::protocol::EntityDefinition;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::cli::{FilterArgs, FilterForm};
use crate::error::RegistrarError;
use crate::explain::{self, guess};
use crate::outcome::Outcome;

/// Explains a filter, or translates it.
///
/// # Errors
/// [`ErrorKind::Usage`](crate::error::ErrorKind::Usage) when the filter cannot be read, does not fit the definition, or the
/// definition's file cannot be read.
pub fn filter(args: &FilterArgs) -> Result<Outcome, RegistrarError> {
    let filter: Filter = args
        .expression
        .parse()
        .map_err(|error| RegistrarError::usage("the filter cannot be read").with_source(error))?;
    let definition = match &args.definition {
        Some(file) => read(file)?,
        None => guess(filter.condition.as_ref()),
    };
    let operators = if args.declared { Operators::Declared } else { Operators::Meaningful };
    let typed = TypedFilter::new(&filter, &definition, operators).map_err(|error| {
        let error = RegistrarError::usage(error.to_string());
        match &args.definition {
            Some(_) => error,
            None => {
                error.with_hint("the types were taken from the literals; --definition FILE gives those of the fields")
            }
        }
    })?;
    let condition = explain::json(&typed);
    let translated = args.to.and_then(|form| explain::translate(&typed, form, args.dialect));
    let text = match (args.to, &translated) {
        (Some(FilterForm::Json), _) => {
            format!("{:#}", json!({ "condition": condition, "limit": filter.limit }))
        }
        (_, Some(translated)) => translated.text.clone(),
        (_, None) => format!("{filter}\n\n{}\n\n{}", explain::text(&typed), origin(args.definition.as_deref())),
    };
    let fields: Vec<_> =
        typed.fields().map(|field| json!({ "name": field.field_name, "type": field.data_type.as_str() })).collect();
    let outcome = Outcome::new("filter", text)
        .with("filter", filter.to_string())
        .with("typesFrom", if args.definition.is_some() { "definition" } else { "literals" })
        .with("fields", fields)
        .with("condition", condition)
        .with("limit", filter.limit);
    Ok(match translated {
        Some(translated) => outcome.with("translation", translated.json),
        None => outcome,
    })
}

fn origin(definition: Option<&Path>) -> String {
    match definition {
        Some(file) => format!("types from {}", file.display()),
        None => "types taken from the literals; --definition FILE gives those of the fields".to_owned(),
    }
}

/// A connector's answer to `DescribeEntity`, as far as it matters.
#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "entityDefinition", default)]
    definition: Option<Box<RawValue>>,
}

/// What the file has to be.
const DEFINITION: &str = "give a file with the entityDefinition of a connector's answer to DescribeEntityRequest, or with the \
                          whole answer, as \"registrar invoke\" prints it";

/// Reads a definition, alone or in an answer. The text is kept, so that no digit of a constraint is lost.
fn read(file: &Path) -> Result<EntityDefinition, RegistrarError> {
    let wrong = |what: &str| RegistrarError::usage(format!("{} {what}", file.display()));
    let text = std::fs::read_to_string(file)
        .map_err(|error| wrong("cannot be read").with_source(error).with_hint(DEFINITION))?;
    let answer: Answer =
        serde_json::from_str(&text).map_err(|error| wrong("is not JSON").with_source(error).with_hint(DEFINITION))?;
    let definition = answer.definition.as_deref().map_or(text.as_str(), RawValue::get);
    serde_json::from_str(definition)
        .map_err(|error| wrong("has no definition of an entity").with_source(error).with_hint(DEFINITION))
}
