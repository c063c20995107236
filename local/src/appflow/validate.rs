//! The limits and patterns of `AppFlow`'s model. Clients check neither, so the service must.

use std::collections::BTreeMap;

use super::refusal::validation;
use crate::failure::ApiError;

/// Which texts a member takes.
#[derive(Debug)]
pub(super) struct Rule {
    shortest: usize,
    longest: usize,
    first: fn(char) -> bool,
    rest: fn(char) -> bool,
    pattern: &'static str,
    secret: bool,
}

/// Java's `\w`.
fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

/// Java's `\s`.
fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\x0b' | '\x0c' | '\r')
}

fn is_solid(character: char) -> bool {
    !is_space(character)
}

fn is_label(character: char) -> bool {
    is_word(character) || "!@#.-".contains(character)
}

fn is_description(character: char) -> bool {
    is_space(character) || is_word(character) || "/!@#+=.-".contains(character)
}

fn is_profile_name(character: char) -> bool {
    is_word(character) || "/!@#+=.-".contains(character)
}

fn is_path(character: char) -> bool {
    is_description(character) || character == ','
}

fn is_printable(character: char) -> bool {
    (' '..='~').contains(&character)
}

fn is_alphanumeric(character: char) -> bool {
    character.is_ascii_alphanumeric()
}

const fn rule(shortest: usize, longest: usize, form: fn(char) -> bool, pattern: &'static str) -> Rule {
    Rule { shortest, longest, first: form, rest: form, pattern, secret: false }
}

const fn secret(longest: usize) -> Rule {
    Rule { secret: true, ..rule(1, longest, is_solid, r"\S+") }
}

/// `ConnectorLabel`.
pub(super) const LABEL: Rule = Rule { first: is_alphanumeric, ..rule(2, 256, is_label, r"[a-zA-Z0-9][\w!@#.-]+") };
/// `Description` of a registration: no comma, colon, quote or parenthesis.
pub(super) const DESCRIPTION: Rule = rule(0, 1024, is_description, r"[\s\w/!@#+=.-]*");
/// `ConnectorProfileName`.
pub(super) const PROFILE_NAME: Rule = rule(1, 256, is_profile_name, r"[\w/!@#+=.-]+");
/// `ClientToken`.
pub(super) const CLIENT_TOKEN: Rule = rule(1, 256, is_printable, "[ -~]+");
/// `NextToken`.
pub(super) const NEXT_TOKEN: Rule = rule(1, 2048, is_solid, r"\S+");
/// `EntityName`.
pub(super) const ENTITY_NAME: Rule = rule(1, 1024, is_solid, r"\S+");
/// `EntitiesPath`.
pub(super) const ENTITIES_PATH: Rule = rule(0, 256, is_path, r"[\s\w/!@#+=,.-]*");
/// `ApiVersion`.
pub(super) const API_VERSION: Rule = rule(1, 256, is_solid, r"\S+");
/// `CustomAuthenticationType`.
pub(super) const CUSTOM_TYPE: Rule = rule(1, 256, is_solid, r"\S+");
/// A key of `profileProperties` and of the other maps.
pub(super) const KEY: Rule = rule(1, 128, is_word, r"[\w]+");
/// A value of `profileProperties`: never empty, no white space.
pub(super) const VALUE: Rule = rule(1, 2048, is_solid, r"\S+");
/// `Username`.
pub(super) const USERNAME: Rule = secret(512);
/// `Password`: any characters.
pub(super) const PASSWORD: Rule = Rule { secret: true, ..rule(1, 512, |_| true, ".*") };
/// `ApiKey` and `ApiSecretKey`.
pub(super) const API_KEY: Rule = secret(256);
/// `ClientId` and `ClientSecret`.
pub(super) const CLIENT: Rule = secret(512);
/// `AccessToken` and `RefreshToken`.
pub(super) const TOKEN: Rule = secret(4096);
/// A value of `credentialsMap`.
pub(super) const CREDENTIAL: Rule = secret(2048);

/// Most entries of a map.
const LARGEST_MAP: usize = 50;

impl Rule {
    /// What is wrong with a text, if anything.
    fn problem(&self, text: &str) -> Option<String> {
        let length = text.chars().count();
        if length < self.shortest || length > self.longest {
            let (shortest, longest) = (self.shortest, self.longest);
            return Some(format!("has {length} characters, not {shortest} to {longest}"));
        }
        let mut characters = text.chars();
        let stranger = characters
            .next()
            .filter(|first| !(self.first)(*first))
            .or_else(|| characters.find(|character| !(self.rest)(*character)))?;
        Some(if self.secret {
            format!("does not match {}", self.pattern)
        } else {
            format!("does not match {}: {stranger:?}", self.pattern)
        })
    }
}

/// What is wrong with a request, all of it.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<String>);

impl Problems {
    /// Notes a problem with a member.
    pub(super) fn add(&mut self, member: &str, problem: impl std::fmt::Display) {
        self.0.push(format!("{member} {problem}"));
    }

    /// The text of a mandatory member. When it is missing that is noted and the text is empty.
    pub(super) fn required(&mut self, member: &str, text: Option<String>, rule: &Rule) -> String {
        if text.is_none() {
            self.add(member, "is missing");
        }
        self.optional(member, text, rule).unwrap_or_default()
    }

    /// The text of an optional member.
    pub(super) fn optional(&mut self, member: &str, text: Option<String>, rule: &Rule) -> Option<String> {
        if let Some(problem) = text.as_deref().and_then(|text| rule.problem(text)) {
            self.add(member, problem);
        }
        text
    }

