//! Which parts of a filter the API takes over, as query parameters, and which are left to be applied here.
//!
//! A part is taken off only when the API's parameter means exactly the same. When it lets more through, it is sent and
//! applied here once more. Everything else is applied here alone. No part is ever dropped.

use appflow_sdk::filter::{Comparison, Condition, Value};

use crate::address;
use crate::manifest::{Entity, FilterParameter, Paging};
use crate::written::{Bound, Side, written};

/// Longest text that one part of a filter adds to the query, in bytes. Servers refuse long addresses, and a part that is
/// applied here costs no more than records that are dropped.
const TEXT_LIMIT: usize = 2_000;

/// Most bytes that filter and choice of fields may take in a query whose next page is reached by a link: the link repeats
/// them, and the token that holds it has 2048 characters, which are 1536 bytes. The rest is for the link's own parts.
const LINK_LIMIT: usize = 800;

/// Whether more parameters may be sent beside others without making the links to the next pages too long.
pub(crate) fn fits(entity: &Entity, sent: &[(String, String)], more: &[(String, String)]) -> bool {
    let are_links = matches!(entity.paging, Paging::Link { .. });
    !are_links || address::encoded_length(sent) + address::encoded_length(more) <= LINK_LIMIT
}

/// A filter, divided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pushdown {
    /// What the API is asked, in the order of the filter; each parameter for one part only.
    pub(crate) parameters: Vec<(String, String)>,
    /// What is left to be applied here.
    pub(crate) remainder: Option<Condition>,
}

impl Pushdown {
    /// Divides a filter on an entity. The filter must fit the entity's fields.
    pub(crate) fn new(entity: &Entity, condition: Option<&Condition>) -> Self {
        let mut division = Self { parameters: Vec::new(), remainder: None };
        let parts = condition.map(Condition::conjuncts).unwrap_or_default();
        let left: Vec<_> = parts.iter().filter(|part| !division.take_over(entity, part)).cloned().collect();
        division.remainder = Condition::all(left);
        division
    }

    /// Sends what can be sent of a part; whether the API then does all of it.
    fn take_over(&mut self, entity: &Entity, part: &Condition) -> bool {
        match part {
            Condition::Compare { field, operator, value } => self.compare(entity, field, *operator, value),
            Condition::Between { field, lower, upper } => {
                // Both bounds belong to the range, as where it is applied here.
                let lower = self.compare(entity, field, Comparison::GreaterOrEqual, lower);
                let upper = self.compare(entity, field, Comparison::LessOrEqual, upper);
                lower && upper
            }
            Condition::In { field, values } => match values.as_slice() {
                [value] if *value != Value::Null && self.compare(entity, field, Comparison::Equal, value) => true,
                values => self.any_of(entity, field, values),
            },
            // The parameters of a list combine with "and" only.
            Condition::And(_) | Condition::Or(_) | Condition::Not(_) | Condition::Bare(_) => false,
        }
    }

