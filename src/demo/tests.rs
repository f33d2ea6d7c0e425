//! The script against the shape that it is to have.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::demo::agencies::{PREDECESSOR, SILENT, SUCCESSOR};
use crate::demo::frame::{Frame, LEARNING, RELAUNCH, SILENCE};
use crate::domain::act::Act;
use crate::domain::london::local_date;
use crate::domain::urgency::Urgency;
use crate::usecases::raise::RaiseRequest;

fn options() -> DemoOptions {
    DemoOptions::two_years("2026-W46".parse().unwrap(), "https://demo.invalid".to_owned())
}

struct Raised {
    by: &'static str,
    at: Timestamp,
    week: i64,
    received_late: bool,
    request: RaiseRequest,
    children: Vec<ChildText>,
}

/// What is raised and taken.
fn raised(steps: &[Step]) -> Vec<Raised> {
    let frame = Frame::of(&options()).unwrap();
    steps
        .iter()
        .filter_map(|step| match &step.deed {
            Deed::Raise { by, request, children, refused: None, .. } => {
                let at = request.raised_at.unwrap_or(step.at);
                Some(Raised {
                    by,
                    at,
                    week: frame.week_of(at),
                    received_late: step.at.duration_since(at).as_hours() > 120,
                    request: (**request).clone(),
                    children: children.clone(),
                })
            }
            _ => None,
        })
        .collect()
}

fn share(part: usize, whole: usize) -> f64 {
    f64::from(u32::try_from(part).unwrap()) / f64::from(u32::try_from(whole).unwrap())
}

fn near(name: &str, is: f64, wanted: f64, tolerance: f64) {
    assert!((is - wanted).abs() <= tolerance, "{name}: {is:.3}, wanted {wanted:.3} ± {tolerance}");
}

#[test]
fn the_same_options_write_the_same_script_and_another_seed_another() {
    let told = |options: &DemoOptions| {
        let steps = script(options).unwrap();
        let texts = steps.iter().map(|step| match &step.deed {
            Deed::Raise { request, .. } => request.desired_outcome.as_str().to_owned(),
            Deed::Act { act: Act::Answer { answer, .. }, .. } => answer.as_str().to_owned(),
            _ => String::new(),
        });
        let texts: Vec<String> = texts.collect();
        (format!("{steps:?}"), texts)
    };
    assert_eq!(told(&options()), told(&options()));
    assert_ne!(told(&options()), told(&DemoOptions { seed: 2, ..options() }));
}

#[test]
fn steps_lie_in_the_series_and_in_order() {
    let frame = Frame::of(&options()).unwrap();
    let steps = script(&options()).unwrap();
    assert!(steps.is_sorted_by_key(|step| (step.at, step.sequence)));
    assert!(steps.iter().all(|step| (frame.starts_at..frame.ends_at).contains(&step.at)));
    assert_eq!(frame.weeks, 104);
}

#[test]
fn themes_urgencies_and_raisers_have_their_shares() {
    let all = raised(&script(&options()).unwrap());
    assert!((480..=800).contains(&all.len()), "{}", all.len());
    let of = |wanted: &dyn Fn(&Raised) -> bool| {
        share(all.iter().filter(|it| wanted(it)).count(), all.len())
    };
    for (theme, wanted) in
        [("threshold_disagreement", 0.13), ("strategy_meeting_late", 0.11), ("plan_drift", 0.08)]
    {
        near(theme, of(&|it| it.request.theme == theme), wanted, 0.045);
    }
    for (urgency, wanted) in
        [(Urgency::Standard, 0.7), (Urgency::Urgent, 0.25), (Urgency::Immediate, 0.05)]
    {
        near(urgency.code(), of(&|it| it.request.urgency == urgency), wanted, 0.05);
    }
    near("children's services", of(&|it| services(it.by)), 0.34, 0.07);
    near("typed by hand", of(&|it| it.request.external_reference.is_none()), 0.2, 0.1);
    near("thematic", of(&|it| it.request.thematic), 0.04, 0.03);
    near("received late", of(&|it| it.received_late), 0.08, 0.04);
    let used: BTreeSet<&str> = all.iter().map(|it| it.request.theme.as_str()).collect();
    assert!(used.len() >= 25, "{}", used.len());
}

