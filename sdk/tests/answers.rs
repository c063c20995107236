//! What AppFlow gets back, whatever the connector does.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops, and says why")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use appflow_sdk::protocol::*;
use appflow_sdk::{
    Catalogue, Connector, ConnectorError, InvocationContext, Pager, Secret, SourcePage, handle, handle_with_summary,
};
use serde_json::{Value, json};

/// What the connector under test does when it is asked for records.
enum Behaviour {
    Answer,
    Fail,
    Refuse,
    Quote,
    QuoteAtTheCut,
    PageThenHang,
    Hang,
    Flood,
}

struct Source(Behaviour);

impl Source {
    fn catalogue() -> Catalogue {
        let id = FieldDefinition::new("id", FieldDataType::Integer).primary_key();
        Catalogue::new(vec![EntityDefinition::new("things", vec![id])])
    }
}

impl Connector for Source {
    async fn describe_connector_configuration(
        &self,
        _: DescribeConnectorConfigurationRequest,
        _: &InvocationContext,
    ) -> Result<DescribeConnectorConfigurationResponse, ConnectorError> {
        let scope = RuntimeSettingScope::ConnectorProfile;
        let base_url =
            ConnectorRuntimeSetting::new("baseUrl", RuntimeSettingType::Url, scope, "Base URL", "Where it is");
        Ok(DescribeConnectorConfigurationResponse::source("n", "o", "1").setting(base_url.required()).build_unchecked())
    }

    async fn list_entities(
        &self,
        request: ListEntitiesRequest,
        _: &InvocationContext,
    ) -> Result<ListEntitiesResponse, ConnectorError> {
        Self::catalogue().list(&request)
    }

    async fn describe_entity(
        &self,
        request: DescribeEntityRequest,
        _: &InvocationContext,
    ) -> Result<DescribeEntityResponse, ConnectorError> {
        Self::catalogue().describe(&request)
    }

