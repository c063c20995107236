//! `--rollback-on-failure`: whichever write is refused, everything is as it was before, and an undisturbed run converges.

use crate::bench::{Bench, Scene};
use crate::cloud::Cloud;
use crate::fault::{Answer, Fault};
use crate::scenes::showing;
use crate::tally::Tally;
use crate::wire::{Spoil, Times};

/// What no service says will pass.
const NONSENSE: Answer = Answer { status: 400, code: "NonsenseException", message: "That makes no sense." };

/// What a deployment begins with: nothing, or what an earlier one made.
async fn taken_back(scene: Scene, begins_with: Scene, title: &str) {
    let cloud = Cloud::start().await;
    let model = Bench::new(&cloud);
    model.prepare(begins_with).await;
    let log = model.run(scene, &[]).await.log;
    let state = model.state().await;
    model.clean_up().await;

    let mut tally = Tally::default();
    let mut counts = std::collections::BTreeMap::<&str, u32>::new();
    for sent in log.iter().filter(|sent| sent.operation.is_write()) {
        let name = sent.operation.name.as_str();
        let from = *counts.entry(name).and_modify(|count| *count += 1).or_insert(1);
        let mut bench = Bench::new(&cloud);
        bench.rolls_back = true;
        bench.prepare(begins_with).await;
        let before = bench.state().await;
        let spoil = Spoil { operation: name, from, times: Times::Only(1), fault: Fault::Refused(NONSENSE) };
        let ran = bench.run(scene, &[spoil]).await;
        tally.count(ran.code(), ran.log.len());
        let mut wrong = |what: String| tally.wrong(format!("{name} #{from}: {what}"));
        if ran.code() != 4 {
            wrong(format!("exit code {}: {}", ran.code(), ran.text()));
        }
        let after = bench.state().await;
        if after != before {
            wrong(format!("not as before\n{before}\n{after}"));
        }
        let again = bench.run(scene, &[]).await;
        if (again.code(), bench.state().await) != (0, state.clone()) {
            wrong(format!("does not converge: {}", again.text()));
        }
        bench.clean_up().await;
    }
    tally.conclude(title);
}

#[tokio::test(start_paused = true)]
async fn of_a_first_deployment() {
    taken_back(Scene::FirstDeploy, Scene::FirstDeploy, "a first deployment taken back").await;
}

#[tokio::test(start_paused = true)]
async fn of_an_update() {
    // What an update finds is what the first deployment left, without drift.
    taken_back(Scene::Update, Scene::Unregister, "an update taken back").await;
}

#[tokio::test(start_paused = true)]
async fn of_a_function_that_is_never_ready() {
    let cloud = Cloud::start().await;
    let mut bench = Bench::new(&cloud);
    bench.rolls_back = true;
    let before = bench.state().await;
    let pending = showing(&[("State", "Pending"), ("StateReasonCode", "Creating")], |_| true);
    let ran = bench.run_with(Scene::FirstDeploy, &[], pending).await;
    // The time was up; there is time to take back what was done all the same.
    assert_eq!(ran.code(), 5, "{}", ran.text());
    assert_eq!(bench.state().await, before);
}

#[tokio::test(start_paused = true)]
async fn is_not_done_after_a_conflict_with_somebody_else() {
    let cloud = Cloud::start().await;
    let mut bench = Bench::new(&cloud);
    bench.prepare(Scene::Unregister).await;
    bench.rolls_back = true;
    // Whoever writes with a revision that is old writes beside somebody else.
    let stale = Answer { status: 412, code: "PreconditionFailedException", message: "The RevisionId does not match" };
    let spoil = Spoil { operation: "UpdateFunctionCode", from: 1, times: Times::Always, fault: Fault::Refused(stale) };
    let ran = bench.run(Scene::Update, &[spoil]).await;
    assert_eq!(ran.code(), 4, "{}", ran.text());
    assert_eq!(ran.count("UpdateFunctionConfiguration"), 1, "the configuration is not taken back: {:?}", ran.writes());
    bench.rolls_back = false;
    assert_eq!(bench.run(Scene::Update, &[]).await.code(), 0);
    bench.clean_up().await;
}
