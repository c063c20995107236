//! Walks down to the wanted places of a JSON text and skips everything else. No tree is built.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::error::{PageError, PageErrorKind};
use super::layout::PageLayout;

/// What was found. Of a member that occurs twice the last counts.
#[derive(Debug, Default)]
pub(super) struct Found<'a> {
    pub(super) records: Records<'a>,
    pub(super) next: Option<&'a RawValue>,
    pub(super) total: Option<&'a RawValue>,
}

#[derive(Debug, Default)]
pub(super) enum Records<'a> {
    #[default]
    Missing,
    Array(Vec<&'a RawValue>),
    /// What stands there instead.
    Other(&'static str),
}

/// Finds what the layout names.
pub(super) fn walk<'a>(text: &'a str, layout: &PageLayout) -> Result<Found<'a>, PageError> {
    let mut found = Found::default();
    let places = [(Slot::Records, &layout.records), (Slot::Next, &layout.next), (Slot::Total, &layout.total)];
    let wanted = places.into_iter().filter_map(|(slot, steps)| Some((slot, steps.as_deref()?))).collect();
    let mut deserializer = serde_json::Deserializer::from_str(text.trim_start_matches('\u{feff}'));
    let read = Walk { wanted, found: &mut found }.deserialize(&mut deserializer).and_then(|()| deserializer.end());
    read.map_err(|error| PageErrorKind::NotJson {
        line: error.line(),
        column: error.column(),
        breaks_off: error.is_eof(),
    })?;
    Ok(found)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    Records,
    Next,
    Total,
}

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
        while let Some(key) = map.next_key::<Cow<'_, str>>()? {
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
