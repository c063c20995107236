//! Reads tokens into a tree, by recursive descent.

use std::ops::Range;

use super::Filter;
use super::ast::{Comparison, Condition, Operand};
use super::error::{FilterError, FilterErrorKind};
use super::lexer::{self, Token, Tokens};
use super::literal::{Value, parse_date};

/// How many parentheses and `not`s may stand around one condition.
///
/// AppFlow needs a handful; the limit keeps a hostile filter from exhausting the stack.
pub const MAX_DEPTH: usize = 100;

/// What a backslash in a string does.
///
/// The official SDKs let a backslash stand before a quote but leave every string as it is written, and how AppFlow
/// spells a user's quote or backslash is documented nowhere. So this is a choice, and can be made otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Escapes {
    /// `\"` `\'` `\\` `\t` `\n` `\r` and doubled quotes stand for one character; other backslashes for themselves.
    #[default]
    Decode,
    /// Every character between the quotes stands for itself.
    Verbatim,
}

/// Reads a whole filter.
pub(super) fn parse(text: &str, escapes: Escapes) -> Result<Filter, FilterError> {
    let tokens = lexer::tokens(text);
    let mut parser = Parser { text, escapes, tokens, next: 0 };
    if parser.peek() == Token::End {
        return Err(FilterError::new(text, 0..0, FilterErrorKind::Empty).advise("write a condition, a limit, or both"));
    }
    let condition = if parser.starts_with_limit() { None } else { Some(parser.disjunction(0)?) };
    let limit = if parser.takes(Token::Limit, "limit") { Some(parser.limit()?) } else { None };
    parser.end(limit.is_some())?;
    Ok(Filter { condition, limit })
}

struct Parser<'a> {
    text: &'a str,
    escapes: Escapes,
    tokens: Tokens,
    next: usize,
}

impl<'a> Parser<'a> {
    fn token(&self, ahead: usize) -> (Token, Range<usize>) {
        let end = (Token::End, self.text.len()..self.text.len());
        self.tokens.list.get(self.next + ahead).or(self.tokens.list.last()).cloned().unwrap_or(end)
    }

    fn peek(&self) -> Token {
        self.token(0).0
    }