    fn compare(&mut self, entity: &Entity, field: &str, operator: Comparison, value: &Value) -> bool {
        use Comparison::{Contains, Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
        // A bound may be sent to a parameter that takes the bound itself in, or leaves it out: moved a step outward, the
        // latter lets more through as well.
        let (side, neighbour) = match operator {
            Greater => (Side::Lower, Some(GreaterOrEqual)),
            GreaterOrEqual => (Side::Lower, Some(Greater)),
            Less => (Side::Upper, Some(LessOrEqual)),
            LessOrEqual => (Side::Upper, Some(Less)),
            Equal | NotEqual | Contains => (Side::Both, None),
        };
        let same = entity.filter(field, operator.symbol()).map(|rule| (rule, operator));
        let other = || neighbour.and_then(|other| Some((entity.filter(field, other.symbol())?, other)));
        let Some((rule, sent)) = same.or_else(other) else { return false };
        let bound = Bound {
            side,
            is_left_out: matches!(sent, Greater | Less),
            is_wanted: matches!(operator, GreaterOrEqual | LessOrEqual),
        };
        let Some(field) = entity.fields.get(field) else { return false };
        let Some(written) = written(&field.data_type, rule.format, value, bound) else { return false };
        self.send(entity, rule, vec![written.text]) && sent == operator && written.is_exact && !rule.wider
    }

    fn any_of(&mut self, entity: &Entity, field: &str, values: &[Value]) -> bool {
        let (Some(rule), Some(field)) = (entity.filter(field, "in"), entity.fields.get(field)) else { return false };
        let text = |value| Some(written(&field.data_type, rule.format, value, Bound::NONE)?.text);
        let Some(texts) = values.iter().map(text).collect::<Option<Vec<_>>>() else { return false };
        let texts = match &rule.separator {
            None => texts,
            Some(separator) if texts.iter().any(|text| text.contains(separator.as_str())) => return false,
            Some(separator) => vec![texts.join(separator)],
        };
        self.send(entity, rule, texts) && !rule.wider
    }

    /// Adds a parameter, unless it is in use: what an API makes of a parameter given twice is anybody's guess.
    fn send(&mut self, entity: &Entity, rule: &FilterParameter, texts: Vec<String>) -> bool {
        let is_used = self.parameters.iter().any(|(name, _)| *name == rule.parameter);
        let is_long = texts.iter().map(String::len).sum::<usize>() > TEXT_LIMIT;
        // Many APIs take an empty parameter for an absent one.
        let is_empty = texts.iter().any(String::is_empty);
        let parameters: Vec<_> = texts.into_iter().map(|text| (rule.parameter.clone(), text)).collect();
        if is_used || is_long || is_empty || !fits(entity, &self.parameters, &parameters) {
            return false;
        }
        self.parameters.extend(parameters);
        true
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::manifest::Manifest;
    use appflow_sdk::filter::Filter;

    const ENTITY: &str = r#"
path = "/orders"
[fields]
id = { type = "Integer", primary_key = true }
status = { type = "String" }
total = { type = "BigDecimal" }
score = { type = "Double" }
paid = { type = "Boolean" }
tags = { type = "List" }
day = { type = "Date" }
at = { type = "DateTime" }
[filters]
id = { "in" = { parameter = "ids", separator = "," }, "=" = "id" }
status = { "=" = "status", "!=" = "not", "contains" = { parameter = "like", wider = true }, "in" = "any" }
total = { ">" = "gt", ">=" = "gte", "<" = "lt", "<=" = "lte" }
score = { ">=" = "score" }
paid = { "=" = "paid" }
tags = { "contains" = "tag" }
day = { "=" = "day" }
at = { ">=" = "since", "<" = "before" }
"#;

    /// The query, and what remains.
    #[track_caller]
    fn divide(filter: &str) -> (String, String) {
        let entity: Entity = toml::from_str(ENTITY).unwrap();
        let condition = Filter::parse(filter).unwrap().condition;
        let division = Pushdown::new(&entity, condition.as_ref());
        let query = division.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
        (query.join("&"), division.remainder.map(|condition| condition.to_string()).unwrap_or_default())
    }

    #[track_caller]
    fn check(filter: &str, query: &str, remainder: &str) {
        assert_eq!(divide(filter), (query.to_owned(), remainder.to_owned()), "{filter}");
    }

    #[test]
    fn takes_over_what_the_api_does_exactly() {
        check("status = 'open' and total >= 007.50", "status=open&gte=7.50", "");
        check("paid = true and tags contains 'new'", "paid=true&tag=new", "");
        check("total between 1 and 2", "gte=1&lte=2", "");
        check("id in (1, 2, 3)", "ids=1,2,3", "");
        check("id in (1)", "id=1", "");
        check("status in ('a', 'b,c')", "any=a&any=b,c", "");
        check("day = 2026-01-31", "day=2026-01-31", "");
        check(
            "at >= 2026-01-31T10:00:00.5+01:00 and at < 2026-02-01",
            "since=2026-01-31T09:00:00.5Z&before=2026-02-01T00:00:00Z",
            "",
        );
        check("at >= 1000", "since=1970-01-01T00:00:01Z", "");
    }

    #[test]
    fn applies_again_what_the_api_does_roughly() {
        check("status contains 'a'", "like=a", "status contains 'a'");
        check("at > 2026-01-31T00:00:00Z", "since=2026-01-31T00:00:00Z", "at > 2026-01-31T00:00:00Z");
        check(
            "at between 2026-01-31T00:00:00Z and 2026-02-01T00:00:00Z",
            "since=2026-01-31T00:00:00Z&before=2026-02-01T00:00:01Z",
            "at between 2026-01-31T00:00:00Z and 2026-02-01T00:00:00Z",
        );
    }

    #[test]
    fn sends_each_parameter_once() {
        check("status = 'a' and status = 'b'", "status=a", "status = 'b'");
        check(
            "at > 2026-01-01 and at >= 2026-01-02",
            "since=2026-01-01T00:00:00Z",
            "at > 2026-01-01 and at >= 2026-01-02",
        );
    }

    #[test]
    fn keeps_what_the_api_cannot_do() {
        for filter in [
            "status = 'a' or status = 'b'",
            "not status = 'a'",
            "status = null",
            "status = ''",
            "status = 5",
            "id > 5",
            "status < 'a'",
            "id in (1, null)",
            "day >= 2026-01-01T10:00:00Z",
            "score >= 0.1234567890123456",
        ] {
            check(filter, "", filter);
        }
        check("score >= 0.123456789012345", "score=0.123456789012345", "");
        let long = format!("status = '{}'", "x".repeat(2001));
        check(&long, "", &long);
    }

    #[test]
    fn keeps_what_would_make_the_links_to_the_next_pages_too_long() {
        let text = ENTITY.replace("[fields]", "paging = { kind = \"link\" }\n[fields]");
        let entity: Entity = toml::from_str(&text).unwrap();
        let sent = |filter: &str| {
            let division = Pushdown::new(&entity, Filter::parse(filter).unwrap().condition.as_ref());
            let names = division.parameters.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
            (names.join(" "), division.remainder.is_some())
        };
        let words = "x".repeat(780);
        assert_eq!(sent(&format!("status = '{words}'")), ("status".to_owned(), false));
        assert_eq!(sent(&format!("status = '{words}' and total > 123456789")), ("status".to_owned(), true));
        let encoded = "\u{e9}".repeat(200);
        assert_eq!(sent(&format!("status = '{encoded}' and paid = true")), ("paid".to_owned(), true));
    }

    #[test]
    fn asks_datasette_only_what_it_compares_as_appflow_does() {
        let text = include_str!("../manifests/datasette.toml");
        let manifest = Manifest::parse(text, Path::new("datasette.toml")).unwrap();
        for (filter, query, is_left) in [
            ("updated_at >= 2026-06-01T00:00:00Z", "updated_at__gte=2026-06-01", true),
            ("updated_at > 2026-06-01T10:00:00Z", "updated_at__gte=2026-06-01", true),
            ("updated_at < 2026-06-01T10:00:00Z", "updated_at__lte=2026-06-02", true),
            ("status in ('[1', ' open')", "", true),
            ("id in (1, 2)", "id__in=1,2", false),
        ] {
            let condition = Filter::parse(filter).unwrap().condition;
            let division = Pushdown::new(&manifest.entities["orders"], condition.as_ref());
            let sent = division.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
            assert_eq!((sent.join("&").as_str(), division.remainder.is_some()), (query, is_left), "{filter}");
        }
    }

    #[test]
    fn keeps_a_list_whose_values_hold_the_separator() {
        let entity: Entity = toml::from_str(
            "path = \"/x\"\nfields = { s = { type = \"String\" } }\nfilters = { s = { in = { parameter = \"s\", separator = \",\" } } }",
        )
        .unwrap();
        let condition = Filter::parse("s in ('a,b', 'c')").unwrap().condition;
        let division = Pushdown::new(&entity, condition.as_ref());
        assert_eq!(division, Pushdown { parameters: Vec::new(), remainder: condition });
    }

    #[test]
    fn divides_nothing_into_nothing() {
        let entity: Entity = toml::from_str(ENTITY).unwrap();
        assert_eq!(Pushdown::new(&entity, None), Pushdown { parameters: Vec::new(), remainder: None });
    }
}
