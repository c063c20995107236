//! The result: budgets with what was measured against them, and the figures behind that.

use std::fmt::{self, Write as _};

use serde::Serialize;

use crate::artefact::Artefact;
use crate::inside::Cost;
use crate::outside::{Comparison, Figures};

/// Everything that was measured.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) budgets: Vec<Budget>,
    pub(crate) processes: Vec<Comparison>,
    pub(crate) pages: Vec<Cost>,
    pub(crate) artefact: Artefact,
}

/// Where it was measured.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Machine {
    pub(crate) cores: usize,
    pub(crate) architecture: &'static str,
    pub(crate) system: &'static str,
}

/// A limit and how far it is used.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Budget {
    pub(crate) what: &'static str,
    pub(crate) limit: f64,
    /// None where the system does not tell.
    pub(crate) measured: Option<f64>,
    pub(crate) unit: &'static str,
    /// Whether a miss is one on every machine. Plain times are not: they depend on the machine and on what else it does.
    pub(crate) is_checked: bool,
}

impl Budget {
    /// Whether it is kept; what is not known is no miss.
    pub(crate) fn is_met(&self) -> bool {
        self.measured.is_none_or(|measured| measured <= self.limit)
    }
}

/// One million bytes.
const MEGABYTE: f64 = 1_000_000.0;

#[expect(clippy::cast_precision_loss, reason = "sizes here are far below 2^52")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / MEGABYTE
}

impl Report {
    /// Holds the figures against the budgets.
    pub(crate) fn new(artefact: Artefact, processes: Vec<Comparison>, pages: Vec<Cost>, warm: f64) -> Self {
        let of = |work: &str| processes.iter().find(|comparison| comparison.work.starts_with(work));
        let worst = |passes: fn(&Cost) -> f64| pages.iter().map(passes).max_by(f64::total_cmp);
        let budgets = vec![
            Budget {
                what: "Lambda artefact, release, zipped",
                limit: 4.0,
                measured: u64::try_from(artefact.zipped).ok().map(megabytes),
                unit: "MB",
                is_checked: true,
            },
            Budget {
                what: "process start to first poll of the Runtime API, p50",
                limit: 15.0,
                measured: of("DescribeConnectorConfiguration").map(|metadata| metadata.connector.start.p50),
                unit: "ms",
                is_checked: false,
            },
            Budget {
                what: "warm metadata request, inside the process, p50",
                limit: 0.2,
                measured: Some(warm),
                unit: "ms",
                is_checked: false,
            },
            Budget {
                what: "5 MB page to response, worst of the ways, in passes that build a tree",
                limit: 2.0,
                measured: worst(|cost| cost.tree_passes),
                unit: "×",
                is_checked: true,
            },
            Budget {
                what: "5 MB page to response, worst of the ways, in passes that only check",
                limit: 2.0,
                measured: worst(|cost| cost.checking_passes),
                unit: "×",
                is_checked: false,
            },
            Budget {
                what: "peak memory for a 5 MB page, largest of all rounds",
                limit: 40.0,
                measured: of("QueryData, 5 MB").and_then(|page| page.connector.peak_memory).map(megabytes),
                unit: "MB",
                is_checked: true,
            },
        ];
        let machine = Machine {
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            architecture: std::env::consts::ARCH,
            system: std::env::consts::OS,
        };
        Self { machine, budgets, processes, pages, artefact }
    }

    /// The checked budgets that are not kept.
    pub(crate) fn missed(&self) -> Vec<&'static str> {
        let missed = self.budgets.iter().filter(|budget| budget.is_checked && !budget.is_met());
        missed.map(|budget| budget.what).collect()
    }
}

