//! A document, and how one place of it refers to another.

use super::node::Node;

/// Most references that lead from one to the next.
const LONGEST_CHAIN: usize = 32;

/// A parsed file.
#[derive(Debug)]
pub(super) struct Document {
    root: Node,
}

/// A value of the document and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Place<'d> {
    pub(super) node: &'d Node,
    /// A JSON pointer from the document's root.
    pub(super) pointer: String,
}

impl<'d> Place<'d> {
    /// A value within this one.
    pub(super) fn within(&self, node: &'d Node, steps: &[&str]) -> Self {
        let mut pointer = self.pointer.clone();
        for step in steps {
            pointer.push('/');
            pointer.push_str(&escaped(step));
        }
        Self { node, pointer }
    }
}

/// Why a document is no description of records, and where.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    /// A JSON pointer.
    pub(super) at: String,
    pub(super) message: String,
}

impl Trouble {
    pub(super) fn at(pointer: &str, message: impl Into<String>) -> Self {
        Self { at: pointer.to_owned(), message: message.into() }
    }
}

impl Document {
    /// Parses a file.
    ///
    /// # Errors
    /// The parser's, with line and column.
    pub(super) fn parse(text: &str) -> Result<Self, serde_json::Error> {
        // Some editors begin a file with a byte order mark.
        serde_json::from_str(text.trim_start_matches('\u{feff}')).map(|root| Self { root })
    }

    /// The value that a pointer leads to.
    pub(super) fn find(&self, pointer: &str) -> Result<Place<'_>, Trouble> {
        let mut place = Place { node: &self.root, pointer: String::new() };
        for step in pointer.split('/').skip(1) {
            let step = step.replace("~1", "/").replace("~0", "~");
            let Some(node) = place.node.step(&step) else {
                return Err(Trouble::at(pointer, format!("there is no such place; {}", choice(&place))));
            };
            place = place.within(node, &[&step]);
        }
        Ok(place)
    }

    /// Follows `$ref` to the end, and gives every place on the way, the last one without a reference.
    pub(super) fn follow<'d>(&'d self, place: Place<'d>) -> Result<Vec<Place<'d>>, Trouble> {
        let mut way = vec![place];
        while let Some(last) = way.last()
            && let Some(reference) = last.node.text("$ref")
        {
            if way.len() > LONGEST_CHAIN {
                return Err(Trouble::at(&last.pointer, format!("the reference {reference:?} leads in a circle")));
            }
            let Some(fragment) = reference.strip_prefix('#') else {
                let message =
                    format!("the reference {reference:?} leads out of the file; put its target into the file");
                return Err(Trouble::at(&last.pointer, message));
            };
            let pointer = percent_encoding::percent_decode_str(fragment).decode_utf8_lossy();
            if !pointer.is_empty() && !pointer.starts_with('/') {
                let message = format!("the reference {reference:?} is no path within the file, such as #/$defs/Order");
                return Err(Trouble::at(&last.pointer, message));
            }
            let target = self.find(&pointer).map_err(|trouble| {
                let message = format!("the reference {reference:?} leads nowhere: {}", trouble.message);
                Trouble::at(&last.pointer, message)
            })?;
            way.push(target);
        }
        Ok(way)
    }
}

/// What there is at a place, for a message.
fn choice(place: &Place<'_>) -> String {
    const SHOWN: usize = 12;
    let at = if place.pointer.is_empty() { "the top" } else { &place.pointer };
    match place.node {
        Node::Table(members) if !members.is_empty() => {
            let names: Vec<_> = members.keys().take(SHOWN).map(String::as_str).collect();
            let more = if members.len() > SHOWN { ", …" } else { "" };
            format!("at {at} there are {}{more}", names.join(", "))
        }
        Node::List(items) => format!("at {at} there are {} items", items.len()),
        _ => format!("at {at} there is nothing to step into"),
    }
}

/// A name as a step of a JSON pointer.
pub(super) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
