//! What holds for the text of any secret.

use appflow_sdk::protocol::AuthenticationType;
use appflow_sdk::{ConnectionCredentials, Secret};
use serde_json::{Map, Value};

/// The members whose text is meant to be seen: who the user is, and of which kind the credentials are.
const SHOWN: [&str; 4] = ["username", "userName", "customAuthenticationType", "authenticationType"];

/// Neither credentials nor errors tell anything of the secret's texts: with other texts in their place, both look the
/// same. The first byte chooses the kind.
pub(crate) fn holds(input: &[u8]) {
    let Some((choice, text)) = input.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let kind = match choice % 6 {
        0 => None,
        1 => Some(AuthenticationType::BasicAuth),
        2 => Some(AuthenticationType::ApiKey),
        3 => Some(AuthenticationType::OAuth2),
        4 => Some(AuthenticationType::CustomAuth),
        _ => Some(AuthenticationType::from("SomethingElse")),
    };
    let seen = |text: &str| match ConnectionCredentials::parse(&Secret::new(text), kind.as_ref()) {
        Ok(credentials) => format!("{credentials:?} {:?}", credentials.authentication_type()),
        Err(error) => format!("{error} {error:?}"),
    };
    match serde_json::from_str(text) {
        Ok(Value::Object(members)) => assert_eq!(seen(text), seen(&Value::from(with_other_texts(members)).to_string())),
        Ok(_) | Err(_) => assert_eq!(seen(text), seen("no object")),
    }
}

fn with_other_texts(members: Map<String, Value>) -> Map<String, Value> {
    let replaced = members.into_iter().map(|(key, value)| match value {
        Value::String(_) if !SHOWN.contains(&key.as_str()) => (key, Value::from("another text")),
        Value::Object(nested) if key == "customCredentials" => (key, Value::from(with_other_texts(nested))),
        other => (key, other),
    });
    replaced.collect()
}
