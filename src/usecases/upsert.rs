//! Sending an escalation under its system's own reference, as often as the system likes.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::act_request::{ActRequest, CorrectionRequest};
use super::acts::act_on;
use super::deps::Deps;
use super::failure::Failure;
use super::keys::{keys, keys_within};
use super::raise::{DelayRequest, How, RaiseRequest, look_up, prepare, raise_so, store};
use super::read::{Detail, detail};
use super::reading::{Shown, read, write};
use super::reference::partnership;
use crate::domain::access::{Action, Caller};
use crate::domain::escalation::Escalation;
use crate::domain::event::{Change, Narrative};
use crate::domain::ids::{AgencyId, EscalationId};
use crate::domain::partnership::Partnership;
use crate::domain::recorded::Recorded;
use crate::domain::sent::{News, Said, SaidDelay, SendResult, SourceRecord, check_same};
use crate::store::session::Connection;
use crate::store::{StoreFailure, escalations, events, finding, source_records};

/// Why a correction was made that a sender's system sent. It names no system, which a protected raiser may not want known.
const REASON: &str = "The system that sent this escalation says so now.";

/// How often it is looked for what others may be storing at this moment.
const TRIES: u8 = 3;

/// What a system sends under its own reference.
#[derive(Debug, Clone)]
pub struct Sent {
    /// The system.
    pub source: String,
    /// Its reference.
    pub external_reference: String,
    /// The escalation, as the system knows it.
    pub request: RaiseRequest,
    /// Which version the sender expects to be there.
    pub expected: Expected,
    /// How it is done.
    pub how: How,
}

/// What must be there for a sending to count (RFC 9110, section 13.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Whatever there is.
    Anything,
    /// Nothing yet.
    Nothing,
    /// Something.
    Something,
    /// This version.
    Version(i32),
}

impl Expected {
    const fn fits(self, version: Option<i32>) -> bool {
        match (self, version) {
            (Self::Anything, _) | (Self::Nothing, None) | (Self::Something, Some(_)) => true,
            (Self::Version(expected), Some(version)) => expected == version,
            _ => false,
        }
    }
}

/// Stores what a system sends: raised when it is new, corrected where the system says something new of it.
///
/// # Errors
/// As raising and correcting; [`Failure::Stale`] when what is expected is not there.
pub async fn upsert(
    deps: &Deps,
    caller: &Caller,
    sent: Sent,
) -> Result<(SendResult, Detail), Failure> {
    keys(deps, caller.partnership).await?;
    for _ in 0..TRIES {
        if let Some(known) = again(deps, caller, &sent).await? {
            return Ok(known);
        }
        if !sent.expected.fits(None) {
            return Err(Failure::Stale);
        }
        match raise_so(deps, caller, sent.request.clone(), sent.how.clone()).await {
            // Somebody sent it at the same moment and was first; then this is a repetition.
            Err(Failure::DuplicateExternalReference(_)) => {}
            raised => return raised.map(|raised| (SendResult::Created, raised)),
        }
    }
    Err(StoreFailure::Contention.into())
}

/// The escalation that the caller's agency sent under this reference.
///
/// # Errors
/// There is none.
pub async fn find(
    deps: &Deps,
    caller: &Caller,
    source: &str,
    external_reference: &str,
) -> Result<Detail, Failure> {
    let reach = caller.may(Action::ReadEscalation).ok_or(Failure::Forbidden)?;
    let agreed = partnership(deps, caller.partnership).await?;
    read(deps, caller, reach, async |conn| {
        let id = sent_by(conn, caller, source, external_reference).await?;
        let id = id.ok_or(Failure::NotFound)?;
        let found = escalations::find(conn, caller.partnership, id).await?;
        let found = found.ok_or(Failure::NotFound)?;
        Ok(detail(deps, conn, caller, &agreed, found).await?.shown())
    })
    .await
}

async fn sent_by(
    conn: &mut Connection,
    caller: &Caller,
    source: &str,
    external_reference: &str,
) -> Result<Option<EscalationId>, Failure> {
    let own: Vec<AgencyId> = caller.agency.iter().chain(&caller.predecessors).copied().collect();
    let found = finding::sent_by(conn, caller.partnership, &own, source, external_reference);
    Ok(found.await?)
}

/// What comes of sending again what is there; nothing when it is not there.
async fn again(
    deps: &Deps,
    caller: &Caller,
    sent: &Sent,
) -> Result<Option<(SendResult, Detail)>, Failure> {
    let reach = caller.may(Action::RaiseEscalation).ok_or(Failure::Forbidden)?;
    let agreed = partnership(deps, caller.partnership).await?;
    let done = write(deps, caller, reach, sent.how.writing, async |conn| {
        let Some((result, it)) = again_in(deps, conn, caller, &agreed, sent).await? else {
            return Ok(Shown::of_nobody(None));
        };
        let shown = detail(deps, conn, caller, &agreed, it).await?.shown();
        let warnings = sent.request.warnings();
        Ok(shown.map(|detail| Some((result, Detail { warnings, ..detail }))))
    })
    .await?;
    if matches!(done, Some((SendResult::Updated, _))) {
        deps.signals.wrote();
    }
    Ok(done)
}

