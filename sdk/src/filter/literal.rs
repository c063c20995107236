//! Values as they are written in a filter.

use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};

use crate::protocol::Decimal;

/// A value on the right of an operator.
///
/// Equality is that of the spelling: `1` and `1.0` differ. What a value means for a field of a given type,
/// [`Evaluator`](super::Evaluator) decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`; only `=` and `!=` take one.
    Boolean(bool),
    /// A number.
    Number(Number),
    /// Text without its quotes, escapes undone.
    String(String),
    /// A calendar date, `2021-04-20`.
    Date(Date),
    /// A moment, `2021-04-20T12:30:45Z`.
    DateTime(Instant),
}

/// A number as it was written: digit by digit, of any length, never a binary fraction.
///
/// It is an optional minus sign, digits, an optional fraction and, beyond what the official SDKs read, an optional
/// exponent. Leading zeros are kept, because a text field may be compared with `01234`.
///
/// ```
/// use appflow_sdk::filter::Number;
/// let number: Number = "007.50".parse()?;
/// assert_eq!(number.as_str(), "007.50");
/// assert_eq!(number.to_decimal().as_str(), "7.50");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Number(Box<str>);

/// The text does not spell a number of the filter language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotANumberLiteral {
    text: String,
}

impl fmt::Display for NotANumberLiteral {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a number; write digits such as -12.5", self.text)
    }
}

impl std::error::Error for NotANumberLiteral {}

impl Number {
    /// The number's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number as JSON writes it: without leading zeros, otherwise the same digits.
    #[must_use]
    pub fn to_decimal(&self) -> Decimal {
        let (sign, digits) = match self.0.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", &*self.0),
        };
        let whole = digits.bytes().take_while(u8::is_ascii_digit).count();
        let zeros = digits.bytes().take_while(|&digit| digit == b'0').count().min(whole.saturating_sub(1));
        // Zero is what is left when text that this type has already checked is no JSON number, which cannot be.
        format!("{sign}{}", &digits[zeros..]).parse().unwrap_or_else(|_| Decimal::from(0))
    }

    /// How many bytes at the beginning of the text spell a number.
    pub(super) fn length_at_start(text: &str) -> Option<usize> {
        let digits = |from: usize| text.as_bytes()[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let sign = usize::from(text.starts_with('-'));
        let whole = digits(sign);
        if whole == 0 {
            return None;
        }
        let mut end = sign + whole;
        if text.as_bytes().get(end) == Some(&b'.') {
            let fraction = digits(end + 1);
            if fraction > 0 {
                end += 1 + fraction;
            }
        }
        if matches!(text.as_bytes().get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(text.as_bytes().get(end + 1), Some(b'+' | b'-')));
            let exponent = digits((end + 1 + sign).min(text.len()));
            if exponent > 0 {
                end += 1 + sign + exponent;
            }
        }
        Some(end)
    }
}

impl FromStr for Number {
    type Err = NotANumberLiteral;

    fn from_str(text: &str) -> Result<Self, NotANumberLiteral> {
        if Self::length_at_start(text) == Some(text.len()) {
            Ok(Self(text.into()))
        } else {
            Err(NotANumberLiteral { text: text.to_owned() })
        }
    }
}

impl From<i64> for Number {
    fn from(number: i64) -> Self {
        Self(number.to_string().into())
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A moment, to the nanosecond, in the years 0000 to 9999.
///
/// It is written in UTC whatever offset it was read with. The common mark for "never", `9999-12-31T23:59:59Z`, is in
/// range.
///
/// ```
/// use appflow_sdk::filter::Instant;
/// let instant: Instant = "2021-04-20T12:30:45.500+02:00".parse()?;
/// assert_eq!(instant.to_string(), "2021-04-20T10:30:45.5Z");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Instant(DateTime);

/// Why text does not spell a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotAnInstant {
    /// There is no such day in the calendar.
    NoSuchDay,
    /// An hour past 23, or a minute or second past 59.
    NoSuchTime,
    /// The time is not `hh:mm:ss`, with or without a fraction.
    IncompleteTime,
    /// More than nine digits after the second's point; the nanosecond is the finest that is told apart.
    TooFine,
    /// Neither `Z` nor an offset such as `+02:00` follows the time.
    NoZone,
    /// In UTC, it is before the year 0000 or after 9999.
    OutOfRange,
}

impl fmt::Display for NotAnInstant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSuchDay => "there is no such day in the calendar",
            Self::NoSuchTime => "there is no such time of day",
            Self::IncompleteTime => {
                "the time of day is not complete; write hours, minutes and seconds, as in T12:30:45"
            }
            Self::TooFine => "fractions of a second have at most nine digits",
            Self::NoZone => "the time zone is missing; append Z for UTC, or an offset such as +02:00",
            Self::OutOfRange => "in UTC it lies outside the years 0000 to 9999",
        })
    }
}

