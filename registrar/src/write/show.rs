//! What became of the records, as a person wants to read it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use appflow_sdk::protocol::Record;
use serde_json::value::RawValue;

use super::{Fate, Given, Written};
use crate::ask::table;

/// How many failed records are shown.
const SHOWN: usize = 50;

/// A table of the records that failed, and the counts. Where the connector gave no id, the record's own is shown.
#[must_use]
pub fn results_text(written: &Written, given: &[Given], id_fields: &[String]) -> String {
    let failed: Vec<_> =
        written.results.iter().zip(given).filter(|(result, _)| result.status == Fate::Failed).collect();
    if failed.is_empty() {
        return written.counts();
    }
    let rows = failed.iter().take(SHOWN).map(|(result, given)| {
        let id = result.record_id.clone().unwrap_or_else(|| own_id(&given.record, id_fields));
        vec![result.line.to_string(), id, result.message.clone().unwrap_or_default()]
    });
    let mut text = table(&["line", "id", "why it failed"], rows);
    if failed.len() > SHOWN {
        // Writing to a string does not fail.
        let _ = write!(text, "\nand {} more; --output json has every one", failed.len() - SHOWN);
    }
    format!("{text}\n{}", written.counts())
}

/// The values of the fields that identify a record.
fn own_id(record: &Record, id_fields: &[String]) -> String {
    let members: BTreeMap<String, &RawValue> = record.read().unwrap_or_default();
    let values = id_fields.iter().filter_map(|name| members.get(name)).map(|value| {
        let json = value.get();
        serde_json::from_str::<String>(json).unwrap_or_else(|_| json.to_owned())
    });
    values.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::write::RecordResult;

    fn text(written: &Written) -> String {
        let records: Vec<_> = (1..=60).map(|id| format!("{{\"id\":\"own-{id}\",\"no\":1.10}}")).collect();
        let ids = ["id", "no", "other"].map(str::to_owned);
        results_text(written, &crate::write::read_records(&records).unwrap(), &ids)
    }

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
        insta::assert_snapshot!(text(&written(2)), @"
        ┌──────┬─────────────┬────────────────────────┐
        │ line ┆ id          ┆ why it failed          │
        ╞══════╪═════════════╪════════════════════════╡
        │ 1    ┆ T-1         ┆ a ticket needs a title │
        │ 2    ┆ own-2, 1.10 ┆ a ticket needs a title │
        └──────┴─────────────┴────────────────────────┘
        58 of 60 records were written in 1 request; 2 failed
        ");
        assert_eq!(text(&written(0)), "60 of 60 records were written in 1 request");
        assert!(text(&written(60)).contains("\nand 10 more; --output json has every one\n"));
    }
}
