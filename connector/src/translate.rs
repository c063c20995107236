//! What the API is asked of a query, and what is left to be done here.
//!
//! The division of a filter is the SDK's: a part is taken off only when what the API is asked means exactly the same, and
//! no part is ever dropped. Here its words are put where the manifest says.

use appflow_sdk::ConnectorError;
use appflow_sdk::filter::translate::{
    Handling, ODataFilter, QueryParameter, QueryString, QueryTest, Soql, TimeFormat, Translation,
};
use appflow_sdk::filter::{Comparison, Condition, Filter, Operators, TypedFilter};
use appflow_sdk::protocol::FieldDataType;
use serde_json::Value;

use crate::address;
use crate::body::Json;
use crate::known::Known;
use crate::manifest::{self, FilterParameter, OData, Paging, Parameter, Projection, Read, ValueFormat};

/// Longest list of field names that is sent, in bytes. Without it all fields come, and are left out here.
const PROJECTION_LIMIT: usize = 2_000;

/// Most bytes that filter and choice of fields may take in a query whose next page is reached by a link: the link repeats
/// them, and the token that holds it has 2048 characters, which are 1536 bytes. The rest is for the link's own parts.
const LINK_LIMIT: usize = 800;

/// OData's parameter for filters.
const FILTER: &str = "$filter";

/// Longest `$filter` in bytes, percent-encoded, where the manifest says nothing.
const ODATA_LONGEST: usize = 1_500;

/// The operators of AppFlow's filter language that a manifest can map, as it spells them.
pub(crate) const OPERATORS: [(&str, QueryTest); 8] = [
    ("=", QueryTest::Comparison(Comparison::Equal)),
    ("!=", QueryTest::Comparison(Comparison::NotEqual)),
    ("<", QueryTest::Comparison(Comparison::Less)),
    ("<=", QueryTest::Comparison(Comparison::LessOrEqual)),
    (">", QueryTest::Comparison(Comparison::Greater)),
    (">=", QueryTest::Comparison(Comparison::GreaterOrEqual)),
    ("contains", QueryTest::Comparison(Comparison::Contains)),
    ("in", QueryTest::In),
];

/// A query, divided.
#[derive(Debug)]
pub(crate) struct Question {
    /// What the API is asked, and where that goes.
    pub(crate) values: Vec<(Parameter, Json)>,
    /// What is left of the filter to be applied here.
    pub(crate) remainder: Option<Condition>,
    /// What became of each part of the filter.
    parts: Vec<(Condition, Handling)>,
}

impl Question {
    /// Whether the API does all of a part of the filter.
    pub(crate) fn is_done(&self, part: &Condition) -> bool {
        self.parts.iter().any(|(known, handling)| known == part && *handling == Handling::Exact)
    }

    /// Whether the API is told anything of the filter.
    pub(crate) fn is_told_anything(&self) -> bool {
        self.parts.iter().any(|(_, handling)| *handling != Handling::Left)
    }
}

/// Divides a query between the API and here. Filter and choice of fields take no more than `room` bytes of an address.
///
/// # Errors
/// `InvalidArgument` when the filter does not fit the entity, or the query cannot be asked in the API's language.
pub(crate) fn question(
    known: &Known,
    read: &Read,
    selected: Option<&[String]>,
    filter: &Filter,
    room: usize,
) -> Result<Question, ConnectorError> {
    let typed = TypedFilter::new(filter, &known.definition, Operators::Meaningful)?;
    if let Some(soql) = &read.soql {
        return in_soql(known, read, soql, selected, &typed, room);
    }
    let (mut values, remainder, parts) = match &read.odata {
        Some(odata) => in_odata(known, odata, &typed, longest(read, room)),
        None => in_parameters(read, &typed, room),
    };
    let sent = fields(known, read, selected, remainder.as_ref());
    let projection = match &read.odata {
        Some(odata) if odata.select => {
            let select =
                Projection { parameter: Parameter::Query("$select".to_owned()), separator: Some(",".to_owned()) };
            projection(&select, &sent)
        }
        Some(_) => Vec::new(),
        None => read.projection.as_ref().map(|rule| projection(rule, &sent)).unwrap_or_default(),
    };
    if fits(read, &values, &projection, room) {
        values.extend(projection);
    }
    Ok(Question { values, remainder, parts })
}

type Divided = (Vec<(Parameter, Json)>, Option<Condition>, Vec<(Condition, Handling)>);

