//! The bundled sample API: something for a connector to read, without an account anywhere.
//!
//! It is no part of AWS and asks for no AWS signature. Its contract is the README beside this file.
//!
//! | guard | wanted |
//! |---|---|
//! | `/open` | nothing |
//! | `/basic` | user `sample`, password `sample-password` |
//! | `/api-key` | `X-Api-Key: sample-api-key` |
//! | `/bearer` | `Authorization: Bearer sample-access-token` |
//! | `/header` | `X-Sample-Tenant: acme` and `X-Sample-Token: sample-token` |
//!
//! | below each guard | paging |
//! |---|---|
//! | `/accounts` | `page`, `per_page`; `{"data":[…],"page","per_page","total"}` |
//! | `/contacts` | `limit`, `cursor`; `{"items":[…],"next_cursor"}` |
//! | `/orders` | `limit`, `offset`; `[…]` and `X-Total-Count` |
//! | `/orders-linked` | `limit`; `[…]` and `Link: <…>; rel="next"` |
//! | `/accounts/{id}`, `/contacts/{id}`, `/orders/{id}`, `/me` | |
//! | `/fault/{kind}` | |

mod account;
mod address;
mod contact;
mod fault;
mod guard;
mod moment;
mod order;
mod page;
mod parameters;
mod rejection;
mod row;
mod seed;
#[cfg(test)]
mod tests;

use axum::Router;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, Uri, header};
use serde_json::json;

use self::guard::Guard;
use self::rejection::Rejection;

/// The whole API, to be nested where it shall be found.
pub(crate) fn router() -> Router {
    let guarded = Guard::ALL
        .into_iter()
        .fold(Router::new(), |router, guard| router.nest(&format!("/{}", guard.prefix()), resources(guard)));
    guarded.nest("/fault", fault::routes()).fallback(unknown_route).method_not_allowed_fallback(read_only)
}

fn resources(guard: Guard) -> Router {
    Router::new()
        .route("/me", get(async move || me(guard)))
        .route("/accounts", get(page::accounts))
        .route("/accounts/{id}", get(page::account))
        .route("/contacts", get(page::contacts))
        .route("/contacts/{id}", get(page::contact))
        .route("/orders", get(page::orders))
        .route("/orders/{id}", get(page::order))
        .route("/orders-linked", get(page::orders_linked))
        .nest("/fault", fault::routes())
        .fallback(unknown_route)
        .method_not_allowed_fallback(read_only)
        .layer(middleware::from_fn(move |request, next| guard.protect(request, next)))
}

fn me(guard: Guard) -> Response {
    let body = json!({"user": "sample", "guard": guard.prefix()}).to_string();
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

async fn unknown_route(uri: Uri) -> Rejection {
    Rejection::new(StatusCode::NOT_FOUND, format!("there is no route {:?}", uri.path()))
}

async fn read_only() -> Rejection {
    Rejection::new(StatusCode::METHOD_NOT_ALLOWED, "this API is read with GET only")
}