    async fn query_data(
        &self,
        request: QueryDataRequest,
        context: &InvocationContext,
    ) -> Result<QueryDataResponse, ConnectorError> {
        assert!(context.remaining() <= Duration::from_secs(30), "AppFlow waits no longer");
        match self.0 {
            Behaviour::Answer => Ok(QueryDataResponse::new(vec![Record::parse(r#"{"id":1}"#).unwrap()], None)),
            Behaviour::Fail => Err(ConnectorError::rate_limit_exceeded("slow down")
                .with_retry_after(Duration::from_secs(7))
                .with_source("token=hunter2")),
            Behaviour::Refuse => Err(ConnectorError::invalid_credentials("the token has expired")),
            Behaviour::Quote => {
                context.credentials(&request.connector_context).await?;
                Err(ConnectorError::client_error("the API said: bad password hunter2"))
            }
            Behaviour::QuoteAtTheCut => {
                context.credentials(&request.connector_context).await?;
                Err(ConnectorError::client_error(format!("{}hunter2", "x".repeat(ERROR_MESSAGE_LIMIT - 5))))
            }
            Behaviour::PageThenHang => {
                let catalogue = Self::catalogue();
                let pager = Pager::new(catalogue.get("things")?, &request, context)?.reserve(Duration::ZERO);
                let query = pager.pages(async |page: Option<u8>| match page {
                    None => Ok(SourcePage::records([Record::parse(r#"{"id":1}"#).unwrap()]).then(Some(2))),
                    Some(_) => std::future::pending().await,
                });
                query.await
            }
            Behaviour::Hang => std::future::pending().await,
            Behaviour::Flood => {
                let large = Record::new(&json!({"text": "\"".repeat(3 * 1024 * 1024)})).unwrap();
                Ok(QueryDataResponse::new(vec![large], None))
            }
        }
    }
}

async fn ask(behaviour: Behaviour, request: Value) -> Value {
    let secrets = BTreeMap::from([
        ("good".to_owned(), Secret::new(r#"{"username":"u","password":"p"}"#)),
        ("bad".to_owned(), Secret::new("hunter2")),
    ]);
    let context = InvocationContext::new("r", Duration::from_mins(15), Arc::new(secrets));
    let answer = handle(&Source(behaviour), request.to_string().as_bytes(), context).await.unwrap();
    serde_json::from_str(answer.get()).unwrap()
}

fn query() -> Value {
    json!({"type": "QueryDataRequest", "entityIdentifier": "things", "connectorContext": {}})
}

#[tokio::test]
async fn a_success_is_passed_on() {
    let answer = ask(Behaviour::Answer, query()).await;
    assert_eq!(answer, json!({"isSuccess": true, "errorDetails": null, "nextToken": null, "records": ["{\"id\":1}"]}));
}

#[tokio::test]
async fn a_failure_has_code_message_and_delay_but_not_its_cause() {
    let answer = ask(Behaviour::Fail, query()).await;
    let details = json!({"errorCode": "RateLimitExceeded", "errorMessage": "slow down", "retryAfterSeconds": 7});
    assert_eq!(answer, json!({"isSuccess": false, "errorDetails": details, "nextToken": null, "records": null}));
}

#[tokio::test(start_paused = true)]
async fn a_connector_that_hangs_is_answered_for_before_appflow_gives_up() {
    let started = tokio::time::Instant::now();
    let answer = ask(Behaviour::Hang, query()).await;
    assert!(started.elapsed() < Duration::from_secs(30));
    assert_eq!(answer["errorDetails"]["errorCode"], "RequestTimeout");
}

#[tokio::test(start_paused = true)]
async fn what_was_read_before_a_page_that_hangs_is_returned() {
    let answer = ask(Behaviour::PageThenHang, query()).await;
    assert_eq!((&answer["isSuccess"], &answer["records"]), (&json!(true), &json!([r#"{"id":1}"#])));
    assert!(answer["nextToken"].is_string());
}

#[tokio::test]
async fn an_answer_beyond_six_megabytes_once_escaped_becomes_a_failure() {
    let answer = ask(Behaviour::Flood, query()).await;
    assert_eq!(answer["isSuccess"], false);
    assert_eq!(answer["errorDetails"]["errorCode"], "InvalidArgument");
}

#[tokio::test]
async fn operations_that_a_source_does_not_offer_are_refused_with_a_reason() {
    for (name, why) in [("RetrieveDataRequest", "RetrieveData"), ("WriteDataRequest", "takes no records")] {
        let request = json!({"type": name, "entityIdentifier": "things", "connectorContext": {}});
        let answer = ask(Behaviour::Answer, request).await;
        assert_eq!(answer["errorDetails"]["errorCode"], "InvalidArgument");
        assert!(answer["errorDetails"]["errorMessage"].as_str().unwrap().contains(why), "{answer}");
    }
}

#[tokio::test]
async fn settings_are_validated_against_the_configuration() {
    let validate = |value: Value| {
        let scope = "CONNECTOR_PROFILE";
        let settings = json!({"baseUrl": value});
        ask(
            Behaviour::Answer,
            json!({"type": "ValidateConnectorRuntimeSettingsRequest", "scope": scope, "connectorRuntimeSettings": settings}),
        )
    };
    assert_eq!(validate(json!("https://example.com")).await["isSuccess"], true);
    let refused = validate(json!("example.com")).await;
    assert!(refused["errorsByInputField"]["baseUrl"].is_string(), "{refused}");
    assert_eq!(validate(Value::Null).await["errorsByInputField"]["baseUrl"], "is required");
}

#[tokio::test]
async fn credentials_are_read_and_never_shown() {
    let validate = |secret_arn: &'static str| {
        let credentials = json!({"secretArn": secret_arn, "authenticationType": "BasicAuth"});
        ask(Behaviour::Answer, json!({"type": "ValidateCredentialsRequest", "credentials": credentials}))
    };
    assert_eq!(validate("good").await["isSuccess"], true);
    let bad = validate("bad").await;
    assert_eq!(bad["errorDetails"]["errorCode"], "InvalidCredentials");
    assert!(!bad.to_string().contains("hunter2"));
    assert_eq!(validate("missing").await["errorDetails"]["errorCode"], "ResourceNotFoundError");
}

#[tokio::test]
async fn a_secret_that_the_source_system_quotes_is_not_passed_on() {
    let secrets = BTreeMap::from([("s".to_owned(), Secret::new(r#"{"username":"u","password":"hunter2"}"#))]);
    let context = InvocationContext::new("r", Duration::from_secs(30), Arc::new(secrets));
    let request = json!({"type": "QueryDataRequest", "entityIdentifier": "things",
                         "connectorContext": {"credentials": {"secretArn": "s", "authenticationType": "BasicAuth"}}});
    let answer = handle(&Source(Behaviour::Quote), request.to_string().as_bytes(), context.clone()).await.unwrap();
    assert!(answer.get().contains("the API said: bad password ***"), "{answer}");
    // A message is cut, and so is what it quotes at its end.
    let answer = handle(&Source(Behaviour::QuoteAtTheCut), request.to_string().as_bytes(), context).await.unwrap();
    assert!(answer.get().contains("xxx***") && !answer.get().contains("hunt"), "{answer}");
}

/// Answers with the secret in every message that a response can have.
struct Gossip;

impl Gossip {
    async fn learn(request: &ConnectorContext, context: &InvocationContext) -> ErrorDetails {
        context.credentials(request).await.unwrap();
        ErrorDetails::new(ErrorCode::ClientError, "it is hunter2")
    }
}

impl Connector for Gossip {
    async fn describe_connector_configuration(
        &self,
        _: DescribeConnectorConfigurationRequest,
        _: &InvocationContext,
    ) -> Result<DescribeConnectorConfigurationResponse, ConnectorError> {
        Ok(DescribeConnectorConfigurationResponse::source("n", "o", "1").build()?)
    }

    async fn validate_credentials(
        &self,
        request: ValidateCredentialsRequest,
        context: &InvocationContext,
    ) -> Result<ValidateCredentialsResponse, ConnectorError> {
        Ok(ValidateCredentialsResponse::failure(Self::learn(&request.connector_context(), context).await))
    }

    async fn list_entities(
        &self,
        request: ListEntitiesRequest,
        context: &InvocationContext,
    ) -> Result<ListEntitiesResponse, ConnectorError> {
        Ok(ListEntitiesResponse::failure(Self::learn(&request.connector_context, context).await))
    }

    async fn describe_entity(
        &self,
        request: DescribeEntityRequest,
        context: &InvocationContext,
    ) -> Result<DescribeEntityResponse, ConnectorError> {
        Self::learn(&request.connector_context, context).await;
        Err(ConnectorError::client_error("no").with_source("because of hunter2"))
    }

    async fn query_data(
        &self,
        request: QueryDataRequest,
        context: &InvocationContext,
    ) -> Result<QueryDataResponse, ConnectorError> {
        Ok(QueryDataResponse::failure(Self::learn(&request.connector_context, context).await))
    }

    async fn retrieve_data(
        &self,
        request: RetrieveDataRequest,
        context: &InvocationContext,
    ) -> Result<RetrieveDataResponse, ConnectorError> {
        Ok(RetrieveDataResponse::failure(Self::learn(&request.connector_context, context).await))
    }

    async fn write_data(
        &self,
        request: WriteDataRequest,
        context: &InvocationContext,
    ) -> Result<WriteDataResponse, ConnectorError> {
        Self::learn(&request.connector_context, context).await;
        Ok(WriteDataResponse::new(vec![WriteRecordResult::failed("", "it is hunter2")]))
    }
}

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Log(Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_way_out_leads_past_the_scrubbing_and_each_invocation_logs_one_line() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().json().flatten_event(true).with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let credentials = json!({"secretArn": "s", "authenticationType": "BasicAuth"});
    let names = [
        "ValidateCredentialsRequest",
        "ListEntitiesRequest",
        "DescribeEntityRequest",
        "QueryDataRequest",
        "RetrieveDataRequest",
        "WriteDataRequest",
    ];
    for name in names {
        let secrets = BTreeMap::from([("s".to_owned(), Secret::new(r#"{"username":"u","password":"hunter2"}"#))]);
        let context = InvocationContext::new("r", Duration::from_secs(30), Arc::new(secrets));
        let mut request = json!({"type": name, "entityIdentifier": "things", "operation": "INSERT",
            "connectorContext": {"credentials": credentials, "flowName": "nightly"}});
        if name == "ValidateCredentialsRequest" {
            request["credentials"] = credentials.clone();
        }
        let answer = handle(&Gossip, request.to_string().as_bytes(), context).await.unwrap();
        assert!(!answer.get().contains("hunter2"), "{name}: {answer}");
        assert!(answer.get().contains("***") || name == "DescribeEntityRequest", "{name}: {answer}");
    }
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(!log.contains("hunter2") && log.contains("because of ***"), "{log}");
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let answered: Vec<_> = lines.iter().filter(|line| line["message"] == "answered").collect();
    assert_eq!(answered.len(), names.len());
    let query = answered.iter().find(|line| line["operation"] == "QueryData").unwrap();
    assert_eq!(
        (&query["flow"], &query["outcome"], &query["records"]),
        (&json!("nightly"), &json!("ClientError"), &json!(0))
    );
    assert!(query["bytes"].is_u64() && query["upstream_calls"].is_u64() && query["milliseconds"].is_u64());
}

#[tokio::test]
async fn messages_of_settings_and_records_are_cut_like_any_other() {
    let errors = BTreeMap::from([("a".to_owned(), "x".repeat(3000))]);
    let response = ValidateConnectorRuntimeSettingsResponse::from_errors(errors);
    let cut = &response.errors_by_input_field.unwrap()["a"];
    assert!(cut.chars().count() <= ERROR_MESSAGE_LIMIT && cut.ends_with('…'), "{}", cut.len());
    let result = WriteRecordResult::failed("1", "x".repeat(3000));
    let cut = result.error_message.unwrap();
    assert!(cut.chars().count() <= ERROR_MESSAGE_LIMIT && cut.ends_with('…'), "{}", cut.len());
}

#[tokio::test]
async fn the_summary_tells_what_an_invocation_did() {
    let context =
        || InvocationContext::new("r-7", Duration::from_secs(30), Arc::new(BTreeMap::<String, Secret>::new()));
    let mut request = query();
    request["connectorContext"] = json!({"flowName": "nightly", "executionId": "e", "connectorProfileLabel": "p"});
    let bytes = request.to_string();
    let (answer, summary) = handle_with_summary(&Source(Behaviour::Answer), bytes.as_bytes(), context()).await.unwrap();
    assert_eq!((summary.request_id.as_str(), summary.entity.as_deref()), ("r-7", Some("things")));
    assert_eq!((summary.flow.as_deref(), summary.execution.as_deref()), (Some("nightly"), Some("e")));
    assert_eq!((summary.records, summary.bytes, summary.outcome()), (1, Some(answer.get().len()), "success"));
    let (answer, summary) = handle_with_summary(&Source(Behaviour::Flood), bytes.as_bytes(), context()).await.unwrap();
    assert_eq!((summary.records, summary.bytes, summary.outcome()), (0, Some(answer.get().len()), "InvalidArgument"));
}

/// Remembers what it was asked to forget.
#[derive(Debug, Default)]
struct Forgetful(std::sync::Mutex<Vec<String>>);

impl appflow_sdk::SecretStore for Forgetful {
    fn secret<'a>(
        &'a self,
        _: &'a str,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<Secret, ConnectorError>> + Send + 'a>> {
        Box::pin(std::future::ready(Ok(Secret::new(r#"{"accessToken":"t"}"#))))
    }

    fn forget<'a>(&'a self, secret_arn: &'a str) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        self.0.lock().unwrap().push(secret_arn.to_owned());
        Box::pin(std::future::ready(()))
    }
}

#[tokio::test]
async fn a_refused_secret_and_one_to_be_validated_are_read_anew() {
    let credentials = json!({"secretArn": "s", "authenticationType": "OAuth2"});
    let query = json!({"type": "QueryDataRequest", "entityIdentifier": "things", "connectorContext": {"credentials": credentials}});
    let validate = json!({"type": "ValidateCredentialsRequest", "credentials": credentials});
    for (behaviour, request, forgotten) in [
        (Behaviour::Refuse, &query, 1),
        (Behaviour::Fail, &query, 0),
        (Behaviour::Answer, &query, 0),
        (Behaviour::Answer, &validate, 1),
    ] {
        let store = Arc::new(Forgetful::default());
        let secrets: Arc<dyn appflow_sdk::SecretStore> = Arc::clone(&store) as _;
        let context = InvocationContext::new("r", Duration::from_secs(30), secrets);
        drop(handle(&Source(behaviour), request.to_string().as_bytes(), context).await.unwrap());
        assert_eq!(store.0.lock().unwrap().len(), forgotten, "{request}");
    }
}
