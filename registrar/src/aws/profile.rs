//! Connections to make, as AppFlow's API has them.

use std::collections::BTreeMap;

use appflow_sdk::Secret;
use aws_sdk_appflow::error::BuildError;
use aws_sdk_appflow::types::builders::CustomConnectorProfileCredentialsBuilder;
use aws_sdk_appflow::types::{
    ApiKeyCredentials, AuthenticationType, BasicAuthCredentials, ConnectorProfileConfig, ConnectorProfileCredentials,
    ConnectorProfileProperties, CustomAuthCredentials, CustomConnectorProfileCredentials,
    CustomConnectorProfileProperties, OAuth2Credentials, OAuth2GrantType, OAuth2Properties,
};

use super::failure::{ServiceFailure, unbuildable};
use crate::connection_credentials::NewCredentials;

/// Settings and credentials of a connection.
///
/// # Errors
/// A failure of the request, when AppFlow's API cannot express it.
pub(super) fn config(
    action: &'static str,
    credentials: &NewCredentials,
    settings: &BTreeMap<String, String>,
) -> Result<ConnectorProfileConfig, ServiceFailure> {
    let refused = |error: BuildError| unbuildable(action, &error);
    let built = kind(credentials).map_err(refused)?.build().map_err(refused)?;
    let mut properties = CustomConnectorProfileProperties::builder()
        .set_profile_properties(Some(settings.clone().into_iter().collect()));
    if let NewCredentials::OAuth2 { token_url: Some(token_url), grant: Some(grant), .. } = credentials {
        let grant = match grant.as_str() {
            "AUTHORIZATION_CODE" => OAuth2GrantType::AuthorizationCode,
            "JWT_BEARER" => OAuth2GrantType::JwtBearer,
            _ => OAuth2GrantType::ClientCredentials,
        };
        let oauth2 = OAuth2Properties::builder().token_url(token_url).o_auth2_grant_type(grant).build();
        properties = properties.o_auth2_properties(oauth2.map_err(refused)?);
    }
    Ok(ConnectorProfileConfig::builder()
        .connector_profile_properties(
            ConnectorProfileProperties::builder().custom_connector(properties.build()).build(),
        )
        .connector_profile_credentials(ConnectorProfileCredentials::builder().custom_connector(built).build())
        .build())
}

fn kind(credentials: &NewCredentials) -> Result<CustomConnectorProfileCredentialsBuilder, BuildError> {
    let of = |kind| CustomConnectorProfileCredentials::builder().authentication_type(kind);
    let exposed = |secret: &Option<Secret>| secret.as_ref().map(|secret| secret.expose().to_owned());
    Ok(match credentials {
        NewCredentials::Basic { username, password } => {
            let basic = BasicAuthCredentials::builder().username(username).password(password.expose());
            of(AuthenticationType::Basic).basic(basic.build()?)
        }
        NewCredentials::ApiKey { api_key, api_secret_key } => {
            let key = ApiKeyCredentials::builder().api_key(api_key.expose());
            of(AuthenticationType::Apikey).api_key(key.set_api_secret_key(exposed(api_secret_key)).build()?)
        }
        NewCredentials::OAuth2 { access_token, refresh_token, client_id, client_secret, .. } => {
            let tokens = OAuth2Credentials::builder()
                .set_access_token(exposed(access_token))
                .set_refresh_token(exposed(refresh_token))
                .set_client_id(client_id.clone())
                .set_client_secret(exposed(client_secret));
            of(AuthenticationType::Oauth2).oauth2(tokens.build())
        }
        NewCredentials::Custom { kind, parameters } => {
            let custom = CustomAuthCredentials::builder().custom_authentication_type(kind);
            let custom =
                parameters.iter().fold(custom, |custom, (key, value)| custom.credentials_map(key, value.expose()));
            of(AuthenticationType::Custom).custom(custom.build()?)
        }
    })
}
