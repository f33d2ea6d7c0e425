//! Ten thousand random histories of acts, absurd ones among them, and what is true after each act.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::act::ActKind;
use super::broken_rule::BrokenRule;
use super::decide::Scene;
use super::escalation::{Escalation, Status};
use super::event::Event;
use super::ids::{ClockId, EscalationId};
use super::stage_clock::StageClock;
use super::transitions::{Party, TRANSITIONS};

mod chance;
mod doctored;
mod properties;
mod world;

use chance::Chance;
use properties::{Step, broken, refused_for_a_reason};
use world::{HERE, World, seconds, uuid};

const HISTORIES: u64 = 10_000;

/// What the histories came to, so that none of them is idle.
#[derive(Default)]
struct Seen {
    walked: BTreeSet<(&'static str, Party, &'static str)>,
    refused: BTreeSet<ActKind>,
    raised: usize,
    skewed: usize,
    second_person: usize,
    /// What did not hold, and where first.
    missed: BTreeMap<&'static str, String>,
}

impl Seen {
    fn check(&mut self, holds: bool, what: &'static str, place: impl FnOnce() -> String) {
        if !holds {
            self.missed.entry(what).or_insert_with(place);
        }
    }
}

/// One escalation with everything that it was folded from.
struct History {
    it: Escalation,
    events: Vec<Event>,
    /// Whether events and clocks are also written as JSON and read back, which is slow: in one history of four.
    written: bool,
    /// Each clock as JSON when it started, and when it had stopped.
    started: BTreeMap<ClockId, String>,
    stopped: BTreeMap<ClockId, String>,
}

fn written(clock: &StageClock) -> String {
    serde_json::to_string(clock).expect("a clock")
}

/// The event as the store gives it back: its change went through JSON.
fn stored(event: &Event) -> Event {
    let json = serde_json::to_string(&event.change).expect("a change");
    Event { change: serde_json::from_str(&json).expect(&json), ..event.clone() }
}

fn folded(events: &[Event]) -> Escalation {
    let mut it = Escalation::from_first(HERE, &events[0]).expect("raised first");
    for event in &events[1..] {
        it.apply(event);
    }
    it
}

impl History {
    fn new(it: Escalation, event: Event, written: bool) -> Self {
        let (started, stopped) = Default::default();
        let mut new = Self { it, events: vec![event], written, started, stopped };
        new.remember();
        new
    }

    fn remember(&mut self) {
        for clock in self.it.clocks.iter().filter(|_| self.written) {
            let known = if clock.is_running() { &mut self.started } else { &mut self.stopped };
            known.entry(clock.id).or_insert_with(|| written(clock));
        }
    }

    /// The state is nothing but the fold of the events, and no clock is written otherwise than it was.
    fn is_its_events(&self) {
        assert_eq!(self.it, folded(&self.events));
        if !self.written {
            return;
        }
        let stored: Vec<Event> = self.events.iter().map(stored).collect();
        assert_eq!(self.it, folded(&stored));
        for clock in &self.it.clocks {
            let running = StageClock { stopped: None, ..clock.clone() };
            let was = self.started.get(&clock.id).expect("each clock once ran");
            assert_eq!(*was, written(&running), "a clock changed otherwise than by stopping");
            if let Some(was) = self.stopped.get(&clock.id) {
                assert_eq!(*was, written(clock), "a clock changed after it had stopped");
            }
        }
    }
}

fn raised(
    written: bool,
    chance: &mut Chance,
    world: &World,
    now: Timestamp,
    new_id: &dyn Fn() -> uuid::Uuid,
) -> Option<History> {
    let raise = chance.raise(now, world);
    let caller = world.staff[&raise.raised_by.id][0];
    let policies: Vec<_> = world.policies.values().collect();
    let scene = Scene {
        caller: Some(caller),
        occurred_at: None,
        now,
        policy: if chance.happens(40) {
            &world.policies["generous"]
        } else {
            chance.one(&policies)
        },
        calendar: &world.calendars[0],
        pair_repeats: 0,
        free_text: crate::domain::free_text_policy::FreeTextPolicy::Refuse,
        new_id,
    };
    let id = EscalationId(new_id());
    let (it, mut events) = Escalation::raise(raise, id, "ESC".to_owned(), &scene).ok()?;
    events.pop().map(|event| History::new(it, event, written))
}

fn play(seed: u64, world: &World, seen: &mut Seen) {
    let mut chance = Chance::new(StdRng::seed_from_u64(seed), world);
    let ids = Cell::new(5_000_u128);
    let new_id = || {
        ids.set(ids.get() + 1);
        uuid(ids.get())
    };
    let mut now = chance.one(&world.turns) + chance.span();
    let mut history = loop {
        if let Some(history) = raised(seed.is_multiple_of(4), &mut chance, world, now, &new_id) {
            break history;
        }
    };
    seen.raised += 1;
    // Most are short; one in ten goes through many stages and episodes.
    for attempt in 0..if seed.is_multiple_of(10) { 20 } else { 4 } {
        now = chance.next_now(now, &history.it, world);
        attempt_one((seed, attempt), &mut chance, world, &mut history, now, &new_id, seen);
    }
    history.is_its_events();
    silence(seed, &history.it, world, now, &new_id);
}

