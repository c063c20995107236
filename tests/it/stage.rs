//! Accounts to deploy into, with somebody else's resources in them, and what is in them afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use appflow_registrar::aws::Aws;
use appflow_registrar::digest::code_sha256;
use appflow_registrar::package;
use appflow_registrar::policy::Grant;
use appflow_tests::{Call, Cloud, Relay, Run, binaries, registrar_against, wait_for, workspace};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

/// The label that the runs under test are about.
pub(crate) const LABEL: &str = "acme";

/// The function that they make.
pub(crate) const FUNCTION: &str = "appflow-connector-acme";

/// Code that differs from other code in the version that the connector says it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Code(pub(crate) &'static str);

pub(crate) const ONE: Code = Code("0.1.0");
pub(crate) const TWO: Code = Code("0.2.0");
pub(crate) const THREE: Code = Code("0.3.0");

/// Zips, and states to start accounts from.
pub(crate) struct Stage {
    folder: TempDir,
    /// Only somebody else's resources.
    pub(crate) empty: TempDir,
    /// Beside them, [`ONE`] is deployed, and somebody else may invoke its function too.
    pub(crate) deployed: TempDir,
    /// The same, with a statement as an earlier version might have made it instead of today's.
    pub(crate) older: TempDir,
    requests: Mutex<BTreeMap<String, Call>>,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let executable = fs::read(&binaries().connector).unwrap();
        let manifest = fs::read_to_string(workspace().join("connector/connector.toml")).unwrap();
        for code in [ONE, TWO, THREE] {
            let manifest = manifest.replacen("version = \"0.1.0\"", &format!("version = {:?}", code.0), 1);
            let beside = BTreeMap::from([(package::MANIFEST.to_owned(), manifest.into_bytes())]);
            fs::write(zip(folder.path(), code), package::zip(&executable, &beside).unwrap()).unwrap();
        }
        let deploy = |cloud: &Cloud, label: &str| {
            let arguments = deploy(folder.path(), label, ONE, &[]);
            drop(run(&cloud.relay(), folder.path(), &arguments).expect(0));
        };
        let cloud = Cloud::new();
        deploy(&cloud, "other");
        let empty = cloud.close();

        let cloud = Cloud::copy_of(empty.path());
        deploy(&cloud, LABEL);
        permit(&cloud.aws(), "somebody-else".to_owned());
        let deployed = cloud.close();

        let cloud = Cloud::copy_of(deployed.path());
        let aws = cloud.aws();
        permit(&aws, format!("{}0000", Grant::prefix(LABEL)));
        let todays = Grant::new("aws", "us-east-1", "000000000000", LABEL).statement_id;
        wait_for(aws.lambda.forbid(FUNCTION, &todays, None)).unwrap();
        let older = cloud.close();
        Self { folder, empty, deployed, older, requests: Mutex::default() }
    }

    /// Where the zips are.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What Lambda says of some code.
    pub(crate) fn sha256(&self, code: Code) -> String {
        code_sha256(&fs::read(zip(self.folder.path(), code)).unwrap())
    }

    /// `deploy` of some code under the label.
    pub(crate) fn deploy(&self, code: Code, further: &[&str]) -> Vec<String> {
        deploy(self.folder.path(), LABEL, code, further)
    }

    /// Runs the registrar undisturbed.
    pub(crate) fn run(&self, relay: &Relay, arguments: &[String]) -> Run {
        run(relay, self.folder.path(), arguments)
    }

    /// Starts the registrar.
    pub(crate) fn start(&self, relay: &Relay, arguments: &[String]) -> appflow_tests::Started {
        start(relay, self.folder.path(), arguments)
    }

    /// Keeps one request of each shape, for tests that judge requests.
    pub(crate) fn keep(&self, calls: &[Call]) {
        let mut requests = self.requests.lock().unwrap();
        for call in calls {
            requests.entry(call.shape()).or_insert_with(|| call.clone());
        }
    }

    /// Writes the kept requests as lines of JSON below the folder for the tests' files, and says how many there are.
    pub(crate) fn write_requests(&self, name: &str) -> usize {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("requests");
        fs::create_dir_all(&folder).unwrap();
        let requests = self.requests.lock().unwrap();
        let lines: Vec<_> = requests.values().map(|call| call.to_json().to_string() + "\n").collect();
        fs::write(folder.join(format!("{name}.jsonl")), lines.concat()).unwrap();
        requests.len()
    }
}

fn zip(folder: &Path, code: Code) -> PathBuf {
    folder.join(format!("{}.zip", code.0))
}

