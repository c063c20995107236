//! What takes more than one answer to tell: functions that are long in coming or fail, roles of all ages, time that is up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use crate::bench::{Bench, Ran, Scene};
use crate::cell::Model;
use crate::cloud::Cloud;
use crate::fault::{Answer, Fault};
use crate::wire::{Mask, Play, Spoil, Times};

const NOT_ASSUMED: Answer = Answer {
    status: 400,
    code: "InvalidParameterValueException",
    message: "The role defined for the function cannot be assumed by Lambda.",
};

const IN_PROGRESS: Answer =
    Answer { status: 409, code: "ResourceConflictException", message: "An update is in progress for resource: f" };

fn refused(operation: &str, times: Times, answer: Answer) -> Spoil<'_> {
    Spoil { operation, from: 1, times, fault: Fault::Refused(answer) }
}

/// Shows other members of a function, for as long as `when` says, given how often the function was made or changed.
pub(crate) fn showing(
    members: &'static [(&'static str, &'static str)],
    when: impl Fn(u32) -> bool + Send + Sync + 'static,
) -> Play {
    let changes = AtomicU32::new(0);
    let mask: Mask = Arc::new(move |operation: &str, _: u32, body: &mut Vec<u8>| {
        if matches!(operation, "CreateFunction" | "UpdateFunctionCode") {
            changes.fetch_add(1, Ordering::Relaxed);
        }
        let changes = changes.load(Ordering::Relaxed);
        if !matches!(operation, "GetFunction" | "GetFunctionConfiguration") || changes == 0 || !when(changes) {
            return;
        }
        let Ok(mut document) = serde_json::from_slice::<Value>(body) else { return };
        let configuration = match document.get_mut("Configuration") {
            Some(configuration) => configuration,
            None => &mut document,
        };
        for (name, value) in members {
            configuration[*name] = (*value).into();
        }
        *body = document.to_string().into_bytes();
    });
    Play { mask: Some(mask), deed: None }
}

