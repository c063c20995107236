//! The entity that a struct stands for, read from its attributes and checked.

use proc_macro2::Span;
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Data, DeriveInput, Fields, Ident, LitStr, Path, Result, Type};

use crate::attribute::{ContainerAttribute, FieldAttribute, identifier};
use crate::serde_attribute::{SerdeContainer, SerdeField};

/// The field types that `AppFlow` knows, which are the variants of `FieldDataType`.
const DATA_TYPES: [&str; 15] = [
    "String",
    "Integer",
    "Float",
    "Double",
    "Long",
    "Short",
    "BigInteger",
    "BigDecimal",
    "ByteArray",
    "Boolean",
    "Date",
    "DateTime",
    "Struct",
    "Map",
    "List",
];

/// An entity.
pub(crate) struct Entity {
    pub(crate) name: LitStr,
    pub(crate) label: Option<LitStr>,
    pub(crate) description: Option<String>,
    pub(crate) sdk: Option<Path>,
    pub(crate) fields: Vec<Field>,
}

/// One of its fields.
pub(crate) struct Field {
    pub(crate) name: LitStr,
    pub(crate) label: Option<LitStr>,
    pub(crate) description: Option<String>,
    pub(crate) data_type: DataType,
    /// Whether it may be null, if the type does not say so.
    pub(crate) is_nullable: bool,
    pub(crate) is_primary_key: bool,
    pub(crate) incremental: Option<Span>,
}

/// Where a field's type comes from.
pub(crate) enum DataType {
    /// The Rust type implements `FieldType`.
    Of(Type),
    /// The attribute names this variant of `FieldDataType`.
    Named(Ident),
}

impl Entity {
    /// Reads a struct.
    pub(crate) fn read(input: &DeriveInput) -> Result<Self> {
        let Data::Struct(data) = &input.data else {
            return Err(syn::Error::new(input.ident.span(), "only a struct can describe an entity"));
        };
        let Fields::Named(named) = &data.fields else {
            return Err(syn::Error::new(input.ident.span(), "an entity's fields have names: write `struct … { … }`"));
        };
        let container = ContainerAttribute::read(&input.attrs)?;
        let serde = SerdeContainer::read(&input.attrs)?;
        let name = container.name.ok_or_else(|| {
            let text = "say how flows name the entity: #[entity(name = \"…\")]";
            syn::Error::new(input.ident.span(), text)
        })?;
        let mut fields: Vec<Field> = Vec::new();
        for field in &named.named {
            let Some(field) = Field::read(field, &serde)? else { continue };
            if fields.iter().any(|other| other.name.value() == field.name.value()) {
                let text = format!("there is a field {:?} before this one", field.name.value());
                return Err(syn::Error::new(field.name.span(), text));
            }
            fields.push(field);
        }
        if fields.is_empty() {
            return Err(syn::Error::new(input.ident.span(), "an entity has a field at least"));
        }
        let ContainerAttribute { label, description, sdk, .. } = container;
        Ok(Self { name, label, description, sdk, fields })
    }
}

impl Field {
    /// Reads a field; nothing for one that is left out.
    fn read(field: &syn::Field, container: &SerdeContainer) -> Result<Option<Self>> {
        let attribute = FieldAttribute::read(&field.attrs)?;
        let serde = SerdeField::read(&field.attrs)?;
        if attribute.is_skipped || serde.is_skipped {
            return Ok(None);
        }
        let Some(ident) = &field.ident else { return Ok(None) };
        let spelled = || serde.name.clone().unwrap_or_else(|| container.case.apply(&ident.unraw().to_string()));
        let name = match attribute.name {
            Some(name) => name,
            None => identifier(LitStr::new(&spelled(), ident.span()))?,
        };
        let is_option = is_option(&field.ty);
        if let (Some(span), true) = (attribute.primary_key, is_option || attribute.is_nullable) {
            return Err(syn::Error::new(span, "what identifies a record cannot be null"));
        }
        if serde.has_own_function && attribute.data_type.is_none() {
            let text =
                "a function serialises this field: say what comes out, as in #[entity(data_type = \"DateTime\")]";
            return Err(syn::Error::new(ident.span(), text));
        }
        let data_type = match &attribute.data_type {
            Some(named) => DataType::Named(variant(named)?),
            None => DataType::Of(field.ty.clone()),
        };
        if let (Some(span), DataType::Named(named)) = (attribute.incremental, &data_type)
            && !["Date", "DateTime"].contains(&named.to_string().as_str())
        {
            return Err(syn::Error::new(span, "only a Date or DateTime can drive incremental pulls"));
        }
        Ok(Some(Self {
            name,
            label: attribute.label,
            description: attribute.description,
            is_nullable: attribute.is_nullable || serde.is_sometimes_skipped || is_option,
            is_primary_key: attribute.primary_key.is_some(),
            incremental: attribute.incremental,
            data_type,
        }))
    }
}

