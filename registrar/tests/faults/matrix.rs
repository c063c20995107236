//! Every call of the commands, with everything that can go wrong with any call, once and always.

use crate::bench::{Bench, Scene};
use crate::cell::{Cell, Model};
use crate::cloud::Cloud;
use crate::fault::{Fault, STALL};
use crate::operation::Operation;
use crate::tally::{End, Tally};
use crate::wire::{Sent, Spoil, Times};

/// Once, the retries of the SDK or of the registrar make up for anything. Always, nothing but the end of the run does,
/// unless what is lost is nothing.
fn expected(sent: &Sent, fault: Fault, times: Times) -> End {
    // What a function answers is not for the transport to judge: the smoke test finds it wrong, and has its say.
    let is_smoke_test = sent.operation.name == "Invoke";
    match (times, fault) {
        (_, Fault::Truncated | Fault::Garbage) if is_smoke_test => End::Stops(4),
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
    // Nothing of a scene that only reads can be different the next time.
    let shared = if scene == Scene::Status { Some(Bench::new(&cloud)) } else { None };
    if let Some(bench) = &shared {
        bench.prepare(scene).await;
    }
    for (_, (sent, from)) in model.sites().into_iter().enumerate().filter(|(index, _)| part(*index)) {
        let operation = &sent.operation;
        for (name, fault) in faults(operation) {
            for times in [Times::Only(1), Times::Always] {
                let cell = Cell {
                    scene,
                    spoil: Spoil { operation: &operation.name, from, times, fault },
                    end: expected(sent, fault, times),
                    says: &[],
                    title: format!("{scene:?}, {} #{from}, {name}, {times:?}", operation.name),
                };
                match &shared {
                    Some(bench) => cell.try_on(bench, &model, &mut tally).await,
                    None => cell.try_out(&cloud, &model, &mut tally).await,
                }
            }
        }
    }
    if let Some(bench) = &shared {
        bench.clean_up().await;
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
