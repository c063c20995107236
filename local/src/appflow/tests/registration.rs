//! Connectors: who is asked what, what is stored, and each way of being refused.

use super::super::MissingPermission;
use super::*;

#[tokio::test]
async fn registering_asks_the_function_as_appflow_and_keeps_its_answer() {
    let world = World::new();
    let answer = world.ok("/register-connector", register()).await;
    let arn = "arn:aws:appflow:eu-central-1:000000000000:connector/acme";
    assert_eq!(answer, json!({"connectorArn": arn}));

    let [asked] = world.asked().try_into().unwrap();
    assert_eq!((asked.function_arn.as_str(), asked.principal.as_str()), (LAMBDA_ARN, "appflow.amazonaws.com"));
    assert_eq!((asked.source_account.as_str(), asked.source_arn.as_str()), ("000000000000", arn));
    assert_eq!(asked.limit, Duration::from_secs(10));
    let Request::DescribeConnectorConfiguration(request) = asked.request else { panic!("{asked:?}") };
    assert_eq!((request.locale.as_str(), request.connector_label.as_deref()), ("en-US", Some("acme")));

    let world = world.restarted();
    world.answers(|_| Err(ServiceCallError::NoSuchFunction));
    let described =
        world.ok("/describe-connector", json!({"connectorType": "CUSTOMCONNECTOR", "connectorLabel": "acme"})).await;
    assert_eq!(described["connectorConfiguration"]["connectorName"], "Acme CRM");
    assert_eq!(world.operations().len(), 1, "describing asks nobody");
}

#[tokio::test]
async fn a_label_is_registered_once_per_region() {
    let mut world = World::new();
    world.ok("/register-connector", register()).await;
    let refusal = world.refused("/register-connector", register()).await;
    assert_eq!((refusal.status, refusal.code.as_str()), (409, "ConflictException"));
    world.scope = region("us-east-1");
    world.ok("/register-connector", register()).await;
    world.ok("/unregister-connector", json!({"connectorLabel": "acme"})).await;
    assert_eq!(world.ok("/list-connectors", json!({})).await["connectors"], json!([]));
    world.scope = region("eu-central-1");
    assert_eq!(world.ok("/list-connectors", json!({})).await["connectors"][0]["connectorLabel"], "acme");
}

#[tokio::test]
async fn what_breaks_the_model_is_refused_before_the_function_is_asked() {
    let world = World::new();
    let lambda = |arn: &str| json!({"lambda": {"lambdaArn": arn}});
    for (input, named) in [
        (with(register(), "connectorLabel", Value::Null), "connectorLabel is missing"),
        (with(register(), "connectorLabel", json!("a")), "connectorLabel has 1 characters"),
        (with(register(), "connectorLabel", json!("a b")), "connectorLabel does not match"),
        (with(register(), "description", json!("Reads orders, contacts")), "description does not match"),
        (
            with(register(), "connectorProvisioningType", json!("EC2")),
            "connectorProvisioningType must be one of LAMBDA",
        ),
        (
            with(register(), "connectorProvisioningConfig", lambda("arn:aws-cn:lambda:x:1:f")),
            "lambdaArn does not match",
        ),
        (with(register(), "connectorProvisioningConfig", json!({})), "lambdaArn is missing"),
        (with(register(), "clientToken", json!("")), "clientToken has 0 characters"),
    ] {
        let refusal = world.refused("/register-connector", input).await;
        assert_eq!((refusal.status, refusal.code.as_str()), (400, "ValidationException"));
        assert!(refusal.message.contains(named), "{named}: {}", refusal.message);
    }
    assert!(world.asked().is_empty());
}

/// Why there is no answer, and the status, code and words that follow from it.
type Case = (fn() -> ServiceCallError, u16, &'static str, &'static str);

