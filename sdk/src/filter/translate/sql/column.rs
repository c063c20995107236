//! Columns and how they store values: what makes a comparison in the database mean the same as one here.

use jiff::SignedDuration;
use jiff::civil::DateTime;

use super::super::grid::{self, Outcome, Place};
use super::{SqlDialect, SqlParameter};
use crate::filter::{Comparison, TypedValue};
use crate::protocol::FieldDataType;

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlColumn {
    name: String,
    storage: SqlStorage,
}

impl SqlColumn {
    /// A column with its name, quoted nowhere yet, and its storage.
    #[must_use]
    pub fn new(name: impl Into<String>, storage: SqlStorage) -> Self {
        Self { name: name.into(), storage }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn storage(&self) -> SqlStorage {
        self.storage
    }
}

/// How a column stores the values of a field.
///
/// What is pushed is exact if the column holds what the storage says and the connector's records show the same values:
/// SQL's null as null or not at all, text unchanged, numbers with the digits that the database shows, moments in UTC or
/// with an offset. A column that may hold `NaN`, an infinity or a date like `0000-00-00`, for which records have no
/// value, and one that pads or trims its text, such as `CHAR(n)`, is [`Opaque`](Self::Opaque).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SqlStorage {
    /// Nothing is known of it; every test of it is left.
    Opaque,
    /// A boolean, or the integers 0 and 1 where the database has no type for it. Usual for `Boolean`.
    Boolean,
    /// Signed integers of at most 64 bits. Usual for `Short`, `Integer` and `Long`.
    Integer,
    /// Exact decimal fractions, `numeric` or `DECIMAL`. Usual for `BigInteger` and `BigDecimal`. SQLite has none: it keeps
    /// what is declared so as integers or binary fractions, so that there it is [`Integer`](Self::Integer) or
    /// [`Double`](Self::Double), whichever the column really holds.
    Decimal,
    /// Binary fractions of 64 bits, which records show with as few digits as tell them apart. Usual for `Double`. Values
    /// of more than 15 digits are left, because the database would round them.
    Double,
    /// Text, in UTF-8. Usual for `String`. It is compared by code point whatever the column's collation, which an
    /// index may not support.
    Text,
    /// The database's own type of dates; not in SQLite. Usual for `Date` there.
    Date,
    /// The database's own type of dates and times without a zone, in UTC, to the microsecond; not in SQLite. In `MySQL`
    /// `DATETIME`, and `TIMESTAMP` in sessions whose time zone is UTC.
    Timestamp,
    /// `PostgreSQL`'s `timestamptz`.
    TimestampWithZone,
    /// Seconds since 1970, an integer of at most 64 bits.
    EpochSeconds,
    /// Milliseconds since 1970, an integer of at most 64 bits.
    EpochMilliseconds,
    /// Text like `2021-04-20`.
    IsoDate,
    /// Text like `2021-04-20T12:30:45Z`, always in UTC, never with a fraction.
    IsoSeconds,
    /// Text like `2021-04-20T12:30:45.000Z`, always in UTC, always with three digits after the point.
    IsoMilliseconds,
}

impl SqlStorage {
    /// The storage of a field of which nothing else is said.
    pub(super) fn usual(dialect: SqlDialect, data_type: &FieldDataType) -> Self {
        match data_type {
            FieldDataType::Boolean => Self::Boolean,
            FieldDataType::Short | FieldDataType::Integer | FieldDataType::Long => Self::Integer,
            FieldDataType::BigInteger | FieldDataType::BigDecimal => Self::Decimal,
            FieldDataType::Double => Self::Double,
            FieldDataType::String => Self::Text,
            FieldDataType::Date if dialect != SqlDialect::Sqlite => Self::Date,
            // A date and time may be stored in ways that differ by hours, and a binary fraction of 32 bits equals no
            // decimal fraction.
            _ => Self::Opaque,
        }
    }

    pub(super) fn exists_in(self, dialect: SqlDialect) -> bool {
        match self {
            Self::Decimal | Self::Date | Self::Timestamp => dialect != SqlDialect::Sqlite,
            Self::TimestampWithZone => dialect == SqlDialect::PostgreSql,
            _ => true,
        }
    }

    /// Whether it holds integers of 64 bits.
    pub(super) fn is_counted(self) -> bool {
        matches!(self, Self::Integer | Self::EpochSeconds | Self::EpochMilliseconds)
    }

    /// Whether it holds text.
    pub(super) fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::IsoDate | Self::IsoSeconds | Self::IsoMilliseconds)
    }

    /// Nanoseconds between two neighbouring moments that it can hold.
    fn unit(self) -> Option<i128> {
        match self {
            Self::Date | Self::IsoDate => Some(grid::DAY),
            Self::EpochSeconds | Self::IsoSeconds => Some(grid::SECOND),
            Self::EpochMilliseconds | Self::IsoMilliseconds => Some(grid::MILLISECOND),
            Self::Timestamp | Self::TimestampWithZone => Some(grid::MICROSECOND),
            Self::Opaque | Self::Boolean | Self::Integer | Self::Decimal | Self::Double | Self::Text => None,
        }
    }

    /// Where a value lies among those that it can hold, if they are a unit apart.
    pub(super) fn place(self, value: &TypedValue) -> Option<Place> {
        match value {
            TypedValue::Number(number) if self == Self::Integer => Some(Place::of_number(number)),
            TypedValue::Moment(moment) => self.unit().map(|unit| Place::of_moment(*moment, unit)),
            _ => None,
        }
    }

    /// What a comparison with a value at that place comes to.
    pub(super) fn outcome(self, place: Place, operator: Comparison) -> Outcome {
        let outcome = place.compare(operator);
        if self.is_counted() { outcome.within_64_bits() } else { outcome }
    }

    /// What to bind for a number of units; nothing if the database cannot read it.
    pub(super) fn unit_parameter(self, dialect: SqlDialect, count: i128) -> Option<SqlParameter> {
        if self.is_counted() {
            return i64::try_from(count).ok().map(SqlParameter::Integer);
        }
        let clock = clock(count.checked_mul(self.unit()?)?)?;
        let years = match (self, dialect) {
            (Self::IsoDate | Self::IsoSeconds | Self::IsoMilliseconds, _) => 0..=9999,
            (_, SqlDialect::MySql) => 1000..=9999,
            (_, SqlDialect::PostgreSql | SqlDialect::Sqlite) => 1..=9999,
        };
        if !years.contains(&clock.year()) {
            return None;
        }
        let text = match self {
            Self::Date | Self::IsoDate => clock.date().to_string(),
            Self::IsoSeconds => format!("{clock}Z"),
            Self::IsoMilliseconds => format!("{clock:.3}Z"),
            Self::Timestamp => format!("{} {:.6}", clock.date(), clock.time()),
            _ => format!("{clock:.6}Z"),
        };
        Some(SqlParameter::Text(text))
    }
}

/// What a clock in UTC shows so many nanoseconds after the beginning of 1970.
fn clock(nanoseconds: i128) -> Option<DateTime> {
    let seconds = i64::try_from(nanoseconds.div_euclid(grid::SECOND)).ok()?;
    let rest = i32::try_from(nanoseconds.rem_euclid(grid::SECOND)).ok()?;
    DateTime::constant(1970, 1, 1, 0, 0, 0, 0).checked_add(SignedDuration::new(seconds, rest)).ok()
}
