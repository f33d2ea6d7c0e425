//! What has been told to whom, of the escalations that a caller may see.

use super::deps::Deps;
use super::failure::Failure;
use super::reading::{Shown, read};
use crate::domain::access::{Action, Caller};
use crate::domain::access_event::FieldsShown;
use crate::domain::ids::EscalationId;
use crate::domain::listing::{Page, PageRequest};
use crate::domain::notice::{Notice, NoticeFilter};
use crate::store::timers;

/// A list of notices that have been told by now.
///
/// # Errors
/// The database fails.
pub async fn list(
    deps: &Deps,
    caller: &Caller,
    filter: NoticeFilter,
    page: PageRequest,
) -> Result<Page<Notice>, Failure> {
    let reach = caller.may(Action::ListEscalations).ok_or(Failure::Forbidden)?;
    read(deps, caller, reach, async |conn| {
        let now = deps.clock.now();
        let page = timers::notices(conn, caller.partnership, filter, page, now).await?;
        let ids: Vec<EscalationId> = page.items.iter().map(|it| it.escalation).collect();
        Ok(Shown::of(page, ids, FieldsShown::Lines))
    })
    .await
}
