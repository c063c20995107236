//! Answers in place of AWS: an account in which nothing is there, or only a registration.

use std::sync::{Arc, Mutex};

use appflow_registrar::aws::Aws;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};

/// An account, 123456789012, in eu-west-1.
#[derive(Debug, Clone, Default)]
pub(crate) struct StandIn {
    is_registered: bool,
    flows: Vec<(String, String)>,
    denied: Vec<String>,
    lost: Vec<String>,
    calls: Arc<Mutex<Vec<String>>>,
}

impl StandIn {
    /// With nothing in it.
    pub(crate) fn empty() -> Self {
        Self::default()
    }

    /// With a registration of `acme`, whose function is gone.
    pub(crate) fn registered() -> Self {
        Self { is_registered: true, ..Self::default() }
    }

    /// With flows and the labels of their sources, one on each page.
    pub(crate) fn with_flows(mut self, flows: &[(&str, &str)]) -> Self {
        self.flows = flows.iter().map(|(name, label)| ((*name).to_owned(), (*label).to_owned())).collect();
        self
    }

    /// The caller may not do these.
    pub(crate) fn denying(mut self, operations: &[&str]) -> Self {
        self.denied = operations.iter().map(|&name| name.to_owned()).collect();
        self
    }

    /// These find nothing any more.
    pub(crate) fn losing(mut self, operations: &[&str]) -> Self {
        self.lost = operations.iter().map(|&name| name.to_owned()).collect();
        self
    }

    /// Clients that talk to it.
    pub(crate) fn clients(&self) -> Aws {
        let connector = SharedHttpConnector::new(self.clone());
        Aws::through(http_client_fn(move |_, _| connector.clone()), "http://127.0.0.1:1", "eu-west-1")
    }

    /// All calls, in order.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }

    /// The calls that change something.
    pub(crate) fn writes(&self) -> Vec<String> {
        let reads = |name: &String| ["Get", "List", "Describe"].iter().any(|begin| name.starts_with(begin));
        self.calls().into_iter().filter(|name| !reads(name)).collect()
    }

    fn answer(&self, request: &HttpRequest) -> (u16, String) {
        let body = request.body().bytes().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default();
        let name = operation(request, &body);
        self.calls.lock().unwrap().push(name.clone());
        let is_xml = body.starts_with("Action=");
        if self.denied.contains(&name) {
            return (403, failure(is_xml, if is_xml { "AccessDenied" } else { "AccessDeniedException" }));
        }
        if self.lost.contains(&name) {
            return (404, failure(is_xml, "ResourceNotFoundException"));
        }
        match name.as_str() {
            "GetCallerIdentity" => (200, IDENTITY.to_owned()),
            "GetRole" => (404, failure(true, "NoSuchEntity")),
            "ListFunctions" => (200, json!({"Functions": []}).to_string()),
            "DescribeConnector" if self.is_registered => (200, registration().to_string()),
            "DescribeConnectorProfiles" => (200, json!({"connectorProfileDetails": []}).to_string()),
            "UnregisterConnector" => (200, "{}".to_owned()),
            "ListFlows" => (200, self.page(&body).to_string()),
            _ => (404, failure(is_xml, "ResourceNotFoundException")),
        }
    }

    fn page(&self, body: &str) -> Value {
        let asked: Value = serde_json::from_str(body).unwrap();
        let index: usize = asked["nextToken"].as_str().map_or(0, |token| token.parse().unwrap());
        let page = self.flows.iter().skip(index).take(1);
        let flows: Vec<_> =
            page.map(|(name, label)| json!({"flowName": name, "sourceConnectorLabel": label})).collect();
        let next = (index + 1 < self.flows.len()).then(|| (index + 1).to_string());
        json!({"flows": flows, "nextToken": next})
    }
}

impl HttpConnector for StandIn {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (status, body) = self.answer(&request);
        let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body.clone()));
        if let Some(code) =
            serde_json::from_str::<Value>(&body).ok().and_then(|body| Some(body["code"].as_str()?.to_owned()))
        {
            response.headers_mut().insert("x-amzn-errortype", code);
        }
        HttpConnectorFuture::ready(Ok(response))
    }
}

const IDENTITY: &str = r#"<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/me</Arn><UserId>U</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"#;

fn registration() -> Value {
    json!({"connectorConfiguration": {
        "connectorArn": "arn:aws:appflow:eu-west-1:123456789012:connector/acme",
        "connectorProvisioningConfig": {"lambda": {
            "lambdaArn": "arn:aws:lambda:eu-west-1:123456789012:function:appflow-connector-acme",
        }},
    }})
}

fn failure(is_xml: bool, code: &str) -> String {
    if is_xml {
        return format!("<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>");
    }
    json!({"code": code, "message": "no"}).to_string()
}

/// The call that a request is.
fn operation(request: &HttpRequest, body: &str) -> String {
    if let Some(action) = body.strip_prefix("Action=") {
        return action.split('&').next().unwrap_or_default().to_owned();
    }
    let path = request.uri().split_once("//").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, path)| path);
    let path = path.split('?').next().unwrap_or_default().trim_end_matches('/');
    match path {
        "2015-03-31/functions" => "ListFunctions".to_owned(),
        _ if path.ends_with("/policy") => "GetPolicy".to_owned(),
        _ if path.starts_with("2015-03-31/functions/") => "GetFunction".to_owned(),
        // AppFlow's paths are the names of its calls with hyphens.
        _ => path.split('-').map(|word| word[..1].to_uppercase() + &word[1..]).collect(),
    }
}
