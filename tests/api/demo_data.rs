//! The made-up data, loaded into a real database: their shape there, and that loading them is repeatable.
#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use super::support::cluster::programs;
use escalation_tracker::demo::{self, DemoOptions, DemoReport, Refusal};
use escalation_tracker::domain::access::Caller;
use escalation_tracker::domain::child_reference::SchemePolicy;
use escalation_tracker::domain::figures::{GroupBy, WeekFigures, WeeklyQuestion};
use escalation_tracker::domain::silence::Hearing;
use escalation_tracker::domain::spc::{Basis, Variation};
use escalation_tracker::domain::week::IsoWeek;
use escalation_tracker::embedded::{Durability, EmbeddedPostgres, Options, SUPERUSER};
use escalation_tracker::store::pool::{PoolOptions, connect_once};
use escalation_tracker::store::{Pool, migrations};
use escalation_tracker::usecases::{Deps, registry, review, weekly};
use escalation_tracker::vault::Vault;

const ISSUER: &str = "https://demo.invalid";
/// The first week in which answers come sooner.
const LEARNING: i32 = 70;
/// The first week after the relaunch, which the Director declares.
const RELAUNCH: i32 = 40;

struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let name = format!("demo-test-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn start(place: &Place, durability: Durability) -> EmbeddedPostgres {
    let options = Options {
        data_dir: place.0.join("pg"),
        durability,
        bin_dir: Some(programs()),
        may_install: false,
    };
    EmbeddedPostgres::start(&options, &mut |_| {}).unwrap()
}

async fn ask(server: &EmbeddedPostgres, database: &str, statement: &str) -> Vec<String> {
    let target = server.connection_string(SUPERUSER, database);
    let (client, connection) =
        tokio_postgres::connect(&target, tokio_postgres::NoTls).await.unwrap();
    let traffic = tokio::spawn(connection);
    let messages = client.simple_query(statement).await.unwrap();
    drop(client);
    traffic.await.unwrap().unwrap();
    messages
        .into_iter()
        .filter_map(|message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => {
                Some(row.get(0).unwrap_or_default().to_owned())
            }
            _ => None,
        })
        .collect()
}

async fn deps(server: &EmbeddedPostgres, database: &str) -> Deps {
    let make = format!("create database {database} owner escalation_owner");
    ask(server, "postgres", &make).await;
    let owner = PoolOptions::new(server.connection_string("escalation_owner", database));
    migrations::run(connect_once(&owner).await.unwrap()).await.unwrap();
    let app = PoolOptions::new(server.connection_string("escalation_app", database));
    let pool = Pool::new(&app).unwrap();
    Deps::new(pool, Arc::new(Vault::new([7; 32])), SchemePolicy::default())
}

fn options() -> DemoOptions {
    DemoOptions::two_years("2026-W46".parse().unwrap(), ISSUER.to_owned())
}

async fn load(deps: &Deps, options: &DemoOptions) -> DemoReport {
    let started = Instant::now();
    let report = demo::load(deps, options, &mut |_, _| {}).await.unwrap();
    eprintln!("loaded in {:?}: {report:?}", started.elapsed());
    report
}

async fn caller(deps: &Deps, client_id: &str) -> Caller {
    let found = registry::find(deps, ISSUER, client_id).await.unwrap().unwrap();
    registry::caller(deps, &found, client_id.to_owned()).await.unwrap()
}

async fn weeks(deps: &Deps, from: IsoWeek, to: IsoWeek) -> Vec<WeekFigures> {
    let analyst = caller(deps, "demo-analyst").await;
    let question = WeeklyQuestion {
        as_of: None,
        from,
        to,
        group_by: GroupBy::Theme,
        theme: None,
        raised_by: None,
        raised_with: None,
    };
    weekly::figures(deps, &analyst, &question).await.unwrap().0
}

fn share(part: i64, whole: i64) -> f64 {
    f64::from(i32::try_from(part).unwrap()) / f64::from(i32::try_from(whole).unwrap())
}

fn near(name: &str, is: f64, wanted: f64, tolerance: f64) {
    eprintln!("{name}: {is:.3}");
    assert!((is - wanted).abs() <= tolerance, "{name}: {is:.3}, wanted {wanted:.3}");
}

/// Every row that must be the same in two databases, as text and in order.
const DUMPS: [&str; 8] = [
    "select e::text from escalation e order by id",
    "select e::text from event e order by id",
    "select t::text from event_text t order by escalation_id, version, field",
    "select c::text from stage_clock c order by id",
    "select d::text from delay d order by escalation_id",
    "select p::text from practice_record p order by id",
    "select (signed_as, week, recorded_at)::text from nil_return order by week, signed_as",
    // Keys are by chance, so that it is compared who shares a child and not by which hash.
    "select (escalation_id, position, scheme, min(escalation_id::text) over (partition by child_key))::text \
     from escalation_child order by escalation_id, position",
];

