//! The typed tree of a filter, for people and for programs.

use appflow_sdk::filter::{BetweenBounds, Comparison, Predicate, TypedCondition, TypedFilter, TypedTest, TypedValue};
use appflow_sdk::protocol::FieldDataType;
use serde_json::{Value, json};

/// A part that this program does not know how to show; there is none today.
const UNKNOWN: &str = "?";

/// The tree, one part a line, parts below what joins them.
#[must_use]
pub fn text(filter: &TypedFilter) -> String {
    let mut lines = Vec::new();
    match filter.condition() {
        Some(condition) => add(condition, filter.bounds(), 0, &mut lines),
        None => lines.push("every record".to_owned()),
    }
    if let Some(limit) = filter.limit() {
        lines.push(format!("at most {limit} records"));
    }
    lines.join("\n")
}

fn add(condition: &TypedCondition, bounds: BetweenBounds, depth: usize, lines: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    match condition {
        TypedCondition::All(parts) | TypedCondition::Any(parts) => {
            let is_all = matches!(condition, TypedCondition::All(_));
            lines.push(format!("{indent}{}", if is_all { "all of" } else { "any of" }));
            for part in parts {
                add(part, bounds, depth + 1, lines);
            }
        }
        TypedCondition::Not(inner) => {
            lines.push(format!("{indent}not"));
            add(inner, bounds, depth + 1, lines);
        }
        TypedCondition::Test(test) => {
            let field = test.field();
            lines.push(format!("{indent}{} ({}) {}", field.field_name, field.data_type, asked(test, bounds)));
        }
    }
}

fn asked(test: &TypedTest, bounds: BetweenBounds) -> String {
    let data_type = &test.field().data_type;
    let shown = |value: &TypedValue| shown(value, data_type);
    match test.predicate() {
        Predicate::Null => "is null".to_owned(),
        Predicate::Present => "is not null".to_owned(),
        Predicate::Compare { operator, value } => format!("{} {}", operator.symbol(), shown(value)),
        Predicate::Between { lower, upper } => {
            let note = if bounds == BetweenBounds::Inclusive { "with both bounds" } else { "without the bounds" };
            format!("between {} and {}, {note}", shown(lower), shown(upper))
        }
        Predicate::In { values, or_null } => {
            let null = or_null.then(|| "null".to_owned());
            let values: Vec<_> = values.iter().map(shown).chain(null).collect();
            format!("is one of {}", values.join(", "))
        }
        Predicate::ContainsText(sought) => format!("contains the text {sought:?}"),
        Predicate::ContainsElement(element) => format!("contains the element {:?}", element.text()),
        Predicate::ContainsEntry(element) => format!("contains the key or value {:?}", element.text()),
        _ => UNKNOWN.to_owned(),
    }
}

fn shown(value: &TypedValue, data_type: &FieldDataType) -> String {
    match value {
        TypedValue::Text(text) => format!("{text:?}"),
        other => plain(other, data_type),
    }
}

/// A value without quotes.
fn plain(value: &TypedValue, data_type: &FieldDataType) -> String {
    match value {
        TypedValue::Boolean(truth) => truth.to_string(),
        TypedValue::Number(number) => number.to_decimal().to_string(),
        TypedValue::Text(text) => text.clone(),
        TypedValue::Moment(moment) => {
            let day = moment.to_date().filter(|_| *data_type == FieldDataType::Date);
            match (day, moment.to_instant()) {
                (Some(day), _) => day.to_string(),
                (None, Some(instant)) => instant.to_string(),
                (None, None) => format!("{} seconds since 1970", moment.since_epoch().as_secs()),
            }
        }
        _ => UNKNOWN.to_owned(),
    }
}

/// The tree as JSON.
///
/// A condition is `{"and":[…]}`, `{"or":[…]}`, `{"not":…}` or a test: `{"field","type","operator"}` with `value`, with
/// `lower`, `upper` and `inclusive` for `between`, or with `values` for `in`. `operator` is the filter's own, or `is null`
/// and `is not null`, which have no value. Numbers, which may have any length, dates and moments are text.
#[must_use]
pub fn json(filter: &TypedFilter) -> Value {
    filter.condition().map_or(Value::Null, |condition| condition_json(condition, filter.bounds()))
}

