//! A connector with a manifest for the mock API, and ways to ask it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use appflow_connector::{HttpConnector, Manifest};
use appflow_sdk::protocol::{
    ConnectorContext, Credentials, ErrorDetails, QueryDataRequest, QueryDataResponse, Request, Response,
};
use appflow_sdk::{InvocationContext, Retry, Secret, SecretStore, dispatch};
use serde_json::Value;

use crate::mock::Mock;

/// Where the tests' secret is.
pub(crate) const SECRET_ARN: &str = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:s";

/// How most lists are asked.
const BY_PARAMETER: &str = r#"
projection = { parameter = "fields", separator = "," }
filters.status."=" = "status"
filters.at.">=" = "since"
filters.id.in = { parameter = "ids", separator = "," }
filters.note."=" = "q"
"#;

/// How a list is asked with a document.
const BY_BODY: &str = r#"
projection.parameter = "body:/fields"
filters.status."=" = "body:/where/status"
filters.at.">=" = "body:/where/since"
filters.id.in = "body:/where/ids"
filters.note."=" = "body:/where/q"
"#;

/// How a list is asked in OData.
const BY_ODATA: &str = "odata = { exact_text = true, in = true }";

/// The manifest for the mock API; pages have at most `max` records.
pub(crate) fn manifest(max: u64, authentication: &str) -> Manifest {
    manifest_with(max, authentication, |text| text)
}

/// As [`manifest`], changed before it is read.
pub(crate) fn manifest_with(max: u64, authentication: &str, change: impl FnOnce(String) -> String) -> Manifest {
    let mut text = format!(
        "[connector]\nname = \"Mock\"\nowner = \"Tests\"\nversion = \"1\"\n\
         [connection]\ntest = \"/all\"\n[failures]\nmessage = [\"/error/message\"]\n\
         [authentication]\n{authentication}\n"
    );
    let size = |parameter: &str| format!("size = {{ parameter = \"{parameter}\", max = {max} }}");
    for (name, list, paging, asked) in [
        (
            "page",
            "records = \"/data\"\ntotal = \"/meta/total\"",
            format!("kind = \"page\"\nparameter = \"page\"\n{}", size("per_page")),
            BY_PARAMETER,
        ),
        ("offset", "", format!("kind = \"offset\"\nparameter = \"offset\"\n{}", size("limit")), BY_PARAMETER),
        (
            "cursor",
            "records = \"/items\"",
            format!("kind = \"cursor\"\nparameter = \"cursor\"\nnext = \"/next\"\n{}", size("limit")),
            BY_PARAMETER,
        ),
        (
            "search",
            "records = \"/items\"",
            format!("kind = \"cursor\"\nparameter = \"body:/cursor\"\nnext = \"/next\"\n{}", size("body:/limit")),
            BY_BODY,
        ),
        ("link", "", format!("kind = \"link\"\n{}", size("limit")), BY_PARAMETER),
        (
            "bodylink",
            "records = \"/items\"",
            format!("kind = \"link\"\nnext = \"/next\"\n{}", size("limit")),
            BY_PARAMETER,
        ),
        (
            "keyset",
            "",
            format!("kind = \"keyset\"\nfield = \"id\"\nparameter = \"behind\"\n{}", size("limit")),
            BY_PARAMETER,
        ),
        ("odata", "", format!("kind = \"keyset\"\nfield = \"id\"\n{}", size("$top")), BY_ODATA),
        ("all", "", "kind = \"none\"".to_owned(), BY_PARAMETER),
    ] {
        let method = if name == "search" { "POST" } else { "GET" };
        write!(
            text,
            "[entities.{name}]\nretrieve = {{ request = \"/{name}/{{id}}\", record = \"/data\" }}\n\
             [entities.{name}.fields]\nid = {{ type = \"Integer\", primary_key = true }}\nstatus = {{ type = \"String\" }}\n\
             total = {{ type = \"BigDecimal\" }}\nat = {{ type = \"DateTime\", incremental = true }}\nnote = {{ type = \"String\" }}\n\
             city = {{ type = \"String\", pointer = \"/address/city\" }}\n\
             [entities.{name}.read]\nrequest = \"{method} /{name}\"\n{list}\n{asked}\n\
             [entities.{name}.read.paging]\n{paging}\n"
        )
        .unwrap();
    }
    Manifest::parse(&change(text), Path::new("mock.toml")).unwrap()
}

/// A connector, its API and a connection between them.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) mock: Mock,
    pub(crate) connector: HttpConnector,
    secrets: Arc<dyn SecretStore>,
    has_secret: bool,
}

impl World {
    /// Without credentials.
    pub(crate) async fn open(max: u64) -> Self {
        Self::with(Mock::start().await, manifest(max, "none = true"), "")
    }

