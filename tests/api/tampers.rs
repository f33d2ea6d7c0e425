//! Whoever rules the database changes something; a check of the record finds it, and ends with the status that says what it is
//! (T-AUD1 to T-AUD7 and T-AUD9 of `trust.md`).

use std::num::NonZeroUsize;

use escalation_tracker::domain::chain::{ChainName, Hash, Head};
use escalation_tracker::domain::checkpoint::Checkpoint;
use escalation_tracker::sha256;
use escalation_tracker::usecases::audit::{self, Asked, Report, walk};
use escalation_tracker::usecases::chain::link_all;
use escalation_tracker::usecases::{Deps, Failure, checkpoints};
use jiff::SignedDuration;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::json;
use tokio_postgres::Client;

use super::feed_links::told;
use super::support::cluster::{TestDatabase, superuser};
use super::support::{TestApp, thorough};

/// A service that has told, was read and signed for, twice; and its checkpoints, as somebody outside kept them.
pub async fn signed() -> (TestApp, Vec<Checkpoint>) {
    let (app, _) = told().await;
    let mut kept = Vec::new();
    for _ in 0..2 {
        let id = app.police().raises(json!({"urgency": "urgent"})).await;
        for path in [format!("/v1/escalations/{id}"), "/v1/escalations".to_owned()] {
            app.police().get(&path).await.expect(200);
        }
        app.director().get(&format!("/v1/escalations/{id}")).await.expect(200);
        app.sequence().await;
        assert!(link_all(&app.deps).await.unwrap() >= 4);
        app.clock.advance(SignedDuration::from_mins(5));
        let made = checkpoints::make(&app.deps, app.partnership).await.unwrap().unwrap();
        let key = checkpoints::verifier(&app.deps, app.partnership).await.unwrap();
        kept.push(key.open(&made.note).unwrap().parse().unwrap());
    }
    (app, kept)
}

