//! The order of the feed while many write, readers come and go, and sequencers are killed: nothing is missing, nothing comes
//! twice, and nothing overtakes.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use escalation_tracker::domain::ids::EscalationId;
use escalation_tracker::http::import_rows::ContractRows;
use escalation_tracker::store::session::{Stated, transaction};
use escalation_tracker::store::{StoreFailure, escalations};
use escalation_tracker::usecases::Deps;
use escalation_tracker::usecases::chain::{sequence, sequence_all};
use escalation_tracker::usecases::deps::Clock;
use escalation_tracker::worker::Worker;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use tokio_postgres::Client;
use uuid::Uuid;

use super::feed_links::checked;
use super::support::TestApp;
use super::support::cluster::superuser;
use super::support::tokens::Token;

const READERS: u64 = 4;

/// How much is written, by how many, and how wildly.
#[derive(Clone, Copy)]
struct Plan {
    writers: u64,
    escalations: usize,
    /// Transactions that are begun; most of them are committed.
    begun: i64,
    /// The most events of one.
    events: usize,
    /// The longest that a writer sleeps before it goes on, in microseconds.
    sleep: u64,
}

const SHORT: Plan = Plan { writers: 64, escalations: 24, begun: 1_500, events: 3, sleep: 20_000 };

/// Who reads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reader {
    /// The feed, through HTTP.
    Feed,
    /// What many would build first: a number from a sequence with each row, and a cursor over the committed ones.
    Naive,
}

/// What one reader was told: position, escalation, version.
type Told = Vec<(i64, Uuid, i32)>;

struct Ground {
    app: TestApp,
    plan: Plan,
    escalations: Vec<Uuid>,
    /// The Director's token.
    token: String,
    left: AtomicI64,
    undone: AtomicUsize,
    killed: AtomicUsize,
    sequencers_killed: AtomicUsize,
    /// Whether everything was written, and has its position.
    done: AtomicBool,
}

impl Ground {
    async fn new(plan: Plan) -> Arc<Self> {
        let app = TestApp::start().await;
        // Filled in the transaction of the writer, as a table of events with a serial number would be.
        let naive = "create table naive (id bigserial primary key, escalation_id uuid, version int);
             create function also_naive() returns trigger language plpgsql security definer as $$
             begin
                 insert into naive (escalation_id, version) values (new.escalation_id, new.version);
                 return null;
             end $$;
             create trigger also_naive after insert on event for each row execute function also_naive()";
        app.database.superuser().await.batch_execute(naive).await.unwrap();
        let mut escalations = Vec::new();
        for _ in 0..plan.escalations {
            escalations.push(app.police().raises(json!({})).await.parse().unwrap());
        }
        let token = Token::of("test-director").at(app.clock.now()).signed();
        Arc::new(Self {
            app,
            token,
            plan,
            escalations,
            left: AtomicI64::new(plan.begun),
            undone: AtomicUsize::new(0),
            killed: AtomicUsize::new(0),
            sequencers_killed: AtomicUsize::new(0),
            done: AtomicBool::new(false),
        })
    }

    async fn connect(&self) -> Client {
        let client = self.app.database.connect("escalation_app").await;
        client.batch_execute("set lock_timeout = '60s'").await.unwrap();
        client
    }

    /// Writes until everything is begun; some of it is taken back, some of it is cut off with its connection.
    async fn write(self: Arc<Self>, seed: u64) {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut client = self.connect().await;
        while self.left.fetch_sub(1, Ordering::SeqCst) > 0 {
            if let Err(error) = self.append(&client, &mut rng).await {
                assert!(is_lock_race(&error), "{error:?}");
                client.batch_execute("rollback").await.unwrap();
                self.undone.fetch_add(1, Ordering::SeqCst);
                continue;
            }
            match rng.random_range(0..100) {
                0..80 => client.batch_execute("commit").await.unwrap(),
                80..92 => {
                    client.batch_execute("rollback").await.unwrap();
                    self.undone.fetch_add(1, Ordering::SeqCst);
                }
                what => {
                    if what % 2 == 0 {
                        let cut = "select pg_terminate_backend(pg_backend_pid())";
                        assert!(client.batch_execute(cut).await.is_err());
                    }
                    client = self.connect().await;
                    self.killed.fetch_add(1, Ordering::SeqCst);
                }
            }
        }
    }

