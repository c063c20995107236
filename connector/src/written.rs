//! A filter's value as an API reads it. A bound that cannot be written exactly is moved outward, never inward.

use appflow_sdk::filter::Value;
use appflow_sdk::protocol::FieldDataType;
use jiff::civil::{DateTime, Time};
use jiff::{SignedDuration, Span, ToSpan as _};

use crate::manifest::ValueFormat;

/// Digits that a binary fraction of 64 bits, and of 32 bits, holds in any case. A literal with more would be rounded by
/// the API before it compares.
const DOUBLE_DIGITS: usize = 15;
const FLOAT_DIGITS: usize = 6;

/// Which side of a value the wanted records lie on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// The value is a lower bound.
    Lower,
    /// The value is an upper bound.
    Upper,
    /// It is no bound; it must be sent exactly.
    Both,
}

/// What a value is to a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bound {
    pub(crate) side: Side,
    /// Whether the API's parameter leaves out records at the bound itself.
    pub(crate) is_left_out: bool,
    /// Whether the filter wants records at the bound itself.
    pub(crate) is_wanted: bool,
}

impl Bound {
    /// The value is compared for equality.
    pub(crate) const NONE: Self = Self { side: Side::Both, is_left_out: false, is_wanted: false };

    /// Whether the bound must be moved so that records at it come too.
    fn must_move(self) -> bool {
        self.is_left_out && self.is_wanted
    }
}

/// A value as the API reads it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) text: String,
    /// Whether it means exactly the value; else it lets more records through.
    pub(crate) is_exact: bool,
}

impl Written {
    fn exactly(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_exact: true }
    }

    fn roughly(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_exact: false }
    }
}

/// The text for a value of a field, or nothing when there is none that lets all the wanted records through.
pub(crate) fn written(
    data_type: &FieldDataType,
    format: Option<ValueFormat>,
    value: &Value,
    bound: Bound,
) -> Option<Written> {
    let is_time = matches!(data_type, FieldDataType::Date | FieldDataType::DateTime);
    if bound.must_move() && !is_time {
        return None;
    }
    match (data_type, value) {
        (FieldDataType::String | FieldDataType::List | FieldDataType::Map, Value::String(text)) => {
            Some(Written::exactly(text.as_str()))
        }
        (FieldDataType::Boolean, Value::Boolean(truth)) => Some(Written::exactly(truth.to_string())),
        (FieldDataType::Double, Value::Number(number)) if digits(number.as_str()) > DOUBLE_DIGITS => None,
        (FieldDataType::Float, Value::Number(number)) if digits(number.as_str()) > FLOAT_DIGITS => None,
        (numeric, Value::Number(number)) if numeric.is_numeric() => {
            Some(Written::exactly(number.to_decimal().as_str()))
        }
        (FieldDataType::Date, Value::Date(date)) => match format.unwrap_or(ValueFormat::Date) {
            ValueFormat::Date if !bound.must_move() => Some(Written::exactly(date.to_string())),
            format => moment(date.to_datetime(Time::midnight()), format, bound),
        },
        (FieldDataType::DateTime, Value::Date(date)) => {
            moment(date.to_datetime(Time::midnight()), format.unwrap_or(ValueFormat::Rfc3339), bound)
        }
        (FieldDataType::DateTime, Value::DateTime(instant)) => {
            moment(instant.to_utc(), format.unwrap_or(ValueFormat::Rfc3339), bound)
        }
        (FieldDataType::DateTime, Value::Number(number)) => {
            let milliseconds = SignedDuration::from_millis(number.as_str().parse().ok()?);
            let utc = epoch().checked_add(milliseconds).ok()?;
            moment(utc, format.unwrap_or(ValueFormat::Rfc3339), bound)
        }
        _ => None,
    }
}

/// How many digits of a number count.
fn digits(number: &str) -> usize {
    let mantissa = number.split(['e', 'E']).next().unwrap_or_default();
    mantissa.trim_start_matches(['-', '0', '.']).bytes().filter(u8::is_ascii_digit).count()
}

fn epoch() -> DateTime {
    DateTime::constant(1970, 1, 1, 0, 0, 0, 0)
}

