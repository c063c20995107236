//! What is kept of a metadata document.

use std::borrow::Cow;
use std::collections::HashMap;

use indexmap::IndexMap;

use super::terms::Fact;

/// Most types that inherit from one another.
const LONGEST_LINEAGE: usize = 50;

/// A metadata document. Names of types are qualified: `Namespace.Name`.
#[derive(Debug, Default)]
pub(in crate::discovery) struct Model {
    /// Short names of namespaces.
    pub(super) aliases: HashMap<String, String>,
    /// Entity types and complex types.
    pub(super) structures: HashMap<String, Structure>,
    /// Enumerations, with the names of their members; without names where several may be chosen at once.
    pub(super) enumerations: HashMap<String, Vec<String>>,
    /// Other names for primitive types.
    pub(super) definitions: HashMap<String, Kind>,
    /// The entity sets, in the order of the document.
    pub(super) sets: IndexMap<String, Set>,
}

/// An entity type or a complex type.
#[derive(Debug, Default)]
pub(super) struct Structure {
    pub(super) base: Option<String>,
    pub(super) key: Vec<String>,
    /// By name, in the order of the document. Navigation properties are none of them.
    pub(super) properties: IndexMap<String, Property>,
    pub(super) words: Words,
}

/// A type as a property names it.
#[derive(Debug, Clone, Default)]
pub(super) struct Kind {
    pub(super) name: String,
    /// Most characters of a text.
    pub(super) longest: Option<u32>,
}

/// A property.
#[derive(Debug, Default)]
pub(super) struct Property {
    pub(super) kind: Kind,
    pub(super) is_nullable: bool,
    /// The service sets it; nobody else can.
    pub(super) is_computed: bool,
    /// It may be set on insert and not changed.
    pub(super) is_immutable: bool,
    /// The service sets it when a new record lacks it.
    pub(super) is_defaulted: bool,
    pub(super) words: Words,
}

/// What a document says in words.
#[derive(Debug, Default)]
pub(super) struct Words {
    pub(super) label: Option<String>,
    pub(super) description: Option<String>,
}

/// An entity set.
#[derive(Debug)]
pub(super) struct Set {
    /// The container's qualified name.
    pub(super) container: String,
    pub(super) kind: String,
    pub(super) is_insertable: bool,
    pub(super) is_updatable: bool,
    pub(super) is_deletable: bool,
    /// Properties that cannot stand in filters.
    pub(super) unfilterable: Vec<String>,
    pub(super) words: Words,
}

impl Model {
    /// A name of a type with the namespace's own name for its alias.
    pub(super) fn qualified<'n>(&self, name: &'n str) -> Cow<'n, str> {
        let alias = name.rsplit_once('.').and_then(|(prefix, rest)| Some((self.aliases.get(prefix)?, rest)));
        match alias {
            Some((namespace, rest)) => Cow::Owned(format!("{namespace}.{rest}")),
            None => Cow::Borrowed(name),
        }
    }

    /// A structure by its name, with those it inherits from, the first ancestor first. Nothing if the document does not have
    /// it.
    ///
    /// # Errors
    /// That the type inherits from itself.
    pub(super) fn lineage(&self, name: &str) -> Result<Option<Vec<&Structure>>, String> {
        let mut lineage = Vec::new();
        let mut next = Some(name);
        while let Some(current) = next {
            let Some(structure) = self.structures.get(self.qualified(current).as_ref()) else {
                if lineage.is_empty() {
                    return Ok(None);
                }
                // The base is in a document of its own, which is not read.
                break;
            };
            if lineage.len() >= LONGEST_LINEAGE {
                return Err(format!(
                    "the type {name:?} inherits from itself, or from more than {LONGEST_LINEAGE} others"
                ));
            }
            lineage.push(structure);
            next = structure.base.as_deref();
        }
        lineage.reverse();
        Ok(Some(lineage))
    }

    /// Notes a fact about what a target names: `Namespace.Type`, `Namespace.Type/property` or `Namespace.Container/Set`.
    /// Targets that the document does not have are left.
    pub(super) fn note(&mut self, target: &str, fact: Fact) {
        let (owner, member) = target.split_once('/').map_or((target, None), |(owner, member)| (owner, Some(member)));
        let owner = self.qualified(owner).into_owned();
        match (self.structures.get_mut(&owner), member) {
            (Some(structure), None) => structure.words.note(fact),
            (Some(structure), Some(member)) => {
                if let Some(property) = structure.properties.get_mut(member) {
                    property.note(fact);
                }
            }
            (None, Some(member)) => {
                if let Some(set) = self.sets.get_mut(member).filter(|set| set.container == owner) {
                    set.note(fact);
                }
            }
            (None, None) => {}
        }
    }
}

impl Words {
    fn note(&mut self, fact: Fact) {
        match fact {
            Fact::Label(text) => self.label = Some(text),
            Fact::Description(text) => self.description = Some(text),
            _ => {}
        }
    }
}

impl Property {
    fn note(&mut self, fact: Fact) {
        match fact {
            Fact::Computed(holds) => self.is_computed = holds,
            Fact::Immutable(holds) => self.is_immutable = holds,
            Fact::Defaulted(holds) => self.is_defaulted = holds,
            other => self.words.note(other),
        }
    }
}

impl Set {
    fn note(&mut self, fact: Fact) {
        match fact {
            Fact::Insertable(holds) => self.is_insertable = holds,
            Fact::Updatable(holds) => self.is_updatable = holds,
            Fact::Deletable(holds) => self.is_deletable = holds,
            Fact::Unfilterable(names) => self.unfilterable = names,
            other => self.words.note(other),
        }
    }
}
