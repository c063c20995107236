//! A reader of OData's `$filter`, for the mock API: written from the standard, knowing nothing of the connector.

use std::cmp::Ordering;

/// A value of a record or of a filter.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Boolean(bool),
    Number(f64),
    Text(String),
    /// A moment, as it is written in UTC with whole seconds.
    Moment(String),
}

/// What a clause says of a record; nothing where it compares with nothing.
///
/// # Panics
/// When the clause is none.
pub(crate) fn holds(clause: &str, value_of: &dyn Fn(&str) -> Value) -> bool {
    let mut reader = Reader { tokens: tokens(clause), at: 0, value_of };
    let holds = reader.either();
    assert_eq!(reader.at, reader.tokens.len(), "{clause} goes on after its end");
    holds == Some(true)
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Literal(Value),
    Open,
    Close,
    Comma,
}

fn tokens(clause: &str) -> Vec<Token> {
    let characters: Vec<char> = clause.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&first) = characters.get(at) {
        at += 1;
        match first {
            ' ' => {}
            '(' => tokens.push(Token::Open),
            ')' => tokens.push(Token::Close),
            ',' => tokens.push(Token::Comma),
            '\'' => {
                let mut text = String::new();
                loop {
                    match (characters.get(at), characters.get(at + 1)) {
                        (Some('\''), Some('\'')) => {
                            text.push('\'');
                            at += 2;
                        }
                        (Some('\''), _) => break,
                        (Some(other), _) => {
                            text.push(*other);
                            at += 1;
                        }
                        (None, _) => panic!("a text in {clause:?} does not end"),
                    }
                }
                at += 1;
                tokens.push(Token::Literal(Value::Text(text)));
            }
            _ => {
                let mut word = first.to_string();
                while let Some(next) = characters.get(at).filter(|next| !" (),'".contains(**next)) {
                    word.push(*next);
                    at += 1;
                }
                tokens.push(literal(&word).map_or(Token::Word(word), Token::Literal));
            }
        }
    }
    tokens
}

fn literal(word: &str) -> Option<Value> {
    let is_moment = word.len() > 10 && word.as_bytes()[4] == b'-' && word.ends_with('Z');
    match word {
        "null" => Some(Value::Null),
        "true" | "false" => Some(Value::Boolean(word == "true")),
        _ if is_moment => Some(Value::Moment(word.to_owned())),
        _ => word.parse().ok().map(Value::Number),
    }
}

struct Reader<'a> {
    tokens: Vec<Token>,
    at: usize,
    value_of: &'a dyn Fn(&str) -> Value,
}

impl Reader<'_> {
    fn takes(&mut self, word: &str) -> bool {
        let is_next = matches!(self.tokens.get(self.at), Some(Token::Word(found)) if found == word);
        self.at += usize::from(is_next);
        is_next
    }

    fn next(&mut self) -> Token {
        self.at += 1;
        self.tokens[self.at - 1].clone()
    }

    fn either(&mut self) -> Option<bool> {
        let mut holds = self.both();
        while self.takes("or") {
            let other = self.both();
            holds = match (holds, other) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            };
        }
        holds
    }

    fn both(&mut self) -> Option<bool> {
        let mut holds = self.one();
        while self.takes("and") {
            let other = self.one();
            holds = match (holds, other) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            };
        }
        holds
    }

    fn one(&mut self) -> Option<bool> {
        if self.takes("not") {
            return self.one().map(|holds| !holds);
        }
        if self.tokens.get(self.at) == Some(&Token::Open) {
            self.at += 1;
            let holds = self.either();
            assert_eq!(self.next(), Token::Close);
            return holds;
        }
        if self.takes("contains") {
            assert_eq!(self.next(), Token::Open);
            let left = self.value();
            assert_eq!(self.next(), Token::Comma);
            let right = self.value();
            assert_eq!(self.next(), Token::Close);
            return match (left, right) {
                (Value::Text(left), Value::Text(right)) => Some(left.contains(&right)),
                (Value::Null, _) => None,
                other => panic!("contains {other:?}"),
            };
        }
        let left = self.value();
        if let (Value::Boolean(holds), None | Some(Token::Close)) = (&left, self.tokens.get(self.at)) {
            return Some(*holds);
        }
        let Token::Word(operator) = self.next() else { panic!("no operator in {:?}", self.tokens) };
        if operator == "in" {
            assert_eq!(self.next(), Token::Open);
            let mut is_among = false;
            loop {
                is_among |= self.value() == left;
                match self.next() {
                    Token::Comma => {}
                    Token::Close => return Some(is_among),
                    other => panic!("{other:?} in a list"),
                }
            }
        }
        Some(compare(&operator, &left, &self.value()))
    }

    fn value(&mut self) -> Value {
        match self.next() {
            Token::Literal(value) => value,
            Token::Word(name) => (self.value_of)(&name),
            other => panic!("{other:?} is no value"),
        }
    }
}

fn compare(operator: &str, left: &Value, right: &Value) -> bool {
    let order = match (left, right) {
        (Value::Null, _) | (_, Value::Null) => {
            return match operator {
                "eq" => left == right,
                "ne" => left != right,
                _ => false,
            };
        }
        (Value::Number(left), Value::Number(right)) => left.total_cmp(right),
        (Value::Text(left), Value::Text(right)) => left.cmp(right),
        (Value::Boolean(left), Value::Boolean(right)) => left.cmp(right),
        // `Z` sorts behind `.`, so a fraction is compared by itself.
        (Value::Moment(left), Value::Moment(right)) => {
            let parts = |moment: &str| {
                let whole = moment.trim_end_matches('Z');
                let (second, fraction) = whole.split_once('.').unwrap_or((whole, "0"));
                (second.to_owned(), format!("0.{fraction}").parse::<f64>().unwrap())
            };
            parts(left).partial_cmp(&parts(right)).unwrap()
        }
        other => panic!("{operator} of {other:?}"),
    };
    match operator {
        "eq" => order == Ordering::Equal,
        "ne" => order != Ordering::Equal,
        "lt" => order == Ordering::Less,
        "le" => order != Ordering::Greater,
        "gt" => order == Ordering::Greater,
        "ge" => order != Ordering::Less,
        other => panic!("the operator {other}"),
    }
}
