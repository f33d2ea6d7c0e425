//! Everything that is held about a child leaves as one encrypted file: all of it, nothing of others, and never unrecorded.

use std::collections::BTreeSet;
use std::io::{Cursor, Read};
use std::num::NonZeroUsize;

use escalation_tracker::domain::chain::ChainName;
use escalation_tracker::domain::subject_export::{Decision, Found, TABLES, column_withheld};
use escalation_tracker::usecases::audit::check;
use escalation_tracker::usecases::chain::link_all;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio_postgres::Client;

use super::layers::root;
use super::support::TestApp;

const EXPORT: &str = "/v1/privacy/subject-exports";
const PASSWORD: &str = "correct horse battery staple";

fn asked(child: &str) -> Value {
    json!({"child_reference": {"scheme": "la_child_id", "value": child},
           "purpose": "subject_access", "password": PASSWORD})
}

fn opened(bytes: &[u8], name: &str, password: &str) -> Result<String, zip::result::ZipError> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes))?;
    let mut text = String::new();
    archive.by_name_decrypt(name, password.as_bytes())?.read_to_string(&mut text)?;
    Ok(text)
}

/// The JSON and the page of a child.
async fn taken(app: &TestApp, child: &str) -> (Value, String) {
    let officer = app.person("test-privacy_officer");
    let (status, headers, bytes) = officer.post_for_file(EXPORT, &asked(child)).await;
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&bytes));
    assert_eq!(headers["content-type"], "application/zip");
    assert_eq!(headers["cache-control"], "no-store");
    assert!(!headers["content-disposition"].to_str().unwrap().contains(child));
    let json = opened(&bytes, "what-is-held.json", PASSWORD).unwrap();
    (json.parse().unwrap(), opened(&bytes, "what-is-held.html", PASSWORD).unwrap())
}

async fn stored(look: &Client, sql: &str) -> Vec<Value> {
    let rows = look.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get::<_, String>(0).parse().unwrap()).collect()
}

fn table<'a>(tables: &'a Value, name: &str) -> Vec<&'a Value> {
    let found = tables.as_array().unwrap().iter().find(|it| it["table"] == name);
    found.map(|it| it["rows"].as_array().unwrap().iter().collect()).unwrap_or_default()
}

