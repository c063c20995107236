//! Random entities, records and conditions, in which values meet often and are awkward.

use std::collections::HashMap;

use jiff::SignedDuration;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::value::RawValue;

use crate::filter::{
    BetweenBounds, Comparison, Condition, Filter, Instant, Moment, Operators, ResolveErrorKind, TypedFilter, Value,
};
use crate::protocol::{EntityDefinition, FieldDataType, FieldDefinition};

/// A value of a record.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Boolean(bool),
    Integer(i64),
    Double(f64),
    Decimal(&'static str),
    Text(String),
    /// Milliseconds since 1970; whole days for dates.
    Moment(i64),
}

/// An entity, its records and a filter on it.
#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) definition: EntityDefinition,
    pub(super) rows: Vec<Vec<Option<Cell>>>,
    pub(super) condition: Condition,
    pub(super) bounds: BetweenBounds,
}

pub(super) const NAMES: [&str; 6] = ["a", "b_2", "c.d", "_e", "group", "f-1"];
const DAY: i64 = 86_400_000;

impl Cell {
    /// The value as a record shows it.
    fn json(&self, data_type: &FieldDataType) -> Box<RawValue> {
        let text = match self {
            Self::Boolean(truth) => truth.to_string(),
            Self::Integer(number) => number.to_string(),
            Self::Double(number) => serde_json::to_string(number).unwrap(),
            Self::Decimal(text) => (*text).to_owned(),
            Self::Text(text) => serde_json::to_string(text).unwrap(),
            Self::Moment(_) => format!("\"{}\"", self.iso(data_type)),
        };
        RawValue::from_string(text).unwrap()
    }

    /// A moment as text.
    pub(super) fn iso(&self, data_type: &FieldDataType) -> String {
        let Self::Moment(milliseconds) = self else { panic!("{self:?} is no moment") };
        let clock = Moment::new(SignedDuration::from_millis(*milliseconds)).to_instant().unwrap().to_utc();
        if *data_type == FieldDataType::Date { clock.date().to_string() } else { format!("{clock:.3}Z") }
    }
}

impl World {
    pub(super) fn data_type(&self, column: usize) -> &FieldDataType {
        &self.definition.fields[column].data_type
    }

    /// The typed filter; nothing where the bounds of a range are reversed.
    pub(super) fn typed(&self) -> Option<TypedFilter> {
        let filter = Filter { condition: Some(self.condition.clone()), limit: None };
        match TypedFilter::new(&filter, &self.definition, Operators::Meaningful) {
            Ok(typed) => Some(typed.with_bounds(self.bounds)),
            Err(error) if matches!(error.kind(), ResolveErrorKind::ReversedBounds { .. }) => None,
            Err(error) => panic!("{}: {error}", self.condition),
        }
    }

    /// The indices of the records among some that meet a condition, as the evaluator sees it.
    pub(super) fn select(&self, condition: Option<&Condition>, among: &[usize]) -> Vec<usize> {
        let filter = Filter { condition: condition.cloned(), limit: None };
        let typed = TypedFilter::new(&filter, &self.definition, Operators::Meaningful).unwrap();
        let Some(evaluator) = typed.with_bounds(self.bounds).evaluator() else { return among.to_vec() };
        let holds = |index: &usize| {
            let members: HashMap<&str, Box<RawValue>> = (0..self.definition.fields.len())
                .filter_map(|column| {
                    let cell = self.rows[*index][column].as_ref()?;
                    let field = &self.definition.fields[column];
                    Some((field.field_name.as_str(), cell.json(&field.data_type)))
                })
                .collect();
            evaluator.matches(|name| members.get(name).map(AsRef::as_ref)).unwrap()
        };
        among.iter().copied().filter(holds).collect()
    }

    /// The records that the whole filter selects.
    pub(super) fn whole(&self) -> Vec<usize> {
        self.select(Some(&self.condition), &self.all())
    }

    pub(super) fn all(&self) -> Vec<usize> {
        (0..self.rows.len()).collect()
    }

