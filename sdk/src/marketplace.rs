//! Whether the AWS account that a connector runs in has subscribed to it in AWS Marketplace.
//!
//! A vendor who sells a connector through AWS Marketplace asks License Manager at intervals whether the account that
//! runs it still has an entitlement. [`Entitlement`] asks as both official SDKs do and remembers the answer.
//!
//! - The function's role needs the IAM action `license-manager:CheckoutLicense`. (The action follows from the name of the
//!   API; the documentation of the official SDKs does not name it.)
//! - Marketplace sells connectors as container products only, free or with a monthly price: the function is deployed from
//!   an image, not from a zip file.
//! - What is sent and how the answer is read follow the official SDKs' `EntitlementUtil`. Nothing here was checked against
//!   AWS: that takes a product that is listed.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use aws_sdk_licensemanager::Client;
use aws_sdk_licensemanager::config;
use aws_sdk_licensemanager::error::ProvideErrorMetadata;
use aws_sdk_licensemanager::operation::checkout_license::CheckoutLicenseError;
use aws_sdk_licensemanager::types::{CheckoutType, EntitlementData, EntitlementDataUnit};
use tokio::sync::{Mutex, OnceCell};
use tokio::time::{Instant, timeout};
use uuid::Uuid;

pub use aws_config::SdkConfig;

use crate::aws;

/// How long an answer is used again, unless [`Entitlement::with_lifetime`] says otherwise.
///
/// The official SDKs' documentation advises to ask hourly or daily, not with each invocation.
pub const DEFAULT_LIFETIME: Duration = Duration::from_hours(1);

/// How long License Manager may take to answer, all tries together. AppFlow gives some operations 10 seconds in all.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Who issues the licences of AWS Marketplace.
const KEY_FINGERPRINT: &str = "aws:294406891311:AWS/Marketplace:issuer-fingerprint";

/// The entitlement that a subscription brings.
const USAGE: &str = "AWS::Marketplace::Usage";

/// The entitlement of this AWS account to use one Marketplace product.
///
/// Make one when the connector starts and ask it in the methods that are worth money. Answers are remembered for an hour,
/// failures are not; calls at the same time ask License Manager once.
///
/// ```no_run
/// use appflow_sdk::ConnectorError;
/// use appflow_sdk::marketplace::Entitlement;
///
/// # async fn example() -> Result<(), ConnectorError> {
/// let entitlement = Entitlement::new("prod-abcdefghijklm");
/// if !entitlement.is_entitled().await {
///     return Err(ConnectorError::access_denied("this AWS account is not subscribed to Acme in AWS Marketplace"));
/// }
/// # Ok(())
/// # }
/// ```
pub struct Entitlement {
    product_sku: String,
    lifetime: Duration,
    client: OnceCell<Client>,
    answer: Mutex<Option<Answer>>,
}

/// What License Manager last said.
struct Answer {
    at: Instant,
    is_entitled: bool,
}

impl Entitlement {
    /// The entitlement to a product, by the id that Marketplace gave it. Region and credentials are those of the Lambda
    /// function; they are looked up at the first question.
    #[must_use]
    pub fn new(product_sku: impl Into<String>) -> Self {
        Self {
            product_sku: product_sku.into(),
            lifetime: DEFAULT_LIFETIME,
            client: OnceCell::new(),
            answer: Mutex::new(None),
        }
    }

    /// As [`new`](Self::new), with region, credentials and endpoint from a configuration. Where it names no HTTP client,
    /// one with rustls on ring is made.
    #[must_use]
    pub fn from_config(config: &SdkConfig, product_sku: impl Into<String>) -> Self {
        Self { client: OnceCell::new_with(Some(client(config))), ..Self::new(product_sku) }
    }

    /// Sets how long an answer is used again; [`DEFAULT_LIFETIME`] without. Zero asks anew each time.
    #[must_use]
    pub fn with_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Whether the account is entitled, as the official SDKs decide it: a failure is written to the log and means no.
    pub async fn is_entitled(&self) -> bool {
        self.check().await.unwrap_or_else(|error| {
            tracing::error!(product_sku = self.product_sku, error = aws::chain(&error), "taken as not entitled");
            false
        })
    }

    /// Whether the account is entitled, for callers that treat "no" and "cannot tell" differently: a customer who pays
    /// should not be stopped because License Manager is down.
    ///
    /// # Errors
    /// [`EntitlementError`] when License Manager does not answer within [`PATIENCE`], refuses to, or answers with
    /// something that cannot be read. That there is no entitlement is an answer.
    pub async fn check(&self) -> Result<bool, EntitlementError> {
        let mut answer = self.answer.lock().await;
        if let Some(known) = answer.as_ref()
            && known.at.elapsed() < self.lifetime
        {
            return Ok(known.is_entitled);
        }
        *answer = None;
        let is_entitled = match timeout(PATIENCE, self.ask()).await {
            Ok(said) => said?,
            Err(_) => return Err(EntitlementError { code: None, source: None }),
        };
        *answer = Some(Answer { at: Instant::now(), is_entitled });
        Ok(is_entitled)
    }

    async fn ask(&self) -> Result<bool, EntitlementError> {
        let client = self.client.get_or_init(|| async { client(&aws::configuration().await) }).await;
        let usage = EntitlementData::builder().name(USAGE).unit(EntitlementDataUnit::None).build();
        let answer = client
            .checkout_license()
            .product_sku(&self.product_sku)
            .checkout_type(CheckoutType::Provisional)
            .key_fingerprint(KEY_FINGERPRINT)
            .set_entitlements(usage.ok().map(|usage| vec![usage]))
            .client_token(Uuid::new_v4().to_string())
            .send()
            .await;
        match answer {
            Ok(answer) => Ok(answer.entitlements_allowed().iter().any(|entitlement| entitlement.name() == USAGE)),
            Err(error)
                if matches!(
                    error.as_service_error(),
                    Some(CheckoutLicenseError::NoEntitlementsAllowedException(_))
                ) =>
            {
                tracing::warn!(product_sku = self.product_sku, "License Manager found no entitlement");
                Ok(false)
            }
            Err(error) => {
                Err(EntitlementError { code: error.code().map(str::to_owned), source: Some(Box::new(error)) })
            }
        }
    }
}

impl fmt::Debug for Entitlement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entitlement")
            .field("product_sku", &self.product_sku)
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}

fn client(config: &SdkConfig) -> Client {
    let mut builder = config::Builder::from(config);
    if config.http_client().is_none() {
        builder.set_http_client(Some(aws::http_client()));
    }
    if config.behavior_version().is_none() {
        builder.set_behavior_version(Some(aws::behavior_version()));
    }
    Client::from_conf(builder.build())
}

/// License Manager could not tell whether the account is entitled.
#[derive(Debug)]
pub struct EntitlementError {
    code: Option<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl EntitlementError {
    /// The code of License Manager's error, such as `AccessDeniedException`; none when it did not answer.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }
}

impl fmt::Display for EntitlementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("License Manager cannot tell whether this account is entitled: ")?;
        match (&self.code, &self.source) {
            (Some(code), _) if code.starts_with("AccessDenied") || code.starts_with("Authorization") => {
                write!(f, "{code}; allow the function's role license-manager:CheckoutLicense")
            }
            (Some(code), _) => f.write_str(code),
            (None, Some(_)) => f.write_str("it could not be asked, or its answer cannot be read"),
            (None, None) => write!(f, "it did not answer within {} seconds", PATIENCE.as_secs()),
        }
    }
}

impl Error for EntitlementError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}
