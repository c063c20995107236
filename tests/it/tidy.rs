//! House rules that a machine can check.

use std::fs;
use std::path::{Path, PathBuf};

use appflow_tests::workspace;

/// Files of the repository with this ending, except what is built.
fn files(ending: &str) -> Vec<PathBuf> {
    fn walk(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() {
                if !matches!(name, "target" | ".git" | "node_modules") {
                    walk(&path, ending, found);
                }
            } else if name.ends_with(ending) {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(workspace(), ending, &mut found);
    assert!(!found.is_empty(), "there are no {ending} files");
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn no_source_file_exceeds_600_lines() {
    let long: Vec<_> = files(".rs").into_iter().filter(|path| read(path).lines().count() > 600).collect();
    assert!(long.is_empty(), "split by noun: {long:?}");
}

#[test]
fn every_source_file_says_what_it_is_for() {
    let silent: Vec<_> = files(".rs").into_iter().filter(|path| !read(path).starts_with("//!")).collect();
    assert!(silent.is_empty(), "begin with //! in {silent:?}");
}

#[test]
fn no_file_has_a_name_that_says_nothing() {
    let vague: Vec<_> = files(".rs")
        .into_iter()
        .filter(|path| {
            let stem = path.file_stem().unwrap().to_str().unwrap();
            matches!(stem, "utils" | "util" | "helpers" | "helper" | "common" | "misc" | "types")
        })
        .collect();
    assert!(vague.is_empty(), "name the noun: {vague:?}");
}

#[test]
fn every_example_in_the_documentation_is_compiled() {
    for path in files(".rs") {
        let mut inside = false;
        for (number, line) in read(&path).lines().enumerate() {
            let Some(fence) = line.trim_start().strip_prefix("//").map(|doc| doc.trim_start_matches(['/', '!', ' ']))
            else {
                continue;
            };
            if let Some(info) = fence.strip_prefix("```") {
                let ignored = !inside && info.contains("ignore");
                assert!(!ignored, "{}:{}", path.display(), number + 1);
                inside = !inside;
            }
        }
    }
}

#[test]
fn only_the_settings_of_a_binary_read_the_environment() {
    for path in files(".rs") {
        let reads = read(&path).lines().any(|line| line.contains("env::var") && !line.contains("\"env::var"));
        let relative = path.strip_prefix(workspace()).unwrap();
        let allowed = relative.starts_with("tests")
            || relative.components().any(|part| part.as_os_str() == "tests")
            || matches!(path.file_name().unwrap().to_str().unwrap(), "settings.rs" | "environment.rs");
        assert!(!reads || allowed, "{}", relative.display());
    }
}

#[test]
fn the_readme_fits_on_three_screens_and_shows_a_command_early() {
    let readme = read(&workspace().join("README.md"));
    assert!(readme.lines().count() <= 150, "{} lines", readme.lines().count());
    let first = readme.lines().position(|line| line.starts_with("```")).unwrap();
    assert!(first < 30, "the first command is on line {}", first + 1);
}

#[test]
fn the_example_source_fits_on_one_screen() {
    let lines = read(&workspace().join("sdk/examples/hello_source.rs")).lines().count();
    assert!(lines <= 60, "{lines} lines");
}
