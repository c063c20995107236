//! Small documents, and hostile ones.

use std::fmt::Write as _;
use std::sync::Arc;

use appflow_sdk::protocol::{FieldDataType, FieldDefinition};
use proptest::prelude::*;

use super::Model;
use crate::known::{Access, Known};
use crate::manifest::Discovery;

const SHOP: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx">
  <edmx:Reference Uri="https://elsewhere.invalid/Core.xml">
    <edmx:Include Alias="C" Namespace="Org.OData.Core.V1"/>
    <edmx:Include Alias="Cap" Namespace="Org.OData.Capabilities.V1"/>
    <edmx:Include Alias="L" Namespace="com.sap.vocabularies.Common.v1"/>
  </edmx:Reference>
  <edmx:DataServices>
    <Schema Namespace="shop.types" Alias="T" xmlns="http://docs.oasis-open.org/odata/ns/edm">
      <Annotations Target="shop.Container/Rates">
        <Annotation Term="Cap.InsertRestrictions"><Record><PropertyValue Property="Insertable" Bool="false"/></Record></Annotation>
        <Annotation Term="Cap.UpdateRestrictions"><Record><PropertyValue Property="Updatable"><Bool>false</Bool></PropertyValue></Record></Annotation>
        <Annotation Term="Cap.DeleteRestrictions"><Record><PropertyValue Property="Deletable" Bool="false"/></Record></Annotation>
      </Annotations>
      <EntityType Name="Base" Abstract="true">
        <Key><PropertyRef Name="ID"/></Key>
        <Property Name="ID" Type="Edm.Guid" Nullable="false"><Annotation Term="C.ComputedDefaultValue"/></Property>
        <Property Name="modifiedAt" Type="Edm.DateTimeOffset"><Annotation Term="C.Computed" Bool="true"/></Property>
      </EntityType>
      <ComplexType Name="Place"><Property Name="city" Type="Edm.String" MaxLength="80"/><Property Name="at" Type="T.Point"/></ComplexType>
      <ComplexType Name="Point"><Property Name="x" Type="Edm.Double" Nullable="false"/><Property Name="back" Type="T.Place"/></ComplexType>
      <EnumType Name="Size"><Member Name="S" Value="0"/><Member Name="L" Value="1"/></EnumType>
      <EnumType Name="Days" IsFlags="true"><Member Name="Mo" Value="1"/></EnumType>
      <TypeDefinition Name="Code" UnderlyingType="Edm.String" MaxLength="3"/>
    </Schema>
    <Schema Namespace="shop" xmlns="http://docs.oasis-open.org/odata/ns/edm">
      <EntityType Name="Order" BaseType="T.Base" OpenType="true">
        <Property Name="customer" Type="Edm.String" MaxLength="40" Nullable="false">
          <Annotation Term="L.Label" String="Who &amp; where"/>
          <Annotation Term="C.Description"><String>The one
who pays</String></Annotation>
        </Property>
        <Property Name="currency" Type="T.Code"/>
        <Property Name="size" Type="T.Size"/>
        <Property Name="days" Type="T.Days"/>
        <Property Name="place" Type="T.Place"/>
        <Property Name="tags" Type="Collection(Edm.String)"/>
        <Property Name="photo" Type="Edm.Stream"/>
        <Property Name="number" Type="Edm.Int64"/>
        <Property Name="note" Type="Edm.String" MaxLength="max"/>
        <NavigationProperty Name="lines" Type="Collection(shop.Line)"/>
      </EntityType>
      <EntityType Name="Line">
        <Key><PropertyRef Name="order"/><PropertyRef Name="line"/></Key>
        <Property Name="order" Type="Edm.Int32" Nullable="false"/>
        <Property Name="line" Type="Edm.Byte" Nullable="false"/>
        <Property Name="price" Type="Edm.Decimal" Precision="10" Scale="2"/>
        <Annotation Term="L.Label" String="Order line"/>
      </EntityType>
      <EntityContainer Name="Container">
        <EntitySet Name="Orders" EntityType="shop.Order">
          <Annotation Term="Cap.FilterRestrictions"><Record><PropertyValue Property="NonFilterableProperties">
            <Collection><PropertyPath>note</PropertyPath><PropertyPath>number</PropertyPath></Collection>
          </PropertyValue></Record></Annotation>
        </EntitySet>
        <EntitySet Name="Lines" EntityType="shop.Line"/>
        <EntitySet Name="Rates" EntityType="shop.Line"/>
        <EntitySet Name="Foreign" EntityType="other.Thing"/>
        <Singleton Name="Me" Type="shop.Order"/>
      </EntityContainer>
      <Annotations Target="shop.Order/number"><Annotation Term="C.Immutable" Bool="true"><Annotation Term="L.Label" String="of the annotation"/></Annotation></Annotations>
    </Schema>
  </edmx:DataServices>
</edmx:Edmx>"#;

const WRITES: &str = "odata = '/$metadata'\nread.request = '/{entity}'\n[write]\ninsert.request = '/{entity}'\n\
                      update.request = '/{entity}({key})'\nupsert.request = '/{entity}({key})'\ndelete.request = '/{entity}({key})'\n";