    fn word(&self) -> &'a str {
        self.text.get(self.token(0).1).unwrap_or_default()
    }

    fn advance(&mut self) {
        self.next += 1;
    }

    /// Takes the next token if it is this one. Where an identifier would be an error, a keyword may be written in
    /// any mixture of cases.
    fn takes(&mut self, token: Token, keyword: &str) -> bool {
        let found = self.peek() == token
            || self.peek() == Token::Identifier && !keyword.is_empty() && self.word().eq_ignore_ascii_case(keyword);
        self.next += usize::from(found);
        found
    }

    /// The error at the next token, or the lexer's own if the text stops being tokens here.
    fn error(&self, kind: FilterErrorKind) -> FilterError {
        let (token, span) = self.token(0);
        match &self.tokens.fault {
            Some(fault) if token == Token::Fault => {
                FilterError::new(self.text, span, fault.kind).advise(fault.hint.clone())
            }
            Some(_) | None => FilterError::new(self.text, span, kind),
        }
    }

    fn unclosed(&self, opening: Range<usize>) -> FilterError {
        FilterError::new(self.text, opening, FilterErrorKind::UnclosedParenthesis).advise("close it with )")
    }

    fn starts_with_limit(&self) -> bool {
        match self.peek() {
            Token::Limit => !self.second_is_a_test(),
            Token::Identifier => self.word().eq_ignore_ascii_case("limit") && self.token(1).0 == Token::Number,
            _ => false,
        }
    }

    fn disjunction(&mut self, depth: usize) -> Result<Condition, FilterError> {
        let mut condition = self.conjunction(depth)?;
        while self.takes(Token::Or, "or") {
            condition = condition.or(self.conjunction(depth)?);
        }
        Ok(condition)
    }

    fn conjunction(&mut self, depth: usize) -> Result<Condition, FilterError> {
        let mut condition = self.negation(depth)?;
        while self.takes(Token::And, "and") {
            condition = condition.and(self.negation(depth)?);
        }
        Ok(condition)
    }

    fn negation(&mut self, depth: usize) -> Result<Condition, FilterError> {
        let mut negations = 0;
        while self.is_negation() {
            negations += 1;
            self.check_depth(depth + negations)?;
            self.advance();
        }
        let mut condition = self.primary(depth + negations)?;
        for _ in 0..negations {
            condition = Condition::Not(Box::new(condition));
        }
        Ok(condition)
    }

    /// Whether the next token negates: `not`, unless a sign behind it makes it a field's name; in another mixture of
    /// cases, only where a field's name would be an error.
    fn is_negation(&self) -> bool {
        let (second, span) = self.token(1);
        match self.peek() {
            Token::Not => !self.second_is_a_sign(),
            Token::Identifier if self.word().eq_ignore_ascii_case("not") => match second {
                Token::Open | Token::Not => true,
                Token::Identifier => !is_connective(self.text.get(span).unwrap_or_default()),
                _ => false,
            },
            _ => false,
        }
    }

    fn check_depth(&self, depth: usize) -> Result<(), FilterError> {
        if depth > MAX_DEPTH {
            return Err(self.error(FilterErrorKind::TooDeep).advise("write the condition with fewer parentheses"));
        }
        Ok(())
    }

    fn primary(&mut self, depth: usize) -> Result<Condition, FilterError> {
        match self.peek() {
            Token::Identifier => self.test(),
            Token::Open => self.group(depth),
            // Officially no field can have the name of a keyword. A test behind one is an error there, so that
            // reading it as a name takes nothing away.
            Token::And
            | Token::Or
            | Token::True
            | Token::False
            | Token::Null
            | Token::Between
            | Token::In
            | Token::Limit
            | Token::Comparison(Comparison::Contains)
                if self.second_is_a_test() =>
            {
                self.test()
            }
            Token::Not if self.second_is_a_sign() => self.test(),
            Token::Null | Token::Number | Token::String(_) | Token::Date | Token::DateTime => {
                if self.second_is_a_test() {
                    return Err(self
                        .error(FilterErrorKind::ValueOnTheLeft)
                        .advise("write the field first, as in a = 5"));
                }
                Ok(Condition::Bare(Operand::Value(self.value()?)))
            }
            Token::True | Token::False => {
                Err(self.error(FilterErrorKind::MisplacedBoolean).advise("write `field = true` or `field = false`"))
            }
            Token::Limit => Err(self.error(FilterErrorKind::LimitNotLast).advise("move it to the end")),
            Token::And
            | Token::Or
            | Token::Not
            | Token::Between
            | Token::In
            | Token::Comparison(_)
            | Token::Close
            | Token::Comma
            | Token::Fault
            | Token::End => {
                Err(self.error(FilterErrorKind::ExpectedCondition).advise("write one such as state = 'open'"))
            }
        }
    }

    /// Whether the next token follows one of this kind.
    fn follows(&self, token: Token) -> bool {
        let last = self.next.checked_sub(1).and_then(|last| self.tokens.list.get(last));
        last.is_some_and(|(last, _)| *last == token)
    }

    /// Whether a test follows the next token, which then must be a field's name.
    fn second_is_a_test(&self) -> bool {
        matches!(self.token(1).0, Token::Comparison(_) | Token::Between | Token::In)
    }

    /// Whether a comparison that is written with signs follows the next token.
    fn second_is_a_sign(&self) -> bool {
        matches!(self.token(1).0, Token::Comparison(operator) if operator != Comparison::Contains)
    }

    fn group(&mut self, depth: usize) -> Result<Condition, FilterError> {
        self.check_depth(depth + 1)?;
        let opening = self.token(0).1;
        self.advance();
        let condition = self.disjunction(depth + 1)?;
        match self.peek() {
            Token::Close => {
                self.advance();
                Ok(condition)
            }
            Token::End => Err(self.unclosed(opening)),
            _ => Err(self.not_a_connective()),
        }
    }

    fn test(&mut self) -> Result<Condition, FilterError> {
        let field = self.word().to_owned();
        self.advance();
        if let Token::Comparison(operator) = self.peek() {
            self.advance();
            return self.comparison(field, operator);
        }
        if self.takes(Token::Comparison(Comparison::Contains), "contains") {
            return self.comparison(field, Comparison::Contains);
        }
        if self.takes(Token::Between, "between") {
            let lower = self.value()?;
            if !self.takes(Token::And, "and") {
                return Err(self.error(FilterErrorKind::ExpectedAndOfBetween).advise("write `field between 1 and 2`"));
            }
            return Ok(Condition::Between { field, lower, upper: self.value()? });
        }
        if self.takes(Token::In, "in") {
            return Ok(Condition::In { field, values: self.list()? });
        }
        Ok(Condition::Bare(Operand::Field(field)))
    }

    fn comparison(&mut self, field: String, operator: Comparison) -> Result<Condition, FilterError> {
        let takes_booleans = matches!(operator, Comparison::Equal | Comparison::NotEqual);
        let boolean = if self.takes(Token::True, if takes_booleans { "true" } else { "" }) {
            Some(true)
        } else if self.takes(Token::False, if takes_booleans { "false" } else { "" }) {
            Some(false)
        } else {
            None
        };
        let value = match boolean {
            Some(boolean) if takes_booleans => Value::Boolean(boolean),
            Some(_) => {
                self.next -= 1;
                return Err(self.error(FilterErrorKind::MisplacedBoolean).advise("write `=` or `!=`"));
            }
            None => self.value_after(operator)?,
        };
        Ok(Condition::Compare { field, operator, value })
    }

    /// The value, with advice for operators that other languages spell otherwise.
    fn value_after(&mut self, operator: Comparison) -> Result<Value, FilterError> {
        let advice = match (operator, self.peek()) {
            (Comparison::Equal, Token::Comparison(Comparison::Equal)) => "write `=` once",
            (Comparison::Less, Token::Comparison(Comparison::Greater)) => "write `!=` for \"not equal\"",
            (Comparison::Equal, Token::Comparison(Comparison::Less)) => "write `<=`",
            (Comparison::Equal, Token::Comparison(Comparison::Greater)) => "write `>=`",
            _ => return self.value(),
        };
        Err(self.error(FilterErrorKind::ExpectedValue).advise(advice))
    }

    fn list(&mut self) -> Result<Vec<Value>, FilterError> {
        if self.peek() != Token::Open {
            return Err(self.error(FilterErrorKind::ExpectedList).advise("write `field in (1, 2)`"));
        }
        let opening = self.token(0).1;
        self.advance();
        let mut values = vec![self.value()?];
        loop {
            match self.peek() {
                Token::Comma => {
                    self.advance();
                    values.push(self.value()?);
                }
                Token::Close => {
                    self.advance();
                    return Ok(values);
                }
                Token::End => return Err(self.unclosed(opening)),
                _ => return Err(self.error(FilterErrorKind::ExpectedCommaOrEndOfList)),
            }
        }
    }

    fn value(&mut self) -> Result<Value, FilterError> {
        let word = self.word();
        let expected = FilterErrorKind::ExpectedValue;
        let value = match self.peek() {
            Token::Null => Value::Null,
            Token::Identifier if word.eq_ignore_ascii_case("null") => Value::Null,
            Token::String(quote) => Value::String(content(word, quote, self.escapes)),
            // The lexer has tried these; what it took can be read again.
            Token::Number => Value::Number(word.parse().map_err(|_| self.error(expected))?),
            Token::Date => Value::Date(parse_date(word).ok_or_else(|| self.error(expected))?),
            Token::DateTime => Value::DateTime(word.parse().map_err(|_| self.error(expected))?),
            Token::True | Token::False => {
                let advice = "one condition for each, joined with `or`, or text in quotes";
                return Err(self.error(FilterErrorKind::MisplacedBoolean).advise(advice));
            }
            Token::Identifier => {
                let advice = format!("write '{word}' for text; fields cannot be compared with fields");
                return Err(self.error(FilterErrorKind::FieldOnTheRight).advise(advice));
            }
            Token::Open => return Err(self.error(expected).advise("write the value without parentheses")),
            Token::And
            | Token::Or
            | Token::Not
            | Token::Between
            | Token::In
            | Token::Limit
            | Token::Comparison(_)
            | Token::Close
            | Token::Comma
            | Token::Fault
            | Token::End => return Err(self.error(expected)),
        };
        self.advance();
        Ok(value)
    }

    /// The count behind `limit`. Officially it has at least two digits; one is as clear.
    fn limit(&mut self) -> Result<u64, FilterError> {
        let word = self.word();
        let is_count = self.peek() == Token::Number && word.starts_with(|first| matches!(first, '1'..='9'));
        match word.parse() {
            Ok(limit) if is_count => {
                self.advance();
                Ok(limit)
            }
            Ok(_) | Err(_) => {
                Err(self.error(FilterErrorKind::InvalidLimit).advise("write digits alone, as in limit 100"))
            }
        }
    }

    fn end(&self, has_limit: bool) -> Result<(), FilterError> {
        match self.peek() {
            Token::End => Ok(()),
            Token::Close => {
                Err(self.error(FilterErrorKind::UnopenedParenthesis).advise("remove it, or open it with ("))
            }
            _ if has_limit => Err(self.error(FilterErrorKind::LimitNotLast).advise("move the limit to the end")),
            _ => Err(self.not_a_connective()),
        }
    }

    /// The error where a complete condition is followed by something that does not go on with it.
    fn not_a_connective(&self) -> FilterError {
        let word = self.word();
        let is = |name: &str| word.eq_ignore_ascii_case(name);
        let error = self.error(FilterErrorKind::ExpectedConnective);
        match self.peek() {
            Token::Limit => self.error(FilterErrorKind::LimitNotLast).advise("move it to the end"),
            Token::Identifier if is("limit") => self.error(FilterErrorKind::LimitNotLast).advise("move it to the end"),
            Token::Not => error.advise("write `not` before the whole condition, as in not a in (1, 2)"),
            Token::Identifier if is("like") => error.advise("write `contains` to find text within text"),
            Token::Identifier if is("is") => error.advise("write `= null` or `!= null`"),
            Token::Comparison(_) | Token::Between | Token::In => {
                error.advise("write a field directly before the operator")
            }
            Token::Number if self.follows(Token::Date) => {
                error.advise("write a date and time as in 2021-04-20T12:30:45Z")
            }
            Token::Comma => error.advise("lists follow `in`, in parentheses"),
            _ => error,
        }
    }
}

/// Whether a word that is no keyword would be one between operands, where cases may be mixed.
fn is_connective(word: &str) -> bool {
    ["and", "or", "contains", "between", "in", "limit"].iter().any(|name| word.eq_ignore_ascii_case(name))
}

/// What a string's token stands for.
fn content(token: &str, quote: char, escapes: Escapes) -> String {
    let inner = token.get(1..token.len() - 1).unwrap_or_default();
    if escapes == Escapes::Verbatim {
        return inner.to_owned();
    }
    let mut content = String::with_capacity(inner.len());
    let mut rest = inner.chars();
    while let Some(character) = rest.next() {
        let ahead = rest.clone().next();
        let decoded = match (character, ahead) {
            ('\\', Some(same @ ('\\' | '"' | '\''))) => same,
            ('\\', Some('t')) => '\t',
            ('\\', Some('n')) => '\n',
            ('\\', Some('r')) => '\r',
            (doubled, Some(again)) if doubled == quote && again == quote => quote,
            (plain, _) => {
                content.push(plain);
                continue;
            }
        };
        content.push(decoded);
        rest.next();
    }
    content
}
