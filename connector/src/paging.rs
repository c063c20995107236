//! How a list continues: from a position to parameters, and from a page to the next position.

use appflow_sdk::{ConnectorError, JsonPage};
use reqwest::header::{HeaderMap, LINK};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::body::Json;
use crate::client::Answer;
use crate::connection::Connection;
use crate::known::Known;
use crate::manifest::{Paging, Parameter};
use crate::pointer;
use crate::template;

/// A page of the API's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Position {
    /// The first page.
    #[serde(rename = "f")]
    First,
    /// The page with this number, or the page after so many records.
    #[serde(rename = "n")]
    Number(u64),
    /// The page that a text of the API leads to.
    #[serde(rename = "c")]
    Cursor(String),
    /// The page at a path and query of the API's origin.
    #[serde(rename = "l")]
    Link(String),
    /// The page behind the record with this value of the list's key, as JSON.
    #[serde(rename = "k")]
    After(String),
}

/// A page of a query, and what is needed to go on from it: the position that the SDK's pager keeps in its token. Names are
/// short because the token's length is limited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Place {
    /// The page.
    #[serde(rename = "p")]
    pub(crate) position: Position,
    /// How many records the pages before it had.
    #[serde(rename = "n", default)]
    pub(crate) before: u64,
    /// The page size to ask for. It stays the same for the whole query: pages are counted in it.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub(crate) size: Option<u64>,
    /// Fingerprint of the page before, to notice an API that does not move on.
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    pub(crate) previous: Option<u64>,
}

impl Place {
    /// The beginning of a list.
    pub(crate) fn start(size: Option<u64>) -> Self {
        Self { position: Position::First, before: 0, size, previous: None }
    }
}

/// The parameters that ask for a page.
pub(crate) fn parameters<'p>(paging: &'p Paging, position: &Position, size: Option<u64>) -> Vec<(&'p Parameter, Json)> {
    let mut parameters: Vec<(&Parameter, String)> = Vec::new();
    match (paging, position) {
        (Paging::Page { parameter, .. } | Paging::Offset { parameter, .. }, Position::Number(number)) => {
            parameters.push((parameter, number.to_string()));
        }
        (Paging::Page { parameter, first, .. }, _) => parameters.push((parameter, first.to_string())),
        (Paging::Offset { parameter, .. }, _) => parameters.push((parameter, "0".to_owned())),
        (Paging::Cursor { parameter, .. }, Position::Cursor(cursor)) => parameters.push((parameter, cursor.clone())),
        (Paging::Keyset { parameter: Some(parameter), .. }, Position::After(value)) => {
            return with_size(paging, size, vec![(parameter, Json::number(value))]);
        }
        (Paging::None | Paging::Cursor { .. } | Paging::Link { .. } | Paging::Keyset { .. }, _) => {}
    }
    let typed = |(parameter, text): (&'p Parameter, String)| {
        let is_count = matches!(paging, Paging::Page { .. } | Paging::Offset { .. });
        (parameter, if is_count { Json::number(&text) } else { Json::from(text.as_str()) })
    };
    with_size(paging, size, parameters.into_iter().map(typed).collect())
}

fn with_size<'p>(
    paging: &'p Paging,
    size: Option<u64>,
    mut parameters: Vec<(&'p Parameter, Json)>,
) -> Vec<(&'p Parameter, Json)> {
    if let (Some(rule), Some(size)) = (paging.size(), size) {
        let number = Json::number(&size.to_string());
        let value = match &rule.template {
            None => number,
            Some(template) => {
                let size_of = |name: &str| (name == "size").then(|| size.to_string());
                // The manifest's check knows of no other name.
                Json::from(template::fill(template, size_of).unwrap_or_default().as_str())
            }
        };
        parameters.push((&rule.parameter, value));
    }
    parameters
}

/// A record's value of the field that a list continues by, as JSON.
fn key(record: &str, place: Option<&str>, field: &str, request: &str) -> Result<String, ConnectorError> {
    let missing = || {
        ConnectorError::server_error(format!(
            "the last record of {request} has no {field:?} to go on from; the list cannot be continued"
        ))
    };
    let own = format!("/{}", field.replace('~', "~0").replace('/', "~1"));
    let record: &RawValue = serde_json::from_str(record).map_err(|_| missing())?;
    let value = pointer::at(record, place.unwrap_or(&own)).ok_or_else(missing)?.get();
    if value == "null" || value.starts_with(['{', '[']) { Err(missing()) } else { Ok(value.to_owned()) }
}

