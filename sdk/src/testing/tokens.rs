//! From page to page.

use std::collections::HashSet;

use super::failure::{CallError, CallErrorKind};
use crate::protocol::Operation;

/// More pages of one list are taken for a list without end.
pub(super) const MOST_PAGES: usize = 10_000;

/// Follows tokens from page to page, and notices when they lead nowhere.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    seen: HashSet<String>,
    pages: usize,
}

impl Tokens {
    /// The token to ask with next; none after the last page. An empty token counts as none.
    pub(super) fn follow(&mut self, operation: Operation, next: Option<String>) -> Result<Option<String>, CallError> {
        self.pages += 1;
        let Some(token) = next.filter(|token| !token.is_empty()) else { return Ok(None) };
        let reason = if self.pages >= MOST_PAGES {
            format!("there are more than {MOST_PAGES}")
        } else if self.seen.insert(token.clone()) {
            return Ok(Some(token));
        } else {
            let shown: String = token.chars().take(60).collect();
            format!("page {} names the token {shown:?}, which a page before it has named", self.pages)
        };
        Err(CallError::new(operation, CallErrorKind::Endless(reason)))
    }
}