fn variant(named: &LitStr) -> Result<Ident> {
    let value = named.value();
    if DATA_TYPES.contains(&value.as_str()) {
        Ok(Ident::new(&value, named.span()))
    } else {
        let text = format!("AppFlow has no type {value:?}; it has {}", DATA_TYPES.join(", "));
        Err(syn::Error::new(named.span(), text))
    }
}

/// Whether the type is written as an `Option`.
fn is_option(ty: &Type) -> bool {
    match ty {
        Type::Path(path) => path.path.segments.last().is_some_and(|segment| segment.ident == "Option"),
        _ => false,
    }
}

impl DataType {
    /// Where an error about it belongs.
    pub(crate) fn span(&self) -> Span {
        match self {
            Self::Of(ty) => ty.span(),
            Self::Named(variant) => variant.span(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Why a struct is refused.
    #[track_caller]
    fn refused(source: &str) -> String {
        let input = syn::parse_str(source).unwrap();
        Entity::read(&input).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn says_what_is_wrong_and_what_to_write() {
        for (source, words) in [
            ("struct A { a: i32 }", r#"#[entity(name = "…")]"#),
            (r#"#[entity(name = "a")] enum A { B }"#, "only a struct"),
            (r#"#[entity(name = "a")] struct A(i32);"#, "struct … { … }"),
            (r#"#[entity(name = "a")] struct A { #[serde(skip)] a: i32 }"#, "a field at least"),
            (r#"#[entity(name = "a b")] struct A { a: i32 }"#, "without white space"),
            (r#"#[entity(title = "a")] struct A { a: i32 }"#, "`label`"),
            (r#"#[entity(name = "a")] struct A { #[entity(key)] a: i32 }"#, "`primary_key`"),
            (r#"#[entity(name = "a")] struct A { #[entity(primary_key)] a: Option<i32> }"#, "cannot be null"),
            (r#"#[entity(name = "a")] struct A { #[entity(data_type = "Text")] a: i32 }"#, "String, Integer"),
            (r#"#[entity(name = "a")] struct A { #[entity(data_type = "Long", incremental)] a: i64 }"#, "DateTime"),
            (r#"#[entity(name = "a")] struct A { #[serde(rename = "b")] a: i32, b: i32 }"#, r#"field "b" before"#),
            (r#"#[entity(name = "a")] struct A { #[serde(rename = "a b")] a: i32 }"#, "without white space"),
            (r#"#[entity(name = "a")] struct A { #[serde(flatten)] a: B }"#, "flattened"),
            (r#"#[entity(name = "a")] struct A { #[serde(with = "seconds")] a: B }"#, "data_type"),
            (r#"#[entity(name = "a")] #[serde(tag = "type")] struct A { a: i32 }"#, "`tag`"),
            (r#"#[entity(name = "a")] #[serde(rename_all = "camel")] struct A { a: i32 }"#, "no such case"),
        ] {
            let reason = refused(source);
            assert!(reason.contains(words), "{source}: {reason}");
        }
        let label = "x".repeat(129);
        let reason = refused(&format!(r#"#[entity(name = "a", label = "{label}")] struct A {{ a: i32 }}"#));
        assert!(reason.contains("128"), "{reason}");
    }

    #[test]
    fn describes_by_the_first_paragraph_of_the_comment_cut_to_the_limit() {
        let long = "x".repeat(2000);
        let source =
            format!("#[entity(name = \"a\")]\n/// One\n/// two.\n///\n/// Three.\nstruct A {{ /// {long}\n a: i32 }}");
        let entity = Entity::read(&syn::parse_str(&source).unwrap()).unwrap();
        assert_eq!(entity.description.as_deref(), Some("One two."));
        assert_eq!(entity.fields[0].description.as_ref().map(String::len), Some(1024));
    }
}
