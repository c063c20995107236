//! Makes a condition ready for one entity: finds the fields, gives values the fields' types.

use std::fmt;
use std::sync::Arc;

use crate::nearest::nearest;
use crate::protocol::{ConnectorOperator, EntityDefinition, FieldDataType, FieldDefinition};

use super::ast::{Comparison, Condition, Operand};
use super::literal::Value;
use super::member::{self, Element, ScalarKind};
use super::quantity::Quantity;
use super::typed::{Moment, Operators, Predicate, TypedCondition, TypedTest, TypedValue};

/// A condition that means nothing for the entity: which part of it, why, and the way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolveError {
    subject: String,
    kind: ResolveErrorKind,
}

/// Why a condition means nothing for an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResolveErrorKind {
    /// The entity has no field of that name.
    UnknownField {
        /// The entity's name.
        entity: String,
        /// The field whose name resembles it most, if one does.
        nearest: Option<String>,
    },
    /// A field or a value stands alone.
    BareOperand,
    /// The operator has no meaning for the field's type.
    OperatorDoesNotFit {
        /// The operator as it is written.
        operator: &'static str,
        /// The field's type.
        data_type: FieldDataType,
    },
    /// The field's definition says that it cannot be filtered on; only with [`Operators::Declared`].
    NotQueryable,
    /// The field's definition does not offer the operator; only with [`Operators::Declared`].
    OperatorNotDeclared {
        /// The operator as it is written.
        operator: &'static str,
        /// Those that it offers, as they are written.
        declared: Vec<String>,
    },
    /// The operator has no meaning for null.
    NullDoesNotFit {
        /// The operator as it is written.
        operator: &'static str,
    },
    /// The value cannot be read as the field's type.
    ValueDoesNotFit {
        /// The value as it is written.
        value: String,
        /// The field's type.
        data_type: FieldDataType,
    },
    /// The first bound of a `between` is greater than the second.
    ReversedBounds {
        /// The first bound as it is written.
        lower: String,
        /// The second bound as it is written.
        upper: String,
    },
}

impl ResolveError {
    fn new(subject: impl Into<String>, kind: ResolveErrorKind) -> Self {
        Self { subject: subject.into(), kind }
    }

    /// The field that is meant, or the operand that stands alone.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> &ResolveErrorKind {
        &self.kind
    }
}

impl fmt::Display for ResolveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = &self.subject;
        match &self.kind {
            ResolveErrorKind::UnknownField { entity, nearest: Some(nearest) } => {
                write!(f, "the entity `{entity}` has no field `{subject}`; did you mean `{nearest}`?")
            }
            ResolveErrorKind::UnknownField { entity, nearest: None } => {
                write!(f, "the entity `{entity}` has no field `{subject}`; name one of its own")
            }
            ResolveErrorKind::BareOperand => {
                write!(f, "`{subject}` stands alone and tests nothing; write a comparison such as state = 'open'")
            }
            ResolveErrorKind::OperatorDoesNotFit { operator, data_type } => {
                let ways_out = operators(data_type);
                write!(f, "`{operator}` has no meaning for the field `{subject}` of type {data_type}; use {ways_out}")
            }
            ResolveErrorKind::NotQueryable => {
                write!(f, "the field `{subject}` cannot be filtered on; its definition says `isQueryable: false`")
            }
            ResolveErrorKind::OperatorNotDeclared { operator, declared } if declared.is_empty() => {
                write!(f, "the field `{subject}` does not offer `{operator}`; use `= null` or `!= null`")
            }
            ResolveErrorKind::OperatorNotDeclared { operator, declared } => {
                write!(f, "the field `{subject}` does not offer `{operator}`; it offers {}", declared.join(", "))
            }
            ResolveErrorKind::NullDoesNotFit { operator } => {
                write!(f, "`{operator}` cannot test the field `{subject}` against null; use `= null` or `!= null`")
            }
            ResolveErrorKind::ValueDoesNotFit { value, data_type } => {
                let way_out = spelling(data_type);
                write!(f, "{value} does not fit the field `{subject}` of type {data_type}; write {way_out}")
            }
            ResolveErrorKind::ReversedBounds { lower, upper } => write!(
                f,
                "the bounds of the `between` on the field `{subject}` are reversed; write `{subject} between {upper} and {lower}`"
            ),
        }
    }
}

