//! Writes a record: reads what is given, fills in what is not, and puts the result in its place.

use std::collections::BTreeMap;

use http::StatusCode;
use jiff::Timestamp;

use super::member::{Fallback, Given, Member};
use super::moment::Moments;
use super::rejection::Rejection;
use super::row::{Row, RowWriter};
use super::store::Records;
use super::table::Entity;

/// The member that names a record.
const ID: &str = "id";

/// The members that are given, each as it will be kept.
#[derive(Debug, Default)]
pub(super) struct Changes(BTreeMap<&'static str, String>);

/// Which record is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// A new one, with a number that the API chooses.
    New,
    /// One that is there.
    Existing(u32),
    /// One that is there, or a new one with this number.
    Either(u32),
}

/// A record that was written.
#[derive(Debug)]
pub(super) struct Written {
    /// Its id, as JSON.
    pub(super) id: String,
    /// The whole record, as JSON.
    pub(super) json: String,
    /// Whether it is new.
    pub(super) is_new: bool,
}

impl Changes {
    /// Reads the members of a record. The id is read by [`given_id`] and passed over here.
    pub(super) fn read<E: Entity>(given: &Given<'_>) -> Result<Self, Rejection> {
        let mut changes = BTreeMap::new();
        for (name, value) in given.iter().filter(|(name, _)| *name != ID) {
            let Some(member) = E::MEMBERS.iter().find(|member| member.name == name) else {
                return Err(Rejection::invalid(name, format!("{name:?} is no member of {}s", E::NAME)));
            };
            let read = member.read(value.get()).map_err(|wrong| Rejection::invalid(name, format!("{name} {wrong}")))?;
            changes.insert(member.name, read);
        }
        Ok(Self(changes))
    }

    /// The text of a member that is given and not null.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.0.get(name)?).ok()
    }

    /// Checks that a member which is given names a record that is there.
    pub(super) fn check_reference<E: Entity>(&self, name: &str, records: &Records) -> Result<(), Rejection> {
        match self.text(name).filter(|id| E::table(records).find(id).is_none()) {
            None => Ok(()),
            Some(id) => {
                Err(Rejection::invalid(name, format!("{name} names the {} {id:?}, which is not there", E::NAME)))
            }
        }
    }
}

/// The number in the member `id`, if it is given.
pub(super) fn given_id<E: Entity>(given: &Given<'_>) -> Result<Option<u32>, Rejection> {
    let Some(value) = given.get(ID) else { return Ok(None) };
    let json = value.get();
    let id = serde_json::from_str::<String>(json).unwrap_or_else(|_| json.to_owned());
    match E::number(&id).filter(|number| E::id_json(*number) == json) {
        Some(number) => Ok(Some(number)),
        None => Err(malformed_id::<E>()),
    }
}

/// The refusal of an id that no record can have.
pub(super) fn malformed_id<E: Entity>() -> Rejection {
    Rejection::invalid(ID, format!("ids of {}s have the form {}", E::NAME, E::EXAMPLE))
}

impl Records {
    /// Writes a record.
    pub(super) fn save<E: Entity>(
        &mut self,
        target: Target,
        changes: &Changes,
        now: Timestamp,
    ) -> Result<Written, Rejection> {
        let table = E::table(self);
        let (number, previous) = match target {
            Target::New => (table.next(), None),
            Target::Existing(number) | Target::Either(number) => (number, table.get(number)),
        };
        if previous.is_none() && matches!(target, Target::Existing(_)) {
            return Err(Rejection::not_found(E::NAME, &E::id(number)));
        }
        let is_new = previous.is_none();
        E::check(changes, number, self)?;
        let row = compose::<E>(number, previous.map(E::row), changes, now)?;
        let written = Written { id: E::id_json(number), json: row.json().to_owned(), is_new };
        let record = E::read(row).ok_or_else(|| {
            let message = format!("the {} cannot be read as it would be kept", E::NAME);
            Rejection::new(StatusCode::INTERNAL_SERVER_ERROR, message)
        })?;
        E::table_mut(self).put(number, record);
        Ok(written)
    }

    /// Deletes a record.
    pub(super) fn delete<E: Entity>(&mut self, number: u32) -> Result<(), Rejection> {
        let removed = E::table_mut(self).remove(number);
        if removed { Ok(()) } else { Err(Rejection::not_found(E::NAME, &E::id(number))) }
    }
}

/// The record that comes of the changes.
fn compose<E: Entity>(
    number: u32,
    previous: Option<&Row>,
    changes: &Changes,
    now: Timestamp,
) -> Result<Row, Rejection> {
    let [created_at, updated_at] = Moments::of_a_write(now, previous).as_json();
    let mut values = BTreeMap::from([(ID, E::id_json(number)), ("created_at", created_at), ("updated_at", updated_at)]);
    for Member { name, fallback, .. } in E::MEMBERS {
        let kept = || previous.and_then(|row| row.value(name)).map(str::to_owned);
        let value = match (changes.0.get(name).cloned().or_else(kept), fallback) {
            (_, Fallback::Computed) => continue,
            (Some(value), _) => value,
            (None, Fallback::Json(json)) => (*json).to_owned(),
            (None, Fallback::Null) => "null".to_owned(),
            (None, Fallback::Required) => return Err(Rejection::invalid(name, format!("{name} is missing"))),
        };
        values.insert(name, value);
    }
    E::compute(&mut values)?;
    let writer = E::MEMBERS.iter().fold(RowWriter::default(), |row, member| {
        row.optional_json(member.name, values.get(member.name).map(String::as_str))
    });
    Ok(writer.finish(E::id(number)))
}
