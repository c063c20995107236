//! Two registrars on one label: one is held right before each of its writing calls while another one runs to its end.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use appflow_tests::{Call, Cloud, Moment, Run};
use serde_json::Value;

use crate::stage::{Code, FUNCTION, LABEL, ONE, Stage, THREE, TWO, assert_whole, contents, counts, listed, part, say};

/// Scenarios at a time.
const AT_ONCE: usize = 4;

/// What two registrars do at once.
struct Race<'a> {
    name: &'static str,
    from: &'a Path,
    /// The one that is held.
    slow: Code,
    /// The one that runs meanwhile.
    fast: Code,
    /// What both are told besides.
    further: &'a [&'a str],
}

/// How the one that was held ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Done,
    Conflict,
}

impl Race<'_> {
    /// The numbers of the calls of an undisturbed run that change something.
    fn writes(&self, stage: &Stage) -> Vec<usize> {
        let cloud = Cloud::copy_of(self.from);
        let relay = cloud.relay();
        drop(stage.run(&relay, &stage.deploy(self.slow, self.further)).expect(0));
        relay.take().iter().filter(|call| call.is_write()).map(|call| call.number).collect()
    }

    fn held_at(&self, stage: &Stage, number: usize) -> End {
        let cloud = Cloud::copy_of(self.from);
        let (slow, fast) = (cloud.relay(), cloud.relay());
        let held = slow.hold(number, Moment::Before);
        let started = stage.start(&slow, &stage.deploy(self.slow, self.further));
        let Some(call) = held.reached() else {
            let run = started.finish();
            panic!("{}: it ended before call {number}\n{}\n{}", self.name, run.stdout, run.stderr);
        };
        let told = format!("{}, held before {call}", self.name);
        let winner = stage.run(&fast, &stage.deploy(self.fast, self.further));
        assert_eq!(winner.code, Some(0), "{told}: nobody was in its way\n{}\n{}", winner.stdout, winner.stderr);
        held.release();
        let end = end_of(&started.finish(), &told);
        let calls = [slow.take(), fast.take()].concat();
        stage.keep(&calls);

        let after = cloud.close();
        let there = contents(after.path());
        assert_whole(&there, self.live(stage, &there, &told), &told);
        let undisturbed = contents(self.from);
        assert_eq!(part(&there, false), part(&undisturbed, false), "{told}: others are untouched");
        if self.slow == self.fast {
            assert_eq!(uploads(&calls), 1, "{told}: code that is there is not sent again\n{}", listed(&calls));
        }

        let cloud = Cloud::copy_of(after.path());
        let relay = cloud.relay();
        let again = stage.run(&relay, &stage.deploy(self.slow, self.further));
        assert_eq!(again.code, Some(0), "{told}: run again\n{}\n{}", again.stdout, again.stderr);
        let last = stage.run(&relay, &stage.deploy(self.slow, self.further)).expect(0).json();
        assert_eq!(last["status"], "nothingToDo", "{told}: {last:#}");
        let there = contents(cloud.close().path());
        assert_eq!(counts(&there), [1; 4], "{told}");
        assert_eq!(self.live(stage, &there, &told), self.slow, "{told}");
        assert_whole(&there, self.slow, &told);
        end
    }

    /// The code that the function runs.
    #[track_caller]
    fn live(&self, stage: &Stage, contents: &Value, told: &str) -> Code {
        let sha256 = &contents["functions"][FUNCTION]["latest"]["code"]["sha256"];
        let found = [self.slow, self.fast].into_iter().find(|code| *sha256 == stage.sha256(*code));
        found.unwrap_or_else(|| panic!("{told}: neither's code is live: {contents:#}"))
    }
}

fn uploads(calls: &[Call]) -> usize {
    let succeeded = |call: &&Call| call.status.is_some_and(|status| status < 300);
    calls
        .iter()
        .filter(succeeded)
        .filter(|call| ["CreateFunction", "UpdateFunctionCode"].contains(&&*call.operation))
        .count()
}

/// Either it is done, or it says that somebody else was there, and what to do.
#[track_caller]
fn end_of(run: &Run, told: &str) -> End {
    if run.code == Some(0) {
        return End::Done;
    }
    assert_eq!(run.code, Some(4), "{told}\n{}\n{}", run.stdout, run.stderr);
    let error = &run.json()["error"];
    assert_eq!(error["kind"], "conflict", "{told}: {error:#}");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("somebody else") || message.contains("while this ran"), "{told}: {message}");
    assert!(message.contains(LABEL), "{told}: it names the resource: {message}");
    assert!(error["hint"].as_str().unwrap().contains("run again"), "{told}: {error:#}");
    End::Conflict
}

#[test]
fn of_two_registrars_one_wins_and_the_other_agrees_or_says_so() {
    let stage = Stage::new();
    let (empty, deployed) = (stage.empty.path(), stage.deployed.path());
    let races = [
        Race { name: "first deploy, same code", from: empty, slow: ONE, fast: ONE, further: &[] },
        Race { name: "first deploy, other code", from: empty, slow: ONE, fast: TWO, further: &[] },
        Race { name: "update, same code", from: deployed, slow: TWO, fast: TWO, further: &[] },
        Race { name: "update, other code", from: deployed, slow: TWO, fast: THREE, further: &[] },
        Race { name: "settings and other code", from: deployed, slow: TWO, fast: THREE, further: &["--memory", "512"] },
    ];
    let scenarios: Vec<_> =
        races.iter().flat_map(|race| race.writes(&stage).into_iter().map(move |number| (race, number))).collect();
    let next = AtomicUsize::new(0);
    let ends = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((race, number)) = scenarios.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let end = race.held_at(&stage, *number);
                    ends.lock().unwrap().push((race.name, end));
                }
            });
        }
    });
    let ends = ends.into_inner().unwrap();
    assert_eq!(ends.len(), scenarios.len());
    let told: Vec<_> = races
        .iter()
        .map(|race| {
            let count = |end: End| ends.iter().filter(|found| **found == (race.name, end)).count();
            let (done, conflicts) = (count(End::Done), count(End::Conflict));
            assert!(done + conflicts >= 4, "{}: so few writes", race.name);
            format!("{} {done} agreed and {conflicts} said so", race.name)
        })
        .collect();
    let shapes = stage.write_requests("race");
    say(&format!("two at once: {}; requests of {shapes} shapes recorded", told.join(", ")));
}