/// The page after this one, or nothing after the last.
///
/// # Errors
/// `ServerError` when the API leads to another origin or back to the same page.
pub(crate) fn following(
    known: &Known,
    paging: &Paging,
    at: &Place,
    page: &JsonPage,
    total: Option<u64>,
    answer: &Answer,
    connection: &Connection<'_>,
) -> Result<Option<Position>, ConnectorError> {
    let count = u64::try_from(page.len()).unwrap_or(u64::MAX);
    let next = match paging {
        Paging::None => None,
        Paging::Page { first, short_page_is_last, .. } => {
            let number = if let Position::Number(number) = at.position { number } else { *first };
            let is_last = is_last(at, count, total, *short_page_is_last);
            (!is_last).then(|| Position::Number(number.saturating_add(1)))
        }
        Paging::Offset { short_page_is_last, .. } => {
            let offset = if let Position::Number(offset) = at.position { offset } else { 0 };
            let is_last = is_last(at, count, total, *short_page_is_last);
            (!is_last).then(|| Position::Number(offset.saturating_add(count)))
        }
        Paging::Keyset { field, short_page_is_last, .. } => {
            // A total may be that of what is behind the key, or of everything: nobody knows which.
            let is_last = is_last(at, count, None, *short_page_is_last);
            let last = if is_last { None } else { page.records().last() };
            match last {
                None => None,
                Some(record) => Some(Position::After(key(record, known.pointer(field), field, &answer.request)?)),
            }
        }
        Paging::Cursor { .. } => page.next().map(|cursor| Position::Cursor(cursor.to_owned())),
        Paging::Link { next: Some(_), .. } => match page.next() {
            Some(link) => Some(Position::Link(connection.keep(&answer.url, link)?)),
            None => None,
        },
        Paging::Link { next: None, .. } => match next_link(&answer.headers) {
            Some(link) => Some(Position::Link(connection.keep(&answer.url, &link)?)),
            None => None,
        },
    };
    if next.as_ref() == Some(&at.position) && count == 0 {
        // Some APIs repeat the last cursor, with nothing behind it.
        return Ok(None);
    }
    if next.as_ref() == Some(&at.position) {
        return Err(ConnectorError::server_error(format!(
            "the answer to {} leads to the page that it is itself; reading on would never end",
            answer.request
        )));
    }
    Ok(next)
}

/// Whether a counted list ends: an empty page, the total reached, or a short page if the manifest says that it is a sign.
fn is_last(at: &Place, count: u64, total: Option<u64>, short_page_is_last: bool) -> bool {
    let is_complete = total.is_some_and(|total| at.before.saturating_add(count) >= total);
    let is_short = short_page_is_last && at.size.is_some_and(|size| count < size);
    count == 0 || is_complete || is_short
}

/// The target of `rel="next"` in `Link` headers (RFC 8288).
fn next_link(headers: &HeaderMap) -> Option<String> {
    headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok()).find_map(|value| {
        let mut rest = value;
        // A target may hold commas and semicolons, so the angle brackets lead, not the separators.
        while let Some((target, after)) = rest.split_once('<').and_then(|(_, after)| after.split_once('>')) {
            let (parameters, others) = after.split_once('<').map_or((after, ""), |(own, _)| {
                let end = own.rfind(',').unwrap_or(own.len());
                after.split_at(end)
            });
            if parameters.split([';', ',']).any(is_next) {
                return Some(target.trim().to_owned());
            }
            rest = others;
        }
        None
    })
}

