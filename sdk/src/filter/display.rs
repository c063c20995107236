//! Writes a tree as the one text that all trees of its meaning share.
//!
//! Strings are the difficulty. In AppFlow's language a backslash before the closing quote hides that quote as long as
//! another of its kind follows anywhere in the filter, and doubling the backslash does not help. A string that ends
//! in a backslash can therefore only be written in quotes of a kind that nothing after it uses. So the text is put
//! together from its end. When neither kind is free, the backslash is written behind the closing quote, where it has
//! no meaning: reading such text is an error, never another filter.

use std::fmt;

use super::Filter;
use super::ast::{Condition, Operand};
use super::literal::Value;

/// A stretch of the text.
enum Piece<'a> {
    Plain(&'a str),
    Written(String),
    Quoted(&'a str),
}

/// How tightly the surroundings hold a condition: what binds less needs parentheses.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Binding {
    Or,
    And,
    Not,
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut pieces = Vec::new();
        if let Some(condition) = &self.condition {
            write_condition(&mut pieces, condition, Binding::Or);
        }
        if let Some(limit) = self.limit {
            let space = if self.condition.is_some() { " " } else { "" };
            pieces.push(Piece::Written(format!("{space}limit {limit}")));
        }
        f.write_str(&assemble(&pieces))
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut pieces = Vec::new();
        write_condition(&mut pieces, self, Binding::Or);
        f.write_str(&assemble(&pieces))
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut pieces = Vec::new();
        write_value(&mut pieces, self);
        f.write_str(&assemble(&pieces))
    }
}

fn write_condition<'a>(pieces: &mut Vec<Piece<'a>>, condition: &'a Condition, surroundings: Binding) {
    match condition {
        Condition::And(parts) => write_parts(pieces, parts, " and ", surroundings > Binding::And, Binding::Not),
        Condition::Or(parts) => write_parts(pieces, parts, " or ", surroundings > Binding::Or, Binding::And),
        Condition::Not(inner) => {
            pieces.push(Piece::Plain("not "));
            write_condition(pieces, inner, Binding::Not);
        }
        Condition::Compare { field, operator, value } => {
            pieces.extend([Piece::Plain(field), Piece::Plain(" "), Piece::Plain(operator.symbol()), Piece::Plain(" ")]);
            write_value(pieces, value);
        }
        Condition::Between { field, lower, upper } => {
            pieces.extend([Piece::Plain(field), Piece::Plain(" between ")]);
            write_value(pieces, lower);
            pieces.push(Piece::Plain(" and "));
            write_value(pieces, upper);
        }
        Condition::In { field, values } => {
            pieces.extend([Piece::Plain(field), Piece::Plain(" in (")]);
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    pieces.push(Piece::Plain(", "));
                }
                write_value(pieces, value);
            }
            pieces.push(Piece::Plain(")"));
        }
        Condition::Bare(Operand::Field(field)) => pieces.push(Piece::Plain(field)),
        Condition::Bare(Operand::Value(value)) => write_value(pieces, value),
    }
}

fn write_parts<'a>(
    pieces: &mut Vec<Piece<'a>>,
    parts: &'a [Condition],
    connective: &'static str,
    in_parentheses: bool,
    binding: Binding,
) {
    if in_parentheses {
        pieces.push(Piece::Plain("("));
    }
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            pieces.push(Piece::Plain(connective));
        }
        write_condition(pieces, part, binding);
    }
    if in_parentheses {
        pieces.push(Piece::Plain(")"));
    }
}

fn write_value<'a>(pieces: &mut Vec<Piece<'a>>, value: &'a Value) {
    pieces.push(match value {
        Value::Null => Piece::Plain("null"),
        Value::Boolean(true) => Piece::Plain("true"),
        Value::Boolean(false) => Piece::Plain("false"),
        Value::Number(number) => Piece::Plain(number.as_str()),
        Value::String(text) => Piece::Quoted(text),
        Value::Date(date) => Piece::Written(date.to_string()),
        Value::DateTime(instant) => Piece::Written(instant.to_string()),
    });
}

