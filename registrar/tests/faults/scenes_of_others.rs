//! Others who do something in the middle of a run: what is theirs is never taken, what is ours is found again.

use std::sync::Arc;

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::FunctionCode;

use crate::bench::{Bench, Ran, Scene};
use crate::cell::Model;
use crate::cloud::Cloud;
use crate::fault::{Answer, Fault};
use crate::wire::{Play, Spoil, Times};

/// Runs a scene in which somebody does something right before a call arrives.
macro_rules! meanwhile {
    ($bench:expr, $scene:expr, $call:literal, $deed:expr) => {{
        let sdk = $bench.sdk();
        let (function, label) = ($bench.function(), $bench.label.clone());
        let deed = Arc::new(move || -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
            let (sdk, function, label) = (sdk.clone(), function.clone(), label.clone());
            Box::pin($deed(sdk, function, label))
        });
        $bench.run_with($scene, &[], Play { mask: None, deed: Some(($call, deed)) }).await
    }};
}

async fn goes_on_to(model: &Model, bench: &Bench, scene: Scene) {
    let again = bench.run(scene, &[]).await;
    assert_eq!(again.code(), 0, "{}", again.text());
    assert_eq!(bench.state().await, model.state);
    bench.clean_up().await;
}

fn stops_because_of_others(ran: &Ran, code: u8, says: &str) {
    assert_eq!(ran.code(), code, "{}", ran.text());
    assert!(ran.text().contains(says), "{}", ran.text());
}

#[tokio::test(start_paused = true)]
async fn a_role_of_somebody_else_is_left_alone() {
    let cloud = Cloud::start().await;
    let bench = Bench::new(&cloud);
    let role = bench.role();
    let ran = meanwhile!(bench, Scene::FirstDeploy, "CreateRole", |sdk, _, _| {
        let role = role.clone();
        async move {
            let request = aws_sdk_iam::Client::new(&sdk).create_role().role_name(role);
            request
                .assume_role_policy_document(appflow_registrar::policy::trust().to_string())
                .send()
                .await
                .expect("there is no such role");
        }
    });
    stops_because_of_others(&ran, 4, "was made by somebody else meanwhile");
    assert_eq!(ran.writes(), ["CreateRole"]);
}

#[tokio::test(start_paused = true)]
async fn a_function_of_somebody_else_is_left_alone() {
    let cloud = Cloud::start().await;
    let bench = Bench::new(&cloud);
    let role = bench.role();
    let ran = meanwhile!(bench, Scene::FirstDeploy, "CreateFunction", |sdk, function: String, _| {
        let role = role.clone();
        async move {
            let code = appflow_registrar::package::zip(b"#!/bin/sh\n", &std::collections::BTreeMap::new());
            let code = FunctionCode::builder().zip_file(Blob::new(code.expect("it fits into memory"))).build();
            let request = aws_sdk_lambda::Client::new(&sdk).create_function().function_name(&function).code(code);
            let request = request.role(format!("arn:aws:iam::000000000000:role/{role}")).handler("bootstrap");
            let request = request.runtime(aws_sdk_lambda::types::Runtime::Providedal2023);
            request.send().await.expect("there is no such function");
        }
    });
    stops_because_of_others(&ran, 4, "was made by somebody else meanwhile");
    assert_eq!(ran.writes().last(), Some(&"CreateFunction"));
}

#[tokio::test(start_paused = true)]
async fn a_change_of_somebody_else_is_kept_and_the_code_is_replaced() {
    let cloud = Cloud::start().await;
    let bench = Bench::new(&cloud);
    bench.prepare(Scene::Update).await;
    let ran = meanwhile!(bench, Scene::Update, "UpdateFunctionCode", |sdk, function, _| async move {
        let request = aws_sdk_lambda::Client::new(&sdk).update_function_configuration().function_name(function);
        request.timeout(77).send().await.expect("the function is there");
    });
    assert_eq!((ran.code(), ran.count("UpdateFunctionCode")), (0, 2), "{}", ran.text());
    assert!(bench.state().await.contains("timeout: 77"));
    bench.clean_up().await;
}

