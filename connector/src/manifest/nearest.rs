//! The nearest right name to a wrong one.

/// How alike two names must be, from 0 to 1: one slip in a word of five letters is, another word is not.
const ALIKE: f64 = 0.7;

/// The name that was probably meant, if one is alike enough. Case does not count.
pub(super) fn nearest<'n>(wrong: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let wrong = wrong.to_lowercase();
    let rated =
        names.into_iter().map(|name| (strsim::normalized_damerau_levenshtein(&wrong, &name.to_lowercase()), name));
    let best = rated.filter(|(alike, _)| *alike >= ALIKE).max_by(|(one, _), (other, _)| one.total_cmp(other));
    best.map(|(_, name)| name)
}

/// `; did you mean …?`, or nothing.
pub(super) fn hint<'n>(wrong: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    nearest(wrong, names).map(|name| format!("; did you mean {name}?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_slips_and_no_other_words() {
        let names = ["request", "records", "paging", "total", "total_header"];
        for (wrong, meant) in
            [("reqest", "request"), ("recrods", "records"), ("Paging", "paging"), ("totalheader", "total_header")]
        {
            assert_eq!(nearest(wrong, names), Some(meant));
        }
        assert_eq!(nearest("filters", names), None);
        assert_eq!(hint("tolal", names), "; did you mean total?");
        assert_eq!(hint("x", names), "");
    }
}
