//! Reads a list: page after page of the API, until AppFlow's page is full, the time is short, or the list ends.

use std::time::{Duration, Instant};

use appflow_sdk::filter::{Condition, Filter};
use appflow_sdk::protocol::{EntityDefinition, QueryDataRequest, QueryDataResponse, Record};
use appflow_sdk::{ConnectorError, InvocationContext, Selection};

use crate::address;
use crate::client::Answer;
use crate::connection::Connection;
use crate::manifest::Entity;
use crate::page::{Layout, Page};
use crate::paging::{self, Position};
use crate::pushdown::{self, Pushdown};
use crate::token::{Bookmark, Token};

/// Most bytes of records in one response, as they are written in it. Lambda returns 6 MB; the rest is the envelope, and
/// room for the difference between this count and the real one, which is none.
const BYTE_BUDGET: usize = 5 * 1024 * 1024;

/// Time that must be left for another page, beside twice the slowest page so far.
const TIME_BUDGET: Duration = Duration::from_secs(2);

/// Longest list of field names that is sent, in bytes. Without it all fields come, and are left out here.
const PROJECTION_LIMIT: usize = 2_000;

/// One page of a query.
///
/// # Errors
/// `InvalidArgument` when filter, fields or token do not fit the entity; what the API's failure stands for when there are
/// no records to return before it.
pub(crate) async fn query(
    connection: &Connection<'_>,
    name: &str,
    entity: &Entity,
    definition: &EntityDefinition,
    request: &QueryDataRequest,
    context: &InvocationContext,
) -> Result<QueryDataResponse, ConnectorError> {
    let filter = Filter::from_request(request.filter_expression.as_deref())
        .map_err(|error| ConnectorError::invalid_filter(&error))?;
    let selected = request.selected_field_names.as_deref().filter(|names| !names.is_empty());
    let list = List::new(connection, entity, definition, selected, filter.condition.as_ref())?;
    let most = u64::try_from(request.max_results).unwrap_or(0).max(1);
    let (bookmark, remaining) = match request.next_token.as_deref().filter(|token| !token.is_empty()) {
        Some(token) => {
            let token = Token::decode(token, name)?;
            (token.bookmark, token.remaining)
        }
        None => (Bookmark::start(list.page_size(most, filter.limit)), filter.limit),
    };
    if remaining == Some(0) {
        return Ok(QueryDataResponse::new(Vec::new(), None));
    }
    let most = remaining.map_or(most, |remaining| most.min(remaining));
    let batch = list.read(bookmark, usize::try_from(most).unwrap_or(usize::MAX), context).await?;
    let read = u64::try_from(batch.records.len()).unwrap_or(u64::MAX);
    let remaining = remaining.map(|remaining| remaining.saturating_sub(read));
    let next = batch.next.filter(|_| remaining != Some(0));
    let token = next.map(|bookmark| Token::new(name, bookmark, remaining).encode()).transpose()?;
    Ok(QueryDataResponse::new(batch.records, token))
}

/// A list of the API with a filter and a choice of fields.
#[derive(Debug)]
pub(crate) struct List<'a> {
    connection: &'a Connection<'a>,
    entity: &'a Entity,
    layout: Layout,
    selection: Selection,
    /// Query parameters of every page that is not reached by a link.
    parameters: Vec<(String, String)>,
    /// Whether some of the API's records are dropped here.
    is_filtered_here: bool,
}

/// Records in the order of the API, and where to go on.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) records: Vec<Record>,
    pub(crate) next: Option<Bookmark>,
}

impl<'a> List<'a> {
    /// Divides the filter between the API and here.
    ///
    /// # Errors
    /// `InvalidArgument` when filter or fields do not fit the entity.
    pub(crate) fn new(
        connection: &'a Connection<'a>,
        entity: &'a Entity,
        definition: &EntityDefinition,
        selected: Option<&[String]>,
        condition: Option<&Condition>,
    ) -> Result<Self, ConnectorError> {
        // The whole filter is checked first, so that what the API takes over is as strict as the rest.
        Selection::new(definition, selected, condition)?;
        let division = Pushdown::new(entity, condition);
        let selection = located(entity, Selection::new(definition, selected, division.remainder.as_ref())?);
        let mut parameters: Vec<_> = connection.filled(&entity.parameters);
        let mut parameters: Vec<_> = parameters.drain(..).map(|(name, value)| (name.to_owned(), value)).collect();
        let projection = projection(entity, selected, &division);
        parameters.extend(division.parameters);
        parameters.extend(projection);
        let layout = Layout::new(&entity.records, entity.paging.next_pointer(), entity.total.as_deref());
        let is_filtered_here = division.remainder.is_some();
        Ok(Self { connection, entity, layout, selection, parameters, is_filtered_here })
    }

    /// The page size to ask for. A limit makes pages smaller only when every record of the API counts against it.
    pub(crate) fn page_size(&self, most: u64, limit: Option<u64>) -> Option<u64> {
        let size = self.entity.paging.size()?.max.min(most);
        Some(if self.is_filtered_here { size } else { limit.map_or(size, |limit| size.min(limit)) }.max(1))
    }

