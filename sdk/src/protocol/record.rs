//! Records: JSON objects that travel as text.

mod builder;
mod moment;
mod validator;
mod violation;

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

pub use builder::{FieldValue, RecordBuilder};
pub use validator::RecordValidator;
pub use violation::{RecordErrors, RecordRule, RecordViolation};

/// One record: the text of a JSON object whose members are the entity's fields.
///
/// The text is passed through as it came from the source system and escaped once, when the response is written.
///
/// ```
/// use appflow_sdk::protocol::Record;
/// let record = Record::new(&serde_json::json!({"id": 1, "total": 9.90}))?;
/// assert_eq!(record.get(), r#"{"id":1,"total":9.9}"#);
/// # Ok::<(), appflow_sdk::protocol::NotARecord>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Record(Box<str>);

/// The value is not a JSON object.
#[derive(Debug)]
pub struct NotARecord {
    found: String,
}

impl fmt::Display for NotARecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a record must be a JSON object, found {}", self.found)
    }
}

impl std::error::Error for NotARecord {}

/// A record cannot be read as a type: the member that is missing or of another kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableRecord {
    path: String,
}

impl UnreadableRecord {
    /// The member's place, as in `customer.id`; `.` is the record itself, of which a member is missing.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl fmt::Display for UnreadableRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "." => f.write_str("the record lacks a member"),
            path => write!(f, "the record's {path:?} is not what was expected"),
        }
    }
}

impl std::error::Error for UnreadableRecord {}

impl Record {
    /// Serialises a value.
    ///
    /// # Errors
    /// [`NotARecord`] when the value does not serialise, or serialises to something other than an object.
    pub fn new<T: Serialize + ?Sized>(value: &T) -> Result<Self, NotARecord> {
        let text = serde_json::to_string(value).map_err(|error| NotARecord { found: error.to_string() })?;
        Self::from_object_text(text.into())
    }

    /// Takes JSON that was already read, without copying it.
    ///
    /// # Errors
    /// [`NotARecord`] when it is not an object.
    pub fn from_raw(raw: Box<RawValue>) -> Result<Self, NotARecord> {
        Self::from_object_text(raw.into())
    }

    /// Takes text and checks that it is one JSON object.
    ///
    /// # Errors
    /// [`NotARecord`] when it is not.
    pub fn parse(text: &str) -> Result<Self, NotARecord> {
        let raw: &RawValue = serde_json::from_str(text).map_err(|error| NotARecord { found: error.to_string() })?;
        Self::from_object_text(raw.get().into())
    }

    /// Reads the record as a value of a type.
    ///
    /// ```
    /// use appflow_sdk::protocol::Record;
    /// #[derive(Debug, serde::Deserialize)]
    /// struct Ticket { id: i64 }
    /// let error = Record::parse(r#"{"id":"a customer's secret"}"#)?.read::<Ticket>().unwrap_err();
    /// assert_eq!(error.to_string(), "the record's \"id\" is not what was expected");
    /// # Ok::<(), appflow_sdk::protocol::NotARecord>(())
    /// ```
    ///
    /// # Errors
    /// [`UnreadableRecord`], which names the member and, unlike the errors of `serde_json`, never repeats the value: records
    /// are the customer's data, and a message may end in a log.
    pub fn read<'de, T: Deserialize<'de>>(&'de self) -> Result<T, UnreadableRecord> {
        let mut deserializer = serde_json::Deserializer::from_str(&self.0);
        serde_path_to_error::deserialize(&mut deserializer)
            .map_err(|error| UnreadableRecord { path: error.path().to_string() })
    }

    fn from_object_text(text: Box<str>) -> Result<Self, NotARecord> {
        if text.starts_with('{') { Ok(Self(text)) } else { Err(NotARecord { found: json_kind(&text).to_owned() }) }
    }

    /// Text that this crate assembled from members that were read as JSON.
    pub(crate) fn from_trusted(object: String) -> Self {
        Self(object.into())
    }

    /// The JSON text.
    #[must_use]
    pub fn get(&self) -> &str {
        &self.0
    }
}

/// What kind of value JSON text is, by its first character.
fn json_kind(json: &str) -> &'static str {
    match json.as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b'"') => "a string",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}

impl From<Record> for String {
    fn from(record: Record) -> Self {
        record.0.into()
    }
}

impl fmt::Debug for Record {
    /// Tells the size, not the content: records are the customer's data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Record({} bytes)", self.0.len())
    }
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
