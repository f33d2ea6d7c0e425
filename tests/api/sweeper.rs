//! What comes due by itself: warned of, told, taken up, each once and at its instant; and nothing ends by it.

use escalation_tracker::usecases::metrics;
use escalation_tracker::usecases::sweep::{SweepReport, Sweeper, sweep_all};
use serde_json::{Value, json};

use super::support::TestApp;
use super::support::people::Person;

const NOTICES: &str = "/v1/notices?sort=oldest_first&limit=200";

/// Moves the clock and sweeps; how many timers fired.
pub async fn sweep_at(app: &TestApp, at: &str) -> usize {
    app.clock.set(at);
    sweep(app).await.fired
}

pub async fn sweep(app: &TestApp) -> SweepReport {
    let report = sweep_all(&app.deps, &Sweeper::new(&app.deps)).await.unwrap();
    assert_eq!(report.failed, 0);
    report
}

/// The notices that somebody sees, oldest first.
pub async fn notices(by: &Person<'_>) -> Vec<Value> {
    by.get(NOTICES).await.expect(200).json["items"].as_array().unwrap().clone()
}

/// A notice in few words.
fn words(notice: &Value) -> String {
    let text = |name: &str| notice[name].as_str().unwrap_or_default().to_owned();
    let percent = notice["percent"].as_u64().map(|it| format!(" {it}")).unwrap_or_default();
    format!("{}{percent} {} {}", text("kind"), text("clock_kind"), text("tell_at"))
}

async fn seen(by: &Person<'_>) -> Vec<String> {
    notices(by).await.iter().map(words).collect()
}

fn told(notice: &Value) -> Vec<&str> {
    let all = notice["told"].as_array().unwrap();
    all.iter().map(|it| it["code"].as_str().unwrap()).collect()
}

