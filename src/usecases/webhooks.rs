//! Endpoints of webhooks: made, changed, given new keys, enabled again and removed by whom they belong to.

use jiff::Timestamp;

use super::agreements::check_new_data;
use super::deps::Deps;
use super::failure::Failure;
use super::keys::keys;
use super::reading::{self, Shown};
use crate::domain::access::{Action, Caller, Reach};
use crate::domain::broken_rule::FieldRule;
use crate::domain::ids::{AgencyId, WebhookEndpointId};
use crate::domain::recorded::Recorded;
use crate::domain::webhook::{
    BOTH_KEYS, Endpoint, EndpointAct, EndpointKey, EndpointState, MOST_ENDPOINTS, SigningScheme,
};
use crate::store::session::{Connection, Stated, Writing, transaction, writing};
use crate::store::{webhook_keys, webhook_telling, webhooks};
use crate::vault::PartnershipKeys;
use crate::webhook::signature::SigningKey;

/// A new endpoint.
#[derive(Debug, Clone)]
pub struct NewEndpoint {
    /// The address.
    pub url: String,
    /// The types of events that it is told of; all when none is named.
    pub event_types: Option<Vec<String>>,
    /// How messages to it are signed.
    pub scheme: SigningScheme,
}

/// What is changed of an endpoint; what is not named stays.
#[derive(Debug, Clone, Default)]
pub struct EndpointChange {
    /// The address.
    pub url: Option<String>,
    /// The types of events that it is told of; all when none is named.
    pub event_types: Option<Option<Vec<String>>>,
}

/// An endpoint with the keys that sign now.
#[derive(Debug, Clone)]
pub struct EndpointDetail {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// Its keys, the newest first.
    pub keys: Vec<EndpointKey>,
    /// The secret that was just made, where both sides hold it. It is told this once.
    pub secret: Option<String>,
}

/// How far the caller may manage endpoints.
pub(super) fn reach(caller: &Caller) -> Result<Reach, Failure> {
    caller.may(Action::ManageWebhooks).ok_or(Failure::Forbidden)
}

/// Whose endpoints the caller manages: their agency's and those of whom it took over; the partnership's own for its own
/// roles.
pub(super) fn owner(caller: &Caller) -> Vec<AgencyId> {
    caller.agency.iter().chain(&caller.predecessors).copied().collect()
}

/// One of the caller's own endpoints. Those of others are not there for them, not even for the Director.
pub(super) async fn own(
    conn: &mut Connection,
    caller: &Caller,
    id: WebhookEndpointId,
    lock: bool,
) -> Result<Endpoint, Failure> {
    let found = webhooks::find(conn, caller.partnership, id, lock).await?;
    let owner = owner(caller);
    let is_own =
        |it: &Endpoint| it.agency.map_or(owner.is_empty(), |agency| owner.contains(&agency));
    found.filter(is_own).ok_or(Failure::NotFound)
}

/// Puts on record who did something about an endpoint.
pub(super) async fn note_act(
    deps: &Deps,
    conn: &mut Connection,
    caller: &Caller,
    id: WebhookEndpointId,
    act: EndpointAct,
) -> Result<(), Failure> {
    let recorded = Recorded::by(caller, deps.clock.now());
    Ok(webhooks::append_act(conn, caller.partnership, id, act, &recorded).await?)
}

