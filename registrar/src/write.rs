//! Writes records through a connector as AppFlow would: read, checked, cut into requests, sent, and each accounted for.

mod check;
mod csv_file;
mod json_file;
mod requests;
mod results;
mod send;
mod show;

use appflow_sdk::protocol::Record;

pub use check::{id_fields, members, offers, unknown_fields, warnings};
pub use csv_file::read_csv;
pub use json_file::{read_json, read_records};
pub use requests::{PAYLOAD_LIMIT, fill, requests};
pub use results::{Fate, RecordResult, Written};
pub use send::send;
pub use show::results_text;

/// Where records come from that stand on the command line.
pub const OPTION: &str = "--record";

/// The place of a record, for messages.
fn place(origin: &str, line: u64) -> String {
    let counted = if origin == OPTION { " number" } else { ", line" };
    format!("{origin}{counted} {line}")
}

/// One record to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The line of its file on which it begins, or its place on the command line; counted from 1.
    pub line: u64,
    /// The record.
    pub record: Record,
}
