//! What people read: what each command says when it succeeds, and in its commonest failures. One file in `transcripts/` for each
//! command; its help is in `registrar/tests/transcripts/help`.
//!
//! Whoever reads only the message has to know which thing it is about, where that is, and what to do. After an intended change,
//! `INSTA_UPDATE=always cargo test --workspace --test it transcripts::` writes the files anew.

use std::fs;
use std::path::{Path, PathBuf};

use appflow_tests::{Laptop, Run, Server, binaries, workspace};
use serde_json::json;

/// What differs between any two runs or machines.
const CHANCE: [(&str, &str); 10] = [
    // How often a run has to look depends on how fast the machine is.
    (r"  waiting: .*\n", ""),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "(id)"),
    (r"[A-Za-z0-9+/]{43}=", "(digest)"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", "(time)"),
    (r"\d+\.\d+ (ms|s)\b|\d+ ms\b", "(duration)"),
    (r"\d+ KB\b", "(size)"),
    (r"Max Memory Used: \d+ MB", "Max Memory Used: (size)"),
    (r"http://127\.0\.0\.1:\d{2,}", "http://127.0.0.1:(port)"),
    (r"--architecture (arm64|x86_64)", "--architecture (this machine's)"),
    (r"[ \t]+\n", "\n"),
];

/// Somebody's desk: a folder without a Cargo project, and a local AWS of its own.
struct Desk {
    laptop: Laptop,
    server: Server,
    other_machine: &'static str,
}

/// What one command says, scene by scene.
struct Transcript<'a> {
    desk: &'a Desk,
    text: String,
}

impl Desk {
    fn new() -> Self {
        let laptop = Laptop::new();
        let server = laptop.serve();
        let other_machine = if cfg!(target_arch = "aarch64") { "x86_64" } else { "arm64" };
        let desk = Self { laptop, server, other_machine };
        fs::copy(&binaries().connector, desk.file("connector")).unwrap();
        fs::copy(workspace().join("connector/connector.toml"), desk.file("connector.toml")).unwrap();
        desk
    }

    fn file(&self, name: &str) -> PathBuf {
        self.laptop.folder().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.file(name), text).unwrap();
    }

    /// Runs the registrar in the folder, with nothing in its environment but what is given.
    fn run(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Run {
        let mut command = self.laptop.command(&binaries().registrar);
        command
            .current_dir(self.laptop.folder())
            .args(arguments)
            .env("REGISTRAR_STATE_DIR", self.file("state"))
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("HOME", self.laptop.folder())
            .envs(variables.iter().copied());
        Run::of(command.output().unwrap())
    }

    fn transcript(&self) -> Transcript<'_> {
        Transcript { desk: self, text: String::new() }
    }
}

impl Transcript<'_> {
    /// Runs a command, and writes down what it says on both streams and how it ends.
    #[track_caller]
    fn scene(&mut self, title: &str, code: i32, arguments: &[&str]) {
        self.scene_with(&[], title, code, arguments);
    }

    #[track_caller]
    fn scene_with(&mut self, variables: &[(&str, &str)], title: &str, code: i32, arguments: &[&str]) {
        let run = self.desk.run(variables, arguments);
        let set: Vec<_> = variables.iter().map(|(name, value)| format!("{name}={value} ")).collect();
        let words: Vec<_> = arguments.iter().map(|word| quoted(word)).collect();
        let said: Vec<_> = [("standard error", &run.stderr), ("standard output", &run.stdout)]
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(stream, text)| format!("--- {stream}\n{}\n", text.trim_end()))
            .collect();
        let scene = format!(
            "# {title}\n$ {}registrar {}\n{}--- exit code {}\n\n",
            set.concat(),
            words.join(" "),
            said.concat(),
            run.code.unwrap()
        );
        self.text.push_str(&scene);
        let run = run.expect(code);
        if code != 0 && code != 6 {
            assert!(run.stderr.contains("error: "), "{title}: {}", run.stderr);
        }
    }

    /// Compares the transcript with the file of this name.
    #[track_caller]
    fn ends(self, name: &str) {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("transcripts");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.add_filter(&literally(self.desk.laptop.folder()), "(here)");
        for (pattern, instead) in CHANCE {
            settings.add_filter(pattern, instead);
        }
        settings.bind(|| insta::assert_snapshot!(name, self.text.trim_end()));
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=,@".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) { word.to_owned() } else { format!("'{word}'") }
}

