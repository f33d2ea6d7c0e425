//! Deliveries on their way: taken lane by lane, and marked by whoever still holds the lane.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Integer, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::{NullableTimestamp, Timestamp as SqlTimestamp};
use uuid::Uuid;

use super::failure::StoreFailure;
use super::webhook_telling::{ENTRIES, TYPE};
use crate::domain::ids::{EscalationId, PartnershipId, WebhookEndpointId};
use crate::domain::webhook::{Attempt, DeliveryState, Taken, Told};

#[derive(QueryableByName)]
struct Lane {
    #[diesel(sql_type = SqlUuid)]
    escalation_id: Uuid,
}

/// Takes a lane of an endpoint whose time has come and that nobody holds, for this transaction.
///
/// # Errors
/// The database fails.
pub async fn take_lane(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    id: WebhookEndpointId,
    now: Timestamp,
) -> Result<Option<EscalationId>, StoreFailure> {
    let lane: Option<Lane> = sql_query(
        "select lane.escalation_id
         from webhook_lane lane
         join webhook_endpoint endpoint
             on endpoint.partnership_id = lane.partnership_id and endpoint.id = lane.endpoint_id
         where lane.partnership_id = $1 and lane.endpoint_id = $2 and lane.next_at <= $3
           and (lane.lease_until is null or lane.lease_until < $3) and endpoint.state = 'active'
         order by lane.next_at, lane.escalation_id limit 1
         for update of lane skip locked",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<SqlUuid, _>(id.0)
    .bind::<Timestamptz, _>(SqlTimestamp::from(now))
    .get_result(conn)
    .await
    .optional()?;
    Ok(lane.map(|lane| EscalationId(lane.escalation_id)))
}

#[derive(QueryableByName)]
struct HeadRow {
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = SmallInt)]
    failed: i16,
    #[diesel(sql_type = BigInt)]
    position: i64,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    message: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    kind: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    reference: Option<String>,
    #[diesel(sql_type = Nullable<Integer>)]
    version: Option<i32>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    told_at: NullableTimestamp,
}

/// What stands first in a lane.
#[derive(Debug)]
pub enum Head {
    /// Nothing: the lane is empty.
    Nothing,
    /// A delivery whose escalation is not for this agency to know of any more.
    Withheld(i64),
    /// A delivery, with how many attempts failed and what it tells.
    Message(i64, u16, Box<Told>),
}

/// What stands first in a lane: of what was never sent the lowest position, then repetitions.
///
/// # Errors
/// The database fails.
pub async fn head(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    id: WebhookEndpointId,
    escalation: EscalationId,
) -> Result<Head, StoreFailure> {
    let row: Option<HeadRow> = sql_query(format!(
        "select first.number, first.failed, first.position, told.message, told.kind, told.reference, told.version,
                told.told_at
         from (select partnership_id, number, failed, position from webhook_delivery
               where partnership_id = $1 and endpoint_id = $2 and escalation_id = $3 and state = 'waiting'
               order by replay, position limit 1) first
         left join lateral (
             select coalesce(entry.event_id, entry.timer_id) as message, {TYPE} as kind,
                    escalation.reference as reference, entry.version as version,
                    coalesce(event.recorded_at, timer.fired_at) as told_at
             from {ENTRIES}
             where entry.partnership_id = first.partnership_id and entry.position = first.position) told on true"
    ))
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<SqlUuid, _>(id.0)
    .bind::<SqlUuid, _>(escalation.0)
    .get_result(conn)
    .await
    .optional()?;
    let Some(row) = row else { return Ok(Head::Nothing) };
    let told = (row.message, row.kind, row.reference, row.told_at.to_jiff());
    let (Some(message), Some(kind), Some(reference), Some(at)) = told else {
        return Ok(Head::Withheld(row.number));
    };
    let told = Told {
        id: message,
        kind,
        position: row.position,
        escalation,
        reference,
        version: row.version,
        at,
    };
    let failed =
        u16::try_from(row.failed).map_err(|_| StoreFailure::Corrupt("webhook_delivery.failed"))?;
    Ok(Head::Message(row.number, failed, Box::new(told)))
}

/// Holds a lane until then, or lets go of it when `lease` is none. `next_at` is when its next message may go.
///
/// # Errors
/// The database fails.
pub async fn set_lane(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    (id, escalation): (WebhookEndpointId, EscalationId),
    next_at: Option<Timestamp>,
    lease: Option<(Uuid, Timestamp)>,
) -> Result<(), StoreFailure> {
    let (token, until) = lease.unzip();
    sql_query(
        "update webhook_lane set next_at = $4, lease_token = $5, lease_until = $6
         where partnership_id = $1 and endpoint_id = $2 and escalation_id = $3",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<SqlUuid, _>(id.0)
    .bind::<SqlUuid, _>(escalation.0)
    .bind::<Nullable<Timestamptz>, _>(NullableTimestamp::from(next_at))
    .bind::<Nullable<SqlUuid>, _>(token)
    .bind::<Nullable<Timestamptz>, _>(NullableTimestamp::from(until))
    .execute(conn)
    .await?;
    Ok(())
}

/// Lets go of a lane, if it is still this lease's. Gives whether it was; whoever is too late changes nothing.
///
/// # Errors
/// The database fails.
pub async fn release(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    id: WebhookEndpointId,
    taken: &Taken,
    next_at: Timestamp,
) -> Result<bool, StoreFailure> {
    let released = sql_query(
        "update webhook_lane set next_at = $5, lease_token = null, lease_until = null
         where partnership_id = $1 and endpoint_id = $2 and escalation_id = $3 and lease_token = $4",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<SqlUuid, _>(id.0)
    .bind::<SqlUuid, _>(taken.escalation.0)
    .bind::<SqlUuid, _>(taken.lease)
    .bind::<Timestamptz, _>(SqlTimestamp::from(next_at))
    .execute(conn)
    .await?;
    Ok(released > 0)
}

/// Stores how far a delivery has come.
///
/// # Errors
/// The database fails.
pub async fn settle(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    delivery: i64,
    state: DeliveryState,
    failed: u16,
    now: Timestamp,
) -> Result<(), StoreFailure> {
    let settled_at = (state != DeliveryState::Waiting).then_some(now);
    sql_query(
        "update webhook_delivery set state = $3, failed = $4, settled_at = $5
         where partnership_id = $1 and number = $2",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<BigInt, _>(delivery)
    .bind::<Text, _>(state.code())
    .bind::<SmallInt, _>(i16::try_from(failed).unwrap_or(i16::MAX))
    .bind::<Nullable<Timestamptz>, _>(NullableTimestamp::from(settled_at))
    .execute(conn)
    .await?;
    Ok(())
}

/// Appends an attempt.
///
/// # Errors
/// The database fails.
pub async fn append_attempt(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    delivery: i64,
    it: &Attempt,
) -> Result<(), StoreFailure> {
    sql_query(
        "insert into webhook_attempt (partnership_id, id, delivery, at, took_ms, outcome, status)
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<SqlUuid, _>(it.id)
    .bind::<BigInt, _>(delivery)
    .bind::<Timestamptz, _>(SqlTimestamp::from(it.at))
    .bind::<Integer, _>(it.took_ms)
    .bind::<Text, _>(it.outcome.code())
    .bind::<Nullable<SmallInt>, _>(it.status.and_then(|status| i16::try_from(status).ok()))
    .execute(conn)
    .await?;
    Ok(())
}
