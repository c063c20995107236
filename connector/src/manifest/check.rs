//! What a manifest must be beyond its form: every problem at once, each with the key it is at.

mod connection;
mod discovery;
mod reading;
mod writing;

use appflow_sdk::protocol::{FieldDataType, OAuth2GrantType, RuntimeSettingScope, RuntimeSettingType};
use reqwest::header::{HeaderName, HeaderValue};
use serde_json::Value;

use super::nearest::hint;
use super::{Bearer, Entity, HeaderScheme, Manifest, NO_AUTHENTICATION, Place, Problem, Request};
use crate::address::BaseUrl;
use crate::catalogue;
use crate::template;

/// Names that stand for something in a request, so that no setting may have them.
const OWN_NAMES: [&str; 9] =
    ["id", "key", "entity", "path", "idField", "allOrNone", "operation", "apiVersion", "value"];

/// Longest names, in characters (AppFlow's public API).
const LONG: usize = 256;
const SHORT: usize = 128;

/// Everything that is wrong with a manifest.
pub(super) fn problems(manifest: &Manifest) -> Vec<Problem> {
    let mut check = Check { manifest, problems: Vec::new() };
    check.identity();
    check.connection();
    check.reach();
    check.failures();
    check.limits();
    check.authentication();
    check.settings();
    if manifest.entities.is_empty() && manifest.discovery.is_none() {
        check.add("entities", "must hold at least one entity, unless there is [discovery]");
    }
    for (name, entity) in &manifest.entities {
        check.entity(name, entity);
    }
    if let Some(discovery) = &manifest.discovery {
        check.discovery(discovery);
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
        self.problems.push(Problem { place: Place::default(), key: key.into(), message: message.into() });
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
            self.request("connection.test", test, &[]);
            self.profile_settings("connection.test", &test.path);
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
            let is_free = *key != self.manifest.connection.base_url_setting && !OWN_NAMES.contains(&key.as_str());
            let message = format!("the keys {} and that of the base URL are the connector's own", OWN_NAMES.join(", "));
            self.require(is_free, &place, &message);
            if let RuntimeSettingType::Unknown(text) = &setting.data_type {
                self.add(&place, format!("{text:?} is no type; there are {}", list(RuntimeSettingType::ALL)));
            }
            if let RuntimeSettingScope::Unknown(text) = &setting.scope {
                self.add(&place, format!("{text:?} is no scope; there are {}", list(RuntimeSettingScope::ALL)));
            }
        }
    }

    fn entity(&mut self, name: &str, entity: &Entity) {
        let place = format!("entities.{name}");
        self.require(is_word(name, SHORT), &place, "the name must be one word of at most 128 characters");
        self.fields(&place, entity);
        if let Some(read) = &entity.read {
            self.read(&format!("{place}.read"), read, Some(&entity.fields));
        }
        if let Some(retrieve) = &entity.retrieve {
            let keys = entity.fields.values().filter(|field| field.primary_key).count();
            self.retrieve(&format!("{place}.retrieve"), retrieve, keys == 1);
        }
        self.write(&format!("{place}.write"), &entity.write, Some(entity));
    }

    fn fields(&mut self, place: &str, entity: &Entity) {
        let has_fields = !entity.fields.is_empty() || entity.schema.is_some();
        self.require(has_fields, &format!("{place}.fields"), "must hold at least one field");
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

    /// A request, in which these names stand for something besides settings.
    fn request(&mut self, key: &str, request: &Request, extra: &[&str]) {
        self.path(key, &request.path, extra);
        for (name, value) in &request.parameters {
            self.names(&format!("{key}.parameters.{name}"), value, extra);
        }
        for (name, value) in &request.headers {
            self.header(&format!("{key}.headers.{name}"), name, value);
            self.names(&format!("{key}.headers.{name}"), value, extra);
        }
        if let Some(body) = &request.body {
            let key = format!("{key}.body");
            for text in texts(body) {
                self.names(&key, text, extra);
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
                for name in names.into_iter().filter(|name| !extra.contains(name) && *name != "apiVersion") {
                    match settings.get(name) {
                        None => {
                            let hint = hint(name, settings.keys().map(String::as_str).chain(extra.iter().copied()));
                            let message =
                                format!("there is no setting {name:?}; declare it as [settings.{name}]{hint}");
                            self.add(key, message);
                        }
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
        self.names(key, template, &[]);
    }

    /// The names in a template: settings, and these.
    fn names(&mut self, key: &str, template: &str, extra: &[&str]) {
        let settings = self.manifest.settings.keys().map(String::as_str);
        let known: Vec<_> = settings.chain(["apiVersion"]).chain(extra.iter().copied()).collect();
        self.known_names(key, template, &known);
    }

    fn known_names(&mut self, key: &str, template: &str, known: &[&str]) {
        match template::names(template) {
            Err(problem) => self.add(key, problem.to_string()),
            Ok(names) => {
                for name in names.into_iter().filter(|name| !known.contains(name)) {
                    let hint = hint(name, known.iter().copied());
                    self.add(key, format!("{{{name}}} stands for nothing; there are {}{hint}", known.join(", ")));
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

/// The texts in a value, which may be templates.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(members) => members.values().flat_map(texts).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
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
#[cfg(test)]
mod writing_tests;
