//! For every week of the made-up data, every figure of the aggregation against an independent recount.

use escalation_tracker::demo::{self, DemoOptions};
use escalation_tracker::usecases::registry;

use super::support::TestApp;
use super::support::recount::Raw;
use super::support::recount_check::{
    Ask, assert_csv, assert_json, assert_records, assert_weekly_equals_recount,
};
use super::support::tokens::ISSUER;

/// The 104 weeks end before the week in which the tests' clock stands; as many as can be asked for at once.
const SPANS: [(&str, &str); 2] = [("2024-W47", "2025-W46"), ("2025-W47", "2026-W47")];

#[tokio::test(flavor = "multi_thread")]
async fn every_figure_of_the_104_weeks_equals_a_recount_of_the_rows() {
    let app = TestApp::start_with(async |deps| {
        let options = DemoOptions::two_years("2026-W46".parse().unwrap(), ISSUER.to_owned());
        demo::load(deps, &options, &mut |_, _| ()).await.unwrap();
        registry::find(deps, ISSUER, "demo-director").await.unwrap().unwrap().partnership
    })
    .await;
    let director = app.person("demo-director");
    let get = async |path: &str| director.get(path).await.expect(200).json;
    let client = app.database.superuser().await;
    for (from, to) in SPANS {
        assert_weekly_equals_recount(get, &client, "ANY", from, to).await;
    }
    // The table says the same, and each theme's figures lead to exactly their rows too.
    let raw = Raw::read(&client, "ANY").await;
    let ask = Ask { from: "2026-W30", to: "2026-W38", group_by: "theme", filters: &[] };
    let links = assert_json(&get, &raw, &ask).await;
    assert_records(&get, links).await;
    assert_csv(&director.get_csv(&ask.url()).await.expect(200).text, &raw, &ask);
}