/// Whether a link parameter is `rel` with `next` among its relations.
fn is_next(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else { return false };
    name.trim().eq_ignore_ascii_case("rel")
        && value.trim().trim_matches('"').split_whitespace().any(|relation| relation.eq_ignore_ascii_case("next"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    fn paging(toml: &str) -> Paging {
        toml::from_str(toml).unwrap()
    }

    #[track_caller]
    fn asks(toml: &str, position: &Position, size: Option<u64>) -> String {
        let paging = paging(toml);
        let pairs = parameters(&paging, position, size);
        pairs.iter().map(|(name, value)| format!("{name}={}", value.to_text())).collect::<Vec<_>>().join("&")
    }

    #[test]
    fn asks_for_each_kind_of_page() {
        use Position::{Cursor, First, Link, Number};
        let size = "size = { parameter = \"n\", max = 9 }";
        let page = format!("kind = \"page\"\nparameter = \"p\"\nfirst = 0\n{size}");
        assert_eq!(asks(&page, &First, Some(9)), "p=0&n=9");
        assert_eq!(asks(&page, &Number(3), Some(5)), "p=3&n=5");
        let offset = format!("kind = \"offset\"\nparameter = \"o\"\n{size}");
        assert_eq!(asks(&offset, &First, Some(9)), "o=0&n=9");
        assert_eq!(asks(&offset, &Number(18), Some(9)), "o=18&n=9");
        let cursor = format!("kind = \"cursor\"\nparameter = \"c\"\nnext = \"/c\"\n{size}");
        assert_eq!(asks(&cursor, &First, Some(9)), "n=9");
        assert_eq!(asks(&cursor, &Cursor("x".to_owned()), Some(9)), "c=x&n=9");
        assert_eq!(asks("kind = \"link\"", &Link("/x".to_owned()), None), "");
        assert_eq!(asks("kind = \"none\"", &First, Some(9)), "");
        let keyset = "kind = \"keyset\"\nfield = \"id\"\nparameter = \"after\"\n\
                      size = { parameter = \"header:Prefer\", template = \"maxpagesize={size}\", max = 9 }";
        assert_eq!(asks(keyset, &First, Some(9)), "header:Prefer=maxpagesize=9");
        assert_eq!(
            asks(keyset, &Position::After("\"a b\"".to_owned()), Some(9)),
            "after=a b&header:Prefer=maxpagesize=9"
        );
    }

    #[test]
    fn finds_the_key_of_a_record_as_it_is_written() {
        let record = r#"{"a/b":{"id":12345678901234567890123},"n":null,"s":"x\ty"}"#;
        assert_eq!(key(record, Some("/a~1b/id"), "id", "GET /x").unwrap(), "12345678901234567890123");
        assert_eq!(key(record, None, "s", "GET /x").unwrap(), r#""x\ty""#);
        for missing in ["n", "a/b", "z"] {
            assert!(key(record, None, missing, "GET /x").unwrap_err().message().contains(missing));
        }
    }

    #[test]
    fn a_counted_list_ends_with_an_empty_page_or_at_the_total() {
        let at = Place { before: 20, ..Place::start(Some(10)) };
        assert!(is_last(&at, 0, None, false));
        assert!(!is_last(&at, 3, None, false), "a short page alone is no sign");
        assert!(is_last(&at, 3, None, true));
        assert!(!is_last(&at, 10, None, true));
        assert!(is_last(&at, 10, Some(30), false));
        assert!(!is_last(&at, 10, Some(31), false));
    }

    #[test]
    fn reads_link_headers_as_they_are_written_in_the_wild() {
        for (header, expected) in [
            (r#"<https://a/x?p=2>; rel="next""#, Some("https://a/x?p=2")),
            (
                r#"<https://a/x?p=1>; rel="prev", <https://a/x?p=3>; rel="next", <https://a/x?p=9>; rel="last""#,
                Some("https://a/x?p=3"),
            ),
            (r"</x?a=1,2;3>;title=next; REL=Next", Some("/x?a=1,2;3")),
            (r#"</x>; rel="last next""#, Some("/x")),
            (r#"</x>; rel="nextish""#, None),
            (r#"</x>; rel="last""#, None),
            ("", None),
            ("<", None),
        ] {
            let headers = HeaderMap::from_iter([(LINK, HeaderValue::from_static(header))]);
            assert_eq!(next_link(&headers).as_deref(), expected, "{header}");
        }
        let mut two = HeaderMap::new();
        two.append(LINK, HeaderValue::from_static("</a>; rel=first"));
        two.append(LINK, HeaderValue::from_static("</b>; rel=next"));
        assert_eq!(next_link(&two).as_deref(), Some("/b"));
    }
}
