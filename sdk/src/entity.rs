//! Entities and fields whose definition comes from Rust types.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::protocol::{Decimal, EntityDefinition, FieldDataType};

/// A Rust type whose values are the records of an entity.
///
/// ```
/// use appflow_sdk::protocol::{EntityDefinition, FieldDataType, FieldDefinition};
/// use appflow_sdk::{Catalogue, Entity};
///
/// struct City {
///     name: String,
/// }
///
/// impl Entity for City {
///     fn definition() -> EntityDefinition {
///         EntityDefinition::new("cities", vec![FieldDefinition::new("name", FieldDataType::String).primary_key()])
///     }
/// }
///
/// let catalogue = Catalogue::new(vec![City::definition()]);
/// assert!(catalogue.get("cities")?.field("name").is_some());
/// # let _ = City { name: String::new() }.name;
/// # Ok::<(), appflow_sdk::ConnectorError>(())
/// ```
///
/// With the feature `derive`, `#[derive(Entity)]` writes the implementation for a struct that serde serialises.
#[cfg_attr(feature = "derive", doc = "")]
#[cfg_attr(feature = "derive", doc = include_str!("entity/derive.md"))]
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not describe an AppFlow entity",
    note = "derive it with `#[derive(appflow_sdk::Entity)]` (feature `derive`), or implement `appflow_sdk::Entity` for it"
)]
pub trait Entity {
    /// The entity and its fields, as `DescribeEntity` answers them.
    fn definition() -> EntityDefinition;
}

/// A Rust type whose values can be those of a field.
///
/// It is implemented for texts, numbers, booleans, [`Decimal`], lists and maps, and for `jiff::civil::Date` and
/// `jiff::Timestamp`. `Option` makes a field nullable. Types of one's own take part by saying what they serialise to:
///
/// ```
/// use appflow_sdk::FieldType;
/// use appflow_sdk::protocol::FieldDataType;
///
/// struct Money(String);
///
/// impl FieldType for Money {
///     const DATA_TYPE: &'static FieldDataType = &FieldDataType::BigDecimal;
/// }
///
/// assert!(<Option<Money>>::IS_NULLABLE);
/// assert_eq!(<Option<Money>>::DATA_TYPE, &FieldDataType::BigDecimal);
/// # let _ = Money(String::new()).0;
/// ```
///
/// Integers get the smallest type that holds all of their values: `u8` is a `Short`, `u32` a `Long`, `u64` a `BigInteger`.
/// Types that can hold anything, such as `serde_json::Value`, have no field type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no AppFlow field type",
    label = "no field type is known for this",
    note = "say what it serialises to, as in `#[entity(data_type = \"Struct\")]`, or implement `appflow_sdk::FieldType` for it"
)]
pub trait FieldType {
    /// What AppFlow calls the type.
    const DATA_TYPE: &'static FieldDataType;

    /// Whether a value can be null.
    const IS_NULLABLE: bool = false;
}

macro_rules! field_types {
    ($($variant:ident: $($ty:ty),+;)+) => {
        $($(impl FieldType for $ty {
            const DATA_TYPE: &'static FieldDataType = &FieldDataType::$variant;
        })+)+
    };
}

field_types! {
    String: String, Box<str>, char;
    Boolean: bool;
    Short: i8, i16, u8;
    Integer: i32, u16;
    Long: i64, u32, isize;
    BigInteger: u64, usize, i128, u128;
    Float: f32;
    Double: f64;
    BigDecimal: Decimal;
    Date: jiff::civil::Date;
    DateTime: jiff::Timestamp;
}

impl FieldType for Cow<'_, str> {
    const DATA_TYPE: &'static FieldDataType = &FieldDataType::String;
}

impl FieldType for &str {
    const DATA_TYPE: &'static FieldDataType = &FieldDataType::String;
}

impl<T: FieldType> FieldType for Option<T> {
    const DATA_TYPE: &'static FieldDataType = T::DATA_TYPE;
    const IS_NULLABLE: bool = true;
}

impl<T> FieldType for Vec<T> {
    const DATA_TYPE: &'static FieldDataType = &FieldDataType::List;
}

impl<T> FieldType for BTreeSet<T> {
    const DATA_TYPE: &'static FieldDataType = &FieldDataType::List;
}

impl<T, S> FieldType for HashSet<T, S> {
    const DATA_TYPE: &'static FieldDataType = &FieldDataType::List;
}

impl<K, V> FieldType for BTreeMap<K, V> {
    const DATA_TYPE: &'static FieldDataType = &FieldDataType::Map;
}

impl<K, V, S> FieldType for HashMap<K, V, S> {
    const DATA_TYPE: &'static FieldDataType = &FieldDataType::Map;
}

/// What the macro cannot refuse by itself, the compiler does.
///
/// A field whose type AppFlow has no name for:
/// ```compile_fail
/// #[derive(appflow_sdk::Entity)]
/// #[entity(name = "things")]
/// struct Thing {
///     anything: serde_json::Value,
/// }
/// ```
/// which is fine once the type is named:
/// ```
/// #[derive(appflow_sdk::Entity)]
/// #[entity(name = "things")]
/// struct Thing {
///     #[entity(data_type = "Map")]
///     anything: serde_json::Value,
/// }
/// ```
/// Text that drives incremental pulls:
/// ```compile_fail
/// #[derive(appflow_sdk::Entity)]
/// #[entity(name = "things")]
/// struct Thing {
///     #[entity(incremental)]
///     changed: String,
/// }
/// ```
/// which is fine once it is called a date and time:
/// ```
/// #[derive(appflow_sdk::Entity)]
/// #[entity(name = "things")]
/// struct Thing {
///     #[entity(incremental, data_type = "DateTime")]
///     changed: String,
/// }
/// ```
#[cfg(all(doctest, feature = "derive"))]
struct Refused;
