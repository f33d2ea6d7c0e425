//! Checks the record: that both chains hold from their first entry to their last, that they are those that were signed, and
//! that tables and chains account for each other.

use std::num::NonZeroUsize;

use super::checkpoints;
use super::deps::Deps;
use super::failure::Failure;
use super::sign_in;
use crate::domain::chain::{ChainFault, ChainName, Head};
use crate::domain::checkpoint::Checkpoint;
use crate::domain::evidence::Finding;
use crate::domain::ids::{EscalationId, PartnershipId};
use crate::signed_note::Verifier;
use crate::store::access_chain::Reads;
pub use crate::store::chain::Entry;
use crate::store::chain::{self, Chain};
use crate::store::checkpoints as stored;
use crate::store::feed::Feed;
use crate::store::reconcile;
use crate::store::session::{Stated, snapshot, transaction};

/// How many entries are read at a time.
const BATCH: i64 = 2_000;
/// Fewer entries than this are not divided among several at work.
const WORTH_DIVIDING: i64 = 20_000;
/// How many escalations are compared at a time.
const ESCALATIONS: i64 = 200;

/// What is to be checked, against what.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What the kept checkpoints are to be signed with: the key that somebody wrote down elsewhere, or the partnership's own.
    pub key: Verifier,
    /// Checkpoints that were kept outside.
    pub outside: Vec<Checkpoint>,
    /// How many parts of a long chain are checked at once.
    pub lanes: NonZeroUsize,
    /// Whether tables are compared with the chains too, which takes longer.
    pub tables: bool,
}

/// What a check came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// How far the chain of events holds.
    pub events: Checked,
    /// How far the chain of reads holds.
    pub reads: Checked,
    /// How many checkpoints were compared, those from outside included.
    pub checkpoints: usize,
    /// How many escalations were compared with their events; none when chains do not hold, or nobody asked for it.
    pub escalations: Option<usize>,
    /// Everything that does not hold, chains first.
    pub findings: Vec<Finding>,
}

/// Checks the record of one partnership while the service goes on.
///
/// # Errors
/// The database fails.
pub async fn verify(deps: &Deps, id: PartnershipId, asked: &Asked) -> Result<Report, Failure> {
    let events = check_of::<Feed>(deps, id, asked.lanes).await?;
    let reads = check_of::<Reads>(deps, id, asked.lanes).await?;
    let mut findings = Vec::new();
    for (chain, checked) in [(ChainName::Events, events), (ChainName::Reads, reads)] {
        let position = checked.head.position.saturating_add(1);
        findings.extend(checked.fault.map(|fault| Finding::Chain { chain, position, fault }));
    }
    let holds = findings.is_empty();
    let mut told = asked.outside.clone();
    for (kept, number) in checkpoints::kept(deps, id).await?.iter().zip(1..) {
        let text = asked.key.open(&kept.note).ok();
        let read = text.and_then(|text| text.parse::<Checkpoint>().ok());
        // The row around a note is told by nothing but the note.
        let fits =
            |it: &Checkpoint| it.partnership == id && it.at == kept.at && kept.number == number;
        match read.filter(fits) {
            Some(it) => told.push(it),
            None => findings.push(Finding::CheckpointChanged { number }),
        }
    }
    findings.extend(against::<Feed>(deps, id, &told).await?);
    findings.extend(against::<Reads>(deps, id, &told).await?);
    let mut escalations = None;
    if asked.tables {
        let more = snapshot(&deps.pool, id, async |conn| {
            Ok::<_, Failure>(reconcile::unaccounted(conn, id).await?)
        });
        findings.extend(more.await?);
        if holds {
            let (compared, more) = compare(deps, id).await?;
            escalations = Some(compared);
            findings.extend(more);
        }
    }
    Ok(Report { events, reads, checkpoints: told.len(), escalations, findings })
}

/// What a check of a whole chain came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    /// The last entry up to which everything holds.
    pub head: Head,
    /// What does not hold after it, at the next position.
    pub fault: Option<ChainFault>,
}

/// Recomputes one chain from the first entry to the last: that no position is missing, that what is stored is what was
/// hashed, that each entry is linked to the one before, and that it ends where its head says.
///
/// # Errors
/// The database fails.
pub async fn check(
    deps: &Deps,
    id: PartnershipId,
    chain: ChainName,
    lanes: NonZeroUsize,
) -> Result<Checked, Failure> {
    match chain {
        ChainName::Events => check_of::<Feed>(deps, id, lanes).await,
        ChainName::Reads => check_of::<Reads>(deps, id, lanes).await,
    }
}

/// A part of a chain that begins after a stored link. The part before it, which ends with that link, checks it.
#[derive(Debug, Clone, Copy)]
struct Part {
    from: Head,
    to: i64,
}

async fn check_of<C: Chain + 'static>(
    deps: &Deps,
    id: PartnershipId,
    lanes: NonZeroUsize,
) -> Result<Checked, Failure> {
    let (head, parts) = snapshot(&deps.pool, id, async |conn| {
        // What comes after the head that is read here is for the next check.
        let head = chain::head::<C>(conn, id).await?;
        let end = chain::last::<C>(conn, id).await?;
        let ends = ends_of_parts(end, lanes);
        let links = chain::links_at::<C>(conn, id, &ends).await?;
        let mut from = Head::START;
        let mut parts = Vec::new();
        for to in ends {
            parts.push(Part { from, to });
            // Where there is no link there is a gap, and the part that ends with it finds it.
            let Some(link) = links.get(&to) else { break };
            from = Head { position: to, link: *link };
        }
        Ok::<_, Failure>((head, parts))
    })
    .await?;
    let at_work: Vec<_> = parts
        .into_iter()
        .map(|part| {
            let deps = deps.clone();
            tokio::spawn(async move { check_part::<C>(&deps, id, part).await })
        })
        .collect();
    let mut checked = Checked { head: Head::START, fault: None };
    for part in at_work {
        let done = part.await.unwrap_or_else(|panic| {
            Err(crate::store::StoreFailure::Other(panic.to_string()).into())
        })?;
        if checked.fault.is_none() {
            checked = done;
        }
    }
    let fault = checked.fault.or_else(|| checked.head.ends_at(head).err());
    Ok(Checked { fault, ..checked })
}

