//! From a JSON Schema (draft 2020-12) to a page in Markdown.

use std::fmt::Write as _;

use serde_json::Value;

const INTRODUCTION: &str = "# The manifest

One TOML file describes an HTTP/JSON API to the connector. This page has every table and every key of it; [without Rust](without-rust.md)
is the way from an API's documentation to a manifest. Paths begin with `/`; pointers are JSON pointers (RFC 6901): `/data/items`, or
empty for the whole. A list or table that is not given is empty.

`cargo registrar manifest check FILE` says what is wrong with a manifest, and where.

<!-- Made from the types in connector/src/manifest and the examples in tests/it/manifest_reference; see tests/it/manifest_reference.rs. -->
";

/// What the page says of one table.
pub(super) struct Section<'e> {
    /// Its name in the schema's `$defs`.
    pub(super) definition: &'e str,
    pub(super) heading: &'e str,
    pub(super) example: &'e str,
}

/// The sections, as the examples begin them: `## DEFINITION HEADING`.
pub(super) fn sections(examples: &str) -> Vec<Section<'_>> {
    let sections = examples.split("\n## ").enumerate().filter_map(|(index, section)| {
        // What stands before the first heading is about the file.
        let section = if index == 0 { section.strip_prefix("## ")? } else { section };
        let (title, example) = section.split_once('\n').unwrap_or((section, ""));
        let (definition, heading) = title.split_once(' ').unwrap();
        Some(Section { definition, heading, example: example.trim() })
    });
    sections.collect()
}

/// The page.
pub(super) fn page(schema: &Value, examples: &str) -> String {
    let page = Page { schema, sections: sections(examples) };
    let mut text = INTRODUCTION.to_owned();
    for section in &page.sections {
        let definition = &schema["$defs"][section.definition];
        assert!(definition.is_object(), "the schema has no {}", section.definition);
        write!(text, "\n## {}\n", section.heading).unwrap();
        if let Some(description) = definition["description"].as_str() {
            // The heading names the table already.
            let description = description.split_once("`: ").filter(|(start, _)| start.starts_with("`["));
            let description = description.map_or_else(
                || definition["description"].as_str().unwrap().to_owned(),
                |(_, rest)| {
                    let mut characters = rest.chars();
                    characters.next().into_iter().flat_map(char::to_uppercase).chain(characters).collect()
                },
            );
            write!(text, "\n{description}\n").unwrap();
        }
        for table in tables(definition) {
            page.table(&mut text, table, definition.get("oneOf").is_some());
        }
        if !section.example.is_empty() {
            write!(text, "\n```toml\n{}\n```\n", section.example).unwrap();
        }
    }
    text
}

/// The tables that a value of this schema may be.
pub(super) fn tables(definition: &Value) -> Vec<&Value> {
    let choices = ["anyOf", "oneOf"].into_iter().filter_map(|name| definition[name].as_array()).flatten();
    [definition].into_iter().chain(choices).filter(|table| table["properties"].is_object()).collect()
}

/// GitHub's anchor of a heading.
pub(super) fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

struct Page<'s> {
    schema: &'s Value,
    sections: Vec<Section<'s>>,
}

