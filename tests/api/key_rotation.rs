//! One root secret takes another's place while people work, and nothing of the old one is needed afterwards.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use escalation_tracker::domain::ids::ImportId;
use escalation_tracker::usecases::Deps;
use escalation_tracker::usecases::key_rotation::standing;
use escalation_tracker::vault::{PartnershipKeys, Secrets, Vault, Wrapped};
use futures_util::future::join_all;

use super::keys::{about, found, rotated, shown};
use super::support::TestApp;
use super::support::people::raise_body;
use super::support::program::{DataDir, command, run};

fn secrets(all: &[u8]) -> Vault {
    Vault::kept_by(Arc::new(Secrets::new(all.iter().map(|byte| [*byte; 32]).collect())))
}

/// The keys of the partnership as they lie in the database.
async fn partnership_keys(app: &TestApp, vault: &Vault) -> PartnershipKeys {
    let look = app.database.superuser().await;
    let sql = "select root_id, wrapped from partnership_key k join partnership p on p.id = k.partnership_id
               where p.code = 'ANY'";
    let row = look.query_one(sql, &[]).await.unwrap();
    let (root, sealed): (String, Vec<u8>) = (row.get(0), row.get(1));
    vault.unwrap_keys(app.partnership, &Wrapped { root: root.parse().unwrap(), sealed }).unwrap()
}

fn child(number: usize) -> String {
    format!("SYN8{number:05}QX")
}

