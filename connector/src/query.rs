//! Reads a list: the API's pages, and what the SDK's pager needs to make AppFlow's of them.

use appflow_sdk::filter::{Condition, Filter};
use appflow_sdk::protocol::{EntityDefinition, QueryDataRequest, QueryDataResponse};
use appflow_sdk::{
    ConnectorError, InvocationContext, JsonPage, PageError, PageErrorKind, PageLayout, Pager, SourcePage,
};

use crate::address;
use crate::client::Answer;
use crate::connection::Connection;
use crate::manifest::Entity;
use crate::paging::{self, Place, Position};
use crate::pushdown::{self, Pushdown};

/// The form of [`Place`], which is kept in tokens.
const PLACE_VERSION: u16 = 1;

/// Longest list of field names that is sent, in bytes. Without it all fields come, and are left out here.
const PROJECTION_LIMIT: usize = 2_000;

/// One page of a query.
///
/// # Errors
/// `InvalidArgument` when filter, fields or token do not fit the entity; what the API's failure stands for when there are
/// no records to return before it.
pub(crate) async fn query(
    connection: &Connection<'_>,
    entity: &Entity,
    definition: &EntityDefinition,
    request: &QueryDataRequest,
    context: &InvocationContext,
) -> Result<QueryDataResponse, ConnectorError> {
    // The pager checks the whole filter, so that what the API takes over is as strict as the rest.
    let pager = Pager::new(definition, request, context)?.token_version(PLACE_VERSION);
    let filter = Filter::from_request(request.filter_expression.as_deref())?;
    let selected = request.selected_field_names.as_deref().filter(|names| !names.is_empty());
    let list = List::new(connection, entity, selected, filter.condition.as_ref());
    let most = u64::try_from(request.max_results).unwrap_or(0).max(1);
    let start = Place::start(list.page_size(most, filter.limit));

    let places = entity.fields.iter().filter_map(|(name, field)| Some((name, field.pointer.as_ref()?)));
    let pager = pager.pushed(list.remainder.as_ref())?;
    let pager = places.fold(pager, |pager, (name, pointer)| pager.locate(name, pointer));
    pager
        .pages_from(start, async |at: Place| {
            let (page, next) = list.page(&at, context).await?;
            let page = SourcePage::json(page)
                .next_count(at.size.map_or(0, |size| usize::try_from(size).unwrap_or(usize::MAX)));
            Ok(match next {
                Ok(next) => page.then(next),
                Err(error) => page.then_fails(error),
            })
        })
        .await
}

/// A list of the API with a filter and a choice of fields.
#[derive(Debug)]
pub(crate) struct List<'a> {
    connection: &'a Connection<'a>,
    entity: &'a Entity,
    layout: PageLayout,
    /// Query parameters of every page that is not reached by a link.
    parameters: Vec<(String, String)>,
    /// What the API does not do of the filter.
    pub(crate) remainder: Option<Condition>,
}

impl<'a> List<'a> {
    /// Divides the filter between the API and here. The filter and the fields must fit the entity.
    pub(crate) fn new(
        connection: &'a Connection<'a>,
        entity: &'a Entity,
        selected: Option<&[String]>,
        condition: Option<&Condition>,
    ) -> Self {
        let division = Pushdown::new(entity, condition);
        let filled = connection.filled(&entity.parameters).into_iter();
        let mut parameters: Vec<_> = filled.map(|(name, value)| (name.to_owned(), value)).collect();
        let projection = projection(entity, selected, &division);
        parameters.extend(division.parameters);
        parameters.extend(projection);
        let mut layout = PageLayout::new(&entity.records);
        if let Some(pointer) = entity.paging.next_pointer() {
            layout = layout.next(pointer);
        }
        if let Some(pointer) = &entity.total {
            layout = layout.total(pointer);
        }
        Self { connection, entity, layout, parameters, remainder: division.remainder }
    }

    /// The page size to ask for. A limit makes pages smaller only when every record of the API counts against it.
    pub(crate) fn page_size(&self, most: u64, limit: Option<u64>) -> Option<u64> {
        let size = self.entity.paging.size()?.max.min(most);
        let limit = limit.filter(|_| self.remainder.is_none());
        Some(limit.map_or(size, |limit| size.min(limit)).max(1))
    }

    /// A page, and where the next one is.
    ///
    /// # Errors
    /// What the API's failure stands for.
    pub(crate) async fn page(
        &self,
        at: &Place,
        context: &InvocationContext,
    ) -> Result<(JsonPage, Result<Option<Place>, ConnectorError>), ConnectorError> {
        let mut answer = self.ask(at, context).await?;
        let body = std::mem::take(&mut answer.body);
        let page = JsonPage::read(body, &self.layout).map_err(|error| unexpected(&answer, &error))?;
        // Notices an API that ignores the parameter that should move on: where records have keys, no two pages are
        // equal, since the key is among the fields that are asked for.
        let is_repeated = at.previous.is_some() && at.previous == page.fingerprint();
        if is_repeated && self.entity.primary_key().is_some() {
            return Err(ConnectorError::server_error(format!(
                "GET {} gives the same page twice; does the API know the paging parameters of the manifest?",
                answer.url.path()
            )));
        }
        let next = self.following(at, &page, &answer);
        Ok((page, next))
    }

