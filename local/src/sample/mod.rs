//! The bundled sample API: something for a connector to read and to write, without an account anywhere.
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
//! | `POST /accounts`, `PATCH`, `PUT`, `DELETE /accounts/{id}`, the same of contacts, `POST /orders/batch` | |
//! | `/fault/{kind}` | |

mod account;
mod address;
mod batch;
mod change;
mod contact;
mod fault;
mod guard;
mod member;
mod moment;
mod order;
mod page;
mod parameters;
mod rejection;
mod repetition;
mod row;
mod seed;
mod store;
mod table;
#[cfg(test)]
mod tests;
mod write;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use http::{Method, StatusCode, Uri, header};
use serde_json::json;

use self::account::Account;
use self::contact::Contact;
use self::guard::Guard;
use self::order::Order;
use self::rejection::Rejection;
use self::store::Store;
use self::table::Entity;

/// The whole API, to be nested where it shall be found. What is written lives as long as the router.
pub(crate) fn router() -> Router {
    let store = Store::default();
    let guarded = Guard::ALL
        .into_iter()
        .fold(Router::new(), |router, guard| router.nest(&format!("/{}", guard.prefix()), resources(guard, &store)));
    guarded.nest("/fault", fault::routes()).fallback(unknown_route).method_not_allowed_fallback(other_method)
}

fn resources(guard: Guard, store: &Store) -> Router {
    Router::new()
        .route("/accounts", get(page::accounts).post(write::create::<Account>))
        .route("/accounts/{id}", record::<Account>())
        .route("/contacts", get(page::contacts).post(write::create::<Contact>))
        .route("/contacts/{id}", record::<Contact>())
        .route("/orders", get(page::orders))
        .route("/orders/{id}", get(page::one::<Order>))
        .route("/orders/batch", post(batch::orders))
        .route("/orders-linked", get(page::orders_linked))
        .layer(DefaultBodyLimit::max(write::LARGEST_BODY))
        .with_state(store.clone())
        .route("/me", get(async move || me(guard)))
        .nest("/fault", fault::routes())
        .fallback(unknown_route)
        .method_not_allowed_fallback(other_method)
        .layer(middleware::from_fn(move |request, next| guard.protect(request, next)))
}

/// One record of an entity whose records are written one by one.
fn record<E: Entity>() -> MethodRouter<Store> {
    get(page::one::<E>).patch(write::update::<E>).put(write::upsert::<E>).delete(write::delete::<E>)
}

fn me(guard: Guard) -> Response {
    let body = json!({"user": "sample", "guard": guard.prefix()}).to_string();
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

async fn unknown_route(uri: Uri) -> Rejection {
    Rejection::new(StatusCode::NOT_FOUND, format!("there is no route {:?}", uri.path()))
}

async fn other_method(method: Method, uri: Uri) -> Rejection {
    Rejection::new(StatusCode::METHOD_NOT_ALLOWED, format!("{:?} does not take {method}", uri.path()))
}
