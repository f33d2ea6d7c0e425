//! Four weeks over Christmas in an hour's steps: everything that comes due fires once, at its instant, and not otherwise.
//! What is due is worked out again here, from the clocks alone, with arithmetic on seconds in place of the service's code.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use escalation_tracker::domain::urgency::Urgency;
use escalation_tracker::usecases::deps::Clock;
use jiff::SignedDuration;
use rand::Rng;
use serde_json::json;
use tokio_postgres::Client;

use super::support::TestApp;
use super::support::histories::{Histories, Raising};
use super::sweeper::sweep;
use super::sweeper_faults::killed_after;

/// In winter London has the time of UTC, so a day is a whole number of these.
const DAY: i64 = 86_400_000_000;
const HOUR: i64 = 3_600_000_000;
/// A Monday.
const BEGIN: &str = "2026-12-07T08:00:00Z";
const END: i64 = 28 * DAY;
/// 25 and 28 December and 1 January, as days since 1970.
const HOLIDAYS: [i64; 3] = [20_812, 20_815, 20_819];

/// A clock as its row tells, with where its escalation stands. Instants are microseconds since 1970.
#[derive(Debug, Clone)]
struct Row {
    id: String,
    escalation: String,
    kind: String,
    in_hours: bool,
    started: i64,
    due: i64,
    stopped: Option<i64>,
    recorded: i64,
    paused_until: Option<i64>,
    urgent: bool,
    can_go_up: bool,
}

