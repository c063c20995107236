//! Splits a filter into tokens, each with its place, in time linear in the filter's length.

use std::ops::Range;

use super::ast::Comparison;
use super::error::FilterErrorKind;
use super::literal::{Instant, Number, parse_date};

/// What a token is. Names and values keep their text in the filter; the token's span says where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    Identifier,
    Number,
    /// A string in quotes of this kind.
    String(char),
    Date,
    DateTime,
    Comparison(Comparison),
    And,
    Or,
    Not,
    True,
    False,
    Null,
    Between,
    In,
    Limit,
    Open,
    Close,
    Comma,
    /// Text that is no token; the lexer stops here and [`Tokens::fault`] says why.
    Fault,
    End,
}

/// Text that is no token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) kind: FilterErrorKind,
    pub(super) hint: String,
}

/// The tokens of a filter; the last one is [`Token::End`] or [`Token::Fault`].
#[derive(Debug)]
pub(super) struct Tokens {
    pub(super) list: Vec<(Token, Range<usize>)>,
    pub(super) fault: Option<Fault>,
}

/// Splits the text.
pub(super) fn tokens(text: &str) -> Tokens {
    let mut list = Vec::new();
    let mut at = 0;
    loop {
        at += text[at..].bytes().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0x0C)).count();
        match token_at(text, at) {
            Ok((token, length)) => {
                list.push((token, at..at + length));
                at += length;
                if token == Token::End {
                    return Tokens { list, fault: None };
                }
            }
            Err((fault, length)) => {
                list.push((Token::Fault, at..at + length));
                return Tokens { list, fault: Some(fault) };
            }
        }
    }
}

/// The token at a place that is not white space, and its length in bytes.
fn token_at(text: &str, at: usize) -> Result<(Token, usize), (Fault, usize)> {
    let rest = &text[at..];
    let Some(first) = rest.chars().next() else {
        return Ok((Token::End, 0));
    };
    match first {
        '(' => Ok((Token::Open, 1)),
        ')' => Ok((Token::Close, 1)),
        ',' => Ok((Token::Comma, 1)),
        '=' => Ok((Token::Comparison(Comparison::Equal), 1)),
        '<' if rest.starts_with("<=") => Ok((Token::Comparison(Comparison::LessOrEqual), 2)),
        '<' => Ok((Token::Comparison(Comparison::Less), 1)),
        '>' if rest.starts_with(">=") => Ok((Token::Comparison(Comparison::GreaterOrEqual), 2)),
        '>' => Ok((Token::Comparison(Comparison::Greater), 1)),
        '!' if rest.starts_with("!=") => Ok((Token::Comparison(Comparison::NotEqual), 2)),
        '\'' | '"' => string(rest, first),
        '_' | 'a'..='z' | 'A'..='Z' => {
            let length = rest.bytes().take_while(|&byte| is_identifier_byte(byte)).count();
            Ok((keyword(&rest[..length]).unwrap_or(Token::Identifier), length))
        }
        '-' | '0'..='9' => match Number::length_at_start(rest) {
            Some(length) => number_or_date(rest, length),
            None => Err(unknown(rest, first)),
        },
        _ => Err(unknown(rest, first)),
    }
}

fn is_identifier_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')
}

/// Keywords in exactly the spellings of the official SDKs; anything else is an identifier.
fn keyword(word: &str) -> Option<Token> {
    match word {
        "AND" | "and" => Some(Token::And),
        "OR" | "or" => Some(Token::Or),
        "NOT" | "not" => Some(Token::Not),
        "TRUE" | "True" | "true" => Some(Token::True),
        "FALSE" | "False" | "false" => Some(Token::False),
        "CONTAINS" | "contains" => Some(Token::Comparison(Comparison::Contains)),
        "BETWEEN" | "between" => Some(Token::Between),
        "null" => Some(Token::Null),
        "IN" | "in" => Some(Token::In),
        "LIMIT" | "limit" => Some(Token::Limit),
        _ => None,
    }
}

