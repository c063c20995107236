//! Each rule is broken once, and kept at its limit.

use crate::protocol::{
    AuthParameter, AuthenticationConfig, ConnectorMode, ConnectorOperator, ConnectorRuntimeSetting, CustomAuthConfig,
    DescribeConnectorConfigurationResponse, OAuth2CustomParameter, OAuth2CustomPropertyType, OAuth2Defaults,
    OAuth2GrantType, RuntimeSettingScope, RuntimeSettingType, TriggerType,
};

type Configuration = DescribeConnectorConfigurationResponse;

fn setting(key: &str) -> ConnectorRuntimeSetting {
    ConnectorRuntimeSetting::new(key, RuntimeSettingType::Url, RuntimeSettingScope::Source, "Label", "Description")
}

/// Everything that a configuration can have, and nothing wrong with it.
fn right() -> Configuration {
    let mut oauth2 = OAuth2Defaults::new("https://{{tenant}}.acme.example/token", OAuth2GrantType::AuthorizationCode);
    oauth2.auth_url = Some(vec!["https://acme.example/authorize".to_owned(), " ".to_owned()]);
    oauth2.oauth_scopes = Some(vec!["read".to_owned()]);
    oauth2.oauth2_custom_properties =
        Some(vec![OAuth2CustomParameter::new("audience", OAuth2CustomPropertyType::TokenUrl, "Audience", "")]);
    let custom = CustomAuthConfig::new("Tenant").parameter(AuthParameter::secret("token", "Token", ""));
    Configuration::source_and_destination("Acme CRM", "Acme", "1.0.0")
        .authentication(AuthenticationConfig::new().basic().none().oauth2(oauth2).custom(custom))
        .setting(setting("baseUrl").options(["https://a"]))
        .logo_url("https://acme.example/logo.png")
        .build_unchecked()
}

#[track_caller]
fn problems(change: impl FnOnce(&mut Configuration)) -> Vec<String> {
    let mut configuration = right();
    change(&mut configuration);
    configuration.problems().iter().map(ToString::to_string).collect()
}

fn authentication(configuration: &mut Configuration) -> &mut AuthenticationConfig {
    configuration.authentication_config.as_mut().unwrap()
}

fn oauth2(configuration: &mut Configuration) -> &mut OAuth2Defaults {
    authentication(configuration).oauth2_defaults.as_mut().unwrap()
}

fn parameter(configuration: &mut Configuration) -> &mut AuthParameter {
    &mut authentication(configuration).custom_auth_config.as_mut().unwrap()[1].auth_parameters[0]
}

fn first_setting(configuration: &mut Configuration) -> &mut ConnectorRuntimeSetting {
    &mut configuration.connector_runtime_settings.as_mut().unwrap()[0]
}

#[test]
fn nothing_is_wrong_with_a_right_configuration_and_with_the_plainest() {
    assert_eq!(right().problems(), []);
    assert!(Configuration::source("n", "o", "1").build().is_ok());
    assert!(Configuration::destination("n", "o", "1").build().is_ok());
}

#[test]
fn every_limit_may_be_reached() {
    assert_eq!(
        problems(|it| {
            it.connector_name = "ü".repeat(256);
            it.connector_version = "1".repeat(256);
            it.supported_api_versions = vec!["v".repeat(256)];
            it.logo_url = Some(format!("https://{}", "x".repeat(248)));
            let scopes = oauth2(it).oauth_scopes.as_mut().unwrap();
            scopes.push("s".repeat(128));
            parameter(it).key = "k".repeat(128);
            parameter(it).label = "l".repeat(128);
            parameter(it).description = "don't, or: \"do\" (it) ".repeat(48);
            let more = (1..50).map(|index| setting(&format!("k{index}")));
            it.connector_runtime_settings.as_mut().unwrap().extend(more);
        }),
        Vec::<String>::new()
    );
}

