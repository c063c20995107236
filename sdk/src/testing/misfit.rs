//! Whether a value is of its field's type.

use jiff::civil::{Date, DateTime};
use serde_json::value::RawValue;

use super::records::members;
use crate::protocol::{EntityDefinition, FieldDataType, FieldDefinition, Record};

/// The first thing about a record that does not fit the selected fields of the entity.
pub(super) fn of_record(definition: &EntityDefinition, selected: Option<&[String]>, record: &Record) -> Option<String> {
    members(record).into_iter().find_map(|(name, value)| {
        let wanted = selected.is_none_or(|names| names.contains(&name));
        match definition.field(&name).filter(|_| wanted) {
            None => Some(format!("has the field {name:?}")),
            Some(field) => misfit(field, value).filter(|_| value.get() != "null"),
        }
    })
}

/// What is wrong with a value of the field, by the data format of the official Java SDK and its validator.
pub(super) fn misfit(field: &FieldDefinition, value: &RawValue) -> Option<String> {
    let text = value.get();
    let string: Option<String> = serde_json::from_str(text).ok();
    let first = text.as_bytes().first().copied().unwrap_or_default();
    let is_number = first == b'-' || first.is_ascii_digit();
    let is_integer = is_number && text.bytes().skip(1).all(|byte| byte.is_ascii_digit());
    let fits = match &field.data_type {
        FieldDataType::String | FieldDataType::ByteArray => string.is_some(),
        FieldDataType::Boolean => matches!(text, "true" | "false"),
        FieldDataType::Short => text.parse::<i16>().is_ok(),
        FieldDataType::Integer => text.parse::<i32>().is_ok(),
        FieldDataType::Long => text.parse::<i64>().is_ok(),
        FieldDataType::BigInteger => is_integer,
        FieldDataType::Float | FieldDataType::Double | FieldDataType::BigDecimal => is_number,
        FieldDataType::Date => string.is_some_and(|text| is_date(&text)),
        FieldDataType::DateTime => string.is_some_and(|text| is_date_time(&text)),
        FieldDataType::Struct | FieldDataType::Map => first == b'{',
        FieldDataType::List => first == b'[',
        FieldDataType::Unknown(_) => true,
    };
    let shown: String = text.chars().take(60).collect();
    (!fits).then(|| format!("{:?} is {shown}, which is no {}", field.field_name, field.data_type))
}

fn is_date(text: &str) -> bool {
    text.split_at_checked(10).is_some_and(|(date, offset)| date.parse::<Date>().is_ok() && is_offset(offset))
}

fn is_date_time(text: &str) -> bool {
    let text = text.split_once('[').filter(|(_, zone)| zone.ends_with(']')).map_or(text, |(text, _)| text);
    let offset = text.rfind(['Z', '+']).or_else(|| text.rfind('-').filter(|at| *at > 10)).unwrap_or(text.len());
    let Some((clock, offset)) = text.split_at_checked(offset) else { return false };
    clock.contains('T') && clock.parse::<DateTime>().is_ok() && is_offset(offset)
}

fn is_offset(text: &str) -> bool {
    let digits = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    let signed = || text.strip_prefix(['+', '-']).and_then(|clock| clock.split_once(':'));
    text.is_empty() || text == "Z" || signed().is_some_and(|(hours, minutes)| digits(hours) && digits(minutes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn fits(data_type: FieldDataType, json: &str) -> bool {
        misfit(&FieldDefinition::new("f", data_type), serde_json::from_str(json).unwrap()).is_none()
    }

    #[test]
    fn values_are_judged_as_the_java_validator_does() {
        use FieldDataType::{
            BigDecimal, BigInteger, Boolean, ByteArray, Date, DateTime, Double, Integer, List, Long, Map, Short,
            String, Struct,
        };
        for (data_type, good, bad) in [
            (String, &["\"x\"", "\"\""][..], &["1", "true", "[]"][..]),
            (ByteArray, &["\"AA==\""], &["1"]),
            (Boolean, &["true", "false"], &["\"true\"", "1"]),
            (Short, &["-32768", "32767"], &["32768", "1.0"]),
            (Integer, &["-2147483648", "2147483647"], &["2147483648", "1.0", "1e2", "\"1\""]),
            (Long, &["9223372036854775807"], &["9223372036854775808", "1.5"]),
            (BigInteger, &["143280943252083043243942039410904234090000000", "-9"], &["1.0", "1e5", "\"1\""]),
            (Double, &["1.5", "-1e300"], &["\"1\"", "true"]),
            (BigDecimal, &["14328094325208304324394203941090423409E23", "0"], &["\"1\"", "{}"]),
            (Date, &["\"2022-12-16\"", "\"2022-12-16Z\"", "\"2022-12-16+01:00\""], &["\"2022-02-30\"", "20221216"]),
            (
                DateTime,
                &[
                    "\"2022-12-16T12:06:33+00:00\"",
                    "\"2011-12-03T10:15:30.000-01:00\"",
                    "\"2022-12-16T12:06\"",
                    "\"2022-12-16T12:06:33Z\"",
                    "\"2022-12-16T12:06:33+01:00[Europe/Paris]\"",
                ],
                &["\"2022-12-16 12:06:33\"", "\"2022-12-16T12:06:33+0530\"", "\"2022-12-16T24:00:00Z\"", "1"],
            ),
            (List, &["[]", "[1,2]"], &["{}", "1", "\"1\""]),
            (Map, &["{\"a\":1}"], &["[]"]),
            (Struct, &["{}"], &["\"{}\""]),
        ] {
            for json in good {
                assert!(fits(data_type.clone(), json), "{json} is a {data_type}");
            }
            for json in bad {
                assert!(!fits(data_type.clone(), json), "{json} is no {data_type}");
            }
        }
    }
}
