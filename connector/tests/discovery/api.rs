//! An API on loopback that describes itself, in JSON and as an OData service, and remembers what it was asked.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};

type Log = Arc<Mutex<Vec<String>>>;

/// The running API. It ends with the test's runtime.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    origin: String,
    log: Log,
}

impl Api {
    pub(crate) async fn start() -> Self {
        let log = Log::default();
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(answer).with_state(Arc::clone(&log));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { origin, log }
    }

    /// The origin with a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// The paths that were asked for since the last time, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.log.lock().unwrap())
    }
}

const LIST: &str = r#"{"objects":[
    {"name":"orders","title":"Orders","about":"What was ordered","kind":"table","locked":false,"folder":false},
    {"name":"hidden","kind":"internal"},
    {"name":"two words","kind":"table"},
    {"name":"rates","title":null,"kind":"view","locked":true,"folder":false},
    {"name":"archive","title":"Archive","kind":"table","locked":true,"folder":true}]}"#;

const ORDERS: &str = r#"{"columns":[
    {"id":"number","type":"int","key":true},
    {"id":"state","type":"enum","title":"State","help":"How far it is","options":[{"value":"open"},{"value":"paid"}],"required":true},
    {"id":"total","type":"money","fixed":true},
    {"id":"changed","type":"moment","stamp":true,"set_by":"system"},
    {"id":"code","type":"text","unique":true,"options":[]},
    {"id":"note","type":"longtext","searchable":false},
    {"id":"secret","type":"text","visible":false}]}"#;

const METADATA: &str = r#"<Edmx Version="4.0"><DataServices><Schema Namespace="n">
    <EntityType Name="Order"><Key><PropertyRef Name="ID"/></Key><Property Name="ID" Type="Edm.Guid" Nullable="false"/></EntityType>
    <EntityContainer Name="C"><EntitySet Name="Orders" EntityType="n.Order"/><EntitySet Name="Returns" EntityType="n.Order"/></EntityContainer>
    </Schema></DataServices></Edmx>"#;

async fn answer(State(log): State<Log>, request: Request) -> Response {
    let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    log.lock().unwrap().push(path.clone());
    let json = |text: &'static str| ([(header::CONTENT_TYPE, "application/json")], text).into_response();
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    match path.as_str() {
        "/api/objects" => json(LIST),
        "/api/objects/orders/columns" => json(ORDERS),
        "/api/objects/rates/columns" => json(r#"{"columns":[{"id":"code","key":true}]}"#),
        "/api/objects/empty/columns" => json(r#"{"columns":[]}"#),
        "/api/objects/nameless/columns" => json(r#"{"columns":[{"type":"int"}]}"#),
        "/api/objects/other/columns" => json(r#"{"fields":[]}"#),
        "/api/folders/archive" => json(r#"{"objects":[{"name":"orders-2020","kind":"table"}]}"#),
        "/login/objects" | "/login/objects/orders/columns" | "/login/$metadata" => {
            ([(header::CONTENT_TYPE, "text/html")], "<html><p>Sign in").into_response()
        }
        "/odd/objects" => json(r#"{"objects":{}}"#),
        "/api/$metadata" if accept == Some("application/xml") => {
            ([(header::CONTENT_TYPE, "application/xml")], METADATA).into_response()
        }
        _ => (StatusCode::NOT_FOUND, "{}").into_response(),
    }
}
