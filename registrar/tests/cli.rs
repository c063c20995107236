//! The command line as a caller meets it: help, wrong usage, exit codes. Nothing here reaches beyond this machine.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may what it is made of")]

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;

const COMMANDS: [&str; 16] = [
    "plan",
    "deploy",
    "register",
    "status",
    "unregister",
    "list",
    "describe",
    "connect",
    "entities",
    "fields",
    "query",
    "write",
    "invoke",
    "filter",
    "manifest",
    "local",
];

/// Our binary in an empty environment and an empty folder.
fn registrar(folder: &Path) -> Command {
    let mut command = Command::cargo_bin("registrar").unwrap();
    command.env_clear().env("AWS_EC2_METADATA_DISABLED", "true").env("HOME", folder).current_dir(folder);
    command
}

#[track_caller]
fn run(arguments: &[&str]) -> (i32, String, String) {
    let folder = tempfile::tempdir().unwrap();
    read(&registrar(folder.path()).args(arguments).output().unwrap())
}

fn read(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn lists_commands_global_options_and_exit_codes() {
    let (code, stdout, stderr) = run(&["--help"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    insta::assert_snapshot!(stdout, @"
    Builds an AppFlow custom connector, deploys it, registers it and asks it questions

    Usage: registrar [OPTIONS] <COMMAND>

    Commands:
      plan         Show what deploy would do
      deploy       Build, make or update role and function, wait, permit, register or update, verify
      register     Permit and register a function that was deployed by other means
      status       Compare what is there with what is wanted
      unregister   Remove the registration and the permission
      list         List the connectors registered in this account and region
      describe     Show what the connector says of itself
      connect      Make or renew a connection: settings and credentials, which the connector tries
      entities     Show the connector's entities
      fields       Show the fields of an entity
      query        Show records of an entity
      write        Write records to an entity
      invoke       Send one raw request and print the raw answer
      filter       Explain a filter expression and translate it
      manifest     Check a connector manifest, or show the JSON Schema that editors complete one with
      logs         Show what the function logged
      policy       Print the least IAM policy that the caller needs for these names
      completions  Print what a shell completes this command line with
      local        Keep the embedded local AWS running and print the variables that other tools need

    Options:
      -h, --help     Print help
      -V, --version  Print version

    Global options:
          --local                      Use the embedded local AWS: no account, no credentials, no
                                       network
          --profile <NAME>             Named profile of the AWS configuration files
          --region <REGION>            Region; never guessed. Several, separated by commas, are done one
                                       after the other
          --account <ID>               The account to work in; any other one is refused before anything
                                       is read [env: REGISTRAR_ACCOUNT]
          --endpoint-url <URL>         One endpoint for all services, instead of AWS's own
          --output <text|json|ndjson>  Form of the result on standard output [env: REGISTRAR_OUTPUT]
                                       [default: text]
          --color <WHEN>               Colours: auto, always or never; auto honours NO_COLOR,
                                       CLICOLOR_FORCE and TERM=dumb [default: auto]
      -q, --quiet                      Say nothing but the result and errors
      -v, --verbose...                 Say more; twice for request ids and the log of the AWS SDK
      -y, --yes                        Do not ask before something is deleted
          --state-dir <DIR>            Where the local AWS keeps its state [default:
                                       target/registrar-local of the workspace] [env:
                                       REGISTRAR_STATE_DIR]
          --timeout <TIME>             How long to wait in all, as in 90s or 10m [env:
                                       REGISTRAR_TIMEOUT] [default: 10m]

    Exit codes:
       0  done, or nothing to do
       1  a fault of registrar itself
       2  wrong usage, setting or local file
       3  credentials or permission missing
       4  a step failed, or the connector answered with a failure
       5  timed out waiting; run again to go on
       6  --check found differences
     130  interrupted
    ");
}

#[test]
fn explains_every_command() {
    for command in COMMANDS {
        let (code, stdout, stderr) = run(&[command, "--help"]);
        assert_eq!((code, stderr.as_str()), (0, ""), "{command}");
        assert!(stdout.contains(&format!("Usage: registrar {command}")), "{command}: {stdout}");
        assert!(stdout.contains("--local"), "{command}: {stdout}");
    }
}

#[test]
fn explains_the_options_of_query() {
    let (_, stdout, _) = run(&["query", "--help"]);
    let own = stdout.split("Connection:").next().unwrap();
    insta::assert_snapshot!(own, @r#"
    Show records of an entity

    Usage: registrar query [OPTIONS] <ENTITY>

    Arguments:
      <ENTITY>  The entity

    Options:
          --fields <A,B>   Fields to show, separated by commas [default: all]
          --filter <EXPR>  Filter in AppFlow's language, as in 'id > 5 and name contains "a"'
          --limit <N>      How many records to show [default: 20]
          --all            Show every record
      -h, --help           Print help
    "#);
}

#[test]
fn explains_the_options_of_write() {
    let (_, stdout, _) = run(&["write", "--help"]);
    let own = stdout.split("Connection:").next().unwrap();
    insta::assert_snapshot!(own, @"
    Write records to an entity

    Usage: registrar write [OPTIONS] --operation <insert|update|upsert|delete> <ENTITY>

    Arguments:
      <ENTITY>  The entity

    Options:
          --operation <insert|update|upsert|delete>
              What to do with the records
          --file <FILE>
              File with the records, or - for standard input: a JSON array, JSON objects one after the
              other, or CSV with the names of fields in its first line
          --record <JSON>
              One record as a JSON object; may be repeated
          --format <json|csv>
              Form of the file [default: csv if its name ends so, else what it begins like]
          --id-fields <A,B>
              Fields that identify a record, separated by commas [default: the primary keys; none for an
              insert]
          --all-or-none
              Ask the connector to write all records of a request or none, and stop at the first failure
          --batch <N>
              How many records go into one request; fewer if they would exceed the 6 MB that Lambda
              takes [default: 1000]
          --as-is
              Send fields that the entity does not have
          --dry-run
              Show the requests, one per line, and send none of them
      -h, --help
              Print help
    ");
}

#[test]
fn refuses_a_write_that_says_too_little_or_too_much() {
    for (arguments, part) in [
        (&["--record", "{}"][..], "--operation <insert|update|upsert|delete>"),
        (&["--operation", "merge", "--record", "{}"], "insert, update, upsert, delete"),
        (&["--operation", "insert"], "--file <FILE>"),
        (&["--operation", "insert", "--file", "a", "--record", "{}"], "cannot be used with"),
        (&["--operation", "insert", "--record", "{}", "--batch", "0"], "--batch <N>"),
        (&["--operation", "insert", "--record", "{}", "--format", "csv"], "cannot be used with"),
        (&["--operation", "insert", "--record", "[]"], "--record number 1: a record must be a JSON object"),
        (&["--operation", "insert", "--file", "nowhere.csv"], "cannot read the records from nowhere.csv"),
    ] {
        let (code, stdout, stderr) = run(&[&["write", "orders", "--region", "eu-west-1"], arguments].concat());
        assert_eq!((code, stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(stderr.contains(part), "{arguments:?}: {stderr}");
    }
}

#[test]
fn refuses_unknown_commands_with_2_on_standard_error() {
    let (code, stdout, stderr) = run(&["deply"]);
    assert_eq!((code, stdout.as_str()), (2, ""));
    assert!(stderr.contains("deploy"), "{stderr}");
}

#[test]
fn never_guesses_the_region() {
    let (code, stdout, stderr) = run(&["list"]);
    assert_eq!((code, stdout.as_str()), (2, ""));
    insta::assert_snapshot!(stderr, @"
    error: no region is set
    hint: pass --region, set AWS_REGION, or give the profile a region; --local needs none
    ");
}

#[test]
fn names_what_is_wrong_with_a_label() {
    let (code, _, stderr) = run(&["describe", "--label", "_acme", "--region", "eu-west-1"]);
    assert_eq!(code, 2);
    insta::assert_snapshot!(stderr, @r#"error: the label "_acme" must have 2 to 256 characters: a letter or digit, then letters, digits or any of _!@#.-"#);
}

#[test]
fn tells_all_wrong_settings_at_once_in_one_json_document() {
    let arguments =
        ["plan", "--label", "a", "--description", "a,b", "--memory", "1", "--region", "eu-west-1", "--output", "json"];
    let (code, stdout, _) = run(&arguments);
    assert_eq!(code, 2);
    let document: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((document["schema"].as_str(), document["command"].as_str()), (Some("registrar/1"), Some("plan")));
    let error = &document["error"];
    assert_eq!((error["kind"].as_str(), error["exitCode"].as_u64()), (Some("usage"), Some(2)));
    assert!(error["message"].as_str().unwrap().starts_with("3 settings are wrong"), "{error}");
}

#[test]
fn refuses_local_together_with_an_address_of_aws() {
    for (flag, value) in [("--region", "eu-west-1"), ("--profile", "x"), ("--endpoint-url", "http://127.0.0.1:1")] {
        let (code, _, stderr) = run(&["list", "--local", flag, value]);
        assert_eq!(code, 2);
        assert!(stderr.contains(&format!("--local and {flag} exclude each other")), "{stderr}");
    }
}

#[test]
fn asks_for_a_workspace_or_a_label() {
    let (code, _, stderr) = run(&["describe", "--region", "eu-west-1"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("name the connector with --label"), "{stderr}");
}

#[test]
fn exits_with_3_without_credentials() {
    let (code, _, stderr) = run(&["list", "--region", "eu-west-1"]);
    assert_eq!(code, 3, "{stderr}");
    assert!(stderr.contains("hint: sign in again"), "{stderr}");
}

#[test]
fn exits_with_4_when_nobody_listens_at_the_endpoint() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = registrar(folder.path());
    command.env("AWS_ACCESS_KEY_ID", "a").env("AWS_SECRET_ACCESS_KEY", "b").env("AWS_MAX_ATTEMPTS", "1");
    // Port 1 is reserved and never listened on.
    command.args(["list", "--region", "eu-west-1", "--endpoint-url", "http://127.0.0.1:1"]);
    let (code, _, stderr) = read(&command.output().unwrap());
    assert_eq!(code, 4, "{stderr}");
    assert!(stderr.contains("check the network and the endpoint"), "{stderr}");
}

#[test]
fn says_how_to_get_cargo_lambda_where_it_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let cargo = folder.path().join("cargo");
    // Cargo as it is, but without the subcommand.
    let script = format!("#!/bin/sh\n[ \"$1\" = lambda ] && exit 101\nexec '{}' \"$@\"\n", env!("CARGO"));
    std::fs::write(&cargo, script).unwrap();
    make_executable(&cargo);
    let mut command = registrar(folder.path());
    command.env("CARGO", &cargo).env("PATH", "/usr/bin:/bin").current_dir(env!("CARGO_MANIFEST_DIR"));
    command.args(["plan", "--package", "appflow-registrar", "--label", "acme", "--region", "eu-west-1"]);
    let (code, _, stderr) = read(&command.output().unwrap());
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("cargo-lambda is missing"), "{stderr}");
    assert!(stderr.contains("pip install cargo-lambda"), "{stderr}");
}

#[cfg(unix)]
fn make_executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[cfg(not(unix))]
fn make_executable(_: &Path) {}

#[test]
fn writes_no_colours_where_there_is_no_terminal() {
    let (_, _, stderr) = run(&["list"]);
    assert!(!stderr.contains('\u{1b}'), "{stderr:?}");
}
