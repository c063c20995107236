//! Whole processes: the connector, and in turns with it the bare runtime.

use std::path::Path;

use appflow_sdk::protocol::{Operation, Response};
use axum::body::Bytes;
use serde::Serialize;

use crate::Failure;
use crate::host::Upstream;
use crate::page::{self, ENTITY, Shape};
use crate::process::Process;
use crate::salesforce;
use crate::series::{Series, milliseconds};

/// Invocations of a process after its first: metadata requests, pages, work through the Salesforce manifest.
const WARM: (usize, usize, usize) = (50, 10, 10);

/// The executables.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Contestants<'a> {
    pub(crate) connector: &'a Path,
    pub(crate) echo: &'a Path,
}

/// Figures of a series, in milliseconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Figures {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

/// One contestant's figures for one kind of work.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Measured {
    pub(crate) start: Figures,
    pub(crate) first: Figures,
    pub(crate) warm: Figures,
    /// Processor time of a warm invocation.
    pub(crate) processor: Figures,
    /// The largest of all rounds, in bytes; none where the system does not tell.
    pub(crate) peak_memory: Option<u64>,
}

/// Both contestants' figures for one kind of work.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Comparison {
    /// What was asked for.
    pub(crate) work: &'static str,
    pub(crate) connector: Measured,
    pub(crate) echo: Measured,
    /// How many times the echo's time the connector takes.
    pub(crate) start_ratio: f64,
    pub(crate) first_ratio: f64,
    pub(crate) warm_ratio: f64,
    pub(crate) processor_ratio: f64,
}

/// What one contestant is given, and the times that it took.
struct Turn<'a> {
    executable: &'a Path,
    manifest: Option<&'a Path>,
    payload: Bytes,
    start: Series,
    first: Series,
    warm: Series,
    processor: Series,
    peak_memory: Option<u64>,
}

/// Measures metadata requests and pages, then the same and inserts through the Salesforce manifest.
pub(crate) async fn measure(contestants: Contestants<'_>, rounds: usize) -> Result<Vec<Comparison>, Failure> {
    let mut measured = common(contestants, rounds).await?;
    measured.extend(with_salesforce(contestants, rounds.div_ceil(4)).await?);
    Ok(measured)
}

/// Work through the Salesforce manifest. The bare runtime gets as much text as the connector gets from either side.
async fn with_salesforce(contestants: Contestants<'_>, rounds: usize) -> Result<Vec<Comparison>, Failure> {
    let upstream = Upstream::serve(salesforce::router()).await?;
    let folder = tempfile::tempdir()?;
    let manifest = folder.path().join("connector.toml");
    std::fs::write(&manifest, salesforce::manifest(upstream.base_url()))?;
    let mut measured = Vec::new();
    for (work, operation, request, floor) in [
        ("DescribeEntity, 500 fields", Operation::DescribeEntity, salesforce::metadata(), salesforce::describe()),
        ("QueryData, 5,000 × 500 B", Operation::QueryData, salesforce::query(), salesforce::all_pages()),
        ("WriteData, 100 inserts", Operation::WriteData, salesforce::insert(), salesforce::insert()),
    ] {
        let turns = [
            Turn::new(contestants.connector, Some(&manifest), request.into()),
            Turn::new(contestants.echo, None, floor.into()),
        ];
        measured.push(compare(work, operation, turns, rounds, WARM.2).await?);
    }
    Ok(measured)
}

