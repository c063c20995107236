//! Looks records up by the values of one field.

use std::collections::HashSet;
use std::pin::pin;

use appflow_sdk::filter::{Condition, Number, Quantity, Value};
use appflow_sdk::protocol::{EntityDefinition, Record, RetrieveDataRequest, RetrieveDataResponse};
use appflow_sdk::{BYTE_BUDGET, ConnectorError, InvocationContext, JsonPage, RecordBuffer, Selection};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::connection::Connection;
use crate::manifest::Entity;
use crate::paging::Place;
use crate::pushdown::Pushdown;
use crate::query::{List, unexpected};

/// How many single records are asked for at a time.
const AT_ONCE: usize = 8;

/// How many ids go into one filter, if it is not too long with fewer.
const CHUNK: usize = 50;

/// The records whose field has one of the given values, each once. Values without a record are left out.
///
/// # Errors
/// `InvalidArgument` when the API has no way to look records up by the field, a value does not fit it, or the records do
/// not fit into one response; what the API's failure stands for else.
pub(crate) async fn retrieve(
    connection: &Connection<'_>,
    entity: &Entity,
    definition: &EntityDefinition,
    request: &RetrieveDataRequest,
    context: &InvocationContext,
) -> Result<RetrieveDataResponse, ConnectorError> {
    let name = &definition.entity.entity_identifier;
    let field = request.id_field_name.as_deref().or(entity.primary_key()).ok_or_else(|| {
        ConnectorError::invalid_argument(format!("idFieldName is missing, and the entity {name:?} has no primary key"))
    })?;
    if definition.field(field).is_none() {
        return Err(ConnectorError::invalid_argument(format!("the entity {name:?} has no field {field:?}")));
    }
    let mut seen = HashSet::new();
    let ids: Vec<String> = request.ids.iter().flatten().filter(|id| seen.insert(*id)).cloned().collect();
    let selected = request.selected_field_names.as_deref().filter(|names| !names.is_empty());
    let found = match &entity.retrieve {
        Some(path) if entity.primary_key() == Some(field) => {
            let selection = located(entity, Selection::new(definition, selected, None)?);
            one_by_one(connection, entity, path, &selection, ids, context).await?
        }
        _ => by_filter(connection, entity, definition, selected, field, &ids, context).await?,
    };
    Ok(RetrieveDataResponse::new(found.into_records()))
}

/// Adds a record to those found so far, which must all fit into one response.
fn add(found: &mut RecordBuffer, record: Record) -> Result<(), ConnectorError> {
    found.push(record).map_err(|_| {
        ConnectorError::invalid_argument(format!(
            "the first {} records found have {} bytes, and with the next they exceed the {BYTE_BUDGET} of a response; ask \
             for fewer ids or fields",
            found.len(),
            found.bytes(),
        ))
    })
}

/// Tells a selection where the manifest says that fields stand.
fn located(entity: &Entity, selection: Selection) -> Selection {
    entity.fields.iter().fold(selection, |selection, (name, field)| match &field.pointer {
        Some(pointer) => selection.locate(name, pointer),
        None => selection,
    })
}

async fn one_by_one(
    connection: &Connection<'_>,
    entity: &Entity,
    path: &str,
    selection: &Selection,
    ids: Vec<String>,
    context: &InvocationContext,
) -> Result<RecordBuffer, ConnectorError> {
    let asked = ids.into_iter().map(|id| async move {
        let url = connection.url(path, Some(&id))?;
        let Some(answer) = connection.find(&url, context).await? else { return Ok(None) };
        let record = JsonPage::single(&answer.body, &entity.retrieve_record);
        selection.apply(record.map_err(|error| unexpected(&answer, &error))?)
    });
    let mut answers = pin!(stream::iter(asked).buffered(AT_ONCE));
    let mut found = RecordBuffer::default();
    while let Some(record) = answers.try_next().await? {
        record.map_or(Ok(()), |record| add(&mut found, record))?;
    }
    Ok(found)
}

