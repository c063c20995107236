//! Parameters of an address, as an author declares them: which test of which field is which parameter.

use std::collections::BTreeMap;

use super::grid::{self, Outcome, Place};
use super::{Handling, Translation, encoded_length};
use crate::filter::{Comparison, Moment, Predicate, TypedCondition, TypedFilter, TypedTest, TypedValue};
use crate::protocol::{FieldDataType, FieldDefinition};

/// Longest text that one part of a filter adds, in bytes. Servers refuse long addresses.
const LONGEST: usize = 2_000;

/// Writes filters as the parameters of an address.
///
/// The parameters of an address combine with "and" only, so that nothing but single tests that must all hold is pushed.
/// Each parameter is used once. A bound for which only the neighbouring operator has a parameter, `>` for `>=`, is moved
/// outward. An empty value is never sent: many systems take it for none.
///
/// ```
/// use appflow_sdk::filter::translate::{QueryParameter, QueryString, QueryTest};
/// use appflow_sdk::filter::{Comparison, Filter, Operators, TypedFilter};
/// use appflow_sdk::protocol::{EntityDefinition, FieldDataType, FieldDefinition};
///
/// let orders = EntityDefinition::new("orders", vec![
///     FieldDefinition::new("id", FieldDataType::Long),
///     FieldDefinition::new("state", FieldDataType::String),
///     FieldDefinition::new("note", FieldDataType::String),
/// ]);
/// let query = QueryString::new()
///     .parameter("id", QueryTest::In, QueryParameter::new("ids").separator(","))
///     .parameter("state", QueryTest::Comparison(Comparison::Equal), QueryParameter::new("status"))
///     .parameter("note", QueryTest::Comparison(Comparison::Contains), QueryParameter::new("q").wider());
/// let filter = Filter::parse("id in (7, 9) and state = 'a&b' and note contains 'x' and not id = 8")?;
///
/// let translation = query.translate(&TypedFilter::new(&filter, &orders, Operators::Meaningful)?);
/// let pairs = translation.pushed.unwrap();
/// assert_eq!(pairs[0], ("ids".to_owned(), "7,9".to_owned()));
/// assert_eq!(pairs[1], ("status".to_owned(), "a&b".to_owned()));
/// assert_eq!(pairs[2], ("q".to_owned(), "x".to_owned()));
/// assert_eq!(translation.remainder.unwrap().to_string(), "note contains 'x' and not id = 8");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct QueryString {
    parameters: BTreeMap<(String, &'static str), QueryParameter>,
    longest: Option<usize>,
}

/// What a parameter tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum QueryTest {
    /// One comparison with its value.
    Comparison(Comparison),
    /// Whether the field is one of its values.
    In,
}

impl QueryTest {
    const fn symbol(self) -> &'static str {
        match self {
            Self::Comparison(comparison) => comparison.symbol(),
            Self::In => "in",
        }
    }
}

/// A parameter. Unless it is [`wider`](Self::wider), it must mean exactly the test: by code point for text, and never
/// true of null.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryParameter {
    name: String,
    place: Option<String>,
    is_plain: bool,
    is_wider: bool,
    separator: Option<String>,
    format: Option<TimeFormat>,
}

/// How a moment is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimeFormat {
    /// `2021-04-20T12:30:45.5Z`. Usual for `DateTime`.
    Rfc3339,
    /// `2021-04-20`, which means its first moment in UTC. Usual for `Date`.
    Date,
    /// Whole seconds since 1970.
    EpochSeconds,
    /// Whole milliseconds since 1970.
    EpochMilliseconds,
    /// `2021-04-20`, for systems that compare moments as text, however these go on after the day. Bounds are moved outward,
    /// and the test remains.
    DayPrefix,
    /// `2021-04-20T12:30:45`, for systems that compare moments as text, whatever follows the second. Bounds are moved
    /// outward, and the test remains.
    SecondPrefix,
}

