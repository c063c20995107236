//! A connection as one request finds it: base URL, settings, credentials.

use std::sync::Arc;

use appflow_sdk::protocol::ConnectorContext;
use appflow_sdk::{ConnectionCredentials, ConnectorError, InvocationContext, Repeat};
use indexmap::IndexMap;
use reqwest::header::HeaderMap;
use serde_json::Value;
use url::Url;

use crate::address::{self, BaseUrl};
use crate::authentication::Authentication;
use crate::body::Json;
use crate::call::Call;
use crate::client::{Answer, Client};
use crate::failure;
use crate::gate::Gate;
use crate::manifest::{Manifest, Meaning, Method, Request};
use crate::template;

/// The name that stands for the version of the API that a connection was made for.
const API_VERSION: &str = "apiVersion";

/// A way to the API.
#[derive(Debug)]
pub(crate) struct Connection<'a> {
    client: &'a Client,
    manifest: &'a Manifest,
    settings: &'a ConnectorContext,
    base: BaseUrl,
    gate: Arc<Gate>,
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
        let key = &manifest.connection.base_url_setting;
        let base = settings.setting(key).or(manifest.connection.base_url.as_deref());
        let base =
            base.ok_or_else(|| ConnectorError::invalid_argument(format!("the connection lacks the setting {key:?}")))?;
        let base = BaseUrl::parse(base)
            .map_err(|problem| ConnectorError::invalid_argument(format!("the setting {key:?} {problem}")))?;
        client.guard().permit_url(base.url()).map_err(|forbidden| forbidden.refusal())?;
        let gate = client.gate(base.url());
        let authentication = Authentication::new(&manifest.authentication, credentials)?;
        let mut connection = Self { client, manifest, settings, base, gate, headers: HeaderMap::new(), authentication };
        connection.headers = connection.common_headers()?;
        Ok(connection)
    }

    /// The manifest's headers for all requests.
    fn common_headers(&self) -> Result<HeaderMap, ConnectorError> {
        let mut call = Call::get(self.base.at("/"));
        for (name, value) in self.filled(&self.manifest.connection.headers, &|_| None) {
            call.header(name, &value)?;
        }
        Ok(call.headers)
    }

    /// The value of a name in a template: what the place knows, else a setting, else what AppFlow says of the connection.
    fn value(&self, name: &str, known: &dyn Fn(&str) -> Option<String>) -> Option<String> {
        known(name).or_else(|| match name {
            // A connection is tested before AppFlow knows a version.
            API_VERSION => self.settings.api_version.as_ref().or(self.manifest.connector.api_versions.first()).cloned(),
            setting => self.settings.setting(setting).map(str::to_owned),
        })
    }

    /// Named templates filled in; those whose setting was not given are left out.
    fn filled<'t>(
        &self,
        templates: &'t IndexMap<String, String>,
        known: &dyn Fn(&str) -> Option<String>,
    ) -> Vec<(&'t str, String)> {
        let filled = templates.iter();
        let value_of = |name: &str| self.value(name, known);
        filled.filter_map(|(name, template)| Some((name.as_str(), template::fill(template, value_of).ok()?))).collect()
    }

    /// A request of the manifest with its names filled in. `known` are the names that its place knows beside settings.
    ///
    /// # Errors
    /// `InvalidArgument` when a setting that stands in path or body is missing, or a value cannot stand where it should.
    pub(crate) fn call(
        &self,
        request: &Request,
        otherwise: Method,
        known: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Call, ConnectorError> {
        self.call_with(request, otherwise, &|name| known(name).map(|text| Json::from(text.as_str())))
    }

    /// As [`call`](Self::call), with values that keep their types where they stand alone in the body.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub(crate) fn call_with(
        &self,
        request: &Request,
        otherwise: Method,
        values: &dyn Fn(&str) -> Option<Json>,
    ) -> Result<Call, ConnectorError> {
        let known = &|name: &str| values(name).map(|value| value.to_text());
        let value_of = |name: &str| self.value(name, known);
        let mut url = self.base.join(&self.manifest.connection.path_prefix, &request.path, value_of)?;
        for templates in [&self.manifest.connection.parameters, &request.parameters] {
            let parameters = self.filled(templates, known);
            address::add_parameters(&mut url, parameters.iter().map(|(name, value)| (*name, value.as_str())));
        }
        let mut call = Call { method: request.method.unwrap_or(otherwise), ..Call::get(url) };
        for (name, value) in self.filled(&request.headers, known) {
            call.header(name, &value)?;
        }
        if let Some(template) = &request.body {
            let as_json = |name: &str| values(name).or_else(|| value_of(name).map(|value| Json::from(value.as_str())));
            let body = Json::filled(template, &as_json).map_err(|name| {
                ConnectorError::invalid_argument(format!(
                    "{name:?} is missing, and the body of {} needs it",
                    call.name()
                ))
            })?;
            call.body = Some(body);
        }
        Ok(call)
    }

    /// The settings of the connection and of the flow.
    pub(crate) fn settings(&self) -> &ConnectorContext {
        self.settings
    }

    /// Longest path and query, in bytes.
    pub(crate) fn address_bytes(&self) -> usize {
        self.manifest.limits.address_bytes
    }

    /// Whether the address of a request is short enough, with what the credentials add.
    pub(crate) fn fits(&self, call: &Call) -> bool {
        let mut url = call.url.clone();
        self.authentication.add_to(&mut url);
        address::length(&url) <= self.address_bytes()
    }

    /// How many bytes may still be added to the address of a request, with what the credentials add.
    pub(crate) fn room(&self, call: &Call) -> usize {
        let mut url = call.url.clone();
        self.authentication.add_to(&mut url);
        self.manifest.limits.address_bytes.saturating_sub(address::length(&url))
    }

    /// Most requests at a time.
    pub(crate) fn concurrency(&self) -> usize {
        self.manifest.limits.concurrency.max(1)
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

    /// What the manifest says of a code of the API's.
    pub(crate) fn meaning(&self, code: &str) -> Option<&Meaning> {
        self.manifest.failures.codes.get(code)
    }

    /// Makes calls until one succeeds, as long as that may help.
    ///
    /// # Errors
    /// That of the last call.
    pub(crate) async fn repeat<T, F: Future<Output = Result<T, ConnectorError>>>(
        &self,
        repeat: Repeat,
        context: &InvocationContext,
        call: impl FnMut() -> F,
    ) -> Result<T, ConnectorError> {
        self.client.retry().run(context, repeat, call).await
    }

    /// Sends a request, again if that may help, and returns the answer if it is a success.
    ///
    /// # Errors
    /// As [`Client::send`], and what the answer's status stands for, with the API's own words.
    pub(crate) async fn send(
        &self,
        call: &Call,
        repeat: Repeat,
        context: &InvocationContext,
    ) -> Result<Answer, ConnectorError> {
        let send = || async { self.success(self.send_once(call, context).await?, context) };
        self.client.retry().run(context, repeat, send).await
    }

    /// As [`send`](Self::send) for what only reads; nothing when the API has nothing there (404).
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub(crate) async fn find(
        &self,
        call: &Call,
        context: &InvocationContext,
    ) -> Result<Option<Answer>, ConnectorError> {
        let send = || async {
            let answer = self.send_once(call, context).await?;
            if answer.status == 404 { Ok(None) } else { self.success(answer, context).map(Some) }
        };
        self.client.retry().run(context, Repeat::Safe, send).await
    }

    /// Sends a request once and returns the answer whatever its status.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub(crate) async fn send_once(&self, call: &Call, context: &InvocationContext) -> Result<Answer, ConnectorError> {
        let secret = |url: &mut Url| self.authentication.add_to(url);
        let mut headers = self.headers.clone();
        for more in [&call.headers, self.authentication.headers()] {
            // Not `extend`, which would send both.
            for (name, value) in more {
                headers.insert(name, value.clone());
            }
        }
        self.client.send(call, &self.gate, secret, headers, context).await
    }

    /// The answer, if its status is a success.
    ///
    /// # Errors
    /// What the failure stands for.
    pub(crate) fn success(&self, answer: Answer, context: &InvocationContext) -> Result<Answer, ConnectorError> {
        if (200..300).contains(&answer.status) { Ok(answer) } else { Err(self.failure(&answer, context)) }
    }

    /// What an answer that is no success stands for.
    pub(crate) fn failure(&self, answer: &Answer, context: &InvocationContext) -> ConnectorError {
        let failures = &self.manifest.failures;
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let at = |pointers: &[String]| pointers.iter().find_map(|pointer| failure::words(body.pointer(pointer)?));
        let code = at(&failures.code);
        // Before it is cut, so that no half of a secret is left.
        let said = match (at(&failures.message), &code) {
            (Some(message), Some(code)) if !message.contains(code.as_str()) => Some(format!("{code}: {message}")),
            (message, code) => message.or_else(|| code.clone()),
        };
        let said = said.map(|said| context.scrub(&said).into_owned());
        let by_code = code.as_ref().and_then(|code| failures.codes.get(code));
        let meaning = by_code.or_else(|| failures.statuses.get(&answer.status.to_string()));
        failure::of_status(answer, said.as_deref(), meaning)
    }
}