    async fn ask(&self, at: &Place, context: &InvocationContext) -> Result<Answer, ConnectorError> {
        let url = if let Position::Link(link) = &at.position {
            self.connection.kept(link)
        } else {
            let mut url = self.connection.url(&self.entity.path, None)?;
            let paging = paging::parameters(&self.entity.paging, &at.position, at.size);
            address::add_parameters(
                &mut url,
                self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())),
            );
            address::add_parameters(&mut url, paging.iter().map(|(name, value)| (*name, value.as_str())));
            url
        };
        self.connection.get(&url, context).await
    }

    fn following(&self, at: &Place, page: &JsonPage, answer: &Answer) -> Result<Option<Place>, ConnectorError> {
        let total = match &self.entity.total_header {
            Some(name) => answer.headers.get(name).and_then(|value| value.to_str().ok()?.trim().parse().ok()),
            None => page.total(),
        };
        let next = paging::following(&self.entity.paging, at, page, total, answer, self.connection)?;
        Ok(next.map(|position| Place {
            position,
            before: at.before.saturating_add(u64::try_from(page.len()).unwrap_or(u64::MAX)),
            size: at.size,
            previous: page.fingerprint(),
        }))
    }
}

/// An answer that is not what the manifest says, with its content type where that may explain it.
pub(crate) fn unexpected(answer: &Answer, error: &PageError) -> ConnectorError {
    let request = format!("GET {}", answer.url.path());
    match error.kind() {
        PageErrorKind::NotUtf8 | PageErrorKind::NotJson { .. } => ConnectorError::server_error(format!(
            "the answer to {request} is {} and {error}, where JSON was expected",
            answer.content_type()
        )),
        _ => ConnectorError::unexpected_answer(&request, error),
    }
}

/// The parameters that name the wanted fields: those selected, those that the filter here needs, and the key, by which
/// pages are told apart.
pub(crate) fn projection(entity: &Entity, selected: Option<&[String]>, division: &Pushdown) -> Vec<(String, String)> {
    let (Some(rule), Some(selected)) = (&entity.projection, selected) else { return Vec::new() };
    let mut names: Vec<String> = Vec::new();
    let needed = division.remainder.iter().flat_map(Condition::fields);
    let keys = entity.fields.iter().filter(|(_, field)| field.primary_key).map(|(name, _)| name.as_str());
    for field in selected.iter().map(String::as_str).chain(needed).chain(keys) {
        let name = entity.fields.get(field).map_or(field, |declared| {
            let of_pointer = declared.pointer.as_deref().and_then(|pointer| pointer.split('/').nth(1));
            let of_name = || field.split('.').next().unwrap_or(field);
            declared.select.as_deref().or(of_pointer).unwrap_or_else(of_name)
        });
        let name = name.replace("~1", "/").replace("~0", "~");
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let is_ambiguous =
        rule.separator.as_ref().is_some_and(|separator| names.iter().any(|name| name.contains(separator)));
    if is_ambiguous || names.iter().map(String::len).sum::<usize>() > PROJECTION_LIMIT {
        return Vec::new();
    }
    let parameters = match &rule.separator {
        Some(separator) => vec![(rule.parameter.clone(), names.join(separator))],
        None => names.into_iter().map(|name| (rule.parameter.clone(), name)).collect(),
    };
    if pushdown::fits(entity, &division.parameters, &parameters) { parameters } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn projected(toml: &str, selected: &[&str], remainder: &str) -> Vec<(String, String)> {
        let entity: Entity = toml::from_str(&format!(
            "path = \"/x\"\n{toml}\n[fields]\nid = {{ type = \"Integer\", primary_key = true }}\n\"a.b\" = {{ type = \"String\" }}\n\
             c = {{ type = \"String\", pointer = \"/d~1e/f\" }}\ng = {{ type = \"String\", select = \"G\" }}"
        ))
        .unwrap();
        let selected: Vec<_> = selected.iter().map(|name| (*name).to_owned()).collect();
        let remainder = Filter::from_request(Some(remainder)).unwrap().condition;
        projection(&entity, Some(&selected), &Pushdown::new(&entity, remainder.as_ref()))
    }

    #[test]
    fn names_the_members_that_hold_the_fields_and_those_that_the_filter_needs() {
        let list = "projection = { parameter = \"fields\", separator = \",\" }";
        let pair = |value: &str| vec![("fields".to_owned(), value.to_owned())];
        assert_eq!(projected(list, &["id", "a.b", "c"], "g = 'x' and id = 1"), pair("id,a,d/e,G"));
        let repeated = projected("projection = { parameter = \"f\" }", &["id", "g"], "");
        assert_eq!(repeated, [("f".to_owned(), "id".to_owned()), ("f".to_owned(), "G".to_owned())]);
        assert_eq!(projected("", &["id"], ""), []);
        assert_eq!(projected(list, &["g"], ""), pair("G,id"), "the key tells pages apart");
        assert_eq!(projected("projection = { parameter = \"f\", separator = \"/\" }", &["c", "id"], ""), []);
    }

    #[test]
    fn names_no_fields_where_links_would_repeat_too_many() {
        let name = "n".repeat(500);
        let projected = |paging: &str| {
            let entity: Entity = toml::from_str(&format!(
                "path = \"/x\"\npaging = {{ {paging} }}\nprojection = {{ parameter = \"f\", separator = \",\" }}\n\
                 [fields]\n{name} = {{ type = \"String\" }}\n[filters]\n{name} = {{ \"=\" = \"q\" }}"
            ))
            .unwrap();
            let filter = Filter::parse(&format!("{name} = '{}'", "x".repeat(400))).unwrap().condition;
            let division = Pushdown::new(&entity, filter.as_ref());
            (division.parameters.len(), projection(&entity, Some(std::slice::from_ref(&name)), &division).len())
        };
        assert_eq!(projected("kind = \"link\""), (1, 0));
        assert_eq!(projected("kind = \"offset\", parameter = \"o\""), (1, 1));
    }
}
