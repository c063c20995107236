//! A condition with the types of one entity: what the evaluator and every translator start from.

use std::cmp::Ordering;
use std::sync::Arc;

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};

use crate::protocol::{EntityDefinition, FieldDefinition};

use super::ast::{Comparison, Condition};
use super::evaluate::{BetweenBounds, Evaluator};
use super::literal::Instant;
use super::member::{Element, Scalar, ScalarKind};
use super::quantity::Quantity;
use super::resolve::{self, ResolveError};
use super::{Filter, literal};

/// Which operators a filter may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Operators {
    /// All that have a meaning for the field's type. What AppFlow writes into a filter of its own accord, the window of an
    /// incremental pull for example, is not documented, so nothing that has a meaning is refused.
    #[default]
    Meaningful,
    /// Of those, only what the field's definition offers: none on a field with `isQueryable: false`, else those in its
    /// `filterOperators`, where `in` counts as `EQUAL_TO`. `= null` and `!= null` are always offered, because AppFlow has
    /// no name for them.
    Declared,
}

/// A filter whose fields are those of an entity and whose values have the fields' types.
///
/// ```
/// use appflow_sdk::filter::{Filter, Operators, Predicate, TypedCondition, TypedFilter, TypedValue};
/// use appflow_sdk::protocol::{EntityDefinition, FieldDataType, FieldDefinition};
///
/// let orders = EntityDefinition::new("orders", vec![FieldDefinition::new("total", FieldDataType::BigDecimal)]);
/// let filter = Filter::parse("total > '007.50' limit 20")?;
/// let typed = TypedFilter::new(&filter, &orders, Operators::Declared)?;
///
/// let Some(TypedCondition::Test(test)) = typed.condition() else { unreachable!() };
/// assert_eq!(test.field().data_type, FieldDataType::BigDecimal);
/// let Predicate::Compare { value: TypedValue::Number(number), .. } = test.predicate() else { unreachable!() };
/// assert_eq!(number.to_decimal().as_str(), "7.5");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct TypedFilter {
    filter: Filter,
    condition: Option<TypedCondition>,
    fields: Vec<Arc<FieldDefinition>>,
    bounds: BetweenBounds,
}

/// A condition of a [`TypedFilter`], part by part like the [`Condition`] it was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypedCondition {
    /// Every part holds; true when there are none.
    All(Vec<TypedCondition>),
    /// Some part holds; false when there are none.
    Any(Vec<TypedCondition>),
    /// The condition does not hold.
    Not(Box<TypedCondition>),
    /// A test of one field.
    Test(TypedTest),
}

/// A test of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypedTest {
    field: Arc<FieldDefinition>,
    kind: Option<ScalarKind>,
    predicate: Predicate,
}

/// What is asked of a field. Of null, all but [`Null`](Self::Null) and an [`In`](Self::In) with `or_null` are false.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Predicate {
    /// It is null or missing.
    Null,
    /// It is neither null nor missing.
    Present,
    /// It compares with the value so; never [`Comparison::Contains`].
    Compare {
        /// How it compares.
        operator: Comparison,
        /// With what.
        value: TypedValue,
    },
    /// It is within a range, whose bounds count as [`TypedFilter::bounds`] says.
    Between {
        /// The smaller bound.
        lower: TypedValue,
        /// The greater bound, or the same.
        upper: TypedValue,
    },
    /// It equals one of the values.
    In {
        /// The values; there may be none besides null.
        values: Vec<TypedValue>,
        /// Whether null is among them.
        or_null: bool,
    },
    /// It is text with this part.
    ContainsText(String),
    /// It is a list with this element.
    ContainsElement(Element),
    /// It is a map with this key or this value.
    ContainsEntry(Element),
}

/// A value of a field's type.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TypedValue {
    /// For `Boolean`.
    Boolean(bool),
    /// For the numeric types.
    Number(Quantity),
    /// For `String`.
    Text(String),
    /// For `Date`, where a day is its first moment, and `DateTime`.
    Moment(Moment),
}

/// A point in time, counted from the beginning of 1970 in UTC. It may lie outside the years that dates can be written for,
/// because a filter may count milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Moment(SignedDuration);

impl Moment {
    pub(super) fn new(since_epoch: SignedDuration) -> Self {
        Self(since_epoch)
    }

    /// The time since the beginning of 1970; negative before.
    #[must_use]
    pub fn since_epoch(self) -> SignedDuration {
        self.0
    }

    /// The moment as a date and time; none outside the years 0000 to 9999.
    #[must_use]
    pub fn to_instant(self) -> Option<Instant> {
        DateTime::constant(1970, 1, 1, 0, 0, 0, 0).checked_add(self.0).ok().and_then(Instant::from_utc)
    }

    /// The day whose first moment it is; none if it is another moment, or outside the years 0000 to 9999.
    #[must_use]
    pub fn to_date(self) -> Option<Date> {
        let clock = self.to_instant()?.to_utc();
        (clock.time() == Time::midnight()).then(|| clock.date())
    }
}

