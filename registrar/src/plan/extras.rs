//! What a function may have besides the necessary: tags, how long its log is kept, a version and an alias.

use std::collections::BTreeMap;

use super::{Change, Planner, RowState, Subject};
use crate::aws::Configuration;
use crate::observed::Function;
use crate::settings::{FunctionSettings, retention};
use crate::step::Step;
use crate::tags::{self, OWN_TAGS};

impl Planner<'_> {
    /// The user's tags of a new function, with the record of them.
    pub(super) fn tags_of_new(wanted: &FunctionSettings) -> BTreeMap<String, String> {
        tags::difference(&wanted_tags(wanted), &BTreeMap::new()).set
    }

    pub(super) fn update_tags(&mut self, wanted: &FunctionSettings, function: &Function) {
        let difference = tags::difference(&wanted_tags(wanted), &function.tags);
        if difference.is_empty() {
            return;
        }
        let shown = |key: &&String| key.as_str() != OWN_TAGS;
        let set = difference.set.keys().filter(shown).map(|key| {
            let there = function.tags.get(key).map(String::as_str);
            Change::new(format!("tag {key}"), there, difference.set.get(key).map(String::as_str))
        });
        let gone = difference
            .remove
            .iter()
            .filter(shown)
            .map(|key| Change::new(format!("tag {key}"), function.tags.get(key).map(String::as_str), None));
        let changes: Vec<_> = set.chain(gone).collect();
        let reason = if changes.is_empty() { "it is not recorded which tags are ours" } else { "the tags differ" };
        let function = function.arn.clone();
        self.step(Step::TagFunction { function, set: difference.set, remove: difference.remove }, reason, changes);
    }

    pub(super) fn log_retention(&mut self, wanted: &FunctionSettings) {
        let Some(days) = wanted.extras.log_retention.as_ref().map(|setting| setting.value) else { return };
        let attachments =
            self.observed.function.as_ref().map(|function| function.attachments.clone()).unwrap_or_default();
        let group = attachments.log_group_of(&self.settings.function_name.value);
        let (state, reason, from) = match &self.observed.log_group {
            // Nothing but the group's absence says that lines are kept for ever.
            Some(found) if found.retention == days => (RowState::InSync, "", None),
            Some(found) => (RowState::Differs, "it is kept otherwise", Some(retention(found.retention))),
            None => (RowState::Missing, "there is no such log group", None),
        };
        self.row(Subject::LogGroup, state, format!("{group}, kept {}", retention(days)));
        if state != RowState::InSync {
            let change = Change::new("retention", from.as_deref(), Some(&retention(days)));
            let create = state == RowState::Missing;
            self.step(Step::SetLogRetention { group, create, days }, reason, vec![change]);
        }
    }

    /// An alias points at a published version that is what the function will be.
    pub(super) fn alias(&mut self, wanted: &FunctionSettings) {
        let Some(alias) = wanted.extras.alias.as_ref().map(|setting| setting.value.clone()) else { return };
        let function = self.settings.function_name.value.clone();
        let there = self.observed.function.as_ref().filter(|_| !self.function_is_new);
        let sha256 = match (self.code, there) {
            (Some(code), _) => code.sha256.clone(),
            (None, Some(there)) => there.code_sha256.clone(),
            (None, None) => {
                self.row(Subject::Alias, RowState::Unknown, "not built");
                return;
            }
        };
        let observed = self.observed;
        let found = observed.alias.as_ref().filter(|_| !self.function_is_new);
        let target = self.configuration(wanted, there);
        let (state, reason) = match found {
            None => (RowState::Missing, "there is no such alias"),
            Some(found) if found.published.as_ref().is_some_and(|published| is(published, &sha256, &target)) => {
                self.row(Subject::Alias, RowState::InSync, format!("{alias}, at version {}", found.version));
                return;
            }
            Some(_) => (RowState::Differs, "it points at another code or configuration"),
        };
        let version = found.map(|found| found.version.as_str());
        let detail = version.map_or_else(|| alias.clone(), |version| format!("{alias}, at version {version}"));
        self.row(Subject::Alias, state, detail);
        let publish = Step::PublishVersion { function: function.clone(), code_sha256: sha256 };
        self.step(publish, "an alias points at a version", Vec::new());
        let change = Change::new("version", version, Some("(the one published)"));
        self.step(Step::PointAlias { function, alias }, reason, vec![change]);
    }
}

fn wanted_tags(wanted: &FunctionSettings) -> BTreeMap<String, String> {
    wanted.extras.tags.as_ref().map(|tags| tags.value.clone()).unwrap_or_default()
}

fn is((sha256, configuration): &(String, Configuration), wanted_sha256: &str, wanted: &Configuration) -> bool {
    sha256 == wanted_sha256 && configuration == wanted
}
