//! Delivering: what the feed tells goes to the endpoints that want it, each escalation's events in their order.
//!
//! Nothing here is in the way of whoever records something: it follows the feed, and what cannot be delivered waits.

use std::sync::Arc;
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinHandle;

pub use super::courier::Courier;
use super::deps::Deps;
use super::failure::Failure;
use super::reference::partnership;
use crate::domain::access::Reach;
use crate::domain::ids::PartnershipId;
use crate::domain::london::local_date;
use crate::domain::partnership::Partnership;
use crate::domain::webhook::{
    Attempt, AttemptOutcome, DeliveryState, DisabledBecause, Due, EndpointKey, Taken, Told,
    is_given_up, wait_after,
};
use crate::store::session::{Connection, Stated, transaction};
use crate::store::webhook_lanes::{self, Head};
use crate::store::{webhook_keys, webhook_telling, webhooks};
use crate::webhook::message;
use crate::webhook::send::{Message, Outcome};
use crate::webhook::signature::{SigningKey, sign_all};

/// For how long a lane is held: longer than an attempt can take.
const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// How many positions are looked through in one transaction.
const SPAN: i64 = 1_000;

/// Looks once for what is to be done: finds what endpoints are to be told, and sets their workers going. Gives these.
///
/// # Errors
/// The database fails.
pub async fn look(deps: &Deps, courier: &Arc<Courier>) -> Result<Vec<JoinHandle<usize>>, Failure> {
    let now = deps.clock.now();
    let due = {
        let mut conn = deps.pool.get().await?;
        webhooks::due(&mut conn, now).await?
    };
    let mut working = Vec::new();
    for it in due {
        if courier.is_stopping() {
            break;
        }
        // While all who may call it do, nothing more is looked for: it is found when one of them has ended, so that a
        // receiver that does not answer costs those who record nothing.
        let free = courier.free(&it, now);
        if free == 0 {
            continue;
        }
        if it.behind
            && let Err(error) = fan_out(deps, courier, it).await
        {
            tracing::warn!(endpoint = %it.endpoint, %error, "it could not be found what it is told");
            continue;
        }
        for _ in 0..free {
            let (deps, courier) = (deps.clone(), Arc::clone(courier));
            let at_work = courier.begin(it.endpoint);
            working.push(tokio::spawn(async move {
                let _at_work = at_work;
                send_lanes(&deps, &courier, it).await
            }));
        }
    }
    Ok(working)
}

/// Delivers everything that is due now, and gives how many attempts that took.
///
/// # Errors
/// The database fails.
pub async fn deliver_due(deps: &Deps, courier: &Arc<Courier>) -> Result<usize, Failure> {
    let mut total = 0;
    loop {
        let mut attempts = 0;
        for worker in look(deps, courier).await? {
            attempts += worker.await.unwrap_or(0);
        }
        if attempts == 0 {
            return Ok(total);
        }
        total += attempts;
    }
}

/// Sends what is due at one endpoint, lane by lane, and gives how many attempts that took.
async fn send_lanes(deps: &Deps, courier: &Courier, due: Due) -> usize {
    let mut attempts = 0;
    while !courier.is_stopping() {
        match send_one(deps, courier, due).await {
            Ok(Some(true)) => attempts += 1,
            // What else waits is tried when it has been looked at how the endpoint is doing.
            Ok(Some(false)) => return attempts + 1,
            Ok(None) => break,
            Err(error) => {
                // A lane that was taken is free again when its lease has ended.
                tracing::warn!(endpoint = %due.endpoint, %error, "a message could not be sent");
                break;
            }
        }
    }
    attempts
}