pub async fn verify(deps: &Deps, app: &TestApp, outside: &[Checkpoint]) -> Report {
    let key = checkpoints::verifier(&app.deps, app.partnership).await.unwrap();
    let lanes = NonZeroUsize::MIN;
    let asked = Asked { key, outside: outside.to_vec(), lanes, tables: true };
    audit::verify(deps, app.partnership, &asked).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_touched_holds_and_every_checkpoint_says_so() {
    let (app, kept) = signed().await;
    let report = verify(&app.deps, &app, &kept).await;
    assert_eq!(report.findings, []);
    assert_eq!((report.events.head, report.reads.head), (kept[1].events, kept[1].reads));
    assert_eq!((report.checkpoints, report.escalations), (4, Some(5)));
    // What waits for its place is accounted for too.
    app.police().raises(json!({})).await;
    let report = verify(&app.deps, &app, &kept).await;
    assert_eq!((report.findings, report.escalations), (vec![], Some(6)));
}

/// Something that is done to the record, and the exit status that tells of it.
struct Tamper {
    what: String,
    sql: Vec<String>,
    code: u8,
}

/// What there is to tamper with.
struct Ground {
    chains: [(ChainName, i64, Vec<Hash>); 2],
    /// The identifiers of events, as SQL, by position; none where there is a notice.
    events: Vec<Option<String>>,
}

const ENTRY: [&str; 2] = ["feed_entry", "access_entry"];
const HEAD: [&str; 2] = ["feed_head", "access_head"];

/// What an entry of each chain is about, as a condition on it.
const ABOUT: [&str; 2] =
    ["event_id, timer_id, escalation_id, version, leaf", "at, access_id, leaf"];

/// One column of what an event says, made another.
const EVENT: [&str; 11] = [
    "event_type = 'withdrawn'",
    "occurred_at = occurred_at - interval '1 hour'",
    "recorded_at = recorded_at + interval '1 microsecond'",
    "actor_agency_id = gen_random_uuid()",
    "actor_role = case actor_role when 'agency' then 'director' else 'agency' end",
    "actor_client_id = gen_random_uuid()",
    "actor_subject = actor_subject || 'x'",
    "data = data || '{\"more\": 1}'",
    "leaf = sha256('x')",
    "text_hashes = '{\"note\": \"00\"}'",
    "version = version + 100",
];

/// One column of an entry of the log of reads, made another.
const READ: [&str; 12] = [
    "at = at + interval '1 second'",
    "actor_agency_id = gen_random_uuid()",
    "actor_role = case actor_role when 'agency' then 'director' else 'agency' end",
    "actor_client_id = gen_random_uuid()",
    "actor_subject = actor_subject || 'x'",
    "operation = operation || 'x'",
    "purpose = 'complaint'",
    "fields = case fields when 'lines' then 'texts' else 'lines' end",
    "escalation_ids = escalation_ids || gen_random_uuid()",
    "row_count = row_count + 1",
    "request_id = request_id || 'x'",
    "actor_role = 'nobody'",
];

/// One column of a row that acts change, made another.
const ROWS: [&str; 14] = [
    "update escalation set version = version + 1",
    "update escalation set raised_at = raised_at - interval '1 day'",
    "update escalation set urgency = case urgency when 'urgent' then 'standard' else 'urgent' end",
    "update escalation set theme_code = 'other'",
    "update escalation set child_count = child_count + 1",
    "update escalation set changed_at = changed_at + interval '1 second'",
    "update escalation set raised_with_agency_id = raised_by_agency_id, raised_by_agency_id = raised_with_agency_id",
    "update episode set opened_at = opened_at - interval '1 hour'",
    "update stage_clock set started_at = started_at - interval '1 day'",
    "update stage_clock set due_at = due_at + interval '1 day'",
    "delete from stage_clock",
    "update delay set started_at = started_at + interval '1 day'",
    "update holding set from_at = from_at - interval '1 hour'",
    "delete from holding",
];

impl Ground {
    async fn of(app: &TestApp) -> Self {
        let mut chains = [(ChainName::Events, 0, vec![]), (ChainName::Reads, 0, vec![])];
        for (chain, last, leaves) in &mut chains {
            let each = &mut |it: &audit::Entry| {
                leaves.push(it.link.leaf);
                Ok::<_, Failure>(())
            };
            *last = walk(&app.deps, app.partnership, *chain, each).await.unwrap();
        }
        let look = app.database.superuser().await;
        let of = "select event_id::text from feed_entry where partnership_id = (select partnership_id from feed_entry
                  where position = 1) order by position";
        let events = look.query(of, &[]).await.unwrap();
        let events = events.iter().map(|row| row.get::<_, Option<String>>(0));
        Self { chains, events: events.map(|id| id.map(|id| format!("'{id}'"))).collect() }
    }

    /// The links of a chain from `from` on, made anew with another leaf there; as updates, the head's last.
    fn relinked(&self, chain: usize, before: &Head, leaf: Hash) -> Vec<String> {
        let (_, _, leaves) = &self.chains[chain];
        let mut head = *before;
        let mut sql = Vec::new();
        for (at, was) in leaves.iter().enumerate().skip(usize::try_from(before.position).unwrap()) {
            let new = if i64::try_from(at).unwrap() == before.position { leaf } else { *was };
            head = head.after(&new);
            let (leaf, link) = (sha256::digits(&new), sha256::digits(&head.link));
            sql.push(format!(
                "update {} set leaf = '\\x{leaf}', link = '\\x{link}' where position = {}",
                ENTRY[chain], head.position
            ));
        }
        let link = sha256::digits(&head.link);
        sql.push(format!("update {} set link = '\\x{link}' where position > 0", HEAD[chain]));
        sql
    }

    /// The head of a chain after the entry at this position.
    fn head(&self, chain: usize, position: i64) -> Head {
        let leaves = &self.chains[chain].2[..usize::try_from(position).unwrap()];
        leaves.iter().fold(Head::START, |head, leaf| head.after(leaf))
    }

    /// An event's position.
    fn event(&self, rng: &mut StdRng) -> (i64, &str) {
        let all: Vec<(usize, &String)> = self
            .events
            .iter()
            .enumerate()
            .filter_map(|(at, id)| Some((at, id.as_ref()?)))
            .collect();
        let (at, id) = all.choose(rng).unwrap();
        (i64::try_from(*at).unwrap() + 1, id)
    }

    /// Something that somebody who rules the database might do.
    fn tamper(&self, rng: &mut StdRng) -> Tamper {
        let chain = rng.random_range(0..2);
        let last = self.chains[chain].1;
        let (entry, heads) = (ENTRY[chain], HEAD[chain]);
        let made =
            |what: &str, code: u8, sql: Vec<String>| Tamper { what: what.to_owned(), sql, code };
        let read = |position: i64| {
            format!("(select access_id from access_entry where position = {position})")
        };
        match rng.random_range(0..12) {
            0 | 1 if chain == 0 => {
                let (_, id) = self.event(rng);
                let change = EVENT.choose(rng).unwrap();
                made(change, 3, vec![format!("update event set {change} where id = {id}")])
            }
            0 | 1 => {
                let (at, change) = (rng.random_range(1..=last), READ.choose(rng).unwrap());
                made(
                    change,
                    3,
                    vec![format!("update access_event set {change} where id = {}", read(at))],
                )
            }
            2 => {
                let hash = ["leaf", "link"].choose(rng).unwrap();
                let at = rng.random_range(1..=last);
                made(
                    hash,
                    3,
                    vec![format!("update {entry} set {hash} = sha256('x') where position = {at}")],
                )
            }
            3 => {
                let at = rng.random_range(1..last);
                made(
                    "an entry is taken out",
                    2,
                    vec![format!("delete from {entry} where position = {at}")],
                )
            }
            4 => {
                let (_, id) = self.event(rng);
                let at = rng.random_range(1..=last);
                let sql = if chain == 0 {
                    format!("delete from event where id = {id}")
                } else {
                    format!("delete from access_event where id = {}", read(at))
                };
                made("what an entry is about is taken out", 6, vec![sql])
            }
            5 => {
                let left = rng.random_range(0..last);
                let link = sha256::digits(&self.head(chain, left).link);
                let mut sql = vec![format!("delete from {entry} where position > {left}")];
                if rng.random_bool(0.5) {
                    sql.push(format!("update {heads} set position = {left}, link = '\\x{link}' where position > 0"));
                }
                made("the end is taken off", 5, sql)
            }
            6 => {
                let one = rng.random_range(1..last);
                let other = rng.random_range(one + 1..=last);
                let swap = format!(
                    "create table swapped as table {entry};
                     delete from {entry} where position in ({one}, {other});
                     update swapped set position = {one} + {other} - position where position in ({one}, {other});
                     update swapped s set link = e.link from (select position, link from swapped) e
                     where e.position = {one} + {other} - s.position and s.position in ({one}, {other});
                     insert into {entry} (partnership_id, position, link, {about})
                     select partnership_id, position, link, {about} from swapped where position in ({one}, {other});
                     drop table swapped",
                    about = ABOUT[chain]
                );
                made("two entries are swapped", 3, vec![swap])
            }
            7 => {
                let at = rng.random_range(1..=last);
                let before = self.head(chain, at - 1);
                let mut sql = self.relinked(chain, &before, [rng.random(); 32]);
                sql.truncate(rng.random_range(1..sql.len()));
                made("an entry is written anew, and not all after it", 3, sql)
            }
            8 => {
                let at = last + 1;
                let after = self.head(chain, last).after(&self.chains[chain].2[0]);
                let link = sha256::digits(&after.link);
                let sql = if chain == 0 {
                    format!(
                        "insert into feed_entry (partnership_id, position, escalation_id, event_id, version, leaf, link)
                         select partnership_id, {at}, escalation_id, gen_random_uuid(), 1000, leaf, '\\x{link}'
                         from feed_entry where position = 1"
                    )
                } else {
                    format!(
                        "insert into access_entry (partnership_id, position, at, access_id, leaf, link)
                         select partnership_id, {at}, at, gen_random_uuid(), leaf, '\\x{link}'
                         from access_entry where position = 1"
                    )
                };
                made("an entry about nothing is added", 6, vec![sql])
            }
            9 | 10 => {
                let change = ROWS.choose(rng).unwrap();
                let first = "(select min(id::text)::uuid from escalation)";
                let of = if change.contains("escalation set") { "id" } else { "escalation_id" };
                made(change, 6, vec![format!("{change} where {of} = {first}")])
            }
            _ => match rng.random_range(0..4) {
                0 => {
                    let note = "update checkpoint set note = replace(note, 'reads', 'Reads') where number = 1";
                    made("a checkpoint is changed", 4, vec![note.to_owned()])
                }
                1 => made(
                    "a checkpoint is taken out",
                    4,
                    vec!["delete from checkpoint where number = 1".to_owned()],
                ),
                2 => {
                    let body = "update event_text set body = body || 'x' where (escalation_id, version, field) =
                        (select escalation_id, version, field from event_text order by 1, 2, 3 limit 1)";
                    made("a text is changed", 3, vec![body.to_owned()])
                }
                _ => {
                    let table = ["event_text", "access_seen"].choose(rng).unwrap();
                    let one =
                        format!("delete from {table} where ctid = (select min(ctid) from {table})");
                    made("a row is taken out of which an entry tells", 6, vec![one])
                }
            },
        }
    }
}

