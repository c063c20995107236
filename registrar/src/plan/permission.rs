//! AppFlow's right to invoke the function.

use super::{Change, Planner, RowState, Subject};
use crate::policy::{Grant, Statement};
use crate::step::Step;

impl Planner<'_> {
    pub(super) fn permission(&mut self) {
        let observed = self.observed;
        let label = &self.settings.label.value;
        let grant = Grant::new(&observed.partition, &observed.region, &observed.account, label);
        let there: &[Statement] = if self.function_is_new { &[] } else { &observed.permissions };

        let is_granted = there.iter().any(|statement| {
            statement.equals(&grant, &self.plan.function_arn) && !Grant::is_of_another_label(&statement.id, label)
        });
        let prefix = Grant::prefix(label);
        let obsolete: Vec<_> = there
            .iter()
            .filter(|statement| statement.id.starts_with(&prefix))
            .filter(|statement| !statement.equals(&grant, &self.plan.function_arn))
            .map(|statement| statement.id.clone())
            .collect();

        let detail = format!("AppFlow in {} may invoke it", observed.region);
        let (state, reason) = match (is_granted, obsolete.is_empty()) {
            (true, true) => {
                self.row(Subject::Permission, RowState::InSync, detail);
                return;
            }
            (true, false) => (RowState::Differs, "older statements are left over"),
            (false, false) => (RowState::Differs, "the statement differs"),
            (false, true) => (RowState::Missing, "AppFlow may not invoke the function"),
        };
        self.row(Subject::Permission, state, detail);
        let mut changes: Vec<_> = obsolete.iter().map(|id| Change::new("statement", Some(id), None)).collect();
        let grant = (!is_granted).then_some(grant);
        changes.extend(grant.iter().map(|grant| Change::new("statement", None, Some(&grant.statement_id))));
        let step = Step::GrantInvoke { function: self.settings.function_name.value.clone(), grant, obsolete };
        self.step(step, reason, changes);
    }
}
