//! Where in the text of a manifest a key stands.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Line and column in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
}

impl Place {
    /// The place of a byte.
    pub(super) fn of(text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let last_line = before.rsplit('\n').next().unwrap_or_default();
        Self { line: before.matches('\n').count() + 1, column: last_line.chars().count() + 1 }
    }
}

impl Default for Place {
    fn default() -> Self {
        Self { line: 1, column: 1 }
    }
}

/// The place of a key such as `entities.orders.read.filters.at.">="` or `failures.message[1]`, or of the longest part of it
/// that is there.
///
/// Names may hold dots themselves, so the key is followed through the document and not divided beforehand.
pub(super) fn of_key(text: &str, document: &DeTable<'_>, key: &str) -> Place {
    Place::of(text, in_table(document, key).map_or(0, |span| span.start))
}

fn in_table(table: &DeTable<'_>, key: &str) -> Option<Range<usize>> {
    let matching = table.iter().filter_map(|(name, value)| Some((name, value, after(key, name.get_ref())?)));
    let (name, value, rest) = matching.max_by_key(|(name, ..)| name.get_ref().len())?;
    Some(in_value(value, rest).unwrap_or_else(|| name.span()))
}

fn in_value(value: &Spanned<DeValue<'_>>, rest: &str) -> Option<Range<usize>> {
    match value.get_ref() {
        DeValue::Table(table) => in_table(table, rest.strip_prefix('.')?),
        DeValue::Array(items) => {
            let (index, rest) = rest.strip_prefix('[')?.split_once(']')?;
            let item = items.get(index.parse::<usize>().ok()?)?;
            Some(in_value(item, rest).unwrap_or_else(|| item.span()))
        }
        _ => None,
    }
}

/// What follows a name at the beginning of a key, if it stands there.
fn after<'k>(key: &'k str, name: &str) -> Option<&'k str> {
    let rest = key.strip_prefix(name).or_else(|| key.strip_prefix('"')?.strip_prefix(name)?.strip_prefix('"'))?;
    (rest.is_empty() || rest.starts_with(['.', '['])).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "[a]\nb = [1, { c = 2 }]\n\"d.e\" = { \">=\" = 3 }\n\n[a.f.g]\n\"ä\" = { h = 4 }\n";

    #[track_caller]
    fn place(key: &str) -> (usize, usize) {
        let document = DeTable::parse(TEXT).unwrap();
        let Place { line, column } = of_key(TEXT, document.get_ref(), key);
        (line, column)
    }

    #[test]
    fn follows_tables_arrays_and_names_with_dots() {
        assert_eq!(place("a.b"), (2, 1));
        assert_eq!(place("a.b[0]"), (2, 6));
        assert_eq!(place("a.b[1].c"), (2, 11));
        assert_eq!(place("a.d.e"), (3, 1));
        assert_eq!(place("a.d.e.\">=\""), (3, 11));
        assert_eq!(place("a.f.g.ä.h"), (6, 9));
    }

    #[test]
    fn gives_the_place_of_what_is_there_of_a_key() {
        assert_eq!(place("a.f.g.x.y"), (5, 6));
        assert_eq!(place("a.b[7]"), (2, 1));
        assert_eq!(place("a.bb"), (1, 2));
        assert_eq!(place("x"), (1, 1));
    }
}