/// A string ends at the first quote of its kind that no backslash precedes or, without such a quote, at the last one
/// that a backslash does precede. A doubled quote is part of the string.
///
/// A doubled quote counts as one that no backslash precedes, so behind one the second rule is out of the question:
/// `'c:\' or b = ''` is an unclosed string, as it is for the official SDKs (which go on to drop its last quote).
///
/// A search that runs to the end of the filter takes the last quote of its kind with a backslash before it, so that a
/// second such search finds none and the lexer stops: it stays linear.
fn string(rest: &str, quote: char) -> Result<(Token, usize), (Fault, usize)> {
    let bytes = rest.as_bytes();
    let mut last_behind_backslash = None;
    let mut has_doubled = false;
    let mut at = 1;
    while let Some(&byte) = bytes.get(at) {
        if char::from(byte) == quote {
            if bytes[at - 1] == b'\\' {
                last_behind_backslash = Some(at);
            } else if bytes.get(at + 1) == Some(&byte) {
                has_doubled = true;
                at += 1;
            } else {
                return Ok((Token::String(quote), at + 1));
            }
        }
        at += 1;
    }
    let hint = format!("close it with {quote}");
    let unclosed = Fault { kind: FilterErrorKind::UnclosedString, hint };
    last_behind_backslash
        .filter(|_| !has_doubled)
        .map(|end| (Token::String(quote), end + 1))
        .ok_or((unclosed, rest.len()))
}

/// What begins with a number of this length: that number, or a date, or a date and time.
///
/// Something that has a date's form and is none would be split into three numbers by the official SDKs, which no
/// rule of the grammar takes; so it may as well be called by its name.
fn number_or_date(rest: &str, number: usize) -> Result<(Token, usize), (Fault, usize)> {
    let Some((day, after)) = rest.split_at_checked(10).filter(|(day, _)| has_form_of_a_date(day)) else {
        return Ok((Token::Number, number));
    };
    if !after.starts_with(['T', 't']) {
        return if parse_date(day).is_some() {
            Ok((Token::Date, 10))
        } else {
            let hint = "write year, month and day as in 2021-04-20".to_owned();
            Err((Fault { kind: FilterErrorKind::InvalidDate, hint }, 10))
        };
    }
    let length = 10 + length_of_time(after);
    match rest[..length].parse::<Instant>() {
        Ok(_) => Ok((Token::DateTime, length)),
        Err(why) => {
            let hint = "write it as in 2021-04-20T12:30:45Z".to_owned();
            Err((Fault { kind: FilterErrorKind::InvalidDateTime(why), hint }, length))
        }
    }
}

fn has_form_of_a_date(text: &str) -> bool {
    text.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    })
}

/// The length of `T…`: through `Z` or an offset where there is one, else as far as it looks like a time.
fn length_of_time(text: &str) -> usize {
    let clock = 1 + text[1..].bytes().take_while(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.')).count();
    match text.as_bytes().get(clock) {
        Some(b'Z') => clock + 1,
        Some(b'+' | b'-') => {
            let offset = text[clock + 1..].bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b':').count();
            clock + 1 + offset
        }
        _ => clock,
    }
}

