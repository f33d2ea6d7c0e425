//! An escalation from raising to its end, told by those who take part.

use serde_json::json;

use super::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn police_raise_childrens_services_answer_and_the_week_moves_by_exactly_that_one() {
    let app = TestApp::start().await;
    let week = "/v1/themes/weekly?from_week=2026-W47&to_week=2026-W47";
    let before = app.director().get(week).await.expect(200).json;
    assert_eq!(before["weeks"][0]["total"]["raised"]["value"], 0);

    let id = app.police().raises(json!({"urgency": "urgent"})).await;
    app.childrens_services().acknowledges(&id).await;
    app.childrens_services().agrees(&id).await;
    app.police().accepts(&id).await;
    let ended = app.childrens_services().resolves(&id).await.json;
    assert_eq!(ended["status"], "resolved");
    assert_eq!(ended["resolution"]["same_day"], true);
    assert_eq!(ended["resolution"]["working_days"], 0.0);

    let after = app.director().get(week).await.expect(200).json;
    let total = &after["weeks"][0]["total"];
    for measure in ["raised", "resolved", "ended", "resolved_same_day"] {
        assert_eq!(total[measure]["value"], 1, "{measure}");
    }
    assert_eq!(total["open_at_end"]["value"], 0);
    assert_eq!(after["weeks"][0]["reconciliation"]["balances"], true);
    assert_eq!(after["weeks"][0]["groups"].as_array().unwrap().len(), 1);
    assert_eq!(after["weeks"][0]["groups"][0]["key"], "strategy_meeting_late");

    let history = app.police().get(&format!("/v1/escalations/{id}/events")).await.expect(200).json;
    let kinds: Vec<_> =
        history["items"].as_array().unwrap().iter().map(|event| event["type"].clone()).collect();
    assert_eq!(kinds, ["raised", "acknowledged", "answered", "accepted", "resolved"]);
}
