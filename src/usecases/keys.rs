//! The keys of a partnership, made when they are first needed, and the keys of its children.

use std::collections::BTreeMap;
use std::sync::Arc;

use uuid::Uuid;

use super::deps::Deps;
use super::failure::Failure;
use crate::domain::child_reference::{ChildReference, Scheme};
use crate::domain::ids::{EscalationId, PartnershipId};
use crate::store::StoreFailure;
use crate::store::data_keys::{self, WrappedKey};
use crate::store::escalations::StoredChild;
use crate::store::session::{Connection, Stated, transaction};
use crate::vault::{CannotOpen, ChildPlace, DataKey, PartnershipKeys, Wrapped, data_key_of};

/// The keys of a partnership. It gets them if it has none; whoever else gives it some at the same moment gives the same.
///
/// # Errors
/// The root secrets are not to be had, or the database fails.
pub(super) async fn keys(deps: &Deps, id: PartnershipId) -> Result<Arc<PartnershipKeys>, Failure> {
    if let Some(known) = deps.keys.get(&id) {
        return Ok(known);
    }
    let now = deps.clock.now();
    transaction(&deps.pool, Stated::partnership(id), async |conn| {
        match data_keys::of_partnership(conn, id).await? {
            Some(Some(_)) => {}
            Some(None) => {
                let derived = derived(deps, conn, id).await?;
                let wrapped = stored(&deps.vault.wrap_keys(&derived)?);
                data_keys::replace_partnership(conn, id, None, &wrapped, now).await?;
            }
            None => {
                let wrapped = stored(&deps.vault.wrap_keys(&deps.vault.fresh_keys(id)?)?);
                data_keys::give_partnership(conn, id, &wrapped, now).await?;
            }
        }
        Ok::<_, Failure>(())
    })
    .await?;
    // Read again after the commit: what another gave first is what counts, and what was rolled back never does.
    let loaded =
        transaction(&deps.pool, Stated::partnership(id), async |conn| load(deps, conn, id).await)
            .await?;
    deps.keys.put(id, Arc::clone(&loaded));
    Ok(loaded)
}

/// The same inside a transaction, which makes none.
///
/// # Errors
/// There are none, the root secrets are not to be had, or the database fails.
pub(super) async fn keys_within(
    deps: &Deps,
    conn: &mut Connection,
    id: PartnershipId,
) -> Result<Arc<PartnershipKeys>, Failure> {
    match deps.keys.get(&id) {
        Some(known) => Ok(known),
        None => load(deps, conn, id).await,
    }
}

async fn load(
    deps: &Deps,
    conn: &mut Connection,
    id: PartnershipId,
) -> Result<Arc<PartnershipKeys>, Failure> {
    let keys = match data_keys::of_partnership(conn, id).await? {
        Some(Some(wrapped)) => deps.vault.unwrap_keys(id, &wrapped_of(wrapped)?)?,
        Some(None) => derived(deps, conn, id).await?,
        None => return Err(CannotOpen::NoKey.into()),
    };
    Ok(Arc::new(keys))
}

/// The keys of a partnership from before keys were stored. Which root secret gave them is told by a reference that only
/// its own opens, so that a secret that came since is not taken for it.
async fn derived(
    deps: &Deps,
    conn: &mut Connection,
    id: PartnershipId,
) -> Result<PartnershipKeys, Failure> {
    let sample = data_keys::an_old_one(conn, id).await?;
    for root in deps.vault.roots() {
        let keys = deps.vault.derived_keys(id, root)?;
        let opens = match &sample {
            None => true,
            Some(it) => {
                let scheme = scheme(&it.scheme)?;
                keys.open_old(EscalationId(it.escalation_id), scheme, &it.ciphertext).is_ok()
            }
        };
        if opens {
            return Ok(keys);
        }
    }
    Err(CannotOpen::NoKey.into())
}

/// The children of an escalation sealed, each under its own data key, which it gets here if it has none.
///
/// # Errors
/// The root secrets are not to be had, or the database fails.
pub(super) async fn seal_children(
    deps: &Deps,
    conn: &mut Connection,
    (partnership, escalation): (PartnershipId, EscalationId),
    children: &[FoundChild],
) -> Result<Vec<StoredChild>, Failure> {
    if children.is_empty() {
        return Ok(Vec::new());
    }
    let known = child_keys(deps, conn, partnership, children.iter().map(|it| &it.key)).await?;
    let sealed = children.iter().zip(0_i16..).map(|(child, position)| {
        let key = known.get(&child.key).ok_or(StoreFailure::Contention)?;
        let place = ChildPlace { partnership, escalation, position };
        Ok(StoredChild {
            position,
            scheme: child.child.scheme().into(),
            child_key: child.key.clone(),
            ciphertext: deps.vault.seal(place, key, &child.child)?,
        })
    });
    sealed.collect()
}

