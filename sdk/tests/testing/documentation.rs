//! The table of rules in the documentation is complete and true.

use std::collections::BTreeSet;

use appflow_sdk::testing::Rule;

const TABLE: &str = include_str!("../../src/testing/rules.md");

#[test]
fn every_rule_is_in_the_table_as_it_is_and_nothing_else() {
    let lines = TABLE.lines().filter(|line| line.starts_with("| AF-"));
    let documented: Vec<_> = lines.map(|line| line.replace('`', "")).collect();
    let rules: Vec<_> =
        Rule::ALL.iter().map(|rule| format!("| {} | {} | {} |", rule.code(), rule.title(), rule.fix())).collect();
    assert_eq!(documented, rules);
}

#[test]
fn codes_are_used_once_and_well_formed() {
    let codes: BTreeSet<_> = Rule::ALL.iter().map(|rule| rule.code()).collect();
    assert_eq!(codes.len(), Rule::ALL.len());
    for code in codes {
        let (group, number) = code.strip_prefix("AF-").unwrap().split_at(1);
        assert!("CSEQFRWP".contains(group) && number.len() == 2 && number.parse::<u8>().is_ok(), "{code}");
    }
}
