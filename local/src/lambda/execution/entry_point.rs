//! Whether an artefact can be run on this machine: a `bootstrap` that is there, is executable, and is of the right kind.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// The architecture of this machine in Lambda's spelling, or Rust's name for any other one.
pub(crate) const HOST_ARCHITECTURE: &str = if cfg!(target_arch = "x86_64") {
    "x86_64"
} else if cfg!(target_arch = "aarch64") {
    "arm64"
} else {
    std::env::consts::ARCH
};

/// The program to run, or what is wrong with it, in Lambda's words where it has some.
pub(super) fn find(root: &Path, configured: &str) -> Result<PathBuf, String> {
    let path = root.join("bootstrap");
    let metadata = match fs::metadata(&path) {
        Ok(metadata) if metadata.is_file() => metadata,
        Ok(_) => return Err(missing()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(missing()),
        Err(error) => return Err(format!("cannot read the bootstrap: {error}")),
    };
    if !is_executable(&metadata) {
        return Err("fork/exec /var/task/bootstrap: permission denied: the zip stores it without execute permission (mode 0755)".to_owned());
    }
    let mut start = Vec::new();
    fs::File::open(&path)
        .and_then(|file| file.take(20).read_to_end(&mut start))
        .map_err(|error| format!("cannot read the bootstrap: {error}"))?;
    check_architecture(&start, configured, HOST_ARCHITECTURE)?;
    Ok(path)
}

/// Compares what an executable was built for with what the function and this machine are.
fn check_architecture(start: &[u8], configured: &str, host: &str) -> Result<(), String> {
    const FAILED: &str = "fork/exec /var/task/bootstrap: exec format error";
    if start.starts_with(b"#!") {
        return Ok(());
    }
    let Some(built) = elf_architecture(start) else {
        if host_runs_elf() {
            return Err(format!("{FAILED}: it is neither an ELF executable nor a script that begins with #!"));
        }
        return Ok(());
    };
    if built != configured {
        return Err(format!(
            "{FAILED}: the function is configured for {configured}, but its bootstrap is built for {built}"
        ));
    }
    if built != host {
        return Err(format!(
            "{FAILED}: the bootstrap is built for {built}, but this machine is {host}; build it for {host} to run it locally"
        ));
    }
    Ok(())
}

/// The machine in an ELF header, in Lambda's spelling.
fn elf_architecture(start: &[u8]) -> Option<String> {
    if !start.starts_with(b"\x7fELF") {
        return None;
    }
    let big_endian = *start.get(5)? == 2;
    let machine = [*start.get(18)?, *start.get(19)?];
    let machine = if big_endian { u16::from_be_bytes(machine) } else { u16::from_le_bytes(machine) };
    Some(match machine {
        62 => "x86_64".to_owned(),
        183 => "arm64".to_owned(),
        other => format!("ELF machine {other}"),
    })
}

fn host_runs_elf() -> bool {
    cfg!(any(target_os = "linux", target_os = "freebsd"))
}

#[cfg(unix)]
fn is_executable(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(_metadata: &fs::Metadata) -> bool {
    true
}

fn missing() -> String {
    "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]: the zip needs a file named bootstrap at its root".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elf(machine: u16) -> Vec<u8> {
        let mut header = b"\x7fELF\x02\x01\x01".to_vec();
        header.resize(18, 0);
        header.extend(machine.to_le_bytes());
        header
    }

    #[test]
    fn names_both_architectures_when_they_differ() {
        let error = check_architecture(&elf(183), "x86_64", "x86_64").unwrap_err();
        assert!(error.contains("configured for x86_64") && error.contains("built for arm64"), "{error}");
        let error = check_architecture(&elf(183), "arm64", "x86_64").unwrap_err();
        assert!(error.contains("built for arm64") && error.contains("this machine is x86_64"), "{error}");
        let error = check_architecture(&elf(243), "arm64", "arm64").unwrap_err();
        assert!(error.contains("ELF machine 243"), "{error}");
    }

    #[test]
    fn lets_scripts_and_matching_programs_pass() {
        check_architecture(&elf(62), "x86_64", "x86_64").unwrap();
        check_architecture(b"#!/bin/sh\n", "arm64", "x86_64").unwrap();
    }

    #[test]
    fn an_elf_header_cut_short_is_no_architecture() {
        assert_eq!(elf_architecture(b"\x7fELF\x02"), None);
        assert_eq!(elf_architecture(b""), None);
    }

    #[cfg(unix)]
    #[test]
    fn wants_an_executable_bootstrap() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bootstrap");
        assert!(find(dir.path(), "x86_64").unwrap_err().contains("Couldn't find valid bootstrap"));
        fs::write(&path, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(find(dir.path(), "x86_64").unwrap_err().contains("permission denied"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(find(dir.path(), "x86_64").unwrap(), path);
    }
}
