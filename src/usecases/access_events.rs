//! Who read what: everybody who saw an escalation or a child, and everything that somebody saw. Asking is recorded too.

use super::deps::Deps;
use super::failure::Failure;
use super::reading::{Shown, read};
use crate::domain::access::{Action, Caller};
use crate::domain::access_event::{AccessEvent, AccessFilter, FieldsShown, Seen};
use crate::domain::child_reference::ChildReference;
use crate::domain::listing::{Page, PageRequest};
use crate::store::access_events;

/// Entries of the log of reads.
///
/// # Errors
/// The caller may not, or the database fails.
pub async fn list(
    deps: &Deps,
    caller: &Caller,
    filter: &AccessFilter,
    page: PageRequest,
) -> Result<Page<AccessEvent>, Failure> {
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
) -> Result<Page<AccessEvent>, Failure> {
    let reach = caller.may(Action::ReadAccessLog).ok_or(Failure::Forbidden)?;
    let key = deps.vault.child_key(caller.partnership, child);
    read(deps, caller, reach, async |conn| {
        let of = access_events::escalations_of_child(conn, caller.partnership, &key).await?;
        let filter = AccessFilter { escalations: Some(of), ..filter.clone() };
        let found = access_events::list(conn, caller.partnership, &filter, page).await?;
        Ok(shown(found, &filter))
    })
    .await
}

/// Who asks of an escalation has seen that it is there; who asks of a person is shown how many entries.
fn shown(page: Page<AccessEvent>, filter: &AccessFilter) -> Shown<Page<AccessEvent>> {
    let of = filter.escalations.clone().unwrap_or_default();
    let seen = Seen { rows: page.items.len(), ..Seen::of(of, FieldsShown::AccessLog) };
    Shown::so(page, seen.searched())
}