fn unknown(rest: &str, character: char) -> (Fault, usize) {
    let hint = match character {
        '!' => "write `!=` in one piece, or `not` before a condition",
        '-' => "write the minus sign directly before the digits",
        '+' => "write positive numbers without a sign",
        '.' => "write digits on both sides of the point, as in 0.5",
        '&' => "write `and`",
        '|' => "write `or`",
        '~' | '%' => "write `contains` to find text within text",
        ':' => "write a date and time as in 2021-04-20T12:30:45Z",
        ';' => "a filter ends without a mark",
        '“' | '”' | '„' | '‘' | '’' | '`' => "quotes are ' and \", and names of fields stand without",
        '[' | ']' | '{' | '}' => "lists and groups stand in parentheses; names of fields stand without",
        blank if blank.is_whitespace() => "separate words with plain spaces",
        _ => "names of fields consist of ASCII letters, digits, `_`, `.` and `-`; text stands in quotes",
    };
    let length = match rest.get(..2) {
        Some(doubled @ ("&&" | "||")) => doubled.len(),
        _ => character.len_utf8(),
    };
    (Fault { kind: FilterErrorKind::UnknownCharacter, hint: hint.to_owned() }, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tokens' texts, separated by bars; a fault in brackets.
    fn split(text: &str) -> String {
        let tokens = tokens(text);
        let parts = tokens.list.iter().filter(|(token, _)| *token != Token::End).map(|(token, span)| match token {
            Token::Fault => format!("[{}]", &text[span.clone()]),
            _ => text[span.clone()].to_owned(),
        });
        parts.collect::<Vec<_>>().join("|")
    }

    fn kinds(text: &str) -> Vec<Token> {
        tokens(text).list.into_iter().map(|(token, _)| token).filter(|token| *token != Token::End).collect()
    }

    #[test]
    fn keywords_need_their_spelling_and_a_boundary() {
        for word in ["And", "Between", "NULL", "tRUE", "android", "in-1", "LIMIT10", "_id", "a.", "a-", "a-1", "nots"] {
            assert_eq!(kinds(word), [Token::Identifier], "{word}");
        }
        assert_eq!(kinds("TRUE True true"), [Token::True; 3]);
        assert_eq!(kinds("null"), [Token::Null]);
    }

    #[test]
    fn a_number_or_a_quote_needs_no_space_before_a_keyword() {
        assert_eq!(split("a=1and b='x'or c"), "a|=|1|and|b|=|'x'|or|c");
        assert_eq!(split("10LIMIT 10"), "10|LIMIT|10");
        assert_eq!(split("2021-04-20and"), "2021-04-20|and");
        assert_eq!(kinds("2021-04-20and"), [Token::Date, Token::And]);
    }

    #[test]
    fn all_five_kinds_of_white_space_separate() {
        assert_eq!(split("a\t=\r\n\x0C 1"), "a|=|1");
        assert_eq!(split("a\x0B= 1"), "a|[\x0B]");
        assert_eq!(split("a\u{a0}= 1"), "a|[\u{a0}]");
    }

    #[test]
    fn a_quote_behind_a_backslash_closes_only_when_no_other_does() {
        assert_eq!(split(r"'it\'s'"), r"'it\'s'");
        assert_eq!(split(r"'c:\'"), r"'c:\'");
        assert_eq!(split(r"'c:\' x"), r"'c:\'|x");
        assert_eq!(split(r#""a\" and b = 'c'"#), r#""a\"|and|b|=|'c'"#);
        assert_eq!(split(r"'c:\' and b = 'd'"), r"'c:\' and b = '|d|[']");
        assert_eq!(split(r#""a\\" and b = "c""#), r#""a\\" and b = "|c|["]"#);
        assert_eq!(split(r"'a\' b\' c"), r"'a\' b\'|c");
    }

    #[test]
    fn a_doubled_quote_belongs_to_the_string() {
        assert_eq!(split("'O''Brien'and"), "'O''Brien'|and");
        assert_eq!(split("''"), "''");
        assert_eq!(split("'' ''"), "''|''");
        assert_eq!(split("''''"), "''''");
        assert_eq!(split("'\"'"), "'\"'");
        assert_eq!(split("'''"), "[''']");
        assert_eq!(split(r"'c:\' or b = ''"), r"['c:\' or b = '']");
    }

    #[test]
    fn strings_may_span_lines_and_hold_any_character() {
        assert_eq!(split("'a\nü€' b"), "'a\nü€'|b");
    }

    #[test]
    fn tells_numbers_dates_and_moments_apart() {
        assert_eq!(kinds("2021-04-20"), [Token::Date]);
        assert_eq!(kinds("2021-04-20T12:30:45.123Z"), [Token::DateTime]);
        assert_eq!(kinds("2021-04-20T12:30:45+01:00"), [Token::DateTime]);
        assert_eq!(kinds("2021 -04 20.5 1e-5"), [Token::Number; 4]);
        assert_eq!(split("12021-04-20"), "12021|-04|-20");
        assert_eq!(split("2021-04-203"), "2021-04-20|3");
        assert_eq!(split("2021-13-01"), "[2021-13-01]");
        assert_eq!(split("2021-04-20T12:30 x"), "[2021-04-20T12:30]");
        assert_eq!(split("2021-04-20t12:30:45Z"), "[2021-04-20t12:30:45Z]");
    }

    #[test]
    fn stops_at_what_has_no_meaning() {
        for (text, parts) in [
            ("a ! = 1", "a|[!]"),
            ("a = 5.", "a|=|5|[.]"),
            ("a = .5", "a|=|[.]"),
            ("a = - 1", "a|=|[-]"),
            ("a && b", "a|[&&]"),
            ("größe", "gr|[ö]"),
            ("`a`", "[`]"),
            ("a = 5 'abc", "a|=|5|['abc]"),
        ] {
            assert_eq!(split(text), parts, "{text}");
        }
    }
}
