//! Bringing the database's schema to the version that this program was built for.

use diesel::sql_types::{Integer, Text};
use diesel::{QueryableByName, sql_query};
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::failure::StoreFailure;

/// The migrations that are part of this program.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!();

/// One number, so that two programs that migrate the same database wait for each other.
const MIGRATION_LOCK: i64 = 0x0e5c_a1a7_1055;

/// The role that the service works as. It owns nothing and cannot pass row security.
pub const APPLICATION_ROLE: &str = "escalation_app";

/// How the schema of a database compares with this program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SchemaState {
    /// They match.
    Current,
    /// The database lacks these migrations.
    Behind(Vec<String>),
    /// The database has migrations that this program does not know: the program is older.
    Ahead(Vec<String>),
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = Text)]
    version: String,
}

#[derive(QueryableByName)]
struct RoleFacts {
    #[diesel(sql_type = diesel::sql_types::Bool)]
    unsafe_role: bool,
    #[diesel(sql_type = Integer)]
    server_version: i32,
}

/// Makes sure that the application role exists, then runs what is missing, under an advisory lock.
/// Returns the names of the migrations that ran.
///
/// # Errors
/// The connection's role may not create roles or tables, or a migration fails.
pub async fn run(mut conn: AsyncPgConnection) -> Result<Vec<String>, StoreFailure> {
    // Another program's migrations may take longer than anything else may wait.
    conn.batch_execute(&format!(
        "set lock_timeout = 0; select pg_advisory_lock({MIGRATION_LOCK}); reset lock_timeout"
    ))
    .await?;
    ensure_application_role(&mut conn).await?;
    // The harness blocks its thread, and refuses to on the only thread of a runtime.
    let (ran, mut conn) = tokio::task::spawn_blocking(move || {
        let mut harness = AsyncMigrationHarness::new(conn);
        let ran = harness
            .run_pending_migrations(MIGRATIONS)
            .map(|versions| versions.iter().map(ToString::to_string).collect())
            .map_err(|error| StoreFailure::Other(error.to_string()))?;
        Ok::<(Vec<String>, AsyncPgConnection), StoreFailure>((ran, harness.into_inner()))
    })
    .await
    .map_err(|error| StoreFailure::Other(error.to_string()))??;
    conn.batch_execute(&format!(
        "grant select on __diesel_schema_migrations to {APPLICATION_ROLE}"
    ))
    .await?;
    // A batch of its own: statements sent together are one transaction, and the lock would be given up before the
    // grant is committed.
    conn.batch_execute(&format!("select pg_advisory_unlock({MIGRATION_LOCK})")).await?;
    Ok(ran)
}

/// Takes every migration back, newest first. For tests.
///
/// # Errors
/// A `down.sql` fails.
pub async fn revert_all(conn: AsyncPgConnection) -> Result<(), StoreFailure> {
    tokio::task::spawn_blocking(move || {
        AsyncMigrationHarness::new(conn)
            .revert_all_migrations(MIGRATIONS)
            .map(|_| ())
            .map_err(|error| StoreFailure::Other(error.to_string()))
    })
    .await
    .map_err(|error| StoreFailure::Other(error.to_string()))?
}

async fn ensure_application_role(conn: &mut AsyncPgConnection) -> Result<(), StoreFailure> {
    conn.batch_execute(&format!(
        "do $$ begin
             if not exists (select from pg_roles where rolname = '{APPLICATION_ROLE}') then
                 create role {APPLICATION_ROLE} login nosuperuser nocreatedb nocreaterole nobypassrls;
             end if;
             execute format('grant usage on schema %I to {APPLICATION_ROLE}', current_schema());
         end $$"
    ))
    .await?;
    Ok(())
}

/// Compares the database's schema with this program.
///
/// # Errors
/// The database cannot be asked.
pub async fn state(conn: &mut AsyncPgConnection) -> Result<SchemaState, StoreFailure> {
    let known = known_versions()?;
    let table: Vec<Version> =
        sql_query("select to_regclass('__diesel_schema_migrations')::text as version where to_regclass('__diesel_schema_migrations') is not null")
            .load(conn)
            .await?;
    if table.is_empty() {
        return Ok(SchemaState::Behind(known));
    }
    let applied: Vec<String> =
        sql_query("select version from __diesel_schema_migrations order by version")
            .load::<Version>(conn)
            .await?
            .into_iter()
            .map(|row| row.version)
            .collect();
    let missing: Vec<String> =
        known.iter().filter(|version| !applied.contains(version)).cloned().collect();
    let unknown: Vec<String> =
        applied.into_iter().filter(|version| !known.contains(version)).collect();
    Ok(match (missing.is_empty(), unknown.is_empty()) {
        (_, false) => SchemaState::Ahead(unknown),
        (false, true) => SchemaState::Behind(missing),
        (true, true) => SchemaState::Current,
    })
}

fn known_versions() -> Result<Vec<String>, StoreFailure> {
    use diesel::migration::{Migration, MigrationSource};
    let migrations: Vec<Box<dyn Migration<diesel::pg::Pg>>> =
        MIGRATIONS.migrations().map_err(|error| StoreFailure::Other(error.to_string()))?;
    let mut versions: Vec<String> =
        migrations.iter().map(|migration| migration.name().version().to_string()).collect();
    versions.sort_unstable();
    Ok(versions)
}

/// Why this connection's role or server is not fit for the service, if it is not.
///
/// # Errors
/// The database cannot be asked.
pub async fn unfit_to_serve(conn: &mut AsyncPgConnection) -> Result<Option<String>, StoreFailure> {
    let facts: RoleFacts = sql_query(
        "select r.rolsuper or r.rolbypassrls or exists (
                    select from pg_class c join pg_roles o on o.oid = c.relowner
                    where c.relname = 'escalation' and pg_has_role(o.oid, 'member')) as unsafe_role,
                current_setting('server_version_num')::int as server_version
         from pg_roles r where r.rolname = current_user",
    )
    .get_result(conn)
    .await?;
    if facts.server_version < 150_000 {
        return Ok(Some("PostgreSQL 15 or later is needed".to_owned()));
    }
    Ok(facts.unsafe_role.then(|| {
        format!(
            "the service must not connect as a superuser, as the owner of its tables or with BYPASSRLS; \
             connect as {APPLICATION_ROLE}"
        )
    }))
}

/// Asks the database for nothing, to see that it answers.
///
/// # Errors
/// It does not.
pub async fn ping(conn: &mut AsyncPgConnection) -> Result<(), StoreFailure> {
    conn.batch_execute("select 1").await?;
    Ok(())
}

/// What readiness asks of the server.
#[derive(QueryableByName, Debug)]
pub struct ServerFacts {
    /// Whether it takes no writes.
    #[diesel(sql_type = diesel::sql_types::Bool)]
    pub read_only: bool,
    /// Its clock, in seconds since 1970.
    #[diesel(sql_type = diesel::sql_types::Double)]
    pub clock_seconds: f64,
    /// The year until which every partnership's calendar in use reaches; none without a calendar.
    #[diesel(sql_type = diesel::sql_types::Nullable<Integer>)]
    pub last_calendar_year: Option<i32>,
}

/// Asks the server what readiness needs to know.
///
/// # Errors
/// The database does not answer.
pub async fn server_facts(conn: &mut AsyncPgConnection) -> Result<ServerFacts, StoreFailure> {
    let facts = sql_query(
        "select current_setting('transaction_read_only')::bool as read_only,
                extract(epoch from clock_timestamp())::float8 as clock_seconds,
                calendars_reach() as last_calendar_year",
    )
    .get_result(conn)
    .await?;
    Ok(facts)
}
