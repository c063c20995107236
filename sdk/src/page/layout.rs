//! Where things stand in an answer.

/// Where the records stand in a JSON answer, what leads to the next page, and the total: each as a JSON pointer
/// (RFC 6901), empty for the answer itself. The slash at its beginning may be left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PageLayout {
    pub(super) records: Option<Vec<String>>,
    pub(super) next: Option<Vec<String>>,
    pub(super) total: Option<Vec<String>>,
}

impl PageLayout {
    /// The array of records stands here.
    #[must_use]
    pub fn new(records: &str) -> Self {
        Self { records: Some(steps(records)), next: None, total: None }
    }

    /// What leads to the next page, a cursor or a link, stands here.
    #[must_use]
    pub fn next(mut self, pointer: &str) -> Self {
        self.next = Some(steps(pointer));
        self
    }

    /// The number of all records stands here.
    #[must_use]
    pub fn total(mut self, pointer: &str) -> Self {
        self.total = Some(steps(pointer));
        self
    }

    /// Nothing but one value is wanted.
    pub(super) fn only(pointer: &str) -> Self {
        Self::default().next(pointer)
    }

    pub(super) fn records_place(&self) -> String {
        place(self.records.as_deref())
    }

    pub(super) fn next_place(&self) -> String {
        place(self.next.as_deref())
    }
}

/// The unescaped steps of a JSON pointer. One that lacks the slash at its beginning is no pointer, and can only mean the one
/// with it.
pub(crate) fn steps(pointer: &str) -> Vec<String> {
    if pointer.is_empty() {
        return Vec::new();
    }
    let steps = pointer.strip_prefix('/').unwrap_or(pointer).split('/');
    steps.map(|step| step.replace("~1", "/").replace("~0", "~")).collect()
}

/// A place, for messages.
fn place(steps: Option<&[String]>) -> String {
    let steps = steps.unwrap_or_default();
    if steps.is_empty() {
        return "at its top".to_owned();
    }
    let steps = steps.iter().map(|step| step.replace('~', "~0").replace('/', "~1"));
    format!("at /{}", steps.collect::<Vec<_>>().join("/"))
}
