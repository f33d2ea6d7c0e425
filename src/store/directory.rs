//! The partnerships in which there is something to do. Asked before any of them is stated, so each question is a function
//! of the database that sees past row security and tells nothing but identifiers.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Uuid as SqlUuid;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::failure::StoreFailure;
use crate::domain::ids::PartnershipId;

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// The partnerships that this function of the database names.
///
/// # Errors
/// The database fails.
pub(super) async fn partnerships(
    conn: &mut AsyncPgConnection,
    function: &'static str,
) -> Result<Vec<PartnershipId>, StoreFailure> {
    let found: Vec<Found> =
        sql_query(format!("select id from {function}() as id")).load(conn).await?;
    Ok(found.into_iter().map(|it| PartnershipId(it.id)).collect())
}
