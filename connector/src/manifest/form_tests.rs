//! The form of manifests: each kind of fault, alone and together.

use std::path::Path;

use super::{Manifest, ManifestError};

const RIGHT: &str = r#"
[connector]
name = "Acme"
owner = "Acme"
version = "1"
[authentication]
none = true
[settings.tenant]
label = "Tenant"
required = true
[entities.orders.read]
request = "/orders"
paging = { kind = "page", parameter = "page", first = 1 }
[entities.orders.fields]
id = { type = "Integer", primary_key = true }
[entities.orders.write]
insert = { request = { method = "POST", path = "/orders" }, batch = 10, also_success = [404] }
"#;

#[track_caller]
fn problems(text: &str) -> Vec<String> {
    match Manifest::parse(text, Path::new("m.toml")) {
        Ok(_) => Vec::new(),
        Err(ManifestError::Inconsistent { problems, .. }) => problems
            .iter()
            .map(|problem| format!("{}:{}: {problem}", problem.place.line, problem.place.column))
            .collect(),
        Err(error) => panic!("{error}"),
    }
}

/// A part of the right manifest, what it becomes, and the problem that follows.
const FAULTS: &[(&str, &str, &str)] = &[
    ("request = \"/o", "reqest = \"/o", "12:1: entities.orders.read.reqest: is not known here; did you mean request?"),
    ("none = true", "none = \"yes\"", "7:1: authentication.none: must be true or false, and is string \"yes\""),
    (
        "none = true",
        "nothing = true",
        "7:1: authentication.nothing: is not known here; there are none, basic, api_key, bearer, header",
    ),
    ("version = \"1\"", "", "2:2: connector: lacks `version`"),
    ("[authentication]\nnone = true", "", "1:1: the manifest lacks `authentication`"),
    (
        "\"page\", par",
        "\"pages\", par",
        "13:12: entities.orders.read.paging.kind: \"pages\" is none of none, page, offset, cursor, link, keyset; did you mean page?",
    ),
    ("parameter = \"page\", ", "", "13:1: entities.orders.read.paging: lacks `parameter`"),
    (
        "first = 1",
        "first = \"one\"",
        "13:47: entities.orders.read.paging.first: must be a whole number from 0, and is string \"one\"",
    ),
    (
        "\"page\", first",
        "5, first",
        "13:27: entities.orders.read.paging.parameter: must be a string, and is integer `5`",
    ),
    ("first = 1", "frist = 1", "13:47: entities.orders.read.paging.frist: is not known here; did you mean first?"),
    (
        "\"POST\"",
        "\"PSOT\"",
        "17:24: entities.orders.write.insert.request.method: \"PSOT\" is none of GET, POST, PUT, PATCH, DELETE; did you mean POST?",
    ),
    (
        "request = \"/o",
        "request = \"GTE /o",
        "12:1: entities.orders.read.request: \"GTE\" is no method; there are GET, POST, PUT, PATCH, DELETE",
    ),
    (
        "[404]",
        "[404, -1]",
        "17:94: entities.orders.write.insert.also_success[1]: must be a whole number from 0 to 65535, and is integer `-1`",
    ),
    ("path = \"/orders\"", "", "17:12: entities.orders.write.insert.request: lacks `path`"),
    ("[settings.tenant]", "[setings.tenant]", "8:2: setings: is not known here; did you mean settings?"),
];

#[test]
fn finds_each_fault_with_its_place_and_what_was_probably_meant() {
    assert_eq!(problems(RIGHT), Vec::<String>::new());
    for (right, wrong, expected) in FAULTS {
        assert!(RIGHT.contains(right), "{right}");
        assert_eq!(problems(&RIGHT.replace(right, wrong)), [*expected], "{wrong}");
    }
}

#[test]
fn finds_faults_of_form_and_of_rules_at_once() {
    let text = RIGHT
        .replace("owner =", "onwer =")
        .replace("none = true", "none = true\nbearer = 5")
        .replace("[404]", "[\"a\"]")
        + "[connection]\ntest = \"me\"\n[entities.lines]\nread = { request = \"lines\" }\nfields = { id = { type = \"Text\" } }\n";
    assert_eq!(
        problems(&text),
        [
            "4:1: connector.onwer: is not known here; did you mean owner?",
            "8:1: authentication.bearer: must be a table, and is integer `5`",
            "18:89: entities.orders.write.insert.also_success[0]: must be a whole number from 0 to 65535, and is string \"a\"",
            "20:1: connection.test: must begin with /",
            "23:12: entities.lines.fields.id: \"Text\" is no type; there are String, Integer, Float, Double, Long, Short, \
             BigInteger, BigDecimal, ByteArray, Boolean, Date, DateTime, Struct, Map, List",
            "22:10: entities.lines.read.request: must begin with /",
        ]
    );
}

/// Every key of a manifest, made wrong in its type or its name: each time there is one problem, at its line.
#[test]
fn places_a_fault_in_every_line() {
    for (index, line) in RIGHT.lines().enumerate().filter(|(_, line)| line.contains(" = ")) {
        let (name, value) = line.split_once(" = ").unwrap();
        for wrong in [format!("{name} = 1979-05-27"), format!("{name}_x = {value}")] {
            let text = RIGHT.replacen(line, &wrong, 1);
            let found = problems(&text);
            let place = format!("{}:", index + 1);
            // A field and a setting may have any name.
            let is_name_free = line.starts_with("id") && wrong.starts_with("id_x");
            assert!(is_name_free || found.iter().any(|problem| problem.starts_with(&place)), "{wrong}: {found:?}");
        }
    }
}
