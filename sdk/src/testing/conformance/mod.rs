//! Checks a connector against the rules that AppFlow, and the people who build flows, count on.

mod candidates;
mod configuration;
mod definition;
mod entities;
mod filters;
mod observed;
mod pages;
mod protocol;
mod report;
mod retrieve;
mod rule;
mod settings;
mod values;
mod write;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use report::{Finding, Report, Verdict};
pub use rule::Rule;

use super::appflow::AppFlow;
use super::credential::Credential;
use super::failure::{CallError, CallErrorKind};
use super::function::{Function, InProcess};
use super::incremental::WindowForm;
use super::records::verdict;
use crate::connector::Connector;
use crate::filter::BetweenBounds;
use crate::protocol::{
    ConnectorMode, DescribeConnectorConfigurationResponse, EntityDefinition, ErrorCode, Record, WriteOperationType,
};
use observed::Observed;

/// Checks a connector that needs neither settings nor credentials. [`Conformance`] checks any other.
///
/// # Panics
/// With the report, when a rule is broken.
///
/// ```
/// # use appflow_sdk::protocol::*;
/// # use appflow_sdk::{Catalogue, Connector, ConnectorError, InvocationContext, JsonPage, PageLayout, Pager};
/// # struct Acme(Catalogue);
/// # impl Acme { fn new() -> Self { Self(Catalogue::new(vec![EntityDefinition::new("orders", vec![
/// #     FieldDefinition::new("id", FieldDataType::Integer).primary_key()])])) } }
/// # impl Connector for Acme {
/// #     async fn describe_connector_configuration(&self, _: DescribeConnectorConfigurationRequest, _: &InvocationContext)
/// #         -> Result<DescribeConnectorConfigurationResponse, ConnectorError> {
/// #         Ok(DescribeConnectorConfigurationResponse::source("Acme CRM", "Acme", "1.0.0").build()?)
/// #     }
/// #     async fn list_entities(&self, request: ListEntitiesRequest, _: &InvocationContext)
/// #         -> Result<ListEntitiesResponse, ConnectorError> { self.0.list(&request) }
/// #     async fn describe_entity(&self, request: DescribeEntityRequest, _: &InvocationContext)
/// #         -> Result<DescribeEntityResponse, ConnectorError> { self.0.describe(&request) }
/// #     async fn query_data(&self, request: QueryDataRequest, context: &InvocationContext)
/// #         -> Result<QueryDataResponse, ConnectorError> {
/// #         let page = JsonPage::read(br#"[{"id":1}]"#.to_vec(), &PageLayout::new(""))?;
/// #         Pager::new(self.0.get(&request.entity_identifier)?, &request, context)?.one_page(page).await
/// #     }
/// # }
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
/// # runtime.block_on(async {
/// use appflow_sdk::testing::assert_connector;
///
/// assert_connector(Acme::new()).await;
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
pub async fn assert_connector(connector: impl Connector) {
    let report = Conformance::new(connector).run().await;
    verdict((!report.is_success()).then(|| report.to_string()));
}

/// A check of a connector, and what it needs to know beforehand.
///
/// ```no_run
/// # use appflow_sdk::{Connector, protocol::{NotARecord, Record, WriteOperationType}};
/// # async fn example(connector: impl Connector) -> Result<(), NotARecord> {
/// use appflow_sdk::testing::{Conformance, Credential};
///
/// let report = Conformance::new(connector)
///     .setting("baseUrl", "https://api.example.com")
///     .credentials(Credential::basic("ada", "hunter2"))
///     .sample_filter("orders", "status = 'open' and total > 100")
///     .sample_write("orders", WriteOperationType::Upsert, vec![Record::parse(r#"{"id":1}"#)?])
///     .run()
///     .await;
/// assert!(report.is_success(), "{report}");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "nothing is checked until run is awaited"]
pub struct Conformance {
    function: Arc<dyn Function>,
    settings: BTreeMap<String, String>,
    credential: Option<Credential>,
    options: Options,
}

impl std::fmt::Debug for Conformance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Conformance").field("options", &self.options).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone)]
struct Options {
    api_version: Option<String>,
    entities: Vec<String>,
    max_records: usize,
    max_filters: usize,
    bounds: BetweenBounds,
    window: WindowForm,
    filters: Vec<(String, String)>,
    writes: Vec<(String, WriteOperationType, Vec<Record>)>,
}

