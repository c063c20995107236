//! The right name that was probably meant.

/// Longest name that is compared, in bytes: the work grows with the product of two lengths.
const LONGEST: usize = 128;

/// The name that resembles the sought one most: the same letters in other cases, or few changes away. For messages.
///
/// ```
/// assert_eq!(appflow_sdk::nearest("placedAt", ["status", "placed_at"]), Some("placed_at"));
/// assert_eq!(appflow_sdk::nearest("colour", ["status", "placed_at"]), None);
/// ```
#[must_use]
pub fn nearest<'a>(sought: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let sought = sought.to_lowercase();
    let most = 1 + sought.chars().count() / 4;
    names
        .into_iter()
        .filter(|name| name.len() <= LONGEST && sought.len() <= LONGEST)
        .map(|name| (strsim::osa_distance(&sought, &name.to_lowercase()), name))
        .filter(|(changes, _)| *changes <= most)
        .min_by_key(|(changes, _)| *changes)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_nearest_name_if_one_is_near() {
        let names = ["state", "total", "placed_at"];
        for (sought, expected) in [
            ("stat", Some("state")),
            ("STATE", Some("state")),
            ("placedAt", Some("placed_at")),
            ("totl", Some("total")),
            ("colour", None),
            ("x", None),
        ] {
            assert_eq!(nearest(sought, names), expected, "{sought}");
        }
        let long = "x".repeat(LONGEST + 1);
        assert_eq!(nearest(&long, [long.as_str()]), None);
    }
}
