//! Every colour for every reason, and nothing beside them.

use serde_json::json;
use uuid::Uuid;

use super::super::escalation::Status;
use super::super::event::{Actor, ActorRole, Event};
use super::super::ids::{ClockId, EscalationId, EventId, PartnershipId};
use super::super::limit::{Limit, LimitUnit};
use super::super::stage_clock::{Stop, StopReason};
use super::super::stage_policy::WarningRule;
use super::super::working_days::by_rule;
use super::*;

/// A Wednesday in winter; the answer is due in two working days, so 23 working hours lie ahead.
const OPENED: &str = "2026-11-18T10:00:00Z";
const DUE: &str = "2026-11-20T23:59:59.999Z";

fn at(text: &str) -> Timestamp {
    text.parse().expect(text)
}

fn policy() -> StagePolicy {
    let policy = json!({"version": "test", "stages": []});
    serde_json::from_value(policy).expect("a policy")
}

fn clock(number: u128, kind: ClockKind, started: &str, due: &str) -> StageClock {
    StageClock {
        id: ClockId(Uuid::from_u128(number)),
        episode: 1,
        stage: 1,
        kind,
        urgency: Urgency::Standard,
        limit: Limit::after(2, LimitUnit::WorkingDay),
        started_at: at(started),
        due_at: at(due),
        policy_version: "test".to_owned(),
        calendar_version: "test".to_owned(),
        extends: None,
        basis: Some(DueBasis::Counted { from: at(started) }),
        recorded_at: None,
        stopped: None,
    }
}

fn stopped(mut clock: StageClock, at_: &str, reason: StopReason) -> StageClock {
    clock.stopped = Some(Stop { at: at(at_), reason, recorded_at: None });
    clock
}

/// An answer that is awaited, acknowledged in time.
fn answer() -> Vec<StageClock> {
    let receipt = clock(1, ClockKind::Acknowledgement, OPENED, "2026-11-19T23:59:59.999Z");
    let receipt = stopped(receipt, "2026-11-18T11:00:00Z", StopReason::Acknowledged);
    vec![receipt, clock(2, ClockKind::Answer, OPENED, DUE)]
}

fn escalation(urgency: &str, clocks: Vec<StageClock>) -> Escalation {
    let facts = json!({
        "reference": "ESC-ANY-2026-00001", "scope": "inter_agency", "raised_by": Uuid::nil(),
        "raised_with": Uuid::nil(), "urgency": urgency, "theme": "icpc_late",
        "secondary_themes": [], "child_count": 1, "raised_at": OPENED, "received_at": OPENED,
        "policy_version": "test",
    });
    let change = json!({"type": "raised", "facts": facts, "stage": 1, "clocks": clocks});
    let first = Event {
        id: EventId(Uuid::nil()),
        escalation: EscalationId(Uuid::nil()),
        version: 1,
        occurred_at: at(OPENED),
        recorded_at: at(OPENED),
        actor: Actor {
            agency: None,
            role: ActorRole::System,
            client: None,
            subject: String::new(),
        },
        change: serde_json::from_value(change).expect("a change"),
        texts: Vec::new(),
    };
    Escalation::from_first(PartnershipId(Uuid::nil()), &first).expect("a first event")
}

#[track_caller]
fn assert_colour(escalation: &Escalation, now: &str, colour: &str) {
    let calendar = by_rule::england_and_wales(2026..=2026);
    let told = Rag::of(escalation, &policy(), &calendar, at(now)).expect("covered");
    assert_eq!(told.code(), colour, "{now}");
}

#[test]
fn the_share_that_has_gone_colours_an_awaited_answer() {
    let waits = escalation("standard", answer());
    for (now, colour) in [
        (OPENED, "green"),
        // Six tenths of 23 hours are 13 h 48: Thursday 15:48. Nine tenths: Friday 14:42.
        ("2026-11-19T15:47:59.999999Z", "green"),
        ("2026-11-19T15:48:00Z", "amber"),
        ("2026-11-20T14:41:59.999999Z", "amber"),
        ("2026-11-20T14:42:00Z", "red"),
        (DUE, "red"),
        ("2026-11-21T00:00:00Z", "red"),
    ] {
        assert_colour(&waits, now, colour);
    }
}