/// Most records of one entity that are read, unless the author says otherwise.
const MAX_RECORDS: usize = 2000;

/// Most filters that are tried on one entity, unless the author says otherwise.
const MAX_FILTERS: usize = 100;

impl Conformance {
    /// A check of a connector in this process.
    pub fn new(connector: impl Connector) -> Self {
        Self::over(Arc::new(InProcess(connector)))
    }

    /// A check of anything that answers AppFlow's bytes.
    pub fn over(function: Arc<dyn Function>) -> Self {
        let options = Options {
            api_version: None,
            entities: Vec::new(),
            max_records: MAX_RECORDS,
            max_filters: MAX_FILTERS,
            bounds: BetweenBounds::default(),
            window: WindowForm::default(),
            filters: Vec::new(),
            writes: Vec::new(),
        };
        Self { function, settings: BTreeMap::new(), credential: None, options }
    }

    /// Sets a runtime setting that works.
    pub fn setting(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.insert(key.into(), value.into());
        self
    }

    /// Sets credentials that work.
    pub fn credentials(mut self, credential: Credential) -> Self {
        self.credential = Some(credential);
        self
    }

    /// Sets the version of the source system's API; the first that the connector offers otherwise.
    pub fn api_version(mut self, version: impl Into<String>) -> Self {
        self.options.api_version = Some(version.into());
        self
    }

    /// Describes and reads these entities only, and not all that are listed.
    pub fn entities(mut self, identifiers: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.options.entities = identifiers.into_iter().map(Into::into).collect();
        self
    }

    /// Reads at most so many records of an entity; 2000 otherwise. Where there are more, filters are checked for records
    /// too many only, and not for records that are missing.
    pub fn max_records(mut self, records: usize) -> Self {
        self.options.max_records = records.max(1);
        self
    }

    /// Tries at most so many filters on an entity; 100 otherwise.
    pub fn max_filters(mut self, filters: usize) -> Self {
        self.options.max_filters = filters;
        self
    }

    /// Sets whether the bounds of a `between` belong to the range; yes otherwise. AWS says neither.
    pub fn between(mut self, bounds: BetweenBounds) -> Self {
        self.options.bounds = bounds;
        self
    }

    /// Sets how the window of an incremental run is asked for. AWS does not say.
    pub fn window(mut self, form: WindowForm) -> Self {
        self.options.window = form;
        self
    }

    /// Tries this filter on an entity too.
    pub fn sample_filter(mut self, entity: impl Into<String>, expression: impl Into<String>) -> Self {
        self.options.filters.push((entity.into(), expression.into()));
        self
    }

    /// Writes these records, which must succeed. They are written to the connector's system for good; when they are updated
    /// or upserted, more than once.
    pub fn sample_write(
        mut self,
        entity: impl Into<String>,
        operation: WriteOperationType,
        records: Vec<Record>,
    ) -> Self {
        self.options.writes.push((entity.into(), operation, records));
        self
    }

    /// Checks every rule that can be checked. It makes some hundred calls for a connector with a few entities. Records are
    /// written to sources, which must refuse them, and for the sample writes only; other writes to a destination have no
    /// records.
    pub async fn run(self) -> Report {
        let hidden = self.credential.as_ref().map(Credential::hidden_values).unwrap_or_default();
        let report = Report::hiding(hidden.iter().map(|(_, secret)| secret.clone()).collect());
        let observed = Arc::new(Observed::new(self.function, hidden));
        let mut appflow = AppFlow::over(Arc::clone(&observed) as Arc<dyn Function>);
        for (key, value) in self.settings {
            appflow = appflow.setting(key, value);
        }
        if let Some(credential) = self.credential {
            appflow = appflow.credentials(credential);
        }
        let mut check = Check { appflow, options: self.options, report };
        let shown = check.everything().await;
        observed.report(&mut check.report, &shown);
        check.report.after(check.appflow.calls());
        check.report
    }
}

/// A check under way.
struct Check {
    appflow: AppFlow,
    options: Options,
    report: Report,
}

/// An entity under check, with the records that everything else is compared with.
struct Subject {
    definition: EntityDefinition,
    reference: Vec<Record>,
    /// Whether the reference is all there is.
    complete: bool,
}

