//! What `#[entity(…)]` says.

use proc_macro2::Span;
use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Meta, Path, Result};

/// Longest identifier and label, in characters (`AppFlow`'s public API).
const NAME_LIMIT: usize = 128;

/// Longest description, in characters (`AppFlow`'s public API).
const DESCRIPTION_LIMIT: usize = 1024;

/// What is said about the struct.
#[derive(Default)]
pub(crate) struct ContainerAttribute {
    pub(crate) name: Option<LitStr>,
    pub(crate) label: Option<LitStr>,
    pub(crate) description: Option<String>,
    /// Where the SDK is, when the crate is known under another name.
    pub(crate) sdk: Option<Path>,
}

/// What is said about a field.
#[derive(Default)]
pub(crate) struct FieldAttribute {
    pub(crate) name: Option<LitStr>,
    pub(crate) label: Option<LitStr>,
    pub(crate) description: Option<String>,
    pub(crate) data_type: Option<LitStr>,
    pub(crate) primary_key: Option<Span>,
    pub(crate) incremental: Option<Span>,
    pub(crate) is_nullable: bool,
    pub(crate) is_skipped: bool,
}

impl ContainerAttribute {
    pub(crate) fn read(attributes: &[Attribute]) -> Result<Self> {
        let mut read = Self::default();
        for attribute in ours(attributes) {
            attribute.parse_nested_meta(|meta| {
                let path = &meta.path;
                if path.is_ident("name") {
                    read.name = Some(identifier(meta.value()?.parse()?)?);
                } else if path.is_ident("label") {
                    read.label = Some(text(meta.value()?.parse()?, NAME_LIMIT)?);
                } else if path.is_ident("description") {
                    read.description = Some(text(meta.value()?.parse()?, DESCRIPTION_LIMIT)?.value());
                } else if path.is_ident("crate") {
                    read.sdk = Some(meta.value()?.parse::<LitStr>()?.parse()?);
                } else {
                    return Err(meta.error("of a struct, `entity` can say `name`, `label`, `description` and `crate`"));
                }
                Ok(())
            })?;
        }
        read.description = read.description.or_else(|| documentation(attributes));
        Ok(read)
    }
}

impl FieldAttribute {
    pub(crate) fn read(attributes: &[Attribute]) -> Result<Self> {
        let mut read = Self::default();
        for attribute in ours(attributes) {
            attribute.parse_nested_meta(|meta| {
                let path = &meta.path;
                let span = meta.path.get_ident().map_or_else(Span::call_site, proc_macro2::Ident::span);
                if path.is_ident("name") {
                    read.name = Some(identifier(meta.value()?.parse()?)?);
                } else if path.is_ident("label") {
                    read.label = Some(text(meta.value()?.parse()?, NAME_LIMIT)?);
                } else if path.is_ident("description") {
                    read.description = Some(text(meta.value()?.parse()?, DESCRIPTION_LIMIT)?.value());
                } else if path.is_ident("data_type") {
                    read.data_type = Some(meta.value()?.parse()?);
                } else if path.is_ident("primary_key") {
                    read.primary_key = Some(span);
                } else if path.is_ident("incremental") {
                    read.incremental = Some(span);
                } else if path.is_ident("nullable") {
                    read.is_nullable = true;
                } else if path.is_ident("skip") {
                    read.is_skipped = true;
                } else {
                    return Err(meta.error(
                        "of a field, `entity` can say `name`, `label`, `description`, `data_type`, `primary_key`, \
                         `incremental`, `nullable` and `skip`",
                    ));
                }
                Ok(())
            })?;
        }
        read.description = read.description.or_else(|| documentation(attributes));
        Ok(read)
    }
}

fn ours(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("entity"))
}

/// A name that `AppFlow` takes.
pub(crate) fn identifier(name: LitStr) -> Result<LitStr> {
    let value = name.value();
    if value.is_empty() || value.contains(char::is_whitespace) {
        return Err(syn::Error::new(name.span(), "AppFlow wants names without white space, and not empty"));
    }
    text(name, NAME_LIMIT)
}

fn text(text: LitStr, limit: usize) -> Result<LitStr> {
    if text.value().chars().count() > limit {
        return Err(syn::Error::new(text.span(), format!("AppFlow takes at most {limit} characters here")));
    }
    Ok(text)
}

/// The first paragraph of a doc comment, cut to what `AppFlow` takes.
fn documentation(attributes: &[Attribute]) -> Option<String> {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    });
    let text: Vec<String> = lines.collect();
    let lines = text.iter().flat_map(|text| text.split('\n')).map(str::trim);
    let paragraph: Vec<&str> = lines.skip_while(|line| line.is_empty()).take_while(|line| !line.is_empty()).collect();
    let paragraph: String = paragraph.join(" ").chars().take(DESCRIPTION_LIMIT).collect();
    (!paragraph.is_empty()).then_some(paragraph)
}
