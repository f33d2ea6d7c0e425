//! The chain of the log of reads: gives each entry its link, in order, so that none can be changed or taken out unseen.

use super::deps::Deps;
use super::failure::Failure;
use crate::domain::feed::{FeedFault, Head};
use crate::domain::ids::PartnershipId;
use crate::domain::london::local_date;
use crate::store::access_chain;
use crate::store::session::{Stated, snapshot, transaction};

/// How much gets its link in one transaction.
const BATCH: i64 = 1_000;

/// For how many months from this one on there are partitions.
const MONTHS_AHEAD: i32 = 3;

/// Links what waits in every partnership, and says how much was linked. A partnership that fails does not hold up the
/// others.
///
/// # Errors
/// The database fails; everything that could be linked was.
pub async fn link_all(deps: &Deps) -> Result<usize, Failure> {
    let all = {
        let mut conn = deps.pool.get().await?;
        access_chain::partnerships_waiting(&mut conn).await?
    };
    let mut total = 0;
    let mut failure = None;
    for id in all {
        match link(deps, id).await {
            Ok(done) => total += done,
            Err(error) => {
                tracing::warn!(partnership = %id, %error, "a log of reads could not be linked");
                failure = Some(error);
            }
        }
    }
    failure.map_or(Ok(total), Err)
}

/// Links what waits in one partnership, and says how much; nothing when somebody else is at it. The row of the head is the
/// lease: a killed connection frees it with everything undone.
async fn link(deps: &Deps, id: PartnershipId) -> Result<usize, Failure> {
    let mut total = 0;
    loop {
        let done = transaction(&deps.pool, Stated::partnership(id), async |conn| {
            let Some(head) = access_chain::take_head(conn, id).await? else { return Ok(0) };
            let waiting = access_chain::waiting(conn, id, BATCH).await?;
            if !waiting.is_empty() {
                access_chain::link(conn, id, head, &waiting, deps.clock.now()).await?;
            }
            Ok::<_, Failure>(waiting.len())
        })
        .await?;
        total += done;
        if i64::try_from(done).unwrap_or(i64::MAX) < BATCH {
            return Ok(total);
        }
    }
}

/// Makes the partitions of the next months that are missing, and says how many were.
///
/// # Errors
/// The database fails, or is too busy to take one now; reads go on all the same.
pub async fn make_partitions(deps: &Deps) -> Result<i32, Failure> {
    let today = local_date(deps.clock.now());
    let mut conn = deps.pool.get().await?;
    Ok(access_chain::make_partitions(&mut conn, today, MONTHS_AHEAD).await?)
}

/// What a check of the whole chain of a partnership came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    /// The last link up to which everything holds.
    pub head: Head,
    /// What does not hold after it, at the next position.
    pub fault: Option<FeedFault>,
}

/// Recomputes the chain from the first link to the last: that none is missing, that what is stored is what was hashed, and
/// that it ends where its head says.
///
/// # Errors
/// The database fails.
pub async fn check(deps: &Deps, id: PartnershipId) -> Result<Checked, Failure> {
    snapshot(&deps.pool, id, async |conn| {
        let mut head = Head::START;
        loop {
            let links = access_chain::recomputed(conn, id, head.position, BATCH).await?;
            for it in &links {
                match head.check_link(it.position, (it.leaf, it.link), it.recomputed) {
                    Ok(next) => head = next,
                    Err(fault) => return Ok(Checked { head, fault: Some(fault) }),
                }
            }
            if links.is_empty() {
                let ends = access_chain::head(conn, id).await? == head;
                return Ok(Checked { head, fault: (!ends).then_some(FeedFault::Head) });
            }
        }
    })
    .await
}
