//! Artefacts: the zip of every version, kept by its digest, checked before it is accepted and unpacked when it first runs.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Cursor, Read as _, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::StatusCode;
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use uuid::Uuid;
use zip::ZipArchive;

use crate::failure::ApiError;
use crate::hexadecimal::hexadecimal;
use crate::store::{Store, StoreError, create_private_dir, write};

/// Largest artefact unpacked, in bytes. Source: Lambda quotas, "Deployment package (.zip file archive) size".
const UNPACKED_LIMIT: u64 = 262_144_000;

/// The artefacts below the state directory.
#[derive(Debug, Clone)]
pub(crate) struct CodeStore {
    dir: PathBuf,
}

/// An artefact could not be unpacked.
#[derive(Debug, Error)]
pub(crate) enum UnpackError {
    /// The zip is not there any more.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The zip is damaged.
    #[error("cannot read the zip {}", path.display())]
    Zip {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: zip::result::ZipError,
    },
    /// An entry would be written outside of its directory.
    #[error("the zip has an entry {name:?} outside of its root")]
    OutsideEntry {
        /// The entry's name.
        name: String,
    },
}

impl CodeStore {
    /// Artefacts in `code` below the state directory.
    pub(crate) fn open(store: &Store) -> Result<Self, StoreError> {
        let dir = store.dir().join("code");
        create_private_dir(&dir)?;
        Ok(Self { dir })
    }

    /// Checks a zip and keeps it. Returns its digest in Lambda's form.
    ///
    /// # Errors
    /// Lambda's `InvalidParameterValueException` when it is no zip, too large, or reaches outside of its root.
    pub(crate) fn keep(&self, zip: &Bytes) -> Result<String, ApiError> {
        check(zip)?;
        let sha256 = digest(zip);
        let path = self.zip_path(&sha256);
        if !path.exists() {
            write(&path, zip).map_err(|error| ApiError::internal(&error))?;
        }
        Ok(sha256)
    }

    /// Removes everything but the artefacts of these digests. Only for the time when nothing runs.
    pub(crate) fn retain<'a>(&self, digests: impl Iterator<Item = &'a str>) -> Result<(), StoreError> {
        let wanted: BTreeSet<String> = digests.map(file_stem).collect();
        let failed = |action: &'static str, path: &Path| {
            let path = path.to_owned();
            move |source| StoreError::Io { action, path, source }
        };
        for entry in fs::read_dir(&self.dir).map_err(failed("read", &self.dir))? {
            let path = entry.map_err(failed("read", &self.dir))?.path();
            // Unpacked artefacts bear the bare digest; whatever was interrupted has another ending.
            let is_wanted = path.extension().is_none_or(|ending| ending == "zip")
                && path.file_stem().and_then(OsStr::to_str).is_some_and(|stem| wanted.contains(stem));
            if is_wanted {
                continue;
            }
            let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            removed.map_err(failed("remove", &path))?;
        }
        Ok(())
    }

    /// The zip of a digest in file-name form, or `None` when there is none.
    pub(crate) fn read(&self, stem: &str) -> io::Result<Option<Vec<u8>>> {
        if stem.len() != 64 || !stem.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(None);
        }
        match fs::read(self.dir.join(format!("{stem}.zip"))) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The directory with the unpacked artefact; unpacks it the first time.
    pub(crate) fn unpacked(&self, sha256: &str) -> Result<PathBuf, UnpackError> {
        let target = self.dir.join(file_stem(sha256));
        if target.is_dir() {
            return Ok(target);
        }
        let zip = self.zip_path(sha256);
        let partial = self.dir.join(format!("{}.partial", Uuid::new_v4().simple()));
        unpack(&zip, &partial)?;
        match fs::rename(&partial, &target) {
            Ok(()) => Ok(target),
            // Another invocation was faster; both unpacked the same bytes.
            Err(_) if target.is_dir() => {
                drop(fs::remove_dir_all(&partial));
                Ok(target)
            }
            Err(source) => Err(UnpackError::Io { action: "create", path: target, source }),
        }
    }

    fn zip_path(&self, sha256: &str) -> PathBuf {
        self.dir.join(format!("{}.zip", file_stem(sha256)))
    }
}

/// Base64 of the SHA-256, as in `CodeSha256`.
pub(crate) fn digest(bytes: &[u8]) -> String {
    STANDARD.encode(Sha256::digest(bytes))
}

/// The digest in a form that is a file name: hexadecimal.
pub(crate) fn file_stem(sha256: &str) -> String {
    // A digest that is not base64 can only come from an edited state document; it then names no file.
    hexadecimal(&STANDARD.decode(sha256).unwrap_or_default())
}

fn check(zip: &[u8]) -> Result<(), ApiError> {
    let refuse = |message: String| ApiError::new(StatusCode::BAD_REQUEST, "InvalidParameterValueException", message);
    let broken =
        || refuse("Could not unzip uploaded file. Please check your file, then try to upload again.".to_owned());
    let mut archive = ZipArchive::new(Cursor::new(zip)).map_err(|_| broken())?;
    if archive.is_empty() {
        return Err(refuse("Uploaded file must be a non-empty zip".to_owned()));
    }
    let mut unpacked = 0_u64;
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(|_| broken())?;
        if entry.enclosed_name().is_none() {
            return Err(refuse(format!("the zip has an entry {:?} outside of its root", shown_name(&entry))));
        }
        if entry.is_symlink() {
            return Err(refuse(format!(
                "the zip has a symbolic link {:?}, which the local AWS does not unpack; store the file itself",
                shown_name(&entry)
            )));
        }
        unpacked = unpacked.saturating_add(entry.size());
    }
    if unpacked >= UNPACKED_LIMIT {
        return Err(refuse(format!("Unzipped size must be smaller than {UNPACKED_LIMIT} bytes")));
    }
    Ok(())
}