impl std::error::Error for NotAnInstant {}

impl Instant {
    /// The moment at which the UTC clock shows this date and time; none before the year 0000.
    #[must_use]
    pub fn from_utc(clock: DateTime) -> Option<Self> {
        (clock.year() >= 0).then_some(Self(clock))
    }

    /// What the UTC clock shows.
    #[must_use]
    pub fn to_utc(self) -> DateTime {
        self.0
    }

    pub(super) fn since_epoch(self) -> SignedDuration {
        since_epoch(self.0)
    }
}

/// The time from the beginning of 1970 to what a clock in UTC shows.
pub(super) fn since_epoch(clock: DateTime) -> SignedDuration {
    clock.duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0))
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}Z", self.0)
    }
}

impl FromStr for Instant {
    type Err = NotAnInstant;

    /// Reads `2021-04-20T12:30:45`, an optional fraction of a second, and `Z` or an offset such as `+02:00`.
    fn from_str(text: &str) -> Result<Self, NotAnInstant> {
        let (date, rest) = text.split_at_checked(10).ok_or(NotAnInstant::NoSuchDay)?;
        let date = parse_date(date).ok_or(NotAnInstant::NoSuchDay)?;
        let rest = rest.strip_prefix('T').ok_or(NotAnInstant::IncompleteTime)?;
        let (clock, rest) = rest.split_at_checked(8).ok_or(NotAnInstant::IncompleteTime)?;
        let [hour, minute, second] = clock_parts(clock).ok_or(NotAnInstant::IncompleteTime)?;
        let (nanosecond, zone) = fraction(rest)?;
        let time = Time::new(hour, minute, second, nanosecond).map_err(|_| NotAnInstant::NoSuchTime)?;
        let clock = date.to_datetime(time);
        let offset = offset(zone)?;
        let utc = clock.checked_sub(offset).map_err(|_| NotAnInstant::OutOfRange)?;
        Self::from_utc(utc).ok_or(NotAnInstant::OutOfRange)
    }
}

/// Reads exactly `YYYY-MM-DD`, if there is such a day.
pub(super) fn parse_date(text: &str) -> Option<Date> {
    let [year, month, day] = numbers_between(text, '-', [4, 2, 2])?;
    Date::new(year, month.try_into().ok()?, day.try_into().ok()?).ok()
}

fn clock_parts(text: &str) -> Option<[i8; 3]> {
    let [hour, minute, second] = numbers_between(text, ':', [2, 2, 2])?;
    Some([hour.try_into().ok()?, minute.try_into().ok()?, second.try_into().ok()?])
}

