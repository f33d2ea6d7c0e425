//! What is left out of the figures: decided by two people, visible in every figure, and never an open matter.

use reqwest::Method;
use serde_json::{Value, json};

use super::support::TestApp;
use super::support::asking::{acts, reason};
use super::support::people::{Answer, Person};

const WEEK: &str = "/v1/themes/weekly?from_week=2026-W47&to_week=2026-W47";

async fn step(by: &Person<'_>, id: &str, step: &str) -> Answer {
    let path = format!("/v1/escalations/{id}/{step}");
    if step == "exclusion-proposal" {
        return by.post(&path, &json!({"reason": "recorded_twice"})).await;
    }
    by.send(Method::POST, &path, &[], String::new()).await
}

async fn week(app: &TestApp) -> Value {
    app.director().get(WEEK).await.expect(200).json["weeks"][0]["total"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_leave_an_ended_escalation_out_and_every_figure_says_so() {
    let app = TestApp::start().await;
    let kept = app.police().raises(json!({})).await;
    let id = app.police().raises(json!({})).await;
    let (lead, director) = (app.person("test-service_lead"), app.director());

    let open = step(&lead, &id, "exclusion-proposal").await.expect(409);
    assert!(open.text.contains("An open escalation always counts"), "{}", open.text);
    acts(
        &app,
        "test-police",
        &id,
        "withdrawal",
        &json!({"why": "raised_in_error", "reason": "Twice."}),
    )
    .await;
    step(&director, &id, "exclusion").await.expect(409);
    step(&director, &id, "inclusion").await.expect(409);
    for client in ["test-police", "test-analyst", "test-auditor", "test-operator"] {
        step(&app.person(client), &id, "exclusion-proposal").await.expect(403);
    }
    step(&lead, &id, "exclusion-proposal").await.expect(200);
    step(&lead, &id, "exclusion").await.expect(403);
    assert_eq!(week(&app).await["raised"]["value"], 2, "proposed is not decided");
    app.clock.set("2026-11-18T12:00:00Z");
    let director = app.director();
    let out = step(&director, &id, "exclusion").await.expect(200).json;
    assert_eq!((&out["left_out"], &out["items"].as_array().unwrap().len()), (&json!(true), &2));

    let figures = week(&app).await;
    for (measure, value) in [("raised", 1), ("excluded", 1), ("ended", 0), ("open_at_end", 1)] {
        assert_eq!(figures[measure]["value"], value, "{measure}");
    }
    for (measure, row) in [("raised", &kept), ("excluded", &id)] {
        let url = figures[measure]["records_url"].as_str().unwrap();
        let rows = director.get(url).await.expect(200).json["items"].clone();
        assert_eq!((rows.as_array().unwrap().len(), &rows[0]["id"]), (1, &json!(row)), "{url}");
    }
    // It stays where it is for everybody who works with it.
    app.police().get(&format!("/v1/escalations/{id}")).await.expect(200);
    let all = app.police().get("/v1/escalations").await.expect(200).json;
    assert_eq!(all["items"].as_array().unwrap().len(), 2);
    // The review says it, and its table counts the same.
    let review = director.get("/v1/reviews/2026-W47").await.expect(200).json;
    assert_eq!((&review["excluded"], &review["asked"]["total"]), (&json!(1), &json!(1)));
    // What was known before the decision stays known.
    let before = director.get(&format!("{WEEK}&as_of=2026-11-18T11:59:59Z")).await.expect(200).json;
    assert_eq!(before["weeks"][0]["total"]["raised"]["value"], 2);

    // Opened again, it counts, whatever was decided.
    app.clock.set("2026-11-18T14:00:00Z");
    let director = app.director();
    acts(&app, "test-police", &id, "reopening", &reason()).await;
    let figures = week(&app).await;
    assert_eq!(
        (&figures["raised"]["value"], &figures["excluded"]["value"]),
        (&json!(2), &json!(0))
    );
    let steps = format!("/v1/escalations/{id}/exclusions");
    let told = director.get(&steps).await.expect(200).json;
    assert_eq!(
        (&told["left_out"], &told["items"][1]["by_role"]),
        (&json!(false), &json!("director"))
    );
    step(&director, &id, "inclusion").await.expect(409);
    // Ended again by the word of one agency, it counts until two people decide anew.
    app.clock.set("2026-11-18T15:00:00Z");
    let why = json!({"why": "raised_in_error", "reason": "Twice after all."});
    acts(&app, "test-police", &id, "withdrawal", &why).await;
    let (lead, director) = (app.person("test-service_lead"), app.director());
    assert_eq!(week(&app).await["raised"]["value"], 2);
    assert_eq!(director.get(&steps).await.expect(200).json["left_out"], false);
    step(&director, &id, "exclusion").await.expect(409);
    step(&lead, &id, "exclusion-proposal").await.expect(200);
    step(&director, &id, "exclusion").await.expect(200);
    assert_eq!(week(&app).await["raised"]["value"], 1);
    let twice = step(&director, &id, "exclusion").await.expect(409);
    assert!(twice.text.contains("left out"), "{}", twice.text);
    step(&director, &id, "inclusion").await.expect(200);
    assert_eq!(week(&app).await["raised"]["value"], 2);
    app.police().get(&format!("/v1/escalations/{id}/exclusions")).await.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_approves_what_they_proposed() {
    let app = TestApp::start().await;
    let id = app.police().raises(json!({})).await;
    acts(
        &app,
        "test-police",
        &id,
        "withdrawal",
        &json!({"why": "raised_in_error", "reason": "Twice."}),
    )
    .await;
    let director = app.director();
    step(&director, &id, "exclusion-proposal").await.expect(200);
    let alone = step(&director, &id, "exclusion").await.expect(409);
    assert_eq!(alone.problem().0, "second-person-required");
    step(&app.colleague("test-director"), &id, "exclusion").await.expect(200);
    step(&director, "0198c000-0000-7000-8000-00000000000f", "exclusion-proposal").await.expect(404);
}