fn rules(more: &str) -> (Discovery, Arc<Access>) {
    let rules: Discovery = toml::from_str(&format!("{more}\n{WRITES}")).unwrap();
    let access = Access { read: rules.read.clone(), retrieve: rules.retrieve.clone(), write: rules.write.clone() };
    (rules, Arc::new(access))
}

#[track_caller]
fn known(xml: &str, name: &str, more: &str) -> Known {
    let (rules, access) = rules(more);
    Model::read(xml.as_bytes()).unwrap().known(name, &rules, &access).unwrap().unwrap()
}

#[track_caller]
fn refused(xml: &str) -> String {
    Model::read(xml.as_bytes()).unwrap_err()
}

fn document(schema: &str) -> String {
    format!("<Edmx Version=\"4.01\"><DataServices><Schema Namespace=\"n\">{schema}</Schema></DataServices></Edmx>")
}

fn field<'k>(known: &'k Known, name: &str) -> &'k FieldDefinition {
    known.definition.field(name).unwrap_or_else(|| panic!("{name}"))
}

#[test]
fn entity_sets_are_the_entities() {
    let (_, access) = rules("");
    let entities = Model::read(SHOP.as_bytes()).unwrap().entities(&access);
    let told: Vec<_> = entities
        .iter()
        .map(|entity| (entity.entity_identifier.as_str(), entity.label.as_deref(), entity.is_writable))
        .collect();
    // A set of a type from another document cannot be described, and a singleton is no list.
    assert_eq!(
        told,
        [("Orders", Some("Orders"), true), ("Lines", Some("Order line"), true), ("Rates", Some("Order line"), false)]
    );
}

#[test]
fn fields_have_types_keys_and_words() {
    use FieldDataType::{DateTime, List, Long, String, Struct};
    let orders = known(SHOP, "Orders", "");
    let told: Vec<_> =
        orders.definition.fields.iter().map(|field| (field.field_name.as_str(), field.data_type.clone())).collect();
    assert_eq!(
        told,
        [
            ("ID", String),
            ("modifiedAt", DateTime),
            ("customer", String),
            ("currency", String),
            ("size", String),
            ("days", String),
            ("place", Struct),
            ("tags", List),
            ("number", Long),
            ("note", String),
        ]
    );
    assert_eq!(orders.primary_key(), Some("ID"));
    assert_eq!(orders.fields["ID"].native.as_deref(), Some("Edm.Guid"));
    assert_eq!(orders.fields["currency"].native.as_deref(), Some("Edm.String"));
    assert_eq!(orders.fields["size"].native.as_deref(), Some("shop.types.Size"));
    let customer = field(&orders, "customer");
    assert_eq!(customer.label.as_deref(), Some("Who & where"));
    assert_eq!(customer.description.as_deref(), Some("The one\nwho pays"));
    assert_eq!(customer.read_properties.as_ref().unwrap().is_nullable, Some(false));
    let longest = |name: &str| {
        let range = field(&orders, name).constraints.as_ref()?.allowed_length_range.as_ref()?;
        Some(range.max_range.to_string())
    };
    assert_eq!(
        [longest("customer"), longest("currency"), longest("note")],
        [Some("40".to_owned()), Some("3".to_owned()), None]
    );
    let values = |name: &str| field(&orders, name).constraints.as_ref()?.allowed_values.clone();
    assert_eq!(values("size").unwrap(), ["S", "L"]);
    assert_eq!(values("days"), None, "several at once are another text");
    assert!(field(&orders, "modifiedAt").is_incremental());
    assert!(!field(&orders, "note").is_queryable() && field(&orders, "customer").is_queryable());
}

#[test]
fn what_is_computed_cannot_be_set() {
    let orders = known(SHOP, "Orders", "");
    let settable = |name: &str| {
        let write = field(&orders, name).write_properties.as_ref().unwrap();
        [write.is_creatable, write.is_updatable, write.is_defaulted_on_create].map(Option::unwrap)
    };
    assert_eq!(settable("customer"), [true, true, false]);
    assert_eq!(settable("modifiedAt"), [false, false, true]);
    assert_eq!(settable("number"), [true, false, false], "immutable");
    assert_eq!(settable("ID"), [true, false, true]);
    // An annotation of an annotation is none of the property.
    assert_eq!(field(&orders, "number").label.as_deref(), Some("number"));
    let rates = known(SHOP, "Rates", "");
    assert!(rates.access.write.is_empty() && rates.access.read.is_some());
    assert!(field(&rates, "price").write_properties.is_none());
}

#[test]
fn a_key_may_have_several_parts() {
    let lines = known(SHOP, "Lines", "");
    assert_eq!(lines.primary_keys().collect::<Vec<_>>(), ["order", "line"]);
    assert_eq!(lines.primary_key(), None);
}