    /// Reads from a bookmark on. Every record comes exactly once over the bookmarks of a query, wherever it is cut.
    ///
    /// # Errors
    /// What the API's failure stands for. After the first page a failure ends the batch instead: the records before it are
    /// returned, and the next call meets it again if it lasts.
    pub(crate) async fn read(
        &self,
        mut at: Bookmark,
        most: usize,
        context: &InvocationContext,
    ) -> Result<Batch, ConnectorError> {
        let mut records = Vec::new();
        let mut bytes = 0;
        let mut slowest = Duration::ZERO;
        let mut is_first = true;
        loop {
            let started = Instant::now();
            let answer = match self.page(&at, context).await {
                Ok(answer) => answer,
                Err(error) => return cut_short(error, is_first, records, at),
            };
            let page = match self.understood(&at, &answer) {
                Ok(page) => page,
                Err(error) => return cut_short(error, is_first, records, at),
            };
            for (index, record) in page.records.iter().enumerate().skip(at.skip) {
                if records.len() >= most {
                    return Ok(Batch { records, next: Some(Bookmark { skip: index, ..at }) });
                }
                let record = match self.selection.apply(record) {
                    Ok(Some(record)) => record,
                    Ok(None) => continue,
                    Err(error) => return cut_short(error, is_first, records, Bookmark { skip: index, ..at }),
                };
                let length = written_length(record.get());
                if bytes + length > BYTE_BUDGET && !records.is_empty() {
                    return Ok(Batch { records, next: Some(Bookmark { skip: index, ..at }) });
                }
                bytes += length;
                records.push(record);
            }
            at = match self.following(&at, &page, &answer) {
                Ok(Some(next)) => next,
                Ok(None) => return Ok(Batch { records, next: None }),
                Err(error) => {
                    // The page itself is done: the next call meets the failure behind its last record.
                    let end = Bookmark { skip: page.records.len(), ..at };
                    return cut_short(error, is_first, records, end);
                }
            };
            is_first = false;
            slowest = slowest.max(started.elapsed());
            let is_late = context.remaining() < slowest * 2 + TIME_BUDGET;
            if records.len() >= most || is_late || self.would_be_cut(&at, records.len(), most) {
                return Ok(Batch { records, next: Some(at) });
            }
        }
    }

    /// Whether the next page would be cut, and so be asked for twice. With a filter here nobody knows.
    fn would_be_cut(&self, at: &Bookmark, count: usize, most: usize) -> bool {
        let size = at.size.map_or(0, |size| usize::try_from(size).unwrap_or(usize::MAX));
        !self.is_filtered_here && count > 0 && count.saturating_add(size) > most
    }

    async fn page(&self, at: &Bookmark, context: &InvocationContext) -> Result<Answer, ConnectorError> {
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
        self.connection.get(url, context).await
    }

    fn following(&self, at: &Bookmark, page: &Page<'_>, answer: &Answer) -> Result<Option<Bookmark>, ConnectorError> {
        let total = match &self.entity.total_header {
            Some(name) => answer.headers.get(name).and_then(|value| value.to_str().ok()?.trim().parse().ok()),
            None => page.total,
        };
        let next = paging::following(&self.entity.paging, at, page, total, answer, self.connection)?;
        Ok(next.map(|position| Bookmark {
            position,
            skip: 0,
            before: at.before.saturating_add(u64::try_from(page.records.len()).unwrap_or(u64::MAX)),
            size: at.size,
            previous: page.fingerprint(),
        }))
    }

    /// The page of an answer. Notices an API that ignores the parameter that should move on: where records have keys, no
    /// two pages are equal, since the key is among the fields that are asked for.
    fn understood<'p>(&self, at: &Bookmark, answer: &'p Answer) -> Result<Page<'p>, ConnectorError> {
        let page = Page::read(answer, &self.layout)?;
        let is_repeated = at.previous.is_some() && at.previous == page.fingerprint();
        if is_repeated && self.entity.primary_key().is_some() {
            return Err(ConnectorError::server_error(format!(
                "GET {} gives the same page twice; does the API know the paging parameters of the manifest?",
                answer.url.path()
            )));
        }
        Ok(page)
    }
}

/// What a failure makes of a batch: it is returned when it is met on the first page, and met again by the next call else.
fn cut_short(
    error: ConnectorError,
    is_first: bool,
    records: Vec<Record>,
    next: Bookmark,
) -> Result<Batch, ConnectorError> {
    if is_first {
        return Err(error);
    }
    tracing::warn!(error = %error, "a later page failed; the records before the failure are returned");
    Ok(Batch { records, next: Some(next) })
}

/// Tells a selection where the manifest says that fields stand.
pub(crate) fn located(entity: &Entity, selection: Selection) -> Selection {
    entity.fields.iter().fold(selection, |selection, (name, field)| match &field.pointer {
        Some(pointer) => selection.locate(name, pointer),
        None => selection,
    })
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

/// How many bytes a record takes in a response: it is escaped into a JSON string, with quotes and a comma.
pub(crate) fn written_length(record: &str) -> usize {
    let escaped = record.bytes().map(|byte| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
        0x00..=0x1f => 6,
        _ => 1,
    });
    escaped.sum::<usize>() + 3
}

/// The budget, for what is not read page by page.
pub(crate) const fn byte_budget() -> usize {
    BYTE_BUDGET
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_bytes_as_the_response_has_them() {
        for record in [r#"{"a":"b"}"#, "{\"a\":\n\t\"\\u00e9\\\"ü\u{7f}\"}", "{}"] {
            let written = serde_json::to_string(&[Record::parse(record).unwrap()]).unwrap();
            // The brackets of the list count two, the comma that this one element lacks counts one.
            assert_eq!(written_length(record), written.len() - 2 + 1, "{record}");
        }
    }

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
