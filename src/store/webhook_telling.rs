//! What endpoints are to be told: found in the feed, each position once, and again when somebody asks for it.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::Timestamp as SqlTimestamp;

use super::failure::StoreFailure;
use super::webhooks;
use crate::domain::ids::{PartnershipId, WebhookEndpointId};
use crate::domain::webhook::Endpoint;

/// The type of an entry of the feed, as it is published: an event's, or that of a timer that fired.
pub(super) const TYPE: &str =
    "coalesce('escalation-tracker.escalation.' || event.event_type || '.v1',
    'escalation-tracker.clock.' || timer.notice || '.v1')";

/// The entries of the feed with what they tell of. Row security leaves out what is not for the one that is stated.
pub(super) const ENTRIES: &str = "feed_entry entry
    join escalation on escalation.partnership_id = entry.partnership_id and escalation.id = entry.escalation_id
    left join event on event.partnership_id = entry.partnership_id and event.id = entry.event_id
    left join timer on timer.partnership_id = entry.partnership_id and timer.id = entry.timer_id";

#[derive(QueryableByName)]
struct Position {
    #[diesel(sql_type = BigInt)]
    position: i64,
}

/// Takes an endpoint whose feed has gone on, if nobody else has. The rest of the transaction finds what it is told.
///
/// # Errors
/// The database fails.
pub async fn take_endpoint(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    id: WebhookEndpointId,
) -> Result<Option<Endpoint>, StoreFailure> {
    let taken: Option<Position> = sql_query(
        "select position from webhook_endpoint
         where partnership_id = $1 and id = $2 and state = 'active' for update skip locked",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<SqlUuid, _>(id.0)
    .get_result(conn)
    .await
    .optional()?;
    match taken {
        Some(_) => webhooks::find(conn, partnership, id, false).await,
        None => Ok(None),
    }
}

/// Finds in the feed what an endpoint is to be told, in at most `span` further positions, and moves it on. Gives whether
/// there may be more.
///
/// # Errors
/// The database fails.
pub async fn fan_out(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    it: &Endpoint,
    span: i64,
    now: Timestamp,
) -> Result<bool, StoreFailure> {
    let head: Option<Position> =
        sql_query("select position from feed_head where partnership_id = $1")
            .bind::<SqlUuid, _>(partnership.0)
            .get_result(conn)
            .await
            .optional()?;
    let head = head.map_or(0, |head| head.position);
    let to = head.min(it.position.saturating_add(span));
    if to <= it.position {
        return Ok(false);
    }
    tell(conn, partnership, it, (it.position + 1, to), 0, now).await?;
    sql_query("update webhook_endpoint set position = $3 where partnership_id = $1 and id = $2")
        .bind::<SqlUuid, _>(partnership.0)
        .bind::<SqlUuid, _>(it.id.0)
        .bind::<BigInt, _>(to)
        .execute(conn)
        .await?;
    Ok(to < head)
}

/// Adds deliveries of these positions, as far as they are for this endpoint. Gives how many.
///
/// # Errors
/// The database fails.
pub async fn tell(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    it: &Endpoint,
    (from, to): (i64, i64),
    replay: i32,
    now: Timestamp,
) -> Result<usize, StoreFailure> {
    let added = sql_query(format!(
        "insert into webhook_delivery (partnership_id, endpoint_id, escalation_id, position, replay, created_at)
         select entry.partnership_id, $2, entry.escalation_id, entry.position, $3, $4
         from {ENTRIES}
         where entry.partnership_id = $1 and entry.position between $5 and $6
           and ($7 is null or {TYPE} = any ($7))
         order by entry.position
         on conflict (partnership_id, endpoint_id, position, replay) do nothing"
    ))
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<SqlUuid, _>(it.id.0)
    .bind::<Integer, _>(replay)
    .bind::<Timestamptz, _>(SqlTimestamp::from(now))
    .bind::<BigInt, _>(from)
    .bind::<BigInt, _>(to)
    .bind::<Nullable<Array<Text>>, _>(it.event_types.as_ref())
    .execute(conn)
    .await?;
    if added == 0 {
        return Ok(0);
    }
    // A lane whose first message waits for its next attempt goes on waiting.
    sql_query(
        "insert into webhook_lane (partnership_id, endpoint_id, escalation_id, next_at)
         select distinct partnership_id, endpoint_id, escalation_id, $5
         from webhook_delivery
         where partnership_id = $1 and endpoint_id = $2 and position between $3 and $4 and state = 'waiting'
         order by escalation_id
         on conflict (partnership_id, endpoint_id, escalation_id)
             do update set next_at = coalesce(webhook_lane.next_at, excluded.next_at)",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<SqlUuid, _>(it.id.0)
    .bind::<BigInt, _>(from)
    .bind::<BigInt, _>(to)
    .bind::<Timestamptz, _>(SqlTimestamp::from(now))
    .execute(conn)
    .await?;
    Ok(added)
}

/// Which repetition of these positions would be the next one.
///
/// # Errors
/// The database fails.
pub async fn next_replay(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    id: WebhookEndpointId,
    (from, to): (i64, i64),
) -> Result<i32, StoreFailure> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Integer)]
        replay: i32,
    }
    let row: Row = sql_query(
        "select coalesce(max(replay), 0) + 1 as replay from webhook_delivery
         where partnership_id = $1 and endpoint_id = $2 and position between $3 and $4",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<SqlUuid, _>(id.0)
    .bind::<BigInt, _>(from)
    .bind::<BigInt, _>(to)
    .get_result(conn)
    .await?;
    Ok(row.replay)
}

/// Lets everything that waits for an endpoint, and what was given up since `since`, be tried from now on anew.
///
/// # Errors
/// The database fails.
pub async fn begin_anew(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    id: WebhookEndpointId,
    since: Timestamp,
    now: Timestamp,
) -> Result<(), StoreFailure> {
    sql_query(
        "update webhook_delivery set state = 'waiting', settled_at = null, failed = 0
         where partnership_id = $1 and endpoint_id = $2
           and (state = 'waiting' or state = 'given_up' and settled_at >= $3)",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<SqlUuid, _>(id.0)
    .bind::<Timestamptz, _>(SqlTimestamp::from(since))
    .execute(conn)
    .await?;
    sql_query(
        "update webhook_lane lane set next_at = $3
         where partnership_id = $1 and endpoint_id = $2 and exists (
             select from webhook_delivery it
             where it.partnership_id = lane.partnership_id and it.endpoint_id = lane.endpoint_id
               and it.escalation_id = lane.escalation_id and it.state = 'waiting')",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<SqlUuid, _>(id.0)
    .bind::<Timestamptz, _>(SqlTimestamp::from(now))
    .execute(conn)
    .await?;
    Ok(())
}
