//! Asks a deployed connector what AppFlow would ask, through Lambda, in the protocol's own words.

mod connection;
mod page;
mod show;

use appflow_sdk::protocol::{
    ConnectorContext, DescribeConnectorConfigurationRequest, DescribeConnectorConfigurationResponse,
    DescribeEntityRequest, Entity, EntityDefinition, ErrorDetails, ListEntitiesRequest, Operation, QueryDataRequest,
    QueryDataResponse, Request, Response, WriteDataRequest, WriteDataResponse,
};

pub use connection::{Connected, Wishes, choose_profile, connect};
pub(crate) use connection::{is_sample_of, settings};
pub use page::{Page, Selection, records};
pub(crate) use show::table;
pub use show::{columns_of_records, configuration_text, entities_table, fields_table, records_table};

use crate::aws::{Invocation, Lambda, ServiceFailure};
use crate::error::{ErrorKind, RegistrarError};
use crate::retry::{Patience, Verdict, retry};

/// Lines of the log that an error shows.
const LOG_LINES: usize = 12;

/// Asks one function.
#[derive(Debug)]
pub struct Asker<'a> {
    lambda: &'a Lambda,
    function: String,
}

impl<'a> Asker<'a> {
    /// Asks this function, by name or ARN.
    #[must_use]
    pub fn new(lambda: &'a Lambda, function: impl Into<String>) -> Self {
        Self { lambda, function: function.into() }
    }

    /// Sends raw bytes.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn send(&self, payload: Vec<u8>) -> Result<Invocation, RegistrarError> {
        self.lambda.invoke(&self.function, payload).await.map_err(|failure| self.not_invoked(failure))
    }

    /// Asks what the connector is.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub async fn configuration(&self) -> Result<DescribeConnectorConfigurationResponse, RegistrarError> {
        let invocation = self.send(encode(&DescribeConnectorConfigurationRequest::default().into())?).await?;
        self.read_configuration(&invocation)
    }

    /// Asks what the connector is, and tells apart what Lambda and what the connector did wrong.
    ///
    /// # Errors
    /// The service's failure. That the connector failed, or answered otherwise than the protocol asks, is the inner one.
    pub async fn says(&self) -> Result<Result<DescribeConnectorConfigurationResponse, RegistrarError>, ServiceFailure> {
        let payload = match encode(&DescribeConnectorConfigurationRequest::default().into()) {
            Ok(payload) => payload,
            Err(error) => return Ok(Err(error)),
        };
        let invocation = self.lambda.invoke_briefly(&self.function, payload).await?;
        Ok(self.read_configuration(&invocation))
    }

    /// Asks what the connector is, with patience for a function that is waking up, or is so new that not all of Lambda
    /// knows it.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub async fn configuration_when_invocable(
        &self,
        is_new: bool,
        patience: &Patience<'_>,
        tell: impl FnMut(&str),
    ) -> Result<(DescribeConnectorConfigurationResponse, Option<String>), RegistrarError> {
        let payload = encode(&DescribeConnectorConfigurationRequest::default().into())?;
        let waking = |failure: &ServiceFailure| {
            if failure.is_not_invocable_yet() {
                Verdict::Retry("the function is waking up")
            } else if is_new && failure.is_not_found() {
                Verdict::Retry("the new function is not visible everywhere yet")
            } else {
                Verdict::Stop
            }
        };
        let call = async || self.lambda.invoke_briefly(&self.function, payload.clone()).await;
        let invocation = retry(patience, call, waking, tell)
            .await
            .map_err(|stopped| stopped.during(format!("could not invoke {}", self.function)))?;
        let configuration = self.read_configuration(&invocation)?;
        Ok((configuration, invocation.log_tail))
    }

    fn read_configuration(
        &self,
        invocation: &Invocation,
    ) -> Result<DescribeConnectorConfigurationResponse, RegistrarError> {
        match self.read(Operation::DescribeConnectorConfiguration, invocation)? {
            Response::DescribeConnectorConfiguration(configuration) => Ok(*configuration),
            other => Err(unexpected(&other)),
        }
    }

    /// Asks for the entities below a path, page by page to the end.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub async fn entities(
        &self,
        context: &ConnectorContext,
        path: Option<&str>,
    ) -> Result<Vec<Entity>, RegistrarError> {
        let mut entities = Vec::new();
        let mut request = ListEntitiesRequest::new(context.clone());
        request.entities_path = path.map(str::to_owned);
        loop {
            match self.ask(request.clone().into()).await? {
                Response::ListEntities(page) => {
                    entities.extend_from_slice(page.entities());
                    page::advance(&mut request.next_token, page.next_token)?;
                }
                other => return Err(unexpected(&other)),
            }
            if request.next_token.is_none() {
                return Ok(entities);
            }
        }
    }

    /// Asks for one entity with its fields.
    ///
    /// # Errors
    /// As [`ask`](Self::ask), and when the connector answers without a definition.
    pub async fn entity(&self, context: &ConnectorContext, name: &str) -> Result<EntityDefinition, RegistrarError> {
        match self.ask(DescribeEntityRequest::new(name, context.clone()).into()).await? {
            Response::DescribeEntity(answer) => answer.entity_definition.ok_or_else(|| {
                RegistrarError::new(
                    ErrorKind::Connector,
                    format!("the connector has no definition of the entity {name}"),
                )
                .with_hint("\"registrar entities\" shows what there is")
            }),
            other => Err(unexpected(&other)),
        }
    }

    /// Asks for one page of records.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub async fn query(&self, request: QueryDataRequest) -> Result<QueryDataResponse, RegistrarError> {
        match self.ask(request.into()).await? {
            Response::QueryData(page) => Ok(page),
            other => Err(unexpected(&other)),
        }
    }

    /// Sends records to write. That records failed, or all of them, is part of the answer.
    ///
    /// # Errors
    /// When the function cannot be invoked, fails, or answers otherwise than the protocol asks: what was written is then not
    /// known.
    pub async fn write(&self, request: WriteDataRequest) -> Result<WriteDataResponse, RegistrarError> {
        let payload = encode(&request.into())?;
        let invocation = self.lambda.invoke_once(&self.function, payload).await;
        let invocation = invocation.map_err(|failure| self.not_invoked(failure))?;
        match self.decode(Operation::WriteData, &invocation)? {
            Response::WriteData(answer) => Ok(answer),
            other => Err(unexpected(&other)),
        }
    }

    /// Sends a request and reads the answer.
    ///
    /// # Errors
    /// When the function cannot be invoked; [`ErrorKind::Connector`] when it fails, answers otherwise than the protocol
    /// asks, or answers with a failure of its own.
    pub async fn ask(&self, request: Request) -> Result<Response, RegistrarError> {
        let operation = request.operation();
        let invocation = self.send(encode(&request)?).await?;
        self.read(operation, &invocation)
    }

    fn decode(&self, operation: Operation, invocation: &Invocation) -> Result<Response, RegistrarError> {
        self.accept(invocation)?;
        Response::decode(operation, &invocation.payload).map_err(|error| {
            let function = &self.function;
            RegistrarError::new(ErrorKind::Connector, format!("the answer of {function} to {operation} cannot be read"))
                .with_source(error)
                .with_hint("\"registrar invoke\" shows the raw answer")
        })
    }

    fn read(&self, operation: Operation, invocation: &Invocation) -> Result<Response, RegistrarError> {
        let response = self.decode(operation, invocation)?;
        match response.outcome() {
            Ok(()) => Ok(response),
            Err(details) => Err(refused(operation, details)),
        }
    }

    /// Refuses an invocation in which the function failed.
    ///
    /// # Errors
    /// [`ErrorKind::Connector`] with what the runtime reported and the end of the log.
    pub fn accept(&self, invocation: &Invocation) -> Result<(), RegistrarError> {
        let Some(kind) = &invocation.function_error else { return Ok(()) };
        let reported: serde_json::Value = serde_json::from_slice(&invocation.payload).unwrap_or_default();
        let text = |key: &str| reported.get(key).and_then(serde_json::Value::as_str);
        let what = match (text("errorType"), text("errorMessage")) {
            (Some(error_type), Some(message)) => format!("{error_type}: {message}"),
            (None, Some(message)) => message.to_owned(),
            _ => kind.clone(),
        };
        let name = self.function.rsplit(':').next().unwrap_or_default();
        let error = RegistrarError::new(ErrorKind::Connector, format!("the function {name} failed: {what}"))
            .with_hint(format!("{}; \"registrar logs --function-name {name}\" shows more", after(text("errorType"))));
        Err(match invocation.log_tail.as_deref().map(str::trim).filter(|log| !log.is_empty()) {
            Some(log) => error.with_source(format!("the end of its log:\n{}", last_lines(log))),
            None => error,
        })
    }

    fn not_invoked(&self, failure: ServiceFailure) -> RegistrarError {
        let is_missing = failure.is_not_found();
        let error = failure.during(format!("could not invoke {}", self.function));
        if is_missing { error.with_hint(DEPLOY_FIRST) } else { error }
    }
}