#[tokio::test(start_paused = true)]
async fn a_configuration_that_somebody_else_changes_is_not_overwritten() {
    let cloud = Cloud::start().await;
    let bench = Bench::new(&cloud);
    let model = Model::of(&cloud, Scene::Update).await;
    bench.prepare(Scene::Update).await;
    let ran = meanwhile!(bench, Scene::Update, "UpdateFunctionConfiguration", |sdk, function, _| async move {
        let request = aws_sdk_lambda::Client::new(&sdk).update_function_configuration().function_name(function);
        request.timeout(77).send().await.expect("the function is there");
    });
    stops_because_of_others(&ran, 4, "changed while this ran");
    goes_on_to(&model, &bench, Scene::Update).await;
}

#[tokio::test(start_paused = true)]
async fn a_label_that_is_registered_for_us_meanwhile_is_renewed() {
    let cloud = Cloud::start().await;
    let bench = Bench::new(&cloud);
    let model = Model::of(&cloud, Scene::FirstDeploy).await;
    let region = bench.region.clone();
    let ran = meanwhile!(bench, Scene::FirstDeploy, "RegisterConnector", |sdk, function, label| {
        let arn = format!("arn:aws:lambda:{region}:000000000000:function:{function}");
        register(sdk, label, arn)
    });
    assert_eq!((ran.code(), ran.count("UpdateConnectorRegistration")), (0, 1), "{}", ran.text());
    assert_eq!(bench.state().await, model.state);
    bench.clean_up().await;
}

#[tokio::test(start_paused = true)]
async fn a_label_that_is_registered_for_others_meanwhile_is_left_to_them() {
    let cloud = Cloud::start().await;
    let bench = Bench::new(&cloud);
    let other = bench.beside(&cloud);
    other.prepare(Scene::Unregister).await;
    let arn = format!("arn:aws:lambda:{}:000000000000:function:{}", other.region, other.function());
    let theirs = arn.clone();
    let ran =
        meanwhile!(bench, Scene::FirstDeploy, "RegisterConnector", |sdk, _, label| register(sdk, label, arn.clone()));
    stops_because_of_others(&ran, 4, "--adopt");
    assert!(ran.text().contains(&theirs) && ran.text().contains("ConflictException"), "{}", ran.text());
    assert_eq!(ran.count("UpdateConnectorRegistration"), 0);
}

async fn register(sdk: aws_config::SdkConfig, label: String, arn: String) {
    use aws_sdk_appflow::types::{ConnectorProvisioningConfig, LambdaConnectorProvisioningConfig};
    let lambda = LambdaConnectorProvisioningConfig::builder().lambda_arn(arn).build().expect("it has an ARN");
    let config = ConnectorProvisioningConfig::builder().lambda(lambda).build();
    let request = aws_sdk_appflow::Client::new(&sdk).register_connector().connector_label(label);
    let request = request.connector_provisioning_type(aws_sdk_appflow::types::ConnectorProvisioningType::Lambda);
    request.connector_provisioning_config(config).send().await.expect("the label is free");
}