impl std::error::Error for ResolveError {}

/// The operators that have a meaning for a type.
fn operators(data_type: &FieldDataType) -> &'static str {
    match (ScalarKind::of(data_type), data_type) {
        (Some(ScalarKind::Boolean), _) => "=, != or in",
        (Some(ScalarKind::Number | ScalarKind::Moment), _) => "=, !=, <, <=, >, >=, between or in",
        (Some(ScalarKind::Text), _) => "contains, =, !=, <, <=, >, >=, between or in",
        (None, FieldDataType::List | FieldDataType::Map) => "contains, `= null` or `!= null`",
        (None, _) => "`= null` or `!= null`",
    }
}

/// How a value of the type is written.
fn spelling(data_type: &FieldDataType) -> &'static str {
    match ScalarKind::of(data_type) {
        Some(ScalarKind::Boolean) => "true or false",
        Some(ScalarKind::Number) => "a number such as -12.5",
        Some(ScalarKind::Text) | None => "text in quotes",
        Some(ScalarKind::Moment) => {
            "a date and time such as 2021-04-20T12:30:45Z, a date, or whole milliseconds since 1970"
        }
    }
}

/// The fields that a condition needs, and the condition with its fields and types.
pub(super) fn resolve(
    condition: &Condition,
    entity: &EntityDefinition,
    operators: Operators,
) -> Result<(Vec<Arc<FieldDefinition>>, TypedCondition), ResolveError> {
    let mut resolver = Resolver { entity, operators, fields: Vec::new() };
    let condition = resolver.condition(condition)?;
    Ok((resolver.fields, condition))
}

struct Resolver<'a> {
    entity: &'a EntityDefinition,
    operators: Operators,
    fields: Vec<Arc<FieldDefinition>>,
}

impl Resolver<'_> {
    fn condition(&mut self, condition: &Condition) -> Result<TypedCondition, ResolveError> {
        match condition {
            Condition::And(parts) => Ok(TypedCondition::All(self.conditions(parts)?)),
            Condition::Or(parts) => Ok(TypedCondition::Any(self.conditions(parts)?)),
            Condition::Not(inner) => Ok(TypedCondition::Not(Box::new(self.condition(inner)?))),
            Condition::Compare { field, operator, value } => {
                self.test(field, condition, |definition| comparison(definition, *operator, value))
            }
            Condition::Between { field, lower, upper } => {
                self.test(field, condition, |definition| between(definition, lower, upper))
            }
            Condition::In { field, values } => self.test(field, condition, |definition| within(definition, values)),
            Condition::Bare(Operand::Field(field)) => {
                Err(ResolveError::new(field.as_str(), ResolveErrorKind::BareOperand))
            }
            Condition::Bare(Operand::Value(value)) => {
                Err(ResolveError::new(value.to_string(), ResolveErrorKind::BareOperand))
            }
        }
    }

    fn conditions(&mut self, parts: &[Condition]) -> Result<Vec<TypedCondition>, ResolveError> {
        parts.iter().map(|part| self.condition(part)).collect()
    }

    fn test(
        &mut self,
        name: &str,
        condition: &Condition,
        predicate: impl FnOnce(&FieldDefinition) -> Result<Predicate, ResolveErrorKind>,
    ) -> Result<TypedCondition, ResolveError> {
        let known = self.fields.iter().position(|field| field.field_name == name);
        let field = match known.and_then(|known| self.fields.get(known)) {
            Some(field) => Arc::clone(field),
            None => Arc::new(self.find(name)?.clone()),
        };
        let predicate = predicate(&field).map_err(|kind| ResolveError::new(name, kind))?;
        if self.operators == Operators::Declared {
            offered(&field, condition, &predicate).map_err(|kind| ResolveError::new(name, kind))?;
        }
        if known.is_none() {
            self.fields.push(Arc::clone(&field));
        }
        Ok(TypedCondition::Test(TypedTest::new(field, predicate)))
    }

    fn find(&self, name: &str) -> Result<&FieldDefinition, ResolveError> {
        self.entity.field(name).ok_or_else(|| {
            let entity = self.entity.entity.entity_identifier.clone();
            let names = self.entity.fields.iter().map(|field| field.field_name.as_str());
            ResolveError::new(
                name,
                ResolveErrorKind::UnknownField { entity, nearest: nearest(name, names).map(str::to_owned) },
            )
        })
    }
}

