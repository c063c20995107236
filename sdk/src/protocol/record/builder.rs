//! Builds records field by field, as the entity's types have them.

use std::borrow::Cow;
use std::io::Write as _;

use base64::Engine as _;
use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use serde::Serialize;

use super::validator::broken_type;
use super::violation::{RecordErrors, RecordRule, RecordViolation};
use super::{Record, json_kind};
use crate::protocol::{Decimal, EntityDefinition, FieldDataType};

/// Builds one record of an entity. A value must fit its field's type, as [`RecordValidator`](super::RecordValidator) has
/// it, and every value that does not is told at the end. The text is written at once: there is no tree in between.
///
/// ```
/// use appflow_sdk::protocol::{EntityDefinition, FieldDataType, FieldDefinition, RecordBuilder};
/// let orders = EntityDefinition::new("orders", vec![
///     FieldDefinition::new("id", FieldDataType::Integer).primary_key(),
///     FieldDefinition::new("customer", FieldDataType::String),
///     FieldDefinition::new("total", FieldDataType::BigDecimal),
///     FieldDefinition::new("note", FieldDataType::String),
///     FieldDefinition::new("tags", FieldDataType::List),
/// ]);
/// let record = RecordBuilder::new(&orders)
///     .set("id", 5)
///     .set("customer", "Zürich \"Ost\"")
///     .set("total", "99.90".parse::<appflow_sdk::protocol::Decimal>()?)
///     .set("note", None::<&str>)
///     .set_json("tags", &["new", "paid"])
///     .build()?;
/// assert_eq!(record.get(), r#"{"id":5,"customer":"Zürich \"Ost\"","total":99.90,"tags":["new","paid"]}"#);
///
/// let error = RecordBuilder::new(&orders).set("id", "5").set("totl", 1).build().unwrap_err();
/// assert_eq!(error.violations().len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct RecordBuilder<'d> {
    definition: &'d EntityDefinition,
    /// The object so far, without its closing brace.
    text: Vec<u8>,
    /// Which fields are in it.
    is_set: Vec<bool>,
    /// The field after the one that was set last: fields are mostly set in their order.
    next: usize,
    violations: Vec<RecordViolation>,
}

impl<'d> RecordBuilder<'d> {
    /// Begins a record without fields.
    pub fn new(definition: &'d EntityDefinition) -> Self {
        Self {
            definition,
            text: vec![b'{'],
            is_set: vec![false; definition.fields.len()],
            next: 0,
            violations: Vec::new(),
        }
    }

    /// Sets a field. Null and `None` leave it out.
    ///
    /// Texts are taken for strings, for dates and times in the forms that AppFlow takes, and for bytes that are base64
    /// already; integers and decimals for numbers of every type that holds them; fractions ([`f64`]) for those that
    /// hold fractions; [`Date`], [`DateTime`] and [`Timestamp`] (of `jiff` 0.2) and bytes for fields of their type.
    pub fn set<'v>(self, field: &str, value: impl Into<FieldValue<'v>>) -> Self {
        let FieldValue(value) = value.into();
        self.write(field, value.kind(), |data_type, text| value.is_for(data_type) && value.write(text))
    }

    /// Sets a field to what a value serialises to: for structs, maps and lists. One that serialises to null is left out.
    pub fn set_json<T: Serialize + ?Sized>(self, field: &str, value: &T) -> Self {
        self.write(field, "what does not serialise", |_, text| serde_json::to_writer(text, value).is_ok())
    }

    /// The record.
    ///
    /// # Errors
    /// [`RecordErrors`] with every field that the entity does not have, that was set twice, or whose value does not fit.
    pub fn build(mut self) -> Result<Record, RecordErrors> {
        self.text.push(b'}');
        let text = String::from_utf8(self.text).map_err(|_| RecordViolation {
            field: String::new(),
            rule: RecordRule::Json,
            found: "bytes that are no text",
        });
        let text = text.map_err(|violation| self.violations.push(violation)).unwrap_or_default();
        RecordErrors::of(self.violations).map_or_else(|| Ok(Record::from_trusted(text)), Err)
    }

    fn write(
        mut self,
        name: &str,
        kind: &'static str,
        value: impl FnOnce(&FieldDataType, &mut Vec<u8>) -> bool,
    ) -> Self {
        let fields = &self.definition.fields;
        let is_next = fields.get(self.next).is_some_and(|field| field.field_name == name);
        let place = if is_next { Some(self.next) } else { fields.iter().position(|field| field.field_name == name) };
        let Some((place, field)) = place.and_then(|place| Some((place, fields.get(place)?))) else {
            return self.refuse(name, RecordRule::Declared, kind);
        };
        self.next = place + 1;
        let before = self.text.len();
        if before > 1 {
            self.text.push(b',');
        }
        let is_named = serde_json::to_writer(&mut self.text, name).is_ok();
        self.text.push(b':');
        let begin = self.text.len();
        let is_written = is_named && value(&field.data_type, &mut self.text);
        let json = if is_written { std::str::from_utf8(&self.text[begin..]).ok() } else { None };
        let broken = match json {
            None => Some((RecordRule::Type(field.data_type.clone()), kind)),
            Some("null") => None,
            Some(json) => match broken_type(&field.data_type, json) {
                Some(rule) => Some((rule, json_kind(json))),
                None if self.is_set[place] => Some((RecordRule::Once, json_kind(json))),
                None => {
                    self.is_set[place] = true;
                    return self;
                }
            },
        };
        self.text.truncate(before);
        match broken {
            Some((rule, found)) => self.refuse(name, rule, found),
            None => self,
        }
    }

    fn refuse(mut self, name: &str, rule: RecordRule, found: &'static str) -> Self {
        self.violations.push(RecordViolation { field: name.to_owned(), rule, found });
        self
    }
}