fn services(code: &str) -> bool {
    code.ends_with("_cs") || code == PREDECESSOR
}

#[test]
fn every_theme_and_process_of_the_table_is_a_shipped_one() {
    let plan = partnership(&options()).unwrap();
    let known: BTreeSet<&str> = plan.themes.iter().map(|it| it.code.as_str()).collect();
    let processes: BTreeSet<&str> =
        plan.timescales.iter().map(|it| it.timescale.code.as_str()).collect();
    let kinds: Vec<&themes::ThemeKind> = themes::COMMON.iter().chain(rare_themes::RARE).collect();
    let written: BTreeSet<&str> = kinds.iter().map(|kind| kind.code).collect();
    assert_eq!(written, known);
    for kind in &kinds {
        assert!(kind.processes.iter().all(|(code, _)| processes.contains(code)), "{}", kind.code);
        assert!(kind.processes.iter().map(|(_, share)| share).sum::<f64>() <= 1.000_001);
        for sentence in kind.concerns.iter().chain(kind.wishes) {
            assert!(text(sentence).unwrap().findings().is_empty(), "{sentence}");
        }
    }
    let total: f64 = kinds.iter().map(|kind| kind.share).sum();
    near("all shares", total, 1.0, 0.000_001);
}

#[test]
fn more_is_raised_from_the_relaunch_on() {
    let all = raised(&script(&options()).unwrap());
    let between = |from: i64, to: i64| {
        let weeks = f64::from(i32::try_from(to - from).unwrap());
        let found = all.iter().filter(|it| (from..to).contains(&it.week)).count();
        f64::from(u32::try_from(found).unwrap()) / weeks
    };
    near("before", between(1, RELAUNCH), 3.0, 1.0);
    let after = between(RELAUNCH, RELAUNCH + 26);
    assert!(after > 1.8 * between(1, RELAUNCH), "{after}");
}

#[test]
fn one_agency_falls_silent_and_one_theme_falls() {
    let all = raised(&script(&options()).unwrap());
    let silent: Vec<i64> = all.iter().filter(|it| it.by == SILENT).map(|it| it.week).collect();
    assert!(silent.len() >= 3, "{silent:?}");
    assert!(silent.iter().all(|week| *week < SILENCE), "{silent:?}");
    let absent = |from: i64, to: i64| {
        let these: Vec<&Raised> = all.iter().filter(|it| (from..to).contains(&it.week)).collect();
        let theme = "strategy_meeting_partner_absent";
        share(these.iter().filter(|it| it.request.theme == theme).count(), these.len())
    };
    assert!(absent(LEARNING, 105) < 0.7 * absent(1, LEARNING));
}

#[test]
fn one_agency_takes_over_from_another_on_a_day() {
    let frame = Frame::of(&options()).unwrap();
    let all = raised(&script(&options()).unwrap());
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    for it in &all {
        let new = local_date(it.at) >= frame.succession;
        let wrong = if new { PREDECESSOR } else { SUCCESSOR };
        assert!(it.by != wrong && it.request.raised_with_agency != wrong, "{}", it.at);
        *seen.entry(it.by).or_default() += 1;
    }
    assert!(seen[PREDECESSOR] > 5 && seen[SUCCESSOR] > 5, "{seen:?}");
}