#[test]
fn the_policy_sets_the_shares() {
    let waits = escalation("standard", answer());
    let calendar = by_rule::england_and_wales(2026..=2026);
    let warning = WarningRule { amber_percent: 10, red_percent: 20 };
    let policy = StagePolicy { warning, ..policy() };
    for (now, colour) in [
        ("2026-11-18T12:17:59Z", Rag::Green),
        ("2026-11-18T12:18:00Z", Rag::Amber),
        ("2026-11-18T14:36:00Z", Rag::Red),
    ] {
        assert_eq!(Rag::of(&waits, &policy, &calendar, at(now)), Ok(colour), "{now}");
    }
}

#[test]
fn the_judgement_counts_only_when_no_answer_is_awaited() {
    let mut clocks = answer();
    clocks.push(clock(3, ClockKind::Judgement, "2026-11-16T10:00:00Z", "2026-11-17T23:59:59.999Z"));
    let both = escalation("standard", clocks.clone());
    assert_colour(&both, OPENED, "green");
    clocks[1] = stopped(clocks[1].clone(), OPENED, StopReason::Answered);
    assert_colour(&escalation("standard", clocks.clone()), OPENED, "red");
    // Judged, and nothing is awaited: nothing can be late.
    clocks[2] = stopped(clocks[2].clone(), OPENED, StopReason::Done);
    assert_colour(&escalation("standard", clocks), "2026-12-18T10:00:00Z", "green");
}

#[test]
fn what_has_ended_is_blue_whatever_was_late() {
    for status in [Status::Resolved, Status::Withdrawn] {
        let mut ended = escalation("immediate", answer());
        ended.status = status;
        assert_colour(&ended, "2026-12-18T10:00:00Z", "blue");
    }
}

#[test]
fn what_is_immediate_is_red_from_the_day_after_it_was_opened() {
    // A limit that is far away, so that only the day counts.
    let far = vec![clock(2, ClockKind::Answer, OPENED, "2026-12-18T23:59:59.999Z")];
    let immediate = escalation("immediate", far.clone());
    assert_colour(&immediate, "2026-11-18T23:59:59.999Z", "green");
    assert_colour(&immediate, "2026-11-19T00:00:00Z", "red");
    assert_colour(&escalation("urgent", far.clone()), "2026-11-19T00:00:00Z", "green");
    // The day is London's: in summer it ends at 23:00 UTC.
    let mut summer = escalation("immediate", far);
    summer.episode.opened_at = at("2026-07-01T22:30:00Z");
    summer.clocks[0].started_at = at("2026-07-01T22:30:00Z");
    assert_colour(&summer, "2026-07-01T22:59:00Z", "green");
    assert_colour(&summer, "2026-07-01T23:00:00Z", "red");
}

#[test]
fn a_late_acknowledgement_keeps_a_stage_amber() {
    let receipt = clock(1, ClockKind::Acknowledgement, OPENED, "2026-11-18T12:00:00Z");
    let waits = |receipt: StageClock| {
        escalation("standard", vec![receipt, clock(2, ClockKind::Answer, OPENED, DUE)])
    };
    assert_colour(&waits(receipt.clone()), "2026-11-18T12:00:00Z", "green");
    assert_colour(&waits(receipt.clone()), "2026-11-18T12:00:01Z", "amber");
    let late = stopped(receipt.clone(), "2026-11-18T12:30:00Z", StopReason::Acknowledged);
    assert_colour(&waits(late.clone()), "2026-11-18T13:00:00Z", "amber");
    let in_time = stopped(receipt, "2026-11-18T11:30:00Z", StopReason::Acknowledged);
    assert_colour(&waits(in_time), "2026-11-18T13:00:00Z", "green");

    // Neither an earlier stage, nor an earlier episode, nor an agency that passed it on counts.
    let mut higher = waits(late.clone());
    higher.stage = 2;
    assert_colour(&higher, "2026-11-18T13:00:00Z", "green");
    let mut again = waits(late.clone());
    again.episode.number = 2;
    assert_colour(&again, "2026-11-18T13:00:00Z", "green");
    let mut passed_on = waits(late);
    let next = clock(4, ClockKind::Acknowledgement, "2026-11-18T13:00:00Z", DUE);
    passed_on.clocks.push(next);
    assert_colour(&passed_on, "2026-11-18T13:00:00Z", "green");
}

