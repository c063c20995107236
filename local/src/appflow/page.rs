//! Pages of a list that is kept sorted by name.

use std::collections::BTreeMap;
use std::ops::Bound;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::refusal::validation;
use super::validate::{NEXT_TOKEN, Problems};
use crate::failure::ApiError;

/// Entries of a page that names no number (the service's model).
const DEFAULT_RESULTS: usize = 20;

/// Which page is wanted.
#[derive(Debug)]
pub(super) struct PageRequest {
    size: usize,
    after: Option<String>,
}

impl PageRequest {
    /// From `maxResults` (1 to 100) and `nextToken`.
    pub(super) fn read(
        max_results: Option<i64>,
        next_token: Option<String>,
        mut problems: Problems,
    ) -> Result<Self, ApiError> {
        problems.range("maxResults", max_results, 1, 100);
        let token = problems.optional("nextToken", next_token, &NEXT_TOKEN);
        problems.finish()?;
        let after = token.as_deref().map(last_name).transpose()?;
        let size = max_results.and_then(|number| usize::try_from(number).ok());
        Ok(Self { size: size.unwrap_or(DEFAULT_RESULTS), after })
    }

    /// The entries of the page that `admits` lets through, and the token of the next one.
    pub(super) fn of<'a, T>(
        &self,
        entries: &'a BTreeMap<String, T>,
        admits: impl Fn(&T) -> bool,
    ) -> (Vec<&'a T>, Option<String>) {
        let start = match &self.after {
            Some(name) => Bound::Excluded(name.as_str()),
            None => Bound::Unbounded,
        };
        let mut rest = entries.range::<str, _>((start, Bound::Unbounded)).filter(|(_, entry)| admits(entry)).peekable();
        let page: Vec<_> = rest.by_ref().take(self.size).collect();
        let more = rest.peek().is_some();
        let token = page.last().filter(|_| more).map(|(name, _)| URL_SAFE_NO_PAD.encode(name));
        (page.into_iter().map(|(_, entry)| entry).collect(), token)
    }
}

fn last_name(token: &str) -> Result<String, ApiError> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok();
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| validation("nextToken is not one that this service gave"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_hold_every_entry_once_and_the_last_has_no_token() {
        let entries: BTreeMap<_, _> = (0..45).map(|n| (format!("n{n:02}"), n)).collect();
        let mut seen = Vec::new();
        let mut token = None;
        loop {
            let request = PageRequest::read(None, token, Problems::default()).unwrap();
            let (page, next) = request.of(&entries, |number| number % 3 > 0);
            seen.extend(page.into_iter().copied());
            token = next;
            if token.is_none() {
                break;
            }
        }
        assert_eq!(seen, (0..45).filter(|n| n % 3 > 0).collect::<Vec<_>>());
    }

    #[test]
    fn refuses_a_page_size_or_token_out_of_bounds() {
        let read = |size, token: Option<&str>| PageRequest::read(size, token.map(str::to_owned), Problems::default());
        for request in [read(Some(0), None), read(Some(101), None), read(None, Some("?"))] {
            assert_eq!(request.unwrap_err().code(), "ValidationException");
        }
    }
}