#[test]
fn complex_properties_are_flattened_until_they_hold_themselves() {
    let orders = known(SHOP, "Orders", "flatten = '.'");
    let names: Vec<_> = orders.definition.fields.iter().map(|field| field.field_name.as_str()).collect();
    assert_eq!(names[6..10], ["place.city", "place.at.x", "place.at.back", "tags"]);
    assert_eq!(field(&orders, "place.at.back").data_type, FieldDataType::Struct);
    let source = &orders.fields["place.at.x"];
    assert_eq!([source.pointer.as_deref(), source.select.as_deref()], [Some("/place/at/x"), Some("place/at/x")]);
    // A place may be missing with all that is in it.
    assert_eq!(field(&orders, "place.at.x").read_properties.as_ref().unwrap().is_nullable, Some(true));
}

#[test]
fn the_type_table_wins() {
    let types = "types = { 'Edm.Int64' = 'BigInteger', 'shop.types.Size' = 'Integer', '*' = 'Map' }";
    let orders = known(SHOP, "Orders", types);
    assert_eq!(field(&orders, "number").data_type, FieldDataType::BigInteger);
    assert_eq!(field(&orders, "size").data_type, FieldDataType::Integer);
    assert_eq!(field(&orders, "customer").data_type, FieldDataType::String);
    let odd = document(
        "<EntityType Name='T'><Property Name='a' Type='Edm.New'/></EntityType>\
         <EntityContainer Name='C'><EntitySet Name='S' EntityType='n.T'/></EntityContainer>",
    );
    assert_eq!(field(&known(&odd, "S", types), "a").data_type, FieldDataType::Map);
    assert_eq!(field(&known(&odd, "S", ""), "a").data_type, FieldDataType::String);
}

#[test]
fn says_why_a_document_is_no_metadata() {
    for (xml, why) in [
        ("", "it has no element Edmx"),
        ("{\"$Version\":\"4.0\"}", "it has no element Edmx"),
        ("<html><body>Sign in</body></html>", "it has no element Edmx"),
        ("<Edmx Version='1.0'/>", "version 1.0 of OData"),
        ("<Edmx Version='4.0'><Schema></Edmx>", "Schema has no attribute Namespace"),
        ("<Edmx Version='4.0'><A></B></Edmx>", "no well-formed XML"),
        ("<Edmx Version='4.0'><A>", "it ends too early"),
        ("<Edmx Version='4.0' a='&x;'/>", "no well-formed XML"),
        ("<!DOCTYPE x [<!ENTITY a 'aaaa'>]><Edmx/>", "document type declaration"),
    ] {
        assert!(refused(xml).contains(why), "{xml}: {}", refused(xml));
    }
    assert_eq!(Model::read(b"\xff\xfe<\0").unwrap_err(), "it is not in UTF-8");
    let deep = "<a>".repeat(100_000);
    assert!(refused(&deep).contains("deeper than 64"));
    let mut wide = "<Edmx ".to_owned();
    for index in 0..10_000 {
        write!(wide, "a{index}='' ").unwrap();
    }
    assert!(refused(&(wide + "/>")).contains("more than 64 attributes"));
}

#[test]
fn types_that_inherit_in_a_circle_are_told() {
    let circle = document(
        "<EntityType Name='A' BaseType='n.B'/><EntityType Name='B' BaseType='n.A'/>\
         <EntityContainer Name='C'><EntitySet Name='S' EntityType='n.A'/></EntityContainer>",
    );
    let (rules, access) = rules("");
    let problem = Model::read(circle.as_bytes()).unwrap().known("S", &rules, &access).unwrap_err();
    assert!(problem.contains("inherits from itself"), "{problem}");
}

#[test]
fn flattening_is_bounded() {
    // Each of thirty types has thirty properties of the next type.
    let mut schema = String::new();
    for level in 0..30 {
        write!(schema, "<ComplexType Name='L{level}'>").unwrap();
        for index in 0..30 {
            write!(schema, "<Property Name='p{index}' Type='n.L{}'/>", level + 1).unwrap();
        }
        schema.push_str("</ComplexType>");
    }
    schema.push_str(
        "<ComplexType Name='L30'><Property Name='x' Type='Edm.Int32'/></ComplexType>\
         <EntityType Name='T'><Property Name='a' Type='n.L0'/></EntityType>\
         <EntityContainer Name='C'><EntitySet Name='S' EntityType='n.T'/></EntityContainer>",
    );
    let known = known(&document(&schema), "S", "flatten = '.'");
    assert!(known.definition.fields.len() < 2_300, "{}", known.definition.fields.len());
}

proptest! {
    #[test]
    fn no_damage_makes_it_panic(cut in 0..SHOP.len(), put in ".{0,3}", skip in 0..20_usize) {
        let before = SHOP.chars().take(cut);
        let damaged: String = before.chain(put.chars()).chain(SHOP.chars().skip(cut + skip)).collect();
        let (rules, access) = rules("flatten = '.'");
        if let Ok(model) = Model::read(damaged.as_bytes()) {
            for entity in model.entities(&access) {
                let _ = model.known(&entity.entity_identifier, &rules, &access);
            }
        }
    }
}