fn in_parameters(read: &Read, typed: &TypedFilter, room: usize) -> Divided {
    let mut query = QueryString::new();
    let mut rules = read.filters.values().flat_map(indexmap::IndexMap::values);
    if rules.any(|rule| rule.parameter.query().is_some()) {
        query = query.with_longest(longest(read, room));
    }
    for (field, operators) in &read.filters {
        for (operator, rule) in operators {
            let Some((_, test)) = OPERATORS.iter().find(|(symbol, _)| symbol == operator) else { continue };
            let data_type = typed.fields().find(|known| known.field_name == *field).map(|known| &known.data_type);
            query = query.parameter(field, *test, parameter(field, operator, rule, data_type));
        }
    }
    let Translation { pushed, remainder, parts, .. } = query.translate(typed);
    let mut values: Vec<(Parameter, Json)> = Vec::new();
    for (name, texts) in grouped(pushed.unwrap_or_default()) {
        let Some((operator, rule, data_type)) = rule(read, typed, &name) else { continue };
        let typed_value = |text: &str| match data_type {
            Some(data_type) if data_type.is_numeric() => Json::number(text),
            Some(FieldDataType::Boolean) => Json::Plain(Value::Bool(text == "true")),
            _ => Json::from(text),
        };
        match &rule.parameter {
            Parameter::Body(_) => {
                let mut sent: Vec<_> = texts.iter().map(|text| typed_value(text)).collect();
                let is_list = operator == "in" && rule.separator.is_none();
                let value = if sent.len() == 1 && !is_list { sent.swap_remove(0) } else { Json::Array(sent) };
                values.push((rule.parameter.clone(), templated(rule, value)));
            }
            Parameter::Query(_) | Parameter::Header(_) => {
                let sent =
                    texts.iter().map(|text| (rule.parameter.clone(), templated(rule, Json::from(text.as_str()))));
                values.extend(sent);
            }
        }
    }
    (values, remainder, parts)
}

/// Pairs with the values of each name together, in order.
fn grouped(pairs: Vec<(String, String)>) -> Vec<(String, Vec<String>)> {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for (name, value) in pairs {
        match groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(value),
            None => groups.push((name, vec![value])),
        }
    }
    groups
}

/// The name under which the SDK's translator knows a rule.
fn key(field: &str, operator: &str, rule: &FilterParameter) -> String {
    format!("{} {field} {operator}", rule.parameter)
}

