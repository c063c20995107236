//! A request of the API as a manifest writes it: `"/orders"`, `"POST /orders/search"`, or a table with particulars.

use std::fmt;

use indexmap::IndexMap;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::Value;

use crate::template;

/// A request: a text such as `"GET /orders"`, where `GET` may be left out, or a table.
///
/// Paths, parameters, headers and body may hold `{names}`: settings, and what the place of the request knows besides, such
/// as `{id}` or `{entity}`. A value is encoded for where it stands and cannot change the rest of the request.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(deny_unknown_fields, transform = super::schema::text_or_table)
)]
pub(crate) struct Request {
    /// `GET` for what reads, and as its table says for what writes, unless said otherwise.
    pub(crate) method: Option<Method>,
    /// Begins with `/`.
    pub(crate) path: String,
    /// Query parameters; one whose setting was not given is left out.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub(crate) parameters: IndexMap<String, String>,
    /// Headers; one whose setting was not given is left out.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub(crate) headers: IndexMap<String, String>,
    /// A JSON document to send, written as TOML. A text that is one `{name}` alone becomes its value.
    pub(crate) body: Option<Value>,
}

impl Request {
    /// A request that is its path alone.
    pub(crate) fn to(path: impl Into<String>) -> Self {
        Self { method: None, path: path.into(), parameters: IndexMap::new(), headers: IndexMap::new(), body: None }
    }

    /// Whether a name stands for something anywhere in the request.
    pub(crate) fn mentions(&self, name: &str) -> bool {
        let held = |text: &str| template::names(text).is_ok_and(|names| names.contains(&name));
        let mut texts = self.parameters.values().chain(self.headers.values());
        held(&self.path) || texts.any(|text| held(text)) || self.body.as_ref().is_some_and(|body| any_text(body, &held))
    }
}

/// Whether any text in a document passes.
fn any_text(value: &Value, passes: &dyn Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => passes(text),
        Value::Array(items) => items.iter().any(|item| any_text(item, passes)),
        Value::Object(members) => members.values().any(|member| any_text(member, passes)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// How a request is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Method {
    /// Reads.
    Get,
    /// Creates, or reads with a body.
    Post,
    /// Replaces.
    Put,
    /// Changes.
    Patch,
    /// Deletes.
    Delete,
}

impl Method {
    const ALL: [Self; 5] = [Self::Get, Self::Post, Self::Put, Self::Patch, Self::Delete];

    /// As HTTP writes it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Request {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Table {
            #[serde(default)]
            method: Option<Method>,
            path: String,
            #[serde(default)]
            parameters: IndexMap<String, String>,
            #[serde(default)]
            headers: IndexMap<String, String>,
            #[serde(default)]
            body: Option<Value>,
        }

        struct TextOrTable;
        impl<'de> Visitor<'de> for TextOrTable {
            type Value = Request;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a request such as \"GET /orders\", or a table with `path`")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Request, E> {
                match text.split_once(' ') {
                    None => Ok(Request::to(text)),
                    Some((method, path)) => {
                        let found = Method::ALL.into_iter().find(|known| known.as_str() == method);
                        let method = found.ok_or_else(|| {
                            E::custom(format!("{method:?} is no method; there are GET, POST, PUT, PATCH, DELETE"))
                        })?;
                        Ok(Request { method: Some(method), ..Request::to(path.trim_start()) })
                    }
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Request, A::Error> {
                let Table { method, path, parameters, headers, body } =
                    Table::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Request { method, path, parameters, headers, body })
            }
        }
        deserializer.deserialize_any(TextOrTable)
    }
}

/// Where a value goes in a request: `"name"` is a query parameter, `"header:Name"` a header, `"body:/pointer"` a member of
/// the JSON body, where `/-` at the end appends to an array.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(transform = super::schema::text))]
pub(crate) enum Parameter {
    /// A query parameter.
    Query(String),
    /// A header.
    Header(String),
    /// A member of the JSON body.
    Body(String),
}

impl Parameter {
    /// The name of the query parameter, if it is one.
    pub(crate) fn query(&self) -> Option<&str> {
        match self {
            Self::Query(name) => Some(name),
            Self::Header(_) | Self::Body(_) => None,
        }
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Query(name) => f.write_str(name),
            Self::Header(name) => write!(f, "header:{name}"),
            Self::Body(pointer) => write!(f, "body:{pointer}"),
        }
    }
}

impl From<&str> for Parameter {
    fn from(text: &str) -> Self {
        match text.split_once(':') {
            Some(("header", name)) => Self::Header(name.to_owned()),
            Some(("body", pointer)) => Self::Body(pointer.to_owned()),
            Some(("query", name)) => Self::Query(name.to_owned()),
            _ => Self::Query(text.to_owned()),
        }
    }
}

impl<'de> Deserialize<'de> for Parameter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.is_empty() {
            return Err(D::Error::custom("a parameter's name must not be empty"));
        }
        Ok(Self::from(text.as_str()))
    }
}
