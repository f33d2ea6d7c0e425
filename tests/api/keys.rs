//! Children's references under keys of their own: what was changed never opens as another child's, and what has no key
//! is said to have none.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_lc_rs::aead::{AES_256_GCM, Aad, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::hmac;
use escalation_tracker::domain::ids::EscalationId;
use escalation_tracker::usecases::key_rotation::{self, Rotated, rotate, standing};
use escalation_tracker::usecases::{Deps, Failure, read, registry};
use escalation_tracker::vault::{CannotOpen, Key, RootId, RootKeys, Secrets, Vault};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio_postgres::Client;

use super::support::TestApp;
use super::support::people::raise_body;
use super::support::tokens::ISSUER;

pub(super) fn about(child: &str) -> Value {
    json!({"child_references": [{"scheme": "la_child_id", "value": child}]})
}

/// The references that an agency is shown.
pub(super) async fn shown(app: &TestApp, id: &str) -> Vec<String> {
    let one = app.police().get(&format!("/v1/escalations/{id}")).await.expect(200);
    let children = one.json["child_references"].as_array().unwrap().clone();
    children.iter().map(|child| child["value"].as_str().unwrap().to_owned()).collect()
}

/// How many escalations a search finds.
pub(super) async fn found(app: &TestApp, child: &str) -> usize {
    let body = json!({"child_reference": {"scheme": "la_child_id", "value": child}});
    let found = app.police().post("/v1/searches", &body).await.expect(200);
    found.json["items"].as_array().unwrap().len()
}

/// Seals everything anew.
pub(super) async fn rotated(deps: &Deps) -> Result<Rotated, Failure> {
    rotate(deps, &mut |_| {}).await
}

