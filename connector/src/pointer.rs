//! What stands at a JSON pointer (RFC 6901), as it is written.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;

/// A member's name, borrowed where it has no escapes.
#[derive(Deserialize, PartialEq, Eq, Hash)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// What stands at a JSON pointer. Numbers keep their digits.
pub(crate) fn at<'d>(document: &'d RawValue, pointer: &str) -> Option<&'d RawValue> {
    let mut found = document;
    for step in pointer.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        found = if found.get().starts_with('[') {
            items(found)?.get(step.parse::<usize>().ok()?).copied()?
        } else {
            let mut members: HashMap<Name<'d>, &'d RawValue> = serde_json::from_str(found.get()).ok()?;
            members.remove(&Name(Cow::Owned(step)))?
        };
    }
    Some(found)
}

/// The items of an array.
pub(crate) fn items(array: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(array.get()).ok()
}
