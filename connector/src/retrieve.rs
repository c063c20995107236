//! Looks records up by the values of one field.

use std::collections::HashSet;
use std::pin::pin;

use appflow_sdk::filter::{Condition, Filter, Number, Quantity, Value};
use appflow_sdk::protocol::{Record, RetrieveDataRequest, RetrieveDataResponse};
use appflow_sdk::{BYTE_BUDGET, ConnectorError, InvocationContext, JsonPage, RECORD_LIMIT, RecordBuffer, Selection};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::connection::Connection;
use crate::key;
use crate::known::Known;
use crate::manifest::{Method, Retrieve};
use crate::paging::Place;
use crate::query::{self, List, unexpected};
use crate::template;
use crate::translate;

/// How many ids go into one filter, if it is not too long with fewer.
const CHUNK: usize = 100;

/// The records whose field has one of the given values, each once. Values without a record are left out.
///
/// # Errors
/// `InvalidArgument` when the API has no way to look records up by the field, a value does not fit it, or the records do
/// not fit into one response; what the API's failure stands for else.
pub(crate) async fn retrieve(
    connection: &Connection<'_>,
    known: &Known,
    request: &RetrieveDataRequest,
    context: &InvocationContext,
) -> Result<RetrieveDataResponse, ConnectorError> {
    let (name, definition) = (known.name(), &known.definition);
    let field = request.id_field_name.as_deref().or(known.primary_key()).ok_or_else(|| {
        ConnectorError::invalid_argument(format!("idFieldName is missing, and the entity {name:?} has no primary key"))
    })?;
    if definition.field(field).is_none() {
        return Err(ConnectorError::invalid_argument(format!("the entity {name:?} has no field {field:?}")));
    }
    let mut seen = HashSet::new();
    let ids: Vec<String> = request.ids.iter().flatten().filter(|id| seen.insert(*id)).cloned().collect();
    let selected = request.selected_field_names.as_deref().filter(|names| !names.is_empty());
    let found = match &known.access.retrieve {
        Some(rule) if known.primary_key() == Some(field) => {
            let selection = located(known, Selection::new(definition, selected, None)?);
            one_by_one(connection, known, rule, &selection, ids, context).await?
        }
        _ => by_filter(connection, known, selected, field, &ids, context).await?,
    };
    Ok(RetrieveDataResponse::new(found.into_records()))
}

/// Adds a record to those found so far, which must all fit into one response.
fn add(found: &mut RecordBuffer, record: Record) -> Result<(), ConnectorError> {
    let Err(record) = found.push(record) else { return Ok(()) };
    let (count, bytes) = (found.len(), found.bytes());
    found.push_alone(record).map_err(|_| {
        ConnectorError::invalid_argument(if count == 0 {
            format!("a record has more than the {RECORD_LIMIT} bytes of a response; ask for fewer fields")
        } else {
            format!(
                "the first {count} records found have {bytes} bytes, and with the next they exceed the {BYTE_BUDGET} of a \
                 response; ask for fewer ids or fields"
            )
        })
    })
}

/// Tells a selection where the manifest says that fields stand.
fn located(known: &Known, selection: Selection) -> Selection {
    known.pointers().fold(selection, |selection, (name, pointer)| selection.locate(name, pointer))
}

async fn one_by_one(
    connection: &Connection<'_>,
    known: &Known,
    rule: &Retrieve,
    selection: &Selection,
    ids: Vec<String>,
    context: &InvocationContext,
) -> Result<RecordBuffer, ConnectorError> {
    let has_key = template::names(&rule.request.path).is_ok_and(|names| names.contains(&"key"));
    let asked = ids.into_iter().map(|id| async move {
        let odata_key = match known.primary_key() {
            Some(field) if has_key => Some(key::literal(known, field, &id)?),
            _ => None,
        };
        let value_of = |name: &str| match name {
            "entity" => Some(known.name().to_owned()),
            "id" => Some(id.clone()),
            "key" => odata_key.clone(),
            _ => None,
        };
        let call = connection.call(&rule.request, Method::Get, &value_of)?;
        let Some(answer) = connection.find(&call, context).await? else { return Ok(None) };
        let record = JsonPage::single(&answer.body, &rule.record);
        selection.apply(record.map_err(|error| unexpected(&answer, &error))?)
    });
    let mut answers = pin!(stream::iter(asked).buffered(connection.concurrency()));
    let mut found = RecordBuffer::default();
    while let Some(record) = answers.try_next().await? {
        record.map_or(Ok(()), |record| add(&mut found, record))?;
    }
    Ok(found)
}

async fn by_filter(
    connection: &Connection<'_>,
    known: &Known,
    selected: Option<&[String]>,
    field: &str,
    ids: &[String],
    context: &InvocationContext,
) -> Result<RecordBuffer, ConnectorError> {
    let definition = &known.definition;
    let mut values = ids.iter().map(|id| value(known, field, id)).collect::<Result<Vec<_>, _>>()?;
    // `1` and `01` are the same number.
    let mut numbers = HashSet::new();
    values.retain(|value| match value {
        Value::Number(number) => number.as_str().parse::<Quantity>().map_or(true, |number| numbers.insert(number)),
        _ => true,
    });
    let mut found = RecordBuffer::default();
    let room = query::room(connection, known)?;
    for filter in chunks(known, selected, field, &values, room)? {
        let list = List::new(connection, known, selected, &filter)?;
        if !list.question.is_told_anything() {
            return Err(ConnectorError::invalid_argument(format!(
                "records of {:?} cannot be looked up by {field:?} in the API, and reading the whole list would not fit into \
                 one call: it has no filter for the field, or an id is empty, too long, or holds the separator",
                known.name()
            )));
        }
        let selection = located(known, Selection::new(definition, selected, list.question.remainder.as_ref())?);
        let mut next = Some(Place::start(list.page_size(u64::MAX)));
        while let Some(place) = next {
            let (page, following) = list.page(&place, context).await?;
            for record in page.records() {
                let kept = selection.apply_text(record)?;
                kept.map_or(Ok(()), |record| add(&mut found, record))?;
            }
            next = following?;
        }
    }
    Ok(found)
}