#[test]
fn each_week_some_things_are_settled_by_a_call_and_one_or_two_are_commended() {
    let frame = Frame::of(&options()).unwrap();
    let steps = script(&options()).unwrap();
    let mut weeks: BTreeMap<i64, (u32, u32)> = BTreeMap::new();
    let mut names = BTreeSet::new();
    let mut all = 0;
    for step in &steps {
        let Deed::Record { by, said } = &step.deed else { continue };
        let at = said.occurred_at.unwrap();
        assert!(at < step.at);
        assert!(said.note.as_ref().is_none_or(|note| note.findings().is_empty()));
        assert!(*by != SILENT || frame.week_of(at) < SILENCE, "{at}");
        let named = said.external.as_ref();
        assert!(named.is_none_or(|it| names.insert((*by, it.reference.clone()))), "sent twice");
        let week = weeks.entry(frame.week_of(at)).or_default();
        match said.kind {
            PracticeKind::InformalResolution => week.0 += 1,
            PracticeKind::Commendation => {
                week.1 += 1;
                assert_ne!(said.about_agency, *by);
            }
        }
        all += 1;
    }
    assert_eq!(weeks.len(), 104);
    // What is written down after the series ends is not in it.
    for (week, (settled, commended)) in weeks.range(..104) {
        assert!((3..=6).contains(settled) && (1..=2).contains(commended), "{week}");
    }
    assert!(names.len() * 10 > all * 3 && names.len() < all, "{} of {all}", names.len());
}

#[test]
fn one_child_is_raised_nine_times() {
    let all = raised(&script(&options()).unwrap());
    let mut times: BTreeMap<&str, u32> = BTreeMap::new();
    for child in all.iter().flat_map(|it| &it.children) {
        *times.entry(child.text.as_str()).or_default() += 1;
        assert!(child.text.starts_with("SYN"));
    }
    assert_eq!(times["SYN100009"], 9);
}

#[test]
fn every_kind_of_refusal_occurs() {
    for seed in 1..=5 {
        let steps = script(&DemoOptions { seed, ..options() }).unwrap();
        let refused: BTreeSet<Refusal> = steps
            .iter()
            .filter_map(|step| match &step.deed {
                Deed::Raise { refused, .. } => *refused,
                _ => None,
            })
            .collect();
        assert_eq!(refused.len(), Refusal::ALL.len(), "seed {seed}: {refused:?}");
    }
}

#[test]
fn a_night_hour_that_comes_twice_is_raised_in_twice() {
    let all = raised(&script(&options()).unwrap());
    for at in ["2025-10-26T00:30:00Z", "2025-10-26T01:30:00Z"] {
        let at: Timestamp = at.parse().unwrap();
        assert!(all.iter().any(|it| it.at == at), "{at}");
    }
}

#[test]
fn a_short_series_and_other_seeds_can_be_written() {
    for (seed, weeks) in [(3, 1), (4, 8), (5, 60), (6, 130)] {
        let steps = script(&DemoOptions { seed, weeks, ..options() }).unwrap();
        assert!(steps.iter().any(|step| matches!(step.deed, Deed::AddCalendar(_))), "{weeks}");
    }
}

