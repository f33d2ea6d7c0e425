//! That each slip in a ladder is found, and named where it stands.

use super::*;
use crate::domain::stage_policy::Repeats;

/// Where a slip must be found, and the slip.
type Slip = (&'static str, fn(&mut StagePolicy));

fn limit(amount: u32, unit: LimitUnit) -> Limit {
    Limit::after(amount, unit)
}

fn days(amount: u32) -> Limit {
    limit(amount, LimitUnit::WorkingDay)
}

fn stage(number: u8) -> Stage {
    Stage {
        number,
        code: format!("rung_{number}"),
        label: format!("Rung {number}"),
        raising_role: "Manager".to_owned(),
        responding_role: "Manager".to_owned(),
        acknowledge: Some(days(1)),
        standard: Some(days(5)),
        urgent: Some(days(2)),
        immediate: Some(limit(4, LimitUnit::Hour)),
        standard_with_meeting: None,
        standard_maximum: None,
        closing_requires: vec![],
        must_record: vec!["answer".to_owned()],
        told: vec![],
    }
}

fn sound() -> StagePolicy {
    let document = serde_json::json!({"version": "test-1", "stages": []});
    let policy: StagePolicy = serde_json::from_value(document).expect("reads");
    StagePolicy { stages: (1..=4).map(stage).collect(), ..policy }
}

/// The places of the faults after `break_it`.
fn places(break_it: impl FnOnce(&mut StagePolicy)) -> Vec<String> {
    let mut policy = sound();
    break_it(&mut policy);
    match policy.check() {
        Ok(()) => vec![],
        Err(faults) => faults.into_iter().map(|fault| fault.place).collect(),
    }
}

fn at(policy: &mut StagePolicy, number: u8) -> &mut Stage {
    policy.stages.iter_mut().find(|stage| stage.number == number).expect("there")
}

#[test]
fn a_sound_ladder_passes_with_one_to_ten_rungs_and_from_0_or_1() {
    assert_eq!(sound().check(), Ok(()));
    for numbers in [0..=4_u8, 0..=9, 1..=5, 1..=3] {
        let policy = StagePolicy { stages: numbers.clone().map(stage).collect(), ..sound() };
        assert_eq!(policy.check(), Ok(()), "{numbers:?}");
    }
}

#[test]
fn the_ladder_is_whole() {
    assert_eq!(places(|it| it.stages.clear()), ["stages", "follow up, learning from stage"]);
    assert_eq!(places(|it| it.stages.swap(1, 2)), ["stage 3", "stage 2", "stage 4"]);
    assert_eq!(places(|it| drop(it.stages.remove(1))), ["stage 3"]);
    assert_eq!(places(|it| drop(it.stages.remove(0))), ["stages", "stages"]);
    let twice = places(|it| it.stages.push(stage(4)));
    assert_eq!(twice, ["stage 4", "stage 4, code"]);
    assert_eq!(
        places(|it| it.stages = (0..=10).map(stage).collect()),
        ["stages"],
        "the store knows one digit"
    );
    let low = |it: &mut StagePolicy| it.stages = vec![stage(0)];
    assert_eq!(places(low), ["stages", "follow up, learning from stage"]);
}

#[test]
fn every_urgency_can_start_and_is_answered_at_the_top() {
    assert_eq!(places(|it| at(it, 4).immediate = None), ["stage 4, immediate"]);
    assert_eq!(places(|it| at(it, 1).urgent = None), ["stage 1, urgent"]);
    assert_eq!(places(|it| at(it, 2).immediate = None), Vec::<String>::new());
    let nobody = places(|it| {
        let stage = at(it, 2);
        (stage.standard, stage.urgent, stage.immediate) = (None, None, None);
    });
    assert_eq!(nobody, ["stage 2, limits"]);
    let conversation = places(|it| {
        it.stages.insert(0, Stage { immediate: None, ..stage(0) });
    });
    assert_eq!(conversation, Vec::<String>::new());
}

#[test]
fn each_limit_of_a_stage_is_one_and_the_order_of_urgencies_holds() {
    for broken in [
        days(0),
        limit(0, LimitUnit::Hour),
        limit(600, LimitUnit::WorkingDay),
        limit(9000, LimitUnit::Hour),
        Limit { direction: Direction::Before, ..days(2) },
    ] {
        assert_eq!(
            places(|it| at(it, 2).urgent = Some(broken)).first().unwrap(),
            "stage 2, urgent"
        );
        let acknowledge = places(|it| at(it, 3).acknowledge = Some(broken));
        assert_eq!(acknowledge, ["stage 3, acknowledge"], "{broken:?}");
    }
    assert_eq!(places(|it| at(it, 2).urgent = Some(days(6))), ["stage 2, urgent"]);
    assert_eq!(places(|it| at(it, 2).immediate = Some(days(3))), ["stage 2, immediate"]);
    assert_eq!(
        places(|it| {
            at(it, 2).urgent = None;
            at(it, 2).immediate = Some(days(6));
        }),
        ["stage 2, immediate"]
    );
    // Units that only look longer: a day and a half against a working day that may last until midnight.
    for (urgent, standard) in [
        (limit(36, LimitUnit::Hour), days(1)),
        (limit(0, LimitUnit::SameDay), days(1)),
        (limit(1, LimitUnit::CalendarDay), days(1)),
        (days(10), limit(2, LimitUnit::Week)),
    ] {
        let found = places(|it| {
            let stage = at(it, 2);
            (stage.urgent, stage.standard) = (Some(urgent), Some(standard));
        });
        assert_eq!(found, Vec::<String>::new(), "{urgent:?} {standard:?}");
    }
}

#[test]
fn a_meeting_and_a_maximum_give_more_and_never_less() {
    assert_eq!(places(|it| at(it, 2).standard_maximum = Some(days(4))), ["stage 2, standard"]);
    assert_eq!(places(|it| at(it, 2).standard_with_meeting = Some(days(4))), ["stage 2, standard"]);
    let crossed = places(|it| {
        at(it, 2).standard_with_meeting = Some(days(9));
        at(it, 2).standard_maximum = Some(days(8));
    });
    assert_eq!(crossed, ["stage 2, standard with meeting"]);
    let without = places(|it| {
        at(it, 2).standard = None;
        at(it, 2).standard_with_meeting = Some(days(9));
    });
    assert_eq!(without, ["stage 2, standard with meeting"]);
}

#[test]
fn words_codes_and_lists_are_proper() {
    let cases: &[Slip] = &[
        ("version", |it| it.version = "with blank".to_owned()),
        ("version", |it| it.version = String::new()),
        ("stage 2, code", |it| at(it, 2).code = "Rung".to_owned()),
        ("stage 2, code", |it| at(it, 2).code = "rung_1".to_owned()),
        ("stage 2, label", |it| at(it, 2).label = " ".to_owned()),
        ("stage 2, raising role", |it| at(it, 2).raising_role = "x".repeat(301)),
        ("stage 2, responding role", |it| at(it, 2).responding_role = String::new()),
        ("stage 2, must record", |it| at(it, 2).must_record.push("answer".to_owned())),
        ("stage 2, must record", |it| at(it, 2).must_record.push("An answer".to_owned())),
        ("stage 2, told", |it| at(it, 2).told = vec!["all".to_owned(), "all".to_owned()]),
        ("stage 2, closing requires", |it| {
            at(it, 2).closing_requires = vec![ClosingField::OwnerRole, ClosingField::OwnerRole];
        }),
        ("stage 1, closing requires", |it| {
            at(it, 1).closing_requires = vec![ClosingField::WhyLowerStageFailed];
        }),
    ];
    for (place, break_it) in cases {
        assert_eq!(places(break_it), [*place]);
    }
}

#[test]
fn each_rule_is_sensible() {
    let cases: &[Slip] = &[
        ("extension, times per stage", |it| it.extension.times_per_stage = 10),
        ("timeout, raiser chooses within, urgent", |it| {
            it.timeout.raiser_chooses_within.urgent = days(0);
        }),
        ("follow up, feedback", |it| it.follow_up.feedback = days(0)),
        ("follow up, learning", |it| it.follow_up.learning = days(0)),
        ("follow up, impact check", |it| it.follow_up.impact_check = days(0)),
        ("follow up, learning from stage", |it| it.follow_up.learning_from_stage = 5),
        ("follow up, learning if pair repeats", |it| {
            it.follow_up.learning_if_pair_repeats = Repeats { times: 1, weeks: 13 };
        }),
        ("follow up, learning if pair repeats", |it| {
            it.follow_up.learning_if_pair_repeats = Repeats { times: 3, weeks: 0 };
        }),
        ("pause, times per stage", |it| it.pause.times_per_stage = 10),
        ("pause, longest", |it| it.pause.longest = days(0)),
        ("pause, longest", |it| it.pause.longest = days(11)),
        ("pause, longest approved", |it| it.pause.longest_approved = days(1000)),
        ("warning", |it| it.warning.amber_percent = 0),
        ("warning", |it| it.warning.amber_percent = 90),
        ("warning", |it| it.warning.red_percent = 101),
        ("quiet hours", |it| it.quiet_hours.to = it.quiet_hours.from),
        ("judgement", |it| it.judgement = days(0)),
        ("duplicate days", |it| it.duplicate_days = 367),
    ];
    for (place, break_it) in cases {
        assert_eq!(places(break_it), [*place]);
    }
}

#[test]
fn everything_that_is_wrong_is_told_at_once_in_words() {
    let mut policy = sound();
    at(&mut policy, 2).urgent = Some(days(0));
    policy.warning.red_percent = 0;
    let told: Vec<String> =
        policy.check().expect_err("wrong").iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "stage 2, urgent: must be more than 0; for the same day write the unit \"same_day\"",
            "warning: amber (60) must be more than 0 and less than red (0), and red at most 100",
        ]
    );
}
