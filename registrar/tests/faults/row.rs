//! One error that a service answers, where, and what has to come of it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::bench::Scene;
use crate::cell::{Cell, Model};
use crate::cloud::Cloud;
use crate::fault::{Answer, Fault};
use crate::tally::{End, Tally};
use crate::wire::{Spoil, Times};

/// A row: an error of a call, what comes of it once, and what if it stays.
#[derive(Debug)]
pub(crate) struct Row {
    /// The command.
    pub(crate) scene: Scene,
    /// The call, as in `CreateFunction`.
    pub(crate) operation: &'static str,
    /// The HTTP status.
    pub(crate) status: u16,
    /// The code.
    pub(crate) code: &'static str,
    /// The service's text, with the fragment by which it is told from others of the code.
    pub(crate) message: &'static str,
    /// If it is answered once.
    pub(crate) once: End,
    /// If it is answered from then on.
    pub(crate) always: End,
    /// What the way out has to say when it stops.
    pub(crate) says: &'static str,
}

/// Passes if it happens once; stops if it stays.
pub(crate) const PASSES: (End, End) = (End::Converges, End::Stops(4));

/// Passes if it happens once; runs out of time if it stays.
pub(crate) const WAITS: (End, End) = (End::Converges, End::Stops(5));

/// Trying again is no use, and is not done.
pub(crate) const STOPS: (End, End) = (End::Stops(4), End::Stops(4));

/// An error with its text.
pub(crate) type Error = (u16, &'static str, &'static str);

/// A row in short.
pub(crate) const fn row(
    scene: Scene,
    operation: &'static str,
    (status, code, message): Error,
    (once, always): (End, End),
    says: &'static str,
) -> Row {
    Row { scene, operation, status, code, message, once, always, says }
}

/// Tries rows of one scene or several.
pub(crate) async fn try_rows(rows: &[Row], title: &str) {
    let cloud = Cloud::start().await;
    let mut models = BTreeMap::new();
    let mut tally = Tally::default();
    for row in rows {
        let model = match models.entry(row.scene) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(Model::of(&cloud, row.scene).await),
        };
        for (times, end) in [(Times::Only(1), row.once), (Times::Always, row.always)] {
            let Row { scene, operation, status, code, message, says, .. } = *row;
            let fault = Fault::Refused(Answer { status, code, message });
            let cell = Cell {
                scene,
                spoil: Spoil { operation, from: 1, times, fault },
                end,
                says: &[says],
                title: format!("{scene:?}, {operation}, {code} {message:?}, {times:?}"),
            };
            cell.try_out(&cloud, model, &mut tally).await;
        }
    }
    tally.conclude(title);
}
