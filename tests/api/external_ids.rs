//! What agencies' own systems call the cases of escalations: theirs alone, each for one, and never a child's number.

use serde_json::{Value, json};

use super::support::TestApp;
use super::support::people::Answer;

fn name(value: &str) -> Value {
    json!({"system": "mosaic", "type": "s47_enquiry", "value": value})
}

fn values(answer: &Answer) -> Vec<String> {
    let items = answer.json["items"].as_array().unwrap();
    let mut values: Vec<String> = items
        .iter()
        .map(|it| format!("{} {}", it["agency"], it["value"]).replace('"', ""))
        .collect();
    // The tests' clock stands still, so that names have no order.
    values.sort();
    values
}

#[tokio::test(flavor = "multi_thread")]
async fn each_side_keeps_and_finds_its_own_names_and_those_who_review_see_all() {
    let app = TestApp::start().await;
    let (police, cs) = (app.police(), app.childrens_services());
    let id = police.raises(json!({})).await;
    let other = police.raises(json!({})).await;
    let of = |id: &str| format!("/v1/escalations/{id}/external-ids");
    let first = police.post(&of(&id), &name("A-1")).await.expect(201);
    assert_eq!(
        (&first.json["agency"], &first.json["type"]),
        (&json!("valeshire_police"), &json!("s47_enquiry"))
    );
    // The other side may call it the same, and neither learns of it.
    cs.post(&of(&id), &name("A-1")).await.expect(201);
    cs.post(&of(&id), &name("B-1")).await.expect(201);
    let taken = police.post(&of(&other), &name("A-1")).await.expect(409);
    assert_eq!(taken.problem().0, "duplicate-external-reference");
    assert_eq!(taken.header("location"), format!("/v1/escalations/{id}"));
    assert_eq!(values(&police.get(&of(&id)).await.expect(200)), ["valeshire_police A-1"]);
    assert_eq!(
        values(&cs.get(&of(&id)).await.expect(200)),
        ["anyborough_cs A-1", "anyborough_cs B-1"]
    );
    assert_eq!(values(&app.director().get(&of(&id)).await.expect(200)).len(), 3);
    app.health().get(&of(&id)).await.expect(404);
    app.health().post(&of(&id), &name("C-1")).await.expect(404);
    app.director().post(&of(&id), &name("C-1")).await.expect(403);
    let search = "/v1/searches/external-ids";
    assert_eq!(
        police.post(search, &name("A-1")).await.expect(200).json["items"][0]["escalation_id"],
        id.as_str()
    );
    assert_eq!(values(&police.post(search, &name("B-1")).await.expect(200)), Vec::<String>::new());
    assert_eq!(values(&app.director().post(search, &name("A-1")).await.expect(200)).len(), 2);

    // Taken back: it stays in the list, and may stand for another.
    let path = format!("{}/{}/removal", of(&id), first.id());
    cs.post(&path, &json!({})).await.expect(404);
    let gone = police.post(&path, &json!({})).await.expect(200);
    assert_eq!(gone.json["removed_at"], "2026-11-18T10:00:00Z");
    police.post(&path, &json!({})).await.expect(404);
    assert!(police.get(&of(&id)).await.expect(200).json["items"][0]["removed_at"].is_string());
    assert_eq!(values(&police.post(search, &name("A-1")).await.expect(200)), Vec::<String>::new());
    police.post(&of(&other), &name("A-1")).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_childs_own_number_is_refused_and_not_told_again() {
    let app = TestApp::start().await;
    let id = app.police().raises(json!({})).await;
    // The ten digits of the range that is kept for tests, with their check digit.
    let number = (9_990_000_000_u64..)
        .map(|it| it.to_string())
        .find(|it| escalation_tracker::domain::check_digits::is_nhs_number(it))
        .unwrap();
    let path = format!("/v1/escalations/{id}/external-ids");
    let refused = app.police().post(&path, &name(&number)).await.expect(422);
    assert_eq!(refused.problem().1, [("#/value".to_owned(), "personal_data".to_owned())]);
    assert!(!refused.text.contains(&number));
    app.police().post(&path, &name("Jane Doe")).await.expect(422);
}
