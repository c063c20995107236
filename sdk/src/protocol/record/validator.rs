//! Checks records against the entity they belong to.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::violation::{RecordErrors, RecordRule, RecordViolation};
use super::{Record, json_kind, moment};
use crate::filter::Quantity;
use crate::protocol::{EntityDefinition, FieldConstraints, FieldDataType, FieldDefinition, RangeConstraint};

/// Checks records against an entity's definition, by the data format that the official Java SDK describes and its
/// validator enforces.
///
/// | type | what is accepted |
/// |---|---|
/// | `String`, `ByteArray` | a string; whether it is base64 is not checked |
/// | `Boolean` | `true` or `false`, not in quotes |
/// | `Short`, `Integer`, `Long` | a number without fraction and exponent, within 16, 32 or 64 bits |
/// | `BigInteger` | a number without fraction and exponent |
/// | `Float`, `Double` | a number |
/// | `BigDecimal` | a number within the range of a double: `1e400` is refused |
/// | `Date` | a day that exists, with or without an offset: `2023-12-03`, `2023-12-03+01:00` |
/// | `DateTime` | `2011-12-03T10:15:30.000+01:00`; seconds, fraction and offset may be missing, `[Zone]` may follow an offset |
/// | `Struct`, `Map` | an object, whatever is in it |
/// | `List` | an array, whatever is in it |
///
/// Null is refused for every type: a field without a value is left out, and a field that is left out passes. AppFlow
/// itself is not known to enforce any of this. Of a member that occurs twice the last counts. A field whose type this
/// version does not know is checked for null alone.
///
/// ```
/// use appflow_sdk::protocol::{EntityDefinition, FieldDataType, FieldDefinition, Record, RecordValidator};
/// let orders = EntityDefinition::new("orders", vec![
///     FieldDefinition::new("id", FieldDataType::Integer).primary_key(),
///     FieldDefinition::new("paid", FieldDataType::Boolean),
/// ]);
/// let validator = RecordValidator::new(&orders);
/// let error = validator.validate(&Record::parse(r#"{"id":1.0,"paid":"true"}"#)?).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "field \"id\" must be an integer of 32 bits, without fraction and exponent, found a number; \
///      field \"paid\" must be true or false, without quotes, found a string"
/// );
/// # Ok::<(), appflow_sdk::protocol::NotARecord>(())
/// ```
#[derive(Debug)]
pub struct RecordValidator {
    fields: Vec<FieldRules>,
    /// Where in `fields` a name is.
    places: HashMap<String, usize>,
    allows_null: bool,
    refuses_unknown: bool,
    refuses_missing: bool,
    checks_constraints: bool,
}

impl RecordValidator {
    /// Checks the types of an entity's fields, and that none is null.
    #[must_use]
    pub fn new(definition: &EntityDefinition) -> Self {
        let fields: Vec<_> = definition.fields.iter().map(FieldRules::new).collect();
        let places = fields.iter().enumerate().map(|(index, field)| (field.name.clone(), index)).collect();
        Self {
            fields,
            places,
            allows_null: false,
            refuses_unknown: false,
            refuses_missing: false,
            checks_constraints: false,
        }
    }

    /// Takes null for a field that is left out, as the README of the official Java SDK does and its validator does not.
    #[must_use]
    pub fn allow_null(mut self) -> Self {
        self.allows_null = true;
        self
    }

    /// Also refuses members that are no field of the entity.
    #[must_use]
    pub fn refuse_unknown_fields(mut self) -> Self {
        self.refuses_unknown = true;
        self
    }

    /// Also refuses records without a field that is a primary key or whose `readProperties` say that it is never null.
    #[must_use]
    pub fn refuse_missing_fields(mut self) -> Self {
        self.refuses_missing = true;
        self
    }

