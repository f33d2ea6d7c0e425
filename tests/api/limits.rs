//! How much a client may ask in a minute: told in every answer, refused beyond, and open again when it says so.

use std::num::NonZeroU32;
use std::time::Duration;

use escalation_tracker::http::limits::Quotas;
use serde_json::json;

use super::contract::is_a_problem;
use super::support::TestApp;
use super::support::people::raise_body;

const LIST: &str = "/v1/escalations";

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_too_much_is_told_when_to_come_again_and_can_still_raise() {
    let quotas =
        Quotas { client: NonZeroU32::new(30).unwrap(), agency: NonZeroU32::new(60).unwrap() };
    let app = TestApp::start_as(TestApp::usual, |state, _| state.with_limits(quotas)).await;
    let police = app.police();

    let first = police.get(LIST).await.expect(200);
    assert_eq!(first.header("ratelimit-policy"), r#""client";q=30;w=60, "agency";q=60;w=60"#);
    assert_eq!(first.header("ratelimit"), r#""client";r=29;t=2, "agency";r=59;t=1"#);
    // What is refused for another reason counts and tells too.
    let forbidden = police.get("/v1/themes/weekly").await.expect(403);
    assert!(forbidden.header("ratelimit").starts_with(r#""client";r=28;"#));

    let mut refused = None;
    for _ in 0..60 {
        let answer = police.get(LIST).await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
        assert_eq!(answer.status, 200);
    }
    let refused = refused.expect("60 requests are more than 30 a minute");
    is_a_problem(&refused, LIST);
    assert_eq!(refused.problem().0, "rate-limited");
    assert!(refused.header("ratelimit").starts_with(r#""client";r=0;"#));
    // Raising is counted apart, and others are not affected.
    police.post(LIST, &raise_body(json!({}))).await.expect(201);
    app.health().get(LIST).await.expect(200);
    app.director().get(LIST).await.expect(200);

    let seconds: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=2).contains(&seconds), "{seconds}");
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    police.get(LIST).await.expect(200);
}
