//! Reads one member of a record as its field's type has it.
//!
//! Members are read as leniently as is unambiguous, because source systems differ: a number or a boolean may stand in
//! quotes, text may be a bare number. Nothing is read as something else in silence.

use std::borrow::Cow;
use std::collections::HashMap;

use jiff::SignedDuration;
use jiff::fmt::temporal::Pieces;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::protocol::FieldDataType;

use super::evaluate::EvaluateErrorKind;
use super::literal;
use super::quantity::{NotAQuantity, Quantity};
use super::typed::Moment;

/// The four ways in which single values compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ScalarKind {
    Boolean,
    Number,
    /// By code point.
    Text,
    /// As the time that has passed since the beginning of 1970.
    Moment,
}

impl ScalarKind {
    /// How values of the type compare; none for those that are not single values.
    pub(super) fn of(data_type: &FieldDataType) -> Option<Self> {
        match data_type {
            FieldDataType::Boolean => Some(Self::Boolean),
            FieldDataType::String => Some(Self::Text),
            FieldDataType::Date | FieldDataType::DateTime => Some(Self::Moment),
            FieldDataType::Integer
            | FieldDataType::Float
            | FieldDataType::Double
            | FieldDataType::Long
            | FieldDataType::Short
            | FieldDataType::BigInteger
            | FieldDataType::BigDecimal => Some(Self::Number),
            FieldDataType::ByteArray
            | FieldDataType::Struct
            | FieldDataType::Map
            | FieldDataType::List
            | FieldDataType::Unknown(_) => None,
        }
    }
}

/// A single value of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scalar<'a> {
    Boolean(bool),
    Number(Quantity),
    Text(Cow<'a, str>),
    Moment(SignedDuration),
}

impl<'a> Scalar<'a> {
    /// Reads a member that is not null.
    pub(super) fn read(raw: &'a RawValue, kind: ScalarKind) -> Result<Self, EvaluateErrorKind> {
        let text = raw.get();
        let expected = match kind {
            ScalarKind::Boolean => "true or false",
            ScalarKind::Number => "a number",
            ScalarKind::Text => "text",
            ScalarKind::Moment => "text with a date or a date and time",
        };
        let wrong = EvaluateErrorKind::WrongType { expected, found: json_type(text) };
        match (kind, json_type(text)) {
            (ScalarKind::Boolean, "a boolean") => Ok(Self::Boolean(text == "true")),
            (ScalarKind::Boolean, "text") => boolean(&string(raw)?).map(Self::Boolean).ok_or(wrong),
            (ScalarKind::Number, "a number") => quantity(text, wrong).map(Self::Number),
            (ScalarKind::Number, "text") => quantity(&string(raw)?, wrong).map(Self::Number),
            (ScalarKind::Text, "text") => string(raw).map(Self::Text),
            (ScalarKind::Text, "a number" | "a boolean") => Ok(Self::Text(Cow::Borrowed(text))),
            (ScalarKind::Moment, "text") => {
                moment(&string(raw)?).map(Self::Moment).ok_or(EvaluateErrorKind::NotAMoment)
            }
            _ => Err(wrong),
        }
    }
}

/// What `contains` looks for in lists and maps, whose elements can have any type.
///
/// A number is found by its size, a date or moment by its time, and anything by its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    pub(super) text: String,
    pub(super) quantity: Option<Quantity>,
    pub(super) moment: Option<Moment>,
}

impl Element {
    /// Its text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The number it is, if the filter has it without quotes.
    #[must_use]
    pub fn number(&self) -> Option<&Quantity> {
        self.quantity.as_ref()
    }

    /// The moment it is, if the filter has a date or a date and time without quotes.
    #[must_use]
    pub fn moment(&self) -> Option<Moment> {
        self.moment
    }

    /// Whether it is an element of the array.
    pub(super) fn is_in_list(&self, raw: &RawValue) -> Result<bool, EvaluateErrorKind> {
        let wrong = EvaluateErrorKind::WrongType { expected: "an array", found: json_type(raw.get()) };
        let elements: Vec<&RawValue> = serde_json::from_str(raw.get()).map_err(|_| wrong)?;
        elements.into_iter().map(|element| self.is(element)).find(|found| *found != Ok(false)).unwrap_or(Ok(false))
    }

    /// Whether it is a key or a value of the object.
    pub(super) fn is_in_map(&self, raw: &RawValue) -> Result<bool, EvaluateErrorKind> {
        let wrong = EvaluateErrorKind::WrongType { expected: "an object", found: json_type(raw.get()) };
        let members: HashMap<Text<'_>, &RawValue> = serde_json::from_str(raw.get()).map_err(|_| wrong)?;
        if members.keys().any(|key| key.0 == self.text) {
            return Ok(true);
        }
        members.into_values().map(|value| self.is(value)).find(|found| *found != Ok(false)).unwrap_or(Ok(false))
    }