#[tokio::test]
async fn every_reason_for_no_answer_has_its_error_and_registers_nothing() {
    let raised = || ServiceCallError::FunctionError {
        payload: Bytes::from_static(br#"{"errorType":"Boom","errorMessage":"no manifest"}"#),
        log_tail: String::new(),
    };
    let pending = || ServiceCallError::NotActive { state: "Pending".to_owned(), reason: "being made".to_owned() };
    let timed_out = || ServiceCallError::TimedOut { after: Duration::from_secs(10) };
    let cases: [Case; 6] = [
        (|| ServiceCallError::NoSuchFunction, 404, "ResourceNotFoundException", "does not exist"),
        (|| ServiceCallError::NotPermitted, 403, "AccessDeniedException", "lambda:InvokeFunction"),
        (raised, 400, "ConnectorServerException", "No valid response and error details found"),
        (timed_out, 400, "ConnectorServerException", "within 10 seconds"),
        (pending, 400, "ConnectorServerException", "Pending"),
        (|| ServiceCallError::ResponseTooLarge { bytes: 7 }, 400, "ConnectorServerException", "7 bytes"),
    ];
    let world = World::new();
    for (error, status, code, fragment) in cases {
        world.answers(move |_| Err(error()));
        let refusal = world.refused("/register-connector", register()).await;
        assert_eq!((refusal.status, refusal.code.as_str()), (status, code));
        assert!(refusal.message.contains(fragment), "{fragment}: {}", refusal.message);
    }
    world.fails(Operation::DescribeConnectorConfiguration, ErrorCode::ServerError, "acme is closed");
    let refusal = world.refused("/register-connector", register()).await;
    assert_eq!(refusal.code, "ConnectorServerException");
    assert!(refusal.message.contains("ServerError: acme is closed"), "{}", refusal.message);
    assert_eq!(world.ok("/list-connectors", json!({})).await, json!({"connectors": []}));
}

#[tokio::test]
async fn the_error_for_a_missing_permission_can_be_chosen() {
    let behaviour = Behaviour { missing_permission: MissingPermission::ConnectorServer, ..Behaviour::default() };
    let world = World::behaving(behaviour);
    world.answers(|_| Err(ServiceCallError::NotPermitted));
    assert_eq!(world.refused("/register-connector", register()).await.code, "ConnectorServerException");
}

#[tokio::test]
async fn an_implausible_configuration_is_refused_unless_that_is_switched_off() {
    let implausible = |_: &Request| {
        let mut configuration = configuration();
        configuration.connector_name = "Amazonia".to_owned();
        configuration.supported_api_versions.clear();
        Ok(configuration.into())
    };
    let world = World::new();
    world.answers(implausible);
    let refusal = world.refused("/register-connector", register()).await;
    assert_eq!(refusal.code, "ValidationException");
    for problem in ["connectorName must not begin with amazon", "supportedApiVersions is empty"] {
        assert!(refusal.message.contains(problem), "{}", refusal.message);
    }
    let behaviour = Behaviour { check_configuration: false, ..Behaviour::default() };
    let world = World::behaving(behaviour);
    world.answers(implausible);
    world.ok("/register-connector", register()).await;
}

#[tokio::test]
async fn a_repeated_client_token_gets_the_first_answer_or_a_conflict() {
    let world = World::new();
    let first = with(register(), "clientToken", json!("token-1"));
    let answer = world.ok("/register-connector", first.clone()).await;
    let world = world.restarted();
    assert_eq!(world.ok("/register-connector", first.clone()).await, answer);
    assert_eq!(world.operations().len(), 1);
    let refusal = world.refused("/register-connector", with(first, "description", json!("Other"))).await;
    assert_eq!(refusal.code, "ConflictException");
    assert!(refusal.message.contains("clientToken"), "{}", refusal.message);
    // Another operation has tokens of its own.
    let update = json!({"connectorLabel": "acme", "clientToken": "token-1"});
    world.ok("/update-connector-registration", update).await;
}

#[tokio::test]
async fn a_refused_call_leaves_its_client_token_free() {
    let world = World::new();
    world.answers(|_| Err(ServiceCallError::NotPermitted));
    let input = with(register(), "clientToken", json!("token-1"));
    world.refused("/register-connector", input.clone()).await;
    world.answers(|request| Ok(acme(request)));
    world.ok("/register-connector", input).await;
}

#[tokio::test]
async fn updating_asks_again_and_keeps_what_is_not_given() {
    let world = World::new();
    let missing = world.refused("/update-connector-registration", json!({"connectorLabel": "acme"})).await;
    assert_eq!(missing.message, "Connector:acme is not registered. Please register it first");
    world.ok("/register-connector", register()).await;
    world.answers(|_| {
        let mut configuration = configuration();
        configuration.connector_version = "2.0.0".to_owned();
        Ok(configuration.into())
    });
    world.ok("/update-connector-registration", json!({"connectorLabel": "acme"})).await;
    let listed = world.ok("/list-connectors", json!({})).await;
    assert_eq!(listed["connectors"][0]["connectorVersion"], "2.0.0");
    assert_eq!(listed["connectors"][0]["connectorDescription"], "Reads orders");

    let other = format!("{LAMBDA_ARN}-2");
    let update = json!({"connectorLabel": "acme", "description": "New", "connectorProvisioningConfig": {"lambda": {"lambdaArn": other}}});
    world.ok("/update-connector-registration", update).await;
    assert_eq!(world.asked().last().unwrap().function_arn, other);
    let described =
        world.ok("/describe-connector", json!({"connectorType": "CustomConnector", "connectorLabel": "acme"})).await;
    let described = &described["connectorConfiguration"];
    assert_eq!(described["connectorProvisioningConfig"]["lambda"]["lambdaArn"], other.as_str());
    assert_eq!(described["connectorDescription"], "New");

    // A failed update changes nothing.
    world.answers(|_| Err(ServiceCallError::NotPermitted));
    world.refused("/update-connector-registration", json!({"connectorLabel": "acme", "description": "Newer"})).await;
    let listed = world.ok("/list-connectors", json!({})).await;
    assert_eq!(listed["connectors"][0]["connectorDescription"], "New");
}

#[tokio::test]
async fn a_connector_in_use_is_unregistered_by_force_alone() {
    let world = World::connected().await;
    let refusal = world.refused("/unregister-connector", json!({"connectorLabel": "acme"})).await;
    assert_eq!(refusal.code, "ConflictException");
    assert!(refusal.message.contains("main"), "{}", refusal.message);
    world.ok("/unregister-connector", json!({"connectorLabel": "acme", "forceDelete": true})).await;
    let gone = world.refused("/unregister-connector", json!({"connectorLabel": "acme"})).await;
    assert_eq!((gone.status, gone.code.as_str()), (404, "ResourceNotFoundException"));
    let orphan = world.refused("/list-connector-entities", json!({"connectorProfileName": "main"})).await;
    assert_eq!(orphan.message, "Connector:acme is not registered. Please register it first");
}

#[tokio::test]
async fn connectors_are_listed_page_by_page() {
    let world = World::new();
    for number in 0..5 {
        world.ok("/register-connector", with(register(), "connectorLabel", json!(format!("acme{number}")))).await;
    }
    let first = world.ok("/list-connectors", json!({"maxResults": 3})).await;
    assert_eq!(first["connectors"].as_array().unwrap().len(), 3);
    let rest = world.ok("/list-connectors", json!({"maxResults": 3, "nextToken": first["nextToken"]})).await;
    assert_eq!(rest["connectors"][1]["connectorLabel"], "acme4");
    assert!(rest.get("nextToken").is_none());
    assert_eq!(world.refused("/list-connectors", json!({"maxResults": 0})).await.code, "ValidationException");
}

#[tokio::test]
async fn other_types_of_connectors_are_refused() {
    let world = World::new();
    let refusal = world.refused("/describe-connector", json!({"connectorType": "Salesforce"})).await;
    assert_eq!(refusal.code, "ValidationException");
    assert!(refusal.message.contains("connectorType must be CustomConnector"), "{}", refusal.message);
}