/// What to change about the right configuration, and the problem that follows.
type Fault = (fn(&mut Configuration), &'static str);

const FAULTS: &[Fault] = &[
    (|it| it.connector_name = "Amazonia".to_owned(), "connectorName must not begin with amazon"),
    (|it| it.connector_name = "appFLOW x".to_owned(), "connectorName must not begin with appflow"),
    (|it| it.connector_owner = "AWS fan".to_owned(), "connectorOwner must not begin with aws"),
    (|it| it.connector_owner = " ".to_owned(), "connectorOwner is empty"),
    (|it| it.connector_owner = "x".repeat(257), "connectorOwner has more than 256 characters"),
    (|it| it.connector_version = "1 0".to_owned(), "connectorVersion has white space"),
    (|it| it.connector_modes.clear(), "connectorModes is empty"),
    (
        |it| it.supported_write_operations.clear(),
        "supportedWriteOperations is empty, but connectorModes has DESTINATION",
    ),
    (|it| it.supported_api_versions.clear(), "supportedApiVersions is empty"),
    (|it| it.supported_api_versions.push(String::new()), "supportedApiVersions[1] is empty"),
    (|it| it.operators_supported.clear(), "operatorsSupported is empty"),
    (|it| it.supported_trigger_types.clear(), "supportedTriggerTypes is empty"),
    (|it| it.connector_modes.push(ConnectorMode::from("source")), "connectorModes has the unknown value \"source\""),
    (
        |it| it.operators_supported.push(ConnectorOperator::from("NEAR")),
        "operatorsSupported has the unknown value \"NEAR\"",
    ),
    (
        |it| it.supported_trigger_types = vec![TriggerType::from("OnDemand")],
        "supportedTriggerTypes has the unknown value \"OnDemand\"",
    ),
    (
        |it| it.supported_data_transfer_types = Some(vec!["ROW".into()]),
        "supportedDataTransferTypes has the unknown value \"ROW\"",
    ),
    (|it| it.logo_url = Some("http://a/b".to_owned()), "logoURL \"http://a/b\" does not begin with https://"),
    (|it| it.logo_url = Some("https:///b".to_owned()), "logoURL \"https:///b\" names no host"),
    (|it| it.logo_url = Some("https://a/ b".to_owned()), "logoURL has white space"),
    (|it| it.authentication_config = None, "authenticationConfig is missing"),
    (
        |it| authentication(it).is_custom_auth_supported = None,
        "customAuthConfig is given, but not isCustomAuthSupported",
    ),
    (
        |it| authentication(it).custom_auth_config = Some(Vec::new()),
        "customAuthConfig is missing, but isCustomAuthSupported",
    ),
    (|it| authentication(it).is_oauth2_supported = Some(false), "oAuth2Defaults is given, but not isOAuth2Supported"),
    (|it| authentication(it).oauth2_defaults = None, "oAuth2Defaults is missing, but isOAuth2Supported"),
    (|it| oauth2(it).token_url.push("HTTPS://a".to_owned()), "tokenURL[1] \"HTTPS://a\" does not begin with https://"),
    (|it| oauth2(it).token_url[0] = format!("https://{}", "x".repeat(249)), "tokenURL[0] has more than 256 characters"),
    (|it| oauth2(it).auth_url = None, "authURL is missing, but oAuth2GrantTypesSupported has AUTHORIZATION_CODE"),
    (|it| oauth2(it).oauth_scopes = Some(vec!["a b".to_owned()]), "oAuthScopes[0] has white space"),
    (
        |it| oauth2(it).oauth2_grant_types_supported.push("JWT_BEARER".into()),
        "oAuth2GrantTypesSupported has the unknown value \"JWT_BEARER\"",
    ),
    (
        |it| oauth2(it).oauth2_custom_properties.as_mut().unwrap()[0].property_type = "X".into(),
        "oauth2CustomProperties[0].type has the unknown value \"X\"",
    ),
    (
        |it| parameter(it).key = "my token".to_owned(),
        "customAuthConfig[1].authParameters[0].key must have 1 to 128 letters, digits and _",
    ),
    (
        |it| parameter(it).label = "x".repeat(129),
        "customAuthConfig[1].authParameters[0].label has more than 128 characters",
    ),
    (
        |it| authentication(it).custom_auth_config.as_mut().unwrap()[1].authentication_type = "NoAuth".to_owned(),
        "customAuthConfig[1].authenticationType is that of an earlier kind",
    ),
    (
        |it| first_setting(it).connector_supplied_value_options = Some(vec!["New York".to_owned()]),
        "connectorRuntimeSetting[0].connectorSuppliedValueOptions[0] has white space",
    ),
    (|it| first_setting(it).scope = "FLOW".into(), "connectorRuntimeSetting[0].scope has the unknown value \"FLOW\""),
    (
        |it| first_setting(it).data_type = "URL".into(),
        "connectorRuntimeSetting[0].dataType has the unknown value \"URL\"",
    ),
    (
        |it| first_setting(it).description = "x".repeat(1025),
        "connectorRuntimeSetting[0].description has more than 1024 characters",
    ),
    (
        |it| it.connector_runtime_settings.as_mut().unwrap().push(setting("baseUrl")),
        "connectorRuntimeSetting has the key \"baseUrl\" twice",
    ),
    (
        |it| it.connector_runtime_settings = Some((0..51).map(|index| setting(&format!("k{index}"))).collect()),
        "connectorRuntimeSetting has 51 entries to fill in, and a connection or flow holds 50",
    ),
];

#[test]
fn each_rule_finds_what_breaks_it() {
    for (change, expected) in FAULTS {
        assert_eq!(problems(change), [*expected]);
    }
}

#[test]
fn every_problem_is_told_at_once() {
    let error = Configuration::source("", "aws", "").api_versions::<String>([]).modes([]).build().unwrap_err();
    assert_eq!(
        error.to_string(),
        "connectorName is empty; connectorOwner must not begin with aws; connectorVersion is empty; connectorModes is \
         empty; supportedApiVersions is empty"
    );
    assert_eq!(error.problems().len(), 5);
}

#[test]
fn the_same_key_may_be_asked_for_in_two_scopes() {
    let mut other = setting("baseUrl");
    other.scope = RuntimeSettingScope::Destination;
    assert_eq!(problems(|it| it.connector_runtime_settings.as_mut().unwrap().push(other)), Vec::<String>::new());
}

#[test]
fn a_builder_sets_every_part_and_can_be_told_not_to_check() {
    let configuration = Configuration::source("Amazon", "o", "1")
        .modes([ConnectorMode::Destination])
        .operators([ConnectorOperator::NoOp])
        .trigger_types([TriggerType::OnDemand])
        .trigger_frequencies(["ONCE".into()])
        .write_operations(["INSERT".into()])
        .logo_url("https://a")
        .build_unchecked();
    assert_eq!(configuration.connector_name, "Amazon");
    assert_eq!(configuration.connector_modes, [ConnectorMode::Destination]);
    assert_eq!(configuration.operators_supported, [ConnectorOperator::NoOp]);
    assert_eq!(configuration.supported_trigger_types, [TriggerType::OnDemand]);
    assert_eq!(configuration.trigger_frequencies_supported, ["ONCE".into()]);
    assert_eq!(configuration.supported_write_operations, ["INSERT".into()]);
    assert_eq!(configuration.logo_url.as_deref(), Some("https://a"));
}
