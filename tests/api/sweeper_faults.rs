//! Sweepers that are killed, meet each other, or lose their database: nothing is lost, and nothing happens twice.

use std::sync::Arc;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use escalation_tracker::http::import_rows::ContractRows;
use escalation_tracker::usecases::reference::partnership;
use escalation_tracker::usecases::sweep::{SweepReport, Sweeper, fire_due, sweep, sweep_all};
use escalation_tracker::worker::Worker;
use serde_json::{Value, json};

use super::outage::{allow_connections, cut};
use super::support::TestApp;
use super::support::people::raise_body;
use super::support::program::{DataDir, Program, run};
use super::sweeper;

/// Long after an urgent escalation of the first instant was to be taken up.
const LATER: &str = "2026-11-23T12:00:00Z";
/// What comes due of one urgent escalation by then: two clocks are warned of twice and run out, and it is taken up.
const OF_EACH: usize = 7;

/// A service with so many urgent escalations, in which everything is due and nothing has fired.
async fn all_due(number: usize) -> TestApp {
    let app = TestApp::start().await;
    for _ in 0..number {
        app.police().raises(json!({"urgency": "urgent"})).await;
    }
    app.clock.set(LATER);
    app
}

async fn count(app: &TestApp, what: &str) -> usize {
    let sql = format!("select count(*) from {what}");
    let count: i64 = app.database.superuser().await.query_one(&sql, &[]).await.unwrap().get(0);
    usize::try_from(count).unwrap()
}

/// Everything fired once: each escalation was taken up once, and nothing waits.
async fn assert_each_once(app: &TestApp, number: usize) {
    assert_eq!(
        count(app, "timer where result = 'fired' and fired_at = tell_at").await,
        OF_EACH * number
    );
    assert_eq!(count(app, "timer where result = 'void'").await, number, "the other clock's choice");
    // By the test's clock: what comes due after it may be over by the machine's.
    let waits = format!("timer where fired_at is null and fires_at <= '{LATER}'");
    assert_eq!(count(app, &waits).await, 0);
    assert_eq!(count(app, "event where actor_role = 'system'").await, number);
    assert_eq!(count(app, "escalation where version = 2 and stage = 2").await, number);
    let running = "stage_clock where stopped_at is null and stage = 2 and started_at = '2026-11-23T12:00:00Z'";
    assert_eq!(count(app, running).await, 2 * number);
}

