//! Writes the implementation.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{DeriveInput, Path, parse_quote};

use crate::entity::{DataType, Entity, Field};

/// `impl Entity for …`
pub(crate) fn expand(input: &DeriveInput, entity: &Entity) -> TokenStream {
    let ident = &input.ident;
    let sdk = entity.sdk.clone().unwrap_or_else(|| parse_quote!(::appflow_sdk));
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    let name = &entity.name;
    let has_parameters = !input.generics.params.is_empty();
    let fields = entity.fields.iter().map(|field| write_field(field, &sdk, has_parameters));
    let label = entity.label.as_ref().map(|label| {
        quote! { definition.entity.label = ::core::option::Option::Some(::std::string::String::from(#label)); }
    });
    let description = entity.description.as_ref().map(|text| {
        quote! { definition.entity.description = ::core::option::Option::Some(::std::string::String::from(#text)); }
    });
    let mutable = (label.is_some() || description.is_some()).then(|| quote! { mut });
    quote! {
        #[automatically_derived]
        impl #generics #sdk::Entity for #ident #arguments #bounds {
            fn definition() -> #sdk::protocol::EntityDefinition {
                let #mutable definition = #sdk::protocol::EntityDefinition::new(#name, ::std::vec![#(#fields),*]);
                #label
                #description
                definition
            }
        }
    }
}

fn write_field(field: &Field, sdk: &Path, has_parameters: bool) -> TokenStream {
    let name = &field.name;
    let span = field.data_type.span();
    let (data_type, is_nullable) = match &field.data_type {
        DataType::Of(ty) => (
            quote_spanned! {span=> ::core::clone::Clone::clone(<#ty as #sdk::FieldType>::DATA_TYPE) },
            quote_spanned! {span=> <#ty as #sdk::FieldType>::IS_NULLABLE },
        ),
        DataType::Named(variant) => (quote! { #sdk::protocol::FieldDataType::#variant }, quote! { false }),
    };
    let required =
        (!field.is_nullable).then(|| quote! { let field = if #is_nullable { field } else { field.required() }; });
    let primary_key = field.is_primary_key.then(|| quote! { let field = field.primary_key(); });
    let incremental = field.incremental.map(|span| {
        let check = match &field.data_type {
            DataType::Of(ty) => {
                let assertion = quote_spanned! {span=>
                    ::core::assert!(
                        ::core::matches!(
                            <#ty as #sdk::FieldType>::DATA_TYPE,
                            #sdk::protocol::FieldDataType::Date | #sdk::protocol::FieldDataType::DateTime
                        ),
                        "only a Date or DateTime can drive incremental pulls: say #[entity(data_type = \"DateTime\")]"
                    )
                };
                // An item is evaluated whether the function is used or not, but cannot know the struct's parameters.
                if has_parameters {
                    quote_spanned! {span=> const { #assertion }; }
                } else {
                    quote_spanned! {span=> const _: () = #assertion; }
                }
            }
            DataType::Named(_) => TokenStream::new(),
        };
        quote! { #check let field = field.incremental(); }
    });
    let label = field.label.as_ref().map(|label| quote! { let field = field.label(#label); });
    let description = field.description.as_ref().map(|text| quote! { let field = field.description(#text); });
    quote! {{
        let field = #sdk::protocol::FieldDefinition::new(#name, #data_type);
        #required
        #primary_key
        #incremental
        #label
        #description
        field
    }}
}
