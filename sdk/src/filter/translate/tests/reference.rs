//! A tiny OData and SOQL service: evaluates tokens on records, with each convention for null and text that is in use.

use std::cmp::Ordering;

use jiff::SignedDuration;

use super::tokens::{Literal, Part, Token};
use super::world::{Cell, World};
use crate::filter::Moment;

/// What services do differently.
#[derive(Debug, Clone, Copy)]
pub(super) struct Convention {
    /// Comparisons with null are unknown, so that their negation is no more true than they; else false, and `!=` true.
    pub(super) null_is_unknown: bool,
    /// Text is compared without regard to case.
    pub(super) ignores_case: bool,
    /// An empty text equals null.
    pub(super) empty_is_null: bool,
    /// A boolean is never null, but false.
    pub(super) booleans_are_never_null: bool,
}

pub(super) struct Service<'a> {
    pub(super) world: &'a World,
    pub(super) names: &'a [&'a str],
    pub(super) convention: Convention,
}

struct Reader<'a> {
    tokens: &'a [Token],
    row: &'a [Option<Cell>],
    service: &'a Service<'a>,
}

impl Service<'_> {
    /// The records that are sent: those of which the condition is true.
    pub(super) fn rows(&self, tokens: Option<&[Token]>) -> Vec<usize> {
        let Some(tokens) = tokens else { return self.world.all() };
        let is_sent = |index: &usize| {
            let mut reader = Reader { tokens, row: &self.world.rows[*index], service: self };
            let truth = reader.disjunction();
            assert!(reader.tokens.is_empty(), "{:?} is left over", reader.tokens);
            truth == Some(true)
        };
        self.world.all().into_iter().filter(is_sent).collect()
    }
}

