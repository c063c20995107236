//! Opens the clients: against AWS with the standard chain of settings, or against the local AWS with fixed ones.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::environment::region::EnvironmentVariableRegionProvider;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext};
use aws_smithy_runtime_api::client::http::{SharedHttpClient, SharedHttpConnector, http_client_fn};

use super::answer::{ATTEMPT, within};
use super::trust::{must_be_there, trusted};
use super::{AppFlow, Iam, Lambda, Logs, S3, Sts};
use crate::error::RegistrarError;

/// Which AWS to talk to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connection {
    /// AWS, or whatever `endpoint_url` names, with the standard environment and configuration files.
    Standard {
        /// The named profile; none means the standard chain.
        profile: Option<String>,
        /// The region; none means the environment's or the profile's, never a guess.
        region: Option<String>,
        /// One endpoint for all services; none means the environment's or AWS's own.
        endpoint_url: Option<String>,
        /// The file of certificate authorities that the environment names; none means the profile's or the system's.
        ca_bundle: Option<PathBuf>,
    },
    /// The local AWS: no environment variable and no file is looked at.
    Local {
        /// Where it listens.
        endpoint_url: String,
        /// The region it plays.
        region: String,
    },
}

/// The clients, and the region they work in.
#[derive(Debug, Clone)]
pub struct Aws {
    /// The region.
    pub region: String,
    /// Functions.
    pub lambda: Lambda,
    /// Roles.
    pub iam: Iam,
    /// Who we are.
    pub sts: Sts,
    /// Connectors.
    pub appflow: AppFlow,
    /// Logs.
    pub logs: Logs,
    /// Large artefacts.
    pub s3: S3,
}

impl Aws {
    /// Opens the clients. Nothing is called yet.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`](crate::error::ErrorKind::Usage) when no region is set anywhere, or the file of certificate
    /// authorities is no good; of kind credentials when there is no profile of the name.
    pub async fn connect(connection: &Connection) -> Result<Self, RegistrarError> {
        let (config, region) = match connection {
            Connection::Local { endpoint_url, region } => {
                let client = transport(ProxyConfig::disabled(), TlsContext::default());
                (fixed(client, endpoint_url, region), region.clone())
            }
            Connection::Standard { profile, region, endpoint_url, ca_bundle } => {
                let profile = profile.as_deref();
                if let Some(profile) = profile {
                    must_be_there(profile).await?;
                }
                let region = find_region(profile, region.as_deref()).await?;
                let client = transport(ProxyConfig::from_env(), trusted(ca_bundle.as_deref(), profile).await?);
                (standard(client, profile, &region, endpoint_url.as_deref()).await, region)
            }
        };
        Ok(Self::of(&config, region))
    }

    /// Opens the clients on a transport of the caller's, such as one that fails on purpose.
    #[must_use]
    pub fn through(client: SharedHttpClient, endpoint_url: &str, region: &str) -> Self {
        Self::of(&fixed(client, endpoint_url, region), region.to_owned())
    }

    fn of(config: &SdkConfig, region: String) -> Self {
        Self {
            lambda: Lambda::new(config),
            iam: Iam::new(config),
            sts: Sts::new(config),
            appflow: AppFlow::new(config),
            logs: Logs::new(config),
            s3: S3::new(config),
            region,
        }
    }
}

/// One transport for all clients: rustls on ring, because the SDK's default brings a second TLS stack.
///
/// Made when the SDK tells its time limits, and kept, so that connections are reused. There is one for each set of limits:
/// those of the metadata service are one second, which must not become Lambda's.
fn transport(proxy: ProxyConfig, tls: TlsContext) -> SharedHttpClient {
    let connectors = Mutex::new(HashMap::new());
    http_client_fn(move |settings, components| {
        let make = || {
            let mut builder = Connector::builder()
                .tls_provider(Provider::Rustls(CryptoMode::Ring))
                .tls_context(tls.clone())
                .connector_settings(settings.clone())
                .proxy_config(proxy.clone());
            builder.set_sleep_impl(components.sleep_impl());
            SharedHttpConnector::new(builder.build())
        };
        let limits = (settings.connect_timeout(), settings.read_timeout());
        let mut connectors = connectors.lock().unwrap_or_else(PoisonError::into_inner);
        connectors.entry(limits).or_insert_with(make).clone()
    })
}