    fn is(&self, raw: &RawValue) -> Result<bool, EvaluateErrorKind> {
        let text = raw.get();
        match json_type(text) {
            "text" => {
                let text = string(raw)?;
                Ok(text == self.text || self.moment.is_some_and(|sought| moment(&text) == Some(sought.since_epoch())))
            }
            "a number" => match &self.quantity {
                Some(sought) => Ok(Quantity::parse(text).as_ref() == Ok(sought)),
                None => Ok(text == self.text),
            },
            "a boolean" => Ok(text == self.text),
            _ => Ok(false),
        }
    }
}

/// A boolean in text, in any mixture of cases.
pub(super) fn boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// A date, or a date and time, as records have it: fraction, seconds and offset may be missing, and without an offset
/// it is UTC. A date stands for its first moment.
pub(super) fn moment(text: &str) -> Option<SignedDuration> {
    let (clock, offset) = if let Some(pieces) = moment_pieces(text) {
        pieces
    } else {
        let (date, zone) = text.split_at_checked(10)?;
        let midnight = literal::parse_date(date)?.to_datetime(jiff::civil::Time::midnight());
        (midnight, literal::offset(zone).ok()?)
    };
    literal::since_epoch(clock).checked_sub(offset)
}

fn moment_pieces(text: &str) -> Option<(jiff::civil::DateTime, SignedDuration)> {
    let pieces = Pieces::parse(text).ok()?;
    let clock = pieces.date().to_datetime(pieces.time().unwrap_or_default());
    let offset = match (pieces.to_numeric_offset(), pieces.time_zone_annotation()) {
        (Some(offset), _) => SignedDuration::from_secs(i64::from(offset.seconds())),
        (None, None) => SignedDuration::ZERO,
        // The name of a zone alone: what it means depends on a database that is not here.
        (None, Some(_)) => return None,
    };
    Some((clock, offset))
}

fn quantity(text: &str, wrong: EvaluateErrorKind) -> Result<Quantity, EvaluateErrorKind> {
    Quantity::parse(text).map_err(|error| match error {
        NotAQuantity::Misspelt => wrong,
        NotAQuantity::Extreme => EvaluateErrorKind::ExtremeNumber,
    })
}

/// Text of JSON, borrowed where it has no escapes.
#[derive(Deserialize, PartialEq, Eq, Hash)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

fn string(raw: &RawValue) -> Result<Cow<'_, str>, EvaluateErrorKind> {
    let text: Text<'_> = serde_json::from_str(raw.get()).map_err(|_| EvaluateErrorKind::InvalidText)?;
    Ok(text.0)
}

fn json_type(text: &str) -> &'static str {
    match text.bytes().next() {
        Some(b'"') => "text",
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') | None => "null",
        Some(_) => "a number",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_forms_of_a_moment_that_records_have() {
        let noon = SignedDuration::from_secs(1_618_920_000);
        for text in [
            "2021-04-20T12:00:00Z",
            "2021-04-20T12:00Z",
            "2021-04-20T12:00:00",
            "2021-04-20T12:00:00.000",
            "2021-04-20T14:00:00.000+02:00",
            "2021-04-20T14:00:00+0200",
            "2021-04-20 12:00:00",
            "2021-04-20T14:00:00+02:00[Europe/Paris]",
        ] {
            assert_eq!(moment(text), Some(noon), "{text}");
        }
        let midnight = noon - SignedDuration::from_hours(12);
        for text in ["2021-04-20", "2021-04-20Z", "2021-04-20+00:00"] {
            assert_eq!(moment(text), Some(midnight), "{text}");
        }
        assert_eq!(moment("2021-04-20+01:00"), Some(midnight - SignedDuration::from_hours(1)));
    }

    #[test]
    fn an_offset_may_lead_past_the_last_year() {
        assert!(moment("9999-12-31T23:59:59-12:00") > moment("9999-12-31T23:59:59Z"));
        assert!(moment("9999-12-31T23:59:59Z").is_some());
    }

    #[test]
    fn does_not_guess_at_other_forms() {
        for text in ["", "today", "20.04.2021", "2021-02-31", "2021-04-20T24:00:00Z", "2021-04-20T12:00[Europe/Paris]"]
        {
            assert_eq!(moment(text), None, "{text}");
        }
    }
}
