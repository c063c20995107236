//! Fields: type, constraints, and what may be done with them.

use std::collections::BTreeMap;

use serde::de::Deserializer;
use serde::{Deserialize, Serialize};

use super::configuration::{ConnectorOperator, WriteOperationType};
use super::decimal::Decimal;
use super::lenient;
use super::wire_enum::wire_enum;

wire_enum! {
    /// The type of a field. Case matters.
    FieldDataType {
        /// Text.
        String = "String",
        /// An integer of 32 bits.
        Integer = "Integer",
        /// A binary fraction of 32 bits.
        Float = "Float",
        /// A binary fraction of 64 bits.
        Double = "Double",
        /// An integer of 64 bits.
        Long = "Long",
        /// An integer of 16 bits.
        Short = "Short",
        /// An integer of any size.
        BigInteger = "BigInteger",
        /// A decimal fraction of any size.
        BigDecimal = "BigDecimal",
        /// Bytes, as base64 text.
        ByteArray = "ByteArray",
        /// True or false.
        Boolean = "Boolean",
        /// A calendar date, `2023-12-03`.
        Date = "Date",
        /// A date and time, `2011-12-03T10:15:30.000+01:00`.
        DateTime = "DateTime",
        /// An object with known members.
        Struct = "Struct",
        /// An object with any members.
        Map = "Map",
        /// An array.
        List = "List",
    }
}

impl FieldDataType {
    /// Whether values of the type are numbers.
    #[must_use]
    pub fn is_numeric(&self) -> bool {
        matches!(
            self,
            Self::Integer | Self::Float | Self::Double | Self::Long | Self::Short | Self::BigInteger | Self::BigDecimal
        )
    }

    /// The filter operators that both official SDKs give a field of this type when it names none.
    #[must_use]
    pub fn default_filter_operators(&self) -> Vec<ConnectorOperator> {
        use ConnectorOperator::{
            Between, Contains, EqualTo, GreaterThan, GreaterThanOrEqualTo, LessThan, LessThanOrEqualTo, NotEqualTo,
        };
        match self {
            numeric if numeric.is_numeric() => {
                vec![NotEqualTo, EqualTo, LessThan, LessThanOrEqualTo, GreaterThan, GreaterThanOrEqualTo]
            }
            Self::Date | Self::DateTime => {
                vec![EqualTo, LessThan, LessThanOrEqualTo, GreaterThan, GreaterThanOrEqualTo, Between]
            }
            Self::String => vec![Contains, EqualTo, NotEqualTo],
            Self::Boolean => vec![EqualTo, NotEqualTo],
            Self::Map | Self::List => vec![Contains],
            _ => Vec::new(),
        }
    }
}

/// One field of an entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct FieldDefinition {
    /// The name that records and filters use; dots separate the parts of a nested name.
    pub field_name: String,
    /// The type.
    pub data_type: FieldDataType,
    /// The source system's own name of the type, shown to the user.
    pub data_type_label: String,
    /// Shown instead of the name. At most 128 characters.
    pub label: Option<String>,
    /// What it holds. At most 1024 characters.
    pub description: Option<String>,
    /// Whether it identifies a record.
    pub is_primary_key: Option<bool>,
    /// The value that the source system takes when none is given, as text.
    pub default_value: Option<String>,
    /// Whether new flows should avoid it.
    pub is_deprecated: Option<bool>,
    /// Which values it can have.
    pub constraints: Option<FieldConstraints>,
    /// What may be done with it in a source.
    pub read_properties: Option<ReadOperationProperty>,
    /// What may be done with it in a destination.
    pub write_properties: Option<WriteOperationProperty>,
    /// The filters that AppFlow's user may build on it. Written as an array always: null breaks the Java reader.
    pub filter_operators: Vec<ConnectorOperator>,
    /// Anything the connector wants back in later requests.
    pub custom_properties: Option<BTreeMap<String, String>>,
}

