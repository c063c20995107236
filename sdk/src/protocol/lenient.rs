//! Reads scalars as the official Java SDK's reader does: numbers and booleans where text is expected, numeric text where
//! a number is expected, null where a default exists.
//!
//! Two things that it reads are refused. JSON in single quotes: no sender of it is known, and what is not JSON is better
//! refused than guessed at. The ordinal of an enum: it says nothing once a value is added in the middle.

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

/// A list of [`text`], empty for `null`.
pub(super) fn text_list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(optional_text_list(deserializer)?.unwrap_or_default())
}

/// As [`text`], empty for `null`.
pub(super) fn text_or_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(optional_text(deserializer)?.unwrap_or_default())
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
    let wrong = || D::Error::invalid_value(Unexpected::Str(&text), &"an integer of 64 bits");
    truncate(text.trim()).map(Some).ok_or_else(wrong)
}

/// As [`optional_integer`], where `null` means 0: what Jackson does with a primitive.
pub(super) fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    Ok(optional_integer(deserializer)?.unwrap_or_default())
}

/// As [`optional_integer`], of 32 bits.
pub(super) fn optional_short_integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i32>, D::Error> {
    let Some(number) = optional_integer(deserializer)? else { return Ok(None) };
    let wrong = |_| D::Error::invalid_value(Unexpected::Signed(number), &"an integer of 32 bits");
    i32::try_from(number).map(Some).map_err(wrong)
}

/// The whole part of a decimal number, in exponent form or not.
fn truncate(text: &str) -> Option<i64> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let unsigned = whole.strip_prefix('-').unwrap_or(whole);
    let are_digits = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if unsigned.is_empty() || !are_digits(unsigned) || !are_digits(fraction) {
        return None;
    }
    // Moving the point: no more than the digits of the text are looked at, however large the exponent.
    let digits = [unsigned, fraction].concat();
    let kept = i64::try_from(unsigned.len()).ok()?.checked_add(exponent)?;
    let number = match usize::try_from(kept) {
        Err(_) | Ok(0) => 0,
        Ok(kept) if kept <= digits.len() => digits[..kept].parse::<i128>().ok()?,
        Ok(kept) => {
            let number = digits.parse::<i128>().ok()?;
            let zeros = u32::try_from(kept - digits.len()).ok()?;
            if number == 0 { 0 } else { number.checked_mul(10_i128.checked_pow(zeros)?)? }
        }
    };
    i64::try_from(if whole.starts_with('-') { -number } else { number }).ok()
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