/// Whether the field's definition offers the test.
fn offered(field: &FieldDefinition, condition: &Condition, predicate: &Predicate) -> Result<(), ResolveErrorKind> {
    if field.read_properties.as_ref().and_then(|read| read.is_queryable) == Some(false) {
        return Err(ResolveErrorKind::NotQueryable);
    }
    let (needed, operator) = match condition {
        _ if matches!(predicate, Predicate::Null | Predicate::Present) => return Ok(()),
        Condition::Compare { operator, .. } => (operator.connector_operator(), operator.symbol()),
        Condition::Between { .. } => (ConnectorOperator::Between, "between"),
        Condition::In { .. } => (ConnectorOperator::EqualTo, "in"),
        Condition::And(_) | Condition::Or(_) | Condition::Not(_) | Condition::Bare(_) => return Ok(()),
    };
    if field.filter_operators.contains(&needed) {
        return Ok(());
    }
    let declared = field.filter_operators.iter().filter_map(symbol).map(str::to_owned).collect();
    Err(ResolveErrorKind::OperatorNotDeclared { operator, declared })
}

/// How the filter language writes an operator of a definition; nothing for those that are not of it.
fn symbol(operator: &ConnectorOperator) -> Option<&'static str> {
    let comparison = Comparison::ALL.into_iter().find(|comparison| comparison.connector_operator() == *operator);
    comparison.map(Comparison::symbol).or((*operator == ConnectorOperator::Between).then_some("between"))
}

fn comparison(field: &FieldDefinition, operator: Comparison, value: &Value) -> Result<Predicate, ResolveErrorKind> {
    match (operator, value) {
        (Comparison::Equal, Value::Null) => return Ok(Predicate::Null),
        (Comparison::NotEqual, Value::Null) => return Ok(Predicate::Present),
        (_, Value::Null) => return Err(ResolveErrorKind::NullDoesNotFit { operator: operator.symbol() }),
        (Comparison::Contains, _) => return contains(field, value),
        _ => {}
    }
    let kind = scalar_kind(field, operator.symbol())?;
    let is_equality = matches!(operator, Comparison::Equal | Comparison::NotEqual);
    if kind == ScalarKind::Boolean && !is_equality {
        return Err(operator_does_not_fit(field, operator.symbol()));
    }
    Ok(Predicate::Compare { operator, value: typed(field, kind, value)? })
}

fn between(field: &FieldDefinition, lower: &Value, upper: &Value) -> Result<Predicate, ResolveErrorKind> {
    let operator = "between";
    if *lower == Value::Null || *upper == Value::Null {
        return Err(ResolveErrorKind::NullDoesNotFit { operator });
    }
    let kind = scalar_kind(field, operator)?;
    if kind == ScalarKind::Boolean {
        return Err(operator_does_not_fit(field, operator));
    }
    let (first, second) = (typed(field, kind, lower)?, typed(field, kind, upper)?);
    if first.is_greater_than(&second) {
        return Err(ResolveErrorKind::ReversedBounds { lower: lower.to_string(), upper: upper.to_string() });
    }
    Ok(Predicate::Between { lower: first, upper: second })
}

fn within(field: &FieldDefinition, values: &[Value]) -> Result<Predicate, ResolveErrorKind> {
    let kind = scalar_kind(field, "in")?;
    let or_null = values.contains(&Value::Null);
    let others = values.iter().filter(|value| **value != Value::Null);
    let values = others.map(|value| typed(field, kind, value)).collect::<Result<_, _>>()?;
    Ok(Predicate::In { values, or_null })
}

fn contains(field: &FieldDefinition, value: &Value) -> Result<Predicate, ResolveErrorKind> {
    match &field.data_type {
        FieldDataType::String => match typed(field, ScalarKind::Text, value)? {
            TypedValue::Text(text) => Ok(Predicate::ContainsText(text)),
            TypedValue::Boolean(_) | TypedValue::Number(_) | TypedValue::Moment(_) => {
                Err(value_does_not_fit(field, value))
            }
        },
        FieldDataType::List => Ok(Predicate::ContainsElement(element(field, value)?)),
        FieldDataType::Map => Ok(Predicate::ContainsEntry(element(field, value)?)),
        _ => Err(operator_does_not_fit(field, Comparison::Contains.symbol())),
    }
}

