//! Signed checkpoints as rows.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff_diesel::Timestamp as SqlTimestamp;

use super::directory;
use super::failure::StoreFailure;
use super::schema::checkpoint;
use crate::domain::checkpoint::KeptCheckpoint;
use crate::domain::ids::PartnershipId;

type Row = (i64, SqlTimestamp, String);

fn into_domain((number, at, note): Row) -> KeptCheckpoint {
    KeptCheckpoint { number, at: at.to_jiff(), note }
}

/// The partnerships of which there is anything to make a checkpoint of.
///
/// # Errors
/// The database fails.
pub async fn partnerships(
    conn: &mut AsyncPgConnection,
) -> Result<Vec<PartnershipId>, StoreFailure> {
    directory::partnerships(conn, "partnerships_with_chains").await
}

/// The latest.
///
/// # Errors
/// The database fails.
pub async fn latest(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
) -> Result<Option<KeptCheckpoint>, StoreFailure> {
    let row: Option<Row> = checkpoint::table
        .filter(checkpoint::partnership_id.eq(partnership.0))
        .order(checkpoint::number.desc())
        .select((checkpoint::number, checkpoint::at, checkpoint::note))
        .first(conn)
        .await
        .optional()?;
    Ok(row.map(into_domain))
}

/// At most `limit` after this one, in the order in which they were made.
///
/// # Errors
/// The database fails.
pub async fn after(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    number: i64,
    limit: i64,
) -> Result<Vec<KeptCheckpoint>, StoreFailure> {
    let rows: Vec<Row> = checkpoint::table
        .filter(checkpoint::partnership_id.eq(partnership.0))
        .filter(checkpoint::number.gt(number))
        .order(checkpoint::number)
        .limit(limit)
        .select((checkpoint::number, checkpoint::at, checkpoint::note))
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(into_domain).collect())
}

/// Keeps one.
///
/// # Errors
/// The database fails, or somebody else has kept one of this number meanwhile.
pub async fn keep(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    it: &KeptCheckpoint,
) -> Result<(), StoreFailure> {
    let row = (
        checkpoint::partnership_id.eq(partnership.0),
        checkpoint::number.eq(it.number),
        checkpoint::at.eq(SqlTimestamp::from(it.at)),
        checkpoint::note.eq(&it.note),
    );
    diesel::insert_into(checkpoint::table).values(row).execute(conn).await?;
    Ok(())
}
