//! The tree that a filter is read into.

use std::collections::HashSet;

use crate::protocol::ConnectorOperator;

use super::literal::Value;

/// A condition on a record.
///
/// `And` and `Or` are flat: parentheses that change nothing leave no trace, so `(a = 1 and b = 2) and c = 3` is one
/// `And` of three parts. Build them with [`Condition::all`] and [`Condition::any`], which keep them so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Every part holds. At least two parts, none of them an `And`, from left to right.
    And(Vec<Condition>),
    /// Some part holds. At least two parts, none of them an `Or`, from left to right.
    Or(Vec<Condition>),
    /// The condition does not hold.
    Not(Box<Condition>),
    /// `field operator value`.
    Compare {
        /// The field's name, as the entity's definition spells it.
        field: String,
        /// How the field is compared.
        operator: Comparison,
        /// What it is compared with.
        value: Value,
    },
    /// `field between lower and upper`. Whether the bounds belong to the range, the language leaves open; see
    /// [`BetweenBounds`](super::BetweenBounds).
    Between {
        /// The field's name, as the entity's definition spells it.
        field: String,
        /// The bound that the language wants to be the smaller one.
        lower: Value,
        /// The bound that the language wants to be the greater one.
        upper: Value,
    },
    /// `field in (value, …)`.
    In {
        /// The field's name, as the entity's definition spells it.
        field: String,
        /// The values, at least one.
        values: Vec<Value>,
    },
    /// A field or a value standing alone. The language's grammar allows it and gives it no meaning;
    /// [`Evaluator::new`](super::Evaluator::new) refuses it.
    Bare(Operand),
}

/// What can stand alone in place of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operand {
    /// A field's name.
    Field(String),
    /// A value; never a boolean.
    Value(Value),
}

/// The operators between one field and one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `contains`: text within text, element within list, key or value within map.
    Contains,
}

impl Comparison {
    /// Every operator.
    pub const ALL: [Self; 7] = [
        Self::Equal,
        Self::NotEqual,
        Self::Less,
        Self::LessOrEqual,
        Self::Greater,
        Self::GreaterOrEqual,
        Self::Contains,
    ];

    /// The operator as the language writes it.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Contains => "contains",
        }
    }

    /// The name by which connectors and fields declare that they support the operator.
    ///
    /// ```
    /// use appflow_sdk::{filter::Comparison, protocol::ConnectorOperator};
    /// assert_eq!(Comparison::Less.connector_operator(), ConnectorOperator::LessThan);
    /// ```
    #[must_use]
    pub const fn connector_operator(self) -> ConnectorOperator {
        match self {
            Self::Equal => ConnectorOperator::EqualTo,
            Self::NotEqual => ConnectorOperator::NotEqualTo,
            Self::Less => ConnectorOperator::LessThan,
            Self::LessOrEqual => ConnectorOperator::LessThanOrEqualTo,
            Self::Greater => ConnectorOperator::GreaterThan,
            Self::GreaterOrEqual => ConnectorOperator::GreaterThanOrEqualTo,
            Self::Contains => ConnectorOperator::Contains,
        }
    }
}

impl Condition {
    /// The condition that holds when every part does; none when there are no parts.
    ///
    /// ```
    /// use appflow_sdk::filter::{Condition, Filter};
    /// let parts = ["a = 1 and b = 2", "c = 3"].map(|text| Filter::parse(text).unwrap().condition.unwrap());
    /// assert_eq!(Condition::all(parts).unwrap().to_string(), "a = 1 and b = 2 and c = 3");
    /// ```
    #[must_use]
    pub fn all(parts: impl IntoIterator<Item = Self>) -> Option<Self> {
        parts.into_iter().reduce(Self::and)
    }

    /// The condition that holds when some part does; none when there are no parts.
    #[must_use]
    pub fn any(parts: impl IntoIterator<Item = Self>) -> Option<Self> {
        parts.into_iter().reduce(Self::or)
    }

