//! The schema: there and back again, and the rules that every table of it keeps.

use std::collections::BTreeSet;
use std::time::Duration;

use escalation_tracker::store::migrations;
use escalation_tracker::store::pool::{PoolOptions, connect_once};
use tokio_postgres::Client;

use super::support::cluster::TestDatabase;

/// The tables whose keys need not start with a partnership: it is where partnerships and callers are found.
const WITHOUT_A_PARTNERSHIP_FIRST: &[&str] = &["client", "partnership"];
/// The number of the lock that programs which migrate take, as in `src/store/migrations.rs`.
const MIGRATION_LOCK: i64 = 0x0e5c_a1a7_1055;
/// The migration tool's own table: which migrations ran, and nothing of anybody's.
const OF_THE_TOOL: &str = "__diesel_schema_migrations";

/// Everything of the schema that has a meaning, one sorted line each.
const CATALOGUE: &str = r"
    select 'column ' || c.relname || '.' || a.attname || ' ' || a.attnum || ' '
           || format_type(a.atttypid, a.atttypmod) || ' notnull=' || a.attnotnull || ' default='
           || coalesce(pg_get_expr(d.adbin, d.adrelid), '-') || ' generated=' || a.attgenerated::text
           || a.attidentity::text || ' collation=' || a.attcollation::text || ' '
           || coalesce(a.attacl::text, '-') as line
    from pg_attribute a join pg_class c on c.oid = a.attrelid
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm') and a.attnum > 0
          and not a.attisdropped
    union all
    select 'relation ' || relname || ' ' || relkind::text || ' rls=' || relrowsecurity || ' forced='
           || relforcerowsecurity || ' ' || pg_get_userbyid(relowner) || ' '
           || coalesce((select string_agg(acl::text, ',' order by acl::text) from unnest(relacl) acl), '-')
           || ' ' || coalesce(obj_description(oid, 'pg_class'), '-')
    from pg_class where relnamespace = 'public'::regnamespace
    union all
    select 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
    from pg_constraint where connamespace = 'public'::regnamespace
    union all
    select 'index ' || pg_get_indexdef(indexrelid) || ' valid=' || indisvalid
    from pg_index join pg_class c on c.oid = indexrelid where c.relnamespace = 'public'::regnamespace
    union all
    select 'policy ' || tablename || ' ' || policyname || ' ' || permissive || ' ' || roles::text || ' '
           || cmd || ' using ' || coalesce(qual, '-') || ' check ' || coalesce(with_check, '-')
    from pg_policies where schemaname = 'public'
    union all
    select 'trigger ' || pg_get_triggerdef(t.oid) || ' enabled=' || t.tgenabled::text
    from pg_trigger t join pg_class c on c.oid = t.tgrelid
    where c.relnamespace = 'public'::regnamespace and not t.tgisinternal
    union all
    select 'function ' || pg_get_functiondef(oid) || ' ' || pg_get_userbyid(proowner) || ' '
           || coalesce((select string_agg(acl::text, ',' order by acl::text) from unnest(proacl) acl), '-')
    from pg_proc where pronamespace = 'public'::regnamespace
    union all
    select 'type ' || typname || ' ' || typtype::text
    from pg_type where typnamespace = 'public'::regnamespace and typtype in ('e', 'd', 'r')
    order by line";

