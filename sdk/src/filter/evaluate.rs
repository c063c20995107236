//! Tests records against a condition.

use std::cmp::Ordering;
use std::fmt;

use serde_json::value::RawValue;

use crate::protocol::EntityDefinition;

use super::ast::{Comparison, Condition};
use super::member::{Element, Scalar, ScalarKind};
use super::resolve::{self, ResolveError};

/// A condition made ready for the records of one entity.
///
/// It works on the raw text of a record's members and asks only for those it needs, at the moment it needs them.
///
/// Null is what AppFlow's language leaves to the connector. Here the rule is: a missing member is null; `= null`,
/// `!= null` and a `null` in the list of an `in` test for it; every other test of a null is false; `not` turns false
/// into true and true into false, nothing else. So a record without `total` matches neither `total = 5` nor
/// `total != 5`, and does match `not total = 5`.
///
/// ```
/// use appflow_sdk::filter::{Evaluator, Filter};
/// use appflow_sdk::protocol::{EntityDefinition, FieldDataType, FieldDefinition};
/// use serde_json::value::RawValue;
/// use std::collections::HashMap;
///
/// let orders = EntityDefinition::new("orders", vec![
///     FieldDefinition::new("total", FieldDataType::BigDecimal),
///     FieldDefinition::new("placed", FieldDataType::DateTime),
/// ]);
/// let filter = Filter::parse("total >= 9.90 and placed < 2024-01-01T00:00:00Z")?;
/// let evaluator = Evaluator::new(&filter.condition.unwrap(), &orders)?;
/// assert_eq!(evaluator.fields(), ["total", "placed"]);
///
/// let record = r#"{"total": 9.9, "placed": "2024-01-01T00:30:00+01:00"}"#;
/// let members: HashMap<&str, &RawValue> = serde_json::from_str(record)?;
/// assert!(evaluator.matches(|field| members.get(field).copied())?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Evaluator {
    fields: Vec<String>,
    node: Node,
    bounds: BetweenBounds,
}

/// Whether the bounds of a `between` belong to the range.
///
/// AWS documents neither. The example connectors of both official SDKs leave them out; the default here takes them
/// in, because a record too many can be dropped later and a record too few is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BetweenBounds {
    /// `lower <= field <= upper`
    #[default]
    Inclusive,
    /// `lower < field < upper`
    Exclusive,
}

/// A condition whose fields are indices and whose values have their field's type.
#[derive(Debug, Clone)]
pub(super) enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    Test { field: usize, test: Test },
}

