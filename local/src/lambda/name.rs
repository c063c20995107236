//! How a caller names a function: by name, by `account:function:name`, or by ARN, with or without a qualifier.

use http::StatusCode;

use crate::failure::ApiError;
use crate::scope::Scope;

/// The qualifier of the unpublished version.
pub(crate) const LATEST: &str = "$LATEST";

/// The pattern in Lambda's model, as its error messages quote it.
const FUNCTION_NAME_PATTERN: &str = "(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?";

/// A function, and which of its versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FunctionName {
    /// The bare name.
    pub(crate) name: String,
    /// A version number, an alias or `$LATEST`, when one was given.
    pub(crate) qualifier: Option<String>,
}

impl FunctionName {
    /// Reads any of the four forms. The `Qualifier` parameter of a call and one inside the name must not differ.
    pub(crate) fn parse(text: &str, parameter: Option<&str>, scope: &Scope) -> Result<Self, ApiError> {
        let parts: Vec<&str> = text.split(':').collect();
        let (name, qualifier) = match parts.as_slice() {
            ["arn", partition, "lambda", region, account, "function", name, rest @ ..]
                if partition.starts_with("aws") =>
            {
                Self::check_region(region, scope)?;
                Self::check_account(account, text, scope)?;
                (*name, rest)
            }
            [account, "function", name, rest @ ..] => {
                Self::check_account(account, text, scope)?;
                (*name, rest)
            }
            ["function", name, rest @ ..] | [name, rest @ ..] => (*name, rest),
            [] => ("", [].as_slice()),
        };
        let inner = match qualifier {
            [] => None,
            [one] => Some(*one),
            _ => return Err(invalid_name(text)),
        };
        if !is_word(name) || name.len() > 64 {
            return Err(invalid_name(text));
        }
        let parameter = parameter.filter(|parameter| !parameter.is_empty());
        let qualifier = match (inner, parameter) {
            (Some(inner), Some(parameter)) if inner != parameter => {
                return Err(ApiError::new(
                    StatusCode::BAD_REQUEST,
                    "InvalidParameterValueException",
                    "The derived qualifier from the function name does not match the specified qualifier.",
                ));
            }
            (inner, parameter) => parameter.or(inner),
        };
        if let Some(qualifier) = qualifier
            && qualifier != LATEST
            && (!is_word(qualifier) || qualifier.len() > 128)
        {
            return Err(constraint(
                qualifier,
                "qualifier",
                "Member must satisfy regular expression pattern: (|[a-zA-Z0-9$_-]+)",
            ));
        }
        Ok(Self { name: name.to_owned(), qualifier: qualifier.map(str::to_owned) })
    }

    /// The qualifier, unless it says what is meant without one anyway.
    pub(crate) fn published(&self) -> Option<&str> {
        self.qualifier.as_deref().filter(|&one| one != LATEST)
    }

    /// The ARN of the function in a region, with the qualifier that was given.
    pub(crate) fn arn(&self, scope: &Scope) -> String {
        let bare = function_arn(scope, &self.name);
        match &self.qualifier {
            Some(qualifier) => format!("{bare}:{qualifier}"),
            None => bare,
        }
    }

    fn check_region(region: &str, scope: &Scope) -> Result<(), ApiError> {
        if region == scope.region {
            return Ok(());
        }
        Err(ApiError::new(
            StatusCode::NOT_FOUND,
            "ResourceNotFoundException",
            format!("Functions from '{region}' are not reachable in this region ('{}')", scope.region),
        ))
    }

    fn check_account(account: &str, text: &str, scope: &Scope) -> Result<(), ApiError> {
        if account == scope.account {
            return Ok(());
        }
        Err(ApiError::new(
            StatusCode::NOT_FOUND,
            "ResourceNotFoundException",
            format!("Function not found: {text} (the local AWS has one account, {})", scope.account),
        ))
    }
}

/// The ARN of a function without qualifier.
pub(crate) fn function_arn(scope: &Scope, name: &str) -> String {
    format!("arn:aws:lambda:{}:{}:function:{name}", scope.region, scope.account)
}

/// Whether a text consists of letters, digits, `-` and `_`, and is not empty.
pub(crate) fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// The refusal for a member that breaks a constraint of Lambda's model.
pub(crate) fn constraint(value: impl std::fmt::Display, member: &str, constraint: impl std::fmt::Display) -> ApiError {
    ApiError::new(
        StatusCode::BAD_REQUEST,
        "ValidationException",
        format!(
            "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {constraint}"
        ),
    )
}

fn invalid_name(text: &str) -> ApiError {
    constraint(text, "functionName", format!("Member must satisfy regular expression pattern: {FUNCTION_NAME_PATTERN}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope() -> Scope {
        Scope { region: "us-east-1".into(), account: "000000000000".into() }
    }

    fn parse(text: &str, parameter: Option<&str>) -> Result<(String, Option<String>), String> {
        FunctionName::parse(text, parameter, &scope())
            .map(|found| (found.name, found.qualifier))
            .map_err(|error| error.code().to_owned())
    }

    #[test]
    fn reads_every_form_of_a_name() {
        for (text, qualifier) in [
            ("acme", None),
            ("acme:3", Some("3")),
            ("function:acme", None),
            ("000000000000:function:acme", None),
            ("000000000000:function:acme:live", Some("live")),
            ("arn:aws:lambda:us-east-1:000000000000:function:acme", None),
            ("arn:aws:lambda:us-east-1:000000000000:function:acme:$LATEST", Some("$LATEST")),
        ] {
            assert_eq!(parse(text, None), Ok(("acme".to_owned(), qualifier.map(str::to_owned))), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_name_or_belongs_elsewhere() {
        for (text, code) in [
            ("", "ValidationException"),
            ("a b", "ValidationException"),
            ("acme:1:2", "ValidationException"),
            ("acme:a.b", "ValidationException"),
            ("arn:aws:lambda:eu-west-1:000000000000:function:acme", "ResourceNotFoundException"),
            ("arn:aws:lambda:us-east-1:111111111111:function:acme", "ResourceNotFoundException"),
        ] {
            assert_eq!(parse(text, None), Err(code.to_owned()), "{text}");
        }
        assert_eq!(parse(&"a".repeat(65), None), Err("ValidationException".to_owned()));
    }

    #[test]
    fn two_qualifiers_must_agree() {
        assert_eq!(parse("acme:3", Some("3")), Ok(("acme".to_owned(), Some("3".to_owned()))));
        assert_eq!(parse("acme", Some("live")), Ok(("acme".to_owned(), Some("live".to_owned()))));
        assert_eq!(parse("acme:3", Some("4")), Err("InvalidParameterValueException".to_owned()));
    }
}
