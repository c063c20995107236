//! What became of the records, as a person wants to read it.

use std::fmt::Write as _;

use super::{Fate, Written};
use crate::ask::table;

/// How many failed records are shown.
const SHOWN: usize = 50;

/// A table of the records that failed, and the counts.
#[must_use]
pub fn results_text(written: &Written) -> String {
    let failed: Vec<_> = written.results.iter().filter(|result| result.status == Fate::Failed).collect();
    if failed.is_empty() {
        return written.counts();
    }
    let rows = failed.iter().take(SHOWN).map(|result| {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        vec![result.line.to_string(), text(&result.record_id), text(&result.message)]
    });
    let mut text = table(&["line", "id", "why it failed"], rows);
    if failed.len() > SHOWN {
        // Writing to a string does not fail.
        let _ = write!(text, "\nand {} more; --output json has every one", failed.len() - SHOWN);
    }
    format!("{text}\n{}", written.counts())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::write::RecordResult;

    fn written(failed: usize) -> Written {
        let result = |line: usize| {
            let is_failed = line <= failed;
            RecordResult {
                line: line.try_into().unwrap(),
                status: if is_failed { Fate::Failed } else { Fate::Written },
                record_id: (line != 2).then(|| format!("T-{line}")),
                message: is_failed.then(|| "a ticket needs\na title".to_owned()),
            }
        };
        Written { results: (1..=60).map(result).collect(), requests: 1, error: None }
    }

    #[test]
    fn shows_the_failed_records_and_the_counts() {
        insta::assert_snapshot!(results_text(&written(2)), @"
        ┌──────┬─────┬────────────────────────┐
        │ line ┆ id  ┆ why it failed          │
        ╞══════╪═════╪════════════════════════╡
        │ 1    ┆ T-1 ┆ a ticket needs a title │
        │ 2    ┆     ┆ a ticket needs a title │
        └──────┴─────┴────────────────────────┘
        58 of 60 records were written in 1 request; 2 failed
        ");
        assert_eq!(results_text(&written(0)), "60 of 60 records were written in 1 request");
        assert!(results_text(&written(60)).contains("\nand 10 more; --output json has every one\n"));
    }
}
