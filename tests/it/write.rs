//! Records from files, through the SDK's example of a destination.

use std::fs;

use appflow_tests::{Laptop, Run, destination};
use serde_json::{Value, json};

/// A laptop with the example deployed.
struct Desk(Laptop);

impl Desk {
    fn deploy() -> Self {
        let laptop = Laptop::new();
        let binary = destination();
        let binary = binary.to_str().unwrap();
        let deploy = ["deploy", "--local", "--output", "json", "--label", "desk", "--binary-path", binary];
        drop(laptop.registrar(&deploy).expect(0));
        Self(laptop)
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.folder().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn write(&self, further: &[&str]) -> Run {
        let arguments = [&["write", "tickets", "--local", "--label", "desk"], further].concat();
        self.0.registrar(&arguments)
    }
}

#[test]
fn records_of_a_file_are_written_in_batches_and_each_is_accounted_for() {
    let desk = Desk::deploy();

    let csv = desk.file("tickets.csv", "id,title,priority\n1,No light,2\n2,\"A \"\"loud\"\" fan\",\n\n3,Door,-1\n");
    let run = desk.write(&["--operation", "upsert", "--file", &csv, "--batch", "2", "--output", "json"]).expect(4);
    let document = run.json();
    assert_eq!((&document["schema"], &document["operation"]), (&json!("registrar/1"), &json!("UPSERT")));
    assert_eq!((&document["requests"], &document["written"], &document["failed"]), (&json!(2), &json!(2), &json!(1)));
    let results = document["results"].as_array().unwrap();
    let told = |index: usize, name: &str| results[index][name].clone();
    assert_eq!((0..3).map(|index| told(index, "line")).collect::<Value>(), json!([2, 3, 5]));
    assert_eq!((0..3).map(|index| told(index, "recordId")).collect::<Value>(), json!(["1", "2", "3"]));
    assert_eq!((0..3).map(|index| told(index, "status")).collect::<Value>(), json!(["written", "written", "failed"]));
    assert_eq!(told(2, "message"), "a ticket needs a title, and a priority of 0 or more");
    assert_eq!(document["error"]["message"], "1 of 3 records were not written");

    let lines = desk.file("tickets.ndjson", "{\"id\":4,\"title\":\"Key\"}\n{\"id\":5,\"title\":\"\"}\n");
    let run = desk.write(&["--operation", "delete", "--file", &lines]).expect(4);
    assert!(run.stdout.contains("│ 2    ┆ 5  ┆ a ticket needs a title"), "{}", run.stdout);
    assert!(run.stdout.ends_with("1 of 2 records were written in 1 request; 1 failed\n"), "{}", run.stdout);

    let run = desk.write(&["--operation", "upsert", "--record", r#"{"id":6,"title":"Stairs"}"#]).expect(0);
    assert_eq!(run.stdout, "1 of 1 records were written in 1 request\n");

    let array = desk.file("all.json", r#"[{"id":7,"title":"a"},{"id":8,"title":"b"}]"#);
    let all = ["--operation", "upsert", "--file", &array, "--all-or-none", "--batch", "1"];
    let run = desk.write(&all).expect(4);
    assert!(run.stderr.contains("--all-or-none holds for each of the 2 requests alone"), "{}", run.stderr);
    assert!(run.stderr.contains("InvalidArgument"), "the example cannot promise it: {}", run.stderr);
    assert!(run.stdout.contains("1 failed; 1 were not sent"), "{}", run.stdout);

    nothing_is_sent_when_the_records_are_wrong(&desk);
    a_dry_run_shows_requests_that_can_be_sent(&desk);
}

fn nothing_is_sent_when_the_records_are_wrong(desk: &Desk) {
    let cells = desk.file("cells.csv", "id,title,priority\n1,a,high\n");
    let refused = |further: &[&str], part: &str| {
        let run = desk.write(further).expect(2);
        assert!(run.stderr.contains(part), "{part}: {}", run.stderr);
        assert_eq!(run.stdout, "");
    };
    refused(&["--operation", "upsert", "--file", &cells], "line 2, column 3: priority must be an integer of 32 bits");
    refused(&["--operation", "upsert", "--record", r#"{"id":1,"titel":"a"}"#], "did you mean \"title\"?");
    refused(&["--operation", "upsert", "--record", "{}", "--id-fields", "key"], "there is no field \"key\"");
    refused(&["--operation", "insert", "--record", "{}"], "it offers UPSERT, DELETE");
    let as_is = ["--operation", "upsert", "--record", r#"{"id":1,"titel":"a"}"#, "--as-is"];
    assert!(desk.write(&as_is).expect(4).stdout.contains("the record lacks a member"));
}

fn a_dry_run_shows_requests_that_can_be_sent(desk: &Desk) {
    let array = desk.file("two.json", r#"[{"id":9,"title":"a"},{"id":10,"title":"b"}]"#);
    let dry = desk.write(&["--operation", "upsert", "--file", &array, "--batch", "1", "--dry-run"]).expect(0);
    let lines: Vec<_> = dry.stdout.lines().collect();
    assert_eq!(lines.len(), 2);
    let request: Value = serde_json::from_str(lines[1]).unwrap();
    assert_eq!((&request["type"], &request["idFieldNames"]), (&json!("WriteDataRequest"), &json!(["id"])));
    assert_eq!(request["records"], json!([r#"{"id":10,"title":"b"}"#]));
    let file = desk.file("request.json", lines[1]);
    let raw = desk.0.registrar(&["invoke", &file, "--local", "--label", "desk"]).expect(0).json();
    assert_eq!(raw["writeRecordResults"][0]["recordId"], "10", "{raw}");
}
