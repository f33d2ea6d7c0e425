//! That an explanation, as it is served, leads to the due date by itself, for every limit and basis.

use std::sync::LazyLock;

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp, ToSpan};
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::domain::london;
use crate::domain::stage_clock::{ClockKind, DueBasis, StageClock};
use crate::domain::stage_policy::StagePolicy;
use crate::domain::urgency::Urgency;
use crate::domain::working_days::{Calendar, by_rule};

#[path = "../../tests/api/support/recompute.rs"]
mod recompute;

use recompute::recompute;

static ENGLAND: LazyLock<Calendar> = LazyLock::new(|| by_rule::england_and_wales(2017..=2034));
static SCOTLAND: LazyLock<Calendar> = LazyLock::new(|| by_rule::scotland(2017..=2034));

fn at(text: &str) -> Timestamp {
    text.parse().expect(text)
}

fn policy() -> StagePolicy {
    let stage = json!({
        "number": 1, "code": "first_line", "label": "First-line managers",
        "raising_role": "Manager", "responding_role": "Manager",
    });
    serde_json::from_value(json!({"version": "test-1", "stages": [stage]})).expect("a policy")
}

fn clock(limit: Limit, started_at: Timestamp, due_at: Timestamp, basis: DueBasis) -> StageClock {
    StageClock {
        id: ClockId(Uuid::from_u128(7)),
        episode: 1,
        stage: 1,
        kind: ClockKind::Answer,
        urgency: Urgency::Urgent,
        limit,
        started_at,
        due_at,
        policy_version: "test-1".to_owned(),
        calendar_version: "test".to_owned(),
        extends: None,
        basis: Some(basis),
        recorded_at: None,
        stopped: None,
    }
}

fn shown(clock: &StageClock, calendar: &Calendar) -> Value {
    let clocks = std::slice::from_ref(clock);
    let it = Explanation::of_clock(clock, clocks, &policy(), calendar).expect("covered");
    serde_json::to_value(ExplanationView::new(EscalationId(Uuid::nil()), it)).expect("writes")
}

fn shown_delay(limit: Limit, started_at: Timestamp, calendar: &Calendar) -> (Value, Timestamp) {
    let due_at = limit.due_at(started_at, calendar).expect("covered");
    let delay = json!({
        "timescale": "icpc", "timescale_version": "WT2023", "limit": limit,
        "started_at": started_at, "due_at": due_at, "calendar_version": "test",
    });
    let delay = serde_json::from_value(delay).expect("a delay");
    let timescale = Timescale {
        code: "icpc".to_owned(),
        version: "WT2023".to_owned(),
        label: "Conference".to_owned(),
        limit: Some(limit),
        starts: "Strategy discussion".to_owned(),
        stops: "Conference held".to_owned(),
        basis: "statutory_guidance".to_owned(),
        source: "Working Together to Safeguard Children 2023".to_owned(),
        verified_against_wt2026: false,
    };
    let it = Explanation::of_delay(&delay, &timescale, calendar).expect("covered");
    let view = ExplanationView::new(EscalationId(Uuid::nil()), it.expect("a limit applies"));
    (serde_json::to_value(view).expect("writes"), due_at)
}