/// A test of one member.
#[derive(Debug, Clone)]
pub(super) enum Test {
    Null { wanted: bool },
    Compare { kind: ScalarKind, operator: Comparison, value: Scalar<'static> },
    Between { kind: ScalarKind, lower: Scalar<'static>, upper: Scalar<'static> },
    In { kind: ScalarKind, values: Vec<Scalar<'static>>, null: bool },
    ContainsText(String),
    ContainsElement(Element),
    ContainsEntry(Element),
}

impl Evaluator {
    /// Makes a condition ready for the records of an entity: finds its fields and gives its values their types.
    ///
    /// Which operators a field supports *in AppFlow's user interface* is not looked at: all that have a meaning for its
    /// type are evaluated.
    ///
    /// # Errors
    /// [`ResolveError`] when the entity has no field of that name, when a field or value stands alone, when an operator
    /// has no meaning for a field's type or for null, when a value does not fit the type, and when the bounds of a
    /// `between` are reversed.
    pub fn new(condition: &Condition, entity: &EntityDefinition) -> Result<Self, ResolveError> {
        let (fields, node) = resolve::resolve(condition, entity)?;
        Ok(Self { fields, node, bounds: BetweenBounds::default() })
    }

    /// Sets whether the bounds of a `between` belong to the range.
    #[must_use]
    pub fn with_bounds(mut self, bounds: BetweenBounds) -> Self {
        self.bounds = bounds;
        self
    }

    /// The names of the record's members that may be asked for, each once.
    #[must_use]
    pub fn fields(&self) -> &[String] {
        &self.fields
    }

    /// Whether a record satisfies the condition. `get` finds a member of the record by the name of its field.
    ///
    /// # Errors
    /// [`EvaluateError`] when a member that decides is not of its field's type. Members that are not looked at, because
    /// others have decided already, are not checked.
    pub fn matches<'a>(&self, get: impl Fn(&str) -> Option<&'a RawValue>) -> Result<bool, EvaluateError> {
        self.holds(&self.node, &get)
    }

    fn holds<'a>(&self, node: &Node, get: &impl Fn(&str) -> Option<&'a RawValue>) -> Result<bool, EvaluateError> {
        match node {
            Node::All(parts) => {
                for part in parts {
                    if !self.holds(part, get)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Node::Any(parts) => {
                for part in parts {
                    if self.holds(part, get)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Node::Not(inner) => Ok(!self.holds(inner, get)?),
            Node::Test { field, test } => {
                let field = self.fields.get(*field).map(String::as_str).unwrap_or_default();
                let member = get(field).filter(|member| member.get() != "null");
                self.passes(test, member).map_err(|kind| EvaluateError { field: field.to_owned(), kind })
            }
        }
    }

    fn passes(&self, test: &Test, member: Option<&RawValue>) -> Result<bool, EvaluateErrorKind> {
        let Some(member) = member else {
            return Ok(match test {
                Test::Null { wanted } => *wanted,
                Test::In { null, .. } => *null,
                Test::Compare { .. }
                | Test::Between { .. }
                | Test::ContainsText(_)
                | Test::ContainsElement(_)
                | Test::ContainsEntry(_) => false,
            });
        };
        match test {
            Test::Null { wanted } => Ok(!wanted),
            Test::Compare { kind, operator, value } => {
                Ok(satisfies(*operator, Scalar::read(member, *kind)?.compare(value)))
            }
            Test::Between { kind, lower, upper } => {
                let found = Scalar::read(member, *kind)?;
                let (from, to) = match self.bounds {
                    BetweenBounds::Inclusive => (Comparison::GreaterOrEqual, Comparison::LessOrEqual),
                    BetweenBounds::Exclusive => (Comparison::Greater, Comparison::Less),
                };
                Ok(satisfies(from, found.compare(lower)) && satisfies(to, found.compare(upper)))
            }
            Test::In { kind, values, .. } => {
                let found = Scalar::read(member, *kind)?;
                Ok(values.iter().any(|value| satisfies(Comparison::Equal, found.compare(value))))
            }
            Test::ContainsText(sought) => match Scalar::read(member, ScalarKind::Text)? {
                Scalar::Text(found) => Ok(found.contains(sought)),
                Scalar::Boolean(_) | Scalar::Number(_) | Scalar::Moment(_) => Ok(false),
            },
            Test::ContainsElement(sought) => sought.is_in_list(member),
            Test::ContainsEntry(sought) => sought.is_in_map(member),
        }
    }
}

fn satisfies(operator: Comparison, ordering: Option<Ordering>) -> bool {
    ordering.is_some_and(|ordering| match operator {
        Comparison::Equal => ordering.is_eq(),
        Comparison::NotEqual => ordering.is_ne(),
        Comparison::Less => ordering.is_lt(),
        Comparison::LessOrEqual => ordering.is_le(),
        Comparison::Greater => ordering.is_gt(),
        Comparison::GreaterOrEqual => ordering.is_ge(),
        // Resolved to a test of its own.
        Comparison::Contains => false,
    })
}

/// A record whose member is not what its field's type says. The record's content is not repeated: it is the customer's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvaluateError {
    field: String,
    kind: EvaluateErrorKind,
}

/// What is wrong with a record's member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EvaluateErrorKind {
    /// It is another type of JSON.
    WrongType {
        /// What the field's type asks for.
        expected: &'static str,
        /// What the record has.
        found: &'static str,
    },
    /// It is text, but neither a date nor a date and time.
    NotAMoment,
    /// It is a number whose exponent does not fit into 64 bits.
    ExtremeNumber,
    /// It is text with an escape that stands for no character.
    InvalidText,
}

impl EvaluateError {
    /// The field whose member it is.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }

    /// What is wrong with it.
    #[must_use]
    pub fn kind(&self) -> EvaluateErrorKind {
        self.kind
    }
}

impl fmt::Display for EvaluateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the filter cannot test a record, because its `{}` ", self.field)?;
        match self.kind {
            EvaluateErrorKind::WrongType { expected, found } => {
                write!(f, "is {found} where the entity's definition asks for {expected}; correct the field's type")
            }
            EvaluateErrorKind::NotAMoment => f.write_str(
                "is not a date or a date and time such as 2021-04-20T12:30:45Z; convert it, or declare the field as String",
            ),
            EvaluateErrorKind::ExtremeNumber => {
                f.write_str("is a number with an exponent beyond 64 bits; declare the field as String")
            }
            EvaluateErrorKind::InvalidText => {
                f.write_str("is text with an escape that stands for no character; correct it in the source system")
            }
        }
    }
}

impl std::error::Error for EvaluateError {}
