//! What is on its way out says so: in the contract, on its page, and in every answer.

use escalation_tracker::http::contract::Contract;
use escalation_tracker::http::deprecations::Deprecation;
use escalation_tracker::usecases::setup;
use jiff::civil::date;
use reqwest::Method;

use super::support::TestApp;
use super::support::people::{self, Answer};

const TABLE: &[Deprecation] = &[
    Deprecation {
        operation: "list_notices",
        parameter: None,
        since: date(2027, 2, 1),
        sunset: date(2028, 2, 1),
        instead: "Use `GET /v1/escalations`.",
    },
    Deprecation {
        operation: "list_escalations",
        parameter: Some("sort"),
        since: date(2027, 3, 1),
        sunset: date(2028, 6, 1),
        instead: "Lists will have one order.",
    },
];

async fn app() -> TestApp {
    let fill = async |deps: &_| setup::apply(deps, &people::anyborough()).await.unwrap();
    let change = |state: escalation_tracker::http::state::AppState, _: &str| {
        state.with_contract(Contract::with(TABLE).unwrap())
    };
    TestApp::start_as(fill, change).await
}

fn told(answer: &Answer) -> (String, String, Vec<String>) {
    let links = answer.headers.get_all("link").iter().map(|it| it.to_str().unwrap().to_owned());
    let links = links.filter(|it| it.contains("rel=\"deprecation\"")).collect();
    (answer.header("deprecation").to_owned(), answer.header("sunset").to_owned(), links)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deprecated_says_so_in_every_answer_and_nothing_else_does() {
    let app = app().await;
    let police = app.police();
    let link =
        |operation: &str| vec![format!("</docs/operations/{operation}>; rel=\"deprecation\"")];
    let notices = (
        "@1801440000".to_owned(),
        "Tue, 01 Feb 2028 00:00:00 GMT".to_owned(),
        link("list_notices"),
    );
    let sort = (
        "@1803859200".to_owned(),
        "Thu, 01 Jun 2028 00:00:00 GMT".to_owned(),
        link("list_escalations"),
    );
    let none = (String::new(), String::new(), Vec::new());
    // Also who is refused must learn of it, and who asks with HEAD.
    assert_eq!(told(&police.get("/v1/notices").await.expect(200)), notices);
    assert_eq!(told(&police.get("/v1/notices?limit=0").await.expect(400)), notices);
    assert_eq!(told(&app.stranger().get("/v1/notices").await.expect(401)), notices);
    assert_eq!(told(&police.send(Method::HEAD, "/v1/notices", &[], "").await.expect(200)), notices);
    assert_eq!(
        told(&police.get("/v1/escalations?sort=newest_first&limit=1").await.expect(200)),
        sort
    );
    for other in ["/v1/escalations", "/v1/escalations?theme=sort", "/v1/clocks", "/livez", "/docs/"]
    {
        assert_eq!(told(&police.get(other).await), none, "{other}");
    }

    let contract = app.stranger().get("/openapi.json").await.expect(200).json;
    let notices = &contract["paths"]["/v1/notices"]["get"];
    assert_eq!(notices["deprecated"], true);
    assert_eq!(notices["x-sunset"], "2028-02-01");
    for (status, answer) in notices["responses"].as_object().unwrap() {
        for name in ["Deprecation", "Sunset", "Link"] {
            assert!(answer["headers"][name].is_object(), "{status} {name}");
        }
    }
    let escalations = &contract["paths"]["/v1/escalations"]["get"];
    assert!(escalations["deprecated"].is_null());
    for it in escalations["parameters"].as_array().unwrap() {
        assert_eq!(it["deprecated"] == true, it["name"] == "sort", "{it}");
    }
    let page = app.stranger().get("/docs/operations/list_notices").await.expect(200).text;
    assert!(page.contains("It ends on 2028-02-01") && page.contains("Deprecated since 2027-02-01"));
}

/// The contract marks exactly what the answers announce; now that nothing is deprecated, nothing at all.
#[tokio::test(flavor = "multi_thread")]
async fn the_served_contract_marks_what_its_answers_announce() {
    let app = TestApp::start().await;
    let contract = app.stranger().get("/openapi.json").await.expect(200);
    let marks = contract.text.matches("\"deprecated\": true").count();
    assert_eq!(marks, escalation_tracker::http::deprecations::DEPRECATIONS.len());
}
