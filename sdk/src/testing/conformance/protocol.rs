//! Rules about requests that are broken, or come with little time.

use std::time::Duration;

use super::rule::Rule;
use super::{Check, Subject};
use crate::testing::failure::CallErrorKind;

/// Requests that no connector can read.
const UNDECODABLE: [&str; 4] =
    ["{", "{}", r#"{"type":"NoSuchRequest"}"#, r#"{"type":"QueryDataRequest","entityIdentifier":[]}"#];

impl Check {
    pub(super) async fn undecodable(&mut self) {
        for request in UNDECODABLE {
            let problem = match self.appflow.raw_bytes(request.as_bytes()).await {
                Ok(_) => Some("is answered".to_owned()),
                Err(error) => match error.kind() {
                    CallErrorKind::FunctionError { .. } => None,
                    _ => Some(error.to_string()),
                },
            };
            self.report.check(Rule::Undecodable, request, problem);
        }
    }

    /// The observer judges the answer; there only has to be a call.
    pub(super) async fn little_time(&mut self, subject: &Subject) {
        let hurried = self.appflow.clone().time_left(Duration::from_secs(1));
        drop(hurried.query(subject.name()).page().await);
    }
}
