//! Row security: the database keeps apart what the service must keep apart, even when the service forgets.

use escalation_tracker::domain::access::Reach;
use escalation_tracker::store::StoreFailure;
use escalation_tracker::store::pool::{Pool, PoolOptions};
use escalation_tracker::store::session::{Stated, transaction};
use escalation_tracker::usecases::chain::{link_all, sequence_all};
use escalation_tracker::usecases::checkpoints;
use escalation_tracker::usecases::sweep::{Sweeper, sweep_all};
use serde_json::json;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error};

use super::support::TestApp;
use super::support::people::resolve_body;

const OF_AN_ESCALATION: &[&str] =
    &["delay", "episode", "escalation_child", "event", "event_text", "stage_clock", "timer"];

/// What people come in by: no facts, so rows are deleted when they are over, and no agency's work sees any of them.
const OF_THE_DOOR: &[&str] = &["login_attempt", "web_session"];

/// What waits for its place in the feed: whoever acts adds, and no agency's work reads or takes away.
const OF_THE_SEQUENCER: &[&str] = &["access_pending", "feed_pending"];

/// What is for those who review the whole partnership, and for no agency.
const OF_THE_REVIEW: &[&str] = &[
    "access_entry",
    "access_event",
    "access_head",
    "access_seen",
    "erased_escalation",
    "erasure",
    "erasure_decision",
    "legal_hold",
    "legal_hold_lift",
    "rebase",
    "rebase_withdrawal",
    "report_token",
    "report_token_revocation",
    "review_action",
    "review_action_state",
    "review_learning",
    "review_learning_result",
    "review_setting",
    "review_sign_off",
];

/// A service with escalations of three agencies and of another partnership, so that no table is empty.
pub(super) struct World {
    pub(super) app: TestApp,
    /// Between the police and children's services.
    police: String,
    /// Between community health and children's services.
    health: String,
    /// Of another partnership.
    pub(super) elsewhere: String,
}

