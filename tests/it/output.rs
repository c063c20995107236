//! What programs read: every document that is printed fits registrar/output.schema.json.

use std::collections::BTreeSet;
use std::fs;

use appflow_tests::{Laptop, Run, Server, binaries, workspace};
use jsonschema::Validator;
use serde_json::{Value, json};

fn schema() -> Value {
    let text = fs::read_to_string(workspace().join("registrar/output.schema.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Judges documents, and keeps account of which commands it saw succeed and fail.
struct Judge {
    validator: Validator,
    schema: Value,
    succeeded: BTreeSet<String>,
    failed: BTreeSet<String>,
    events: BTreeSet<String>,
}

impl Judge {
    fn new() -> Self {
        let schema = schema();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let none = BTreeSet::new;
        Self { validator, schema, succeeded: none(), failed: none(), events: none() }
    }

    #[track_caller]
    fn fits(&self, document: &Value) {
        let faults: Vec<_> =
            self.validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(faults.is_empty(), "{faults:#?}\n{document:#}");
    }

    /// Every property has to be described, not only allowed.
    #[track_caller]
    fn is_described(&self, document: &Value) {
        let command = document["command"].as_str().unwrap_or_else(|| panic!("no command in {document}"));
        let common = &self.schema["$defs"]["result"]["properties"];
        let own = &self.schema["$defs"][format!("command-{command}")]["properties"];
        for name in document.as_object().unwrap().keys() {
            assert!(common.get(name).is_some() || own.get(name).is_some(), "{command}: describe {name} in the schema");
        }
    }

    /// One document, as `--output json` prints it.
    #[track_caller]
    fn document(&mut self, run: Run) -> Value {
        let document = run.json();
        self.result(&document, run.code);
        document
    }

    #[track_caller]
    fn result(&mut self, document: &Value, code: Option<i32>) {
        self.fits(document);
        self.is_described(document);
        assert_eq!(document["error"]["exitCode"].as_i64().unwrap_or(0), i64::from(code.unwrap()), "{document}");
        let command = document["command"].as_str().unwrap().to_owned();
        let seen = if document.get("error").is_some() { &mut self.failed } else { &mut self.succeeded };
        seen.insert(command);
    }

    /// Lines, as `--output ndjson` prints them: what happened, and at last the result.
    #[track_caller]
    fn lines(&mut self, run: &Run) -> Value {
        let lines: Vec<Value> = run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let (result, events) = lines.split_last().unwrap_or_else(|| panic!("nothing was printed: {}", run.stderr));
        for event in events {
            self.fits(event);
            assert_eq!(event["type"], "event", "{event}");
            let names = event.as_object().unwrap().keys();
            let described = &self.schema["$defs"]["event"]["properties"];
            assert!(names.into_iter().all(|name| described.get(name).is_some()), "{event}");
            self.events.insert(event["event"].as_str().unwrap().to_owned());
        }
        assert_eq!(result["type"], "result", "{result}");
        self.result(result, run.code);
        result.clone()
    }
}

/// A laptop with the local AWS running.
struct Desk {
    laptop: Laptop,
    server: Server,
}

impl Desk {
    fn run(&self, form: &str, arguments: &[&str]) -> Run {
        self.laptop.registrar(&[arguments, &["--local", "--output", form]].concat())
    }

    /// A command that the program takes for wrong before it looks at anything.
    fn wrong(&self, form: &str, arguments: &[&str]) -> Run {
        self.laptop.registrar(&[arguments, &["--output", form]].concat())
    }
}

#[test]
fn every_command_prints_what_the_schema_says_in_success_and_failure() {
    let laptop = Laptop::new();
    let server = laptop.serve();
    let desk = Desk { laptop, server };
    let mut judge = Judge::new();
    let connector = binaries().connector.to_str().unwrap();
    let artefact = ["--label", "desk", "--binary-path", connector];
    let with = |command: &'static str| [&[command], &artefact[..]].concat();
    let desk_label = ["--label", "desk"];
    let asking = |arguments: &[&'static str]| [arguments, &desk_label].concat();

    // Nothing is there yet.
    judge.document(desk.run("json", &with("plan")));
    judge.document(desk.run("json", &[&with("plan")[..], &["--check"]].concat()).expect(6));
    judge.document(desk.run("json", &[&with("status")[..], &["--check"]].concat()).expect(6));
    for command in ["describe", "entities", "logs"] {
        judge.document(desk.run("json", &[command, "--label", "nobody"]));
    }
    judge.document(desk.run("json", &["fields", "orders", "--label", "nobody"]).expect(4));
    judge.document(desk.run("json", &["query", "orders", "--label", "nobody"]).expect(4));

    // It comes into being, told line by line.
    let deployed = judge.lines(&desk.run("ndjson", &with("deploy")).expect(0));
    assert_eq!(deployed["status"], "done");
    for event in ["stepStarted", "stepDone", "working"] {
        assert!(judge.events.contains(event), "{event} is missing in {:?}", judge.events);
    }
    judge.lines(&desk.run("ndjson", &with("deploy")).expect(0));
    let registered = asking(&["register", "--function-name", "appflow-connector-desk"]);
    judge.document(desk.run("json", &registered).expect(0));
    judge.document(desk.run("json", &with("status")).expect(0));
    judge.document(desk.run("json", &["list"]).expect(0));

    // It is asked.
    judge.document(desk.run("json", &asking(&["describe"])).expect(0));
    judge.document(desk.run("json", &asking(&["entities"])).expect(0));
    judge.document(desk.run("json", &asking(&["fields", "orders"])).expect(0));
    judge.document(desk.run("json", &asking(&["query", "orders", "--limit", "2"])).expect(0));
    judge.lines(&desk.run("ndjson", &asking(&["query", "nothing"])).expect(4));
    let setting = format!("baseUrl={}/sample/api-key", desk.server.endpoint_url);
    let key = |key: &str| json!({"apiKey": key});
    let connect = ["--label", "desk", "--setting", &setting];
    judge.document(desk.laptop.connect("right", &key("sample-api-key"), &connect).expect(0));
    judge.document(desk.laptop.connect("wrong", &key("hunter2"), &connect));
    let write =
        ["write", "contacts", "--operation", "insert", "--record", r#"{"id": 1}"#, "--connector-profile", "right"];
    judge.document(desk.run("json", &[&asking(&write)[..], &["--dry-run"]].concat()));
    judge.document(desk.run("json", &asking(&["write", "nothing", "--operation", "insert", "--record", "{}"])));
    let request = desk.laptop.folder().join("request.json");
    fs::write(&request, r#"{"type":"DescribeConnectorConfigurationRequest"}"#).unwrap();
    let request = request.to_str().unwrap();
    let invoked = judge.lines(&desk.run("ndjson", &["invoke", request, "--label", "desk"]).expect(0));
    assert!(invoked["printed"].is_object(), "{invoked}");
    judge.lines(&desk.run("ndjson", &["invoke", "nowhere.json", "--label", "desk"]).expect(2));

    // Around it.
    let logged = judge.document(desk.run("json", &asking(&["logs", "--since", "1h"])).expect(0));
    assert!(!logged["events"].as_array().unwrap().is_empty(), "{logged}");
    judge.document(desk.run("json", &asking(&["policy"])).expect(0));
    judge.document(desk.wrong("json", &["policy", "--label", "_"]).expect(2));
    judge.document(desk.run("json", &["filter", "id > 5"]).expect(0));
    judge.document(desk.run("json", &["filter", "id >"]).expect(2));
    let manifest = workspace().join("connector/manifests/json-server.toml");
    judge.document(desk.run("json", &["manifest", "check", manifest.to_str().unwrap()]).expect(0));
    judge.document(desk.run("json", &["manifest", "check", "nowhere.toml"]).expect(2));
    judge.lines(&desk.run("ndjson", &["completions", "bash"]).expect(0));
    judge.document(desk.run("json", &["local"]).expect(0));

    // It goes.
    let refused = judge.document(desk.run("json", &asking(&["unregister"])).expect(4));
    assert_eq!(refused["connections"], json!(["right"]), "{refused}");
    judge.document(desk.run("json", &asking(&["unregister", "--force", "--dry-run"])).expect(0));
    let everything = asking(&["unregister", "--force", "--delete-function", "--delete-logs"]);
    let gone = judge.document(desk.run("json", &everything).expect(0));
    assert!(gone.to_string().contains("the log /aws/lambda/appflow-connector-desk"), "{gone}");
    judge.document(desk.run("json", &registered));

    // A wrong command line is a document too.
    let deply = desk.wrong("json", &["deply"]);
    judge.document(deply.expect(2));
    for (command, form) in [("deploy", "json"), ("plan", "ndjson"), ("list", "json"), ("local", "json")] {
        let run = desk.wrong(form, &[command, "--nonsense"]).expect(2);
        let result = if form == "json" { judge.document(run) } else { judge.lines(&run) };
        assert_eq!(result["command"], command);
        assert!(result["error"]["message"].as_str().unwrap().contains("--nonsense"), "{result}");
    }
    for command in ["completions", "describe", "logs"] {
        judge.document(desk.wrong("json", &[command, "--nonsense"]).expect(2));
    }

    let known = judge.schema["$defs"]["result"]["properties"]["command"]["enum"].as_array().unwrap().clone();
    let known: BTreeSet<_> = known.iter().map(|name| name.as_str().unwrap().to_owned()).collect();
    // `registrar` stands for a command that is none.
    let commands: BTreeSet<_> = known.iter().filter(|name| *name != "registrar").cloned().collect();
    let never_succeeded: Vec<_> = commands.difference(&judge.succeeded).collect();
    let never_failed: Vec<_> = known.difference(&judge.failed).collect();
    assert!(never_succeeded.is_empty() && never_failed.is_empty(), "{never_succeeded:?} {never_failed:?}");
}

#[test]
fn what_the_function_printed_is_followed_until_the_reader_goes() {
    let laptop = Laptop::new();
    let server = laptop.serve();
    drop(laptop.deploy(&["--label", "desk"]).expect(0));
    let registrar = binaries().registrar.to_str().unwrap();
    // The reader ends after the first line: the writer then ends by itself, and is no error.
    let script = format!("'{registrar}' logs --follow --since 1h --label desk --output json | head -n 1");
    let run = laptop.against(&server, "sh", &["-c", &script]).expect(0);
    let line = run.json();
    assert_eq!((&line["type"], line["message"].is_string()), (&json!("log"), true), "{line}");
    let validator = jsonschema::validator_for(&schema()).unwrap();
    assert!(validator.is_valid(&line), "{line}");
    let none = laptop.against(&server, registrar, &["logs", "--label", "desk", "--filter", "never was such a text"]);
    assert!(none.expect(0).stdout.contains("nothing was logged"), "an empty log is no error");
}

#[test]
fn a_function_with_a_name_of_its_own_is_found_when_a_removal_was_stopped_half_way() {
    let laptop = Laptop::new();
    drop(laptop.deploy(&["--label", "desk", "--function-name", "chosen", "--role-name", "chosen-too"]).expect(0));
    // As if it had been stopped before the function: the registration alone knew the name.
    let half = ["unregister", "--local", "--label", "desk", "--output", "json"];
    drop(laptop.registrar(&half).expect(0));
    let rest = laptop.registrar(&[&half[..], &["--delete-function", "--delete-logs"]].concat()).expect(0).json();
    let removed = rest["removed"].to_string();
    for part in ["the role chosen-too", "the function chosen", "the log /aws/lambda/chosen"] {
        assert!(removed.contains(part), "{part} is missing in {removed}");
    }
    let again = laptop.registrar(&[&half[..], &["--delete-function"]].concat()).expect(0);
    assert_eq!(again.json()["removed"], json!([]));
}
