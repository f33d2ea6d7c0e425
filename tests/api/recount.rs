//! Every figure of the weekly aggregation against an independent recount, over random histories of 64 weeks.

use escalation_tracker::domain::child_reference::{ChildReference, Scheme, SchemePolicy};
use escalation_tracker::domain::escalation::RaiserVisibility;
use escalation_tracker::domain::event::Narrative;
use escalation_tracker::domain::practice::{Practice, PracticeKind};
use escalation_tracker::domain::urgency::Urgency;
use escalation_tracker::domain::working_days::{Calendar, Nation};
use escalation_tracker::reference;
use escalation_tracker::usecases::raise::{self, RaiseRequest};
use escalation_tracker::usecases::{practice, setup};
use jiff::{SignedDuration, Timestamp, ToSpan};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::Value;

use super::support::histories::{AGENCIES, Histories, Raising, THEMES, caller};
use super::support::recount::{Raw, midnight, monday, recount};
use super::support::recount_check::{
    Ask, GROUPINGS, Links, assert_csv, assert_json, assert_records, assert_weekly_equals_recount,
    rows_behind,
};
use super::support::recount_figures::{BESIDE, COUNTS, Figures};
use super::support::{TestApp, thorough};

/// Two spans of at most 53 weeks: with both clock changes of a year, two turns of a year, and 2026-W53.
pub(super) const FIRST: (&str, &str) = ("2025-W42", "2026-W20");
pub(super) const SECOND: (&str, &str) = ("2026-W15", "2027-W02");

/// Mondays at whose first instant, and one microsecond before it, something happens.
const EDGES: [&str; 12] = [
    "2025-W43", "2025-W44", "2026-W01", "2026-W02", "2026-W13", "2026-W14", "2026-W22", "2026-W34",
    "2026-W43", "2026-W44", "2026-W53", "2027-W01",
];

fn set(app: &TestApp, at: Timestamp) {
    app.clock.set(&at.to_string());
}

/// Fills the database with about 300 escalations of the partnership "ANY", and some of the other one.
pub(super) async fn fill(app: &TestApp) {
    let microsecond = SignedDuration::from_micros(1);
    let mut edges: Vec<Timestamp> = Vec::new();
    for week in EDGES {
        let first = midnight(monday(week));
        // Sunday 22:00: an immediate one is due exactly when the week ends.
        edges.extend([first - SignedDuration::from_hours(2), first - microsecond, first]);
    }
    let mut now = midnight(monday(FIRST.0)) + SignedDuration::from_hours(9);
    let end = midnight(monday(SECOND.1)) + SignedDuration::from_hours(60);
    set(app, now);
    let mut it = Histories::new(app, 20_261_118).await;
    let mut edges = edges.into_iter().peekable();
    let mut another_calendar = false;
    while now < end {
        // In some weeks many are settled quickly, so that there are enough for a median and a 90th percentile.
        let busy = now.duration_since(midnight(monday(FIRST.0))).as_hours() / 168 % 6 == 2;
        now +=
            SignedDuration::from_secs(it.rng.random_range(600..if busy { 20_000 } else { 72_000 }));
        let edge = edges.next_if(|edge| *edge <= now);
        if let Some(edge) = edge {
            now = edge;
        }
        set(app, now);
        if let Some(edge) = edge {
            it.raise(Raising { urgency: Some(Urgency::Immediate), ..Raising::default() }).await;
            it.raise(Raising::default()).await;
            for _ in 0..4 {
                it.act_on_any().await;
            }
            // Raised at the edge, but received a little later, and exactly at what still is no late receipt.
            for later in
                [SignedDuration::from_hours(120), SignedDuration::from_hours(120) + microsecond]
            {
                set(app, edge + later);
                it.raise(Raising { earlier: later, urgency: None }).await;
            }
            set(app, now);
        }
        if !another_calendar && now > midnight(monday("2026-W24")) {
            another_calendar = true;
            setup::add_calendar(&app.deps, app.partnership, &with_an_extra_holiday(), "test")
                .await
                .unwrap();
        }
        if it.rng.random_bool(if busy { 0.55 } else { 0.02 }) {
            it.raise(Raising::default()).await;
            it.settle(it.known.len() - 1).await;
            now = app.deps.clock.now();
        } else if it.rng.random_bool(0.06) {
            it.raise(Raising { urgency: Some(Urgency::Standard), ..Raising::default() }).await;
            it.lengthen(it.known.len() - 1).await;
            now = app.deps.clock.now();
        } else if it.rng.random_bool(0.04) {
            it.leave_out().await;
        } else if it.known.len() < 20 || it.rng.random_bool(0.1) {
            let late = it.rng.random_bool(0.15);
            let earlier =
                SignedDuration::from_mins(if late { it.rng.random_range(60..30_000) } else { 0 });
            it.raise(Raising { earlier, urgency: None }).await;
        } else {
            it.act_on_any().await;
        }
    }
    for (kind, least) in
        [("extend", 12), ("withdraw", 20), ("reopen", 6), ("advance", 30), ("resolve", 80)]
    {
        assert!(it.done[kind] >= least, "too few of {kind}: {:?}", it.done);
    }
    beside(app).await;
    elsewhere(app).await;
}

