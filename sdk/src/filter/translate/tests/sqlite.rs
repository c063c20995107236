//! SQL translations on a real SQLite.

use proptest::prelude::*;
use proptest::sample::select;
use rusqlite::Connection;
use rusqlite::types::{ToSqlOutput, Value};

use super::super::{Sql, SqlColumn, SqlDialect, SqlParameter, SqlStorage, SqlWhere};
use super::world::{Cell, World, world};
use crate::protocol::FieldDataType;

impl rusqlite::ToSql for SqlParameter {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Boolean(truth) => ToSqlOutput::from(*truth),
            Self::Integer(number) => ToSqlOutput::from(*number),
            Self::Double(number) => ToSqlOutput::from(*number),
            Self::Text(text) => ToSqlOutput::from(text.as_str()),
        })
    }
}

/// Names of columns that would mean something else if they were not quoted.
const COLUMNS: [&str; 6] = ["a", "select", "it's", "two \"words\"", "tick`s; DROP TABLE things--", "?1"];

fn storages(data_type: &FieldDataType) -> Vec<SqlStorage> {
    match data_type {
        FieldDataType::Boolean => vec![SqlStorage::Boolean],
        FieldDataType::Long => vec![SqlStorage::Integer],
        FieldDataType::Double => vec![SqlStorage::Double],
        FieldDataType::BigDecimal => vec![SqlStorage::Decimal, SqlStorage::Opaque],
        FieldDataType::Date => vec![SqlStorage::IsoDate, SqlStorage::EpochMilliseconds, SqlStorage::EpochSeconds],
        FieldDataType::DateTime => {
            vec![SqlStorage::IsoMilliseconds, SqlStorage::EpochMilliseconds, SqlStorage::Timestamp]
        }
        _ => vec![SqlStorage::Text],
    }
}

fn stored(cell: &Cell, storage: SqlStorage, data_type: &FieldDataType) -> Value {
    match (cell, storage) {
        (Cell::Boolean(truth), _) => Value::Integer(i64::from(*truth)),
        (Cell::Integer(number), _) => Value::Integer(*number),
        (Cell::Double(number), _) => Value::Real(*number),
        (Cell::Decimal(text), _) => Value::Text((*text).to_owned()),
        (Cell::Text(text), _) => Value::Text(text.clone()),
        (Cell::Moment(milliseconds), SqlStorage::EpochMilliseconds) => Value::Integer(*milliseconds),
        (Cell::Moment(milliseconds), SqlStorage::EpochSeconds) => Value::Integer(milliseconds / 1000),
        (Cell::Moment(_), _) => Value::Text(cell.iso(data_type)),
    }
}

fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

fn table(world: &World, storages: &[SqlStorage]) -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    let columns: Vec<_> = storages
        .iter()
        .zip(COLUMNS)
        .map(|(storage, name)| {
            let declared = match storage {
                SqlStorage::Boolean
                | SqlStorage::Integer
                | SqlStorage::EpochMilliseconds
                | SqlStorage::EpochSeconds => "INTEGER",
                SqlStorage::Double => "REAL",
                // What compares text must not depend on the column's collation.
                _ => "TEXT COLLATE NOCASE",
            };
            format!(", {} {declared}", quoted(name))
        })
        .collect();
    connection.execute(&format!("CREATE TABLE things (position INTEGER{})", columns.concat()), ()).unwrap();
    for (position, row) in world.rows.iter().enumerate() {
        let mut values = vec![Value::Integer(i64::try_from(position).unwrap())];
        for (column, cell) in row.iter().enumerate() {
            let stored = cell.as_ref().map(|cell| stored(cell, storages[column], world.data_type(column)));
            values.push(stored.unwrap_or(Value::Null));
        }
        let marks = vec!["?"; values.len()].join(", ");
        connection
            .execute(&format!("INSERT INTO things VALUES ({marks})"), rusqlite::params_from_iter(values))
            .unwrap();
    }
    connection
}

fn rows(connection: &Connection, pushed: Option<&SqlWhere>) -> Vec<usize> {
    let clause = pushed.map(|pushed| format!(" WHERE {}", pushed.text)).unwrap_or_default();
    let mut statement = connection.prepare(&format!("SELECT position FROM things{clause} ORDER BY position")).unwrap();
    let parameters = pushed.map(|pushed| pushed.parameters.as_slice()).unwrap_or_default();
    let found = statement.query_map(rusqlite::params_from_iter(parameters), |row| row.get::<_, i64>(0)).unwrap();
    found.map(|position| usize::try_from(position.unwrap()).unwrap()).collect()
}

fn world_and_storages() -> impl Strategy<Value = (World, Vec<SqlStorage>)> {
    world().prop_flat_map(|world| {
        let storages: Vec<_> = world.definition.fields.iter().map(|field| select(storages(&field.data_type))).collect();
        (Just(world), storages)
    })
}

fn sql(world: &World, storages: &[SqlStorage]) -> Sql {
    let fields = world.definition.fields.iter().zip(storages).zip(COLUMNS);
    fields.fold(Sql::new(SqlDialect::Sqlite), |sql, ((field, storage), column)| {
        sql.column(field.field_name.as_str(), SqlColumn::new(column, *storage))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn what_is_pushed_and_what_is_left_is_the_whole((world, storages) in world_and_storages()) {
        let Some(typed) = world.typed() else { return Ok(()) };
        let translation = sql(&world, &storages).translate(&typed);
        let sent = rows(&table(&world, &storages), translation.pushed.as_ref());
        let text = translation.pushed.as_ref().map(|pushed| pushed.text.as_str()).unwrap_or_default();
        world.agrees(&sent, translation.remainder.as_ref(), text)?;
        let exact = translation.parts.iter().filter(|(_, handling)| *handling == super::Handling::Exact);
        let pushed = crate::filter::Condition::all(exact.map(|(part, _)| part.clone()));
        prop_assert_eq!(sent, world.select(pushed.as_ref(), &world.all()), "{}", text);
    }
}
