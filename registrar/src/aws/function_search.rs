//! Finding functions by what their tags say, and where they log.

use aws_sdk_lambda::types::{FunctionConfiguration, Runtime};

use super::Lambda;
use super::failure::{ServiceFailure, failed};
use crate::settings::HANDLER;

impl Lambda {
    /// The name of the first function with a tag of this key, or of this key and value; none if there is none.
    ///
    /// Lambda does not list tags: each function that could be a connector of ours is asked for them.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn tagged(&self, wanted: &[(String, Option<String>)]) -> Result<Option<String>, ServiceFailure> {
        let mut marker = None;
        loop {
            let answer = self.client.list_functions().set_marker(marker).send().await;
            let answer = answer.map_err(failed("lambda:ListFunctions"))?;
            for function in answer.functions().iter().filter(|function| could_be_ours(function)) {
                let (Some(name), Some(arn)) = (function.function_name(), function.function_arn()) else { continue };
                let tags = match self.client.list_tags().resource(arn).send().await.map_err(failed("lambda:ListTags")) {
                    Ok(answer) => answer.tags().cloned().unwrap_or_default(),
                    // Gone since it was listed.
                    Err(failure) if failure.is_not_found() => continue,
                    Err(failure) => return Err(failure),
                };
                let fits = |(key, value): &(String, Option<String>)| {
                    tags.get(key).is_some_and(|found| value.as_ref().is_none_or(|value| value == found))
                };
                if wanted.iter().any(fits) {
                    return Ok(Some(name.to_owned()));
                }
            }
            marker = answer.next_marker().map(str::to_owned);
            if marker.is_none() {
                return Ok(None);
            }
        }
    }

    /// The log group that a function is configured to write to; none if there is no such function.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn log_group(&self, name: &str) -> Result<Option<String>, ServiceFailure> {
        let request = self.client.get_function_configuration().function_name(name);
        match request.send().await.map_err(failed("lambda:GetFunctionConfiguration")) {
            Ok(answer) => {
                let named = answer.logging_config().and_then(|logging| logging.log_group());
                Ok(Some(named.map_or_else(|| default_log_group(name), str::to_owned)))
            }
            Err(failure) if failure.is_not_found() => Ok(None),
            Err(failure) => Err(failure),
        }
    }
}

/// Where a function logs that is not told otherwise.
#[must_use]
pub fn default_log_group(function: &str) -> String {
    format!("/aws/lambda/{function}")
}

/// Connectors in Rust run on one of Lambda's bare systems, as an executable of one name.
fn could_be_ours(function: &FunctionConfiguration) -> bool {
    function.runtime().is_none_or(|runtime: &Runtime| runtime.as_str().starts_with("provided"))
        && function.handler().is_none_or(|handler| handler == HANDLER)
}