/// Filters that look for all the values together: each for so many at most, and short enough to be sent. One that cannot
/// be sent even so is for a single value.
fn chunks(
    known: &Known,
    selected: Option<&[String]>,
    field: &str,
    values: &[Value],
    room: usize,
) -> Result<Vec<Filter>, ConnectorError> {
    let filter = |values: &[Value]| {
        let condition = Condition::In { field: field.to_owned(), values: values.to_vec() };
        Filter { condition: Some(condition), limit: None }
    };
    let read = known.read()?;
    let mut filters = Vec::new();
    let mut rest = values;
    while !rest.is_empty() {
        let mut size = CHUNK.min(rest.len());
        let mut next = filter(rest.get(..size).unwrap_or_default());
        while size > 1
            && !translate::question(known, read, selected, &next, room)
                .is_ok_and(|question| question.is_told_anything())
        {
            // Where the API knows no `in` at all, one at a time is what is left.
            size = if size > 16 { size / 2 } else { size - 1 };
            next = filter(rest.get(..size).unwrap_or_default());
        }
        filters.push(next);
        rest = rest.get(size..).unwrap_or_default();
    }
    Ok(filters)
}

/// An id as a value of the field's type.
fn value(known: &Known, field: &str, id: &str) -> Result<Value, ConnectorError> {
    let is_numeric = known.definition.field(field).is_some_and(|field| field.data_type.is_numeric());
    let native = known.fields.get(field).and_then(|source| source.native.as_deref());
    if matches!(native, Some("id" | "reference")) && known.read()?.soql.is_some() {
        return Ok(Value::String(with_checksum(id)));
    }
    if !is_numeric {
        return Ok(Value::String(id.to_owned()));
    }
    id.trim().parse::<Number>().map(Value::Number).map_err(|error| {
        ConnectorError::invalid_argument(format!("the id {id:?} does not fit the field {field:?}")).with_source(error)
    })
}

/// An id of Salesforce in the form that its answers have: 15 characters that mind case get three more that say which of
/// them are capitals.
fn with_checksum(id: &str) -> String {
    let is_short = id.len() == 15 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let suffix = id.as_bytes().chunks(5).filter(|_| is_short).filter_map(|five| {
        let capitals = five.iter().enumerate().filter(|(_, byte)| byte.is_ascii_uppercase());
        let sum: usize = capitals.map(|(place, _)| 1_usize << place).sum();
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345".get(sum).copied().map(char::from)
    });
    id.chars().chain(suffix).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::catalogue;
    use crate::manifest::Manifest;

    #[track_caller]
    fn sizes(paging: &str, ids: &[String], room: usize) -> Vec<usize> {
        let text = format!(
            "[connector]\nname = \"A\"\nowner = \"A\"\nversion = \"1\"\n[authentication]\nnone = true\n\
             [entities.x]\nfields = {{ s = {{ type = \"String\" }} }}\n[entities.x.read]\nrequest = \"/x\"\n{paging}\n\
             filters.s.in = {{ parameter = \"s\", separator = \",\" }}\n"
        );
        let known = catalogue::known(&Manifest::parse(&text, Path::new("m.toml")).unwrap()).remove(0);
        let values: Vec<_> = ids.iter().map(|id| Value::String(id.clone())).collect();
        let filters = chunks(&known, None, "s", &values, room).unwrap();
        let sizes = filters.into_iter().map(|filter| match filter.condition {
            Some(Condition::In { values, .. }) => values.len(),
            other => panic!("{other:?}"),
        });
        sizes.collect()
    }

    #[test]
    fn asks_for_as_many_ids_at_a_time_as_can_be_sent() {
        assert_eq!(sizes("", &vec!["x".to_owned(); 220], 8_000), [100, 100, 20]);
        let long = vec!["x".repeat(90); 50];
        assert_eq!(sizes("", &long, 8_000), [12, 19, 19]);
        assert_eq!(sizes("", &long, 500), [5; 10]);
        assert_eq!(sizes("paging = { kind = \"link\" }", &long, 8_000), [8, 8, 8, 8, 8, 8, 2]);
        let with_separator = ["a".to_owned(), "b,c".to_owned(), "d".to_owned()];
        assert_eq!(sizes("", &with_separator, 8_000), [1, 1, 1]);
        assert_eq!(sizes("", &long, 10), [1; 50], "what cannot be sent even alone is refused later");
    }

    #[test]
    fn a_short_id_of_salesforce_gets_its_checksum() {
        assert_eq!(with_checksum("001D000000IRFma"), "001D000000IRFmaIAH");
        for whole in ["001D000000IRFmaIAH", "", "x", "001D000000IRFm\u{e9}"] {
            assert_eq!(with_checksum(whole), whole);
        }
    }
}