    /// Checks that the records a source system sends, and the remainder lets through, are those of the whole filter, and
    /// that nothing was lost on the way.
    pub(super) fn agrees(
        &self,
        sent: &[usize],
        remainder: Option<&Condition>,
        pushed: &str,
    ) -> Result<(), TestCaseError> {
        let whole = self.whole();
        prop_assert_eq!(
            self.select(remainder, sent),
            whole,
            "{} pushed as {} leaves {}",
            self.condition,
            pushed,
            remainder.map(ToString::to_string).unwrap_or_default()
        );
        Ok(())
    }
}

pub(super) fn text() -> impl Strategy<Value = String> {
    let awkward = select(vec![
        "",
        "a",
        "A",
        "ab",
        "aB",
        "a ",
        " a",
        "a'b",
        "'",
        "''",
        "\"",
        "\\",
        "\\'",
        "%",
        "_",
        "a%b",
        "é",
        "É",
        "e\u{301}",
        "Z",
        "\u{10ffff}",
        "\u{ffff}",
        "1",
        "null",
        "--",
        ";",
        "?1",
        "$1",
        "`",
    ]);
    let alike = select(vec!["", "a", "A", "ab", "aB"]);
    prop_oneof![6 => alike.prop_map(str::to_owned), 4 => awkward.prop_map(str::to_owned), 1 => "[a-b'\"\\\\%_;` \n\t\u{e9}\u{0}]{0,6}"]
}

fn cell(data_type: &FieldDataType) -> BoxedStrategy<Cell> {
    match data_type {
        FieldDataType::Boolean => any::<bool>().prop_map(Cell::Boolean).boxed(),
        FieldDataType::Long => {
            select(vec![0, 1, 2, -3, 7, i64::MAX, i64::MIN, 9_007_199_254_740_993]).prop_map(Cell::Integer).boxed()
        }
        FieldDataType::Double => {
            select(vec![0.0, -1.5, 0.1, 2.0, 1e300, 123_456_789.125, 1e-7, 1_152_921_504_606_846_976.0])
                .prop_map(Cell::Double)
                .boxed()
        }
        FieldDataType::BigDecimal => {
            select(vec!["0", "0.10", "2", "-7", "12345678901234567890.123", "0.100000000000000000001"])
                .prop_map(Cell::Decimal)
                .boxed()
        }
        FieldDataType::Date => (18_730..18_734i64).prop_map(|day| Cell::Moment(day * DAY)).boxed(),
        FieldDataType::DateTime => {
            select(vec![0, -1, 18_731 * DAY, 18_731 * DAY + 1, 18_731 * DAY + 500, 18_732 * DAY - 1, 18_732 * DAY])
                .prop_map(Cell::Moment)
                .boxed()
        }
        _ => text().prop_map(Cell::Text).boxed(),
    }
}

fn value(data_type: &FieldDataType) -> BoxedStrategy<Value> {
    let numbers =
        |texts: &'static [&'static str]| select(texts).prop_map(|text| Value::Number(text.parse().unwrap())).boxed();
    match data_type {
        FieldDataType::Boolean => any::<bool>().prop_map(Value::Boolean).boxed(),
        FieldDataType::Long => numbers(&[
            "0",
            "1",
            "1.5",
            "-2.5",
            "2.0",
            "7e0",
            "9223372036854775807",
            "9223372036854775808",
            "-1e400",
            "9007199254740992",
        ]),
        FieldDataType::Double => numbers(&[
            "0",
            "-1.5",
            "0.1",
            "0.10000000000000001",
            "2",
            "1e300",
            "123456789.125",
            "1e-7",
            "1152921504606846976",
            "1152921504606847000",
            "1e400",
        ]),
        FieldDataType::BigDecimal => {
            numbers(&["0", "0.1", "2.0", "-7", "12345678901234567890.123", "12345678901234567890.124", "1e-20", "1e50"])
        }
        FieldDataType::Date | FieldDataType::DateTime => {
            let day = (18_730..18_734i64)
                .prop_map(|day| Value::Date(Moment::new(SignedDuration::from_millis(day * DAY)).to_date().unwrap()));
            let instant = select(vec![
                "1970-01-01T00:00:00Z",
                "1969-12-31T23:59:59.999Z",
                "2021-04-14T00:00:00.001Z",
                "2021-04-14T00:00:00.0005Z",
                "2021-04-14T12:00:00.5+12:00",
                "2021-04-14T23:59:59.999Z",
                "2021-04-14T23:59:59.9999999Z",
                "0000-01-01T00:00:00Z",
                "9999-12-31T23:59:59.999999999Z",
            ])
            .prop_map(|text| Value::DateTime(text.parse::<Instant>().unwrap()));
            let count = select(vec!["0", "-1", "1618358400001", "99999999999999999"])
                .prop_map(|text| Value::Number(text.parse().unwrap()));
            prop_oneof![3 => day, 3 => instant, 1 => count].boxed()
        }
        _ => text().prop_map(Value::String).boxed(),
    }
}

