//! The `WHERE` clause of an SQL query: bound parameters, quoted columns, two-valued logic.

mod column;
mod dialect;

use std::collections::BTreeMap;

pub use column::{SqlColumn, SqlStorage};
pub use dialect::SqlDialect;

use super::grid::Outcome;
use super::{Handling, Translation};
use crate::filter::{Comparison, Predicate, TypedCondition, TypedFilter, TypedTest, TypedValue};
use crate::protocol::FieldDefinition;

/// Tests and values that one clause holds at most, so that no limit of a database on parameters (999 in old versions of
/// SQLite) or on the depth of an expression (1000 in SQLite) is met. Parts beyond it remain.
const MOST_TERMS: usize = 500;

/// Writes filters as `WHERE` clauses.
///
/// A field is looked for in the column of its name, in the storage that is usual for its type; [`column`](Self::column)
/// says otherwise. Names of columns come from here and from the entity's definition, never from a filter, and are
/// quoted. Values are always parameters.
///
/// ```
/// use appflow_sdk::filter::translate::{Sql, SqlColumn, SqlDialect, SqlParameter, SqlStorage};
/// use appflow_sdk::filter::{Filter, Operators, TypedFilter};
/// use appflow_sdk::protocol::{EntityDefinition, FieldDataType, FieldDefinition};
///
/// let orders = EntityDefinition::new("orders", vec![
///     FieldDefinition::new("id", FieldDataType::Long),
///     FieldDefinition::new("placed", FieldDataType::DateTime),
/// ]);
/// let sql = Sql::new(SqlDialect::Sqlite)
///     .column("placed", SqlColumn::new("placed_ms", SqlStorage::EpochMilliseconds));
/// let filter = Filter::parse("not (id = 7 or placed < 2021-04-20) limit 10")?;
///
/// let translation = sql.translate(&TypedFilter::new(&filter, &orders, Operators::Meaningful)?);
/// let pushed = translation.pushed.unwrap();
/// assert_eq!(pushed.text, "(`id` = ?1 OR `placed_ms` < ?2) IS NOT TRUE");
/// assert_eq!(pushed.parameters, [SqlParameter::Integer(7), SqlParameter::Integer(1_618_876_800_000)]);
/// assert_eq!((translation.remainder, translation.limit), (None, Some(10)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Sql {
    dialect: SqlDialect,
    columns: BTreeMap<String, SqlColumn>,
}

/// A condition for a `WHERE` clause.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SqlWhere {
    /// The condition, without the word `WHERE`. Put it in parentheses beside an `OR` of your own.
    pub text: String,
    /// What to bind to the placeholders, in their order. `PostgreSQL` counts them from `$1`, SQLite from `?1`.
    pub parameters: Vec<SqlParameter>,
}

/// A value to bind: one of four types, which the drivers of all databases know. Where the database needs another type,
/// the text of the condition converts.
#[derive(Debug, Clone, PartialEq)]
pub enum SqlParameter {
    /// A boolean.
    Boolean(bool),
    /// An integer of 64 bits.
    Integer(i64),
    /// A binary fraction of 64 bits.
    Double(f64),
    /// Text; also decimals, dates and moments.
    Text(String),
}

impl Sql {
    /// Writes for this database.
    #[must_use]
    pub fn new(dialect: SqlDialect) -> Self {
        Self { dialect, columns: BTreeMap::new() }
    }

    /// Says in which column a field is, and how that stores it.
    #[must_use]
    pub fn column(mut self, field: impl Into<String>, column: SqlColumn) -> Self {
        self.columns.insert(field.into(), column);
        self
    }

    /// Divides a filter. Nothing is pushed in a wider form: a part is either exact or left.
    #[must_use]
    pub fn translate(&self, filter: &TypedFilter) -> Translation<SqlWhere> {
        let mut writer = Writer { sql: self, filter, parameters: Vec::new(), terms: 0 };
        let mut texts = Vec::new();
        let translation = Translation::divide(filter, |part| {
            let before = (writer.parameters.len(), writer.terms);
            if let Some(text) = writer.condition(part) {
                texts.push(text);
                return Handling::Exact;
            }
            writer.parameters.truncate(before.0);
            writer.terms = before.1;
            Handling::Left
        });
        let parameters = writer.parameters;
        translation.with_pushed((!texts.is_empty()).then(|| SqlWhere { text: texts.join(" AND "), parameters }))
    }

    fn column_of(&self, field: &FieldDefinition) -> Option<(String, SqlStorage)> {
        let (name, storage) = match self.columns.get(&field.field_name) {
            Some(column) => (column.name(), column.storage()),
            None => (field.field_name.as_str(), SqlStorage::usual(self.dialect, &field.data_type)),
        };
        let is_left = storage == SqlStorage::Opaque || !storage.exists_in(self.dialect);
        Some((self.dialect.quoted(name)?, storage)).filter(|_| !is_left)
    }
}

struct Writer<'a> {
    sql: &'a Sql,
    filter: &'a TypedFilter,
    parameters: Vec<SqlParameter>,
    terms: usize,
}

