//! One root secret takes another's place: every key is sealed anew, a few at a time, while the service goes on.

use std::collections::BTreeMap;

use super::deps::Deps;
use super::failure::Failure;
use super::keys::{child_keys, keys, stored, wrapped_of};
use crate::domain::child_reference::Scheme;
use crate::domain::ids::{EscalationId, PartnershipId};
use crate::store::session::{Connection, Stated, snapshot, transaction};
use crate::store::{StoreFailure, data_keys, sweeps};
use crate::vault::{ChildPlace, DataKey};

/// How much is sealed anew in one transaction: some milliseconds of work, so that nobody waits for it.
const BATCH: i64 = 200;

/// How everything that is sealed stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// How many keys are sealed under each root secret; under nothing, those that it gives itself and nobody has used yet.
    pub keys: BTreeMap<Option<String>, i64>,
    /// How many references of children are not sealed under a key of their own yet.
    pub old_references: i64,
}

impl Standing {
    /// How much is not under this root secret, or not under a key of its own.
    #[must_use]
    pub fn left(&self, newest: &str) -> i64 {
        let under_others = self.keys.iter().filter(|(root, _)| root.as_deref() != Some(newest));
        under_others.map(|(_, keys)| keys).sum::<i64>() + self.old_references
    }
}

/// How everything that is sealed stands, over all partnerships.
///
/// # Errors
/// The database fails.
pub async fn standing(deps: &Deps) -> Result<Standing, Failure> {
    let mut all = Standing::default();
    for id in partnerships(deps).await? {
        let (roots, old) = snapshot(&deps.pool, Stated::partnership(id), async |conn| {
            let roots = data_keys::under_roots(conn, id).await?;
            Ok::<_, Failure>((roots, data_keys::count_old(conn, id).await?))
        })
        .await?;
        for under in roots {
            *all.keys.entry(under.root).or_default() += under.keys;
        }
        all.old_references += old;
    }
    Ok(all)
}

/// Seals every key under the newest root secret, and gives every child that has none a key of its own. It can be stopped
/// at any moment and goes on where it was; several at once share the work. Gives how much it did.
///
/// # Errors
/// A key does not open, the root secrets are not to be had, or the database fails. What was done stays.
pub async fn rotate(deps: &Deps, told: &mut dyn FnMut(u64)) -> Result<u64, Failure> {
    let mut total = 0;
    for id in partnerships(deps).await? {
        // Whoever has none yet gets them here, under the newest.
        keys(deps, id).await?;
        total += rotate_own(deps, id).await?;
        loop {
            let done = within(deps, id, async |conn| some_children(deps, conn, id).await).await?;
            let old = within(deps, id, async |conn| some_old(deps, conn, id).await).await?;
            total += done + old;
            told(total);
            if done + old == 0 {
                break;
            }
        }
    }
    Ok(total)
}

async fn within<T>(
    deps: &Deps,
    id: PartnershipId,
    work: impl AsyncFnOnce(&mut Connection) -> Result<T, Failure>,
) -> Result<T, Failure> {
    transaction(&deps.pool, Stated::partnership(id), work).await
}

async fn partnerships(deps: &Deps) -> Result<Vec<PartnershipId>, Failure> {
    let mut conn = deps.pool.get().await?;
    Ok(sweeps::partnerships(&mut conn).await?)
}

async fn rotate_own(deps: &Deps, id: PartnershipId) -> Result<u64, Failure> {
    let newest = deps.vault.newest()?.to_string();
    let now = deps.clock.now();
    within(deps, id, async |conn| {
        let before = data_keys::of_partnership(conn, id).await?.flatten();
        let before = before.ok_or(StoreFailure::Corrupt("partnership_key"))?;
        if before.root == newest {
            return Ok(0);
        }
        let keys = deps.vault.unwrap_keys(id, &wrapped_of(before.clone())?)?;
        let after = stored(&deps.vault.wrap_keys(&keys)?);
        let changed = data_keys::replace_partnership(conn, id, Some(&before), &after, now).await?;
        Ok(u64::from(changed))
    })
    .await
}

async fn some_children(
    deps: &Deps,
    conn: &mut Connection,
    id: PartnershipId,
) -> Result<u64, Failure> {
    let newest = deps.vault.newest()?.to_string();
    let now = deps.clock.now();
    let mut done = 0;
    for key in data_keys::take_others(conn, id, &newest, BATCH).await? {
        let wrapped = key.wrapped.ok_or(StoreFailure::Corrupt("child_data_key"))?;
        let before = DataKey { id: key.id, wrapped: wrapped_of(wrapped)? };
        let after = deps.vault.wrap_anew(id, &before)?;
        data_keys::replace_child(conn, id, (key.id, &stored(&after.wrapped)), now).await?;
        done += 1;
    }
    Ok(done)
}

async fn some_old(deps: &Deps, conn: &mut Connection, id: PartnershipId) -> Result<u64, Failure> {
    let rows = data_keys::take_old(conn, id, BATCH).await?;
    if rows.is_empty() {
        return Ok(0);
    }
    let own = super::keys::keys_within(deps, conn, id).await?;
    let known = child_keys(deps, conn, id, rows.iter().map(|row| &row.child_key)).await?;
    let mut done = 0;
    for row in rows {
        let escalation = EscalationId(row.escalation_id);
        let place = ChildPlace { partnership: id, escalation, position: row.position };
        let scheme: Scheme =
            row.scheme.parse().map_err(|_| StoreFailure::Corrupt("escalation_child"))?;
        let child = own.open_old(escalation, scheme, &row.ciphertext)?;
        let key = known.get(&row.child_key).ok_or(StoreFailure::Contention)?;
        let sealed = deps.vault.seal(place, key, &child)?;
        data_keys::replace_reference(conn, id, (escalation, row.position), &sealed).await?;
        done += 1;
    }
    Ok(done)
}