/// Sends the first message of one lane of an endpoint, and gives whether it arrived. Nothing when no lane is due.
///
/// # Errors
/// The database fails; the message is sent again when the lease has ended.
pub async fn send_one(deps: &Deps, courier: &Courier, due: Due) -> Result<Option<bool>, Failure> {
    let Some(taken) = take(deps, courier, due).await? else { return Ok(None) };
    let agreed = partnership(deps, due.partnership).await?;
    let at = deps.clock.now();
    let body = message::body(&taken.told, &source_of(&agreed));
    let sent = signed(deps, due.partnership, &taken.keys, &taken.told, &body, at).await?;
    let began = Instant::now();
    let outcome = deps.outside.send(&taken.url, sent.message(&body)).await;
    let took_ms = i32::try_from(began.elapsed().as_millis()).unwrap_or(i32::MAX);
    let attempt = Attempt {
        id: deps.ids.new_id(at),
        at,
        took_ms,
        outcome: outcome.outcome,
        status: outcome.status,
    };
    deps.metrics.webhook_sent(outcome.outcome);
    let arrived = outcome.outcome == AttemptOutcome::Delivered;
    courier.ended(due.endpoint, arrived, deps.clock.now());
    mark(deps, courier, due, &taken, &attempt, outcome).await?;
    Ok(Some(arrived))
}

/// What the transactions of an endpoint state: what its owner may see, and no more.
async fn stated(deps: &Deps, due: Due) -> Result<Stated, Failure> {
    let Some(agency) = due.agency else { return Ok(Stated::partnership(due.partnership)) };
    let agreed = partnership(deps, due.partnership).await?;
    let mut agencies = vec![agency];
    agencies.extend(agreed.predecessors_of(agency, local_date(deps.clock.now())));
    Ok(Stated { partnership: due.partnership, agencies, reach: Reach::OwnAgency })
}

/// A transaction of delivering.
async fn within<T, F>(deps: &Deps, courier: &Courier, stated: Stated, work: F) -> Result<T, Failure>
where
    F: AsyncFnOnce(&mut Connection) -> Result<T, Failure>,
{
    // The semaphore is never closed; without a permit the work goes on all the same.
    let _permit = courier.turn().await;
    transaction(&deps.pool, stated, work).await
}

async fn fan_out(deps: &Deps, courier: &Courier, due: Due) -> Result<(), Failure> {
    loop {
        let stated = stated(deps, due).await?;
        let more = within(deps, courier, stated, async |conn| {
            let taken = webhook_telling::take_endpoint(conn, due.partnership, due.endpoint).await?;
            let Some(endpoint) = taken else { return Ok(false) };
            let now = deps.clock.now();
            Ok(webhook_telling::fan_out(conn, due.partnership, &endpoint, SPAN, now).await?)
        });
        if !more.await? || courier.is_stopping() {
            return Ok(());
        }
    }
}

/// Takes the first message of a lane, and holds the lane.
///
/// # Errors
/// The database fails.
pub async fn take(deps: &Deps, courier: &Courier, due: Due) -> Result<Option<Taken>, Failure> {
    let stated = stated(deps, due).await?;
    within(deps, courier, stated, async |conn| {
        loop {
            let now = deps.clock.now();
            let lane = webhook_lanes::take_lane(conn, due.partnership, due.endpoint, now).await?;
            let Some(escalation) = lane else { return Ok(None) };
            let lane = (due.endpoint, escalation);
            match webhook_lanes::head(conn, due.partnership, due.endpoint, escalation).await? {
                Head::Nothing => {
                    webhook_lanes::set_lane(conn, due.partnership, lane, None, None).await?;
                }
                Head::Withheld(delivery) => {
                    let state = DeliveryState::Withheld;
                    webhook_lanes::settle(conn, due.partnership, delivery, state, 0, now).await?;
                }
                Head::Message(delivery, failed, told) => {
                    let lease = deps.ids.new_id(now);
                    let until = now.checked_add(LEASE).unwrap_or(now);
                    let held = Some((lease, until));
                    webhook_lanes::set_lane(conn, due.partnership, lane, Some(now), held).await?;
                    let found = webhooks::find(conn, due.partnership, due.endpoint, false).await?;
                    let Some(endpoint) = found else { return Ok(None) };
                    let keys = webhook_keys::keys(conn, due.partnership, due.endpoint, now).await?;
                    let (url, told) = (endpoint.url, *told);
                    return Ok(Some(Taken {
                        escalation,
                        delivery,
                        failed,
                        lease,
                        url,
                        told,
                        keys,
                    }));
                }
            }
        }
    })
    .await
}

