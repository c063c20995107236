//! One answer of the API, taken apart in one pass: the records as slices of its text, and what leads on.

use std::fmt;

use appflow_sdk::ConnectorError;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::client::Answer;

/// Where things stand in an answer, as JSON pointers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layout {
    records: Vec<String>,
    next: Option<Vec<String>>,
    total: Option<Vec<String>>,
}

impl Layout {
    /// The places that the manifest names.
    pub(crate) fn new(records: &str, next: Option<&str>, total: Option<&str>) -> Self {
        Self { records: steps(records), next: next.map(steps), total: total.map(steps) }
    }
}

/// The unescaped steps of a JSON pointer.
fn steps(pointer: &str) -> Vec<String> {
    pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect()
}

/// What an answer holds.
#[derive(Debug)]
pub(crate) struct Page<'a> {
    /// The records' texts, each a JSON object.
    pub(crate) records: Vec<&'a RawValue>,
    /// What leads to the next page; not null and not empty.
    pub(crate) next: Option<String>,
    /// How many records there are in all.
    pub(crate) total: Option<u64>,
}

impl<'a> Page<'a> {
    /// Takes an answer apart.
    ///
    /// # Errors
    /// `ServerError` when it is not JSON, has no array where the records should be, or an element is not an object.
    pub(crate) fn read(answer: &'a Answer, layout: &Layout) -> Result<Self, ConnectorError> {
        let path = answer.url.path();
        let mut found = Found::default();
        let mut wanted = vec![(Slot::Records, layout.records.as_slice())];
        wanted.extend(layout.next.as_deref().map(|steps| (Slot::Next, steps)));
        wanted.extend(layout.total.as_deref().map(|steps| (Slot::Total, steps)));
        parse(answer, Walk { wanted, found: &mut found })?;

        let place = pointer(&layout.records);
        let records = match found.records {
            Records::Array(records) => records,
            Records::Other("null") => Vec::new(),
            Records::Other(kind) => {
                return Err(ConnectorError::server_error(format!(
                    "the answer to GET {path} has {kind} {place}, where the records should be an array"
                )));
            }
            Records::Missing => {
                return Err(ConnectorError::server_error(format!(
                    "the answer to GET {path} has nothing {place}, where the records should be"
                )));
            }
        };
        if let Some(index) = records.iter().position(|record| !record.get().starts_with('{')) {
            return Err(ConnectorError::server_error(format!(
                "record {index} of the answer to GET {path} is not a JSON object"
            )));
        }
        // An API that does not count says so with null.
        let total = found.total.filter(|total| total.get() != "null");
        let total = total.map(|total| total.get().trim_matches('"').parse());
        let total = total.transpose().map_err(|error| {
            ConnectorError::server_error(format!("the answer to GET {path} gives a total that is no number"))
                .with_source(error)
        })?;
        Ok(Self { records, next: found.next.map(|next| text(next, path)).transpose()?.flatten(), total })
    }

    /// A number that tells two pages apart: the count of records, the first and the last.
    pub(crate) fn fingerprint(&self) -> Option<u64> {
        let (first, last) = (self.records.first()?, self.records.last()?);
        let count = self.records.len().to_le_bytes();
        let parts = count.iter().chain(first.get().as_bytes()).chain(&[0]).chain(last.get().as_bytes());
        // FNV-1a: the same in every process and version, unlike the hashers of the standard library.
        Some(parts.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)))
    }
}

/// The one record of an answer.
///
/// # Errors
/// `ServerError` when it is not JSON or has no object there.
pub(crate) fn single<'a>(answer: &'a Answer, record: &str) -> Result<&'a RawValue, ConnectorError> {
    let mut found = Found::default();
    let steps = steps(record);
    parse(answer, Walk { wanted: vec![(Slot::Next, &steps)], found: &mut found })?;
    found.next.filter(|record| record.get().starts_with('{')).ok_or_else(|| {
        ConnectorError::server_error(format!(
            "the answer to GET {} has no object {}, where the record should be",
            answer.url.path(),
            pointer(&steps)
        ))
    })
}

