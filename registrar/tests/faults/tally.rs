//! Counts what was tried and how it ended, and collects what ended otherwise than it should.

use std::collections::BTreeMap;
use std::io::Write;

/// How a run has to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// As an undisturbed run does.
    Converges,
    /// With this exit code; an undisturbed run afterwards does the rest.
    Stops(u8),
}

impl End {
    /// The exit code.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Converges => 0,
            Self::Stops(code) => code,
        }
    }
}

/// The counts of one test.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    ended: BTreeMap<u8, u32>,
    requests: usize,
    wrong: Vec<String>,
}

impl Tally {
    /// Counts a run.
    pub(crate) fn count(&mut self, code: u8, requests: usize) {
        *self.ended.entry(code).or_default() += 1;
        self.requests += requests;
    }

    /// Takes note of a run that did not end as it should.
    pub(crate) fn wrong(&mut self, what: impl Into<String>) {
        self.wrong.push(what.into());
    }

    /// Prints the counts past the test runner's capture, and fails if anything was wrong.
    #[track_caller]
    pub(crate) fn conclude(self, title: &str) {
        let cells: u32 = self.ended.values().sum();
        let converged = self.ended.get(&0).copied().unwrap_or_default();
        let stopped: Vec<_> = self
            .ended
            .iter()
            .filter(|(code, _)| **code != 0)
            .map(|(code, count)| format!("{count} stopped with exit code {code}"))
            .collect();
        let stopped = if stopped.is_empty() { String::new() } else { format!(", {}", stopped.join(", ")) };
        let line =
            format!("fault matrix, {title}: {cells} cells, {converged} converged{stopped}; {} requests", self.requests);
        writeln!(std::io::stderr(), "{line}").expect("standard error is open");
        assert!(cells > 0, "nothing was tried");
        assert!(self.wrong.is_empty(), "{} wrong:\n{}", self.wrong.len(), self.wrong.join("\n"));
    }
}