    /// A mandatory ARN: at most 512 characters, `arn:aws:.*:.*:[0-9]+:.*`, so the commercial partition alone.
    pub(super) fn arn(&mut self, member: &str, arn: Option<&str>) {
        match arn {
            None => self.add(member, "is missing"),
            Some(arn) if arn.chars().count() > 512 => self.add(member, "has over 512 characters"),
            Some(arn) if !is_arn(arn) => {
                self.add(member, "does not match arn:aws:.*:.*:[0-9]+:.*");
            }
            Some(_) => {}
        }
    }

    /// One of a closed choice of texts.
    pub(super) fn choice(&mut self, member: &str, text: Option<&str>, choices: &[&str]) {
        match text {
            None => self.add(member, "is missing"),
            Some(text) if choices.contains(&text) => {}
            Some(_) => self.add(member, format!("must be one of {}", choices.join(", "))),
        }
    }

    /// An optional number within bounds.
    pub(super) fn range(&mut self, member: &str, number: Option<i64>, least: i64, most: i64) {
        if number.is_some_and(|number| !(least..=most).contains(&number)) {
            self.add(member, format!("must be from {least} to {most}"));
        }
    }

    /// A map of properties.
    pub(super) fn map(&mut self, member: &str, map: &BTreeMap<String, String>, values: &Rule) {
        if map.len() > LARGEST_MAP {
            self.add(member, format!("has over {LARGEST_MAP} entries"));
        }
        for (key, value) in map {
            if let Some(problem) = KEY.problem(key) {
                self.add(member, format!("has the key {key:?}, which {problem}"));
            }
            if let Some(problem) = values.problem(value) {
                self.add(&format!("{member}.{key}"), problem);
            }
        }
    }

    /// The type of the connector, if given: any but a custom one is beyond the emulator.
    pub(super) fn connector_type(&mut self, connector_type: Option<&str>) {
        let custom = |given: &str| given.eq_ignore_ascii_case("CustomConnector");
        if connector_type.is_some_and(|given| !custom(given)) {
            self.add("connectorType", "must be CustomConnector: the local AWS knows no other");
        }
    }

    /// `ValidationException` with all of them, unless there are none.
    pub(super) fn finish(self) -> Result<(), ApiError> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(validation(self.0.join("; ")))
    }
}

fn is_arn(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("arn:aws:") else {
        return false;
    };
    // Service and region may hold colons of their own as far as the pattern goes: any digits-only part will do that
    // has two parts before it and one after.
    let parts: Vec<_> = rest.split(':').collect();
    let digits = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    parts.len() > 3 && parts[2..parts.len() - 1].iter().any(digits) && !text.contains('\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rule: &Rule, right: &[&str], wrong: &[&str]) {
        for text in right {
            assert_eq!(rule.problem(text), None, "{text:?}");
        }
        for text in wrong {
            assert!(rule.problem(text).is_some(), "{text:?}");
        }
    }

    #[test]
    fn labels_begin_with_a_letter_or_digit_and_have_two_characters() {
        let longest = "a".repeat(256);
        let too_long = "a".repeat(257);
        check(&LABEL, &["ab", "0_", "a!@#.-", &longest], &["a", "", "-ab", "_ab", "a b", "äb", "a/b", &too_long]);
    }

    #[test]
    fn descriptions_take_no_comma_colon_quote_or_parenthesis() {
        check(
            &DESCRIPTION,
            &["", "Reads orders. 50+ entities @ acme/crm #1 a=b\n!"],
            &["a, b", "a: b", "it's", "(a)", "ä", "a\u{a0}b"],
        );
    }

    #[test]
    fn names_paths_and_values_follow_the_model() {
        check(&PROFILE_NAME, &["a", "a/b+c=d"], &["", "a b", "a,b"]);
        check(&ENTITIES_PATH, &["", "a, b/c"], &["a:b"]);
        check(&KEY, &["baseUrl_1"], &["", "base-url", "base url"]);
        check(&VALUE, &["https://a.example/?b=ü"], &["", "a b", "a\nb"]);
        check(&CLIENT_TOKEN, &["a b~"], &["", "ü", "a\tb"]);
    }

    #[test]
    fn arns_are_of_the_commercial_partition_and_have_an_account() {
        let lambda = "arn:aws:lambda:eu-central-1:000000000000:function:f";
        for (arn, right) in [
            (lambda, true),
            ("arn:aws:lambda:eu-central-1:000000000000:", true),
            ("arn:aws-cn:lambda:cn-north-1:000000000000:function:f", false),
            ("arn:aws:lambda:eu-central-1:acc:function:f", false),
            ("arn:aws:lambda:000000000000:f", false),
            ("f", false),
        ] {
            assert_eq!(is_arn(arn), right, "{arn}");
        }
    }

    #[test]
    fn a_refusal_names_every_problem_and_no_secret() {
        let mut problems = Problems::default();
        problems.required("connectorLabel", None, &LABEL);
        problems.optional("password", Some("x".repeat(600)), &PASSWORD);
        problems.optional("apiKey", Some("hunter 2".to_owned()), &API_KEY);
        let error = problems.finish().unwrap_err();
        assert_eq!(error.code(), "ValidationException");
        for expected in ["connectorLabel is missing", "password has 600", "apiKey does not match"] {
            assert!(error.message().contains(expected), "{error}");
        }
        assert!(!error.message().contains("hunter"), "{error}");
    }
}
