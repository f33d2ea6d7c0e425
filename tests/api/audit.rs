//! Who changed what: every operation that changes something leaves one event, or one record of good practice where
//! there is no escalation, and a refused one leaves nothing.

use std::collections::BTreeMap;

use escalation_tracker::domain::access::{Role, permits};
use reqwest::Method;
use tokio_postgres::Client;

use super::support::TestApp;
use super::support::operations::{Operation, body_of, ready};

/// How many rows each table has, seen by somebody who sees all.
pub async fn rows(database: &Client) -> BTreeMap<String, i64> {
    let tables = database
        .query(
            "select relname::text from pg_class
             where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace",
            &[],
        )
        .await
        .unwrap();
    let mut counts = BTreeMap::new();
    for table in tables {
        let name: String = table.get(0);
        let count = database.query_one(&format!("select count(*) from {name}"), &[]).await.unwrap();
        counts.insert(name, count.get(0));
    }
    assert!(counts.contains_key("event"));
    counts
}

/// What says who was shown what: the only tables in which a look, or a trial, leaves anything.
const OF_THE_READS: [&str; 3] = ["access_event", "access_pending", "access_seen"];

/// The same for all tables but those.
pub async fn rows_but_of_reads(database: &Client) -> BTreeMap<String, i64> {
    let mut counts = rows(database).await;
    for table in OF_THE_READS {
        assert!(counts.remove(table).is_some(), "{table}");
    }
    counts
}