impl Subject {
    fn name(&self) -> &str {
        &self.definition.entity.entity_identifier
    }

    fn keys(&self) -> Vec<&str> {
        let keys = self.definition.fields.iter().filter(|field| field.is_primary_key == Some(true));
        keys.map(|field| field.field_name.as_str()).collect()
    }
}

impl Check {
    /// Returns the keys of custom credentials whose values may be shown.
    async fn everything(&mut self) -> Vec<String> {
        self.undecodable().await;
        let Some(configuration) = self.configuration().await else {
            for rule in Rule::ALL {
                self.report.skipped(*rule, "the connector does not describe itself");
            }
            return Vec::new();
        };
        let version = self.options.api_version.clone();
        if let Some(version) = version.or_else(|| configuration.supported_api_versions.first().cloned()) {
            self.appflow = self.appflow.clone().api_version(version);
        }
        self.settings(&configuration).await;
        let definitions = self.entities().await;
        let mut subjects = Vec::new();
        let is_source = configuration.connector_modes.contains(&ConnectorMode::Source);
        for definition in &definitions {
            self.definition(definition);
            if is_source {
                subjects.extend(self.pages(definition.clone()).await);
            }
        }
        if !is_source {
            let is_about_reading =
                |rule: &&Rule| ["AF-Q", "AF-F", "AF-R"].iter().any(|group| rule.code().starts_with(group));
            for rule in Rule::ALL.iter().filter(is_about_reading) {
                self.report.skipped(*rule, "the connector is no source");
            }
        }
        for subject in &subjects {
            self.values(subject);
            self.projection(subject).await;
            self.filters(subject).await;
            self.incremental(subject).await;
            self.retrieve(subject).await;
        }
        self.writes(&configuration, &subjects, &definitions).await;
        if let Some(subject) = subjects.first() {
            self.little_time(subject).await;
        }
        shown_keys(&configuration)
    }

    /// The answer, or a note of why there is none: a failure breaks the rule; what the observer notes on its own only
    /// keeps the rule from being checked.
    fn outcome<T>(&mut self, rule: Rule, subject: &str, answer: Result<T, CallError>) -> Option<T> {
        let error = match answer {
            Ok(answer) => return Some(answer),
            Err(error) => error,
        };
        match error.kind() {
            CallErrorKind::Declared(details) if details.error_code == ErrorCode::RequestTimeout => {
                self.report.skipped(rule, format!("no answer in time, see {}", Rule::Time));
            }
            CallErrorKind::FunctionError { .. }
            | CallErrorKind::Unreadable(_)
            | CallErrorKind::TooLarge { .. }
            | CallErrorKind::TooLate { .. } => {
                self.report.skipped(rule, format!("{subject}: no usable answer, see AF-P01 to AF-P03"));
            }
            CallErrorKind::Endless(reason) if rule == Rule::ReadAll => {
                self.report.failed(Rule::PagesEnd, subject, reason.clone());
            }
            _ => self.report.failed(rule, subject, error.to_string()),
        }
        None
    }

    /// Checks that the connector declares a failure, with this code if one is given.
    fn refusal<T>(&mut self, rule: Rule, subject: &str, code: Option<&ErrorCode>, answer: Result<T, CallError>) {
        let Err(error) = answer else {
            return self.report.failed(rule, subject, "is answered as a success");
        };
        match (error.code(), code) {
            (Some(found), Some(expected)) if found != expected && *found != ErrorCode::RequestTimeout => {
                self.report.failed(rule, subject, format!("is refused with {found}, not with {expected}: {error}"));
            }
            (Some(_), _) => self.report.passed(rule),
            (None, _) => drop(self.outcome::<T>(rule, subject, Err(error))),
        }
    }
}

/// Parameters of custom authentication that are declared as not sensitive.
fn shown_keys(configuration: &DescribeConnectorConfigurationResponse) -> Vec<String> {
    let custom =
        configuration.authentication_config.iter().flat_map(|config| config.custom_auth_config.iter().flatten());
    custom
        .flat_map(|kind| &kind.auth_parameters)
        .filter(|parameter| parameter.sensitive_field == Some(false))
        .map(|parameter| parameter.key.clone())
        .collect()
}
