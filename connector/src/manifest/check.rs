//! What a manifest must be beyond its form: every problem at once, each with the key it is at.

use std::collections::HashMap;

use appflow_sdk::protocol::{FieldDataType, OAuth2GrantType, RuntimeSettingScope, RuntimeSettingType};
use reqwest::header::{HeaderName, HeaderValue};

use super::{BASE_URL_SETTING, Bearer, Entity, HeaderScheme, Manifest, NO_AUTHENTICATION, Paging, Problem};
use crate::address::BaseUrl;
use crate::catalogue;
use crate::template;

/// The operators of AppFlow's filter language that a manifest can map, as it spells them.
const OPERATORS: [&str; 8] = ["=", "!=", "<", "<=", ">", ">=", "contains", "in"];

/// Longest names, in characters (AppFlow's public API).
const LONG: usize = 256;
const SHORT: usize = 128;

/// Everything that is wrong with a manifest.
pub(super) fn problems(manifest: &Manifest) -> Vec<Problem> {
    let mut check = Check { manifest, problems: Vec::new() };
    check.identity();
    check.connection();
    check.authentication();
    check.settings();
    if manifest.entities.is_empty() {
        check.add("entities", "must hold at least one entity");
    }
    for (name, entity) in &manifest.entities {
        check.entity(name, entity);
    }
    check.configuration();
    check.problems
}