impl From<Date> for Moment {
    fn from(date: Date) -> Self {
        Self(literal::since_epoch(date.to_datetime(Time::midnight())))
    }
}

impl From<Instant> for Moment {
    fn from(instant: Instant) -> Self {
        Self(instant.since_epoch())
    }
}

impl TypedFilter {
    /// Finds the filter's fields in the entity and gives its values the fields' types.
    ///
    /// # Errors
    /// [`ResolveError`] when the entity has no field of that name, when a field or value stands alone, when an operator
    /// has no meaning for a field's type or for null or is not among the `operators`, when a value does not fit the type,
    /// and when the bounds of a `between` are reversed.
    pub fn new(filter: &Filter, entity: &EntityDefinition, operators: Operators) -> Result<Self, ResolveError> {
        let (fields, condition) = match &filter.condition {
            None => (Vec::new(), None),
            Some(condition) => {
                let (fields, condition) = resolve::resolve(condition, entity, operators)?;
                (fields, Some(condition))
            }
        };
        Ok(Self { filter: filter.clone(), condition, fields, bounds: BetweenBounds::default() })
    }

    /// Sets whether the bounds of a `between` belong to the range, for the evaluator and for translations.
    #[must_use]
    pub fn with_bounds(mut self, bounds: BetweenBounds) -> Self {
        self.bounds = bounds;
        self
    }

    /// Whether the bounds of a `between` belong to the range.
    #[must_use]
    pub fn bounds(&self) -> BetweenBounds {
        self.bounds
    }

    /// The filter it was made from.
    #[must_use]
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// The condition; none when the filter has none.
    #[must_use]
    pub fn condition(&self) -> Option<&TypedCondition> {
        self.condition.as_ref()
    }

    /// How many records at most.
    #[must_use]
    pub fn limit(&self) -> Option<u64> {
        self.filter.limit
    }

    /// The fields that the filter mentions, each once, in the order of their first mention.
    pub fn fields(&self) -> impl Iterator<Item = &FieldDefinition> {
        self.fields.iter().map(AsRef::as_ref)
    }

    /// The test of records in memory; none when the filter has no condition.
    #[must_use]
    pub fn evaluator(&self) -> Option<Evaluator> {
        self.condition.clone().map(|condition| Evaluator::from_typed(&self.fields, condition).with_bounds(self.bounds))
    }

    /// The parts that must all hold, each as it was read and with its types.
    pub(super) fn conjuncts(&self) -> impl Iterator<Item = (&Condition, &TypedCondition)> {
        let read = self.filter.condition.as_ref().map(Condition::conjuncts).unwrap_or_default();
        let typed = self.condition.as_ref().map(TypedCondition::conjuncts).unwrap_or_default();
        read.iter().zip(typed)
    }
}

impl TypedCondition {
    /// The parts that must all hold: those of an `All`, else the condition itself.
    #[must_use]
    pub fn conjuncts(&self) -> &[Self] {
        match self {
            Self::All(parts) => parts,
            other => std::slice::from_ref(other),
        }
    }
}

impl TypedTest {
    pub(super) fn new(field: Arc<FieldDefinition>, predicate: Predicate) -> Self {
        Self { kind: ScalarKind::of(&field.data_type), field, predicate }
    }

    /// The field.
    #[must_use]
    pub fn field(&self) -> &FieldDefinition {
        &self.field
    }

    /// What is asked of it.
    #[must_use]
    pub fn predicate(&self) -> &Predicate {
        &self.predicate
    }

    /// How the field's values compare; none for those that are not single values.
    pub(super) fn kind(&self) -> Option<ScalarKind> {
        self.kind
    }
}

impl TypedValue {
    /// How a record's value compares with this one; nothing for values of different kinds, which are never compared.
    pub(super) fn compared_by(&self, found: &Scalar<'_>) -> Option<Ordering> {
        match (found, self) {
            (Scalar::Boolean(left), Self::Boolean(right)) => Some(left.cmp(right)),
            (Scalar::Number(left), Self::Number(right)) => Some(left.cmp(right)),
            (Scalar::Text(left), Self::Text(right)) => Some(left.as_ref().cmp(right.as_str())),
            (Scalar::Moment(left), Self::Moment(right)) => Some(left.cmp(&right.0)),
            (Scalar::Boolean(_) | Scalar::Number(_) | Scalar::Text(_) | Scalar::Moment(_), _) => None,
        }
    }

    /// Whether the value is greater than one of the same kind.
    pub(super) fn is_greater_than(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Boolean(left), Self::Boolean(right)) => left > right,
            (Self::Number(left), Self::Number(right)) => left > right,
            (Self::Text(left), Self::Text(right)) => left > right,
            (Self::Moment(left), Self::Moment(right)) => left > right,
            (Self::Boolean(_) | Self::Number(_) | Self::Text(_) | Self::Moment(_), _) => false,
        }
    }
}
