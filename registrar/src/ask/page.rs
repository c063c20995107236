//! Records, page by page, up to a limit.

use appflow_sdk::protocol::{ConnectorContext, EntityDefinition, QueryDataRequest, Record};

use super::Asker;
use crate::error::{ErrorKind, RegistrarError};

/// Most records that one request asks for; what both official SDKs take as the default.
const PAGE: usize = 1000;

/// Which records, and what of them.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// The fields; empty means all.
    pub fields: Vec<String>,
    /// The filter, in AppFlow's language.
    pub filter: Option<String>,
    /// How many records; none means every one.
    pub limit: Option<usize>,
}

/// The records found.
#[derive(Debug, Clone)]
pub struct Page {
    /// The entity.
    pub definition: EntityDefinition,
    /// The records.
    pub records: Vec<Record>,
    /// Where the next page begins, if the limit was reached before the end.
    pub next_token: Option<String>,
}

/// Asks for the entity, then for its records.
///
/// # Errors
/// As [`Asker::ask`].
pub async fn records(
    asker: &Asker<'_>,
    context: &ConnectorContext,
    entity: &str,
    selection: &Selection,
) -> Result<Page, RegistrarError> {
    let definition = asker.entity(context, entity).await?;
    let mut context = context.clone();
    context.entity_definition = Some(definition.clone());
    let mut request = QueryDataRequest::new(entity, context);
    request.selected_field_names = (!selection.fields.is_empty()).then(|| selection.fields.clone());
    request.filter_expression.clone_from(&selection.filter);

    let mut records: Vec<Record> = Vec::new();
    loop {
        let wanted = selection.limit.map_or(PAGE, |limit| limit.saturating_sub(records.len()).min(PAGE));
        if wanted == 0 {
            break;
        }
        request.max_results = i64::try_from(wanted).unwrap_or(i64::MAX);
        let page = asker.query(request.clone()).await?;
        records.extend_from_slice(page.records());
        advance(&mut request.next_token, page.next_token)?;
        if request.next_token.is_none() {
            break;
        }
    }
    if let Some(limit) = selection.limit {
        // A connector may answer with more than it was asked for.
        records.truncate(limit);
    }
    Ok(Page { definition, records, next_token: request.next_token })
}

/// Goes on to the next page; a connector that names the same page again would never end.
pub(super) fn advance(token: &mut Option<String>, next: Option<String>) -> Result<(), RegistrarError> {
    let next = next.filter(|next| !next.is_empty());
    if next.is_some() && *token == next {
        return Err(RegistrarError::new(
            ErrorKind::Connector,
            "the connector names the same page as its own successor",
        )
        .with_hint("its nextToken must differ from the one of the request"));
    }
    *token = next;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stops_at_a_page_that_leads_to_itself() {
        let mut token = None;
        for next in ["a", "b", "a"] {
            advance(&mut token, Some(next.to_owned())).unwrap();
        }
        assert_eq!(advance(&mut token, Some("a".to_owned())).unwrap_err().kind(), ErrorKind::Connector);
        advance(&mut token, Some(String::new())).unwrap();
        assert_eq!(token, None);
    }
}