fn leaf(name: &'static str, data_type: &FieldDataType) -> BoxedStrategy<Condition> {
    use Comparison::{Contains, Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
    let field = name.to_owned();
    let value = value(data_type);
    let operators = match data_type {
        FieldDataType::Boolean => vec![Equal, NotEqual],
        FieldDataType::String => vec![Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual, Contains],
        _ => vec![Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual],
    };
    let name = field.clone();
    let compare = (select(operators), value.clone()).prop_map(move |(operator, value)| Condition::Compare {
        field: name.clone(),
        operator,
        value,
    });
    let name = field.clone();
    let null = select(vec![Equal, NotEqual]).prop_map(move |operator| Condition::Compare {
        field: name.clone(),
        operator,
        value: Value::Null,
    });
    let name = field.clone();
    let listed = prop_oneof![1 => Just(Value::Null), 5 => value.clone()];
    let within =
        prop::collection::vec(listed, 1..4).prop_map(move |values| Condition::In { field: name.clone(), values });
    if *data_type == FieldDataType::Boolean {
        return prop_oneof![3 => compare, 1 => null, 1 => within].boxed();
    }
    let between = (value.clone(), value).prop_map(move |(lower, upper)| Condition::Between {
        field: field.clone(),
        lower,
        upper,
    });
    prop_oneof![4 => compare, 1 => null, 1 => within, 1 => between].boxed()
}

fn condition(types: &[FieldDataType]) -> BoxedStrategy<Condition> {
    let leaves: Vec<_> = types.iter().zip(NAMES).map(|(data_type, name)| leaf(name, data_type)).collect();
    let leaf = prop::strategy::Union::new(leaves);
    leaf.prop_recursive(4, 16, 3, |inner| {
        prop_oneof![
            3 => prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| Condition::all(parts).unwrap()),
            2 => prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| Condition::any(parts).unwrap()),
            2 => inner.prop_map(|inner| Condition::Not(Box::new(inner))),
        ]
    })
    .boxed()
}

pub(super) fn world() -> impl Strategy<Value = World> {
    let data_type = select(vec![
        FieldDataType::Boolean,
        FieldDataType::Long,
        FieldDataType::Double,
        FieldDataType::BigDecimal,
        FieldDataType::Date,
        FieldDataType::DateTime,
        FieldDataType::String,
        FieldDataType::String,
    ]);
    prop::collection::vec(data_type, 1..=NAMES.len()).prop_flat_map(|types| {
        let cells: Vec<_> = types.iter().map(|data_type| prop::option::weighted(0.75, cell(data_type))).collect();
        let rows = prop::collection::vec(cells, 1..12);
        let bounds = select(vec![BetweenBounds::Inclusive, BetweenBounds::Exclusive]);
        (rows, condition(&types), bounds).prop_map(move |(rows, condition, bounds)| {
            let fields = types.iter().zip(NAMES).map(|(data_type, name)| FieldDefinition::new(name, data_type.clone()));
            World { definition: EntityDefinition::new("things", fields.collect()), rows, condition, bounds }
        })
    })
}
