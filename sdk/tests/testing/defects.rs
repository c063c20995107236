//! One defect at a time, and the rules that find it.

use appflow_sdk::protocol::WriteOperationType;
use appflow_sdk::testing::{AppFlow, Report, Rule, Verdict, WindowForm};

use crate::shop::{Defect, Shop, samples};

async fn check(defect: Option<Defect>, filters: usize) -> Report {
    let samples = samples();
    let conformance = Shop::conformance(defect)
        .max_filters(filters)
        .sample_filter("orders", "status = 'open' and not paid = true")
        .sample_write("customers", WriteOperationType::Upsert, samples);
    let window =
        if defect == Some(Defect::LeavesTheLowerBoundOut) { WindowForm::HalfOpen } else { WindowForm::Between };
    conformance.window(window).run().await
}

#[tokio::test]
async fn a_connector_that_is_right_keeps_every_rule() {
    let report = check(None, 100).await;
    assert!(report.is_success(), "{report}");
    for rule in Rule::ALL {
        let verdict = report.verdict(*rule);
        // What only a source, or only hostile functions, are asked.
        let elsewhere = *rule == Rule::NoWrites;
        assert_eq!(matches!(verdict, Verdict::Passed { .. }), !elsewhere, "{rule}: {verdict:?}");
    }
}

/// Every defect of a table is found by its rules and no others.
#[track_caller]
fn verdict(surprises: &[String]) {
    assert!(surprises.is_empty(), "{}", surprises.join("\n\n"));
}

async fn surprises(table: &[(Defect, &[Rule])]) -> Vec<String> {
    let mut surprises = Vec::new();
    for (defect, expected) in table {
        let report = check(Some(*defect), 6).await;
        let found: Vec<_> = report.broken().collect();
        if found != *expected {
            surprises.push(format!("{defect:?}: expected {expected:?}, found {found:?}\n{report}"));
        }
    }
    surprises
}

#[tokio::test(start_paused = true)]
async fn each_defect_of_descriptions_and_pages_is_found_by_its_rule_and_no_other() {
    use Rule::*;
    let table: &[(Defect, &[Rule])] = &[
        (Defect::ReservedName, &[PlausibleConfiguration]),
        (Defect::FailsToDescribeItself, &[Configuration]),
        (Defect::PanicsWhenDescribingItself, &[FunctionErrors]),
        (Defect::KnowsOneLanguage, &[Locale]),
        (Defect::TakesAnySettings, &[RequiredSettings]),
        (Defect::RefusesItsSettings, &[GivenSettings]),
        (Defect::RefusesItsCredentials, &[GivenCredentials]),
        (Defect::HasNoEntities, &[ListEntities]),
        (Defect::SpaceInIdentifier, &[EntityIdentifiers]),
        (Defect::ListLosesAnEntity, &[EntityPages]),
        (Defect::SuccessWithoutDefinition, &[DescribeEntity]),
        (Defect::DeclaresAFieldTwice, &[Fields]),
        (Defect::KeyMayBeNull, &[PrimaryKey]),
        (Defect::IncrementalText, &[IncrementalField]),
        (Defect::ContainsOnABoolean, &[FilterOperators]),
        (Defect::UnknownEntityIsEmpty, &[UnknownEntity]),
        (Defect::IgnoresForeignListToken, &[ForeignListToken]),
        (Defect::FailsToQuery, &[ReadAll]),
        (Defect::LosesARecordAtEachBorder, &[PageSize]),
        (Defect::RepeatsAPage, &[PageSize]),
        (Defect::GoesOnBehindAFullPage, &[PageSize]),
        (Defect::IgnoresThePageSize, &[PageLimit]),
        (Defect::LongToken, &[Tokens]),
        (Defect::TokenWorksOnce, &[TokenAgain]),
        (Defect::NeverEnds, &[PagesEnd]),
        (Defect::CountsPages, &[TokenResized]),
        (Defect::CountsPagesUnderAFilter, &[TokenResized]),
    ];
    verdict(&surprises(table).await);
}

