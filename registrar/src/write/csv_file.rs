//! Records as CSV: each cell becomes a value of its field's type, and an empty one null.

use std::fmt::Write as _;

use appflow_sdk::protocol::{Decimal, EntityDefinition, FieldDataType, Record, RecordValidator};
use csv::StringRecord;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Given, unknown_fields};
use crate::error::RegistrarError;

/// How many wrong cells an error lists.
const SHOWN: usize = 20;

/// Longest part of a wrong cell that an error shows, in characters.
const CELL: usize = 40;

/// Reads records. The first line names the fields; columns of other names are refused, or taken as text if `as_is`.
///
/// # Errors
/// [`ErrorKind::Usage`](crate::error::ErrorKind::Usage) with line and column of every cell that does not fit its field, or
/// with what is wrong with the file.
pub fn read_csv(
    text: &str,
    origin: &str,
    definition: &EntityDefinition,
    as_is: bool,
) -> Result<Vec<Given>, RegistrarError> {
    let broken =
        |error: csv::Error| RegistrarError::usage(format!("{origin} cannot be read as CSV")).with_source(error);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::Headers).from_reader(text.as_bytes());
    let names: Vec<String> = reader.headers().map_err(broken)?.iter().map(str::to_owned).collect();
    check_names(&names, origin)?;
    if let [only] = names.as_slice()
        && only.contains([';', '\t'])
    {
        let message = format!("{origin}, line 1: the columns seem to be separated by semicolons or tabs");
        return Err(RegistrarError::usage(message).with_hint("save the file with commas between the columns"));
    }
    if !as_is {
        unknown_fields(names.iter().map(|name| (name.as_str(), 1)), origin, definition)?;
    }
    let types: Vec<_> = names.iter().map(|name| definition.field(name).map(|field| &field.data_type)).collect();
    let validator = RecordValidator::new(definition).allow_null();
    let mut given = Vec::new();
    let mut wrong = Vec::new();
    for row in reader.records() {
        let row = row.map_err(broken)?;
        let line = row.position().map_or(0, |position| line(text, position));
        let record = record(&names, &types, &row)?;
        if let Err(errors) = validator.validate(&record) {
            wrong.extend(errors.violations().iter().map(|violation| {
                let column = names.iter().position(|name| name == violation.field()).unwrap_or_default();
                let cell: String = row.get(column).unwrap_or_default().chars().take(CELL).collect();
                let (name, rule) = (violation.field(), violation.rule());
                format!("line {line}, column {}: {name} {rule}, found {cell:?}", column + 1)
            }));
        }
        given.push(Given { line, record });
    }
    if wrong.is_empty() { Ok(given) } else { Err(misfits(origin, &wrong)) }
}

/// The line on which a row begins. The reader's own position is that of the blank lines before it.
fn line(text: &str, position: &csv::Position) -> u64 {
    let rest = usize::try_from(position.byte()).ok().and_then(|byte| text.get(byte..)).unwrap_or_default();
    let blank = rest.bytes().take_while(|next| matches!(next, b'\r' | b'\n')).filter(|next| *next == b'\n');
    position.line() + u64::try_from(blank.count()).unwrap_or_default()
}

fn misfits(origin: &str, wrong: &[String]) -> RegistrarError {
    let what = if wrong.len() == 1 { "a cell does not fit its field" } else { "cells do not fit their fields" };
    let mut text = format!("{origin}: {what}");
    for place in wrong.iter().take(SHOWN) {
        // Writing to a string does not fail.
        let _ = write!(text, "\n  {place}");
    }
    if wrong.len() > SHOWN {
        let _ = write!(text, "\n  and {} more", wrong.len() - SHOWN);
    }
    RegistrarError::usage(text).with_hint("nothing was sent; an empty cell is null")
}

fn check_names(names: &[String], origin: &str) -> Result<(), RegistrarError> {
    for (index, name) in names.iter().enumerate() {
        let column = index + 1;
        if name.is_empty() {
            return Err(RegistrarError::usage(format!("{origin}, line 1: column {column} has no name")));
        }
        if names[..index].contains(name) {
            let message = format!("{origin}, line 1: column {column} has the name {name:?} of an earlier one");
            return Err(RegistrarError::usage(message));
        }
    }
    Ok(())
}

fn record(names: &[String], types: &[Option<&FieldDataType>], row: &StringRecord) -> Result<Record, RegistrarError> {
    let mut json = String::from("{");
    for ((name, data_type), cell) in names.iter().zip(types).zip(row) {
        if json.len() > 1 {
            json.push(',');
        }
        json.push_str(&quoted(name));
        json.push(':');
        json.push_str(&value(*data_type, cell));
    }
    json.push('}');
    Record::parse(&json).map_err(|error| RegistrarError::bug("a row makes no record").with_source(error))
}