/// Good practice in all of these weeks, also at their edges. It has a chance of its own, so that the histories stay.
async fn beside(app: &TestApp) {
    let mut rng = StdRng::seed_from_u64(20_261_123);
    let (from, to) = (midnight(monday(FIRST.0)), app.deps.clock.now());
    let mut instants: Vec<Timestamp> = (0..300)
        .map(|_| rng.random_range(from.as_microsecond()..=to.as_microsecond()))
        .map(|at| Timestamp::from_microsecond(at).unwrap())
        .collect();
    for week in EDGES {
        let first = midnight(monday(week));
        instants.extend([first - SignedDuration::from_micros(1), first]);
    }
    for at in instants {
        let (client, own) = *AGENCIES.choose(&mut rng).unwrap();
        let (_, about) = *AGENCIES.choose(&mut rng).unwrap();
        let kind = match rng.random_bool(0.3) && about != own {
            true => PracticeKind::Commendation,
            false => PracticeKind::InformalResolution,
        };
        let said = Practice {
            kind,
            about_agency: about.to_owned(),
            theme: (*THEMES.choose(&mut rng).unwrap()).to_owned(),
            urgency: None,
            note: None,
            occurred_at: Some(at),
            external: None,
        };
        practice::record(&app.deps, &caller(app, client).await, said).await.unwrap();
    }
}

/// A calendar that also has a bank holiday in nearly every month of the second half of 2026.
fn with_an_extra_holiday() -> Calendar {
    let shipped = reference::england_and_wales().unwrap();
    let mut holidays: std::collections::BTreeMap<_, _> =
        shipped.holidays().map(|(day, name)| (day, name.to_owned())).collect();
    for day in ["2026-06-17", "2026-07-15", "2026-09-16", "2026-10-27", "2026-11-11", "2026-12-16"]
    {
        holidays.insert(day.parse().unwrap(), "Extra".to_owned());
    }
    Calendar::new("extra-2026", Nation::EnglandAndWales, shipped.years(), holidays).unwrap()
}

