//! Reads scalars as the official Java SDK's reader does: numbers and booleans where text is expected, numeric text where
//! a number is expected, null where a default exists.

use std::collections::BTreeMap;

use serde::de::{Error as _, Unexpected};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// `null` counts as absent: the type's default.
pub(super) fn null_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// Text; a number or boolean is taken by its spelling.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Text::deserialize(deserializer)?.0)
}

/// As [`text`], or nothing for `null`.
pub(super) fn optional_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<Text>::deserialize(deserializer)?.map(|text| text.0))
}

/// A list of [`text`], or nothing for `null`.
pub(super) fn optional_text_list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    let list = Option::<Vec<Text>>::deserialize(deserializer)?;
    Ok(list.map(|list| list.into_iter().map(|text| text.0).collect()))
}

/// A map of [`text`]; an entry whose value is `null` counts as absent.
pub(super) fn text_map<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    Ok(optional_text_map(deserializer)?.unwrap_or_default())
}

/// As [`text_map`], or nothing for `null`.
pub(super) fn optional_text_map<'de, D>(deserializer: D) -> Result<Option<BTreeMap<String, String>>, D::Error>
where
    D: Deserializer<'de>,
{
    let map = Option::<BTreeMap<String, Option<Text>>>::deserialize(deserializer)?;
    Ok(map.map(|map| map.into_iter().filter_map(|(key, value)| Some((key, value?.0))).collect()))
}

/// An integer; numeric text is read, a fraction is cut off, `null` is nothing.
pub(super) fn optional_integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let Some(Text(text)) = Option::<Text>::deserialize(deserializer)? else { return Ok(None) };
    let digits = text.split_once('.').map_or(text.as_str(), |(whole, fraction)| {
        if fraction.bytes().all(|byte| byte.is_ascii_digit()) { whole } else { text.as_str() }
    });
    digits.parse().map(Some).map_err(|_| D::Error::invalid_value(Unexpected::Str(&text), &"an integer of 64 bits"))
}

/// A boolean; the words `true` and `false` as text are read, `null` is nothing.
pub(super) fn optional_boolean<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    let Some(Text(text)) = Option::<Text>::deserialize(deserializer)? else { return Ok(None) };
    match text.as_str() {
        "true" => Ok(Some(true)),
        "false" => Ok(Some(false)),
        _ => Err(D::Error::invalid_value(Unexpected::Str(&text), &"true or false")),
    }
}

/// As [`optional_boolean`], where `null` means false: what Jackson does with a primitive.
pub(super) fn boolean<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(optional_boolean(deserializer)?.unwrap_or(false))
}

/// Text that may have been written as a number or boolean. The digits of a number are kept as they came.
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let json = raw.get();
        match json.as_bytes().first() {
            Some(b'"') => serde_json::from_str(json).map(Self).map_err(D::Error::custom),
            Some(b'{') => Err(D::Error::invalid_type(Unexpected::Map, &"a string")),
            Some(b'[') => Err(D::Error::invalid_type(Unexpected::Seq, &"a string")),
            Some(b'n') => Err(D::Error::invalid_type(Unexpected::Other("null"), &"a string")),
            _ => Ok(Self(json.to_owned())),
        }
    }
}
