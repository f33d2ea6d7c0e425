//! A real delivery for other programs to verify: `tests/clients/webhooks.sh` runs this and then the public libraries.

use escalation_tracker::usecases::deps::{Clock, SystemClock};
use reqwest::Method;
use serde_json::json;

use super::support::TestApp;
use super::support::receiver::{Receiver, outside};
use super::webhooks::{ENDPOINTS, deliver};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "tests/clients/webhooks.sh runs it"]
async fn writes_real_deliveries_for_the_public_libraries() {
    let folder = std::env::var_os("WEBHOOK_DELIVERIES").expect("a folder in WEBHOOK_DELIVERIES");
    let folder = std::path::PathBuf::from(folder);
    let receiver = Receiver::good().await;
    let app = TestApp::start_calling(outside(&[&receiver])).await;
    // The libraries compare with the machine's clock.
    app.clock.set(&SystemClock.now().to_string());
    for signing in ["hmac_sha256", "ed25519"] {
        let body = json!({"url": receiver.url(), "signing": signing});
        let made = app.police().post(ENDPOINTS, &body).await.expect(201);
        let rotate = format!("{ENDPOINTS}/{}/secret-rotation", made.id());
        let rotated = app.police().send(Method::POST, &rotate, &[], "").await.expect(200);
        app.police().raises(json!({})).await;
        deliver(&app).await;
        let got = receiver.got().pop().unwrap();
        let key = |shown: &serde_json::Value| {
            shown["secret"].as_str().or(shown["keys"][0]["public_key"].as_str()).map(str::to_owned)
        };
        let sample = json!({
            "headers": got.headers,
            "body": String::from_utf8(got.body.clone()).unwrap(),
            "keys": [key(&made.json), key(&rotated.json)],
        });
        std::fs::write(folder.join(format!("{signing}.json")), sample.to_string()).unwrap();
        app.police()
            .send(
                Method::DELETE,
                &format!("{ENDPOINTS}/{}", made.id()),
                &[("if-match", "\"1\"")],
                "",
            )
            .await
            .expect(204);
    }
}
