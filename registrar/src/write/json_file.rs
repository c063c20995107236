//! Records as JSON: an array of objects, objects one after the other, or one object per option.

use appflow_sdk::protocol::Record;
use serde_json::value::RawValue;

use super::{Given, OPTION, place};
use crate::error::RegistrarError;

/// Reads an array of objects, or objects one after the other with anything blank between them.
///
/// # Errors
/// [`ErrorKind::Usage`](crate::error::ErrorKind::Usage) with the line of what is no JSON or no object.
pub fn read_json(text: &str, origin: &str) -> Result<Vec<Given>, RegistrarError> {
    let broken =
        |error: serde_json::Error| RegistrarError::usage(format!("{origin} cannot be read as JSON")).with_source(error);
    let values: Vec<&RawValue> = if text.trim_start().starts_with('[') {
        serde_json::from_str(text).map_err(broken)?
    } else {
        let stream = serde_json::Deserializer::from_str(text).into_iter();
        stream.collect::<Result<_, _>>().map_err(broken)?
    };
    let mut lines = Lines { text, offset: 0, line: 1 };
    let records = values.into_iter().map(|value| {
        let line = lines.of(value.get());
        let record = Record::parse(value.get())
            .map_err(|error| RegistrarError::usage(format!("{}: {error}", place(origin, line))))?;
        Ok(Given { line, record })
    });
    records.collect()
}

/// Reads one object from each text.
///
/// # Errors
/// [`ErrorKind::Usage`](crate::error::ErrorKind::Usage) with the place of the text that is no object.
pub fn read_records(texts: &[String]) -> Result<Vec<Given>, RegistrarError> {
    let records = (1..).zip(texts).map(|(line, text)| {
        let record =
            Record::parse(text).map_err(|error| RegistrarError::usage(format!("{}: {error}", place(OPTION, line))))?;
        Ok(Given { line, record })
    });
    records.collect()
}

/// Tells on which line a part of a text begins; parts are asked for from the front to the back.
struct Lines<'a> {
    text: &'a str,
    offset: usize,
    line: u64,
}

impl Lines<'_> {
    fn of(&mut self, part: &str) -> u64 {
        let offset = part.as_ptr().addr().saturating_sub(self.text.as_ptr().addr());
        let between = self.text.get(self.offset..offset).unwrap_or_default();
        self.line += u64::try_from(between.matches('\n').count()).unwrap_or_default();
        self.offset = offset;
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<(u64, String)> {
        let given = read_json(text, "f").unwrap();
        given.into_iter().map(|given| (given.line, given.record.get().to_owned())).collect()
    }

    #[test]
    fn reads_arrays_and_objects_one_after_the_other() {
        let expected = vec![(2, r#"{"a":1.10}"#.to_owned()), (4, "{}".to_owned())];
        assert_eq!(lines("[\n{\"a\":1.10},\n\n {}\n]"), expected);
        assert_eq!(lines("\n{\"a\":1.10}\r\n\n{}\n"), expected);
        assert_eq!(lines("{}{}"), vec![(1, "{}".to_owned()), (1, "{}".to_owned())]);
        assert_eq!(lines(""), vec![]);
        assert_eq!(lines(" [] "), vec![]);
    }

    #[test]
    fn names_the_line_of_what_is_no_record() {
        for (text, place) in [("[{},\n7]", "line 2"), ("{}\n\"a\"", "line 2"), ("{}\n{\"a\"", "cannot be read")] {
            let error = read_json(text, "f").unwrap_err();
            assert!(error.to_string().contains(place), "{error}");
            assert_eq!(error.exit_code().code(), 2);
        }
        let causes = read_json("{}\n{\"a\"}", "f").unwrap_err().causes();
        assert!(causes[0].contains("line 2"), "{causes:?}");
        let error = read_records(&["{}".to_owned(), "[]".to_owned()]).unwrap_err();
        assert!(error.to_string().starts_with("--record number 2"), "{error}");
    }
}