/// Reads unsigned numbers of fixed widths with a separator between them, and nothing else.
fn numbers_between<const N: usize>(text: &str, separator: char, widths: [usize; N]) -> Option<[i16; N]> {
    let mut parts = text.split(separator);
    let mut numbers = [0; N];
    for (number, width) in numbers.iter_mut().zip(widths) {
        let part = parts.next()?;
        if part.len() != width || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

/// Reads an optional fraction of a second; returns nanoseconds and what follows.
fn fraction(text: &str) -> Result<(i32, &str), NotAnInstant> {
    let Some(rest) = text.strip_prefix('.') else {
        return Ok((0, text));
    };
    let length = rest.bytes().take_while(u8::is_ascii_digit).count();
    if length == 0 {
        return Err(NotAnInstant::IncompleteTime);
    }
    let (digits, zone) = rest.split_at(length);
    let digits = digits.trim_end_matches('0');
    if digits.len() > 9 {
        return Err(NotAnInstant::TooFine);
    }
    let nanoseconds = format!("{digits:0<9}").parse().map_err(|_| NotAnInstant::TooFine)?;
    Ok((nanoseconds, zone))
}

/// Reads `Z` or `±hh:mm`.
pub(super) fn offset(text: &str) -> Result<SignedDuration, NotAnInstant> {
    if text == "Z" {
        return Ok(SignedDuration::ZERO);
    }
    let (sign, clock) = match text.split_at_checked(1) {
        Some(("+", clock)) => (1, clock),
        Some(("-", clock)) => (-1, clock),
        Some(_) | None => return Err(NotAnInstant::NoZone),
    };
    let [hours, minutes] = numbers_between(clock, ':', [2, 2]).ok_or(NotAnInstant::NoZone)?;
    if hours > 23 || minutes > 59 {
        return Err(NotAnInstant::NoSuchTime);
    }
    Ok(SignedDuration::from_mins(sign * (i64::from(hours) * 60 + i64::from(minutes))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn instant(text: &str) -> Instant {
        text.parse().unwrap()
    }

    #[test]
    fn a_number_keeps_its_spelling() {
        for text in ["0", "-0", "007", "12.500", "-3.14", "1e5", "1E-5", "1.5e+400", "123456789012345678901234567890"] {
            assert_eq!(text.parse::<Number>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn refuses_what_is_no_number() {
        for text in ["", "-", ".5", "5.", "+5", "0x1F", "1,000", "1e", "1e+", "- 1", "1 ", "1.e5", "ü"] {
            assert!(text.parse::<Number>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_number_becomes_json_by_losing_its_leading_zeros() {
        for (text, json) in
            [("007", "7"), ("-007.50", "-7.50"), ("000", "0"), ("-0", "-0"), ("00.5", "0.5"), ("0e1", "0e1")]
        {
            assert_eq!(text.parse::<Number>().unwrap().to_decimal().as_str(), json, "{text}");
        }
    }

    #[test]
    fn a_moment_is_written_in_utc() {
        assert_eq!(instant("2021-04-20T12:30:45Z").to_string(), "2021-04-20T12:30:45Z");
        assert_eq!(instant("2021-04-20T00:30:45.120-02:30").to_string(), "2021-04-20T03:00:45.12Z");
        assert_eq!(instant("2021-04-20T12:30:45.0000000000Z").to_string(), "2021-04-20T12:30:45Z");
    }

    #[test]
    fn the_mark_for_never_is_a_moment() {
        assert_eq!(instant("9999-12-31T23:59:59.999999999Z").to_string(), "9999-12-31T23:59:59.999999999Z");
        assert_eq!(instant("0000-01-01T00:00:00Z").to_string(), "0000-01-01T00:00:00Z");
    }

    #[test]
    fn says_what_is_wrong_with_a_moment() {
        for (text, error) in [
            ("2021-02-31T00:00:00Z", NotAnInstant::NoSuchDay),
            ("2021-04-00T00:00:00Z", NotAnInstant::NoSuchDay),
            ("", NotAnInstant::NoSuchDay),
            ("2021-04-20", NotAnInstant::IncompleteTime),
            ("2021-04-20T12:30Z", NotAnInstant::IncompleteTime),
            ("2021-04-20T12:30:45.Z", NotAnInstant::IncompleteTime),
            ("2021-04-20T24:00:00Z", NotAnInstant::NoSuchTime),
            ("2021-04-20T23:60:00Z", NotAnInstant::NoSuchTime),
            ("2021-04-20T23:59:60Z", NotAnInstant::NoSuchTime),
            ("2021-04-20T23:59:59+24:00", NotAnInstant::NoSuchTime),
            ("2021-04-20T12:30:45.1234567891Z", NotAnInstant::TooFine),
            ("2021-04-20T12:30:45", NotAnInstant::NoZone),
            ("2021-04-20T12:30:45z", NotAnInstant::NoZone),
            ("2021-04-20T12:30:45+0200", NotAnInstant::NoZone),
            ("9999-12-31T23:59:59-01:00", NotAnInstant::OutOfRange),
            ("0000-01-01T00:00:00+01:00", NotAnInstant::OutOfRange),
        ] {
            assert_eq!(text.parse::<Instant>(), Err(error), "{text}");
        }
    }

    #[test]
    fn moments_are_ordered_by_time_not_by_spelling() {
        assert!(instant("2021-04-20T12:00:00+02:00") < instant("2021-04-20T11:00:00Z"));
        assert_eq!(instant("2021-04-20T12:00:00+02:00"), instant("2021-04-20T10:00:00.000Z"));
    }
}