/// What travels, before the defaults that depend on the type are filled in.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FieldOnTheWire {
    #[serde(deserialize_with = "lenient::text")]
    field_name: String,
    data_type: FieldDataType,
    #[serde(default, deserialize_with = "lenient::optional_text")]
    data_type_label: Option<String>,
    #[serde(default, deserialize_with = "lenient::optional_text")]
    label: Option<String>,
    #[serde(default, deserialize_with = "lenient::optional_text")]
    description: Option<String>,
    #[serde(default, deserialize_with = "lenient::optional_boolean")]
    is_primary_key: Option<bool>,
    #[serde(default, deserialize_with = "lenient::optional_text")]
    default_value: Option<String>,
    #[serde(default, deserialize_with = "lenient::optional_boolean")]
    is_deprecated: Option<bool>,
    #[serde(default)]
    constraints: Option<FieldConstraints>,
    #[serde(default)]
    read_properties: Option<ReadOperationProperty>,
    #[serde(default)]
    write_properties: Option<WriteOperationProperty>,
    #[serde(default)]
    filter_operators: Option<Vec<ConnectorOperator>>,
    #[serde(default, deserialize_with = "lenient::optional_text_map")]
    custom_properties: Option<BTreeMap<String, String>>,
}

impl<'de> Deserialize<'de> for FieldDefinition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = FieldOnTheWire::deserialize(deserializer)?;
        Ok(Self {
            data_type_label: wire.data_type_label.unwrap_or_else(|| wire.data_type.to_string()),
            filter_operators: wire.filter_operators.unwrap_or_else(|| wire.data_type.default_filter_operators()),
            field_name: wire.field_name,
            data_type: wire.data_type,
            label: wire.label,
            description: wire.description,
            is_primary_key: wire.is_primary_key,
            default_value: wire.default_value,
            is_deprecated: wire.is_deprecated,
            constraints: wire.constraints,
            read_properties: wire.read_properties,
            write_properties: wire.write_properties,
            custom_properties: wire.custom_properties,
        })
    }
}

impl FieldDefinition {
    /// A field that can be read, may be null, and can be filtered on as its type allows.
    ///
    /// ```
    /// use appflow_sdk::protocol::{FieldDataType, FieldDefinition};
    /// let field = FieldDefinition::new("updated_at", FieldDataType::DateTime).incremental();
    /// assert!(field.is_queryable());
    /// ```
    #[must_use]
    pub fn new(field_name: impl Into<String>, data_type: FieldDataType) -> Self {
        let field_name = field_name.into();
        let filter_operators = data_type.default_filter_operators();
        Self {
            data_type_label: data_type.to_string(),
            label: Some(field_name.clone()),
            field_name,
            description: None,
            is_primary_key: Some(false),
            default_value: None,
            is_deprecated: Some(false),
            constraints: None,
            read_properties: Some(ReadOperationProperty {
                is_retrievable: Some(true),
                is_nullable: Some(true),
                is_queryable: Some(!filter_operators.is_empty()),
                is_timestamp_field_for_incremental_queries: Some(false),
            }),
            write_properties: None,
            filter_operators,
            data_type,
            custom_properties: None,
        }
    }

    /// Marks the field as the one that identifies a record: never null.
    #[must_use]
    pub fn primary_key(mut self) -> Self {
        self.is_primary_key = Some(true);
        self.required()
    }