/// An entry's name for a message, whatever bytes it consists of.
fn shown_name<R: io::Read>(entry: &zip::read::ZipFile<'_, R>) -> String {
    String::from_utf8_lossy(entry.name_raw()).into_owned()
}

fn unpack(zip: &Path, target: &Path) -> Result<(), UnpackError> {
    let failed = |action: &'static str, path: &Path| {
        let path = path.to_owned();
        move |source| UnpackError::Io { action, path, source }
    };
    let damaged = |source| UnpackError::Zip { path: zip.to_owned(), source };
    let file = fs::File::open(zip).map_err(failed("open", zip))?;
    let mut archive = ZipArchive::new(io::BufReader::new(file)).map_err(damaged)?;
    fs::create_dir_all(target).map_err(failed("create", target))?;
    // The sizes in a zip's directory are claims; this counts what really comes out.
    let mut room = UNPACKED_LIMIT;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(damaged)?;
        let Some(name) = entry.enclosed_name() else {
            return Err(UnpackError::OutsideEntry { name: shown_name(&entry) });
        };
        let path = target.join(name);
        if entry.is_dir() {
            fs::create_dir_all(&path).map_err(failed("create", &path))?;
            continue;
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed("create", parent))?;
        }
        let mut out = fs::File::create(&path).map_err(failed("create", &path))?;
        let written = io::copy(&mut (&mut entry).take(room), &mut out).map_err(failed("write", &path))?;
        out.flush().map_err(failed("write", &path))?;
        room = room.saturating_sub(written);
        if room == 0 {
            let source = io::Error::other("the zip unpacks to more than 250 MB");
            return Err(failed("write", &path)(source));
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = entry.unix_mode().unwrap_or(0o644) & 0o777;
            fs::set_permissions(&path, fs::Permissions::from_mode(mode))
                .map_err(failed("set the permissions of", &path))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use zip::write::{SimpleFileOptions, ZipWriter};

    fn zip_of(entries: &[(&str, &str, u32)]) -> Bytes {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text, mode) in entries {
            let options = SimpleFileOptions::default().unix_permissions(*mode);
            writer.start_file(*name, options).unwrap();
            writer.write_all(text.as_bytes()).unwrap();
        }
        writer.finish().unwrap().into_inner().into()
    }

    fn code_store(dir: &Path) -> CodeStore {
        CodeStore::open(&Store::open(dir).unwrap()).unwrap()
    }

    #[test]
    fn the_digest_is_base64_of_sha_256() {
        assert_eq!(digest(b""), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }

    #[test]
    fn keeps_a_zip_and_gives_it_back() {
        let dir = tempfile::tempdir().unwrap();
        let code = code_store(dir.path());
        let zip = zip_of(&[("bootstrap", "#!/bin/sh", 0o755)]);
        let sha256 = code.keep(&zip).unwrap();
        assert_eq!(sha256, digest(&zip));
        assert_eq!(code.read(&file_stem(&sha256)).unwrap().as_deref(), Some(zip.as_ref()));
        assert_eq!(code.read("../lambda").unwrap(), None);
        assert_eq!(code.read(&"0".repeat(64)).unwrap(), None);
    }

    #[cfg(unix)]
    #[test]
    fn unpacks_with_the_modes_of_the_zip() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let code = code_store(dir.path());
        let zip = zip_of(&[("bootstrap", "#!/bin/sh", 0o755), ("etc/connector.toml", "x = 1", 0o644)]);
        let sha256 = code.keep(&zip).unwrap();
        let unpacked = code.unpacked(&sha256).unwrap();
        let mode = |name: &str| fs::metadata(unpacked.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("bootstrap"), mode("etc/connector.toml")), (0o755, 0o644));
        assert_eq!(code.unpacked(&sha256).unwrap(), unpacked);
    }

    #[test]
    fn clears_away_what_no_version_uses() {
        let dir = tempfile::tempdir().unwrap();
        let code = code_store(dir.path());
        let [old, new] = ["old", "new"].map(|text| {
            let sha256 = code.keep(&zip_of(&[("bootstrap", text, 0o755)])).unwrap();
            code.unpacked(&sha256).unwrap();
            sha256
        });
        fs::create_dir(dir.path().join("code/interrupted.partial")).unwrap();
        code.retain([new.as_str()].into_iter()).unwrap();
        let mut left: Vec<_> =
            fs::read_dir(dir.path().join("code")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        let stem = file_stem(&new);
        assert_eq!(left, [stem.as_str(), format!("{stem}.zip").as_str()]);
        assert_eq!(code.read(&file_stem(&old)).unwrap(), None);
    }

    #[test]
    fn refuses_what_is_not_a_zip_or_leaves_its_root() {
        let dir = tempfile::tempdir().unwrap();
        let code = code_store(dir.path());
        let not_a_zip = code.keep(&Bytes::from_static(b"hello")).unwrap_err();
        assert!(not_a_zip.message().starts_with("Could not unzip uploaded file"), "{not_a_zip}");
        for name in ["../outside", "a/../../outside"] {
            let error = code.keep(&zip_of(&[(name, "x", 0o644)])).unwrap_err();
            assert!(error.message().contains("outside of its root"), "{name}: {error}");
        }
        let empty = code.keep(&zip_of(&[])).unwrap_err();
        assert_eq!(empty.code(), "InvalidParameterValueException");
    }

    #[test]
    fn an_unpacking_cut_short_by_a_missing_zip_names_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let error = code_store(dir.path()).unpacked(&digest(b"gone")).unwrap_err();
        assert!(error.to_string().contains(".zip"), "{error}");
    }
}
