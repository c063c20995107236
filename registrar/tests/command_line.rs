//! The command line in scripts: JSON for what is wrong, completions, colours, streams that are closed.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may what it is made of")]

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;

/// Our binary in an empty environment and an empty folder.
fn registrar(folder: &Path) -> Command {
    let mut command = Command::cargo_bin("registrar").unwrap();
    command.env_clear().env("AWS_EC2_METADATA_DISABLED", "true").env("HOME", folder).current_dir(folder);
    command
}

fn run_with(variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    registrar(folder.path()).envs(variables.iter().copied()).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn tells_programs_too_what_is_wrong_with_a_command_line() {
    for (variables, arguments) in [
        (&[][..], &["deploy", "--output", "json", "--memry", "1"][..]),
        (&[], &["deploy", "--output=json", "--memry", "1"]),
        (&[("REGISTRAR_OUTPUT", "json")], &["deploy", "--memry", "1"]),
    ] {
        let output = run_with(variables, arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((&document["command"], &document["error"]["kind"]), (&"deploy".into(), &"usage".into()));
        assert!(document["error"]["message"].as_str().unwrap().contains("--memry"), "{document}");
        // People see it as well.
        assert!(text(&output.stderr).contains("--memory"), "{}", text(&output.stderr));
    }
    let lines = run_with(&[], &["--output", "ndjson"]);
    let line: Value = serde_json::from_slice(&lines.stdout).unwrap();
    assert_eq!((&line["type"], &line["command"]), (&"result".into(), &"registrar".into()));
    let as_text = run_with(&[("REGISTRAR_OUTPUT", "json")], &["deploy", "--output", "text", "--memry", "1"]);
    assert_eq!(text(&as_text.stdout), "");
}

#[test]
fn completes_in_every_shell() {
    let folder = tempfile::tempdir().unwrap();
    for (shell, part) in [
        ("bash", "complete -F _registrar"),
        ("zsh", "#compdef registrar"),
        ("fish", "complete -c registrar"),
        ("powershell", "Register-ArgumentCompleter"),
        ("elvish", "edit:completion"),
    ] {
        let output = run_with(&[], &["completions", shell]);
        assert_eq!(output.status.code(), Some(0), "{shell}");
        let script = text(&output.stdout);
        assert!(script.contains(part) && script.contains("unregister"), "{shell}: {part}");
        if shell == "bash" {
            let file = folder.path().join("registrar.bash");
            std::fs::write(&file, &output.stdout).unwrap();
            let judged = std::process::Command::new("bash").arg("-n").arg(&file).output().unwrap();
            assert!(judged.status.success(), "{}", text(&judged.stderr));
        }
    }
    assert_eq!(run_with(&[], &["completions", "csh"]).status.code(), Some(2));
}

#[test]
fn prints_a_policy_without_credentials() {
    let names = ["policy", "--label", "acme", "--account", "123456789012", "--region", "cn-north-1"];
    let output = run_with(&[], &[&names[..], &["--for", "deploy"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let policy: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(policy["Version"], "2012-10-17");
    let all = policy.to_string();
    for part in [
        "arn:aws-cn:lambda:cn-north-1:123456789012:function:appflow-connector-acme",
        "arn:aws-cn:iam::123456789012:role/appflow-connector-acme-role-cn-north-1",
        "arn:aws-cn:appflow:cn-north-1:123456789012:connector/acme",
        "iam:PassedToService",
    ] {
        assert!(all.contains(part), "{part} is missing in {all}");
    }
    assert!(!all.contains("DeleteRole"), "deploying deletes no role: {all}");
}

#[test]
fn colours_when_told_and_never_when_told_not_to() {
    let is_coloured = |variables: &[(&str, &str)], arguments: &[&str]| {
        let output = run_with(variables, &[&["list"], arguments].concat());
        text(&output.stderr).contains('\u{1b}')
    };
    for (variables, arguments, expected) in [
        (&[][..], &[][..], false),
        (&[("CLICOLOR_FORCE", "1")], &[], true),
        (&[("CLICOLOR_FORCE", "1")], &["--color", "never"], false),
        (&[("NO_COLOR", "1")], &["--color", "always"], true),
        (&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], &[], false),
        (&[("TERM", "dumb")], &[], false),
    ] {
        assert_eq!(is_coloured(variables, arguments), expected, "{variables:?} {arguments:?}");
    }
}

#[test]
fn does_not_panic_when_nobody_reads() {
    let folder = tempfile::tempdir().unwrap();
    let binary = assert_cmd::cargo::cargo_bin("registrar");
    let binary = binary.to_str().unwrap();
    for script in [
        // A long result whose reader goes away at once.
        format!("'{binary}' manifest schema 2>errors | head -c 1 >/dev/null; test ${{PIPESTATUS[0]}} -eq 0"),
        format!("'{binary}' list 2>&-; test $? -eq 2"),
        format!("'{binary}' list --output json >&- 2>errors; test $? -eq 2"),
        format!("'{binary}' filter 'id > 5' >&- 2>errors; test $? -le 2"),
    ] {
        let output =
            std::process::Command::new("bash").args(["-c", &script]).current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{script}: {}", text(&output.stderr));
        let errors = std::fs::read_to_string(folder.path().join("errors")).unwrap_or_default();
        assert!(!errors.contains("panicked"), "{script}: {errors}");
    }
}

#[test]
fn refuses_regions_that_it_cannot_use() {
    for (arguments, part) in [
        (&["list", "--region", "eu-west-1,"][..], "is not the name of a region"),
        (&["list", "--region", "eu-west-1,eu-west-1"], "names eu-west-1 twice"),
        (&["describe", "--label", "acme", "--region", "eu-west-1,us-east-1"], "describe works in one region"),
        (&["policy", "--label", "acme", "--account", "12", "--region", "eu-west-1"], "twelve digits"),
    ] {
        let output = run_with(&[], arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains(part), "{arguments:?}: {}", text(&output.stderr));
    }
}

#[test]
fn misses_a_name_between_two_commas() {
    let output = run_with(&[], &["query", "orders", "--label", "acme", "--region", "eu-west-1", "--fields", "a,,b"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("a name is missing between two commas"), "{}", text(&output.stderr));
}