/// Whether a value becomes part of a longer text somewhere in a template.
fn mixes(template: &Value) -> bool {
    match template {
        Value::String(text) => text != "{value}" && text.contains("{value}"),
        Value::Array(items) => items.iter().any(mixes),
        Value::Object(members) => members.values().any(mixes),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The operator and the rule that a pushed name stands for, and the type of the field.
fn rule<'r>(
    read: &'r Read,
    typed: &'r TypedFilter,
    name: &str,
) -> Option<(&'r str, &'r FilterParameter, Option<&'r FieldDataType>)> {
    typed.fields().find_map(|field| {
        let operators = read.filters.get(&field.field_name)?;
        let (operator, rule) =
            operators.iter().find(|(operator, rule)| key(&field.field_name, operator, rule) == name)?;
        Some((operator.as_str(), rule, Some(&field.data_type)))
    })
}

fn templated(rule: &FilterParameter, value: Json) -> Json {
    let Some(template) = &rule.template else { return value };
    let value_of = |name: &str| (name == "value").then(|| value.clone());
    // The manifest's check knows of no other name.
    Json::filled(template, &value_of).unwrap_or_else(|_| value.clone())
}

fn parameter(field: &str, operator: &str, rule: &FilterParameter, data_type: Option<&FieldDataType>) -> QueryParameter {
    let mut parameter = QueryParameter::new(key(field, operator, rule));
    // Only what is appended leaves room for more.
    if !matches!(&rule.parameter, Parameter::Body(pointer) if pointer.ends_with("/-")) {
        parameter = parameter.place(rule.parameter.to_string());
    }
    if rule.template.as_ref().is_some_and(mixes) {
        parameter = parameter.plain();
    }
    if rule.wider {
        parameter = parameter.wider();
    }
    if let Some(separator) = &rule.separator {
        parameter = parameter.separator(separator);
    }
    let is_day = data_type == Some(&FieldDataType::Date);
    match rule.format {
        None => parameter,
        Some(ValueFormat::Rfc3339) => parameter.format(TimeFormat::Rfc3339),
        Some(ValueFormat::Date) if is_day => parameter.format(TimeFormat::Date),
        Some(ValueFormat::Date) => parameter.format(TimeFormat::DayPrefix),
        Some(ValueFormat::Second) => parameter.format(TimeFormat::SecondPrefix),
        Some(ValueFormat::EpochMs) => parameter.format(TimeFormat::EpochMilliseconds),
        Some(ValueFormat::EpochS) => parameter.format(TimeFormat::EpochSeconds),
    }
}

fn in_odata(known: &Known, odata: &OData, typed: &TypedFilter, room: usize) -> Divided {
    let mut language = ODataFilter::new();
    if odata.exact_text {
        language = language.with_exact_text();
    }
    if odata.has_in {
        language = language.with_in();
    }
    let longest = room.saturating_sub(FILTER.len() + "&%24=".len());
    language = language.with_longest(odata.longest.unwrap_or(ODATA_LONGEST).min(longest));
    let Translation { pushed, remainder, parts, .. } = known.in_odata(language, typed).translate(typed);
    let values = pushed.map(|clause| (Parameter::Query(FILTER.to_owned()), Json::from(clause.as_str())));
    (values.into_iter().collect(), remainder, parts)
}

fn in_soql(
    known: &Known,
    read: &Read,
    soql: &manifest::Soql,
    selected: Option<&[String]>,
    typed: &TypedFilter,
    room: usize,
) -> Result<Question, ConnectorError> {
    let longest = if soql.parameter.query().is_some() { soql.longest.min(room) } else { soql.longest };
    let all: Vec<String>;
    let selected = if let Some(selected) = selected {
        selected
    } else {
        let readable = known.definition.fields.iter().filter(|field| {
            field.read_properties.as_ref().is_none_or(|properties| properties.is_retrievable != Some(false))
        });
        all = readable.map(|field| field.field_name.clone()).collect();
        &all
    };
    let is_in_address = soql.parameter.query().is_some();
    let language = if is_in_address { Soql::new().percent_encoded() } else { Soql::new() };
    let language = known.in_soql(language.with_longest(longest / 2), typed);
    let Translation { pushed, remainder, limit, parts, .. } = language.translate(typed);
    let mut names: Vec<String> = Vec::new();
    let needed = remainder.iter().flat_map(Condition::fields);
    for field in selected.iter().map(String::as_str).chain(needed).chain(known.primary_keys()) {
        let name = known.in_queries(field);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let object = soql.object.replace("{entity}", known.name());
    let order = soql.order.as_deref().or(match &read.paging {
        Paging::Keyset { field, .. } => Some(field.as_str()),
        _ => None,
    });
    for name in names.iter().map(String::as_str).chain([object.as_str()]) {
        if !name.split('.').all(is_identifier) {
            return Err(ConnectorError::invalid_argument(format!("{name:?} cannot stand in a query in SOQL")));
        }
    }
    let mut text = format!("SELECT {} FROM {object}", names.join(","));
    for (word, clause) in [(" WHERE ", pushed.as_deref()), (" ORDER BY ", order)] {
        if let Some(clause) = clause {
            text.push_str(word);
            text.push_str(clause);
        }
    }
    if let Some(limit) = limit {
        text.push_str(" LIMIT ");
        text.push_str(&limit.to_string());
    }
    let length = address::encoded_length(&[(String::new(), text.clone())]);
    if soql.parameter.query().is_some() && length > longest {
        return Err(ConnectorError::invalid_argument(format!(
            "the query for {} fields of {:?} has {length} bytes, and an address has room for {longest}; select fewer fields, \
             or raise `limits.address_bytes` or `longest` in the manifest",
            names.len(),
            known.name(),
        )));
    }
    Ok(Question { values: vec![(soql.parameter.clone(), Json::from(text.as_str()))], remainder, parts })
}

fn is_identifier(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The fields that the API is asked for: those selected, those that the filter here needs, the key, by which pages are
/// told apart, and what the next page depends on. None when all are wanted.
fn fields(known: &Known, read: &Read, selected: Option<&[String]>, remainder: Option<&Condition>) -> Vec<String> {
    let Some(selected) = selected else { return Vec::new() };
    let needed = remainder.into_iter().flat_map(Condition::fields);
    let position = match &read.paging {
        Paging::Keyset { field, .. } => Some(field.as_str()),
        _ => None,
    };
    let mut names: Vec<String> = Vec::new();
    for field in selected.iter().map(String::as_str).chain(needed).chain(known.primary_keys()).chain(position) {
        let name = known.select(field);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The parameters that name the wanted fields.
fn projection(rule: &Projection, names: &[String]) -> Vec<(Parameter, Json)> {
    let is_ambiguous =
        rule.separator.as_ref().is_some_and(|separator| names.iter().any(|name| name.contains(separator)));
    if names.is_empty() || is_ambiguous || names.iter().map(String::len).sum::<usize>() > PROJECTION_LIMIT {
        return Vec::new();
    }
    match (&rule.separator, &rule.parameter) {
        (Some(separator), parameter) => vec![(parameter.clone(), Json::from(names.join(separator).as_str()))],
        (None, Parameter::Body(_)) => {
            let names = names.iter().map(|name| Json::from(name.as_str()));
            vec![(rule.parameter.clone(), Json::Array(names.collect()))]
        }
        (None, parameter) => names.iter().map(|name| (parameter.clone(), Json::from(name.as_str()))).collect(),
    }
}

/// Whether the next page is reached by a link, which repeats the query.
fn is_linked(read: &Read) -> bool {
    matches!(read.paging, Paging::Link { .. })
}

/// Most bytes that filter and choice of fields may take in a query.
fn longest(read: &Read, room: usize) -> usize {
    if is_linked(read) { room.min(LINK_LIMIT) } else { room }
}

/// Whether more parameters may be sent beside others without making the address, or the links to the next pages, too long.
fn fits(read: &Read, sent: &[(Parameter, Json)], more: &[(Parameter, Json)], room: usize) -> bool {
    let pairs = sent
        .iter()
        .chain(more)
        .filter_map(|(parameter, value)| parameter.query().map(|name| (name.to_owned(), value.to_text())));
    address::encoded_length(&pairs.collect::<Vec<_>>()) <= longest(read, room)
}

#[cfg(test)]
mod tests;
