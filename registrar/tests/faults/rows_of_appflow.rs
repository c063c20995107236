//! The errors of AppFlow's registration calls, each with its decision.
//!
//! Who holds a label that is taken, and what becomes of tokens, is told in `registration.rs`. `ResourceNotFound` of
//! `UnregisterConnector` is success, which the matrix shows: after a lost reply the second try is answered with it.

use crate::bench::Scene::{FirstDeploy, Register, Unregister, Update};
use crate::row::{Error, PASSES, Row, STOPS, row, try_rows};
use crate::tally::End;

const DENIED: Error = (403, "AccessDeniedException", "Access to the connector was denied.");
const NO_ANSWER: Error = (400, "ConnectorServerException", "Error while communicating to connector.");
const WRONG_ANSWER: Error = (400, "ConnectorServerException", "No valid response and error details found.");
const NOT_INVOKED: Error = (400, "ValidationException", "AppFlow is not authorized to invoke the Lambda function.");
const INVALID: Error = (400, "ValidationException", "1 validation error detected: the label is too long.");
const QUOTA: Error = (402, "ServiceQuotaExceededException", "Too many connectors.");
const CREDENTIALS: Error = (401, "ConnectorAuthenticationException", "The connector refused the credentials.");
const ABSENT: Error = (404, "ResourceNotFoundException", "The resource was not found.");
const CONFLICT: Error = (409, "ConflictException", "The connector is already registered.");

/// A permission of this run may not have spread: waited for two minutes, then the caller's permissions are named.
const SPREADS: (End, End) = (End::Converges, End::Stops(3));

const REGISTER: [Row; 11] = [
    row(FirstDeploy, "RegisterConnector", DENIED, SPREADS, "lambda:InvokeFunction"),
    row(Register, "RegisterConnector", DENIED, SPREADS, "lambda:InvokeFunction"),
    row(FirstDeploy, "RegisterConnector", NO_ANSWER, PASSES, "log"),
    row(FirstDeploy, "RegisterConnector", WRONG_ANSWER, PASSES, "log"),
    row(FirstDeploy, "RegisterConnector", NOT_INVOKED, PASSES, "lambda"),
    row(FirstDeploy, "RegisterConnector", INVALID, STOPS, "label, description"),
    row(FirstDeploy, "RegisterConnector", QUOTA, STOPS, "quota"),
    row(FirstDeploy, "RegisterConnector", CREDENTIALS, STOPS, "must not need credentials"),
    row(FirstDeploy, "RegisterConnector", ABSENT, PASSES, "same account and region"),
    // Nothing is registered: the label may be becoming free.
    row(FirstDeploy, "RegisterConnector", CONFLICT, PASSES, "--adopt"),
    // A function that was there before is known to AppFlow.
    row(Register, "RegisterConnector", ABSENT, STOPS, "same account and region"),
];

const UPDATE: [Row; 10] = [
    row(Update, "UpdateConnectorRegistration", DENIED, SPREADS, "lambda:InvokeFunction"),
    row(Update, "UpdateConnectorRegistration", NO_ANSWER, PASSES, "log"),
    row(Update, "UpdateConnectorRegistration", WRONG_ANSWER, PASSES, "log"),
    row(Update, "UpdateConnectorRegistration", NOT_INVOKED, PASSES, "lambda"),
    row(Update, "UpdateConnectorRegistration", INVALID, STOPS, "label, description"),
    row(Update, "UpdateConnectorRegistration", QUOTA, STOPS, "quota"),
    row(Update, "UpdateConnectorRegistration", CREDENTIALS, STOPS, "must not need credentials"),
    row(Update, "UpdateConnectorRegistration", CONFLICT, PASSES, "run again"),
    row(Unregister, "UnregisterConnector", CONFLICT, STOPS, "--force"),
    row(Unregister, "DescribeConnectorProfiles", INVALID, STOPS, "run again"),
];

#[tokio::test(start_paused = true)]
async fn register() {
    try_rows(&REGISTER, "AppFlow's errors of registrations").await;
}

#[tokio::test(start_paused = true)]
async fn update_and_unregister() {
    try_rows(&UPDATE, "AppFlow's errors of updates and unregistrations").await;
}
