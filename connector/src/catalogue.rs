//! What AppFlow is told: the connector's configuration, and the entities with their fields.

use std::sync::Arc;

use appflow_sdk::protocol::{
    ConfigurationBuilder, ConnectorMode, ConnectorRuntimeSetting, DescribeConnectorConfigurationResponse,
    EntityDefinition, FieldConstraints, FieldDefinition, RuntimeSettingScope, RuntimeSettingType,
};

use crate::authentication;
use crate::known::{Access, Known, SourceField};
use crate::manifest::{Entity, Field, Manifest};
use crate::writable::{self, Settable};

/// The answer to `DescribeConnectorConfiguration`. That it is plausible was checked with the manifest.
pub(crate) fn configuration(manifest: &Manifest) -> DescribeConnectorConfigurationResponse {
    let identity = &manifest.connector;
    let mut configuration =
        DescribeConnectorConfigurationResponse::source(&identity.name, &identity.owner, &identity.version)
            .authentication(authentication::configuration(&manifest.authentication))
            .api_versions(identity.api_versions.iter());
    if let Some(url) = &identity.logo_url {
        configuration = configuration.logo_url(url);
    }
    configuration = configuration.modes(modes(manifest));
    let writes = writable::operations(manifest.writes());
    if !writes.is_empty() {
        configuration = configuration.write_operations(writes);
    }
    settings(manifest).into_iter().fold(configuration, ConfigurationBuilder::setting).build_unchecked()
}

/// The ends of a flow at which the connector can stand: what the manifest has tables for.
fn modes(manifest: &Manifest) -> Vec<ConnectorMode> {
    let discovered = manifest.discovery.as_ref().is_some_and(|discovery| discovery.read.is_some());
    let reads = discovered || manifest.entities.values().any(|entity| entity.read.is_some());
    let writes = manifest.writes().any(|write| !write.is_empty());
    let source = (reads || !writes).then_some(ConnectorMode::Source);
    source.into_iter().chain(writes.then_some(ConnectorMode::Destination)).collect()
}

/// The runtime settings: the base URL, and those of the manifest.
fn settings(manifest: &Manifest) -> Vec<ConnectorRuntimeSetting> {
    let description = match &manifest.connection.base_url {
        Some(url) => format!("Where the API is; {url} if left empty"),
        None => "Where the API is, such as https://api.example.com".to_owned(),
    };
    let scope = RuntimeSettingScope::ConnectorProfile;
    let mut base_url = ConnectorRuntimeSetting::new(
        &manifest.connection.base_url_setting,
        RuntimeSettingType::Url,
        scope,
        "Base URL",
        description,
    );
    base_url.required = manifest.connection.base_url.is_none();
    let declared = manifest.settings.iter().map(|(key, setting)| {
        let description = if setting.description.is_empty() { &setting.label } else { &setting.description };
        let (data_type, scope) = (setting.data_type.clone(), setting.scope.clone());
        let mut declared = ConnectorRuntimeSetting::new(key, data_type, scope, &setting.label, description);
        declared.required = setting.required;
        if setting.options.is_empty() { declared } else { declared.options(&setting.options) }
    });
    std::iter::once(base_url).chain(declared).collect()
}

/// The entities that the manifest describes, in its order.
pub(crate) fn known(manifest: &Manifest) -> Vec<Known> {
    manifest.entities.iter().map(|(name, entity)| entity_of(name, entity)).collect()
}

