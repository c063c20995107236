//! Numbers as quantities: which of two is greater, whatever their length and exponent.
//!
//! A filter may say `1e999999999`, and so may a record. Nothing here writes such a number out, computes with it or
//! rounds it, so that time and memory are those of its text.

use std::cmp::Ordering;

/// A decimal number in normal form: `0.DIGITS × 10^exponent`, with no zero at either end of the digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Quantity {
    negative: bool,
    /// Empty for zero, which has exponent 0 and no sign.
    digits: Box<str>,
    exponent: i128,
}

/// Why text is no quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotAQuantity {
    /// It is no number.
    Misspelt,
    /// Its exponent does not fit into 64 bits.
    Extreme,
}

impl Quantity {
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
    fn tells_what_is_no_number_from_what_is_too_extreme() {
        for text in ["", "-", "+1", ".5", "5.", "1e", "1e+", "NaN", "1 ", "0x1", "1.2.3", "--1", "1e1.5", "1e+-1"] {
            assert_eq!(Quantity::parse(text), Err(NotAQuantity::Misspelt), "{text:?}");
        }
        for text in ["1e9223372036854775808", "1e-9223372036854775809", "0e99999999999999999999"] {
            assert_eq!(Quantity::parse(text), Err(NotAQuantity::Extreme), "{text:?}");
        }
    }
}