/// What another partnership has in the same tables must not be counted.
async fn elsewhere(app: &TestApp) {
    let by = caller(app, "else-police").await;
    let child =
        ChildReference::parse(Scheme::LaChildId, "SYN100234", &SchemePolicy::default()).unwrap();
    for _ in 0..5 {
        let request = RaiseRequest {
            raised_with_agency: "elsewhere_cs".to_owned(),
            thematic: false,
            children: vec![child.clone()],
            urgency: Urgency::Urgent,
            theme: "icpc_late".to_owned(),
            secondary_themes: Vec::new(),
            source: None,
            external_reference: None,
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
            desired_outcome: Narrative::parse("Hold it.").unwrap(),
            concern: None,
        };
        raise::raise(&app.deps, &by, request).await.unwrap();
        let said = Practice {
            kind: PracticeKind::Commendation,
            about_agency: "elsewhere_cs".to_owned(),
            theme: "icpc_late".to_owned(),
            urgency: None,
            note: None,
            occurred_at: None,
            external: None,
        };
        practice::record(&app.deps, &by, said).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_figure_every_cell_and_every_row_behind_it_equals_an_independent_recount() {
    let app = TestApp::start().await;
    fill(&app).await;
    let director = app.director();
    let get = async |url: &str| -> Value { director.get(url).await.expect(200).json };
    let client = app.database.superuser().await;
    let raw = Raw::read(&client, "ANY").await;
    assert!((280..600).contains(&raw.size()), "{}", raw.size());
    assert_it_is_worth_counting(&raw);

    let filters: [&[(&str, &str)]; 6] = [
        &[],
        &[("theme", "icpc_late")],
        &[("raised_by_agency", "valeshire_police")],
        &[("raised_with_agency", "anyborough_cs")],
        &[("raised_by_agency", "anyborough_cs"), ("raised_with_agency", "anyborough_cs")],
        &[("theme", "strategy_meeting_late"), ("raised_with_agency", "health_community")],
    ];
    let mut links = Links::new();
    for (from, to) in [FIRST, SECOND] {
        for group_by in GROUPINGS {
            for filters in filters {
                let ask = Ask { from, to, group_by, filters, as_of: None };
                let found = assert_json(&get, &raw, &ask).await;
                // Every address with rows; a part of those with filters, and of the many without rows.
                links.extend(found.into_iter().enumerate().filter_map(|(at, (url, rows))| {
                    let step = if rows.is_empty() { 61 } else { 1 }
                        * if filters.is_empty() { thorough(3, 1) } else { thorough(61, 29) };
                    (at % step == 0).then_some((url, rows))
                }));
                let table = director.get_csv(&ask.url()).await.expect(200).text;
                assert_csv(&table, &raw, &ask);
            }
        }
    }
    assert!(links.len() > thorough(700, 2_000), "{}", links.len());
    assert_records(&get, links).await;
}

/// A recount of noughts would prove nothing.
fn assert_it_is_worth_counting(raw: &Raw) {
    let mut weeks = raw.weeks(FIRST.0, FIRST.1, "theme", &[]);
    weeks.extend(raw.weeks("2026-W21", SECOND.1, "theme", &[]));
    for figure in COUNTS {
        let all: usize = weeks.iter().map(|week| week.total.count(figure)).sum();
        assert!(all >= 6, "{figure}: {all}");
    }
    for count in BESIDE {
        let all: usize = weeks.iter().map(|week| week.beside.count(count)).sum();
        assert!(all >= 40, "{count}: {all}");
    }
    let with =
        |wanted: &dyn Fn(&Figures) -> bool| weeks.iter().filter(|week| wanted(&week.total)).count();
    assert!(with(&|figures| figures.working_days()[0].is_some()) > 5);
    assert!(with(&|figures| figures.working_days()[0].is_none()) > 3);
    assert!(with(&|figures| figures.working_days()[1].is_some()) > 1);
    assert_eq!(weeks.last().unwrap().week, SECOND.1);
    assert!(weeks.iter().any(|week| week.week == "2026-W53"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_week_begins_on_monday_at_midnight_in_london_and_not_a_microsecond_earlier() {
    let app = TestApp::start().await;
    let client = app.database.superuser().await;
    // In summer the week begins on Sunday at 23:00 UTC; one of these weeks has 167 hours and one 169.
    for (week, previous, first) in [
        ("2025-W44", "2025-W43", "2025-10-27T00:00:00Z"),
        ("2026-W01", "2025-W52", "2025-12-29T00:00:00Z"),
        ("2026-W14", "2026-W13", "2026-03-29T23:00:00Z"),
        ("2026-W27", "2026-W26", "2026-06-28T23:00:00Z"),
        ("2026-W53", "2026-W52", "2026-12-28T00:00:00Z"),
    ] {
        let first: Timestamp = first.parse().unwrap();
        assert_eq!(midnight(monday(week)), first);
        let mut ids = Vec::new();
        for at in [first - 1.microsecond(), first] {
            set(&app, at);
            ids.push(app.police().raises(serde_json::json!({})).await);
        }
        let director = app.director();
        let get = async |url: &str| -> Value { director.get(url).await.expect(200).json };
        for (week, id) in [(previous, &ids[0]), (week, &ids[1])] {
            let counted = recount(&client, "ANY", week, week, "theme", &[]).await;
            assert_eq!(counted[0].total.rows("raised"), [id.clone()].into(), "{week}");
            let url = format!("/v1/themes/weekly?from_week={week}&to_week={week}");
            let answer = get(&url).await;
            let raised = &answer["weeks"][0]["total"]["raised"];
            assert_eq!(raised["value"], 1, "{week}");
            let rows = rows_behind(&get, raised["records_url"].as_str().unwrap()).await;
            assert_eq!(&rows, std::slice::from_ref(id), "{week}");
        }
        assert_weekly_equals_recount(&get, &client, "ANY", previous, week).await;
    }
}
