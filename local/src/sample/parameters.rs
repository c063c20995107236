//! Query parameters, each taken once; what nobody took is refused by name.

use jiff::Timestamp;
use url::form_urlencoded;

use super::rejection::Rejection;

/// Records on a page that does not say how many.
const DEFAULT_PAGE: usize = 100;

/// Most records on a page.
const LARGEST_PAGE: usize = 500;

/// The parameters of one request that have not been taken yet.
#[derive(Debug)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Splits a query string.
    pub(super) fn read(query: Option<&str>) -> Self {
        let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        Self(pairs.into_owned().collect())
    }

    /// Takes a parameter's text.
    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        let index = self.0.iter().position(|(given, _)| given == name)?;
        Some(self.0.remove(index).1)
    }

    /// Takes an instant, RFC 3339.
    pub(super) fn instant(&mut self, name: &str) -> Result<Option<Timestamp>, Rejection> {
        let Some(text) = self.take(name) else {
            return Ok(None);
        };
        text.parse().map(Some).map_err(|error| {
            let example = "2026-03-01T00:00:00Z";
            Rejection::bad_request(format!("{name} must be an instant such as {example}: {error}"))
        })
    }

    /// Takes a decimal number, in hundredths.
    pub(super) fn hundredths(&mut self, name: &str) -> Result<Option<Hundredths>, Rejection> {
        let Some(text) = self.take(name) else {
            return Ok(None);
        };
        Hundredths::read(&text)
            .map(Some)
            .ok_or_else(|| Rejection::bad_request(format!("{name} must be a number such as 99.90, not {text:?}")))
    }

    /// Takes a number that counts something.
    pub(super) fn count(&mut self, name: &str, least: usize) -> Result<Option<usize>, Rejection> {
        let Some(text) = self.take(name) else {
            return Ok(None);
        };
        match text.parse() {
            Ok(count) if count >= least => Ok(Some(count)),
            _ => Err(Rejection::bad_request(format!("{name} must be an integer of at least {least}, not {text:?}"))),
        }
    }

    /// Takes a page size, within the limit.
    pub(super) fn page_size(&mut self, name: &str) -> Result<usize, Rejection> {
        Ok(self.count(name, 1)?.unwrap_or(DEFAULT_PAGE).min(LARGEST_PAGE))
    }

    /// Refuses what is left.
    pub(super) fn finish(self) -> Result<(), Rejection> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => {
                Err(Rejection::bad_request(format!("there is no parameter {name:?} here, or it is given twice")))
            }
        }
    }
}

/// A bound for money: whole hundredths, and whether a fraction of one was cut off below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hundredths {
    floor: i64,
    exact: bool,
}

impl Hundredths {
    fn read(text: &str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        let (near, rest) = fraction.split_at(fraction.len().min(2));
        let cents: i64 = format!("{whole}{near:0<2}").parse().ok()?;
        let exact = rest.bytes().all(|digit| digit == b'0');
        let floor = match (negative, exact) {
            (false, _) => cents,
            (true, true) => -cents,
            (true, false) => -cents - 1,
        };
        Some(Self { floor, exact })
    }

    /// Whether an amount is greater than the bound.
    pub(super) fn is_below(self, amount: i64) -> bool {
        amount > self.floor
    }

    /// Whether an amount is greater than the bound or equal to it.
    pub(super) fn is_at_most(self, amount: i64) -> bool {
        amount > self.floor || (self.exact && amount == self.floor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_money_exactly_with_a_bound_of_more_digits() {
        let bound = Hundredths::read("10.005").unwrap();
        assert!(!bound.is_at_most(1000) && bound.is_at_most(1001) && bound.is_below(1001));
        let bound = Hundredths::read("10.00").unwrap();
        assert!(bound.is_at_most(1000) && !bound.is_below(1000) && bound.is_below(1001));
        let bound = Hundredths::read("-0.001").unwrap();
        assert!(bound.is_below(0) && !bound.is_at_most(-1));
        assert_eq!(Hundredths::read("7.5"), Hundredths::read("7.50000"));
    }

    #[test]
    fn refuses_what_is_no_plain_decimal() {
        for text in ["", "-", ".5", "5.", "1e3", "1,5", "NaN", "99999999999999999999"] {
            assert_eq!(Hundredths::read(text), None, "{text:?}");
        }
    }

    #[test]
    fn names_what_nobody_took() {
        let mut parameters = Parameters::read(Some("limit=5&colour=red&limit=6"));
        assert_eq!(parameters.page_size("limit").unwrap(), 5);
        let error = format!("{:?}", parameters.finish().unwrap_err());
        assert!(error.contains("colour"), "{error}");
    }

    #[test]
    fn a_page_has_at_most_five_hundred_records_and_at_least_one() {
        let size = |query| Parameters::read(query).page_size("limit");
        assert_eq!(size(Some("limit=9999")).unwrap(), 500);
        assert_eq!(size(None).unwrap(), 100);
        assert!(size(Some("limit=0")).is_err());
        assert!(size(Some("limit=-1")).is_err());
    }
}