    /// Marks the field as never null. AppFlow fails a flow that meets a null in it.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.read_properties.get_or_insert_default().is_nullable = Some(false);
        self
    }

    /// Marks the field as the one that drives incremental pulls; it must be a `Date` or `DateTime`.
    #[must_use]
    pub fn incremental(mut self) -> Self {
        self.read_properties.get_or_insert_default().is_timestamp_field_for_incremental_queries = Some(true);
        self
    }

    /// Sets what may be done with the field in a source.
    #[must_use]
    pub fn read_properties(mut self, properties: ReadOperationProperty) -> Self {
        self.read_properties = Some(properties);
        self
    }

    /// Sets what may be done with the field in a destination.
    #[must_use]
    pub fn write_properties(mut self, properties: WriteOperationProperty) -> Self {
        self.write_properties = Some(properties);
        self
    }

    /// Sets which values the field can have.
    #[must_use]
    pub fn constraints(mut self, constraints: FieldConstraints) -> Self {
        self.constraints = Some(constraints);
        self
    }

    /// Sets the filters that AppFlow's user may build on the field.
    #[must_use]
    pub fn filter_operators(mut self, operators: impl IntoIterator<Item = ConnectorOperator>) -> Self {
        self.filter_operators = operators.into_iter().collect();
        self
    }

    /// Sets the source system's own name of the type, shown to the user.
    #[must_use]
    pub fn data_type_label(mut self, label: impl Into<String>) -> Self {
        self.data_type_label = label.into();
        self
    }

    /// Sets the label that AppFlow shows.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Sets the description.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Whether the field may appear in filters.
    #[must_use]
    pub fn is_queryable(&self) -> bool {
        self.read_properties.as_ref().and_then(|read| read.is_queryable).unwrap_or(false)
    }

    /// Whether the field drives incremental pulls.
    #[must_use]
    pub fn is_incremental(&self) -> bool {
        self.read_properties.as_ref().and_then(|read| read.is_timestamp_field_for_incremental_queries).unwrap_or(false)
    }
}

/// Which values a field can have.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldConstraints {
    /// Shortest and longest text.
    #[serde(default)]
    pub allowed_length_range: Option<RangeConstraint>,
    /// Smallest and largest number.
    #[serde(default)]
    pub allowed_value_range: Option<RangeConstraint>,
    /// The values to choose from.
    #[serde(default, deserialize_with = "lenient::optional_text_list")]
    pub allowed_values: Option<Vec<String>>,
    /// A regular expression that values match.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub allowed_values_regex_pattern: Option<String>,
    /// The form of dates.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub allowed_date_format: Option<String>,
}

/// Two bounds, kept digit by digit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RangeConstraint {
    /// The lower bound.
    pub min_range: Decimal,
    /// The upper bound.
    pub max_range: Decimal,
}

/// What may be done with a field in a source.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReadOperationProperty {
    /// May be selected.
    #[serde(default, deserialize_with = "lenient::optional_boolean")]
    pub is_retrievable: Option<bool>,
    /// May be null.
    #[serde(default, deserialize_with = "lenient::optional_boolean")]
    pub is_nullable: Option<bool>,
    /// May appear in filters.
    #[serde(default, deserialize_with = "lenient::optional_boolean")]
    pub is_queryable: Option<bool>,
    /// May drive incremental pulls. Without such a field, scheduled flows always pull everything.
    #[serde(default, deserialize_with = "lenient::optional_boolean")]
    pub is_timestamp_field_for_incremental_queries: Option<bool>,
}

/// What may be done with a field in a destination.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WriteOperationProperty {
    /// May be set on insert.
    #[serde(default, deserialize_with = "lenient::optional_boolean")]
    pub is_creatable: Option<bool>,
    /// May be changed.
    #[serde(default, deserialize_with = "lenient::optional_boolean")]
    pub is_updatable: Option<bool>,
    /// May be null.
    #[serde(default, deserialize_with = "lenient::optional_boolean")]
    pub is_nullable: Option<bool>,
    /// May be set on upsert.
    #[serde(default, deserialize_with = "lenient::optional_boolean")]
    pub is_upsertable: Option<bool>,
    /// The destination fills it in when it is not given.
    #[serde(default, deserialize_with = "lenient::optional_boolean")]
    pub is_defaulted_on_create: Option<bool>,
    /// The operations for which it may serve as an id.
    #[serde(default)]
    pub supported_write_operations: Option<Vec<WriteOperationType>>,
}