impl fmt::Display for Report {
    /// Markdown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Machine { cores, architecture, system } = &self.machine;
        writeln!(f, "Measured on {cores} cores, {architecture}, {system}.\n")?;
        table(f, &["budget", "limit", "measured", "", "checked"], &self.budgets, |budget| {
            let measured = budget.measured.map(|measured| format!("{measured:.2} {}", budget.unit));
            vec![
                budget.what.to_owned(),
                format!("≤ {} {}", budget.limit, budget.unit),
                measured.unwrap_or_else(|| "unknown here".to_owned()),
                match (budget.measured, budget.is_met()) {
                    (None, _) => "",
                    (Some(_), true) => "met",
                    (Some(_), false) => "missed",
                }
                .to_owned(),
                if budget.is_checked { "yes" } else { "" }.to_owned(),
            ]
        })?;
        let both = |Figures { p50, p99 }: Figures| format!("{p50:.2} / {p99:.2}");
        let rows: Vec<_> = self
            .processes
            .iter()
            .flat_map(|Comparison { work, connector, echo, start_ratio, first_ratio, warm_ratio, processor_ratio }| {
                let peak = |peak: Option<u64>| peak.map_or_else(String::new, |peak| format!("{:.1}", megabytes(peak)));
                let row = |name: &str, who: &crate::outside::Measured| {
                    vec![
                        (*work).to_owned(),
                        name.to_owned(),
                        both(who.start),
                        both(who.first),
                        both(who.warm),
                        both(who.processor),
                        peak(who.peak_memory),
                    ]
                };
                let times = |ratio: &f64| format!("{ratio:.2} ×");
                let [start, first, warm, processor] =
                    [start_ratio, first_ratio, warm_ratio, processor_ratio].map(times);
                let memory = connector.peak_memory.zip(echo.peak_memory);
                let memory = memory
                    .map_or_else(String::new, |(own, floor)| format!("{:.2} ×", megabytes(own) / megabytes(floor)));
                let ratio = vec![(*work).to_owned(), "ratio".to_owned(), start, first, warm, processor, memory];
                [row("connector", connector), row("echo", echo), ratio]
            })
            .collect();
        writeln!(f, "\nWhole processes, milliseconds as p50 / p99; peak memory in MB:\n")?;
        table(f, &["work", "process", "start", "first", "warm", "warm, processor", "peak"], &rows, Clone::clone)?;
        writeln!(f, "\nInside the process, a 5 MB page to the bytes of a response:\n")?;
        table(f, &["page", "way", "processor ms", "checking passes", "tree passes"], &self.pages, |cost| {
            vec![
                cost.page.to_owned(),
                cost.way.to_owned(),
                format!("{:.1}", cost.milliseconds),
                format!("{:.2}", cost.checking_passes),
                format!("{:.2}", cost.tree_passes),
            ]
        })
    }
}

fn table<T>(f: &mut fmt::Formatter<'_>, head: &[&str], rows: &[T], cells: impl Fn(&T) -> Vec<String>) -> fmt::Result {
    writeln!(f, "| {} |", head.join(" | "))?;
    writeln!(f, "|{}", "---|".repeat(head.len()))?;
    for row in rows {
        f.write_char('|')?;
        for cell in cells(row) {
            write!(f, " {cell} |")?;
        }
        f.write_char('\n')?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outside::Measured;

    fn report(zipped: usize, peak_memory: Option<u64>, start: f64) -> Report {
        let figures = Figures { p50: start, p99: start };
        let measured = Measured { start: figures, first: figures, warm: figures, processor: figures, peak_memory };
        let comparison = |work| Comparison {
            work,
            connector: measured,
            echo: measured,
            start_ratio: 1.0,
            first_ratio: 1.0,
            warm_ratio: 1.0,
            processor_ratio: 1.0,
        };
        let cost = Cost { page: "page", way: "way", milliseconds: 1.0, checking_passes: 9.0, tree_passes: 1.5 };
        let artefact = Artefact { executable: 2 * zipped, zipped };
        Report::new(
            artefact,
            vec![comparison("DescribeConnectorConfiguration"), comparison("QueryData, 5 MB")],
            vec![cost],
            0.1,
        )
    }

    #[test]
    fn a_slow_machine_misses_nothing_that_is_checked() {
        let report = report(4_000_000, Some(40_000_000), 1_000.0);
        assert_eq!(report.missed(), <[&str; 0]>::default());
        assert!(report.budgets.iter().any(|budget| !budget.is_met()));
    }

    #[test]
    fn size_and_memory_are_checked_where_they_are_known() {
        assert_eq!(report(4_000_001, None, 1.0).missed(), ["Lambda artefact, release, zipped"]);
        assert_eq!(report(1, Some(40_000_001), 1.0).missed(), ["peak memory for a 5 MB page, largest of all rounds"]);
        assert!(report(1, None, 1.0).to_string().contains("| unknown here |"));
    }
}
