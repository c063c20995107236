//! Writes conditions for languages whose rules for null differ or are not certain, so that they do not matter.
//!
//! A negation is carried down to the single tests. There, and with `!=`, the text says itself what happens to null: `not
//! a < 5` becomes `a is null or a >= 5`. Whether the source system takes a comparison with null as false or as unknown,
//! the records are the same.

use super::{Handling, Translation};
use crate::filter::{BetweenBounds, Comparison, Predicate, TypedCondition, TypedFilter, TypedTest, TypedValue};
use crate::protocol::FieldDefinition;

/// What was written for a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) text: String,
    /// Whether it means exactly the condition; else it lets more records through.
    pub(super) is_exact: bool,
}

/// What a comparison with one value comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Compared {
    /// A comparison with this literal.
    With { operator: Comparison, literal: String, is_exact: bool },
    /// Whatever is not null satisfies it.
    Always,
    /// Nothing satisfies it.
    Never,
}

impl Compared {
    pub(super) fn exactly(operator: Comparison, literal: String) -> Self {
        Self::With { operator, literal, is_exact: true }
    }
}

/// How a language spells its parts. Each method may refuse, and then the whole part of the filter is left.
pub(super) trait Language {
    const AND: &'static str;
    const OR: &'static str;

    /// The name of the field, if it can be written.
    fn name(&self, field: &FieldDefinition) -> Option<String>;

    /// Whether the field is null where records say so. If it never is, null needs no care.
    fn can_be_null(&self, _field: &FieldDefinition) -> bool {
        true
    }

    /// The comparison that has the same effect in the language, or a greater one.
    fn compare(&self, field: &FieldDefinition, operator: Comparison, value: &TypedValue) -> Option<Compared>;

    /// A comparison.
    fn comparison(&self, name: &str, operator: Comparison, literal: &str) -> String;

    /// A test for null.
    fn null(&self, name: &str, is_wanted: bool) -> String;

    /// A test whether a field that is not null is one of some values, or none of them.
    fn one_of(&self, field: &FieldDefinition, name: &str, literals: &[String], is_wanted: bool) -> String;

    /// A test for a part of text; of null it may be false or unknown.
    fn contains(&self, field: &FieldDefinition, name: &str, sought: &str, is_wanted: bool) -> Option<Said>;
}

/// Writes a condition, or its opposite.
pub(super) fn say<L: Language>(
    language: &L,
    bounds: BetweenBounds,
    condition: &TypedCondition,
    is_wanted: bool,
) -> Option<Said> {
    match condition {
        TypedCondition::All(parts) => {
            join::<L>(parts.iter().map(|part| say(language, bounds, part, is_wanted)), is_wanted)
        }
        TypedCondition::Any(parts) => {
            join::<L>(parts.iter().map(|part| say(language, bounds, part, is_wanted)), !is_wanted)
        }
        TypedCondition::Not(inner) => say(language, bounds, inner, !is_wanted),
        TypedCondition::Test(test) => say_test(language, bounds, test, is_wanted),
    }
}

/// Joins all parts; nothing if there are none, or if one of them could not be written.
fn join<L: Language>(parts: impl Iterator<Item = Option<Said>>, with_and: bool) -> Option<Said> {
    let parts = parts.collect::<Option<Vec<_>>>()?;
    let is_exact = parts.iter().all(|part| part.is_exact);
    let texts: Vec<_> = parts.into_iter().map(|part| part.text).collect();
    match texts.as_slice() {
        [] => None,
        [single] => Some(Said { text: single.clone(), is_exact }),
        _ => Some(Said { text: format!("({})", texts.join(if with_and { L::AND } else { L::OR })), is_exact }),
    }
}

fn exactly(text: String) -> Said {
    Said { text, is_exact: true }
}

