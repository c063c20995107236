//! The connection to ask through: one that AppFlow keeps, one put together on the command line, or the sample of the
//! local AWS.

use std::collections::BTreeMap;

use appflow_sdk::protocol::{
    AuthenticationType, ConnectorContext, Credentials, DescribeConnectorConfigurationResponse, RuntimeSettingScope,
};

use crate::aws::{AppFlow, Profile, ServiceFailure};
use crate::cli::AskArgs;
use crate::connection_credentials::{NO_AUTHENTICATION, NewCredentials};
use crate::error::RegistrarError;

/// Name of the connection to the sample API of the local AWS.
const SAMPLE: &str = "sample";

/// The setting that holds the address of a source system.
const BASE_URL: &str = "baseUrl";

/// What the user wants to ask through.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    profile: Option<String>,
    settings: BTreeMap<String, String>,
    secret_arn: Option<String>,
    authentication_type: Option<AuthenticationType>,
    api_version: Option<String>,
}

/// A connection, ready to be put into requests.
#[derive(Debug, Clone)]
pub struct Connected {
    /// Its name; none if it was put together on the command line.
    pub name: Option<String>,
    /// The context of requests.
    pub context: ConnectorContext,
}

impl Wishes {
    /// Reads the command line.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`](crate::error::ErrorKind::Usage) when a setting is not `KEY=VALUE` or the kind of credentials is
    /// none that AppFlow knows.
    pub fn parse(args: &AskArgs) -> Result<Self, RegistrarError> {
        let settings = settings(&args.settings)?;
        let authentication_type = args.authentication_type.as_deref().map(AuthenticationType::from);
        if let Some(AuthenticationType::Unknown(text)) = &authentication_type {
            let known: Vec<_> = AuthenticationType::ALL.iter().map(AuthenticationType::as_str).collect();
            return Err(RegistrarError::usage(format!(
                "the authentication type {text:?} is none of {}",
                known.join(", ")
            )));
        }
        Ok(Self {
            profile: args.connector_profile.clone(),
            settings,
            secret_arn: args.secret_arn.clone(),
            authentication_type,
            api_version: args.api_version.clone(),
        })
    }

    /// Whether the command line says enough to do without a connection in AppFlow.
    fn is_complete(&self) -> bool {
        self.profile.is_none() && (!self.settings.is_empty() || self.secret_arn.is_some())
    }
}

/// Reads `--setting KEY=VALUE`.
///
/// # Errors
/// [`ErrorKind::Usage`](crate::error::ErrorKind::Usage) when one is not of that form.
pub(crate) fn settings(texts: &[String]) -> Result<BTreeMap<String, String>, RegistrarError> {
    let pairs = texts.iter().map(|text| {
        let pair = text.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()));
        pair.ok_or_else(|| {
            RegistrarError::usage(format!("--setting must have the form KEY=VALUE, and {text:?} has no ="))
        })
    });
    pairs.collect()
}

/// Finds or makes the connection.
///
/// `sample_url` is the address of the local AWS's sample API, if that is what is talked to.
///
/// # Errors
/// [`ErrorKind::Usage`](crate::error::ErrorKind::Usage) when there is no connection or the choice is open; the service's
/// failures.
pub async fn connect(
    appflow: &AppFlow,
    label: &str,
    wishes: &Wishes,
    connector: &DescribeConnectorConfigurationResponse,
    sample_url: Option<&str>,
) -> Result<Connected, RegistrarError> {
    if wishes.is_complete() {
        return Ok(connected(None, wishes, connector, None));
    }
    let profiles = profiles(appflow, label).await?;
    let chosen = choose_profile(&profiles, wishes.profile.as_deref())?;
    let sample = sample_url.filter(|_| wishes.profile.is_none() && takes_sample(connector));
    let is_sample = |name: &str| sample_url.is_some() && is_sample_of(name, label);
    match (chosen, sample) {
        (Some(profile), Some(url)) if is_sample(&profile.name) => {
            let name = profile.name.clone();
            if profile.settings.get(BASE_URL).map(String::as_str) != Some(url) {
                let updated = appflow.update_profile(&name, &no_credentials(), &sample_settings(url)).await;
                updated.map_err(|failure| failure.during(format!("could not update the connection {name}")))?;
                return Ok(connected(Some(&reread(appflow, label, &name).await?), wishes, connector, custom()));
            }
            Ok(connected(Some(profile), wishes, connector, custom()))
        }
        (Some(profile), _) => {
            let known = if is_sample(&profile.name) { custom() } else { None };
            Ok(connected(Some(profile), wishes, connector, known))
        }
        (None, Some(url)) => {
            let name = create_sample(appflow, label, url).await?;
            Ok(connected(Some(&reread(appflow, label, &name).await?), wishes, connector, custom()))
        }
        (None, None) if needs_settings(connector) => {
            Err(RegistrarError::usage(format!("the connector {label} has no connection to ask through")).with_hint(
                "make one: registrar connect NAME --setting KEY=VALUE --credentials FILE; or pass --setting and, for \
                     credentials, --secret-arn",
            ))
        }
        (None, None) => Ok(connected(None, wishes, connector, None)),
    }
}

