//! The steps from request to response, one by one: for finding out which of them a change made slower.
//!
//! The figures are this machine's. What the project promises is measured by `appflow-bench`, beside a floor.

#![expect(clippy::expect_used, reason = "a benchmark that measures a failure is to stop")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use appflow_sdk::filter::{Evaluator, Filter};
use appflow_sdk::protocol::{
    DescribeConnectorConfigurationRequest, DescribeConnectorConfigurationResponse, DescribeEntityRequest,
    DescribeEntityResponse, EntityDefinition, FieldDataType, FieldDefinition, ListEntitiesRequest,
    ListEntitiesResponse, Operation, QueryDataRequest, QueryDataResponse, Record, Request, Response,
};
use appflow_sdk::{Catalogue, Connector, ConnectorError, InvocationContext, Secret, Selection, handle};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde_json::value::RawValue;

/// A request of each kind, as the documentation shows it.
fn requests() -> Vec<(Operation, &'static str)> {
    let page = include_str!("../../docs/protocol.md");
    let request = |operation: Operation| {
        let (_, section) = page.split_once(&format!("\n## {operation}\n"))?;
        let (_, block) = section.split_once("```json\n")?;
        Some((operation, block.split_once("```")?.0))
    };
    Operation::ALL.into_iter().filter_map(request).collect()
}

/// Fields `field_00`, `field_01` …, of which every third is a number.
fn definition(fields: usize) -> EntityDefinition {
    let field = |index: usize| {
        let kind = if index.is_multiple_of(3) { FieldDataType::BigDecimal } else { FieldDataType::String };
        FieldDefinition::new(format!("field_{index:02}"), kind)
    };
    EntityDefinition::new("wide", (0..fields).map(field).collect())
}

/// A record of that entity.
fn record(fields: usize) -> Box<RawValue> {
    let member = |index: usize| {
        let value =
            if index.is_multiple_of(3) { format!("{index}.50") } else { format!("\"text {index} \\\"é\\\"\"") };
        format!("\"field_{index:02}\":{value}")
    };
    let members: Vec<_> = (0..fields).map(member).collect();
    RawValue::from_string(format!("{{{}}}", members.join(","))).expect("it is JSON")
}

fn decode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode");
    let requests = requests();
    assert_eq!(requests.len(), Operation::ALL.len(), "docs/protocol.md shows every request");
    for (operation, request) in requests {
        group.throughput(Throughput::Bytes(request.len() as u64));
        group.bench_function(operation.name(), |bencher| {
            bencher.iter(|| Request::decode(black_box(request.as_bytes())).expect("it is a request"));
        });
    }
}

fn filter(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("filter");
    let text = "field_00 > 10 and (field_01 = 'open' or field_02 contains 'x') and field_03 between 1 and 5.5";
    let definition = definition(30);
    let filter = Filter::parse(text).expect("it is a filter");
    let condition = filter.condition.expect("it has a condition");
    group.bench_function("parse", |bencher| bencher.iter(|| Filter::parse(black_box(text)).expect("it is a filter")));
    group.bench_function("resolve", |bencher| {
        bencher.iter(|| Evaluator::new(black_box(&condition), &definition).expect("it fits the entity"));
    });
    let evaluator = Evaluator::new(&condition, &definition).expect("it fits the entity");
    let number: &RawValue = serde_json::from_str("12.5").expect("it is JSON");
    let text: &RawValue = serde_json::from_str("\"open\"").expect("it is JSON");
    group.bench_function("evaluate", |bencher| {
        let value_of = |name: &str| Some(if matches!(name, "field_00" | "field_03") { number } else { text });
        bencher.iter(|| evaluator.matches(black_box(value_of)).expect("the values have the declared types"));
    });
}

fn select(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("select");
    for fields in [10, 30, 100] {
        let (definition, record) = (definition(fields), record(fields));
        group.throughput(Throughput::Bytes(record.get().len() as u64));
        let few = ["field_01".to_owned(), "field_05".to_owned(), "field_09".to_owned()];
        for (name, selected) in [("3", Some(&few[..])), ("all", None)] {
            let selection = Selection::new(&definition, selected, None).expect("the fields are there");
            group.bench_function(format!("{name} of {fields} fields"), |bencher| {
                bencher.iter(|| selection.apply(black_box(&record)).expect("it is an object"));
            });
        }
    }
}

fn write(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("write");
    let record = Record::from_raw(record(30)).expect("it is an object");
    let page = QueryDataResponse::new(vec![record; 1_000], None);
    let bytes: usize = page.records().iter().map(|record| record.get().len()).sum();
    group.throughput(Throughput::Bytes(bytes as u64));
    let response = Response::from(page);
    group.bench_function("1000 records", |bencher| {
        bencher.iter(|| serde_json::to_string(black_box(&response)).expect("it is written"));
    });
}

/// Answers from what it knows.
struct Fixed(Catalogue);

impl Connector for Fixed {
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
        self.0.list(&request)
    }

    async fn describe_entity(
        &self,
        request: DescribeEntityRequest,
        _: &InvocationContext,
    ) -> Result<DescribeEntityResponse, ConnectorError> {
        self.0.describe(&request)
    }

    async fn query_data(
        &self,
        _: QueryDataRequest,
        _: &InvocationContext,
    ) -> Result<QueryDataResponse, ConnectorError> {
        Ok(QueryDataResponse::new(Vec::new(), None))
    }
}

fn dispatch(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("dispatch");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime starts");
    let connector = Fixed(Catalogue::new(vec![definition(30)]));
    let secrets = Arc::new(BTreeMap::<String, Secret>::new());
    for (operation, request) in [
        (Operation::DescribeConnectorConfiguration, r#"{"type":"DescribeConnectorConfigurationRequest"}"#),
        (Operation::ListEntities, r#"{"type":"ListEntitiesRequest","connectorContext":{}}"#),
        (
            Operation::DescribeEntity,
            r#"{"type":"DescribeEntityRequest","entityIdentifier":"wide","connectorContext":{}}"#,
        ),
    ] {
        group.bench_function(operation.name(), |bencher| {
            bencher.iter(|| {
                let context = InvocationContext::new("benchmark", Duration::from_secs(10), Arc::clone(&secrets) as _);
                let answer = runtime.block_on(handle(&connector, black_box(request.as_bytes()), context));
                answer.expect("it is a request")
            });
        });
    }
}

criterion_group!(steps, decode, filter, select, write, dispatch);
criterion_main!(steps);