fn scalar_kind(field: &FieldDefinition, operator: &'static str) -> Result<ScalarKind, ResolveErrorKind> {
    ScalarKind::of(&field.data_type).ok_or_else(|| operator_does_not_fit(field, operator))
}

fn operator_does_not_fit(field: &FieldDefinition, operator: &'static str) -> ResolveErrorKind {
    ResolveErrorKind::OperatorDoesNotFit { operator, data_type: field.data_type.clone() }
}

fn value_does_not_fit(field: &FieldDefinition, value: &Value) -> ResolveErrorKind {
    ResolveErrorKind::ValueDoesNotFit { value: value.to_string(), data_type: field.data_type.clone() }
}

/// The value as the field's type has it. How AppFlow quotes values is not documented, so quotes do not matter where
/// the field's type leaves no doubt.
fn typed(field: &FieldDefinition, kind: ScalarKind, value: &Value) -> Result<TypedValue, ResolveErrorKind> {
    let typed = match (kind, value) {
        (ScalarKind::Boolean, Value::Boolean(boolean)) => Some(TypedValue::Boolean(*boolean)),
        (ScalarKind::Boolean, Value::String(text)) => member::boolean(text).map(TypedValue::Boolean),
        (ScalarKind::Number, Value::Number(number)) => Quantity::parse(number.as_str()).ok().map(TypedValue::Number),
        (ScalarKind::Number, Value::String(text)) => Quantity::parse(text).ok().map(TypedValue::Number),
        (ScalarKind::Text, Value::String(text)) => Some(TypedValue::Text(text.clone())),
        (ScalarKind::Text, Value::Number(number)) => Some(TypedValue::Text(number.to_string())),
        (ScalarKind::Text, Value::Date(date)) => Some(TypedValue::Text(date.to_string())),
        (ScalarKind::Moment, Value::String(text)) => {
            member::moment(text).map(|since_epoch| TypedValue::Moment(Moment::new(since_epoch)))
        }
        (ScalarKind::Moment, Value::Date(_) | Value::DateTime(_) | Value::Number(_)) => {
            moment(value).map(TypedValue::Moment)
        }
        // A moment has many spellings, so that comparing its text would depend on chance.
        (ScalarKind::Text, Value::DateTime(_) | Value::Boolean(_) | Value::Null)
        | (ScalarKind::Boolean, Value::Number(_) | Value::Date(_) | Value::DateTime(_) | Value::Null)
        | (ScalarKind::Number, Value::Boolean(_) | Value::Date(_) | Value::DateTime(_) | Value::Null)
        | (ScalarKind::Moment, Value::Boolean(_) | Value::Null) => None,
    };
    typed.ok_or_else(|| value_does_not_fit(field, value))
}

/// The moment that a value names; a number counts milliseconds since 1970, as in the official SDKs' tests.
fn moment(value: &Value) -> Option<Moment> {
    match value {
        Value::Date(date) => Some(Moment::from(*date)),
        Value::DateTime(instant) => Some(Moment::from(*instant)),
        Value::Number(number) => {
            number.as_str().parse().ok().map(|count| Moment::new(jiff::SignedDuration::from_millis(count)))
        }
        Value::Null | Value::Boolean(_) | Value::String(_) => None,
    }
}

fn element(field: &FieldDefinition, value: &Value) -> Result<Element, ResolveErrorKind> {
    let element = |text: String| Element { text, quantity: None, moment: None };
    match value {
        Value::String(text) => Ok(element(text.clone())),
        Value::Boolean(boolean) => Ok(element(boolean.to_string())),
        Value::Number(number) => match Quantity::parse(number.as_str()) {
            Ok(quantity) => Ok(Element { quantity: Some(quantity), ..element(number.to_string()) }),
            Err(_) => Err(value_does_not_fit(field, value)),
        },
        Value::Date(_) | Value::DateTime(_) => Ok(Element { moment: moment(value), ..element(value.to_string()) }),
        Value::Null => Err(ResolveErrorKind::NullDoesNotFit { operator: Comparison::Contains.symbol() }),
    }
}