/// T-ENC4: rotation under load, then the old secret is gone.
#[tokio::test(flavor = "multi_thread")]
async fn a_root_secret_is_replaced_under_load_and_can_be_thrown_away() {
    const BEFORE: usize = 450;
    const WRITERS: usize = 4;
    let mut app = TestApp::start().await;
    let raised = join_all((0..4).map(async |part| {
        let mut raised = Vec::new();
        for number in (part..BEFORE).step_by(4) {
            raised.push((number, app.police().raises(about(&child(number))).await));
        }
        raised
    }));
    let mut raised = raised.await.concat();
    let key = [("content-type", "application/json"), ("idempotency-key", "kept-over-a-rotation")];
    let body = raise_body(about(&child(BEFORE))).to_string();
    let post = reqwest::Method::POST;
    let first =
        app.police().send(post.clone(), "/v1/escalations", &key, body.clone()).await.expect(201);
    let page = app.police().get("/v1/escalations?limit=20").await.expect(200);
    let next = page.json["links"]["next"].as_str().unwrap().to_owned();

    // What signs webhooks and what files wait under, too.
    let row = (ImportId(uuid::Uuid::from_u128(1)), 1);
    let before = partnership_keys(&app, &secrets(&[7])).await;
    let signs = before.seal_webhook_key(row.0.0, "whsec_made_up").unwrap();
    let waits = before.seal_row(row, b"SYN70001QX").unwrap();

    // The old secret stays readable beside the new one, which seals from now on.
    app.restart(secrets(&[8, 7])).await;
    let newest = app.deps.vault.newest().unwrap().to_string();
    assert!(standing(&app.deps).await.unwrap().left(&newest) >= i64::try_from(BEFORE).unwrap());
    let (done, stop) = (AtomicUsize::new(BEFORE + 1), AtomicBool::new(false));
    let load = join_all((0..WRITERS).map(async |writer| {
        let mut own = Vec::new();
        while !stop.load(Ordering::SeqCst) {
            let number = done.fetch_add(1, Ordering::SeqCst);
            own.push((number, app.police().raises(about(&child(number))).await));
            // One that was there before: read, found, and raised about again.
            let old = number * 7 % BEFORE;
            let (_, id) = raised.iter().find(|(it, _)| *it == old).unwrap();
            assert_eq!(shown(&app, id).await, [child(old)]);
            assert!(found(&app, &child(old)).await >= 1);
            if writer == 0 {
                own.push((old, app.police().raises(about(&child(old))).await));
            }
        }
        own
    }));
    let beside =
        Deps::new(app.database.pool(), Arc::new(secrets(&[8, 7])), (*app.deps.schemes).clone());
    let rotation = async {
        // Two at once, and once more for what was being written under the old one.
        let (one, other) = tokio::join!(rotated(&beside), rotated(&app.deps));
        let sealed = one.unwrap().sealed + other.unwrap().sealed;
        for _ in 0..20 {
            rotated(&beside).await.unwrap();
        }
        stop.store(true, Ordering::SeqCst);
        sealed
    };
    let (more, sealed) = tokio::join!(load, rotation);
    raised.extend(more.concat());
    assert!(sealed >= u64::try_from(BEFORE).unwrap(), "{sealed}");
    assert!(raised.len() > BEFORE + WRITERS, "{}", raised.len());
    eprintln!("{sealed} sealed anew while {} were raised", raised.len() - BEFORE);
    assert_eq!(standing(&beside).await.unwrap().left(&newest), 0);
    assert_eq!(rotated(&beside).await.unwrap().sealed, 0, "there is nothing left to do");
    beside.pool.close();
    // A cursor from before counts while its secret is there.
    app.police().get(&next).await.expect(200);

    app.restart(secrets(&[8])).await;
    for (number, id) in &raised {
        assert_eq!(shown(&app, id).await, [child(*number)]);
    }
    for number in (0..BEFORE).step_by(50) {
        assert!(found(&app, &child(number)).await >= 1, "{number}");
    }
    let again = app.police().send(post, "/v1/escalations", &key, body).await;
    assert_eq!((again.status, again.id()), (first.status, first.id()), "{}", again.text);
    app.police().get(&next).await.expect(400);
    let after = partnership_keys(&app, &secrets(&[8])).await;
    assert_eq!(after.open_webhook_key(row.0.0, &signs).unwrap(), "whsec_made_up");
    assert_eq!(after.open_row(row, &waits).unwrap(), b"SYN70001QX");
    app.restart(secrets(&[7])).await;
    let answer = app.police().get(&format!("/v1/escalations/{}", raised[0].1)).await.expect(503);
    assert_eq!(answer.problem().0, "keys-unavailable", "the old secret opens nothing any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_says_which_secret_can_go_and_makes_it_so() {
    use base64::Engine;
    let app = TestApp::start().await;
    app.police().raises(about("SYN70001QX")).await;
    let place = DataDir::new("keys");
    let file = |byte: u8| {
        let path = place.0.join(format!("{byte}.secret"));
        let text = base64::engine::general_purpose::STANDARD.encode([byte; 32]);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (old, new) = (file(7), file(8));
    let url = app.database.url("escalation_app");
    let keys = |act: &str, first: &str, other: &str| {
        let mut arguments = vec!["keys", act, "--database-url", &url, "--root-secret-file", first];
        if !other.is_empty() {
            arguments.extend(["--other-root-secret-files", other]);
        }
        arguments.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let ran = |act: &str, first: &str, other: &str| {
        let arguments = keys(act, first, other);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        run(&arguments, &place.0)
    };
    assert!(ran("status", &old, "").contains("seals: 2 keys are under it"));
    let between = ran("status", &new, &old);
    assert!(between.contains("is needed: 2 keys"), "{between}");
    assert!(ran("status", &new, "").contains("is MISSING: 2 keys"));
    // Without the old secret nothing is done, and that is said.
    let arguments = keys("rotate", &new, "");
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let failed = command(&arguments, &place.0).output().unwrap();
    assert!(!failed.status.success());
    assert!(String::from_utf8_lossy(&failed.stderr).contains("not here"), "{failed:?}");
    let after = ran("rotate", &new, &old);
    assert!(after.contains("seals: 4 keys") || after.contains("seals: 3 keys"), "{after}");
    assert!(after.contains("is not needed: remove it"), "{after}");
    let alone = ran("status", &new, "");
    assert!(!alone.contains("MISSING"), "{alone}");
}
