//! Records on their way into one response, counted as they will be written.

use crate::protocol::{RESPONSE_LIMIT_BYTES, Record};
use crate::token::TOKEN_LIMIT;

/// Most bytes of records in one response by default. Lambda returns 6 MB, and this is below that in either way of counting
/// megabytes; the rest is for the envelope and the token.
pub const BYTE_BUDGET: usize = 5_800_000;

/// Most bytes that one record takes in a response that holds nothing else: 6 MB without the envelope and the token.
pub const RECORD_LIMIT: usize = RESPONSE_LIMIT_BYTES - TOKEN_LIMIT - 1024;

/// Collects records until a response is full.
///
/// ```
/// use appflow_sdk::{RecordBuffer, protocol::Record};
/// let mut buffer = RecordBuffer::new(40);
/// let record = Record::parse(r#"{"id":"a\"b"}"#)?;
/// assert!(buffer.push(record.clone()).is_ok());
/// assert_eq!(buffer.bytes(), 22, "quotes and backslashes are escaped once more, and a comma follows");
/// assert_eq!(buffer.push(record.clone()), Err(record), "the budget is 40");
/// # Ok::<(), appflow_sdk::protocol::NotARecord>(())
/// ```
#[derive(Debug)]
pub struct RecordBuffer {
    records: Vec<Record>,
    bytes: usize,
    budget: usize,
}

impl Default for RecordBuffer {
    fn default() -> Self {
        Self::new(BYTE_BUDGET)
    }
}

impl RecordBuffer {
    /// Takes records of so many bytes in all, as they are written in a response.
    #[must_use]
    pub fn new(budget: usize) -> Self {
        Self { records: Vec::new(), bytes: 0, budget }
    }

    /// Adds a record.
    ///
    /// # Errors
    /// The record, when there is no room for it.
    pub fn push(&mut self, record: Record) -> Result<(), Record> {
        let bytes = self.bytes.saturating_add(written_length(record.get()));
        if bytes > self.budget {
            return Err(record);
        }
        self.bytes = bytes;
        self.records.push(record);
        Ok(())
    }

    /// Adds a record that is beyond the budget, if there is no other and a response can hold it. There is no room for another
    /// then.
    ///
    /// # Errors
    /// The record, when it is not alone, or has more than [`RECORD_LIMIT`] bytes.
    pub fn push_alone(&mut self, record: Record) -> Result<(), Record> {
        let bytes = written_length(record.get());
        if !self.is_empty() || bytes > RECORD_LIMIT {
            return Err(record);
        }
        (self.bytes, self.budget) = (bytes, bytes);
        self.records.push(record);
        Ok(())
    }

    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// How many bytes the records take in a response.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The records, in the order in which they were added.
    #[must_use]
    pub fn into_records(self) -> Vec<Record> {
        self.records
    }
}

/// How many bytes a text takes in a response: it is escaped into a JSON string, with quotes and a comma.
///
/// Every byte of a page comes by here, so the loop has no branches, and sums of 8 bits, which the compiler makes vectors
/// of.
pub(crate) fn written_length(text: &str) -> usize {
    let mut length = text.len() + 3;
    for chunk in text.as_bytes().chunks(usize::from(u8::MAX)) {
        let (mut escaped, mut spelt_out) = (0_u8, 0_u8);
        for byte in chunk {
            escaped += u8::from(matches!(byte, 0x00..=0x1f | b'"' | b'\\'));
            spelt_out += u8::from(matches!(byte, 0x00..=0x07 | 0x0b | 0x0e..=0x1f));
        }
        // A backslash and a letter, or a backslash and `u00` with two digits.
        length += usize::from(escaped) + 4 * usize::from(spelt_out);
    }
    length
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_record_beyond_the_budget_is_taken_alone() {
        let record = |bytes: usize| Record::parse(&format!("{{\"a\":\"{}\"}}", "x".repeat(bytes))).unwrap();
        let mut buffer = RecordBuffer::default();
        let large = buffer.push(record(BYTE_BUDGET)).unwrap_err();
        buffer.push_alone(large).unwrap();
        assert!(buffer.push(record(0)).is_err() && buffer.push_alone(record(0)).is_err());
        assert_eq!(buffer.len(), 1);
        assert!(RecordBuffer::default().push_alone(record(RECORD_LIMIT)).is_err());
    }

    proptest! {
        #[test]
        fn counts_bytes_as_the_response_has_them(text in any::<String>(), escaped in "[\u{0}-\u{20}\"\\\\\u{7f}ü]{0,600}") {
            for record in [serde_json::json!({"a": text}).to_string(), format!("{{\t\n{escaped}")] {
                let written = serde_json::to_string(&record).unwrap();
                // The comma that this one element lacks counts one.
                prop_assert_eq!(written_length(&record), written.len() + 1, "{}", record);
            }
        }
    }
}
