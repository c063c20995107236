//! Text with `{names}` in it that stand for values.

use std::fmt;

/// Part of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Text as it stands.
    Literal(&'a str),
    /// A name that stands for a value.
    Name(&'a str),
}

/// A brace without its partner, or with nothing inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UnbalancedBraces;

impl fmt::Display for UnbalancedBraces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must hold braces in pairs only, around a name, as in {tenant}")
    }
}

impl std::error::Error for UnbalancedBraces {}

/// The pieces of a template, in order.
pub(crate) fn pieces(template: &str) -> Result<Vec<Piece<'_>>, UnbalancedBraces> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some(open) = rest.find(['{', '}']) {
        let (literal, braced) = rest.split_at(open);
        let (name, after) = braced.strip_prefix('{').and_then(|inner| inner.split_once('}')).ok_or(UnbalancedBraces)?;
        if name.is_empty() || name.contains('{') {
            return Err(UnbalancedBraces);
        }
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        pieces.push(Piece::Name(name));
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Literal(rest));
    }
    Ok(pieces)
}

/// The names in a template, in order.
pub(crate) fn names(template: &str) -> Result<Vec<&str>, UnbalancedBraces> {
    let names = pieces(template)?.into_iter().filter_map(|piece| match piece {
        Piece::Literal(_) => None,
        Piece::Name(name) => Some(name),
    });
    Ok(names.collect())
}

/// The template with every name replaced, or the first name that has no value.
///
/// A template with unbalanced braces is taken as it stands: the manifest's check has refused it before.
pub(crate) fn fill(template: &str, value_of: impl Fn(&str) -> Option<String>) -> Result<String, &str> {
    let Ok(pieces) = pieces(template) else { return Ok(template.to_owned()) };
    let mut filled = String::with_capacity(template.len());
    for piece in pieces {
        match piece {
            Piece::Literal(text) => filled.push_str(text),
            Piece::Name(name) => filled.push_str(&value_of(name).ok_or(name)?),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_every_name() {
        let filled = fill("/{a}/x/{b}{a}", |name| Some(name.to_uppercase()));
        assert_eq!(filled, Ok("/A/x/BA".to_owned()));
        assert_eq!(fill("/{a}/{b}", |name| (name == "a").then(String::new)), Err("b"));
    }

    #[test]
    fn refuses_braces_without_a_partner() {
        for template in ["{", "}", "{}", "a{b", "a}b", "{a{b}}", "{a}}"] {
            assert_eq!(names(template), Err(UnbalancedBraces), "{template}");
        }
        assert_eq!(names("{a}-{b}"), Ok(vec!["a", "b"]));
    }
}
