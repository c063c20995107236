//! What a schema says of a value, once its references, `allOf` and `oneOf` are put together.

use std::collections::HashSet;

use appflow_sdk::protocol::FieldDataType;
use indexmap::IndexMap;

use super::document::{Document, Place, Trouble};
use super::node::Node;

/// Most schemas within one another, by `allOf`, `oneOf` and `anyOf`.
const DEEPEST: usize = 32;

/// A schema as one.
#[derive(Debug, Default)]
pub(super) struct Shape<'d> {
    /// Of JSON Schema, without `null`.
    pub(super) types: Vec<&'d str>,
    pub(super) nullable: bool,
    pub(super) read_only: bool,
    pub(super) write_only: bool,
    pub(super) has_default: bool,
    pub(super) format: Option<&'d str>,
    pub(super) title: Option<&'d str>,
    pub(super) description: Option<&'d str>,
    /// The closed choice of values.
    pub(super) values: Vec<String>,
    pub(super) properties: IndexMap<&'d str, Place<'d>>,
    pub(super) required: HashSet<&'d str>,
    /// The targets of the references that led here.
    pub(super) targets: Vec<String>,
    /// Whether a schema says what the members of any other name are.
    is_map: bool,
    is_list: bool,
    is_base64: bool,
}

impl<'d> Shape<'d> {
    /// Puts a schema together.
    pub(super) fn of(document: &'d Document, place: Place<'d>) -> Result<Self, Trouble> {
        let mut shape = Self::default();
        shape.take(document, place, 0)?;
        Ok(shape)
    }

    /// Adds what a schema says; what was said before wins.
    fn take(&mut self, document: &'d Document, place: Place<'d>, depth: usize) -> Result<(), Trouble> {
        if depth > DEEPEST {
            return Err(Trouble::at(&place.pointer, "the schema leads in a circle"));
        }
        for (index, place) in document.follow(place)?.into_iter().enumerate() {
            if index > 0 {
                self.targets.push(place.pointer.clone());
            }
            self.keywords(&place);
            for (index, item) in place.node.items("allOf").iter().enumerate() {
                self.take(document, place.within(item, &["allOf", &index.to_string()]), depth + 1)?;
            }
            for keyword in ["oneOf", "anyOf"] {
                self.alternatives(document, &place, keyword, depth + 1)?;
            }
        }
        Ok(())
    }

    fn keywords(&mut self, place: &Place<'d>) {
        let node = place.node;
        let mut types: Vec<&str> = match node.get("type") {
            Some(Node::Text(name)) => vec![name],
            _ => node
                .items("type")
                .iter()
                .filter_map(|item| if let Node::Text(name) = item { Some(name.as_str()) } else { None })
                .collect(),
        };
        self.nullable |= types.contains(&"null") || node.is_true("nullable") || node.is_true("x-nullable");
        self.nullable |= node.items("enum").contains(&Node::Null) || node.get("const") == Some(&Node::Null);
        types.retain(|name| *name != "null");
        if self.types.is_empty() {
            self.types = types;
        }
        self.read_only |= node.is_true("readOnly");
        self.write_only |= node.is_true("writeOnly");
        self.has_default |= node.get("default").is_some();
        self.format = self.format.or(node.text("format"));
        self.title = self.title.or(node.text("title"));
        self.description = self.description.or(node.text("description"));
        self.is_base64 |= node.text("contentEncoding") == Some("base64");
        self.is_map |=
            matches!(node.get("additionalProperties"), Some(Node::Table(_))) || node.get("patternProperties").is_some();
        self.is_list |= node.get("items").is_some();
        if self.values.is_empty() {
            self.values = node.items("enum").iter().chain(node.get("const")).filter_map(Node::plain).collect();
        }
        if self.types.is_empty() {
            self.types = types_of_values(node);
        }
        if let Some(Node::Table(properties)) = node.get("properties") {
            for (name, property) in properties {
                let place = place.within(property, &["properties", name]);
                self.properties.entry(name.as_str()).or_insert(place);
            }
        }
        self.required.extend(node.items("required").iter().filter_map(|item| match item {
            Node::Text(name) => Some(name.as_str()),
            _ => None,
        }));
    }