fn parse<'a>(answer: &'a Answer, walk: Walk<'a, '_>) -> Result<(), ConnectorError> {
    let path = answer.url.path();
    let not_json = |what: &str| {
        ConnectorError::server_error(format!(
            "the answer to GET {path} is {} and {what}, where JSON was expected",
            answer.content_type()
        ))
    };
    let body = std::str::from_utf8(&answer.body).map_err(|error| not_json("not UTF-8").with_source(error))?;
    let mut deserializer = serde_json::Deserializer::from_str(body.trim_start_matches('\u{feff}'));
    let read = walk.deserialize(&mut deserializer).and_then(|()| deserializer.end());
    read.map_err(|error| {
        let place = format!("line {} column {}", error.line(), error.column());
        let what = if error.is_eof() { format!("breaks off at {place}") } else { format!("is not JSON at {place}") };
        not_json(&what).with_source(error)
    })
}

/// A place, for messages.
fn pointer(steps: &[String]) -> String {
    if steps.is_empty() {
        return "at its top".to_owned();
    }
    let steps = steps.iter().map(|step| step.replace('~', "~0").replace('/', "~1"));
    format!("at /{}", steps.collect::<Vec<_>>().join("/"))
}

/// The text that leads on: text or a number; null, false and empty text mean that nothing does.
fn text(raw: &RawValue, path: &str) -> Result<Option<String>, ConnectorError> {
    match raw.get().as_bytes().first() {
        Some(b'n' | b'f') => Ok(None),
        Some(b'"') => {
            let text: String = serde_json::from_str(raw.get()).map_err(|error| {
                ConnectorError::server_error(format!("the answer to GET {path} has a cursor that is no text"))
                    .with_source(error)
            })?;
            Ok((!text.is_empty()).then_some(text))
        }
        Some(b'-' | b'0'..=b'9') => Ok(Some(raw.get().to_owned())),
        _ => Err(ConnectorError::server_error(format!(
            "the answer to GET {path} leads to the next page by something other than text or a number"
        ))),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    Records,
    Next,
    Total,
}

#[derive(Debug, Default)]
struct Found<'a> {
    records: Records<'a>,
    next: Option<&'a RawValue>,
    total: Option<&'a RawValue>,
}

#[derive(Debug, Default)]
enum Records<'a> {
    #[default]
    Missing,
    Array(Vec<&'a RawValue>),
    /// What stands there instead.
    Other(&'static str),
}

/// Walks down to the wanted places and skips everything else. No tree is built.
struct Walk<'a, 'w> {
    /// What is wanted below the place where the walk is, and the steps that remain to it.
    wanted: Vec<(Slot, &'w [String])>,
    found: &'w mut Found<'a>,
}

impl<'w> Walk<'_, 'w> {
    /// What is wanted below a member.
    fn below(&self, name: &str) -> Vec<(Slot, &'w [String])> {
        let wanted = self.wanted.iter().filter_map(|(slot, steps)| {
            let (first, rest) = steps.split_first()?;
            (first == name).then_some((*slot, rest))
        });
        wanted.collect()
    }
}

impl<'a> DeserializeSeed<'a> for Walk<'a, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.wanted.iter().find(|(_, steps)| steps.is_empty()) {
            None => deserializer.deserialize_any(self),
            Some((Slot::Records, _)) => {
                self.found.records = deserializer.deserialize_any(Collect)?;
                Ok(())
            }
            Some((Slot::Next, _)) => {
                self.found.next = Some(serde::Deserialize::deserialize(deserializer)?);
                Ok(())
            }
            Some((Slot::Total, _)) => {
                self.found.total = Some(serde::Deserialize::deserialize(deserializer)?);
                Ok(())
            }
        }
    }
}