fn deploy(folder: &Path, label: &str, code: Code, further: &[&str]) -> Vec<String> {
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
    let zip = zip(folder, code);
    let fixed = ["deploy", "--label", label, "--output", "json", "--architecture", architecture, "--zip"];
    fixed.iter().chain(&[zip.to_str().unwrap()]).chain(further).map(|&argument| argument.to_owned()).collect()
}

fn start(relay: &Relay, folder: &Path, arguments: &[String]) -> appflow_tests::Started {
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    relay.start(&mut registrar_against(&relay.base_url(), folder, &arguments))
}

fn run(relay: &Relay, folder: &Path, arguments: &[String]) -> Run {
    start(relay, folder, arguments).finish()
}

fn permit(aws: &Aws, statement_id: String) {
    let source_arn = "arn:aws:appflow:us-east-1:000000000000:flow/*".to_owned();
    let grant = Grant { statement_id, source_account: "000000000000".to_owned(), source_arn };
    wait_for(aws.lambda.permit(FUNCTION, &grant, None)).unwrap();
}

/// Says something on standard error, past the capture of tests that pass.
pub(crate) fn say(text: &str) {
    std::io::stderr().write_all(format!("{text}\n").as_bytes()).unwrap();
}

/// Calls for a message, without their bodies.
pub(crate) fn listed(calls: &[Call]) -> String {
    calls.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Everything in an account but what differs between any two runs: times, ids, revisions, answers kept for repetitions.
pub(crate) fn contents(state: &Path) -> Value {
    let document = |name: &str| -> Value {
        let bytes = fs::read(state.join(name)).unwrap();
        settled(serde_json::from_slice(&bytes).unwrap())
    };
    json!({
        "roles": document("iam.json")["roles"],
        "functions": document("lambda.json")["regions"]["us-east-1"],
        "connectors": document("appflow.json")["regions"]["us-east-1"]["connectors"],
    })
}

/// Where two accounts differ, as lines of a message.
pub(crate) fn differences(expected: &Value, found: &Value) -> Vec<String> {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            let names: BTreeSet<_> = expected.keys().chain(found.keys()).collect();
            let mut lines = Vec::new();
            for name in names {
                let (expected, found) = (expected.get(name), found.get(name));
                let below = differences(expected.unwrap_or(&Value::Null), found.unwrap_or(&Value::Null));
                lines.extend(below.into_iter().map(|line| format!("/{name}{line}")));
            }
            lines
        }
        _ if expected == found => Vec::new(),
        _ => vec![format!(": expected {expected}, found {found}")],
    }
}

fn settled(value: Value) -> Value {
    const CHANCE: [&str; 8] =
        ["answers", "change", "changed_at", "changing_revision", "create_date", "registered_at", "revision", "role_id"];
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                // What the function was before its last change, which Lambda does not tell.
                .filter(|(name, _)| !CHANCE.contains(&name.as_str()) && name != "previous")
                .map(|(name, value)| (name, settled(value)))
                .collect(),
        ),
        Value::Array(items) => {
            let mut items: Vec<_> = items.into_iter().map(settled).collect();
            // Statements and policies have no order.
            items.sort_by_cached_key(Value::to_string);
            Value::Array(items)
        }
        other => other,
    }
}

/// The part of an account that belongs to the label, or the part that does not.
pub(crate) fn part(contents: &Value, ours: bool) -> Value {
    let of = |kind: &str| -> Map<String, Value> {
        let there = contents[kind].as_object().cloned().unwrap_or_default();
        there.into_iter().filter(|(name, _)| name.contains(LABEL) == ours).collect()
    };
    json!({"roles": of("roles"), "functions": of("functions"), "connectors": of("connectors")})
}

/// How many roles, functions, statements for AppFlow, and registrations the label has.
pub(crate) fn counts(contents: &Value) -> [usize; 4] {
    let ours = part(contents, true);
    let count = |kind: &str| ours[kind].as_object().unwrap().len();
    let prefix = Grant::prefix(LABEL);
    let statements = ours["functions"][FUNCTION]["policies"][""]["statements"].as_array();
    let statements = statements.into_iter().flatten().filter_map(|statement| statement["Sid"].as_str());
    [count("roles"), count("functions"), statements.filter(|id| id.starts_with(&prefix)).count(), count("connectors")]
}

/// Fails if a valid deployment is not what is there: one of each, and the registration was read from the live code.
#[track_caller]
pub(crate) fn assert_whole(contents: &Value, code: Code, told: &str) {
    assert_eq!(counts(contents), [1, 1, 1, 1], "roles, functions, statements, registrations; {told}\n{contents:#}");
    assert_eq!(contents["connectors"][LABEL]["configuration"]["connectorVersion"], code.0, "{told}");
}
