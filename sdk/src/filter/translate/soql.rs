//! The `WHERE` clause of SOQL, the query language of Salesforce.

use std::collections::{BTreeMap, BTreeSet};

use super::grid::{self, Outcome, Place};
use super::{Translation, encoded_length};

use super::language::{self, Compared, Language, Said};
use crate::filter::{Comparison, Moment, TypedFilter, TypedValue};
use crate::protocol::{FieldDataType, FieldDefinition};

/// Characters of the clause, unless told otherwise: a query in an address may have about 16,000.
const LONGEST: usize = 8_000;

/// Words that are not taken for names.
const WORDS: [&str; 23] = [
    "AND", "ASC", "DESC", "EXCLUDES", "FALSE", "FIRST", "FROM", "GROUP", "HAVING", "IN", "INCLUDES", "LAST", "LIKE",
    "LIMIT", "NOT", "NULL", "NULLS", "OR", "SELECT", "TRUE", "USING", "WHERE", "WITH",
];

/// Writes filters as `WHERE` clauses of SOQL.
///
/// A field has its own name there, dots leading through relationships; [`field`](Self::field) says otherwise. Names come
/// from here and from the entity's definition; a test of a field whose name is not one of SOQL's is left.
///
/// SOQL ignores case, so that tests of text let more records through: `=`, `in` and `contains` are asked for and remain,
/// everything else on text is left. Checkboxes are never null in SOQL.
///
/// ```
/// use appflow_sdk::filter::translate::Soql;
/// use appflow_sdk::filter::{Filter, Operators, TypedFilter};
/// use appflow_sdk::protocol::{EntityDefinition, FieldDataType, FieldDefinition};
///
/// let accounts = EntityDefinition::new("Account", vec![
///     FieldDefinition::new("Name", FieldDataType::String),
///     FieldDefinition::new("IsActive", FieldDataType::Boolean),
///     FieldDefinition::new("Amount", FieldDataType::Double),
/// ]);
/// let filter = Filter::parse("(IsActive = true or not Amount > 9.5) and Name contains '100%'")?;
/// let translation = Soql::new().translate(&TypedFilter::new(&filter, &accounts, Operators::Meaningful)?);
/// assert_eq!(
///     translation.pushed.unwrap(),
///     r"(IsActive = true OR (Amount = null OR Amount <= 9.5)) AND Name LIKE '%100\%%'"
/// );
/// assert_eq!(translation.remainder.unwrap().to_string(), "Name contains '100%'");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Soql {
    names: BTreeMap<String, Option<String>>,
    ids: BTreeSet<String>,
    is_encoded: bool,
    longest: usize,
}

impl Default for Soql {
    fn default() -> Self {
        Self::new()
    }
}

impl Soql {
    /// Writes with the names of the entity's definition.
    #[must_use]
    pub fn new() -> Self {
        Self { names: BTreeMap::new(), ids: BTreeSet::new(), is_encoded: false, longest: LONGEST }
    }

    /// Says what a field is called in SOQL.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>, name: impl Into<String>) -> Self {
        self.names.insert(field.into(), Some(name.into()));
        self
    }

    /// Says that a field cannot stand in a `WHERE` clause, like a long text area; every test of it is left.
    #[must_use]
    pub fn without(mut self, field: impl Into<String>) -> Self {
        self.names.insert(field.into(), None);
        self
    }

    /// Says that a field holds ids of records. They are compared with ids only, of 15 or 18 letters and digits: other text
    /// is an error to Salesforce, and so is asking for a part of one; such tests are left.
    #[must_use]
    pub fn id(mut self, field: impl Into<String>) -> Self {
        self.ids.insert(field.into());
        self
    }

    /// Says that the clause goes into an address, so that its length is counted percent-encoded.
    #[must_use]
    pub fn percent_encoded(mut self) -> Self {
        self.is_encoded = true;
        self
    }

    /// Sets how many bytes the clause may take; 8000 unless set. Parts that do not fit are left.
    #[must_use]
    pub fn with_longest(mut self, bytes: usize) -> Self {
        self.longest = bytes;
        self
    }

    /// Divides a filter. What is pushed is the condition, without the word `WHERE`.
    #[must_use]
    pub fn translate(&self, filter: &TypedFilter) -> Translation<String> {
        language::divide(self, filter, self.longest, if self.is_encoded { encoded_length } else { str::len })
    }
}

impl Language for Soql {
    const AND: &'static str = " AND ";
    const OR: &'static str = " OR ";

    fn name(&self, field: &FieldDefinition) -> Option<String> {
        let name = match self.names.get(&field.field_name) {
            Some(name) => name.as_deref()?,
            None => field.field_name.as_str(),
        };
        let is_single = matches!(
            &field.data_type,
            FieldDataType::Boolean | FieldDataType::String | FieldDataType::Date | FieldDataType::DateTime
        ) || field.data_type.is_numeric();
        (is_single && name.len() <= 255 && name.split('.').all(is_identifier)).then(|| name.to_owned())
    }

    fn can_be_null(&self, field: &FieldDefinition) -> bool {
        field.data_type != FieldDataType::Boolean
    }