impl Page<'_> {
    fn table(&self, text: &mut String, table: &Value, is_variant: bool) {
        let properties = table["properties"].as_object().unwrap();
        if is_variant {
            let tag = properties.iter().find_map(|(key, property)| Some((key, property.get("const")?)));
            let (key, value) = tag.unwrap();
            write!(text, "\n**`{key} = {value}`**: {}\n", table["description"].as_str().unwrap_or_default()).unwrap();
        }
        let is_required =
            |key: &String| table["required"].as_array().is_some_and(|keys| keys.iter().any(|each| each == key));
        let shown = properties.iter().filter(|(_, property)| property.get("const").is_none());
        let (mut keys, others): (Vec<_>, Vec<_>) = shown.partition(|(key, _)| is_required(key));
        keys.extend(others);
        if keys.is_empty() {
            return;
        }
        text.push_str("\n| key | type | without it | what it is |\n|---|---|---|---|\n");
        for (key, property) in keys {
            let default = match property.get("default") {
                _ if is_required(key) => "**required**".to_owned(),
                Some(value) if !value.is_null() => format!("`{value}`"),
                _ => String::new(),
            };
            let what = property["description"].as_str().unwrap_or_default().replace("\n\n", " ");
            let what = format!("{what}{}", self.meanings(property));
            let cells = [self.kind(property), default, what].map(|cell| cell.trim().replace('|', "\\|"));
            writeln!(text, "| `{key}` | {} |", cells.join(" | ")).unwrap();
        }
    }

    /// What each of a choice of texts means, where that is said.
    fn meanings(&self, property: &Value) -> String {
        let property = present(property);
        let name = property["$ref"].as_str().and_then(|name| name.strip_prefix("#/$defs/"));
        let definition = name.map_or(property, |name| &self.schema["$defs"][name]);
        let choices = definition["oneOf"].as_array().into_iter().flatten();
        let said = choices.filter_map(|choice| Some((choice.get("const")?, choice["description"].as_str()?)));
        said.fold(String::new(), |text, (value, what)| format!("{text} `{value}`: {what}"))
    }

    /// The type, in words.
    fn kind(&self, schema: &Value) -> String {
        let schema = present(schema);
        if let Some(name) = schema["$ref"].as_str().and_then(|name| name.strip_prefix("#/$defs/")) {
            return self.named(name);
        }
        if let Some(values) = choices(schema) {
            return values;
        }
        if let Some(choices) = schema["anyOf"].as_array() {
            return choices.iter().map(|choice| self.kind(choice)).collect::<Vec<_>>().join(" or ");
        }
        let names = match &schema["type"] {
            Value::String(name) => vec![name.as_str()],
            Value::Array(names) => names.iter().filter_map(Value::as_str).filter(|name| *name != "null").collect(),
            _ => Vec::new(),
        };
        match names[..] {
            ["string"] => "text".to_owned(),
            ["boolean"] => "true or false".to_owned(),
            ["integer"] => "whole number".to_owned(),
            ["number"] => "number".to_owned(),
            ["array"] => match self.kind(&schema["items"]).as_str() {
                "text" => "list of texts".to_owned(),
                "whole number" => "list of whole numbers".to_owned(),
                other => format!("list of {other}"),
            },
            ["object"] if schema["additionalProperties"].is_object() => {
                format!("by name: {}", self.kind(&schema["additionalProperties"]))
            }
            ["object"] => "table".to_owned(),
            _ => "any value".to_owned(),
        }
    }

    fn named(&self, name: &str) -> String {
        let definition = &self.schema["$defs"][name];
        let link = self.sections.iter().find(|section| section.definition == name);
        let link = link.map(|section| format!("(#{})", anchor(section.heading)));
        let is_text = |schema: &Value| schema["type"] == "string" && schema.get("const").is_none();
        let takes_text = definition["anyOf"].as_array().into_iter().flatten().any(is_text);
        match link {
            Some(link) if is_text(definition) => format!("[text]{link}"),
            Some(link) if takes_text => format!("text or [table]{link}"),
            Some(link) => format!("[table]{link}"),
            None => self.kind(definition),
        }
    }
}

/// A schema without the null that an absent key is for Rust.
fn present(schema: &Value) -> &Value {
    let choices = schema["anyOf"].as_array();
    let mut present = choices.into_iter().flatten().filter(|choice| choice["type"] != "null");
    match (present.next(), present.next()) {
        (Some(only), None) => only,
        _ => schema,
    }
}

/// The values of a closed choice.
fn choices(schema: &Value) -> Option<String> {
    let values: Vec<&Value> = match (&schema["enum"], &schema["oneOf"]) {
        (Value::Array(values), _) => values.iter().collect(),
        (_, Value::Array(choices)) => choices.iter().filter_map(|choice| choice.get("const")).collect(),
        _ => return None,
    };
    Some(values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", "))
}
