//! Profiles: what the connector is asked, where the credentials go, and that refusals leave nothing behind.

use super::super::ProfileChecks;
use super::*;
use futures_util::FutureExt as _;

fn custom(properties: &Value, credentials: &Value) -> Value {
    json!({
        "connectorProfileProperties": {"CustomConnector": properties},
        "connectorProfileCredentials": {"CustomConnector": credentials},
    })
}

#[tokio::test]
async fn creating_stores_a_secret_and_lets_the_connector_try_it_first() {
    let world = World::new();
    world.ok("/register-connector", register()).await;
    let answer = world.ok("/create-connector-profile", create_profile()).await;
    let arn = "arn:aws:appflow:eu-central-1:000000000000:connectorprofile/main";
    assert_eq!(answer, json!({"connectorProfileArn": arn}));

    let secrets = world.secrets();
    let (secret_arn, secret) = secrets.first_key_value().unwrap();
    assert!(secret_arn.contains(":secret:appflow!000000000000-acme-main-"), "{secret_arn}");
    assert_eq!(secret, &json!({"username": "ann", "password": "hunter2"}));

    let [_, credentials, settings] = world.asked().try_into().unwrap();
    let Request::ValidateCredentials(request) = &credentials.request else { panic!("{credentials:?}") };
    assert_eq!(request.credentials.secret_arn.as_ref(), Some(secret_arn));
    assert_eq!(request.credentials.authentication_type.as_ref().unwrap().as_str(), "BasicAuth");
    let Request::ValidateConnectorRuntimeSettings(request) = &settings.request else { panic!("{settings:?}") };
    assert_eq!(request.scope, RuntimeSettingScope::ConnectorProfile);
    assert_eq!(request.connector_runtime_settings["baseUrl"], "https://acme.example");
}

#[tokio::test]
async fn describing_shows_everything_but_the_credentials() {
    let world = World::connected().await.restarted();
    let described = world.ok("/describe-connector-profiles", json!({})).await;
    let [detail] = described["connectorProfileDetails"].as_array().unwrap().as_slice() else { panic!("{described}") };
    let secret_arn = world.secrets().into_keys().next().unwrap();
    assert_eq!(detail["credentialsArn"], secret_arn);
    assert_eq!(detail["connectorType"], "CustomConnector");
    assert!(detail["createdAt"].as_f64().unwrap() > 1.7e9);
    let properties = &detail["connectorProfileProperties"]["CustomConnector"];
    assert_eq!(properties, &json!({"profileProperties": {"baseUrl": "https://acme.example"}}));
    assert!(!described.to_string().contains("hunter2"));
    let stored = std::fs::read_to_string(world.dir.path().join("appflow.json")).unwrap();
    assert!(!stored.contains("hunter2"), "credentials belong into the secret alone");

    for (filter, found) in [
        (json!({"connectorProfileNames": ["main", "other"]}), 1),
        (json!({"connectorProfileNames": ["other"]}), 0),
        (json!({"connectorType": "CustomConnector", "connectorLabel": "acme"}), 1),
        (json!({"connectorLabel": "zeta"}), 0),
    ] {
        let described = world.ok("/describe-connector-profiles", filter.clone()).await;
        assert_eq!(described["connectorProfileDetails"].as_array().unwrap().len(), found, "{filter}");
    }
}