#[test]
fn an_explanation_says_everything_about_a_working_day_over_easter() {
    let limit = Limit::after(1, LimitUnit::WorkingDay);
    let (told, _) = shown_delay(limit, at("2026-04-02T22:30:00Z"), &ENGLAND);
    let due = json!({
        "at": "2026-04-07T22:59:59.999Z", "local_date": "2026-04-07", "utc_offset": "+01:00",
    });
    let from = json!({
        "at": "2026-04-02T22:30:00Z", "local_date": "2026-04-02", "utc_offset": "+01:00",
    });
    let skipped = |date: &str, weekday: &str, why: &str| json!({"date": date, "weekday": weekday, "counted": false, "why": why});
    let holiday = |date: &str, weekday: &str, name: &str| json!({"date": date, "weekday": weekday, "counted": false, "why": "bank_holiday", "holiday": name});
    assert_eq!(
        told,
        json!({
            "clock": "child-process",
            "rule": {
                "of": "timescale", "code": "icpc", "version": "WT2023", "label": "Conference",
                "starts": "Strategy discussion", "stops": "Conference held",
                "basis": "statutory_guidance", "verified_against_wt2026": false,
                "source": "Working Together to Safeguard Children 2023",
            },
            "limit": {
                "amount": 1, "unit": "working_day", "day_zero": "exclude_start", "direction": "after",
            },
            "counting": {
                "unit": "A day is counted unless it is a Saturday, a Sunday or a bank holiday of England and Wales.",
                "day_zero": "The local date of the event is day 0, on any day of the week and at any time.",
                "end": "It is due at 23:59:59.999 local time of the last day.",
                "time_zone": "Europe/London",
            },
            "calendar": {"version": "england_and_wales-by-rule", "nation": "england_and_wales"},
            "started": from,
            "steps": [{
                "step": "counted",
                "from": from,
                "days": [
                    skipped("2026-04-02", "thursday", "day_zero"),
                    holiday("2026-04-03", "friday", "Good Friday"),
                    skipped("2026-04-04", "saturday", "week_end"),
                    skipped("2026-04-05", "sunday", "week_end"),
                    holiday("2026-04-06", "monday", "Easter Monday"),
                    {
                        "date": "2026-04-07", "weekday": "tuesday", "counted": true,
                        "why": "working_day", "number": 1,
                    },
                ],
                "due": due,
            }],
            "due": due,
            "agrees": true,
            "links": {
                "self": "/v1/escalations/00000000-0000-0000-0000-000000000000/clocks/child-process/explanation",
                "escalation": "/v1/escalations/00000000-0000-0000-0000-000000000000",
            },
        })
    );
}

#[test]
fn a_stage_says_its_policy_its_urgency_and_the_clock_that_it_took_over_from() {
    let limit = Limit::after(2, LimitUnit::WorkingDay);
    let (started, due) = (at("2026-11-18T10:00Z"), at("2026-11-23T23:59:59.999Z"));
    let previous_due_at = at("2026-11-20T23:59:59.999Z");
    let mut agreed = clock(limit, started, due, DueBasis::Agreed { previous_due_at });
    agreed.extends = Some(ClockId(Uuid::from_u128(6)));
    let told = shown(&agreed, &ENGLAND);
    assert_eq!(told["clock"], "00000000-0000-0000-0000-000000000007");
    assert_eq!(
        told["rule"],
        json!({
            "of": "stage_policy", "kind": "answer", "policy_version": "test-1", "urgency": "urgent",
            "stage": {"number": 1, "code": "first_line", "label": "First-line managers"},
        })
    );
    let step = &told["steps"][0];
    assert_eq!(
        (&step["step"], &step["previous"]["local_date"]),
        (&json!("agreed"), &json!("2026-11-20"))
    );
    assert_eq!(
        step["condition"],
        "The two agencies agreed on it, with a reason: once in a stage, and by no more than the \
         stage's limit again."
    );
    let link = told["links"]["took_over_from"].as_str().expect("a link");
    assert!(link.ends_with("/clocks/00000000-0000-0000-0000-000000000006/explanation"), "{link}");
}

#[test]
fn what_is_told_wrongly_cannot_be_counted_again() {
    let limit = Limit::after(3, LimitUnit::WorkingDay);
    let (good, due_at) = shown_delay(limit, at("2026-03-27T10:00Z"), &ENGLAND);
    assert_eq!(recompute(&good), Ok(due_at.as_nanosecond()));
    for (pointer, wrong) in [
        ("/due/at", json!("2026-04-02T22:59:59.999Z")),
        ("/agrees", json!(false)),
        ("/limit/amount", json!(2)),
        ("/limit/amount", json!(4)),
        ("/limit/unit", json!("calendar_day")),
        ("/limit/day_zero", json!("include_start")),
        ("/limit/direction", json!("before")),
        ("/steps", json!([])),
        ("/steps/0/step", json!("guessed")),
        ("/steps/0/from/local_date", json!("2026-03-26")),
        ("/steps/0/due/utc_offset", json!("+00:00")),
        ("/steps/0/days/1/why", json!("bank_holiday")),
        ("/steps/0/days/2/date", json!("2026-03-30")),
        ("/steps/0/days/3/weekday", json!("sunday")),
        ("/steps/0/days/3/number", json!(2)),
        ("/steps/0/days/4/counted", json!(false)),
        ("/steps/0/days/5/holiday", json!("A day off")),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap_or(&mut Value::Null) = wrong.clone();
        if pointer.ends_with("holiday") {
            bad["steps"][0]["days"][5]["holiday"] = wrong;
        }
        assert!(recompute(&bad).is_err(), "{pointer}");
    }
    let mut short = good;
    short["steps"][0]["days"].as_array_mut().expect("a list").pop();
    assert!(recompute(&short).is_err());
}

