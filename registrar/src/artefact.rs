//! The artefact: built, or taken from a file, then checked as far as it can be before it is sent.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use cargo_metadata::Message;
use tokio::process::Command;

use crate::digest::{code_sha256, hex};
use crate::environment::of_the_running_package;
use crate::error::RegistrarError;
use crate::event::Event;
use crate::executable::{Head, head};
use crate::interrupt::Interrupt;
use crate::manifest_files::manifest_files;
use crate::package::{BOOTSTRAP, Content, UNZIPPED_LIMIT_BYTES, look_into, zip};
use crate::plan::WantedCode;
use crate::project::Project;
use crate::report::Report;
use crate::settings::{CodeSource, Extras};
use crate::step::Upload;

/// The zip to deploy.
#[derive(Debug, Clone)]
pub struct Artefact {
    /// Its bytes.
    pub zip: Vec<u8>,
    /// Base64 of its SHA-256.
    pub sha256: String,
}

impl Artefact {
    /// What the planner needs to know of it. Only a zip over `direct_limit` bytes goes through the bucket.
    #[must_use]
    pub fn wanted(&self, direct_limit: usize, extras: Option<&Extras>) -> WantedCode {
        let bucket = extras.and_then(|extras| extras.s3_bucket.as_ref()).filter(|_| self.zip.len() > direct_limit);
        let prefix = extras.and_then(|extras| extras.s3_prefix.as_ref()).map(|prefix| prefix.value.as_str());
        let upload = bucket.map(|bucket| {
            let name = format!("{}.zip", hex(&self.zip));
            let key = match prefix.filter(|prefix| !prefix.is_empty()) {
                Some(prefix) => format!("{prefix}/{name}"),
                None => name,
            };
            Upload { bucket: bucket.value.clone(), key }
        });
        WantedCode { sha256: self.sha256.clone(), size: self.zip.len(), upload }
    }
}

/// How to make an artefact.
#[derive(Debug)]
pub struct Workshop<'a> {
    /// The connector's package.
    pub project: Option<&'a Project>,
    /// Path of Cargo.
    pub cargo: &'a str,
    /// `arm64` or `x86_64`.
    pub architecture: &'a str,
    /// Whether it will run on this machine.
    pub local: bool,
    /// Most bytes of a zip, none if a larger one goes through a bucket.
    pub zip_limit: Option<usize>,
    /// Whether the compiler may talk.
    pub quiet: bool,
    /// Where progress is shown.
    pub report: &'a Report,
    /// Ctrl-C.
    pub interrupt: &'a Interrupt,
}

