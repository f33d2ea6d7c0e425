//! What came after the data of a signed review: the histories that it can have changed.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::Timestamp as SqlTimestamp;
use uuid::Uuid;

use super::events;
use super::failure::StoreFailure;
use crate::domain::event::Event;
use crate::domain::ids::PartnershipId;

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// The histories, without texts, of every escalation of which something was recorded after `data_to` that can change
/// what was signed: it happened before, or it changes what is said of what happened before.
///
/// # Errors
/// The database fails.
pub async fn histories(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    data_to: Timestamp,
    now: Timestamp,
) -> Result<Vec<Vec<Event>>, StoreFailure> {
    let rows: Vec<IdRow> = sql_query(
        "select distinct escalation_id as id from event
         where partnership_id = $1 and recorded_at > $2
           and (occurred_at <= $2 or event_type in ('raised', 'corrected', 'redirected'))",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<Timestamptz, _>(SqlTimestamp::from(data_to))
    .load(conn)
    .await?;
    let ids: Vec<Uuid> = rows.into_iter().map(|row| row.id).collect();
    Ok(events::recorded_by(conn, partnership, now, &ids).await?.into_values().collect())
}

#[derive(QueryableByName)]
struct NumberRow {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// How many answers were awaited and late at an instant, as is known now.
///
/// # Errors
/// The database fails.
pub async fn overdue_at(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    at: Timestamp,
) -> Result<i64, StoreFailure> {
    let row: NumberRow = sql_query(
        "select count(*) as number from stage_clock
         where partnership_id = $1 and kind = 'answer' and started_at < $2 and due_at < $2
           and (stopped_at is null or stopped_at >= $2)",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<Timestamptz, _>(SqlTimestamp::from(at))
    .get_result(conn)
    .await?;
    Ok(row.number)
}