/// The identifiers of all events and of all records of good practice.
async fn known_ids(database: &Client) -> Vec<String> {
    let sql = "select id::text from event union all select id::text from practice_record";
    database.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_leaves_exactly_one_fact_that_names_who_made_it() {
    let app = TestApp::start().await;
    let database = app.database.superuser().await;
    let mut tried = 0;
    for operation in Operation::all().into_iter().filter(Operation::changes_something) {
        let ready = ready(&app, &operation).await;
        let known = known_ids(&database).await;
        app.clock.advance(jiff::SignedDuration::from_secs(1));
        let began = app.deps.clock.now().to_string();
        let answer = ready.send(&operation).await;
        assert!((200..300).contains(&answer.status), "{}: {}", operation.id, answer.text);
        let records = database
            .query(
                "select p.id::text, p.recorded_by_subject, p.recorded_by_client_id = c.id, p.by_agency_id = c.agency_id
                 from practice_record p, client c
                 where c.client_id = $2 and p.id::text <> all ($1)",
                &[&known, &ready.client],
            )
            .await
            .unwrap();
        let practice = operation.records_practice();
        assert_eq!(records.len(), usize::from(practice), "{}: records", operation.id);
        for record in &records {
            assert_eq!(record.get::<_, String>(0), answer.id(), "{}", operation.id);
            let subject = format!("person-at-{}", ready.client);
            assert_eq!(record.get::<_, String>(1), subject, "{}", operation.id);
            assert!(record.get::<_, bool>(2), "the client, {}", operation.id);
            assert!(record.get::<_, bool>(3), "the agency, {}", operation.id);
        }
        let new = database
            .query(
                "select e.escalation_id::text, e.version, e.actor_role, e.actor_subject,
                        e.actor_client_id = c.id, e.actor_agency_id is not distinct from c.agency_id,
                        c.role
                 from event e, client c
                 where c.client_id = $2 and e.id::text <> all ($1)",
                &[&known, &ready.client],
            )
            .await
            .unwrap();
        // Some facts have a table of their own: who made them stands in it.
        let other = operation.leaves();
        if let Some((table, whose, when)) = other {
            let left = format!(
                "select f.{whose}_subject, f.{whose}_client_id = c.id, f.{whose}_role = c.role
                 from {table} f, client c where c.client_id = $1 and f.{when} >= $2::text::timestamptz"
            );
            let left = database.query(&left, &[&ready.client, &began]).await.unwrap();
            assert_eq!(left.len(), 1, "{}", operation.id);
            let subject = format!("person-at-{}", ready.client);
            assert_eq!(left[0].get::<_, String>(0), subject, "{}", operation.id);
            assert!(left[0].get::<_, bool>(1) && left[0].get::<_, bool>(2), "{}", operation.id);
        }
        // An erasure that is carried out is decided in its own table, and told in the history of what it was about.
        let erases = operation.id == "approve_erasure";
        let events = usize::from(erases || (!practice && other.is_none()));
        assert_eq!(new.len(), events, "{} left {} events", operation.id, new.len());
        tried += 1;
        let Some(event) = new.first() else { continue };
        // A batch tells of each of its records; its example has one.
        let told = answer.json.pointer("/items/0").unwrap_or(&answer.json);
        let text = |column: usize| event.get::<_, String>(column);
        if erases {
            assert_eq!(text(0), told["escalation_id"].as_str().unwrap());
        } else {
            assert_eq!(text(0), told["id"].as_str().unwrap(), "{}", operation.id);
            let version = told["version"].as_i64().unwrap();
            assert_eq!(i64::from(event.get::<_, i32>(1)), version, "{}", operation.id);
        }
        assert_eq!(text(2), text(6), "the role, {}", operation.id);
        assert_eq!(text(3), format!("person-at-{}", ready.client), "{}", operation.id);
        assert!(event.get::<_, bool>(4), "the client, {}", operation.id);
        assert!(event.get::<_, bool>(5), "the agency, {}", operation.id);
    }
    assert!(tried >= 14, "{tried}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_leaves_nothing_in_any_table() {
    let app = TestApp::start().await;
    let database = app.database.superuser().await;
    for operation in Operation::all().into_iter().filter(Operation::changes_something) {
        let ready = ready(&app, &operation).await;
        let before = rows(&database).await;
        let has_a_body = operation.content_type().is_some();
        let kind = operation.content_type().unwrap_or("application/json");
        let example = ready.example.clone().unwrap_or_default();
        let good = body_of(&example);
        let mut strange = example.clone();
        // A file has no members: it is taken, and what is wrong with its rows its report says.
        let has_members = has_a_body && !example.is_string();
        if has_members {
            strange["no_such_member"] = 1.into();
        }
        let strange = strange.to_string();
        let cut = &good[..good.len() - 1];

        let send = async |by: &super::support::people::Person<'_>,
                          headers: &[(&str, &str)],
                          body: &str,
                          expected: u16| {
            let method: Method = operation.method.clone();
            let answer = by.send(method, &ready.path, headers, body.to_owned()).await;
            assert_eq!(answer.status, expected, "{}: {}", operation.id, answer.text);
            assert_eq!(rows(&database).await, before, "{} refused with {expected}", operation.id);
        };
        let (by, nobody) = (&ready.by, app.stranger());
        let tag = format!("\"{}\"", ready.version);
        let usual = [("content-type", kind), ("if-match", tag.as_str())];
        send(&nobody, &usual, &good, 401).await;
        // Who reads a list may take it away as a file, which is recorded.
        if permits(Role::Auditor, operation.action().unwrap()).is_none() {
            send(&app.person("test-auditor"), &usual, &good, 403).await;
        }
        if has_members {
            send(by, &usual, cut, 400).await;
            send(by, &usual, &strange, 422).await;
        }
        if has_a_body {
            send(by, &[("content-type", "text/plain"), ("if-match", &tag)], &good, 415).await;
        }
        if operation.names_an_escalation() {
            let agency = permits(Role::Agency, operation.action().unwrap()).is_some();
            let stranger = if agency { "test-health" } else { "else-director" };
            send(&app.person(stranger), &usual, &good, 404).await;
            send(by, &[("content-type", kind), ("if-match", "\"99\"")], &good, 412).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_changes_nothing_but_who_looked_is_recorded() {
    let app = TestApp::start().await;
    let database = app.database.superuser().await;
    for operation in Operation::all().into_iter().filter(|it| !it.changes_something()) {
        let ready = ready(&app, &operation).await;
        let before = rows_but_of_reads(&database).await;
        ready.send(&operation).await;
        assert_eq!(rows_but_of_reads(&database).await, before, "{}", operation.id);
    }
}