/// Runs a scene and then an undisturbed one, which must reach the end of the model.
async fn play(cloud: &Cloud, scene: Scene, spoils: &[Spoil<'_>], play: Play) -> Ran {
    let model = Model::of(cloud, scene).await;
    let bench = Bench::new(cloud);
    bench.prepare(scene).await;
    let ran = bench.run_with(scene, spoils, play).await;
    if ran.code() == 0 {
        assert_eq!(bench.state().await, model.state);
    }
    let again = bench.run(scene, &[]).await;
    assert_eq!(again.code(), 0, "{}", again.text());
    assert_eq!(bench.state().await, model.state);
    bench.clean_up().await;
    ran
}

#[tokio::test(start_paused = true)]
async fn a_role_that_is_not_usable_at_first_is_made_once() {
    let cloud = Cloud::start().await;
    let spoil = refused("CreateFunction", Times::Only(6), NOT_ASSUMED);
    let ran = play(&cloud, Scene::FirstDeploy, &[spoil], Play::default()).await;
    assert_eq!((ran.code(), ran.count("CreateRole"), ran.count("CreateFunction")), (0, 1, 7), "{}", ran.text());
    assert!((15..120).contains(&ran.took.as_secs()), "{:?}", ran.took);
}

#[tokio::test(start_paused = true)]
async fn a_role_of_old_that_lambda_cannot_use_is_not_waited_for() {
    let cloud = Cloud::start().await;
    let bench = Bench::new(&cloud);
    bench.prepare(Scene::Unregister).await;
    let lambda = aws_sdk_lambda::Client::new(&bench.sdk());
    lambda.delete_function().function_name(bench.function()).send().await.expect("the function is there");
    let mask: Mask = Arc::new(|operation: &str, _: u32, body: &mut Vec<u8>| {
        if operation == "GetRole" {
            let text = String::from_utf8_lossy(body).into_owned();
            let (before, rest) = text.split_once("<CreateDate>").expect("a role has a date");
            let (_, after) = rest.split_once("</CreateDate>").expect("a date ends");
            *body = format!("{before}<CreateDate>2020-01-01T00:00:00Z</CreateDate>{after}").into_bytes();
        }
    });
    let spoil = refused("CreateFunction", Times::Always, NOT_ASSUMED);
    let ran = bench.run_with(Scene::FirstDeploy, &[spoil], Play { mask: Some(mask), deed: None }).await;
    assert_eq!((ran.code(), ran.count("CreateFunction")), (4, 1), "{}", ran.text());
    assert_eq!(ran.took, Duration::ZERO);
    assert_eq!(bench.run(Scene::FirstDeploy, &[]).await.code(), 0);
    bench.clean_up().await;
}

#[tokio::test(start_paused = true)]
async fn a_function_that_is_pending_is_waited_for_until_time_is_up() {
    let cloud = Cloud::start().await;
    let pending = &[("State", "Pending"), ("StateReasonCode", "Creating")];
    let start = Instant::now();
    let forty_seconds = showing(pending, move |_| start.elapsed() < Duration::from_secs(40));
    let ran = play(&cloud, Scene::FirstDeploy, &[], forty_seconds).await;
    assert_eq!((ran.code(), ran.writes().len()), (0, 7), "{}", ran.text());
    assert!((40..45).contains(&ran.took.as_secs()), "{:?}", ran.took);

    let ran = play(&cloud, Scene::FirstDeploy, &[], showing(pending, |_| true)).await;
    assert_eq!(ran.code(), 5, "{}", ran.text());
    assert!(ran.text().contains("State is Pending: Creating") && ran.text().contains("--timeout"), "{}", ran.text());
    assert!((590..=600).contains(&ran.took.as_secs()), "{:?}", ran.took);
}

#[tokio::test(start_paused = true)]
async fn a_creation_that_failed_for_want_of_permissions_is_made_again_while_the_role_is_young() {
    const FAILED: &[(&str, &str)] = &[("State", "Failed"), ("StateReasonCode", "InsufficientRolePermissions")];
    let cloud = Cloud::start().await;
    let cleaning = Answer {
        status: 409,
        code: "ResourceConflictException",
        message: "The function is currently in the following state: 'Failed'",
    };
    let spoil = refused("DeleteFunction", Times::Only(2), cleaning);
    let ran = play(&cloud, Scene::FirstDeploy, &[spoil], showing(FAILED, |made| made < 3)).await;
    assert_eq!((ran.code(), ran.count("CreateFunction"), ran.count("CreateRole")), (0, 3, 1), "{}", ran.text());

    let ran = play(&cloud, Scene::FirstDeploy, &[], showing(FAILED, |_| true)).await;
    assert_eq!(ran.code(), 4, "{}", ran.text());
    assert!(ran.text().contains("attach the missing policy"), "{}", ran.text());
    assert!((100..200).contains(&ran.took.as_secs()), "{:?}", ran.took);
}

#[tokio::test(start_paused = true)]
async fn an_internal_error_of_lambda_is_worth_one_more_try() {
    const CREATION: &[(&str, &str)] = &[("State", "Failed"), ("StateReasonCode", "InternalError")];
    const UPDATE: &[(&str, &str)] = &[("LastUpdateStatus", "Failed"), ("LastUpdateStatusReasonCode", "InternalError")];
    let cloud = Cloud::start().await;
    for (scene, call, members) in
        [(Scene::FirstDeploy, "CreateFunction", CREATION), (Scene::Update, "UpdateFunctionCode", UPDATE)]
    {
        let ran = play(&cloud, scene, &[], showing(members, |changes| changes < 2)).await;
        assert_eq!((ran.code(), ran.count(call)), (0, 2), "{}", ran.text());
        let ran = play(&cloud, scene, &[], showing(members, |_| true)).await;
        assert_eq!((ran.code(), ran.count(call)), (4, 2), "{}", ran.text());
    }
}

#[tokio::test(start_paused = true)]
async fn a_rejected_update_leaves_the_old_code_and_says_so() {
    const REJECTED: &[(&str, &str)] =
        &[("LastUpdateStatus", "Failed"), ("LastUpdateStatusReasonCode", "InvalidZipFileException")];
    let cloud = Cloud::start().await;
    let ran = play(&cloud, Scene::Update, &[], showing(REJECTED, |_| true)).await;
    assert_eq!((ran.code(), ran.count("UpdateFunctionCode")), (4, 1), "{}", ran.text());
    assert!(ran.text().contains("the code before it still runs: InvalidZipFileException"), "{}", ran.text());
}

#[tokio::test(start_paused = true)]
async fn a_function_that_others_change_is_waited_for() {
    let cloud = Cloud::start().await;
    let spoil = refused("UpdateFunctionCode", Times::Only(3), IN_PROGRESS);
    let ran = play(&cloud, Scene::Update, &[spoil], Play::default()).await;
    assert_eq!((ran.code(), ran.count("UpdateFunctionCode")), (0, 4), "{}", ran.text());
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_is_not_there_counts_as_empty_where_the_function_is() {
    let cloud = Cloud::start().await;
    let no_policy = Answer { status: 404, code: "ResourceNotFoundException", message: "There is no such resource." };
    let ran = play(&cloud, Scene::Register, &[refused("GetPolicy", Times::Only(2), no_policy)], Play::default()).await;
    assert_eq!((ran.code(), ran.count("AddPermission")), (0, 1), "{}", ran.text());
    let ran = play(&cloud, Scene::Register, &[refused("GetPolicy", Times::Always, no_policy)], Play::default()).await;
    assert_eq!((ran.code(), ran.count("AddPermission")), (4, 1), "{}", ran.text());
    assert!(ran.text().contains("is not there") && ran.text().contains("get-policy"), "{}", ran.text());
}

#[tokio::test(start_paused = true)]
async fn nothing_takes_longer_than_the_time_that_is_given() {
    let cloud = Cloud::start().await;
    let model = Model::of(&cloud, Scene::FirstDeploy).await;
    for operation in ["CreateRole", "CreateFunction", "GetFunctionConfiguration", "Invoke", "RegisterConnector"] {
        let mut bench = Bench::new(&cloud);
        bench.timeout = Duration::from_secs(40);
        let spoil = Spoil { operation, from: 1, times: Times::Always, fault: Fault::Stalled };
        let ran = bench.run(Scene::FirstDeploy, &[spoil]).await;
        assert_eq!((ran.code(), ran.took.as_secs()), (5, 40), "{operation}: {}", ran.text());
        assert!(ran.text().contains(&bench.label) && ran.text().contains("--timeout"), "{}", ran.text());
        assert_eq!(bench.run(Scene::FirstDeploy, &[]).await.code(), 0, "{operation}");
        assert_eq!(bench.state().await, model.state, "{operation}");
        bench.clean_up().await;
    }
    let mut bench = Bench::new(&cloud);
    bench.prepare(Scene::Unregister).await;
    bench.timeout = Duration::from_secs(40);
    for (scene, operation) in [(Scene::FirstDeploy, "GetRole"), (Scene::Unregister, "DeleteRole")] {
        let spoil = Spoil { operation, from: 1, times: Times::Always, fault: Fault::Stalled };
        let ran = bench.run(scene, &[spoil]).await;
        assert_eq!((ran.code(), ran.took.as_secs()), (5, 40), "{operation}: {}", ran.text());
        assert!(ran.text().contains("--timeout"), "{}", ran.text());
    }
    bench.clean_up().await;
}

#[tokio::test(start_paused = true)]
async fn where_nothing_is_to_be_done_nothing_is_written() {
    let cloud = Cloud::start().await;
    let bench = Bench::new(&cloud);
    bench.prepare(Scene::Unregister).await;
    let ran = bench.run(Scene::FirstDeploy, &[]).await;
    assert_eq!((ran.code(), ran.writes().len()), (0, 0), "{}", ran.text());
    assert!(ran.log.len() <= 8, "{} calls", ran.log.len());
    bench.clean_up().await;
}