/// A value that [`RecordBuilder::set`] takes. There is a conversion from each type that it takes, and from `Option` of
/// each, where `None` is null.
#[derive(Debug, Clone)]
pub struct FieldValue<'v>(Value<'v>);

#[derive(Debug, Clone)]
enum Value<'v> {
    Null,
    Boolean(bool),
    Integer(i128),
    Decimal(Cow<'v, Decimal>),
    Single(f32),
    Double(f64),
    Text(Cow<'v, str>),
    Date(Date),
    DateTime(DateTime),
    Timestamp(Timestamp),
    Bytes(Cow<'v, [u8]>),
}

impl Value<'_> {
    fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "a boolean",
            Self::Integer(_) | Self::Decimal(_) | Self::Single(_) | Self::Double(_) => "a number",
            Self::Text(_) => "a string",
            Self::Date(_) => "a date",
            Self::DateTime(_) | Self::Timestamp(_) => "a date and time",
            Self::Bytes(_) => "bytes",
        }
    }

    /// Whether it means what the field means; whether its JSON fits is another question.
    fn is_for(&self, data_type: &FieldDataType) -> bool {
        match self {
            Self::Text(text) => *data_type != FieldDataType::ByteArray || STANDARD.decode(text.as_bytes()).is_ok(),
            Self::Date(_) => *data_type == FieldDataType::Date,
            Self::DateTime(_) | Self::Timestamp(_) => *data_type == FieldDataType::DateTime,
            Self::Bytes(_) => *data_type == FieldDataType::ByteArray,
            Self::Null | Self::Boolean(_) | Self::Integer(_) | Self::Decimal(_) | Self::Single(_) | Self::Double(_) => {
                true
            }
        }
    }

    /// Writes it as JSON; false if JSON cannot say it.
    fn write(&self, text: &mut Vec<u8>) -> bool {
        match self {
            Self::Null => text.write_all(b"null").is_ok(),
            Self::Boolean(boolean) => write!(text, "{boolean}").is_ok(),
            Self::Integer(integer) => write!(text, "{integer}").is_ok(),
            Self::Decimal(decimal) => write!(text, "{decimal}").is_ok(),
            Self::Single(number) => number.is_finite() && serde_json::to_writer(text, number).is_ok(),
            Self::Double(number) => number.is_finite() && serde_json::to_writer(text, number).is_ok(),
            Self::Text(string) => serde_json::to_writer(text, string.as_ref()).is_ok(),
            Self::Date(date) => write!(text, "\"{date}\"").is_ok(),
            Self::DateTime(clock) => write!(text, "\"{clock}\"").is_ok(),
            Self::Timestamp(instant) => write!(text, "\"{instant}\"").is_ok(),
            Self::Bytes(bytes) => write!(text, "\"{}\"", Base64Display::new(bytes, &STANDARD)).is_ok(),
        }
    }
}

macro_rules! from_value {
    ($($from:ty => |$value:ident| $into:expr),+ $(,)?) => {
        $(impl<'v> From<$from> for FieldValue<'v> {
            fn from($value: $from) -> Self {
                Self($into)
            }
        })+
    };
}

from_value!(
    bool => |value| Value::Boolean(value),
    i8 => |value| Value::Integer(value.into()),
    i16 => |value| Value::Integer(value.into()),
    i32 => |value| Value::Integer(value.into()),
    i64 => |value| Value::Integer(value.into()),
    i128 => |value| Value::Integer(value),
    u8 => |value| Value::Integer(value.into()),
    u16 => |value| Value::Integer(value.into()),
    u32 => |value| Value::Integer(value.into()),
    u64 => |value| Value::Integer(value.into()),
    f32 => |value| Value::Single(value),
    f64 => |value| Value::Double(value),
    Decimal => |value| Value::Decimal(Cow::Owned(value)),
    &'v Decimal => |value| Value::Decimal(Cow::Borrowed(value)),
    &'v str => |value| Value::Text(Cow::Borrowed(value)),
    &'v String => |value| Value::Text(Cow::Borrowed(value)),
    String => |value| Value::Text(Cow::Owned(value)),
    Cow<'v, str> => |value| Value::Text(value),
    Date => |value| Value::Date(value),
    DateTime => |value| Value::DateTime(value),
    Timestamp => |value| Value::Timestamp(value),
    &'v [u8] => |value| Value::Bytes(Cow::Borrowed(value)),
    Vec<u8> => |value| Value::Bytes(Cow::Owned(value)),
);

impl<'v, T: Into<FieldValue<'v>>> From<Option<T>> for FieldValue<'v> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self(Value::Null), Into::into)
    }
}