    /// Also checks the fields' constraints: `allowedLengthRange` of strings, in characters; `allowedValueRange` of
    /// numbers, digit by digit; `allowedValues`, where numbers are equal whatever their spelling.
    /// `allowedValuesRegexPattern` and `allowedDateFormat` are not checked.
    #[must_use]
    pub fn check_constraints(mut self) -> Self {
        self.checks_constraints = true;
        self
    }

    /// Checks one record.
    ///
    /// # Errors
    /// [`RecordErrors`] with every field that breaks a rule, in the order of the definition; unknown fields come last.
    pub fn validate(&self, record: &Record) -> Result<(), RecordErrors> {
        let collect = Collect { validator: self, values: vec![None; self.fields.len()], unknown: Vec::new() };
        let mut deserializer = serde_json::Deserializer::from_str(record.get());
        let Ok(Collect { values, unknown, .. }) = deserializer.deserialize_map(collect) else {
            // A record is an object by construction; its names can still hold half of a surrogate pair.
            let broken =
                RecordViolation { field: String::new(), rule: RecordRule::Json, found: "a name that is no text" };
            return RecordErrors::of(vec![broken]).map_or(Ok(()), Err);
        };
        let mut violations = Vec::new();
        for (field, value) in self.fields.iter().zip(values) {
            match value.filter(|value| !(self.allows_null && value.get() == "null")) {
                Some(value) => field.check(value.get(), self.checks_constraints, &mut violations),
                None if self.refuses_missing && field.is_required => {
                    violations.push(field.violation(RecordRule::Present, "nothing"));
                }
                None => {}
            }
        }
        violations.extend(unknown);
        RecordErrors::of(violations).map_or(Ok(()), Err)
    }
}

/// The members of a record, sorted out in one pass.
struct Collect<'v, 'r> {
    validator: &'v RecordValidator,
    values: Vec<Option<&'r RawValue>>,
    unknown: Vec<RecordViolation>,
}

impl<'de> Visitor<'de> for Collect<'_, 'de> {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self, A::Error> {
        while let Some(Name(name)) = map.next_key()? {
            let value: &'de RawValue = map.next_value()?;
            match self.validator.places.get(name.as_ref()) {
                Some(&place) => self.values[place] = Some(value),
                None if self.validator.refuses_unknown => self.unknown.push(RecordViolation {
                    field: name.into_owned(),
                    rule: RecordRule::Declared,
                    found: json_kind(value.get()),
                }),
                None => {}
            }
        }
        Ok(self)
    }
}

/// A name, borrowed where it has no escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// What a definition says of one field, ready to be checked.
#[derive(Debug)]
struct FieldRules {
    name: String,
    data_type: FieldDataType,
    is_required: bool,
    length: Option<Bounds>,
    range: Option<Bounds>,
    allowed: Option<Vec<String>>,
}

impl FieldRules {
    fn new(field: &FieldDefinition) -> Self {
        let is_never_null = field.read_properties.as_ref().is_some_and(|read| read.is_nullable == Some(false));
        let constraints = field.constraints.clone().unwrap_or_default();
        let FieldConstraints { allowed_length_range, allowed_value_range, allowed_values, .. } = constraints;
        Self {
            name: field.field_name.clone(),
            data_type: field.data_type.clone(),
            is_required: is_never_null || field.is_primary_key == Some(true),
            length: allowed_length_range.filter(|_| field.data_type == FieldDataType::String).map(Bounds::new),
            range: allowed_value_range.filter(|_| field.data_type.is_numeric()).map(Bounds::new),
            allowed: allowed_values,
        }
    }

    fn violation(&self, rule: RecordRule, found: &'static str) -> RecordViolation {
        RecordViolation { field: self.name.clone(), rule, found }
    }

    fn check(&self, json: &str, with_constraints: bool, violations: &mut Vec<RecordViolation>) {
        let found = json_kind(json);
        if let Some(rule) = broken_type(&self.data_type, json) {
            violations.push(self.violation(rule, found));
        } else if with_constraints {
            violations.extend(self.broken_constraints(json).map(|rule| self.violation(rule, found)));
        }
    }

