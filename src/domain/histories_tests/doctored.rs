//! Each property is missed when it is broken: a good step, spoilt in one way after the other.

use std::cell::Cell;

use jiff::Timestamp;

use super::properties::{PROPERTIES, Step, broken};
use super::world::{HERE, World, seconds, uuid};
use crate::domain::access::Caller;
use crate::domain::act::{Act, ActKind};
use crate::domain::child_time::Holder;
use crate::domain::decide::Scene;
use crate::domain::escalation::{Delay, Escalation, RaiserVisibility, Status};
use crate::domain::event::{Change, Narrative};
use crate::domain::ids::{AgencyId, EscalationId};
use crate::domain::raise::Raise;
use crate::domain::stage_clock::ClockKind;
use crate::domain::stage_policy::PauseReason;
use crate::domain::theme::ThemeCode;
use crate::domain::urgency::Urgency;

fn at(text: &str) -> Timestamp {
    text.parse().expect(text)
}

fn words() -> Narrative {
    Narrative::parse("There is a reason.").expect("words")
}

fn staff(world: &World, number: u128) -> &'static Caller {
    world.staff[&AgencyId(uuid(number))][0]
}

fn raise(world: &World) -> Raise {
    Raise {
        raised_by: world.agency(10).clone(),
        raised_with: world.agency(12).clone(),
        thematic: false,
        urgency: Urgency::Standard,
        theme: ThemeCode("one".to_owned()),
        secondary_themes: Vec::new(),
        source: None,
        external_reference: None,
        child_count: 1,
        concern_arose_at: None,
        raised_at: None,
        child_impact: None,
        interim_safety: None,
        emergency_action_taken_at: None,
        raised_by_role: None,
        raiser_visibility: RaiserVisibility::Named,
        delay: None,
        stage: None,
        skip_reason: None,
        desired_outcome: words(),
        concern: None,
    }
}

/// The responder pauses what it has acknowledged.
fn good(world: &World) -> Step<'_> {
    let ids = Cell::new(5_000_u128);
    let new_id = || {
        ids.set(ids.get() + 1);
        uuid(ids.get())
    };
    let policy = &world.policies["next"];
    let scene = |number: u128, now: &str| Scene {
        caller: Some(staff(world, number)),
        occurred_at: None,
        now: at(now),
        policy,
        calendar: &world.calendars[0],
        pair_repeats: 0,
        free_text: crate::domain::free_text_policy::FreeTextPolicy::Refuse,
        new_id: &new_id,
    };
    let (it, _) = Escalation::raise(
        raise(world),
        EscalationId(uuid(1)),
        "ESC".to_owned(),
        &scene(10, "2026-10-23T10:00:00Z"),
    )
    .expect("raised");
    assert_eq!(it.partnership, HERE);
    let acknowledge = Act::Acknowledge { held_by_role: None };
    let (before, _) =
        it.act(acknowledge, &scene(12, "2026-10-23T11:00:00Z")).expect("acknowledged");
    let why = PauseReason::LegalProcess;
    let pause = Act::Pause { why, until: at("2026-10-26T09:00:00Z"), reason: words() };
    let scene = scene(12, "2026-10-23T12:00:00Z");
    let possible = before.possible_acts(staff(world, 12), policy, scene.now);
    let (after, mut events) = before.act(pause, &scene).expect("paused");
    Step {
        before,
        after,
        event: events.pop().expect("an event"),
        kind: ActKind::Pause,
        caller: Some(staff(world, 12)),
        possible,
        agreed: &world.agreed,
        now: scene.now,
    }
}

#[test]
fn every_property_is_missed_when_it_is_broken() {
    let world = World::new();
    assert_eq!(broken(&good(&world)), Vec::<&str>::new());
    type Spoil = fn(&mut Step<'_>);
    let spoilt: &[(&str, Spoil)] = &[
        ("one act is one event", |it| it.after.version += 1),
        ("one act is one event", |it| it.event.occurred_at = at("2026-10-23T10:59:59Z")),
        ("the table of transitions", |it| it.kind = ActKind::Withdraw),
        ("the table of transitions", |it| it.before.status = Status::Answered),
        ("possible_acts lists it", |it| it.possible.clear()),
        ("clocks only stop", |it| it.after.clocks[1].due_at += seconds(1)),
        ("clocks only stop", |it| it.after.clocks[0].stopped = None),
        ("clocks only stop", |it| it.after.clocks[1].calendar_version.push('x')),
        ("clocks only stop", |it| drop(it.after.clocks.remove(1))),
        ("new clocks run", |it| it.after.clocks[2].started_at += seconds(1)),
        ("at most one clock", |it| it.after.clocks[1].stopped = None),
        ("what runs is what", |it| it.after.clocks[2].kind = ClockKind::Feedback),
        ("nothing is due before", |it| it.after.clocks[2].due_at = at("2026-10-23T11:59:59Z")),
        ("no other urgency takes", |it| {
            let (from, to) = (Urgency::Standard, Urgency::Urgent);
            it.event.change = Change::UrgencyChanged { from, to, clocks: Vec::new() };
            it.before.clocks[1].due_at = at("2026-10-23T11:59:59Z");
        }),
        ("no stage goes down", |it| it.after.stage = 0),
        ("only a person's act", |it| it.after.status = Status::Resolved),
        ("only a person's act", |it| it.kind = ActKind::Withdraw),
        ("child time that has passed", |it| it.after.holdings[0].from += seconds(1)),
        ("the service takes up", |it| it.caller = None),
        ("nobody approves", |it| it.kind = ActKind::Accept),
        ("who had to answer", |it| it.kind = ActKind::CheckImpact),
        ("who holds it", |it| it.after.status = Status::Answered),
        ("the parts of child time", |it| {
            it.after.holdings[0].to = Some(at("2026-10-23T12:01:00Z"))
        }),
        ("held, unheld and paused", |it| it.after.holdings[0].agency = None),
        ("child time begins no later", |it| it.after.facts.raised_at += seconds(1)),
        ("what happened happened", |it| it.before.facts.delay = Some(happened(it.now))),
        ("child time ends only", |it| it.after.facts.delay = Some(happened(it.now))),
        ("child time that has passed", |it| it.after.holdings[0].holder = Holder::Raiser),
        ("child time that has not ended", |it| it.after.holdings[0].to = None),
        ("a pause begins only", |it| it.event.change = Change::Noted),
        ("while it is paused", |it| it.after.clocks[2].basis = None),
        ("while it is paused", |it| {
            it.after.holdings[1].until = Some(at("2026-10-26T10:00:00Z"));
        }),
    ];
    let mut missed = Vec::new();
    for (name, spoil) in spoilt {
        let mut step = good(&world);
        spoil(&mut step);
        let found = broken(&step);
        let seen = found.iter().any(|it| it.starts_with(name));
        assert!(seen, "{name}: {found:?}");
        missed.push(*name);
    }
    for (name, _) in PROPERTIES {
        assert!(missed.iter().any(|it| name.starts_with(it)), "never broken: {name}");
    }
}

fn happened(at: Timestamp) -> Delay {
    Delay {
        timescale: "strategy_meeting".to_owned(),
        timescale_version: "1".to_owned(),
        limit: None,
        started_at: at,
        due_at: None,
        occurred_at: Some(at),
        cause: None,
        calendar_version: "long".to_owned(),
    }
}
