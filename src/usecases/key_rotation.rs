//! One root secret takes another's place: every key is sealed anew, a few at a time, while the service goes on.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::deps::Deps;
use super::failure::Failure;
use super::keys::{child_keys, keys, keys_within, stored, wrapped_of};
use crate::domain::child_reference::Scheme;
use crate::domain::ids::{EscalationId, PartnershipId};
use crate::store::session::{Connection, Stated, snapshot, transaction};
use crate::store::{StoreFailure, data_keys, sweeps};
use crate::vault::{CannotOpen, ChildPlace, DataKey};

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
        let (roots, old) = snapshot(&deps.pool, id, async |conn| {
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

/// What sealing anew came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rotated {
    /// How much was sealed anew.
    pub sealed: u64,
    /// How much does not open, because it was changed. It stays as it is, and the log names each.
    pub broken: u64,
}

impl Rotated {
    const fn and(self, other: Self) -> Self {
        Self { sealed: self.sealed + other.sealed, broken: self.broken + other.broken }
    }
}

/// Seals every key under the newest root secret, and gives every child that has none a key of its own. It can be stopped
/// at any moment and goes on where it was; several at once share the work.
///
/// # Errors
/// The root secrets are not to be had, or the database fails. What was done stays.
pub async fn rotate(deps: &Deps, told: &mut dyn FnMut(u64)) -> Result<Rotated, Failure> {
    // Before anything: with a secret that is not the right one, some would get keys under it and the others none.
    if !missing(deps).await?.is_empty() {
        return Err(CannotOpen::NoKey.into());
    }
    let mut total = Rotated::default();
    for id in partnerships(deps).await? {
        // Whoever has none yet gets them here, under the newest.
        keys(deps, id).await?;
        total.sealed += rotate_own(deps, id).await?;
        // What others held at this moment is passed over, and met in the next round.
        loop {
            let mut round = Rotated::default();
            let mut after = Some(Uuid::nil());
            while let Some(last) = after {
                let (done, next) =
                    within(deps, id, async |conn| some_children(deps, conn, id, last).await)
                        .await?;
                round = round.and(done);
                after = next;
                told(total.sealed + round.sealed);
            }
            let mut after = Some((EscalationId(Uuid::nil()), -1));
            while let Some(last) = after {
                let (done, next) =
                    within(deps, id, async |conn| some_old(deps, conn, id, last).await).await?;
                round = round.and(done);
                after = next;
                told(total.sealed + round.sealed);
            }
            total.sealed += round.sealed;
            if round.sealed == 0 {
                total.broken += round.broken;
                break;
            }
        }
    }
    Ok(total)
}

/// The root secrets under which partnerships' own keys are sealed and that are not here.
///
/// # Errors
/// The database fails.
pub async fn missing(deps: &Deps) -> Result<BTreeSet<String>, Failure> {
    let here: BTreeSet<String> = deps.vault.roots().iter().map(ToString::to_string).collect();
    let mut needed = BTreeSet::new();
    for id in partnerships(deps).await? {
        let own = within(deps, id, async |conn| Ok(data_keys::of_partnership(conn, id).await?));
        needed.extend(own.await?.flatten().map(|key| key.root));
    }
    Ok(needed.difference(&here).cloned().collect())
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

/// Some data keys sealed anew, and after which one it goes on.
async fn some_children(
    deps: &Deps,
    conn: &mut Connection,
    id: PartnershipId,
    after: Uuid,
) -> Result<(Rotated, Option<Uuid>), Failure> {
    let newest = deps.vault.newest()?.to_string();
    let now = deps.clock.now();
    let mut done = Rotated::default();
    let some = data_keys::take_others(conn, id, &newest, after, BATCH).await?;
    let last = some.last().map(|key| key.id);
    for key in some {
        let wrapped = key.wrapped.ok_or(StoreFailure::Corrupt("child_data_key"))?;
        let before = wrapped_of(wrapped).map(|wrapped| DataKey { id: key.id, wrapped });
        match before.and_then(|before| deps.vault.wrap_anew(id, &before)) {
            Ok(anew) => {
                data_keys::replace_child(conn, id, (key.id, &stored(&anew.wrapped)), now).await?;
                done.sealed += 1;
            }
            Err(error @ CannotOpen::Changed) => {
                tracing::error!(alert = true, %error, data_key = %key.id, "a data key does not open");
                done.broken += 1;
            }
            Err(other) => return Err(other.into()),
        }
    }
    Ok((done, last))
}

/// Some references from before there were data keys, each put under its child's, and after which one it goes on.
async fn some_old(
    deps: &Deps,
    conn: &mut Connection,
    id: PartnershipId,
    after: (EscalationId, i16),
) -> Result<(Rotated, Option<(EscalationId, i16)>), Failure> {
    let rows = data_keys::take_old(conn, id, after, BATCH).await?;
    let Some(last) = rows.last().map(|row| (EscalationId(row.escalation_id), row.position)) else {
        return Ok((Rotated::default(), None));
    };
    let own = keys_within(deps, conn, id).await?;
    let known = child_keys(deps, conn, id, rows.iter().map(|row| &row.child_key)).await?;
    let mut done = Rotated::default();
    for row in rows {
        let escalation = EscalationId(row.escalation_id);
        let place = ChildPlace { partnership: id, escalation, position: row.position };
        let scheme: Scheme =
            row.scheme.parse().map_err(|_| StoreFailure::Corrupt("escalation_child"))?;
        let key = known.get(&row.child_key).ok_or(StoreFailure::Contention)?;
        match own.open_old(escalation, scheme, &row.ciphertext) {
            Ok(child) => {
                let sealed = deps.vault.seal(place, key, &child)?;
                data_keys::replace_reference(conn, id, (escalation, row.position), &sealed).await?;
                done.sealed += 1;
            }
            Err(error) => {
                let position = row.position;
                tracing::error!(alert = true, %error, %escalation, position, "a child's reference does not open");
                done.broken += 1;
            }
        }
    }
    Ok((done, Some(last)))
}