fn say_test<L: Language>(language: &L, bounds: BetweenBounds, test: &TypedTest, is_wanted: bool) -> Option<Said> {
    let field = test.field();
    let name = language.name(field)?;
    let can_be_null = language.can_be_null(field);
    let compare = |operator, value: &TypedValue| -> Option<Said> {
        say_compared(language, &name, can_be_null, &language.compare(field, operator, value)?, is_wanted)
    };
    match test.predicate() {
        // A field that is never null there may be null in records, where what it belongs to is missing.
        Predicate::Null | Predicate::Present | Predicate::In { or_null: true, .. } if !can_be_null => None,
        Predicate::Null => Some(exactly(language.null(&name, is_wanted))),
        Predicate::Present => Some(exactly(language.null(&name, !is_wanted))),
        Predicate::Compare { operator, value } => compare(*operator, value),
        Predicate::Between { lower, upper } => {
            let (from, to) = bounds.comparisons();
            join::<L>([compare(from, lower), compare(to, upper)].into_iter(), is_wanted)
        }
        Predicate::In { values, or_null } => say_in(language, test, &name, (values, *or_null), is_wanted),
        Predicate::ContainsText(sought) => {
            let said = language.contains(field, &name, sought, is_wanted)?;
            if is_wanted {
                return Some(said);
            }
            said.is_exact.then(|| unless_present(language, &name, &said.text))
        }
        Predicate::ContainsElement(_) | Predicate::ContainsEntry(_) => None,
    }
}

/// The text, or the field is null.
fn unless_present<L: Language>(language: &L, name: &str, text: &str) -> Said {
    exactly(format!("({}{}{text})", language.null(name, true), L::OR))
}

fn say_compared<L: Language>(
    language: &L,
    name: &str,
    can_be_null: bool,
    compared: &Compared,
    is_wanted: bool,
) -> Option<Said> {
    let (operator, literal, is_exact) = match compared {
        Compared::With { operator, literal, is_exact } => (*operator, literal, *is_exact),
        Compared::Always if can_be_null => return Some(exactly(language.null(name, !is_wanted))),
        Compared::Always | Compared::Never => return None,
    };
    if is_wanted {
        let text = language.comparison(name, operator, literal);
        let needs_care = operator == Comparison::NotEqual && can_be_null;
        let text = if needs_care { format!("({text}{}{})", L::AND, language.null(name, false)) } else { text };
        return Some(Said { text, is_exact });
    }
    if !is_exact {
        return None;
    }
    let text = language.comparison(name, opposite(operator)?, literal);
    Some(if can_be_null { unless_present(language, name, &text) } else { exactly(text) })
}

fn say_in<L: Language>(
    language: &L,
    test: &TypedTest,
    name: &str,
    (values, or_null): (&[TypedValue], bool),
    is_wanted: bool,
) -> Option<Said> {
    let field = test.field();
    let mut literals = Vec::new();
    let mut is_exact = true;
    for value in values {
        match language.compare(field, Comparison::Equal, value)? {
            Compared::With { operator: Comparison::Equal, literal, is_exact: exact } => {
                literals.push(literal);
                is_exact &= exact;
            }
            Compared::Never => {}
            Compared::With { .. } | Compared::Always => return None,
        }
    }
    if !is_wanted && !is_exact {
        return None;
    }
    let null = language.null(name, or_null == is_wanted);
    if literals.is_empty() {
        return or_null.then(|| exactly(null));
    }
    let listed = language.one_of(field, name, &literals, is_wanted);
    let said = match (is_wanted, or_null) {
        (true, false) => listed,
        (false, false) if !language.can_be_null(field) => listed,
        (true, true) | (false, false) => format!("({null}{}{listed})", L::OR),
        (false, true) => format!("({null}{}{listed})", L::AND),
    };
    Some(Said { text: said, is_exact })
}

fn opposite(operator: Comparison) -> Option<Comparison> {
    Some(match operator {
        Comparison::Equal => Comparison::NotEqual,
        Comparison::NotEqual => Comparison::Equal,
        Comparison::Less => Comparison::GreaterOrEqual,
        Comparison::LessOrEqual => Comparison::Greater,
        Comparison::Greater => Comparison::LessOrEqual,
        Comparison::GreaterOrEqual => Comparison::Less,
        Comparison::Contains => return None,
    })
}

/// Divides a filter between the language and the evaluator, as long as the text is not longer than that.
pub(super) fn divide<L: Language>(
    language: &L,
    filter: &TypedFilter,
    longest: usize,
    length: impl Fn(&str) -> usize,
) -> Translation<String> {
    let mut texts: Vec<String> = Vec::new();
    let mut total = 0;
    let translation = Translation::divide(filter, |part| {
        let Some(said) = say(language, filter.bounds(), part, true) else { return Handling::Left };
        let joint = if texts.is_empty() { 0 } else { length(L::AND) };
        let longer = total + joint + length(&said.text);
        if longer > longest {
            return Handling::Left;
        }
        total = longer;
        texts.push(said.text);
        if said.is_exact { Handling::Exact } else { Handling::Wider }
    });
    translation.with_pushed((!texts.is_empty()).then(|| texts.join(L::AND)))
}