#[tokio::test]
async fn a_refusal_by_the_connector_removes_the_secret_and_keeps_nothing() {
    let world = World::new();
    world.ok("/register-connector", register()).await;
    let cases = [
        (Operation::ValidateCredentials, ErrorCode::InvalidCredentials, 401, "ConnectorAuthenticationException"),
        (Operation::ValidateCredentials, ErrorCode::AccessDenied, 401, "ConnectorAuthenticationException"),
        (Operation::ValidateCredentials, ErrorCode::ServiceUnavailable, 400, "ConnectorServerException"),
        (Operation::ValidateConnectorRuntimeSettings, ErrorCode::InvalidArgument, 400, "ConnectorServerException"),
    ];
    for (operation, error, status, code) in cases {
        world.fails(operation, error, "acme says no");
        let refusal = world.refused("/create-connector-profile", create_profile()).await;
        assert_eq!((refusal.status, refusal.code.as_str()), (status, code));
        assert!(refusal.message.contains("Failed to validate Connection"), "{}", refusal.message);
        assert!(refusal.message.contains("acme says no"), "{}", refusal.message);
        assert!(world.secrets().is_empty());
    }
    let described = world.ok("/describe-connector-profiles", json!({})).await;
    assert_eq!(described["connectorProfileDetails"], json!([]));
}

#[tokio::test]
async fn the_order_of_the_two_questions_can_be_turned_round() {
    let behaviour = Behaviour { profile_checks: ProfileChecks::SettingsFirst, ..Behaviour::default() };
    let world = World::behaving(behaviour);
    world.ok("/register-connector", register()).await;
    world.ok("/create-connector-profile", create_profile()).await;
    let expected = [Operation::ValidateConnectorRuntimeSettings, Operation::ValidateCredentials];
    assert_eq!(world.operations()[1..], expected);
}

#[tokio::test]
async fn a_profile_needs_a_registered_connector_and_a_free_name() {
    let world = World::new();
    let refusal = world.refused("/create-connector-profile", create_profile()).await;
    assert_eq!((refusal.status, refusal.code.as_str()), (404, "ResourceNotFoundException"));
    assert_eq!(refusal.message, "Connector:acme is not registered. Please register it first");

    let world = World::connected().await;
    let refusal = world.refused("/create-connector-profile", create_profile()).await;
    assert_eq!((refusal.status, refusal.code.as_str()), (409, "ConflictException"));
    assert_eq!(world.secrets().len(), 1);
    assert!(world.asked().is_empty());
}

#[tokio::test]
async fn settings_and_credentials_are_held_against_what_the_connector_declares() {
    let world = World::new();
    world.ok("/register-connector", register()).await;
    let basic = json!({"authenticationType": "BASIC", "basic": {"username": "ann", "password": "hunter2"}});
    let settings = json!({"profileProperties": {"baseUrl": "https://acme.example"}});
    let undeclared = json!({"profileProperties": {"baseUrl": "x", "orderBy": "y"}});
    let key = json!({"authenticationType": "APIKEY", "apiKey": {"apiKey": "hunter2"}});
    let tenant =
        json!({"authenticationType": "CUSTOM", "custom": {"customAuthenticationType": "Tenant", "credentialsMap": {}}});
    let exchange = json!({"authenticationType": "OAUTH2", "oauth2": {"oAuthRequest": {"authCode": "hunter2"}}});
    for (properties, credentials, named) in [
        (json!({}), &basic, "lacks \"baseUrl\""),
        (undeclared, &basic, "has \"orderBy\""),
        (json!({"profileProperties": {"base url": ""}}), &basic, "has the key \"base url\""),
        (settings.clone(), &key, "does not offer"),
        (settings.clone(), &tenant, "lacks \"token\""),
        (settings.clone(), &exchange, "exchanges no tokens"),
        (
            json!({"oAuth2Properties": {"tokenUrl": "https://{{x}}", "oAuth2GrantType": "MAGIC"}}),
            &basic,
            "oAuth2GrantType must be",
        ),
    ] {
        let input = with(create_profile(), "connectorProfileConfig", custom(&properties, credentials));
        let refusal = world.refused("/create-connector-profile", input).await;
        assert_eq!(refusal.code, "ValidationException", "{}", refusal.message);
        assert!(refusal.message.contains(named), "{named}: {}", refusal.message);
        assert!(!refusal.message.contains("hunter2"), "{}", refusal.message);
    }
    assert_eq!(world.operations().len(), 1);
    assert!(world.secrets().is_empty());
}