fn attempt_one(
    place: (u64, usize),
    chance: &mut Chance,
    world: &World,
    history: &mut History,
    now: Timestamp,
    new_id: &dyn Fn() -> uuid::Uuid,
    seen: &mut Seen,
) {
    let before = history.it.clone();
    let caller = chance.caller(&before, world);
    let mut policy = &world.policies[&before.facts.policy_version];
    if chance.happens(5) {
        let others: Vec<_> = world.policies.values().collect();
        policy = chance.one(&others);
    }
    let occurred_at = chance.occurred(now, &before, world);
    let scene = Scene {
        caller,
        occurred_at,
        now,
        policy,
        calendar: &world.calendars[chance.one(&[0, 0, 0, 1, 2])],
        pair_repeats: chance.one(&[0, 1, 3]),
        free_text: crate::domain::free_text_policy::FreeTextPolicy::Refuse,
        new_id,
    };
    // What is possible is asked for the time at which it is said to have happened, if that can be.
    let at = match occurred_at {
        None => now.max(before.changed_at),
        Some(at) if at >= before.changed_at && at <= now + seconds(300) => at,
        Some(_) => now,
    };
    let possible = caller.map(|me| before.possible_acts(me, policy, at)).unwrap_or_default();
    let usual = if caller.is_none() { &[ActKind::Advance][..] } else { &possible };
    let kind = chance.kind(usual);
    let act = chance.act(kind, &before, now, world);
    let words = act.clone();
    let said = || format!("{place:?}: {words:?} by {caller:?} at {occurred_at:?}, now {now}");
    for kind in [ActKind::Pause, ActKind::ProposeExtension] {
        let known = !before.parts_of(caller).contains(&Party::Responder)
            || possible.contains(&kind)
            || refused_for_a_reason(kind, &before, &history.events, policy, at);
        seen.check(known, "a pause and more time are refused for a reason", said);
    }
    match before.act(act, &scene) {
        Ok((after, events)) => {
            let [event] = events.try_into().expect("one event");
            seen.skewed += usize::from(event.occurred_at > now);
            for part in before.parts_of(caller) {
                seen.walked.insert((kind.code(), part, before.status.code()));
            }
            let step =
                Step { before, after, event, kind, caller, possible, agreed: &world.agreed, now };
            for name in broken(&step) {
                seen.check(false, name, said);
            }
            history.it = step.after;
            history.events.push(step.event);
            history.remember();
        }
        Err(refusal) => {
            seen.refused.insert(kind);
            let second = matches!(refusal, BrokenRule::SecondPerson { .. });
            seen.second_person += usize::from(second);
            let refused = second || matches!(refusal, BrokenRule::NotPossible { .. });
            let listed = caller.is_none() || possible.contains(&kind);
            seen.check(listed || refused, "what is not listed is refused for that", said);
            seen.check(!second || !possible.contains(&kind), "a second person is listed", said);
            if let BrokenRule::NotPossible { possible, .. } = refusal {
                let told = at == now && possible.contains(&kind);
                seen.check(!told, "what is not possible is not told to be so", said);
            }
        }
    }
}

/// Nobody acts for years, and the service itself does all that it can: nothing ends by it.
fn silence(
    seed: u64,
    left: &Escalation,
    world: &World,
    now: Timestamp,
    new_id: &dyn Fn() -> uuid::Uuid,
) {
    let mut it = left.clone();
    let mut chance = Chance::new(StdRng::seed_from_u64(seed), world);
    for years in 1..=3 {
        let now = now + seconds(years * 365 * 86_400);
        let scene = Scene {
            caller: None,
            occurred_at: None,
            now,
            policy: &world.policies[&it.facts.policy_version],
            calendar: &world.calendars[0],
            pair_repeats: 3,
            free_text: crate::domain::free_text_policy::FreeTextPolicy::Refuse,
            new_id,
        };
        // What else it could do is tried at random, one thing in each history.
        for kind in [ActKind::Advance, chance.one(ActKind::ALL)] {
            let act = chance.act(kind, &it, now, world);
            let Ok((after, _)) = it.act(act, &scene) else { continue };
            assert_eq!(kind, ActKind::Advance, "history {seed}: the service did this by itself");
            assert!(after.stage > it.stage, "history {seed}");
            assert_eq!(after.status, Status::Raised, "history {seed}");
            it = after;
        }
    }
    assert_eq!(it.status.has_ended(), left.status.has_ended(), "history {seed}: ended by silence");
    let (early, late) = (now + seconds(1), now + seconds(3 * 365 * 86_400));
    let (was, is) = (it.child_time(early), it.child_time(late));
    if left.child_time_end().is_none() {
        assert_eq!(is.seconds() - was.seconds(), late.as_second() - early.as_second());
    } else {
        assert_eq!(is, left.child_time(late));
    }
}

#[test]
fn what_must_be_true_is_true_after_every_act_of_ten_thousand_histories() {
    let world = World::new();
    let half = |seeds: std::ops::Range<u64>| {
        let mut seen = Seen::default();
        for seed in seeds {
            play(seed, &world, &mut seen);
        }
        seen
    };
    let (one, other) = std::thread::scope(|threads| {
        let other = threads.spawn(|| half(HISTORIES / 2..HISTORIES));
        (half(0..HISTORIES / 2), other.join().expect("the other half"))
    });
    let mut missed = String::new();
    for (what, place) in one.missed.iter().chain(&other.missed) {
        missed += &format!("{what}: {place}\n");
    }
    assert!(missed.is_empty(), "\n{missed}");
    assert_eq!(one.raised + other.raised, 10_000);
    assert!(one.skewed > 0 && one.second_person > 0);
    // Every line of the table was walked in every state, and every act was refused at least once.
    for (kind, part, states) in TRANSITIONS {
        for state in *states {
            let line = (kind.code(), *part, state.code());
            let walked = one.walked.contains(&line) || other.walked.contains(&line);
            assert!(walked, "nobody did {kind} as {part:?} when {state}");
        }
    }
    for kind in ActKind::ALL {
        assert!(one.refused.contains(kind) && other.refused.contains(kind), "{kind} never refused");
    }
}
