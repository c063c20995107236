//! Everything that is wrong with the form of a manifest: unknown keys, wrong types, missing keys, unknown words.
//!
//! The parser stops at the first. What it stopped at is taken out of the document then, and the rest is read again, until the
//! rest is right: so the types of the manifest alone say what is right, and what is left can be checked further.

use serde_path_to_error::Segment;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

use super::nearest::{hint, nearest};
use super::parse::Problem;
use super::{Manifest, Place};

/// Stands in for the tables that every manifest must have when they are what is wrong.
const STAND_IN: &str =
    "connector = { name = \"x\", owner = \"x\", version = \"x\" }\nauthentication = { none = true }\nentities = {}";

/// What is wrong with the form, and the manifest without it.
#[derive(Debug)]
pub(super) struct Form {
    pub(super) problems: Vec<Problem>,
    /// What is left, if it can be read.
    pub(super) rest: Option<Manifest>,
    /// The tables that something was taken out of: `connector`, `entities.orders`.
    incomplete: Vec<String>,
}

impl Form {
    /// Whether a problem of the rest may come from what was taken out of it.
    pub(super) fn may_have_caused(&self, problem: &Problem) -> bool {
        self.incomplete.iter().any(|table| {
            // Templates everywhere name settings.
            table == "settings" || is_within(&problem.key, table) || is_within(table, &problem.key)
        })
    }
}

fn is_within(key: &str, table: &str) -> bool {
    key.strip_prefix(table).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// Reads a document again and again, each time without what was wrong.
pub(super) fn read(document: &Spanned<DeTable<'_>>) -> Form {
    let mut rest = document.clone();
    let mut form = Form { problems: Vec::new(), rest: None, incomplete: Vec::new() };
    // Names that were taken out, so that nobody is told that they are missing.
    let mut taken: Vec<Vec<String>> = Vec::new();
    loop {
        let (path, message) = match parse(&rest) {
            Ok(manifest) => {
                form.rest = Some(manifest);
                return form;
            }
            Err(found) => found,
        };
        let fault = Fault::find(&rest, path, &message);
        let is_told = matches!(&fault.missing, Some(name) if taken.iter().any(|taken| {
            taken.split_last().is_some_and(|(last, parent)| {
                parent == fault.path && (last == name || nearest(last, [name.as_str()]).is_some())
            })
        }));
        if !is_told {
            form.problems.push(Problem { place: Place::default(), key: fault.key(), message: fault.message.clone() });
        }
        form.incomplete.push(scope(&fault.path));
        if !take_out(&mut rest, &fault.path, fault.missing.as_deref()) {
            return form;
        }
        taken.push(fault.path);
    }
}

fn scope(path: &[String]) -> String {
    match path {
        [table, name, ..] if table == "entities" => format!("{table}.{name}"),
        [table, ..] => table.clone(),
        [] => String::new(),
    }
}

/// The manifest, or where it is wrong and how.
fn parse(document: &Spanned<DeTable<'_>>) -> Result<Manifest, (Vec<String>, String)> {
    serde_path_to_error::deserialize(Deserializer::from(document.clone())).map_err(|error| {
        let path = error.path().iter().filter_map(|segment| match segment {
            Segment::Map { key } => Some(key.clone()),
            Segment::Seq { index } => Some(format!("[{index}]")),
            Segment::Enum { .. } | Segment::Unknown => None,
        });
        // The parser's messages may run over several lines; what follows the first repeats the place.
        (path.collect(), error.inner().message().lines().collect::<Vec<_>>().join(", "))
    })
}

/// One thing that the parser stopped at.
struct Fault {
    path: Vec<String>,
    /// The key that the table at the path lacks.
    missing: Option<String>,
    message: String,
}

impl Fault {
    /// Says in the manifest's words what the parser says, and follows the path to its end: what is read into memory first,
    /// such as a table whose `kind` decides, has no path of its own.
    fn find(document: &Spanned<DeTable<'_>>, mut path: Vec<String>, message: &str) -> Self {
        let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
        if let Some(name) = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
            let message = format!("lacks `{name}`");
            return Self { path, missing: Some(name.to_owned()), message };
        }
        let table = table_at(document.get_ref(), &path);
        if let ([wrong, known @ ..], true) = (quoted.as_slice(), message.starts_with("unknown field")) {
            if table.is_some() && path.last().is_none_or(|last| last != wrong) {
                path.push((*wrong).to_owned());
            }
            let hint = hint(wrong, known.iter().copied());
            let hint =
                if hint.is_empty() && !known.is_empty() { format!("; there are {}", known.join(", ")) } else { hint };
            return Self { path, missing: None, message: format!("is not known here{hint}") };
        }
        if let ([wrong, known @ ..], true) = (quoted.as_slice(), message.starts_with("unknown variant")) {
            let holder = table.and_then(|table| {
                table.iter().find(|(_, value)| value.get_ref().as_str() == Some(wrong)).map(|(name, _)| name)
            });
            path.extend(holder.map(|name| name.get_ref().to_string()));
            let hint = hint(wrong, known.iter().copied());
            return Self { path, missing: None, message: format!("{wrong:?} is none of {}{hint}", known.join(", ")) };
        }
        if let Some(table) = table {
            path.extend(culprit(document, &path, table, message));
        }
        let rest = message.strip_prefix("invalid type: ").or_else(|| message.strip_prefix("invalid value: "));
        let message = match rest.and_then(|rest| rest.split_once(", expected ")) {
            Some((found, expected)) => format!("must be {}, and is {found}", in_words(expected)),
            None => message.to_owned(),
        };
        Self { path, missing: None, message }
    }

    fn key(&self) -> String {
        let mut key = String::new();
        for step in &self.path {
            if !key.is_empty() && !step.starts_with('[') {
                key.push('.');
            }
            key.push_str(step);
        }
        key
    }
}