impl QueryParameter {
    /// A parameter that means exactly the test.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), place: None, is_plain: false, is_wider: false, separator: None, format: None }
    }

    /// Says that it lets more records through than the test does.
    #[must_use]
    pub fn wider(mut self) -> Self {
        self.is_wider = true;
        self
    }

    /// Says where the value goes, where that is not the name: of the parameters of one place only one is used.
    #[must_use]
    pub fn place(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }

    /// Says that the value is put into text of some language: only ASCII letters, digits and `-_.:+` are sent then, since
    /// anything else might mean something there.
    #[must_use]
    pub fn plain(mut self) -> Self {
        self.is_plain = true;
        self
    }

    /// Says what separates the values of an `in`. Without it, the parameter is repeated.
    #[must_use]
    pub fn separator(mut self, separator: impl Into<String>) -> Self {
        self.separator = Some(separator.into());
        self
    }

    /// Says how moments are written.
    #[must_use]
    pub fn format(mut self, format: TimeFormat) -> Self {
        self.format = Some(format);
        self
    }
}

impl QueryString {
    /// No parameters yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Declares the parameter for a test of a field.
    #[must_use]
    pub fn parameter(mut self, field: impl Into<String>, test: QueryTest, parameter: QueryParameter) -> Self {
        self.parameters.insert((field.into(), test.symbol()), parameter);
        self
    }

    /// Sets how many bytes all parameters together may take in an address, percent-encoded; each has a limit of 2000 bytes in
    /// any case. Parts that do not fit are left.
    #[must_use]
    pub fn with_longest(mut self, bytes: usize) -> Self {
        self.longest = Some(bytes);
        self
    }

    /// Divides a filter. What is pushed are names and values, not percent-encoded.
    #[must_use]
    pub fn translate(&self, filter: &TypedFilter) -> Translation<Vec<(String, String)>> {
        let mut writer = Writer { query: self, filter, pairs: Vec::new(), places: Vec::new(), length: 0 };
        let translation = Translation::divide(filter, |part| match part {
            TypedCondition::Test(test) => {
                let before = writer.pairs.len();
                match writer.test(test) {
                    Some(true) => Handling::Exact,
                    Some(false) | None if writer.pairs.len() > before => Handling::Wider,
                    Some(false) | None => Handling::Left,
                }
            }
            TypedCondition::All(_) | TypedCondition::Any(_) | TypedCondition::Not(_) => Handling::Left,
        });
        let pairs = writer.pairs;
        translation.with_pushed((!pairs.is_empty()).then_some(pairs))
    }

    fn find(&self, field: &FieldDefinition, test: QueryTest) -> Option<&QueryParameter> {
        self.parameters.get(&(field.field_name.clone(), test.symbol()))
    }
}

struct Writer<'a> {
    query: &'a QueryString,
    filter: &'a TypedFilter,
    pairs: Vec<(String, String)>,
    /// Where something goes already.
    places: Vec<&'a str>,
    /// How many bytes that takes in an address, percent-encoded.
    length: usize,
}

/// A value as a parameter, and whether it says exactly what was asked.
type Written = (String, bool);

impl<'a> Writer<'a> {
    /// Sends what can be sent of a test; whether that is all of it.
    fn test(&mut self, test: &TypedTest) -> Option<bool> {
        let field = test.field();
        match test.predicate() {
            Predicate::Compare { operator, value } => self.compare(field, *operator, value),
            Predicate::Between { lower, upper } => {
                let (from, to) = self.filter.bounds().comparisons();
                let lower = self.compare(field, from, lower);
                let upper = self.compare(field, to, upper);
                Some(lower? && upper?)
            }
            Predicate::In { values, or_null: false } => {
                let alone = match values.as_slice() {
                    [single] => self.compare(field, Comparison::Equal, single),
                    _ => None,
                };
                alone.or_else(|| self.any_of(field, values))
            }
            Predicate::ContainsText(sought) => {
                self.compare(field, Comparison::Contains, &TypedValue::Text(sought.clone()))
            }
            Predicate::ContainsElement(element) | Predicate::ContainsEntry(element) => {
                let is_text = element.number().is_none() && element.moment().is_none();
                let parameter = self.query.find(field, QueryTest::Comparison(Comparison::Contains))?;
                is_text.then_some(())?;
                self.send(parameter, vec![element.text().to_owned()]).then_some(!parameter.is_wider)
            }
            Predicate::Null | Predicate::Present | Predicate::In { or_null: true, .. } => None,
        }
    }

