//! Numbers of any length, kept digit by digit.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// A JSON number as it was written: no digit is lost and none is made up.
///
/// ```
/// use appflow_sdk::protocol::Decimal;
/// let bound: Decimal = "12321321431215498.1230129414039240234".parse()?;
/// assert_eq!(serde_json::to_string(&bound)?, "12321321431215498.1230129414039240234");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Decimal(Box<str>);

/// The text is not a JSON number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotANumber {
    text: String,
}

impl fmt::Display for NotANumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a number", self.text)
    }
}

impl std::error::Error for NotANumber {}

impl Decimal {
    /// The number's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Decimal {
    type Err = NotANumber;

    fn from_str(text: &str) -> Result<Self, NotANumber> {
        let starts_like_one = text.starts_with(|first: char| first == '-' || first.is_ascii_digit());
        if starts_like_one && serde_json::from_str::<&RawValue>(text).is_ok_and(|raw| raw.get() == text) {
            Ok(Self(text.into()))
        } else {
            Err(NotANumber { text: text.to_owned() })
        }
    }
}

impl From<i64> for Decimal {
    fn from(number: i64) -> Self {
        Self(number.to_string().into())
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.to_string()).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    /// Reads a number, or text that spells one.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::lenient::text(deserializer)?.parse().map_err(D::Error::custom)
    }
}
