//! Values in the addresses of OData.

use appflow_sdk::ConnectorError;
use appflow_sdk::filter::Number;
use appflow_sdk::protocol::FieldDataType;

use crate::known::Known;

/// A value of a field as it stands in an OData address: text in quotes, numbers, dates and GUIDs bare.
///
/// # Errors
/// `InvalidArgument` when the text is no value of the field's type.
pub(crate) fn literal(known: &Known, field: &str, text: &str) -> Result<String, ConnectorError> {
    let native = known.fields.get(field).and_then(|source| source.native.as_deref());
    let data_type = known.definition.field(field).map(|field| &field.data_type);
    let refused = || {
        ConnectorError::invalid_argument(format!(
            "{text:?} is no value of the field {field:?} of {:?}, whose type is {}",
            known.name(),
            native.unwrap_or("not known")
        ))
    };
    let is_bare =
        |allowed: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || allowed.contains(c));
    match (native, data_type) {
        (Some("Edm.Guid" | "Edm.Date"), _) | (None, Some(FieldDataType::Date)) if is_bare("-") => Ok(text.to_owned()),
        (Some("Edm.DateTimeOffset"), _) | (None, Some(FieldDataType::DateTime)) if is_bare("-:+.") => {
            Ok(text.to_owned())
        }
        (Some("Edm.Boolean"), _) | (None, Some(FieldDataType::Boolean)) if matches!(text, "true" | "false") => {
            Ok(text.to_owned())
        }
        (Some("Edm.String"), _) | (None, Some(FieldDataType::String)) => Ok(format!("'{}'", text.replace('\'', "''"))),
        (_, Some(number)) if number.is_numeric() => {
            let number = text.trim().parse::<Number>().map_err(|error| refused().with_source(error))?;
            Ok(number.as_str().to_owned())
        }
        _ => Err(refused()),
    }
}
