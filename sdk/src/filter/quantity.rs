//! Numbers as quantities: which of two is greater, whatever their length and exponent.
//!
//! A filter may say `1e999999999`, and so may a record. Nothing here writes such a number out, computes with it or
//! rounds it, so that time and memory are those of its text.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use crate::protocol::Decimal;

/// An exact decimal number: however it is spelt, equal numbers are equal.
///
/// It is kept as `0.DIGITS × 10^exponent`, with no zero at either end of the digits.
///
/// ```
/// use appflow_sdk::filter::Quantity;
/// let price: Quantity = "0012.50".parse()?;
/// assert_eq!(price, "1.25e1".parse()?);
/// assert_eq!((price.to_decimal().as_str(), price.digits(), price.to_i64()), ("12.5", 3, None));
/// # Ok::<(), appflow_sdk::filter::NotAQuantity>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Quantity {
    negative: bool,
    /// Empty for zero, which has exponent 0 and no sign.
    digits: Box<str>,
    exponent: i128,
}

/// Why text is no [`Quantity`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotAQuantity {
    /// It is no number.
    Misspelt,
    /// Its exponent does not fit into 64 bits.
    Extreme,
}

impl fmt::Display for NotAQuantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Misspelt => "it is not a number; write digits such as -12.5",
            Self::Extreme => "its exponent does not fit into 64 bits",
        })
    }
}

impl std::error::Error for NotAQuantity {}

/// The longest number that [`Quantity::to_decimal`] writes without an exponent, in digits.
const PLAIN: usize = 40;

/// Greater than any count that fits into 64 bits.
const BEYOND: i128 = 10_i128.pow(30);

impl Quantity {
    /// How many digits it has, without the zeros at either end; none for zero.
    #[must_use]
    pub fn digits(&self) -> usize {
        self.digits.len()
    }

    /// The number for JSON: without an exponent if 40 digits suffice.
    #[must_use]
    pub fn to_decimal(&self) -> Decimal {
        let text = self.plain(PLAIN).unwrap_or_else(|| self.scientific());
        // Zero is what is left when text that is made of digits only is no number, which cannot be.
        text.parse().unwrap_or_else(|_| Decimal::from(0))
    }

    /// The number if it is whole and fits into 64 bits.
    #[must_use]
    pub fn to_i64(&self) -> Option<i64> {
        let (floor, is_exact) = self.floor();
        i64::try_from(floor).ok().filter(|_| is_exact)
    }

    /// The greatest whole number that is not greater, and whether it is the number itself. Numbers beyond all counts of
    /// 64 bits are cut off there.
    pub(super) fn floor(&self) -> (i128, bool) {
        let length = length(self.digits.len());
        let (cut, is_exact) = if self.exponent > 29 {
            (BEYOND, false)
        } else if self.exponent <= 0 {
            (0, self.digits.is_empty())
        } else {
            let whole = usize::try_from(self.exponent).unwrap_or_default();
            let digits: String = self.digits.chars().chain(std::iter::repeat('0')).take(whole).collect();
            (digits.parse().unwrap_or(BEYOND), length <= self.exponent)
        };
        match (self.negative, is_exact) {
            (false, _) => (cut, is_exact),
            (true, true) => (-cut, true),
            (true, false) => (-cut - 1, false),
        }
    }

    /// How many digits it has before the point, and after it, when it is written without an exponent.
    pub(super) fn places(&self) -> (i128, i128) {
        (self.exponent.max(0), (length(self.digits.len()) - self.exponent).max(0))
    }

