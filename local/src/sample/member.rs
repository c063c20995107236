//! The members of records that can be written: what each takes, and what it is when it is not given.
//!
//! A value is kept as the JSON text it came in, brought into the form that the README states. Numbers keep their digits.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::row::{RowWriter, quoted};

/// Most lines of an order.
const MOST_LINES: usize = 100;

/// Largest quantity of a line.
const MOST_PIECES: u32 = 1_000_000;

/// A member of a record.
#[derive(Debug)]
pub(super) struct Member {
    /// Its name.
    pub(super) name: &'static str,
    /// What it takes.
    pub(super) kind: Kind,
    /// What it is when a new record does not give it.
    pub(super) fallback: Fallback,
}

/// What a member is when a new record does not give it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fallback {
    /// It must be given.
    Required,
    /// Null, which may also be given.
    Null,
    /// This JSON.
    Json(&'static str),
    /// It is never given: the API sets it.
    Computed,
}

/// What a member takes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// Text of at most so many characters.
    Text(usize),
    /// An address with one `@`.
    Email,
    /// A day.
    Date,
    /// An integer from 0 to this.
    Whole(u64),
    /// A decimal that is not negative: digits before the point at most, digits after it exactly.
    Decimal(usize, usize),
    /// A decimal from 0 to 1 with six digits after the point.
    Share,
    /// A decimal that is not negative, with at most 24 digits after the point, kept as it is written.
    Rate,
    /// True or false.
    Boolean,
    /// One of these texts.
    Choice(&'static [&'static str]),
    /// A street address.
    Address,
    /// A list of texts.
    Texts,
    /// The lines of an order.
    Lines,
    /// Nothing: the API sets it.
    Nothing,
}

impl Member {
    /// A member that a new record must have.
    pub(super) const fn required(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, fallback: Fallback::Required }
    }

    /// A member that may be null.
    pub(super) const fn nullable(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, fallback: Fallback::Null }
    }

    /// A member that has a default.
    pub(super) const fn defaulted(name: &'static str, kind: Kind, json: &'static str) -> Self {
        Self { name, kind, fallback: Fallback::Json(json) }
    }

    /// A member that the API sets.
    pub(super) const fn computed(name: &'static str) -> Self {
        Self { name, kind: Kind::Nothing, fallback: Fallback::Computed }
    }

    /// Reads a value, and brings it into the form in which it is kept.
    ///
    /// # Errors
    /// What the value must be.
    pub(super) fn read(&self, json: &str) -> Result<String, String> {
        match (json, self.fallback) {
            (_, Fallback::Computed) => Err("is set by the API and cannot be written".to_owned()),
            ("null", Fallback::Null) => Ok(json.to_owned()),
            ("null", _) => Err("must not be null".to_owned()),
            _ => self.kind.read(json).ok_or_else(|| format!("must be {}", self.kind.expectation())),
        }
    }
}

impl Kind {
    fn read(self, json: &str) -> Option<String> {
        let text = || serde_json::from_str::<String>(json).ok();
        let text_that = |fits: &dyn Fn(&str) -> bool| text().filter(|text| fits(text)).map(|text| quoted(&text));
        match self {
            Self::Text(most) => text_that(&|text| text.chars().count() <= most),
            Self::Email => text_that(&is_email),
            Self::Date => text_that(&|text| text.len() == 10 && text.parse::<Date>().is_ok()),
            Self::Whole(most) => json.parse().is_ok_and(|number: u64| number <= most).then(|| json.to_owned()),
            Self::Decimal(whole, places) => decimal(json, whole, places),
            Self::Share => decimal(json, 1, 6).filter(|share| share.starts_with('0') || share == "1.000000"),
            Self::Rate => decimal(json, 9, 24).map(|_| json.to_owned()),
            Self::Boolean => matches!(json, "true" | "false").then(|| json.to_owned()),
            Self::Choice(choices) => text_that(&|text| choices.contains(&text)),
            Self::Address => serde_json::from_str::<Address>(json).ok().map(|address| address.json()),
            Self::Texts => {
                serde_json::from_str::<Vec<String>>(json).ok().map(|texts| serde_json::json!(texts).to_string())
            }
            Self::Lines => lines(json),
            Self::Nothing => None,
        }
    }

    fn expectation(self) -> String {
        match self {
            Self::Text(most) => format!("a string of at most {most} characters"),
            Self::Email => "a string with an e-mail address".to_owned(),
            Self::Date => "a string with a date such as 2026-01-31".to_owned(),
            Self::Whole(most) => format!("an integer from 0 to {most}"),
            Self::Decimal(whole, places) => format!(
                "a number that is not negative, with at most {whole} digits before the point and {places} after it, \
                 without exponent"
            ),
            Self::Share => "a number from 0 to 1 with at most 6 digits after the point, without exponent".to_owned(),
            Self::Rate => {
                "a number that is not negative, with at most 24 digits after the point, without exponent".to_owned()
            }
            Self::Boolean => "true or false".to_owned(),
            Self::Choice(choices) => format!("one of {}", choices.join(", ")),
            Self::Address => "an object of the strings street, city, postal_code and country".to_owned(),
            Self::Texts => "a list of strings".to_owned(),
            Self::Lines => format!(
                "a list of 1 to {MOST_LINES} objects of sku (string), quantity (integer from 1 to {MOST_PIECES}) and \
                 price (number with at most 2 digits after the point)"
            ),
            Self::Nothing => "left out".to_owned(),
        }
    }
}