/// A scalar holds none of the wanted places.
macro_rules! nothing_below {
    ($($visit:ident($value:ty)),+) => {
        $(fn $visit<E>(self, _: $value) -> Result<(), E> {
            Ok(())
        })+
    };
}

impl<'a> Visitor<'a> for Walk<'a, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    nothing_below!(visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64), visit_str(&str));

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<std::borrow::Cow<'_, str>>()? {
            let wanted = self.below(&key);
            if wanted.is_empty() {
                map.next_value::<IgnoredAny>()?;
            } else {
                map.next_value_seed(Walk { wanted, found: &mut *self.found })?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut elements: A) -> Result<(), A::Error> {
        for index in 0_usize.. {
            let wanted = self.below(&index.to_string());
            let element = if wanted.is_empty() {
                elements.next_element::<IgnoredAny>()?.map(|_| ())
            } else {
                elements.next_element_seed(Walk { wanted, found: &mut *self.found })?
            };
            if element.is_none() {
                break;
            }
        }
        Ok(())
    }
}

/// Reads the array of records, or says what stands in its place.
struct Collect;

macro_rules! other {
    ($($visit:ident($value:ty) => $kind:literal),+ $(,)?) => {
        $(fn $visit<E>(self, _: $value) -> Result<Records<'a>, E> {
            Ok(Records::Other($kind))
        })+
    };
}

