//! The SDK in this process: a page becomes a response, beside one pass of `serde_json` over the same bytes.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use appflow_sdk::protocol::{
    DescribeConnectorConfigurationRequest, DescribeConnectorConfigurationResponse, DescribeEntityRequest,
    DescribeEntityResponse, EntityDefinition, ListEntitiesRequest, ListEntitiesResponse, Operation, QueryDataRequest,
    QueryDataResponse, RESPONSE_LIMIT_BYTES, Response,
};
use appflow_sdk::{
    Catalogue, Connector, ConnectorError, InvocationContext, JsonPage, PageLayout, Pager, Secret, SecretStore, handle,
};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::Failure;
use crate::page::{self, ENTITY, Shape};
use crate::series::{Series, milliseconds, thread_time};

/// Ways to make a response of a page: what it is called, what it asks for, and whether the records are touched at all.
const WAYS: [Way; 4] = [
    Way { name: "pass-through", asks: "", is_selected: false },
    Way { name: "all fields", asks: "", is_selected: true },
    Way { name: "3 of 7 fields", asks: r#","selectedFieldNames":["id","status","total"]"#, is_selected: true },
    Way { name: "filtered, half match", asks: r#","filterExpression":"status = 'open'""#, is_selected: true },
];

#[derive(Debug, Clone, Copy)]
struct Way {
    name: &'static str,
    asks: &'static str,
    is_selected: bool,
}

/// What one way costs for one shape of page.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Cost {
    pub(crate) page: &'static str,
    pub(crate) way: &'static str,
    /// Median of the processor time.
    pub(crate) milliseconds: f64,
    /// In passes that check the syntax and keep nothing (`IgnoredAny`).
    pub(crate) checking_passes: f64,
    /// In passes that build a tree (`Value`).
    pub(crate) tree_passes: f64,
}

/// A source that answers with one page.
struct Source {
    definition: EntityDefinition,
    catalogue: Catalogue,
    page: String,
    /// What the source system sends next: the page's bytes, which are used up.
    body: Mutex<Vec<u8>>,
    is_selected: bool,
}

impl Source {
    fn new(page: String) -> Self {
        let definition = page::definition();
        let catalogue = Catalogue::new(vec![definition.clone()]);
        Self { definition, catalogue, page, body: Mutex::default(), is_selected: false }
    }

    /// The source system has an answer ready.
    fn prepare(&self) {
        *self.body.lock().unwrap_or_else(PoisonError::into_inner) = self.page.clone().into_bytes();
    }
}

impl Connector for Source {
    async fn describe_connector_configuration(
        &self,
        _: DescribeConnectorConfigurationRequest,
        _: &InvocationContext,
    ) -> Result<DescribeConnectorConfigurationResponse, ConnectorError> {
        Ok(DescribeConnectorConfigurationResponse::source("Benchmark", "Sample", "0.1.0").build()?)
    }

    async fn list_entities(
        &self,
        request: ListEntitiesRequest,
        _: &InvocationContext,
    ) -> Result<ListEntitiesResponse, ConnectorError> {
        self.catalogue.list(&request)
    }

    async fn describe_entity(
        &self,
        request: DescribeEntityRequest,
        _: &InvocationContext,
    ) -> Result<DescribeEntityResponse, ConnectorError> {
        self.catalogue.describe(&request)
    }

    async fn query_data(
        &self,
        request: QueryDataRequest,
        context: &InvocationContext,
    ) -> Result<QueryDataResponse, ConnectorError> {
        let body = std::mem::take(&mut *self.body.lock().unwrap_or_else(PoisonError::into_inner));
        let page = JsonPage::read(body, &PageLayout::new("/rows"))?;
        // The whole page is to be measured, so the response is filled to what Lambda takes.
        let pager = Pager::new(&self.definition, &request, context)?.byte_budget(RESPONSE_LIMIT_BYTES - 8192);
        let pager = if self.is_selected { pager } else { pager.whole_records() };
        pager.one_page(page).await
    }
}

async fn ask(source: &Source, request: &str) -> Result<Box<RawValue>, Failure> {
    let secrets: Arc<dyn SecretStore> = Arc::new(BTreeMap::<String, Secret>::new());
    let context = InvocationContext::new("benchmark", Duration::from_secs(30), secrets);
    Ok(handle(source, request.as_bytes(), context).await?)
}

/// Measures every way with every shape of page.
pub(crate) async fn pages(rounds: usize) -> Result<Vec<Cost>, Failure> {
    let mut costs = Vec::new();
    for shape in Shape::ALL {
        let mut source = Source::new(shape.page());
        let (mut checking, mut tree) = (Series::default(), Series::default());
        let mut ways = WAYS.map(|way| (way, Series::default()));
        for round in 0..=rounds {
            // The first round warms allocator and caches, and shows that every way succeeds.
            let counts = round > 0;
            let took = timed(|| serde_json::from_slice::<serde::de::IgnoredAny>(source.page.as_bytes()).map(drop))?;
            counts.then(|| checking.push(took));
            let took = timed(|| serde_json::from_slice::<serde_json::Value>(source.page.as_bytes()).map(drop))?;
            counts.then(|| tree.push(took));
            for (way, series) in &mut ways {
                source.is_selected = way.is_selected;
                let request = format!(
                    r#"{{"type":"QueryDataRequest","entityIdentifier":"{ENTITY}","maxResults":100000,"connectorContext":{{}}{}}}"#,
                    way.asks
                );
                source.prepare();
                let started = thread_time();
                let answer = ask(&source, &request).await?;
                // Giving the memory back is part of the work, here as in the passes above.
                if !counts {
                    succeeded(Operation::QueryData, &answer)?;
                }
                drop(black_box(answer));
                counts.then(|| series.push(thread_time().saturating_sub(started)));
            }
        }
        costs.extend(ways.iter().map(|(way, series)| Cost {
            page: shape.name,
            way: way.name,
            milliseconds: milliseconds(series.median()),
            checking_passes: series.ratio_to(&checking),
            tree_passes: series.ratio_to(&tree),
        }));
    }
    Ok(costs)
}

fn timed<E>(work: impl FnOnce() -> Result<(), E>) -> Result<Duration, E> {
    let started = thread_time();
    work()?;
    Ok(thread_time().saturating_sub(started))
}

fn succeeded(operation: Operation, answer: &RawValue) -> Result<(), Failure> {
    let response = Response::decode(operation, answer.get().as_bytes())?;
    response.outcome().map_err(|details| format!("{operation} failed: {details:?}"))?;
    match response {
        Response::QueryData(page) if page.next_token.is_some() => Err("the page was cut".into()),
        _ => Ok(()),
    }
}

/// A metadata request in a process that is warm: the median in milliseconds.
pub(crate) async fn metadata(rounds: usize) -> Result<f64, Failure> {
    let source = Source::new(String::new());
    let request =
        format!(r#"{{"type":"DescribeEntityRequest","entityIdentifier":"{ENTITY}","connectorContext":{{}}}}"#);
    succeeded(Operation::DescribeEntity, &ask(&source, &request).await?)?;
    let mut series = Series::default();
    for _ in 0..rounds {
        let started = thread_time();
        drop(black_box(ask(&source, &request).await?));
        series.push(thread_time().saturating_sub(started));
    }
    Ok(milliseconds(series.median()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_way_answers_with_the_records_it_asks_for() {
        let rows = r#"{"rows":[{"id":1,"status":"open","total":1.50},{"id":2,"status":"shipped","total":2}]}"#;
        let mut source = Source::new(rows.to_owned());
        let expected: [&[&str]; 4] = [
            &[r#"{"id":1,"status":"open","total":1.50}"#, r#"{"id":2,"status":"shipped","total":2}"#],
            &[r#"{"id":1,"status":"open","total":1.50}"#, r#"{"id":2,"status":"shipped","total":2}"#],
            &[r#"{"id":1,"status":"open","total":1.50}"#, r#"{"id":2,"status":"shipped","total":2}"#],
            &[r#"{"id":1,"status":"open","total":1.50}"#],
        ];
        for (way, expected) in WAYS.into_iter().zip(expected) {
            source.is_selected = way.is_selected;
            let request = format!(
                r#"{{"type":"QueryDataRequest","entityIdentifier":"{ENTITY}","connectorContext":{{}}{}}}"#,
                way.asks
            );
            source.prepare();
            let answer = ask(&source, &request).await.unwrap();
            let answer: serde_json::Value = serde_json::from_str(answer.get()).unwrap();
            assert_eq!(answer["records"], serde_json::json!(expected), "{}", way.name);
        }
    }
}