fn is_email(text: &str) -> bool {
    let has_two_sides =
        text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
    has_two_sides && text.len() <= 254 && !text.contains(|next: char| next.is_whitespace() || next.is_control())
}

/// A plain decimal, filled up with zeros behind the point.
fn decimal(json: &str, most_whole: usize, places: usize) -> Option<String> {
    let (whole, fraction) = json.split_once('.').unwrap_or((json, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let fits = (1..=most_whole).contains(&whole.len()) && fraction.len() <= places;
    (fits && digits(whole) && digits(fraction)).then(|| format!("{whole}.{fraction:0<places$}"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Address {
    street: String,
    city: String,
    postal_code: String,
    country: String,
}

impl Address {
    fn json(&self) -> String {
        let row = RowWriter::default().text("street", &self.street).text("city", &self.city);
        let row = row.text("postal_code", &self.postal_code).text("country", &self.country);
        row.finish("").json().to_owned()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    sku: String,
    quantity: u32,
    #[serde(borrow)]
    price: &'a RawValue,
}

fn lines(json: &str) -> Option<String> {
    let lines: Vec<Line<'_>> = serde_json::from_str(json).ok()?;
    if !(1..=MOST_LINES).contains(&lines.len()) {
        return None;
    }
    let written = lines.iter().map(|line| {
        let price = decimal(line.price.get(), 9, 2)?;
        let quantity = (1..=MOST_PIECES).contains(&line.quantity).then(|| line.quantity.to_string())?;
        let row = RowWriter::default().text("sku", &line.sku).json("quantity", &quantity).json("price", &price);
        Some(row.finish("").json().to_owned())
    });
    let written: Option<Vec<_>> = written.collect();
    written.map(|written| format!("[{}]", written.join(",")))
}

/// How many lines there are, and the sum of quantity × price in hundredths. The lines must have been read.
pub(super) fn sum(lines: &str) -> Option<(usize, i64)> {
    let lines: Vec<Line<'_>> = serde_json::from_str(lines).ok()?;
    // A hundred lines of a million pieces at a billion each do not fit into 64 bits.
    let total = lines.iter().try_fold(0_i64, |total, line| {
        total.checked_add(hundredths(line.price.get())?.checked_mul(line.quantity.into())?)
    });
    Some((lines.len(), total?))
}

/// Money with two digits after the point, in hundredths.
pub(super) fn hundredths(money: &str) -> Option<i64> {
    money.replacen('.', "", 1).parse().ok()
}

/// The members of a record as they came.
pub(super) type Given<'a> = BTreeMap<String, &'a RawValue>;

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(kind: Kind, json: &str) -> bool {
        kind.read(json).is_some()
    }

    #[test]
    fn numbers_keep_their_digits_and_get_the_places_they_lack() {
        let money = Kind::Decimal(13, 2);
        assert_eq!(money.read("10").as_deref(), Some("10.00"));
        assert_eq!(money.read("9999999999999.9").as_deref(), Some("9999999999999.90"));
        let rate = "1.012345678901234567890123";
        assert_eq!(Kind::Rate.read(rate).as_deref(), Some(rate));
        for wrong in ["-1", "1.001", "1e2", "\"1\"", "99999999999999", "null"] {
            assert!(!fits(money, wrong), "{wrong}");
        }
        assert!(fits(Kind::Share, "1") && fits(Kind::Share, "0.25") && !fits(Kind::Share, "1.000001"));
        assert!(!fits(Kind::Whole(10), "11") && !fits(Kind::Whole(10), "1.0") && fits(Kind::Whole(10), "10"));
    }

    #[test]
    fn texts_have_the_form_they_must_have() {
        assert!(fits(Kind::Text(2), "\"üü\"") && !fits(Kind::Text(2), "\"abc\"") && !fits(Kind::Text(2), "1"));
        assert!(fits(Kind::Email, "\"a@b\""));
        for wrong in ["\"a\"", "\"@b\"", "\"a@\"", "\"a@b@c\"", "\"a b@c\"", "7"] {
            assert!(!fits(Kind::Email, wrong), "{wrong}");
        }
        assert!(fits(Kind::Date, "\"2024-02-29\"") && !fits(Kind::Date, "\"2023-02-29\""));
        assert!(fits(Kind::Choice(&["DE"]), "\"DE\"") && !fits(Kind::Choice(&["DE"]), "\"de\""));
    }

    #[test]
    fn nested_values_have_exactly_their_members() {
        let address = r#"{ "city":"b","street":"a","postal_code":"c","country":"DE" }"#;
        let kept = r#"{"street":"a","city":"b","postal_code":"c","country":"DE"}"#;
        assert_eq!(Kind::Address.read(address).as_deref(), Some(kept));
        assert!(!fits(Kind::Address, r#"{"street":"a"}"#));
        let lines = Kind::Lines.read(r#"[{"sku":"a","quantity":3,"price":0.5},{"sku":"b","quantity":1,"price":2}]"#);
        assert_eq!(sum(&lines.unwrap()), Some((2, 350)));
        for wrong in ["[]", r#"[{"sku":"a","quantity":0,"price":1}]"#, r#"[{"sku":"a","quantity":1}]"#, "{}"] {
            assert!(!fits(Kind::Lines, wrong), "{wrong}");
        }
    }

    #[test]
    fn only_what_may_be_null_takes_null() {
        assert_eq!(Member::nullable("phone", Kind::Text(9)).read("null").as_deref(), Ok("null"));
        assert!(Member::required("name", Kind::Text(9)).read("null").unwrap_err().contains("null"));
        assert!(Member::computed("id").read("\"a\"").unwrap_err().contains("set by the API"));
    }
}
