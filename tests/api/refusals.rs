//! Settings that would make the service unsafe, or a command useless, are refused in words that help.

use std::time::{Duration, Instant};

use escalation_tracker::usecases::setup;

use super::outage::set_clock;
use super::support::TestApp;
use super::support::people;
use super::support::program::{DataDir, command};

/// Runs a command that must fail, and gives what it said.
#[track_caller]
fn refused(arguments: &[&str], settings: &[(&str, &str)], dir: &DataDir) -> String {
    let output = command(arguments, &dir.0).envs(settings.iter().copied()).output().unwrap();
    assert!(!output.status.success(), "{arguments:?} was accepted");
    assert!(output.stdout.is_empty(), "{arguments:?} answered");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn production_starts_only_with_what_real_data_need() {
    let dir = DataDir::new("refusals");
    let secret = dir.0.join("secret");
    std::fs::write(&secret, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n").unwrap();
    let secret = secret.to_str().unwrap();
    let database = ("DATABASE_URL", "postgresql://escalation_app@127.0.0.1:1/escalations");
    let serve: &[&str] = &["serve", "--listen", "127.0.0.1:0"];
    for (settings, word) in [
        (vec![], "DATABASE_URL"),
        (vec![database], "ROOT_SECRET_FILE"),
        (vec![database, ("ROOT_SECRET_FILE", secret)], "TOKEN_ISSUER"),
        (
            vec![
                database,
                ("ROOT_SECRET_FILE", secret),
                ("TOKEN_ISSUER", "urn:escalation-tracker:local"),
                ("TOKEN_JWKS", "keys.json"),
            ],
            "does not accept tokens that this program makes",
        ),
        (
            vec![
                database,
                ("ROOT_SECRET_FILE", secret),
                ("TOKEN_ISSUER", "https://issuer.example"),
                ("TOKEN_JWKS", "http://issuer.example/keys"),
            ],
            "https",
        ),
        (vec![database, ("ROOT_SECRET_FILE", "/dev/null")], "32 bytes"),
        (vec![database, ("ROOT_SECRET_FILE", secret), ("CHECKPOINT_DIR", secret)], "is no folder"),
        (
            vec![
                database,
                ("ROOT_SECRET_FILE", secret),
                ("TOKEN_ISSUER", "https://issuer.example"),
                ("TOKEN_AUDIENCE", "pages"),
                ("OIDC_ISSUER", "https://issuer.example"),
                ("OIDC_CLIENT_ID", "pages"),
            ],
            "must differ",
        ),
    ] {
        let said = refused(serve, &settings, &dir);
        assert!(said.contains(word), "{settings:?}: {said}");
    }
    assert!(!dir.0.join("postgres").exists(), "a database was made");
}

#[test]
fn commands_that_would_do_the_wrong_thing_say_so() {
    let dir = DataDir::new("commands");
    let owner = [("OWNER_DATABASE_URL", "postgresql://owner@127.0.0.1:1/escalations")];
    assert!(refused(&["migrate"], &owner, &dir).contains("DATABASE_URL is not"));
    assert!(refused(&["token", "--client", "x"], &[], &dir).contains("--data-dir"));
    for (file, word) in [
        (r#"{"code": "any lower", "name": "x", "agencies": [], "clients": []}"#, "capital letters"),
        (
            r#"{"code": "ANY", "name": "x", "agencies": [], "clients": [{"issuer": "i",
                "client_id": "c", "agency": "nobody", "role": "agency", "name": "n"}]}"#,
            "\"nobody\" is not the code",
        ),
        (r#"{"code": "ANY", "name": "x", "agencies": [], "clients": [], "colour": 1}"#, "colour"),
    ] {
        let path = dir.0.join("partnership.json");
        std::fs::write(&path, file).unwrap();
        let said = refused(&["setup", path.to_str().unwrap()], &[], &dir);
        assert!(said.contains(word), "{said}");
    }
    assert!(!dir.0.join("postgres").exists(), "a database was made");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_taken_off_the_list_is_refused_and_can_come_back() {
    let app = TestApp::start().await;
    app.police().get("/v1/escalations").await.expect(200);
    let mut plan = people::anyborough();
    for (disabled, status) in [(true, 403), (false, 200)] {
        plan.clients[0].disabled = disabled;
        setup::apply(&app.deps, &plan).await.unwrap();
        let answer = app.police().get("/v1/escalations").await.expect(status);
        if disabled {
            assert_eq!(answer.json["code"], "client-disabled");
        }
    }
}

/// J22: another instance, or an administrator, has disabled it.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_was_disabled_elsewhere_is_refused_within_five_seconds() {
    let app = TestApp::start().await;
    let (police, health) = (app.police(), app.health());
    police.get("/v1/escalations").await.expect(200);
    let sql = "update client set disabled_at = now() where client_id = 'test-police'";
    app.database.superuser().await.batch_execute(sql).await.unwrap();
    let disabled = Instant::now();
    loop {
        let answer = police.get("/v1/escalations").await;
        if answer.status == 403 {
            assert_eq!(answer.json["code"], "client-disabled");
            break;
        }
        answer.expect(200);
        assert!(disabled.elapsed() < Duration::from_secs(5), "{:?}", disabled.elapsed());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    health.get("/v1/escalations").await.expect(200);
}

/// J24: what it would say of times would be wrong.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_whose_clock_is_wrong_is_not_ready() {
    let app = TestApp::start().await;
    for (ahead, status) in [(0, 200), (-120, 503), (120, 503), (-2, 200)] {
        set_clock(&app).await;
        app.clock.advance(jiff::SignedDuration::from_secs(ahead));
        let answer = app.stranger().get("/readyz").await;
        assert_eq!(answer.status, status, "{ahead}: {}", answer.text);
        let checks = answer.json["checks"].as_array().unwrap();
        let clock = checks.iter().find(|it| it["name"] == "clock").unwrap();
        assert_eq!(clock["status"], if status == 200 { "ok" } else { "failed" }, "{ahead}");
    }
}
