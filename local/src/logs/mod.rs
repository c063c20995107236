//! CloudWatch Logs: groups with their retention, and what functions printed.
//!
//! | file | what |
//! |---|---|
//! | `api` | the operations |
//! | `group`, `event` | what is remembered |
//! | `pattern` | filter patterns |
//!
//! Groups are remembered in a document; lines in a file for each group, the last of them only. Retention is kept, not
//! acted on. What a function prints is recorded whether or not its role allows it.

mod api;
mod event;
mod group;
mod pattern;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use self::event::Events;
use self::group::{Group, Groups};
use crate::failure::ApiError;
use crate::store::{Store, StoreError, create_private_dir};

/// Name of the state document.
const DOCUMENT: &str = "logs";

/// CloudWatch Logs; cheap to clone.
#[derive(Clone)]
pub(crate) struct Logs(Arc<Inner>);

struct Inner {
    store: Arc<Store>,
    /// Where the files of lines are.
    dir: PathBuf,
    state: Mutex<State>,
}

struct State {
    groups: Groups,
    /// The lines of each region's groups, read when they are first asked for.
    events: BTreeMap<(String, String), Events>,
}

/// Where one process of a function logs to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stream<'a> {
    /// The function's region.
    pub(crate) region: &'a str,
    /// As in `/aws/lambda/acme`.
    pub(crate) group: &'a str,
    /// As in `2026/11/22/[$LATEST]0123456789abcdef0123456789abcdef`.
    pub(crate) name: &'a str,
}

impl Logs {
    /// Takes up the groups of a state directory.
    pub(crate) fn open(store: Arc<Store>) -> Result<Self, StoreError> {
        let dir = store.dir().join("log-events");
        create_private_dir(&dir)?;
        let groups = store.load(DOCUMENT)?;
        let state = Mutex::new(State { groups, events: BTreeMap::new() });
        Ok(Self(Arc::new(Inner { store, dir, state })))
    }

    /// Records what was printed, line by line. The group is made when it is not there, as Lambda does.
    ///
    /// All lines get the time of this call: when each was printed is not known.
    pub(crate) fn record(&self, stream: Stream<'_>, text: &str) -> Result<(), StoreError> {
        let mut state = self.state();
        if state.groups.get(stream.region, stream.group).is_none() {
            let mut changed = state.groups.clone();
            changed.insert(stream.region, stream.group, Group::new(Timestamp::now()));
            self.0.store.save(DOCUMENT, &changed)?;
            state.groups = changed;
        }
        let now = Timestamp::now().as_millisecond();
        self.events(&mut state, stream.region, stream.group)?.append(stream.name, text, now)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic in between leaves nothing half done: documents are put in place whole.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lines of a group.
    fn events<'a>(&self, state: &'a mut State, region: &str, group: &str) -> Result<&'a mut Events, StoreError> {
        use std::collections::btree_map::Entry;
        match state.events.entry((region.to_owned(), group.to_owned())) {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => Ok(entry.insert(Events::open(&self.0.dir, region, group)?)),
        }
    }

    /// Changes the groups. The change is on disk before it is visible; one that fails changes nothing.
    fn change<R>(
        &self,
        state: &mut State,
        change: impl FnOnce(&mut Groups) -> Result<R, ApiError>,
    ) -> Result<R, ApiError> {
        let mut changed = state.groups.clone();
        let result = change(&mut changed)?;
        self.0.store.save(DOCUMENT, &changed).map_err(|error| ApiError::internal(&error))?;
        state.groups = changed;
        Ok(result)
    }
}