    fn broken_constraints(&self, json: &str) -> impl Iterator<Item = RecordRule> {
        let text = if json.starts_with('"') { unquoted(json) } else { Some(Cow::Borrowed(json)) };
        let length = self
            .length
            .as_ref()
            .filter(|bounds| !text.as_ref().is_some_and(|text| bounds.contain(&text.chars().count().to_string())));
        let range = self.range.as_ref().filter(|bounds| !bounds.contain(json));
        let allowed = self
            .allowed
            .as_ref()
            .filter(|allowed| !text.as_ref().is_some_and(|text| allowed.iter().any(|value| self.is_same(value, text))));
        let length = length.map(|bounds| RecordRule::Length(bounds.declared.clone()));
        let range = range.map(|bounds| RecordRule::Range(bounds.declared.clone()));
        length.into_iter().chain(range).chain(allowed.map(|_| RecordRule::Allowed))
    }

    fn is_same(&self, allowed: &str, text: &str) -> bool {
        allowed == text
            || (self.data_type.is_numeric()
                && matches!((Quantity::parse(allowed), Quantity::parse(text)), (Ok(left), Ok(right)) if left == right))
    }
}

/// Two bounds, and what they were read from.
#[derive(Debug)]
struct Bounds {
    declared: RangeConstraint,
    /// None where the exponent is so large that it does not fit into 64 bits: such a bound is not checked.
    lowest: Option<Quantity>,
    highest: Option<Quantity>,
}

impl Bounds {
    fn new(declared: RangeConstraint) -> Self {
        let lowest = Quantity::parse(declared.min_range.as_str()).ok();
        let highest = Quantity::parse(declared.max_range.as_str()).ok();
        Self { declared, lowest, highest }
    }

    fn contain(&self, number: &str) -> bool {
        Quantity::parse(number).is_ok_and(|number| {
            self.lowest.as_ref().is_none_or(|lowest| *lowest <= number)
                && self.highest.as_ref().is_none_or(|highest| number <= *highest)
        })
    }
}

/// The rule that a JSON value breaks by its kind or form alone.
pub(super) fn broken_type(data_type: &FieldDataType, json: &str) -> Option<RecordRule> {
    let kind = json_kind(json);
    if kind == "null" {
        return Some(RecordRule::NotNull);
    }
    let is_number = kind == "a number";
    let is_text = |accepts: fn(&str) -> bool| kind == "a string" && unquoted(json).is_some_and(|text| accepts(&text));
    let fits = match data_type {
        FieldDataType::String | FieldDataType::ByteArray => kind == "a string",
        FieldDataType::Boolean => kind == "a boolean",
        FieldDataType::Short => is_number && json.parse::<i16>().is_ok(),
        FieldDataType::Integer => is_number && json.parse::<i32>().is_ok(),
        FieldDataType::Long => is_number && json.parse::<i64>().is_ok(),
        FieldDataType::BigInteger => is_number && !json.contains(['.', 'e', 'E']),
        FieldDataType::Float | FieldDataType::Double => is_number,
        FieldDataType::BigDecimal => is_number && json.parse::<f64>().is_ok_and(f64::is_finite),
        FieldDataType::Date => is_text(moment::is_date),
        FieldDataType::DateTime => is_text(moment::is_date_time),
        FieldDataType::Struct | FieldDataType::Map => kind == "an object",
        FieldDataType::List => kind == "an array",
        FieldDataType::Unknown(_) => true,
    };
    (!fits).then(|| RecordRule::Type(data_type.clone()))
}

/// The text of a JSON string; nothing if an escape names half of a surrogate pair.
fn unquoted(json: &str) -> Option<Cow<'_, str>> {
    if json.contains('\\') {
        serde_json::from_str::<String>(json).ok().map(Cow::Owned)
    } else {
        json.get(1..json.len().checked_sub(1)?).map(Cow::Borrowed)
    }
}
