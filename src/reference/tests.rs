//! That the shipped files say what was reviewed, and agree with the rules.

mod calendar;

use std::collections::BTreeSet;

use super::*;
use crate::domain::agency::AgencyType;
use crate::domain::delay::{ChildImpact, DelayCause, InterimSafety};
use crate::domain::limit::{Direction, Limit, LimitUnit};
use crate::domain::resolution::{ChildOutcome, DelayEffect, Outcome};
use crate::domain::working_days::DayZero;

fn codes_of(rows: &[CodeRow]) -> Vec<&str> {
    rows.iter().map(|row| row.code.as_str()).collect()
}

/// Codes are unique `lower_snake`; words say something and definitions are sentences.
fn assert_proper<'a>(rows: impl IntoIterator<Item = (&'a str, &'a str, &'a str)>) {
    let mut seen = BTreeSet::new();
    for (code, label, sentence) in rows {
        let proper = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(code.chars().all(proper) && code.len() < 60, "{code}");
        assert!(code.starts_with(|c: char| c.is_ascii_lowercase()), "{code}");
        assert!(!code.ends_with('_') && !code.contains("__"), "{code}");
        assert!(seen.insert(code), "{code} twice");
        assert!(!label.is_empty() && label.trim() == label, "{code}");
        assert!(sentence.len() > 10 && sentence.ends_with('.'), "{code}");
    }
}

#[test]
fn every_file_names_its_version_its_source_and_its_first_day() {
    for (name, text) in FILES {
        let file: serde_json::Value = serde_json::from_str(text).expect(name);
        for key in ["version", "source", "effective_from"] {
            let value = file.get(key).and_then(|value| value.as_str());
            assert!(value.is_some_and(|value| !value.is_empty()), "{name} {key}");
        }
    }
}

#[test]
fn a_field_that_nobody_knows_is_refused() {
    let slip = THEMES.replacen("\"version\"", "\"vresion\": \"x\", \"version\"", 1);
    let refused = read::<ThemeSet>("themes.json", &slip).expect_err("unknown field");
    assert!(refused.to_string().contains("themes.json"));
}

#[test]
fn the_themes_are_those_of_the_taxonomy() {
    let set = themes().expect("reads");
    let groups: Vec<(&str, usize)> =
        set.groups.iter().map(|group| (group.code.as_str(), group.themes.len())).collect();
    assert_eq!(
        groups,
        [
            ("strategy", 5),
            ("seeing_children", 2),
            ("safety_plans", 2),
            ("enquiry_assessment", 4),
            ("conference_plan", 4),
            ("oversight", 2),
            ("legal", 1),
            ("information", 4),
            ("threshold", 3),
            ("domestic_abuse", 4),
            ("system", 5),
        ]
    );
    let rows = || set.groups.iter().flat_map(|group| &group.themes);
    assert_proper(rows().map(|row| (&*row.code, &*row.label, &*row.description)));
    assert_eq!(rows().count(), 36);
    for code in ["strategy_meeting_partner_absent", "challenge_discouraged", "other"] {
        assert!(rows().any(|row| row.code == code), "{code}");
    }
}

#[test]
fn the_timescales_are_complete_and_sensible() {
    let set = timescales().expect("reads");
    assert_eq!(set.timescales.len(), 47);
    let sentence = "Checked elsewhere.";
    assert_proper(set.timescales.iter().map(|row| (&*row.code, &*row.label, sentence)));
    for row in &set.timescales {
        assert_eq!(row.limit.is_none(), row.code == "other", "{}", row.code);
        assert_eq!(row.basis.is_none(), row.code == "other", "{}", row.code);
        assert!(!row.starts.is_empty() && !row.stops.is_empty(), "{}", row.code);
        assert!(row.source.len() > 10, "{}", row.code);
        assert_eq!(row.source_version, "WT2023", "{}", row.code);
        assert!(!row.verified_against_wt2026, "{}", row.code);
        let most = match row.limit.map(|limit| limit.unit) {
            Some(LimitUnit::Hour) => 72,
            Some(LimitUnit::WorkingDay) => 70,
            Some(LimitUnit::CalendarDay) => 30,
            Some(LimitUnit::Week) => 26,
            Some(LimitUnit::Month) => 6,
            Some(LimitUnit::SameDay) | None => 0,
        };
        assert!(row.limit.is_none_or(|limit| limit.amount <= most), "{}", row.code);
    }
}

