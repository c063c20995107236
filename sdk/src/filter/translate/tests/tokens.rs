//! Takes OData and SOQL apart again, by their own rules and nothing of the translators'.

use crate::filter::{Instant, Moment, Quantity};

/// A word of either language.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    And,
    Or,
    Not,
    In,
    Like,
    Contains,
    Open,
    Close,
    Comma,
    Compare(&'static str),
    Name(String),
    Literal(Literal),
}

/// A literal with its value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Null,
    Boolean(bool),
    Number(Quantity),
    Text(String),
    /// Text of SOQL, in which wildcards are told from escaped ones.
    Pattern(Vec<Part>),
    Moment(Moment),
}

/// A character of text in SOQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// To be taken as it is.
    Plain(char),
    /// `%` or `_`, which only `LIKE` takes for a wildcard.
    Wildcard(char),
}

/// Splits text into words, signs and quoted text. `quote` reads what follows an opening quote and returns its value and
/// what comes after the closing one.
fn split<'a>(
    mut text: &'a str,
    mut quote: impl FnMut(&'a str) -> (Literal, &'a str),
    word: impl Fn(&str) -> Token,
) -> Vec<Token> {
    let mut tokens = Vec::new();
    loop {
        text = text.trim_start_matches(' ');
        let Some(first) = text.chars().next() else { return tokens };
        if first == '\'' {
            let (literal, rest) = quote(&text[1..]);
            tokens.push(Token::Literal(literal));
            text = rest;
            continue;
        }
        let signs = [("(", Token::Open), (")", Token::Close), (",", Token::Comma)];
        let comparisons = ["<=", ">=", "!=", "<", ">", "="].map(|sign| (sign, Token::Compare(sign)));
        if let Some((sign, token)) = signs.into_iter().chain(comparisons).find(|(sign, _)| text.starts_with(sign)) {
            tokens.push(token);
            text = &text[sign.len()..];
            continue;
        }
        let length = text.find(|character: char| " (),'<>=!".contains(character)).unwrap_or(text.len());
        assert!(length > 0, "{text} begins with nothing known");
        tokens.push(word(&text[..length]));
        text = &text[length..];
    }
}

/// A word that is no keyword: a literal or a name.
fn other(word: &str) -> Token {
    let literal = match word {
        "true" => Some(Literal::Boolean(true)),
        "false" => Some(Literal::Boolean(false)),
        "null" => Some(Literal::Null),
        _ if word.starts_with(|first: char| first.is_ascii_digit() || first == '-') => Some(number_or_moment(word)),
        _ => None,
    };
    literal.map_or_else(|| Token::Name(word.to_owned()), Token::Literal)
}

fn number_or_moment(word: &str) -> Literal {
    if let Ok(number) = word.parse() {
        return Literal::Number(number);
    }
    let instant = if word.len() == 10 { format!("{word}T00:00:00Z") } else { word.to_owned() };
    Literal::Moment(Moment::from(instant.parse::<Instant>().unwrap()))
}

pub(super) fn odata(text: &str) -> Vec<Token> {
    let quote = |text| {
        let mut value = String::new();
        let mut rest: &str = text;
        loop {
            let (before, after) = rest.split_once('\'').expect("the quote is closed");
            value.push_str(before);
            match after.strip_prefix('\'') {
                Some(after) => {
                    value.push('\'');
                    rest = after;
                }
                None => return (Literal::Text(value), after),
            }
        }
    };
    split(text, quote, |word| match word {
        "and" => Token::And,
        "or" => Token::Or,
        "not" => Token::Not,
        "in" => Token::In,
        "contains" => Token::Contains,
        "eq" => Token::Compare("="),
        "ne" => Token::Compare("!="),
        "lt" => Token::Compare("<"),
        "le" => Token::Compare("<="),
        "gt" => Token::Compare(">"),
        "ge" => Token::Compare(">="),
        word => other(word),
    })
}

pub(super) fn soql(text: &str) -> Vec<Token> {
    let quote = |text| {
        let mut characters = str::char_indices(text);
        let mut pattern = Vec::new();
        loop {
            let (at, character) = characters.next().expect("the quote is closed");
            let value = match character {
                '\'' => return (Literal::Pattern(pattern), &text[at + 1..]),
                '%' | '_' => Part::Wildcard(character),
                '\\' => Part::Plain(match characters.next().expect("an escape is complete").1 {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'u' => {
                        let digits: String = (0..4).filter_map(|_| Some(characters.next()?.1)).collect();
                        let code = u32::from_str_radix(&digits, 16).expect("four hexadecimal digits");
                        char::from_u32(code).expect("a character")
                    }
                    other @ ('\\' | '\'' | '"' | '%' | '_') => other,
                    other => panic!("\\{other} is no escape"),
                }),
                other => Part::Plain(other),
            };
            pattern.push(value);
        }
    };
    split(text, quote, |word| match word {
        "AND" => Token::And,
        "OR" => Token::Or,
        "NOT" => Token::Not,
        "IN" => Token::In,
        "LIKE" => Token::Like,
        word => other(word),
    })
}
