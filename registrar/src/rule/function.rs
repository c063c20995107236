//! The rules for what a function may have besides its code, and for where its code goes.

use super::{Verdict, is_word};
use crate::tags::TAG_LIMIT;

/// Most layers of a function (Lambda quotas).
const LAYER_LIMIT: usize = 5;

/// Days that a log can be kept for; 0 stands for ever (API of CloudWatch Logs, `PutRetentionPolicy`).
const RETENTION_DAYS: [u32; 23] =
    [0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

fn is_id(text: &str, prefix: &str) -> bool {
    let rest = text.strip_prefix(prefix).unwrap_or_default();
    !rest.is_empty() && rest.chars().all(|next| next.is_ascii_alphanumeric())
}

/// The id of a subnet.
///
/// # Errors
/// What is wrong.
pub fn subnet(text: &str) -> Verdict {
    if is_id(text, "subnet-") {
        Ok(())
    } else {
        Err(format!("{text:?} is not the id of a subnet, as in subnet-0a1b2c3d"))
    }
}

/// The id of a security group.
///
/// # Errors
/// What is wrong.
pub fn security_group(text: &str) -> Verdict {
    if is_id(text, "sg-") {
        Ok(())
    } else {
        Err(format!("{text:?} is not the id of a security group, as in sg-0a1b2c3d"))
    }
}

/// ARNs of layers, each with a version, at most five.
///
/// # Errors
/// What is wrong.
pub fn layers(arns: &[String]) -> Verdict {
    for arn in arns {
        let parts: Vec<_> = arn.split(':').collect();
        let well_formed = matches!(parts.as_slice(), ["arn", _, "lambda", region, _, "layer", name, version]
            if !region.is_empty() && !name.is_empty() && version.parse::<u64>().is_ok());
        if !well_formed {
            return Err(format!(
                "{arn:?} is not the ARN of a layer with its version, as in arn:aws:lambda:eu-west-1:123456789012:layer:name:1"
            ));
        }
    }
    if arns.len() > LAYER_LIMIT {
        return Err(format!("{} layers are named; a function takes {LAYER_LIMIT}", arns.len()));
    }
    Ok(())
}

/// The ARN of a key.
///
/// # Errors
/// What is wrong.
pub fn kms_key(text: &str) -> Verdict {
    let parts: Vec<_> = text.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", _, "kms", _, _, resource] if resource.starts_with("key/") || resource.starts_with("alias/") => Ok(()),
        _ => Err(format!("{text:?} is not the ARN of a key, as in arn:aws:kms:eu-west-1:123456789012:key/…")),
    }
}

/// How long a log is kept, in days.
///
/// # Errors
/// What is wrong, naming the nearest longer time that CloudWatch takes.
pub fn log_retention(days: u32) -> Verdict {
    if RETENTION_DAYS.contains(&days) {
        return Ok(());
    }
    let longer = RETENTION_DAYS.into_iter().find(|allowed| *allowed > days).unwrap_or(0);
    Err(format!("a log cannot be kept for {days} days; the next longer time is {longer} (0 means for ever)"))
}

/// The name of an alias.
///
/// # Errors
/// What is wrong.
pub fn alias(text: &str) -> Verdict {
    let is_number = text.chars().all(|next| next.is_ascii_digit());
    let fits = (1..=128).contains(&text.len()) && text.chars().all(|next| is_word(next) || next == '-');
    if fits && !is_number {
        return Ok(());
    }
    Err(format!("the alias {text:?} must have 1 to 128 characters out of letters, digits, - and _, and be no number"))
}

/// The name of a bucket.
///
/// # Errors
/// What is wrong.
pub fn bucket(text: &str) -> Verdict {
    let is_allowed = |next: char| next.is_ascii_lowercase() || next.is_ascii_digit() || next == '-' || next == '.';
    let ends_well = !text.starts_with(['-', '.']) && !text.ends_with(['-', '.']);
    if (3..=63).contains(&text.len()) && text.chars().all(is_allowed) && ends_well {
        return Ok(());
    }
    Err(format!("the bucket {text:?} must have 3 to 63 characters out of small letters, digits, - and ."))
}

/// What the names of objects begin with.
///
/// # Errors
/// What is wrong.
pub fn key_prefix(text: &str) -> Verdict {
    if text.len() <= 900 && !text.chars().any(char::is_control) {
        return Ok(());
    }
    Err("what names in the bucket begin with must have at most 900 bytes and no control characters".to_owned())
}

/// The number of tags.
///
/// # Errors
/// What is wrong.
pub fn tag_count(count: usize) -> Verdict {
    if count <= TAG_LIMIT {
        return Ok(());
    }
    Err(format!("{count} tags are named; {TAG_LIMIT} can be kept track of"))
}

/// One tag.
///
/// # Errors
/// What is wrong.
pub fn tag(key: &str, value: &str) -> Verdict {
    if key.starts_with("aws:") || key.starts_with("appflow-registrar:") {
        return Err(format!("the tag {key:?} is not the user's to set"));
    }
    let is_allowed = |next: char| next.is_alphanumeric() || " _.:/=+-@".contains(next);
    let fits = (1..=128).contains(&key.chars().count()) && value.chars().count() <= 256;
    if fits && key.chars().all(is_allowed) && value.chars().all(is_allowed) {
        return Ok(());
    }
    Err(format!(
        "the tag {key:?} must have a key of 1 to 128 and a value of up to 256 characters out of letters, digits, blanks and _.:/=+-@"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_lambda_takes_and_names_what_it_does_not() {
        let layer = "arn:aws:lambda:eu-west-1:123456789012:layer:name".to_owned();
        let table = [
            (subnet("subnet-0a1b"), subnet("sg-0a1b"), "subnet"),
            (security_group("sg-0a1b"), security_group("sg-"), "security group"),
            (layers(&[format!("{layer}:1")]), layers(std::slice::from_ref(&layer)), "with its version"),
            (layers(&vec![format!("{layer}:1"); 5]), layers(&vec![format!("{layer}:1"); 6]), "6 layers"),
            (kms_key("arn:aws:kms:eu-west-1:123456789012:key/1"), kms_key("key/1"), "a key"),
            (log_retention(14), log_retention(15), "the next longer time is 30"),
            (log_retention(0), log_retention(4000), "0 (0 means for ever)"),
            (alias("live"), alias("12"), "no number"),
            (bucket("my.bucket-1"), bucket("My_Bucket"), "small letters"),
            (key_prefix("a/b"), key_prefix("a\nb"), "control"),
            (tag("team", "crm & co".split(' ').next().unwrap()), tag("appflow-registrar:label", "x"), "not the user's"),
            (tag("größe", "a=b"), tag("a", "x,y"), "letters"),
            (tag_count(32), tag_count(33), "33 tags"),
        ];
        for (taken, refused, says) in table {
            assert_eq!(taken, Ok(()));
            assert!(refused.as_ref().is_err_and(|text| text.contains(says)), "{says}: {refused:?}");
        }
    }
}