    /// Begins a transaction, and appends a few events of one escalation in it as acts do.
    async fn append(&self, client: &Client, rng: &mut StdRng) -> Result<(), tokio_postgres::Error> {
        let partnership = self.app.partnership;
        let escalation = self.escalations[rng.random_range(0..self.escalations.len())];
        client
            .batch_execute(&format!(
                "begin; select set_config('app.partnership_id', '{partnership}', true),
                               set_config('app.reach', 'partnership', true)"
            ))
            .await?;
        for _ in 0..rng.random_range(1..=self.plan.events) {
            let sleep = Duration::from_micros(rng.random_range(0..=self.plan.sleep));
            let next = format!(
                "with it as (update escalation set version = version + 1
                             where partnership_id = '{partnership}' and id = '{escalation}' returning id, version)
                 insert into event (partnership_id, id, escalation_id, version, event_type, occurred_at, recorded_at,
                                    actor_role, actor_subject, data)
                 select '{partnership}', gen_random_uuid(), id, version, 'noted', now(), now(), 'system', '',
                        '{{\"type\": \"noted\"}}' from it"
            );
            client.batch_execute(&next).await?;
            tokio::time::sleep(sleep).await;
        }
        Ok(())
    }

    /// Sequences again and again as a process that is killed and started anew, until everything has its position.
    async fn sequence(self: Arc<Self>, seed: u64) {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut deps = self.another_process();
        while !self.done.load(Ordering::SeqCst) {
            let most = if rng.random_bool(0.3) { 20_000 } else { 60 };
            let life = Duration::from_millis(rng.random_range(2..most));
            match tokio::time::timeout(life, sequence_all(&deps)).await {
                Ok(done) => {
                    done.unwrap();
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                Err(_) => {
                    deps.pool.close();
                    deps = self.another_process();
                    self.sequencers_killed.fetch_add(1, Ordering::SeqCst);
                }
            }
        }
    }

    fn another_process(&self) -> Deps {
        let mut deps = self.app.deps.clone();
        deps.pool = self.app.database.pool();
        deps.signals = Arc::default();
        deps
    }

    /// Reads until there is nothing more; some requests are broken off, and asked again from where the reader was.
    async fn read(self: Arc<Self>, reader: Reader, seed: u64) -> Told {
        let mut rng = StdRng::seed_from_u64(seed);
        let naive = self.app.database.superuser().await;
        let http = reqwest::Client::new();
        let mut told = Told::new();
        let mut after = 0;
        loop {
            let finished = self.done.load(Ordering::SeqCst);
            let limit = rng.random_range(1..=1_000);
            let page = async {
                match reader {
                    Reader::Feed => self.page(&http, after, limit).await,
                    Reader::Naive => Some(naive_page(&naive, after, limit).await),
                }
            };
            let page = if rng.random_bool(0.2) {
                let life = Duration::from_millis(rng.random_range(0..40));
                let Ok(page) = tokio::time::timeout(life, page).await else { continue };
                page
            } else {
                page.await
            };
            let Some(page) = page else { continue };
            if page.is_empty() && finished {
                return told;
            }
            after = page.last().map_or(after, |it| it.0);
            told.extend(page);
            if reader == Reader::Naive {
                tokio::time::sleep(Duration::from_millis(rng.random_range(0..5))).await;
            }
        }
    }

    /// A page; nothing when the connection broke, or the service asks to come again.
    async fn page(&self, http: &reqwest::Client, after: i64, limit: i64) -> Option<Told> {
        let query = format!("after={after}&limit={limit}&wait={}", limit % 2);
        let request = http.get(format!("{}/v1/events?{query}", self.app.url));
        let answer = request.bearer_auth(&self.token).send().await.ok()?;
        // On a machine that is busier than it can be, the service is late and says so.
        if [408, 503].contains(&answer.status().as_u16()) {
            return None;
        }
        assert_eq!(answer.status(), 200);
        let page: Value = serde_json::from_slice(&answer.bytes().await.ok()?).unwrap();
        let items = page["items"].as_array().unwrap().iter().map(|it| {
            let text = |name: &str| it[name].as_str().unwrap();
            let version = it["data"]["version"].as_i64().unwrap();
            let version = i32::try_from(version).unwrap();
            (text("sequence").parse().unwrap(), text("subject").parse().unwrap(), version)
        });
        Some(items.collect())
    }
}

async fn naive_page(client: &Client, after: i64, limit: i64) -> Told {
    let sql =
        "select id, escalation_id::text, version from naive where id > $1 order by id limit $2";
    let rows = client.query(sql, &[&after, &limit]).await.unwrap();
    rows.iter()
        .map(|row| (row.get(0), row.get::<_, String>(1).parse().unwrap(), row.get(2)))
        .collect()
}