/// A matter with something in every table that is about a child: two siblings, named raiser.
async fn planted(app: &TestApp) -> String {
    let delay = json!({"timescale": "icpc", "started_at": "2026-11-17T10:00:00Z"});
    let id = app
        .police()
        .raises(json!({
            "delay": delay, "raised_by_role": "planted sergeant", "source": "planted-niche",
            "external_reference": "PLANTED-1", "concern": "A planted concern; see SYN 100777 as well.",
            "child_references": [{"scheme": "la_child_id", "value": "SYN100234"},
                                 {"scheme": "la_child_id", "value": "SYN100777"}],
        }))
        .await;
    let named = json!({"system": "mosaic", "type": "referral", "value": "PLANTED-R-1"});
    let path = format!("/v1/escalations/{id}/external-ids");
    app.childrens_services().post(&path, &named).await.expect(201);
    app.childrens_services().acknowledges(&id).await;
    app.childrens_services().agrees(&id).await;
    app.police().accepts(&id).await;
    app.childrens_services().resolves(&id).await;
    let learning = json!({"text": "A planted lesson.", "theme": "strategy_meeting_late", "said_by_agency": "anyborough_cs",
                          "said_by_role": "Head of front door", "escalations": [id]});
    app.director().post("/v1/reviews/2026-W46/learning", &learning).await.expect(201);
    app.director().get(&format!("/v1/escalations/{id}")).await.expect(200);
    let officer = app.person("test-privacy_officer");
    for (authority, child) in [("A planted order", "SYN100234"), ("A foreign order", "SYN100777")] {
        let hold = json!({"reason": "litigation", "authority": authority, "scope": "child",
                          "child_reference": {"scheme": "la_child_id", "value": child}});
        let hold = officer.post("/v1/privacy/legal-holds", &hold).await.expect(201).id();
        let lift = format!("/v1/privacy/legal-holds/{hold}/lift");
        officer.post(&lift, &json!({"reason": "A planted end."})).await.expect(200);
    }
    let erasure =
        json!({"ground": "objection", "authority": "A planted wish", "escalation_id": id});
    let erasure = officer.post("/v1/privacy/erasures", &erasure).await.expect(201).id();
    let refusal = format!("/v1/privacy/erasures/{erasure}/refusal");
    let why = json!({"reason": "A planted refusal."});
    app.director().post(&refusal, &why).await.expect(200);
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_is_held_about_a_child_is_in_the_file_and_nothing_of_others() {
    let app = TestApp::start().await;
    let look = app.database.superuser().await;
    let id = planted(&app).await;
    let other = app
        .health()
        .raises(json!({"concern": "About somebody foreign.",
                       "child_references": [{"scheme": "la_child_id", "value": "SYN100999"}]}))
        .await;
    let link = json!({"kind": "related_to", "escalation": other});
    app.health().get(&format!("/v1/escalations/{other}")).await.expect(200);
    app.director().acts(&id, "links", link).await;
    let path = format!("/v1/escalations/{id}/exclusion-proposal");
    let left_out = json!({"reason": "recorded_twice"});
    app.person("test-service_lead").post(&path, &left_out).await.expect(200);
    let (held, page) = taken(&app, "syn100234").await;

    assert_eq!(held["child_reference"], json!({"scheme": "la_child_id", "value": "SYN100234"}));
    assert_eq!(held["escalations"].as_array().unwrap().len(), 1);
    let agencies = stored(&look, "select jsonb_build_array(id, code)::text from agency").await;
    let by_code = |row: Value| -> Value {
        let text = agencies.iter().fold(row.to_string(), |text, it| {
            text.replace(it[0].as_str().unwrap(), it[1].as_str().unwrap())
        });
        text.parse().unwrap()
    };
    let tables = &held["escalations"][0]["tables"];
    let (mut filled, mut compared) = (0, 0);
    for it in TABLES {
        let Decision::Exported(found) = it.decision else { continue };
        let by = match found {
            Found::Escalation => "id",
            Found::OfEscalation => "escalation_id",
            _ => continue,
        };
        let sql = format!("select to_jsonb(t)::text from {} t where {by} = '{id}'", it.table);
        let rows: Vec<Value> = stored(&look, &sql).await.into_iter().map(by_code).collect();
        let shown = table(tables, it.table);
        assert_eq!(shown.len(), rows.len(), "{}", it.table);
        filled += usize::from(!rows.is_empty());
        for row in &rows {
            // Everything that was stored stands in one row of the file, or is named with why it does not.
            let told = |shown: &&Value| {
                row.as_object().unwrap().iter().all(|(name, value)| {
                    let it = &shown[name.as_str()];
                    let marked = it.to_string().contains("withheld");
                    column_withheld(name).is_some() || it == value || (marked && !value.is_null())
                })
            };
            assert!(shown.iter().any(told), "{} lacks {row}: {shown:?}", it.table);
            compared += 1;
        }
    }
    assert!(filled >= 11 && compared > 25, "{filled} {compared}");
    for fact in [
        "planted sergeant",
        "planted-niche",
        "PLANTED-1",
        "A planted concern",
        "PLANTED-R-1",
        "A planted lesson.",
        "A planted order",
        "A planted end.",
        "A planted wish",
        "A planted refusal.",
        "Hold a quorate strategy meeting.",
    ] {
        assert!(page.contains(fact) && held.to_string().contains(fact), "{fact}");
    }
    for foreign in
        ["SYN100777", "SYN 100777", "SYN100999", "somebody foreign", "A foreign order", &other]
    {
        assert!(!page.contains(foreign) && !held.to_string().contains(foreign), "{foreign}");
    }
    let children = table(tables, "escalation_child");
    assert_eq!(children.len(), 2);
    assert!(children.contains(&&json!({"withheld": "other_child"})), "{children:?}");
    // Who saw it: by agency and role, not by name.
    let seen = table(&held["beside"], "access_event");
    assert!(seen.iter().any(|it| it["actor_role"] == "director"), "{seen:?}");
    assert!(seen.iter().all(|it| it["actor_subject"] == json!({"withheld": "staff_pseudonym"})));
    let subjects = column(&look, "select distinct actor_subject from access_event").await;
    assert!(!subjects.is_empty());
    for subject in subjects {
        assert!(!held.to_string().contains(&format!("\"{subject}\"")), "{subject}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_protected_raiser_is_not_given_away_by_the_file() {
    let app = TestApp::start().await;
    let id = app
        .police()
        .raises(json!({"raiser_visibility": "protected", "raised_by_role": "sergeant of the night",
                       "source": "niche-of-the-force", "external_reference": "OCC-1"}))
        .await;
    let named = json!({"system": "niche", "type": "occurrence", "value": "OCC-2"});
    app.police().post(&format!("/v1/escalations/{id}/external-ids"), &named).await.expect(201);
    app.childrens_services().agrees(&id).await;
    app.police().accepts(&id).await;
    app.police().get(&format!("/v1/escalations/{id}")).await.expect(200);
    let (mut held, _) = taken(&app, "SYN100234").await;
    // The list of all agencies is the partnership's, and tells nothing.
    held["codes"]["agencies"] = Value::Null;
    let text = held.to_string();
    for word in ["valeshire_police", "sergeant", "niche", "OCC-1", "OCC-2"] {
        assert!(!text.contains(word), "{word}: {text}");
    }
    assert!(text.contains("protected_raiser") && text.contains("anyborough_cs"));
    assert!(text.contains("Hold a quorate strategy meeting."));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_it_is_on_record_and_what_cannot_be_recorded_does_not_leave() {
    let app = TestApp::start().await;
    let look = app.database.superuser().await;
    let id = app.police().raises(json!({})).await;
    taken(&app, "SYN100234").await;
    app.clock.advance(SignedDuration::from_secs(1));
    // Also where nothing is held.
    let (nothing, page) = taken(&app, "SYN100888").await;
    assert_eq!(nothing["escalations"], json!([]));
    assert!(page.contains("Nothing is held about this child."));
    let sql = "select jsonb_build_array(actor_role, purpose, fields, escalation_ids)::text from access_event
               where operation = 'create_subject_export' order by at, id";
    let entry =
        |ids: Value| json!(["privacy_officer", "subject_access", "with_child_references", ids]);
    assert_eq!(stored(&look, sql).await, [entry(json!([id])), entry(json!([]))]);
    link_all(&app.deps).await.unwrap();
    let found =
        check(&app.deps, app.partnership, ChainName::Reads, NonZeroUsize::MIN).await.unwrap();
    assert_eq!(found.fault, None);
    look.batch_execute("revoke insert on access_event from escalation_app").await.unwrap();
    let officer = app.person("test-privacy_officer");
    let refused = officer.post(EXPORT, &asked("SYN100234")).await.expect(503);
    assert_eq!(refused.problem().0, "access-not-recorded");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_opens_with_its_password_only_and_a_weak_one_is_refused() {
    let app = TestApp::start().await;
    app.police().raises(json!({})).await;
    let officer = app.person("test-privacy_officer");
    let (_, _, bytes) = officer.post_for_file(EXPORT, &asked("SYN100234")).await;
    assert!(opened(&bytes, "what-is-held.json", "correct horse battery stable").is_err());
    assert!(!bytes.windows(9).any(|it| it == b"SYN100234"));
    let refused = |change: (&'static str, Value)| {
        let mut body = asked("SYN100234");
        body[change.0] = change.1;
        let officer = app.person("test-privacy_officer");
        async move { officer.post(EXPORT, &body).await.expect(422).problem().1 }
    };
    let fault = |at: &str, code: &str| vec![(at.to_owned(), code.to_owned())];
    assert_eq!(refused(("password", json!("short"))).await, fault("#/password", "pattern"));
    assert_eq!(refused(("purpose", json!("curiosity"))).await, fault("#/purpose", "unknown_code"));
    for client in ["test-police", "test-director", "test-auditor", "test-analyst", "test-operator"]
    {
        app.person(client).post(EXPORT, &asked("SYN100234")).await.expect(403);
    }
}

async fn column(look: &Client, sql: &str) -> BTreeSet<String> {
    look.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_has_a_decision_and_no_secret_column_is_shown() {
    let app = TestApp::start().await;
    let look = app.database.superuser().await;
    let sql = "select c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
               where n.nspname = 'public' and c.relkind in ('r', 'p') and c.relname <> '__diesel_schema_migrations'";
    let decided: BTreeSet<String> = TABLES.iter().map(|it| it.table.to_owned()).collect();
    assert_eq!(
        column(&look, sql).await,
        decided,
        "say in src/domain/subject_export/tables.rs whether the table is in what a child may ask for"
    );
    let map = std::fs::read_to_string(root().join("docs/dpia/data-map.csv")).unwrap();
    let mut looked_at = 0;
    for row in csv::Reader::from_reader(map.as_bytes()).records() {
        let row = row.unwrap();
        let it = TABLES.iter().find(|it| it.table == &row[0]);
        let Some(Decision::Exported(_)) = it.map(|it| it.decision) else { continue };
        let (name, protection) = (&row[1], &row[9]);
        if protection.contains("hashed") || protection.contains("sealed") {
            assert!(column_withheld(name).is_some(), "{}.{name} is shown", &row[0]);
            looked_at += 1;
        }
        if row[2].contains("pseudonym") {
            let known = name.ends_with("subject") || name == "rule_state";
            assert!(known || column_withheld(name).is_some(), "{}.{name} is shown", &row[0]);
            looked_at += 1;
        }
    }
    assert!(looked_at > 8, "{looked_at}");
}