#[tokio::test]
async fn the_made_up_data_have_their_shape_and_are_added_once() {
    let place = Place::new("shape");
    let server = start(&place, Durability::Disposable);
    ask(&server, "postgres", "create role escalation_owner login createrole").await;
    let one = deps(&server, "one").await;
    let report = load(&one, &options()).await;
    assert!(!report.already_there && report.raised > 450, "{report:?}");
    assert_eq!(report.refused.len(), Refusal::ALL.len(), "{report:?}");

    has_its_shape(&one, &report).await;

    let counts = "select count(*)::text from event";
    let before = ask(&server, "one", counts).await;
    let later = DemoOptions { last_week: options().last_week.next(), ..options() };
    assert!(load(&one, &later).await.already_there);
    assert_eq!(ask(&server, "one", counts).await, before);
}

#[tokio::test]
async fn the_same_seed_makes_the_same_rows_in_another_database() {
    let place = Place::new("again");
    let server = start(&place, Durability::Disposable);
    ask(&server, "postgres", "create role escalation_owner login createrole").await;
    let half_a_year = DemoOptions { weeks: 26, ..options() };
    let one = deps(&server, "one").await;
    let two = deps(&server, "two").await;
    assert_eq!(load(&one, &half_a_year).await, load(&two, &half_a_year).await);
    for dump in DUMPS {
        let rows = ask(&server, "one", dump).await;
        assert!(!rows.is_empty(), "{dump}");
        assert!(rows == ask(&server, "two", dump).await, "{dump}");
    }
}

/// What the Director's page shows of who is heard, and of the change at the relaunch.
async fn has_its_silences_and_its_change(deps: &Deps, report: &DemoReport) {
    let last = options().last_week;
    let director = caller(deps, "demo-director").await;
    let pack = review::pack(deps, &director, last, None).await.unwrap();
    let heard = |code: &str| {
        let line = pack.agencies.iter().find(|it| it.code == code).unwrap();
        (line.hearing, line.ask, line.agreed_hours, line.nil_returns_in_a_row)
    };
    assert_eq!(heard("gp_otherton"), (Hearing::NotConnected, true, Some(24), 0));
    assert_eq!(heard("adult_social_care"), (Hearing::NilReturn, true, None, 9));
    assert_eq!(heard("health_icb"), (Hearing::NilReturn, false, None, 2));
    assert_eq!(heard("probation"), (Hearing::Quiet, true, None, 0));
    let connected = heard("health_acute");
    assert_eq!((connected.2, connected.0 == Hearing::NotConnected), (Some(168), false));
    assert!(report.heartbeats > 300 && report.nil_returns == 11, "{report:?}");

    // Two levels, each usual for itself, where one average over both would be a signal for ever.
    let relaunch = last.plus_weeks(RELAUNCH - 104);
    for (week, change) in [(relaunch.plus_weeks(-1), None), (last, Some(relaunch))] {
        let pack = review::pack(deps, &director, week, None).await.unwrap();
        let (raised, days) = (&pack.raised, &pack.median_days);
        assert_eq!(pack.tiles.new.reading.variation, Variation::CommonCause, "{week}");
        assert_eq!(pack.tiles.new.reading.basis, Some(Basis::Locked), "{week}");
        let changes: Vec<IsoWeek> = raised.rebases.iter().map(|it| it.week).collect();
        assert_eq!(changes, change.into_iter().collect::<Vec<_>>(), "{week}");
        assert_eq!(raised.points.iter().filter(|it| it.value.is_none()).count(), 0, "{week}");
        assert_eq!(days.rebases.is_empty(), change.is_none(), "{week}: {}", days.method);
    }
}

async fn has_its_shape(deps: &Deps, report: &DemoReport) {
    has_its_silences_and_its_change(deps, report).await;
    let last = options().last_week;
    let first = last.plus_weeks(-103);
    let weeks = weeks(deps, first, last).await;
    assert_eq!(weeks.len(), 104);
    assert!(weeks.iter().all(|week| week.reconciliation().balances));

    let learned = first.plus_weeks(LEARNING - 1);
    let in_time = |later: bool| {
        let these = weeks.iter().filter(|it| (it.week >= learned) == later);
        let (due, met) = these.fold((0, 0), |(due, met), it| {
            (due + it.total.answers_due, met + it.total.answers_in_time)
        });
        share(met, due)
    };
    near("in time before", in_time(false), 0.56, 0.08);
    near("in time after", in_time(true), 0.71, 0.08);

    let beside = weeks.iter().map(|it| it.beside.total);
    let (informal, commended) = beside.fold((0, 0), |(informal, commended), it| {
        (informal + it.informal_resolutions, commended + it.commendations)
    });
    near("settled by a call a week", share(informal, 104), 4.5, 0.5);
    near("commended a week", share(commended, 104), 1.5, 0.3);
    let made: u64 = report.practice.values().sum();
    assert_eq!(i64::try_from(made).unwrap(), informal + commended);

    let open = weeks.last().unwrap().total.open_at_end;
    let raised = i64::try_from(report.raised).unwrap();
    near("open at the end", share(open, raised), 0.06, 0.03);
    let late: i64 = weeks.iter().map(|it| it.total.received_late).sum();
    near("received late", share(late, raised), 0.07, 0.03);
    let median = weeks.iter().filter_map(|it| it.total.median_working_days());
    assert!(median.clone().count() > 10 && median.clone().all(|days| days < 15.0));
}
