//! What a message adds when a wrong name resembles a right one.

use appflow_sdk::nearest;

/// `; did you mean …?`, or nothing.
pub(super) fn hint<'n>(wrong: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    nearest(wrong, names).map(|name| format!("; did you mean {name}?")).unwrap_or_default()
}
