//! Tests of the decision about each of the nine errors.

use super::*;
use crate::aws::{Reach, answered};

const ACTION: &str = "appflow:RegisterConnector";

fn registration() -> Registration {
    Registration {
        label: "acme".to_owned(),
        description: None,
        lambda_arn: "arn:aws:lambda:eu-west-1:123456789012:function:f".to_owned(),
    }
}

fn failure(error: AppFlowError, message: &str) -> ServiceFailure {
    answered(ACTION, error.code(), message)
}

fn seen(times_seen: u32) -> Facts {
    Facts { times_seen, ..Facts::default() }
}

#[test]
fn gives_each_of_the_nine_its_exit_code_and_a_hint() {
    let table = [
        (AppFlowError::Validation, 4, "label, description"),
        (AppFlowError::Conflict, 4, "--adopt"),
        (AppFlowError::AccessDenied, 3, "lambda:InvokeFunction"),
        (AppFlowError::ResourceNotFound, 4, "same account and region"),
        (AppFlowError::ServiceQuotaExceeded, 4, "quota"),
        (AppFlowError::Throttling, 4, "again"),
        (AppFlowError::InternalServer, 4, "request id"),
        (AppFlowError::ConnectorServer, 4, "registrar describe"),
        (AppFlowError::ConnectorAuthentication, 4, "credentials"),
    ];
    assert_eq!(table.map(|row| row.0), AppFlowError::ALL);
    let mut texts = std::collections::BTreeSet::new();
    for (error, code, hint) in table {
        let explained = explain(Call::Register, failure(error, "because"), &registration());
        assert_eq!(explained.exit_code().code(), code, "{error:?}");
        assert!(explained.hint().unwrap().contains(hint), "{error:?}: {:?}", explained.hint());
        assert!(explained.to_string().starts_with("could not register the connector acme: "), "{explained}");
        assert_eq!(explained.request_id(), Some("r-1"));
        assert!(explained.causes()[0].contains("because"));
        assert!(texts.insert(explained.to_string()), "{error:?} reads like another");
    }
}

#[test]
fn gives_up_at_once_where_patience_cannot_help() {
    for error in AppFlowError::ALL {
        let decision = decide(Call::Register, &failure(error, ""), &seen(1));
        let expected = match error {
            AppFlowError::Throttling | AppFlowError::InternalServer => Decision::SendSameAgain("AppFlow is busy"),
            AppFlowError::Conflict => Decision::LookAgain,
            AppFlowError::Validation
            | AppFlowError::AccessDenied
            | AppFlowError::ResourceNotFound
            | AppFlowError::ServiceQuotaExceeded
            | AppFlowError::ConnectorServer
            | AppFlowError::ConnectorAuthentication => Decision::Fail,
        };
        assert_eq!(decision, expected, "{error:?}");
    }
}

#[test]
fn is_patient_with_a_permission_of_this_run_for_two_minutes() {
    let age = |seconds| Facts { permission_age: Some(Duration::from_secs(seconds)), ..seen(9) };
    let denied = failure(AppFlowError::AccessDenied, "");
    assert!(matches!(decide(Call::Register, &denied, &age(5)), Decision::SendNewAgain(_)));
    assert_eq!(decide(Call::Register, &denied, &age(121)), Decision::Fail);
    let invalid = failure(AppFlowError::Validation, "Unable to invoke the Lambda function");
    assert!(matches!(decide(Call::Update, &invalid, &age(5)), Decision::SendNewAgain(_)));
    let other = failure(AppFlowError::Validation, "Description must match a pattern");
    assert_eq!(decide(Call::Update, &other, &age(5)), Decision::Fail);
}

#[test]
fn retries_a_failing_connector_twice_if_it_passed_the_smoke_test() {
    let failing = failure(AppFlowError::ConnectorServer, "Error while communicating to connector");
    let facts = |times_seen| Facts { smoke_test_passed: true, ..seen(times_seen) };
    let decisions: Vec<_> = (1..=3).map(|times| decide(Call::Register, &failing, &facts(times))).collect();
    assert!(matches!(decisions[..], [Decision::SendNewAgain(_), Decision::SendNewAgain(_), Decision::Fail]));
}