    fn compare(&self, field: &FieldDefinition, operator: Comparison, value: &TypedValue) -> Option<Compared> {
        match (&field.data_type, value) {
            (FieldDataType::Boolean, TypedValue::Boolean(truth)) => {
                // A checkbox of a missing parent is false in a condition, and null in the record.
                let is_exact = self.name(field).is_some_and(|name| !name.contains('.'));
                (is_exact || operator == Comparison::Equal).then_some(())?;
                Some(Compared::With { operator, literal: truth.to_string(), is_exact })
            }
            (FieldDataType::String, TypedValue::Text(text)) => {
                (operator == Comparison::Equal).then_some(())?;
                if self.ids.contains(&field.field_name) {
                    is_id(text).then_some(())?;
                }
                Some(Compared::With { operator, literal: format!("'{}'", escaped(text)), is_exact: false })
            }
            (FieldDataType::Date, TypedValue::Moment(moment)) => date(*moment, operator),
            (FieldDataType::DateTime, TypedValue::Moment(moment)) => date_time(*moment, operator),
            // A value must have the field's type.
            (FieldDataType::Short | FieldDataType::Integer | FieldDataType::Long, TypedValue::Number(number)) => {
                Some(match Place::of_number(number).compare(operator) {
                    Outcome::Compare(operator, unit) => (unit.unsigned_abs() < 1_000_000_000_000_000)
                        .then(|| Compared::exactly(operator, unit.to_string()))?,
                    Outcome::Always => Compared::Always,
                    Outcome::Never => Compared::Never,
                })
            }
            // Numbers are binary fractions in Salesforce's answers.
            (numeric, TypedValue::Number(number)) if numeric.is_numeric() && number.digits() <= 15 => {
                Some(Compared::exactly(operator, number.plain(30)?))
            }
            _ => None,
        }
    }

    fn comparison(&self, name: &str, operator: Comparison, literal: &str) -> String {
        format!("{name} {} {literal}", operator.symbol())
    }

    fn null(&self, name: &str, is_wanted: bool) -> String {
        format!("{name} {} null", if is_wanted { "=" } else { "!=" })
    }

    fn one_of(&self, field: &FieldDefinition, name: &str, literals: &[String], is_wanted: bool) -> String {
        if field.data_type == FieldDataType::Boolean {
            let (sign, joint) = if is_wanted { ("=", Self::OR) } else { ("!=", Self::AND) };
            let tests: Vec<_> = literals.iter().map(|literal| format!("{name} {sign} {literal}")).collect();
            return format!("({})", tests.join(joint));
        }
        format!("{name} {} ({})", if is_wanted { "IN" } else { "NOT IN" }, literals.join(", "))
    }

    fn contains(&self, field: &FieldDefinition, name: &str, sought: &str, is_wanted: bool) -> Option<Said> {
        // Whether LIKE reads a backslash once or twice is not documented.
        let is_text = field.data_type == FieldDataType::String && !self.ids.contains(&field.field_name);
        if !is_text || !is_wanted || sought.contains('\\') {
            return None;
        }
        let pattern = escaped(sought).replace('%', "\\%").replace('_', "\\_");
        Some(Said { text: format!("{name} LIKE '%{pattern}%'"), is_exact: false })
    }
}

fn date(moment: Moment, operator: Comparison) -> Option<Compared> {
    Some(match Place::of_moment(moment, grid::DAY).compare(operator) {
        Outcome::Compare(operator, day) => {
            let hours = i64::try_from(day).ok()?.checked_mul(24)?;
            let clock = Moment::new(jiff::SignedDuration::from_hours(hours)).to_instant()?.to_utc();
            is_in_range(clock.year()).then(|| Compared::exactly(operator, clock.date().to_string()))?
        }
        Outcome::Always => Compared::Always,
        Outcome::Never => Compared::Never,
    })
}

/// A second is the finest that is told apart in queries. Fields that the system sets itself may be finer, so that a bound
/// between two seconds is moved outward and the test remains.
fn date_time(moment: Moment, operator: Comparison) -> Option<Compared> {
    use Comparison::{Contains, Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
    let place = Place::of_moment(moment, grid::SECOND);
    let (operator, second) = match operator {
        _ if place.is_exact => (operator, place.floor),
        Greater | GreaterOrEqual => (GreaterOrEqual, place.floor),
        Less | LessOrEqual => (LessOrEqual, place.floor + 1),
        Equal | NotEqual | Contains => return None,
    };
    let since_epoch = jiff::SignedDuration::from_secs(i64::try_from(second).ok()?);
    let clock = Moment::new(since_epoch).to_instant()?.to_utc();
    let literal = format!("{clock}Z");
    is_in_range(clock.year()).then_some(Compared::With { operator, literal, is_exact: place.is_exact })
}

/// The years that Salesforce knows.
fn is_in_range(year: i16) -> bool {
    (1700..4000).contains(&year)
}

/// Whether it has the form of a record's id.
fn is_id(text: &str) -> bool {
    matches!(text.len(), 15 | 18) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Whether it is a name of a field or of a relationship.
fn is_identifier(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && characters.all(|character| character.is_ascii_alphanumeric() || character == '_')
        && !WORDS.iter().any(|word| name.eq_ignore_ascii_case(word))
}

/// Text between quotes.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | '\'' | '"' => escaped.extend(['\\', character]),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            // Salesforce's pages do not agree on what \b is.
            control if control.is_control() => {
                let code = format!("\\u{:04x}", u32::from(control));
                escaped.push_str(&code);
            }
            other => escaped.push(other),
        }
    }
    escaped
}
