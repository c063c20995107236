//! A record as ready-made JSON text, with the places of its members, so that a page is put together by copying.

use std::ops::Range;

use serde_json::Value;

/// One record.
#[derive(Debug)]
pub(super) struct Row {
    /// Its id, as it stands in the path.
    pub(super) id: String,
    json: String,
    members: Vec<(&'static str, Range<usize>)>,
}

impl Row {
    /// The whole record.
    pub(super) fn json(&self) -> &str {
        &self.json
    }

    /// The value of a member, as JSON.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let (_, place) = self.members.iter().find(|(member, _)| *member == name)?;
        self.json.get(place.clone())
    }

    /// The value of a member that is text.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.value(name)?).ok()
    }

    /// Appends the record with these members only, in the order given; names it does not have are left out.
    pub(super) fn project(&self, names: &[String], into: &mut String) {
        let mut separator = '{';
        for name in names {
            let found = self.members.iter().find(|(member, _)| member == name);
            if let Some((member, place)) = found {
                into.push(separator);
                into.push('"');
                into.push_str(member);
                into.push_str("\":");
                into.push_str(&self.json[place.clone()]);
                separator = ',';
            }
        }
        into.push_str(if separator == '{' { "{}" } else { "}" });
    }
}

/// Writes a record member by member.
#[derive(Debug, Default)]
pub(super) struct RowWriter {
    json: String,
    members: Vec<(&'static str, Range<usize>)>,
}

impl RowWriter {
    /// Adds a member whose value is JSON already. The name must need no escapes.
    pub(super) fn json(mut self, name: &'static str, value: &str) -> Self {
        self.json.push(if self.json.is_empty() { '{' } else { ',' });
        self.json.push('"');
        self.json.push_str(name);
        self.json.push_str("\":");
        let start = self.json.len();
        self.json.push_str(value);
        self.members.push((name, start..self.json.len()));
        self
    }

    /// Adds a member with JSON or null.
    pub(super) fn optional_json(self, name: &'static str, value: Option<&str>) -> Self {
        self.json(name, value.unwrap_or("null"))
    }

    /// Adds a text.
    pub(super) fn text(self, name: &'static str, value: &str) -> Self {
        self.json(name, &quoted(value))
    }

    /// Adds a text or null.
    pub(super) fn optional_text(self, name: &'static str, value: Option<&str>) -> Self {
        self.optional_json(name, value.map(quoted).as_deref())
    }

    /// Adds true or false.
    pub(super) fn boolean(self, name: &'static str, value: bool) -> Self {
        self.json(name, if value { "true" } else { "false" })
    }

    /// The record.
    pub(super) fn finish(mut self, id: impl Into<String>) -> Row {
        self.json.push('}');
        Row { id: id.into(), json: self.json, members: self.members }
    }
}

/// A JSON string.
pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// A JSON number with exactly two digits after the point. The amount must not be negative.
pub(super) fn money(hundredths: i64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn projects_members_in_the_order_asked_for() {
        let row =
            RowWriter::default().text("id", "a\"b").json("total", "10.50").optional_text("note", None).finish("a");
        assert_eq!(row.json(), r#"{"id":"a\"b","total":10.50,"note":null}"#);
        let mut text = String::new();
        row.project(&["note".to_owned(), "id".to_owned()], &mut text);
        assert_eq!(text, r#"{"note":null,"id":"a\"b"}"#);
    }
}
