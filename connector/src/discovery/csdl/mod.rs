//! The metadata document of an OData 4 service: CSDL in XML, and what AppFlow is told of it.
//!
//! A document may have megabytes, of which one entity is wanted at a time. It is read once, in one pass, into a [`Model`] that
//! holds names and types; an entity's fields are made from that when they are asked for. Nothing is fetched because a document
//! names it, no entity of XML is expanded, and depth and sizes are bounded, so that a document costs no more than its length.

mod entity;
mod model;
mod parse;
mod terms;
#[cfg(test)]
mod tests;

pub(super) use model::Model;
