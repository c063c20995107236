//! Callers who may not do something, or whom AWS does not know: exit code 3, at once, at every call.

use crate::bench::{Bench, Scene};
use crate::cell::{Cell, Model};
use crate::cloud::Cloud;
use crate::fault::{Answer, Fault};
use crate::tally::{End, Tally};
use crate::wire::{Spoil, Times};

/// The spelling differs: IAM and STS leave the suffix out.
fn denied(service: &str) -> Answer {
    let code = if matches!(service, "iam" | "sts") { "AccessDenied" } else { "AccessDeniedException" };
    Answer { status: 403, code, message: "User: arn:aws:iam::000000000000:user/ci is not authorized to perform this" }
}

fn expired(service: &str) -> Answer {
    let code = if matches!(service, "iam" | "sts") { "ExpiredToken" } else { "ExpiredTokenException" };
    Answer { status: 403, code, message: "The security token included in the request is expired" }
}

async fn every_call(answer: fn(&str) -> Answer, says: &str, title: &str) {
    let cloud = Cloud::start().await;
    let mut tally = Tally::default();
    for scene in [Scene::FirstDeploy, Scene::Update, Scene::Unregister, Scene::Status] {
        let model = Model::of(&cloud, scene).await;
        let mut unused = None;
        for (sent, from) in model.sites() {
            let operation = &sent.operation;
            // AppFlow says the same of a permission that has not spread: `rows_of_appflow.rs`.
            let may_pass = answer(&operation.service).code == "AccessDeniedException"
                && matches!(operation.name.as_str(), "RegisterConnector" | "UpdateConnectorRegistration");
            if may_pass {
                continue;
            }
            let fault = Fault::Refused(answer(&operation.service));
            // Which flows use the connector is told for information only.
            let is_optional = operation.name == "ListFlows" && answer("appflow").code == "AccessDeniedException";
            let end = if is_optional { End::Converges } else { End::Stops(3) };
            let cell = Cell {
                scene,
                spoil: Spoil { operation: &operation.name, from, times: Times::Only(1), fault },
                end,
                says: &[says],
                title: format!("{scene:?}, {} #{from}, {title}", operation.name),
            };
            cell.try_out(&cloud, &model, &mut unused, &mut tally).await;
        }
        if let Some(bench) = unused {
            bench.clean_up().await;
        }
    }
    tally.conclude(title);
}

#[tokio::test(start_paused = true)]
async fn names_the_action_that_is_missing() {
    every_call(denied, "the caller needs the IAM action", "access denied").await;
}

#[tokio::test(start_paused = true)]
async fn tells_how_to_sign_in_again() {
    every_call(expired, "aws sso login", "credentials expired").await;
}

#[tokio::test(start_paused = true)]
async fn changes_nothing_for_a_caller_whom_nobody_knows() {
    let cloud = Cloud::start().await;
    for code in ["InvalidClientTokenId", "UnrecognizedClientException", "ExpiredToken", "SignatureDoesNotMatch"] {
        let bench = Bench::new(&cloud);
        let answer = Answer { status: 403, code, message: "The security token included in the request is invalid." };
        let fault = Fault::Refused(answer);
        let spoil = Spoil { operation: "GetCallerIdentity", from: 1, times: Times::Always, fault };
        let ran = bench.run(Scene::FirstDeploy, &[spoil]).await;
        assert_eq!((ran.code(), ran.log.len()), (3, 1), "{code}: {}", ran.text());
        assert!(ran.text().contains("--profile"), "{}", ran.text());
    }
}