/// The escalation, when it is due, what, and the share of a warning.
type What = (String, i64, &'static str, Option<i64>);
/// When it fired, what it led to, and when that is told.
type Led = (i64, &'static str, Option<i64>);

fn is_working_day(day: i64) -> bool {
    // 1 January 1970 was a Thursday.
    (day + 3).rem_euclid(7) < 5 && !HOLIDAYS.contains(&day)
}

/// The end of the first working day after the day of this instant.
fn end_of_next_working_day(at: i64) -> i64 {
    let next = (at.div_euclid(DAY) + 1..).find(|day| is_working_day(*day)).unwrap();
    (next + 1) * DAY - 1_000
}

/// When this share of the time has been used.
fn share(row: &Row, percent: i64) -> i64 {
    let start = row.paused_until.map_or(row.started, |until| row.started.max(until));
    let mut spans = vec![(start, row.due)];
    if !row.in_hours {
        let days = start.div_euclid(DAY)..=row.due.div_euclid(DAY);
        let working = days
            .filter(|day| is_working_day(*day))
            .map(|day| (start.max(day * DAY + 9 * HOUR), row.due.min(day * DAY + 17 * HOUR)));
        let working: Vec<_> = working.filter(|(from, to)| from < to).collect();
        if !working.is_empty() {
            spans = working;
        }
    }
    let mut left = spans.iter().map(|(from, to)| to - from).sum::<i64>();
    // A fraction of a microsecond counts as a whole one.
    left = (left * percent + 99) / 100;
    for (from, to) in spans {
        if left <= to - from {
            return from + left;
        }
        left -= to - from;
    }
    row.due
}

/// Everything that comes due for a clock.
fn comes_due(row: &Row) -> Vec<What> {
    let mut all = Vec::new();
    let mut put = |at: i64, what, percent| all.push((row.escalation.clone(), at, what, percent));
    let (amber, red) = (share(row, 60), share(row, 90));
    if amber < red && red > row.recorded {
        put(amber, "warning", Some(60));
    }
    if red < row.due && row.due > row.recorded {
        put(red, "warning", Some(90));
    }
    put(row.due + 1, "overdue", None);
    if ["acknowledgement", "answer"].contains(&row.kind.as_str()) {
        put(end_of_next_working_day(row.due.max(row.recorded)) + 1, "choice", None);
    }
    if let Some(until) = row.paused_until.filter(|until| *until > row.recorded) {
        put(until, "pause_ended", None);
    }
    all
}

/// When something is told that fires now.
fn told_at(now: i64, urgent: bool) -> i64 {
    let (day, time) = (now.div_euclid(DAY), now.rem_euclid(DAY));
    let (from, to) = (7 * HOUR + HOUR / 2, 19 * HOUR);
    if urgent || (is_working_day(day) && (from..to).contains(&time)) {
        return now;
    }
    let first = if time < from { day } else { day + 1 };
    (first..).find(|day| is_working_day(*day)).unwrap() * DAY + from
}

async fn clocks(look: &Client) -> Vec<Row> {
    let sql = "select c.id::text, c.escalation_id::text, c.kind, c.time_limit->>'unit' = 'hour',
            (extract(epoch from c.started_at) * 1000000)::int8, (extract(epoch from c.due_at) * 1000000)::int8,
            (extract(epoch from c.stopped_at) * 1000000)::int8, (extract(epoch from c.recorded_at) * 1000000)::int8,
            case when c.basis->>'basis' = 'paused'
                 then (extract(epoch from (c.basis->>'until')::timestamptz) * 1000000)::int8 end,
            e.urgency <> 'standard', e.urgency <> 'standard' and e.status in ('raised', 'acknowledged') and e.stage < 4
        from stage_clock c join escalation e on e.id = c.escalation_id";
    let rows = look.query(sql, &[]).await.unwrap();
    rows.iter()
        .map(|row| Row {
            id: row.get(0),
            escalation: row.get(1),
            kind: row.get(2),
            in_hours: row.get(3),
            started: row.get(4),
            due: row.get(5),
            stopped: row.get(6),
            recorded: row.get(7),
            paused_until: row.get(8),
            urgent: row.get(9),
            can_go_up: row.get(10),
        })
        .collect()
}

/// What has to have happened so far, by clock.
#[derive(Default)]
struct Expected(BTreeMap<(String, What), Led>);

impl Expected {
    /// What a sweep at `now` has to do, from how things stand before it.
    fn sweep(&mut self, rows: &[Row], now: i64) {
        let mut stopped: BTreeMap<&str, Option<i64>> =
            rows.iter().map(|row| (row.id.as_str(), row.stopped)).collect();
        let mut due: Vec<(What, &Row)> = rows
            .iter()
            .flat_map(|row| comes_due(row).into_iter().map(move |what| (what, row)))
            .filter(|((_, at, ..), _)| *at <= now)
            .filter(|(what, row)| !self.0.contains_key(&(row.id.clone(), what.clone())))
            .collect();
        due.sort_by_key(|((_, at, ..), _)| *at);
        for (what, row) in due {
            let kind = what.2;
            let stop = stopped[row.id.as_str()];
            let gone = stop.is_some_and(|at| kind != "overdue" || at <= row.due);
            let led = match kind {
                _ if gone => "void",
                "choice" if row.can_go_up => "advanced",
                "choice" => "review_flag",
                other => other,
            };
            if led == "advanced" {
                for other in rows.iter().filter(|it| it.escalation == row.escalation) {
                    stopped.entry(&other.id).and_modify(|at| *at = at.or(Some(now)));
                }
            }
            let tell_at = (!gone).then(|| told_at(now, row.urgent));
            self.0.insert((row.id.clone(), what), (now, led, tell_at));
        }
    }

    /// Everything with what it led to, or nothing while it has not fired. Which of two clocks of one escalation that
    /// come due at one instant is first does not matter.
    fn lines(&self, rows: &[Row]) -> Vec<String> {
        let mut lines: Vec<String> = rows
            .iter()
            .flat_map(|row| comes_due(row).into_iter().map(move |what| (row.id.clone(), what)))
            .map(|key| format!("{:?} {:?}", key.1, self.0.get(&key)))
            .collect();
        lines.sort_unstable();
        lines
    }
}

/// The same as the service has it.
async fn actual(look: &Client) -> Vec<String> {
    let sql = "select escalation_id::text, (extract(epoch from fires_at) * 1000000)::int8, kind, percent::int8,
                      (extract(epoch from fired_at) * 1000000)::int8, coalesce(notice, result),
                      (extract(epoch from tell_at) * 1000000)::int8
               from timer";
    let mut lines: Vec<String> = look
        .query(sql, &[])
        .await
        .unwrap()
        .iter()
        .map(|row| {
            let what: (String, i64, String, Option<i64>) =
                (row.get(0), row.get(1), row.get(2), row.get(3));
            let fired: Option<i64> = row.get(4);
            let led = fired.map(|at| (at, row.get::<_, String>(5), row.get::<_, Option<i64>>(6)));
            format!("{what:?} {led:?}")
        })
        .collect();
    lines.sort_unstable();
    lines
}

/// Which escalations have ended.
async fn ended(look: &Client) -> BTreeSet<String> {
    let sql = "select id::text from escalation where status in ('resolved', 'withdrawn')";
    look.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

async fn four_weeks(seed: u64) -> BTreeMap<String, usize> {
    let app = TestApp::start().await;
    let look = app.database.superuser().await;
    app.clock.set(BEGIN);
    let begin = app.clock.now().as_microsecond();
    let mut histories = Histories::new(&app, seed).await;
    // Chance seldom lets a pause run to its end.
    let paused = app.police().raises(json!({})).await;
    app.childrens_services().acknowledges(&paused).await;
    let pause = json!({"why": "family_unavailable", "until": "2026-12-09T12:00:00Z", "reason": "They are away."});
    app.childrens_services().acts(&paused, "pause", pause).await;
    let mut expected = Expected::default();
    let mut outage = None;
    while app.clock.now().as_microsecond() < begin + END {
        let raised = histories.known.len();
        if raised < 16 && histories.rng.random_bool(0.15) {
            let urgency = Some(Urgency::ALL[raised % 3]);
            let earlier = SignedDuration::from_hours([0, 0, 0, 30, 200][raised % 5]);
            histories.raise(Raising { earlier, urgency }).await;
        } else if raised > 0 && histories.rng.random_bool(0.2) {
            histories.act_on_any().await;
        }
        let rows = clocks(&look).await;
        let before = ended(&look).await;
        expected.sweep(&rows, app.clock.now().as_microsecond());
        if histories.rng.random_bool(0.1) {
            // Killed somewhere on the way, and another goes on at the same instant.
            let life = Duration::from_micros(histories.rng.random_range(0..20_000));
            killed_after(&app, life).await;
            let sql = "update sweep set lease_holder = null, lease_until = null";
            look.batch_execute(sql).await.unwrap();
        }
        sweep(&app).await;
        assert_eq!(ended(&look).await, before, "silence ended something");
        assert_eq!(actual(&look).await, expected.lines(&clocks(&look).await), "{seed}");

        let minutes = histories.rng.random_range(5..360);
        app.clock.advance(SignedDuration::from_mins(minutes));
        if outage.is_none() && app.clock.now().as_microsecond() > begin + 9 * DAY {
            outage = Some(app.clock.now());
            app.clock.advance(SignedDuration::from_hours(72));
        }
    }
    let sql =
        "select data->>'type' || ' ' || (data->>'cause') from event where actor_role = 'system'";
    for row in look.query(sql, &[]).await.unwrap() {
        let done: String = row.get(0);
        assert!(
            ["advanced no_response", "advanced no_acknowledgement"].contains(&done.as_str()),
            "{done}"
        );
    }
    let mut seen = BTreeMap::new();
    for (_, led, _) in expected.0.values() {
        *seen.entry((*led).to_owned()).or_default() += 1;
    }
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn over_four_weeks_everything_fires_once_at_its_instant_and_nothing_ends_by_silence() {
    let seen = four_weeks(1).await;
    let kinds = ["warning", "overdue", "advanced", "review_flag", "pause_ended", "void"];
    assert!(kinds.iter().all(|kind| seen.contains_key(*kind)), "{seen:?}");
    assert!(seen["advanced"] > 5 && seen["overdue"] > 30 && seen["warning"] > 30, "{seen:?}");
}
