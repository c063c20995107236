//! Asks new code what it is before it is deployed, if it runs on this machine: so that a plan can show what AppFlow's users
//! would see change, and refuse what would break.

use std::time::Duration;

use appflow_local::{Trial, TrialError};
use appflow_sdk::protocol::{DescribeConnectorConfigurationRequest, Operation, Request, Response};

use crate::artefact::Artefact;
use crate::cli::Architecture;
use crate::configuration::SelfDescription;
use crate::environment::FunctionEnvironment;
use crate::observed::Said;
use crate::settings::FunctionSettings;

/// What AppFlow allows for this question (AppFlow custom connector SDKs, README).
const LIMIT: Duration = Duration::from_secs(10);

/// Runs the artefact once on this machine. It gets the function's variables, no credentials and no AWS.
pub async fn rehearse(
    artefact: &Artefact,
    name: &str,
    region: &str,
    function: &FunctionSettings,
    environment: &FunctionEnvironment,
) -> Said {
    let architecture = function.architecture.value.as_str();
    let here = Architecture::of_this_machine().as_str();
    if architecture != here {
        return Said::Unknown(format!("it is built for {architecture}, this machine is {here}"));
    }
    let request = Request::from(DescribeConnectorConfigurationRequest::default());
    let event = match serde_json::to_vec(&request) {
        Ok(event) => event,
        Err(error) => return Said::Unknown(error.to_string()),
    };
    let trial = Trial {
        zip: &artefact.zip,
        architecture,
        name,
        region,
        environment: environment.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        memory_megabytes: function.memory.value,
        timeout: LIMIT,
    };
    let answer = match trial.invoke(event).await {
        Ok(answer) => answer,
        Err(TrialError::Failed(why)) => return Said::Broken(why),
        Err(error) => return Said::Unknown(error.to_string()),
    };
    match Response::decode(Operation::DescribeConnectorConfiguration, &answer) {
        Ok(Response::DescribeConnectorConfiguration(said)) => match said.outcome() {
            Ok(()) => Said::Known(Box::new(SelfDescription::of(&said))),
            Err(details) => Said::Broken(details.error_message.clone()),
        },
        Ok(_) => Said::Broken("it answered another question".to_owned()),
        Err(error) => Said::Broken(error.to_string()),
    }
}
