//! Which certificate authorities are trusted: the system's, or those of a file. The AWS SDK for Rust knows of no such file,
//! while the AWS CLI and the other SDKs take it from `AWS_CA_BUNDLE` or from `ca_bundle` in the profile.

use std::path::{Path, PathBuf};

use aws_config::profile::{self, ProfileSet};
use aws_smithy_http_client::tls::{TlsContext, TrustStore};
use aws_types::os_shim_internal::{Env, Fs};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::error::{ErrorKind, RegistrarError};

/// The variable that names the file. (`SSL_CERT_FILE` and `SSL_CERT_DIR` are read where the system's authorities are.)
pub const VARIABLE: &str = "AWS_CA_BUNDLE";
/// The key of a profile that names it.
const KEY: &str = "ca_bundle";

/// Trusts the authorities of the file that the variable or else the profile names, and no others, as the AWS CLI does;
/// without such a file, the system's.
///
/// # Errors
/// [`ErrorKind::Usage`](crate::error::ErrorKind::Usage) when the file cannot be read, or has no certificate or a broken one.
pub(super) async fn trusted(variable: Option<&Path>, selected: Option<&str>) -> Result<TlsContext, RegistrarError> {
    let (file, named_by) = match variable {
        Some(file) => (file.to_owned(), VARIABLE.to_owned()),
        None => match of_profile(selected).await {
            Some(found) => found,
            None => return Ok(TlsContext::default()),
        },
    };
    let store = read(&file).map_err(|problem| {
        RegistrarError::usage(format!("the certificates of {} (from {named_by}) {problem}", file.display()))
            .with_hint(format!("{named_by} names a PEM file with the certificate authorities to trust"))
    })?;
    let context = TlsContext::builder().with_trust_store(store).build();
    context.map_err(|error| RegistrarError::bug("cannot prepare TLS").with_source(error))
}

/// The profiles of the configuration files, unless these cannot be read.
async fn profiles(selected: Option<&str>) -> Option<ProfileSet> {
    let selected = selected.map(|name| name.to_owned().into());
    #[expect(clippy::default_trait_access, reason = "the type's name would take one more crate")]
    let profiles = profile::load(&Fs::real(), &Env::real(), &Default::default(), selected).await;
    profiles.ok()
}

/// Refuses a profile that is in no file: other credentials must not take the place of those that somebody named.
///
/// # Errors
/// [`ErrorKind::Credentials`] with the profiles that there are.
pub(super) async fn must_be_there(profile: &str) -> Result<(), RegistrarError> {
    let Some(profiles) = profiles(Some(profile)).await else { return Ok(()) };
    if profiles.get_profile(profile).is_some() {
        return Ok(());
    }
    let names: Vec<_> = profiles.profiles().collect();
    let there = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    Err(RegistrarError::new(ErrorKind::Credentials, format!("there is no profile {profile:?}"))
        .with_hint(format!("name one of the AWS configuration files with --profile; they have {there}")))
}

/// A profile that cannot be read is told with the credentials, which come from it.
async fn of_profile(selected: Option<&str>) -> Option<(PathBuf, String)> {
    let profiles = profiles(selected).await?;
    let file = profiles.get(KEY).filter(|file| !file.is_empty())?;
    Some((PathBuf::from(file), format!("{KEY} of the profile {}", profiles.selected_profile())))
}

/// Every certificate is tried here, because the transport takes it for granted that they are good.
fn read(file: &Path) -> Result<TrustStore, String> {
    let content = std::fs::read(file).map_err(|error| format!("cannot be read: {error}"))?;
    let mut tried = RootCertStore::empty();
    for (index, certificate) in CertificateDer::pem_slice_iter(&content).enumerate() {
        let problem = match certificate {
            Ok(certificate) => tried.add(certificate).err().map(|error| error.to_string()),
            Err(error) => Some(error.to_string()),
        };
        if let Some(problem) = problem {
            return Err(format!("cannot be used: number {} is broken: {problem}", index + 1));
        }
    }
    if tried.is_empty() {
        return Err("cannot be used: there are none in it".to_owned());
    }
    Ok(TrustStore::empty().with_pem_certificate(content))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem_of(content: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        std::fs::write(&file, content).unwrap();
        read(&file).unwrap_err()
    }

    #[test]
    fn a_file_without_good_certificates_is_refused_before_it_is_used() {
        assert_eq!(problem_of("no certificates\n"), "cannot be used: there are none in it");
        let broken = "-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n";
        assert!(problem_of(broken).starts_with("cannot be used: number 1 is broken: "), "{}", problem_of(broken));
        let cut_off = "-----BEGIN CERTIFICATE-----\nYWJj\n";
        assert!(problem_of(cut_off).starts_with("cannot be used: number 1 is broken: "), "{}", problem_of(cut_off));
    }

    #[tokio::test]
    async fn a_file_that_is_not_there_is_told_with_what_names_it() {
        let error = trusted(Some(Path::new("/nowhere/ca.pem")), None).await.unwrap_err();
        assert!(
            error.to_string().starts_with("the certificates of /nowhere/ca.pem (from AWS_CA_BUNDLE) cannot be read: ")
        );
        assert_eq!(error.exit_code().code(), 2);
    }
}
