//! docs/ and README.md agree with the code.

use std::fs;

use appflow_sdk::protocol::{ErrorCode, Operation, Request, Response};
use appflow_tests::workspace;
use serde_json::Value;

/// The protocol page, one section an operation.
fn sections() -> Vec<(Operation, String)> {
    let page = fs::read_to_string(workspace().join("docs/protocol.md")).unwrap();
    Operation::ALL
        .into_iter()
        .map(|operation| {
            let (_, rest) = page
                .split_once(&format!("\n## {operation}\n"))
                .unwrap_or_else(|| panic!("docs/protocol.md has no section {operation}"));
            (operation, rest.split("\n## ").next().unwrap().to_owned())
        })
        .collect()
}

fn json_blocks(section: &str) -> Vec<&str> {
    section.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

#[test]
fn the_requests_and_responses_shown_are_what_the_code_reads_and_writes() {
    for (operation, section) in sections() {
        let blocks = json_blocks(&section);
        let [request, response] = blocks[..] else { panic!("{operation}: {} blocks", blocks.len()) };
        let decoded = Request::decode(request.as_bytes()).unwrap_or_else(|error| panic!("{operation}: {error}"));
        assert_eq!(decoded.operation(), operation);

        let shown: Value = serde_json::from_str(response).unwrap();
        let decoded = Response::decode(operation, response.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(serde_json::to_value(&decoded).unwrap(), shown, "{operation}");
    }
}

#[test]
fn every_error_code_is_explained() {
    let page = fs::read_to_string(workspace().join("docs/protocol.md")).unwrap();
    for code in ErrorCode::ALL {
        assert!(page.contains(&format!("| `{code}` |")), "{code}");
    }
}

#[test]
fn every_file_that_the_documentation_names_is_there() {
    for page in ["README.md", "docs/architecture.md", "docs/protocol.md", "docs/deploying.md", "docs/performance.md"] {
        let text = fs::read_to_string(workspace().join(page)).unwrap();
        for word in text.split(['`', '(', ')', ' ', '\n', '|', ',', '─', '►']) {
            let word = word.trim_start_matches("../").trim_end_matches(['.', ':', ';']);
            let is_path = ["sdk/", "connector/", "registrar/", "local/", "tests/", "docs/", "bench/"]
                .iter()
                .any(|folder| word.starts_with(folder));
            let named = word.split('#').next().unwrap();
            assert!(!is_path || workspace().join(named).exists(), "{page} names {word}, which is not there");
        }
    }
}

#[test]
fn the_rust_that_the_readme_shows_is_that_of_the_example() {
    let readme = fs::read_to_string(workspace().join("README.md")).unwrap();
    let example = fs::read_to_string(workspace().join("sdk/examples/hello_source.rs")).unwrap();
    let example: Vec<_> = example.lines().map(str::trim).collect();
    let blocks: Vec<_> = readme.split("```rust\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(!blocks.is_empty());
    for block in blocks {
        let block: Vec<_> = block.lines().map(str::trim).collect();
        assert!(example.windows(block.len()).any(|lines| lines == block), "not in the example:\n{}", block.join("\n"));
    }
}
