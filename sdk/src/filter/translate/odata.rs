//! `$filter` of OData version 4.

use std::collections::BTreeMap;

use super::grid::{self, Outcome, Place};
use super::{Translation, encoded_length};

use super::language::{self, Compared, Language, Said};
use crate::filter::{Comparison, Moment, TypedFilter, TypedValue};
use crate::protocol::{FieldDataType, FieldDefinition};

/// Bytes that the clause takes in an address at most, unless told otherwise: common servers refuse queries of more than
/// 2048 bytes.
const LONGEST: usize = 1_500;

/// Words that cannot stand where a property's name does.
const WORDS: [&str; 23] = [
    "add", "all", "and", "any", "div", "divby", "eq", "false", "ge", "gt", "has", "in", "INF", "le", "lt", "mod",
    "mul", "NaN", "ne", "not", "null", "or", "true",
];

/// Writes filters as `$filter` clauses.
///
/// A field is the property of its name, where dots lead into complex properties: `address.city` is `address/city`.
/// [`property`](Self::property) says otherwise. Names come from here and from the entity's definition; a test of a field
/// whose name is not one of OData's is left.
///
/// OData says nothing of how a service compares text, and many ignore case. Therefore tests of text are asked for where that
/// lets more records through, and remain; [`with_exact_text`](Self::with_exact_text) changes that.
///
/// ```
/// use appflow_sdk::filter::translate::ODataFilter;
/// use appflow_sdk::filter::{Filter, Operators, TypedFilter};
/// use appflow_sdk::protocol::{EntityDefinition, FieldDataType, FieldDefinition};
///
/// let people = EntityDefinition::new("people", vec![
///     FieldDefinition::new("age", FieldDataType::Integer),
///     FieldDefinition::new("address.city", FieldDataType::String),
/// ]);
/// let filter = Filter::parse("not age < 18 and address.city = \"L'Aquila\"")?;
/// let translation = ODataFilter::new().translate(&TypedFilter::new(&filter, &people, Operators::Meaningful)?);
/// assert_eq!(translation.pushed.unwrap(), "(age eq null or age ge 18) and address/city eq 'L''Aquila'");
/// assert_eq!(translation.remainder.unwrap().to_string(), "address.city = \"L'Aquila\"");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct ODataFilter {
    properties: BTreeMap<String, (String, PropertyKind)>,
    compares_text_exactly: bool,
    knows_in: bool,
    longest: usize,
}

/// The type of a property, as far as it matters to its literals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PropertyKind {
    /// Nothing is known of it; every test of it is left.
    Opaque,
    /// `Edm.Boolean`. Usual for `Boolean`.
    Boolean,
    /// An integer of at most 64 bits. Usual for `Short`, `Integer` and `Long`.
    Integer,
    /// `Edm.Decimal`. Usual for `BigInteger` and `BigDecimal`. Values of more than 15 digits are left, because services
    /// may read them as binary fractions.
    Decimal,
    /// `Edm.Double`. Usual for `Double`. Values of more than 15 digits are left.
    Double,
    /// `Edm.String`. Usual for `String`.
    Text,
    /// `Edm.Guid`. Values that are none are left, and so is everything but `=` and `in`, which remain as well: services do not
    /// mind the case of letters.
    Guid,
    /// `Edm.Date`. Usual for `Date`.
    Date,
    /// `Edm.DateTimeOffset`. Usual for `DateTime`.
    DateTimeOffset,
}

impl Default for ODataFilter {
    fn default() -> Self {
        Self::new()
    }
}

impl ODataFilter {
    /// Writes for a service of which no more is known than that it speaks OData 4.
    #[must_use]
    pub fn new() -> Self {
        Self { properties: BTreeMap::new(), compares_text_exactly: false, knows_in: false, longest: LONGEST }
    }

    /// Says which property a field is: its path, with slashes, and its type.
    #[must_use]
    pub fn property(mut self, field: impl Into<String>, path: impl Into<String>, kind: PropertyKind) -> Self {
        self.properties.insert(field.into(), (path.into(), kind));
        self
    }

    /// Says that the service compares text by code point and minds case.
    #[must_use]
    pub fn with_exact_text(mut self) -> Self {
        self.compares_text_exactly = true;
        self
    }

    /// Says that the service knows the operator `in`, which came with version 4.01.
    #[must_use]
    pub fn with_in(mut self) -> Self {
        self.knows_in = true;
        self
    }

    /// Sets how many bytes the percent-encoded clause may take; 1500 unless set. Parts that do not fit are left.
    #[must_use]
    pub fn with_longest(mut self, bytes: usize) -> Self {
        self.longest = bytes;
        self
    }

    /// Divides a filter. What is pushed is the text of `$filter`, not percent-encoded; the limit is that of `$top`.
    #[must_use]
    pub fn translate(&self, filter: &TypedFilter) -> Translation<String> {
        language::divide(self, filter, self.longest, encoded_length)
    }

    fn kind(&self, field: &FieldDefinition) -> PropertyKind {
        if let Some((_, kind)) = self.properties.get(&field.field_name) {
            return *kind;
        }
        match &field.data_type {
            FieldDataType::Boolean => PropertyKind::Boolean,
            FieldDataType::Short | FieldDataType::Integer | FieldDataType::Long => PropertyKind::Integer,
            FieldDataType::BigInteger | FieldDataType::BigDecimal => PropertyKind::Decimal,
            FieldDataType::Double => PropertyKind::Double,
            FieldDataType::String => PropertyKind::Text,
            FieldDataType::Date => PropertyKind::Date,
            FieldDataType::DateTime => PropertyKind::DateTimeOffset,
            _ => PropertyKind::Opaque,
        }
    }
}

