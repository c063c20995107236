//! What a conformance check found.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Serialize, Serializer};

use super::rule::Rule;
use crate::secret::Secret;

/// Findings of one rule that are shown; the others are counted.
const SHOWN: usize = 5;

/// Longest finding that is shown, in characters.
const LONGEST: usize = 600;

/// What a conformance check found: one verdict per rule.
///
/// `Display` is a tree of what failed, what was skipped and how much passed; `Serialize` is the whole for a machine.
#[derive(Debug, Clone, Default)]
pub struct Report {
    connector: String,
    calls: u64,
    notes: BTreeMap<Rule, Notes>,
    /// What must not be shown, whatever the connector says.
    hidden: Vec<Secret>,
}

#[derive(Debug, Clone, Default)]
struct Notes {
    checks: usize,
    findings: Vec<Finding>,
    skipped: Option<String>,
}

/// One breach of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// What it is about: an entity, a field, a call.
    pub subject: String,
    /// What was found there.
    pub found: String,
}

/// What became of one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict<'a> {
    /// It was checked so many times, and kept.
    Passed {
        /// How many checks there were.
        checks: usize,
    },
    /// It was broken.
    Failed(&'a [Finding]),
    /// It was not checked.
    Skipped {
        /// Why not.
        reason: &'a str,
    },
}

impl Report {
    pub(super) fn hiding(hidden: Vec<Secret>) -> Self {
        Self { hidden, ..Self::default() }
    }

    fn scrubbed(&self, text: String) -> String {
        self.hidden.iter().fold(text, |text, secret| text.replace(secret.expose(), "***"))
    }

    pub(super) fn passed(&mut self, rule: Rule) {
        self.notes.entry(rule).or_default().checks += 1;
    }

    pub(super) fn failed(&mut self, rule: Rule, subject: impl Into<String>, found: impl Into<String>) {
        let mut found = self.scrubbed(found.into());
        if let Some((end, _)) = found.char_indices().nth(LONGEST) {
            found.truncate(end);
            found.push('…');
        }
        let finding = Finding { subject: self.scrubbed(subject.into()), found };
        let notes = self.notes.entry(rule).or_default();
        notes.checks += 1;
        if !notes.findings.contains(&finding) {
            notes.findings.push(finding);
        }
    }

    /// Passed when there is no problem.
    pub(super) fn check(&mut self, rule: Rule, subject: &str, problem: Option<String>) {
        match problem {
            None => self.passed(rule),
            Some(found) => self.failed(rule, subject, found),
        }
    }

    /// Counts only while nothing else is known of the rule.
    pub(super) fn skipped(&mut self, rule: Rule, reason: impl Into<String>) {
        let reason = self.scrubbed(reason.into());
        self.notes.entry(rule).or_default().skipped.get_or_insert(reason);
    }

    pub(super) fn is_broken(&self, rule: Rule) -> bool {
        self.notes.get(&rule).is_some_and(|notes| !notes.findings.is_empty())
    }

    pub(super) fn of(&mut self, connector: String) {
        self.connector = self.scrubbed(connector);
    }

    pub(super) fn after(&mut self, calls: u64) {
        self.calls = calls;
    }

    /// The connector's name, as far as it told it.
    #[must_use]
    pub fn connector(&self) -> &str {
        &self.connector
    }

    /// Whether no rule was broken.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.broken().next().is_none()
    }

    /// The rules that were broken.
    pub fn broken(&self) -> impl Iterator<Item = Rule> {
        Rule::ALL.iter().copied().filter(|rule| self.is_broken(*rule))
    }

    /// What became of a rule.
    #[must_use]
    pub fn verdict(&self, rule: Rule) -> Verdict<'_> {
        match self.notes.get(&rule) {
            Some(notes) if !notes.findings.is_empty() => Verdict::Failed(&notes.findings),
            Some(notes) if notes.checks > 0 => Verdict::Passed { checks: notes.checks },
            Some(Notes { skipped: Some(reason), .. }) => Verdict::Skipped { reason },
            Some(_) | None => Verdict::Skipped { reason: "there was nothing to check it on" },
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.connector.is_empty() { "the connector" } else { &self.connector };
        writeln!(f, "conformance of {name}, {} calls", self.calls)?;
        let mut passed = 0;
        let mut counts = (0, 0);
        for &rule in Rule::ALL {
            match self.verdict(rule) {
                Verdict::Passed { .. } => passed += 1,
                Verdict::Failed(findings) => {
                    counts.0 += 1;
                    writeln!(f, "├─ FAILED  {rule}  {}", rule.title())?;
                    for Finding { subject, found } in findings.iter().take(SHOWN) {
                        writeln!(f, "│    {subject}: {found}")?;
                    }
                    if let Some(more) = findings.len().checked_sub(SHOWN).filter(|more| *more > 0) {
                        writeln!(f, "│    and {more} more")?;
                    }
                    writeln!(f, "│    fix: {}", rule.fix())?;
                }
                Verdict::Skipped { reason } => {
                    counts.1 += 1;
                    writeln!(f, "├─ skipped {rule}  {}: {reason}", rule.title())?;
                }
            }
        }
        write!(f, "└─ {passed} passed, {} failed, {} skipped", counts.0, counts.1)
    }
}

#[derive(Serialize)]
struct Line<'a> {
    code: Rule,
    title: &'static str,
    verdict: &'static str,
    checks: usize,
    findings: &'a [Finding],
    reason: Option<&'a str>,
    fix: Option<&'static str>,
}

#[derive(Serialize)]
struct Whole<'a> {
    connector: &'a str,
    calls: u64,
    success: bool,
    rules: Vec<Line<'a>>,
}

impl Serialize for Report {
    /// `{"connector":…,"calls":…,"success":…,"rules":[{"code":"AF-C01","title":…,"verdict":"passed",…}]}`
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rules = Rule::ALL.iter().map(|&rule| {
            let line = Line {
                code: rule,
                title: rule.title(),
                verdict: "passed",
                checks: self.notes.get(&rule).map_or(0, |notes| notes.checks),
                findings: &[],
                reason: None,
                fix: None,
            };
            match self.verdict(rule) {
                Verdict::Passed { .. } => line,
                Verdict::Failed(findings) => Line { verdict: "failed", findings, fix: Some(rule.fix()), ..line },
                Verdict::Skipped { reason } => Line { verdict: "skipped", reason: Some(reason), ..line },
            }
        });
        let whole =
            Whole { connector: &self.connector, calls: self.calls, success: self.is_success(), rules: rules.collect() };
        whole.serialize(serializer)
    }
}
