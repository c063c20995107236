//! `#[derive(Entity)]` for `appflow-sdk`, which re-exports it under the feature `derive` and documents it at the trait
//! `appflow_sdk::Entity`.
//!
//! ```text
//! attributes ─► attribute.rs, serde_attribute.rs ─► entity.rs: checked ─► expand.rs: the impl
//! ```

mod attribute;
mod case;
mod entity;
mod expand;
mod serde_attribute;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Implements `appflow_sdk::Entity` for a struct with named fields. See the documentation of that trait.
#[proc_macro_derive(Entity, attributes(entity, serde))]
pub fn derive_entity(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    match entity::Entity::read(&input) {
        Ok(entity) => expand::expand(&input, &entity).into(),
        Err(error) => error.into_compile_error().into(),
    }
}