/// The answers that fell due in the series and those that came in time, in a stretch of weeks.
fn answers(frame: &Frame, steps: &[Step], weeks: std::ops::Range<i64>) -> (usize, usize) {
    /// A running answer clock: from when, due when, and for which urgency and stage.
    struct Clock {
        raised_at: Timestamp,
        urgency: Urgency,
        due_at: Option<Timestamp>,
        stage: u8,
    }
    let due = |clock: &Clock, at: Timestamp| {
        let stage = frame.policy_at(clock.raised_at).stage(clock.stage).unwrap();
        stage.answer_limit(clock.urgency).unwrap().due_at(at, &frame.calendar).ok()
    };
    let mut clocks: BTreeMap<u32, Clock> = BTreeMap::new();
    let mut counted: Vec<(Timestamp, bool)> = Vec::new();
    for step in steps {
        match &step.deed {
            Deed::Raise { case, request, refused: None, .. } => {
                let raised_at = request.raised_at.unwrap_or(step.at);
                let (urgency, stage) = (request.urgency, request.stage.unwrap_or(1));
                let mut clock = Clock { raised_at, urgency, due_at: None, stage };
                clock.due_at = due(&clock, raised_at);
                clocks.insert(*case, clock);
            }
            Deed::Act { case, act, occurred_at, .. } => {
                let at = occurred_at.unwrap_or(step.at);
                let clock = clocks.get_mut(case).unwrap();
                match act {
                    Act::Answer { .. } => {
                        counted.extend(clock.due_at.take().map(|due_at| (due_at, at <= due_at)));
                    }
                    Act::Extend { due_at, .. } => clock.due_at = Some(*due_at),
                    Act::Advance { to, .. } => {
                        counted.extend(clock.due_at.map(|due_at| (due_at, false)));
                        clock.stage = to.unwrap();
                        clock.due_at = due(clock, at);
                    }
                    Act::Reopen { .. } => clock.due_at = due(clock, at),
                    Act::Withdraw { .. } => clock.due_at = None,
                    _ => {}
                }
            }
            _ => {}
        }
    }
    counted.extend(clocks.values().filter_map(|clock| Some((clock.due_at?, false))));
    counted.retain(|(due_at, _)| weeks.contains(&frame.week_of(*due_at)));
    (counted.len(), counted.iter().filter(|(_, in_time)| *in_time).count())
}

#[test]
fn answers_come_sooner_once_something_was_learned() {
    let frame = Frame::of(&options()).unwrap();
    let mut totals = [(0, 0); 2];
    for seed in 1..=12 {
        let steps = script(&DemoOptions { seed, ..options() }).unwrap();
        for (total, weeks) in totals.iter_mut().zip([1..LEARNING, LEARNING..105]) {
            let (due, met) = answers(&frame, &steps, weeks);
            *total = (total.0 + due, total.1 + met);
        }
    }
    let [before, after] = totals.map(|(due, met)| share(met, due));
    near("before", before, 0.56, 0.03);
    near("after", after, 0.71, 0.03);
}

#[test]
fn duplicates_are_of_what_goes_on() {
    let mut duplicates = 0;
    for seed in 1..=12 {
        let steps = script(&DemoOptions { seed, ..options() }).unwrap();
        let mut ended: BTreeSet<u32> = BTreeSet::new();
        for step in &steps {
            match &step.deed {
                Deed::Act { case, act: Act::Reopen { .. }, .. } => drop(ended.remove(case)),
                Deed::Act {
                    case,
                    act: Act::Resolve { .. } | Act::Withdraw { .. } | Act::Reroute { .. },
                    ..
                } => drop(ended.insert(*case)),
                Deed::Duplicate { case, of, .. } => {
                    duplicates += 1;
                    ended.insert(*case);
                    assert!(
                        !ended.contains(of),
                        "seed {seed}: {case} repeats {of}, which has ended"
                    );
                }
                _ => {}
            }
        }
    }
    assert!(duplicates > 12, "{duplicates}");
}

#[test]
fn some_are_open_at_the_end() {
    let mut open = 0;
    let mut all = 0;
    for seed in 1..=12 {
        let steps = script(&DemoOptions { seed, ..options() }).unwrap();
        let mut running: BTreeSet<u32> = BTreeSet::new();
        for step in &steps {
            match &step.deed {
                Deed::Raise { case, refused: None, .. } => {
                    all += 1;
                    running.insert(*case);
                }
                Deed::Act { case, act: Act::Reopen { .. }, .. } => {
                    running.insert(*case);
                }
                Deed::Duplicate { case, .. }
                | Deed::Act {
                    case,
                    act: Act::Resolve { .. } | Act::Withdraw { .. } | Act::Reroute { .. },
                    ..
                } => {
                    running.remove(case);
                }
                _ => {}
            }
        }
        open += running.len();
    }
    near("open", share(open, all), 0.06, 0.01);
}