async fn by_filter(
    connection: &Connection<'_>,
    entity: &Entity,
    definition: &EntityDefinition,
    selected: Option<&[String]>,
    field: &str,
    ids: &[String],
    context: &InvocationContext,
) -> Result<RecordBuffer, ConnectorError> {
    let size = match (entity.filter(field, "in"), entity.filter(field, "=")) {
        (Some(_), _) => CHUNK,
        (None, Some(_)) => 1,
        (None, None) => {
            return Err(ConnectorError::invalid_argument(format!(
                "records of {:?} cannot be looked up by {field:?}: the API has no parameter for it, and reading the whole \
                 list would not fit into one call",
                definition.entity.entity_identifier
            )));
        }
    };
    let mut values = ids.iter().map(|id| value(definition, field, id)).collect::<Result<Vec<_>, _>>()?;
    // `1` and `01` are the same number.
    let mut numbers = HashSet::new();
    values.retain(|value| match value {
        Value::Number(number) => number.as_str().parse::<Quantity>().map_or(true, |number| numbers.insert(number)),
        _ => true,
    });
    let mut found = RecordBuffer::default();
    for condition in chunks(entity, field, &values, size) {
        if !is_sent(entity, &condition) {
            return Err(ConnectorError::invalid_argument(format!(
                "an id cannot be sent to the API as a filter on {field:?}: it is empty, too long, or holds the separator"
            )));
        }
        let list = List::new(connection, entity, selected, Some(&condition));
        let selection = located(entity, Selection::new(definition, selected, list.remainder.as_ref())?);
        let mut next = Some(Place::start(list.page_size(u64::MAX, None)));
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
fn chunks(entity: &Entity, field: &str, values: &[Value], most: usize) -> Vec<Condition> {
    let filter = |values: &[Value]| Condition::In { field: field.to_owned(), values: values.to_vec() };
    let mut conditions = Vec::new();
    let mut rest = values;
    while !rest.is_empty() {
        let mut size = most.min(rest.len());
        let mut condition = filter(rest.get(..size).unwrap_or_default());
        while size > 1 && !is_sent(entity, &condition) {
            size -= 1;
            condition = filter(rest.get(..size).unwrap_or_default());
        }
        conditions.push(condition);
        rest = rest.get(size..).unwrap_or_default();
    }
    conditions
}

/// Whether the API takes a filter over.
fn is_sent(entity: &Entity, condition: &Condition) -> bool {
    !Pushdown::new(entity, Some(condition)).parameters.is_empty()
}

/// An id as a value of the field's type.
fn value(definition: &EntityDefinition, field: &str, id: &str) -> Result<Value, ConnectorError> {
    let is_numeric = definition.field(field).is_some_and(|field| field.data_type.is_numeric());
    if !is_numeric {
        return Ok(Value::String(id.to_owned()));
    }
    id.trim().parse::<Number>().map(Value::Number).map_err(|error| {
        ConnectorError::invalid_argument(format!("the id {id:?} does not fit the field {field:?}")).with_source(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn sizes(paging: &str, ids: &[String], most: usize) -> Vec<usize> {
        let entity: Entity = toml::from_str(&format!(
            "path = \"/x\"\n{paging}\nfields = {{ s = {{ type = \"String\" }} }}\n\
             filters = {{ s = {{ in = {{ parameter = \"s\", separator = \",\" }} }} }}"
        ))
        .unwrap();
        let values: Vec<_> = ids.iter().map(|id| Value::String(id.clone())).collect();
        let sizes = chunks(&entity, "s", &values, most).into_iter().map(|condition| match condition {
            Condition::In { values, .. } => values.len(),
            other => panic!("{other:?}"),
        });
        sizes.collect()
    }

    #[test]
    fn asks_for_as_many_ids_at_a_time_as_can_be_sent() {
        assert_eq!(sizes("", &vec!["x".to_owned(); 120], 50), [50, 50, 20]);
        let long = vec!["x".repeat(90); 50];
        assert_eq!(sizes("", &long, 50), [21, 21, 8]);
        assert_eq!(sizes("paging = { kind = \"link\" }", &long, 50), [8, 8, 8, 8, 8, 8, 2]);
        let with_separator = ["a".to_owned(), "b,c".to_owned(), "d".to_owned()];
        assert_eq!(sizes("", &with_separator, 50), [1, 1, 1]);
    }
}