impl Reader<'_> {
    fn next(&mut self) -> Token {
        let (first, rest) = self.tokens.split_first().expect("the text goes on");
        self.tokens = rest;
        first.clone()
    }

    fn takes(&mut self, token: &Token) -> bool {
        let is_next = self.tokens.first() == Some(token);
        if is_next {
            self.tokens = &self.tokens[1..];
        }
        is_next
    }

    fn disjunction(&mut self) -> Option<bool> {
        let mut truth = self.conjunction();
        let mut joined = false;
        while self.takes(&Token::Or) {
            let right = self.conjunction();
            truth = if truth == Some(true) || right == Some(true) { Some(true) } else { truth.and(right) };
            joined = true;
        }
        assert!(!joined || self.tokens.first() != Some(&Token::And), "SOQL refuses AND beside OR without parentheses");
        truth
    }

    fn conjunction(&mut self) -> Option<bool> {
        let mut truth = self.negation();
        while self.takes(&Token::And) {
            let right = self.negation();
            truth = if truth == Some(false) || right == Some(false) { Some(false) } else { truth.and(right) };
        }
        truth
    }

    fn negation(&mut self) -> Option<bool> {
        if self.takes(&Token::Not) {
            return self.negation().map(|truth| !truth);
        }
        match self.next() {
            Token::Open => {
                let truth = self.disjunction();
                assert_eq!(self.next(), Token::Close);
                truth
            }
            Token::Contains => {
                assert_eq!(self.next(), Token::Open);
                let Token::Name(name) = self.next() else { panic!("contains begins with a name") };
                assert_eq!(self.next(), Token::Comma);
                let Token::Literal(Literal::Text(sought)) = self.next() else { panic!("contains ends with text") };
                assert_eq!(self.next(), Token::Close);
                self.text(&name).map(|text| text.contains(&self.folded(&sought)))
            }
            Token::Name(name) => self.test(&name),
            other => panic!("{other:?} begins no condition"),
        }
    }

    fn test(&mut self, name: &str) -> Option<bool> {
        let is_negated = self.takes(&Token::Not);
        match self.next() {
            Token::In => {
                assert_eq!(self.next(), Token::Open);
                let mut truth = Some(false);
                loop {
                    let Token::Literal(literal) = self.next() else { panic!("a list has literals") };
                    let equal = self.compare(name, "=", &literal);
                    truth = if truth == Some(true) || equal == Some(true) { Some(true) } else { truth.and(equal) };
                    if self.next() == Token::Close {
                        return truth.map(|truth| truth != is_negated);
                    }
                }
            }
            Token::Like => {
                let Token::Literal(Literal::Pattern(parts)) = self.next() else { panic!("LIKE has a pattern") };
                let [Part::Wildcard('%'), middle @ .., Part::Wildcard('%')] = parts.as_slice() else {
                    panic!("{parts:?} does not look for a part")
                };
                let sought: String = middle
                    .iter()
                    .map(|part| match part {
                        Part::Plain(character) => *character,
                        Part::Wildcard(character) => panic!("{character} is not escaped"),
                    })
                    .collect();
                self.text(name).map(|text| text.contains(&self.folded(&sought)))
            }
            Token::Compare(sign) => {
                let Token::Literal(literal) = self.next() else { panic!("a comparison ends with a literal") };
                self.compare(name, sign, &literal)
            }
            other => panic!("{other:?} is no operator"),
        }
    }

    fn column(&self, name: &str) -> usize {
        self.service.names.iter().position(|known| *known == name).unwrap_or_else(|| panic!("{name} is no property"))
    }

    fn cell(&self, name: &str) -> Option<Cell> {
        let column = self.column(name);
        let is_boolean = *self.service.world.data_type(column) == crate::protocol::FieldDataType::Boolean;
        match &self.row[column] {
            None if is_boolean && self.service.convention.booleans_are_never_null => Some(Cell::Boolean(false)),
            Some(Cell::Text(text)) if text.is_empty() && self.service.convention.empty_is_null => None,
            cell => cell.clone(),
        }
    }

    fn folded(&self, text: &str) -> String {
        if self.service.convention.ignores_case { text.to_lowercase() } else { text.to_owned() }
    }

    fn text(&self, name: &str) -> Option<String> {
        match self.cell(name)? {
            Cell::Text(text) => Some(self.folded(&text)),
            other => panic!("{other:?} is no text"),
        }
    }

    fn compare(&self, name: &str, sign: &str, literal: &Literal) -> Option<bool> {
        let cell = self.cell(name);
        let is_empty = matches!(literal, Literal::Pattern(parts) if parts.is_empty());
        if *literal == Literal::Null || (is_empty && self.service.convention.empty_is_null) {
            return Some(cell.is_none() == (sign == "="));
        }
        let Some(cell) = cell else {
            return (!self.service.convention.null_is_unknown).then_some(sign == "!=");
        };
        let ordering = self.order(&cell, literal);
        Some(match sign {
            "=" => ordering.is_eq(),
            "!=" => ordering.is_ne(),
            "<" => ordering.is_lt(),
            "<=" => ordering.is_le(),
            ">" => ordering.is_gt(),
            _ => ordering.is_ge(),
        })
    }

    fn order(&self, cell: &Cell, literal: &Literal) -> Ordering {
        let number =
            |text: &str, other: &crate::filter::Quantity| text.parse::<crate::filter::Quantity>().unwrap().cmp(other);
        match (cell, literal) {
            (Cell::Boolean(left), Literal::Boolean(right)) => left.cmp(right),
            (Cell::Integer(left), Literal::Number(right)) => number(&left.to_string(), right),
            (Cell::Double(left), Literal::Number(right)) => number(&serde_json::to_string(left).unwrap(), right),
            (Cell::Decimal(left), Literal::Number(right)) => number(left, right),
            (Cell::Moment(left), Literal::Moment(right)) => Moment::new(SignedDuration::from_millis(*left)).cmp(right),
            (Cell::Text(left), Literal::Text(right)) => self.folded(left).cmp(&self.folded(right)),
            (Cell::Text(left), Literal::Pattern(right)) => {
                let right: String = right.iter().map(|(Part::Plain(plain) | Part::Wildcard(plain))| *plain).collect();
                self.folded(left).cmp(&self.folded(&right))
            }
            (cell, literal) => panic!("{cell:?} is not compared with {literal:?}"),
        }
    }
}