/// A moment, in UTC.
fn moment(utc: DateTime, format: ValueFormat, bound: Bound) -> Option<Written> {
    let written = match format {
        ValueFormat::Rfc3339 if bound.must_move() => {
            // A whole second, because not every API looks at fractions.
            Written::roughly(format!("{}Z", outward(utc, 1.second(), bound.side)?))
        }
        ValueFormat::Rfc3339 => Written::exactly(format!("{utc}Z")),
        ValueFormat::EpochMs => whole(utc, 1_000_000, bound)?,
        ValueFormat::EpochS => whole(utc, 1_000_000_000, bound)?,
        ValueFormat::Second => {
            // As text, "10:15:30" sorts before "10:15:30Z" and "10:15:30.5Z": right for a lower bound, unless the API
            // leaves it out. An upper bound must be the next second.
            let second = utc.with().subsec_nanosecond(0).build().ok()?;
            Written::roughly(coarse(second, 1.second(), bound)?.to_string())
        }
        ValueFormat::Date => {
            let midnight = utc.date().to_datetime(Time::midnight());
            Written::roughly(coarse(midnight, 1.day(), bound)?.date().to_string())
        }
    };
    // Years before 0000 have a spelling that hardly any API reads.
    (!written.text.starts_with('-') || matches!(format, ValueFormat::EpochMs | ValueFormat::EpochS)).then_some(written)
}

/// A bound that was cut off to a unit below it.
fn coarse(cut: DateTime, unit: Span, bound: Bound) -> Option<DateTime> {
    match bound.side {
        Side::Lower if !bound.is_left_out => Some(cut),
        side => outward(cut, unit, side),
    }
}

/// A bound moved away from the wanted records.
fn outward(utc: DateTime, by: Span, side: Side) -> Option<DateTime> {
    match side {
        Side::Lower => utc.checked_sub(by).ok(),
        Side::Upper => utc.checked_add(by).ok(),
        Side::Both => None,
    }
}

