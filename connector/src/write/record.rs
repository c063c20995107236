//! One record on its way: what is wrong with it, its id, and how the API has it.

use appflow_sdk::ConnectorError;
use appflow_sdk::protocol::{Record, WriteOperationType, WriteRecordResult};
use indexmap::IndexMap;
use serde_json::Value;
use serde_json::value::RawValue;

use super::answer::text_of;
use super::plan::Plan;
use crate::body::Json;
use crate::call::Call;
use crate::connection::Connection;
use crate::key;

/// A record that may be sent.
#[derive(Debug)]
pub(super) struct Outgoing {
    /// By field, each as it was written.
    members: IndexMap<String, Box<RawValue>>,
    /// Its id as text, as far as it is known: the values of the id fields with commas between them.
    pub(super) id: String,
    /// Its key as OData writes it, where the request holds that.
    odata_key: Option<String>,
    /// Tells it apart from other records, if the API takes such keys.
    pub(super) token: Option<String>,
}

impl Outgoing {
    /// Checks a record.
    ///
    /// # Errors
    /// The result of a record that cannot be sent: everything that is wrong with it, by field.
    pub(super) fn new(plan: &Plan<'_>, record: &Record) -> Result<Self, WriteRecordResult> {
        let members: IndexMap<String, Box<RawValue>> = serde_json::from_str(record.get())
            .map_err(|_| WriteRecordResult::failed("", "a member has a name that is no text"))?;
        let texts = plan.ids.iter().map(|field| members.get(field).and_then(|value| text_of(value)));
        let texts: Option<Vec<String>> = texts.collect();
        let id = texts.as_ref().map(|texts| texts.join(",")).unwrap_or_default();
        let mut problems = invalid(plan, record);
        problems.extend(members.iter().filter_map(|(name, value)| not_settable(plan, name, value)));
        let mut odata_key = None;
        if plan.needs_ids && problems.is_empty() {
            match texts {
                Some(texts) => match identified(plan, &texts) {
                    Ok(key) => odata_key = key,
                    Err(problem) => problems.push(problem),
                },
                None => problems
                    .push(format!("field {:?} must have a value: it says which record is meant", plan.ids.join(", "))),
            }
        }
        if problems.is_empty() {
            Ok(Self { members, id, odata_key, token: None })
        } else {
            Err(WriteRecordResult::failed(id, problems.join("; ")))
        }
    }

    /// The record with what tells it apart from others.
    pub(super) fn with_token(mut self, token: Option<String>) -> Self {
        self.token = token;
        self
    }

    /// The value of a name in a request for this record alone.
    fn value(&self, plan: &Plan<'_>, name: &str) -> Option<Json> {
        match name {
            "id" => plan.ids.first().and_then(|field| self.members.get(field)).map(|value| Json::Raw(value.clone())),
            "key" => self.odata_key.as_deref().map(Json::from),
            _ => None,
        }
    }

    /// The record as the API has it.
    fn body(&self, plan: &Plan<'_>, values: &dyn Fn(&str) -> Option<Json>) -> Result<Json, ConnectorError> {
        let extra = plan.rule.record.as_ref().map_or_else(
            || Ok(Json::from(Value::Object(serde_json::Map::new()))),
            |template| {
                Json::filled(template, values).map_err(|name| {
                    ConnectorError::invalid_argument(format!("{name:?} is missing, and each record needs it"))
                })
            },
        )?;
        let own: Vec<_> = match &extra {
            Json::Object(members) => members.keys().cloned().collect(),
            _ => Vec::new(),
        };
        let mut body = extra;
        let is_id = |name: &String| plan.ids.contains(name) && plan.needs_ids;
        let is_delete = plan.operation == WriteOperationType::Delete;
        let is_sent = |name: &String| if is_id(name) { plan.has_id_in_body } else { !is_delete };
        let sent = self.members.iter().filter(|(name, _)| is_sent(name));
        let (placed, named): (Vec<_>, Vec<_>) = sent.partition(|(name, _)| plan.known.pointer(name).is_some());
        for (name, value) in named {
            let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
            if !own.contains(name) {
                body.put(&pointer, Json::Raw(value.clone()));
            }
        }
        // After the objects that they are part of, whose other members stay.
        for (name, value) in placed {
            body.put(plan.known.pointer(name).unwrap_or_default(), Json::Raw(value.clone()));
        }
        Ok(body)
    }
}

/// What the SDK's validator finds.
fn invalid(plan: &Plan<'_>, record: &Record) -> Vec<String> {
    match plan.validator.validate(record) {
        Ok(()) => Vec::new(),
        Err(errors) => errors.violations().iter().map(ToString::to_string).collect(),
    }
}

