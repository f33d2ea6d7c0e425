//! For every week of the made-up data, every figure of the aggregation against an independent recount, now and as of the
//! past.

use std::collections::BTreeMap;

use escalation_tracker::demo::{self, DemoOptions};
use escalation_tracker::domain::ids::PartnershipId;
use jiff::Timestamp;
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use super::support::past::{Past, assert_random_questions};
use super::support::recount::Raw;
use super::support::recount_check::{
    Ask, assert_csv, assert_json, assert_records, assert_weekly_equals_recount,
};
use super::support::tokens::ISSUER;
use super::support::{TestApp, thorough};

/// The 104 weeks end before the week in which the tests' clock stands; as many as can be asked for at once.
const SPANS: [(&str, &str); 2] = [("2024-W47", "2025-W46"), ("2025-W47", "2026-W47")];

/// How often the rows are kept as they are while the data are loaded.
const PASTS: usize = 12;

#[tokio::test(flavor = "multi_thread")]
async fn every_figure_of_the_104_weeks_now_and_then_equals_a_recount_of_the_rows() {
    let app = TestApp::start_with(async |_| PartnershipId(uuid::Uuid::nil())).await;
    let client = app.database.superuser().await;
    let pasts = load(&app, &client).await;
    let director = app.person("demo-director");
    let get = async |path: &str| director.get(path).await.expect(200).json;
    for (from, to) in SPANS {
        assert_weekly_equals_recount(get, &client, "ANY", from, to).await;
    }
    // The table says the same, and each theme's figures lead to exactly their rows too.
    let raw = Raw::read(&client, "ANY").await;
    let ask =
        Ask { from: "2026-W30", to: "2026-W38", group_by: "theme", filters: &[], as_of: None };
    let links = assert_json(&get, &raw, &ask).await;
    assert_records(&get, links).await;
    assert_csv(&director.get_csv(&ask.url()).await.expect(200).text, &raw, &ask);

    let mut rng = StdRng::seed_from_u64(20_261_127);
    assert_random_questions(&director, &pasts, (SPANS[0].0, 105), &mut rng, thorough(60, 200))
        .await;
}

/// Loads the made-up data, and keeps the rows as they are at some instants on the way.
async fn load(app: &TestApp, client: &tokio_postgres::Client) -> Vec<Past> {
    let options = DemoOptions::two_years("2026-W46".parse().unwrap(), ISSUER.to_owned());
    let steps: Vec<Timestamp> =
        demo::script(&options).unwrap().into_iter().map(|step| step.at).collect();
    // What is known at an instant is known after the last step of that instant.
    let chosen: BTreeMap<u64, Timestamp> = (1..=PASTS)
        .map(|part| {
            let place = steps.len() * part / (PASTS + 1);
            let last = steps.partition_point(|at| *at <= steps[place]);
            (u64::try_from(last).unwrap(), steps[place])
        })
        .collect();
    let mut pasts = Vec::new();
    demo::load(&app.deps, &options, &mut |done, _| {
        if let Some(at) = chosen.get(&done) {
            let raw = block_in_place(|| Handle::current().block_on(Raw::read(client, "ANY")));
            pasts.push(Past { at: *at, raw });
        }
    })
    .await
    .unwrap();
    assert_eq!(pasts.len(), PASTS);
    pasts
}
