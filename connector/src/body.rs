//! A JSON document that is put together from pieces, each kept as it was written: numbers keep their digits.

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// A JSON document.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub(crate) enum Json {
    /// Text that is JSON.
    Raw(Box<RawValue>),
    /// A value.
    Plain(Value),
    /// An array.
    Array(Vec<Json>),
    /// An object, in the order of its members.
    Object(IndexMap<String, Json>),
}

impl From<Value> for Json {
    fn from(value: Value) -> Self {
        match value {
            Value::Array(items) => Self::Array(items.into_iter().map(Self::from).collect()),
            Value::Object(members) => {
                Self::Object(members.into_iter().map(|(name, value)| (name, Self::from(value))).collect())
            }
            plain => Self::Plain(plain),
        }
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::Plain(Value::from(text))
    }
}

impl Json {
    /// A number as it is written, or text where it is none.
    pub(crate) fn number(text: &str) -> Self {
        RawValue::from_string(text.to_owned()).map_or_else(|_| Self::from(text), Self::Raw)
    }

    /// The document with each text that is a template filled. A text that is one name alone becomes the name's value,
    /// whatever it is; within other text the value's text stands.
    ///
    /// # Errors
    /// The first name that has no value.
    pub(crate) fn filled<'t>(template: &'t Value, value_of: &dyn Fn(&str) -> Option<Self>) -> Result<Self, &'t str> {
        Ok(match template {
            Value::String(text) => {
                if let Some(name) = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'))
                    && !name.contains(['{', '}'])
                {
                    return value_of(name).ok_or(name);
                }
                let as_text = |name: &str| value_of(name).map(|value| value.to_text());
                Self::Plain(Value::String(crate::template::fill(text, as_text)?))
            }
            Value::Array(items) => {
                Self::Array(items.iter().map(|item| Self::filled(item, value_of)).collect::<Result<_, _>>()?)
            }
            Value::Object(members) => {
                let filled = members.iter().map(|(name, value)| Ok((name.clone(), Self::filled(value, value_of)?)));
                Self::Object(filled.collect::<Result<_, &str>>()?)
            }
            plain => Self::Plain(plain.clone()),
        })
    }

    /// The value as text: that of a text without its quotes, and JSON else.
    pub(crate) fn to_text(&self) -> String {
        match self {
            Self::Plain(Value::String(text)) => text.clone(),
            Self::Raw(raw) => serde_json::from_str(raw.get()).unwrap_or_else(|_| raw.get().to_owned()),
            other => other.to_json(),
        }
    }

    /// The document's text.
    pub(crate) fn to_json(&self) -> String {
        // Its pieces are JSON, and its keys are texts, so that nothing can fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Takes the text of an object apart, so that members can be put beside those that it has.
    fn open(&mut self) {
        let Self::Raw(raw) = self else { return };
        if let Ok(members) = serde_json::from_str::<IndexMap<String, Box<RawValue>>>(raw.get()) {
            *self = Self::Object(members.into_iter().map(|(name, value)| (name, Self::Raw(value))).collect());
        }
    }

    /// Puts a value at a JSON pointer, making the objects that lead there; `-` appends to an array. What is in the way is
    /// replaced.
    pub(crate) fn put(&mut self, pointer: &str, value: Self) {
        let mut at = self;
        for step in pointer.split('/').skip(1) {
            if step == "-" {
                if !matches!(at, Self::Array(_)) {
                    *at = Self::Array(Vec::new());
                }
                let Self::Array(items) = at else { return };
                items.push(Self::Plain(Value::Null));
                let Some(last) = items.last_mut() else { return };
                at = last;
            } else {
                let name = step.replace("~1", "/").replace("~0", "~");
                at.open();
                if !matches!(at, Self::Object(_)) {
                    *at = Self::Object(IndexMap::new());
                }
                let Self::Object(members) = at else { return };
                at = members.entry(name).or_insert(Self::Plain(Value::Null));
            }
        }
        *at = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn puts_values_where_pointers_lead() {
        let mut body = Json::from(json!({"a": {"b": 1}}));
        body.put("/a/c/d", Json::number("1.500"));
        body.put("/list/-", Json::from("x"));
        body.put("/list/-", Json::from("y"));
        body.put("/e~1f", Json::from("z"));
        assert_eq!(body.to_json(), r#"{"a":{"b":1,"c":{"d":1.500}},"list":["x","y"],"e/f":"z"}"#);
        body.put("/raw", Json::number(r#"{"x":1.0,"y":{"z":2}}"#));
        body.put("/raw/y/w", Json::number("3"));
        assert!(body.to_json().ends_with(r#""raw":{"x":1.0,"y":{"z":2,"w":3}}}"#), "{}", body.to_json());
        body.put("", Json::from("all"));
        assert_eq!(body.to_json(), r#""all""#);
    }

    #[test]
    fn a_name_alone_keeps_its_type_and_text_cannot_leave_its_quotes() {
        let template = json!({"n": "{n}", "t": "<{t}>", "x": "{t}", "k": [true, "{n}"]});
        let value_of = |name: &str| match name {
            "n" => Some(Json::number("007.50")),
            "t" => Some(Json::from("\",\"evil\":1,\"")),
            _ => None,
        };
        let filled = Json::filled(&template, &value_of).unwrap();
        assert_eq!(
            filled.to_json(),
            r#"{"k":[true,"007.50"],"n":"007.50","t":"<\",\"evil\":1,\">","x":"\",\"evil\":1,\""}"#
        );
        assert_eq!(Json::filled(&json!({"a": "{b}"}), &value_of).unwrap_err(), "b");
        assert_eq!(Json::number("10.50").to_json(), "10.50");
    }
}
