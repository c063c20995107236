//! What holds for any bytes that come as a response.

use std::collections::BTreeMap;

use appflow_sdk::protocol::{Operation, Response};
use serde_json::value::RawValue;

/// They are refused with a reason, or read as a response that is written and read again as the same, and whose outcome
/// is what `isSuccess` says. The first byte chooses the operation.
pub(crate) fn holds(input: &[u8]) {
    let Some((choice, bytes)) = input.split_first() else { return };
    let operation = Operation::ALL[usize::from(*choice) % Operation::ALL.len()];
    match Response::decode(operation, bytes) {
        Ok(response) => {
            let written = serde_json::to_vec(&response).expect("a response that was read can be written");
            let again = Response::decode(operation, &written).expect("a response that was written can be read");
            assert_eq!(again, response);
            let members: BTreeMap<String, &RawValue> =
                serde_json::from_slice(&written).expect("a response is an object");
            assert!(!members.contains_key("type"), "a response carries no type");
            let is_success = members.get("isSuccess").map(|raw| raw.get() == "true");
            assert_eq!(is_success, Some(response.outcome().is_ok()));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
