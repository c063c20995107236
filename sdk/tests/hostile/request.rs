//! What holds for any bytes that come as a request.

use appflow_sdk::protocol::Request;

/// They are refused with a reason, or read as a request that is written and read again as the same.
pub(crate) fn holds(input: &[u8]) {
    match Request::decode(input) {
        Ok(request) => {
            let written = serde_json::to_vec(&request).expect("a request that was read can be written");
            let again = Request::decode(&written).expect("a request that was written can be read");
            assert_eq!(again, request);
            assert_eq!(again.operation(), request.operation());
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
