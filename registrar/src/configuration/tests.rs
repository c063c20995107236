//! What counts as a difference, and what as one that breaks something.

use appflow_sdk::protocol::{
    AuthParameter, AuthenticationConfig, ConnectorRuntimeSetting, CustomAuthConfig,
    DescribeConnectorConfigurationResponse, OAuth2Defaults, OAuth2GrantType, RuntimeSettingScope, RuntimeSettingType,
    WriteOperationType,
};

use super::*;

fn setting(key: &str) -> ConnectorRuntimeSetting {
    let scope = RuntimeSettingScope::ConnectorProfile;
    ConnectorRuntimeSetting::new(key, RuntimeSettingType::String, scope, "Label", "Description")
}

/// A connector that has something of everything.
fn answer() -> DescribeConnectorConfigurationResponse {
    let oauth2 = OAuth2Defaults::new("https://example.com/token", OAuth2GrantType::ClientCredentials);
    let custom = CustomAuthConfig::new("AcmeToken").parameter(AuthParameter::secret("token", "Token", "The token"));
    let authentication = AuthenticationConfig::new().basic().oauth2(oauth2).custom(custom);
    let mut required = setting("baseUrl");
    required.required = true;
    let mut choice = setting("zone");
    choice.connector_supplied_value_options = Some(vec!["eu".to_owned(), "us".to_owned()]);
    let mut answer = DescribeConnectorConfigurationResponse::source_and_destination("Acme", "acme", "1.0.0")
        .authentication(authentication)
        .setting(required)
        .setting(choice)
        .setting(setting("note"))
        .build()
        .unwrap();
    answer.supported_api_versions = vec!["v1".to_owned(), "v2".to_owned()];
    answer
}

type Edit = fn(&mut DescribeConnectorConfigurationResponse);

fn authentication(answer: &mut DescribeConnectorConfigurationResponse) -> &mut AuthenticationConfig {
    answer.authentication_config.as_mut().unwrap()
}

fn settings(answer: &mut DescribeConnectorConfigurationResponse) -> &mut Vec<ConnectorRuntimeSetting> {
    answer.connector_runtime_settings.as_mut().unwrap()
}

#[track_caller]
fn one_difference(edit: Edit) -> Difference {
    let before = SelfDescription::of(&answer());
    let mut changed = answer();
    edit(&mut changed);
    let after = SelfDescription::of(&changed);
    assert_ne!(before.digest, after.digest);
    let differences = before.configuration.differences(&after.configuration);
    let [difference] = differences.as_slice() else { panic!("{differences:?}") };
    difference.clone()
}

#[test]
fn finds_no_difference_between_equals() {
    let said = SelfDescription::of(&answer());
    assert_eq!(said, SelfDescription::of(&answer()));
    assert!(said.configuration.differences(&said.configuration).is_empty());
    assert_eq!(marks(&[]), "");
}

#[test]
fn tells_what_breaks_from_what_does_not() {
    let harmless: [(&str, Edit); 9] = [
        ("connectorVersion", |next| next.connector_version = "1.0.1".to_owned()),
        ("logoURL", |next| next.logo_url = Some("https://example.com/logo.png".to_owned())),
        ("supportedApiVersions", |next| next.supported_api_versions.push("v3".to_owned())),
        ("authenticationTypes", |next| authentication(next).is_api_key_auth_supported = Some(true)),
        ("connectorRuntimeSettings.extra", |next| settings(next).push(setting("extra"))),
        ("connectorRuntimeSettings.note", |next| drop(settings(next).pop())),
        ("connectorRuntimeSettings.note.label", |next| settings(next)[2].label = "Other".to_owned()),
        ("connectorRuntimeSettings.baseUrl.isRequired", |next| settings(next)[0].required = false),
        ("connectorRuntimeSettings.zone.connectorSuppliedValues", |next| {
            settings(next)[1].connector_supplied_value_options.as_mut().unwrap().push("ap".to_owned());
        }),
    ];
    for (property, edit) in harmless {
        let difference = one_difference(edit);
        assert_eq!((difference.property.as_str(), difference.breaks), (property, None));
    }
    let breaking: [(&str, Edit); 12] = [
        ("connectorModes", |next| drop(next.connector_modes.pop())),
        ("supportedApiVersions", |next| drop(next.supported_api_versions.remove(0))),
        ("supportedOperators", |next| drop(next.operators_supported.pop())),
        ("supportedWriteOperations", |next| {
            next.supported_write_operations.retain(|write| *write != WriteOperationType::Delete);
        }),
        ("supportedTriggerTypes", |next| drop(next.supported_trigger_types.pop())),
        ("authenticationTypes", |next| authentication(next).is_basic_auth_supported = Some(false)),
        ("customAuthConfigs.AcmeToken.tenant", |next| {
            let mut tenant = AuthParameter::plain("tenant", "Tenant", "The tenant");
            tenant.required = true;
            authentication(next).custom_auth_config.as_mut().unwrap()[0].auth_parameters.push(tenant);
        }),
        ("connectorRuntimeSettings.extra", |next| {
            let mut extra = setting("extra");
            extra.required = true;
            settings(next).push(extra);
        }),
        ("connectorRuntimeSettings.baseUrl", |next| drop(settings(next).remove(0))),
        ("connectorRuntimeSettings.note.isRequired", |next| settings(next)[2].required = true),
        ("connectorRuntimeSettings.note.dataType", |next| settings(next)[2].data_type = RuntimeSettingType::Long),
        ("connectorRuntimeSettings.note.connectorSuppliedValues", |next| {
            settings(next)[2].connector_supplied_value_options = Some(vec!["a".to_owned()]);
        }),
    ];
    for (property, edit) in breaking {
        let difference = one_difference(edit);
        assert_eq!((difference.property.as_str(), difference.breaks.is_some()), (property, true), "{difference:?}");
    }
}

#[test]
fn covers_by_its_digest_what_appflow_does_not_show() {
    let mut changed = answer();
    authentication(&mut changed).oauth2_defaults.as_mut().unwrap().add_basic_auth_header = true;
    let (before, after) = (SelfDescription::of(&answer()), SelfDescription::of(&changed));
    assert!(before.configuration.differences(&after.configuration).is_empty());
    assert_ne!(before.digest, after.digest);
}

#[test]
fn does_not_compare_what_is_not_shown() {
    let mut held = SelfDescription::of(&answer()).configuration;
    held.sets.remove("supportedOperators");
    held.parameters.clear();
    assert!(held.differences(&SelfDescription::of(&answer()).configuration).is_empty());
}

#[test]
fn does_not_mind_in_which_order_a_connector_lists_things() {
    let mut other = answer();
    other.operators_supported.reverse();
    other.supported_write_operations.reverse();
    settings(&mut other).reverse();
    assert_eq!(SelfDescription::of(&answer()), SelfDescription::of(&other));
}

#[test]
fn leaves_out_what_is_shown_otherwise_for_good_and_nothing_else() {
    let said = SelfDescription::of(&answer()).configuration;
    let mut held = said.clone();
    held.set("supportedSchedulingFrequencies", Some(["NEVER"]));
    let known = marks(&held.differences(&said));
    assert!(unmarked(held.differences(&said), &known).is_empty());
    let mut next = said;
    next.text("connectorVersion", Some("2.0.0"));
    let rest = unmarked(held.differences(&next), &known);
    assert_eq!(rest.iter().map(|rest| rest.property.as_str()).collect::<Vec<_>>(), ["connectorVersion"]);
    assert!(unmarked(Vec::new(), "").is_empty());
}
