//! Chains: gives what was committed its place and its link, in order, whatever is killed meanwhile.

use super::deps::Deps;
use super::failure::Failure;
use crate::domain::chain::ChainName;
use crate::domain::ids::PartnershipId;
use crate::store::access_chain::Reads;
use crate::store::chain::{self, Chain};
use crate::store::feed::Feed;
use crate::store::session::{Stated, transaction};

/// How much gets its place in one transaction.
const BATCH: i64 = 1_000;

/// Places what waits for the feeds of all partnerships, and says how much it was. A partnership that fails does not hold up
/// the others.
///
/// # Errors
/// The database fails; everything that could be placed was.
pub async fn sequence_all(deps: &Deps) -> Result<usize, Failure> {
    place_all::<Feed>(deps).await
}

/// The same for the logs of reads.
///
/// # Errors
/// As [`sequence_all`].
pub async fn link_all(deps: &Deps) -> Result<usize, Failure> {
    place_all::<Reads>(deps).await
}

/// Places what waits for the feed of one partnership, and says how much it was; nothing when somebody else is at it.
///
/// # Errors
/// The database fails.
pub async fn sequence(deps: &Deps, id: PartnershipId) -> Result<Option<usize>, Failure> {
    place::<Feed>(deps, id).await
}

async fn place_all<C: Chain>(deps: &Deps) -> Result<usize, Failure> {
    let all = {
        let mut conn = deps.pool.get().await?;
        chain::partnerships_waiting::<C>(&mut conn).await?
    };
    let mut total = 0;
    let mut failure = None;
    for id in all {
        match place::<C>(deps, id).await {
            Ok(done) => total += done.unwrap_or_default(),
            Err(error) => {
                tracing::warn!(partnership = %id, chain = C::NAME.code(), %error, "a chain could not be continued");
                failure = Some(error);
            }
        }
    }
    failure.map_or(Ok(total), Err)
}

/// The row of the head is the lease: whoever holds it works, and a killed connection frees it with everything undone.
async fn place<C: Chain>(deps: &Deps, id: PartnershipId) -> Result<Option<usize>, Failure> {
    let mut total = 0;
    loop {
        let round = transaction(&deps.pool, Stated::partnership(id), async |conn| {
            let Some(head) = chain::take_head::<C>(conn, id).await? else { return Ok(None) };
            let placed = chain::place::<C>(conn, id, head, BATCH, deps.clock.now()).await?;
            Ok::<_, Failure>(Some(placed))
        });
        let Some((done, head)) = round.await? else { return Ok(None) };
        if C::NAME == ChainName::Events {
            deps.signals.sequenced(id, head.position);
            deps.metrics.sequenced(done);
        }
        total += done;
        if i64::try_from(done).unwrap_or(i64::MAX) < BATCH {
            return Ok(Some(total));
        }
    }
}