impl Language for ODataFilter {
    const AND: &'static str = " and ";
    const OR: &'static str = " or ";

    fn name(&self, field: &FieldDefinition) -> Option<String> {
        let path = match self.properties.get(&field.field_name) {
            Some((path, _)) => path.clone(),
            None => field.field_name.replace('.', "/"),
        };
        let is_known = self.kind(field) != PropertyKind::Opaque;
        (is_known && path.split('/').all(is_identifier)).then_some(path)
    }

    fn compare(&self, field: &FieldDefinition, operator: Comparison, value: &TypedValue) -> Option<Compared> {
        let kind = self.kind(field);
        match (kind, value) {
            (PropertyKind::Boolean, TypedValue::Boolean(truth)) => Some(Compared::exactly(operator, truth.to_string())),
            (PropertyKind::Integer, TypedValue::Number(number)) => {
                on_grid(Place::of_number(number).compare(operator).within_64_bits(), |unit| Some(unit.to_string()))
            }
            (PropertyKind::Decimal, TypedValue::Number(number)) if number.digits() <= 15 => {
                Some(Compared::exactly(operator, number.plain(28)?))
            }
            (PropertyKind::Double, TypedValue::Number(number)) => {
                number.to_f64().map(|_| Compared::exactly(operator, number.to_decimal().to_string()))
            }
            (PropertyKind::Text, TypedValue::Text(text)) => {
                let is_wider = operator == Comparison::Equal;
                let is_exact = self.compares_text_exactly;
                (is_exact || is_wider).then_some(())?;
                Some(Compared::With { operator, literal: quoted(text)?, is_exact })
            }
            (PropertyKind::Guid, TypedValue::Text(text)) => (operator == Comparison::Equal && is_guid(text))
                .then(|| Compared::With { operator, literal: text.clone(), is_exact: false }),
            (PropertyKind::Date, TypedValue::Moment(moment)) => {
                on_grid(Place::of_moment(*moment, grid::DAY).compare(operator), |day| {
                    let since_epoch = jiff::SignedDuration::from_hours(i64::try_from(day).ok()?.checked_mul(24)?);
                    let clock = Moment::new(since_epoch).to_instant()?.to_utc();
                    (clock.year() > 0).then(|| clock.date().to_string())
                })
            }
            (PropertyKind::DateTimeOffset, TypedValue::Moment(moment)) => {
                let clock = moment.to_instant()?.to_utc();
                // Services know a ten-millionth of a second at best.
                let is_known = clock.year() > 0 && clock.subsec_nanosecond() % 100 == 0;
                is_known.then(|| Compared::exactly(operator, format!("{clock}Z")))
            }
            _ => None,
        }
    }

    fn comparison(&self, name: &str, operator: Comparison, literal: &str) -> String {
        let word = match operator {
            Comparison::Equal | Comparison::Contains => "eq",
            Comparison::NotEqual => "ne",
            Comparison::Less => "lt",
            Comparison::LessOrEqual => "le",
            Comparison::Greater => "gt",
            Comparison::GreaterOrEqual => "ge",
        };
        format!("{name} {word} {literal}")
    }

    fn null(&self, name: &str, is_wanted: bool) -> String {
        format!("{name} {} null", if is_wanted { "eq" } else { "ne" })
    }

    fn one_of(&self, _field: &FieldDefinition, name: &str, literals: &[String], is_wanted: bool) -> String {
        if self.knows_in {
            let list = literals.join(",");
            return if is_wanted { format!("{name} in ({list})") } else { format!("not ({name} in ({list}))") };
        }
        let (word, joint) = if is_wanted { ("eq", Self::OR) } else { ("ne", Self::AND) };
        let tests: Vec<_> = literals.iter().map(|literal| format!("{name} {word} {literal}")).collect();
        if tests.len() == 1 { tests.concat() } else { format!("({})", tests.join(joint)) }
    }

    fn contains(&self, field: &FieldDefinition, name: &str, sought: &str, is_wanted: bool) -> Option<Said> {
        if self.kind(field) != PropertyKind::Text {
            return None;
        }
        let not = if is_wanted { "" } else { "not " };
        let text = format!("{not}contains({name},{})", quoted(sought)?);
        Some(Said { text, is_exact: self.compares_text_exactly })
    }
}

/// A comparison with a number of units.
fn on_grid(outcome: Outcome, write: impl Fn(i128) -> Option<String>) -> Option<Compared> {
    Some(match outcome {
        Outcome::Compare(operator, unit) => Compared::exactly(operator, write(unit)?),
        Outcome::Always => Compared::Always,
        Outcome::Never => Compared::Never,
    })
}

/// Whether it is a simple identifier of OData, in ASCII, that is no word of the language.
fn is_identifier(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && characters.all(|character| character.is_ascii_alphanumeric() || character == '_')
        && name.len() <= 128
        && !WORDS.contains(&name)
}

/// Whether it has the form of a GUID: 8, 4, 4, 4 and 12 hexadecimal digits with hyphens between them.
fn is_guid(text: &str) -> bool {
    let groups = text.split('-').map(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(group.len()));
    groups.eq([8, 4, 4, 4, 12].map(Some))
}

/// Text as a literal; nothing if it has characters that services refuse in an address.
fn quoted(text: &str) -> Option<String> {
    (!text.contains(char::is_control)).then(|| format!("'{}'", text.replace('\'', "''")))
}
