//! `schema = { file, pointer, flatten }`: an entity's fields from a JSON Schema or OpenAPI document.
//!
//! The fields become the entity's own, so that nothing else has to know where they were described. Those that the
//! manifest names itself come first and stand as they are.

mod document;
mod node;
mod shape;

use std::io;
use std::path::{Component, Path};

use indexmap::IndexMap;

use self::document::{Document, Trouble, escaped};
use self::shape::Shape;
use super::entity::SchemaFile;
use super::{Field, Manifest, Place, Problem};

/// Objects within objects that are taken apart; below, an object is one field.
const DEEPEST: usize = 8;

/// Longest texts that AppFlow takes, in characters.
const LABEL: usize = 128;
const DESCRIPTION: usize = 1024;

/// Adds the fields that files describe, and gives what is wrong with the files. Each file is read once.
pub(super) fn fill(manifest: &mut Manifest, read: impl Fn(&str) -> io::Result<String>) -> Vec<Problem> {
    let mut documents: IndexMap<String, Result<Document, String>> = IndexMap::new();
    let mut problems = Vec::new();
    for (name, entity) in &mut manifest.entities {
        let Some(schema) = &entity.schema else { continue };
        let file = schema.file.as_str();
        let document = documents.entry(file.to_owned()).or_insert_with(|| {
            if !is_beside(file) {
                return Err("must be a path below the manifest's folder, with / between its steps".to_owned());
            }
            let text = read(file).map_err(|error| format!("{file} cannot be read: {error}"))?;
            Document::parse(&text).map_err(|error| format!("{file} is not JSON: {error}"))
        });
        let outcome = match document {
            Err(message) => Err(message.clone()),
            Ok(document) => {
                fields(schema, document).map_err(|Trouble { at, message }| format!("{file}#{at}: {message}"))
            }
        };
        match outcome {
            Err(message) => {
                problems.push(Problem { place: Place::default(), key: format!("entities.{name}.schema"), message });
            }
            Ok(fields) => {
                for (name, field) in fields {
                    entity.fields.entry(name).or_insert(field);
                }
            }
        }
    }
    problems
}

/// The file is packaged with the manifest, under the same path.
fn is_beside(file: &str) -> bool {
    let is_plain = Path::new(file).components().all(|component| matches!(component, Component::Normal(_)));
    is_plain && !file.is_empty() && !file.contains("//") && !file.contains('\\')
}

fn fields(file: &SchemaFile, document: &Document) -> Result<IndexMap<String, Field>, Trouble> {
    let place = document.find(&file.pointer)?;
    let (root, at) = (place.node, place.pointer.clone());
    let shape = Shape::of(document, place)?;
    if !shape.has_members() {
        let message = if root.get("openapi").or(root.get("swagger")).is_some() {
            "is a description of a whole API; `pointer` must lead to the schema of a record, such as \
             /components/schemas/Order"
        } else if root.get("items").is_some() {
            "is an array; `pointer` must lead to the schema of one record, such as that at `items`"
        } else {
            "describes no object with `properties`"
        };
        return Err(Trouble::at(&at, message));
    }
    let mut fields = IndexMap::new();
    let targets = shape.targets.clone();
    let mut walk = Walk { document, separator: file.flatten.as_deref(), on_the_way: targets, fields: &mut fields };
    walk.members(&shape, &Above { name: "", pointer: "", is_sure: true, read_only: false, write_only: false }, 1)?;
    Ok(fields)
}

/// What the objects around a member say of it.
struct Above<'a> {
    /// With the separator at its end, where there is one.
    name: &'a str,
    pointer: &'a str,
    /// Whether the object is in every record.
    is_sure: bool,
    read_only: bool,
    write_only: bool,
}

struct Walk<'d, 'w> {
    document: &'d Document,
    separator: Option<&'w str>,
    /// The targets of references that led to where the walk is: an object within itself is not taken apart again.
    on_the_way: Vec<String>,
    fields: &'w mut IndexMap<String, Field>,
}

impl<'d> Walk<'d, '_> {
    fn members(&mut self, shape: &Shape<'d>, above: &Above<'_>, depth: usize) -> Result<(), Trouble> {
        for (member, place) in &shape.properties {
            let at = place.pointer.clone();
            let inner = Shape::of(self.document, place.clone())?;
            let name = format!("{}{member}", above.name);
            let pointer = format!("{}/{}", above.pointer, escaped(member));
            let is_sure = above.is_sure && !inner.nullable && shape.required.contains(member);
            let read_only = above.read_only || inner.read_only;
            let write_only = above.write_only || inner.write_only;
            let is_known = inner.targets.iter().any(|target| self.on_the_way.contains(target));
            match self.separator {
                Some(separator) if inner.has_members() && depth < DEEPEST && !is_known => {
                    let before = self.on_the_way.len();
                    self.on_the_way.extend(inner.targets.iter().cloned());
                    let name = format!("{name}{separator}");
                    let above = Above { name: &name, pointer: &pointer, is_sure, read_only, write_only };
                    self.members(&inner, &above, depth + 1)?;
                    self.on_the_way.truncate(before);
                }
                _ => {
                    let field = field(&inner, &name, pointer, is_sure, read_only, write_only);
                    if self.fields.insert(name.clone(), field).is_some() {
                        let message = format!("two members become the field {name:?}; choose another `flatten`");
                        return Err(Trouble::at(&at, message));
                    }
                }
            }
        }
        Ok(())
    }
}

fn field(shape: &Shape<'_>, name: &str, pointer: String, is_sure: bool, read_only: bool, write_only: bool) -> Field {
    let is_at_its_name = pointer == format!("/{name}") && !name.contains('.');
    Field {
        data_type: shape.data_type(),
        label: shape.title.map(|text| shortened(text, LABEL)).filter(|text| !text.is_empty()),
        description: shape.description.map(|text| shortened(text, DESCRIPTION)).filter(|text| !text.is_empty()),
        primary_key: false,
        // A member that is never read is never in a record.
        nullable: (is_sure && !write_only).then_some(false),
        incremental: false,
        readable: write_only.then_some(false),
        creatable: read_only.then_some(false),
        updatable: read_only.then_some(false),
        defaulted: shape.has_default,
        external_id: false,
        filterable: None,
        values: shape.values.clone(),
        pointer: (!is_at_its_name).then_some(pointer),
        select: None,
        native: None,
    }
}

/// A text in one line, cut where AppFlow would refuse it.
fn shortened(text: &str, longest: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= longest {
        return line;
    }
    line.chars().take(longest - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests;