/// The kind of credentials that the sample has. Of other connections AppFlow's API does not tell it.
#[expect(clippy::unnecessary_wraps, reason = "stands where other connections have none")]
fn custom() -> Option<AuthenticationType> {
    Some(AuthenticationType::CustomAuth)
}

async fn profiles(appflow: &AppFlow, label: &str) -> Result<Vec<Profile>, RegistrarError> {
    let profiles = appflow.profiles(label).await;
    profiles.map_err(|failure| failure.during(format!("could not read the connections of {label}")))
}

async fn reread(appflow: &AppFlow, label: &str, name: &str) -> Result<Profile, RegistrarError> {
    let found = profiles(appflow, label).await?.into_iter().find(|profile| profile.name == name);
    found.ok_or_else(|| RegistrarError::bug(format!("the connection {name} was made, but is not there")))
}

/// The connection named, else the only one there is.
///
/// # Errors
/// [`ErrorKind::Usage`](crate::error::ErrorKind::Usage) when there is none of that name, or there are several to choose from.
pub fn choose_profile<'a>(profiles: &'a [Profile], named: Option<&str>) -> Result<Option<&'a Profile>, RegistrarError> {
    let choice = || profiles.iter().map(|profile| profile.name.as_str()).collect::<Vec<_>>().join(", ");
    if let Some(named) = named {
        let found = profiles.iter().find(|profile| profile.name == named);
        return match found {
            Some(found) => Ok(Some(found)),
            None if profiles.is_empty() => {
                Err(RegistrarError::usage(format!("there is no connection {named:?}; the connector has none at all"))
                    .with_hint("make it: registrar connect NAME --setting KEY=VALUE --credentials FILE"))
            }
            None => Err(RegistrarError::usage(format!("there is no connection {named:?}"))
                .with_hint(format!("the connector has {}", choice()))),
        };
    }
    match profiles {
        [] => Ok(None),
        [only] => Ok(Some(only)),
        several => Err(RegistrarError::usage(format!("the connector has {} connections", several.len()))
            .with_hint(format!("choose one with --connector-profile: {}", choice()))),
    }
}

/// Whether the sample API fits: the connector takes an address and asks for no credentials.
fn takes_sample(connector: &DescribeConnectorConfigurationResponse) -> bool {
    let takes_address = connector
        .settings()
        .iter()
        .any(|setting| setting.key == BASE_URL && setting.scope == RuntimeSettingScope::ConnectorProfile);
    let kinds = connector.authentication_config.as_ref().and_then(|config| config.custom_auth_config.as_deref());
    takes_address && kinds.unwrap_or_default().iter().any(|kind| kind.authentication_type == NO_AUTHENTICATION)
}

fn needs_settings(connector: &DescribeConnectorConfigurationResponse) -> bool {
    let mut settings = connector.settings().iter();
    settings.any(|setting| setting.required && setting.scope == RuntimeSettingScope::ConnectorProfile)
}

/// Whether a connection is one that [`connect`] makes. Names are unique per account, so a second connector's sample
/// carries its label.
#[must_use]
pub(crate) fn is_sample_of(name: &str, label: &str) -> bool {
    name == SAMPLE || name.strip_prefix(SAMPLE).and_then(|rest| rest.strip_prefix('-')) == Some(label)
}

fn no_credentials() -> NewCredentials {
    NewCredentials::Custom { kind: NO_AUTHENTICATION.to_owned(), parameters: BTreeMap::new() }
}

fn sample_settings(url: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(BASE_URL.to_owned(), url.to_owned())])
}

async fn create_sample(appflow: &AppFlow, label: &str, url: &str) -> Result<String, RegistrarError> {
    let settings = sample_settings(url);
    let first = appflow.create_profile(label, SAMPLE, &no_credentials(), &settings).await;
    let name = match first {
        Ok(()) => return Ok(SAMPLE.to_owned()),
        Err(failure) if failure.code.as_deref() == Some("ConflictException") => format!("{SAMPLE}-{label}"),
        Err(failure) if is_refused_by_connector(&failure) => return Err(not_for_sample(failure, label)),
        Err(failure) => return Err(not_made(failure, SAMPLE)),
    };
    let second = appflow.create_profile(label, &name, &no_credentials(), &settings).await;
    second.map_err(|failure| not_made(failure, &name))?;
    Ok(name)
}

/// The connector tried the sample API and did not find what it is for.
fn is_refused_by_connector(failure: &ServiceFailure) -> bool {
    matches!(failure.code.as_deref(), Some("ConnectorServerException" | "ConnectorAuthenticationException"))
}

fn not_for_sample(failure: ServiceFailure, label: &str) -> RegistrarError {
    RegistrarError::usage(format!("the connector {label} has no connection, and is not one for the bundled sample API"))
        .with_source(failure)
        .with_hint(format!("say where its API is: --setting {BASE_URL}=URL, and --secret-arn ARN for credentials"))
}

