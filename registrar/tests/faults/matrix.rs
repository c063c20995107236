//! Every call of the commands, with everything that can go wrong with any call, once and always.

use crate::bench::Scene;
use crate::cell::{Cell, Model};
use crate::cloud::Cloud;
use crate::fault::{Fault, STALL};
use crate::operation::Operation;
use crate::tally::{End, Tally};
use crate::wire::{Sent, Spoil, Times};

/// Once, the retries of the SDK or of the registrar make up for anything. Always, nothing but the end of the run does,
/// unless what is lost is nothing.
fn expected(scene: Scene, sent: &Sent, from: u32, fault: Fault, times: Times) -> End {
    // What a function answers is not for the transport to judge. Where it is registered it is asked before there is a plan:
    // if it answers wrongly then, that is what the plan may mend. The smoke test finds it wrong, and has its say.
    let is_invocation = sent.operation.name == "Invoke";
    let is_before_the_plan = from == 1 && scene != Scene::FirstDeploy;
    match (times, fault) {
        (_, Fault::Truncated | Fault::Garbage) if is_invocation && scene == Scene::Status => End::Stops(6),
        (Times::Only(_), Fault::Truncated | Fault::Garbage) if is_invocation && is_before_the_plan => End::Converges,
        (_, Fault::Truncated | Fault::Garbage) if is_invocation => End::Stops(4),
        (_, Fault::Truncated) if sent.status == Some(204) => End::Converges,
        (Times::Only(_), _) => End::Converges,
        (Times::Always, _) => End::Stops(4),
    }
}

/// What makes a difference: what a service does before it fails makes none where it only reads.
fn faults(operation: &Operation) -> Vec<(&'static str, Fault)> {
    let mut faults = Fault::with_any_call(&operation.service).to_vec();
    faults.push(("stalled", Fault::Stalled));
    if !operation.is_write() {
        faults.retain(|(_, fault)| !matches!(fault, Fault::DoneThenFailed(_) | Fault::ResetAfter));
    }
    faults
}

async fn matrix(scene: Scene, part: impl Fn(usize) -> bool, title: &str) {
    let cloud = Cloud::start().await;
    let model = Model::of(&cloud, scene).await;
    let mut tally = Tally::default();
    for (_, (sent, from)) in model.sites().into_iter().enumerate().filter(|(index, _)| part(*index)) {
        let operation = &sent.operation;
        let mut unused = None;
        // First what stops: where nothing was changed, the next one finds everything as it was.
        for times in [Times::Always, Times::Only(1)] {
            for (name, fault) in faults(operation) {
                let cell = Cell {
                    scene,
                    spoil: Spoil { operation: &operation.name, from, times, fault },
                    end: expected(scene, sent, from, fault, times),
                    says: &[],
                    title: format!("{scene:?}, {} #{from}, {name}, {times:?}", operation.name),
                };
                cell.try_out(&cloud, &model, &mut unused, &mut tally).await;
            }
        }
        if let Some(bench) = unused {
            let ran = bench.run(scene, &[]).await;
            assert_eq!((ran.code(), bench.state().await), (0, model.state.clone()), "{}", ran.text());
            bench.clean_up().await;
        }
    }
    tally.conclude(title);
}

#[tokio::test(start_paused = true)]
async fn first_deploy() {
    matrix(Scene::FirstDeploy, |_| true, "first deploy").await;
}

#[tokio::test(start_paused = true)]
async fn update_begins() {
    matrix(Scene::Update, |index| index < 14, "update, first half").await;
}

#[tokio::test(start_paused = true)]
async fn update_ends() {
    matrix(Scene::Update, |index| index >= 14, "update, second half").await;
}

#[tokio::test(start_paused = true)]
async fn unregister() {
    matrix(Scene::Unregister, |_| true, "unregister").await;
}

#[tokio::test(start_paused = true)]
async fn adopt() {
    // What is read first is read as in any other deployment.
    matrix(Scene::Adopt, |index| index >= 7, "adoption").await;
}

#[tokio::test(start_paused = true)]
async fn status() {
    matrix(Scene::Status, |_| true, "status").await;
}

#[tokio::test(start_paused = true)]
async fn a_stall_costs_no_real_time() {
    let start = (tokio::time::Instant::now(), std::time::Instant::now());
    tokio::time::sleep(STALL).await;
    assert!(start.0.elapsed() >= STALL && start.1.elapsed() < STALL / 10);
}