#[tokio::test(start_paused = true)]
async fn a_registration_that_goes_away_meanwhile_is_made_anew() {
    let cloud = Cloud::start().await;
    let bench = Bench::new(&cloud);
    let model = Model::of(&cloud, Scene::Update).await;
    bench.prepare(Scene::Update).await;
    let ran = meanwhile!(bench, Scene::Update, "UpdateConnectorRegistration", |sdk, _, label: String| async move {
        let request = aws_sdk_appflow::Client::new(&sdk).unregister_connector().connector_label(label);
        request.send().await.expect("it is registered");
    });
    assert_eq!((ran.code(), ran.count("RegisterConnector")), (0, 1), "{}", ran.text());
    assert_eq!(bench.state().await, model.state);
    bench.clean_up().await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_asked_for_with_the_same_token_five_times_at_most() {
    let cloud = Cloud::start().await;
    let model = Model::of(&cloud, Scene::FirstDeploy).await;
    for (times, fault, expected) in [
        (Times::Only(4), Fault::ResetAfter, (0, 5)),
        (Times::Only(4), Fault::Stalled, (0, 5)),
        (Times::Always, Fault::ResetAfter, (4, 5)),
        (Times::Always, Fault::ResetBefore, (4, 5)),
    ] {
        let bench = Bench::new(&cloud);
        let spoil = Spoil { operation: "RegisterConnector", from: 1, times, fault };
        let ran = bench.run(Scene::FirstDeploy, &[spoil]).await;
        assert_eq!((ran.code(), ran.count("RegisterConnector")), expected, "{}", ran.text());
        let tokens: std::collections::BTreeSet<_> =
            ran.log.iter().filter_map(|sent| sent.operation.token.clone()).collect();
        assert_eq!(tokens.len(), 1, "{times:?} {fault:?}");
        goes_on_to(&model, &bench, Scene::FirstDeploy).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_gets_another_token_and_a_permission_of_old_no_patience() {
    let cloud = Cloud::start().await;
    let model = Model::of(&cloud, Scene::FirstDeploy).await;
    let bench = Bench::new(&cloud);
    let failed =
        Answer { status: 400, code: "ConnectorServerException", message: "Error while communicating to connector." };
    let denied = Answer { status: 403, code: "AccessDeniedException", message: "Access was denied." };
    let spoil = |times, answer| Spoil { operation: "RegisterConnector", from: 1, times, fault: Fault::Refused(answer) };
    let ran = bench.run(Scene::FirstDeploy, &[spoil(Times::Only(2), failed)]).await;
    let tokens: std::collections::BTreeSet<_> =
        ran.log.iter().filter_map(|sent| sent.operation.token.clone()).collect();
    assert_eq!((ran.code(), tokens.len()), (0, 3), "{}", ran.text());

    bench.aws(&bench.clear()).appflow.unregister(&bench.label, false).await.expect("it is registered");
    let ran = bench.run(Scene::FirstDeploy, &[spoil(Times::Always, denied)]).await;
    assert_eq!((ran.code(), ran.count("RegisterConnector")), (3, 1), "{}", ran.text());
    goes_on_to(&model, &bench, Scene::FirstDeploy).await;
}

#[tokio::test(start_paused = true)]
async fn a_statement_of_the_same_id_is_exchanged_without_a_gap() {
    let cloud = Cloud::start().await;
    let bench = Bench::new(&cloud);
    bench.prepare(Scene::Unregister).await;
    let lambda = aws_sdk_lambda::Client::new(&bench.sdk());
    let (function, id) = (bench.function(), bench.grant().statement_id);
    let remove = lambda.remove_permission().function_name(&function).statement_id(&id);
    remove.send().await.expect("the statement is there");
    let add = lambda.add_permission().function_name(&function).action("lambda:InvokeFunction").statement_id(&id);
    add.principal("appflow.amazonaws.com").send().await.expect("the statement is gone");

    let ran = bench.run(Scene::FirstDeploy, &[]).await;
    assert_eq!(ran.code(), 0, "{}", ran.text());
    assert_eq!(ran.writes()[..2], ["AddPermission", "RemovePermission"]);
    let (statements, _) = bench.aws(&bench.clear()).lambda.permissions(&function).await.expect("it can be read");
    assert_eq!(statements.len(), 1);
    let arn = format!("arn:aws:lambda:{}:000000000000:function:{function}", bench.region);
    assert!(statements[0].equals(&bench.grant(), &arn));
    assert!(bench.run(Scene::FirstDeploy, &[]).await.writes().is_empty());
    bench.clean_up().await;
}