    fn compare(&mut self, field: &FieldDefinition, operator: Comparison, value: &TypedValue) -> Option<bool> {
        use Comparison::{Greater, GreaterOrEqual, Less, LessOrEqual};
        let (operator, value) = on_grid(field, operator, value)?;
        let neighbour = match operator {
            Greater => Some(GreaterOrEqual),
            GreaterOrEqual => Some(Greater),
            Less => Some(LessOrEqual),
            LessOrEqual => Some(Less),
            Comparison::Equal | Comparison::NotEqual | Comparison::Contains => None,
        };
        for sent in [Some(operator), neighbour].into_iter().flatten() {
            let Some(parameter) = self.query.find(field, QueryTest::Comparison(sent)) else { continue };
            let Some((text, is_exact)) = written(field, parameter, operator, sent, &value) else { continue };
            if self.send(parameter, vec![text]) {
                return Some(is_exact && !parameter.is_wider);
            }
        }
        None
    }

    fn any_of(&mut self, field: &FieldDefinition, values: &[TypedValue]) -> Option<bool> {
        let parameter = self.query.find(field, QueryTest::In)?;
        let mut texts = Vec::new();
        for value in values {
            // A value that the field cannot have is not asked for.
            let Some((operator, value)) = on_grid(field, Comparison::Equal, value) else { continue };
            let (text, is_exact) = written(field, parameter, operator, Comparison::Equal, &value)?;
            is_exact.then_some(())?;
            texts.push(text);
        }
        if texts.is_empty() {
            return None;
        }
        if let Some(separator) = &parameter.separator {
            if separator.is_empty() || texts.iter().any(|text| text.is_empty() || text.contains(separator.as_str())) {
                return None;
            }
            texts = vec![texts.join(separator)];
        }
        self.send(parameter, texts).then_some(!parameter.is_wider)
    }

    /// Sends a parameter, unless it is in use: what a system makes of a parameter given for two tests is anybody's guess.
    fn send(&mut self, parameter: &'a QueryParameter, texts: Vec<String>) -> bool {
        let place = parameter.place.as_deref().unwrap_or(&parameter.name);
        let is_used = self.places.contains(&place);
        let is_long = texts.iter().map(|text| text.len() + place.len()).sum::<usize>() > LONGEST;
        let is_harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:+".contains(&byte);
        let is_risky = parameter.is_plain && !texts.iter().all(|text| text.bytes().all(is_harmless));
        // Each with the `=` within it and the `&` before it.
        let more: usize = texts.iter().map(|text| encoded_length(place) + encoded_length(text) + 2).sum();
        let fits = self.query.longest.is_none_or(|longest| self.length + more <= longest);
        if is_used || is_long || is_risky || !fits || texts.iter().any(String::is_empty) {
            return false;
        }
        self.places.push(place);
        self.length += more;
        self.pairs.extend(texts.into_iter().map(|text| (parameter.name.clone(), text)));
        true
    }
}

/// The comparison with a value that a field of whole numbers or of days can have; nothing if no value is needed.
fn on_grid(field: &FieldDefinition, operator: Comparison, value: &TypedValue) -> Option<(Comparison, TypedValue)> {
    let outcome = match (&field.data_type, value) {
        (FieldDataType::Short | FieldDataType::Integer | FieldDataType::Long, TypedValue::Number(number)) => {
            Place::of_number(number).compare(operator).within_64_bits()
        }
        (FieldDataType::Date, TypedValue::Moment(moment)) => Place::of_moment(*moment, grid::DAY).compare(operator),
        _ => return Some((operator, value.clone())),
    };
    let Outcome::Compare(operator, unit) = outcome else { return None };
    let unit = i64::try_from(unit).ok()?;
    let value = match value {
        TypedValue::Number(_) => TypedValue::Number(unit.to_string().parse().ok()?),
        _ => TypedValue::Moment(Moment::new(jiff::SignedDuration::from_hours(unit.checked_mul(24)?))),
    };
    Some((operator, value))
}