/// What the parser expects, without Rust's names of types.
fn in_words(expected: &str) -> &str {
    match expected {
        "u16" => "a whole number from 0 to 65535",
        "u32" | "u64" | "usize" => "a whole number from 0",
        "f64" => "a number",
        "a boolean" => "true or false",
        "a map" => "a table",
        "a sequence" => "an array",
        other if other.starts_with("struct ") || other.starts_with("internally tagged enum ") => "a table",
        other => other,
    }
}

/// The key that tells which keys a table has besides.
const TAG: &str = "kind";

/// The key without which a table is not wrong in this way: one that is not missed then, if there is such a one.
fn culprit(document: &Spanned<DeTable<'_>>, path: &[String], table: &DeTable<'_>, message: &str) -> Option<String> {
    let mut missed = None;
    for name in table.keys().map(|name| name.get_ref().to_string()) {
        let mut without = document.clone();
        let mut path = path.to_vec();
        path.push(name.clone());
        if !take_out(&mut without, &path, None) {
            continue;
        }
        match parse(&without) {
            Err((_, other)) if other == message => {}
            Err((_, other)) if other.starts_with("missing field") => {
                if name != TAG {
                    missed = Some(name);
                }
            }
            Ok(_) | Err(_) => return Some(name),
        }
    }
    missed
}

fn table_at<'d, 'i>(table: &'d DeTable<'i>, path: &[String]) -> Option<&'d DeTable<'i>> {
    let [step, rest @ ..] = path else { return Some(table) };
    let mut value = table.get(step.as_str())?;
    for (index, step) in rest.iter().enumerate() {
        match value.get_ref() {
            DeValue::Table(inner) => return table_at(inner, &rest[index..]),
            DeValue::Array(items) => {
                value = items.get(step.strip_prefix('[')?.strip_suffix(']')?.parse::<usize>().ok()?)?;
            }
            _ => return None,
        }
    }
    match value.get_ref() {
        DeValue::Table(inner) => Some(inner),
        _ => None,
    }
}

/// Takes what is at a path out, or the table that lacks something. What must be there is stood in for.
fn take_out(document: &mut Spanned<DeTable<'_>>, path: &[String], missing: Option<&str>) -> bool {
    let top = match (path, missing) {
        ([], Some(missing)) => missing,
        ([top], _) => top,
        _ => return take_out_of(document.get_mut(), path),
    };
    let table = document.get_mut();
    let was_there = table.remove(top).is_some();
    let stand_in = DeTable::parse(STAND_IN).ok().and_then(|mut all| all.get_mut().remove_entry(top));
    match stand_in {
        Some((name, value)) => {
            table.insert(name, value);
            true
        }
        None => was_there,
    }
}

fn take_out_of(table: &mut DeTable<'_>, path: &[String]) -> bool {
    match path {
        [] => false,
        [name] => table.remove(name.as_str()).is_some(),
        // An array is taken out whole: its other items would move.
        [name, next, ..] if next.starts_with('[') => table.remove(name.as_str()).is_some(),
        [name, rest @ ..] => match table.get_mut(name.as_str()).map(Spanned::get_mut) {
            Some(DeValue::Table(inner)) => take_out_of(inner, rest),
            _ => table.remove(name.as_str()).is_some(),
        },
    }
}
