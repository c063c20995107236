//! Hostile text in values and in names: it stays a value, it stays a name, or it is not said at all.

use proptest::prelude::*;
use rusqlite::Connection;

use super::super::{
    ODataFilter, PropertyKind, QueryParameter, QueryString, QueryTest, Soql, Sql, SqlColumn, SqlDialect,
};
use super::super::{SqlParameter, SqlStorage};
use super::tokens::{self, Literal, Part, Token};
use crate::filter::{Comparison, Condition, Filter, Operators, TypedFilter, Value};
use crate::protocol::{EntityDefinition, FieldDataType, FieldDefinition};

fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "'",
        "''",
        "\"",
        "\\",
        "\\'",
        "`",
        "%",
        "_",
        "\n",
        "\r",
        "\t",
        "\0",
        "\u{8}",
        "\u{7f}",
        " or 1 eq 1",
        " OR 1=1 --",
        ";",
        "/*",
        ")",
        "(",
        "?1",
        "$1",
        "null",
        "a",
        "é",
        "\u{2019}",
        "&x=y",
        "%27",
        ",",
    ]);
    prop_oneof![
        4 => prop::collection::vec(pieces, 0..8).prop_map(|pieces| pieces.concat()),
        1 => any::<String>(),
    ]
}

/// `name operator text` on an entity with that one field of text.
fn filter(name: &str, operator: Comparison, text: &str) -> TypedFilter {
    let entity = EntityDefinition::new("things", vec![FieldDefinition::new(name, FieldDataType::String)]);
    let condition = Condition::Compare { field: name.to_owned(), operator, value: Value::String(text.to_owned()) };
    let filter = Filter { condition: Some(condition), limit: None };
    TypedFilter::new(&filter, &entity, Operators::Meaningful).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_value_in_odata_is_one_literal(text in hostile()) {
        let pushed = ODataFilter::new().translate(&filter("s", Comparison::Equal, &text)).pushed;
        prop_assert_eq!(pushed.is_none(), text.contains(char::is_control));
        if let Some(pushed) = pushed {
            let literal = Token::Literal(Literal::Text(text.clone()));
            prop_assert_eq!(tokens::odata(&pushed), [Token::Name("s".to_owned()), Token::Compare("="), literal]);
        }
        if let Some(pushed) = ODataFilter::new().translate(&filter("s", Comparison::Contains, &text)).pushed {
            let [Token::Contains, Token::Open, Token::Name(_), Token::Comma, Token::Literal(Literal::Text(sought)), Token::Close] =
                &tokens::odata(&pushed)[..]
            else {
                return Err(TestCaseError::fail(pushed));
            };
            prop_assert_eq!(sought, &text);
        }
    }

    #[test]
    fn a_value_in_soql_is_one_literal(text in hostile()) {
        let plain = |parts: &[Part]| -> String {
            parts.iter().map(|(Part::Plain(character) | Part::Wildcard(character))| *character).collect()
        };
        if let Some(pushed) = Soql::new().translate(&filter("s", Comparison::Equal, &text)).pushed {
            let [Token::Name(_), Token::Compare("="), Token::Literal(Literal::Pattern(parts))] = &tokens::soql(&pushed)[..]
            else {
                return Err(TestCaseError::fail(pushed));
            };
            prop_assert_eq!(plain(parts), text.clone());
        } else {
            return Err(TestCaseError::fail("nothing is pushed"));
        }
        if let Some(pushed) = Soql::new().translate(&filter("s", Comparison::Contains, &text)).pushed {
            let [Token::Name(_), Token::Like, Token::Literal(Literal::Pattern(parts))] = &tokens::soql(&pushed)[..] else {
                return Err(TestCaseError::fail(pushed));
            };
            let [Part::Wildcard('%'), middle @ .., Part::Wildcard('%')] = parts.as_slice() else {
                return Err(TestCaseError::fail(pushed));
            };
            prop_assert!(middle.iter().all(|part| matches!(part, Part::Plain(_))), "{}", pushed);
            prop_assert_eq!(plain(middle), text);
        }
    }

    #[test]
    fn a_name_in_odata_and_soql_is_one_name_or_not_there(name in hostile()) {
        let odata = ODataFilter::new().property("s", name.as_str(), PropertyKind::Text);
        if let Some(pushed) = odata.translate(&filter("s", Comparison::Equal, "x")).pushed {
            let literal = Token::Literal(Literal::Text("x".to_owned()));
            prop_assert_eq!(tokens::odata(&pushed), [Token::Name(name.clone()), Token::Compare("="), literal]);
        }
        // The entity's definition is not trusted more.
        if let Some(pushed) = Soql::new().translate(&filter(&name, Comparison::Equal, "x")).pushed {
            let [Token::Name(found), Token::Compare("="), Token::Literal(_)] = &tokens::soql(&pushed)[..] else {
                return Err(TestCaseError::fail(pushed));
            };
            prop_assert_eq!(found, &name);
        }
    }

    #[test]
    fn a_value_in_sql_is_bound_and_not_in_the_text(text in hostile()) {
        for dialect in [SqlDialect::PostgreSql, SqlDialect::MySql, SqlDialect::Sqlite] {
            for operator in Comparison::ALL {
                let said = |text: &str| Sql::new(dialect).translate(&filter("s", operator, text)).pushed;
                let Some(pushed) = said(&text) else {
                    prop_assert!(text.contains('\0'));
                    continue;
                };
                prop_assert_eq!(&pushed.text, &said("x").unwrap().text);
                prop_assert_eq!(pushed.parameters, [SqlParameter::Text(text.clone())]);
            }
        }
    }

    #[test]
    fn sqlite_finds_the_hostile_value_in_the_hostile_column(text in hostile(), name in hostile(), other in hostile()) {
        prop_assume!(!name.is_empty() && !name.contains('\0') && !text.contains('\0') && !other.contains('\0'));
        prop_assume!(!name.eq_ignore_ascii_case("position"));
        let connection = Connection::open_in_memory().unwrap();
        let column = format!("`{}`", name.replace('`', "``"));
        connection.execute(&format!("CREATE TABLE things (position INTEGER, {column} TEXT)"), ()).unwrap();
        for (position, value) in [text.as_str(), other.as_str(), "x"].into_iter().enumerate() {
            let position = i64::try_from(position).unwrap();
            connection.execute("INSERT INTO things VALUES (?1, ?2)", (position, value)).unwrap();
        }
        let sql = Sql::new(SqlDialect::Sqlite).column("s", SqlColumn::new(name, SqlStorage::Text));
        let pushed = sql.translate(&filter("s", Comparison::Equal, &text)).pushed.unwrap();
        let count = connection
            .query_row(
                &format!("SELECT count(*) FROM things WHERE {}", pushed.text),
                rusqlite::params_from_iter(&pushed.parameters),
                |row| row.get::<_, i64>(0),
            )
            .unwrap();
        prop_assert_eq!(count, 1 + i64::from(other == text) + i64::from(text == "x"));
        prop_assert_eq!(connection.query_row("SELECT count(*) FROM things", (), |row| row.get::<_, i64>(0)), Ok(3));
    }

    #[test]
    fn a_value_in_a_query_string_is_one_value(text in hostile()) {
        let test = QueryTest::Comparison(Comparison::Equal);
        let query = QueryString::new().parameter("s", test, QueryParameter::new("q"));
        let pushed = query.translate(&filter("s", Comparison::Equal, &text)).pushed;
        let expected = (!text.is_empty()).then(|| vec![("q".to_owned(), text)]);
        prop_assert_eq!(pushed, expected);
    }
}