#[test]
fn stops_retrying_a_busy_service_after_five_tries() {
    let busy = failure(AppFlowError::Throttling, "");
    assert!(matches!(decide(Call::Update, &busy, &seen(4)), Decision::SendSameAgain(_)));
    assert_eq!(decide(Call::Update, &busy, &seen(5)), Decision::Fail);
}

#[test]
fn registers_when_there_is_nothing_to_renew_and_waits_for_a_new_function() {
    let missing = failure(AppFlowError::ResourceNotFound, "");
    assert_eq!(decide(Call::Update, &missing, &seen(1)), Decision::RegisterInstead);
    let young = Facts { function_age: Some(Duration::from_secs(10)), ..seen(1) };
    assert!(matches!(decide(Call::Register, &missing, &young), Decision::SendNewAgain(_)));
    let old = Facts { function_age: Some(Duration::from_secs(61)), ..seen(1) };
    assert_eq!(decide(Call::Register, &missing, &old), Decision::Fail);
}

#[test]
fn changes_from_one_call_to_the_other_once_at_most() {
    const YOUNG: &str = "AppFlow may not see the new function yet";
    let (update, register) = (Call::Update, Call::Register);
    let (missing, taken) = (AppFlowError::ResourceNotFound, AppFlowError::Conflict);
    // call, answer, has switched, answer was lost, function is young
    let table = [
        (update, missing, false, false, false, Decision::RegisterInstead),
        (update, missing, false, true, false, Decision::RegisterInstead),
        (update, missing, true, false, false, Decision::Fail),
        (update, missing, true, true, false, Decision::Fail),
        (update, missing, false, false, true, Decision::SendNewAgain(YOUNG)),
        (update, missing, true, false, true, Decision::SendNewAgain(YOUNG)),
        (register, missing, false, false, true, Decision::SendNewAgain(YOUNG)),
        (register, taken, false, false, false, Decision::LookAgain),
        (register, taken, false, true, false, Decision::LookAgain),
        (register, taken, true, false, false, Decision::Fail),
        // It may be our own registration whose answer was lost: that is worth a look, though no other call.
        (register, taken, true, true, false, Decision::LookAgain),
    ];
    for (call, error, has_switched, answer_was_lost, is_young, expected) in table {
        let function_age = is_young.then_some(Duration::from_secs(10));
        let facts = Facts { function_age, has_switched, answer_was_lost, ..seen(1) };
        assert_eq!(decide(call, &failure(error, ""), &facts), expected, "{call:?} {error:?} {facts:?}");
    }
}

#[test]
fn sends_the_same_again_when_no_answer_came() {
    let lost =
        ServiceFailure { reach: Reach::Lost, code: None, status: None, ..failure(AppFlowError::Conflict, "reset") };
    assert_eq!(decide(Call::Register, &lost, &seen(1)), Decision::SendSameAgain("no answer came"));
    assert_eq!(decide(Call::Register, &lost, &seen(5)), Decision::Fail);
    let unknown = answered(ACTION, "SomethingNewException", "");
    assert_eq!(decide(Call::Register, &unknown, &seen(1)), Decision::Fail);
}

#[test]
fn makes_one_token_per_attempt_that_appflow_takes() {
    let (run, other_run) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let token = client_token(run, Call::Register, &registration(), "sha", 0);
    assert_eq!(token, client_token(run, Call::Register, &registration(), "sha", 0));
    assert!((1..=256).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic()));
    let described = Registration { description: Some("x".to_owned()), ..registration() };
    let others = [
        client_token(other_run, Call::Register, &registration(), "sha", 0),
        client_token(run, Call::Update, &registration(), "sha", 0),
        client_token(run, Call::Register, &described, "sha", 0),
        client_token(run, Call::Register, &registration(), "other", 0),
        client_token(run, Call::Register, &registration(), "sha", 1),
    ];
    for other in others {
        assert_ne!(token, other);
    }
}