/// A path as a pattern that fits it alone.
fn literally(path: &Path) -> String {
    let path = path.to_str().unwrap();
    path.chars()
        .flat_map(|letter| if letter.is_ascii_alphanumeric() { vec![letter] } else { vec!['\\', letter] })
        .collect()
}

/// A dead end that is not AWS: nobody ever listens on port 1.
const NOWHERE: [&str; 4] = ["--region", "eu-west-1", "--endpoint-url", "http://127.0.0.1:1"];

/// Credentials that nobody checks before the dead end.
const SOMEBODY: [(&str, &str); 3] =
    [("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b"), ("AWS_MAX_ATTEMPTS", "1")];

const DESK: [&str; 3] = ["--local", "--label", "desk"];
const SLIP: [&str; 3] = ["--local", "--label", "dsk"];
const BINARY: [&str; 2] = ["--binary-path", "connector"];

fn words<'a>(parts: &[&[&'a str]]) -> Vec<&'a str> {
    parts.concat()
}

#[test]
fn everybody_who_reads_only_the_message_knows_what_to_do() {
    let desk = Desk::new();
    before_it_is_there(&desk);
    deploying(&desk);
    looking(&desk);
    connecting(&desk);
    asking(&desk);
    breaking(&desk);
    writing(&desk);
    around_it(&desk);
    removing(&desk);
}

fn before_it_is_there(desk: &Desk) {
    let mut plan = desk.transcript();
    plan.scene("Nothing is there yet", 0, &words(&[&["plan"], &DESK, &BINARY]));
    plan.scene("No region", 2, &words(&[&["plan", "--label", "desk"], &BINARY, &["--architecture", HERE]]));
    desk.write("text.zip", "hello");
    plan.scene("A file that is no zip", 2, &words(&[&["plan"], &DESK, &["--zip", "text.zip"]]));
    plan.scene("A file that is not there", 2, &words(&[&["plan"], &DESK, &["--zip", "nowhere.zip"]]));
    let other = ["plan", "--label", "desk", "--region", "eu-west-1", "--architecture", desk.other_machine];
    let run = desk.run(&[], &words(&[&other, &BINARY])).expect(2);
    assert!(run.stderr.contains("pass --architecture"), "{}", run.stderr);
    plan.scene("Nothing to build here", 2, &words(&[&["plan"], &DESK]));
    plan.ends("plan");

    let mut list = desk.transcript();
    list.scene("Nothing is registered", 0, &["list", "--local"]);
    list.scene("No region", 2, &["list"]);
    list.scene("No credentials", 3, &["list", "--region", "eu-west-1"]);
    list.scene_with(&SOMEBODY, "A dead endpoint", 4, &words(&[&["list"], &NOWHERE]));
    list.ends("list-empty");
}

/// The architecture of this machine.
const HERE: &str = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };

fn deploying(desk: &Desk) {
    let mut deploy = desk.transcript();
    let wrong = words(&[&["deploy"], &DESK, &BINARY, &["--memory", "1", "--function-timeout", "5000"]]);
    deploy.scene("Settings that break rules", 2, &wrong);
    deploy.scene("The first time", 0, &words(&[&["deploy"], &DESK, &BINARY]));
    deploy.scene("Again", 0, &words(&[&["deploy"], &DESK, &BINARY]));
    desk.write("crashing", "#!/bin/sh\necho 'the source system has no name' >&2\nexit 1\n");
    let crashes = ["deploy", "--local", "--label", "crashing", "--binary-path", "crashing"];
    deploy.scene("A connector that crashes", 4, &crashes);
    let foreign = ["--function-name", "appflow-connector-desk", "--label", "other", "--local"];
    deploy.scene("A function that belongs to another connector", 4, &words(&[&["deploy"], &foreign, &BINARY]));
    deploy.ends("deploy");

    let mut register = desk.transcript();
    let function = ["--function-name", "appflow-connector-desk"];
    register.scene(
        "A second label for a function",
        0,
        &words(&[&["register", "--local", "--label", "second"], &function]),
    );
    register.scene("No function is named", 2, &words(&[&["register"], &DESK]));
    register.scene("No such function", 4, &words(&[&["register"], &SLIP, &["--function-name", "dsk"]]));
    let elsewhere = "arn:aws:lambda:eu-west-1:000000000000:function:appflow-connector-desk";
    register.scene("A function of another region", 2, &words(&[&["register"], &DESK, &["--function-arn", elsewhere]]));
    let crashing = ["register", "--local", "--label", "second", "--function-name", "appflow-connector-crashing"];
    register.scene("A label that is another function's", 4, &crashing);
    register.ends("register");
}

