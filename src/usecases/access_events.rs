//! Who read what: everybody who saw an escalation or a child, and everything that somebody saw. Asking is recorded too.

use jiff::Timestamp;

use super::deps::Deps;
use super::failure::Failure;
use super::keys::keys;
use super::reading::{Shown, read};
use crate::domain::access::{Action, Caller};
use crate::domain::access_event::{AccessEvent, AccessFilter, AccessLine, FieldsShown, Seen};
use crate::domain::browsing::{self, Finding};
use crate::domain::child_reference::ChildReference;
use crate::domain::listing::{Page, PageRequest};
use crate::store::access_events;
use crate::store::browsing::opened;

/// Entries of the log of reads.
///
/// # Errors
/// The caller may not, or the database fails.
pub async fn list(
    deps: &Deps,
    caller: &Caller,
    filter: &AccessFilter,
    page: PageRequest,
) -> Result<Page<AccessLine>, Failure> {
    let reach = caller.may(Action::ReadAccessLog).ok_or(Failure::Forbidden)?;
    read(deps, caller, reach, async |conn| {
        let found = access_events::list(conn, caller.partnership, filter, page).await?;
        Ok(shown(found, filter))
    })
    .await
}

/// Everybody who saw the matters of this child, whoever raised them.
///
/// # Errors
/// The caller may not, or the database fails.
pub async fn of_child(
    deps: &Deps,
    caller: &Caller,
    child: &ChildReference,
    filter: &AccessFilter,
    page: PageRequest,
) -> Result<Page<AccessLine>, Failure> {
    let reach = caller.may(Action::ReadAccessLog).ok_or(Failure::Forbidden)?;
    let key = keys(deps, caller.partnership).await?.child_key(child);
    read(deps, caller, reach, async |conn| {
        let of = access_events::escalations_of_child(conn, caller.partnership, &key).await?;
        let filter = AccessFilter { escalations: Some(of), ..filter.clone() };
        let found = access_events::list(conn, caller.partnership, &filter, page).await?;
        Ok(shown(found, &filter))
    })
    .await
}

/// Who asks of a child is told of that child only; whatever escalations are named, who asks has seen that they are there.
fn shown(page: Page<AccessEvent>, filter: &AccessFilter) -> Shown<Page<AccessLine>> {
    let asked = filter.escalations.as_deref();
    let items: Vec<AccessLine> =
        page.items.into_iter().map(|event| AccessLine::new(event, asked)).collect();
    let named = items.iter().flat_map(|it| &it.event.escalations);
    let ids = named.chain(asked.unwrap_or_default()).copied().collect();
    let seen = Seen { rows: items.len(), ..Seen::of(ids, FieldsShown::AccessLog) };
    Shown::so(Page { items, next: page.next }, seen.searched())
}

/// What in the log of a span of time is worth a question.
///
/// # Errors
/// The caller may not, or the database fails.
pub async fn findings(
    deps: &Deps,
    caller: &Caller,
    span: (Timestamp, Timestamp),
) -> Result<Vec<Finding>, Failure> {
    let reach = caller.may(Action::ReadAccessLog).ok_or(Failure::Forbidden)?;
    read(deps, caller, reach, async |conn| {
        let found = browsing::findings(opened(conn, caller.partnership, span).await?);
        let seen =
            Seen { rows: found.len(), ..Seen::of(Vec::new(), FieldsShown::AccessLog).searched() };
        Ok(Shown::so(found, seen))
    })
    .await
}