#[tokio::test(start_paused = true)]
async fn each_defect_of_records_filters_and_answers_is_found_by_its_rule_and_no_other() {
    use Rule::*;
    let table: &[(Defect, &[Rule])] = &[
        (Defect::UndeclaredField, &[DeclaredFields]),
        (Defect::NumberAsText, &[Values]),
        (Defect::NullInRequiredField, &[Nulls]),
        (Defect::SharedKey, &[UniqueKeys]),
        (Defect::IgnoresTheSelection, &[Projection]),
        (Defect::IgnoresForeignToken, &[ForeignToken]),
        (Defect::IgnoresTheFilter, &[Filters, LimitedFilters, UnknownField, BrokenFilter]),
        (Defect::IgnoresTheCondition, &[Filters]),
        (Defect::TakesOrForAnd, &[CombinedFilters]),
        (Defect::IgnoresTheLimit, &[LimitedFilters]),
        (Defect::TakesUnknownFieldsForNull, &[UnknownField]),
        (Defect::TakesBrokenFiltersForNone, &[BrokenFilter]),
        (Defect::LeavesTheLowerBoundOut, &[IncrementalRuns]),
        (Defect::RetrievesEverything, &[Retrieve]),
        (Defect::FailsOnUnknownIds, &[RetrieveUnknown]),
        (Defect::LooksEveryFieldUpInTheKey, &[RetrieveByField]),
        (Defect::IgnoresTheSelectionOfLookUps, &[RetrieveProjection]),
        (Defect::PanicsInAQuery, &[FunctionErrors]),
        (Defect::HangsInAQuery, &[Time]),
        (Defect::ShowsThePassword, &[Secrets]),
        (Defect::FailsWithoutAMessage, &[Failures]),
        (Defect::OnlyTakesRecords, &[]),
    ];
    verdict(&surprises(table).await);
}

#[tokio::test(start_paused = true)]
async fn each_defect_of_writes_is_found_by_its_rule_and_no_other() {
    use Rule::*;
    let table: &[(Defect, &[Rule])] = &[
        (Defect::PretendsToWrite, &[NoWrites]),
        (Defect::MixesResultsUp, &[WriteResults]),
        (Defect::FailsTheWholeBatch, &[WriteFailures]),
        (Defect::FailsTheWholeBatchForATextThatIsNoRecord, &[WriteFailures]),
        (Defect::TakesAnyTextForARecord, &[WriteFailures]),
        (Defect::NothingIsWritable, &[WritableEntities]),
        (Defect::ForgetsToWrite, &[WriteResults, EmptyWrites]),
        (Defect::RefusesAWriteOfNoRecords, &[EmptyWrites]),
        (Defect::WritesToAnyEntity, &[UnknownEntity]),
        (Defect::TakesAnyOperation, &[OfferedOperations]),
    ];
    verdict(&surprises(table).await);
}

#[tokio::test]
async fn a_text_that_is_no_record_must_not_be_inserted() {
    for (defect, broken) in [(None, None), (Some(Defect::TakesAnyTextForARecord), Some(Rule::WriteFailures))] {
        let check = Shop::conformance(defect).entities(["customers"]).max_filters(1);
        let report = check.sample_write("customers", WriteOperationType::Insert, samples()).run().await;
        assert_eq!(report.broken().collect::<Vec<_>>(), broken.into_iter().collect::<Vec<_>>(), "{report}");
        assert!(!matches!(report.verdict(Rule::WriteFailures), Verdict::Skipped { .. }));
    }
}

#[tokio::test]
async fn fractions_of_a_second_that_are_not_compared_are_found() {
    for defect in [Defect::CutsFractionsOff, Defect::RoundsFractionsUp] {
        let report = Shop::conformance(defect).entities(["customers"]).run().await;
        assert_eq!(report.broken().collect::<Vec<_>>(), [Rule::Filters], "{report}");
        let Verdict::Failed(findings) = report.verdict(Rule::Filters) else { panic!("{report}") };
        assert!(findings.iter().all(|finding| finding.subject.contains("customers: placed ")), "{report}");
        assert_eq!(findings.len(), 4, "{report}");
    }
}

#[tokio::test]
async fn both_readings_of_null_are_right() {
    let filter = r"not note = 'note \\ 3'";
    for (defect, count) in [(None, 22), (Some(Defect::ReadsNullAsSqlDoes), 17)] {
        AppFlow::new(Shop::new(defect)).query("orders").filter(filter).all().await.unwrap().assert_count(count);
        let report = Shop::conformance(defect).entities(["orders"]).sample_filter("orders", filter).run().await;
        assert!(report.is_success(), "{report}");
    }
}