fn looking(desk: &Desk) {
    let mut status = desk.transcript();
    status.scene("As wanted", 0, &words(&[&["status"], &DESK, &BINARY]));
    status.scene("Another memory is wanted", 6, &words(&[&["status", "--check", "--memory", "512"], &DESK, &BINARY]));
    status.scene("A slip in the label", 0, &words(&[&["status", "--no-build"], &SLIP]));
    status.scene("Nothing to build here", 2, &words(&[&["status"], &DESK]));
    status.scene(
        "No credentials",
        3,
        &words(&[&["status", "--no-build", "--label", "desk"], &["--region", "eu-west-1"]]),
    );
    status.ends("status");

    let mut list = desk.transcript();
    list.scene("Two labels", 0, &["list", "--local"]);
    list.scene("Two answers to one question", 2, &["list", "--local", "--region", "eu-west-1"]);
    list.ends("list");

    let mut describe = desk.transcript();
    describe.scene("What it is", 0, &words(&[&["describe"], &DESK]));
    describe.scene("A slip in the label", 4, &words(&[&["describe"], &SLIP]));
    describe.scene("A label that cannot be one", 2, &["describe", "--local", "--label", "_"]);
    describe.scene_with(&SOMEBODY, "A dead endpoint", 4, &words(&[&["describe", "--label", "desk"], &NOWHERE]));
    describe.ends("describe");
}

fn connecting(desk: &Desk) {
    let base_url = format!("baseUrl={}/sample/api-key", desk.server.endpoint_url);
    let setting = ["--setting", &base_url];
    desk.write("right.json", &json!({"apiKey": "sample-api-key"}).to_string());
    desk.write("wrong.json", &json!({"apiKey": "hunter2"}).to_string());
    desk.write("unknown.json", &json!({"token": "hunter2"}).to_string());
    let with = |file: &'static str| ["--credentials", file];
    let connect = |name: &'static str| words(&[&["connect", name], &DESK]);

    let mut transcript = desk.transcript();
    transcript.scene("A new connection", 0, &words(&[&connect("mine"), &setting, &with("right.json")]));
    transcript.scene("A wrong key", 4, &words(&[&connect("wrong"), &setting, &with("wrong.json")]));
    transcript.scene("Credentials of no kind", 2, &words(&[&connect("odd"), &setting, &with("unknown.json")]));
    let slip = ["--setting", "baseUr=https://api.example.com"];
    transcript.scene("A slip in a setting", 2, &words(&[&connect("slip"), &slip, &with("right.json")]));
    transcript.scene("A setting without a value", 2, &words(&[&connect("slip"), &["--setting", "baseUrl"]]));
    transcript.scene("No such file", 2, &words(&[&connect("lost"), &setting, &with("nowhere.json")]));
    let unregistered = words(&[&["connect", "early"], &SLIP, &setting, &with("right.json")]);
    transcript.scene("A connector that is not deployed", 4, &unregistered);
    transcript.scene("Nothing of that name to delete", 2, &words(&[&connect("nobodys"), &["--delete"]]));
    let elsewhere = [("AWS_ENDPOINT_URL", desk.server.endpoint_url.as_str()), SOMEBODY[0], SOMEBODY[1]];
    let unasked = ["connect", "mine", "--label", "desk", "--region", "us-east-1", "--delete"];
    transcript.scene_with(&elsewhere, "Nobody there to consent", 2, &unasked);
    transcript.ends("connect");
}

