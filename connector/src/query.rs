//! Reads a list: the API's pages, and what the SDK's pager needs to make AppFlow's of them.

use appflow_sdk::filter::{Comparison, Condition, Filter, Number, Value};
use appflow_sdk::protocol::{QueryDataRequest, QueryDataResponse};
use appflow_sdk::{
    ConnectorError, InvocationContext, JsonPage, PageError, PageErrorKind, PageLayout, Pager, Repeat, SourcePage,
};

use crate::call::Call;
use crate::client::Answer;
use crate::connection::Connection;
use crate::known::Known;
use crate::manifest::{Method, Paging, Read};
use crate::paging::{self, Place, Position};
use crate::translate::{self, Question};

/// The form of [`Place`], which is kept in tokens.
const PLACE_VERSION: u16 = 1;

/// Kept of an address for the parameters that ask for a page. A cursor that is longer shows in the refusal of the address.
const PAGING_BYTES: usize = 256;

/// One page of a query.
///
/// # Errors
/// `InvalidArgument` when filter, fields or token do not fit the entity; what the API's failure stands for when there are
/// no records to return before it.
pub(crate) async fn query(
    connection: &Connection<'_>,
    known: &Known,
    request: &QueryDataRequest,
    context: &InvocationContext,
) -> Result<QueryDataResponse, ConnectorError> {
    // The pager checks the whole filter, so that what the API takes over is as strict as the rest.
    let pager = Pager::new(&known.definition, request, context)?.token_version(PLACE_VERSION);
    let filter = Filter::from_request(request.filter_expression.as_deref())?;
    let selected = request.selected_field_names.as_deref().filter(|names| !names.is_empty());
    let list = List::new(connection, known, selected, &filter)?;
    let most = u64::try_from(request.max_results).unwrap_or(0).max(1);
    let start = Place::start(list.page_size(most));

    let pager = pager.pushed(list.question.remainder.as_ref())?;
    let pager = known.pointers().fold(pager, |pager, (name, pointer)| pager.locate(name, pointer));
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

/// How many bytes filter and choice of fields may take in the address of a list, beside what else stands there.
///
/// # Errors
/// As [`Connection::call`].
pub(crate) fn room(connection: &Connection<'_>, known: &Known) -> Result<usize, ConnectorError> {
    let name = |name: &str| (name == "entity").then(|| known.name().to_owned());
    let call = connection.call(&known.read()?.request, Method::Get, &name)?;
    Ok(connection.room(&call).saturating_sub(PAGING_BYTES))
}

/// A list of the API with a filter and a choice of fields.
#[derive(Debug)]
pub(crate) struct List<'a> {
    connection: &'a Connection<'a>,
    known: &'a Known,
    read: &'a Read,
    layout: PageLayout,
    selected: Option<&'a [String]>,
    filter: &'a Filter,
    room: usize,
    /// What the API is asked.
    pub(crate) question: Question,
}

impl<'a> List<'a> {
    /// Divides the filter between the API and here.
    ///
    /// # Errors
    /// `InvalidArgument` when the entity cannot be read, or filter or fields do not fit it.
    pub(crate) fn new(
        connection: &'a Connection<'a>,
        known: &'a Known,
        selected: Option<&'a [String]>,
        filter: &'a Filter,
    ) -> Result<Self, ConnectorError> {
        let read = known.read()?;
        let room = room(connection, known)?;
        let question = translate::question(known, read, selected, filter, room)?;
        let mut layout = PageLayout::new(&read.records);
        if let Some(pointer) = read.paging.next_pointer() {
            layout = layout.next(pointer);
        }
        if let Some(pointer) = &read.total {
            layout = layout.total(pointer);
        }
        Ok(Self { connection, known, read, layout, selected, filter, room, question })
    }

