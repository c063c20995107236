//! Keys by which an API notices that it is asked for the same once more.

use std::collections::HashMap;

use appflow_sdk::protocol::{Record, WriteOperationType};
use sha2::{Digest as _, Sha256};

/// Gives each record of a request its token. It depends on what is asked for and on the flow's run alone, so that it is the
/// same when AppFlow sends the request again.
#[derive(Debug)]
pub(super) struct Tokens {
    run: Sha256,
    /// How often a record was there before. The second of two equal records is not a repetition of the first.
    seen: HashMap<[u8; 32], u32>,
}

impl Tokens {
    /// For an operation on an entity within a run.
    pub(super) fn new(entity: &str, operation: &WriteOperationType, run: &str) -> Self {
        let mut digest = Sha256::new();
        for part in [run, entity, operation.as_str()] {
            add(&mut digest, part.as_bytes());
        }
        Self { run: digest, seen: HashMap::new() }
    }

    /// The token of the next record.
    pub(super) fn next(&mut self, record: &Record) -> String {
        let mut digest = self.run.clone();
        add(&mut digest, record.get().as_bytes());
        let content: [u8; 32] = digest.clone().finalize().into();
        let count = self.seen.entry(content).or_default();
        add(&mut digest, &count.to_be_bytes());
        *count += 1;
        hex(&digest.finalize().into())
    }
}

/// The key of a request for the records with these tokens, in the form of a UUID.
pub(super) fn of_request<'t>(tokens: impl Iterator<Item = &'t str>) -> String {
    let mut digest = Sha256::new();
    tokens.for_each(|token| add(&mut digest, token.as_bytes()));
    let text = hex(&digest.finalize().into());
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    // Version 8: bits of our own making (RFC 9562).
    format!("{}-{}-8{}-8{}-{}", part(0, 8), part(8, 12), part(12, 15), part(15, 18), part(18, 30))
}

/// Adds a part with its length before it, so that two parts are never mistaken for others.
fn add(digest: &mut Sha256, part: &[u8]) {
    digest.update(part.len().to_be_bytes());
    digest.update(part);
}

fn hex(digest: &[u8; 32]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or_default();
    digest.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(run: &str, records: &[&str]) -> Vec<String> {
        let mut tokens = Tokens::new("orders", &WriteOperationType::Insert, run);
        let tokens = records.iter().map(|record| tokens.next(&Record::parse(record).unwrap()));
        tokens.map(|token| of_request([token.as_str()].into_iter())).collect()
    }

    #[test]
    fn a_key_is_the_same_for_the_same_and_another_for_anything_else() {
        let first = keys("run", &[r#"{"a":1}"#, r#"{"a":2}"#, r#"{"a":1}"#]);
        assert_eq!(first, keys("run", &[r#"{"a":1}"#, r#"{"a":2}"#, r#"{"a":1}"#]));
        assert_ne!(first[0], first[1]);
        assert_ne!(first[0], first[2], "the second of two equal records is another record");
        assert_ne!(first[0], keys("later", &[r#"{"a":1}"#])[0]);
        let [one, two] = [["ab", "c"], ["a", "bc"]].map(|tokens| of_request(tokens.into_iter()));
        assert_ne!(one, two);
    }

    #[test]
    fn a_key_looks_like_a_uuid() {
        let key = of_request(["a"].into_iter());
        let lengths: Vec<_> = key.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{key}");
    }
}