/// Marks what came of a message, if the lane is still held by who sent it. Gives whether it was.
///
/// # Errors
/// The database fails.
pub async fn mark(
    deps: &Deps,
    courier: &Courier,
    due: Due,
    taken: &Taken,
    attempt: &Attempt,
    outcome: Outcome,
) -> Result<bool, Failure> {
    let now = deps.clock.now();
    let delivered = outcome.outcome == AttemptOutcome::Delivered;
    let failed = if delivered { taken.failed } else { taken.failed.saturating_add(1) };
    // The low bits of a new identifier are as good as dice.
    let chance = u16::from_be_bytes(low_bits(deps, now));
    let (state, next_at) = match wait_after(failed, chance, outcome.retry_after) {
        _ if delivered => (DeliveryState::Delivered, now),
        Some(wait) => (DeliveryState::Waiting, now.checked_add(wait).unwrap_or(now)),
        None => (DeliveryState::GivenUp, now),
    };
    let id = due.partnership;
    let held = within(deps, courier, Stated::partnership(id), async |conn| {
        webhook_lanes::append_attempt(conn, id, taken.delivery, attempt).await?;
        let held = webhook_lanes::release(conn, id, due.endpoint, taken, next_at).await?;
        if held {
            webhook_lanes::settle(conn, id, taken.delivery, state, failed, now).await?;
        }
        Ok(held)
    })
    .await?;
    if held && state == DeliveryState::GivenUp {
        let (endpoint, position) = (due.endpoint, taken.told.position);
        tracing::warn!(%endpoint, position, "a webhook message was given up; it can be replayed");
    }
    note(deps, courier, due, outcome.outcome, now).await?;
    Ok(held)
}

/// Notes at the endpoint how it goes. A transaction of its own: whoever finds new messages locks the endpoint before its
/// lanes, and this would lock it after one.
async fn note(
    deps: &Deps,
    courier: &Courier,
    due: Due,
    outcome: AttemptOutcome,
    now: Timestamp,
) -> Result<(), Failure> {
    let (id, endpoint) = (due.partnership, due.endpoint);
    within(deps, courier, Stated::partnership(id), async |conn| {
        if outcome == AttemptOutcome::Delivered {
            return Ok(webhooks::note_delivered(conn, id, endpoint, now).await?);
        }
        let since = webhooks::note_failed(conn, id, endpoint, now).await?;
        let because = if outcome == AttemptOutcome::Gone {
            DisabledBecause::Gone
        } else if since.is_some_and(|since| is_given_up(since, now)) {
            DisabledBecause::Failing
        } else {
            return Ok(());
        };
        if webhooks::disable(conn, id, endpoint, because, now).await? {
            tracing::warn!(%endpoint, %because, "a webhook endpoint was disabled; its agency can enable it again");
        }
        Ok(())
    })
    .await
}

fn low_bits(deps: &Deps, now: Timestamp) -> [u8; 2] {
    let id = deps.ids.new_id(now).into_bytes();
    id.last_chunk::<2>().copied().unwrap_or_default()
}

/// From whom messages come, as a CloudEvents `source`.
pub(super) fn source_of(agreed: &Partnership) -> String {
    format!("/partnerships/{}", agreed.code)
}

/// The headers of one attempt.
pub(super) struct Signed {
    id: String,
    at: Timestamp,
    signature: String,
}

impl Signed {
    pub(super) fn message<'a>(&'a self, body: &'a [u8]) -> Message<'a> {
        Message { id: &self.id, at: self.at, signature: &self.signature, body }
    }
}

/// Signs one attempt with every key that is in use.
pub(super) async fn signed(
    deps: &Deps,
    id: PartnershipId,
    keys: &[EndpointKey],
    told: &Told,
    body: &[u8],
    at: Timestamp,
) -> Result<Signed, Failure> {
    let own = super::keys::keys(deps, id).await?;
    let mut opened = Vec::with_capacity(keys.len());
    for key in keys {
        let text = own.open_webhook_key(key.id, &key.sealed)?;
        opened.push(SigningKey::parse(&text).map_err(|_| Failure::NotSetUp("webhook key"))?);
    }
    let id = told.id.to_string();
    let signature = sign_all(&opened, &id, at, body).ok_or(Failure::NotSetUp("webhook key"))?;
    Ok(Signed { id, at, signature })
}
