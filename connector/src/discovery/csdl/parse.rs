//! From XML to a [`Model`].

use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::model::{Kind, Model, Property, Set, Structure};
use super::terms::{Fact, Value, fact};

/// Deepest nesting of elements. Real documents have about ten levels.
const DEEPEST: usize = 64;

/// Most attributes of an element.
const MOST_ATTRIBUTES: usize = 64;

/// Where the reader is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Schema,
    Structure(String),
    Key,
    Property(String),
    Enumeration(String),
    Container(String),
    Set(String),
    Annotations(String),
    Annotation,
    Record,
    Member,
    Text,
    Path,
    Other,
}

/// An annotation that is being read.
#[derive(Debug)]
struct Note {
    /// Absent where it annotates something that does not matter.
    target: Option<String>,
    term: String,
    /// The name of the record's member that is being read.
    member: Option<String>,
    value: Value,
}

struct Parse {
    model: Model,
    open: Vec<Part>,
    namespace: String,
    note: Option<Note>,
    /// What annotations say. They may stand before what they speak of.
    facts: Vec<(String, Fact)>,
    is_metadata: bool,
}

impl Model {
    /// Reads a document.
    ///
    /// # Errors
    /// Why it is not the metadata of an OData 4 service.
    pub(in crate::discovery) fn read(xml: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(xml).map_err(|_| "it is not in UTF-8".to_owned())?;
        let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
        reader.config_mut().expand_empty_elements = true;
        let mut parse = Parse {
            model: Self::default(),
            open: Vec::new(),
            namespace: String::new(),
            note: None,
            facts: Vec::new(),
            is_metadata: false,
        };
        loop {
            let event = reader.read_event();
            let position = reader.buffer_position();
            let at = |problem: String| format!("{problem} (near byte {position})");
            match event.map_err(|error| at(format!("it is no well-formed XML: {error}")))? {
                Event::Start(element) => parse.start(&element).map_err(at)?,
                Event::End(_) => parse.end(),
                Event::Text(text) => {
                    if parse.wants_text() {
                        let text = text.unescape().map_err(|error| at(format!("it is no well-formed XML: {error}")))?;
                        parse.text(&text);
                    }
                }
                Event::CData(text) => {
                    if parse.wants_text() {
                        parse.text(&String::from_utf8_lossy(&text));
                    }
                }
                Event::DocType(_) => {
                    return Err(at("it has a document type declaration, which no metadata needs".to_owned()));
                }
                Event::Eof if parse.open.is_empty() => break,
                Event::Eof => return Err("it ends too early".to_owned()),
                Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            }
        }
        if !parse.is_metadata {
            return Err("it has no element Edmx".to_owned());
        }
        let mut model = parse.model;
        for (target, fact) in parse.facts {
            model.note(&target, fact);
        }
        Ok(model)
    }
}

impl Parse {
    fn start(&mut self, element: &BytesStart<'_>) -> Result<(), String> {
        if self.open.len() >= DEEPEST {
            return Err(format!("it nests elements deeper than {DEEPEST} levels"));
        }
        let name = element.local_name();
        let attributes = Attributes::of(element)?;
        let part = if self.open.is_empty() {
            self.root(name.as_ref(), &attributes)?
        } else if self.note.is_some() {
            self.in_annotation(name.as_ref(), &attributes)
        } else {
            self.part(name.as_ref(), &attributes)?
        };
        self.open.push(part);
        Ok(())
    }

    fn root(&mut self, name: &[u8], attributes: &Attributes) -> Result<Part, String> {
        self.is_metadata = name == b"Edmx";
        let version = attributes.get("Version").unwrap_or("4.0");
        if self.is_metadata && !version.starts_with('4') {
            return Err(format!("it describes version {version} of OData, and this connector speaks version 4"));
        }
        Ok(Part::Other)
    }

    fn part(&mut self, name: &[u8], attributes: &Attributes) -> Result<Part, String> {
        let here = self.open.last().cloned().unwrap_or(Part::Other);
        Ok(match (&here, name) {
            (_, b"Include") => {
                if let (Some(alias), Some(namespace)) = (attributes.get("Alias"), attributes.get("Namespace")) {
                    self.model.aliases.insert(alias.to_owned(), namespace.to_owned());
                }
                Part::Other
            }
            (_, b"Schema") => {
                attributes.required("Schema", "Namespace")?.clone_into(&mut self.namespace);
                if let Some(alias) = attributes.get("Alias") {
                    self.model.aliases.insert(alias.to_owned(), self.namespace.clone());
                }
                Part::Schema
            }
            (Part::Schema, b"EntityType" | b"ComplexType") => {
                let name = self.own(attributes.required("a type", "Name")?);
                let base = attributes.get("BaseType").map(str::to_owned);
                self.model.structures.insert(name.clone(), Structure { base, ..Structure::default() });
                Part::Structure(name)
            }
            (Part::Schema, b"EnumType") => {
                let name = self.own(attributes.required("an enumeration", "Name")?);
                self.model.enumerations.insert(name.clone(), Vec::new());
                // Several members at once are a text of their own, so the choice is not one of the members.
                if attributes.get("IsFlags") == Some("true") { Part::Other } else { Part::Enumeration(name) }
            }
            (Part::Schema, b"TypeDefinition") => {
                let name = self.own(attributes.required("a type definition", "Name")?);
                let kind = attributes.kind(attributes.required("a type definition", "UnderlyingType")?);
                self.model.definitions.insert(name, kind);
                Part::Other
            }
            (Part::Schema, b"EntityContainer") => {
                Part::Container(self.own(attributes.required("a container", "Name")?))
            }
            (Part::Schema, b"Annotations") => {
                Part::Annotations(attributes.get("Target").unwrap_or_default().to_owned())
            }
            (Part::Structure(_), b"Key") => Part::Key,
            (Part::Structure(owner), b"Property") => {
                let name = attributes.required("a property", "Name")?.to_owned();
                let property = Property {
                    kind: attributes.kind(attributes.get("Type").unwrap_or("Edm.String")),
                    is_nullable: attributes.get("Nullable") != Some("false"),
                    ..Property::default()
                };
                if let Some(structure) = self.model.structures.get_mut(owner) {
                    structure.properties.insert(name.clone(), property);
                }
                Part::Property(format!("{owner}/{name}"))
            }
            (Part::Key, b"PropertyRef") => {
                let name = attributes.required("a part of a key", "Name")?;
                let owner = self.open.iter().rev().find_map(|part| match part {
                    Part::Structure(owner) => Some(owner),
                    _ => None,
                });
                if let Some(structure) = owner.and_then(|owner| self.model.structures.get_mut(owner)) {
                    structure.key.push(name.to_owned());
                }
                Part::Other
            }
            (Part::Enumeration(owner), b"Member") => {
                let name = attributes.required("a member of an enumeration", "Name")?;
                self.model.enumerations.entry(owner.clone()).or_default().push(name.to_owned());
                Part::Other
            }
            (Part::Container(container), b"EntitySet") => {
                let name = attributes.required("an entity set", "Name")?.to_owned();
                let set = Set {
                    container: container.clone(),
                    kind: attributes.required("an entity set", "EntityType")?.to_owned(),
                    is_insertable: true,
                    is_updatable: true,
                    is_deletable: true,
                    unfilterable: Vec::new(),
                    words: super::model::Words::default(),
                };
                let path = format!("{container}/{name}");
                self.model.sets.insert(name, set);
                Part::Set(path)
            }
            (_, b"Annotation") => self.annotation(&here, attributes),
            _ => Part::Other,
        })
    }