#[test]
fn more_agreed_time_is_amber_and_a_pause_is_not() {
    let now = "2026-11-18T16:00:00Z";
    let first = stopped(answer()[1].clone(), "2026-11-18T12:00:00Z", StopReason::Extended);
    let later = |number: u128, basis: Option<DueBasis>, of: u128| StageClock {
        extends: Some(ClockId(Uuid::from_u128(of))),
        basis,
        ..clock(number, ClockKind::Answer, "2026-11-18T12:00:00Z", "2026-11-24T23:59:59.999Z")
    };
    let (previous_due_at, from) = (at(DUE), at("2026-11-18T12:00:00Z"));
    let agreed = DueBasis::Agreed { previous_due_at };
    let paused = DueBasis::Paused { previous_due_at, from, until: from };
    let earlier = DueBasis::Earlier { previous_due_at, from };
    let counted = DueBasis::Counted { from };
    for (basis, colour) in [
        (Some(agreed), "amber"),
        // From before it was kept: a clock that takes over from another was agreed.
        (None, "amber"),
        (Some(paused), "green"),
        (Some(earlier), "green"),
        (Some(counted), "green"),
    ] {
        let escalation = escalation("standard", vec![first.clone(), later(5, basis, 2)]);
        assert_colour(&escalation, now, colour);
    }
    // A pause of agreed time is still agreed time; a limit that was counted anew is not.
    for (basis, colour) in [(paused, "amber"), (earlier, "amber"), (counted, "green")] {
        let agreed = stopped(later(5, Some(agreed), 2), now, StopReason::Paused);
        let clocks = vec![first.clone(), agreed, later(6, Some(basis), 5)];
        assert_colour(&escalation("standard", clocks), now, colour);
    }
    // Stored data that go in a circle end.
    let circle = vec![later(5, Some(paused), 6), later(6, Some(paused), 5)];
    assert_colour(&escalation("standard", circle), now, "green");
}

#[test]
fn no_time_goes_by_while_it_is_paused() {
    let (from, until) = (at("2026-11-18T12:00:00Z"), at("2026-11-23T12:00:00Z"));
    let previous_due_at = at(DUE);
    let paused = StageClock {
        basis: Some(DueBasis::Paused { previous_due_at, from, until }),
        ..clock(5, ClockKind::Answer, "2026-11-18T12:00:00Z", "2026-11-25T23:59:59.999Z")
    };
    let paused = escalation("standard", vec![paused]);
    // 5 + 8 + 8 hours from Monday noon: six tenths are 12 h 36, Tuesday 16:36.
    for (now, colour) in [
        ("2026-11-20T10:00:00Z", "green"),
        ("2026-11-23T12:00:00Z", "green"),
        ("2026-11-24T16:35:59Z", "green"),
        ("2026-11-24T16:36:00Z", "amber"),
        ("2026-11-26T00:00:00Z", "red"),
    ] {
        assert_colour(&paused, now, colour);
    }
}

#[test]
fn a_year_without_bank_holidays_is_told() {
    let waits = escalation("standard", answer());
    let calendar = by_rule::england_and_wales(2025..=2025);
    let told = Rag::of(&waits, &policy(), &calendar, at(OPENED));
    assert_eq!(told, Err(NoCalendar { year: 2026 }));
}
