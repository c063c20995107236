//! The state directory: one JSON document per service, written whole and put in place by a rename.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

/// A state document could not be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file system refused.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried, as in `read`.
        action: &'static str,
        /// On which file or directory.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// A document is not what this version writes.
    #[error("{} is not a state document of this version; delete it to start anew", path.display())]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What is wrong in it.
        source: serde_json::Error,
    },
    /// A document can be read, but the service it belongs to does not take it up.
    #[error("the state {name:?} cannot be taken up: {reason}; delete {name}.json to start anew")]
    Refused {
        /// Name of the document.
        name: &'static str,
        /// What the service says.
        reason: String,
    },
    /// A value cannot be written as JSON.
    #[error("the state {name:?} cannot be written as JSON")]
    Unwritable {
        /// Name of the document.
        name: String,
        /// Why.
        source: serde_json::Error,
    },
}

/// A directory of state documents.
///
/// Everything in it is readable by its owner alone, because connector credentials are among it.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    dir: PathBuf,
}

impl Store {
    /// Uses a directory, which is created when it is missing.
    pub(crate) fn open(dir: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let dir = dir.into();
        create_private_dir(&dir)?;
        // Children run with their own working directory, so every path handed to them must be absolute.
        let dir = fs::canonicalize(&dir).map_err(|source| StoreError::Io { action: "resolve", path: dir, source })?;
        Ok(Self { dir })
    }

    /// The directory, absolute.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Reads a document; a missing one is the default.
    pub(crate) fn load<T: DeserializeOwned + Default>(&self, name: &str) -> Result<T, StoreError> {
        let path = self.path(name);
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|source| StoreError::Malformed { path, source }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(T::default()),
            Err(source) => Err(StoreError::Io { action: "read", path, source }),
        }
    }

    /// Writes a document: after an interruption at any point the old one or the new one is there, never half of one.
    pub(crate) fn save<T: Serialize>(&self, name: &str, value: &T) -> Result<(), StoreError> {
        let bytes =
            serde_json::to_vec(value).map_err(|source| StoreError::Unwritable { name: name.to_owned(), source })?;
        write(&self.path(name), &bytes)
    }

    /// Removes a document; a missing one is fine.
    pub(crate) fn remove(&self, name: &str) -> Result<(), StoreError> {
        let path = self.path(name);
        match fs::remove_file(&path) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(source) => Err(StoreError::Io { action: "remove", path, source }),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}.json"))
    }
}

/// Writes a file in place by a rename, readable by its owner alone.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let temporary = path.with_extension(format!("{}.partial", uuid::Uuid::new_v4().simple()));
    let result = create_private_file(&temporary)
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| fs::rename(&temporary, path));
    result.map_err(|source| {
        // The write error is the one to report; a leftover temporary file does no harm.
        drop(fs::remove_file(&temporary));
        StoreError::Io { action: "write", path: path.to_owned(), source }
    })
}

/// Creates a directory and its parents; the last one is for the owner alone.
pub(crate) fn create_private_dir(dir: &Path) -> Result<(), StoreError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(dir).map_err(|source| StoreError::Io { action: "create", path: dir.to_owned(), source })
}

fn create_private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_it_wrote() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path().join("state")).unwrap();
        assert_eq!(store.load::<Vec<String>>("names").unwrap(), Vec::<String>::new());
        store.save("names", &vec!["a", "b"]).unwrap();
        assert_eq!(store.load::<Vec<String>>("names").unwrap(), ["a", "b"]);
        store.remove("names").unwrap();
        store.remove("names").unwrap();
        assert!(store.load::<Vec<String>>("names").unwrap().is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn a_document_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path().join("state")).unwrap();
        store.save("secrets", &"x").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&store.dir().join("secrets.json")), 0o600);
        assert_eq!(mode(store.dir()), 0o700);
    }

    #[test]
    fn a_damaged_document_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        fs::write(dir.path().join("lambda.json"), "{").unwrap();
        let error = store.load::<Vec<String>>("lambda").unwrap_err();
        assert!(error.to_string().contains("lambda.json"), "{error}");
    }
}