    fn annotation(&mut self, here: &Part, attributes: &Attributes) -> Part {
        let target = match here {
            Part::Structure(target) | Part::Property(target) | Part::Set(target) | Part::Annotations(target) => {
                Some(target.clone())
            }
            _ => None,
        };
        let term = self.model.qualified(attributes.get("Term").unwrap_or_default()).into_owned();
        self.note = Some(Note { target, term, member: None, value: attributes.value() });
        Part::Annotation
    }

    /// Within an annotation. Those of an annotation itself are part of what is left.
    fn in_annotation(&mut self, name: &[u8], attributes: &Attributes) -> Part {
        let Some(note) = &mut self.note else { return Part::Other };
        match (self.open.last(), name) {
            (Some(Part::Annotation), b"Record") => Part::Record,
            (Some(Part::Record), b"PropertyValue") => {
                note.member = attributes.get("Property").map(str::to_owned);
                note.value = attributes.value();
                Part::Member
            }
            (Some(Part::Annotation | Part::Member), b"Bool" | b"String") => Part::Text,
            (Some(Part::Member), b"Collection") => Part::Member,
            (Some(Part::Member), b"PropertyPath") => Part::Path,
            _ => Part::Other,
        }
    }

    fn end(&mut self) {
        let ended = self.open.pop();
        // A collection is a member within a member.
        let is_member = ended == Some(Part::Member) && self.open.last() == Some(&Part::Record);
        match ended {
            Some(Part::Annotation) => {
                if let Some(Note { target, term, member: None, value }) = self.note.take() {
                    self.facts.extend(target.zip(fact(&term, None, value)));
                }
            }
            Some(Part::Member) if is_member => {
                if let Some(note) = &mut self.note {
                    let value = std::mem::take(&mut note.value);
                    let said = fact(&note.term, note.member.as_deref(), value);
                    self.facts.extend(note.target.clone().zip(said));
                }
            }
            _ => {}
        }
    }

    fn wants_text(&self) -> bool {
        matches!(self.open.last(), Some(Part::Text | Part::Path))
    }

    fn text(&mut self, text: &str) {
        let is_path = self.open.last() == Some(&Part::Path);
        if let Some(note) = &mut self.note {
            if is_path {
                note.value.paths.push(text.trim().to_owned());
            } else {
                note.value.text.get_or_insert_default().push_str(text);
            }
        }
    }

    /// A name of this schema, qualified.
    fn own(&self, name: &str) -> String {
        format!("{}.{name}", self.namespace)
    }
}

/// The attributes of an element that have no prefix.
struct Attributes(Vec<(String, String)>);

impl Attributes {
    fn of(element: &BytesStart<'_>) -> Result<Self, String> {
        let mut attributes = Vec::new();
        for attribute in element.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| format!("it is no well-formed XML: {error}"))?;
            if attribute.key.prefix().is_some() {
                continue;
            }
            if attributes.len() >= MOST_ATTRIBUTES {
                return Err(format!("an element has more than {MOST_ATTRIBUTES} attributes"));
            }
            let value = attribute.unescape_value().map_err(|error| format!("it is no well-formed XML: {error}"))?;
            let name = String::from_utf8_lossy(attribute.key.as_ref()).into_owned();
            attributes.push((name, value.into_owned()));
        }
        Ok(Self(attributes))
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn required(&self, what: &str, name: &str) -> Result<&str, String> {
        self.get(name).ok_or_else(|| format!("{what} has no attribute {name}"))
    }

    fn kind(&self, name: &str) -> Kind {
        // The value `max` is left: it says that there is no bound of the schema's.
        Kind { name: name.to_owned(), longest: self.get("MaxLength").and_then(|length| length.parse().ok()) }
    }

    fn value(&self) -> Value {
        let text = self.get("Bool").or_else(|| self.get("String")).map(str::to_owned);
        Value { text, paths: Vec::new() }
    }
}
