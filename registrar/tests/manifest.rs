//! `manifest` as a caller meets it, and `deploy` with a manifest that is wrong.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may what it is made of")]

use std::fs;
use std::path::Path;

use assert_cmd::Command;

const RIGHT: &str = "[connector]\nname = \"Acme\"\nowner = \"Acme\"\nversion = \"1\"\n[authentication]\nbasic = true\n\
                     [entities.orders]\nread = { request = \"/orders\" }\nfields = { id = { type = \"Long\" } }\n";

/// Our binary, in an empty environment and a folder with this manifest.
#[track_caller]
fn run(manifest: &str, arguments: &[&str]) -> (i32, String, String) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("m.toml"), manifest).unwrap();
    let mut command = Command::cargo_bin("registrar").unwrap();
    command.env_clear().env("HOME", folder.path()).current_dir(folder.path()).args(arguments);
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_right_manifest_is_summed_up() {
    let (code, stdout, stderr) = run(RIGHT, &["manifest", "check", "m.toml"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert_eq!(stdout, "m.toml is right: Acme 1\nauthentication: BasicAuth\norders: 1 fields; read\n");
}

const WRONG: [(&str, &str); 3] = [("owner", "onwer"), ("\"/orders\"", "\"orders\""), ("basic = true", "basic = 1")];

fn wrong() -> String {
    WRONG.iter().fold(RIGHT.to_owned(), |text, (right, wrong)| text.replacen(right, wrong, 1))
}

const PROBLEMS: [&str; 3] = [
    "m.toml:3:1: connector.onwer: is not known here; did you mean owner?",
    "m.toml:6:1: authentication.basic: must be true or false, and is integer `1`",
    "m.toml:8:10: entities.orders.read.request: must begin with /",
];

#[test]
fn every_problem_of_a_wrong_one_is_a_line() {
    let (code, stdout, stderr) = run(&wrong(), &["manifest", "check", "m.toml"]);
    assert_eq!(code, 2);
    assert_eq!(stdout.lines().collect::<Vec<_>>(), PROBLEMS);
    assert!(stderr.contains("the manifest m.toml has 3 problems"), "{stderr}");

    let (code, stdout, _) = run(&wrong(), &["manifest", "check", "m.toml", "--output", "json"]);
    let document: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(code, 2);
    let first = serde_json::json!({
        "file": "m.toml", "line": 3, "column": 1, "key": "connector.onwer", "message": "is not known here; did you mean owner?",
    });
    assert_eq!(document["problems"][0], first);
    assert_eq!(document["error"]["exitCode"], 2);
}

#[test]
fn what_is_no_toml_has_a_place_too() {
    let (code, stdout, _) = run("[connector]\nname = Acme\n", &["manifest", "check", "m.toml"]);
    assert_eq!(code, 2);
    assert!(stdout.starts_with("m.toml:2:8: "), "{stdout}");
    assert_eq!(run(RIGHT, &["manifest", "check", "n.toml"]).0, 2);
}

#[test]
fn deploy_and_plan_refuse_a_wrong_manifest_before_anything_else() {
    for command in ["deploy", "plan"] {
        let (code, stdout, stderr) =
            run(&wrong(), &[command, "--local", "--label", "acme", "--binary-path", "none", "--manifest", "m.toml"]);
        assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
        for problem in PROBLEMS {
            assert!(stderr.contains(problem), "{stderr}");
        }
        assert!(!stderr.contains("none"), "{stderr}");
    }
}

#[test]
fn the_schema_is_the_committed_one() {
    let (code, stdout, stderr) = run(RIGHT, &["manifest", "schema"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../connector/connector.schema.json");
    assert_eq!(stdout, fs::read_to_string(committed).unwrap());
}