async fn common(contestants: Contestants<'_>, rounds: usize) -> Result<Vec<Comparison>, Failure> {
    let page = Shape::LONG.page();
    let upstream = Upstream::start(page.clone()).await?;
    let folder = tempfile::tempdir()?;
    let manifest = folder.path().join("connector.toml");
    std::fs::write(&manifest, page::manifest(upstream.base_url()))?;

    let request = Bytes::from_static(br#"{"type":"DescribeConnectorConfigurationRequest","locale":"en-US"}"#);
    let metadata = [
        Turn::new(contestants.connector, Some(&manifest), request.clone()),
        Turn::new(contestants.echo, None, request),
    ];
    let metadata =
        compare("DescribeConnectorConfiguration", Operation::DescribeConnectorConfiguration, metadata, rounds, WARM.0);
    let metadata = metadata.await?;

    let request = format!(
        r#"{{"type":"QueryDataRequest","entityIdentifier":"{ENTITY}","maxResults":100000,"connectorContext":{{}}}}"#
    );
    let pages = [
        Turn::new(contestants.connector, Some(&manifest), request.into()),
        // As much text goes through the bare runtime.
        Turn::new(contestants.echo, None, page.into()),
    ];
    let pages = compare("QueryData, 5 MB", Operation::QueryData, pages, rounds.div_ceil(4), WARM.1).await?;
    Ok(vec![metadata, pages])
}

/// In each round both processes start, then take turns invocation by invocation.
async fn compare(
    work: &'static str,
    operation: Operation,
    [mut connector, mut echo]: [Turn<'_>; 2],
    rounds: usize,
    warm: usize,
) -> Result<Comparison, Failure> {
    for _ in 0..rounds {
        let mut processes = [connector.start().await?, echo.start().await?];
        let first = connector.first(&mut processes[0]).await?;
        judge(operation, &first)?;
        echo.first(&mut processes[1]).await?;
        for _ in 0..warm {
            connector.again(&mut processes[0]).await?;
            echo.again(&mut processes[1]).await?;
        }
        connector.look_at(&processes[0]);
        echo.look_at(&processes[1]);
        let [first, second] = processes;
        first.stop().await?;
        second.stop().await?;
    }
    Ok(Comparison {
        work,
        start_ratio: connector.start.ratio_to(&echo.start),
        first_ratio: connector.first.ratio_to(&echo.first),
        warm_ratio: connector.warm.ratio_to(&echo.warm),
        processor_ratio: connector.processor.ratio_to(&echo.processor),
        connector: connector.measured(),
        echo: echo.measured(),
    })
}

/// A fast failure is no measurement, and neither is a page that was cut.
fn judge(operation: Operation, answer: &[u8]) -> Result<(), Failure> {
    let response = Response::decode(operation, answer)?;
    response.outcome().map_err(|details| format!("the connector failed: {details:?}"))?;
    match response {
        Response::QueryData(page) if page.next_token.is_some() => {
            Err("the connector did not return the whole page".into())
        }
        Response::WriteData(written)
            if written.write_record_results.as_ref().map_or(0, Vec::len) != salesforce::INSERTS =>
        {
            Err("the connector did not report every record".into())
        }
        _ => Ok(()),
    }
}

impl<'a> Turn<'a> {
    fn new(executable: &'a Path, manifest: Option<&'a Path>, payload: Bytes) -> Self {
        let (start, first, warm, processor) = Default::default();
        Self { executable, manifest, payload, start, first, warm, processor, peak_memory: None }
    }

    async fn start(&mut self) -> Result<Process, Failure> {
        let process = Process::start(self.executable, self.manifest).await?;
        self.start.push(process.start);
        Ok(process)
    }

    async fn first(&mut self, process: &mut Process) -> Result<Bytes, Failure> {
        let answer = process.invoke(&self.payload).await?;
        self.first.push(answer.took);
        Ok(answer.body)
    }

    async fn again(&mut self, process: &mut Process) -> Result<(), Failure> {
        let before = process.processor_time();
        self.warm.push(process.invoke(&self.payload).await?.took);
        if let (Some(before), Some(after)) = (before, process.processor_time()) {
            self.processor.push(after.saturating_sub(before));
        }
        Ok(())
    }

    fn look_at(&mut self, process: &Process) {
        self.peak_memory = self.peak_memory.max(process.peak_memory());
    }

    fn measured(&self) -> Measured {
        let figures =
            |series: &Series| Figures { p50: milliseconds(series.median()), p99: milliseconds(series.percentile(99)) };
        Measured {
            start: figures(&self.start),
            first: figures(&self.first),
            warm: figures(&self.warm),
            processor: figures(&self.processor),
            peak_memory: self.peak_memory,
        }
    }
}
