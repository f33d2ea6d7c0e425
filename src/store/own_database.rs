//! The database inside the program's own PostgreSQL: made with its owner, and emptied for a new demonstration.

use diesel::QueryableByName;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};

use super::failure::StoreFailure;

/// The role that owns the tables.
pub const OWNER: &str = "escalation_owner";
/// The name of the database.
pub const DATABASE: &str = "escalations";

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// Makes the owner and the database where they are missing. The connection is the superuser's, and the server is used
/// by this program alone, so nobody else makes them meanwhile.
///
/// # Errors
/// The database fails.
pub async fn make(superuser: &mut AsyncPgConnection) -> Result<(), StoreFailure> {
    let roles = "select count(*) as n from pg_roles where rolname = $1";
    if count(superuser, roles, OWNER).await? == 0 {
        let role = format!("create role {OWNER} login nosuperuser createrole nobypassrls");
        superuser.batch_execute(&role).await?;
    }
    let databases = "select count(*) as n from pg_database where datname = $1";
    if count(superuser, databases, DATABASE).await? == 0 {
        let database = format!("create database {DATABASE} owner {OWNER}");
        superuser.batch_execute(&database).await?;
    }
    Ok(())
}

/// Drops the database with everything in it, and makes it anew.
///
/// # Errors
/// The database fails.
pub async fn remake(superuser: &mut AsyncPgConnection) -> Result<(), StoreFailure> {
    superuser.batch_execute(&format!("drop database if exists {DATABASE} with (force)")).await?;
    make(superuser).await
}

async fn count(
    conn: &mut AsyncPgConnection,
    question: &str,
    name: &str,
) -> Result<i64, StoreFailure> {
    let found: Count = sql_query(question).bind::<Text, _>(name).get_result(conn).await?;
    Ok(found.n)
}
