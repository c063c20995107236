//! What serde's attributes say about how a struct is serialised.

use syn::meta::ParseNestedMeta;
use syn::{Attribute, Expr, LitStr, Result, Token};

use crate::case::Case;

/// What serde was told about the struct.
pub(crate) struct SerdeContainer {
    pub(crate) case: Case,
}

/// What serde was told about a field.
#[derive(Default)]
pub(crate) struct SerdeField {
    pub(crate) name: Option<String>,
    pub(crate) is_skipped: bool,
    /// The member may be missing.
    pub(crate) is_sometimes_skipped: bool,
    /// A function serialises it, so that its Rust type tells nothing.
    pub(crate) has_own_function: bool,
}

impl SerdeContainer {
    pub(crate) fn read(attributes: &[Attribute]) -> Result<Self> {
        let mut container = Self { case: Case::Unchanged };
        each(attributes, |meta| {
            if meta.path.is_ident("rename_all") {
                if let Some(name) = when_serializing(meta)? {
                    container.case = Case::named(&name.value())
                        .ok_or_else(|| syn::Error::new(name.span(), "serde knows no such case"))?;
                }
                return Ok(());
            }
            for (word, what) in [
                ("tag", "adds a member that is no field"),
                ("transparent", "replaces the record by its field"),
                ("into", "replaces the record by another type"),
                ("remote", "stands for another type"),
            ] {
                if meta.path.is_ident(word) {
                    let help = "remove it, or implement `appflow_sdk::Entity` by hand";
                    return Err(meta.error(format!("`{word}` {what}, so the definition would be wrong; {help}")));
                }
            }
            skip_value(meta)
        })?;
        Ok(container)
    }
}

impl SerdeField {
    pub(crate) fn read(attributes: &[Attribute]) -> Result<Self> {
        let mut field = Self::default();
        each(attributes, |meta| {
            let path = &meta.path;
            if path.is_ident("rename") {
                if let Some(name) = when_serializing(meta)? {
                    field.name = Some(name.value());
                }
                return Ok(());
            }
            if path.is_ident("flatten") {
                let help = "write its fields here, or implement `appflow_sdk::Entity` by hand";
                return Err(meta.error(format!("the members of a flattened field are not known here; {help}")));
            }
            field.is_skipped |= path.is_ident("skip") || path.is_ident("skip_serializing");
            field.is_sometimes_skipped |= path.is_ident("skip_serializing_if");
            field.has_own_function |= path.is_ident("with") || path.is_ident("serialize_with");
            skip_value(meta)
        })?;
        Ok(field)
    }
}

fn each(attributes: &[Attribute], mut read: impl FnMut(&ParseNestedMeta<'_>) -> Result<()>) -> Result<()> {
    let mut serde = attributes.iter().filter(|attribute| attribute.path().is_ident("serde"));
    serde.try_for_each(|attribute| attribute.parse_nested_meta(|meta| read(&meta)))
}

/// The text of `name = "…"` or of `name(serialize = "…")`.
fn when_serializing(meta: &ParseNestedMeta<'_>) -> Result<Option<LitStr>> {
    if meta.input.peek(Token![=]) {
        return meta.value()?.parse().map(Some);
    }
    let mut found = None;
    meta.parse_nested_meta(|side| {
        let text: LitStr = side.value()?.parse()?;
        if side.path.is_ident("serialize") {
            found = Some(text);
        }
        Ok(())
    })?;
    Ok(found)
}

/// Reads over what follows the name of an attribute that does not matter here.
fn skip_value(meta: &ParseNestedMeta<'_>) -> Result<()> {
    if meta.input.peek(Token![=]) {
        meta.value()?.parse::<Expr>().map(drop)
    } else if meta.input.peek(syn::token::Paren) {
        meta.parse_nested_meta(|inner| skip_value(&inner))
    } else {
        Ok(())
    }
}
