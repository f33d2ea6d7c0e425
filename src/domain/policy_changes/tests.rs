//! That nothing that differs goes untold.

use super::*;
use crate::domain::stage_policy::Stage;

fn policy() -> StagePolicy {
    let limit = |amount: u32, unit: &str| serde_json::json!({"amount": amount, "unit": unit});
    let stage = |number: u8, standard: Value| {
        serde_json::json!({
            "number": number, "code": format!("rung_{number}"), "label": format!("Rung {number}"),
            "raising_role": "Manager", "responding_role": "Manager",
            "acknowledge": limit(1, "working_day"), "standard": standard,
            "urgent": limit(1, "working_day"), "immediate": limit(2, "hour"),
            "standard_with_meeting": limit(6, "working_day"), "standard_maximum": limit(7, "working_day"),
            "closing_requires": ["owner_role"], "must_record": ["answer", "owner"], "told": ["all"],
        })
    };
    let stages = [stage(1, limit(2, "working_day")), stage(2, limit(3, "working_day"))];
    serde_json::from_value(serde_json::json!({"version": "one", "stages": stages})).expect("reads")
}

#[test]
fn the_same_rules_under_another_name_do_not_differ() {
    let other = StagePolicy { version: "two".to_owned(), ..policy() };
    assert_eq!(other.changes_since(&policy()), Vec::<String>::new());
}

#[test]
fn stages_and_limits_are_told_in_words() {
    let mut other = policy();
    other.stages[1].standard = Some(Limit::after(5, LimitUnit::WorkingDay));
    other.stages[1].immediate = Some(Limit::after(0, LimitUnit::SameDay));
    other.stages[1].acknowledge = None;
    other.stages[0].label = "First".to_owned();
    other.stages[0].told.clear();
    other.stages.push(Stage { number: 3, label: "Top".to_owned(), ..other.stages[0].clone() });
    other.timeout.auto_advance.standard = true;
    other.duplicate_days = 14;
    let told = other.changes_since(&policy());
    let expected = [
        "stage 1, label: “Rung 1” → “First”",
        "stage 1, told: all → none",
        "stage 2, acknowledge: 1 working day → none",
        "stage 2, immediate: 2 hours → the same day",
        "stage 2, standard: 3 working days → 5 working days",
        "stage 3 (Top): new",
    ];
    assert_eq!(told[..expected.len()], expected);
    assert!(told.contains(&"stage 3, standard: 2 working days".to_owned()), "{told:#?}");
    let rules = ["duplicate days: 28 → 14", "timeout, auto advance, standard: no → yes"];
    assert_eq!(told[told.len() - 2..], rules);
    let back = policy().changes_since(&other);
    assert!(back.contains(&"stage 3 (Top): is no longer there".to_owned()), "{back:#?}");
}

/// Every leaf of the document, as the path to it.
fn leaves(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, inner) in members {
                leaves(inner, &format!("{path}/{name}"), found);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for (at, inner) in items.iter().enumerate() {
                leaves(inner, &format!("{path}/{at}"), found);
            }
        }
        _ => found.push(path.to_owned()),
    }
}

#[test]
fn a_change_of_any_leaf_is_one_line() {
    let was = serde_json::to_value(policy()).expect("writes");
    let mut all = Vec::new();
    leaves(&was, "", &mut all);
    assert!(all.len() > 80, "{}", all.len());
    for path in all.iter().filter(|path| *path != "/version" && !path.ends_with("/number")) {
        let mut is = was.clone();
        let leaf = is.pointer_mut(path).expect("there");
        *leaf = match leaf {
            Value::Bool(it) => Value::Bool(!*it),
            Value::Number(it) => Value::from(it.as_u64().expect("whole") + 1),
            Value::Array(_) => Value::Array(vec![]),
            Value::String(it) => {
                let other = match it.as_str() {
                    "working_day" | "calendar_day" => "week",
                    "hour" => "same_day",
                    "after" => "before",
                    "exclude_start" => "include_start",
                    _ if path.contains("quiet") => "12:34:00",
                    _ => "other",
                };
                Value::String(other.to_owned())
            }
            other => panic!("{path}: {other}"),
        };
        let other: StagePolicy = serde_json::from_value(is).expect(path);
        let told = other.changes_since(&policy());
        assert_eq!(told.len(), 1, "{path}: {told:?}");
        let (before, after) =
            told[0].split_once(": ").expect("words").1.split_once(" → ").expect("both");
        assert_ne!(before, after, "{path}: {told:?}");
    }
}

#[test]
fn limits_are_said_as_people_say_them() {
    for (amount, unit, words) in [
        (1, LimitUnit::WorkingDay, "1 working day"),
        (0, LimitUnit::WorkingDay, "the same day"),
        (0, LimitUnit::SameDay, "the same day"),
        (28, LimitUnit::CalendarDay, "28 calendar days"),
        (2, LimitUnit::Hour, "2 hours"),
        (6, LimitUnit::Month, "6 months"),
    ] {
        assert_eq!(Limit::after(amount, unit).in_words(), words);
    }
    let early = Limit { direction: Direction::Before, ..Limit::after(2, LimitUnit::WorkingDay) };
    assert_eq!(early.in_words(), "2 working days before");
    let own = Limit { day_zero: DayZero::IncludeStart, ..Limit::after(12, LimitUnit::WorkingDay) };
    assert_eq!(own.in_words(), "12 working days, its own day counted");
}

#[test]
fn a_timescale_that_differs_says_in_what() {
    let was = Timescale {
        code: "cp_visit".to_owned(),
        version: "WT2023".to_owned(),
        label: "See the child".to_owned(),
        limit: Some(Limit::after(10, LimitUnit::WorkingDay)),
        starts: "Previous visit".to_owned(),
        stops: "Child seen".to_owned(),
        basis: "local".to_owned(),
        source: "Local standards".to_owned(),
        verified_against_wt2026: false,
    };
    let is = Timescale {
        version: "local-1".to_owned(),
        limit: Some(Limit::after(15, LimitUnit::WorkingDay)),
        verified_against_wt2026: true,
        ..was.clone()
    };
    assert_eq!(
        is.changes_since(&was),
        ["limit: 10 working days → 15 working days", "verified against WT2026: no → yes"]
    );
    let none = Timescale { limit: None, ..was.clone() };
    assert_eq!(none.changes_since(&was), ["limit: 10 working days → none"]);
}
