//! Comparisons with values that are a unit apart: whole numbers, days, milliseconds.
//!
//! A column of whole numbers can be asked for `> 1.5` by asking for `> 1`, and a column of dates for `< 2021-04-20T12:00`
//! by asking for `<= 2021-04-20`. So the question is exact although its value cannot be written in the column's unit.

use crate::filter::{Comparison, Moment, Quantity};

/// Nanoseconds in a day.
pub(super) const DAY: i128 = 86_400 * SECOND;
/// Nanoseconds in a second.
pub(super) const SECOND: i128 = 1_000 * MILLISECOND;
/// Nanoseconds in a millisecond.
pub(super) const MILLISECOND: i128 = 1_000 * MICROSECOND;
/// Nanoseconds in a microsecond.
pub(super) const MICROSECOND: i128 = 1_000;

/// Where a value lies among the values that are a unit apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// The unit at or below it.
    pub(super) floor: i128,
    /// Whether it is that unit.
    pub(super) is_exact: bool,
}

/// What a comparison with a value comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// A comparison with a whole number of units.
    Compare(Comparison, i128),
    /// Whatever is not null satisfies it.
    Always,
    /// Nothing satisfies it.
    Never,
}

impl Place {
    pub(super) fn of_number(number: &Quantity) -> Self {
        let (floor, is_exact) = number.floor();
        Self { floor, is_exact }
    }

    /// Among the multiples of a number of nanoseconds.
    pub(super) fn of_moment(moment: Moment, unit: i128) -> Self {
        let nanoseconds = moment.since_epoch().as_nanos();
        Self { floor: nanoseconds.div_euclid(unit), is_exact: nanoseconds.rem_euclid(unit) == 0 }
    }

    /// What a comparison with the value means for values that are whole units.
    pub(super) fn compare(self, operator: Comparison) -> Outcome {
        use Comparison::{Contains, Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
        let floor = self.floor;
        match (operator, self.is_exact) {
            (Contains, _) | (Equal, false) => Outcome::Never,
            (NotEqual, false) => Outcome::Always,
            (Less | LessOrEqual, false) => Outcome::Compare(LessOrEqual, floor),
            (Greater | GreaterOrEqual, false) => Outcome::Compare(Greater, floor),
            (operator, true) => Outcome::Compare(operator, floor),
        }
    }
}

impl Outcome {
    /// The same for values of 64 bits: what lies beyond them needs no comparison.
    pub(super) fn within_64_bits(self) -> Self {
        use Comparison::{Contains, Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
        let Self::Compare(operator, unit) = self else { return self };
        let is_above = unit > i128::from(i64::MAX);
        let is_below = unit < i128::from(i64::MIN);
        match operator {
            _ if !is_above && !is_below => self,
            NotEqual => Self::Always,
            Less | LessOrEqual if is_above => Self::Always,
            Greater | GreaterOrEqual if is_below => Self::Always,
            Equal | Contains | Less | LessOrEqual | Greater | GreaterOrEqual => Self::Never,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};

    #[track_caller]
    fn outcome(operator: Comparison, number: &str) -> Outcome {
        Place::of_number(&number.parse().unwrap()).compare(operator).within_64_bits()
    }

    #[test]
    fn a_value_between_two_units_moves_to_the_lower_one() {
        for (operator, number, expected) in [
            (Equal, "2", Outcome::Compare(Equal, 2)),
            (Equal, "1.5", Outcome::Never),
            (NotEqual, "1.5", Outcome::Always),
            (Less, "1.5", Outcome::Compare(LessOrEqual, 1)),
            (LessOrEqual, "-1.5", Outcome::Compare(LessOrEqual, -2)),
            (Greater, "1.5", Outcome::Compare(Greater, 1)),
            (GreaterOrEqual, "-1.5", Outcome::Compare(Greater, -2)),
            (GreaterOrEqual, "2.0", Outcome::Compare(GreaterOrEqual, 2)),
        ] {
            assert_eq!(outcome(operator, number), expected, "{operator:?} {number}");
        }
    }

    #[test]
    fn a_value_beyond_64_bits_needs_no_comparison() {
        for (operator, above, below) in [
            (Equal, Outcome::Never, Outcome::Never),
            (NotEqual, Outcome::Always, Outcome::Always),
            (Less, Outcome::Always, Outcome::Never),
            (LessOrEqual, Outcome::Always, Outcome::Never),
            (Greater, Outcome::Never, Outcome::Always),
            (GreaterOrEqual, Outcome::Never, Outcome::Always),
        ] {
            for exponent in ["9223372036854775808", "1e25", "1e400"] {
                assert_eq!(outcome(operator, exponent), above, "{operator:?} {exponent}");
            }
            for exponent in ["-9223372036854775809", "-1e25", "-1e400"] {
                assert_eq!(outcome(operator, exponent), below, "{operator:?} {exponent}");
            }
        }
        assert_eq!(outcome(Less, "9223372036854775807"), Outcome::Compare(Less, i128::from(i64::MAX)));
    }

    #[test]
    fn moments_before_1970_lie_above_their_unit_too() {
        let moment = Moment::new(jiff::SignedDuration::from_millis(-1));
        assert_eq!(Place::of_moment(moment, SECOND), Place { floor: -1, is_exact: false });
        assert_eq!(Place::of_moment(moment, MILLISECOND), Place { floor: -1, is_exact: true });
    }
}
