//! The tags that the user wants on the function: set, changed, and taken away again without touching anybody else's.
//!
//! Which tags are ours is remembered on the function itself, in one more tag, so that a tag that is no longer wanted
//! can be told from one that somebody else put there.

use std::collections::BTreeMap;

use crate::digest::short_hex;

/// The tag that remembers the keys of the others: a digest for each, since a value has room for 256 characters only.
pub const OWN_TAGS: &str = "appflow-registrar:own-tags";

/// Characters of a digest.
const DIGEST: usize = 8;

/// Most tags that can be remembered.
pub const TAG_LIMIT: usize = 256 / DIGEST;

/// What has to be done to a function's tags.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TagChange {
    /// Tags to set, the record among them.
    pub set: BTreeMap<String, String>,
    /// Keys to take away.
    pub remove: Vec<String>,
}

impl TagChange {
    /// Whether nothing has to be done.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.set.is_empty() && self.remove.is_empty()
    }
}

/// Compares what is wanted with what is there.
#[must_use]
pub fn difference(wanted: &BTreeMap<String, String>, there: &BTreeMap<String, String>) -> TagChange {
    let recorded = there.get(OWN_TAGS).map(String::as_str).unwrap_or_default();
    let mut remove: Vec<_> =
        there.keys().filter(|key| is_recorded(recorded, key) && !wanted.contains_key(*key)).cloned().collect();
    let mut set: BTreeMap<_, _> = wanted
        .iter()
        .filter(|(key, value)| there.get(*key) != Some(value))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    match record(wanted) {
        Some(record) if record != recorded => drop(set.insert(OWN_TAGS.to_owned(), record)),
        None if there.contains_key(OWN_TAGS) => remove.push(OWN_TAGS.to_owned()),
        Some(_) | None => {}
    }
    TagChange { set, remove }
}

fn record(wanted: &BTreeMap<String, String>) -> Option<String> {
    if wanted.is_empty() {
        return None;
    }
    let digests: Vec<_> = wanted.keys().map(|key| short_hex(key.as_bytes(), DIGEST)).collect();
    Some(digests.concat())
}

fn is_recorded(record: &str, key: &str) -> bool {
    let digest = short_hex(key.as_bytes(), DIGEST);
    record.as_bytes().chunks(DIGEST).any(|one| one == digest.as_bytes())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn apply(change: &TagChange, there: &mut BTreeMap<String, String>) {
        there.retain(|key, _| !change.remove.contains(key));
        there.extend(change.set.clone());
    }

    fn tags() -> impl Strategy<Value = BTreeMap<String, String>> {
        prop::collection::btree_map("[a-d]", "[xy]", 0..4)
    }

    proptest! {
        #[test]
        fn our_tags_come_and_go_and_those_of_others_stay(first in tags(), second in tags(), others in tags()) {
            let others: BTreeMap<_, _> = others.into_iter().map(|(key, value)| (format!("their-{key}"), value)).collect();
            let mut there = others.clone();
            for wanted in [&first, &second] {
                apply(&difference(wanted, &there), &mut there);
                prop_assert!(difference(wanted, &there).is_empty());
                let mut rest = there.clone();
                rest.remove(OWN_TAGS);
                let expected: BTreeMap<_, _> = others.iter().chain(wanted).map(|(key, value)| (key.clone(), value.clone())).collect();
                prop_assert_eq!(rest, expected);
            }
            apply(&difference(&BTreeMap::new(), &there), &mut there);
            prop_assert_eq!(there, others);
        }
    }

    #[test]
    fn remembers_as_many_tags_as_it_says() {
        let wanted: BTreeMap<_, _> = (0..TAG_LIMIT).map(|number| (format!("key-{number}"), String::new())).collect();
        assert!(record(&wanted).unwrap().len() <= 256);
    }

    #[test]
    fn a_run_killed_between_removing_and_setting_is_taken_up() {
        let pair = |key: &str| (key.to_owned(), "x".to_owned());
        let (old, new) = (BTreeMap::from([pair("a"), pair("b")]), BTreeMap::from([pair("b"), pair("c")]));
        let mut there = BTreeMap::new();
        apply(&difference(&old, &there), &mut there);
        let change = difference(&new, &there);
        assert_eq!(change.remove, ["a"]);
        there.remove("a");
        apply(&difference(&new, &there), &mut there);
        there.remove(OWN_TAGS);
        assert_eq!(there, new);
    }
}