fn any_limit() -> impl Strategy<Value = Limit> {
    (
        prop_oneof![0u32..4, 0u32..80],
        prop::sample::select(LimitUnit::ALL),
        prop::sample::select(DayZero::ALL),
        prop::sample::select(Direction::ALL),
    )
        .prop_map(|(amount, unit, day_zero, direction)| {
            // Up to eighteen months, so that every calendar here covers them.
            let amount = match unit {
                LimitUnit::Month => amount % 19,
                _ => amount,
            };
            Limit { amount, unit, day_zero, direction }
        })
}

fn after(limit: Limit) -> Limit {
    Limit { direction: Direction::After, ..limit }
}

/// Any instant of 2020 to 2030, or one close to a change of the clocks or to the end of a day.
fn any_instant() -> impl Strategy<Value = Timestamp> {
    let micros = |day: Date, add: i64| {
        let start = london::start_of_day(day).as_microsecond();
        Timestamp::from_microsecond(start + add).expect("in range")
    };
    let first = date(2020, 1, 1);
    prop_oneof![
        (0i64..4_018, 0i64..86_400_000_000)
            .prop_map(move |(day, add)| micros(first.saturating_add(day.days()), add)),
        (2020i16..=2030, prop::bool::ANY, -4i64..4, 0i64..86_400_000_000).prop_map(
            move |(year, spring, days, add)| {
                let end = date(year, if spring { 3 } else { 10 }, 31);
                let to_sunday = i64::from(end.weekday().to_sunday_zero_offset());
                micros(end.saturating_sub((to_sunday - days).days()), add)
            }
        ),
        (0i64..4_018, 0i64..1_000).prop_map(move |(day, add)| {
            let last = london::end_of_day(first.saturating_add(day.days())).as_microsecond();
            Timestamp::from_microsecond(last + add).expect("in range")
        }),
    ]
}

fn calendar(scottish: bool) -> &'static Calendar {
    if scottish { &SCOTLAND } else { &ENGLAND }
}

fn later(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(seconds)).expect("in range")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn the_process_of_a_child_can_be_counted_again(
        limit in any_limit(), started in any_instant(), scottish in prop::bool::ANY,
    ) {
        let (told, due_at) = shown_delay(limit, started, calendar(scottish));
        prop_assert_eq!(recompute(&told), Ok(due_at.as_nanosecond()), "{}", told);
    }

    #[test]
    fn a_stage_clock_can_be_counted_again_whatever_its_basis(
        limit in any_limit(), from in any_instant(), scottish in prop::bool::ANY, basis in 0u8..4,
        pause_from in 0i64..2_000_000, pause_for in -3_600i64..2_000_000, off in -2_000_000i64..2_000_000,
        taken_over in prop_oneof![Just(0i64), 0i64..4_000_000],
    ) {
        let (limit, calendar) = (after(limit), calendar(scottish));
        let counted = limit.due_at(from, calendar).expect("covered").max(from);
        let previous_due_at = later(counted, off);
        let (basis, due_at) = match basis {
            0 => (DueBasis::Counted { from }, counted),
            1 => (DueBasis::Agreed { previous_due_at }, later(previous_due_at, pause_from + 1)),
            2 => (DueBasis::Earlier { previous_due_at, from }, counted.min(previous_due_at)),
            _ => {
                let from = later(from, pause_from);
                let until = later(from, pause_for);
                let due_at = limit.shifted(counted, from, until, calendar).expect("covered");
                (DueBasis::Paused { previous_due_at: counted, from, until }, due_at)
            }
        };
        // What took over later may have been late already.
        let agreed = matches!(basis, DueBasis::Agreed { .. });
        let started = if agreed { from } else { later(from, taken_over) };
        let due_at = due_at.max(started);
        let clock = clock(limit, started, due_at, basis);
        let told = shown(&clock, calendar);
        prop_assert_eq!(recompute(&told), Ok(due_at.as_nanosecond()), "{}", told);
    }
}