fn entity_of(name: &str, entity: &Entity) -> Known {
    let fields = entity.fields.iter().map(|(name, declared)| {
        let mut field = FieldDefinition::new(name, declared.data_type.clone());
        if declared.primary_key {
            field = field.primary_key();
        } else if declared.nullable == Some(false) {
            field = field.required();
        }
        if declared.incremental {
            field = field.incremental();
        }
        if let Some(label) = &declared.label {
            field = field.label(label);
        }
        if let Some(description) = &declared.description {
            field = field.description(description);
        }
        if !declared.values.is_empty() {
            let allowed_values = Some(declared.values.clone());
            field = field.constraints(FieldConstraints { allowed_values, ..FieldConstraints::default() });
        }
        if declared.filterable == Some(false) {
            field.read_properties.get_or_insert_default().is_queryable = Some(false);
            field.filter_operators = Vec::new();
        }
        if declared.readable == Some(false) || (entity.read.is_none() && entity.retrieve.is_none()) {
            writable::only(&mut field);
        }
        if entity.write.is_empty() {
            field
        } else {
            field.write_properties(settable(declared).properties(&entity.write))
        }
    });
    let mut definition = EntityDefinition::new(name, fields.collect());
    if !entity.write.is_empty() {
        definition = definition.writable();
    }
    if let Some(label) = &entity.label {
        definition = definition.label(label);
    }
    if let Some(description) = &entity.description {
        definition = definition.description(description);
    }
    let sources = entity.fields.iter().map(|(name, declared)| {
        let source = SourceField {
            pointer: declared.pointer.clone(),
            select: declared.select.clone(),
            native: declared.native.clone(),
        };
        (name.clone(), source)
    });
    let access = Access { read: entity.read.clone(), retrieve: entity.retrieve.clone(), write: entity.write.clone() };
    Known { definition, fields: sources.collect(), access: Arc::new(access) }
}

/// What the manifest says of setting a field.
fn settable(declared: &Field) -> Settable {
    Settable {
        is_key: declared.primary_key,
        is_external_id: declared.external_id,
        is_nullable: declared.nullable.unwrap_or(!declared.primary_key),
        is_creatable: declared.creatable.unwrap_or(true),
        is_updatable: declared.updatable.unwrap_or(!declared.primary_key),
        is_defaulted: declared.defaulted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn manifest(connection: &str) -> Manifest {
        let text = format!(
            "[connector]\nname = \"Acme\"\nowner = \"Acme\"\nversion = \"2\"\napi_versions = [\"2026-01\"]\n[connection]\n{connection}\n\
             [authentication]\nnone = true\nbasic = true\n\
             [settings.tenant]\nlabel = \"Tenant\"\nrequired = true\noptions = [\"a\", \"b\"]\n\
             [entities.orders]\nlabel = \"Orders\"\nread.request = \"/{{tenant}}/orders\"\n\
             [entities.orders.fields]\nid = {{ type = \"Integer\", primary_key = true }}\n\
             at = {{ type = \"DateTime\", incremental = true, nullable = false, label = \"Changed\" }}\nnote = {{ type = \"String\" }}\n"
        );
        Manifest::parse(&text, Path::new("m.toml")).unwrap()
    }

    #[test]
    fn describes_the_connector() {
        let configuration = configuration(&manifest(""));
        assert_eq!(configuration.supported_api_versions, ["2026-01"]);
        let authentication = configuration.authentication_config.as_ref().unwrap();
        assert_eq!(authentication.is_basic_auth_supported, Some(true));
        assert_eq!(authentication.is_api_key_auth_supported, Some(false));
        let [base_url, tenant] = configuration.settings() else { panic!("{:?}", configuration.settings()) };
        assert!(base_url.key == crate::BASE_URL_SETTING && base_url.required);
        assert_eq!(tenant.connector_supplied_value_options.as_deref(), Some(&["a".to_owned(), "b".to_owned()][..]));
    }

    #[test]
    fn a_base_url_in_the_manifest_makes_the_setting_optional() {
        let configuration = configuration(&manifest("base_url = \"https://api.acme.example\""));
        assert!(!configuration.settings()[0].required);
    }

    #[test]
    fn describes_fields() {
        let known = known(&manifest(""));
        assert_eq!(known[0].definition.entity.label.as_deref(), Some("Orders"));
        let [id, at, note] = &known[0].definition.fields[..] else { panic!("three fields") };
        assert_eq!(id.is_primary_key, Some(true));
        assert!(at.is_incremental() && at.label.as_deref() == Some("Changed"));
        let nullable = |field: &FieldDefinition| field.read_properties.as_ref().unwrap().is_nullable;
        assert_eq!([nullable(id), nullable(at), nullable(note)], [Some(false), Some(false), Some(true)]);
    }
}
