//! Text on its way in and out: the form that the emulation decodes rightly, and documents as IAM encodes them.

use std::collections::HashMap;
use std::fmt::Write as _;

use bytes::Bytes;
use http::StatusCode;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use uuid::Uuid;
use winterbaume_iam::views::RoleView;

use crate::failure::{ApiError, xml_text};

/// What IAM leaves as it is when it percent-encodes a document (RFC 3986, "unreserved").
const DOCUMENT_ENCODING: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Percent-encodes the content of every element of a name.
pub(super) fn encode_element(xml: &str, element: &str) -> String {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    let mut encoded = String::with_capacity(xml.len());
    let mut rest = xml;
    while let Some((before, after)) = rest.split_once(&open) {
        let Some((content, after)) = after.split_once(&close) else {
            break;
        };
        encoded.push_str(before);
        encoded.push_str(&open);
        encoded.extend(utf8_percent_encode(&plain_text(content), DOCUMENT_ENCODING));
        encoded.push_str(&close);
        rest = after;
    }
    encoded.push_str(rest);
    encoded
}

/// XML element content without its escapes.
fn plain_text(content: &str) -> String {
    content
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

/// The answer of `GetRole` and `CreateRole`. (Writing to a string does not fail.)
pub(super) fn role_answer(action: &str, role: &RoleView) -> String {
    let mut fields = String::new();
    let mut put = |name: &str, value: &str| {
        let _ = write!(fields, "<{name}>{}</{name}>", xml_text(value));
    };
    put("Path", &role.path);
    put("RoleName", &role.name);
    put("RoleId", &role.role_id);
    put("Arn", &role.arn);
    put("CreateDate", &date(role.create_date.as_deref()));
    let document: String = utf8_percent_encode(&role.assume_role_policy_document, DOCUMENT_ENCODING).collect();
    put("AssumeRolePolicyDocument", &document);
    if !role.description.is_empty() {
        put("Description", &role.description);
    }
    put("MaxSessionDuration", &role.max_session_duration.to_string());
    if let Some(boundary) = &role.permissions_boundary {
        let _ = write!(
            fields,
            "<PermissionsBoundary><PermissionsBoundaryType>Policy</PermissionsBoundaryType><PermissionsBoundaryArn>{}</PermissionsBoundaryArn></PermissionsBoundary>",
            xml_text(boundary)
        );
    }
    if !role.tags.is_empty() {
        let mut tags: Vec<_> = role.tags.iter().collect();
        tags.sort();
        fields.push_str("<Tags>");
        for (key, value) in tags {
            let _ = write!(fields, "<member><Key>{}</Key><Value>{}</Value></member>", xml_text(key), xml_text(value));
        }
        fields.push_str("</Tags>");
    }
    fields.push_str("<RoleLastUsed/>");
    format!(
        "<{action}Response xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><{action}Result><Role>{fields}</Role></{action}Result><ResponseMetadata><RequestId>{}</RequestId></ResponseMetadata></{action}Response>",
        Uuid::new_v4()
    )
}

/// IAM's form of an instant, without a fraction.
fn date(instant: Option<&str>) -> String {
    let instant: Timestamp = instant.and_then(|text| text.parse().ok()).unwrap_or(Timestamp::UNIX_EPOCH);
    instant.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The parameters as a form that the emulation decodes rightly: it makes one character of every byte, so a character
/// of Latin-1 is sent as that one byte. IAM takes no other characters outside of documents.
pub(super) fn encode(parameters: &HashMap<String, String>) -> Result<Bytes, ApiError> {
    let mut form = String::new();
    for (name, value) in parameters {
        if !form.is_empty() {
            form.push('&');
        }
        form.extend(utf8_percent_encode(name, DOCUMENT_ENCODING));
        form.push('=');
        for character in value.chars() {
            match u8::try_from(character) {
                Ok(byte) if byte.is_ascii_alphanumeric() => form.push(character),
                Ok(byte) => {
                    let _ = write!(form, "%{byte:02X}");
                }
                Err(_) => {
                    return Err(ApiError::new(
                        StatusCode::BAD_REQUEST,
                        "ValidationError",
                        format!(
                            "1 validation error detected: Value at '{name}' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*"
                        ),
                    ));
                }
            }
        }
    }
    Ok(form.into())
}