/// Pinned, so that an update of the SDK does not change retries and timeouts under us.
fn behavior() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}

/// No environment variable and no file is looked at.
fn fixed(client: SharedHttpClient, endpoint_url: &str, region: &str) -> SdkConfig {
    let credentials = Credentials::new("local", "local", None, None, "registrar --local");
    SdkConfig::builder()
        .behavior_version(behavior())
        .http_client(client)
        .region(Region::new(region.to_owned()))
        .endpoint_url(endpoint_url)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .timeout_config(within(ATTEMPT))
        .build()
}

async fn standard(
    client: SharedHttpClient,
    profile: Option<&str>,
    region: &str,
    endpoint_url: Option<&str>,
) -> SdkConfig {
    let mut loader = aws_config::defaults(behavior())
        .http_client(client.clone())
        .timeout_config(within(ATTEMPT))
        .region(Region::new(region.to_owned()));
    if let Some(profile) = profile {
        // Whoever names a profile means its credentials, whatever the environment holds; one without any has none to mean.
        let provider = ProviderConfig::without_region()
            .with_region(Some(Region::new(region.to_owned())))
            .with_http_client(client.clone());
        let named = ProfileFileCredentialsProvider::builder().profile_name(profile).configure(&provider).build();
        let rest = DefaultCredentialsChain::builder().profile_name(profile).configure(provider).build().await;
        let credentials = CredentialsProviderChain::first_try("Profile", named).or_else("DefaultChain", rest);
        loader = loader.profile_name(profile).credentials_provider(credentials);
    }
    if let Some(endpoint_url) = endpoint_url {
        loader = loader.endpoint_url(endpoint_url);
    }
    loader.load().await
}

/// The flag, `AWS_REGION`, `AWS_DEFAULT_REGION`, or the profile's region. The SDK's own chain would go on to ask the
/// instance metadata service, which outside EC2 is a long wait for nothing.
async fn find_region(profile: Option<&str>, flag: Option<&str>) -> Result<String, RegistrarError> {
    if let Some(region) = flag {
        return Ok(region.to_owned());
    }
    let mut file = ProfileFileRegionProvider::builder();
    if let Some(profile) = profile {
        file = file.profile_name(profile);
    }
    let chain = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new()).or_else(file.build());
    chain.region().await.map(|region| region.to_string()).ok_or_else(|| {
        RegistrarError::usage("no region is set")
            .with_hint("pass --region, set AWS_REGION, or give the profile a region; --local needs none")
    })
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::time::Duration;

    use aws_smithy_types::retry::RetryConfig;
    use aws_smithy_types::timeout::TimeoutConfig;
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn each_client_keeps_its_own_time_limits() {
        // It takes connections and never answers.
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint_url = format!("http://{}", silent.local_addr().unwrap());
        let client = transport(ProxyConfig::disabled(), TlsContext::default());
        let config = fixed(client, &endpoint_url, "us-east-1");
        for limit in [1, 7, 1] {
            let limit = Duration::from_secs(limit);
            let hasty = config
                .to_builder()
                .timeout_config(TimeoutConfig::builder().read_timeout(limit).build())
                .retry_config(RetryConfig::disabled())
                .build();
            let start = Instant::now();
            let failure = Sts::new(&hasty).identity().await.unwrap_err();
            assert!(failure.is_ambiguous(), "{failure}");
            assert!(start.elapsed() >= limit && start.elapsed() < limit * 2, "{:?} of {limit:?}", start.elapsed());
        }
    }
}
