//! What holds for any answer of a source system, and any text that comes back as a token.

use appflow_sdk::protocol::{ConnectorContext, QueryDataRequest, Record};
use appflow_sdk::{JsonPage, PageLayout, TokenCodec};

/// The answer is refused, or its records are JSON objects that stand in it just so and in that order.
///
/// The input is a JSON pointer and the answer, separated by a zero byte. The answer is also taken for a token, which is
/// refused, or is the very text that its position is written as.
pub(crate) fn holds(input: &[u8]) {
    let mut parts = input.splitn(2, |byte| *byte == 0);
    let (Some(pointer), Some(body)) = (parts.next(), parts.next()) else { return };
    let Ok(pointer) = std::str::from_utf8(pointer) else { return };
    let layout = PageLayout::new(pointer).next("/next").total("/total");
    if let Ok(page) = JsonPage::read(body.to_vec(), &layout) {
        let mut rest = std::str::from_utf8(body).expect("a page is UTF-8");
        assert_eq!(page.records().len(), page.len());
        for record in page.records() {
            assert!(Record::parse(record).is_ok());
            let at = rest.find(record).expect("a record is a slice of the answer");
            rest = &rest[at + record.len()..];
        }
        assert!(page.next().is_none_or(|next| !next.is_empty()));
    }
    let Ok(text) = std::str::from_utf8(body) else { return };
    let codec = TokenCodec::for_query(&QueryDataRequest::new("things", ConnectorContext::default()));
    if let Ok(position) = codec.decode::<serde_json::Value>(text) {
        assert_eq!(codec.decode::<serde_json::Value>(&codec.encode(&position).unwrap()).unwrap(), position);
    }
}