/// The escalation as its raiser reads it.
async fn read(app: &TestApp, id: &str) -> Value {
    app.police().get(&format!("/v1/escalations/{id}")).await.expect(200).json
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warning_comes_once_before_the_breach_and_to_the_role_that_must_act() {
    let app = TestApp::start().await;
    // Receipt is due on Thursday, which is 7 and 8 working hours; the answer on Friday, 8 more.
    let id = app.police().raises(json!({})).await;
    assert_eq!(sweep_at(&app, "2026-11-19T10:59:59.999999Z").await, 0);
    assert_eq!(sweep_at(&app, "2026-11-19T11:00:00Z").await, 1);
    assert_eq!(sweep_at(&app, "2026-11-19T11:00:15Z").await, 0, "once");
    let warned = notices(&app.childrens_services()).await;
    assert_eq!(words(&warned[0]), "warning 60 acknowledgement 2026-11-19T11:00:00Z");
    assert_eq!(warned[0]["escalation_id"], id.as_str());
    assert_eq!(warned[0]["reference"], read(&app, &id).await["reference"]);
    assert_eq!(warned[0]["due_at"], "2026-11-19T23:59:59.999Z");
    assert_eq!(warned[0]["stage"], 1);
    assert_eq!(warned[0]["late"], false);
    assert_eq!(warned[0]["href"], format!("/v1/escalations/{id}"));
    let role = "The same grade in the responding agency";
    assert_eq!(warned[0]["told"], json!([{"code": "responder", "role": role}]));

    // What was done is not warned of any more.
    app.childrens_services().acknowledges(&id).await;
    assert_eq!(sweep_at(&app, "2026-11-19T15:47:59.999999Z").await, 0);
    assert_eq!(sweep_at(&app, "2026-11-19T15:48:00Z").await, 1);
    app.childrens_services().agrees(&id).await;
    assert_eq!(sweep_at(&app, "2026-11-20T16:00:00Z").await, 0);
    // The raiser has two working days to judge: from Thursday 15:48, 17 hours and 12 minutes of working time.
    assert_eq!(sweep_at(&app, "2026-11-23T10:07:11Z").await, 0);
    assert_eq!(sweep_at(&app, "2026-11-23T10:07:12Z").await, 1);
    let seen = notices(&app.police()).await;
    let all: Vec<_> = seen.iter().map(words).collect();
    assert_eq!(
        all,
        [
            "warning 60 acknowledgement 2026-11-19T11:00:00Z",
            "warning 60 answer 2026-11-19T15:48:00Z",
            "warning 60 judgement 2026-11-23T10:07:12Z",
        ]
    );
    assert_eq!(told(&seen[2]), ["raiser"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_standard_is_told_in_working_hours_flagged_for_the_review_and_stays() {
    let app = TestApp::start().await;
    let id = app.police().raises(json!({})).await;
    app.childrens_services().acknowledges(&id).await;
    let before = read(&app, &id).await;
    assert_eq!(sweep_at(&app, "2026-11-20T23:59:59.999Z").await, 2, "the two warnings");
    assert_eq!(sweep_at(&app, "2026-11-20T23:59:59.999001Z").await, 1, "the first late instant");
    let weekend = "2026-11-21T12:00:00Z";
    assert_eq!(sweep_at(&app, weekend).await, 0);
    assert_eq!(seen(&app.police()).await, Vec::<String>::new(), "nobody is told on a Saturday");
    app.clock.set("2026-11-23T07:29:59Z");
    assert_eq!(seen(&app.police()).await, Vec::<String>::new());
    app.clock.set("2026-11-23T07:30:00Z");
    let monday = notices(&app.police()).await;
    let mut all: Vec<_> = monday.iter().map(words).collect();
    all.sort_unstable();
    let at = "answer 2026-11-23T07:30:00Z";
    assert_eq!(
        all,
        [format!("overdue {at}"), format!("warning 60 {at}"), format!("warning 90 {at}")]
    );
    let overdue = monday.iter().find(|it| it["kind"] == "overdue").unwrap();
    assert_eq!(told(overdue), ["raiser", "responder", "raiser_manager", "responder_manager"]);

    // The raiser has until the end of Monday to choose, and does not.
    assert_eq!(sweep_at(&app, "2026-11-23T23:59:59.999Z").await, 0);
    assert_eq!(sweep_at(&app, "2026-11-24T00:00:00Z").await, 1);
    app.clock.set("2026-11-24T08:00:00Z");
    let flags = app.director().get("/v1/notices?kind=review_flag").await.expect(200).json;
    let flags = flags["items"].as_array().unwrap();
    assert_eq!(flags.len(), 1);
    assert_eq!(words(&flags[0]), "review_flag answer 2026-11-24T07:30:00Z");
    assert_eq!(told(&flags[0]), ["raiser", "responder", "service_lead"]);
    for (member, was) in ["version", "status", "stage"].map(|it| (it, &before[it])) {
        assert_eq!(&read(&app, &id).await[member], was, "{member}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_urgent_is_told_at_once_and_taken_up_by_the_service_when_nobody_chooses() {
    for (urgency, late_at, advanced_at) in [
        ("urgent", "2026-11-19T23:59:59.999001Z", "2026-11-20T23:59:59.999001Z"),
        ("immediate", "2026-11-18T12:00:00.000001Z", "2026-11-19T23:59:59.999001Z"),
    ] {
        let app = TestApp::start().await;
        let id = app.police().raises(json!({"urgency": urgency})).await;
        app.childrens_services().acknowledges(&id).await;
        sweep_at(&app, late_at).await;
        let overdue = format!("overdue answer {late_at}");
        assert!(seen(&app.police()).await.contains(&overdue), "at night too");
        assert_eq!(read(&app, &id).await["stage"]["number"], 1);

        assert_eq!(sweep_at(&app, advanced_at).await, 1);
        let after = read(&app, &id).await;
        assert_eq!(after["stage"]["number"], 2, "{urgency}");
        assert_eq!(after["status"], "raised", "{urgency}");
        let notice = notices(&app.police()).await.pop().unwrap();
        assert_eq!(words(&notice), format!("advanced answer {advanced_at}"));
        let all = [
            "raiser",
            "responder",
            "raiser_manager",
            "responder_manager",
            "partnership_business_unit",
        ];
        assert_eq!(told(&notice), all, "the next stage tells the business unit");
        let history = app.police().get(&format!("/v1/escalations/{id}/events")).await.expect(200);
        let last = history.json["items"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(last["type"], "advanced");
        assert_eq!(last["role"], "system");
        assert_eq!(last["agency"], Value::Null);
        assert_eq!(last["change"]["cause"], "no_response");
        assert_eq!(last["occurred_at"], advanced_at);
        assert_eq!(last["texts"], json!([]));
        let look = app.database.superuser().await;
        let sql =
            "select actor_subject, actor_client_id is null from event where actor_role = 'system'";
        let by = look.query_one(sql, &[]).await.unwrap();
        assert_eq!((by.get(0), by.get(1)), ("escalation-tracker", true));
        // The new stage's clocks have timers of their own.
        let sql =
            "select count(distinct clock_id) from timer t join stage_clock c on c.id = t.clock_id
                   where c.stopped_at is null and c.stage = 2 and t.fired_at is null";
        assert_eq!(look.query_one(sql, &[]).await.unwrap().get::<_, i64>(0), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_agreed_and_not_done_is_told_to_both_ends_nothing_and_is_taken_up_by_the_raiser() {
    let app = TestApp::start().await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        let id = app.police().raises(json!({})).await;
        app.childrens_services().agrees(&id).await;
        app.police().accepts(&id).await;
        ids.push(id);
    }
    let [kept, id] = &ids[..] else { panic!("two") };
    // Ten working days from Wednesday 18 November.
    let accepted = read(&app, id).await;
    assert_eq!(accepted["next_due_clock"]["kind"], "resolution");
    assert_eq!(accepted["next_due_at"], "2026-12-02T23:59:59.999Z");
    let done = app.childrens_services().resolves(kept).await.json;
    let clock = done["clocks"].as_array().unwrap().iter().find(|it| it["kind"] == "resolution");
    let clock = clock.unwrap();
    assert_eq!((&clock["stop_reason"], &clock["state"]), (&json!("done"), &json!("met")));

    let of_agreement = async || {
        let path = format!("/v1/notices?escalation_id={id}");
        let page = app.police().get(&path).await.expect(200).json;
        let mut all: Vec<Value> = page["items"].as_array().unwrap().clone();
        all.retain(|it| it["clock_kind"] == "resolution");
        all
    };
    sweep_at(&app, "2026-12-02T23:59:59.999Z").await;
    sweep_at(&app, "2026-12-03T00:00:00Z").await;
    sweep_at(&app, "2026-12-04T00:00:00Z").await;
    app.clock.set("2026-12-04T08:00:00Z");
    let all = of_agreement().await;
    let mut kinds: Vec<_> = all.iter().map(|it| it["kind"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["overdue", "review_flag", "warning", "warning"]);
    let overdue = all.iter().find(|it| it["kind"] == "overdue").unwrap();
    assert_eq!(told(overdue), ["raiser", "responder", "raiser_manager", "responder_manager"]);
    let warning = all.iter().find(|it| it["kind"] == "warning").unwrap();
    assert_eq!(told(warning), ["responder"]);
    // It ends nothing; the raiser takes it up, with a reason.
    assert_eq!(read(&app, id).await["status"], "accepted");
    let path = format!("/v1/escalations/{id}/advance");
    let answer = app.police().post(&path, &json!({})).await.expect(422);
    assert_eq!(answer.problem().1, [("#/reason".to_owned(), "required".to_owned())]);
    let reason = json!({"reason": "The meeting that was agreed has not been held."});
    let after = app.police().acts(id, "advance", reason).await.json;
    assert_eq!((&after["status"], &after["stage"]["number"]), (&json!("raised"), &json!(2)));
    let history = app.police().get(&format!("/v1/escalations/{id}/events")).await.expect(200);
    let last = history.json["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["change"]["cause"], "agreement_not_kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_matter_that_nobody_acknowledged_goes_up_as_silence_and_stays_at_the_top() {
    let app = TestApp::start().await;
    let raised = json!({"urgency": "urgent", "stage": 3, "skip_reason": "The leads know of it."});
    let id = app.police().raises(raised).await;
    // Receipt was due on Thursday; on Saturday nobody has chosen, and the answer has become late as well.
    for (at, stage) in [
        ("2026-11-20T23:59:59.999Z", 3),
        ("2026-11-21T00:00:00Z", 4),
        ("2026-12-24T12:00:00Z", 4),
        ("2027-02-24T12:00:00Z", 4),
    ] {
        sweep_at(&app, at).await;
        let now = read(&app, &id).await;
        assert_eq!(now["stage"]["number"], stage, "{at}");
        assert_eq!(now["status"], "raised", "{at}");
    }
    let kinds: Vec<_> = notices(&app.police()).await.iter().map(|it| it["kind"].clone()).collect();
    let count = |kind: &str| kinds.iter().filter(|it| *it == kind).count();
    // At each stage both clocks ran out; at the top nobody chose twice, and nothing ended.
    assert_eq!((count("advanced"), count("review_flag"), count("overdue")), (1, 2, 4), "{kinds:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn notices_are_seen_by_those_whose_escalation_it_is_page_by_page_and_as_a_table() {
    let app = TestApp::start().await;
    let one = app.police().raises(json!({"urgency": "immediate"})).await;
    app.health()
        .raises(json!({"urgency": "immediate", "raised_with_agency": "anyborough_cs"}))
        .await;
    let elsewhere = json!({"urgency": "immediate", "raised_with_agency": "elsewhere_cs"});
    app.person("else-police").raises(elsewhere).await;
    assert_eq!(sweep_at(&app, "2026-11-18T12:00:01Z").await, 9, "two warnings and an end, thrice");
    for (client, expected) in [
        ("test-police", 3),
        ("test-health", 3),
        ("test-cs", 6),
        ("test-director", 6),
        ("test-service_lead", 6),
        ("test-auditor", 6),
        ("else-police", 3),
        ("else-director", 3),
    ] {
        assert_eq!(notices(&app.person(client)).await.len(), expected, "{client}");
    }
    let director = app.director();
    let count = async |query: &str| {
        let found = director.get(&format!("/v1/notices?{query}")).await.expect(200).json;
        found["items"].as_array().unwrap().len()
    };
    assert_eq!(count("kind=overdue").await, 2);
    assert_eq!(count("kind=advanced").await, 0);
    assert_eq!(count(&format!("escalation_id={one}")).await, 3);
    assert_eq!(count("told_from=2026-11-18T12:00:01Z").await, 6);
    assert_eq!(count("told_from=2026-11-18T12:00:02Z").await, 0);
    assert_eq!(count("told_to=2026-11-18T12:00:01Z").await, 0);
    for wrong in ["kind=x", "told_from=2026", "escalation_id=1", "overdue=true", "limit=0"] {
        director.get(&format!("/v1/notices?{wrong}")).await.expect(400);
    }

    for sort in ["newest_first", "oldest_first"] {
        let mut path = format!("/v1/notices?sort={sort}&limit=4");
        let mut ids = Vec::new();
        for expected in [4, 2] {
            let page = director.get(&path).await.expect(200);
            let items = page.json["items"].as_array().unwrap().clone();
            assert_eq!(items.len(), expected);
            ids.extend(items.iter().map(|it| it["id"].as_str().unwrap().to_owned()));
            path = page.json["links"]["next"].as_str().unwrap_or_default().to_owned();
        }
        assert_eq!(path, "", "the last page has no next");
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 6, "{sort}");
    }
    let table = director.get_csv("/v1/notices?kind=overdue&limit=1").await.expect(200);
    let lines: Vec<&str> = table.text.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with("\"id\",\"kind\",\"percent\",\"escalation_id\""), "{}", lines[0]);
    let end = "\"raiser responder raiser_manager responder_manager\",\"false\"";
    assert!(lines[1].contains("\"overdue\",\"\"") && lines[1].ends_with(end), "{}", lines[1]);
    assert_ne!(table.header("link"), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_and_metrics_tell_when_it_was_swept_last_and_what_waits() {
    let app = TestApp::start().await;
    // Readiness compares clocks, so the test's must be the machine's.
    let sql = "select to_char(now() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')";
    let now: String = app.database.superuser().await.query_one(sql, &[]).await.unwrap().get(0);
    app.clock.set(&now);
    let check = async || {
        let ready = app.stranger().get("/readyz").await.json;
        let checks = ready["checks"].as_array().unwrap().clone();
        checks.into_iter().find(|it| it["name"] == "sweeper").unwrap()
    };
    let metric = async |name: &str| {
        let text = metrics::text(&app.deps).await.unwrap();
        let line =
            text.lines().find(|line| line.starts_with(&format!("escalation_tracker_{name} ")));
        line.unwrap_or_else(|| panic!("{name}\n{text}")).rsplit(' ').next().unwrap().to_owned()
    };
    let never = check().await;
    assert_eq!(
        never["status"], "warning",
        "made two years ago by the test's clock, and never swept"
    );
    sweep(&app).await;
    let swept = check().await;
    assert_eq!(swept["status"], "ok");
    assert_eq!(swept["detail"], format!("Last sweep {now}."));
    let seconds = now.parse::<jiff::Timestamp>().unwrap().as_second();
    assert_eq!(metric("last_sweep_timestamp_seconds").await, format!("{seconds}.0"));
    assert_eq!(metric("timers_due").await, "0");
    assert_eq!(metric("timers_due_oldest_age_seconds").await, "0.0");
    assert_eq!(metric("database_up").await, "1");

    // Nobody sweeps for a while, and two things come due: the end of an immediate limit and its choice do not.
    app.clock.advance(jiff::SignedDuration::from_mins(3) - jiff::SignedDuration::from_hours(3));
    app.police().raises(json!({"urgency": "immediate"})).await;
    app.clock.set(&now);
    app.clock.advance(jiff::SignedDuration::from_mins(3));
    assert_eq!(check().await["status"], "warning");
    assert_eq!(metric("timers_due").await, "3");
    let age: f64 = metric("timers_due_oldest_age_seconds").await.parse().unwrap();
    assert_eq!(age, 108.0 * 60.0, "since the first warning, after 72 of 180 minutes");
    assert_eq!(metric("timers_fired_total{kind=\"overdue\"}").await, "0");
    assert_eq!(sweep(&app).await.fired, 3);
    assert_eq!(metric("timers_fired_total{kind=\"overdue\"}").await, "1");
    assert_eq!(metric("timers_fired_total{kind=\"warning\"}").await, "2");
    assert_eq!(metric("timers_due").await, "0");
    assert_eq!(metric("sweep_duration_seconds_count").await, "2");
    let posts = "http_requests_total{method=\"POST\",path=\"/v1/escalations\",status=\"201\"}";
    assert_eq!(metric(posts).await, "1");
    assert_eq!(check().await["status"], "ok");

    // What the database does not tell is no number.
    app.deps.pool.close();
    assert_eq!(metric("database_up").await, "0");
    assert_eq!(metric("last_sweep_timestamp_seconds").await, "NaN");
}
