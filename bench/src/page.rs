//! Pages of a source system, made up but of realistic shape, and the entity that they belong to.

use std::fmt::Write as _;

use appflow_sdk::protocol::{EntityDefinition, FieldDataType, FieldDefinition};

/// Size of a page, in bytes.
pub(crate) const PAGE_BYTES: usize = 5_000_000;

/// The entity's name.
pub(crate) const ENTITY: &str = "orders";

/// What the records of a page look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    /// What it is called in the report.
    pub(crate) name: &'static str,
    /// About how many bytes a record has.
    bytes: usize,
    /// Whether text has letters outside ASCII.
    is_ascii: bool,
}

impl Shape {
    /// Few long records, the usual case.
    pub(crate) const LONG: Self = Self { name: "1 KB records", bytes: 1_000, is_ascii: true };

    /// The shapes that are measured.
    pub(crate) const ALL: [Self; 4] = [
        Self::LONG,
        Self { name: "1 KB records, non-ASCII", bytes: 1_000, is_ascii: false },
        Self { name: "200 B records", bytes: 200, is_ascii: true },
        Self { name: "200 B records, non-ASCII", bytes: 200, is_ascii: false },
    ];

    /// One page, an object whose member `rows` holds the records.
    pub(crate) fn page(self) -> String {
        let mut page = String::with_capacity(PAGE_BYTES + 2 * self.bytes);
        page.push_str("{\"rows\":[");
        for index in 0_usize.. {
            if index > 0 {
                page.push(',');
            }
            self.write_record(&mut page, index);
            if page.len() >= PAGE_BYTES {
                break;
            }
        }
        page.push_str("]}");
        page
    }

    fn write_record(self, page: &mut String, index: usize) {
        let start = page.len();
        let customer = if self.is_ascii { "Miller and Sons" } else { "Łódź Müller 株式会社" };
        let status = if index.is_multiple_of(2) { "open" } else { "shipped" };
        // Writing to a string does not fail.
        let _ = write!(
            page,
            "{{\"id\":{index},\"customer\":\"{customer}\",\"status\":\"{status}\",\"total\":{}.{:02},\
             \"updated_at\":\"2026-06-{:02}T{:02}:30:00Z\",\"is_paid\":true,\"note\":\"",
            index % 1_000,
            index % 100,
            1 + index % 28,
            index % 24,
        );
        let (first, rest) = if self.is_ascii {
            ("Leave it at \\\"Gate 4\\\".", " Deliver to the back door, before noon.")
        } else {
            ("Bitte „Hintertür“, \\\"Brama 4\\\".", " Über die Łódzka liefern — 正午までに。")
        };
        page.push_str(first);
        while page.len() - start + rest.len() / 2 < self.bytes {
            page.push_str(rest);
        }
        page.push_str("\"}");
    }
}

/// The entity whose records fill the pages.
pub(crate) fn definition() -> EntityDefinition {
    EntityDefinition::new(
        ENTITY,
        vec![
            FieldDefinition::new("id", FieldDataType::Long).primary_key(),
            FieldDefinition::new("customer", FieldDataType::String),
            FieldDefinition::new("status", FieldDataType::String),
            FieldDefinition::new("total", FieldDataType::BigDecimal),
            FieldDefinition::new("updated_at", FieldDataType::DateTime),
            FieldDefinition::new("is_paid", FieldDataType::Boolean),
            FieldDefinition::new("note", FieldDataType::String),
        ],
    )
}

/// The same entity for the HTTP connector, with the upstream's address.
pub(crate) fn manifest(upstream: &str) -> String {
    format!(
        r#"[connector]
name = "Benchmark"
owner = "Sample"
version = "0.1.0"

[connection]
base_url = "{upstream}"

[authentication]
none = true

[entities.{ENTITY}.read]
request = "GET /"
records = "/rows"

[entities.{ENTITY}.fields]
id = {{ type = "Long", primary_key = true }}
customer = {{ type = "String" }}
status = {{ type = "String" }}
total = {{ type = "BigDecimal" }}
updated_at = {{ type = "DateTime", incremental = true }}
is_paid = {{ type = "Boolean" }}
note = {{ type = "String" }}
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_its_size_and_every_field_of_the_entity() {
        for shape in Shape::ALL {
            let page = shape.page();
            assert!(page.len() >= PAGE_BYTES && page.len() < PAGE_BYTES + 2 * shape.bytes, "{}", shape.name);
            let page_bytes = page.len();
            let page: serde_json::Value = serde_json::from_str(&page).unwrap();
            let rows = page["rows"].as_array().unwrap();
            let bytes = page_bytes / rows.len();
            assert!(bytes.abs_diff(shape.bytes) < shape.bytes / 4, "{}: {bytes} bytes a record", shape.name);
            for field in definition().fields {
                assert!(rows[7].get(&field.field_name).is_some(), "{}", field.field_name);
            }
        }
    }
}
