//! Checkpoints: made by the service, taken away by whoever wants to witness that the record is not written anew.

use super::deps::Deps;
use super::failure::Failure;
use super::keys::keys;
use super::reading::{Shown, read};
use crate::domain::access::{Action, Caller};
use crate::domain::checkpoint::{Checkpoint, KeptCheckpoint};
use crate::domain::ids::PartnershipId;
use crate::signed_note::{Signer, Verifier};
use crate::store::access_chain::Reads;
use crate::store::checkpoints;
use crate::store::feed::Feed;
use crate::store::session::{Connection, Stated, snapshot, transaction};
use crate::store::{StoreFailure, chain};

/// Makes a checkpoint of each partnership of which one is due, and gives the latest of each. A partnership that fails does
/// not hold up the others.
///
/// # Errors
/// The database fails, or the keys are not to be had.
pub async fn make_all(deps: &Deps) -> Result<Vec<(PartnershipId, KeptCheckpoint)>, Failure> {
    let all = {
        let mut conn = deps.pool.get().await?;
        checkpoints::partnerships(&mut conn).await?
    };
    let mut latest = Vec::with_capacity(all.len());
    let mut failure = None;
    for id in all {
        match make(deps, id).await {
            Ok(it) => latest.extend(it.map(|it| (id, it))),
            Err(error) => {
                tracing::warn!(partnership = %id, %error, "a checkpoint could not be made");
                failure = Some(error);
            }
        }
    }
    failure.map_or(Ok(latest), Err)
}

/// Makes a checkpoint of one partnership if one is due, and gives the latest.
///
/// # Errors
/// As [`make_all`].
pub async fn make(deps: &Deps, id: PartnershipId) -> Result<Option<KeptCheckpoint>, Failure> {
    let signer = signer(deps, id).await?;
    let key = signer.verifier().ok_or_else(no_key)?;
    let now = deps.clock.now();
    transaction(&deps.pool, Stated::partnership(id), async |conn| {
        let events = chain::head::<Feed>(conn, id).await?;
        let reads = chain::head::<Reads>(conn, id).await?;
        let kept = checkpoints::latest(conn, id).await?;
        // One that does not open was changed: the next is made at once, and a check of the record tells.
        let last = kept.as_ref().and_then(|it| key.open(&it.note).ok()?.parse().ok());
        if !Checkpoint::is_due(last.as_ref(), events, reads, now) {
            return Ok(kept);
        }
        let number = kept.map_or(0, |it| it.number).saturating_add(1);
        let text = Checkpoint { partnership: id, at: now, events, reads }.text();
        let note = signer.sign(&text).ok_or_else(no_key)?;
        let made = KeptCheckpoint { number, at: now, note };
        checkpoints::keep(conn, id, &made).await?;
        Ok::<_, Failure>(Some(made))
    })
    .await
}

fn no_key() -> Failure {
    Failure::Store(StoreFailure::Other("no key for checkpoints".to_owned()))
}

async fn signer(deps: &Deps, id: PartnershipId) -> Result<Signer, Failure> {
    let seed = keys(deps, id).await?.checkpoint_seed();
    Signer::from_seed(Checkpoint::key_name(id), &seed).ok_or_else(no_key)
}

/// What a partnership's checkpoints are verified with.
///
/// # Errors
/// The database fails, or the keys are not to be had.
pub async fn verifier(deps: &Deps, id: PartnershipId) -> Result<Verifier, Failure> {
    signer(deps, id).await?.verifier().ok_or_else(no_key)
}

/// Checkpoints after one, and what they are verified with.
///
/// # Errors
/// The caller may not, or the database fails.
pub async fn list(
    deps: &Deps,
    caller: &Caller,
    after: i64,
    limit: i64,
) -> Result<(Vec<KeptCheckpoint>, Verifier), Failure> {
    let reach = caller.may(Action::ReadCheckpoints).ok_or(Failure::Forbidden)?;
    let key = verifier(deps, caller.partnership).await?;
    let found = read(deps, caller, reach, async |conn| {
        let found = checkpoints::after(conn, caller.partnership, after, limit).await?;
        Ok(Shown::of_nobody(found))
    })
    .await?;
    Ok((found, key))
}

/// How many are read at a time.
const BATCH: i64 = 1_000;

/// All that are kept.
///
/// # Errors
/// The database fails.
pub async fn kept(deps: &Deps, id: PartnershipId) -> Result<Vec<KeptCheckpoint>, Failure> {
    snapshot(&deps.pool, id, async |conn| all(conn, id).await).await
}

async fn all(conn: &mut Connection, id: PartnershipId) -> Result<Vec<KeptCheckpoint>, Failure> {
    let mut kept: Vec<KeptCheckpoint> = Vec::new();
    loop {
        let last = kept.last().map_or(0, |it| it.number);
        let more = checkpoints::after(conn, id, last, BATCH).await?;
        if more.is_empty() {
            return Ok(kept);
        }
        kept.extend(more);
    }
}
