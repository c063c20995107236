//! A connection as one request finds it: base URL, settings, credentials.

use appflow_sdk::protocol::ConnectorContext;
use appflow_sdk::{ConnectionCredentials, ConnectorError, InvocationContext, Repeat};
use indexmap::IndexMap;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use url::Url;

use crate::address::{self, BaseUrl};
use crate::authentication::Authentication;
use crate::client::{Answer, Client};
use crate::failure;
use crate::manifest::{BASE_URL_SETTING, Manifest};
use crate::template;

/// The name that stands for a record's key in the path of a single record.
const ID: &str = "id";

/// A way to the API.
#[derive(Debug)]
pub(crate) struct Connection<'a> {
    client: &'a Client,
    manifest: &'a Manifest,
    settings: &'a ConnectorContext,
    base: BaseUrl,
    headers: HeaderMap,
    authentication: Authentication,
}

impl<'a> Connection<'a> {
    /// Reads settings and prepares credentials. Nothing is sent yet.
    ///
    /// # Errors
    /// `InvalidArgument` when a setting is missing or wrong; as [`Authentication::new`] else.
    pub(crate) fn open(
        client: &'a Client,
        manifest: &'a Manifest,
        settings: &'a ConnectorContext,
        credentials: &ConnectionCredentials,
    ) -> Result<Self, ConnectorError> {
        let base = settings.setting(BASE_URL_SETTING).or(manifest.connection.base_url.as_deref()).ok_or_else(|| {
            ConnectorError::invalid_argument(format!("the connection lacks the setting {BASE_URL_SETTING:?}"))
        })?;
        let base = BaseUrl::parse(base).map_err(|problem| {
            ConnectorError::invalid_argument(format!("the setting {BASE_URL_SETTING:?} {problem}"))
        })?;
        let authentication = Authentication::new(&manifest.authentication, credentials)?;
        let mut connection = Self { client, manifest, settings, base, headers: HeaderMap::new(), authentication };
        connection.headers = connection.all_headers()?;
        Ok(connection)
    }

    /// The manifest's headers and those of the credentials, which come last and win.
    fn all_headers(&self) -> Result<HeaderMap, ConnectorError> {
        let mut headers = HeaderMap::new();
        for (name, value) in self.filled(&self.manifest.connection.headers) {
            let value = HeaderValue::from_str(&value).map_err(|_| {
                ConnectorError::invalid_argument(format!(
                    "a setting of the connection holds a character that the header {name} cannot carry"
                ))
            })?;
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| {
                ConnectorError::unknown_error(format!("{name:?} is no name of a header")).with_source(error)
            })?;
            headers.insert(name, value);
        }
        headers.extend(self.authentication.headers().iter().map(|(name, value)| (name.clone(), value.clone())));
        Ok(headers)
    }

    /// Named templates with their settings filled in; those whose setting was not given are left out.
    pub(crate) fn filled<'t>(&self, templates: &'t IndexMap<String, String>) -> Vec<(&'t str, String)> {
        let value_of = |name: &str| self.settings.setting(name).map(str::to_owned);
        let filled = templates.iter();
        filled.filter_map(|(name, template)| Some((name.as_str(), template::fill(template, value_of).ok()?))).collect()
    }

    /// The URL of a path of the manifest, with the parameters that all requests have.
    ///
    /// # Errors
    /// `InvalidArgument` when a setting that stands in the path is missing, or it or the id cannot stand there.
    pub(crate) fn url(&self, path: &str, id: Option<&str>) -> Result<Url, ConnectorError> {
        let value_of = |name: &str| match name {
            ID => id.map(str::to_owned),
            setting => self.settings.setting(setting).map(str::to_owned),
        };
        let mut url = self.base.join(&self.manifest.connection.path_prefix, path, value_of)?;
        let parameters = self.filled(&self.manifest.connection.parameters);
        address::add_parameters(&mut url, parameters.iter().map(|(name, value)| (*name, value.as_str())));
        Ok(url)
    }

    /// What to keep of a link in an answer: path and query, free of credentials.
    ///
    /// # Errors
    /// As [`BaseUrl::follow`].
    pub(crate) fn keep(&self, from: &Url, link: &str) -> Result<String, ConnectorError> {
        let mut url = self.base.follow(from, link)?;
        address::remove_parameters(&mut url, &self.authentication.query_names());
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        Ok(format!("{}{query}", url.path()))
    }

    /// The URL of what [`keep`](Self::keep) kept. It is one of the API's origin even though what was kept has been
    /// outside this process.
    pub(crate) fn kept(&self, link: &str) -> Url {
        self.base.at(link)
    }

    /// Asks, again if that may help, and returns the answer if it is a success.
    ///
    /// # Errors
    /// As [`Client::get`], and what the answer's status stands for, with the API's own words.
    pub(crate) async fn get(&self, url: &Url, context: &InvocationContext) -> Result<Answer, ConnectorError> {
        let ask = || async { self.success(self.ask(url, context).await?, context) };
        self.client.retry().run(context, Repeat::Safe, ask).await
    }

    /// As [`get`](Self::get); nothing when the API has nothing there (404).
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub(crate) async fn find(&self, url: &Url, context: &InvocationContext) -> Result<Option<Answer>, ConnectorError> {
        let ask = || async {
            let answer = self.ask(url, context).await?;
            if answer.status == 404 { Ok(None) } else { self.success(answer, context).map(Some) }
        };
        self.client.retry().run(context, Repeat::Safe, ask).await
    }

    async fn ask(&self, url: &Url, context: &InvocationContext) -> Result<Answer, ConnectorError> {
        let secret = |url: &mut Url| self.authentication.add_to(url);
        self.client.get(url.clone(), secret, self.headers.clone(), context).await
    }

    fn success(&self, answer: Answer, context: &InvocationContext) -> Result<Answer, ConnectorError> {
        if (200..300).contains(&answer.status) {
            return Ok(answer);
        }
        let said = self.manifest.connection.error_message.as_deref().and_then(|pointer| {
            let body: Value = serde_json::from_slice(&answer.body).ok()?;
            // Before it is cut, so that no half of a secret is left.
            Some(context.scrub(body.pointer(pointer)?.as_str()?).into_owned())
        });
        Err(failure::of_status(&answer.url, answer.status, &answer.headers, said.as_deref()))
    }
}
