//! The review as a record: actions carried over until they are done, learning that has to be shown to work, what was
//! decided last, and weeks that nobody signed.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use super::review::signs;
use super::sessions::{signed_in, start};
use super::support::TestApp;
use super::support::browser::csrf;
use super::support::people::Answer;

fn action(changed: Value) -> Value {
    let mut body = json!({
        "title": "Health names a lead for same-day meetings",
        "owner_agency": "health_community",
        "owner_role": "Designated nurse",
        "due_on": "2026-11-30",
    });
    for (name, value) in changed.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

async fn agree(app: &TestApp, week: &str, changed: Value) -> Answer {
    app.director().post(&format!("/v1/reviews/{week}/actions"), &action(changed)).await
}

async fn progress(app: &TestApp, id: &str, version: i64, body: Value) -> Answer {
    let (tag, path) = (format!("\"{version}\""), format!("/v1/actions/{id}/progress"));
    let headers = [("content-type", "application/json"), ("if-match", tag.as_str())];
    app.person("test-service_lead").send(Method::POST, &path, &headers, body.to_string()).await
}

/// The titles of the actions that the review of a week shows, with their progress.
async fn shown(app: &TestApp, week: &str) -> Vec<(String, String)> {
    let review = app.director().get(&format!("/v1/reviews/{week}")).await.expect(200).json;
    let text = |it: &Value| it.as_str().unwrap().to_owned();
    let actions = review["record"]["actions"].as_array().unwrap().iter();
    actions.map(|it| (text(&it["title"]), text(&it["progress"]))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_is_carried_over_until_it_is_done_and_keeps_its_history() {
    let app = TestApp::start().await;
    app.clock.set("2026-11-16T10:00:00Z");
    let refused = agree(
        &app,
        "2026-W46",
        json!({"title": "Ring 07700 900123", "owner_role": "Write to a.b@example.org"}),
    );
    let told = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
    assert_eq!(
        refused.await.expect(422).problem().1,
        [told("#/owner_role", "personal_data"), told("#/title", "personal_data")]
    );
    let refused =
        agree(&app, "2026-W46", json!({"owner_agency": "nobody", "due_on": "2026-11-01"}));
    assert_eq!(
        refused.await.expect(422).problem().1,
        [told("#/due_on", "out_of_range"), told("#/owner_agency", "unknown_reference")]
    );
    for client in ["test-police", "test-analyst", "test-auditor"] {
        let path = "/v1/reviews/2026-W46/actions";
        app.person(client).post(path, &action(json!({}))).await.expect(403);
    }
    let agreed = agree(&app, "2026-W46", json!({"plan_reference": "2.4"})).await.expect(201);
    let id = agreed.id();
    assert_eq!((agreed.header("etag"), &agreed.json["overdue"]), ("\"1\"", &json!(false)));
    agree(&app, "2026-W46", json!({"title": "Share the template", "progress": "urgent"}))
        .await
        .expect(201);
    // The review of the week in whose meeting they were agreed was taken before: it does not know them.
    assert_eq!(shown(&app, "2026-W46").await, []);
    app.clock.set("2026-11-24T10:00:00Z");
    let both = |second: &str| {
        vec![
            ("Share the template".to_owned(), "urgent".to_owned()),
            ("Health names a lead for same-day meetings".to_owned(), second.to_owned()),
        ]
    };
    assert_eq!(shown(&app, "2026-W47").await, both("on_track"));
    // Somebody says how it goes, on the version that was read.
    let body = json!({"progress": "attention_needed", "impact": "amber", "note": "One trust has still to agree."});
    progress(&app, &id, 2, body.clone()).await.expect(412);
    let path = format!("/v1/actions/{id}/progress");
    app.director().post(&path, &body).await.expect(428);
    let after = progress(&app, &id, 1, body.clone()).await.expect(200);
    assert_eq!((after.header("etag"), &after.json["impact"]), ("\"2\"", &json!("amber")));
    progress(&app, &id, 1, body).await.expect(412);
    // What a past review knew does not move with it.
    assert_eq!(shown(&app, "2026-W47").await, both("on_track"));
    // Overdue is told beside the word, and the word is not changed for it.
    app.clock.set("2026-12-08T10:00:00Z");
    let list = app.person("test-auditor").get("/v1/actions").await.expect(200).json;
    let late: Vec<(&Value, &Value)> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (&it["progress"], &it["overdue"]))
        .collect();
    assert_eq!(
        late,
        [(&json!("urgent"), &json!(true)), (&json!("attention_needed"), &json!(true))]
    );
    // Done, with its effect; never without.
    let done = json!({"progress": "completed"});
    let refused = progress(&app, &id, 2, done).await.expect(422);
    assert_eq!(refused.problem().1, [told("#/evidence", "required")]);
    let done = json!({"progress": "completed", "evidence": "Every meeting since had a nurse."});
    let done = progress(&app, &id, 2, done).await.expect(200).json;
    let states: Vec<&Value> =
        done["history"].as_array().unwrap().iter().map(|it| &it["progress"]).collect();
    assert_eq!(states, [&json!("on_track"), &json!("attention_needed"), &json!("completed")]);
    let closed = progress(&app, &id, 3, json!({"progress": "on_track"})).await.expect(409);
    assert_eq!(closed.problem().0, "invalid-transition");
    // It shows once, in the week of its completion, and then leaves; the other one stays.
    app.clock.set("2026-12-22T10:00:00Z");
    let titles = async |week: &str| shown(&app, week).await.len();
    assert_eq!(
        (titles("2026-W49").await, titles("2026-W50").await, titles("2026-W51").await),
        (2, 2, 1)
    );
    assert_eq!(shown(&app, "2026-W50").await[1].1, "completed");
    app.director().get("/v1/actions/01900000-0000-7000-8000-00000000000a").await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn learning_is_measured_once_not_before_its_week_and_better_needs_a_signal() {
    let app = TestApp::start().await;
    // Twenty usual weeks with six a week, and then none: what is expected comes true.
    app.clock.set("2026-06-01T09:00:00Z");
    for week in 0..20 {
        for number in 0..(6 + week % 2) {
            app.clock.advance(SignedDuration::from_hours(1));
            let _ = number;
            app.police().raises(json!({"theme": "icpc_late"})).await;
        }
        app.clock.set(&format!(
            "{}",
            "2026-06-01T09:00:00Z".parse::<jiff::Timestamp>().unwrap()
                + SignedDuration::from_hours(7 * 24 * (week + 1))
        ));
    }
    let learn = async |direction: &str, week: &str, remeasure: &str| {
        let body = json!({
            "text": "Conferences need a date on the day of the strategy meeting.",
            "theme": "icpc_late", "said_by_agency": "anyborough_cs", "said_by_role": "Head of front door",
            "expected": {"figure": "raised", "direction": direction, "remeasure_week": remeasure},
        });
        app.director().post(&format!("/v1/reviews/{week}/learning"), &body).await
    };
    // 2026-W42 has begun; what is usual is the weeks to 2026-W41.
    let fewer = learn("lower", "2026-W41", "2026-W44").await.expect(201).json;
    let more = learn("higher", "2026-W41", "2026-W44").await.expect(201).json;
    assert_eq!(fewer["expected"]["result"], Value::Null);
    let usual = fewer["expected"]["usual_before"].as_f64().unwrap();
    assert!((6.0..7.0).contains(&usual), "{usual}");
    learn("lower", "2026-W41", "2026-W41").await.expect(422);
    learn("lower", "2026-W41", "2026-44").await.expect(422);
    let measure = async |it: &Value| {
        let path = format!("/v1/learning/{}/result", it["id"].as_str().unwrap());
        app.director().post(&path, &json!({})).await
    };
    // On the Monday after its week, at six, and not before.
    app.clock.set("2026-11-02T05:59:59Z");
    let early = measure(&fewer).await.expect(409);
    assert!(early.text.contains("too early"), "{}", early.text);
    app.clock.set("2026-11-02T06:00:00Z");
    let shown = measure(&fewer).await.expect(201).json;
    assert_eq!(
        (&shown["expected"]["result"], &shown["expected"]["value"]),
        (&json!("better"), &json!(0.0))
    );
    assert_eq!(measure(&more).await.expect(201).json["expected"]["result"], "worse");
    let again = measure(&fewer).await.expect(409);
    assert!(again.text.contains("measured before"), "{}", again.text);
    let plain = json!({"text": "Schools read the threshold differently.", "theme": "icpc_late",
                       "said_by_agency": "anyborough_cs", "said_by_role": "Head of front door"});
    let plain = app.director().post("/v1/reviews/2026-W44/learning", &plain).await.expect(201).json;
    measure(&plain).await.expect(409);
    let week = app.director().get("/v1/reviews/2026-W44/learning").await.expect(200).json;
    assert_eq!(week["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_knows_what_was_decided_last_and_a_missed_week_stays_missed() {
    let app = start().await;
    app.police().raises(json!({"urgency": "urgent"})).await;
    let states = async || {
        let list = app.person("test-analyst").get("/v1/reviews").await.expect(200).json;
        let text = |it: &Value| it.as_str().unwrap().to_owned();
        let items = list["items"].as_array().unwrap().iter();
        items.map(|it| (text(&it["week"]), text(&it["state"]))).collect::<Vec<_>>()
    };
    let state = |week: &str, state: &str| (week.to_owned(), state.to_owned());
    assert_eq!(states().await, [state("2026-W47", "in_progress")]);
    app.clock.set("2026-11-23T09:00:00Z");
    assert_eq!(states().await, [state("2026-W48", "in_progress"), state("2026-W47", "draft")]);
    let draft = app.director().get("/v1/reviews/2026-W47").await.expect(200);
    let said = json!({
        "attendance": [
            {"agency": "anyborough_cs", "role": "Head of front door", "presence": "present"},
            {"agency": "valeshire_police", "role": "Superintendent", "presence": "absent"},
        ],
        "next_meeting_on": "2026-11-30",
    });
    for (wrong, pointer, code) in [
        (
            json!({"attendance": [{"agency": "nobody", "role": "Lead", "presence": "absent"}]}),
            "#/attendance/0/agency",
            "unknown_reference",
        ),
        (
            json!({"attendance": [{"agency": "anyborough_cs", "role": "Ring 07700 900123", "presence": "absent"}]}),
            "#/attendance/0/role",
            "personal_data",
        ),
        (json!({"next_meeting_on": "2026-11-23"}), "#/next_meeting_on", "out_of_range"),
        (
            json!({"checks": [{"check": "actions_updated", "confirmed": true}]}),
            "#/checks/0/confirmed",
            "not_permitted",
        ),
    ] {
        let answer = signs(&app, "test-director", &draft, wrong).await.expect(422);
        assert_eq!(answer.problem().1, [(pointer.to_owned(), code.to_owned())]);
    }
    let signed = signs(&app, "test-director", &draft, said).await.expect(201).json;
    assert_eq!(signed["attendance"][1]["presence"], "absent");
    assert_eq!(states().await, [state("2026-W48", "in_progress"), state("2026-W47", "signed")]);
    // Nobody signs the next one: it is missed as soon as the data of the one after it are taken.
    app.clock.set("2026-12-07T05:59:00Z");
    assert_eq!(states().await[1..3], [state("2026-W49", "draft"), state("2026-W48", "draft")]);
    app.clock.set("2026-12-07T09:00:00Z");
    let expected = [
        state("2026-W50", "in_progress"),
        state("2026-W49", "draft"),
        state("2026-W48", "missed"),
        state("2026-W47", "signed"),
    ];
    assert_eq!(states().await, expected);
    let draft = app.director().get("/v1/reviews/2026-W49").await.expect(200);
    let last = &draft.json["record"]["last_review"];
    assert_eq!((&last["week"], &last["missed"]), (&json!("2026-W47"), &json!(["2026-W48"])));
    assert_eq!(last["decisions"], json!(["Health joins the duty rota."]));
    assert_eq!(
        (&last["open"][0]["disposition"], &last["open"][0]["since"]),
        (&json!("watch"), &json!("2026-W47"))
    );
    assert_eq!(last["next_meeting_on"], "2026-11-30");
    let mut director = signed_in(&app, "test-director").await;
    let page = director.get(&format!("{}/review/2026-W49", app.url)).await.expect(200).text;
    for part in ["Decided last", "Health joins the duty rota.", "Week 48 was missed", "Watch"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let missed = director.get(&format!("{}/review/2026-W48", app.url)).await.expect(200).text;
    assert!(missed.contains("Nobody signed this week off before the next one"), "{missed}");
    // A week that is signed keeps what it knew of the record, to the byte, whatever comes.
    signs(&app, "test-director", &draft, json!({})).await.expect(201);
    assert_eq!(states().await[1], state("2026-W49", "signed"));
    agree(&app, "2026-W49", json!({"due_on": "2026-12-24"})).await.expect(201);
    assert_eq!(app.director().get("/v1/reviews/2026-W49").await.expect(200).text, draft.text);
    // An open action of which nothing was said in the week wants a reason before signing.
    app.clock.set("2026-12-21T09:00:00Z");
    let draft = app.director().get("/v1/reviews/2026-W51").await.expect(200);
    let none = signs(&app, "test-director", &draft, json!({"checks": []})).await.expect(422);
    assert_eq!(none.problem().1, [("#/checks".to_owned(), "required".to_owned())]);
    assert!(none.text.contains("actions_updated"), "{}", none.text);
    let why = json!({"checks": [{"check": "actions_updated", "reason": "The owner is away until January."}]});
    signs(&app, "test-director", &draft, why).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn learning_and_actions_are_added_and_moved_on_with_forms_that_lose_nothing() {
    let app = start().await;
    app.police().raises(json!({})).await;
    app.clock.set("2026-11-23T09:00:00Z");
    let mut lead = signed_in(&app, "test-service_lead").await;
    let page = format!("{}/review/2026-W47/actions", app.url);
    let form = lead.get(&page).await.expect(200).text;
    let token = csrf(&form);
    let fill = |title: &'static str, due: &'static str| {
        [
            ("title", title),
            ("owner_agency", "health_community"),
            ("owner_role", "Designated nurse"),
            ("due_on", due),
            ("plan_reference", "2.4"),
        ]
    };
    let mut fields = vec![("csrf", token.as_str())];
    fields.extend(fill("Ring 07700 900123", "soon"));
    let wrong = lead.post(&page, &fields).await.expect(422).text;
    for part in [
        "looks as if it held a person",
        "is no day",
        "value=\"Ring 07700 900123\"",
        "value=\"soon\"",
        "value=\"Designated nurse\"",
        "value=\"2.4\"",
    ] {
        assert!(wrong.contains(part), "{part}: {wrong}");
    }
    fields.truncate(1);
    fields.extend(fill("Health names a lead", "2026-11-30"));
    lead.post(&page, &fields).await.expect(303);
    let reference = app.director().get("/v1/escalations").await.json["items"][0]["reference"]
        .as_str()
        .unwrap()
        .to_owned();
    let learning = format!("{}/review/2026-W47/learning", app.url);
    let learnt = |escalations: &'static str, about: &'static str| {
        vec![
            ("text", "Same-day meetings need a lead."),
            ("about", about),
            ("escalations", escalations),
            ("said_by_agency", "health_community"),
            ("said_by_role", "Designated nurse"),
            ("figure", "raised"),
            ("direction", "lower"),
            ("remeasure", "2027-W06"),
        ]
    };
    for (escalations, about, mends) in [
        ("ESC-ANY-2026-99999", "theme:icpc_late", "There is no such item"),
        ("", "", "Choose what it is about"),
    ] {
        let mut fields = learnt(escalations, about);
        fields.push(("csrf", &token));
        let wrong = lead.post(&learning, &fields).await.expect(422).text;
        assert!(
            wrong.contains(mends) && wrong.contains("Same-day meetings need a lead."),
            "{wrong}"
        );
        assert!(wrong.contains("value=\"2027-W06\""), "{wrong}");
    }
    let mut fields = learnt("", "theme:icpc_late");
    fields.retain(|(name, _)| *name != "escalations");
    fields.extend([("csrf", token.as_str()), ("escalations", reference.as_str())]);
    lead.post(&learning, &fields).await.expect(303);
    // The draft was taken before the meeting, and its page says what the meeting added.
    let review = lead.get(&format!("{}/review/2026-W47", app.url)).await.expect(200).text;
    assert!(
        review.contains("Agreed since the data were taken")
            && review.contains("Health names a lead"),
        "{review}"
    );
    let all = lead.get(&format!("{}/actions", app.url)).await.expect(200).text;
    for part in [
        "Health names a lead",
        "On track",
        "Same-day meetings need a lead.",
        "To be measured in 2027-W06",
    ] {
        assert!(all.contains(part), "{part}: {all}");
    }
    let list = app.director().get("/v1/actions").await.expect(200).json;
    let one = format!("{}/actions/{}", app.url, list["items"][0]["id"].as_str().unwrap());
    lead.get(&one).await.expect(200);
    let moved = |version: &'static str, progress: &'static str, note: &'static str| {
        vec![
            ("version", version),
            ("progress", progress),
            ("impact", ""),
            ("due_on", "2026-11-30"),
            ("note", note),
            ("evidence", ""),
        ]
    };
    for (version, progress, note, status, mends) in [
        ("1", "completed", "Nearly.", 422, "This is required"),
        ("1", "urgent", "Ring 07700 900123.", 422, "looks as if it held a person"),
        ("7", "urgent", "Nearly.", 412, "since you read it"),
        ("1", "urgent", "Nearly.", 303, ""),
    ] {
        let mut fields = moved(version, progress, note);
        fields.push(("csrf", &token));
        let answer = lead.post(&one, &fields).await.expect(status);
        assert!(answer.text.contains(mends), "{mends}: {}", answer.text);
        assert!(
            status == 303 || answer.text.contains(&format!("value=\"{note}\"")),
            "{}",
            answer.text
        );
    }
    let history = lead.get(&one).await.expect(200).text;
    assert!(history.contains("Nearly.") && history.contains("Urgent"), "{history}");
    // Who only reads sees the list and no form; who does not review sees neither.
    let mut analyst = signed_in(&app, "test-analyst").await;
    let read = analyst.get(&format!("{}/actions", app.url)).await.expect(200).text;
    assert!(!read.contains("/review/2026-W47/actions"), "{read}");
    analyst.get(&page).await.expect(403);
    analyst.get(&one).await.expect(403);
    let mut police = signed_in(&app, "test-police").await;
    police.get(&format!("{}/actions", app.url)).await.expect(403);
}
