//! Deliveries as their endpoint's owner sees them: what was told when, and how each attempt went.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{
    Array, BigInt, Integer, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff_diesel::{NullableTimestamp, Timestamp as SqlTimestamp};
use uuid::Uuid;

use super::escalation_rows::code;
use super::failure::StoreFailure;
use super::webhook_telling::{ENTRIES, TYPE};
use crate::domain::ids::{EscalationId, PartnershipId, WebhookEndpointId};
use crate::domain::webhook::{Attempt, Delivery, DeliveryState};

#[derive(QueryableByName)]
struct DeliveryRow {
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = BigInt)]
    position: i64,
    #[diesel(sql_type = Integer)]
    replay: i32,
    #[diesel(sql_type = SqlUuid)]
    escalation_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    message: Uuid,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Timestamptz)]
    created_at: SqlTimestamp,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    settled_at: NullableTimestamp,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    next_at: NullableTimestamp,
}

/// Which deliveries are listed.
#[derive(Debug, Clone, Copy, Default)]
pub struct DeliveryFilter {
    /// Those before this one.
    pub before: Option<i64>,
    /// Those that have come so far.
    pub state: Option<DeliveryState>,
    /// Those of this position.
    pub position: Option<i64>,
}

/// Deliveries of an endpoint, the latest first, with their attempts. Those of escalations that its owner may not see any
/// more are left out.
///
/// # Errors
/// The database fails.
pub async fn list(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    id: WebhookEndpointId,
    filter: DeliveryFilter,
    limit: i64,
) -> Result<Vec<Delivery>, StoreFailure> {
    let rows: Vec<DeliveryRow> = sql_query(format!(
        "select it.number, it.position, it.replay, it.escalation_id,
                coalesce(entry.event_id, entry.timer_id) as message, {TYPE} as kind, it.state, it.created_at,
                it.settled_at, case when it.state = 'waiting' then lane.next_at end as next_at
         from webhook_delivery it
         join ({ENTRIES}) on entry.partnership_id = it.partnership_id and entry.position = it.position
         left join webhook_lane lane on lane.partnership_id = it.partnership_id and lane.endpoint_id = it.endpoint_id
             and lane.escalation_id = it.escalation_id
         where it.partnership_id = $1 and it.endpoint_id = $2 and ($3 is null or it.number < $3)
           and ($4 is null or it.state = $4) and ($5 is null or it.position = $5)
         order by it.number desc limit $6"
    ))
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<SqlUuid, _>(id.0)
    .bind::<Nullable<BigInt>, _>(filter.before)
    .bind::<Nullable<Text>, _>(filter.state.map(DeliveryState::code))
    .bind::<Nullable<BigInt>, _>(filter.position)
    .bind::<BigInt, _>(limit)
    .load(conn)
    .await?;
    let numbers: Vec<i64> = rows.iter().map(|row| row.number).collect();
    let mut attempts = attempts(conn, partnership, &numbers).await?;
    rows.into_iter()
        .map(|row| {
            Ok(Delivery {
                attempts: attempts.remove(&row.number).unwrap_or_default(),
                number: row.number,
                position: row.position,
                replay: row.replay,
                escalation: EscalationId(row.escalation_id),
                message: row.message,
                kind: row.kind,
                state: code(&row.state, "webhook_delivery.state")?,
                created_at: row.created_at.to_jiff(),
                settled_at: row.settled_at.to_jiff(),
                next_at: row.next_at.to_jiff(),
            })
        })
        .collect()
}

#[derive(QueryableByName)]
struct AttemptRow {
    #[diesel(sql_type = BigInt)]
    delivery: i64,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    at: SqlTimestamp,
    #[diesel(sql_type = Integer)]
    took_ms: i32,
    #[diesel(sql_type = Text)]
    outcome: String,
    #[diesel(sql_type = Nullable<SmallInt>)]
    status: Option<i16>,
}

async fn attempts(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    of: &[i64],
) -> Result<BTreeMap<i64, Vec<Attempt>>, StoreFailure> {
    let rows: Vec<AttemptRow> = sql_query(
        "select delivery, id, at, took_ms, outcome, status from webhook_attempt
         where partnership_id = $1 and delivery = any ($2) order by delivery, at, id",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<Array<BigInt>, _>(of)
    .load(conn)
    .await?;
    let mut found: BTreeMap<i64, Vec<Attempt>> = BTreeMap::new();
    for row in rows {
        let attempt = Attempt {
            id: row.id,
            at: row.at.to_jiff(),
            took_ms: row.took_ms,
            outcome: code(&row.outcome, "webhook_attempt.outcome")?,
            status: row.status.and_then(|status| u16::try_from(status).ok()),
        };
        found.entry(row.delivery).or_default().push(attempt);
    }
    Ok(found)
}