impl Workshop<'_> {
    /// Makes the artefact.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`](crate::error::ErrorKind::Usage) when the build fails or its tool is missing, a file cannot be
    /// read, or Lambda would refuse the result.
    pub async fn make(&self, source: &CodeSource) -> Result<Artefact, RegistrarError> {
        let zip = match source {
            CodeSource::Zip(path) => read(path)?,
            CodeSource::Executable { path, manifest } => package(path, manifest.as_deref())?,
            CodeSource::Build { manifest } => {
                let project = self.project.ok_or_else(|| {
                    RegistrarError::usage("there is no connector package to build here")
                        .with_hint("change to the connector's workspace, or pass --binary-path or --zip")
                })?;
                let executable =
                    if self.local { self.build_here(project).await? } else { self.build_for_lambda(project).await? };
                package(&executable, manifest.as_deref())?
            }
        };
        check(&zip, self.architecture, self.local, self.zip_limit)?;
        Ok(Artefact { sha256: code_sha256(&zip), zip })
    }

    /// Cargo, ended with us, and without what another Cargo said of us.
    fn cargo(&self) -> Command {
        let mut command = Command::new(self.cargo);
        command.kill_on_drop(true);
        for name in of_the_running_package() {
            command.env_remove(name);
        }
        command
    }

    /// Waits for Cargo, or ends it when we are to end: whoever stops a job need not wait for the compiler.
    async fn unless_interrupted<T>(&self, run: impl Future<Output = std::io::Result<T>>) -> Result<T, RegistrarError> {
        let ended = tokio::select! {
            ended = run => ended.map_err(|error| cannot_run(self.cargo, error))?,
            () = self.interrupt.pressed(1) => return Err(RegistrarError::interrupted()),
        };
        self.interrupt.check()?;
        Ok(ended)
    }

    /// Builds with plain Cargo for this machine.
    async fn build_here(&self, project: &Project) -> Result<PathBuf, RegistrarError> {
        let name = project.executable()?;
        self.report.event(&Event::Working(&format!("building {name} for this machine")));
        let mut command = self.cargo();
        command.args(["build", "--release", "--message-format=json-render-diagnostics", "--package", &project.package]);
        command.args(["--bin", name]);
        command.current_dir(&project.folder).stdin(Stdio::null()).stdout(Stdio::piped());
        if self.quiet {
            command.arg("--quiet");
        }
        let child = command.spawn().map_err(|error| cannot_run(self.cargo, error))?;
        let output = self.unless_interrupted(child.wait_with_output()).await?;
        if !output.status.success() {
            return Err(build_failed(&project.package));
        }
        Message::parse_stream(output.stdout.as_slice())
            .filter_map(Result::ok)
            .filter_map(|message| match message {
                Message::CompilerArtifact(artefact) if artefact.target.name == name => artefact.executable,
                _ => None,
            })
            .last()
            .map(cargo_metadata::camino::Utf8PathBuf::into_std_path_buf)
            .ok_or_else(|| RegistrarError::bug(format!("cargo built {name} but did not say where it is")))
    }

    /// Builds with cargo-lambda for Lambda's system.
    async fn build_for_lambda(&self, project: &Project) -> Result<PathBuf, RegistrarError> {
        let name = project.executable()?;
        let folder = project.target_directory.join("lambda");
        self.find_cargo_lambda().await?;
        let flag = if self.architecture == "arm64" { "--arm64" } else { "--x86-64" };
        self.report.event(&Event::Working(&format!("building {name} for Lambda on {}", self.architecture)));
        let mut command = self.cargo();
        command.args([
            "lambda",
            "build",
            "--release",
            flag,
            "--package",
            &project.package,
            "--bin",
            name,
            "--lambda-dir",
        ]);
        command.arg(&folder).current_dir(&project.folder).stdin(Stdio::null());
        // Standard output is for our result alone.
        command.stdout(if self.quiet { Stdio::null() } else { Stdio::from(std::io::stderr()) });
        let status = self.unless_interrupted(command.status()).await?;
        if !status.success() {
            return Err(build_failed(&project.package));
        }
        Ok(folder.join(name).join(BOOTSTRAP))
    }

    async fn find_cargo_lambda(&self) -> Result<(), RegistrarError> {
        let mut command = self.cargo();
        command.args(["lambda", "--version"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let found = command.status().await.map_err(|error| cannot_run(self.cargo, error))?;
        if found.success() {
            return Ok(());
        }
        Err(RegistrarError::usage("cargo-lambda is missing; it builds for Lambda's system").with_hint(
            "install it with \"pip install cargo-lambda\" or as https://www.cargo-lambda.info says; with --local, or with \
             --zip or --binary-path, it is not needed",
        ))
    }
}

fn cannot_run(program: &str, error: std::io::Error) -> RegistrarError {
    RegistrarError::usage(format!("cannot run {program}")).with_source(error)
}

fn build_failed(package: &str) -> RegistrarError {
    RegistrarError::usage(format!("the package {package} does not build"))
        .with_hint("the compiler's messages are above")
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, RegistrarError> {
    std::fs::read(path)
        .map_err(|error| RegistrarError::usage(format!("cannot read {}", path.display())).with_source(error))
        .map_err(|error| error.with_hint("name a file that is there"))
}

fn package(executable: &Path, manifest: Option<&Path>) -> Result<Vec<u8>, RegistrarError> {
    let beside = manifest.map(manifest_files).transpose()?.unwrap_or_default();
    zip(&read(executable)?, &beside)
}

/// Checks what Lambda would refuse, or what would fail only when it is invoked.
///
/// On this machine anything that runs here will do; on Lambda it must be an ELF file for the right processor.
fn check(zip: &[u8], architecture: &str, local: bool, zip_limit: Option<usize>) -> Result<(), RegistrarError> {
    if let Some(limit) = zip_limit.filter(|limit| zip.len() > *limit) {
        let way_out = if local { "" } else { ", or name a bucket for it with --s3-bucket" };
        return Err(RegistrarError::usage(format!(
            "the artefact has {} bytes; Lambda takes {limit} with the request",
            zip.len()
        ))
        .with_hint(format!("strip the binary and switch link-time optimisation on{way_out}")));
    }
    let Content { unzipped, bootstrap, is_executable } = look_into(zip)?;
    if unzipped > UNZIPPED_LIMIT_BYTES {
        return Err(RegistrarError::usage(format!(
            "the artefact unpacks to {unzipped} bytes; Lambda takes {UNZIPPED_LIMIT_BYTES}"
        ))
        .with_hint("leave out what the connector does not need"));
    }
    let Some(bootstrap) = bootstrap else {
        return Err(RegistrarError::usage("the artefact holds no file named bootstrap at its root")
            .with_hint("cargo lambda build --output-format zip makes one that does"));
    };
    if !is_executable {
        return Err(RegistrarError::usage("bootstrap in the artefact is not marked as executable")
            .with_hint("zip it with the permissions 0755"));
    }
    match head(&bootstrap) {
        Head::Elf(machine) if machine == architecture => Ok(()),
        Head::Elf(machine) => Err(RegistrarError::usage(format!(
            "bootstrap is built for {machine}, the function is to run on {architecture}"
        ))
        .with_hint(format!("build it for {architecture}, or pass --architecture {machine}"))),
        Head::NotElf if local || bootstrap.starts_with(b"#!") => Ok(()),
        Head::OtherElf(_) | Head::NotElf => {
            Err(RegistrarError::usage("bootstrap is not an executable that Lambda's system can start")
                .with_hint("build it with \"cargo lambda build --release\""))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::package::ZIP_LIMIT_BYTES;

    fn elf(machine: u16) -> Vec<u8> {
        let mut bytes = b"\x7fELF\x02\x01".to_vec();
        bytes.resize(18, 0);
        bytes.extend(machine.to_le_bytes());
        bytes
    }

    #[track_caller]
    fn refusal(zip: &[u8], local: bool) -> String {
        let error = check(zip, "arm64", local, Some(ZIP_LIMIT_BYTES)).unwrap_err();
        assert_eq!(error.exit_code().code(), 2);
        error.to_string()
    }

    #[test]
    fn takes_what_the_function_can_start() {
        assert!(check(&zip(&elf(183), &BTreeMap::new()).unwrap(), "arm64", false, None).is_ok());
        assert!(check(&zip(b"#!/bin/sh\n", &BTreeMap::new()).unwrap(), "arm64", false, None).is_ok());
        assert!(check(&zip(b"\xcf\xfa\xed\xfe", &BTreeMap::new()).unwrap(), "arm64", true, None).is_ok());
    }

    #[test]
    fn refuses_the_wrong_processor_and_names_both() {
        let text = refusal(&zip(&elf(62), &BTreeMap::new()).unwrap(), false);
        assert_eq!(text, "bootstrap is built for x86_64, the function is to run on arm64");
    }

    #[test]
    fn refuses_what_lambda_cannot_start() {
        assert!(refusal(&zip(b"\xcf\xfa\xed\xfe", &BTreeMap::new()).unwrap(), false).contains("not an executable"));
        assert!(refusal(&zip(&elf(40), &BTreeMap::new()).unwrap(), true).contains("not an executable"));
        assert!(refusal(b"PK", false).contains("not a readable zip"));
    }

    #[test]
    fn refuses_a_zip_over_fifty_megabytes_before_looking_into_it() {
        assert!(refusal(&vec![0; ZIP_LIMIT_BYTES + 1], false).contains("52428801 bytes"));
    }
}