impl<'a> Visitor<'a> for Collect {
    type Value = Records<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of records")
    }

    other!(
        visit_bool(bool) => "a boolean",
        visit_i64(i64) => "a number",
        visit_u64(u64) => "a number",
        visit_f64(f64) => "a number",
        visit_str(&str) => "text",
    );

    fn visit_unit<E>(self) -> Result<Records<'a>, E> {
        Ok(Records::Other("null"))
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Records<'a>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Records::Other("an object"))
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut elements: A) -> Result<Records<'a>, A::Error> {
        let mut records = Vec::new();
        while let Some(record) = elements.next_element()? {
            records.push(record);
        }
        Ok(Records::Array(records))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderMap;
    use url::Url;

    fn answer(body: &str) -> Answer {
        let url = Url::parse("https://a.example/orders?x=1").unwrap();
        Answer { url, status: 200, headers: HeaderMap::new(), body: body.as_bytes().to_vec() }
    }

    /// Records, what leads on, and the total.
    type Read = (Vec<String>, Option<String>, Option<u64>);

    #[track_caller]
    fn read(body: &str, records: &str, next: Option<&str>, total: Option<&str>) -> Result<Read, String> {
        let answer = answer(body);
        let page = Page::read(&answer, &Layout::new(records, next, total)).map_err(|error| {
            assert_eq!(error.code().as_str(), "ServerError");
            error.message().to_owned()
        })?;
        let records = page.records.iter().map(|record| record.get().to_owned()).collect();
        Ok((records, page.next, page.total))
    }

    #[test]
    fn finds_records_cursor_and_total_wherever_they_stand() {
        let records = vec!["{\"id\": 1.10}".to_owned(), "{}".to_owned()];
        assert_eq!(read("[{\"id\": 1.10}, {}]", "", None, None), Ok((records.clone(), None, None)));
        let body = "\u{feff} {\"a\":{\"n\":\"c\\u0020d\",\"x/y\":[0,[{\"id\": 1.10},{}]]},\"total\":\"7\",\"z\":[[]]}";
        assert_eq!(
            read(body, "/a/x~1y/1", Some("/a/n"), Some("/total")),
            Ok((records, Some("c d".to_owned()), Some(7)))
        );
    }

    #[test]
    fn nothing_leads_on_from_the_last_page() {
        for end in ["null", "\"\"", "false"] {
            let body = format!("{{\"d\":[],\"n\":{end}}}");
            assert_eq!(read(&body, "/d", Some("/n"), None), Ok((vec![], None, None)), "{end}");
        }
        assert_eq!(read("{\"d\":[]}", "/d", Some("/n/m"), None), Ok((vec![], None, None)));
        let number = read("{\"d\":[],\"n\":123456789012345678901}", "/d", Some("/n"), None);
        assert_eq!(number, Ok((vec![], Some("123456789012345678901".to_owned()), None)));
        assert!(read("{\"d\":[],\"n\":{}}", "/d", Some("/n"), None).is_err());
    }

    #[test]
    fn takes_a_total_of_null_for_an_unknown_one() {
        assert_eq!(read("{\"d\":[],\"t\":null}", "/d", None, Some("/t")), Ok((vec![], None, None)));
    }

    #[test]
    fn takes_null_for_an_empty_page() {
        assert_eq!(read("{\"d\":null}", "/d", None, None), Ok((vec![], None, None)));
    }

    #[test]
    fn says_what_stands_in_the_place_of_the_records() {
        for (body, pointer, expected) in [
            ("{\"d\":{}}", "/d", "the answer to GET /orders has an object at /d, where the records should be an array"),
            ("{\"d\":\"x\"}", "/d", "the answer to GET /orders has text at /d, where the records should be an array"),
            ("{\"e\":[]}", "/d", "the answer to GET /orders has nothing at /d, where the records should be"),
            ("7", "/d", "the answer to GET /orders has nothing at /d, where the records should be"),
            (
                "{\"d\":[]}",
                "",
                "the answer to GET /orders has an object at its top, where the records should be an array",
            ),
            ("[{},7]", "", "record 1 of the answer to GET /orders is not a JSON object"),
        ] {
            assert_eq!(read(body, pointer, None, None), Err(expected.to_owned()), "{body}");
        }
        assert!(read("{\"d\":[],\"t\":\"many\"}", "/d", None, Some("/t")).unwrap_err().contains("total"));
    }

    #[test]
    fn says_where_an_answer_is_not_json() {
        let html = read("<html>secret</html>", "", None, None).unwrap_err();
        assert_eq!(
            html,
            "the answer to GET /orders is an unnamed type and is not JSON at line 1 column 1, where JSON was expected"
        );
        assert!(read("[{\"id\":1}, {\"id\"", "", None, None).unwrap_err().contains("breaks off at line 1 column 16"));
        assert!(read("[] []", "", None, None).is_err());
        assert!(read("", "", None, None).unwrap_err().contains("breaks off"));
        let mut latin = answer("");
        latin.body = b"[{\"a\":\"\xfc\"}]".to_vec();
        assert!(Page::read(&latin, &Layout::new("", None, None)).unwrap_err().message().contains("not UTF-8"));
    }

    #[test]
    fn finds_a_single_record() {
        let plain = answer(" {\"id\":1} ");
        assert_eq!(single(&plain, "").unwrap().get(), "{\"id\":1}");
        let nested = answer("{\"data\":{\"id\":1}}");
        assert_eq!(single(&nested, "/data").unwrap().get(), "{\"id\":1}");
        assert!(single(&nested, "/record").unwrap_err().message().contains("at /record"));
        assert!(single(&answer("[]"), "").is_err());
    }

    #[test]
    fn tells_pages_apart() {
        let fingerprint = |body: &str| Page::read(&answer(body), &Layout::new("", None, None)).unwrap().fingerprint();
        assert_eq!(fingerprint("[]"), None);
        assert_eq!(fingerprint("[{\"a\":1},{\"b\":2}]"), fingerprint("[ {\"a\":1} , {\"b\":2} ]"));
        assert_ne!(fingerprint("[{\"a\":1}]"), fingerprint("[{\"a\":1},{\"a\":1}]"));
        assert_ne!(fingerprint("[{\"a\":1}]"), fingerprint("[{\"a\":2}]"));
    }
}