/// A child with the hash that finds it.
#[derive(Debug, Clone)]
pub(super) struct FoundChild {
    /// The hash.
    pub(super) key: Vec<u8>,
    /// The child.
    pub(super) child: ChildReference,
}

/// The data keys of children, by the hashes that find these. Children without one get one, always in the same order, so
/// that two who do this at once do not wait for each other in a circle.
pub(super) async fn child_keys<'a>(
    deps: &Deps,
    conn: &mut Connection,
    partnership: PartnershipId,
    hashes: impl Iterator<Item = &'a Vec<u8>>,
) -> Result<BTreeMap<Vec<u8>, DataKey>, Failure> {
    let mut hashes: Vec<Vec<u8>> = hashes.cloned().collect();
    hashes.sort_unstable();
    hashes.dedup();
    let known = by_hash(data_keys::of_children(conn, partnership, &hashes).await?)?;
    let missing: Vec<&Vec<u8>> = hashes.iter().filter(|it| !known.contains_key(*it)).collect();
    if missing.is_empty() {
        return Ok(known);
    }
    let now = deps.clock.now();
    for hash in missing {
        let key = deps.vault.new_data_key(partnership)?;
        data_keys::give_child(conn, partnership, hash, (key.id, &stored(&key.wrapped)), now)
            .await?;
    }
    by_hash(data_keys::of_children(conn, partnership, &hashes).await?)
}

/// The children of an escalation, opened.
///
/// # Errors
/// One was changed or moved, which is told to whoever keeps the service; a root secret is not to be had; or the database
/// fails.
pub(super) async fn open_children(
    deps: &Deps,
    conn: &mut Connection,
    (partnership, escalation): (PartnershipId, EscalationId),
    stored: &[StoredChild],
) -> Result<Vec<ChildReference>, Failure> {
    let mut ids = Vec::with_capacity(stored.len());
    for child in stored {
        let id = data_key_of(&child.ciphertext);
        ids.push(id.inspect_err(|error| alert(*error, escalation, child.position))?);
    }
    let wanted: Vec<Uuid> = ids.iter().flatten().copied().collect();
    let keys = data_keys::by_ids(conn, partnership, &wanted).await?;
    let mut opened = Vec::with_capacity(stored.len());
    for (child, id) in stored.iter().zip(ids) {
        let scheme = scheme(&child.scheme)?;
        let one = match id {
            None => {
                let own = keys_within(deps, conn, partnership).await?;
                own.open_old(escalation, scheme, &child.ciphertext)
            }
            Some(id) => {
                let place = ChildPlace { partnership, escalation, position: child.position };
                // Keys are never removed, so that one that is not there was never meant; nor was another child's.
                let key = keys.iter().find(|key| key.id == id);
                let key = key.filter(|key| key.child_key.as_ref() == Some(&child.child_key));
                match key.and_then(|key| key.wrapped.clone()) {
                    None => Err(CannotOpen::Changed),
                    Some(wrapped) => wrapped_of(wrapped).and_then(|wrapped| {
                        deps.vault.open(place, scheme, &DataKey { id, wrapped }, &child.ciphertext)
                    }),
                }
            }
        };
        opened.push(one.inspect_err(|error| alert(*error, escalation, child.position))?);
    }
    Ok(opened)
}

/// Says which row does not open, and nothing of what is in it.
fn alert(error: CannotOpen, escalation: EscalationId, position: i16) {
    tracing::error!(alert = true, %error, %escalation, position, "a child's reference does not open");
}

fn by_hash(keys: Vec<data_keys::ChildDataKey>) -> Result<BTreeMap<Vec<u8>, DataKey>, Failure> {
    let usable = keys.into_iter().filter_map(|key| Some((key.child_key?, key.id, key.wrapped?)));
    let opened =
        usable.map(|(hash, id, wrapped)| Ok((hash, DataKey { id, wrapped: wrapped_of(wrapped)? })));
    opened.collect()
}

fn scheme(code: &str) -> Result<Scheme, StoreFailure> {
    code.parse().map_err(|_| StoreFailure::Corrupt("escalation_child"))
}

/// A sealed key as a row holds it.
pub(super) fn stored(key: &Wrapped) -> WrappedKey {
    WrappedKey { root: key.root.to_string(), sealed: key.sealed.clone() }
}

/// The same, read.
pub(super) fn wrapped_of(key: WrappedKey) -> Result<Wrapped, CannotOpen> {
    Ok(Wrapped { root: key.root.parse()?, sealed: key.sealed })
}