    /// With the text of a secret, unless it is empty. Requests that fail are not repeated.
    pub(crate) fn with(mock: Mock, manifest: Manifest, secret: &str) -> Self {
        let secrets = (!secret.is_empty()).then(|| (SECRET_ARN.to_owned(), Secret::new(secret)));
        let secrets: BTreeMap<_, _> = secrets.into_iter().collect();
        let has_secret = !secrets.is_empty();
        let connector = HttpConnector::new(manifest).allow_loopback(true).retry(Retry::never());
        Self { mock, connector, secrets: Arc::new(secrets), has_secret }
    }

    /// With secrets from elsewhere.
    pub(crate) fn with_store(mock: Mock, manifest: Manifest, secrets: impl SecretStore + 'static) -> Self {
        Self { secrets: Arc::new(secrets), has_secret: true, ..Self::with(mock, manifest, "") }
    }

    /// The context of a connection to a path of the mock API.
    pub(crate) fn connection(&self, path: &str) -> ConnectorContext {
        let mut context = ConnectorContext::default();
        context.connector_runtime_settings = Some(BTreeMap::from([("baseUrl".to_owned(), self.mock.url(path))]));
        context.credentials = self.has_secret.then(|| Credentials::new(SECRET_ARN, None));
        context
    }

    pub(crate) async fn ask(&self, request: impl Into<Request>, limit: Duration) -> Response {
        let context = InvocationContext::new("r-1", limit, Arc::clone(&self.secrets));
        dispatch(&self.connector, request.into(), context).await
    }

    pub(crate) async fn query_within(
        &self,
        request: QueryDataRequest,
        limit: Duration,
    ) -> Result<QueryDataResponse, ErrorDetails> {
        match self.ask(request, limit).await {
            Response::QueryData(response) => match response.outcome() {
                Ok(()) => Ok(response),
                Err(details) => Err(details.clone()),
            },
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn query(&self, request: QueryDataRequest) -> Result<QueryDataResponse, ErrorDetails> {
        self.query_within(request, Duration::from_secs(30)).await
    }

    /// The request for an entity, below a path of the mock API.
    pub(crate) fn request(&self, path: &str, entity: &str, filter: &str) -> QueryDataRequest {
        let mut request = QueryDataRequest::new(entity, self.connection(path));
        request.filter_expression = (!filter.is_empty()).then(|| filter.to_owned());
        request
    }

    /// The failure of a query for everything.
    pub(crate) async fn failure(&self, path: &str, entity: &str) -> ErrorDetails {
        self.query(self.request(path, entity, "")).await.unwrap_err()
    }

    /// Asks on until there is no token, as AppFlow does when calls fail: again with the token that it has. The first attempt
    /// of each call has so much time. Returns the ids, and how many calls failed.
    pub(crate) async fn drain_despite_failures(
        &self,
        mut request: QueryDataRequest,
        limit: Duration,
    ) -> (Vec<usize>, usize) {
        let (mut ids, mut failures, mut is_again) = (Vec::new(), 0, false);
        for _ in 0..10_000 {
            let limit = if is_again { Duration::from_secs(30) } else { limit };
            match self.query_within(request.clone(), limit).await {
                Err(details) => {
                    let passing = ["ServiceUnavailable", "ServerError", "RateLimitExceeded", "RequestTimeout"];
                    assert!(passing.contains(&details.error_code.as_str()), "{details:?}");
                    (failures, is_again) = (failures + 1, true);
                }
                Ok(response) => {
                    is_again = false;
                    ids.extend(response.records().iter().map(|record| id(record.get())));
                    match response.next_token {
                        Some(token) => request.next_token = Some(token),
                        None => return (ids, failures),
                    }
                }
            }
        }
        panic!("the query does not end");
    }

    /// Asks on until there is no token, as AppFlow does. Returns the ids, and how many calls it took.
    pub(crate) async fn drain(&self, mut request: QueryDataRequest) -> (Vec<usize>, usize) {
        let mut ids = Vec::new();
        for calls in 1..10_000 {
            let response = self.query(request.clone()).await.unwrap();
            assert!(i64::try_from(response.records().len()).unwrap() <= request.max_results);
            let written = serde_json::to_vec(&Response::from(response.clone())).unwrap();
            assert!(written.len() <= appflow_sdk::protocol::RESPONSE_LIMIT_BYTES);
            for record in response.records() {
                ids.push(id(record.get()));
            }
            match response.next_token {
                Some(token) => {
                    assert!(token.len() <= 2048 && !token.contains(char::is_whitespace));
                    request.next_token = Some(token);
                }
                None => return (ids, calls),
            }
        }
        panic!("the query does not end");
    }
}

fn id(record: &str) -> usize {
    let record: Value = serde_json::from_str(record).unwrap();
    usize::try_from(record["id"].as_u64().unwrap()).unwrap()
}
