//! Looks records up by the values of one field.

use std::collections::HashSet;

use appflow_sdk::filter::{Condition, Number, Value};
use appflow_sdk::protocol::{EntityDefinition, Record, RetrieveDataRequest, RetrieveDataResponse};
use appflow_sdk::{ConnectorError, InvocationContext, Selection};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::connection::Connection;
use crate::manifest::Entity;
use crate::page;
use crate::pushdown::Pushdown;
use crate::query::{List, byte_budget, located, written_length};
use crate::token::Bookmark;

/// How many single records are asked for at a time.
const AT_ONCE: usize = 8;

/// How many ids go into one filter.
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
    let records = match &entity.retrieve {
        Some(path) if entity.primary_key() == Some(field) => {
            let selection = located(entity, Selection::new(definition, selected, None)?);
            one_by_one(connection, entity, path, &selection, ids, context).await?
        }
        _ => by_filter(connection, entity, definition, selected, field, &ids, context).await?,
    };
    let bytes: usize = records.iter().map(|record| written_length(record.get())).sum();
    if bytes > byte_budget() {
        return Err(ConnectorError::invalid_argument(format!(
            "the {} records found have {bytes} bytes, and a response holds {}; ask for fewer ids or fields",
            records.len(),
            byte_budget()
        )));
    }
    Ok(RetrieveDataResponse::new(records))
}

async fn one_by_one(
    connection: &Connection<'_>,
    entity: &Entity,
    path: &str,
    selection: &Selection,
    ids: Vec<String>,
    context: &InvocationContext,
) -> Result<Vec<Record>, ConnectorError> {
    let asked = ids.into_iter().map(|id| async move {
        let answer = connection.ask(connection.url(path, Some(&id))?, context).await?;
        if answer.status == 404 {
            return Ok(None);
        }
        let answer = connection.success(answer)?;
        selection.apply(page::single(&answer, &entity.retrieve_record)?)
    });
    let found: Vec<Option<Record>> = stream::iter(asked).buffered(AT_ONCE).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

async fn by_filter(
    connection: &Connection<'_>,
    entity: &Entity,
    definition: &EntityDefinition,
    selected: Option<&[String]>,
    field: &str,
    ids: &[String],
    context: &InvocationContext,
) -> Result<Vec<Record>, ConnectorError> {
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
    let values = ids.iter().map(|id| value(definition, field, id)).collect::<Result<Vec<_>, _>>()?;
    let mut records = Vec::new();
    for chunk in values.chunks(size) {
        let condition = Condition::In { field: field.to_owned(), values: chunk.to_vec() };
        let is_sent = !Pushdown::new(entity, Some(&condition)).parameters.is_empty();
        if !is_sent {
            return Err(ConnectorError::invalid_argument(format!(
                "an id cannot be sent to the API as a filter on {field:?}: it is empty, too long, or holds the separator"
            )));
        }
        let list = List::new(connection, entity, definition, selected, Some(&condition))?;
        let mut next = Some(Bookmark::start(list.page_size(u64::MAX, None)));
        while let Some(bookmark) = next {
            let batch = list.read(bookmark, usize::MAX, context).await?;
            records.extend(batch.records);
            next = batch.next;
        }
    }
    Ok(records)
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
