//! The pages in a real browser: read, measured and used with the keyboard alone, from sign-in to sign-off.

use std::process::{Command, Stdio};

use escalation_tracker::demo::{self, DemoOptions};
use escalation_tracker::http::auth::doors::{Doors, Way};
use escalation_tracker::usecases::registry;
use serde_json::Value;

use super::support::TestApp;
use super::support::node;
use super::support::tokens::ISSUER;

/// The last week of the made-up data, and the Monday morning after it.
const WEEK: &str = "2026-W46";
const MONDAY: &str = "2026-11-16T09:00:00Z";

#[tokio::test(flavor = "multi_thread")]
async fn the_director_reads_and_signs_the_week_with_the_keyboard_in_a_real_browser() {
    let fill = async |deps: &_| {
        let options = DemoOptions::two_years(WEEK.parse().unwrap(), ISSUER.to_owned());
        demo::load(deps, &options, &mut |_, _| ()).await.unwrap();
        registry::find(deps, ISSUER, "demo-director").await.unwrap().unwrap().partnership
    };
    let way = Way::Choice { issuer: ISSUER.to_owned() };
    let app = TestApp::start_with_doors(fill, |_| Doors::new(way, None, "ANY".to_owned())).await;
    app.clock.set(MONDAY);
    let url = app.url.clone();
    let (ok, told, seen) = tokio::task::spawn_blocking(move || looked_at(&url)).await.unwrap();
    assert!(ok, "{seen}\n{told}");
    // A script that ends early would find nothing wrong.
    let report: Value = seen.lines().last().unwrap_or_default().parse().unwrap();
    let looks = report["looks"].as_u64().unwrap();
    assert!(looks >= 64, "{looks} looks only: {report}");
    assert_eq!(report["faults"], serde_json::json!([]), "{report}");
    assert_eq!(report["sides_of_paper"], 2, "{report}");

    // What the keyboard signed is signed.
    let signed = app.person("demo-director").get(&format!("/v1/reviews/{WEEK}/sign-offs")).await;
    let signed = signed.expect(200).json;
    let last = signed["items"].as_array().unwrap().last().unwrap();
    assert_eq!(last["decisions"][0], "Health joins the duty rota", "{signed}");
}

fn looked_at(url: &str) -> (bool, String, String) {
    let chromium = node::chromium();
    let place = node::installed("chromium");
    let output = Command::new("node")
        .arg("look.mjs")
        .args([url, WEEK])
        .arg(chromium)
        .current_dir(place)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stderr), text(&output.stdout))
}