/// Where there is no function of the label.
const DEPLOY_FIRST: &str = "deploy the connector first (registrar deploy), or choose with --label one of those that \
                            \"registrar list\" shows";

/// What to do about a function that failed, by what the runtime says of it.
fn after(error_type: Option<&str>) -> &'static str {
    match error_type {
        Some("AppFlowSdk.InvalidRequest") => "mend the request",
        Some("Runtime.InvalidEntrypoint") => "deploy an executable for Lambda's system and the function's processor",
        Some("Sandbox.Timedout") => "give it more time (registrar deploy --function-timeout)",
        Some("Runtime.OutOfMemory") => "give it more memory (registrar deploy --memory)",
        _ => "mend the connector, then deploy it again",
    }
}

fn encode(request: &Request) -> Result<Vec<u8>, RegistrarError> {
    serde_json::to_vec(request).map_err(|error| RegistrarError::bug("a request does not serialise").with_source(error))
}

/// The connector's own failure, in its own words.
pub(crate) fn refused(operation: Operation, details: &ErrorDetails) -> RegistrarError {
    let message = details.error_message.trim_end_matches('.');
    let error =
        RegistrarError::new(ErrorKind::Connector, format!("{operation} failed with {}: {message}", details.error_code));
    match details.retry_after_seconds {
        Some(seconds) => error.with_hint(format!("the connector says that trying again makes sense after {seconds} s")),
        None => error,
    }
}

fn unexpected(response: &Response) -> RegistrarError {
    RegistrarError::bug(format!("an answer was read as another operation's: {response:?}"))
}

fn last_lines(log: &str) -> String {
    let lines: Vec<_> = log.lines().collect();
    lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
}