impl World {
    pub(super) async fn new() -> Self {
        let app = TestApp::start().await;
        let delay = json!({"timescale": "strategy_meeting", "started_at": "2026-11-16T15:10:00Z"});
        let full = |with: &str| json!({"raised_with_agency": with, "delay": delay});
        let police = app.police().raises(full("anyborough_cs")).await;
        app.childrens_services().agrees(&police).await;
        app.police().accepts(&police).await;
        app.childrens_services().acts(&police, "resolution", resolve_body()).await;
        let health = app.health().raises(full("anyborough_cs")).await;
        let elsewhere = app.person("else-police").raises(full("elsewhere_cs")).await;
        // Said by nobody, because no two of these have anything to do with each other.
        app.database
            .superuser()
            .await
            .batch_execute(
                "insert into escalation_link
                 select e.partnership_id, e.id, 0, 'related_to', o.id, now()
                 from escalation e
                 cross join lateral (
                     select id from escalation o
                     where o.partnership_id = e.partnership_id and o.id <> e.id limit 1) o",
            )
            .await
            .unwrap();
        let commend = async |client: &str, about: &str| {
            let body = json!({"about_agency": about, "theme": "icpc_late", "note": "Well done."});
            app.person(client).post("/v1/commendations", &body).await.expect(201);
        };
        commend("test-police", "anyborough_cs").await;
        commend("test-health", "anyborough_cs").await;
        commend("else-police", "elsewhere_cs").await;
        app.database
            .superuser()
            .await
            .batch_execute(
                "insert into login_attempt
                 select id, sha256(code::bytea), repeat('s', 43), repeat('n', 43), repeat('v', 43), '/', false, now()
                 from partnership;
                 insert into web_session
                 select partnership_id, sha256(client_id::bytea), issuer, 'somebody', client_id, role, agency_id,
                        name, now(), now(), now()
                 from client;
                 insert into review_sign_off
                 select partnership_id, '2026-11-16', row_number() over (partition by partnership_id), now(), '{}',
                        repeat('0', 64), 1, '[]', '{}',
                        case when row_number() over (partition by partnership_id) > 1 then 'Again.' end,
                        false, now(), role, id, 'somebody'
                 from client;
                 insert into figure_exclusion
                 select e.partnership_id, e.id, 1, 'proposed', 'test_record', c.role, c.id, 'somebody', now(), e.episode
                 from escalation e
                 cross join lateral (select * from client c where c.partnership_id = e.partnership_id limit 1) c;
                 insert into public_release
                 select distinct on (partnership_id) partnership_id, date '2026-06-29', date '2026-09-21', '2026-Q3',
                        'nhs_sub_national', now(), '{}', repeat('0', 64), 'Director', 'All of it.', now(), role, id,
                        'somebody'
                 from client;
                 insert into idempotency_key
                 select e.partnership_id, c.id, sha256('key'), sha256('meaning'), e.id, now()
                 from escalation e
                 join client c on c.partnership_id = e.partnership_id and c.agency_id = e.raised_by_agency_id;
                 insert into source_record
                 select e.partnership_id, e.id, 1, 1, theme_code, urgency, null, null, null, null, now(), 'agency', c.id,
                        'somebody'
                 from escalation e
                 join client c on c.partnership_id = e.partnership_id and c.agency_id = e.raised_by_agency_id;
                 insert into report_token
                 select partnership_id, id, id, sha256('secret'), now(), now() + interval '1 day' from client;
                 insert into report_token_revocation select partnership_id, id, now() from report_token;
                 insert into external_id
                 select e.partnership_id, e.id, e.id, e.raised_by_agency_id, 'mosaic', 'referral', e.id::text, now(), 'agency',
                        c.id, 'somebody', null, null, null, null
                 from escalation e
                 join client c on c.partnership_id = e.partnership_id and c.agency_id = e.raised_by_agency_id;
                 insert into export_record
                 select partnership_id, id, agency_id, 'inspection', 'csv', '', 1, now(), role, id, 'somebody'
                 from client where client_id in ('test-police', 'test-health', 'else-police');
                 insert into import_job (partnership_id, id, agency_id, state, dry_run, mode, format, row_count,
                        column_notes, recorded_at, recorded_by_role, recorded_by_client_id, recorded_by_subject)
                 select partnership_id, id, agency_id, 'queued', true, 'per_row', 'csv', 1, '[]', now(), role, id,
                        'somebody'
                 from client where client_id in ('test-police', 'test-health', 'else-police');
                 insert into import_row (partnership_id, import_id, number, line)
                 select partnership_id, id, 1, 2 from import_job;
                 insert into rebase
                 select partnership_id, id, '{raised}', '2026-11-09', 'Relaunched.', now(), role, id, 'somebody'
                 from client where client_id in ('test-director', 'else-director');
                 insert into rebase_withdrawal
                 select partnership_id, id, 'Put off.', now(), role, id, 'somebody'
                 from client where client_id in ('test-director', 'else-director');
                 insert into review_setting
                 select partnership_id, 1, '2026-11-09', 0.9, 2, 20, 12, 7, false, '{shift}', 'Agreed.', now(), role,
                        id, 'somebody'
                 from client where client_id in ('test-director', 'else-director');
                 insert into heartbeat
                 select partnership_id, agency_id, 1, now(), role, id, 'somebody' from client
                 where client_id in ('test-police', 'test-health', 'else-police');
                 insert into feed_agreement
                 select partnership_id, agency_id, 1, 24, 'Agreed.', now(), role, id, 'somebody' from client
                 where client_id in ('test-police', 'test-health', 'else-police');
                 insert into sharing_agreement
                 select partnership_id, agency_id, 'A', 'public_task', '2026-01-01', '2026-12-31', null, now() from client
                 where client_id in ('test-police', 'test-health', 'else-police');
                 insert into nil_return
                 select partnership_id, agency_id, '2026-11-09', 'Manager', now(), role, id, 'somebody' from client
                 where client_id in ('test-police', 'test-health', 'else-police');
                 insert into review_learning
                 select distinct on (c.partnership_id) c.partnership_id, c.id, date '2026-11-16', 'Learnt.', 'group', null,
                        '{}'::uuid[], a.id, 'Manager', null, null, null, null, null, null, now(), c.role, c.id, 'somebody'
                 from client c join agency a on a.partnership_id = c.partnership_id;
                 insert into review_learning_result
                 select partnership_id, id, 'better', 1, 1, now(), 'director', recorded_by_client_id, 'somebody'
                 from review_learning;
                 insert into review_action
                 select partnership_id, id, week, 'Do it.', said_by_agency_id, 'Manager', null, id from review_learning;
                 insert into review_action_state
                 select partnership_id, id, 1, 'on_track', null, '2026-11-30', null, null, now(), 'director',
                        recorded_by_client_id, 'somebody'
                 from review_learning;
                 insert into legal_hold
                 select distinct on (c.partnership_id) c.partnership_id, c.id, 'escalation', e.id, null::bytea, 'public_inquiry',
                        'Ref. 1', date '2026-11-09', null::date, now(), c.role, c.id, 'somebody'
                 from client c join escalation e on e.partnership_id = c.partnership_id
                 where c.role = 'director';
                 insert into legal_hold_lift
                 select partnership_id, id, 'It is over.', now(), recorded_by_role, recorded_by_client_id, 'somebody'
                 from legal_hold;
                 insert into erasure
                 select partnership_id, id, scope, escalation_id, child_key, 'ordered', authority, recorded_at,
                        recorded_by_role, recorded_by_client_id, recorded_by_subject
                 from legal_hold;
                 insert into erasure_decision
                 select partnership_id, id, 'approved', null, 0, date '2026-12-31', now(), recorded_by_role,
                        recorded_by_client_id, 'somebody'
                 from erasure;
                 insert into erased_escalation
                 select partnership_id, id, escalation_id, false, 0, 0, 0 from erasure",
            )
            .await
            .unwrap();
        sweep_all(&app.deps, &Sweeper::new(&app.deps)).await.unwrap();
        sequence_all(&app.deps).await.unwrap();
        link_all(&app.deps).await.unwrap();
        assert_eq!(checkpoints::make_all(&app.deps).await.unwrap().len(), 2);
        let waits = "insert into feed_pending (partnership_id, escalation_id, event_id)
                     select partnership_id, escalation_id, event_id from feed_entry where position = 1";
        app.database.superuser().await.batch_execute(waits).await.unwrap();
        let waits = "insert into access_pending (partnership_id, at, access_id, leaf)
                     select partnership_id, at, access_id, leaf from access_entry where position = 1";
        app.database.superuser().await.batch_execute(waits).await.unwrap();
        let webhooks = "
            insert into webhook_endpoint (partnership_id, id, agency_id, url, scheme, state, version, position,
                recorded_at, recorded_by_role, recorded_by_client_id, recorded_by_subject)
            select partnership_id, id, agency_id, 'https://hooks.example.org/', 'ed25519', 'active', 1, 0, now(), role,
                   id, 'somebody'
            from client where client_id in ('test-police', 'test-health', 'test-director', 'else-police');
            insert into webhook_act (partnership_id, endpoint_id, act, recorded_at, recorded_by_role,
                recorded_by_client_id, recorded_by_subject)
            select partnership_id, id, 'created', now(), recorded_by_role, id, 'somebody' from webhook_endpoint;
            insert into webhook_key select partnership_id, id, id, 'ed25519', 'x', 'whpk_', now() from webhook_endpoint;
            insert into webhook_delivery (partnership_id, endpoint_id, escalation_id, position, created_at)
            select e.partnership_id, e.id, f.escalation_id, f.position, now() from webhook_endpoint e
            join feed_entry f on f.partnership_id = e.partnership_id and f.position = 1;
            insert into webhook_lane select partnership_id, endpoint_id, escalation_id, now() from webhook_delivery;
            insert into webhook_attempt
            select partnership_id, gen_random_uuid(), number, now(), 1, 'refused', 500 from webhook_delivery";
        app.database.superuser().await.batch_execute(webhooks).await.unwrap();
        Self { app, police, health, elsewhere }
    }