fn not_made(failure: ServiceFailure, name: &str) -> RegistrarError {
    let is_unregistered = failure.is_not_found();
    let error = failure.during(format!("could not make the connection {name}"));
    if is_unregistered { error.with_hint("register the connector first: registrar deploy") } else { error }
}

/// Puts the context together: the connection's settings, overlaid by the command line's.
fn connected(
    profile: Option<&Profile>,
    wishes: &Wishes,
    connector: &DescribeConnectorConfigurationResponse,
    known_type: Option<AuthenticationType>,
) -> Connected {
    let mut settings = profile.map(|profile| profile.settings.clone()).unwrap_or_default();
    settings.extend(wishes.settings.clone());
    let secret_arn = wishes.secret_arn.clone().or_else(|| profile.and_then(|profile| profile.secret_arn.clone()));
    let authentication_type = wishes.authentication_type.clone().or(known_type);

    let mut context = ConnectorContext::default();
    context.api_version = wishes.api_version.clone().or_else(|| connector.supported_api_versions.first().cloned());
    context.connector_runtime_settings = Some(settings);
    context.credentials = secret_arn.map(|secret_arn| Credentials::new(secret_arn, authentication_type));
    context.connector_profile_label = profile.map(|profile| profile.name.clone());
    Connected { name: profile.map(|profile| profile.name.clone()), context }
}

#[cfg(test)]
mod tests {
    use appflow_sdk::protocol::{
        AuthenticationConfig, ConfigurationBuilder, ConnectorRuntimeSetting, RuntimeSettingType,
    };

    use super::*;

    fn profile(name: &str) -> Profile {
        Profile {
            name: name.to_owned(),
            secret_arn: Some(format!("arn:{name}")),
            settings: BTreeMap::from([
                ("baseUrl".to_owned(), "https://a".to_owned()),
                ("x".to_owned(), "1".to_owned()),
            ]),
        }
    }

    fn source() -> ConfigurationBuilder {
        DescribeConnectorConfigurationResponse::source("Acme", "Acme", "1.0.0").api_versions(["v2", "v1"])
    }

    #[test]
    fn takes_the_only_connection_or_the_named_one_and_asks_otherwise() {
        let (none, one, two) = (vec![], vec![profile("a")], vec![profile("a"), profile("b")]);
        assert_eq!(choose_profile(&none, None).unwrap(), None);
        assert_eq!(choose_profile(&one, None).unwrap().unwrap().name, "a");
        assert_eq!(choose_profile(&two, Some("b")).unwrap().unwrap().name, "b");
        for (profiles, named) in [(&two, None), (&two, Some("c")), (&none, Some("c"))] {
            assert_eq!(choose_profile(profiles, named).unwrap_err().exit_code().code(), 2);
        }
        assert!(choose_profile(&two, None).unwrap_err().hint().unwrap().ends_with("a, b"));
    }

    #[test]
    fn overlays_the_connection_with_the_command_line() {
        let args = AskArgs { settings: vec!["x=2=3".to_owned()], ..AskArgs::default() };
        let wishes = Wishes::parse(&args).unwrap();
        let context = connected(Some(&profile("a")), &wishes, &source().build().unwrap(), None).context;
        let settings = context.connector_runtime_settings.unwrap();
        assert_eq!((settings["baseUrl"].as_str(), settings["x"].as_str()), ("https://a", "2=3"));
        assert_eq!(context.api_version.as_deref(), Some("v2"));
        let credentials = context.credentials.unwrap();
        assert_eq!((credentials.secret_arn.as_deref(), credentials.authentication_type), (Some("arn:a"), None));
    }

    #[test]
    fn refuses_malformed_wishes() {
        for args in [
            AskArgs { settings: vec!["novalue".to_owned()], ..AskArgs::default() },
            AskArgs { authentication_type: Some("BASIC".to_owned()), ..AskArgs::default() },
        ] {
            assert_eq!(Wishes::parse(&args).unwrap_err().exit_code().code(), 2);
        }
    }

    #[test]
    fn offers_the_sample_only_to_connectors_that_it_fits() {
        let setting =
            |scope| ConnectorRuntimeSetting::new(BASE_URL, RuntimeSettingType::String, scope, "l", "d").required();
        let open = AuthenticationConfig::new().none();
        let built =
            |authentication, scope| source().authentication(authentication).setting(setting(scope)).build().unwrap();
        let fits = built(open.clone(), RuntimeSettingScope::ConnectorProfile);
        assert!(takes_sample(&fits) && needs_settings(&fits));
        assert!(!takes_sample(&built(open, RuntimeSettingScope::Source)));
        assert!(!takes_sample(&built(AuthenticationConfig::new().basic(), RuntimeSettingScope::ConnectorProfile)));
    }

    #[test]
    fn knows_its_own_samples_by_name() {
        for (name, expected) in [("sample", true), ("sample-acme", true), ("sample-other", false), ("samples", false)] {
            assert_eq!(is_sample_of(name, "acme"), expected, "{name}");
        }
    }
}
