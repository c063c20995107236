//! SQL: exact texts by dialect.

use super::super::{Sql, SqlColumn, SqlDialect, SqlParameter, SqlStorage};
use super::{left, typed};
use crate::filter::BetweenBounds;

/// Text and parameters in one line.
#[track_caller]
fn said(sql: &Sql, filter: &str) -> String {
    let translation = sql.translate(&typed(filter));
    let Some(pushed) = &translation.pushed else { return String::new() };
    let parameters: Vec<_> = pushed
        .parameters
        .iter()
        .map(|parameter| match parameter {
            SqlParameter::Boolean(truth) => truth.to_string(),
            SqlParameter::Integer(number) => number.to_string(),
            SqlParameter::Double(number) => format!("{number:?}"),
            SqlParameter::Text(text) => format!("'{text}'"),
        })
        .collect();
    assert_eq!(left(&translation), "", "{filter}");
    format!("{} <- {}", pushed.text, parameters.join(", "))
}

#[track_caller]
fn leaves(sql: &Sql, filter: &str) {
    let translation = sql.translate(&typed(filter));
    assert_eq!(left(&translation), filter);
    assert_eq!(translation.pushed, None, "{filter}");
}

#[test]
fn each_dialect_has_its_quotes_placeholders_conversions_and_collation() {
    let [postgresql, mysql, sqlite] = [SqlDialect::PostgreSql, SqlDialect::MySql, SqlDialect::Sqlite].map(Sql::new);
    for (filter, in_postgresql, in_mysql, in_sqlite) in [
        ("integer = 7", r#""integer" = CAST($1 AS bigint) <- 7"#, "`integer` = ? <- 7", "`integer` = ?1 <- 7"),
        ("integer > 1.5", r#""integer" > CAST($1 AS bigint) <- 1"#, "`integer` > ? <- 1", "`integer` > ?1 <- 1"),
        ("integer < 1e30", r#""integer" IS NOT NULL <- "#, "`integer` IS NOT NULL <- ", "`integer` IS NOT NULL <- "),
        ("integer = 1.5", "FALSE <- ", "FALSE <- ", "FALSE <- "),
        (
            "boolean != true",
            r#""boolean" <> CAST($1 AS boolean) <- true"#,
            "`boolean` <> ? <- true",
            "`boolean` <> ?1 <- true",
        ),
        (
            "double <= 0.5",
            r#""double" <= CAST($1 AS double precision) <- 0.5"#,
            "`double` <= ? <- 0.5",
            "`double` <= ?1 <- 0.5",
        ),
        (
            "string = 'x'",
            r#"CAST("string" AS text) COLLATE "C" = CAST($1 AS text) <- 'x'"#,
            "CAST(CONVERT(`string` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY) <- 'x'",
            "`string` COLLATE BINARY = ?1 <- 'x'",
        ),
        (
            "string contains '50%'",
            r#"strpos(CAST("string" AS text) COLLATE "C", CAST($1 AS text)) > 0 <- '50%'"#,
            "LOCATE(CAST(CONVERT(? USING utf8mb4) AS BINARY), CAST(CONVERT(`string` USING utf8mb4) AS BINARY)) > 0 <- '50%'",
            "instr(`string`, ?1) > 0 <- '50%'",
        ),
        (
            "integer in (1, null, 2) and long = null",
            r#"("integer" IS NULL OR "integer" IN (CAST($1 AS bigint), CAST($2 AS bigint))) AND "long" IS NULL <- 1, 2"#,
            "(`integer` IS NULL OR `integer` IN (?, ?)) AND `long` IS NULL <- 1, 2",
            "(`integer` IS NULL OR `integer` IN (?1, ?2)) AND `long` IS NULL <- 1, 2",
        ),
        (
            "not (integer = 1 or not long != 2)",
            r#"("integer" = CAST($1 AS bigint) OR ("long" <> CAST($2 AS bigint)) IS NOT TRUE) IS NOT TRUE <- 1, 2"#,
            "(`integer` = ? OR (`long` <> ?) IS NOT TRUE) IS NOT TRUE <- 1, 2",
            "(`integer` = ?1 OR (`long` <> ?2) IS NOT TRUE) IS NOT TRUE <- 1, 2",
        ),
    ] {
        assert_eq!(said(&postgresql, filter), in_postgresql);
        assert_eq!(said(&mysql, filter), in_mysql);
        assert_eq!(said(&sqlite, filter), in_sqlite);
    }
}

#[test]
fn decimals_are_text_that_the_database_converts() {
    let postgresql = Sql::new(SqlDialect::PostgreSql);
    assert_eq!(
        said(&postgresql, "bigdecimal >= 12321321431215498.1230129414039240234"),
        r#""bigdecimal" >= CAST(CAST($1 AS text) AS numeric) <- '12321321431215498.1230129414039240234'"#
    );
    let mysql = Sql::new(SqlDialect::MySql);
    assert_eq!(said(&mysql, "bigdecimal >= -0.050"), "`bigdecimal` >= CAST(? AS DECIMAL(2, 2)) <- '-0.05'");
    assert_eq!(said(&mysql, "bigdecimal = 0"), "`bigdecimal` = CAST(? AS DECIMAL(1, 0)) <- '0'");
    leaves(&mysql, "bigdecimal = 1e-31");
    leaves(&mysql, "bigdecimal = 1e65");
    leaves(&postgresql, "bigdecimal = 1e1000");
    leaves(&Sql::new(SqlDialect::Sqlite), "bigdecimal = 1");
}

#[test]
fn moments_are_compared_as_the_column_stores_them() {
    for (dialect, storage, filter, expected) in [
        (
            SqlDialect::PostgreSql,
            SqlStorage::TimestampWithZone,
            "datetime >= 2021-04-20T12:30:45.1234567Z",
            r#""at" > CAST(CAST($1 AS text) AS timestamptz) <- '2021-04-20T12:30:45.123456Z'"#,
        ),
        (
            SqlDialect::PostgreSql,
            SqlStorage::Timestamp,
            "datetime < 2021-04-20T12:30:45+02:00",
            r#""at" < CAST(CAST($1 AS text) AS timestamp) <- '2021-04-20 10:30:45.000000'"#,
        ),
        (
            SqlDialect::MySql,
            SqlStorage::Timestamp,
            "datetime = 2021-04-20",
            "`at` = CAST(? AS DATETIME(6)) <- '2021-04-20 00:00:00.000000'",
        ),
        (
            SqlDialect::MySql,
            SqlStorage::Date,
            "datetime <= 2021-04-20T12:00:00Z",
            "`at` <= CAST(? AS DATE) <- '2021-04-20'",
        ),
        (SqlDialect::Sqlite, SqlStorage::EpochSeconds, "datetime > 1969-12-31T23:59:59.5Z", "`at` > ?1 <- -1"),
        (SqlDialect::Sqlite, SqlStorage::EpochMilliseconds, "datetime = 1970-01-01T00:00:01Z", "`at` = ?1 <- 1000"),
        (
            SqlDialect::Sqlite,
            SqlStorage::IsoMilliseconds,
            "datetime != 2021-04-20T12:30:45Z",
            "`at` COLLATE BINARY <> ?1 <- '2021-04-20T12:30:45.000Z'",
        ),
        (
            SqlDialect::Sqlite,
            SqlStorage::IsoSeconds,
            "datetime in (2021-04-20T12:30:45Z, 2021-04-20T12:30:45.5Z)",
            "`at` COLLATE BINARY IN (?1) <- '2021-04-20T12:30:45Z'",
        ),
        (
            SqlDialect::Sqlite,
            SqlStorage::IsoDate,
            "datetime between 2021-04-20 and 2021-04-21T01:00:00Z",
            "(`at` COLLATE BINARY >= ?1 AND `at` COLLATE BINARY <= ?2) <- '2021-04-20', '2021-04-21'",
        ),
    ] {
        let sql = Sql::new(dialect).column("datetime", SqlColumn::new("at", storage));
        assert_eq!(said(&sql, filter), expected);
    }
}

#[test]
fn what_the_storage_cannot_say_is_left() {
    for dialect in [SqlDialect::PostgreSql, SqlDialect::MySql, SqlDialect::Sqlite] {
        let sql = Sql::new(dialect);
        for filter in [
            "datetime > 2021-04-20",
            "float = 0.5",
            "double = 0.1000000000000001",
            "string = 'a\u{0}b'",
            "list contains 'x'",
            "map contains 'x'",
            "struct = null",
            "integer = 1 or list contains 'x'",
            "not (integer = 1 and float < 2)",
        ] {
            leaves(&sql, filter);
        }
        let mismatched = sql.column("string", SqlColumn::new("s", SqlStorage::Integer));
        leaves(&mismatched, "string = '5'");
        leaves(&mismatched, "string contains '5'");
    }
    let mysql = Sql::new(SqlDialect::MySql).column("datetime", SqlColumn::new("at", SqlStorage::TimestampWithZone));
    leaves(&mysql, "datetime > 2021-04-20");
    leaves(&Sql::new(SqlDialect::PostgreSql), "date > 0000-01-01");
    leaves(&Sql::new(SqlDialect::MySql), "date > 0999-12-31");
    leaves(&Sql::new(SqlDialect::Sqlite), "date > 2021-04-20");
}

#[test]
fn bounds_of_a_range_count_as_the_filter_says() {
    let typed = typed("integer between 1 and 3").with_bounds(BetweenBounds::Exclusive);
    let pushed = Sql::new(SqlDialect::Sqlite).translate(&typed).pushed.unwrap();
    assert_eq!(pushed.text, "(`integer` > ?1 AND `integer` < ?2)");
}

#[test]
fn a_part_with_too_many_values_is_left_and_takes_no_parameter() {
    let many: Vec<_> = (0..600).map(|number| number.to_string()).collect();
    let long = format!("integer in ({})", many.join(", "));
    let sql = Sql::new(SqlDialect::PostgreSql);
    let translation = sql.translate(&typed(&format!("long = 1 and {long} and long = 2")));
    let pushed = translation.pushed.clone().unwrap();
    assert_eq!(pushed.text, r#""long" = CAST($1 AS bigint) AND "long" = CAST($2 AS bigint)"#);
    assert_eq!(pushed.parameters, [SqlParameter::Integer(1), SqlParameter::Integer(2)]);
    assert_eq!(left(&translation), long);
}

#[test]
fn a_column_that_cannot_exist_is_not_named() {
    for (dialect, name) in [
        (SqlDialect::PostgreSql, "x".repeat(64)),
        (SqlDialect::PostgreSql, String::new()),
        (SqlDialect::Sqlite, "a\0b".to_owned()),
    ] {
        leaves(&Sql::new(dialect).column("integer", SqlColumn::new(name, SqlStorage::Integer)), "integer = 1");
    }
}