    /// The page size to ask for. What AppFlow wants and a limit make pages smaller only when every record of the API counts against it.
    pub(crate) fn page_size(&self, most: u64) -> Option<u64> {
        let rule = self.read.paging.size()?;
        // Where records are dropped here, as few requests as the API allows find those that stay.
        let wanted = match (&self.question.remainder, self.filter.limit) {
            (Some(_), _) => rule.max,
            (None, Some(limit)) => most.min(limit),
            (None, None) => most,
        };
        Some(wanted.max(rule.min).min(rule.max).max(1))
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
        let mut answer = self.connection.send(&self.call(at)?, Repeat::Safe, context).await?;
        let body = std::mem::take(&mut answer.body);
        let page = JsonPage::read(body, &self.layout).map_err(|error| unexpected(&answer, &error))?;
        // Notices an API that ignores the parameter that should move on: where records have keys, no two pages are
        // equal, since the key is among the fields that are asked for.
        let is_repeated = at.previous.is_some() && at.previous == page.fingerprint();
        if is_repeated && self.known.primary_keys().next().is_some() {
            return Err(ConnectorError::server_error(format!(
                "{} gives the same page twice; does the API know the paging parameters of the manifest?",
                answer.request
            )));
        }
        let next = self.following(at, &page, &answer);
        Ok((page, next))
    }

    fn call(&self, at: &Place) -> Result<Call, ConnectorError> {
        let known = |name: &str| (name == "entity").then(|| self.known.name().to_owned());
        let mut call = self.connection.call(&self.read.request, Method::Get, &known)?;
        let is_linked = if let Position::Link(link) = &at.position {
            call.url = self.connection.kept(link);
            true
        } else {
            false
        };
        let behind = self.question_behind(&at.position)?;
        let asked = behind.as_ref().unwrap_or(&self.question).values.iter();
        let asked = asked.map(|(parameter, value)| (parameter, value.clone()));
        for (parameter, value) in asked.chain(paging::parameters(&self.read.paging, &at.position, at.size)) {
            // A link repeats what stands in the address; it cannot repeat headers and body.
            if parameter.query().is_none() || !is_linked {
                call.put(parameter, value)?;
            }
        }
        Ok(call)
    }

    /// The question for what is behind a record, where that is part of the filter.
    fn question_behind(&self, position: &Position) -> Result<Option<Question>, ConnectorError> {
        let (Paging::Keyset { field, parameter: None, .. }, Position::After(last)) = (&self.read.paging, position)
        else {
            return Ok(None);
        };
        let value = match serde_json::from_str::<String>(last) {
            Ok(text) => Some(Value::String(text)),
            Err(_) => last.parse::<Number>().ok().map(Value::Number),
        };
        let refused = || {
            ConnectorError::invalid_argument(format!(
                "the list of {:?} cannot be continued behind {field:?} {last}: the API is not told of the whole filter; use \
                 a shorter filter",
                self.known.name()
            ))
        };
        let value = value.ok_or_else(refused)?;
        let behind = Condition::Compare { field: field.clone(), operator: Comparison::Greater, value };
        let parts = self.filter.condition.iter().flat_map(|condition| condition.conjuncts().to_vec());
        let filter = Filter { condition: Condition::all(parts.chain([behind.clone()])), limit: None };
        let question = translate::question(self.known, self.read, self.selected, &filter, self.room)?;
        if question.is_done(&behind) { Ok(Some(question)) } else { Err(refused()) }
    }

    fn following(&self, at: &Place, page: &JsonPage, answer: &Answer) -> Result<Option<Place>, ConnectorError> {
        let total = match &self.read.total_header {
            Some(name) => answer.headers.get(name).and_then(|value| value.to_str().ok()?.trim().parse().ok()),
            None => page.total(),
        };
        let next = paging::following(self.known, &self.read.paging, at, page, total, answer, self.connection)?;
        Ok(next.map(|position| Place {
            position,
            before: at.before.saturating_add(u64::try_from(page.len()).unwrap_or(u64::MAX)),
            size: at.size,
            previous: page.fingerprint(),
        }))
    }
}

/// A page for people where an API should answer.
pub(crate) fn web_page(answer: &Answer) -> ConnectorError {
    ConnectorError::server_error(format!(
        "the answer to {} is a web page ({}), not JSON; is the base URL right?",
        answer.request,
        answer.content_type()
    ))
}

/// An answer that is not what the manifest says, with its content type where that may explain it.
pub(crate) fn unexpected(answer: &Answer, error: &PageError) -> ConnectorError {
    match error.kind() {
        PageErrorKind::NotUtf8 | PageErrorKind::NotJson { .. } if answer.is_web_page() => web_page(answer),
        PageErrorKind::NotUtf8 | PageErrorKind::NotJson { .. } => ConnectorError::server_error(format!(
            "the answer to {} is {} and {error}, where JSON was expected",
            answer.request,
            answer.content_type()
        )),
        _ => ConnectorError::unexpected_answer(&answer.request, error),
    }
}
