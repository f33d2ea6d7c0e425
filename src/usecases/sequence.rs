//! The sequencer: gives what was committed its position in the feed and its link, in order, whatever is killed meanwhile.

use super::deps::Deps;
use super::failure::Failure;
use crate::domain::feed::{FeedFault, Head};
use crate::domain::ids::PartnershipId;
use crate::store::feed;
use crate::store::session::{Stated, snapshot, transaction};

/// How much gets its position in one transaction.
const BATCH: i64 = 1_000;

/// Sequences every partnership in which something waits, and says how much got its position. A partnership that fails
/// does not hold up the others.
///
/// # Errors
/// The database fails; everything that could be sequenced was.
pub async fn sequence_all(deps: &Deps) -> Result<usize, Failure> {
    let all = {
        let mut conn = deps.pool.get().await?;
        feed::partnerships_waiting(&mut conn).await?
    };
    let mut total = 0;
    let mut failure = None;
    for id in all {
        match sequence(deps, id).await {
            Ok(done) => total += done.unwrap_or_default(),
            Err(error) => {
                tracing::warn!(partnership = %id, %error, "a feed could not be sequenced");
                failure = Some(error);
            }
        }
    }
    failure.map_or(Ok(total), Err)
}

/// Sequences one partnership until nothing waits, and says how much got its position; nothing when somebody else is at
/// it.
///
/// The row of the head is the lease: whoever holds it works, and a killed connection frees it with everything undone.
///
/// # Errors
/// The database fails.
pub async fn sequence(deps: &Deps, id: PartnershipId) -> Result<Option<usize>, Failure> {
    let mut total = 0;
    loop {
        let round = transaction(&deps.pool, Stated::partnership(id), async |conn| {
            let Some(head) = feed::take_head(conn, id).await? else { return Ok(None) };
            let waiting = feed::waiting(conn, id, BATCH).await?;
            if waiting.is_empty() {
                return Ok(Some((0, head)));
            }
            let of: Vec<i64> = waiting.iter().map(|it| it.number).collect();
            let (entries, head) = head.sequence(waiting);
            feed::append(conn, id, &entries, head, &of, deps.clock.now()).await?;
            Ok::<_, Failure>(Some((entries.len(), head)))
        });
        let Some((done, head)) = round.await? else { return Ok(None) };
        deps.signals.sequenced(id, head.position);
        deps.metrics.sequenced(done);
        total += done;
        if i64::try_from(done).unwrap_or(i64::MAX) < BATCH {
            return Ok(Some(total));
        }
    }
}

/// What a check of a whole feed came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    /// The last entry up to which everything holds.
    pub head: Head,
    /// What does not hold after it, at the next position.
    pub fault: Option<FeedFault>,
}

/// Recomputes a feed from the first entry to the last: that no position is missing, that what is stored is what was
/// hashed, that each entry is linked to the one before, and that it ends where its head says.
///
/// # Errors
/// The database fails.
pub async fn check(deps: &Deps, id: PartnershipId) -> Result<Checked, Failure> {
    snapshot(&deps.pool, id, async |conn| {
        let mut head = Head::START;
        loop {
            let entries = feed::recomputed(conn, id, head.position, BATCH).await?;
            for (entry, leaf) in &entries {
                match head.check(entry, *leaf) {
                    Ok(next) => head = next,
                    Err(fault) => return Ok(Checked { head, fault: Some(fault) }),
                }
            }
            if entries.is_empty() {
                let ends = feed::head(conn, id).await? == head;
                return Ok(Checked { head, fault: (!ends).then_some(FeedFault::Head) });
            }
        }
    })
    .await
}