/// Units since 1970.
fn whole(utc: DateTime, nanoseconds_in_unit: i128, bound: Bound) -> Option<Written> {
    let since = utc.duration_since(epoch()).as_nanos();
    let floor = since.div_euclid(nanoseconds_in_unit);
    if since.rem_euclid(nanoseconds_in_unit) == 0 && !bound.must_move() {
        return Some(Written::exactly(floor.to_string()));
    }
    let moved = match bound.side {
        Side::Lower if bound.is_left_out => floor - 1,
        Side::Lower => floor,
        Side::Upper => floor + 1,
        Side::Both => return None,
    };
    Some(Written::roughly(moved.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use appflow_sdk::filter::{Condition, Filter};

    /// What is sent to a parameter of operator `sent` for a filter `field operator value`; `~` marks a moved bound.
    #[track_caller]
    fn sent(data_type: &FieldDataType, format: Option<ValueFormat>, sent: &str, filter: &str) -> String {
        let Some(Condition::Compare { operator, value, .. }) = Filter::parse(filter).unwrap().condition else {
            panic!("{filter} is no comparison");
        };
        let side = match operator.symbol() {
            ">" | ">=" => Side::Lower,
            "<" | "<=" => Side::Upper,
            _ => Side::Both,
        };
        let bound =
            Bound { side, is_left_out: matches!(sent, ">" | "<"), is_wanted: matches!(operator.symbol(), ">=" | "<=") };
        match written(data_type, format, &value, bound) {
            Some(Written { text, is_exact: true }) => text,
            Some(Written { text, is_exact: false }) => format!("~{text}"),
            None => "nothing".to_owned(),
        }
    }

    #[test]
    fn writes_moments_in_each_format_and_moves_bounds_outward() {
        use ValueFormat::{Date, EpochMs, EpochS, Rfc3339, Second};
        for (format, operator, filter, expected) in [
            (Rfc3339, ">=", "t >= 2026-01-01T01:00:00.5+01:00", "2026-01-01T00:00:00.5Z"),
            (Rfc3339, ">", "t > 2026-01-01", "2026-01-01T00:00:00Z"),
            (Rfc3339, ">", "t >= 2026-01-01T00:00:00Z", "~2025-12-31T23:59:59Z"),
            (Rfc3339, "<", "t <= 2026-01-01T00:00:00Z", "~2026-01-01T00:00:01Z"),
            (Rfc3339, ">", "t >= 0000-01-01T00:00:00Z", "nothing"),
            (Rfc3339, "<", "t <= 9999-12-31T23:59:59Z", "nothing"),
            (EpochMs, ">=", "t >= 2026-01-01T00:00:00.001Z", "1767225600001"),
            (EpochMs, ">=", "t >= 1767225600001", "1767225600001"),
            (EpochMs, ">=", "t >= 2026-01-01T00:00:00.0015Z", "~1767225600001"),
            (EpochMs, ">", "t > 2026-01-01T00:00:00.0015Z", "~1767225600000"),
            (EpochMs, "<=", "t <= 2026-01-01T00:00:00.0015Z", "~1767225600002"),
            (EpochMs, "=", "t = 2026-01-01T00:00:00.0015Z", "nothing"),
            (EpochMs, ">=", "t >= 1969-12-31T23:59:59.9995Z", "~-1"),
            (EpochS, ">", "t >= 2026-01-01T00:00:00Z", "~1767225599"),
            (EpochS, "<", "t <= 2026-01-01T00:00:00Z", "~1767225601"),
            (Second, ">=", "t > 2026-01-01T00:00:00.5Z", "~2026-01-01T00:00:00"),
            (Second, ">", "t > 2026-01-01T00:00:00.5Z", "~2025-12-31T23:59:59"),
            (Second, "<=", "t <= 2026-01-01T00:00:00Z", "~2026-01-01T00:00:01"),
            (Second, "=", "t = 2026-01-01T00:00:00Z", "nothing"),
            (Date, ">=", "t >= 2026-01-01T12:00:00Z", "~2026-01-01"),
            (Date, ">", "t > 2026-01-01T12:00:00Z", "~2025-12-31"),
            (Date, "<=", "t <= 2026-12-31T12:00:00Z", "~2027-01-01"),
        ] {
            assert_eq!(sent(&FieldDataType::DateTime, Some(format), operator, filter), expected, "{format:?} {filter}");
        }
    }

    #[test]
    fn writes_days() {
        for (format, operator, filter, expected) in [
            (None, "=", "d = 2026-01-31", "2026-01-31"),
            (None, ">", "d > 2026-01-31", "2026-01-31"),
            (None, ">", "d >= 2026-01-31", "~2026-01-30"),
            (None, "<", "d <= 2026-01-31", "~2026-02-01"),
            (Some(ValueFormat::EpochS), "=", "d = 2026-01-01", "1767225600"),
            (Some(ValueFormat::Rfc3339), "=", "d = 2026-01-01", "2026-01-01T00:00:00Z"),
            (None, ">=", "d >= 2026-01-01T10:00:00Z", "nothing"),
        ] {
            assert_eq!(sent(&FieldDataType::Date, format, operator, filter), expected, "{format:?} {filter}");
        }
    }

    #[test]
    fn writes_only_numbers_that_the_api_can_hold() {
        use FieldDataType::{BigDecimal, Double, Float, Integer};
        assert_eq!(sent(&Integer, None, ">=", "n >= 007"), "7");
        assert_eq!(sent(&BigDecimal, None, "=", "n = 12345678901234567890.10"), "12345678901234567890.10");
        assert_eq!(sent(&Double, None, "=", "n = 0.123456789012345"), "0.123456789012345");
        assert_eq!(sent(&Double, None, "=", "n = 0.1234567890123456"), "nothing");
        assert_eq!(sent(&Float, None, "=", "n = 1.000001"), "nothing");
        assert_eq!(sent(&Integer, None, ">", "n >= 7"), "nothing");
    }

    #[test]
    fn writes_nothing_for_a_value_of_another_type() {
        assert_eq!(sent(&FieldDataType::String, None, "=", "s = 5"), "nothing");
        assert_eq!(sent(&FieldDataType::String, None, "=", "s = null"), "nothing");
        assert_eq!(sent(&FieldDataType::Boolean, None, "=", "b = 'true'"), "nothing");
        assert_eq!(sent(&FieldDataType::Boolean, None, "=", "b = true"), "true");
    }
}
