//! What was delivered to an endpoint, and delivering it again.

use std::time::Instant;

use super::deliver::{signed, source_of};
use super::deps::Deps;
use super::failure::Failure;
use super::reading::{Shown, read};
use super::reference::partnership;
use super::webhooks::{note_act, own, reach};
use crate::domain::access::Caller;
use crate::domain::access_event::FieldsShown;
use crate::domain::broken_rule::FieldRule;
use crate::domain::ids::{EscalationId, WebhookEndpointId};
use crate::domain::webhook::{Delivery, EndpointAct, Told};
use crate::store::session::{Stated, transaction};
use crate::store::{webhook_deliveries, webhook_keys, webhook_telling};
use crate::webhook::message;
use crate::webhook::send::Outcome;

pub use crate::store::webhook_deliveries::DeliveryFilter;

/// How many positions are replayed at once.
pub const MOST_POSITIONS: i64 = 10_000;

/// The type of the message that only tries an endpoint.
const TEST_TYPE: &str = "escalation-tracker.webhook.test.v1";

/// Deliveries of an endpoint of the caller's, the latest first.
///
/// # Errors
/// It is not there for this caller, or the database fails.
pub async fn list(
    deps: &Deps,
    caller: &Caller,
    id: WebhookEndpointId,
    filter: DeliveryFilter,
    limit: i64,
) -> Result<Vec<Delivery>, Failure> {
    let reach = reach(caller)?;
    read(deps, caller, reach, async |conn| {
        own(conn, caller, id, false).await?;
        let all = webhook_deliveries::list(conn, caller.partnership, id, filter, limit).await?;
        let ids: Vec<EscalationId> = all.iter().map(|it| it.escalation).collect();
        Ok(Shown::of(all, ids, FieldsShown::Lines))
    })
    .await
}

/// Delivers again what the feed tells from one position to another, as far as it is for this endpoint. Gives how many.
///
/// # Errors
/// Too many at once, it is not there for this caller, or the database fails.
pub async fn replay(
    deps: &Deps,
    caller: &Caller,
    id: WebhookEndpointId,
    (from, to): (i64, i64),
) -> Result<usize, Failure> {
    let reach = reach(caller)?;
    if to < from {
        return Err(Failure::field("to", FieldRule::Inconsistent));
    }
    if to - from >= MOST_POSITIONS {
        return Err(Failure::field("to", FieldRule::OutOfRange));
    }
    let now = deps.clock.now();
    transaction(&deps.pool, Stated::by(caller, reach), async |conn| {
        let endpoint = own(conn, caller, id, true).await?;
        // What lies ahead is delivered without being asked for.
        let span = (from, to.min(endpoint.position));
        note_act(deps, conn, caller, id, EndpointAct::Replayed).await?;
        let replay = webhook_telling::next_replay(conn, caller.partnership, id, span).await?;
        Ok(webhook_telling::tell(conn, caller.partnership, &endpoint, span, replay, now).await?)
    })
    .await
}

/// Sends an endpoint a message that tells of nothing, and gives what came of it and in how many milliseconds.
///
/// # Errors
/// It is not there for this caller, or the database fails.
pub async fn test(
    deps: &Deps,
    caller: &Caller,
    id: WebhookEndpointId,
) -> Result<(Outcome, u64), Failure> {
    let reach = reach(caller)?;
    let agreed = partnership(deps, caller.partnership).await?;
    let now = deps.clock.now();
    let (endpoint, keys) = transaction(&deps.pool, Stated::by(caller, reach), async |conn| {
        let endpoint = own(conn, caller, id, false).await?;
        note_act(deps, conn, caller, id, EndpointAct::Tested).await?;
        let keys = webhook_keys::keys(conn, caller.partnership, id, now).await?;
        Ok::<_, Failure>((endpoint, keys))
    })
    .await?;
    let told = Told {
        id: deps.ids.new_id(now),
        kind: TEST_TYPE.to_owned(),
        position: 0,
        escalation: EscalationId(uuid::Uuid::nil()),
        reference: String::new(),
        version: None,
        at: now,
    };
    let body = message::test_body(&told, &source_of(&agreed));
    let began = Instant::now();
    let sent = signed(deps, caller.partnership, &keys, &told, &body, now).await?;
    let outcome = deps.outside.send(&endpoint.url, sent.message(&body)).await;
    Ok((outcome, u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)))
}
