//! Checks the values of runtime settings against what the connector declares.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::error::ConnectorError;
use crate::protocol::{
    ConnectorContext, ConnectorRuntimeSetting, RuntimeSettingType, ValidateConnectorRuntimeSettingsRequest,
    ValidateConnectorRuntimeSettingsResponse,
};

/// Answers `ValidateConnectorRuntimeSettings` from the declared settings: mandatory ones of the scope are there, values
/// fit their type and are among the options. Settings of other scopes are left alone.
#[must_use]
pub fn validate_settings(
    declared: &[ConnectorRuntimeSetting],
    request: &ValidateConnectorRuntimeSettingsRequest,
) -> ValidateConnectorRuntimeSettingsResponse {
    let errors: BTreeMap<_, _> = declared
        .iter()
        .filter(|setting| setting.applies_to(&request.scope))
        .filter_map(|setting| {
            let value = request.connector_runtime_settings.get(&setting.key).map_or("", |value| value.trim());
            let problem = problem_with(setting, value)?;
            Some((setting.key.clone(), problem))
        })
        .collect();
    ValidateConnectorRuntimeSettingsResponse::from_errors(errors)
}

impl ConnectorContext {
    /// The value of a runtime setting that the connector cannot do without.
    ///
    /// # Errors
    /// `InvalidArgument` that names the setting, when it is absent or blank.
    pub fn required_setting(&self, key: &str) -> Result<&str, ConnectorError> {
        self.setting(key)
            .ok_or_else(|| ConnectorError::invalid_argument(format!("the connection lacks the setting {key:?}")))
    }
}

fn problem_with(setting: &ConnectorRuntimeSetting, value: &str) -> Option<String> {
    if value.is_empty() {
        return setting.required.then(|| "is required".to_owned());
    }
    let fits = match &setting.data_type {
        RuntimeSettingType::Boolean => matches!(value, "true" | "false"),
        RuntimeSettingType::Integer => value.parse::<i32>().is_ok(),
        RuntimeSettingType::Long => value.parse::<i64>().is_ok(),
        RuntimeSettingType::Date => value.parse::<Date>().is_ok(),
        RuntimeSettingType::DateTime => {
            value.parse::<jiff::Timestamp>().is_ok() || value.parse::<jiff::civil::DateTime>().is_ok()
        }
        RuntimeSettingType::Url => value.split_once("://").is_some_and(|(scheme, rest)| {
            matches!(scheme, "http" | "https") && !rest.starts_with('/') && !rest.is_empty()
        }),
        RuntimeSettingType::String | RuntimeSettingType::Unknown(_) => true,
    };
    if !fits {
        let expected = match &setting.data_type {
            RuntimeSettingType::Boolean => "true or false",
            RuntimeSettingType::Integer => "an integer of 32 bits",
            RuntimeSettingType::Long => "an integer of 64 bits",
            RuntimeSettingType::Date => "a date such as 2026-01-31",
            RuntimeSettingType::DateTime => "a date and time such as 2026-01-31T10:15:30Z",
            RuntimeSettingType::Url => "a URL that begins with https:// or http://",
            RuntimeSettingType::String | RuntimeSettingType::Unknown(_) => "text",
        };
        return Some(format!("must be {expected}"));
    }
    match &setting.connector_supplied_value_options {
        Some(options) if !options.is_empty() && !options.iter().any(|option| option == value) => {
            Some(format!("must be one of {}", options.join(", ")))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::RuntimeSettingScope;

    fn errors(declared: &[ConnectorRuntimeSetting], given: &[(&str, &str)]) -> BTreeMap<String, String> {
        let given = given.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let request = ValidateConnectorRuntimeSettingsRequest::new(RuntimeSettingScope::ConnectorProfile, given);
        validate_settings(declared, &request).errors_by_input_field.unwrap_or_default()
    }

    fn setting(key: &str, data_type: RuntimeSettingType) -> ConnectorRuntimeSetting {
        ConnectorRuntimeSetting::new(key, data_type, RuntimeSettingScope::ConnectorProfile, key, key)
    }

    #[test]
    fn finds_every_problem_at_once() {
        use RuntimeSettingType::{Boolean, Date, DateTime, Integer, Long, String, Url};
        let declared = [
            setting("missing", String).required(),
            setting("blank", String).required(),
            setting("boolean", Boolean),
            setting("integer", Integer),
            setting("long", Long),
            setting("date", Date),
            setting("instant", DateTime),
            setting("url", Url),
            setting("choice", String).options(["a", "b"]),
            setting("absent", Boolean),
        ];
        let wrong = errors(
            &declared,
            &[
                ("blank", "  "),
                ("boolean", "yes"),
                ("integer", "2147483648"),
                ("long", "1.5"),
                ("date", "2026-02-30"),
                ("instant", "yesterday"),
                ("url", "example.com"),
                ("choice", "c"),
            ],
        );
        assert_eq!(wrong.len(), 9, "{wrong:?}");
        let right = [
            ("missing", "x"),
            ("blank", "x"),
            ("boolean", "true"),
            ("integer", "-5"),
            ("long", "9223372036854775807"),
            ("date", "2024-02-29"),
            ("instant", "2026-01-31T10:15:30Z"),
            ("url", "http://127.0.0.1:8080/x"),
            ("choice", "b"),
        ];
        assert_eq!(errors(&declared, &right), BTreeMap::new());
    }

    #[test]
    fn a_required_setting_is_missed_by_name() {
        let settings = [("a".to_owned(), " x ".to_owned()), ("blank".to_owned(), " ".to_owned())].into();
        let context = ConnectorContext { connector_runtime_settings: Some(settings), ..ConnectorContext::default() };
        assert_eq!(context.required_setting("a").unwrap(), "x");
        for key in ["blank", "absent"] {
            assert!(context.required_setting(key).unwrap_err().message().contains(key));
        }
    }

    #[test]
    fn leaves_settings_of_another_scope_alone() {
        let mut source = setting("table", RuntimeSettingType::String).required();
        source.scope = RuntimeSettingScope::Source;
        assert_eq!(errors(&[source], &[]), BTreeMap::new());
    }
}