    /// The role that the service works as.
    pub(super) async fn service(&self) -> Client {
        self.app.database.connect("escalation_app").await
    }

    async fn superuser(&self) -> Client {
        self.app.database.superuser().await
    }

    pub(super) async fn agency(&self, code: &str) -> String {
        let sql = "select id::text from agency where code = $1";
        self.superuser().await.query_one(sql, &[&code]).await.unwrap().get(0)
    }

    pub(super) async fn partnership(&self, code: &str) -> String {
        let sql = "select id::text from partnership where code = $1";
        self.superuser().await.query_one(sql, &[&code]).await.unwrap().get(0)
    }
}

/// Every table. The migration tool's own is left out: it holds no data, and readiness must read it.
async fn tables(client: &Client) -> Vec<String> {
    let sql = "select relname::text from pg_class
               where relkind in ('r', 'p', 'v', 'm') and relnamespace = 'public'::regnamespace
                 and relname <> '__diesel_schema_migrations'";
    let tables: Vec<String> =
        client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert!(tables.len() >= 15, "{tables:?}");
    tables
}

pub(super) async fn count(client: &Client, what: &str) -> i64 {
    let sql = format!("select count(*) from {what}");
    client.query_one(&sql, &[]).await.unwrap_or_else(|error| panic!("{what}: {error:?}")).get(0)
}

/// Begins a transaction that states for whom it works.
pub(super) async fn state(client: &Client, partnership: &str, agency: &str, reach: Reach) {
    client.batch_execute("begin").await.unwrap();
    let sql =
        "select set_config('app.partnership_id', $1, true), set_config('app.agency_ids', $2, true),
                      set_config('app.reach', $3, true)";
    client.query(sql, &[&partnership, &agency, &reach.code()]).await.unwrap();
}

