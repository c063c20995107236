//! A plan as a person wants to read it.

use crate::plan::{Change, Plan, PlannedStep, Row};

/// The whole plan.
#[must_use]
pub fn plan(plan: &Plan) -> String {
    let mut parts = vec![rows(plan)];
    for refusal in &plan.refusals {
        parts.push(format!("\nin the way: {}\n  {}\n", refusal.message, refusal.hint));
    }
    if plan.is_empty() && plan.refusals.is_empty() {
        parts.push("\nnothing to do\n".to_owned());
    } else if !plan.is_empty() {
        parts.push("\n".to_owned());
    }
    for (index, step) in plan.steps.iter().enumerate() {
        parts.push(numbered(index + 1, step));
    }
    if !plan.is_empty() && plan.refusals.is_empty() {
        parts.push("\nnothing is changed yet; \"registrar deploy\" with the same options does this\n".to_owned());
    }
    parts.concat()
}

fn numbered(number: usize, step: &PlannedStep) -> String {
    let condition = if step.is_conditional { "if it differs: " } else { "" };
    let mut parts = vec![format!("{number:>3}. {condition}{} ({})\n", step.action.description(), step.reason)];
    parts.extend(step.changes.iter().map(change));
    parts.concat()
}

fn change(change: &Change) -> String {
    let Change { field, from, to, breaks } = change;
    let breaks = breaks.map(|what| format!("  (breaking: {what})")).unwrap_or_default();
    match (from, to) {
        (Some(from), Some(to)) => format!("       {field}: {from} -> {to}{breaks}\n"),
        (None, Some(to)) => format!("       {field}: {to}{breaks}\n"),
        (Some(from), None) => format!("       {field}: {from} -> (gone){breaks}\n"),
        (None, None) => format!("       {field}{breaks}\n"),
    }
}

/// Which connector it is, and one line per resource.
#[must_use]
pub fn rows(plan: &Plan) -> String {
    let Plan { label, account, region, rows, .. } = plan;
    let lines: Vec<_> = rows.iter().map(row).collect();
    format!("connector {label} in account {account}, {region}\n\n{}", lines.concat())
}

fn row(row: &Row) -> String {
    format!("  {:<13} {:<13} {}\n", row.subject, row.state, row.detail)
}

/// The ARNs that matter afterwards.
#[must_use]
pub fn arns(plan: &Plan, connector_arn: Option<&str>) -> String {
    let function = format!("function   {}\n", plan.function_arn);
    let connector = connector_arn.map(|arn| format!("connector  {arn}\n"));
    [function, connector.unwrap_or_default()].concat()
}
