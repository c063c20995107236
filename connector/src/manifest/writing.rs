//! `[….write.OPERATION]`: how records are written.

use appflow_sdk::protocol::WriteOperationType;
use serde::Deserialize;
use serde_json::Value;

use super::request::{Parameter, Request};

/// What can be done with records, by operation. What is absent is not offered.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Write {
    /// Makes new records; `POST` unless said otherwise.
    #[serde(default)]
    pub(crate) insert: Option<Operation>,
    /// Changes records that are there; `PATCH` unless said otherwise.
    #[serde(default)]
    pub(crate) update: Option<Operation>,
    /// Changes records that are there and makes the others; `PUT` unless said otherwise.
    #[serde(default)]
    pub(crate) upsert: Option<Operation>,
    /// Deletes records; `DELETE` unless said otherwise.
    #[serde(default)]
    pub(crate) delete: Option<Operation>,
}

impl Write {
    /// Whether nothing can be done.
    pub(crate) fn is_empty(&self) -> bool {
        self.operations().next().is_none()
    }

    /// What can be done, in AppFlow's order.
    pub(crate) fn operations(&self) -> impl Iterator<Item = (WriteOperationType, &Operation)> {
        let all = [
            (WriteOperationType::Insert, &self.insert),
            (WriteOperationType::Update, &self.update),
            (WriteOperationType::Upsert, &self.upsert),
            (WriteOperationType::Delete, &self.delete),
        ];
        all.into_iter().filter_map(|(operation, rule)| Some((operation, rule.as_ref()?)))
    }

    /// How one operation is done, if it can be.
    pub(crate) fn operation(&self, wanted: &WriteOperationType) -> Option<&Operation> {
        self.operations().find(|(operation, _)| operation == wanted).map(|(_, rule)| rule)
    }
}

/// One operation.
///
/// Names in the request: `{entity}`; `{id}`, the record's value of the id field, and `{key}`, its key as OData writes it,
/// where a request writes one record; `{idField}`, the id field's name; `{allOrNone}`, true or false, and `{operation}`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Operation {
    /// The request. Its `body` is what the records are put into; without one, the body is the record, or the array of
    /// records.
    pub(crate) request: Request,
    /// Most records of one request; without it each record has a request of its own.
    #[serde(default)]
    pub(crate) batch: Option<usize>,
    /// Most bytes of one request's records.
    #[serde(default)]
    pub(crate) batch_bytes: Option<usize>,
    /// Where the record or the array of records stands in the body; empty for the body itself.
    #[serde(default)]
    pub(crate) records: String,
    /// Members that each record gets besides its own, such as `attributes = { type = "{entity}" }`.
    #[serde(default)]
    pub(crate) record: Option<Value>,
    /// Only the records' ids are sent, under this parameter. For deletes.
    #[serde(default)]
    pub(crate) ids: Option<Ids>,
    /// Whether the id stays in the record's body: yes, unless the path or `ids` holds it.
    #[serde(default)]
    pub(crate) id_in_body: Option<bool>,
    /// Whether the API writes all records of a request or none when it is told so with `{allOrNone}`, or always does. A
    /// flow's wish for it is refused otherwise.
    #[serde(default)]
    pub(crate) all_or_none: bool,
    /// Takes a key that is the same when the same record is written again, by which the API notices a repetition.
    #[serde(default)]
    pub(crate) idempotency_key: Option<Parameter>,
    /// How the answer says what became of each record. Without it, a success is one of all records.
    #[serde(default)]
    pub(crate) results: Option<Results>,
    /// Where the id of the record stands in the answer, or in its result: empty when that is the id itself.
    #[serde(default)]
    pub(crate) id: Option<String>,
    /// Statuses that are a success of this operation beside 200 to 299, such as 404 for a delete.
    #[serde(default)]
    pub(crate) also_success: Vec<u16>,
}

/// How ids alone are sent.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Ids {
    /// The parameter.
    pub(crate) parameter: Parameter,
    /// What stands between ids; without it the parameter is repeated, or the body has an array.
    #[serde(default)]
    pub(crate) separator: Option<String>,
}

/// How an answer says what became of each record: an array of results in the order of the records.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Results {
    /// Where the array of results stands in the answer; empty when the answer is the array.
    #[serde(default)]
    pub(crate) at: String,
    /// Where a result says whether it is a success: true or false, or a status from 200 to 299.
    pub(crate) success: String,
    /// Where a result says what went wrong.
    #[serde(default)]
    pub(crate) message: Option<String>,
    /// Where a result has a code for what went wrong.
    #[serde(default)]
    pub(crate) code: Option<String>,
}