#[tokio::test]
async fn undocumented_checks_can_be_switched_off() {
    let behaviour = Behaviour {
        require_profile_settings: false,
        refuse_undeclared_settings: false,
        check_authentication: false,
        ..Behaviour::default()
    };
    let world = World::behaving(behaviour);
    world.ok("/register-connector", register()).await;
    let key = json!({"authenticationType": "APIKEY", "apiKey": {"apiKey": "k"}});
    let config = custom(&json!({"profileProperties": {"other": "x"}}), &key);
    world.ok("/create-connector-profile", with(create_profile(), "connectorProfileConfig", config)).await;
}

#[tokio::test]
async fn missing_members_are_named_together() {
    let world = World::new();
    let refusal = world.refused("/create-connector-profile", json!({"connectorType": "CustomConnector"})).await;
    assert_eq!(refusal.code, "ValidationException");
    for member in ["connectorProfileName", "connectorLabel", "connectionMode", "connectorProfileConfig"] {
        assert!(refusal.message.contains(&format!("{member} is missing")), "{member}: {}", refusal.message);
    }
}

#[tokio::test]
async fn updating_keeps_the_secrets_arn_and_spares_it_when_the_new_credentials_fail() {
    let world = World::connected().await;
    let arn = world.secrets().into_keys().next().unwrap();
    let update = |password: &str| json!({"connectorProfileName": "main", "connectionMode": "Public", "connectorProfileConfig": profile_config(password)});
    world.fails(Operation::ValidateCredentials, ErrorCode::InvalidCredentials, "wrong password");
    let refusal = world.refused("/update-connector-profile", update("wrong")).await;
    assert_eq!(refusal.code, "ConnectorAuthenticationException");
    assert_eq!(world.secrets(), BTreeMap::from([(arn.clone(), json!({"username": "ann", "password": "hunter2"}))]));

    world.answers(|request| Ok(acme(request)));
    world.ok("/update-connector-profile", update("right")).await;
    assert_eq!(world.secrets(), BTreeMap::from([(arn, json!({"username": "ann", "password": "right"}))]));

    let mut without = update("");
    without["connectorProfileConfig"].as_object_mut().unwrap().remove("connectorProfileCredentials");
    world.ok("/update-connector-profile", without).await;
    assert_eq!(world.secrets().into_values().next().unwrap()["password"], "right");

    let missing = with(update("x"), "connectorProfileName", json!("other"));
    let refusal = world.refused("/update-connector-profile", missing).await;
    assert_eq!(refusal.message, "Connector Profile with name other does not exist");
}

#[tokio::test]
async fn a_call_is_finished_though_its_client_has_gone() {
    let world = World::new();
    world.ok("/register-connector", register()).await;
    let mut call = Box::pin(world.call("/create-connector-profile", create_profile()));
    assert!((&mut call).now_or_never().is_none());
    drop(call);
    tokio::task::yield_now().await;
    let described = world.ok("/describe-connector-profiles", json!({})).await;
    assert_eq!(described["connectorProfileDetails"][0]["connectorProfileName"], "main");
}

#[tokio::test]
async fn deleting_removes_the_secret_too_and_again_is_not_found() {
    let world = World::connected().await;
    world.ok("/delete-connector-profile", json!({"connectorProfileName": "main"})).await;
    assert!(world.secrets().is_empty());
    let refusal = world.refused("/delete-connector-profile", json!({"connectorProfileName": "main"})).await;
    assert_eq!((refusal.status, refusal.code.as_str()), (404, "ResourceNotFoundException"));
}

#[tokio::test]
async fn deleting_goes_on_when_the_secret_is_gone_already() {
    let world = World::connected().await;
    world.secrets.0.lock().unwrap().clear();
    world.ok("/delete-connector-profile", json!({"connectorProfileName": "main"})).await;
}