fn asking(desk: &Desk) {
    let sample = format!("baseUrl={}/sample/open", desk.server.endpoint_url);
    let desk_words = words(&[&DESK, &["--setting", &sample]]);

    let mut entities = desk.transcript();
    let through = words(&[&DESK, &["--connector-profile", "sample"]]);
    entities.scene("All", 0, &words(&[&["entities"], &through]));
    entities.scene("Two connections to choose from", 2, &words(&[&["entities"], &DESK]));
    entities.scene("Below an entity that is none", 4, &words(&[&["entities", "contcts"], &through]));
    let unknown = ["--connector-profile", "yours"];
    entities.scene("A connection that is not there", 2, &words(&[&["entities"], &DESK, &unknown]));
    entities.scene("A slip in the label", 4, &words(&[&["entities"], &SLIP]));
    entities.ends("entities");

    let mut fields = desk.transcript();
    fields.scene("Those of an entity", 0, &words(&[&["fields", "contacts"], &through]));
    fields.scene("A slip in the entity", 4, &words(&[&["fields", "contcts"], &through]));
    fields.scene("No entity is named", 2, &words(&[&["fields"], &DESK]));
    fields.scene("No region", 2, &["fields", "contacts", "--label", "desk"]);
    fields.ends("fields");

    let mut query = desk.transcript();
    let few = ["--fields", "id,last_name,score", "--limit", "2"];
    query.scene("Two records", 0, &words(&[&["query", "contacts"], &few, &desk_words]));
    query.scene("A slip in the entity", 4, &words(&[&["query", "contcts"], &desk_words]));
    query.scene("A slip in a field", 4, &words(&[&["query", "contacts", "--fields", "id,nam"], &desk_words]));
    query.scene(
        "A slip in the filter's field",
        4,
        &words(&[&["query", "contacts", "--filter", "scor > 5"], &desk_words]),
    );
    query.scene("Half a filter", 4, &words(&[&["query", "contacts", "--filter", "score >"], &desk_words]));
    let dead = ["--setting", "baseUrl=http://127.0.0.1:1"];
    query.scene("An API that is not there", 4, &words(&[&["query", "contacts"], &DESK, &dead]));
    query.ends("query");

    let mut invoke = desk.transcript();
    let entities = json!({"type": "DescribeEntityRequest", "entityIdentifier": "nothing", "connectorContext": {}});
    desk.write("request.json", &entities.to_string());
    desk.write("nonsense.json", r#"{"type":"Nonsense"}"#);
    desk.write("text.json", "hello");
    invoke.scene("A raw answer, whatever it says", 0, &words(&[&["invoke", "request.json"], &DESK]));
    invoke.scene("A request of no known type", 4, &words(&[&["invoke", "nonsense.json"], &DESK]));
    invoke.scene("A request that is not JSON", 4, &words(&[&["invoke", "text.json"], &DESK]));
    invoke.scene("No such file", 2, &words(&[&["invoke", "nowhere.json"], &DESK]));
    invoke.ends("invoke");
}

/// Connections would stop working: they have the kind of credentials that the new code no longer takes.
fn breaking(desk: &Desk) {
    let manifest = fs::read_to_string(desk.file("connector.toml")).unwrap();
    let lines: Vec<_> = manifest.lines().filter(|line| !line.starts_with("api_key = ")).collect();
    assert!(lines.len() < manifest.lines().count(), "the manifest offers keys");
    desk.write("breaking.toml", &lines.join("\n"));
    let mut breaking = desk.transcript();
    let arguments = [&DESK[..], &BINARY, &["--manifest", "breaking.toml"]].concat();
    breaking.scene("What would break", 4, &words(&[&["plan"], &arguments]));
    breaking.scene("Refused", 4, &words(&[&["deploy"], &arguments]));
    breaking.ends("breaking");
}

fn writing(desk: &Desk) {
    let sample = format!("baseUrl={}/sample/open", desk.server.endpoint_url);
    let desk_words = words(&[&DESK, &["--setting", &sample]]);
    let mut write = desk.transcript();
    let record = r#"{"id": "CON-000001", "first_name": "Ada", "last_name": "Lovelace"}"#;
    let update = ["write", "contacts", "--operation", "update", "--record"];
    write.scene("One record", 0, &words(&[&update, &[record], &desk_words]));
    let unknown = r#"{"id": "CON-999999", "first_name": "Ada"}"#;
    write.scene("A record that is not there", 4, &words(&[&update, &[unknown], &desk_words]));
    desk.write("contacts.csv", "id,first_name,last_nam\nCON-000001,Ada,Lovelace\n");
    let file = ["write", "contacts", "--operation", "update", "--file", "contacts.csv"];
    write.scene("A slip in a field", 2, &words(&[&file, &desk_words]));
    let read_only = ["write", "orders_linked", "--operation", "insert", "--record", "{}"];
    write.scene("An entity that is only read", 2, &words(&[&read_only, &desk_words]));
    write.scene("No operation", 2, &words(&[&["write", "contacts", "--record", "{}"], &desk_words]));
    write.ends("write");
}

fn around_it(desk: &Desk) {
    let mut filter = desk.transcript();
    filter.scene("What it means", 0, &["filter", "score > 5 and name contains \"a\""]);
    filter.scene("As SQL", 0, &["filter", "score > 5 and name contains \"a\"", "--to", "sql"]);
    filter.scene("Half a filter", 2, &["filter", "score >"]);
    filter.scene("The operator of another language", 2, &["filter", "score > 5 && id = 1"]);
    filter.scene("A definition that is none", 2, &["filter", "score > 5", "--definition", "text.json"]);
    filter.ends("filter");

    let mut manifest = desk.transcript();
    manifest.scene("One that is right", 0, &["manifest", "check", "connector.toml"]);
    let text = fs::read_to_string(desk.file("connector.toml")).unwrap();
    desk.write("slip.toml", &text.replacen("\nname = ", "\nnme = ", 1));
    manifest.scene("A slip in a key", 2, &["manifest", "check", "slip.toml"]);
    manifest.scene("Not TOML", 2, &["manifest", "check", "text.json"]);
    manifest.scene("No such file", 2, &["manifest", "check", "nowhere.toml"]);
    manifest.scene("Neither check nor schema", 2, &["manifest"]);
    manifest.ends("manifest");
    let schema = desk.run(&[], &["manifest", "schema"]).expect(0);
    assert!(schema.json()["properties"]["entities"].is_object(), "{}", schema.stdout);

    let mut local = desk.transcript();
    local.scene("It runs already", 0, &["local"]);
    desk.write("file", "");
    local.scene("No room for its state", 2, &["local", "--state-dir", "file"]);
    let taken = desk.server.endpoint_url.rsplit(':').next().unwrap().to_owned();
    let refused = desk.run(&[], &["local", "--state-dir", "second", "--port", &taken]).expect(2);
    assert!(refused.stderr.contains(&taken) && refused.stderr.contains("hint: "), "{}", refused.stderr);
    local.scene("No such port", 2, &["local", "--port", "70000"]);
    local.ends("local");

    let mut policy = desk.transcript();
    policy.scene("To ask", 0, &words(&[&["policy", "--for", "ask"], &DESK]));
    policy.scene("No region", 2, &["policy", "--label", "desk"]);
    policy.scene("No such purpose", 2, &words(&[&["policy", "--for", "read"], &DESK]));
    policy.scene("No label", 2, &["policy", "--local", "--label", ""]);
    policy.ends("policy");

    let mut logs = desk.transcript();
    let never = ["--filter", "never was such a text"];
    logs.scene("Nothing that fits", 0, &words(&[&["logs"], &DESK, &never]));
    logs.scene("A slip in the label", 0, &words(&[&["logs"], &SLIP]));
    logs.scene("A time that is none", 2, &words(&[&["logs", "--since", "soon"], &DESK]));
    logs.scene_with(&SOMEBODY, "A dead endpoint", 4, &words(&[&["logs", "--label", "desk"], &NOWHERE]));
    logs.ends("logs");
    let lines = desk.run(&[], &words(&[&["logs", "--since", "1h"], &DESK])).expect(0);
    assert!(lines.stdout.contains("REPORT RequestId: "), "{}", lines.stdout);

    let mut completions = desk.transcript();
    completions.scene("A shell that is not known", 2, &["completions", "tcsh"]);
    completions.scene("No shell", 2, &["completions"]);
    completions.scene("A slip in the command", 2, &["completion", "bash"]);
    completions.ends("completions");
    assert!(desk.run(&[], &["completions", "bash"]).expect(0).stdout.contains("_registrar()"));
}

fn removing(desk: &Desk) {
    let mut unregister = desk.transcript();
    unregister.scene("A connection uses it", 4, &words(&[&["unregister"], &DESK]));
    unregister.scene("What would go", 0, &words(&[&["unregister", "--force", "--dry-run"], &DESK]));
    let elsewhere = [("AWS_ENDPOINT_URL", desk.server.endpoint_url.as_str()), SOMEBODY[0], SOMEBODY[1]];
    let unasked = ["unregister", "--force", "--label", "desk", "--region", "us-east-1"];
    unregister.scene_with(&elsewhere, "Nobody there to consent", 2, &unasked);
    let account = ["unregister", "--label", "desk", "--region", "us-east-1", "--account", "123456789012"];
    unregister.scene_with(&elsewhere, "Another account than the one that is meant", 2, &account);
    unregister.scene("A slip in the label", 0, &words(&[&["unregister"], &SLIP]));
    unregister.scene("The registration", 0, &words(&[&["unregister", "--force"], &DESK]));
    unregister.scene("The function serves another label", 0, &words(&[&["unregister", "--delete-function"], &DESK]));
    let second = ["unregister", "--local", "--label", "second", "--function-name", "appflow-connector-desk"];
    unregister.scene("That label first", 0, &second);
    unregister.scene("The rest", 0, &words(&[&["unregister", "--delete-function"], &DESK]));
    unregister.ends("unregister");
}