#[track_caller]
fn refused(outcome: Result<u64, Error>, by: &SqlState, word: &str, what: &str) {
    let error = outcome.expect_err(what);
    let error = error.as_db_error().unwrap();
    assert_eq!(error.code(), by, "{what}: {error}");
    assert!(error.message().contains(word), "{what}: {error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_states_nothing_sees_nothing() {
    let world = World::new().await;
    let (service, all) = (world.service().await, world.superuser().await);
    for table in tables(&all).await {
        assert!(count(&all, &table).await > 0, "{table} is empty, so that nothing is proved of it");
        assert_eq!(count(&service, &table).await, 0, "{table}");
    }
    // Half a statement is none.
    let agency = world.agency("valeshire_police").await;
    state(&service, "", &agency, Reach::Partnership).await;
    for table in tables(&all).await {
        assert_eq!(count(&service, &table).await, 0, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_partnership_sees_none_of_this_one() {
    let world = World::new().await;
    let (service, all) = (world.service().await, world.superuser().await);
    let (here, there) = (world.partnership("ANY").await, world.partnership("ELSE").await);
    for reach in [Reach::Partnership, Reach::OwnAgency] {
        let agency = world.agency("elsewhere_police").await;
        state(&service, &there, &agency, reach).await;
        for table in tables(&all).await {
            let key = if table == "partnership" { "id" } else { "partnership_id" };
            let of = |partnership: &str| format!("{table} where {key} = '{partnership}'");
            assert!(count(&all, &of(&here)).await > 0, "{table} is empty");
            assert_eq!(count(&service, &of(&here)).await, 0, "{table} {reach:?}");
            let for_some = [OF_THE_DOOR, OF_THE_REVIEW, OF_THE_SEQUENCER].concat();
            let hidden = reach == Reach::OwnAgency && for_some.contains(&table.as_str());
            let theirs = if hidden { 0 } else { count(&all, &of(&there)).await };
            assert_eq!(count(&service, &of(&there)).await, theirs, "{table} {reach:?}");
        }
        // Stating somebody else's agency does not open another partnership either.
        let police = world.agency("valeshire_police").await;
        service.batch_execute("rollback").await.unwrap();
        state(&service, &there, &police, Reach::OwnAgency).await;
        assert_eq!(count(&service, "escalation").await, 0);
        service.batch_execute("rollback").await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_sees_its_own_escalations_and_what_belongs_to_them() {
    let world = World::new().await;
    let (service, all) = (world.service().await, world.superuser().await);
    let here = world.partnership("ANY").await;
    for (agency, own) in [
        ("valeshire_police", vec![&world.police]),
        ("health_community", vec![&world.health]),
        ("anyborough_cs", vec![&world.police, &world.health]),
        ("business_unit", vec![]),
    ] {
        let id = world.agency(agency).await;
        state(&service, &here, &id, Reach::OwnAgency).await;
        for table in
            OF_AN_ESCALATION.iter().chain(&["escalation", "figure_exclusion", "feed_entry"])
        {
            let key = if *table == "escalation" { "id" } else { "escalation_id" };
            let mut seen = 0;
            for escalation in [&world.police, &world.health, &world.elsewhere] {
                let of = format!("{table} where {key} = '{escalation}'");
                let there = count(&all, &of).await;
                assert!(there > 0, "{table} is empty");
                let expected = if own.contains(&escalation) { there } else { 0 };
                assert_eq!(count(&service, &of).await, expected, "{table} for {agency}");
                seen += expected;
            }
            assert_eq!(count(&service, table).await, seen, "{table} for {agency}");
        }
        service.batch_execute("rollback").await.unwrap();
    }
}

/// What was told of whose systems, and how.
const OF_WEBHOOKS: &[&str] = &[
    "webhook_act",
    "webhook_attempt",
    "webhook_delivery",
    "webhook_endpoint",
    "webhook_key",
    "webhook_lane",
];

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_sees_and_makes_its_own_webhooks_only() {
    let world = World::new().await;
    let service = world.service().await;
    let here = world.partnership("ANY").await;
    for (agency, reach, seen) in [
        ("valeshire_police", Reach::OwnAgency, 1),
        ("health_community", Reach::OwnAgency, 1),
        ("anyborough_cs", Reach::OwnAgency, 0),
        ("elsewhere_police", Reach::OwnAgency, 0),
        ("anyborough_cs", Reach::Partnership, 3),
    ] {
        for table in OF_WEBHOOKS {
            state(&service, &here, &world.agency(agency).await, reach).await;
            assert_eq!(count(&service, table).await, seen, "{table} {agency} {reach:?}");
            service.batch_execute("rollback").await.unwrap();
        }
    }
    let police = world.agency("valeshire_police").await;
    let health = world.agency("health_community").await;
    let denied = &SqlState::INSUFFICIENT_PRIVILEGE;
    let columns = "partnership_id, id, agency_id, url, scheme, state, version, position, recorded_at, recorded_by_role,
                   recorded_by_client_id, recorded_by_subject";
    for (of, fine) in [(&police, true), (&health, false)] {
        state(&service, &here, &police, Reach::OwnAgency).await;
        let sql = format!(
            "insert into webhook_endpoint ({columns})
             select partnership_id, gen_random_uuid(), '{of}', url, scheme, state, version, position, recorded_at,
                    recorded_by_role, recorded_by_client_id, recorded_by_subject
             from webhook_endpoint"
        );
        let outcome = service.execute(&sql, &[]).await;
        if fine {
            assert_eq!(outcome.unwrap(), 1);
        } else {
            refused(outcome, denied, "row-level security", "for another agency");
        }
        service.batch_execute("rollback").await.unwrap();
    }
    // Who is told of a message never changes.
    state(&service, &here, &police, Reach::OwnAgency).await;
    let sql = "update webhook_delivery set endpoint_id = endpoint_id";
    refused(service.execute(sql, &[]).await, denied, "permission denied", sql);
    service.batch_execute("rollback").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_sees_the_good_practice_that_it_recorded_and_that_is_about_it() {
    let world = World::new().await;
    let service = world.service().await;
    let here = world.partnership("ANY").await;
    for (agency, reach, seen) in [
        ("valeshire_police", Reach::OwnAgency, 1),
        ("health_community", Reach::OwnAgency, 1),
        ("anyborough_cs", Reach::OwnAgency, 2),
        ("business_unit", Reach::OwnAgency, 0),
        ("elsewhere_police", Reach::OwnAgency, 0),
        ("business_unit", Reach::Partnership, 2),
    ] {
        state(&service, &here, &world.agency(agency).await, reach).await;
        assert_eq!(count(&service, "practice_record").await, seen, "{agency} {reach:?}");
        service.batch_execute("rollback").await.unwrap();
    }
}

/// What tells an agency's silence, which speaks for nobody else, and what was agreed on with it.
const OF_THE_SILENCE: &[&str] = &["heartbeat", "feed_agreement", "nil_return", "sharing_agreement"];

/// What those who work for the whole partnership say of an agency, and not itself.
const AGREED: &[&str] = &["feed_agreement", "sharing_agreement"];

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_sees_and_says_of_its_own_silence_only() {
    let world = World::new().await;
    let service = world.service().await;
    let (here, there) = (world.partnership("ANY").await, world.partnership("ELSE").await);
    let police = world.agency("valeshire_police").await;
    for table in OF_THE_SILENCE {
        for (agency, reach, seen) in [
            ("valeshire_police", Reach::OwnAgency, 1),
            ("anyborough_cs", Reach::OwnAgency, 0),
            ("elsewhere_police", Reach::OwnAgency, 0),
            ("business_unit", Reach::Partnership, 2),
        ] {
            state(&service, &here, &world.agency(agency).await, reach).await;
            assert_eq!(count(&service, table).await, seen, "{table} {agency} {reach:?}");
            service.batch_execute("rollback").await.unwrap();
        }
        let health = world.agency("health_community").await;
        let new = json!({"hour": 2, "version": 2, "week": "2026-11-02", "reference": "B"});
        let agreed = AGREED.contains(table);
        for (reach, agency, partnership, fine) in [
            (Reach::OwnAgency, &health, &here, !agreed),
            (Reach::OwnAgency, &police, &here, false),
            (Reach::OwnAgency, &health, &there, false),
            (Reach::Partnership, &police, &here, agreed),
        ] {
            let stated = if reach == Reach::OwnAgency { health.as_str() } else { "" };
            state(&service, &here, stated, reach).await;
            let mut row = new.clone();
            row["agency_id"] = agency.as_str().into();
            row["partnership_id"] = partnership.as_str().into();
            let sql = format!(
                "insert into {table} select (jsonb_populate_record(it, '{row}')).* from {table} it limit 1"
            );
            let outcome = service.execute(&sql, &[]).await;
            service.batch_execute("rollback").await.unwrap();
            if fine {
                assert_eq!(outcome.unwrap(), 1, "{table} {reach:?}");
            } else {
                let denied = &SqlState::INSUFFICIENT_PRIVILEGE;
                refused(outcome, denied, "row-level security", table);
            }
        }
    }
}

/// Which system sent what, and how often, is for the side that raised it.
#[tokio::test(flavor = "multi_thread")]
async fn an_agency_sees_and_writes_what_its_own_systems_sent_only() {
    let world = World::new().await;
    let service = world.service().await;
    let here = world.partnership("ANY").await;
    for (agency, reach, seen) in [
        ("valeshire_police", Reach::OwnAgency, 1),
        ("health_community", Reach::OwnAgency, 1),
        ("anyborough_cs", Reach::OwnAgency, 0),
        ("elsewhere_police", Reach::OwnAgency, 0),
        ("business_unit", Reach::Partnership, 2),
    ] {
        state(&service, &here, &world.agency(agency).await, reach).await;
        assert_eq!(count(&service, "source_record").await, seen, "{agency} {reach:?}");
        assert_eq!(count(&service, "idempotency_key").await, seen, "{agency} {reach:?}");
        let sql = "delete from idempotency_key";
        assert_eq!(service.execute(sql, &[]).await.unwrap(), seen.unsigned_abs(), "{agency}");
        service.batch_execute("rollback").await.unwrap();
    }
    let there = world.partnership("ELSE").await;
    for (agency, escalation, partnership, fine) in [
        ("health_community", &world.health, &here, true),
        ("health_community", &world.police, &here, false),
        ("health_community", &world.health, &there, false),
        ("anyborough_cs", &world.health, &here, false),
    ] {
        state(&service, &here, &world.agency(agency).await, Reach::OwnAgency).await;
        let sql = format!(
            "insert into source_record
             select '{partnership}', '{escalation}', 2, 2, 'other', 'urgent', null, null, null, null, now(), 'agency',
                    id, 'somebody' from client limit 1"
        );
        let outcome = service.execute(&sql, &[]).await;
        service.batch_execute("rollback").await.unwrap();
        if fine {
            assert_eq!(outcome.unwrap(), 1, "{agency}");
        } else {
            let denied = &SqlState::INSUFFICIENT_PRIVILEGE;
            refused(outcome, denied, "row-level security", agency);
        }
    }
}

/// Who took a file, and what an agency calls a case, is for that agency, and for those who review the partnership.
#[tokio::test(flavor = "multi_thread")]
async fn an_agency_sees_the_files_that_it_took_and_the_names_that_it_gave_only() {
    let world = World::new().await;
    let service = world.service().await;
    let here = world.partnership("ANY").await;
    for (agency, reach, seen) in [
        ("valeshire_police", Reach::OwnAgency, 1),
        ("anyborough_cs", Reach::OwnAgency, 0),
        ("elsewhere_police", Reach::OwnAgency, 0),
        ("business_unit", Reach::Partnership, 2),
    ] {
        state(&service, &here, &world.agency(agency).await, reach).await;
        for table in ["export_record", "external_id"] {
            assert_eq!(count(&service, table).await, seen, "{table} {agency} {reach:?}");
        }
        let sql = "insert into export_record
                   select partnership_id, gen_random_uuid(), agency_id, purpose, format, filters, 1, now(), recorded_by_role,
                          recorded_by_client_id, 'somebody' from export_record limit 1";
        let written = service.execute(sql, &[]).await;
        service.batch_execute("rollback").await.unwrap();
        match (reach, seen) {
            (Reach::OwnAgency, _) => assert_eq!(written.unwrap(), u64::from(seen > 0), "{agency}"),
            // Those who see the whole partnership record for themselves only, not for an agency.
            _ => {
                let denied = &SqlState::INSUFFICIENT_PRIVILEGE;
                refused(written, denied, "row-level security", agency);
            }
        }
    }
}

/// What an agency is about to send is not even for those who see the whole partnership.
#[tokio::test(flavor = "multi_thread")]
async fn an_agency_alone_sees_and_writes_the_files_that_it_sent() {
    let world = World::new().await;
    let service = world.service().await;
    let (here, there) = (world.partnership("ANY").await, world.partnership("ELSE").await);
    let police = world.agency("valeshire_police").await;
    for (agency, reach, seen) in [
        ("valeshire_police", Reach::OwnAgency, 1),
        ("valeshire_police", Reach::Partnership, 1),
        ("anyborough_cs", Reach::OwnAgency, 0),
        ("elsewhere_police", Reach::OwnAgency, 0),
        ("business_unit", Reach::Partnership, 0),
    ] {
        let id = world.agency(agency).await;
        state(&service, &here, &id, reach).await;
        for table in ["import_job", "import_row"] {
            assert_eq!(count(&service, table).await, seen, "{table} {agency} {reach:?}");
        }
        let sql = "update import_row set payload = null";
        assert_eq!(service.execute(sql, &[]).await.unwrap(), seen.unsigned_abs(), "{agency}");
        service.batch_execute("rollback").await.unwrap();
    }
    let new = "01900000-0000-7000-8000-00000000000a";
    for (changed, fine) in [
        (json!({"id": new}), true),
        (json!({"id": new, "agency_id": police}), false),
        (json!({"id": new, "partnership_id": there}), false),
    ] {
        let health = world.agency("health_community").await;
        state(&service, &here, &health, Reach::OwnAgency).await;
        let sql = format!(
            "insert into import_job select (jsonb_populate_record(it, '{changed}')).* from import_job it limit 1"
        );
        let outcome = service.execute(&sql, &[]).await;
        service.batch_execute("rollback").await.unwrap();
        if fine {
            assert_eq!(outcome.unwrap(), 1);
        } else {
            let denied = &SqlState::INSUFFICIENT_PRIVILEGE;
            refused(outcome, denied, "row-level security", "import_job");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_can_be_written_for_another_agency_or_partnership() {
    let world = World::new().await;
    let service = world.service().await;
    let (here, there) = (world.partnership("ANY").await, world.partnership("ELSE").await);
    let (health, police) =
        (world.agency("health_community").await, world.agency("valeshire_police").await);
    // A copy of a row that is seen, with some members changed.
    let insert = async |table: &str, changed: serde_json::Value| {
        state(&service, &here, &health, Reach::OwnAgency).await;
        let sql = format!(
            "insert into {table} select (jsonb_populate_record(it, '{changed}')).* from {table} it limit 1"
        );
        let outcome = service.execute(&sql, &[]).await;
        service.batch_execute("rollback").await.unwrap();
        outcome
    };
    let new = "01900000-0000-7000-8000-00000000000a";
    let own = json!({"id": new, "reference": "ESC-ANY-2026-99999"});
    assert_eq!(insert("escalation", own.clone()).await.unwrap(), 1, "its own can be written");
    let cs = world.agency("anyborough_cs").await;
    let others = json!({"raised_by_agency_id": police, "raised_with_agency_id": cs});
    let elsewhere = json!({"partnership_id": there});
    for changed in [others, elsewhere] {
        let mut row = own.clone();
        row.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
        let outcome = insert("escalation", row).await;
        refused(outcome, &SqlState::INSUFFICIENT_PRIVILEGE, "row-level security", "escalation");
    }
    for table in OF_AN_ESCALATION {
        for changed in [
            json!({"id": new, "escalation_id": world.police}),
            json!({"id": new, "partnership_id": there}),
        ] {
            let outcome = insert(table, changed).await;
            refused(outcome, &SqlState::INSUFFICIENT_PRIVILEGE, "row-level security", table);
        }
    }
    let record = json!({"id": new});
    assert_eq!(insert("practice_record", record).await.unwrap(), 1, "its own can be written");
    for changed in [
        json!({"id": new, "by_agency_id": cs, "about_agency_id": health}),
        json!({"id": new, "by_agency_id": police}),
        json!({"id": new, "partnership_id": there}),
    ] {
        let outcome = insert("practice_record", changed).await;
        refused(
            outcome,
            &SqlState::INSUFFICIENT_PRIVILEGE,
            "row-level security",
            "practice_record",
        );
    }
    for table in
        ["agency", "client", "theme", "timescale", "stage_policy", "calendar", "calendar_day"]
    {
        let outcome = insert(table, json!({"partnership_id": there})).await;
        refused(outcome, &SqlState::INSUFFICIENT_PRIVILEGE, "row-level security", table);
    }
    // An agency sees what is left out of its own, and decides nothing.
    let outcome = insert("figure_exclusion", json!({"number": 2})).await;
    refused(outcome, &SqlState::INSUFFICIENT_PRIVILEGE, "row-level security", "figure_exclusion");
    let outcome = insert("partnership", json!({"id": there})).await;
    refused(outcome, &SqlState::INSUFFICIENT_PRIVILEGE, "row-level security", "partnership");

    // An update does not find what is not seen, and can give nothing away.
    state(&service, &here, &health, Reach::OwnAgency).await;
    let sql = format!("update escalation set stage = stage where id = '{}'", world.police);
    assert_eq!(service.execute(&sql, &[]).await.unwrap(), 0);
    let sql = format!("update escalation set stage = stage where id = '{}'", world.health);
    assert_eq!(service.execute(&sql, &[]).await.unwrap(), 1);
    let sql = format!(
        "update escalation set raised_by_agency_id = '{police}', raised_with_agency_id = '{cs}'"
    );
    let outcome = service.execute(&sql, &[]).await;
    refused(outcome, &SqlState::INSUFFICIENT_PRIVILEGE, "permission denied", "update");
}

#[tokio::test(flavor = "multi_thread")]
async fn facts_are_never_changed_and_nothing_is_ever_deleted() {
    let world = World::new().await;
    let (service, all) = (world.service().await, world.superuser().await);
    let here = world.partnership("ANY").await;
    let denied = &SqlState::INSUFFICIENT_PRIVILEGE;
    for table in tables(&all).await {
        for sql in [format!("delete from {table}"), format!("truncate {table} cascade")] {
            let forgets = [OF_THE_DOOR, OF_THE_SEQUENCER, &["idempotency_key"]].concat();
            if sql.starts_with("delete") && forgets.contains(&table.as_str()) {
                continue;
            }
            state(&service, &here, "", Reach::Partnership).await;
            refused(service.execute(&sql, &[]).await, denied, "permission denied", &sql);
            service.batch_execute("rollback").await.unwrap();
        }
    }
    for sql in [
        "update event set actor_subject = 'somebody else'",
        "update practice_record set note = null",
        "update feed_entry set link = leaf",
        "update access_event set actor_subject = 'somebody else'",
        "update access_seen set at = at",
        "update access_entry set link = leaf",
        "update checkpoint set note = 'x'",
        "update feed_pending set number = default",
        "update feed_head set partnership_id = partnership_id",
    ] {
        state(&service, &here, "", Reach::Partnership).await;
        refused(service.execute(sql, &[]).await, denied, "permission denied", sql);
        service.batch_execute("rollback").await.unwrap();
    }

    // Whoever may do anything is still stopped.
    let stopped = &SqlState::RESTRICT_VIOLATION;
    for sql in [
        "update event set actor_subject = 'x'",
        "delete from event",
        "truncate event cascade",
        "update practice_record set theme_code = 'other'",
        "update practice_record set note = null, recorded_by_subject = 'x'",
        "delete from practice_record",
        "truncate practice_record",
        "update heartbeat set recorded_at = now()",
        "delete from feed_agreement",
        "update sharing_agreement set in_force_until = '2062-12-31'",
        "delete from sharing_agreement",
        "truncate sharing_agreement",
        "truncate nil_return",
        "update rebase set reason = 'x'",
        "delete from rebase_withdrawal",
        "update review_setting set target_days = 9",
        "update review_action set title = 'x'",
        "update review_action_state set progress = 'urgent'",
        "delete from review_action_state",
        "truncate review_action_state",
        "update review_learning set body = 'x'",
        "delete from review_learning_result",
        "update source_record set urgency = 'urgent'",
        "delete from source_record",
        "truncate source_record",
        "update access_event set actor_subject = 'x'",
        "delete from access_event",
        "truncate access_event",
        "delete from access_seen",
        "update access_entry set link = leaf",
        "delete from access_entry",
        "truncate access_entry",
        "update checkpoint set note = 'x'",
        "delete from checkpoint",
        "truncate checkpoint",
        "update feed_entry set link = leaf",
        "delete from feed_entry",
        "truncate feed_entry cascade",
        "update webhook_attempt set status = 200",
        "delete from webhook_attempt",
        "truncate webhook_attempt",
        "delete from partnership_key",
        "truncate partnership_key",
        "truncate child_data_key",
        "delete from webhook_act",
        "truncate webhook_act",
        "update export_record set purpose = 'data_quality'",
        "delete from export_record",
        "delete from external_id",
    ] {
        refused(all.execute(sql, &[]).await, stopped, "append-only", sql);
    }
    let sql = "update external_id set value = 'x'";
    refused(all.execute(sql, &[]).await, stopped, "only removed, once", sql);
    for sql in [
        "delete from child_data_key",
        "update child_data_key set id = gen_random_uuid()",
        "update child_data_key set child_key = sha256(child_key)",
        "update child_data_key set created_at = now()",
    ] {
        refused(all.execute(sql, &[]).await, stopped, "stays with its child", sql);
    }
    let sql = "update practice_record set note = null";
    assert_eq!(all.execute(sql, &[]).await.unwrap(), 3, "a note can be erased, as other texts can");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_adds_to_what_waits_for_the_feed_and_numbers_nothing() {
    let world = World::new().await;
    let service = world.service().await;
    let (here, there) = (world.partnership("ANY").await, world.partnership("ELSE").await);
    let police = world.agency("valeshire_police").await;
    let denied = &SqlState::INSUFFICIENT_PRIVILEGE;
    let new = "select partnership_id, position + 1000, escalation_id, timer_id, event_id, leaf, link from feed_entry
               where timer_id is null limit 1";
    let entry = "insert into feed_entry (partnership_id, position, escalation_id, event_id, timer_id, leaf, link)";
    for (sql, word) in [
        (format!("{entry} {new}"), "row-level security"),
        ("update feed_head set position = 0".to_owned(), "row-level security"),
        (
            format!(
                "insert into feed_pending (partnership_id, escalation_id, event_id)
                 select '{there}', escalation_id, event_id from feed_entry limit 1"
            ),
            "row-level security",
        ),
    ] {
        state(&service, &here, &police, Reach::OwnAgency).await;
        refused(service.execute(&sql, &[]).await, denied, word, &sql);
        service.batch_execute("rollback").await.unwrap();
    }
    state(&service, &here, &police, Reach::OwnAgency).await;
    let add = "insert into feed_pending (partnership_id, escalation_id, event_id)
               select partnership_id, escalation_id, event_id from feed_entry limit 1";
    assert_eq!(service.execute(add, &[]).await.unwrap(), 1);
    assert_eq!(service.execute("delete from feed_pending", &[]).await.unwrap(), 0);
    service.batch_execute("rollback").await.unwrap();
    state(&service, &here, "", Reach::Partnership).await;
    assert_eq!(service.execute("delete from feed_pending", &[]).await.unwrap(), 1, "only its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_for_the_services_own_work_in_its_own_partnership_only() {
    let world = World::new().await;
    let (service, all) = (world.service().await, world.superuser().await);
    let (here, there) = (world.partnership("ANY").await, world.partnership("ELSE").await);
    let police = world.agency("valeshire_police").await;
    for table in OF_THE_DOOR {
        let of = |partnership: &str| format!("{table} where partnership_id = '{partnership}'");
        let (ours, theirs) = (count(&all, &of(&here)).await, count(&all, &of(&there)).await);
        state(&service, &here, &police, Reach::OwnAgency).await;
        assert_eq!(count(&service, table).await, 0, "{table}, also an agency's own");
        let sql = format!("delete from {table}");
        assert_eq!(service.execute(&sql, &[]).await.unwrap(), 0, "{table}");
        service.batch_execute("rollback").await.unwrap();

        // Of its own sight it can make a row for nobody else.
        let copy = |partnership: &str| {
            format!(
                "insert into {table}
                 select (jsonb_populate_record(it, jsonb_build_object('partnership_id', '{partnership}',
                         'id', sha256('x')))).*
                 from {table} it limit 1"
            )
        };
        state(&service, &here, "", Reach::Partnership).await;
        let outcome = service.execute(&copy(&there), &[]).await;
        let denied = &SqlState::INSUFFICIENT_PRIVILEGE;
        refused(outcome, denied, "row-level security", table);
        service.batch_execute("rollback").await.unwrap();
        state(&service, &here, "", Reach::Partnership).await;
        assert_eq!(service.execute(&copy(&here), &[]).await.unwrap(), 1);
        assert_eq!(service.execute(&sql, &[]).await.unwrap(), ours.unsigned_abs() + 1, "{table}");
        assert_eq!(count(&all, &of(&there)).await, theirs, "{table}");
        service.batch_execute("rollback").await.unwrap();
    }
    for sql in [
        "update web_session set role = 'director'",
        "update web_session set subject = 'somebody else'",
        "update web_session set created_at = now()",
        "update web_session set auth_time = now()",
        "update login_attempt set return_to = '/'",
    ] {
        state(&service, &here, "", Reach::Partnership).await;
        let outcome = service.execute(sql, &[]).await;
        refused(outcome, &SqlState::INSUFFICIENT_PRIVILEGE, "permission denied", sql);
        service.batch_execute("rollback").await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_terms_of_a_clock_never_change_and_it_stops_once() {
    let world = World::new().await;
    let (service, all) = (world.service().await, world.superuser().await);
    let here = world.partnership("ANY").await;
    state(&service, &here, "", Reach::Partnership).await;
    let sql = "update stage_clock set due_at = due_at + interval '1 day'";
    let outcome = service.execute(sql, &[]).await;
    refused(outcome, &SqlState::INSUFFICIENT_PRIVILEGE, "permission denied", sql);
    service.batch_execute("rollback").await.unwrap();

    let stopped = &SqlState::RESTRICT_VIOLATION;
    let running = format!("where escalation_id = '{}' and stopped_at is null", world.health);
    for change in [
        "due_at = due_at + interval '1 day'",
        "started_at = started_at - interval '1 day'",
        "time_limit = '{}'",
        "kind = 'answer', urgency = 'immediate'",
        "policy_version = 'x'",
        "calendar_version = 'x'",
        "stage = stage + 1",
        "extends_id = id",
    ] {
        let sql = format!("update stage_clock set {change} {running}");
        refused(all.execute(&sql, &[]).await, stopped, "only stops", &sql);
    }
    let stop = "update stage_clock set stopped_at = started_at, stop_reason = 'ended'";
    assert_eq!(all.execute(&format!("{stop} {running}"), &[]).await.unwrap(), 2);
    refused(all.execute(stop, &[]).await, stopped, "only stops", "a second stop");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_services_role_has_no_special_rights_and_owns_nothing() {
    let world = World::new().await;
    let all = world.superuser().await;
    let sql = "select rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication,
                      (select count(*) from pg_shdepend
                       where refclassid = 'pg_authid'::regclass and refobjid = r.oid and deptype = 'o'),
                      (select count(*) from pg_auth_members where member = r.oid),
                      has_schema_privilege(rolname, 'public', 'create')
               from pg_roles r where rolname = 'escalation_app'";
    let facts = all.query_one(sql, &[]).await.unwrap();
    assert!(!facts.get::<_, bool>(0), "a special right");
    assert_eq!(facts.get::<_, i64>(1), 0, "things that it owns");
    assert_eq!(facts.get::<_, i64>(2), 0, "roles that it could become");
    assert!(!facts.get::<_, bool>(3), "it may create tables");
}

#[derive(diesel::QueryableByName)]
struct Setting {
    #[diesel(sql_type = diesel::sql_types::Text)]
    stated: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_goes_back_to_the_pool_stating_nothing() {
    use diesel_async::RunQueryDsl;
    let world = World::new().await;
    let mut options = PoolOptions::new(world.app.database.url("escalation_app"));
    options.size = 1;
    let pool = Pool::new(&options).unwrap();
    let stated = Stated::partnership(world.app.partnership);
    let sql = "select concat(current_setting('app.partnership_id', true), current_setting('app.agency_ids', true),
                             current_setting('app.reach', true)) as stated";
    for succeeds in [true, false] {
        let within = transaction(&pool, stated.clone(), async |conn| {
            let row: Setting = diesel::sql_query(sql).get_result(conn).await?;
            assert!(row.stated.ends_with("partnership"), "{}", row.stated);
            if succeeds { Ok(()) } else { Err(StoreFailure::Contention) }
        });
        assert_eq!(within.await.is_ok(), succeeds);
        let mut conn = pool.get().await.unwrap();
        let row: Setting = diesel::sql_query(sql).get_result(&mut *conn).await.unwrap();
        assert_eq!(row.stated, "");
    }
}

/// Who read what is for the auditor alone: an agency writes of its own reading, and sees nobody's.
#[tokio::test(flavor = "multi_thread")]
async fn an_agency_writes_of_its_own_reading_only_and_sees_none() {
    let world = World::new().await;
    let service = world.service().await;
    let (here, there) = (world.partnership("ANY").await, world.partnership("ELSE").await);
    let (police, health) =
        (world.agency("valeshire_police").await, world.agency("health_community").await);
    let denied = &SqlState::INSUFFICIENT_PRIVILEGE;
    for (agency, of, partnership, fine) in [
        (&police, Some(&police), &here, true),
        (&police, Some(&health), &here, false),
        (&police, None, &here, false),
        (&police, Some(&police), &there, false),
    ] {
        state(&service, &here, agency, Reach::OwnAgency).await;
        assert_eq!(count(&service, "access_event").await, 0);
        let of = of.map_or("null".to_owned(), |id| format!("'{id}'"));
        let sql = format!(
            "insert into access_event values ('{partnership}', now(), gen_random_uuid(), {of}, 'agency',
                gen_random_uuid(), 'somebody', 'read_escalation', null, 'lines', '{{{}}}', 1, 'request', sha256('x'))",
            world.police
        );
        let outcome = service.execute(&sql, &[]).await;
        service.batch_execute("rollback").await.unwrap();
        if fine {
            assert_eq!(outcome.unwrap(), 1);
        } else {
            refused(outcome, denied, "row-level security", "access_event");
        }
    }
}
