//! The help of every command, as its reader sees it: one file beside this one for each command.
//!
//! The global options stand in the help of every command; they are shown once, with the program's own. After an intended
//! change, `INSTA_UPDATE=always cargo test --package appflow-registrar --test transcripts` writes the files anew.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may what it is made of")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use appflow_registrar::cli::Cli;
use assert_cmd::Command;
use clap::CommandFactory as _;

/// Where the options begin that every command takes.
const GLOBAL: &str = "\nGlobal options:\n";

/// What the program says in an empty environment. It has to succeed, and to say nothing on standard error.
#[track_caller]
fn help_of(command: &[String]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut registrar = Command::cargo_bin("registrar").unwrap();
    registrar.env_clear().current_dir(folder.path());
    let output = registrar.args(command).arg("--help").output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]), "{command:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The words of every command and of the commands below it; the program itself has none.
fn commands(of: &clap::Command, words: &[String], found: &mut Vec<Vec<String>>) {
    found.push(words.to_vec());
    for below in of.get_subcommands() {
        commands(below, &[words, &[below.get_name().to_owned()]].concat(), found);
    }
}

#[test]
fn every_command_explains_itself() {
    let mut all = Vec::new();
    commands(&Cli::command(), &[], &mut all);
    let mut expected = BTreeSet::new();
    for command in &all {
        let whole = help_of(command);
        let (own, global) = whole.split_once(GLOBAL).unwrap_or_else(|| panic!("no global options: {whole}"));
        assert!(global.contains("--local") && global.contains("--timeout"), "{command:?}: {global}");
        let (name, shown) =
            if command.is_empty() { ("registrar".to_owned(), whole.as_str()) } else { (command.join("-"), own) };
        let invocation = ["registrar"].into_iter().chain(command.iter().map(String::as_str)).collect::<Vec<_>>();
        let transcript = format!("$ {} --help\n{}", invocation.join(" "), shown.trim_end());
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("help");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name.as_str(), transcript));
        expected.insert(format!("{name}.snap"));
    }
    // A transcript of a command that is gone would mislead.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts/help");
    let files: BTreeSet<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(
        files
            .iter()
            .filter(|name| Path::new(name).extension().is_some_and(|ending| ending == "snap"))
            .cloned()
            .collect::<BTreeSet<_>>(),
        expected
    );
}