    /// The number without an exponent, if it has no more digits than that.
    pub(super) fn plain(&self, most: usize) -> Option<String> {
        let (before, after) = self.places();
        let most = length(most);
        if before > most || after > most || before + after > most {
            return None;
        }
        let sign = if self.negative { "-" } else { "" };
        let before = usize::try_from(before).ok()?;
        let after = usize::try_from(after).ok()?;
        let digits = &*self.digits;
        let zeros = |count: usize| "0".repeat(count);
        let whole = digits.get(..before.min(digits.len())).unwrap_or_default();
        let whole = format!("{whole}{}", zeros(before - whole.len()));
        let whole = if whole.is_empty() { "0" } else { &whole };
        if after == 0 {
            return Some(format!("{sign}{whole}"));
        }
        let fraction = digits.get(before.min(digits.len())..).unwrap_or_default();
        Some(format!("{sign}{whole}.{}{fraction}", zeros(after - fraction.len())))
    }

    /// The number as `d.ddde±n`.
    fn scientific(&self) -> String {
        let sign = if self.negative { "-" } else { "" };
        let (first, rest) = self.digits.split_at_checked(1).unwrap_or(("0", ""));
        let point = if rest.is_empty() { "" } else { "." };
        format!("{sign}{first}{point}{rest}e{}", self.exponent - 1)
    }

    /// The nearest binary fraction, if every binary fraction that JSON tells apart from it is told apart from that: 15
    /// digits or fewer, far from the ends of the range.
    pub(super) fn to_f64(&self) -> Option<f64> {
        let is_safe = self.digits.len() <= 15 && (-300..=305).contains(&self.exponent);
        is_safe.then(|| self.scientific().parse().ok()).flatten()
    }

    /// Reads a number of JSON or of the filter language: leading zeros are fine.
    pub(crate) fn parse(text: &str) -> Result<Self, NotAQuantity> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(unsigned) => (true, unsigned),
            None => (false, text),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, Some(exponent)),
            None => (unsigned, None),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (mantissa, None),
        };
        if !is_digits(whole) || !fraction.is_none_or(is_digits) {
            return Err(NotAQuantity::Misspelt);
        }
        let exponent = exponent.map_or(Ok(0), parse_exponent)?;
        let all = [whole, fraction.unwrap_or_default()].concat();
        let significant = all.trim_start_matches('0');
        let digits = significant.trim_end_matches('0');
        if digits.is_empty() {
            return Ok(Self { negative: false, digits: Box::default(), exponent: 0 });
        }
        let leading_zeros = length(all.len() - significant.len());
        Ok(Self {
            negative,
            digits: digits.into(),
            exponent: i128::from(exponent) + length(whole.len()) - leading_zeros,
        })
    }

    fn compare_sizes(&self, other: &Self) -> Ordering {
        match (self.digits.is_empty(), other.digits.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            // Without zeros in front, the exponent decides; then the digits do, as if they were text.
            (false, false) => self.exponent.cmp(&other.exponent).then_with(|| self.digits.cmp(&other.digits)),
        }
    }
}

impl FromStr for Quantity {
    type Err = NotAQuantity;