/// Whether a reader was told everything that was committed, once and in order.
fn verify(told: &Told, committed: usize, reader: Reader) -> Result<(), String> {
    let mut versions: HashMap<Uuid, i32> = HashMap::new();
    let mut last = 0;
    for (position, escalation, version) in told {
        // Numbers of a sequence have gaps where something was taken back; positions have none.
        if *position <= last || (reader == Reader::Feed && *position != last + 1) {
            return Err(format!("position {position} after {last}"));
        }
        last = *position;
        let before = versions.insert(*escalation, *version).unwrap_or(0);
        if *version != before + 1 {
            return Err(format!("version {version} after {before} of {escalation}"));
        }
    }
    if told.len() == committed {
        return Ok(());
    }
    Err(format!("{} of {committed} were told", told.len()))
}

/// What a run did, and what its readers were told.
struct Run {
    ground: Arc<Ground>,
    committed: usize,
    found: Vec<Result<(), String>>,
    took: Duration,
}

/// Everybody at once: writers, two sequencers, readers.
async fn run(plan: Plan, reader: Reader, seed: u64) -> Run {
    let began = Instant::now();
    let ground = Ground::new(plan).await;
    let readers: Vec<_> = (0..READERS)
        .map(|n| tokio::spawn(Arc::clone(&ground).read(reader, seed + 1_000 + n)))
        .collect();
    let sequencers: Vec<_> =
        (0..2).map(|n| tokio::spawn(Arc::clone(&ground).sequence(seed + 2_000 + n))).collect();
    let writers: Vec<_> =
        (0..plan.writers).map(|n| tokio::spawn(Arc::clone(&ground).write(seed + n))).collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let look = ground.app.database.superuser().await;
    let count = async |what: &str| {
        let sql = format!("select count(*) from {what}");
        let count: i64 = look.query_one(&sql, &[]).await.unwrap().get(0);
        usize::try_from(count).unwrap()
    };
    while count("feed_pending").await > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    ground.done.store(true, Ordering::SeqCst);
    for sequencer in sequencers {
        sequencer.await.unwrap();
    }
    let committed = count("event").await;
    assert_eq!(count("feed_entry").await, committed);
    let mut found = Vec::new();
    for it in readers {
        found.push(verify(&it.await.unwrap(), committed, reader));
    }
    let took = began.elapsed();
    let whole = checked(&ground.app).await;
    assert_eq!(whole.fault, None, "the links");
    assert_eq!(usize::try_from(whole.head.position).unwrap(), committed);
    eprintln!(
        "{committed} events committed, {} transactions undone, {} writers and {} sequencers killed, {took:?}",
        ground.undone.load(Ordering::SeqCst),
        ground.killed.load(Ordering::SeqCst),
        ground.sequencers_killed.load(Ordering::SeqCst),
    );
    Run { ground, committed, found, took }
}

/// T-FEED1, for some seconds.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_reader_is_told_everything_once_and_in_order() {
    let run = run(SHORT, Reader::Feed, 1).await;
    assert_eq!(run.found, vec![Ok(()); run.found.len()]);
    let so_many = |count: &AtomicUsize| count.load(Ordering::SeqCst);
    let ground = &run.ground;
    assert!(run.committed > 1_000 && so_many(&ground.undone) > 50, "nothing is proved");
    assert!(so_many(&ground.killed) > 50 && so_many(&ground.sequencers_killed) > 3);
}

/// T-FEED2: the same harness sees the fault of the reader that most would build.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_harness_finds_what_a_cursor_over_a_sequence_misses() {
    let run = run(SHORT, Reader::Naive, 2).await;
    let missed = run.found.iter().filter(|found| found.is_err()).count();
    assert!(missed > 0, "a reader that must lose events lost none: {:?}", run.found);
    eprintln!("{:?}", run.found);
}

/// T-FEED1 with a million events, or as many as FEED_EVENTS says; see the README.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "takes long: a million events"]
async fn every_reader_is_told_a_million_events_once_and_in_order() {
    let wanted = std::env::var_os("FEED_EVENTS");
    let wanted = wanted.map_or(1_000_000, |it| it.to_str().unwrap().parse().unwrap());
    // Of ten transactions eight are kept, with ten events each in the middle.
    let begun = wanted / 8;
    let plan = Plan { writers: 64, escalations: 500, begun, events: 19, sleep: 200 };
    let run = run(plan, Reader::Feed, 3).await;
    assert_eq!(run.found, vec![Ok(()); run.found.len()]);
    assert!(run.ground.sequencers_killed.load(Ordering::SeqCst) >= 20);
    eprintln!("{} events in {:?}", run.committed, run.took);
}