/// Makes an endpoint. It is told of what happens from now on.
///
/// # Errors
/// The agency has no sharing agreement in force and needs one: this is a new way for data to leave. The address may not be called, there are too many, or the database fails.
pub async fn create(
    deps: &Deps,
    caller: &Caller,
    new: NewEndpoint,
    how: Writing,
) -> Result<EndpointDetail, Failure> {
    let reach = reach(caller)?;
    let now = deps.clock.now();
    check_new_data(deps, caller).await?;
    deps.outside.vet(&new.url).await.map_err(Failure::Url)?;
    let endpoint = Endpoint {
        id: WebhookEndpointId(deps.ids.new_id(now)),
        agency: caller.agency,
        url: new.url,
        event_types: new.event_types,
        scheme: new.scheme,
        state: EndpointState::Active,
        disabled: None,
        version: 1,
        position: 0,
        failing_since: None,
        last_delivered_at: None,
        recorded: Recorded::by(caller, now),
    };
    let sealing = keys(deps, caller.partnership).await?;
    let (key, secret) = new_key(deps, &sealing, new.scheme, now)?;
    writing(&deps.pool, how, Stated::by(caller, reach), async |conn| {
        // Two at once would both find room for one.
        webhooks::one_at_a_time(conn, caller.partnership).await?;
        let all = webhooks::of_owner(conn, caller.partnership, &owner(caller)).await?;
        if all.len() >= MOST_ENDPOINTS {
            return Err(Failure::field("", FieldRule::TooManyItems));
        }
        let mut endpoint = endpoint;
        endpoint.position = webhooks::insert(conn, caller.partnership, &endpoint).await?;
        webhook_keys::add_key(conn, caller.partnership, endpoint.id, &key, now).await?;
        note_act(deps, conn, caller, endpoint.id, EndpointAct::Created).await?;
        Ok(EndpointDetail { endpoint, keys: vec![key], secret })
    })
    .await
}

/// A new key, sealed, and the secret to be told where both sides hold it.
fn new_key(
    deps: &Deps,
    keys: &PartnershipKeys,
    scheme: SigningScheme,
    now: Timestamp,
) -> Result<(EndpointKey, Option<String>), Failure> {
    let id = deps.ids.new_id(now);
    let key = SigningKey::from_random(scheme, deps.vault.fresh()?);
    let text = key.secret_text();
    let sealed = keys.seal_webhook_key(id, &text)?;
    let (public, secret) = match scheme {
        SigningScheme::Ed25519 => (key.verifying_key().map(|key| key.text()), None),
        SigningScheme::HmacSha256 => (None, Some(text)),
    };
    Ok((EndpointKey { id, scheme, sealed, public, created_at: now, expires_at: None }, secret))
}

/// The caller's own endpoints, the oldest first.
///
/// # Errors
/// The caller may not, or the database fails.
pub async fn list(deps: &Deps, caller: &Caller) -> Result<Vec<EndpointDetail>, Failure> {
    let reach = reach(caller)?;
    let now = deps.clock.now();
    reading::read(deps, caller, reach, async |conn| {
        let all = webhooks::of_owner(conn, caller.partnership, &owner(caller)).await?;
        let mut shown = Vec::with_capacity(all.len());
        for endpoint in all {
            let keys = webhook_keys::keys(conn, caller.partnership, endpoint.id, now).await?;
            shown.push(EndpointDetail { endpoint, keys, secret: None });
        }
        Ok(Shown::of_nobody(shown))
    })
    .await
}

/// One of the caller's own endpoints.
///
/// # Errors
/// It is not there for this caller, or the database fails.
pub async fn read(
    deps: &Deps,
    caller: &Caller,
    id: WebhookEndpointId,
) -> Result<EndpointDetail, Failure> {
    let reach = reach(caller)?;
    let now = deps.clock.now();
    reading::read(deps, caller, reach, async |conn| {
        let endpoint = own(conn, caller, id, false).await?;
        let keys = webhook_keys::keys(conn, caller.partnership, id, now).await?;
        Ok(Shown::of_nobody(EndpointDetail { endpoint, keys, secret: None }))
    })
    .await
}