    /// Reads a number of JSON; leading zeros are fine.
    fn from_str(text: &str) -> Result<Self, NotAQuantity> {
        Self::parse(text)
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.compare_sizes(other),
            (true, true) => other.compare_sizes(self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn parse_exponent(text: &str) -> Result<i64, NotAQuantity> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !is_digits(digits) {
        return Err(NotAQuantity::Misspelt);
    }
    text.parse().map_err(|_| NotAQuantity::Extreme)
}

/// A length as a number that exponents can be added to; text longer than that cannot exist.
fn length(length: usize) -> i128 {
    i128::try_from(length).unwrap_or(i128::from(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn quantity(text: &str) -> Quantity {
        Quantity::parse(text).unwrap()
    }

    #[test]
    fn spellings_of_one_number_are_equal() {
        for same in [
            &["0", "-0", "0.00", "0e9", "000", "-0e-5"][..],
            &["1", "1.0", "01", "10e-1", "0.1E+1", "0.0001e4"],
            &["-120", "-1.2e2", "-0120.000", "-12e1"],
            &["1e9000000000000000000", "10e8999999999999999999"],
        ] {
            for text in same {
                assert_eq!(quantity(text), quantity(same[0]), "{text}");
            }
        }
    }

    #[test]
    fn orders_numbers_that_a_binary_fraction_cannot_tell_apart() {
        let ascending = [
            "-1e9223372036854775807",
            "-10000000000000000000001",
            "-10000000000000000000000",
            "-2",
            "-1.5",
            "-0.09",
            "-1e-9223372036854775807",
            "0",
            "1e-9223372036854775807",
            "0.0900000000000000000000000000001",
            "0.1",
            "9",
            "10",
            "12321321431215498.1230129414039240234",
            "12321321431215498.1230129414039240235",
            "1e9223372036854775807",
        ];
        for (index, smaller) in ascending.iter().enumerate() {
            for greater in &ascending[index + 1..] {
                assert!(quantity(smaller) < quantity(greater), "{smaller} < {greater}");
            }
        }
    }

    #[test]
    fn writes_numbers_for_json_short_and_exact() {
        for (text, written) in [
            ("0", "0"),
            ("-0.0", "0"),
            ("007.50", "7.5"),
            ("-1200", "-1200"),
            ("0.00012", "0.00012"),
            ("1e39", "1000000000000000000000000000000000000000"),
            ("1e40", "1e40"),
            ("-12.5e-60", "-1.25e-59"),
            ("1e9223372036854775807", "1e9223372036854775807"),
        ] {
            assert_eq!(quantity(text).to_decimal().as_str(), written, "{text}");
            assert_eq!(quantity(written), quantity(text));
        }
    }

    #[test]
    fn finds_the_whole_number_below() {
        for (text, floor) in [
            ("0", (0, true)),
            ("7", (7, true)),
            ("7.5", (7, false)),
            ("-7.5", (-8, false)),
            ("-7", (-7, true)),
            ("0.001", (0, false)),
            ("-0.001", (-1, false)),
            ("1200", (1200, true)),
            ("9223372036854775808", (9_223_372_036_854_775_808, true)),
            ("1e99", (BEYOND, false)),
            ("-1e99", (-BEYOND - 1, false)),
        ] {
            assert_eq!(quantity(text).floor(), floor, "{text}");
        }
        assert_eq!(quantity("-9223372036854775808").to_i64(), Some(i64::MIN));
        assert_eq!(quantity("9223372036854775808").to_i64(), None);
        assert_eq!(quantity("1.5").to_i64(), None);
    }

    #[test]
    fn counts_the_places_around_the_point() {
        for (text, places) in [("0", (0, 0)), ("12.5", (2, 1)), ("0.0012", (0, 4)), ("1e5", (6, 0)), ("12e-1", (1, 1))]
        {
            assert_eq!(quantity(text).places(), places, "{text}");
        }
    }

    #[test]
    fn becomes_a_binary_fraction_only_where_nothing_is_lost() {
        assert_eq!(quantity("0.1").to_f64(), Some(0.1));
        assert_eq!(quantity("123456789012345").to_f64(), Some(123_456_789_012_345.0));
        for text in ["1234567890123456", "0.1000000000000001", "1e400", "1e-320"] {
            assert_eq!(quantity(text).to_f64(), None, "{text}");
        }
    }

    #[test]
    fn tells_what_is_no_number_from_what_is_too_extreme() {
        for text in ["", "-", "+1", ".5", "5.", "1e", "1e+", "NaN", "1 ", "0x1", "1.2.3", "--1", "1e1.5", "1e+-1"] {
            assert_eq!(Quantity::parse(text), Err(NotAQuantity::Misspelt), "{text:?}");
        }
        for text in ["1e9223372036854775808", "1e-9223372036854775809", "0e99999999999999999999"] {
            assert_eq!(Quantity::parse(text), Err(NotAQuantity::Extreme), "{text:?}");
        }
    }
}