/// Whether PostgreSQL itself gave up, as it rarely does when a row's lockers are cut off while others queue for it: it then
/// refuses to write down two updaters of one row, and the transaction is undone.
fn is_lock_race(error: &tokio_postgres::Error) -> bool {
    let refused = error.as_db_error();
    refused.is_some_and(|it| {
        it.message().starts_with("new multixact has more than one updating member")
    })
}

/// Some notes on some escalations, none of them sequenced.
async fn some_notes(app: &TestApp) -> i64 {
    let mut written = 0;
    for _ in 0..4 {
        let id = app.police().raises(json!({})).await;
        for _ in 0..4 {
            app.police().acts(&id, "notes", json!({"note": "A note."})).await;
        }
        written += 5;
    }
    written
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sequencer_that_is_killed_between_statements_leaves_no_gap_and_no_repeat() {
    let app = TestApp::start().await;
    let (mut written, mut killed, mut life) = (0, 0, 0);
    while killed < 20 && life < 4_000 {
        written += some_notes(&app).await;
        // A little longer each time, until it comes through; then from the beginning, with more to do.
        loop {
            let mut deps = app.deps.clone();
            deps.pool = app.database.pool();
            let life_now = Duration::from_micros(1_500 + life % 40 * 700);
            life += 1;
            let done = tokio::time::timeout(life_now, sequence_all(&deps)).await;
            deps.pool.close();
            let whole = checked(&app).await;
            assert_eq!(whole.fault, None);
            if done.is_ok() {
                break;
            }
            killed += 1;
        }
    }
    assert!(killed >= 20, "{killed}");
    app.sequence().await;
    let whole = checked(&app).await;
    assert_eq!((whole.fault, whole.head.position), (None, written));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_sequencers_at_once_one_works_and_no_position_is_given_twice() {
    let app = TestApp::start().await;
    let mut written = 0;
    for _ in 0..4 {
        written += some_notes(&app).await;
        let at_once = (0..6).map(|_| {
            let (deps, id) = (app.deps.clone(), app.partnership);
            tokio::spawn(async move { sequence(&deps, id).await })
        });
        for done in futures_util::future::join_all(at_once).await {
            done.unwrap().unwrap();
        }
        app.sequence().await;
        let whole = checked(&app).await;
        assert_eq!((whole.fault, whole.head.position), (None, written));
    }
    // Whoever holds the head keeps the others away, who do not wait.
    some_notes(&app).await;
    let mut other = app.database.superuser().await;
    let held = other.transaction().await.unwrap();
    held.query("select from feed_head for update", &[]).await.unwrap();
    let began = Instant::now();
    assert_eq!(sequence(&app.deps, app.partnership).await.unwrap(), None);
    assert!(began.elapsed() < Duration::from_secs(2));
    held.rollback().await.unwrap();
    assert_eq!(sequence(&app.deps, app.partnership).await.unwrap(), Some(20));
}

/// T-FEED3, and the nearer case: somebody holds an escalation of which something waits.
#[tokio::test(flavor = "multi_thread")]
async fn no_open_writer_anywhere_delays_the_feed() {
    let app = TestApp::start().await;
    let first: EscalationId = EscalationId(app.police().raises(json!({})).await.parse().unwrap());
    let elsewhere = superuser("postgres").await;
    elsewhere.batch_execute("begin; select pg_current_xact_id()").await.unwrap();
    let (is_held, held) = tokio::sync::oneshot::channel();
    let holds = async {
        let stated = Stated::partnership(app.partnership);
        let held = transaction(&app.deps.pool, stated, async |conn| {
            escalations::lock(conn, app.partnership, first).await?;
            is_held.send(()).unwrap();
            tokio::time::sleep(Duration::from_secs(4)).await;
            Ok::<_, StoreFailure>(())
        });
        held.await.unwrap();
    };
    let writes = async {
        held.await.unwrap();
        // The very first waits, and is of the escalation that is held.
        let worker = Worker::start(app.deps.clone(), Arc::new(ContractRows));
        let (mut after, mut worst) = (0, Duration::ZERO);
        let began = Instant::now();
        let mut posted = Instant::now();
        while began.elapsed() < Duration::from_secs(3) {
            let path = format!("/v1/events?after={after}&wait=10&limit=1");
            let page = app.director().get(&path).await.expect(200).json;
            assert_eq!(page["items"].as_array().unwrap().len(), 1);
            worst = worst.max(posted.elapsed());
            after += 1;
            app.police().raises(json!({})).await;
            posted = Instant::now();
        }
        assert!(after > 10, "{after}");
        assert!(worst < Duration::from_secs(1), "{worst:?} of {after}");
        eprintln!("the longest of {after}: {worst:?}");
        worker.stop().await;
    };
    tokio::join!(holds, writes);
    elsewhere.batch_execute("rollback").await.unwrap();
}
