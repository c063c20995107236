//! Tests records against a condition.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use serde_json::value::RawValue;

use crate::protocol::{EntityDefinition, FieldDefinition};

use super::ast::{Comparison, Condition};
use super::member::Scalar;
use super::resolve::{self, ResolveError};
use super::typed::{Operators, Predicate, TypedCondition, TypedTest};

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
    condition: TypedCondition,
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
        let (fields, condition) = resolve::resolve(condition, entity, Operators::Meaningful)?;
        Ok(Self::from_typed(&fields, condition))
    }

    pub(super) fn from_typed(fields: &[Arc<FieldDefinition>], condition: TypedCondition) -> Self {
        let fields = fields.iter().map(|field| field.field_name.clone()).collect();
        Self { fields, condition, bounds: BetweenBounds::default() }
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
        self.holds(&self.condition, &get)
    }

    fn holds<'a>(
        &self,
        condition: &TypedCondition,
        get: &impl Fn(&str) -> Option<&'a RawValue>,
    ) -> Result<bool, EvaluateError> {
        match condition {
            TypedCondition::All(parts) => {
                for part in parts {
                    if !self.holds(part, get)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            TypedCondition::Any(parts) => {
                for part in parts {
                    if self.holds(part, get)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            TypedCondition::Not(inner) => Ok(!self.holds(inner, get)?),
            TypedCondition::Test(test) => {
                let field = test.field().field_name.as_str();
                let member = get(field).filter(|member| member.get() != "null");
                self.passes(test, member).map_err(|kind| EvaluateError { field: field.to_owned(), kind })
            }
        }
    }

    fn passes(&self, test: &TypedTest, member: Option<&RawValue>) -> Result<bool, EvaluateErrorKind> {
        let predicate = test.predicate();
        let Some(member) = member else {
            return Ok(matches!(predicate, Predicate::Null | Predicate::In { or_null: true, .. }));
        };
        // A field whose values are not single ones is never compared with a single value.
        let compare = |matches: &dyn Fn(&Scalar<'_>) -> bool| match test.kind() {
            Some(kind) => Scalar::read(member, kind).map(|found| matches(&found)),
            None => Ok(false),
        };
        match predicate {
            Predicate::Null => Ok(false),
            Predicate::Present => Ok(true),
            Predicate::Compare { operator, value } => compare(&|found| satisfies(*operator, value.compared_by(found))),
            Predicate::Between { lower, upper } => {
                let (from, to) = self.bounds.comparisons();
                compare(&|found| satisfies(from, lower.compared_by(found)) && satisfies(to, upper.compared_by(found)))
            }
            Predicate::In { values, .. } => {
                compare(&|found| values.iter().any(|value| satisfies(Comparison::Equal, value.compared_by(found))))
            }
            Predicate::ContainsText(sought) => {
                compare(&|found| matches!(found, Scalar::Text(found) if found.contains(sought)))
            }
            Predicate::ContainsElement(sought) => sought.is_in_list(member),
            Predicate::ContainsEntry(sought) => sought.is_in_map(member),
        }
    }
}

impl BetweenBounds {
    /// How a value inside the range compares with the lower and with the upper bound.
    pub(super) const fn comparisons(self) -> (Comparison, Comparison) {
        match self {
            Self::Inclusive => (Comparison::GreaterOrEqual, Comparison::LessOrEqual),
            Self::Exclusive => (Comparison::Greater, Comparison::Less),
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
