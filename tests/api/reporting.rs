//! The reporting views: commented, stable, closed to everybody but their readers, and the same figures as the API's.

use std::collections::BTreeMap;
use std::path::Path;

use escalation_tracker::domain::access::Reach;
use escalation_tracker::domain::agency::{AgencyType, Sector};
use escalation_tracker::domain::figures::{DEFINITIONS_VERSION, Measure};
use escalation_tracker::domain::report_dictionary::{lines, markdown};
use escalation_tracker::usecases::reports;
use serde_json::json;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use super::recount::{FIRST, SECOND, fill};
use super::row_security::{World, count, state};
use super::support::TestApp;
use super::support::cluster::TestDatabase;

/// A file of the repository that is made from the database; with `UPDATE_REPORTING=1` it is written again.
#[track_caller]
fn assert_file(path: &str, made: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE_REPORTING").is_some() {
        std::fs::write(&file, made).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    let differs = kept.lines().zip(made.lines()).find(|(kept, made)| kept != made);
    assert!(
        kept == made,
        "{path} is not what the database says, first in {differs:?}; run `UPDATE_REPORTING=1 cargo test reporting`"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_view_and_column_says_what_it_means_and_no_column_moves() {
    let app = TestApp::start().await;
    let views = reports::views(&app.deps).await.unwrap();
    assert!(views.len() >= 14, "{}", views.len());
    let mut columns = String::new();
    for view in &views {
        assert!(view.comment().ends_with('.'), "{}: {:?}", view.name(), view.comment());
        for column in view.columns() {
            let place = format!("{}.{}", view.name(), column.name());
            assert!(column.comment().ends_with('.'), "{place}: {:?}", column.comment());
            assert!(!column.comment().contains('|'), "{place}: would break the table");
            columns.push_str(&format!("{place} {}\n", column.kind().word()));
        }
    }
    // A column that is in this file stays where it is; new ones come after the others of their view.
    assert_file("tests/api/reporting_columns.txt", &columns);
    assert_file("docs/reporting.md", &markdown(&views));
    assert_eq!(lines(&views).len(), columns.lines().count());
    for word in ["ciphertext", "subject", "external_reference", "note", "scheme"] {
        assert!(!columns.contains(word), "{word}");
    }
}

/// The object in the style of the Standard Safeguarding Dataset names the columns of its view in their order, the codes
/// of the census as the view has them, and no other agency's kind has a code that the list lacks.
#[tokio::test(flavor = "multi_thread")]
async fn the_dataset_object_is_its_view_and_its_codes_are_the_lists() {
    let app = TestApp::start().await;
    let views = reports::views(&app.deps).await.unwrap();
    let view = views.iter().find(|view| view.name() == "ssd_escalations").unwrap();
    let object = include_str!("../../docs/ssd/ssd_escalations.yml");
    let (fields, rest) = object.split_once("left_out:").unwrap();
    let names: Vec<&str> =
        fields.lines().filter_map(|line| line.strip_prefix("  - name: ")).collect();
    assert_eq!(names, view.columns().map(|column| column.name()).collect::<Vec<_>>());
    assert!(!names.contains(&"esca_person_id"));
    let codes = rest.lines().find_map(|line| line.trim().strip_prefix("codes: [")).unwrap();
    let mut codes: Vec<&str> =
        codes.trim_end_matches(']').split(", ").map(|code| code.trim_matches('"')).collect();
    codes.sort_unstable();
    let service = app.database.connect("escalation_app").await;
    state(&service, &app.partnership.to_string(), "", Reach::Partnership).await;
    let column = async |sql: &str| {
        let rows = service.query(sql, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect::<Vec<String>>()
    };
    let sql = "select code from reporting_v1.reference_referral_source order by code collate \"C\"";
    assert_eq!(column(sql).await, codes);
    let sql = "select agency || ' ' || coalesce(referral_source_code, '-') from reporting_v1.reference_agency order by 1";
    assert_eq!(
        column(sql).await,
        ["anyborough_cs 5B", "business_unit -", "health_community 3F", "valeshire_police 6"]
    );
    // Every kind of agency has a code, but for those that oversee.
    let migration = include_str!("../../migrations/2026-11-28-000010_reporting/up.sql");
    for kind in AgencyType::ALL {
        let oversees = kind.sector() == Sector::Oversight;
        assert_eq!(migration.contains(&format!("when '{kind}' then '")), !oversees, "{kind}");
    }
}

/// A login that belongs to the reporting role of a partnership, made as docs/odata.md says. Roles belong to the server,
/// which all tests share.
async fn login(database: &TestDatabase, code: &str) -> Client {
    let group = format!("reporting_{}", code.to_lowercase());
    let login = format!("reader_of_{}", code.to_lowercase());
    for sql in [
        format!("create role {group} nologin in role reporting_ro"),
        format!("create role {login} login in role {group}"),
    ] {
        let made = database.superuser().await.batch_execute(&sql).await;
        if let Err(error) = made {
            let known = [SqlState::DUPLICATE_OBJECT, SqlState::UNIQUE_VIOLATION];
            assert!(known.contains(error.code().unwrap()), "{error:?}");
        }
    }
    database.connect(&login).await
}

async fn views(client: &Client) -> Vec<String> {
    let sql =
        "select relname::text from pg_class where relnamespace = 'reporting_v1'::regnamespace";
    client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

async fn ids(client: &Client) -> Vec<String> {
    let sql = "select escalation_id::text from reporting_v1.escalation";
    client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

async fn says(client: &Client, partnership: &str) {
    let sql = "select set_config('app.partnership_id', $1, false)";
    client.query(sql, &[&partnership]).await.unwrap();
}

async fn rows(client: &Client) -> BTreeMap<String, i64> {
    let mut rows = BTreeMap::new();
    for view in views(client).await {
        // The census's codes are nobody's.
        if view != "reference_referral_source" {
            let number = count(client, &format!("reporting_v1.{view}")).await;
            rows.insert(view, number);
        }
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_sees_its_own_partnership_and_nothing_before_it_states_it() {
    let world = World::new().await;
    let (here, there) = (world.partnership("ANY").await, world.partnership("ELSE").await);
    let (any, other) =
        (login(&world.app.database, "ANY").await, login(&world.app.database, "ELSE").await);
    for (view, number) in rows(&any).await {
        assert_eq!(number, 0, "{view}: nothing was stated");
    }
    says(&any, &here).await;
    says(&other, &there).await;
    let (mine, theirs) = (rows(&any).await, rows(&other).await);
    for (view, number) in &mine {
        assert!(*number > 0, "{view} is empty, so that nothing is proved of it");
        assert!(theirs[view] > 0, "{view} is empty elsewhere");
    }
    assert_eq!(mine["escalation"], 2);
    assert_eq!(theirs["escalation"], 1);
    assert_eq!(ids(&other).await, std::slice::from_ref(&world.elsewhere));
    assert!(!ids(&any).await.contains(&world.elsewhere));
    // A setting is anybody's to change: who belongs to one partnership does not read another by stating it.
    says(&any, &there).await;
    for (view, number) in rows(&any).await {
        assert_eq!(number, 0, "{view}: of a partnership to which the reader does not belong");
    }
    // Reaching further than that is for the service alone.
    any.batch_execute("set app.reach = 'partnership'").await.unwrap();
    assert_eq!(rows(&any).await["escalation"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_reads_the_views_and_nothing_else() {
    let world = World::new().await;
    let reader = login(&world.app.database, "ANY").await;
    says(&reader, &world.partnership("ANY").await).await;
    let all = world.app.database.superuser().await;
    let tables = all
        .query("select relname::text from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'", &[])
        .await
        .unwrap();
    assert!(tables.len() > 30);
    for table in tables {
        let table: String = table.get(0);
        for sql in [format!("select from {table} limit 1"), format!("delete from {table}")] {
            let error = reader.batch_execute(&sql).await.expect_err(&sql);
            assert_eq!(error.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{sql}");
        }
    }
    for sql in [
        "update reporting_v1.reference_theme set label = 'x'",
        "delete from reporting_v1.escalation",
        "create view reporting_v1.mine as select 1",
        "select find_report_token('00000000-0000-0000-0000-000000000000')",
        "select * from find_client('a', 'b')",
    ] {
        reader.batch_execute(sql).await.expect_err(sql);
    }
    let settings: Vec<String> = all
        .query_one(
            "select rolconfig from pg_roles where rolname = 'reporting_ro' and not rolcanlogin",
            &[],
        )
        .await
        .unwrap()
        .get(0);
    assert_eq!(settings, ["default_transaction_read_only=on", "statement_timeout=60s"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_reads_them_for_a_whole_partnership_only() {
    let world = World::new().await;
    let service = world.service().await;
    let here = world.partnership("ANY").await;
    let agency = world.agency("valeshire_police").await;
    for (reach, seen) in [(Reach::OwnAgency, 0), (Reach::Partnership, 2)] {
        state(&service, &here, &agency, reach).await;
        assert_eq!(count(&service, "reporting_v1.escalation").await, seen, "{reach:?}");
        service.batch_execute("rollback").await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_has_one_key_in_a_fiscal_year_and_another_in_the_next() {
    let app = TestApp::start().await;
    let raised = |at: &str| json!({"raised_at": at});
    app.clock.set("2026-03-30T09:00:00Z");
    let one = app.police().raises(raised("2026-03-30T09:00:00Z")).await;
    let same_year = app.police().raises(raised("2026-03-30T08:00:00Z")).await;
    app.clock.set("2026-04-01T09:00:00Z");
    let next_year = app.police().raises(raised("2026-04-01T09:00:00Z")).await;
    let service = app.database.connect("escalation_app").await;
    state(&service, &app.partnership.to_string(), "", Reach::Partnership).await;
    let mut found = BTreeMap::new();
    let sql =
        "select escalation_id::text, fiscal_year, child_key from reporting_v1.escalation_child";
    for row in service.query(sql, &[]).await.unwrap() {
        found.insert(row.get::<_, String>(0), (row.get::<_, i32>(1), row.get::<_, String>(2)));
    }
    assert_eq!(found[&one], found[&same_year]);
    assert_eq!(found[&one].0, 2025);
    assert_eq!(found[&next_year].0, 2026);
    assert_ne!(found[&one].1, found[&next_year].1);
    let kept = app.database.superuser().await;
    let kept =
        kept.query("select encode(child_key, 'hex') from escalation_child", &[]).await.unwrap();
    assert!(kept.iter().all(|row| found.values().all(|(_, key)| *key != row.get::<_, String>(0))));
}

const COUNTS: [&str; 11] = [
    "raised",
    "received_late",
    "reopened",
    "resolved",
    "resolved_same_day",
    "ended",
    "open_at_end",
    "overdue_at_end",
    "answers_due",
    "answers_in_time",
    "excluded",
];

type Line = BTreeMap<String, String>;

fn table(text: &str) -> Vec<Line> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}

fn number(text: &str) -> Option<f64> {
    (!text.is_empty()).then(|| text.parse().unwrap())
}

#[track_caller]
fn assert_near(one: Option<f64>, other: Option<f64>, place: &str) {
    let near = match (one, other) {
        (Some(one), Some(other)) => (one - other).abs() <= 1e-9 * other.abs().max(1.0),
        (one, other) => one == other,
    };
    assert!(near, "{place}: {one:?} is not {other:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_weekly_views_say_what_the_weekly_aggregation_says() {
    let app = TestApp::start().await;
    fill(&app).await;
    let director = app.director();
    let service = app.database.connect("escalation_app").await;
    state(&service, &app.partnership.to_string(), "", Reach::Partnership).await;
    // Later than the last act, the view's last week is the machine's; before it, the data's.
    let mut compared = [0, 0];
    for (from, to) in [FIRST, SECOND] {
        for (group_by, column) in [
            ("theme", "theme"),
            ("raised_by_agency", "raised_by_agency"),
            ("raised_with_agency", "raised_with_agency"),
        ] {
            let url =
                format!("/v1/themes/weekly?from_week={from}&to_week={to}&group_by={group_by}");
            let sums = COUNTS.map(|name| format!("sum({name})::int4")).join(", ");
            let sql = format!(
                "select week, {column}, definitions_version, {sums} from reporting_v1.weekly_theme_agency
                 where week between $1 and $2 group by 1, 2, 3"
            );
            let mut view = BTreeMap::new();
            for row in service.query(&sql, &[&from, &to]).await.unwrap() {
                let counts: Vec<i32> = (3..3 + COUNTS.len()).map(|place| row.get(place)).collect();
                assert_eq!(row.get::<_, i32>(2), i32::try_from(DEFINITIONS_VERSION).unwrap());
                view.insert((row.get::<_, String>(0), row.get::<_, String>(1)), counts);
            }
            for line in table(&director.get_csv(&url).await.expect(200).text) {
                if line["key"].is_empty() {
                    continue;
                }
                let key = (line["week"].clone(), line["key"].clone());
                let counts: Vec<i32> = COUNTS.map(|name| line[name].parse().unwrap()).to_vec();
                assert_eq!(view.remove(&key), Some(counts), "{group_by} {key:?}");
                compared[0] += 1;
            }
            assert!(view.is_empty(), "{group_by}: only in the view {view:?}");
        }
        let mut measured = BTreeMap::new();
        let sql = "select week, measure, value::float8, p90::float8, cases from reporting_v1.weekly_measure
                   where week between $1 and $2";
        for row in service.query(sql, &[&from, &to]).await.unwrap() {
            let values: (Option<f64>, Option<f64>, Option<i32>) =
                (row.get(2), row.get(3), row.get(4));
            measured.insert((row.get::<_, String>(0), row.get::<_, String>(1)), values);
        }
        let url = format!("/v1/themes/weekly?from_week={from}&to_week={to}");
        for line in table(&director.get_csv(&url).await.expect(200).text) {
            if !line["key"].is_empty() {
                continue;
            }
            for measure in Measure::ALL {
                let place = format!("{} {measure}", line["week"]);
                // Weeks before the first escalation are in no view.
                let Some((value, p90, cases)) =
                    measured.remove(&(line["week"].clone(), measure.to_string()))
                else {
                    assert!(
                        COUNTS.iter().all(|name| line[*name] == "0"),
                        "{place} is not in the view"
                    );
                    continue;
                };
                let (answered, ninth, of) = match measure {
                    Measure::AnsweredInTime => ("share_in_time", "", "answers_due"),
                    Measure::WorkingDaysToResolve => {
                        ("median_working_days", "p90_working_days", "resolved")
                    }
                    Measure::ChildDaysToResolve => {
                        ("median_child_days", "p90_child_days", "resolved")
                    }
                    Measure::ResolvedSameDay => (measure.code(), "", "resolved"),
                    Measure::ReceivedLate => (measure.code(), "", "raised"),
                    measure => (measure.code(), "", ""),
                };
                assert_near(value, number(&line[answered]), &place);
                assert_near(p90, line.get(ninth).and_then(|it| number(it)), &place);
                assert_eq!(cases.map(|it| it.to_string()), line.get(of).cloned(), "{place}");
                compared[1] += 1;
            }
        }
        assert!(measured.is_empty(), "only in the view {measured:?}");
    }
    assert!(compared[0] > 600 && compared[1] > 1_000, "{compared:?}");
    // Limits are counted where they fell due, stage by stage as week by week.
    let sql = "select sum(s.answers_in_time)::int8 - (select sum(answers_in_time)::int8 from reporting_v1.weekly_theme_agency)
               from reporting_v1.escalation_stage s join reporting_v1.escalation e using (escalation_id)
               where e.counts_in_figures";
    assert_eq!(service.query_one(sql, &[]).await.unwrap().get::<_, i64>(0), 0);
}