#[test]
fn the_limits_that_people_know_are_right() {
    let set = timescales().expect("reads");
    for (code, amount, unit, basis) in [
        ("ref_decision", 1, LimitUnit::WorkingDay, LimitBasis::StatutoryGuidance),
        ("mash_checks_red", 4, LimitUnit::Hour, LimitBasis::Local),
        ("strategy_meeting", 1, LimitUnit::WorkingDay, LimitBasis::Local),
        ("s47_start", 0, LimitUnit::WorkingDay, LimitBasis::StatutoryGuidance),
        ("single_assessment", 45, LimitUnit::WorkingDay, LimitBasis::StatutoryGuidance),
        ("icpc", 15, LimitUnit::WorkingDay, LimitBasis::StatutoryGuidance),
        ("icpc_report_parents", 2, LimitUnit::WorkingDay, LimitBasis::Local),
        ("rcpc_report_parents", 5, LimitUnit::WorkingDay, LimitBasis::Local),
        ("core_group_first", 10, LimitUnit::WorkingDay, LimitBasis::StatutoryGuidance),
        ("rcpc_first", 3, LimitUnit::Month, LimitBasis::StatutoryGuidance),
        ("cla_review_1", 20, LimitUnit::WorkingDay, LimitBasis::Statute),
        ("cla_review_2", 3, LimitUnit::Month, LimitBasis::Statute),
        ("cla_review_n", 6, LimitUnit::Month, LimitBasis::Statute),
        ("police_protection", 72, LimitUnit::Hour, LimitBasis::Statute),
        ("epo", 8, LimitUnit::CalendarDay, LimitBasis::Statute),
        ("care_proceedings", 26, LimitUnit::Week, LimitBasis::Statute),
        ("jtai_action_plan", 70, LimitUnit::WorkingDay, LimitBasis::NationalTarget),
    ] {
        let row = set.timescales.iter().find(|row| row.code == code).expect(code);
        let limit = row.limit.expect(code);
        assert_eq!((limit.amount, limit.unit, row.basis), (amount, unit, Some(basis)), "{code}");
    }
    let special = |pick: fn(&Limit) -> bool| -> Vec<&str> {
        let rows = set.timescales.iter();
        rows.filter(|row| row.limit.as_ref().is_some_and(pick)).map(|row| &*row.code).collect()
    };
    assert_eq!(
        special(|limit| limit.direction == Direction::Before),
        ["icpc_report_parents", "rcpc_report_parents"]
    );
    assert_eq!(special(|limit| limit.day_zero == DayZero::IncludeStart), ["cmh"]);
}

#[test]
fn the_default_ladder_is_the_reviewed_one() {
    let policy = stage_policy().expect("reads");
    let told = |limit: Option<Limit>| {
        limit.map_or("-".to_owned(), |limit| format!("{} {}", limit.amount, limit.unit))
    };
    let rows: Vec<[String; 5]> = policy
        .stages
        .iter()
        .map(|stage| {
            [
                stage.code.clone(),
                told(stage.acknowledge),
                told(stage.standard),
                told(stage.urgent),
                told(stage.immediate),
            ]
        })
        .collect();
    assert_eq!(
        rows,
        [
            ["conversation", "-", "1 working_day", "0 same_day", "-"],
            ["first_line", "1 working_day", "2 working_day", "1 working_day", "2 hour"],
            ["senior_operational", "1 working_day", "3 working_day", "1 working_day", "4 hour"],
            ["strategic_lead", "1 working_day", "5 working_day", "2 working_day", "0 same_day"],
            ["partners", "1 working_day", "5 working_day", "2 working_day", "1 calendar_day"],
        ]
    );
    let numbers: Vec<u8> = policy.stages.iter().map(|stage| stage.number).collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4]);
    let standard = policy.stages.iter().filter_map(|stage| stage.standard);
    assert_eq!(standard.map(|limit| limit.amount).sum::<u32>(), 16);
    let stages = policy.stages.iter();
    assert!(stages.clone().all(|stage| !stage.must_record.is_empty() && !stage.told.is_empty()));
    let advance = &policy.timeout.auto_advance;
    assert_eq!((advance.standard, advance.urgent, advance.immediate), (false, true, true));
}

#[test]
fn the_words_and_the_rules_have_the_same_codes() {
    let lists = outcomes().expect("reads");
    for (rows, codes) in [
        (&lists.child_outcomes, ChildOutcome::CODES),
        (&lists.delay_effects, DelayEffect::CODES),
        (&lists.delay_causes, DelayCause::CODES),
        (&lists.child_impacts, ChildImpact::CODES),
        (&lists.interim_safety, InterimSafety::CODES),
        (&lists.agency_types, AgencyType::CODES),
    ] {
        assert_eq!(codes_of(rows), codes);
    }
    let outcomes: Vec<(&str, bool)> =
        lists.outcomes.iter().map(|row| (&*row.code, row.counts_as_resolved)).collect();
    let rules: Vec<(&str, bool)> =
        Outcome::ALL.iter().map(|outcome| (outcome.code(), outcome.counts_as_resolved())).collect();
    assert_eq!(outcomes, rules);
}

#[test]
fn the_lists_without_rules_are_the_reviewed_ones() {
    let lists = outcomes().expect("reads");
    assert_eq!(
        codes_of(&lists.learning_types).join(" "),
        "practice process training commissioning data_system policy_change good_practice none"
    );
    assert_eq!(
        codes_of(&lists.reroute_codes).join(" "),
        "immediate_danger_999 new_referral_front_door lado_allegation complaint_statutory \
         whistleblowing cp_conference_dissent iro_dispute serious_incident_notification \
         adult_safeguarding data_breach"
    );
    assert_proper(lists.outcomes.iter().map(|row| (&*row.code, &*row.label, &*row.definition)));
    for rows in [
        &lists.child_outcomes,
        &lists.delay_effects,
        &lists.delay_causes,
        &lists.child_impacts,
        &lists.interim_safety,
        &lists.learning_types,
        &lists.agency_types,
        &lists.reroute_codes,
    ] {
        assert_proper(rows.iter().map(|row| (&*row.code, &*row.label, &*row.definition)));
    }
}
