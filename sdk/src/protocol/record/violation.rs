//! What is wrong with a record: which field breaks which rule, and never the value.

use std::fmt;

use crate::protocol::{FieldDataType, RangeConstraint};

/// What a field of a record must be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordRule {
    /// Its value is what the field's type says.
    Type(FieldDataType),
    /// It is not null: a field without a value is left out.
    NotNull,
    /// The entity has a field of that name.
    Declared,
    /// It is there: the field is a primary key, or never null.
    Present,
    /// Its text has a length within these bounds, in characters.
    Length(RangeConstraint),
    /// Its number is within these bounds.
    Range(RangeConstraint),
    /// It is one of the allowed values of the field.
    Allowed,
    /// It is set once.
    Once,
    /// It can be read and written as JSON.
    Json,
}

impl fmt::Display for RecordRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Type(data_type) => write!(f, "must be {}", expectation(data_type)),
            Self::NotNull => f.write_str("must have a value or be left out"),
            Self::Declared => f.write_str("is no field of the entity"),
            Self::Present => f.write_str("must be there"),
            Self::Length(range) => write!(f, "must have {} to {} characters", range.min_range, range.max_range),
            Self::Range(range) => write!(f, "must be within {} and {}", range.min_range, range.max_range),
            Self::Allowed => f.write_str("must be one of the allowed values"),
            Self::Once => f.write_str("must be set once"),
            Self::Json => f.write_str("must be readable JSON"),
        }
    }
}

fn expectation(data_type: &FieldDataType) -> &str {
    match data_type {
        FieldDataType::String => "a string",
        FieldDataType::ByteArray => "a string of base64",
        FieldDataType::Boolean => "true or false, without quotes",
        FieldDataType::Short => "an integer of 16 bits, without fraction and exponent",
        FieldDataType::Integer => "an integer of 32 bits, without fraction and exponent",
        FieldDataType::Long => "an integer of 64 bits, without fraction and exponent",
        FieldDataType::BigInteger => "an integer, without fraction and exponent",
        FieldDataType::Float | FieldDataType::Double => "a number",
        FieldDataType::BigDecimal => "a number within the range of a double",
        FieldDataType::Date => "a string with a date such as 2026-01-31",
        FieldDataType::DateTime => "a string with a date and time such as 2026-01-31T10:15:30Z",
        FieldDataType::Struct | FieldDataType::Map => "an object",
        FieldDataType::List => "an array",
        FieldDataType::Unknown(name) => name,
    }
}

/// One field of a record that breaks one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordViolation {
    pub(super) field: String,
    pub(super) rule: RecordRule,
    pub(super) found: &'static str,
}

impl RecordViolation {
    /// The field's name.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }

    /// The rule.
    #[must_use]
    pub fn rule(&self) -> &RecordRule {
        &self.rule
    }

    /// What kind of value was found: `null`, `a boolean`, `a number`, `a string`, `an array`, `an object`; `nothing` for a
    /// field that is missing; a builder can also find `bytes`, `a date` or `a date and time`. Never the value itself.
    #[must_use]
    pub fn found(&self) -> &'static str {
        self.found
    }
}

impl fmt::Display for RecordViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "field {:?} {}, found {}", self.field, self.rule, self.found)
    }
}

/// A record is not what its entity says: everything that was found, and no value of the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordErrors {
    /// Never empty.
    violations: Vec<RecordViolation>,
}

impl RecordErrors {
    /// The error of a record with violations, if there are any.
    pub(super) fn of(violations: Vec<RecordViolation>) -> Option<Self> {
        (!violations.is_empty()).then_some(Self { violations })
    }

    /// Everything that was found, at least one.
    #[must_use]
    pub fn violations(&self) -> &[RecordViolation] {
        &self.violations
    }
}

impl fmt::Display for RecordErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, violation) in self.violations.iter().enumerate() {
            write!(f, "{}{violation}", if index == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl std::error::Error for RecordErrors {}