/// Puts the pieces together: with the quotes that need the fewest escapes or, when those leave none for a string that
/// ends in a backslash, with as few of one kind as can be.
fn assemble(pieces: &[Piece<'_>]) -> String {
    let (text, is_readable) = assemble_with(pieces, None);
    if is_readable {
        return text;
    }
    let others = ['\'', '"'].map(|quote| assemble_with(pieces, Some(quote)));
    others.into_iter().find(|(_, is_readable)| *is_readable).map_or(text, |(other, _)| other)
}

/// Puts the pieces together from the end, where it is known which quotes are still free; and whether the text can be
/// read.
fn assemble_with(pieces: &[Piece<'_>], preferred: Option<char>) -> (String, bool) {
    let mut written: Vec<String> = Vec::with_capacity(pieces.len());
    let (mut single_free, mut double_free, mut is_readable) = (true, true, true);
    for piece in pieces.iter().rev() {
        let text = match piece {
            Piece::Plain(text) => (*text).to_owned(),
            Piece::Written(text) => text.clone(),
            Piece::Quoted(content) => {
                let preferred = preferred.unwrap_or_else(|| preferred_quote(content));
                let quote = match (content.ends_with('\\'), single_free, double_free) {
                    (false, _, _) | (true, true, true) => Some(preferred),
                    (true, true, false) => Some('\''),
                    (true, false, true) => Some('"'),
                    (true, false, false) => None,
                };
                is_readable &= quote.is_some();
                quote.map_or_else(|| backslash_outside(content, preferred), |quote| in_quotes(content, quote))
            }
        };
        single_free &= !text.contains('\'');
        double_free &= !text.contains('"');
        written.push(text);
    }
    written.reverse();
    (written.concat(), is_readable)
}

fn preferred_quote(content: &str) -> char {
    if content.contains('\'') && !content.contains('"') { '"' } else { '\'' }
}

fn backslash_outside(content: &str, quote: char) -> String {
    let body = content.trim_end_matches('\\');
    format!("{}{}", in_quotes(body, quote), &content[body.len()..])
}

fn in_quotes(content: &str, quote: char) -> String {
    let mut text = String::with_capacity(content.len() + 2);
    text.push(quote);
    for character in content.chars() {
        match character {
            '\t' => text.push_str("\\t"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\\' => text.push_str("\\\\"),
            same if same == quote => text.extend(['\\', quote]),
            other => text.push(other),
        }
    }
    text.push(quote);
    text
}

#[cfg(test)]
mod tests {
    use super::super::{Filter, FilterErrorKind};
    use super::*;

    #[track_caller]
    fn canonical(text: &str) -> String {
        Filter::parse(text).unwrap().to_string()
    }

    #[test]
    fn writes_one_text_for_all_spellings_of_a_filter() {
        for (text, expected) in [
            ("a=1AND(b!=\"x\"OR NOT c>=2)LIMIT 10", "a = 1 and (b != 'x' or not c >= 2) limit 10"),
            ("((a = 1) and b = 2) and (c = 3)", "a = 1 and b = 2 and c = 3"),
            ("(a = 1 and b = 2) or (c = 3)", "a = 1 and b = 2 or c = 3"),
            ("not (not (a CONTAINS 'x'))", "not not a contains 'x'"),
            ("not (a = 1 and b = 2)", "not (a = 1 and b = 2)"),
            ("a IN(1,'2',null)", "a in (1, '2', null)"),
            (
                "a BETWEEN 2021-04-20 AND 2021-04-20T12:30:45.500+02:00",
                "a between 2021-04-20 and 2021-04-20T10:30:45.5Z",
            ),
            ("a = True or b != FALSE", "a = true or b != false"),
            ("LIMIT 100", "limit 100"),
            ("a = 007 and b = -0 and c = 1.50", "a = 007 and b = -0 and c = 1.50"),
            ("a and 5", "a and 5"),
        ] {
            assert_eq!(canonical(text), expected, "{text}");
        }
    }

    #[test]
    fn chooses_quotes_that_need_no_escape() {
        assert_eq!(canonical(r#"a = "it's""#), r#"a = "it's""#);
        assert_eq!(canonical(r#"a = 'say "x"'"#), r#"a = 'say "x"'"#);
        assert_eq!(canonical(r#"a = 'it\'s "x"'"#), r#"a = 'it\'s "x"'"#);
        assert_eq!(canonical("a = 'x\ny\tz'"), r"a = 'x\ny\tz'");
    }

    #[test]
    fn ends_a_string_in_a_backslash_with_a_quote_that_is_still_free() {
        assert_eq!(canonical(r"a = 'c:\'"), r"a = 'c:\\'");
        assert_eq!(canonical(r#"a = "c:\" and b = 'd'"#), r#"a = "c:\\" and b = 'd'"#);
        assert_eq!(canonical(r#"a = "c:\" and b = 'd:\'"#), r#"a = "c:\\" and b = 'd:\\'"#);
        assert_eq!(canonical(r#"a = 'c:\' and b = "x\"y""#), r#"a = 'c:\\' and b = "x\"y""#);
    }

    #[test]
    fn a_backslash_that_no_quote_can_end_makes_the_text_unreadable_not_different() {
        let strings = ["c:\\", "d:\\", "e:\\"].map(|text| Value::String(text.to_owned()));
        let condition = Condition::In { field: "a".to_owned(), values: strings.to_vec() };
        assert_eq!(condition.to_string(), r#"a in ('c:'\, "d:\\", 'e:\\')"#);
        let error = Filter::parse(&condition.to_string()).unwrap_err();
        assert_eq!((error.kind(), error.span()), (FilterErrorKind::UnknownCharacter, 10..11));
    }
}