/// A sweeper that is killed after this time, with its connections, unless it came to its end; whether it was killed.
pub async fn killed_after(app: &TestApp, life: Duration) -> bool {
    let mut deps = app.deps.clone();
    deps.pool = app.database.pool();
    let swept = tokio::time::timeout(life, sweep_all(&deps, &Sweeper::new(&deps))).await;
    deps.pool.close();
    match swept {
        Ok(report) => assert_eq!(report.unwrap().failed, 0),
        Err(_) => return true,
    }
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn sweepers_at_the_same_time_fire_each_timer_once() {
    // On a busy machine the first may be through before the others begin.
    for _ in 0..5 {
        if four_sweepers_at_once().await > 1 {
            return;
        }
    }
    panic!("only one of them ever did anything, so nothing is proved");
}

/// Four at once fire everything once; how many of them were at it while there was something to fire.
async fn four_sweepers_at_once() -> usize {
    let app = all_due(24).await;
    let agreed = partnership(&app.deps, app.partnership).await.unwrap();
    let start = Arc::new(tokio::sync::Barrier::new(4));
    // Past the lease, which only saves work.
    let at_once = (0..4).map(|_| {
        let (deps, agreed, start) = (app.deps.clone(), agreed.clone(), start.clone());
        tokio::spawn(async move {
            start.wait().await;
            fire_due(&deps, &agreed, &Sweeper::new(&deps)).await.unwrap()
        })
    });
    let mut total = SweepReport::default();
    let mut busy = 0;
    for report in futures_util::future::join_all(at_once).await {
        let report = report.unwrap();
        // Whoever comes second to each timer was there all the same.
        busy += usize::from(report.fired + report.elsewhere > 0);
        total.fired += report.fired;
        total.void += report.void;
        total.failed += report.failed;
    }
    assert_eq!(total, SweepReport { fired: OF_EACH * 24, void: 24, ..SweepReport::default() });
    assert_each_once(&app, 24).await;
    busy
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweeper_that_is_killed_again_and_again_loses_and_doubles_nothing() {
    let app = all_due(8).await;
    let mut killed = 0;
    for life in 4.. {
        // The last one's lease is over by then.
        let sql =
            "update sweep set lease_until = '2026-11-01T00:00:00Z' where lease_holder is not null";
        app.database.superuser().await.batch_execute(sql).await.unwrap();
        if !killed_after(&app, Duration::from_millis(life)).await {
            break;
        }
        killed += 1;
    }
    assert!(killed > 3, "{killed}");
    sweeper::sweep(&app).await;
    assert_each_once(&app, 8).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sweeps_keeps_others_away_for_a_minute_and_not_longer() {
    let app = all_due(1).await;
    let died = "insert into sweep (partnership_id, lease_holder, lease_until, last_started_at)
                select id, gen_random_uuid(), '2026-11-23T12:01:00Z', '2026-11-23T12:00:00Z' from partnership";
    app.database.superuser().await.batch_execute(died).await.unwrap();
    let by = Sweeper::new(&app.deps);
    for (at, expected) in [("2026-11-23T12:00:59Z", None), ("2026-11-23T12:01:01Z", Some(OF_EACH))]
    {
        app.clock.set(at);
        let swept = sweep(&app.deps, app.partnership, &by).await.unwrap();
        assert_eq!(swept.map(|it| it.fired), expected, "{at}");
    }
    let rest = "sweep where lease_holder is null and last_finished_at = '2026-11-23T12:01:01Z' and last_fired = 7";
    assert_eq!(count(&app, rest).await, 1, "it gave the lease back");
    // One that was asked to stop does nothing more, and does not say that it came to the end.
    app.clock.set("2026-11-23T12:02:00Z");
    by.stop();
    sweep(&app.deps, app.partnership, &by).await.unwrap();
    assert_eq!(count(&app, rest).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_escalation_that_cannot_be_changed_now_holds_up_no_other_and_is_tried_again() {
    let app = all_due(2).await;
    let mut other = app.database.superuser().await;
    let held = other.transaction().await.unwrap();
    held.query("select from escalation order by id limit 1 for update", &[]).await.unwrap();
    let report = sweep_all(&app.deps, &Sweeper::new(&app.deps)).await.unwrap();
    assert_eq!((report.fired, report.failed), (OF_EACH, OF_EACH + 1), "{report:?}");
    held.rollback().await.unwrap();
    assert_eq!(sweeper::sweep(&app).await.fired, OF_EACH);
    assert_each_once(&app, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_without_timers_get_theirs_and_the_raiser_a_time_to_choose() {
    let app = all_due(1).await;
    // As if the clocks were older than timers are.
    app.database.superuser().await.batch_execute("delete from timer").await.unwrap();
    assert_eq!(sweeper::sweep(&app).await.fired, 2, "both ran out, and are warned of no more");
    let told = sweeper::notices(&app.police()).await;
    assert!(told.iter().all(|it| it["kind"] == "overdue" && it["late"] == true), "{told:?}");
    assert_eq!(sweeper::sweep_at(&app, "2026-11-24T23:59:59.999Z").await, 0);
    assert_eq!(sweeper::sweep_at(&app, "2026-11-25T00:00:00Z").await, 1);
    assert_eq!(count(&app, "event where actor_role = 'system'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worker_outlives_its_database_and_stops_when_asked() {
    let app = all_due(1).await;
    let mut deps = app.deps.clone();
    deps.sweep_every = Duration::from_millis(20);
    let worker = Worker::start(deps, Arc::new(ContractRows));
    let swept = async |at: &str| {
        for _ in 0..200 {
            let done = count(&app, &format!("sweep where last_finished_at = '{at}'")).await;
            if done == 2 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("not swept at {at}");
    };
    swept(LATER).await;
    assert_each_once(&app, 1).await;

    allow_connections(&app, false).await;
    cut(&app).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    app.clock.set("2026-11-24T12:00:00Z");
    allow_connections(&app, true).await;
    swept("2026-11-24T12:00:00Z").await;
    tokio::time::timeout(Duration::from_secs(4), worker.stop()).await.unwrap();
    assert_eq!(count(&app, "sweep where lease_holder is not null").await, 0);
    app.clock.set("2026-11-25T12:00:00Z");
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(count(&app, "sweep where last_finished_at = '2026-11-25T12:00:00Z'").await, 0);
}

/// The value of a metric.
fn metric(text: &str, name: &str) -> f64 {
    let line = text.lines().find(|line| line.starts_with(&format!("{name} ")));
    line.unwrap_or_else(|| panic!("{name}\n{text}")).rsplit(' ').next().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_sweeps_and_its_metrics_say_so_on_their_own_address() {
    static TRIED: AtomicUsize = AtomicUsize::new(0);
    let dir = DataDir::new("sweep");
    let setup = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/partnership.json");
    run(&["setup", setup], &dir.0);
    let serve =
        ["serve", "--mode", "development", "--listen", "127.0.0.1:0", "--sweep-seconds", "1"];
    let program = Program::start(&serve, &dir.0);
    let url = program.url();
    let line = program.wait_for("metrics at ").pop().unwrap();
    let metrics_url = line.split("metrics at ").nth(1).unwrap().trim().to_owned();
    let token = run(&["token", "--client", "example-police"], &dir.0);
    let http = reqwest::Client::new();
    let get = async |url: &str| {
        let answer = http.get(url).bearer_auth(&token).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    // Recorded long after it was raised: both limits ran out before the service heard of it.
    let body = raise_body(json!({"urgency": "urgent", "raised_at": "2026-01-05T10:00:00Z"}));
    let raised = http.post(format!("{url}/v1/escalations")).bearer_auth(&token);
    let raised = raised.header("content-type", "application/json").body(body.to_string());
    assert_eq!(raised.send().await.unwrap().status(), 201);
    let told = loop {
        let (status, text) = get(&format!("{url}/v1/notices?kind=overdue")).await;
        assert_eq!(status, 200, "{text}");
        let page: Value = serde_json::from_str(&text).unwrap();
        let items = page["items"].as_array().unwrap().clone();
        if items.len() == 2 {
            break items;
        }
        assert!(TRIED.fetch_add(1, Ordering::Relaxed) < 100, "{text}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert!(told.iter().all(|it| it["late"] == true));

    let (status, text) = get(&metrics_url).await;
    assert_eq!(status, 200);
    assert_eq!(metric(&text, "escalation_tracker_timers_fired_total{kind=\"overdue\"}"), 2.0);
    assert!(metric(&text, "escalation_tracker_last_sweep_timestamp_seconds") > 1.7e9);
    assert!(metric(&text, "escalation_tracker_sweep_duration_seconds_count") >= 1.0);
    assert!(!text.contains("ESC-"), "{text}");
    assert_eq!(get(&format!("{url}/metrics")).await.0, 404, "not on the service's address");
    assert_eq!(get(&metrics_url.replace("/metrics", "/readyz")).await.0, 404);
    let (_, ready) = get(&format!("{url}/readyz")).await;
    assert!(ready.contains("\"detail\":\"Last sweep 20"), "{ready}");
    program.stop();
}
