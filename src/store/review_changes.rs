//! What came after the data of a signed review: the histories that it can have changed.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::Timestamp as SqlTimestamp;
use uuid::Uuid;

use super::events;
use super::exclusions::{self, LEFT_OUT};
use super::failure::StoreFailure;
use crate::domain::ids::PartnershipId;
use crate::domain::review::changes::History;

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// The histories, without texts, of every escalation of which something was recorded after `data_to` that can change
/// what was signed: it happened before, or it changes what is said of what happened before, or whether it counts.
///
/// # Errors
/// The database fails.
pub async fn histories(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    data_to: Timestamp,
    now: Timestamp,
) -> Result<Vec<History>, StoreFailure> {
    let rows: Vec<IdRow> = sql_query(
        "select distinct escalation_id as id from event
         where partnership_id = $1 and recorded_at > $2
           and (occurred_at <= $2 or event_type in ('raised', 'corrected', 'redirected'))
         union
         select escalation_id from figure_exclusion where partnership_id = $1 and recorded_at > $2",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<Timestamptz, _>(SqlTimestamp::from(data_to))
    .load(conn)
    .await?;
    let ids: Vec<Uuid> = rows.into_iter().map(|row| row.id).collect();
    let mut decided = exclusions::of_many(conn, partnership, &ids).await?;
    let acts = events::recorded_by(conn, partnership, now, &ids).await?;
    let histories = acts
        .into_iter()
        .map(|(id, acts)| History { acts, exclusions: decided.remove(&id).unwrap_or_default() });
    Ok(histories.collect())
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
    let row: NumberRow = sql_query(format!(
        "select count(*) as number from stage_clock clock
         join escalation on escalation.partnership_id = clock.partnership_id
              and escalation.id = clock.escalation_id
         where clock.partnership_id = $1 and clock.kind = 'answer' and clock.started_at < $2 and clock.due_at < $2
           and (clock.stopped_at is null or clock.stopped_at >= $2) and not {LEFT_OUT}"
    ))
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<Timestamptz, _>(SqlTimestamp::from(at))
    .get_result(conn)
    .await?;
    Ok(row.number)
}