    /// The condition that holds when this one and the other do.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let mut parts = match self {
            Self::And(parts) => parts,
            single => vec![single],
        };
        match other {
            Self::And(more) => parts.extend(more),
            single => parts.push(single),
        }
        Self::And(parts)
    }

    /// The condition that holds when this one or the other does.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let mut parts = match self {
            Self::Or(parts) => parts,
            single => vec![single],
        };
        match other {
            Self::Or(more) => parts.extend(more),
            single => parts.push(single),
        }
        Self::Or(parts)
    }

    /// The parts that must all hold: those of an `And`, else the condition itself.
    ///
    /// A source system that understands some of them can be asked for those, and the others be tested here.
    ///
    /// ```
    /// use appflow_sdk::filter::Filter;
    /// let condition = Filter::parse("a = 1 and (b = 2 or c = 3)")?.condition.unwrap();
    /// let parts: Vec<String> = condition.conjuncts().iter().map(ToString::to_string).collect();
    /// assert_eq!(parts, ["a = 1", "b = 2 or c = 3"]);
    /// # Ok::<(), appflow_sdk::filter::FilterError>(())
    /// ```
    #[must_use]
    pub fn conjuncts(&self) -> &[Self] {
        match self {
            Self::And(parts) => parts,
            other => std::slice::from_ref(other),
        }
    }

    /// The names of the fields that the condition mentions, each once, in the order of their first mention.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        let mut names = Vec::new();
        self.collect_fields(&mut names, &mut HashSet::new());
        names.into_iter()
    }

    fn collect_fields<'a>(&'a self, names: &mut Vec<&'a str>, seen: &mut HashSet<&'a str>) {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.collect_fields(names, seen)),
            Self::Not(inner) => inner.collect_fields(names, seen),
            Self::Compare { field, .. }
            | Self::Between { field, .. }
            | Self::In { field, .. }
            | Self::Bare(Operand::Field(field)) => {
                if seen.insert(field) {
                    names.push(field);
                }
            }
            Self::Bare(Operand::Value(_)) => {}
        }
    }

    /// The name by which connectors and fields declare that they support this test; none for what combines
    /// conditions, for a bare operand and for `in`, which AppFlow's list of operators lacks.
    #[must_use]
    pub const fn connector_operator(&self) -> Option<ConnectorOperator> {
        match self {
            Self::Compare { operator, .. } => Some(operator.connector_operator()),
            Self::Between { .. } => Some(ConnectorOperator::Between),
            Self::And(_) | Self::Or(_) | Self::Not(_) | Self::In { .. } | Self::Bare(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Filter;
    use super::*;

    #[track_caller]
    fn condition(text: &str) -> Condition {
        Filter::parse(text).unwrap().condition.unwrap()
    }

    #[test]
    fn names_each_field_once_in_order_of_mention() {
        let parsed = condition("b = 1 and not (a in (1, 2) or b between 1 and 2) and c and 5");
        assert_eq!(parsed.fields().collect::<Vec<_>>(), ["b", "a", "c"]);
    }

    #[test]
    fn names_each_of_a_hundred_thousand_fields() {
        let names: Vec<String> = (0..100_000).map(|number| format!("field_{number}")).collect();
        let parsed = condition(&names.join(" and "));
        assert!(parsed.fields().eq(names.iter().map(String::as_str)));
    }

    #[test]
    fn a_condition_that_is_no_conjunction_is_its_own_only_conjunct() {
        let parsed = condition("a = 1 or b = 2");
        assert_eq!(parsed.conjuncts(), std::slice::from_ref(&parsed));
    }

    #[test]
    fn joins_nothing_to_nothing_and_one_part_to_itself() {
        assert_eq!(Condition::all([]), None);
        assert_eq!(Condition::any([]), None);
        let parsed = condition("a = 1");
        assert_eq!(Condition::all([parsed.clone()]), Some(parsed.clone()));
        assert_eq!(Condition::any([parsed.clone()]), Some(parsed));
    }

    #[test]
    fn joins_alternatives_flat() {
        let joined = Condition::any([condition("a = 1 or b = 2"), condition("c = 3 and d = 4")]).unwrap();
        assert_eq!(joined, condition("a = 1 or b = 2 or c = 3 and d = 4"));
    }

    #[test]
    fn only_single_tests_have_a_connector_operator() {
        assert_eq!(condition("a between 1 and 2").connector_operator(), Some(ConnectorOperator::Between));
        assert_eq!(condition("a contains 'x'").connector_operator(), Some(ConnectorOperator::Contains));
        for text in ["a in (1)", "not a = 1", "a = 1 or b = 2", "a = 1 and b = 2", "a"] {
            assert_eq!(condition(text).connector_operator(), None, "{text}");
        }
    }

    #[test]
    fn every_operator_is_written_as_it_is_read() {
        for operator in Comparison::ALL {
            let parsed = condition(&format!("a {} 'x'", operator.symbol()));
            let value = Value::String("x".to_owned());
            assert_eq!(parsed, Condition::Compare { field: "a".to_owned(), operator, value });
        }
    }
}