/// The last position of each part, in order.
fn ends_of_parts(end: i64, lanes: NonZeroUsize) -> Vec<i64> {
    let lanes = i64::try_from(lanes.get()).unwrap_or(1);
    if end < WORTH_DIVIDING || lanes < 2 {
        return vec![end];
    }
    let each = end.checked_div(lanes).unwrap_or(end);
    (1..lanes).map(|n| each.saturating_mul(n)).chain([end]).collect()
}

async fn check_part<C: Chain>(
    deps: &Deps,
    id: PartnershipId,
    part: Part,
) -> Result<Checked, Failure> {
    snapshot(&deps.pool, id, async |conn| {
        let mut head = part.from;
        while head.position < part.to {
            let left = part.to.saturating_sub(head.position).min(BATCH);
            let entries = C::entries(conn, id, head.position, left).await?;
            if entries.is_empty() {
                return Ok(Checked { head, fault: Some(ChainFault::Gap) });
            }
            for it in &entries {
                match head.check(&it.link) {
                    Ok(next) => head = next,
                    Err(fault) => return Ok(Checked { head, fault: Some(fault) }),
                }
            }
        }
        Ok::<_, Failure>(Checked { head, fault: None })
    })
    .await
}

/// Where a chain contradicts checkpoints: the first entry that is another, and what is missing at its end.
async fn against<C: Chain>(
    deps: &Deps,
    id: PartnershipId,
    told: &[Checkpoint],
) -> Result<Vec<Finding>, Failure> {
    let chain = C::NAME;
    let mut told: Vec<(Head, &Checkpoint)> = told.iter().map(|it| (it.head(chain), it)).collect();
    told.sort_by_key(|(head, _)| head.position);
    let positions: Vec<i64> = told.iter().map(|(head, _)| head.position).collect();
    let (last, links) = snapshot(&deps.pool, id, async |conn| {
        let last = chain::last::<C>(conn, id).await?;
        Ok::<_, Failure>((last, chain::links_at::<C>(conn, id, &positions).await?))
    })
    .await?;
    let mut findings = Vec::new();
    let another = |head: &Head| links.get(&head.position).is_some_and(|link| *link != head.link);
    if let Some((head, it)) = told.iter().find(|(head, _)| another(head)) {
        findings.push(Finding::Rewritten { chain, position: head.position, at: it.at });
    }
    if let Some((head, it)) = told.last().filter(|(head, _)| head.position > last) {
        findings.push(Finding::TailMissing { chain, last, told: head.position, at: it.at });
    }
    Ok(findings)
}

/// Compares the rows of all escalations with what their events make, and says how many there were.
async fn compare(deps: &Deps, id: PartnershipId) -> Result<(usize, Vec<Finding>), Failure> {
    transaction(&deps.pool, Stated::partnership(id), async |conn| {
        reconcile::begin(conn).await?;
        let (mut compared, mut findings) = (0, Vec::new());
        let mut after = EscalationId(uuid::Uuid::nil());
        loop {
            let of = reconcile::escalations_after(conn, id, after, ESCALATIONS).await?;
            let Some(last) = of.last() else { return Ok((compared, findings)) };
            after = *last;
            compared += of.len();
            findings.extend(reconcile::not_as_their_events(conn, id, &of).await?);
        }
    })
    .await
}

/// The partnership with this code; or the only one with a record, if none is named.
///
/// # Errors
/// There is no such partnership, or the database fails.
pub async fn partnership(deps: &Deps, code: Option<&str>) -> Result<PartnershipId, Failure> {
    if let Some(code) = code {
        return sign_in::partnership(deps, code).await;
    }
    let mut conn = deps.pool.get().await?;
    match *stored::partnerships(&mut conn).await? {
        [only] => Ok(only),
        _ => Err(Failure::NotFound),
    }
}

/// Walks through a chain for who gives it away: every entry with what is hashed of it. Says how many there were.
///
/// # Errors
/// The database fails, or whatever `each` answers.
pub async fn walk<E: From<Failure>>(
    deps: &Deps,
    id: PartnershipId,
    chain: ChainName,
    each: &mut impl FnMut(&Entry) -> Result<(), E>,
) -> Result<i64, E> {
    match chain {
        ChainName::Events => walk_of::<Feed, E>(deps, id, each).await,
        ChainName::Reads => walk_of::<Reads, E>(deps, id, each).await,
    }
}

async fn walk_of<C: Chain, E: From<Failure>>(
    deps: &Deps,
    id: PartnershipId,
    each: &mut impl FnMut(&Entry) -> Result<(), E>,
) -> Result<i64, E> {
    let mut position = 0;
    loop {
        let entries = snapshot(&deps.pool, id, async |conn| {
            Ok::<_, Failure>(C::entries(conn, id, position, BATCH).await?)
        })
        .await?;
        let Some(last) = entries.last() else { return Ok(position) };
        position = last.link.position;
        for it in &entries {
            each(it)?;
        }
    }
}