/// The same as [`upsert`] in the caller's transaction, without what others may see of it.
///
/// # Errors
/// As [`upsert`]; the constraint [`EXTERNAL_REFERENCE`] when somebody else stored it meanwhile.
pub(super) async fn upsert_in(
    deps: &Deps,
    conn: &mut Connection,
    caller: &Caller,
    agreed: &Arc<Partnership>,
    sent: &Sent,
) -> Result<(SendResult, Escalation), Failure> {
    if let Some(known) = Box::pin(again_in(deps, conn, caller, agreed, sent)).await? {
        return Ok(known);
    }
    if !sent.expected.fits(None) {
        return Err(Failure::Stale);
    }
    let own = keys_within(deps, conn, caller.partnership).await?;
    let prepared = prepare(deps, caller, agreed, &own, sent.request.clone())?;
    let stored = Box::pin(store(deps, conn, caller, agreed, prepared, &sent.how)).await?;
    Ok((SendResult::Created, stored.0))
}

async fn again_in(
    deps: &Deps,
    conn: &mut Connection,
    caller: &Caller,
    agreed: &Arc<Partnership>,
    sent: &Sent,
) -> Result<Option<(SendResult, Escalation)>, Failure> {
    let id = sent_by(conn, caller, &sent.source, &sent.external_reference).await?;
    let Some(id) = id else { return Ok(None) };
    let before = escalations::lock(conn, caller.partnership, id).await?;
    let before = before.ok_or(Failure::NotFound)?;
    if !sent.expected.fits(Some(before.version)) {
        return Err(Failure::Stale);
    }
    let last = source_records::last(conn, caller.partnership, id).await?;
    let (last, highest) = last.map_or((None, None), |(last, highest)| (Some(last), highest));
    if sent.how.source_version.is_some_and(|version| Some(version) < highest) {
        return Ok(Some((SendResult::StaleIgnored, before)));
    }
    let first = events::history(conn, caller.partnership, id).await?;
    let first = first.into_iter().next().ok_or(StoreFailure::Corrupt("event"))?;
    let Change::Raised { facts, .. } = &first.change else {
        return Err(StoreFailure::Corrupt("event").into());
    };
    let now = deps.clock.now();
    let said = {
        let stored = escalations::children(conn, caller.partnership, id).await?;
        let stored: BTreeSet<Vec<u8>> = stored.into_iter().map(|it| it.child_key).collect();
        let own = keys_within(deps, conn, caller.partnership).await?;
        let key = |child| own.child_key(child);
        let children: BTreeSet<Vec<u8>> = sent.request.children.iter().map(key).collect();
        // Codes are looked up as of when it was raised: a theme that was retired since is no fault now.
        let mut request = sent.request.clone();
        let raised_at = request.raised_at.replace(request.raised_at.unwrap_or(facts.raised_at));
        let mut raise = look_up(agreed, caller, request, now)?;
        raise.raised_at = raised_at;
        // Of a child that was erased nobody can tell any more whether it is the one that is sent again.
        let same = stored.is_subset(&children) && children.len() == usize::from(facts.child_count);
        check_same(&raise, same, &first)?;
        let delay = raise.delay.as_ref().map(SaidDelay::from);
        Said { theme: raise.theme, urgency: raise.urgency, delay }
    };
    let word = last.as_ref().map_or_else(|| Said::from(&**facts), |last| last.said.clone());
    let news = said.news(&word, &Said::from(&before.facts));
    let newer = sent.how.source_version.is_some_and(|version| Some(version) > highest);
    if said != word || newer {
        let number = last.map_or(1, |last| last.number.saturating_add(1));
        let record = SourceRecord { number, version: sent.how.source_version, said };
        let by = Recorded::by(caller, now);
        source_records::append(conn, caller.partnership, id, &record, &by).await?;
    }
    let (result, after) = if news.is_empty() {
        (SendResult::Unchanged, before)
    } else {
        let request = correction(news)?;
        let (after, _) = act_on(deps, conn, caller, agreed, &before, None, request).await?;
        (SendResult::Updated, after)
    };
    Ok(Some((result, after)))
}

/// The act by which a system's news are recorded: the same as a person's correction, under the same rules.
fn correction(news: News) -> Result<ActRequest, Failure> {
    let reason = Narrative::parse(REASON).map_err(|_| StoreFailure::Corrupt("reason"))?;
    let delay = news.delay.map(|it| DelayRequest {
        timescale: it.timescale,
        started_at: it.started_at,
        occurred_at: it.occurred_at,
        cause: it.cause,
    });
    let theme = news.theme.map(|theme| theme.0);
    let right = CorrectionRequest { theme, urgency: news.urgency, delay };
    Ok(ActRequest::Correct { right: Box::new(right), reason })
}
