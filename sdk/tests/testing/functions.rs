//! Functions that are no connector of this crate: what only they can get wrong.

use std::sync::Arc;
use std::time::Duration;

use appflow_sdk::protocol::{Operation, Request};
use appflow_sdk::testing::{Answer, AppFlow, CallErrorKind, Conformance, Function, FunctionError, Invocation, Rule};
use appflow_sdk::{InvocationContext, handle};

use crate::shop::{PASSWORD, Shop, connected};

/// What a function does otherwise than the SDK would.
#[derive(Debug, Clone, Copy)]
enum Habit {
    AnswersAnything,
    GivesUpWhenHurried,
    Pads,
    OmitsTheDetails,
    BreaksWithTheSecret,
}

struct Foreign(Habit, Shop);

impl Function for Foreign {
    fn invoke<'a>(&'a self, request: &'a [u8], call: &'a Invocation) -> Answer<'a> {
        Box::pin(async move {
            let Self(habit, shop) = self;
            if let (Habit::GivesUpWhenHurried, true) = (habit, call.limit < Duration::from_secs(10)) {
                std::future::pending::<()>().await;
            }
            if let (Habit::BreaksWithTheSecret, Ok(Request::QueryData(_))) = (habit, Request::decode(request)) {
                return Err(FunctionError::broke(format!("cannot sign in with {PASSWORD}")));
            }
            let context = InvocationContext::new(call.request_id.clone(), call.limit, Arc::clone(&call.secrets));
            let answer = match handle(shop, request, context).await {
                Ok(answer) => answer.get().to_owned(),
                Err(_) if matches!(habit, Habit::AnswersAnything) => r#"{"isSuccess":true}"#.to_owned(),
                Err(error) => return Err(FunctionError::refused(error.to_string())),
            };
            let credentials =
                Request::decode(request).is_ok_and(|asked| asked.operation() == Operation::ValidateCredentials);
            Ok(match habit {
                Habit::Pads if credentials => answer + &" ".repeat(6 * 1024 * 1024),
                Habit::OmitsTheDetails if answer.contains("there is no entity") => r#"{"isSuccess":false}"#.to_owned(),
                _ => answer,
            }
            .into_bytes())
        })
    }
}

#[tokio::test(start_paused = true)]
async fn the_habits_of_other_functions_are_found() {
    for (habit, rule) in [
        (Habit::AnswersAnything, Rule::Undecodable),
        (Habit::GivesUpWhenHurried, Rule::LittleTime),
        (Habit::Pads, Rule::Size),
        (Habit::OmitsTheDetails, Rule::FunctionErrors),
    ] {
        let function = Arc::new(Foreign(habit, Shop::new(None)));
        let report = connected(Conformance::over(function)).entities(["customers"]).run().await;
        assert_eq!(report.broken().collect::<Vec<_>>(), [rule], "{habit:?}\n{report}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_secret_in_the_reason_of_a_broken_call_is_found_and_not_shown() {
    let function = Arc::new(Foreign(Habit::BreaksWithTheSecret, Shop::new(None)));
    let report = connected(Conformance::over(function)).run().await;
    assert_eq!(report.broken().collect::<Vec<_>>(), [Rule::FunctionErrors, Rule::Secrets]);
    let shown = format!("{report}{}", serde_json::to_string(&report).unwrap());
    assert!(shown.contains("cannot sign in with ***") && !shown.contains(PASSWORD), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn answers_that_are_late_large_or_incomplete_are_errors() {
    let over = |habit| AppFlow::over(Arc::new(Foreign(habit, Shop::new(None))));
    let late = over(Habit::GivesUpWhenHurried).time_left(Duration::from_secs(1)).describe().await.unwrap_err();
    assert!(matches!(late.kind(), CallErrorKind::TooLate { limit } if limit.as_secs() == 1), "{late}");
    let large = over(Habit::Pads).validate_credentials().await.unwrap_err();
    assert!(matches!(large.kind(), CallErrorKind::TooLarge { bytes } if *bytes > 6 * 1024 * 1024), "{large}");
    let empty = over(Habit::OmitsTheDetails).describe_entity("nope").await.unwrap_err();
    assert!(empty.to_string().contains("errorDetails is missing"), "{empty}");
}
