//! Dates and times as ISO 8601 writes them, in the forms that AppFlow's data format takes.
//!
//! The forms are those of Java's `ISO_DATE` and `ISO_DATE_TIME`, which the official SDK's validator uses, for the years
//! 0000 to 9999.

use jiff::civil::Date;

/// Whether the text is a day that exists, with or without an offset: `2023-12-03`, `2023-12-03+01:00`.
pub(super) fn is_date(text: &str) -> bool {
    split_date(text).is_some_and(|rest| rest.is_empty() || is_offset(rest))
}

/// Whether the text is a date and time: seconds, fraction and offset may be missing, and after an offset a zone may be
/// named. What the name means is not checked.
pub(super) fn is_date_time(text: &str) -> bool {
    split_date(text).and_then(|rest| split_time(rest.strip_prefix(['T', 't'])?)).is_some_and(|rest| {
        let (offset, zone) = rest.split_at(rest.find('[').unwrap_or(rest.len()));
        if zone.is_empty() { offset.is_empty() || is_offset(offset) } else { is_offset(offset) && is_zone(zone) }
    })
}

/// What comes after a date.
fn split_date(text: &str) -> Option<&str> {
    let (date, rest) = text.split_at_checked(10)?;
    let bytes = date.as_bytes();
    if bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let year = i16::try_from(digits(&date[..4])?).ok()?;
    let (month, day) = (two_digits(&date[5..7])?, two_digits(&date[8..])?);
    Date::new(year, month, day).ok()?;
    Some(rest)
}

/// What comes after hours and minutes, and seconds and a fraction if they are there.
fn split_time(text: &str) -> Option<&str> {
    let rest = split_field(text, 23)?;
    let rest = split_field(rest.strip_prefix(':')?, 59)?;
    let Some(seconds) = rest.strip_prefix(':') else { return Some(rest) };
    let rest = split_field(seconds, 59)?;
    let Some(fraction) = rest.strip_prefix('.') else { return Some(rest) };
    let length = fraction.bytes().take_while(u8::is_ascii_digit).count();
    (1..=9).contains(&length).then(|| &fraction[length..])
}

/// `Z`, `+01:00` or `+01:00:00`, no further than 18 hours.
fn is_offset(text: &str) -> bool {
    if matches!(text, "Z" | "z") {
        return true;
    }
    let fields = || {
        let rest = text.strip_prefix(['+', '-'])?;
        let (hours, _) = rest.split_at_checked(2)?;
        let rest = split_field(rest, 18)?;
        let rest = split_field(rest.strip_prefix(':')?, 59)?;
        let rest = match rest.strip_prefix(':') {
            Some(seconds) => split_field(seconds, 59)?,
            None => rest,
        };
        let is_farthest = hours == "18";
        let is_whole = text[3..].bytes().all(|byte| matches!(byte, b'0' | b':'));
        Some(rest.is_empty() && (!is_farthest || is_whole))
    };
    fields().unwrap_or(false)
}

fn is_zone(text: &str) -> bool {
    let name = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    name.is_some_and(|name| !name.is_empty() && !name.contains(['[', ']']))
}

/// What comes after two digits that spell no more than `largest`.
fn split_field(text: &str, largest: i8) -> Option<&str> {
    let (field, rest) = text.split_at_checked(2)?;
    (two_digits(field)? <= largest).then_some(rest)
}

fn two_digits(text: &str) -> Option<i8> {
    digits(text).and_then(|number| i8::try_from(number).ok())
}

fn digits(text: &str) -> Option<u16> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_days_that_exist() {
        for right in ["2023-12-03", "2024-02-29", "0000-02-29", "9999-12-31", "2023-12-03Z", "2023-12-03+01:00"] {
            assert!(is_date(right), "{right}");
        }
        for wrong in [
            "",
            "2023-12-3",
            "2023-02-29",
            "2023-13-01",
            "2023-00-01",
            "2023-12-32",
            "20231203",
            "12023-12-03",
            "2023-12-03T00:00",
            "2023-12-03 ",
            "2023-12-03+0100",
            "2023-12-03+01",
            "2023-12-03[UTC]",
            "+023-12-03",
            "ü23-12-03",
            "2023-12-ü",
            "2023/12/03",
        ] {
            assert!(!is_date(wrong), "{wrong}");
        }
    }

    #[test]
    fn dates_and_times_may_lack_seconds_and_offset() {
        for right in [
            "2011-12-03T10:15:30.000+01:00",
            "2011-12-03T10:15:30+01:00",
            "2011-12-03T10:15:30Z",
            "2011-12-03T10:15:30",
            "2011-12-03T10:15",
            "2011-12-03T10:15Z",
            "2011-12-03t10:15z",
            "2011-12-03T23:59:59.123456789-18:00",
            "2011-12-03T10:15:30+01:00:00",
            "2011-12-03T10:15:30+01:00[Europe/Paris]",
            "2011-12-03T00:00Z[UTC]",
        ] {
            assert!(is_date_time(right), "{right}");
        }
        for wrong in [
            "2011-12-03",
            "2011-12-03 10:15:30",
            "2011-12-03T24:00:00",
            "2011-12-03T10:60",
            "2011-12-03T10:15:60Z",
            "2011-12-03T10",
            "2011-12-03T10:15:30+0530",
            "2011-12-03T10:15:30+05",
            "2011-12-03T10:15:30.Z",
            "2011-12-03T10:15:30.1234567890",
            "2011-12-03T10:15:30+18:01",
            "2011-12-03T10:15:30+18:00:01",
            "2011-12-03T10:15:30+19:00",
            "2011-12-03T10:15:30[Europe/Paris]",
            "2011-12-03T10:15:30Z[]",
            "2011-12-03T10:15:30Z[a]b]",
            "2011-02-30T10:15:30Z",
            "T10:15",
            "2011-12-03T",
            "2011-12-03T1ü:15",
        ] {
            assert!(!is_date_time(wrong), "{wrong}");
        }
    }
}