fn condition_json(condition: &TypedCondition, bounds: BetweenBounds) -> Value {
    let parts = |parts: &[TypedCondition]| parts.iter().map(|part| condition_json(part, bounds)).collect::<Vec<_>>();
    match condition {
        TypedCondition::All(all) => json!({ "and": parts(all) }),
        TypedCondition::Any(any) => json!({ "or": parts(any) }),
        TypedCondition::Not(inner) => json!({ "not": condition_json(inner, bounds) }),
        TypedCondition::Test(test) => test_json(test, bounds),
    }
}

fn test_json(test: &TypedTest, bounds: BetweenBounds) -> Value {
    let field = test.field();
    let value = |value: &TypedValue| match value {
        TypedValue::Boolean(truth) => Value::Bool(*truth),
        other => Value::String(plain(other, &field.data_type)),
    };
    let mut node = json!({ "field": field.field_name, "type": field.data_type.as_str() });
    let mut set = |name: &str, value: Value| {
        if let Value::Object(members) = &mut node {
            members.insert(name.to_owned(), value);
        }
    };
    match test.predicate() {
        Predicate::Null => set("operator", json!("is null")),
        Predicate::Present => set("operator", json!("is not null")),
        Predicate::Compare { operator, value: compared } => {
            set("operator", json!(operator.symbol()));
            set("value", value(compared));
        }
        Predicate::Between { lower, upper } => {
            set("operator", json!("between"));
            set("lower", value(lower));
            set("upper", value(upper));
            set("inclusive", json!(bounds == BetweenBounds::Inclusive));
        }
        Predicate::In { values, or_null } => {
            let null = or_null.then_some(Value::Null);
            set("operator", json!("in"));
            set("values", values.iter().map(value).chain(null).collect());
        }
        Predicate::ContainsText(sought) => {
            set("operator", json!(Comparison::Contains.symbol()));
            set("value", json!(sought));
        }
        Predicate::ContainsElement(element) | Predicate::ContainsEntry(element) => {
            set("operator", json!(Comparison::Contains.symbol()));
            set("value", json!(element.text()));
        }
        _ => set("operator", json!(UNKNOWN)),
    }
    node
}

#[cfg(test)]
mod tests {
    use appflow_sdk::filter::{Filter, Operators};

    use super::super::guess;
    use super::*;

    #[track_caller]
    fn typed(filter: &str) -> TypedFilter {
        let filter = Filter::parse(filter).unwrap();
        TypedFilter::new(&filter, &guess(filter.condition.as_ref()), Operators::Meaningful).unwrap()
    }

    #[test]
    fn shows_one_part_a_line() {
        let shown = text(&typed("(a = 'x' or not b > 1.50) and c in (2021-04-20, null) and d = null limit 7"));
        insta::assert_snapshot!(shown, @r#"
        all of
          any of
            a (String) = "x"
            not
              b (BigDecimal) > 1.5
          c (Date) is one of 2021-04-20, null
          d (String) is null
        at most 7 records
        "#);
        assert_eq!(text(&typed("limit 1")), "every record\nat most 1 records");
    }

    #[test]
    fn writes_the_tree_as_json() {
        let tree = json(&typed("not a between 2021-04-20T00:00:00Z and 1618876800001 and b = true or c contains 'x'"));
        insta::assert_snapshot!(tree, @r#"{"or":[{"and":[{"not":{"field":"a","inclusive":true,"lower":"2021-04-20T00:00:00Z","operator":"between","type":"DateTime","upper":"2021-04-20T00:00:00.001Z"}},{"field":"b","operator":"=","type":"Boolean","value":true}]},{"field":"c","operator":"contains","type":"String","value":"x"}]}"#);
    }
}