/// Changes an endpoint from the version that was read.
///
/// # Errors
/// It has changed since, the address may not be called, or the database fails.
pub async fn change(
    deps: &Deps,
    caller: &Caller,
    id: WebhookEndpointId,
    version: i32,
    change: EndpointChange,
) -> Result<EndpointDetail, Failure> {
    let reach = reach(caller)?;
    if let Some(url) = &change.url {
        deps.outside.vet(url).await.map_err(Failure::Url)?;
    }
    let now = deps.clock.now();
    transaction(&deps.pool, Stated::by(caller, reach), async |conn| {
        let mut endpoint = own(conn, caller, id, true).await?;
        if endpoint.version != version {
            return Err(Failure::Stale);
        }
        let before = endpoint.clone();
        endpoint.url = change.url.unwrap_or(endpoint.url);
        endpoint.event_types = change.event_types.unwrap_or(endpoint.event_types);
        if endpoint != before {
            endpoint.version += 1;
            webhooks::update(conn, caller.partnership, &endpoint).await?;
            note_act(deps, conn, caller, id, EndpointAct::Changed).await?;
        }
        let keys = webhook_keys::keys(conn, caller.partnership, id, now).await?;
        Ok(EndpointDetail { endpoint, keys, secret: None })
    })
    .await
}

/// Removes an endpoint at the version that was read. Its record stays.
///
/// # Errors
/// It has changed since, or the database fails.
pub async fn remove(
    deps: &Deps,
    caller: &Caller,
    id: WebhookEndpointId,
    version: i32,
) -> Result<(), Failure> {
    let reach = reach(caller)?;
    transaction(&deps.pool, Stated::by(caller, reach), async |conn| {
        if own(conn, caller, id, true).await?.version != version {
            return Err(Failure::Stale);
        }
        note_act(deps, conn, caller, id, EndpointAct::Removed).await?;
        Ok(webhooks::remove(conn, caller.partnership, id).await?)
    })
    .await
}

/// Gives an endpoint a new key. The former one signs beside it for a day, so that receivers can change in their own time.
///
/// # Errors
/// It is not there for this caller, or the database fails.
pub async fn rotate(
    deps: &Deps,
    caller: &Caller,
    id: WebhookEndpointId,
) -> Result<EndpointDetail, Failure> {
    let reach = reach(caller)?;
    let sealing = keys(deps, caller.partnership).await?;
    let now = deps.clock.now();
    let both_until = now.checked_add(BOTH_KEYS).unwrap_or(now);
    transaction(&deps.pool, Stated::by(caller, reach), async |conn| {
        let endpoint = own(conn, caller, id, true).await?;
        let (key, secret) = new_key(deps, &sealing, endpoint.scheme, now)?;
        webhook_keys::add_key(conn, caller.partnership, id, &key, both_until).await?;
        note_act(deps, conn, caller, id, EndpointAct::KeyRotated).await?;
        let keys = webhook_keys::keys(conn, caller.partnership, id, now).await?;
        Ok(EndpointDetail { endpoint, keys, secret })
    })
    .await
}

/// Enables an endpoint again. It catches up with everything that it missed: what waited, what was given up while nothing
/// arrived, and what happened meanwhile.
///
/// # Errors
/// It is not there for this caller, its address may not be called any more, or the database fails.
pub async fn enable(
    deps: &Deps,
    caller: &Caller,
    id: WebhookEndpointId,
) -> Result<EndpointDetail, Failure> {
    let reach = reach(caller)?;
    let now = deps.clock.now();
    let url = read(deps, caller, id).await?.endpoint.url;
    deps.outside.vet(&url).await.map_err(Failure::Url)?;
    transaction(&deps.pool, Stated::by(caller, reach), async |conn| {
        let mut endpoint = own(conn, caller, id, true).await?;
        note_act(deps, conn, caller, id, EndpointAct::Enabled).await?;
        if endpoint.state == EndpointState::Disabled {
            let since = endpoint.failing_since.unwrap_or(now);
            webhook_telling::begin_anew(conn, caller.partnership, id, since, now).await?;
            endpoint.state = EndpointState::Active;
            (endpoint.disabled, endpoint.failing_since) = (None, None);
            endpoint.version += 1;
            webhooks::update(conn, caller.partnership, &endpoint).await?;
        }
        let keys = webhook_keys::keys(conn, caller.partnership, id, now).await?;
        Ok(EndpointDetail { endpoint, keys, secret: None })
    })
    .await
}