async fn number(client: &Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_child_has_one_key_and_nothing_stored_tells_who_it_is() {
    let app = TestApp::start().await;
    let look = app.database.superuser().await;
    let mut planted = Vec::new();
    for at in 0..40 {
        let child = format!("SYN7{at:04}QX");
        let id = app.police().raises(about(&child)).await;
        planted.push((child, id));
    }
    // The same child again, with one more.
    let twins = json!({"child_references": [
        {"scheme": "la_child_id", "value": planted[0].0}, {"scheme": "la_child_id", "value": "SYN79999QX"}]});
    let both = app.police().raises(twins).await;
    assert_eq!(shown(&app, &both).await, [planted[0].0.as_str(), "SYN79999QX"]);
    assert_eq!(found(&app, &planted[0].0).await, 2);
    assert_eq!(number(&look, "select count(*) from child_data_key").await, 41);
    assert_eq!(number(&look, "select count(*) from partnership_key").await, 1);
    // The head names the key, and the key is the child's own.
    let headed = "select count(*) from escalation_child c join child_data_key k
                  on k.partnership_id = c.partnership_id and k.child_key = c.child_key
                  where get_byte(c.ciphertext, 0) = 2 and substring(c.ciphertext from 2 for 16) = uuid_send(k.id)";
    assert_eq!(number(&look, headed).await, 42);
    for (child, id) in &planted {
        assert_eq!(shown(&app, id).await, [child.as_str()]);
    }
    let tables = "select relname::text from pg_class
                  where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace";
    let mut read = 0;
    for row in look.query(tables, &[]).await.unwrap() {
        let table: String = row.get(0);
        let rows = look.query(&format!("select t::text from {table} t"), &[]).await.unwrap();
        for row in rows {
            let text: String = row.get(0);
            read += 1;
            for (child, _) in &planted {
                let hex: String = child.bytes().map(|byte| format!("{byte:02x}")).collect();
                assert!(!text.contains(child.as_str()) && !text.contains(&hex), "{table}");
            }
        }
    }
    assert!(read > 200, "{read}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_swapped_or_changed_is_shown_to_nobody_as_another_child() {
    let app = TestApp::start().await;
    let look = app.database.superuser().await;
    let one = app.police().raises(about("SYN70001QX")).await;
    let other = app.police().raises(about("SYN70002QX")).await;
    let twins = json!({"child_references": [
        {"scheme": "la_child_id", "value": "SYN70001QX"}, {"scheme": "la_child_id", "value": "SYN70002QX"}]});
    let twins = app.police().raises(twins).await;
    let refused = async |id: &str| {
        let answer = app.police().get(&format!("/v1/escalations/{id}")).await.expect(500);
        assert_eq!(answer.problem().0, "integrity-failure");
        assert!(!answer.text.contains("SYN7"), "{}", answer.text);
        // The Director, who is shown no child, is not held up; nor is a list.
        app.director().get(&format!("/v1/escalations/{id}")).await.expect(200);
        app.police().get("/v1/escalations").await.expect(200);
    };
    let kept = "create table kept as select * from escalation_child";
    look.batch_execute(kept).await.unwrap();
    let back = "update escalation_child c set ciphertext = k.ciphertext, child_key = k.child_key from kept k
                where (k.escalation_id, k.position) = (c.escalation_id, c.position)";
    // Between two escalations, with and without the hash that finds the child.
    for what in ["ciphertext = k.ciphertext", "ciphertext = k.ciphertext, child_key = k.child_key"]
    {
        let swap = format!(
            "update escalation_child c set {what} from kept k
             where (c.escalation_id, k.escalation_id) in (('{one}', '{other}'), ('{other}', '{one}'))"
        );
        assert_eq!(look.execute(&swap, &[]).await.unwrap(), 2);
        refused(&one).await;
        refused(&other).await;
        look.batch_execute(back).await.unwrap();
        assert_eq!(shown(&app, &one).await, ["SYN70001QX"]);
    }
    // Between two children of one escalation.
    let swap = format!(
        "update escalation_child c set ciphertext = k.ciphertext from kept k
         where c.escalation_id = '{twins}' and k.escalation_id = '{twins}' and c.position <> k.position"
    );
    assert_eq!(look.execute(&swap, &[]).await.unwrap(), 2);
    refused(&twins).await;
    look.batch_execute(back).await.unwrap();
    // Every byte, the head and the key's name too.
    let length = "select octet_length(ciphertext)::bigint from escalation_child limit 1";
    let length = number(&look, length).await;
    for at in 0..length {
        let flip = format!(
            "update escalation_child set ciphertext = set_byte(ciphertext, {at}, get_byte(ciphertext, {at}) # 16)
             where escalation_id = '{one}'"
        );
        look.batch_execute(&flip).await.unwrap();
        let answer = app.police().get(&format!("/v1/escalations/{one}")).await.expect(500);
        assert_eq!(answer.problem().0, "integrity-failure", "byte {at}");
        look.batch_execute(&flip).await.unwrap();
    }
    assert!(length > 40, "{length}");
    assert_eq!(shown(&app, &one).await, ["SYN70001QX"]);
    // The key itself, changed or another child's.
    for change in [
        "wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1)".to_owned(),
        "wrapped = (select wrapped from child_data_key k where k.id <> child_data_key.id limit 1)"
            .to_owned(),
    ] {
        look.batch_execute("create table keys as select * from child_data_key").await.unwrap();
        look.batch_execute(&format!("update child_data_key set {change}")).await.unwrap();
        refused(&one).await;
        let undo = "update child_data_key c set wrapped = k.wrapped from keys k where k.id = c.id; drop table keys";
        look.batch_execute(undo).await.unwrap();
        assert_eq!(shown(&app, &one).await, ["SYN70001QX"]);
    }
}

/// What a log writes, kept.
#[derive(Clone, Default)]
struct Kept(Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn whoever_keeps_the_service_is_told_which_row_does_not_open_and_not_whose_it_is() {
    let app = TestApp::start().await;
    let look = app.database.superuser().await;
    let id = app.police().raises(about("SYN70001QX")).await;
    look.batch_execute("update escalation_child set ciphertext = set_byte(ciphertext, 30, 0)")
        .await
        .unwrap();
    let kept = Kept::default();
    let log = kept.clone();
    let subscriber = tracing_subscriber::fmt().json().with_writer(move || log.clone()).finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let registered = registry::find(&app.deps, ISSUER, "test-police").await.unwrap().unwrap();
    let police = registry::caller(&app.deps, &registered, "somebody".to_owned()).await.unwrap();
    let failed = read::one(&app.deps, &police, EscalationId(id.parse().unwrap()), None).await;
    drop(guard);
    assert!(failed.is_err());
    let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    let line = text.lines().find(|line| line.contains("does not open")).expect("a line");
    let line: Value = serde_json::from_str(line).unwrap();
    assert_eq!((line["level"].as_str(), &line["fields"]["alert"]), (Some("ERROR"), &json!(true)));
    assert_eq!(line["fields"]["escalation"], json!(id));
    assert!(!text.contains("SYN7") && !text.contains("70001"), "{text}");
}

/// Root secrets that can be out of reach, as a key service can.
struct Elsewhere {
    secrets: Secrets,
    away: AtomicBool,
}

impl RootKeys for Elsewhere {
    fn ids(&self) -> Vec<RootId> {
        self.secrets.ids()
    }

    fn derive(&self, root: RootId, purpose: &[&[u8]]) -> Result<Key, CannotOpen> {
        if self.away.load(Ordering::SeqCst) {
            return Err(CannotOpen::Away);
        }
        self.secrets.derive(root, purpose)
    }
}

/// What needs a child's reference is refused for now, and what does not goes on.
async fn only_references_are_missing(app: &TestApp, id: &str) {
    let refused = |answer: &super::support::people::Answer| {
        assert_eq!(
            (answer.status, answer.problem().0.as_str()),
            (503, "keys-unavailable"),
            "{}",
            answer.text
        );
        assert_eq!(answer.header("retry-after"), "30");
    };
    let path = format!("/v1/escalations/{id}");
    refused(&app.police().get(&path).await);
    refused(&app.police().post("/v1/escalations", &raise_body(about("SYN70003QX"))).await);
    refused(&app.police().post("/v1/escalations", &raise_body(about("SYN70001QX"))).await);
    refused(&app.childrens_services().post(&format!("{path}/acknowledgement"), &json!({})).await);
    // Nobody else is shown a child, so that nothing is opened for them.
    for person in [app.director(), app.person("test-service_lead"), app.person("test-auditor")] {
        let one = person.get(&path).await.expect(200);
        assert_eq!(one.json["child_references"], Value::Null);
    }
    app.police().get("/v1/escalations").await.expect(200);
    app.police().get(&format!("{path}/events")).await.expect(200);
    for person in [app.director(), app.person("test-analyst")] {
        person.get("/v1/escalations").await.expect(200);
        person.get("/v1/themes/weekly").await.expect(200);
        person.get("/v1/clocks").await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_root_secrets_only_what_needs_a_reference_is_refused() {
    let mut app = TestApp::start().await;
    let secrets = Secrets::new(vec![[7; 32]]);
    let elsewhere = Arc::new(Elsewhere { secrets, away: AtomicBool::new(false) });
    app.restart(Vault::kept_by(elsewhere.clone())).await;
    let look = app.database.superuser().await;
    let id = app.police().raises(about("SYN70001QX")).await;
    elsewhere.away.store(true, Ordering::SeqCst);
    only_references_are_missing(&app, &id).await;
    assert_eq!(number(&look, "select count(*) from escalation").await, 1, "nothing is half done");
    assert_eq!(number(&look, "select count(*) from child_data_key").await, 1);
    // A process that starts meanwhile is no better off, and harms nothing.
    app.restart(Vault::kept_by(elsewhere.clone())).await;
    only_references_are_missing(&app, &id).await;
    elsewhere.away.store(false, Ordering::SeqCst);
    assert_eq!(shown(&app, &id).await, ["SYN70001QX"]);
    app.childrens_services().acknowledges(&id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_root_secret_that_is_not_known_is_said_and_nothing_is_sealed_over_it() {
    let mut app = TestApp::start().await;
    let id = app.police().raises(about("SYN70001QX")).await;
    let look = app.database.superuser().await;
    let before = look.query_one("select wrapped from partnership_key", &[]).await.unwrap();
    app.restart(Vault::new([9; 32])).await;
    only_references_are_missing(&app, &id).await;
    let search = json!({"child_reference": {"scheme": "la_child_id", "value": "SYN70001QX"}});
    assert_eq!(
        app.police().post("/v1/searches", &search).await.expect(503).problem().0,
        "keys-unavailable"
    );
    assert!(rotated(&app.deps).await.is_err());
    let old = Vault::new([7; 32]).newest().unwrap().to_string();
    assert_eq!(
        key_rotation::missing(&app.deps).await.unwrap().into_iter().collect::<Vec<_>>(),
        [old]
    );
    let after = look.query_one("select wrapped from partnership_key", &[]).await.unwrap();
    assert_eq!(before.get::<_, Vec<u8>>(0), after.get::<_, Vec<u8>>(0));
    app.restart(Vault::new([7; 32])).await;
    assert_eq!(shown(&app, &id).await, ["SYN70001QX"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn children_and_partnerships_get_one_key_however_many_begin_at_once() {
    let app = TestApp::start().await;
    let look = app.database.superuser().await;
    let other =
        Deps::new(app.database.pool(), Arc::new(Vault::new([7; 32])), (*app.deps.schemes).clone());
    let raising = join_all((0..12).map(async |_| {
        let two = json!({"child_references": [
            {"scheme": "la_child_id", "value": "SYN70001QX"}, {"scheme": "la_child_id", "value": "SYN70002QX"}]});
        app.police().raises(two).await
    }));
    let (raised, first, second) = tokio::join!(raising, rotated(&other), rotated(&app.deps));
    assert_eq!((first.unwrap().sealed, second.unwrap().sealed), (0, 0));
    for id in raised {
        assert_eq!(shown(&app, &id).await, ["SYN70001QX", "SYN70002QX"]);
    }
    assert_eq!(found(&app, "SYN70001QX").await, 12);
    assert_eq!(number(&look, "select count(*) from child_data_key").await, 2);
    assert_eq!(number(&look, "select count(*) from partnership_key").await, 2);
    other.pool.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_changed_holds_up_no_other_when_everything_is_sealed_anew() {
    let mut app = TestApp::start().await;
    let look = app.database.superuser().await;
    let mut ids = Vec::new();
    for child in ["SYN70001QX", "SYN70002QX", "SYN70003QX"] {
        ids.push(app.police().raises(about(child)).await);
    }
    let change =
        "update child_data_key set wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1)
                  where id = (select min(id::text)::uuid from child_data_key)";
    assert_eq!(look.execute(change, &[]).await.unwrap(), 1);
    app.restart(secrets(&[8, 7])).await;
    // Two children's keys and the partnership's; the other partnership gets its own, under the new secret.
    assert_eq!(rotated(&app.deps).await.unwrap(), Rotated { sealed: 3, broken: 1 });
    assert_eq!(rotated(&app.deps).await.unwrap(), Rotated { sealed: 0, broken: 1 });
    let newest = app.deps.vault.newest().unwrap().to_string();
    assert_eq!(standing(&app.deps).await.unwrap().left(&newest), 1);
    app.restart(secrets(&[8])).await;
    let mut opened = 0;
    for id in ids {
        opened +=
            usize::from(app.police().get(&format!("/v1/escalations/{id}")).await.status == 200);
    }
    assert_eq!(opened, 2);
}

struct Length;

impl KeyType for Length {
    fn len(&self) -> usize {
        32
    }
}

/// A key as it was derived while keys were not stored, computed here and not by the program.
fn derived(secret: [u8; 32], purpose: &[u8], partnership: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    let salt = Salt::new(HKDF_SHA256, b"escalation-tracker/v1").extract(&secret);
    salt.expand(&[purpose, partnership], Length).unwrap().fill(&mut key).unwrap();
    key
}

/// Makes what a version left behind that had no data keys: an escalation with this child.
async fn as_it_was(app: &TestApp, secret: [u8; 32], child: &str) -> String {
    let look = app.database.superuser().await;
    let other = format!("{child}9");
    let id = app.police().raises(about(&other)).await;
    let (partnership, escalation): (uuid::Uuid, uuid::Uuid) =
        (app.partnership.0, id.parse().unwrap());
    let place = [
        b"escalation_child.ciphertext".as_slice(),
        partnership.as_bytes(),
        escalation.as_bytes(),
        b"la_child_id",
    ]
    .concat();
    let key = derived(secret, b"child-seal", partnership.as_bytes());
    let key = RandomizedNonceKey::new(&AES_256_GCM, &key).unwrap();
    let mut text = child.as_bytes().to_vec();
    let nonce = key.seal_in_place_append_tag(Aad::from(place), &mut text).unwrap();
    let ciphertext = [&[1], nonce.as_ref().as_slice(), &text].concat();
    let index = derived(secret, b"child-index", partnership.as_bytes());
    let index = hmac::Key::new(hmac::HMAC_SHA256, &index);
    let hash = hmac::sign(&index, format!("la_child_id:{child}").as_bytes()).as_ref().to_vec();
    look.execute(
        "update escalation_child set ciphertext = $1, child_key = $2 where escalation_id::text = $3",
        &[&ciphertext, &hash, &id],
    )
    .await
    .unwrap();
    look.batch_execute(
        "set session_replication_role = replica;
         delete from child_data_key; delete from partnership_key;
         insert into partnership_key (partnership_id, created_at) select id, now() from partnership;",
    )
    .await
    .unwrap();
    id
}

fn secrets(all: &[u8]) -> Vault {
    Vault::kept_by(Arc::new(Secrets::new(all.iter().map(|byte| [*byte; 32]).collect())))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sealed_before_there_were_keys_is_read_found_and_sealed_anew() {
    let mut app = TestApp::start().await;
    let look = app.database.superuser().await;
    let id = as_it_was(&app, [7; 32], "SYN70001QX").await;
    // A secret that came since is not taken for the one that was there.
    app.restart(secrets(&[9])).await;
    app.police().get(&format!("/v1/escalations/{id}")).await.expect(503);
    assert_eq!(
        number(&look, "select count(*) from partnership_key where wrapped is not null").await,
        0
    );
    // Two processes begin at once, the next secret already beside the old one.
    app.restart(secrets(&[8, 7])).await;
    let other =
        Deps::new(app.database.pool(), Arc::new(secrets(&[8, 7])), (*app.deps.schemes).clone());
    let (first, second) = tokio::join!(shown(&app, &id), rotated(&other));
    assert_eq!(first, ["SYN70001QX"]);
    // Both partnerships' keys from before are sealed, which is no sealing anew; the one reference is.
    assert_eq!(second.unwrap(), Rotated { sealed: 1, broken: 0 });
    assert_eq!(shown(&app, &id).await, ["SYN70001QX"]);
    assert_eq!(found(&app, "SYN70001QX").await, 1);
    let again =
        app.police().post("/v1/escalations", &raise_body(about("SYN70001QX"))).await.expect(201);
    assert_eq!(again.json["possible_duplicates"][0]["id"], json!(id), "{}", again.text);
    let stands = standing(&other).await.unwrap();
    assert_eq!(
        (stands.old_references, stands.left(&other.vault.newest().unwrap().to_string())),
        (0, 0)
    );
    other.pool.close();
    app.restart(secrets(&[8])).await;
    assert_eq!(shown(&app, &id).await, ["SYN70001QX"]);
    assert_eq!(found(&app, "SYN70001QX").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_by_child_uses_its_index_under_row_security() {
    let app = TestApp::start().await;
    let id = app.police().raises(about("SYN70001QX")).await;
    let look = app.database.superuser().await;
    // Many other children of many escalations of the police's, as rows.
    look.batch_execute(&format!(
        "set session_replication_role = replica;
         insert into escalation select (e).* from (
             select jsonb_populate_record(x, jsonb_build_object('id', gen_random_uuid(), 'reference', 'ESC-ANY-2027-' || lpad(n::text, 5, '0'),
                    'external_reference', null, 'source', null)) as e
             from escalation x, generate_series(1, 2000) n where x.id = '{id}') it;
         insert into escalation_child
         select partnership_id, id, n, 'la_child_id', sha256((id::text || n)::bytea), '\\x02'
         from escalation, generate_series(1, 100) n;
         analyze escalation; analyze escalation_child;"
    ))
    .await
    .unwrap();
    assert!(number(&look, "select count(*) from escalation_child").await > 200_000);
    let service = app.database.connect("escalation_app").await;
    service.batch_execute("begin").await.unwrap();
    let agency = "select string_agg(id::text, ',') from agency where code = 'valeshire_police'";
    let agency: String = look.query_one(agency, &[]).await.unwrap().get(0);
    let state =
        "select set_config('app.partnership_id', $1, true), set_config('app.agency_ids', $2, true),
                        set_config('app.reach', 'own_agency', true)";
    service.query(state, &[&app.partnership.to_string(), &agency]).await.unwrap();
    let hash: Vec<u8> = look
        .query_one("select child_key from escalation_child where escalation_id::text = $1 and position = 0", &[&id])
        .await
        .unwrap()
        .get(0);
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let explain = format!(
        "explain (analyze, timing off) select e.id from escalation_child c
         join escalation e on e.partnership_id = c.partnership_id and e.id = c.escalation_id
         where c.partnership_id = '{}' and c.child_key = '\\x{hex}' order by e.raised_at desc limit 200",
        app.partnership
    );
    let plan: Vec<String> =
        service.query(&explain, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    let plan = plan.join("\n");
    assert!(plan.contains("escalation_child_key") && !plan.contains("Seq Scan"), "{plan}");
    assert_eq!(found(&app, "SYN70001QX").await, 1);
    eprintln!("{plan}");
}
