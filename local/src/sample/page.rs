//! The lists: one way of paging per entity, and single records.

use axum::extract::{OriginalUri, Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, Uri, header};
use url::form_urlencoded;

use super::account::AccountFilter;
use super::contact::ContactFilter;
use super::order::OrderFilter;
use super::parameters::Parameters;
use super::rejection::Rejection;
use super::row::quoted;
use super::store::Store;
use super::table::Entity;

/// `GET /accounts`: numbered pages in an envelope.
pub(super) async fn accounts(State(store): State<Store>, RawQuery(query): RawQuery) -> Result<Response, Rejection> {
    let mut parameters = Parameters::read(query.as_deref());
    let per_page = parameters.page_size("per_page")?;
    let page = parameters.count("page", 1)?.unwrap_or(1);
    let filter = AccountFilter::take(&mut parameters);
    parameters.finish()?;
    let kept = store.lock();
    let found = Found::new(kept.records.accounts.iter().filter(|account| filter.admits(account)));
    let rows = found.page((page - 1).saturating_mul(per_page), per_page);
    let mut body = format!(r#"{{"page":{page},"per_page":{per_page},"total":{},"data":"#, found.total());
    list(rows, &mut body, |account, body| body.push_str(account.row.json()));
    body.push('}');
    Ok(json(body))
}

/// `GET /contacts`: an opaque cursor in an envelope.
pub(super) async fn contacts(State(store): State<Store>, RawQuery(query): RawQuery) -> Result<Response, Rejection> {
    let mut parameters = Parameters::read(query.as_deref());
    let limit = parameters.page_size("limit")?;
    let start = match parameters.take("cursor") {
        Some(cursor) => position(&cursor)?,
        None => 0,
    };
    let filter = ContactFilter::take(&mut parameters)?;
    parameters.finish()?;
    let kept = store.lock();
    let found = Found::new(kept.records.contacts.iter().filter(|contact| filter.admits(contact)));
    let mut body = String::from(r#"{"items":"#);
    list(found.page(start, limit), &mut body, |contact, body| {
        body.push_str(contact.row.json());
    });
    body.push_str(r#","next_cursor":"#);
    match found.after(start, limit) {
        Some(next) => body.push_str(&quoted(&cursor(next))),
        None => body.push_str("null"),
    }
    body.push('}');
    Ok(json(body))
}

/// `GET /orders`: an offset, a bare list, the total in a header.
pub(super) async fn orders(State(store): State<Store>, RawQuery(query): RawQuery) -> Result<Response, Rejection> {
    let page = OrderPage::read(&store, query.as_deref())?;
    let mut response = json(page.body);
    let total = [("x-total-count", page.total.to_string())];
    response = (total, response).into_response();
    Ok(response)
}

/// `GET /orders-linked`: the same list with a `Link` header to the next page (RFC 8288).
pub(super) async fn orders_linked(
    State(store): State<Store>,
    OriginalUri(uri): OriginalUri,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Rejection> {
    let page = OrderPage::read(&store, query.as_deref())?;
    let response = json(page.body);
    Ok(match page.next {
        Some(next) => {
            let link = format!(r#"<{}>; rel="next""#, at_offset(&uri, &headers, next));
            ([(header::LINK, link)], response).into_response()
        }
        None => response,
    })
}

/// `GET /accounts/{id}`, `GET /contacts/{id}`, `GET /orders/{id}`
pub(super) async fn one<E: Entity>(State(store): State<Store>, Path(id): Path<String>) -> Result<Response, Rejection> {
    let kept = store.lock();
    let found = E::table(&kept.records).find(&id);
    found.map(|record| json(record.row().json().to_owned())).ok_or_else(|| Rejection::not_found(E::NAME, &id))
}

/// One page of orders.
struct OrderPage {
    body: String,
    total: usize,
    next: Option<usize>,
}

impl OrderPage {
    fn read(store: &Store, query: Option<&str>) -> Result<Self, Rejection> {
        let mut parameters = Parameters::read(query);
        let limit = parameters.page_size("limit")?;
        let offset = parameters.count("offset", 0)?.unwrap_or(0);
        let filter = OrderFilter::take(&mut parameters)?;
        parameters.finish()?;
        let kept = store.lock();
        let found = Found::new(kept.records.orders.iter().filter(|order| filter.admits(order)));
        let mut body = String::new();
        list(found.page(offset, limit), &mut body, |order, body| {
            filter.write(order, body);
        });
        Ok(Self { body, total: found.total(), next: found.after(offset, limit) })
    }
}

/// The records that a filter lets through.
struct Found<'a, T>(Vec<&'a T>);

impl<'a, T> Found<'a, T> {
    fn new(records: impl Iterator<Item = &'a T>) -> Self {
        Self(records.collect())
    }

    fn total(&self) -> usize {
        self.0.len()
    }

    fn page(&self, start: usize, size: usize) -> &[&'a T] {
        let start = start.min(self.0.len());
        let end = start.saturating_add(size).min(self.0.len());
        &self.0[start..end]
    }

    /// Where the next page begins, unless this is the last.
    fn after(&self, start: usize, size: usize) -> Option<usize> {
        start.checked_add(size).filter(|next| *next < self.0.len())
    }
}

/// A JSON list, put together from text that is JSON already.
fn list<T>(records: &[&T], into: &mut String, write: impl Fn(&T, &mut String)) {
    into.push('[');
    for (index, record) in records.iter().enumerate() {
        if index > 0 {
            into.push(',');
        }
        write(record, into);
    }
    into.push(']');
}

fn json(body: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// A position, made unreadable so that nobody counts on its form.
fn cursor(position: usize) -> String {
    URL_SAFE_NO_PAD.encode(format!("after:{position}"))
}

fn position(cursor: &str) -> Result<usize, Rejection> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| text.strip_prefix("after:")?.parse().ok())
        .ok_or_else(|| Rejection::bad_request("cursor is not one that this API gave"))
}

/// The address of the request with another offset; relative when the request names no host.
fn at_offset(uri: &Uri, headers: &HeaderMap, offset: usize) -> String {
    let kept = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).filter(|(name, _)| name != "offset");
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(kept)
        .append_pair("offset", &offset.to_string())
        .finish();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let origin = host.map(|host| format!("http://{host}")).unwrap_or_default();
    format!("{origin}{}?{query}", uri.path())
}
