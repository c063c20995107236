//! Who uses a state directory: one process at a time, told by a lock that the system releases even after a crash.

use std::fs::{File, OpenOptions, TryLockError};

use serde::{Deserialize, Serialize};

use crate::store::{Store, StoreError};

/// File that is locked. It stays; only the lock on it means something.
const LOCK: &str = "lock";

/// Name of the document that says who holds the lock.
const OWNER: &str = "owner";

/// How long a process means to stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Stay {
    /// Until it is told to stop: others may use its endpoint.
    Long,
    /// For one command: others wait for it.
    Short,
}

/// The process that serves a state directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Owner {
    pub(crate) stay: Stay,
    pub(crate) endpoint: String,
    pub(crate) account: String,
    pub(crate) process: u32,
}

/// The right to serve a state directory, for as long as it is kept.
#[derive(Debug)]
pub(crate) struct Occupancy {
    store: Store,
    /// Closing the file releases the lock.
    _lock: File,
}

/// What came of trying to occupy a directory.
#[derive(Debug)]
pub(crate) enum Attempt {
    /// It is ours.
    Ours(Occupancy),
    /// Another process has it, and possibly says where it serves it.
    Taken(Option<Owner>),
}

impl Occupancy {
    /// Occupies the directory unless somebody has it.
    pub(crate) fn attempt(store: &Store) -> Result<Attempt, StoreError> {
        let path = store.dir().join(LOCK);
        let failed = |action: &'static str| {
            let path = path.clone();
            move |source| StoreError::Io { action, path, source }
        };
        let lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed("open"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Ok(Attempt::Taken(store.load::<Option<Owner>>(OWNER)?));
            }
            Err(TryLockError::Error(source)) => return Err(failed("lock")(source)),
        }
        let occupancy = Self { store: store.clone(), _lock: lock };
        // What a crashed owner said must not be believed of this one.
        occupancy.store.remove(OWNER)?;
        Ok(Attempt::Ours(occupancy))
    }

    /// Tells the others where the directory is served.
    pub(crate) fn announce(&self, owner: &Owner) -> Result<(), StoreError> {
        self.store.save(OWNER, owner)
    }
}

impl Drop for Occupancy {
    fn drop(&mut self) {
        if let Err(error) = self.store.remove(OWNER) {
            tracing::warn!(%error, "the announcement of this server stays behind");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_has_one_owner_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let Attempt::Ours(first) = Occupancy::attempt(&store).unwrap() else {
            panic!("nobody has the directory");
        };
        assert!(matches!(Occupancy::attempt(&store).unwrap(), Attempt::Taken(None)));

        let owner = Owner {
            stay: Stay::Long,
            endpoint: "http://127.0.0.1:1".into(),
            account: "000000000000".into(),
            process: 7,
        };
        first.announce(&owner).unwrap();
        let Attempt::Taken(Some(told)) = Occupancy::attempt(&store).unwrap() else {
            panic!("the owner has announced itself");
        };
        assert_eq!(told, owner);

        drop(first);
        assert!(matches!(Occupancy::attempt(&store).unwrap(), Attempt::Ours(_)));
    }
}