impl Writer<'_> {
    /// The text, if all of it can be said exactly. Where a field is null it may be null instead of false, which is the
    /// same to `WHERE`, `AND` and `OR`; `IS NOT TRUE` makes it the same to a negation.
    fn condition(&mut self, condition: &TypedCondition) -> Option<String> {
        match condition {
            TypedCondition::All(parts) => self.joined(parts, " AND ", "TRUE"),
            TypedCondition::Any(parts) => self.joined(parts, " OR ", "FALSE"),
            TypedCondition::Not(inner) => {
                let inner = self.condition(inner)?;
                let is_enclosed = matches!(condition, TypedCondition::Not(inner) if inner.is_group());
                Some(if is_enclosed { format!("{inner} IS NOT TRUE") } else { format!("({inner}) IS NOT TRUE") })
            }
            TypedCondition::Test(test) => self.test(test),
        }
    }

    fn joined(&mut self, parts: &[TypedCondition], word: &str, nothing: &str) -> Option<String> {
        let texts = parts.iter().map(|part| self.condition(part)).collect::<Option<Vec<_>>>()?;
        Some(if texts.is_empty() { format!("({nothing})") } else { format!("({})", texts.join(word)) })
    }

    fn test(&mut self, test: &TypedTest) -> Option<String> {
        let (column, storage) = self.sql.column_of(test.field())?;
        self.count_term()?;
        match test.predicate() {
            Predicate::Null => Some(format!("{column} IS NULL")),
            Predicate::Present => Some(format!("{column} IS NOT NULL")),
            Predicate::Compare { operator, value } => self.compare(&column, storage, *operator, value),
            Predicate::Between { lower, upper } => {
                let (from, to) = self.filter.bounds().comparisons();
                let lower = self.compare(&column, storage, from, lower)?;
                let upper = self.compare(&column, storage, to, upper)?;
                Some(format!("({lower} AND {upper})"))
            }
            Predicate::In { values, or_null } => self.within(&column, storage, values, *or_null),
            Predicate::ContainsText(sought) => self.contains(&column, storage, sought),
            Predicate::ContainsElement(_) | Predicate::ContainsEntry(_) => None,
        }
    }

    fn count_term(&mut self) -> Option<()> {
        self.terms += 1;
        (self.terms <= MOST_TERMS).then_some(())
    }

    fn compare(
        &mut self,
        column: &str,
        storage: SqlStorage,
        operator: Comparison,
        value: &TypedValue,
    ) -> Option<String> {
        let (operator, operand) = match storage.place(value) {
            Some(place) => match storage.outcome(place, operator) {
                Outcome::Compare(operator, unit) => (operator, self.unit(storage, unit)?),
                Outcome::Always => return Some(format!("{column} IS NOT NULL")),
                Outcome::Never => return Some("FALSE".to_owned()),
            },
            None => (operator, self.value(storage, value)?),
        };
        let sign = match operator {
            Comparison::Equal => "=",
            Comparison::NotEqual => "<>",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
            Comparison::Contains => return None,
        };
        Some(format!("{} {sign} {operand}", self.sql.dialect.compared(column, storage)))
    }

    fn within(&mut self, column: &str, storage: SqlStorage, values: &[TypedValue], or_null: bool) -> Option<String> {
        let mut operands = Vec::new();
        for value in values {
            self.count_term()?;
            match storage.place(value) {
                Some(place) => match storage.outcome(place, Comparison::Equal) {
                    Outcome::Compare(_, unit) => operands.push(self.unit(storage, unit)?),
                    Outcome::Always => return None,
                    Outcome::Never => {}
                },
                None => operands.push(self.value(storage, value)?),
            }
        }
        let compared = self.sql.dialect.compared(column, storage);
        let listed = (!operands.is_empty()).then(|| format!("{compared} IN ({})", operands.join(", ")));
        match (listed, or_null) {
            (Some(listed), true) => Some(format!("({column} IS NULL OR {listed})")),
            (Some(listed), false) => Some(listed),
            (None, true) => Some(format!("{column} IS NULL")),
            (None, false) => Some("FALSE".to_owned()),
        }
    }

    fn contains(&mut self, column: &str, storage: SqlStorage, sought: &str) -> Option<String> {
        if storage != SqlStorage::Text {
            return None;
        }
        let sought = self.value(storage, &TypedValue::Text(sought.to_owned()))?;
        let text = self.sql.dialect.compared(column, storage);
        Some(match self.sql.dialect {
            SqlDialect::PostgreSql => format!("strpos({text}, {sought}) > 0"),
            SqlDialect::MySql => format!("LOCATE({sought}, {text}) > 0"),
            SqlDialect::Sqlite => format!("instr({column}, {sought}) > 0"),
        })
    }

    /// The placeholder for a whole number of the storage's units.
    fn unit(&mut self, storage: SqlStorage, unit: i128) -> Option<String> {
        let parameter = storage.unit_parameter(self.sql.dialect, unit)?;
        Some(self.bind(storage, parameter))
    }

    /// The placeholder for a value that is not counted in units.
    fn value(&mut self, storage: SqlStorage, value: &TypedValue) -> Option<String> {
        let parameter = match (storage, value) {
            (SqlStorage::Boolean, TypedValue::Boolean(truth)) => SqlParameter::Boolean(*truth),
            (SqlStorage::Double, TypedValue::Number(number)) => SqlParameter::Double(number.to_f64()?),
            // No database can store text with this character and bind it as text.
            (SqlStorage::Text, TypedValue::Text(text)) if text.contains('\0') => return None,
            (SqlStorage::Text, TypedValue::Text(text)) => SqlParameter::Text(text.clone()),
            (SqlStorage::Decimal, TypedValue::Number(number)) => {
                let (text, cast) = self.sql.dialect.decimal(number)?;
                self.parameters.push(SqlParameter::Text(text));
                return Some(cast.replace("{}", &self.sql.dialect.placeholder(self.parameters.len())));
            }
            _ => return None,
        };
        Some(self.bind(storage, parameter))
    }

    fn bind(&mut self, storage: SqlStorage, parameter: SqlParameter) -> String {
        self.parameters.push(parameter);
        self.sql.dialect.operand(storage, self.parameters.len())
    }
}

impl TypedCondition {
    /// Whether its text is in parentheses already.
    fn is_group(&self) -> bool {
        matches!(self, Self::All(_) | Self::Any(_))
    }
}
