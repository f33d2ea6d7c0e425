//! Reading the feed: what happened after a position, at once or as soon as there is something.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::deps::Deps;
use super::failure::Failure;
use super::reading::{Shown, read as shown_from};
use super::reference::partnership;
use crate::domain::access::{Action, Caller};
use crate::domain::access_event::FieldsShown;
use crate::domain::feed::FeedType;
use crate::domain::ids::{EscalationId, PartnershipId};
use crate::domain::partnership::Partnership;
use crate::store::chain;
use crate::store::feed::Feed;
pub use crate::store::feed_pages::{Origin, Tells};
use crate::store::feed_pages::{Wanted, page};
use crate::store::session::snapshot;

/// How many positions one statement looks through: for a caller of whom few are, or for rare types.
const WINDOW: i64 = 20_000;
/// How many such statements one request may cost.
const WINDOWS: u8 = 10;
/// How often one of those who wait looks for what other instances sequenced.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Where a reader begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// After this position.
    After(i64),
    /// With what happens from now on.
    Latest,
}

/// What is asked of the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedRequest {
    /// From where on.
    pub after: Start,
    /// At most so many.
    pub limit: i64,
    /// Of these types; of all when there are none.
    pub types: Vec<FeedType>,
    /// How long to wait when there is nothing.
    pub wait: Duration,
}

/// A part of the feed.
#[derive(Debug, Clone)]
pub struct FeedPage {
    /// What happened, each with its position.
    pub items: Vec<(i64, Tells)>,
    /// Where to go on: up to here the caller has been told everything that is for it.
    pub next: i64,
    /// How far the feed has come.
    pub head: i64,
    /// The instant for which this was said.
    pub now: Timestamp,
    /// What the partnership has agreed on.
    pub partnership: Arc<Partnership>,
}

/// What happened after a position, as far as the caller may see it. With nothing to tell it waits, and holds no
/// connection meanwhile.
///
/// # Errors
/// The database fails.
pub async fn read(deps: &Deps, caller: &Caller, request: FeedRequest) -> Result<FeedPage, Failure> {
    let asked_after = match request.after {
        Start::After(position) => position,
        Start::Latest => head(deps, caller.partnership).await?,
    };
    let mut after = asked_after;
    let patience = tokio::time::sleep(request.wait);
    tokio::pin!(patience);
    loop {
        // Before looking, so that what comes between looking and waiting is heard.
        let mut news = deps.signals.news();
        let page = look(deps, caller, &request, after).await?;
        // A position that the feed has not reached is no reason to wait.
        if !page.items.is_empty() || request.wait.is_zero() || asked_after > page.head {
            return Ok(page);
        }
        after = page.next;
        loop {
            let known = deps.signals.position(caller.partnership);
            if known > after {
                break;
            }
            tokio::select! {
                () = &mut patience => return Ok(page),
                () = deps.signals.stopping() => return Ok(page),
                _ = news.changed() => {}
                () = tokio::time::sleep(LOOK_EVERY) => look_around(deps, caller.partnership).await?,
            }
        }
    }
}

/// What is there now.
async fn look(
    deps: &Deps,
    caller: &Caller,
    request: &FeedRequest,
    after: i64,
) -> Result<FeedPage, Failure> {
    let reach = caller.may(Action::ReadEscalation).ok_or(Failure::Forbidden)?;
    let agreed = partnership(deps, caller.partnership).await?;
    let (items, next, head) = shown_from(deps, caller, reach, async |conn| {
        let head = chain::head::<Feed>(conn, caller.partnership).await?.position;
        let mut after = after;
        for _ in 0..WINDOWS {
            let until = head.min(after.saturating_add(WINDOW));
            if until <= after {
                break;
            }
            let (limit, types) = (request.limit, request.types.as_slice());
            let wanted = Wanted { after, until, limit, types };
            let items = page(conn, caller.partnership, wanted).await?;
            let full = i64::try_from(items.len()).unwrap_or(i64::MAX) >= limit;
            // After a page that is not full nothing of the window is left.
            let last = items.last().map(|(position, _)| *position).filter(|_| full);
            after = last.unwrap_or(until);
            if !items.is_empty() {
                let ids: Vec<EscalationId> =
                    items.iter().flat_map(|(_, tells)| tells.escalations()).collect();
                return Ok(Shown::of((items, after, head), ids, FieldsShown::Lines));
            }
        }
        Ok(Shown::of_nobody((Vec::new(), after, head)))
    })
    .await?;
    deps.signals.sequenced(caller.partnership, head);
    Ok(FeedPage { items, next, head, now: deps.clock.now(), partnership: agreed })
}

/// One of all those who wait asks how far the feed has come, and tells the others.
async fn look_around(deps: &Deps, id: PartnershipId) -> Result<(), Failure> {
    if !deps.signals.may_look(id, LOOK_EVERY) {
        return Ok(());
    }
    deps.signals.sequenced(id, head(deps, id).await?);
    Ok(())
}

/// How far the feed has come.
async fn head(deps: &Deps, id: PartnershipId) -> Result<i64, Failure> {
    let head = snapshot(&deps.pool, id, async |conn| {
        Ok::<_, Failure>(chain::head::<Feed>(conn, id).await?)
    });
    Ok(head.await?.position)
}
