//! Annotations that matter here.

/// What an annotation says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fact {
    /// `Core.Computed`
    Computed(bool),
    /// `Core.Immutable`
    Immutable(bool),
    /// `Core.ComputedDefaultValue`
    Defaulted(bool),
    /// `Common.Label`
    Label(String),
    /// `Core.Description`
    Description(String),
    /// `Capabilities.InsertRestrictions/Insertable`
    Insertable(bool),
    /// `Capabilities.UpdateRestrictions/Updatable`
    Updatable(bool),
    /// `Capabilities.DeleteRestrictions/Deletable`
    Deletable(bool),
    /// `Capabilities.FilterRestrictions/NonFilterableProperties`
    Unfilterable(Vec<String>),
}

/// The value of an annotation, or of a member of one.
#[derive(Debug, Default)]
pub(super) struct Value {
    /// A text, or `true` or `false`.
    pub(super) text: Option<String>,
    /// Paths of properties.
    pub(super) paths: Vec<String>,
}

impl Value {
    /// True unless it says false: that is what a tag without a value means.
    fn holds(&self) -> bool {
        self.text.as_deref().map(str::trim) != Some("false")
    }
}

/// What an annotation says; `member` names the member of a record that has the value. Nothing if it does not matter here.
pub(super) fn fact(term: &str, member: Option<&str>, value: Value) -> Option<Fact> {
    let (vocabulary, name) = term.rsplit_once('.')?;
    let vocabulary = match vocabulary {
        "Org.OData.Core.V1" => "Core",
        "Org.OData.Capabilities.V1" => "Capabilities",
        "com.sap.vocabularies.Common.v1" => "Common",
        // The usual aliases, which some documents use without declaring them.
        other => other,
    };
    let text = |value: Value| value.text.filter(|text| !text.trim().is_empty());
    Some(match (vocabulary, name, member) {
        ("Core", "Computed", None) => Fact::Computed(value.holds()),
        ("Core", "Immutable", None) => Fact::Immutable(value.holds()),
        ("Core", "ComputedDefaultValue", None) => Fact::Defaulted(value.holds()),
        ("Common", "Label", None) => Fact::Label(text(value)?),
        ("Core", "Description", None) => Fact::Description(text(value)?),
        ("Capabilities", "InsertRestrictions", Some("Insertable")) => Fact::Insertable(value.holds()),
        ("Capabilities", "UpdateRestrictions", Some("Updatable")) => Fact::Updatable(value.holds()),
        ("Capabilities", "DeleteRestrictions", Some("Deletable")) => Fact::Deletable(value.holds()),
        ("Capabilities", "FilterRestrictions", Some("NonFilterableProperties")) => Fact::Unfilterable(value.paths),
        _ => return None,
    })
}
