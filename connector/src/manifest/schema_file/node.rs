//! A JSON document with its members in the order of the file, which is the order in which fields are shown.

use std::fmt;

use indexmap::IndexMap;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// A value of the document.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Null,
    Bool(bool),
    /// Its digits do not matter here.
    Number(String),
    Text(String),
    List(Vec<Node>),
    Table(IndexMap<String, Node>),
}

impl Node {
    /// A member of an object.
    pub(super) fn get(&self, name: &str) -> Option<&Node> {
        match self {
            Self::Table(members) => members.get(name),
            _ => None,
        }
    }

    /// The text of a member.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Self::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The items of a member; none where it is no array.
    pub(super) fn items(&self, name: &str) -> &[Node] {
        match self.get(name) {
            Some(Self::List(items)) => items,
            _ => &[],
        }
    }

    /// Whether a member is there and true.
    pub(super) fn is_true(&self, name: &str) -> bool {
        matches!(self.get(name), Some(Self::Bool(true)))
    }

    /// The value at one step of a pointer.
    pub(super) fn step(&self, step: &str) -> Option<&Node> {
        match self {
            Self::Table(members) => members.get(step),
            Self::List(items) => items.get(step.parse::<usize>().ok()?),
            _ => None,
        }
    }

    /// The text of a plain value, as AppFlow shows values to choose from.
    pub(super) fn plain(&self) -> Option<String> {
        match self {
            Self::Bool(value) => Some(value.to_string()),
            Self::Number(text) | Self::Text(text) => Some(text.clone()),
            Self::Null | Self::List(_) | Self::Table(_) => None,
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyNode)
    }
}

struct AnyNode;

impl<'de> Visitor<'de> for AnyNode {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element()? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut members = IndexMap::new();
        while let Some((name, value)) = map.next_entry()? {
            members.insert(name, value);
        }
        Ok(Node::Table(members))
    }
}
