//! The rules that AWS states for names, checked before anything is called.
//!
//! Each function takes a value and says what is wrong with it, in words a person can act on.

/// Longest function name, in characters (Lambda API reference).
pub const FUNCTION_NAME_LIMIT: usize = 64;

/// Longest role name, in characters (IAM API reference).
pub const ROLE_NAME_LIMIT: usize = 64;

/// Largest environment of a function, in bytes of names and values together (Lambda quotas).
pub const ENVIRONMENT_LIMIT_BYTES: usize = 4096;

/// Memory a function may have, in MB (Lambda quotas).
pub const MEMORY_MEGABYTES: std::ops::RangeInclusive<u32> = 128..=10_240;

/// Time a function may run, in seconds (Lambda quotas).
pub const TIMEOUT_SECONDS: std::ops::RangeInclusive<u32> = 1..=900;

type Verdict = Result<(), String>;

fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

/// The label of a connector: 2 to 256 characters, first a letter or digit, then word characters or `!@#.-`.
///
/// # Errors
/// What is wrong.
pub fn label(text: &str) -> Verdict {
    let mut characters = text.chars();
    let starts_well = characters.next().is_some_and(|first| first.is_ascii_alphanumeric());
    let goes_on_well = characters.all(|next| is_word(next) || "!@#.-".contains(next));
    if starts_well && goes_on_well && (2..=256).contains(&text.len()) {
        return Ok(());
    }
    Err(format!(
        "the label {text:?} must have 2 to 256 characters: a letter or digit, then letters, digits or any of _!@#.-"
    ))
}

/// The description of a registration: up to 1024 characters, no comma, colon, quote or parenthesis.
///
/// # Errors
/// What is wrong, naming the first character that AppFlow refuses.
pub fn description(text: &str) -> Verdict {
    let refused = |next: &char| !(is_word(*next) || next.is_ascii_whitespace() || "/!@#+=.-".contains(*next));
    if let Some(wrong) = text.chars().find(refused) {
        return Err(format!(
            "the description contains {wrong:?}; AppFlow takes letters, digits, white space and /!@#+=.-_ only"
        ));
    }
    if text.len() > 1024 {
        return Err(format!("the description has {} characters; AppFlow takes 1024", text.len()));
    }
    Ok(())
}

/// The name of a function: up to 64 letters, digits, hyphens and underscores.
///
/// # Errors
/// What is wrong.
pub fn function_name(text: &str) -> Verdict {
    let fits = (1..=FUNCTION_NAME_LIMIT).contains(&text.len());
    if fits && text.chars().all(|next| is_word(next) || next == '-') {
        return Ok(());
    }
    Err(format!("the function name {text:?} must have 1 to 64 characters out of letters, digits, - and _"))
}

/// The name of a role: up to 64 word characters or `+=,.@-`.
///
/// # Errors
/// What is wrong.
pub fn role_name(text: &str) -> Verdict {
    let fits = (1..=ROLE_NAME_LIMIT).contains(&text.len());
    if fits && text.chars().all(|next| is_word(next) || "+=,.@-".contains(next)) {
        return Ok(());
    }
    Err(format!("the role name {text:?} must have 1 to 64 characters out of letters, digits and _+=,.@-"))
}

/// The ARN of a role.
///
/// # Errors
/// What is wrong.
pub fn role_arn(text: &str) -> Verdict {
    let parts: Vec<_> = text.splitn(6, ':').collect();
    let well_formed = matches!(parts.as_slice(), ["arn", partition, "iam", "", account, resource]
        if partition.starts_with("aws") && is_account(account) && resource.len() > 5 && resource.starts_with("role/"));
    if well_formed {
        Ok(())
    } else {
        Err(format!("{text:?} is not the ARN of a role, as in arn:aws:iam::123456789012:role/name"))
    }
}

/// The ARN of a function without version or alias, within the 512 characters that AppFlow takes.
///
/// Whether AppFlow takes a qualified ARN is not documented, so it is refused here.
///
/// # Errors
/// What is wrong.
pub fn function_arn(text: &str) -> Verdict {
    let parts: Vec<_> = text.split(':').collect();
    match parts.as_slice() {
        ["arn", partition, "lambda", region, account, "function", name]
            if partition.starts_with("aws") && !region.is_empty() && is_account(account) && text.len() <= 512 =>
        {
            function_name(name)
        }
        ["arn", _, "lambda", _, _, "function", _, qualifier] => {
            Err(format!("{text:?} names the version or alias {qualifier:?}; give the ARN of the function itself"))
        }
        _ => Err(format!(
            "{text:?} is not the ARN of a function, as in arn:aws:lambda:eu-west-1:123456789012:function:name"
        )),
    }
}

