//! Whatever happens in between: each record is answered for once, in order, and said to be written only if it is there.

use appflow_sdk::protocol::WriteOperationType::{Delete, Insert, Update, Upsert};
use appflow_sdk::protocol::{ErrorDetails, WriteOperationType, WriteRecordResult};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde_json::json;

use crate::store::Fault;
use crate::world::{World, fates};

/// A kind of record: right, refused by the API, refused here, no record at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Right,
    Refused,
    Wrong,
    Nonsense,
}

fn kinds() -> impl Strategy<Value = Vec<Kind>> {
    let kind = prop_oneof![
        6 => Just(Kind::Right),
        1 => Just(Kind::Refused),
        1 => Just(Kind::Wrong),
        1 => Just(Kind::Nonsense),
    ];
    prop::collection::vec(kind, 0..25)
}

fn faults() -> impl Strategy<Value = Vec<Option<Fault>>> {
    let fault = prop_oneof![
        8 => Just(None),
        1 => Just(Some(Fault::Status(429))),
        1 => Just(Some(Fault::Status(503))),
        1 => Just(Some(Fault::Status(500))),
        1 => Just(Some(Fault::Status(403))),
        1 => Just(Some(Fault::Status(401))),
        1 => Just(Some(Fault::Status(400))),
        1 => Just(Some(Fault::Lost)),
        1 => Just(Some(Fault::Dropped)),
        1 => Just(Some(Fault::Short)),
        1 => Just(Some(Fault::Locked)),
    ];
    prop::collection::vec(fault, 0..12)
}

/// The text of a record; each has a name of its own, by which it is found in the store.
fn text(place: usize, kind: Kind, has_id: bool) -> String {
    let id = if has_id { format!(r#""id":"r{place}","#) } else { String::new() };
    match kind {
        Kind::Right => format!(r#"{{{id}"name":"n{place}"}}"#),
        Kind::Refused => format!(r#"{{{id}"name":"bad"}}"#),
        Kind::Wrong => format!(r#"{{{id}"name":{place}}}"#),
        Kind::Nonsense => format!("record {place}"),
    }
}

/// How often a record is in the store with what was to be written.
fn written(world: &World, place: usize) -> usize {
    let name = json!(format!("n{place}"));
    world.store.records().values().filter(|record| record["name"] == name).count()
}

/// Whether a failure leaves open what happened.
fn is_open(error: &ErrorDetails) -> bool {
    ["ServerError", "ServiceUnavailable", "RequestTimeout"].contains(&error.error_code.as_str())
}

fn check(
    world: &World,
    operation: &WriteOperationType,
    kinds: &[Kind],
    outcome: &Result<Vec<WriteRecordResult>, ErrorDetails>,
    may_double: bool,
) -> Result<(), TestCaseError> {
    let is_there = |place: usize| match operation {
        Delete => !world.store.records().contains_key(&format!("r{place}")),
        _ => written(world, place) > 0,
    };
    match outcome {
        Err(error) => {
            let touched = (0..kinds.len()).filter(|place| kinds[*place] == Kind::Right && is_there(*place)).count();
            prop_assert!(touched == 0 || is_open(error), "{touched} were written before {error:?}");
        }
        Ok(results) => {
            prop_assert_eq!(results.len(), kinds.len());
            let fates = fates(results);
            for ((place, kind), fate) in kinds.iter().enumerate().zip(fates.chars()) {
                match fate {
                    '+' => prop_assert!(*kind == Kind::Right && is_there(place), "{place} of {fates} is not there"),
                    '?' => {}
                    _ if *kind == Kind::Right => prop_assert!(!is_there(place), "{place} of {fates} is there"),
                    _ => {}
                }
                let result = &results[place];
                if result.is_success && *operation != Delete {
                    let stored = &world.store.records()[&result.record_id];
                    prop_assert_eq!(&stored["name"], &json!(format!("n{place}")), "the id is that of another record");
                }
            }
        }
    }
    if !may_double {
        for place in 0..kinds.len() {
            prop_assert!(written(world, place) <= 1, "{place} is there twice");
        }
    }
    Ok(())
}

async fn send(
    world: &World,
    entity: &str,
    operation: &WriteOperationType,
    kinds: &[Kind],
    faults: Vec<Option<Fault>>,
    has_id: bool,
) -> Result<Vec<WriteRecordResult>, ErrorDetails> {
    if matches!(operation, Update | Delete) {
        (0..kinds.len()).for_each(|place| world.store.put(json!({"id": format!("r{place}")})));
    }
    world.store.plan(faults);
    let mut request = world.request(entity, operation.clone(), &[]);
    request.records = kinds.iter().enumerate().map(|(place, kind)| text(place, *kind, has_id)).collect();
    world.send(request).await
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn inserts_are_answered_for(
        entity in prop::sample::select(vec!["single", "keyed", "batch"]),
        kinds in kinds(),
        faults in faults(),
        has_id in any::<bool>(),
    ) {
        World::run(async |world| {
            let outcome = send(&world, entity, &Insert, &kinds, faults, has_id).await;
            check(&world, &Insert, &kinds, &outcome, false)
        })?;
    }

    #[test]
    fn batches_that_are_atomic_are_answered_for(kinds in kinds(), faults in faults()) {
        World::run(async |world| {
            let outcome = send(&world, "atomic", &Insert, &kinds, faults, true).await;
            check(&world, &Insert, &kinds, &outcome, false)
        })?;
    }

    #[test]
    fn changes_are_answered_for(
        (entity, operation) in prop::sample::select(vec![
            ("single", Update), ("single", Upsert), ("single", Delete), ("batch", Upsert), ("keyed", Delete),
        ]),
        kinds in kinds(),
        faults in faults(),
    ) {
        // A delete looks at nothing but the id.
        let kinds: Vec<_> = if operation == Delete { vec![Kind::Right; kinds.len()] } else { kinds };
        World::run(async |world| {
            let outcome = send(&world, entity, &operation, &kinds, faults, true).await;
            check(&world, &operation, &kinds, &outcome, false)
        })?;
    }

    #[test]
    fn the_same_request_once_more_writes_nothing_new(kinds in kinds(), faults in faults()) {
        World::run(async |world| {
            let _ = send(&world, "keyed", &Insert, &kinds, faults, false).await;
            world.store.plan([]);
            let mut request = world.request("keyed", Insert, &[]);
            request.records = kinds.iter().enumerate().map(|(place, kind)| text(place, *kind, false)).collect();
            let outcome = world.send(request).await;
            check(&world, &Insert, &kinds, &outcome, false)?;
            let missing = (0..kinds.len()).filter(|place| kinds[*place] == Kind::Right && written(&world, *place) != 1).count();
            prop_assert_eq!(missing, 0);
            Ok(())
        })?;
    }
}