struct Check<'m> {
    manifest: &'m Manifest,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn add(&mut self, key: impl Into<String>, message: impl Into<String>) {
        self.problems.push(Problem { key: key.into(), message: message.into() });
    }

    fn require(&mut self, holds: bool, key: &str, message: &str) {
        if !holds {
            self.add(key, message);
        }
    }

    /// What the manifest makes the connector say of itself. The rules above speak of the manifest's keys, so what they
    /// find is not told again.
    fn configuration(&mut self) {
        if self.problems.is_empty() {
            for problem in catalogue::configuration(self.manifest).problems() {
                self.add(self.key_of(problem.member()), problem.to_string());
            }
        }
    }

    /// Where the manifest says what a member of the configuration says.
    fn key_of(&self, member: &str) -> String {
        let (name, rest) = member.split_once('[').unwrap_or((member, ""));
        let index = rest.split_once(']').and_then(|(index, _)| index.parse::<usize>().ok());
        match name {
            "logoURL" => "connector.logo_url".to_owned(),
            "supportedApiVersions" => "connector.api_versions".to_owned(),
            "connectorRuntimeSetting" => {
                // The base URL comes first.
                let declared = index.and_then(|index| self.manifest.settings.get_index(index.checked_sub(1)?));
                declared.map_or_else(|| "settings".to_owned(), |(key, _)| format!("settings.{key}"))
            }
            "tokenURL" | "authURL" | "oAuthScopes" => "authentication.bearer".to_owned(),
            "customAuthConfig" => "authentication.header".to_owned(),
            _ => "connector".to_owned(),
        }
    }

    fn identity(&mut self) {
        let identity = &self.manifest.connector;
        for (key, text) in [("connector.name", &identity.name), ("connector.owner", &identity.owner)] {
            self.require(!text.trim().is_empty(), key, "must not be empty");
            self.require(text.chars().count() <= LONG, key, "must have at most 256 characters");
            let start = text.to_ascii_lowercase();
            let is_reserved = ["aws", "amazon", "appflow"].iter().any(|reserved| start.starts_with(reserved));
            self.require(!is_reserved, key, "must not begin with aws, amazon or appflow");
        }
        let version = &identity.version;
        self.require(is_word(version, LONG), "connector.version", "must be one word, such as 1.0.0");
        if let Some(url) = &identity.logo_url {
            self.require(url.starts_with("https://"), "connector.logo_url", "must begin with https://");
        }
        self.require(!identity.api_versions.is_empty(), "connector.api_versions", "must name at least one version");
    }

    fn connection(&mut self) {
        let connection = &self.manifest.connection;
        if let Some(url) = &connection.base_url
            && let Err(problem) = BaseUrl::parse(url)
        {
            self.add("connection.base_url", problem.to_string());
        }
        if !connection.path_prefix.is_empty() {
            self.path("connection.path_prefix", &connection.path_prefix, &[]);
            self.profile_settings("connection.path_prefix", &connection.path_prefix);
        }
        if let Some(test) = &connection.test {
            self.path("connection.test", test, &[]);
            self.profile_settings("connection.test", test);
        }
        if let Some(pointer) = &connection.error_message {
            self.pointer("connection.error_message", pointer);
        }
        for (name, value) in &connection.headers {
            self.header(&format!("connection.headers.{name}"), name, value);
            self.setting_names(&format!("connection.headers.{name}"), value);
        }
        for (name, value) in &connection.parameters {
            self.setting_names(&format!("connection.parameters.{name}"), value);
        }
    }

    fn authentication(&mut self) {
        let offered = &self.manifest.authentication;
        let is_any = offered.none
            || offered.basic
            || offered.api_key.is_some()
            || offered.bearer.is_some()
            || !offered.header.is_empty();
        self.require(is_any, "authentication", "must offer none, basic, api_key, bearer or a header scheme");
        if let Some(key) = &offered.api_key {
            let place = "authentication.api_key";
            let is_one = key.header.is_some() != key.parameter.is_some();
            self.require(is_one, place, "must have either `header` or `parameter`");
            if let Some(name) = &key.header {
                self.header(place, name, &key.value);
            }
            self.known_names(&format!("{place}.value"), &key.value, &["apiKey", "apiSecretKey"]);
        }
        if let Some(bearer) = &offered.bearer {
            self.bearer(bearer);
        }
        for (name, scheme) in &offered.header {
            self.header_scheme(name, scheme);
        }
    }

    fn bearer(&mut self, bearer: &Bearer) {
        let place = "authentication.bearer";
        self.require(!bearer.token_urls.is_empty(), place, "`token_urls` must name at least one URL");
        self.require(!bearer.grants.is_empty(), place, "`grants` must name at least one grant");
        for url in bearer.token_urls.iter().chain(&bearer.authorization_urls) {
            self.require(url.starts_with("https://"), place, &format!("{url:?} must begin with https://"));
        }
        for grant in &bearer.grants {
            match grant {
                OAuth2GrantType::ClientCredentials => {}
                OAuth2GrantType::AuthorizationCode => {
                    let message = "the grant AUTHORIZATION_CODE needs `authorization_urls`";
                    self.require(!bearer.authorization_urls.is_empty(), place, message);
                }
                OAuth2GrantType::Unknown(text) => {
                    self.add(place, format!("{text:?} is no grant; there are {}", list(OAuth2GrantType::ALL)));
                }
            }
        }
    }

    fn header_scheme(&mut self, name: &str, scheme: &HeaderScheme) {
        let place = format!("authentication.header.{name}");
        self.require(is_word(name, LONG), &place, "the name must be one word of at most 256 characters");
        let message = format!("the name {NO_AUTHENTICATION} stands for a connection without credentials");
        self.require(name != NO_AUTHENTICATION, &place, &message);
        self.require(!scheme.parameters.is_empty(), &place, "must have `parameters`");
        let sends = scheme.headers.len() + scheme.query.len();
        self.require(sends > 0, &place, "must have `headers` or `query`");
        let keys: Vec<_> = scheme.parameters.keys().map(String::as_str).collect();
        for key in &keys {
            let is_reserved = matches!(*key, "customAuthenticationType" | "authenticationType" | "customCredentials");
            self.require(is_key(key), &place, &format!("the parameter {key:?} must consist of letters, digits and _"));
            self.require(!is_reserved, &place, &format!("the parameter {key:?} has a name of AppFlow's own"));
        }
        for (header, value) in &scheme.headers {
            self.header(&format!("{place}.headers.{header}"), header, value);
            self.known_names(&format!("{place}.headers.{header}"), value, &keys);
        }
        for (parameter, value) in &scheme.query {
            self.known_names(&format!("{place}.query.{parameter}"), value, &keys);
        }
    }

    fn settings(&mut self) {
        for (key, setting) in &self.manifest.settings {
            let place = format!("settings.{key}");
            self.require(is_key(key), &place, "the key must consist of letters, digits and _, at most 128");
            let is_free = key != BASE_URL_SETTING && key != "id";
            self.require(is_free, &place, "the keys baseUrl and id are the connector's own");
            if let RuntimeSettingType::Unknown(text) = &setting.data_type {
                self.add(&place, format!("{text:?} is no type; there are {}", list(RuntimeSettingType::ALL)));
            }
            match &setting.scope {
                RuntimeSettingScope::ConnectorProfile | RuntimeSettingScope::Source => {}
                RuntimeSettingScope::Destination
                | RuntimeSettingScope::SourceAndDestination
                | RuntimeSettingScope::Unknown(_) => {
                    self.add(&place, "`scope` must be CONNECTOR_PROFILE or SOURCE");
                }
            }
        }
    }

    fn entity(&mut self, name: &str, entity: &Entity) {
        let place = format!("entities.{name}");
        self.require(is_word(name, SHORT), &place, "the name must be one word of at most 128 characters");
        self.path(&format!("{place}.path"), &entity.path, &[]);
        self.pointer(&format!("{place}.records"), &entity.records);
        self.pointer(&format!("{place}.retrieve_record"), &entity.retrieve_record);
        if let Some(total) = &entity.total {
            self.pointer(&format!("{place}.total"), total);
            self.require(entity.total_header.is_none(), &place, "must have `total` or `total_header`, not both");
        }
        if let Some(header) = &entity.total_header {
            self.header(&format!("{place}.total_header"), header, "");
        }
        for (parameter, value) in &entity.parameters {
            self.setting_names(&format!("{place}.parameters.{parameter}"), value);
        }
        if let Some(path) = &entity.retrieve {
            self.retrieve(&place, entity, path);
        }
        self.fields(&place, entity);
        self.paging(&place, entity);
        self.filters(&place, entity);
        self.parameters_are_distinct(&place, entity);
    }

    fn retrieve(&mut self, place: &str, entity: &Entity, path: &str) {
        let key = format!("{place}.retrieve");
        self.path(&key, path, &["id"]);
        let has_id = template::names(path).is_ok_and(|names| names.contains(&"id"));
        self.require(has_id, &key, "must hold {id}");
        self.require(entity.primary_key().is_some(), &key, "needs exactly one field with `primary_key = true`");
    }

    fn fields(&mut self, place: &str, entity: &Entity) {
        self.require(!entity.fields.is_empty(), &format!("{place}.fields"), "must hold at least one field");
        for (name, field) in &entity.fields {
            let key = format!("{place}.fields.{name}");
            self.require(!name.trim().is_empty(), &key, "the name must not be empty");
            if let FieldDataType::Unknown(text) = &field.data_type {
                self.add(&key, format!("{text:?} is no type; there are {}", list(FieldDataType::ALL)));
            }
            let is_time = matches!(field.data_type, FieldDataType::Date | FieldDataType::DateTime);
            self.require(is_time || !field.incremental, &key, "`incremental` is for fields of type Date or DateTime");
            let is_nullable_key = field.primary_key && field.nullable == Some(true);
            self.require(!is_nullable_key, &key, "a primary key cannot be null");
            if let Some(pointer) = &field.pointer {
                self.pointer(&format!("{key}.pointer"), pointer);
                self.require(!pointer.is_empty(), &key, "`pointer` must lead to a member of the record");
            }
        }
    }

    fn paging(&mut self, place: &str, entity: &Entity) {
        let key = format!("{place}.paging");
        if let Some(size) = entity.paging.size() {
            self.require(size.max > 0, &key, "`size.max` must be at least 1");
        }
        if let Paging::Page { size: None, short_page_is_last: true, .. }
        | Paging::Offset { size: None, short_page_is_last: true, .. } = &entity.paging
        {
            self.add(&key, "`short_page_is_last` needs `size`: without it no page is known to be short");
        }
        let Some(next) = entity.paging.next_pointer() else { return };
        self.pointer(&format!("{key}.next"), next);
        let is_beside = !next.starts_with(&format!("{}/", entity.records)) && next != entity.records;
        self.require(is_beside, &key, "`next` must not lead into the records");
    }

    fn filters(&mut self, place: &str, entity: &Entity) {
        for (name, operators) in &entity.filters {
            let key = format!("{place}.filters.{name}");
            let Some(field) = entity.fields.get(name) else {
                self.add(key, format!("the entity has no field {name:?}"));
                continue;
            };
            let allowed = operators_of(&field.data_type);
            for (operator, filter) in operators {
                let key = format!("{key}.{operator:?}");
                if !OPERATORS.contains(&operator.as_str()) {
                    self.add(&key, format!("is no operator; there are {}", OPERATORS.join(" ")));
                } else if !allowed.contains(&operator.as_str()) {
                    self.add(&key, format!("a field of type {} cannot be compared so", field.data_type));
                }
                let is_time = matches!(field.data_type, FieldDataType::Date | FieldDataType::DateTime);
                let is_format_free = filter.format.is_none() || is_time;
                self.require(is_format_free, &key, "`format` is for fields of type Date or DateTime");
                let is_separator_free = filter.separator.is_none() || operator == "in";
                self.require(is_separator_free, &key, "`separator` is for the operator in");
                self.require(filter.separator.as_deref() != Some(""), &key, "`separator` must not be empty");
            }
        }
    }

    /// No parameter may mean two things; several operators may share one, since it is sent once only.
    fn parameters_are_distinct(&mut self, place: &str, entity: &Entity) {
        let mut uses: HashMap<&str, &str> = HashMap::new();
        let connection =
            self.manifest.connection.parameters.keys().map(|name| (name.as_str(), "connection.parameters"));
        let fixed = entity.parameters.keys().map(|name| (name.as_str(), "parameters"));
        let paging = entity.paging.parameter().map(|name| (name, "paging.parameter"));
        let size = entity.paging.size().map(|size| (size.parameter.as_str(), "paging.size.parameter"));
        let projection = entity.projection.as_ref().map(|projection| (projection.parameter.as_str(), "projection"));
        let key = self.manifest.authentication.api_key.as_ref().and_then(|key| key.parameter.as_deref());
        let key = key.map(|name| (name, "authentication.api_key"));
        let filters = entity.filters.values().flat_map(|operators| operators.values());
        let filters = filters.map(|filter| (filter.parameter.as_str(), "filters"));
        let all = connection.chain(fixed).chain(paging).chain(size).chain(projection).chain(key).chain(filters);
        for (name, used) in all {
            if name.is_empty() {
                self.add(format!("{place}.{used}"), "the parameter's name must not be empty");
            }
            match uses.insert(name, used) {
                Some(before) if before != used => {
                    self.add(place, format!("the parameter {name:?} is both in {before} and in {used}"));
                }
                _ => {}
            }
        }
    }

    fn path(&mut self, key: &str, path: &str, extra: &[&str]) {
        self.require(path.starts_with('/'), key, "must begin with /");
        let is_plain = !path.contains(['?', '#', '\\']) && !path.chars().any(|c| c.is_whitespace() || c.is_control());
        self.require(is_plain, key, "must not hold ? # \\ or white space; query parameters go to `parameters`");
        let leads_up = path.split('/').any(|segment| matches!(segment, "." | ".."));
        self.require(!leads_up, key, "must not hold the segments . and ..");
        let settings = &self.manifest.settings;
        match template::names(path) {
            Err(problem) => self.add(key, problem.to_string()),
            Ok(names) => {
                for name in names.into_iter().filter(|name| !extra.contains(name)) {
                    match settings.get(name) {
                        None => self.add(key, format!("there is no setting {name:?}; declare it as [settings.{name}]")),
                        Some(setting) if !setting.required => {
                            self.add(key, format!("the setting {name:?} stands in a path, so it must be `required`"));
                        }
                        Some(_) => {}
                    }
                }
            }
        }
    }

    /// A connection is tested before there is a flow, so only its own settings have values then.
    fn profile_settings(&mut self, key: &str, path: &str) {
        for name in template::names(path).unwrap_or_default() {
            let scope = self.manifest.settings.get(name).map(|setting| &setting.scope);
            if scope.is_some_and(|scope| *scope != RuntimeSettingScope::ConnectorProfile) {
                let message = "is asked for after the connection is tested; its `scope` must be CONNECTOR_PROFILE";
                self.add(key, format!("the setting {name:?} {message}"));
            }
        }
    }

    fn setting_names(&mut self, key: &str, template: &str) {
        let known: Vec<_> = self.manifest.settings.keys().map(String::as_str).collect();
        self.known_names(key, template, &known);
    }

    fn known_names(&mut self, key: &str, template: &str, known: &[&str]) {
        match template::names(template) {
            Err(problem) => self.add(key, problem.to_string()),
            Ok(names) => {
                for name in names.into_iter().filter(|name| !known.contains(name)) {
                    self.add(key, format!("{{{name}}} stands for nothing; there are {}", known.join(", ")));
                }
            }
        }
    }

    fn pointer(&mut self, key: &str, pointer: &str) {
        let is_rooted = pointer.is_empty() || pointer.starts_with('/');
        self.require(is_rooted, key, "must be a JSON pointer: empty, or beginning with /");
        let is_escaped = pointer.split('~').skip(1).all(|after| after.starts_with(['0', '1']));
        self.require(is_escaped, key, "must write ~ as ~0 and / within a name as ~1");
    }

    fn header(&mut self, key: &str, name: &str, value: &str) {
        self.require(HeaderName::from_bytes(name.as_bytes()).is_ok(), key, "is no name of an HTTP header");
        self.require(HeaderValue::from_str(value).is_ok(), key, "has a value that an HTTP header cannot carry");
    }
}

/// The operators that make sense for a type.
fn operators_of(data_type: &FieldDataType) -> &'static [&'static str] {
    match data_type {
        FieldDataType::Boolean => &["=", "!="],
        FieldDataType::Map | FieldDataType::List => &["contains"],
        FieldDataType::Struct | FieldDataType::ByteArray => &[],
        FieldDataType::String | FieldDataType::Unknown(_) => &OPERATORS,
        FieldDataType::Integer
        | FieldDataType::Float
        | FieldDataType::Double
        | FieldDataType::Long
        | FieldDataType::Short
        | FieldDataType::BigInteger
        | FieldDataType::BigDecimal
        | FieldDataType::Date
        | FieldDataType::DateTime => &["=", "!=", "<", "<=", ">", ">=", "in"],
    }
}

fn is_word(text: &str, longest: usize) -> bool {
    !text.is_empty() && text.chars().count() <= longest && !text.contains(char::is_whitespace)
}

fn is_key(text: &str) -> bool {
    is_word(text, SHORT) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn list<T: ToString>(all: &[T]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
