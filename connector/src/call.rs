//! A request to the API, put together from the manifest's and from values.

use appflow_sdk::ConnectorError;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use crate::address;
use crate::body::Json;
use crate::manifest::{Method, Parameter};

/// A request without the connection's credentials, which are added when it is sent.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Json>,
}

impl Call {
    /// A request for what stands at a URL.
    pub(crate) fn get(url: Url) -> Self {
        Self { method: Method::Get, url, headers: HeaderMap::new(), body: None }
    }

    /// What messages call it: method and path, without values of the query.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.method, self.url.path())
    }

    /// Puts a value where a parameter says.
    ///
    /// # Errors
    /// `InvalidArgument` when a header cannot carry the value.
    pub(crate) fn put(&mut self, parameter: &Parameter, value: Json) -> Result<(), ConnectorError> {
        match parameter {
            Parameter::Query(name) => {
                address::add_parameters(&mut self.url, [(name.as_str(), value.to_text().as_str())]);
            }
            Parameter::Header(name) => self.header(name, &value.to_text())?,
            Parameter::Body(pointer) => {
                self.body.get_or_insert_with(|| Json::Object(indexmap::IndexMap::new())).put(pointer, value);
            }
        }
        Ok(())
    }

    /// Sets a header.
    ///
    /// # Errors
    /// `InvalidArgument` when it cannot carry the value.
    pub(crate) fn header(&mut self, name: &str, value: &str) -> Result<(), ConnectorError> {
        let value = HeaderValue::from_str(value).map_err(|_| {
            ConnectorError::invalid_argument(format!(
                "the value for the header {name} holds a character that a header cannot carry, such as a line break"
            ))
        })?;
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| {
            ConnectorError::unknown_error(format!("{name:?} is no name of a header")).with_source(error)
        })?;
        self.headers.insert(name, value);
        Ok(())
    }
}
