//! What a manifest offers, in short: for people who check one.

use appflow_sdk::protocol::AuthenticationType;

use super::{Manifest, NO_AUTHENTICATION, Read, Retrieve, Write};

/// An entity, or the entities that the API describes, and what can be done with them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Offer {
    /// The entity; none where the API describes the entities.
    pub entity: Option<String>,
    /// The number of fields that the manifest describes.
    pub fields: usize,
    /// `read`, `retrieve`, `insert`, `update`, `upsert`, `delete`.
    pub operations: Vec<String>,
}

impl Manifest {
    /// The kinds of authentication on offer, as AppFlow names them; a custom kind by its own name.
    #[must_use]
    pub fn authentication_kinds(&self) -> Vec<String> {
        let offered = &self.authentication;
        let kinds = [
            (offered.none, NO_AUTHENTICATION),
            (offered.basic, AuthenticationType::BasicAuth.as_str()),
            (offered.api_key.is_some(), AuthenticationType::ApiKey.as_str()),
            (offered.bearer.is_some(), AuthenticationType::OAuth2.as_str()),
        ];
        let kinds = kinds.into_iter().filter(|(is_offered, _)| *is_offered).map(|(_, name)| name.to_owned());
        kinds.chain(offered.header.keys().cloned()).collect()
    }

    /// What can be done with each entity, in the order of the file; what the API describes comes last.
    #[must_use]
    pub fn offers(&self) -> Vec<Offer> {
        let named = self.entities.iter().map(|(name, entity)| Offer {
            entity: Some(name.clone()),
            fields: entity.fields.len(),
            operations: operations(entity.read.as_ref(), entity.retrieve.as_ref(), &entity.write),
        });
        let described = self.discovery.iter().map(|found| Offer {
            entity: None,
            fields: 0,
            operations: operations(found.read.as_ref(), found.retrieve.as_ref(), &found.write),
        });
        named.chain(described).collect()
    }
}

fn operations(read: Option<&Read>, retrieve: Option<&Retrieve>, write: &Write) -> Vec<String> {
    let reads = [(read.is_some(), "read"), (retrieve.is_some(), "retrieve")];
    let reads = reads.into_iter().filter(|(is_there, _)| *is_there).map(|(_, name)| name.to_owned());
    reads.chain(write.operations().map(|(operation, _)| operation.to_string().to_lowercase())).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn names_what_can_be_done() {
        let text = "[connector]\nname = \"A\"\nowner = \"A\"\nversion = \"1\"\n[authentication]\nnone = true\nbasic = true\n\
                    [authentication.header.Own]\nheaders = { X-A = \"{a}\" }\nparameters = { a = { label = \"A\" } }\n\
                    [entities.o]\nfields = { id = { type = \"Long\", primary_key = true } }\n\
                    read = { request = \"/o\" }\nwrite = { delete = { request = \"/o/{id}\" } }\n";
        let manifest = Manifest::parse(text, Path::new("m.toml")).unwrap();
        assert_eq!(manifest.authentication_kinds(), ["NoAuth", "BasicAuth", "Own"]);
        let operations = vec!["read".to_owned(), "delete".to_owned()];
        assert_eq!(manifest.offers(), [Offer { entity: Some("o".to_owned()), fields: 1, operations }]);
    }
}
