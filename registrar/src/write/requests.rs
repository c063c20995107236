//! Cuts records into requests: by count, and by the bytes that Lambda takes.

use std::ops::Range;

use appflow_sdk::protocol::{Request, WriteDataRequest};

use super::Given;
use crate::error::RegistrarError;

/// Largest payload of a synchronous invocation, in bytes (Lambda quotas).
pub const PAYLOAD_LIMIT: usize = 6 * 1024 * 1024;

/// Which records go into which request: at most `most` each, and at most `limit` bytes with everything around them.
///
/// `template` is the request without records.
///
/// # Errors
/// [`ErrorKind::Usage`](crate::error::ErrorKind::Usage) with the line of a record that fits into no request.
pub fn requests(
    template: &WriteDataRequest,
    given: &[Given],
    most: usize,
    limit: usize,
) -> Result<Vec<Range<usize>>, RegistrarError> {
    let around = size(&Request::from(template.clone()))?;
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let mut bytes = 0;
    for (index, Given { line, record }) in given.iter().enumerate() {
        // The record travels as a JSON string, and a comma follows.
        let own = size(record.get())? + 1;
        if around + own > limit {
            return Err(RegistrarError::usage(format!("the record of line {line} is too large for a request"))
                .with_hint(format!("a request has at most {limit} bytes, this record alone needs {}", around + own)));
        }
        if let Some(range) = ranges.last_mut().filter(|range| range.len() < most && bytes + own <= limit) {
            range.end = index + 1;
            bytes += own;
        } else {
            ranges.push(index..index + 1);
            bytes = around + own;
        }
    }
    Ok(ranges)
}

/// The request with its records.
#[must_use]
pub fn fill(template: &WriteDataRequest, given: &[Given]) -> WriteDataRequest {
    let mut request = template.clone();
    request.records = given.iter().map(|given| given.record.get().to_owned()).collect();
    request
}

fn size<T: serde::Serialize + ?Sized>(value: &T) -> Result<usize, RegistrarError> {
    let text = serde_json::to_vec(value);
    text.map(|text| text.len()).map_err(|error| RegistrarError::bug("a request does not serialise").with_source(error))
}

#[cfg(test)]
mod tests {
    use appflow_sdk::protocol::{ConnectorContext, WriteOperationType};

    use super::*;

    fn template() -> WriteDataRequest {
        WriteDataRequest::new("orders", ConnectorContext::default(), WriteOperationType::Insert, vec![])
    }

    fn given(count: usize) -> Vec<Given> {
        let text = (0..count).map(|id| format!("{{\"id\":{id},\"note\":\"\\\"{}\"}}\n", "ü".repeat(id % 7)));
        crate::write::read_json(&text.collect::<String>(), "f").unwrap()
    }

    #[test]
    fn takes_every_record_once_in_order() {
        let given = given(25);
        let ranges = requests(&template(), &given, 10, PAYLOAD_LIMIT).unwrap();
        assert_eq!(ranges, [0..10, 10..20, 20..25]);
        assert!(requests(&template(), &[], 10, PAYLOAD_LIMIT).unwrap().is_empty());
    }

    #[test]
    fn stays_within_the_bytes_and_wastes_none_but_a_comma() {
        let given = given(200);
        let limit = size(&Request::from(template())).unwrap() + 300;
        let ranges = requests(&template(), &given, usize::MAX, limit).unwrap();
        let bytes = |range: Range<usize>| size(&Request::from(fill(&template(), &given[range]))).unwrap();
        for (index, range) in ranges.iter().enumerate() {
            assert!(bytes(range.clone()) <= limit, "{range:?}");
            let begins = index.checked_sub(1).map_or(0, |before| ranges[before].end);
            assert_eq!(range.start, begins);
            if range.end < given.len() {
                assert!(bytes(range.start..range.end + 1) >= limit, "{range:?} has room for another record");
            }
        }
        assert_eq!(ranges.last().unwrap().end, given.len());
    }

    #[test]
    fn names_the_record_that_fits_nowhere() {
        let mut given = given(3);
        given.extend(crate::write::read_json(&format!("\n\n\n{{\"a\":\"{}\"}}", "b".repeat(1000)), "f").unwrap());
        let error = requests(&template(), &given, 10, 1000).unwrap_err();
        assert_eq!(
            (error.to_string().as_str(), error.exit_code().code()),
            ("the record of line 4 is too large for a request", 2)
        );
    }
}