/// Why a field cannot have this value, besides its type.
fn not_settable(plan: &Plan<'_>, name: &str, value: &RawValue) -> Option<String> {
    if plan.operation == WriteOperationType::Delete {
        return None;
    }
    let field = plan.known.definition.field(name)?;
    if let Some(why) = plan.refused(field) {
        return Some(format!("field {name:?} {why}"));
    }
    let write = field.write_properties.as_ref()?;
    // Of a field that must be there, the validator has said so.
    let is_wrong = value.get() == "null" && write.is_nullable == Some(false) && !plan.is_required(field);
    is_wrong.then(|| format!("field {name:?} must have a value or be left out, found null"))
}

/// The key as OData writes it, if the request holds that; or why the id cannot be sent.
fn identified(plan: &Plan<'_>, texts: &[String]) -> Result<Option<String>, String> {
    if let Some(ids) = &plan.rule.ids {
        let text = texts.first().map(String::as_str).unwrap_or_default();
        if text.is_empty() || ids.separator.as_deref().is_some_and(|separator| text.contains(separator)) {
            return Err(format!("the id {text:?} is empty, or holds what stands between ids in the request"));
        }
    }
    if !plan.has_key {
        return Ok(None);
    }
    let literal = |(field, text): (&String, &String)| key::literal(plan.known, field, text);
    let literals: Result<Vec<_>, _> = plan.ids.iter().zip(texts).map(literal).collect();
    let literals = literals.map_err(|error| error.message().to_owned())?;
    let is_key = |field: &String| plan.known.primary_key() == Some(field.as_str());
    Ok(Some(match (plan.ids.as_slice(), literals.as_slice()) {
        ([field], [literal]) if is_key(field) => literal.clone(),
        (fields, literals) => {
            let parts = fields.iter().zip(literals);
            parts
                .map(|(field, literal)| format!("{}={literal}", plan.known.in_queries(field)))
                .collect::<Vec<_>>()
                .join(",")
        }
    }))
}

/// The request for these records.
///
/// # Errors
/// `InvalidArgument` when a setting is missing, or an id cannot stand where it should.
pub(super) fn call(
    plan: &Plan<'_>,
    connection: &Connection<'_>,
    records: &[&Outgoing],
    all_or_none: bool,
) -> Result<Call, ConnectorError> {
    let rule = plan.rule;
    let common = |name: &str| match name {
        "entity" => Some(Json::from(plan.known.name())),
        "idField" => plan.ids.first().map(|field| Json::from(plan.known.select(field).as_str())),
        "allOrNone" => Some(Json::Plain(Value::Bool(all_or_none))),
        "operation" => Some(Json::from(plan.operation.as_str().to_lowercase().as_str())),
        _ => None,
    };
    let alone = if rule.batch.is_none() { records.first() } else { None };
    let values = |name: &str| common(name).or_else(|| alone?.value(plan, name));
    let mut call = connection.call_with(&rule.request, plan.method(), &values)?;
    if let Some(ids) = &rule.ids {
        let field = plan.ids.first();
        let values = records.iter().filter_map(|record| Some(record.members.get(field?)?.clone())).map(Json::Raw);
        match (&ids.separator, &ids.parameter) {
            (Some(separator), parameter) => {
                let text = values.map(|value| value.to_text()).collect::<Vec<_>>().join(separator);
                call.put(parameter, Json::from(text.as_str()))?;
            }
            (None, body @ crate::manifest::Parameter::Body(_)) => call.put(body, Json::Array(values.collect()))?,
            (None, parameter) => values.into_iter().try_for_each(|value| call.put(parameter, value))?,
        }
    } else if plan.has_records() {
        let mut bodies = records
            .iter()
            .map(|record| record.body(plan, &|name: &str| common(name).or_else(|| record.value(plan, name))));
        let content = match rule.batch {
            Some(_) => Json::Array(bodies.collect::<Result<_, _>>()?),
            None => bodies.next().unwrap_or_else(|| Ok(Json::Array(Vec::new())))?,
        };
        call.put(&crate::manifest::Parameter::Body(rule.records.clone()), content)?;
    }
    if !connection.fits(&call) {
        return Err(ConnectorError::invalid_argument(format!(
            "the ids make the address of {} longer than the {} bytes of the manifest's limits.address_bytes",
            call.name(),
            connection.address_bytes()
        ))
        .without_effect());
    }
    if let Some(parameter) = &rule.idempotency_key {
        let tokens = records.iter().filter_map(|record| record.token.as_deref());
        call.put(parameter, Json::from(super::idempotency::of_request(tokens).as_str()))?;
    }
    Ok(call)
}