/// The value for a parameter that compares with `sent`, where the filter compares with `operator`.
fn written(
    field: &FieldDefinition,
    parameter: &QueryParameter,
    operator: Comparison,
    sent: Comparison,
    value: &TypedValue,
) -> Option<Written> {
    let is_same = operator == sent;
    // Taking the bound in where the filter leaves it out lets it through. The other way, it must be moved.
    let takes_in = is_same || matches!(sent, Comparison::GreaterOrEqual | Comparison::LessOrEqual);
    match value {
        TypedValue::Boolean(truth) => is_same.then(|| (truth.to_string(), true)),
        TypedValue::Text(text) => takes_in.then(|| (text.clone(), is_same)),
        TypedValue::Number(number) => {
            let is_whole =
                matches!(field.data_type, FieldDataType::Short | FieldDataType::Integer | FieldDataType::Long);
            if is_whole {
                let step =
                    match (operator, sent) {
                        (Comparison::Greater, Comparison::GreaterOrEqual)
                        | (Comparison::LessOrEqual, Comparison::Less) => 1,
                        (Comparison::GreaterOrEqual, Comparison::Greater)
                        | (Comparison::Less, Comparison::LessOrEqual) => -1,
                        _ => 0,
                    };
                return Some((number.to_i64()?.checked_add(step)?.to_string(), true));
            }
            let is_binary = matches!(field.data_type, FieldDataType::Double | FieldDataType::Float);
            let most = if field.data_type == FieldDataType::Float { 6 } else { 15 };
            if is_binary && number.digits() > most {
                return None;
            }
            takes_in.then_some(())?;
            Some((number.plain(60)?, is_same))
        }
        TypedValue::Moment(moment) => {
            let usual = if field.data_type == FieldDataType::Date { TimeFormat::Date } else { TimeFormat::Rfc3339 };
            time(*moment, parameter.format.unwrap_or(usual), operator, takes_in, is_same)
        }
    }
}

fn time(moment: Moment, format: TimeFormat, operator: Comparison, takes_in: bool, is_same: bool) -> Option<Written> {
    let is_lower = matches!(operator, Comparison::Greater | Comparison::GreaterOrEqual);
    let is_upper = matches!(operator, Comparison::Less | Comparison::LessOrEqual);
    if format == TimeFormat::Rfc3339 && takes_in {
        return Some((moment.to_instant()?.to_string(), is_same));
    }
    let unit = match format {
        TimeFormat::Date | TimeFormat::DayPrefix => grid::DAY,
        // A whole second, because not every system looks at fractions.
        TimeFormat::Rfc3339 | TimeFormat::EpochSeconds | TimeFormat::SecondPrefix => grid::SECOND,
        TimeFormat::EpochMilliseconds => grid::MILLISECOND,
    };
    let place = Place::of_moment(moment, unit);
    let is_prefix = matches!(format, TimeFormat::DayPrefix | TimeFormat::SecondPrefix);
    // A prefix sorts before everything that goes on after it, so that only the unit that follows is an upper bound.
    let moved = match (place.is_exact && (is_lower || !is_prefix), takes_in) {
        (true, true) => place.floor,
        (true, false) if is_lower => place.floor - 1,
        (false, _) if is_lower => place.floor,
        (true, false) | (false, _) if is_upper => place.floor + 1,
        (true, false) | (false, _) => return None,
    };
    let is_exact = is_same && place.is_exact && !is_prefix;
    if matches!(format, TimeFormat::EpochSeconds | TimeFormat::EpochMilliseconds) {
        return Some((i64::try_from(moved).ok()?.to_string(), is_exact));
    }
    let seconds = i64::try_from(moved.checked_mul(unit)? / grid::SECOND).ok()?;
    let clock = Moment::new(jiff::SignedDuration::from_secs(seconds)).to_instant()?.to_utc();
    let text = match format {
        TimeFormat::Date | TimeFormat::DayPrefix => clock.date().to_string(),
        TimeFormat::SecondPrefix => clock.to_string(),
        TimeFormat::Rfc3339 | TimeFormat::EpochSeconds | TimeFormat::EpochMilliseconds => format!("{clock}Z"),
    };
    Some((text, is_exact))
}