/// A cell as JSON. What does not have the form of its type becomes text, which the validator then refuses.
fn value(data_type: Option<&FieldDataType>, cell: &str) -> String {
    if cell.is_empty() {
        return "null".to_owned();
    }
    let trimmed = cell.trim();
    let json = match data_type {
        Some(numeric) if numeric.is_numeric() => trimmed.parse::<Decimal>().ok().map(|number| number.to_string()),
        Some(FieldDataType::Boolean) => {
            let lower = trimmed.to_ascii_lowercase();
            matches!(lower.as_str(), "true" | "false").then_some(lower)
        }
        Some(FieldDataType::Struct | FieldDataType::Map | FieldDataType::List) => {
            serde_json::from_str::<&RawValue>(trimmed).ok().map(|raw| raw.get().to_owned())
        }
        _ => None,
    };
    json.unwrap_or_else(|| quoted(cell))
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use appflow_sdk::protocol::FieldDefinition;

    use super::*;

    fn definition() -> EntityDefinition {
        let fields = [
            ("id", FieldDataType::Long),
            ("total", FieldDataType::BigDecimal),
            ("paid", FieldDataType::Boolean),
            ("note", FieldDataType::String),
            ("due", FieldDataType::Date),
            ("tags", FieldDataType::List),
        ];
        EntityDefinition::new("orders", fields.map(|(name, kind)| FieldDefinition::new(name, kind)).into())
    }

    fn read(text: &str) -> Result<Vec<Given>, RegistrarError> {
        read_csv(text, "f.csv", &definition(), false)
    }

    #[test]
    fn cells_become_values_of_their_fields_types() {
        let text = "id, total,paid,note,due,tags\n7,1.100000000000000000000001,TRUE,007,2026-01-31,\"[\"\"a\"\"]\"\n\n\
                    8, 2 ,false,\"a \"\"b\"\"\nc\",,\n9,,,,,\n";
        let given: Vec<_> = read(text).unwrap().into_iter().map(|given| (given.line, given.record)).collect();
        let texts: Vec<_> = given.iter().map(|(line, record)| (*line, record.get())).collect();
        assert_eq!(
            texts,
            [
                (
                    2,
                    r#"{"id":7,"total":1.100000000000000000000001,"paid":true,"note":"007","due":"2026-01-31","tags":["a"]}"#
                ),
                (4, r#"{"id":8,"total":2,"paid":false,"note":"a \"b\"\nc","due":null,"tags":null}"#),
                (6, r#"{"id":9,"total":null,"paid":null,"note":null,"due":null,"tags":null}"#),
            ]
        );
    }

    #[test]
    fn names_line_and_column_of_every_cell_that_does_not_fit() {
        let text = "id,total,paid,due,tags\n1,\"1,5\",true,2026-01-31,[]\n2.5,2,yes,31.1.2026,{}\n";
        let error = read(text).unwrap_err();
        assert_eq!(error.exit_code().code(), 2);
        insta::assert_snapshot!(error, @r#"
        f.csv: cells do not fit their fields
          line 2, column 2: total must be a number within the range of a double, found "1,5"
          line 3, column 1: id must be an integer of 64 bits, without fraction and exponent, found "2.5"
          line 3, column 3: paid must be true or false, without quotes, found "yes"
          line 3, column 4: due must be a string with a date such as 2026-01-31, found "31.1.2026"
          line 3, column 5: tags must be an array, found "{}"
        "#);
        let many = format!("id\n{}", "x\n".repeat(SHOWN + 3));
        assert!(read(&many).unwrap_err().to_string().ends_with("and 3 more"));
    }

    #[test]
    fn refuses_files_that_are_no_table() {
        for (text, part) in [
            ("id,,paid\n", "column 2 has no name"),
            ("id,note,id\n", "column 3 has the name \"id\""),
            ("id,note\n1\n", "cannot be read as CSV"),
            ("id;note\n1;a\n", "separated by semicolons or tabs"),
            ("id,nota\n1,a\n", "did you mean \"note\""),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
        let causes = read("id,note\n1\n").unwrap_err().causes();
        assert!(causes[0].contains("line: 2"), "{causes:?}");
        assert_eq!(read("id\n").unwrap(), []);
    }

    #[test]
    fn as_is_takes_other_columns_as_text() {
        let given = read_csv("id,colour\n1,007\n", "f", &definition(), true).unwrap();
        assert_eq!(given[0].record.get(), r#"{"id":1,"colour":"007"}"#);
    }
}
