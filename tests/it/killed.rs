//! The crash matrix: the registrar is killed before and after every one of its calls, and running it again ends where an
//! undisturbed run does.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use appflow_registrar::policy::Grant;
use appflow_tests::{Call, Cloud, Moment, Run};
use serde_json::Value;

use crate::stage::{LABEL, ONE, Stage, TWO, contents, counts, differences, listed, part, say};

/// Scenarios at a time: more than there are processors here, because each waits for processes to start and to end.
const AT_ONCE: usize = 4;

/// A run that is killed at each of its calls.
struct Journey<'a> {
    name: &'static str,
    /// The account it begins in.
    from: &'a Path,
    arguments: Vec<String>,
}

/// How it ends undisturbed.
struct Reference {
    calls: Vec<Call>,
    contents: Value,
}

impl Journey<'_> {
    fn is_removal(&self) -> bool {
        self.arguments[0] == "unregister"
    }

    #[track_caller]
    fn assert_nothing_left(&self, run: Run, told: &str) {
        let document = run.expect(0).json();
        if self.is_removal() {
            assert_eq!(document["removed"], serde_json::json!([]), "{}, {told}", self.name);
        } else {
            assert_eq!(document["status"], "nothingToDo", "{}, {told}: {document:#}", self.name);
        }
    }

    fn undisturbed(&self, stage: &Stage) -> Reference {
        let before = contents(self.from);
        let cloud = Cloud::copy_of(self.from);
        let relay = cloud.relay();
        drop(stage.run(&relay, &self.arguments).expect(0));
        let calls = relay.take();
        stage.keep(&calls);
        self.assert_nothing_left(stage.run(&relay, &self.arguments), "undisturbed");
        let contents = contents(cloud.close().path());
        let expected = if self.is_removal() { [0; 4] } else { [1; 4] };
        assert_eq!(counts(&contents), expected, "{}: {contents:#}", self.name);
        assert_eq!(part(&contents, false), part(&before, false), "{}: others are untouched", self.name);
        assert_ne!(part(&contents, true), part(&before, true), "{}: there was something to do", self.name);
        assert!(self.name != "permission exchange" || shows_no_gap(&calls), "{}", listed(&calls));
        Reference { calls, contents }
    }

    fn killed(&self, stage: &Stage, reference: &Reference, number: usize, moment: Moment) {
        let cloud = Cloud::copy_of(self.from);
        let relay = cloud.relay();
        let held = relay.hold(number, moment);
        let started = stage.start(&relay, &self.arguments);
        let Some(call) = held.reached() else {
            let run = started.finish();
            panic!("{}: it ended before call {number}\n{}\n{}", self.name, run.stdout, run.stderr);
        };
        let told = format!("killed {moment:?} {call}");
        let run = started.kill();
        assert_eq!(run.code, None, "{}, {told}: a signal ended it\n{}", self.name, run.stderr);
        drop(held);
        let repaired = stage.run(&relay, &self.arguments);
        assert_eq!(repaired.code, Some(0), "{}, {told}: {}\n{}", self.name, repaired.stdout, repaired.stderr);
        self.assert_nothing_left(stage.run(&relay, &self.arguments), &told);
        let calls = relay.take();
        let different = differences(&reference.contents, &contents(cloud.close().path()));
        assert!(different.is_empty(), "{}, {told}\n{}", self.name, different.join("\n"));
        let is_exchange = self.name == "permission exchange";
        assert!(!is_exchange || shows_no_gap(&calls), "{told}: AppFlow could not call\n{}", listed(&calls));
        stage.keep(&calls);
    }
}

/// Whether at every moment a statement of ours let AppFlow call, beginning with the older one.
fn shows_no_gap(calls: &[Call]) -> bool {
    let mut statements = BTreeSet::from([format!("{}0000", Grant::prefix(LABEL))]);
    let mut exchanged = 0;
    for call in calls.iter().filter(|call| call.status.is_some_and(|status| status < 300)) {
        match call.operation.as_str() {
            "AddPermission" => {
                statements.insert(call.json_body()["StatementId"].as_str().unwrap().to_owned());
                exchanged += 1;
            }
            "RemovePermission" => {
                assert!(statements.remove(&call.last_segment()), "{call}: it was there");
                exchanged += 1;
            }
            _ => {}
        }
        if !statements.iter().any(|id| id.starts_with(&Grant::prefix(LABEL))) {
            return false;
        }
    }
    exchanged == 2
}

#[test]
fn a_registrar_killed_at_any_call_is_repaired_by_running_it_again() {
    let stage = Stage::new();
    let unregister = ["unregister", "--label", LABEL, "--delete-function", "--yes", "--output", "json"];
    let journeys = [
        Journey { name: "first deploy", from: stage.empty.path(), arguments: stage.deploy(ONE, &[]) },
        Journey { name: "code update", from: stage.deployed.path(), arguments: stage.deploy(TWO, &[]) },
        Journey { name: "permission exchange", from: stage.older.path(), arguments: stage.deploy(ONE, &[]) },
        Journey {
            name: "registration update",
            from: stage.deployed.path(),
            arguments: stage.deploy(ONE, &["--description", "said otherwise"]),
        },
        Journey { name: "unregister", from: stage.deployed.path(), arguments: unregister.map(str::to_owned).to_vec() },
    ];
    let references: Vec<_> = journeys.iter().map(|journey| journey.undisturbed(&stage)).collect();
    let scenarios: Vec<_> = journeys
        .iter()
        .zip(&references)
        .flat_map(|(journey, reference)| {
            let numbers = 1..=reference.calls.len();
            numbers
                .flat_map(move |number| [Moment::Before, Moment::After].map(|moment| (number, moment)))
                .map(move |(number, moment)| (journey, reference, number, moment))
        })
        .collect();
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((journey, reference, number, moment)) =
                    scenarios.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    journey.killed(&stage, reference, *number, *moment);
                }
            });
        }
    });
    let mut text = "crash matrix: ".to_owned();
    for (journey, reference) in journeys.iter().zip(&references) {
        assert!(reference.calls.len() >= 8, "{}: {}", journey.name, listed(&reference.calls));
        write!(text, "{} {} kills, ", journey.name, 2 * reference.calls.len()).unwrap();
    }
    let shapes = stage.write_requests("killed");
    say(&format!("{text}all {} converged; requests of {shapes} shapes recorded", scenarios.len()));
}

#[test]
fn deploying_what_is_there_reads_and_does_not_write() {
    let stage = Stage::new();
    let cloud = Cloud::copy_of(stage.deployed.path());
    let relay = cloud.relay();
    let document = stage.run(&relay, &stage.deploy(ONE, &[])).expect(0).json();
    assert_eq!(document["status"], "nothingToDo", "{document:#}");
    let calls = relay.take();
    let names = listed(&calls);
    assert!(!calls.is_empty() && calls.len() <= 8, "{names}");
    assert!(!calls.iter().any(Call::is_write), "{names}");
    assert!(names.contains("lambda:GetFunction"), "the function is compared: {names}");
}