/// The name of a variable of the function, and whether Lambda reserves it.
///
/// # Errors
/// What is wrong.
pub fn variable_name(text: &str) -> Verdict {
    if text.starts_with("AWS_") || text.starts_with("LAMBDA_") || text.starts_with("_X_AMZN") {
        return Err(format!("the variable {text} is reserved by Lambda"));
    }
    if text.len() >= 2 && text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.chars().all(is_word) {
        return Ok(());
    }
    Err(format!("the variable name {text:?} must be a letter, then letters, digits or _, at least 2 in all"))
}

/// The number of an account: twelve digits.
///
/// # Errors
/// What is wrong.
pub fn account(text: &str) -> Verdict {
    if is_account(text) { Ok(()) } else { Err(format!("the account {text:?} must have twelve digits")) }
}

/// The name of a region: lower-case letters, digits and hyphens, as in `eu-west-1`.
///
/// # Errors
/// What is wrong.
pub fn region(text: &str) -> Verdict {
    let is_allowed = |next: char| next.is_ascii_lowercase() || next.is_ascii_digit() || next == '-';
    if text.len() >= 2 && text.starts_with(|first: char| first.is_ascii_lowercase()) && text.chars().all(is_allowed) {
        return Ok(());
    }
    Err(format!("{text:?} is not the name of a region, as in eu-west-1"))
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Turns any name into one that serves as a label: lower case, everything but letters and digits becomes a hyphen.
///
/// ```
/// assert_eq!(appflow_registrar::rule::slug("Acme CRM (EU)"), "acme-crm-eu");
/// ```
#[must_use]
pub fn slug(name: &str) -> String {
    let words: Vec<_> =
        name.split(|next: char| !next.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.join("-").to_ascii_lowercase()
}

/// Turns a label into (part of) a function name: what Lambda refuses becomes a hyphen.
#[must_use]
pub fn cleaned(text: &str) -> String {
    text.chars().map(|next| if is_word(next) || next == '-' { next } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_labels_that_appflow_takes() {
        for text in ["ab", "acme-crm", "0x", "A_b!@#.-", &"a".repeat(256)] {
            assert_eq!(label(text), Ok(()), "{text}");
        }
        for text in ["", "a", "-ab", "_ab", "a b", "a:b", "a/b", "äb", &"a".repeat(257)] {
            assert!(label(text).is_err(), "{text}");
        }
    }

    #[test]
    fn names_the_character_that_a_description_must_not_have() {
        assert_eq!(description("Acme CRM + more = fine. #1"), Ok(()));
        for (text, wrong) in [("a, b", "','"), ("a: b", "':'"), ("(a)", "'('"), ("it's", "'\\''"), ("ü", "'ü'")] {
            assert!(description(text).unwrap_err().contains(wrong), "{text}");
        }
        assert!(description(&"a".repeat(1025)).unwrap_err().contains("1025"));
    }

    #[test]
    fn refuses_a_qualified_function_arn_and_says_why() {
        let arn = "arn:aws:lambda:eu-west-1:123456789012:function:f";
        assert_eq!(function_arn(arn), Ok(()));
        assert!(function_arn(&format!("{arn}:live")).unwrap_err().contains("version or alias \"live\""));
        for text in ["f", "arn:aws:lambda:eu-west-1:12:function:f", "arn:aws:s3:::bucket"] {
            assert!(function_arn(text).unwrap_err().contains("not the ARN of a function"), "{text}");
        }
    }

    #[test]
    fn takes_role_arns_with_and_without_a_path() {
        for text in ["arn:aws:iam::123456789012:role/r", "arn:aws-cn:iam::123456789012:role/team/r"] {
            assert_eq!(role_arn(text), Ok(()), "{text}");
        }
        for text in ["r", "arn:aws:iam::123456789012:user/r", "arn:aws:iam::123456789012:role/"] {
            assert!(role_arn(text).is_err(), "{text}");
        }
    }

    #[test]
    fn refuses_reserved_and_malformed_variables() {
        assert_eq!(variable_name("RUST_LOG"), Ok(()));
        for name in ["AWS_REGION", "LAMBDA_TASK_ROOT"] {
            assert!(variable_name(name).unwrap_err().contains("reserved"), "{name}");
        }
        for name in ["", "A", "1A", "A-B", "_A"] {
            assert!(variable_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn makes_labels_and_function_names_of_anything() {
        assert_eq!(slug("  Hello, World!  "), "hello-world");
        assert_eq!(cleaned("a.b@c"), "a-b-c");
    }
}