/// Everybody is sent away, so that the database can be copied.
async fn left_alone(app: &TestApp) {
    app.deps.pool.close();
    let gone = "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = $1";
    superuser("postgres").await.query(gone, &[&app.database.name]).await.unwrap();
}

/// The same service on another database.
fn on(app: &TestApp, database: &TestDatabase) -> Deps {
    let mut deps = app.deps.clone();
    deps.pool = database.pool();
    deps
}

async fn tampered(database: &TestDatabase, sql: &[String]) -> Client {
    let all = database.superuser().await;
    all.batch_execute("set session_replication_role = replica").await.unwrap();
    for sql in sql {
        all.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_tampers_are_found_and_told_apart() {
    let (app, kept) = signed().await;
    let ground = Ground::of(&app).await;
    left_alone(&app).await;
    let mut rng = StdRng::seed_from_u64(6);
    for number in 0..thorough(30, 200) {
        let tamper = ground.tamper(&mut rng);
        let database = TestDatabase::copy(&app.database).await;
        let deps = on(&app, &database);
        tampered(&database, &tamper.sql).await;
        let report = verify(&deps, &app, &kept).await;
        deps.pool.close();
        let found = report
            .findings
            .first()
            .unwrap_or_else(|| panic!("{number}: {}: {:?}", tamper.what, tamper.sql));
        assert_eq!(
            found.exit_code(),
            tamper.code,
            "{number}: {}: {found}: {:?}",
            tamper.what,
            tamper.sql
        );
    }
}

/// Everything after a change is linked anew, as somebody would who knows this program: only what was signed tells.
#[tokio::test(flavor = "multi_thread")]
async fn a_history_that_was_written_anew_contradicts_what_was_signed() {
    let (app, kept) = signed().await;
    let ground = Ground::of(&app).await;
    left_alone(&app).await;
    for chain in 0..2 {
        let last = ground.chains[chain].1;
        for at in [1, last / 2, last] {
            let database = TestDatabase::copy(&app.database).await;
            let deps = on(&app, &database);
            let (table, key) = [("event", "event_id"), ("access_event", "access_id")][chain];
            let entry = ENTRY[chain];
            let all = tampered(&database, &[]).await;
            let id: Option<String> = all
                .query_one(&format!("select {key}::text from {entry} where position = {at}"), &[])
                .await
                .unwrap()
                .get(0);
            let Some(id) = id else { continue };
            let change =
                format!("update {table} set actor_subject = 'somebody else' where id = '{id}'");
            all.batch_execute(&change).await.unwrap();
            // The leaf that the changed row makes.
            let mut leaf = None;
            let name = [ChainName::Events, ChainName::Reads][chain];
            let each = &mut |it: &audit::Entry| {
                if it.link.position == at {
                    leaf = it.said.as_ref().map(escalation_tracker::domain::chain::Said::leaf);
                }
                Ok::<_, Failure>(())
            };
            walk(&deps, app.partnership, name, each).await.unwrap();
            let leaf = leaf.unwrap();
            let stored = format!(
                "update {table} set leaf = '\\x{}' where id = '{id}'",
                sha256::digits(&leaf)
            );
            all.batch_execute(&stored).await.unwrap();
            for sql in ground.relinked(chain, &ground.head(chain, at - 1), leaf) {
                all.batch_execute(&sql).await.unwrap();
            }
            let report = verify(&deps, &app, &kept).await;
            assert_eq!(report.findings[0].exit_code(), 4, "{name} {at}: {:?}", report.findings);
            // Also when the database's own checkpoints are gone: others have theirs. Without any it would not be seen.
            all.batch_execute("delete from checkpoint").await.unwrap();
            let report = verify(&deps, &app, &kept).await;
            assert_eq!(report.findings[0].exit_code(), 4, "{name} {at}: {:?}", report.findings);
            assert_eq!(verify(&deps, &app, &[]).await.findings, []);
            deps.pool.close();
        }
    }
}

/// T-AUD9: a database that was put back to an earlier state lacks what a later checkpoint tells of, and the range is named.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_was_put_back_lacks_what_was_signed_later() {
    let (mut app, kept) = signed().await;
    left_alone(&app).await;
    let before = TestDatabase::copy(&app.database).await;
    app.restart(escalation_tracker::vault::Vault::new([7; 32])).await;
    app.police().raises(json!({})).await;
    app.sequence().await;
    app.clock.advance(SignedDuration::from_mins(5));
    let made = checkpoints::make(&app.deps, app.partnership).await.unwrap().unwrap();
    let key = checkpoints::verifier(&app.deps, app.partnership).await.unwrap();
    let newest: Checkpoint = key.open(&made.note).unwrap().parse().unwrap();
    assert!(newest.events.position > kept[1].events.position);
    let deps = on(&app, &before);
    let report = verify(&deps, &app, &[newest]).await;
    let told = report.findings[0].to_string();
    assert_eq!(report.findings[0].exit_code(), 5, "{told}");
    let (first, last) = (kept[1].events.position + 1, newest.events.position);
    assert!(told.starts_with(&format!("events: entries {first} to {last} are missing")), "{told}");
    deps.pool.close();
}
