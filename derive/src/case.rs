//! The spellings of serde's `rename_all`.

/// How the names of fields are spelled in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    Unchanged,
    Upper,
    Pascal,
    Camel,
    Kebab,
    UpperKebab,
}

impl Case {
    /// The case that serde knows by this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "lowercase" | "snake_case" => Some(Self::Unchanged),
            "UPPERCASE" | "SCREAMING_SNAKE_CASE" => Some(Self::Upper),
            "PascalCase" => Some(Self::Pascal),
            "camelCase" => Some(Self::Camel),
            "kebab-case" => Some(Self::Kebab),
            "SCREAMING-KEBAB-CASE" => Some(Self::UpperKebab),
            _ => None,
        }
    }

    /// A field's Rust name in this case, as serde does it: words are told apart by underscores alone.
    pub(crate) fn apply(self, field: &str) -> String {
        match self {
            Self::Unchanged => field.to_owned(),
            Self::Upper => field.to_ascii_uppercase(),
            Self::Kebab => field.replace('_', "-"),
            Self::UpperKebab => field.to_ascii_uppercase().replace('_', "-"),
            Self::Pascal => field.split('_').map(|word| first_letter(word, char::to_ascii_uppercase)).collect(),
            Self::Camel => first_letter(&Self::Pascal.apply(field), char::to_ascii_lowercase),
        }
    }
}

fn first_letter(word: &str, change: impl Fn(&char) -> char) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| change(&first)).into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spells_names_as_serde_does() {
        for (case, expected) in [
            ("lowercase", "placed_at_2"),
            ("snake_case", "placed_at_2"),
            ("UPPERCASE", "PLACED_AT_2"),
            ("SCREAMING_SNAKE_CASE", "PLACED_AT_2"),
            ("PascalCase", "PlacedAt2"),
            ("camelCase", "placedAt2"),
            ("kebab-case", "placed-at-2"),
            ("SCREAMING-KEBAB-CASE", "PLACED-AT-2"),
        ] {
            assert_eq!(Case::named(case).unwrap().apply("placed_at_2"), expected, "{case}");
        }
        assert_eq!(Case::named("Camel"), None);
    }
}
