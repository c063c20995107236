//! The records of one entity as a server has them: the computed ones, and over them what was changed, added and deleted.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::change::Changes;
use super::member::Member;
use super::rejection::Rejection;
use super::row::{Row, quoted};
use super::store::Records;

/// Largest number of a record that a client may choose, so that numbers are left for new ones.
const MOST: u32 = 999_999_999;

/// An entity whose records can be written.
pub(super) trait Entity: Sized + 'static {
    /// What one record is called.
    const NAME: &'static str;
    /// The number of the first computed record; the others follow without a gap.
    const FIRST: u32;
    /// An id, to show its form.
    const EXAMPLE: &'static str;
    /// The members of a record, in order.
    const MEMBERS: &'static [Member];

    /// The computed records.
    fn generated() -> &'static [Self];
    /// The id of a number.
    fn id(number: u32) -> String;
    /// The id of a number, as JSON.
    fn id_json(number: u32) -> String {
        quoted(&Self::id(number))
    }
    /// Where the records are.
    fn table(records: &Records) -> &Table<Self>;
    /// Where the records are.
    fn table_mut(records: &mut Records) -> &mut Table<Self>;
    /// The record's text.
    fn row(&self) -> &Row;
    /// The record of a text; none if a member that filters look at is not as it must be.
    fn read(row: Row) -> Option<Self>;
    /// Sets the members that follow from others.
    ///
    /// # Errors
    /// What the others must be.
    fn compute(_: &mut BTreeMap<&'static str, String>) -> Result<(), Rejection> {
        Ok(())
    }
    /// Checks what changes against the other records.
    ///
    /// # Errors
    /// What does not fit.
    fn check(changes: &Changes, number: u32, records: &Records) -> Result<(), Rejection>;

    /// The number of an id; none if the id has not the form of one.
    fn number(id: &str) -> Option<u32> {
        let digits = id.trim_start_matches(|next: char| !next.is_ascii_digit());
        let number = digits.parse().ok().filter(|number| (1..=MOST).contains(number))?;
        (Self::id(number) == id).then_some(number)
    }
}

/// The records of one entity.
#[derive(Debug)]
pub(super) struct Table<E> {
    /// By number: the record as it is now, or none if it was deleted.
    changes: BTreeMap<u32, Option<Arc<E>>>,
    /// The highest number that was ever written.
    highest: u32,
}

impl<E> Default for Table<E> {
    fn default() -> Self {
        Self { changes: BTreeMap::new(), highest: 0 }
    }
}

impl<E> Clone for Table<E> {
    fn clone(&self) -> Self {
        Self { changes: self.changes.clone(), highest: self.highest }
    }
}

impl<E: Entity> Table<E> {
    /// The record of a number.
    pub(super) fn get(&self, number: u32) -> Option<&E> {
        match self.changes.get(&number) {
            Some(record) => record.as_deref(),
            None => E::generated().get(usize::try_from(number.checked_sub(E::FIRST)?).ok()?),
        }
    }

    /// The record of an id.
    pub(super) fn find(&self, id: &str) -> Option<&E> {
        self.get(E::number(id)?)
    }

    /// The records, in the order of their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = &E> {
        let before = self.changes.range(..E::FIRST).filter_map(|(_, record)| record.as_deref());
        let computed = (E::FIRST..)
            .zip(E::generated())
            .filter_map(|(number, record)| self.changes.get(&number).map_or(Some(record), Option::as_deref));
        let after = self.changes.range(Self::behind()..).filter_map(|(_, record)| record.as_deref());
        before.chain(computed).chain(after)
    }

    /// The number behind the computed records.
    fn behind() -> u32 {
        E::FIRST + u32::try_from(E::generated().len()).unwrap_or_default()
    }

    /// The number of the next new record. Numbers of deleted records do not come back.
    pub(super) fn next(&self) -> u32 {
        Self::behind().max(self.highest.saturating_add(1))
    }

    /// Puts a record in the place of its number.
    pub(super) fn put(&mut self, number: u32, record: E) {
        self.highest = self.highest.max(number);
        self.changes.insert(number, Some(Arc::new(record)));
    }

    /// Takes a record away; false if there is none.
    pub(super) fn remove(&mut self, number: u32) -> bool {
        let is_there = self.get(number).is_some();
        if is_there {
            self.changes.insert(number, None);
        }
        is_there
    }
}
