//! Why a filter cannot be read, where, and what to write instead.

use std::fmt;
use std::ops::Range;

use super::literal::NotAnInstant;

/// A filter that cannot be read: its text, the place, the reason and the way out.
///
/// `Display` tells all four and marks the place; [`message`](Self::message) is the first line of it.
///
/// ```
/// use appflow_sdk::filter::Filter;
/// let error = Filter::parse("state == 'open'").unwrap_err();
/// assert_eq!(error.to_string(), "\
/// expected a value, found `=` at line 1, column 8; write `=` once
///   |
/// 1 | state == 'open'
///   |        ^");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterError {
    text: String,
    span: Range<usize>,
    kind: FilterErrorKind,
    hint: Option<String>,
}

/// What is wrong with a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FilterErrorKind {
    /// There is nothing but white space.
    Empty,
    /// A character that no part of the language begins with. The official SDKs drop it in silence.
    UnknownCharacter,
    /// A quote that nothing closes. The official SDKs drop the rest of the filter in silence.
    UnclosedString,
    /// Something of the form `YYYY-MM-DD` that is no day of the calendar.
    InvalidDate,
    /// A date followed by a time that cannot be read.
    InvalidDateTime(NotAnInstant),
    /// A condition has to begin here.
    ExpectedCondition,
    /// A value has to stand here.
    ExpectedValue,
    /// A condition is complete here, so `and`, `or`, `limit` or the end has to follow.
    ExpectedConnective,
    /// `and` has to stand between the bounds of a `between`.
    ExpectedAndOfBetween,
    /// A list in parentheses has to follow `in`.
    ExpectedList,
    /// A list goes on with a comma or ends with a parenthesis.
    ExpectedCommaOrEndOfList,
    /// A parenthesis that nothing closes.
    UnclosedParenthesis,
    /// A parenthesis that nothing opened.
    UnopenedParenthesis,
    /// A value on the left of an operator.
    ValueOnTheLeft,
    /// A field on the right of an operator.
    FieldOnTheRight,
    /// A boolean elsewhere than after `=` and `!=`.
    MisplacedBoolean,
    /// The count of a `limit` is not a whole number from 1 to 18446744073709551615.
    InvalidLimit,
    /// A `limit` that is not the very last part.
    LimitNotLast,
    /// More than [`MAX_DEPTH`](super::MAX_DEPTH) parentheses and `not`s around one condition.
    TooDeep,
}

/// How many characters of the filter are shown around the place.
const WINDOW: usize = 72;

impl FilterError {
    pub(super) fn new(text: &str, span: Range<usize>, kind: FilterErrorKind) -> Self {
        Self { text: text.to_owned(), span, kind, hint: None }
    }

    /// Adds what to write instead; advice that is there already stays.
    pub(super) fn advise(mut self, hint: impl Into<String>) -> Self {
        self.hint.get_or_insert_with(|| hint.into());
        self
    }