    /// A value that is one of several: of any of their types, with any of their members, none of which is sure to be there.
    fn alternatives(
        &mut self,
        document: &'d Document,
        place: &Place<'d>,
        keyword: &str,
        depth: usize,
    ) -> Result<(), Trouble> {
        let items = place.node.items(keyword).iter().enumerate();
        let mut shapes = Vec::new();
        for (index, item) in items {
            let mut shape = Self::default();
            shape.take(document, place.within(item, &[keyword, &index.to_string()]), depth)?;
            let is_null = shape.nullable && shape.types.is_empty() && shape.properties.is_empty();
            if is_null {
                self.nullable = true;
            } else {
                shapes.push(shape);
            }
        }
        let is_one = shapes.len() == 1;
        let has_types = !self.types.is_empty();
        let is_choice = self.values.is_empty() && shapes.iter().all(|shape| !shape.values.is_empty());
        let formats: HashSet<_> = shapes.iter().map(|shape| shape.format).collect();
        if let (1, None) = (formats.len(), self.format) {
            self.format = formats.into_iter().next().flatten();
        }
        for shape in shapes {
            if !has_types {
                self.types
                    .extend(shape.types.iter().filter(|name| !self.types.contains(*name)).copied().collect::<Vec<_>>());
            }
            if is_choice {
                self.values.extend(shape.values);
            }
            self.nullable |= shape.nullable;
            self.is_map |= shape.is_map;
            self.is_list |= shape.is_list;
            self.is_base64 |= shape.is_base64;
            for (name, property) in shape.properties {
                self.properties.entry(name).or_insert(property);
            }
            self.targets.extend(shape.targets);
            if is_one {
                self.required.extend(shape.required);
                self.read_only |= shape.read_only;
                self.write_only |= shape.write_only;
                self.has_default |= shape.has_default;
                self.title = self.title.or(shape.title);
                self.description = self.description.or(shape.description);
            }
        }
        Ok(())
    }

    /// Whether its values are objects with members of known names.
    pub(super) fn has_members(&self) -> bool {
        !self.properties.is_empty() && self.types.iter().all(|name| *name == "object")
    }

    /// AppFlow's type for such values: one that holds each of them without loss.
    pub(super) fn data_type(&self) -> FieldDataType {
        let format = self.format.unwrap_or_default();
        match self.types.as_slice() {
            ["boolean"] => FieldDataType::Boolean,
            ["integer"] => match format {
                "int8" | "int16" | "uint8" => FieldDataType::Short,
                "int32" | "uint16" => FieldDataType::Integer,
                "uint64" => FieldDataType::BigInteger,
                _ => FieldDataType::Long,
            },
            ["number"] => match format {
                "float" => FieldDataType::Float,
                "double" => FieldDataType::Double,
                _ => FieldDataType::BigDecimal,
            },
            ["integer", "number"] | ["number", "integer"] => FieldDataType::BigDecimal,
            ["array"] => FieldDataType::List,
            ["object"] if self.is_map && self.properties.is_empty() => FieldDataType::Map,
            ["object"] => FieldDataType::Struct,
            ["string"] => match format {
                "date" => FieldDataType::Date,
                "date-time" => FieldDataType::DateTime,
                "byte" => FieldDataType::ByteArray,
                _ if self.is_base64 => FieldDataType::ByteArray,
                _ => FieldDataType::String,
            },
            [] if !self.properties.is_empty() => FieldDataType::Struct,
            [] if self.is_map => FieldDataType::Map,
            [] if self.is_list => FieldDataType::List,
            _ => FieldDataType::String,
        }
    }
}

/// The types of `enum` and `const`, for a schema that says no type.
fn types_of_values(node: &Node) -> Vec<&'static str> {
    let mut types = Vec::new();
    for value in node.items("enum").iter().chain(node.get("const")) {
        let name = match value {
            Node::Null => continue,
            Node::Bool(_) => "boolean",
            Node::Number(digits) if digits.contains(['.', 'e', 'E']) => "number",
            Node::Number(_) => "integer",
            Node::Text(_) => "string",
            Node::List(_) => "array",
            Node::Table(_) => "object",
        };
        if !types.contains(&name) {
            types.push(name);
        }
    }
    types
}