async fn lines(database: &Client, sql: &str) -> Vec<String> {
    database.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

async fn migrate(database: &TestDatabase) -> Vec<String> {
    let conn = connect_once(&PoolOptions::new(database.url("escalation_owner"))).await.unwrap();
    migrations::run(conn).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn up_down_and_up_again_is_the_same_as_up() {
    let database = TestDatabase::empty().await;
    let look = database.superuser().await;
    let ran = migrate(&database).await;
    assert!(ran.len() >= 2, "{ran:?}");
    let first = lines(&look, CATALOGUE).await;
    for kind in ["column ", "constraint ", "index ", "policy ", "trigger ", "function "] {
        assert!(first.iter().any(|line| line.starts_with(kind)), "{kind}");
    }
    assert_eq!(migrate(&database).await, Vec::<String>::new(), "a second time runs nothing");
    assert_eq!(lines(&look, CATALOGUE).await, first);

    let conn = connect_once(&PoolOptions::new(database.url("escalation_owner"))).await.unwrap();
    migrations::revert_all(conn).await.unwrap();
    // The role and its way into the schema stay: they belong to the server, where others may use them.
    let left = lines(&look, CATALOGUE).await;
    let left: Vec<_> = left.iter().filter(|line| !line.contains(OF_THE_TOOL)).collect();
    assert_eq!(left, Vec::<&String>::new(), "what down.sql leaves behind");

    migrate(&database).await;
    let again = lines(&look, CATALOGUE).await;
    let missing: Vec<_> = first.iter().filter(|line| !again.contains(line)).collect();
    let new: Vec<_> = again.iter().filter(|line| !first.contains(line)).collect();
    assert!(missing.is_empty() && new.is_empty(), "gone {missing:#?}, new {new:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_programs_can_migrate_at_once() {
    let database = TestDatabase::empty().await;
    let (one, other) = tokio::join!(migrate(&database), migrate(&database));
    let (did, found) = if one.is_empty() { (other, one) } else { (one, other) };
    assert!(did.len() >= 2 && found.is_empty(), "{did:?} {found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_waits_for_anothers_migrations_longer_than_for_any_other_lock() {
    let database = TestDatabase::empty().await;
    let other = database.superuser().await;
    other.batch_execute(&format!("select pg_advisory_lock({MIGRATION_LOCK})")).await.unwrap();
    let release = async {
        tokio::time::sleep(Duration::from_millis(5_500)).await;
        drop(other);
    };
    let (ran, ()) = tokio::join!(migrate(&database), release);
    assert!(ran.len() >= 2, "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_foreign_key_has_an_index_that_begins_with_its_columns() {
    let database = TestDatabase::create().await;
    let look = database.superuser().await;
    let without = lines(
        &look,
        "select conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(c.oid)
         from pg_constraint c
         where contype = 'f' and connamespace = 'public'::regnamespace and not exists (
             select from pg_index i
             where i.indrelid = c.conrelid and i.indisvalid and i.indpred is null
               -- The first columns of the index, in any order among themselves.
               and (select array_agg(k order by k)
                    from unnest((i.indkey::int2[])[0:cardinality(c.conkey) - 1]) k)
                   = (select array_agg(k order by k) from unnest(c.conkey) k))",
    )
    .await;
    assert_eq!(without, Vec::<String>::new(), "foreign keys without an index");
    let all = lines(&look, "select conname::text from pg_constraint where contype = 'f'").await;
    assert!(all.len() > 15, "{}", all.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_key_and_every_index_starts_with_the_partnership() {
    let database = TestDatabase::create().await;
    let look = database.superuser().await;
    let otherwise = lines(
        &look,
        "select r.relname || ': index ' || x.relname
         from pg_index i join pg_class r on r.oid = i.indrelid join pg_class x on x.oid = i.indexrelid
         left join pg_attribute a on a.attrelid = r.oid and a.attnum = i.indkey[0]
         where r.relnamespace = 'public'::regnamespace and a.attname is distinct from 'partnership_id'
         union all
         select r.relname || ': ' || c.conname
         from pg_constraint c join pg_class r on r.oid = c.conrelid
         left join pg_attribute a on a.attrelid = r.oid and a.attnum = c.conkey[1]
         where c.connamespace = 'public'::regnamespace and c.contype in ('p', 'u', 'f', 'x')
           and a.attname is distinct from 'partnership_id'
         order by 1",
    )
    .await;
    let mut tables = BTreeSet::new();
    for line in &otherwise {
        let table = line.split(':').next().unwrap();
        let known = table == OF_THE_TOOL || WITHOUT_A_PARTNERSHIP_FIRST.contains(&table);
        assert!(known, "{line} does not start with partnership_id");
        tables.insert(table.to_owned());
    }
    for table in WITHOUT_A_PARTNERSHIP_FIRST {
        assert!(tables.contains(*table), "{table} needs no exception any more");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_has_forced_row_security_and_a_policy() {
    let database = TestDatabase::create().await;
    let look = database.superuser().await;
    let rows = look
        .query(
            "select c.relname::text, c.relrowsecurity, c.relforcerowsecurity,
                    exists (select from pg_policies p where p.tablename = c.relname and p.cmd = 'ALL'
                            and p.qual is not null and p.with_check is not null),
                    exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'partnership_id')
             from pg_class c
             where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace",
            &[],
        )
        .await
        .unwrap();
    assert!(rows.len() > 10);
    for row in rows {
        let name: String = row.get(0);
        if name == OF_THE_TOOL {
            continue;
        }
        assert!(row.get::<_, bool>(1), "{name} has no row security");
        assert!(row.get::<_, bool>(2), "row security of {name} is not forced on its owner");
        assert!(row.get::<_, bool>(3), "{name} has no policy for reading and writing");
        assert!(row.get::<_, bool>(4) || name == "partnership", "{name} names no partnership");
    }
    // A view works with its owner's rights unless it says otherwise.
    let views = lines(
        &look,
        "select relname::text from pg_class
         where relkind in ('v', 'm') and relnamespace = 'public'::regnamespace
           and not coalesce(reloptions @> '{security_invoker=true}', false)",
    )
    .await;
    assert_eq!(views, Vec::<String>::new(), "views that pass row security");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_known_functions_work_with_their_owners_rights() {
    let database = TestDatabase::create().await;
    let look = database.superuser().await;
    let sql = "select proname::text from pg_proc
               where prosecdef and pronamespace = 'public'::regnamespace order by proname";
    let known = [
        "calendars_reach",
        "carry_out_erasure",
        "every_partnership",
        "feed_state",
        "find_client",
        "find_partnership",
        "find_report_token",
        "imports_to_work",
        "make_access_partitions",
        "partnerships_to_sequence",
        "partnerships_to_sweep",
        "partnerships_with_chains",
        "partnerships_with_reads_to_link",
        "reported_partnership",
        "sweep_state",
        "webhook_state",
        "webhooks_due",
    ];
    assert_eq!(lines(&look, sql).await, known);
    let sql = "select proname::text from pg_proc
               where prosecdef and pronamespace = 'public'::regnamespace
                 and (has_function_privilege('public', oid, 'execute') or proconfig is null)";
    assert_eq!(lines(&look, sql).await, Vec::<String>::new());
}
