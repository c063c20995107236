//! Connections (connector profiles), made as any AWS client makes them.

use aws_sdk_appflow::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_appflow::error::{DisplayErrorContext, ProvideErrorMetadata};
use aws_sdk_appflow::types::{
    ApiKeyCredentials, AuthenticationType, BasicAuthCredentials, ConnectionMode, ConnectorProfileConfig,
    ConnectorProfileCredentials, ConnectorProfileProperties, ConnectorType, CustomAuthCredentials,
    CustomConnectorProfileCredentials, CustomConnectorProfileProperties, OAuth2Credentials,
    builders::CustomConnectorProfileCredentialsBuilder,
};
use aws_sdk_appflow::{Client, Config};
use aws_smithy_http_client::Builder;

use crate::laptop::Server;

/// The credentials of a connection that is not made yet.
#[derive(Debug)]
pub struct Connection(CustomConnectorProfileCredentialsBuilder);

impl Connection {
    /// User name and password.
    #[must_use]
    pub fn basic(username: &str, password: &str) -> Self {
        let basic = BasicAuthCredentials::builder().username(username).password(password).build();
        Self::of(AuthenticationType::Basic, |builder| builder.basic(basic.expect("both are given")))
    }

    /// An API key.
    #[must_use]
    pub fn api_key(key: &str) -> Self {
        let key = ApiKeyCredentials::builder().api_key(key).build();
        Self::of(AuthenticationType::Apikey, |builder| builder.api_key(key.expect("the key is given")))
    }

    /// An OAuth2 access token.
    #[must_use]
    pub fn bearer(access_token: &str) -> Self {
        let token = OAuth2Credentials::builder().access_token(access_token).build();
        Self::of(AuthenticationType::Oauth2, |builder| builder.oauth2(token))
    }

    /// A kind of the connector's own.
    #[must_use]
    pub fn custom<const N: usize>(kind: &str, parameters: [(&str, &str); N]) -> Self {
        let custom = parameters
            .into_iter()
            .fold(CustomAuthCredentials::builder().custom_authentication_type(kind), |custom, (key, value)| {
                custom.credentials_map(key, value)
            });
        Self::of(AuthenticationType::Custom, |builder| builder.custom(custom.build().expect("the kind is given")))
    }

    fn of(
        kind: AuthenticationType,
        with: impl FnOnce(CustomConnectorProfileCredentialsBuilder) -> CustomConnectorProfileCredentialsBuilder,
    ) -> Self {
        Self(with(CustomConnectorProfileCredentials::builder().authentication_type(kind)))
    }

    /// Makes the connection.
    ///
    /// # Errors
    /// The error's code and everything it says.
    pub async fn create(self, server: &Server, label: &str, name: &str, base_url: &str) -> Result<(), String> {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "tests"))
            .endpoint_url(&server.endpoint_url)
            .http_client(Builder::new().build_http())
            .build();
        let properties = CustomConnectorProfileProperties::builder().profile_properties("baseUrl", base_url).build();
        let properties = ConnectorProfileProperties::builder().custom_connector(properties).build();
        let credentials = self.0.build().expect("the kind is given");
        let credentials = ConnectorProfileCredentials::builder().custom_connector(credentials).build();
        let call = Client::from_conf(config)
            .create_connector_profile()
            .connector_profile_name(name)
            .connector_type(ConnectorType::Customconnector)
            .connector_label(label)
            .connection_mode(ConnectionMode::Public)
            .connector_profile_config(
                ConnectorProfileConfig::builder()
                    .connector_profile_properties(properties)
                    .connector_profile_credentials(credentials)
                    .build(),
            )
            .send();
        Box::pin(call)
            .await
            .map(drop)
            .map_err(|error| format!("{}: {}", error.code().unwrap_or_default(), DisplayErrorContext(&error)))
    }
}