    /// The filter's text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The place in the text, in bytes; empty where something is missing.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> FilterErrorKind {
        self.kind
    }

    /// What to write instead, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The line of the place, counted from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        1 + self.before().matches('\n').count()
    }

    /// The column of the place in its line, in characters, counted from 1.
    #[must_use]
    pub fn column(&self) -> usize {
        1 + self.before().rsplit('\n').next().unwrap_or_default().chars().count()
    }

    /// Reason, place and way out in one line, without the filter's text.
    #[must_use]
    pub fn message(&self) -> String {
        let reason = self.reason();
        let place = format!("at line {}, column {}", self.line(), self.column());
        match &self.hint {
            Some(hint) => format!("{reason} {place}; {hint}"),
            None => format!("{reason} {place}"),
        }
    }

    fn before(&self) -> &str {
        self.text.get(..self.span.start).unwrap_or(&self.text)
    }

    fn found(&self) -> String {
        match self.text.get(self.span.clone()) {
            None | Some("") => "the end of the filter".to_owned(),
            Some(found) if found.chars().count() > 40 => {
                format!("`{}…`", found.chars().take(40).collect::<String>().escape_debug())
            }
            Some(found) => format!("`{}`", found.replace(char::is_control, " ")),
        }
    }

    fn reason(&self) -> String {
        let found = self.found();
        match self.kind {
            FilterErrorKind::Empty => "the filter is empty".to_owned(),
            FilterErrorKind::UnknownCharacter => format!("{found} has no meaning in a filter"),
            FilterErrorKind::UnclosedString => "the quote is not closed".to_owned(),
            FilterErrorKind::InvalidDate => format!("{found} is not a day of the calendar"),
            FilterErrorKind::InvalidDateTime(why) => format!("{found} is not a date and time: {why}"),
            FilterErrorKind::ExpectedCondition => format!("expected a condition, found {found}"),
            FilterErrorKind::ExpectedValue => format!("expected a value, found {found}"),
            FilterErrorKind::ExpectedConnective => {
                format!("expected `and`, `or`, `limit` or the end after a complete condition, found {found}")
            }
            FilterErrorKind::ExpectedAndOfBetween => {
                format!("expected `and` between the bounds of a `between`, found {found}")
            }
            FilterErrorKind::ExpectedList => format!("expected `(` and a list of values after `in`, found {found}"),
            FilterErrorKind::ExpectedCommaOrEndOfList => {
                format!("expected `,` or `)` after a value of a list, found {found}")
            }
            FilterErrorKind::UnclosedParenthesis => "the parenthesis is not closed".to_owned(),
            FilterErrorKind::UnopenedParenthesis => "the parenthesis closes nothing".to_owned(),
            FilterErrorKind::ValueOnTheLeft => format!("{found} is a value, and the left side must be a field"),
            FilterErrorKind::FieldOnTheRight => format!("{found} is not a value"),
            FilterErrorKind::MisplacedBoolean => "a boolean may stand only after `=` and `!=`".to_owned(),
            FilterErrorKind::InvalidLimit => {
                format!("expected a whole number from 1 to {} after `limit`, found {found}", u64::MAX)
            }
            FilterErrorKind::LimitNotLast => "`limit` must come last, once, outside of all parentheses".to_owned(),
            FilterErrorKind::TooDeep => {
                format!("more than {} parentheses and `not`s are nested", super::MAX_DEPTH)
            }
        }
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())?;
        if self.text.trim().is_empty() {
            return Ok(());
        }
        let number = self.line().to_string();
        let margin = " ".repeat(number.len());
        let line = self.text.split('\n').nth(self.line() - 1).unwrap_or_default();
        let column = self.column() - 1;
        let marked = self.text.get(self.span.clone()).unwrap_or_default();
        let marked = marked.split('\n').next().unwrap_or_default().chars().count();

        let length = line.chars().count();
        let first = if length > WINDOW { column.saturating_sub(WINDOW / 2) } else { 0 };
        let last = (first + WINDOW).min(length);
        let left = if first > 0 { "…" } else { "" };
        let right = if last < length { "…" } else { "" };
        let shown: String = line.chars().skip(first).take(last - first).map(blank_control).collect();
        let indent = " ".repeat(column - first + left.chars().count());
        let carets = "^".repeat(marked.min(last.saturating_sub(column)).max(1));
        write!(f, "\n{margin} |\n{number} | {left}{shown}{right}\n{margin} | {indent}{carets}")
    }
}

impl std::error::Error for FilterError {}

/// A character that keeps the columns of the line below it aligned.
fn blank_control(character: char) -> char {
    if character.is_control() { ' ' } else { character }
}

#[cfg(test)]
mod tests {
    use super::super::Filter;

    #[track_caller]
    fn shown(text: &str) -> String {
        Filter::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn marks_the_end_when_something_is_missing() {
        assert_eq!(
            shown("a ="),
            "expected a value, found the end of the filter at line 1, column 4\n  |\n1 | a =\n  |    ^"
        );
    }

    #[test]
    fn marks_a_whole_word_and_says_what_to_write() {
        assert_eq!(
            shown("a = b"),
            "`b` is not a value at line 1, column 5; write 'b' for text; fields cannot be compared with fields\n  \
             |\n1 | a = b\n  |     ^"
        );
    }

    #[test]
    fn counts_lines_and_characters_not_bytes() {
        assert_eq!(
            shown("a = 'ü'\nand\tb = 'é' $"),
            "`$` has no meaning in a filter at line 2, column 13; names of fields consist of ASCII letters, digits, \
             `_`, `.` and `-`; text stands in quotes\n  |\n2 | and b = 'é' $\n  |             ^"
        );
    }

    #[test]
    fn shows_a_window_of_a_long_line() {
        let text = format!("{} $ {}", vec!["a = 1"; 40].join(" and "), "x".repeat(100));
        let shown = shown(&text);
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines.len(), 4);
        assert!(lines[2].chars().count() < 90, "{}", lines[2]);
        let column = lines[3].chars().count() - 1;
        assert_eq!(lines[2].chars().nth(column), Some('$'));
    }

    #[test]
    fn an_unclosed_quote_over_several_lines_is_marked_to_the_end_of_the_first() {
        assert_eq!(
            shown("a = 'x\ny"),
            "the quote is not closed at line 1, column 5; close it with '\n  |\n1 | a = 'x\n  |     ^^"
        );
    }

    #[test]
    fn an_empty_filter_has_nothing_to_mark() {
        assert_eq!(shown("  "), "the filter is empty at line 1, column 1; write a condition, a limit, or both");
    }
}
