//! What the databases write differently: quotes, placeholders, conversions, collations.

use super::SqlStorage;
use crate::filter::Quantity;

/// A database's SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SqlDialect {
    /// `PostgreSQL`, databases in UTF-8. Placeholders are `$1`, `$2`, …
    PostgreSql,
    /// `MySQL` 5.7 and later and `MariaDB`, connections in `utf8mb4`. Placeholders are `?`.
    MySql,
    /// SQLite 3.23 and later, databases in UTF-8. Placeholders are `?1`, `?2`, …
    Sqlite,
}

/// Digits on either side of the point that `PostgreSQL` is given; its own limits are far beyond.
const POSTGRESQL_DIGITS: usize = 1_000;
/// Digits that `MySQL`'s `DECIMAL` has at most, and after the point.
const MYSQL_DIGITS: usize = 65;
const MYSQL_SCALE: i128 = 30;

impl SqlDialect {
    /// The name of a column, quoted; nothing if there can be no such column.
    pub(super) fn quoted(self, name: &str) -> Option<String> {
        // PostgreSQL cuts longer names off, and the rest may be the name of another column.
        let is_too_long = self == Self::PostgreSql && name.len() > 63;
        if name.is_empty() || name.contains('\0') || is_too_long {
            return None;
        }
        Some(match self {
            Self::PostgreSql => format!("\"{}\"", name.replace('"', "\"\"")),
            // SQLite knows both kinds of quote, but takes "name" for text where there is no column of that name.
            Self::MySql | Self::Sqlite => format!("`{}`", name.replace('`', "``")),
        })
    }

    /// The placeholder of a parameter, counted from 1.
    pub(super) fn placeholder(self, number: usize) -> String {
        match self {
            Self::PostgreSql => format!("${number}"),
            Self::MySql => "?".to_owned(),
            Self::Sqlite => format!("?{number}"),
        }
    }

    /// A quoted column in a form that compares as values do here.
    pub(super) fn compared(self, column: &str, storage: SqlStorage) -> String {
        if !storage.is_text() {
            return column.to_owned();
        }
        match self {
            Self::PostgreSql => format!("CAST({column} AS text) COLLATE \"C\""),
            // Its collations ignore spaces at the end; bytes do not, and those of UTF-8 sort by code point.
            Self::MySql => format!("CAST(CONVERT({column} USING utf8mb4) AS BINARY)"),
            Self::Sqlite => format!("{column} COLLATE BINARY"),
        }
    }

    /// The placeholder with the conversion to the storage's type. In `PostgreSQL` it also tells the parameter's type, so
    /// that a driver need not guess.
    pub(super) fn operand(self, storage: SqlStorage, number: usize) -> String {
        let placeholder = self.placeholder(number);
        let converted = match (self, storage) {
            (Self::PostgreSql, SqlStorage::Boolean) => "CAST({} AS boolean)",
            (Self::PostgreSql, SqlStorage::Double) => "CAST({} AS double precision)",
            (Self::PostgreSql, SqlStorage::Date) => "CAST(CAST({} AS text) AS date)",
            (Self::PostgreSql, SqlStorage::Timestamp) => "CAST(CAST({} AS text) AS timestamp)",
            (Self::PostgreSql, SqlStorage::TimestampWithZone) => "CAST(CAST({} AS text) AS timestamptz)",
            (Self::PostgreSql, storage) if storage.is_counted() => "CAST({} AS bigint)",
            (Self::PostgreSql, _) => "CAST({} AS text)",
            (Self::MySql, SqlStorage::Date) => "CAST(? AS DATE)",
            (Self::MySql, SqlStorage::Timestamp) => "CAST(? AS DATETIME(6))",
            (Self::MySql, storage) if storage.is_text() => "CAST(CONVERT(? USING utf8mb4) AS BINARY)",
            (Self::MySql | Self::Sqlite, _) => "{}",
        };
        converted.replace("{}", &placeholder)
    }

    /// A decimal as text, and the conversion of its placeholder `{}`; nothing if the database cannot hold it exactly.
    pub(super) fn decimal(self, number: &Quantity) -> Option<(String, String)> {
        match self {
            Self::PostgreSql => {
                Some((number.plain(POSTGRESQL_DIGITS)?, "CAST(CAST({} AS text) AS numeric)".to_owned()))
            }
            Self::MySql => {
                let text = number.plain(MYSQL_DIGITS)?;
                let (before, after) = number.places();
                let precision = (before + after).max(1);
                (after <= MYSQL_SCALE).then(|| (text, format!("CAST({{}} AS DECIMAL({precision}, {after}))")))
            }
            Self::Sqlite => None,
        }
    }
}
